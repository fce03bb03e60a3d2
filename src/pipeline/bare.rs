//! Bare files: read, recognised and taken, a task's worth at a time.
//!
//! Small files are read, not mapped: mapping each costs more than reading it (docs/decisions/0001). Tasks read them, because
//! most lie where that takes less time than handing them over; where storage is slow, the threads of the readers wait for it
//! instead, many at a time, and the tasks get what they have read.

use std::io::Read;
use std::sync::Arc;

use super::context::Context;
use super::place::{Holder, Place};
use super::queue::Lane;
use super::reader::{self, Job};
use super::worker::{Harvest, Worker};
use crate::budget;
use crate::discover::{FoundFile, refuse_io};
use crate::entry::{EntryPath, NameDecoder};
use crate::format::{EntryKind, HEAD};
use crate::mapping::Input;
use crate::progress::{Stage, add};
use crate::record::SourceState;
use crate::reject::{Reason, Refusal};

/// What a row may take in memory beside the content it was made from.
pub(super) const ROW_ALLOWANCE: usize = 2 << 10;

/// Hands files to a task, once there is memory for them.
pub(super) fn dispatch(context: &Arc<Context>, files: Vec<FoundFile>) {
    let largest = context.limits.largest_entry();
    let sizes = files.iter().map(|file| usize::try_from(file.size).unwrap_or(usize::MAX).min(largest));
    let bytes = sizes.fold(0, usize::saturating_add).saturating_add(files.len() * ROW_ALLOWANCE);
    let Ok(permit) = context.budget.work.acquire(budget::Holder::new(), bytes) else { return };
    let ahead: Vec<_> = if context.access.depth > 0 {
        files.iter().map(|file| Some(Content::read(context, file, Vec::new()))).collect()
    } else {
        files.iter().map(|_| None).collect()
    };
    context.spawn(move |context| {
        let mut harvest = Harvest::new(context);
        context.workers.lend(|worker| {
            for (file, ahead) in files.iter().zip(ahead) {
                if context.stopping() {
                    break;
                }
                let content =
                    ahead.unwrap_or_else(|| Content::read(context, file, std::mem::take(&mut worker.buffer)));
                take(context, file, &content, worker, &mut harvest);
                worker.buffer = content.bytes;
            }
        });
        harvest.publish(Some(permit));
    });
}

/// A file that was opened as an archive and is none.
pub(super) fn take_opened(context: &Arc<Context>, file: &FoundFile, input: &Input) {
    let mut harvest = Harvest::new(context);
    context.workers.lend(|worker| {
        let place = begin(context, file);
        let content = input.as_slice();
        match classify(file, content) {
            EntryKind::Midi if content.len() > context.limits.largest_entry() => {
                harvest.reject(place, too_large(context, file));
            }
            EntryKind::Midi => harvest.take_midi(place, content, worker),
            EntryKind::NamedMidiButIsNot => harvest.reject(place, EntryKind::not_midi(content)),
            _ => harvest.pass_over(place),
        }
    });
    harvest.publish(None);
}

fn take(
    context: &Arc<Context>,
    file: &FoundFile,
    content: &Content,
    worker: &mut Worker,
    harvest: &mut Harvest<'_>,
) {
    let bytes = content.bytes.as_slice();
    match &content.part {
        Err(error) => reader::refuse_unread(context, file, refuse_io(error)),
        Ok(Part::Changed) => {
            let detail = format!("it had {} bytes when it was found and has others now", file.size);
            reader::refuse_source(context, file, "unread", Refusal::new(Reason::SourceChanged, detail));
        }
        Ok(part) => match classify(file, bytes) {
            EntryKind::Archive(_) => {
                context.queue.push_next(Lane::Outer, file.size, Job::Archive(file.clone()));
            }
            EntryKind::Midi if *part == Part::Head => {
                let place = begin(context, file);
                harvest.reject(place, too_large(context, file));
            }
            EntryKind::Midi => harvest.take_midi(begin(context, file), bytes, worker),
            EntryKind::NamedMidiButIsNot => {
                harvest.reject(begin(context, file), EntryKind::not_midi(bytes));
            }
            EntryKind::Other | EntryKind::Clutter => harvest.pass_over(begin(context, file)),
        },
    }
}

/// What was read of a file.
struct Content {
    bytes: Vec<u8>,
    part: std::io::Result<Part>,
}

impl Content {
    /// Reads a file into a buffer, whatever is in that.
    fn read(context: &Context, file: &FoundFile, mut bytes: Vec<u8>) -> Self {
        let part = context.counters.timings.time(Stage::Read, || read(context, file, &mut bytes));
        Self { bytes, part }
    }
}

/// How much of a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    All,
    /// Enough to see what it is; it is none that is taken, or too large.
    Head,
    /// It is not the file that was found any more.
    Changed,
}

/// Reads a file whole if it is, or is named like, something that is taken; else only its head.
fn read(context: &Context, file: &FoundFile, content: &mut Vec<u8>) -> std::io::Result<Part> {
    content.clear();
    let mut opened = context.shelf.open(&file.path)?;
    let size = usize::try_from(file.size).unwrap_or(usize::MAX);
    (&mut opened).take(HEAD as u64).read_to_end(content)?;
    let kind = classify(file, content);
    let is_taken = matches!(kind, EntryKind::Midi | EntryKind::NamedMidiButIsNot);
    if size > context.limits.largest_entry() || !is_taken {
        return Ok(if content.len() < size.min(HEAD) { Part::Changed } else { Part::Head });
    }
    content.reserve(size.saturating_sub(content.len()));
    // One byte more than there should be tells a file that has grown.
    opened.take(file.size.saturating_add(1).saturating_sub(content.len() as u64)).read_to_end(content)?;
    Ok(if content.len() == size { Part::All } else { Part::Changed })
}

fn classify(file: &FoundFile, head: &[u8]) -> EntryKind {
    EntryKind::classify(head, &file.path.to_string_lossy())
}

/// Its place, counted as one entry of itself.
fn begin(context: &Arc<Context>, file: &FoundFile) -> Place {
    let kind = if EntryKind::names_midi(&file.path.to_string_lossy()) { "midi" } else { "other" };
    let mut source = reader::source_row(context, file, kind, SourceState::Complete);
    source.entries = 1;
    context.opened(source.id);
    let counters = &context.counters;
    add(&counters.seen, 1);
    add(&counters.sources_done, 1);
    add(&counters.bytes_done, file.size);
    Place { holder: Holder::Bare(Box::new(source)), ordinal: 0, path: bare_path(file) }
}

fn bare_path(file: &FoundFile) -> EntryPath {
    use std::os::unix::ffi::OsStrExt;
    let name = file.path.file_name().unwrap_or_default().as_bytes();
    EntryPath::default().join(NameDecoder::alone(name))
}

fn too_large(context: &Context, file: &FoundFile) -> Refusal {
    context.limits.entry_size(file.size)
}
