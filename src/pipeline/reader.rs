//! What a reader thread does with a job: opens the source, finds out what it is, has it read, and says how it ended.
//!
//! These are operating-system threads: they may wait, for memory and for the disk. Tasks may not.

use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::context::Context;
use super::known::KnownSource;
use super::open_directory::OpenDirectory;
use super::open_zip::OpenZip;
use super::place::{Holder, Place};
use super::queue::{Lane, Taken};
use super::reading::{Reading, Share};
use super::sequential::read_in_order;
use super::stream::Stream;
use super::worker::Harvest;
use super::{bare, open_directory, open_zip};
use crate::archive::probe::look_inside;
use crate::archive::traverse::{Bytes, Numbers, Spot, Stopped};
use crate::budget;
use crate::discover::{FoundFile, refuse_io};
use crate::entry::EntryPath;
use crate::format::{Container, Format};
use crate::mapping::{Input, MapPolicy, expect_in_order};
use crate::progress::{Stage, add};
use crate::record::{SourceRow, SourceState};
use crate::reject::{Reason, Refusal};

/// Something to be read.
#[derive(Debug)]
pub(super) enum Job {
    /// A file that is, or may be, an archive.
    Archive(FoundFile),
    /// Files that are no archives by their names.
    Bare(Vec<FoundFile>),
    /// A member of a zip that may be an archive itself, by its position in the directory.
    Member(Arc<OpenZip>, Share, usize),
    /// A part of an archive with a directory, by its position.
    Part(Arc<OpenDirectory>, Share, usize),
    /// What arrives on standard input.
    Stream(Box<Stream>),
    /// What cannot be looked at or read, and why, while nobody can tell whether it is still what is stored.
    Unread(FoundFile, Refusal),
}

/// Reads jobs of these lanes until none is left.
pub(super) fn read_jobs(context: &Arc<Context>, lanes: &[Lane]) {
    while let Some(Taken { job, slot }) = context.queue.take(lanes) {
        let panicked = catch_unwind(AssertUnwindSafe(|| match job {
            Job::Archive(file) => read_archive(context, file),
            Job::Bare(files) => bare::dispatch(context, files),
            Job::Member(zip, share, index) => open_zip::read_member(context, zip, share, index),
            Job::Part(directory, share, part) => open_directory::read_part(context, directory, share, part),
            Job::Stream(stream) => super::stream::read(context, *stream),
            Job::Unread(file, refusal) => refuse_keeping(context, file, refusal),
        }));
        if panicked.is_err() {
            tracing::error!("a reader panicked; what it read is left for the next import");
            context.stop.note_panic();
        }
        context.queue.finish_reading(&slot);
    }
}

/// Opens a file on disk and reads what is in it.
fn read_archive(context: &Arc<Context>, file: FoundFile) {
    let input = match context.counters.timings.time(Stage::Read, || open(context, &file)) {
        Ok(input) => Arc::new(input),
        Err(error) => return refuse_unread(context, &file, refuse_io(&error)),
    };
    let name = file.path.file_name().unwrap_or_default().as_bytes().to_vec();
    let format = Format::recognise(input.head(), &String::from_utf8_lossy(&name));
    let format = look_inside(format, input.as_slice());
    match format {
        Format::Container(container) => read_container(context, &file, &name, &input, container),
        Format::Unsupported(kind) => {
            refuse_source(context, &file, kind, Format::unsupported(kind));
        }
        Format::Midi | Format::Other => {
            // No archive after all: one bare file.
            context.spawn(move |context| bare::take_opened(context, &file, &input));
        }
    }
}

/// Opens an archive. Where it is to be mapped only if it must, it is read into memory that is free at once.
fn open(context: &Context, file: &FoundFile) -> std::io::Result<Input> {
    let opened = context.shelf.open(&file.path)?;
    let length = opened.metadata()?.len();
    let piece = context.access.piece;
    if context.map_policy != MapPolicy::Last {
        return Input::from_file(&opened, length, context.map_policy, piece);
    }
    let wanted = usize::try_from(length).unwrap_or(usize::MAX);
    if let Some(permit) = context.budget.nesting.try_acquire(wanted) {
        return Ok(Input::from_file(&opened, length, MapPolicy::Never, piece)?.held_by(permit));
    }
    expect_in_order(&opened);
    Input::from_file(&opened, length, MapPolicy::Always, piece)
}

fn read_container(
    context: &Arc<Context>,
    file: &FoundFile,
    name: &[u8],
    input: &Arc<Input>,
    container: Container,
) {
    let row = source_row(context, file, container.name(), SourceState::Loading);
    let known_before = context.known.has(row.id);
    let (id, path) = (row.id, row.path.clone());
    let Some(resume) = context.register(row) else { return };
    let (kind, size) = (container.name(), Some(file.size));
    let share = Reading::begin((id, path), kind, size, known_before, resume, &context.limits);
    context.opened(id);
    let read = match container {
        Container::Zip => OpenZip::read(context, &share, Arc::clone(input)),
        Container::SevenZip | Container::Rar | Container::Lzh => {
            OpenDirectory::read(context, &share, input, container)
        }
        Container::Tar(_) | Container::Single(_) => read_in_order(context, share.another(), |traversal| {
            let bytes = Bytes::new(Arc::clone(input) as _);
            traversal.read(container, &bytes, name, &Spot::default(), &mut Numbers::outer())
        }),
    };
    let refusal = match read {
        Ok(()) => None,
        Err(Stopped::Refused(refusal)) => Some((refusal, false)),
        Err(Stopped::Asked) => return,
    };
    let refusal = changed(file, input).map(|refusal| (refusal, true)).or(refusal);
    if let Some((refusal, again)) = refusal {
        refuse_reading(context, share.reading(), refusal, again);
    }
    add(&context.counters.archives_done, 1);
    add(&context.counters.sources_done, 1);
    add(&context.counters.bytes_done, file.size);
    share.finish(context);
}

