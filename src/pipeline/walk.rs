//! The walk: one thread that finds the files, passes over those that have not changed, and fills the queue.
//!
//! Lists and stats. What it opens is nothing, however much has changed.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::context::Context;
use super::known::{KnownSources, Sight};
use super::queue::Lane;
use super::reader::Job;
use super::stream::Stream;
use super::survey::{RootTally, Survey, Surveyor, Walked};
use super::{Inputs, Listing};
use crate::discover::{Found, FoundFile, WalkEnd};
use crate::error::{Error, ErrorKind, Result};
use crate::format::Container;
use crate::progress::{Stage, add};

/// A task's worth of bare files.
const BARE_FILES: usize = 256;
const BARE_BYTES: u64 = 1 << 20;

/// The same where many readers wait for slow storage side by side: what one of them reads in a row.
const BARE_FILES_AHEAD: usize = 16;

/// So many files are brought into the order of their inodes together.
const SORTED_TOGETHER: usize = 16_384;

/// The thread of a walk. Dropped before it is joined, it takes the run to be given up, and the walk ends by itself.
pub(super) struct Walk {
    thread: Option<std::thread::JoinHandle<()>>,
    context: Arc<Context>,
}

impl Walk {
    /// Waits for its end.
    pub(super) fn join(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if self.thread.is_some() {
            self.context.give_up();
        }
    }
}

/// Starts the walk.
pub(super) fn start(context: &Arc<Context>, listing: Listing) -> Result<Walk> {
    let of_the_walk = Arc::clone(context);
    let context = Arc::clone(context);
    let thread = std::thread::Builder::new()
        .name("walk".to_owned())
        .spawn(move || {
            context.priority.take_effect();
            let walked = context.counters.timings.time(Stage::Walk, || walk(&context, listing));
            context.surveyor.end(walked);
            add(&context.counters.walk_ended, 1);
            context.queue.finish();
        })
        .map_err(|error| Error::new(ErrorKind::Run, "a thread could not be started").with_cause(error))?;
    Ok(Walk { thread: Some(thread), context: of_the_walk })
}

/// The same, for a plan: only counts.
pub async fn survey(inputs: Inputs, known: Arc<KnownSources>) -> (Survey, Walked) {
    let counted = tokio::task::spawn_blocking(move || {
        let surveyor = Surveyor::default();
        if inputs.standard_input {
            surveyor.expect_stream();
        }
        let mut walked = Walked::of(&inputs);
        if let Some(roots) = inputs.roots {
            roots.walk(|root, found| {
                match found {
                    Found::Link => {}
                    Found::Unsettled(file) => walked.pass(&known, root, &file),
                    Found::Unreadable(path, _) => {
                        surveyor.refuse();
                        walked.unlisted.push(path);
                    }
                    Found::File(file) => match walked.meet(&known, root, &file) {
                        sight @ (Sight::Unchanged(entries) | Sight::Returned(entries)) => {
                            surveyor.skip(sight, entries);
                        }
                        sight => _ = surveyor.expect(sight, &file),
                    },
                }
                ControlFlow::Continue(())
            });
        }
        surveyor.end(None);
        (surveyor.survey(), walked)
    });
    counted.await.unwrap_or_default()
}

/// The files of a walk that are as they were when they were read, by size and time.
pub(crate) async fn unchanged(inputs: Inputs, known: Arc<KnownSources>) -> Vec<FoundFile> {
    let listed = tokio::task::spawn_blocking(move || {
        let mut files = Vec::new();
        if let Some(roots) = inputs.roots {
            roots.walk(|_, found| {
                if let Found::File(file) = found
                    && matches!(known.meet(&file).0, Sight::Unchanged(_) | Sight::Returned(_))
                {
                    files.push(file);
                }
                ControlFlow::Continue(())
            });
        }
        files
    });
    listed.await.unwrap_or_default()
}

impl Walked {
    fn of(inputs: &Inputs) -> Self {
        let roots = inputs.roots.as_ref().map_or(0, |roots| roots.paths().len());
        Self { roots: vec![RootTally::default(); roots], ..Self::default() }
    }

    /// Compares a file below a root with what is known, and notes what matters when the walk is over.
    fn meet(&mut self, known: &KnownSources, root: usize, file: &FoundFile) -> Sight {
        let (sight, was_there) = known.meet(file);
        self.tally(root, was_there);
        if matches!(sight, Sight::Returned(_)) {
            self.returned.push(file.id().0);
        }
        sight
    }

    /// Notes that a file is there; what is in it will be seen another time.
    fn pass(&mut self, known: &KnownSources, root: usize, file: &FoundFile) {
        let (_, was_there) = known.meet(file);
        self.tally(root, was_there);
    }

    fn tally(&mut self, root: usize, was_there: bool) {
        if let Some(tally) = self.roots.get_mut(root) {
            tally.files += 1;
            tally.known += u64::from(was_there);
        }
    }
}

