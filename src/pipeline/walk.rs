//! The walk: one thread that finds the files, passes over those that have not changed, and fills the queue.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use super::Inputs;
use super::context::{Context, KnownSources};
use super::queue::Lane;
use super::reader::{self, Job};
use super::stream::Stream;
use crate::discover::{Found, FoundFile};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{Container, Format};
use crate::progress::add;

/// What the walk has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Whether that is everything.
    pub ended: bool,
    /// Sources that are new or changed.
    pub new_sources: u64,
    /// Their bytes on disk.
    pub new_bytes: u64,
    /// Roughly how many entries they hold.
    pub new_entries: u64,
    /// Sources that are complete and have not changed.
    pub skipped_sources: u64,
    /// The entries they hold.
    pub skipped_entries: u64,
}

/// The live counts behind [`Survey`].
#[derive(Debug, Default)]
pub(super) struct Surveyor {
    ended: AtomicBool,
    new_sources: AtomicU64,
    new_bytes: AtomicU64,
    new_entries: AtomicU64,
    skipped_sources: AtomicU64,
    skipped_entries: AtomicU64,
}

impl Surveyor {
    fn skip(&self, entries: u64) {
        self.skipped_sources.fetch_add(1, Relaxed);
        self.skipped_entries.fetch_add(entries, Relaxed);
    }

    /// Counts a file that is to be read, and tells the container that its name promises.
    fn expect(&self, file: &FoundFile) -> Option<Container> {
        let container = Format::expected(&file.path.file_name().unwrap_or_default().to_string_lossy());
        let entries = container.map_or(1, |_| file.size / ARCHIVE_BYTES_PER_ENTRY + 1);
        self.new_sources.fetch_add(1, Relaxed);
        self.new_bytes.fetch_add(file.size, Relaxed);
        self.new_entries.fetch_add(entries, Relaxed);
        container
    }

    pub(super) fn survey(&self) -> Survey {
        Survey {
            ended: self.ended.load(Relaxed),
            new_sources: self.new_sources.load(Relaxed),
            new_bytes: self.new_bytes.load(Relaxed),
            new_entries: self.new_entries.load(Relaxed),
            skipped_sources: self.skipped_sources.load(Relaxed),
            skipped_entries: self.skipped_entries.load(Relaxed),
        }
    }
}

/// Bytes of an archive to an entry of it: 14,000 real files took 133 MB as a zip, and small files are the more common.
const ARCHIVE_BYTES_PER_ENTRY: u64 = 8 << 10;

/// A task's worth of bare files.
const BARE_FILES: usize = 256;
const BARE_BYTES: u64 = 1 << 20;

/// Starts the walk.
pub(super) fn start(context: &Arc<Context>, inputs: Inputs) -> Result<std::thread::JoinHandle<()>> {
    let context = Arc::clone(context);
    std::thread::Builder::new()
        .name("walk".to_owned())
        .spawn(move || {
            walk(&context, inputs);
            context.surveyor.ended.store(true, Relaxed);
            add(&context.counters.walk_ended, 1);
            context.queue.finish();
        })
        .map_err(|error| Error::new(ErrorKind::Run, "a thread could not be started").with_cause(error))
}

/// The same, for a plan: only counts.
pub async fn survey(inputs: Inputs, known: KnownSources) -> Survey {
    let counted = tokio::task::spawn_blocking(move || {
        let surveyor = Surveyor::default();
        if inputs.standard_input {
            surveyor.new_sources.fetch_add(1, Relaxed);
        }
        if let Some(roots) = inputs.roots {
            roots.walk(|found| {
                if let Found::File(file) = found {
                    match unchanged_entries(&known, &file) {
                        Some(entries) => surveyor.skip(entries),
                        None => _ = surveyor.expect(&file),
                    }
                }
                ControlFlow::Continue(())
            });
        }
        surveyor.ended.store(true, Relaxed);
        surveyor.survey()
    });
    counted.await.unwrap_or_default()
}

/// The entries of a file that is stored whole and has not changed since; none if it must be read.
fn unchanged_entries(known: &KnownSources, file: &FoundFile) -> Option<u64> {
    let known = known.get(&file.id().0)?;
    let same = u64::try_from(known.size_bytes) == Ok(file.size) && known.mtime_ns == file.mtime_ns;
    (known.complete && same).then(|| known.entries.unsigned_abs())
}

fn walk(context: &Arc<Context>, inputs: Inputs) {
    if inputs.standard_input {
        add(&context.counters.sources_found, 1);
        context.surveyor.new_sources.fetch_add(1, Relaxed);
        // Nothing tells how long it is: it goes first.
        context.queue.push(Lane::Outer, u64::MAX, Job::Stream(Box::new(Stream)));
    }
    let mut bare = Bare { context, files: Vec::new(), bytes: 0 };
    for file in inputs.files {
        found_file(context, file, &mut bare);
        if context.stopping() {
            return;
        }
    }
    let Some(roots) = inputs.roots else { return bare.flush() };
    roots.walk(|found| {
        match found {
            Found::Link => add(&context.counters.links, 1),
            Found::Unreadable(path, refusal) => {
                let file = FoundFile { path, size: 0, mtime_ns: 0 };
                add(&context.counters.sources_found, 1);
                reader::refuse_source(context, &file, "unread", refusal);
            }
            Found::File(file) => found_file(context, file, &mut bare),
        }
        if context.stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bare.flush();
}

fn found_file(context: &Arc<Context>, file: FoundFile, bare: &mut Bare<'_>) {
    let (counters, surveyor) = (&context.counters, &context.surveyor);
    add(&counters.sources_found, 1);
    add(&counters.bytes_found, file.size);
    if let Some(entries) = unchanged_entries(&context.known, &file) {
        add(&counters.sources_done, 1);
        add(&counters.bytes_done, file.size);
        add(&counters.seen, entries);
        add(&counters.unchanged, entries);
        surveyor.skip(entries);
        return;
    }
    match surveyor.expect(&file) {
        Some(container) => context.queue.push(Lane::Outer, container.cost(file.size), Job::Archive(file)),
        None => bare.push(file),
    }
}

/// Collects bare files until they are worth a task.
struct Bare<'c> {
    context: &'c Arc<Context>,
    files: Vec<FoundFile>,
    bytes: u64,
}

impl Bare<'_> {
    fn push(&mut self, file: FoundFile) {
        self.bytes += file.size.min(BARE_BYTES);
        self.files.push(file);
        if self.files.len() >= BARE_FILES || self.bytes >= BARE_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.files.is_empty() {
            let files = std::mem::take(&mut self.files);
            self.context.queue.push_bare(std::mem::take(&mut self.bytes), Job::Bare(files));
        }
    }
}