impl From<budget::Closed> for Stopped {
    fn from(_: budget::Closed) -> Self {
        Self::Asked
    }
}

/// Whether a file is no longer what it was when its reading began.
fn changed(file: &FoundFile, input: &Input) -> Option<Refusal> {
    let now = FoundFile::look(file.path.clone()).ok();
    let same = now.as_ref().is_some_and(|now| now.size == file.size && now.mtime_ns == file.mtime_ns);
    (!same || !input.is_intact()).then(|| {
        let detail = format!(
            "it had {} bytes when its reading began and {} now; the next import reads it again",
            file.size,
            now.map_or_else(|| "is gone".to_owned(), |now| format!("has {}", now.size)),
        );
        Refusal::new(Reason::SourceChanged, detail)
    })
}

/// The refusal of a file that lost bytes while they were read.
pub(super) fn shrunk() -> Refusal {
    Refusal::new(Reason::SourceChanged, "it became shorter while it was read; the next import reads it again")
}

/// Records a refusal that concerns a registered source as a whole; of several, the first.
pub(super) fn refuse_reading(context: &Arc<Context>, reading: &Arc<Reading>, refusal: Refusal, again: bool) {
    if !reading.refuse(again) {
        return;
    }
    add(&context.counters.seen, 1);
    let place =
        Place { holder: Holder::Archive(Arc::clone(reading)), ordinal: WHOLE, path: EntryPath::default() };
    let mut harvest = Harvest::new(context);
    harvest.reject(place, refusal);
    harvest.publish(None);
}

/// Records a source that cannot be read at all, or not yet.
pub(super) fn refuse_source(context: &Arc<Context>, file: &FoundFile, kind: &'static str, refusal: Refusal) {
    let row = source_row(context, file, kind, SourceState::Failed);
    context.opened(row.id);
    add(&context.counters.seen, 1);
    add(&context.counters.sources_done, 1);
    add(&context.counters.bytes_done, file.size);
    let place = Place { holder: Holder::Bare(Box::new(row)), ordinal: WHOLE, path: EntryPath::default() };
    let mut harvest = Harvest::new(context);
    harvest.reject(place, refusal);
    harvest.publish(None);
}

/// Records a file that cannot be opened or read. One that is as it was when it was read keeps what is stored of it.
pub(super) fn refuse_unread(context: &Arc<Context>, file: &FoundFile, refusal: Refusal) {
    let is_stored = |known: KnownSource| known.entries > 0 && known.looks_like(file);
    if context.known.get(file.id().0).is_some_and(is_stored) {
        // By a reader, which may wait for what is stored.
        context.queue.push_next(Lane::Outer, 0, Job::Unread(file.clone(), refusal));
    } else {
        refuse_source(context, file, "unread", refusal);
    }
}

/// Records what cannot be looked at or read, file or folder. What is stored of it stays, and the next import reads it again.
fn refuse_keeping(context: &Arc<Context>, file: FoundFile, refusal: Refusal) {
    let Some(known) = context.known.get(file.id().0).filter(|known| known.entries > 0) else {
        return refuse_source(context, &file, "unread", refusal);
    };
    add(&context.counters.bytes_done, file.size);
    let size = u64::try_from(known.size_bytes).unwrap_or_default();
    let file = FoundFile { size, mtime_ns: known.mtime_ns, ..file };
    let row = source_row(context, &file, "unread", SourceState::Loading);
    let (id, path) = (row.id, row.path.clone());
    let Some(resume) = context.register(row) else { return };
    context.opened(id);
    let share = Reading::begin((id, path), "unread", Some(size), true, resume, &context.limits);
    refuse_reading(context, share.reading(), refusal, true);
    add(&context.counters.sources_done, 1);
    share.finish(context);
}

/// The ordinal of what concerns a source as a whole.
pub(super) const WHOLE: i64 = -1;

/// The row of a file on disk, without counts.
pub(super) fn source_row(
    context: &Context,
    file: &FoundFile,
    kind: &'static str,
    state: SourceState,
) -> SourceRow {
    let text = file.path.to_string_lossy().replace('\0', "\u{fffd}");
    let raw = file.path.as_os_str().as_bytes();
    SourceRow {
        id: file.id().0,
        path_raw: (text.as_bytes() != raw).then(|| raw.to_vec()),
        path: text,
        kind,
        size_bytes: i64::try_from(file.size).unwrap_or(i64::MAX),
        mtime_ns: file.mtime_ns,
        state: state.word(),
        entries: 0,
        not_midi: 0,
        first_run_id: context.run_id,
        inode: file.spot.map(|spot| spot.inode),
        device: file.spot.map(|spot| spot.device),
    }
}

/// Counts entries met in an archive.
pub(super) fn count(context: &Context, reading: &Reading, entries: i64) {
    reading.count_entries(entries);
    context.counters.seen.fetch_add(entries.unsigned_abs(), Relaxed);
}