/// Fills the queue; none where the run was stopped before everything was found.
fn walk(context: &Arc<Context>, listing: Listing) -> Option<Walked> {
    let Listing { inputs, ahead } = listing;
    if inputs.standard_input {
        add(&context.counters.sources_found, 1);
        context.surveyor.expect_stream();
        // Nothing tells how long it is: it goes first.
        context.queue.push(Lane::Outer, u64::MAX, None, Job::Stream(Box::new(Stream)));
    }
    let mut sorted = Sorted::new(context);
    let mut walked = Walked::of(&inputs);
    for file in inputs.files {
        let (sight, _) = context.known.meet(&file);
        found_file(context, file, sight, &mut sorted);
        if context.stopping() {
            return None;
        }
    }
    let meet = |root, found| {
        match found {
            Found::Link => add(&context.counters.links, 1),
            Found::Unsettled(file) => walked.pass(&context.known, root, &file),
            Found::Unreadable(path, refusal) => {
                walked.unlisted.push(path.clone());
                context.surveyor.refuse();
                add(&context.counters.sources_found, 1);
                context.queue.push(Lane::Outer, 0, None, Job::Unread(FoundFile::unseen(path), refusal));
            }
            Found::File(file) => {
                let sight = walked.meet(&context.known, root, &file);
                found_file(context, file, sight, &mut sorted);
            }
        }
        if context.stopping() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match (ahead, inputs.roots) {
        (Some(ahead), _) => {
            if ahead.walk(|| !context.stopping(), meet) == WalkEnd::Broken {
                context.stop.note_panic();
                return None;
            }
        }
        (None, Some(roots)) => roots.walk(meet),
        (None, None) => {}
    }
    sorted.flush();
    (!context.stopping()).then_some(walked)
}

fn found_file(context: &Arc<Context>, file: FoundFile, sight: Sight, sorted: &mut Sorted<'_>) {
    let (counters, surveyor) = (&context.counters, &context.surveyor);
    add(&counters.sources_found, 1);
    add(&counters.bytes_found, file.size);
    if let Sight::Unchanged(entries) | Sight::Returned(entries) = sight {
        add(&counters.sources_done, 1);
        add(&counters.bytes_done, file.size);
        add(&counters.seen, entries);
        add(&counters.unchanged, entries);
        surveyor.skip(sight, entries);
        return;
    }
    let container = surveyor.expect(sight, &file);
    sorted.push(file, container);
}

/// Hands files on: as they are found or, where seeking costs time, many together in the order in which they probably lie on
/// their device.
struct Sorted<'c> {
    waiting: Vec<(FoundFile, Option<Container>)>,
    most: usize,
    bare: Bare<'c>,
}

impl<'c> Sorted<'c> {
    fn new(context: &'c Arc<Context>) -> Self {
        let most = if context.access.by_inode { SORTED_TOGETHER } else { 1 };
        Self { waiting: Vec::new(), most, bare: Bare { context, files: Vec::new(), bytes: 0 } }
    }

    fn push(&mut self, file: FoundFile, container: Option<Container>) {
        self.waiting.push((file, container));
        if self.waiting.len() >= self.most {
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        self.waiting.sort_by_key(|(file, _)| file.spot.map(|spot| (spot.device, spot.inode)));
        for (file, container) in self.waiting.drain(..) {
            self.bare.take(file, container);
        }
    }

    fn flush(&mut self) {
        self.hand_on();
        self.bare.flush();
    }
}

/// Collects bare files until they are worth a task.
struct Bare<'c> {
    context: &'c Arc<Context>,
    files: Vec<FoundFile>,
    bytes: u64,
}

impl Bare<'_> {
    fn take(&mut self, file: FoundFile, container: Option<Container>) {
        let device = device(&file);
        if let Some(container) = container {
            let cost = container.cost(file.size);
            return self.context.queue.push(Lane::Outer, cost, device, Job::Archive(file));
        }
        if self.context.access.depth > 0
            && self.files.first().is_some_and(|first| self::device(first) != device)
        {
            self.flush();
        }
        self.bytes += file.size.min(BARE_BYTES);
        self.files.push(file);
        if self.files.len() >= self.most() || self.bytes >= BARE_BYTES {
            self.flush();
        }
    }

    /// So many files make a job. In strict order each is one, since what it turns out to be may have to be read before the next.
    fn most(&self) -> usize {
        match self.context.access.depth {
            _ if self.context.is_sequential() => 1,
            0 => BARE_FILES,
            _ => BARE_FILES_AHEAD,
        }
    }

    fn flush(&mut self) {
        if !self.files.is_empty() {
            let files = std::mem::take(&mut self.files);
            let device = files.first().and_then(device);
            self.context.queue.push_bare(std::mem::take(&mut self.bytes), device, Job::Bare(files));
        }
    }
}

fn device(file: &FoundFile) -> Option<i64> {
    file.spot.map(|spot| spot.device)
}
