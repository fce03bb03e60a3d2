//! The run itself: a walk, reader threads, tasks on all cores, one writer per connection, and one registrar.
//!
//! ```text
//! walk ─▶ queue ─▶ reader threads ─▶ rayon tasks ─▶ writers ─▶ sinks
//!            ▲         (may wait)      (never wait)    │
//!            └── members that are archives      ledger ┴▶ registrar ─▶ sink
//! ```
//!
//! Only this module and [`crate::discover::Ahead`] start threads. Data flows one way; what flows back is memory ([`crate::budget`]) and the news that a
//! source is complete ([`crate::ledger`]).

mod ahead;
mod asked;
mod bare;
mod context;
mod hands;
mod known;
mod open_directory;
mod open_zip;
mod place;
mod queue;
mod reader;
mod reading;
mod registrar;
mod scope;
mod sequential;
mod shelf;
mod stream;
mod survey;
mod walk;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use asked::Asked;
pub use context::{Registration, Stop};
pub use known::{KnownSource, KnownSources};
pub use survey::{RootTally, Survey, Walked};
pub use walk::survey;
pub(crate) use walk::unchanged;

use self::context::{Channels, Context};
use self::hands::Hands;
use self::queue::Lane;
use self::shelf::{Mounted, Shelf};
use crate::archive::Limits;
use crate::batch::{BatchOrder, Item};
use crate::budget::Budget;
use crate::discover::{Ahead, FoundFile, Roots};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Ledger;
use crate::mapping::MapPolicy;
use crate::priority::Priority;
use crate::progress::Counters;
use crate::registry::Registry;
use crate::seen::Seen;
use crate::sink::{Sink, SourceClose};
use crate::storage::AccessPolicy;
use crate::writer::{BatchLimits, Delivery, Writer};

/// The contents a run knows; what waits for an outcome is the item to be stored then.
pub type SeenContents = Seen<Option<Item>>;

/// What a run reads.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Files and directories.
    pub roots: Option<Roots>,
    /// Files that were found before, and are as they were found then.
    pub files: Vec<FoundFile>,
    /// Whether to read standard input.
    pub standard_input: bool,
}

impl Inputs {
    /// The roots, where they are all that is read: what a stream is called is not known beforehand.
    #[must_use]
    pub fn roots_alone(&self) -> Option<&Roots> {
        self.roots.as_ref().filter(|_| !self.standard_input)
    }
}

/// What a run reads, and the walk that has begun to find it.
#[derive(Debug, Default)]
pub struct Listing {
    inputs: Inputs,
    ahead: Option<Ahead>,
}

impl Listing {
    /// Begins to walk, in a thread of its own, for a pipeline that cannot be started yet.
    #[must_use]
    pub fn begin(inputs: Inputs, priority: Priority) -> Self {
        let ahead = inputs.roots.clone().and_then(|roots| Ahead::begin(roots, priority));
        Self { inputs, ahead }
    }
}

impl From<Inputs> for Listing {
    fn from(inputs: Inputs) -> Self {
        Self { inputs, ahead: None }
    }
}

/// How a run works.
#[derive(Clone, Debug)]
pub struct PipelineSettings {
    /// The run's id.
    pub run_id: i32,
    /// Tasks at once. With one, a single thread reads, analyses and encodes everything in the order of the walk, and rows are
    /// stored as they were read.
    pub jobs: usize,
    /// Bytes that may be held.
    pub memory: usize,
    /// When a batch is full.
    pub batch: BatchLimits,
    /// Which inputs are mapped.
    pub map_policy: MapPolicy,
    /// How storage is read.
    pub access: AccessPolicy,
    /// What the threads that read and analyse insist on.
    pub priority: Priority,
    /// What is found out of each content.
    pub asked: Asked,
    /// What is too much.
    pub limits: Limits,
}

/// What a run starts from.
#[derive(Debug)]
pub struct Knowledge {
    /// Sources of earlier runs.
    pub sources: Arc<KnownSources>,
    /// Contents of earlier runs, as far as they are loaded.
    pub contents: Arc<SeenContents>,
}

/// What a run has done.
#[derive(Debug, Default)]
pub struct Finished {
    /// Sources it opened or refused.
    pub opened: Vec<i64>,
    /// What the walk found.
    pub survey: Survey,
    /// More of that, where the walk came to its end.
    pub walked: Option<Walked>,
    /// The most memory the budget ever gave, in bytes.
    pub peak_budget: usize,
}

/// A run under way.
pub struct Pipeline {
    context: Arc<Context>,
    walk: walk::Walk,
    inboxes: Vec<UnboundedReceiver<Delivery>>,
    registrations: UnboundedReceiver<Registration>,
    closes: UnboundedReceiver<SourceClose>,
    settings: PipelineSettings,
}

impl Pipeline {
    /// Starts the walk. Nothing is opened before [`Self::run`], which stores by so many `connections`. What is known of contents
    /// may grow until then.
    ///
    /// # Errors
    /// Where the operating system gives no threads.
    pub fn start(
        settings: &PipelineSettings,
        inputs: impl Into<Listing>,
        knowledge: Knowledge,
        connections: usize,
        counters: Arc<Counters>,
        stop: Arc<Stop>,
    ) -> Result<Self> {
        Self::start_on(Box::new(Mounted), settings, inputs.into(), knowledge, connections, counters, stop)
    }

    fn start_on(
        shelf: Box<dyn Shelf>,
        settings: &PipelineSettings,
        listing: Listing,
        knowledge: Knowledge,
        connections: usize,
        counters: Arc<Counters>,
        stop: Arc<Stop>,
    ) -> Result<Self> {
        let (closed, closes) = unbounded_channel();
        let ledger = Arc::new(Ledger::new(closed));
        let limits = &settings.limits;
        let largest_held = limits.largest_nested().max(limits.largest_window());
        let budget = Budget::new(settings.memory, limits.largest_entry(), largest_held);
        let (senders, inboxes): (Vec<_>, Vec<_>) =
            (0..connections.max(1)).map(|_| unbounded_channel()).unzip();
        let (registrar, registrations) = unbounded_channel();
        let channels = Channels { writers: senders, registrar };
        let context =
            Arc::new(Context::new(settings, budget, knowledge, ledger, counters, channels, shelf, stop));
        let walk = walk::start(&context, listing)?;
        Ok(Self { context, walk, inboxes, registrations, closes, settings: settings.clone() })
    }

    /// What the walk has found so far; waits until it has found everything, or `enough`, or `patience` is over.
    pub async fn survey(&self, enough: impl Fn(&Survey) -> bool, patience: Duration) -> Survey {
        let deadline = tokio::time::Instant::now() + patience;
        loop {
            let survey = self.context.survey();
            let over = tokio::time::Instant::now() >= deadline;
            if survey.ended || enough(&survey) || over || self.context.stopping() {
                return survey;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// What the walk met, once it has come to its end.
    #[must_use]
    pub fn walked(&self) -> Option<Walked> {
        self.context.surveyor.walked()
    }

    /// Ends a run that has nothing to read, or shall not read it: nothing is opened or stored.
    pub async fn rest(self) -> Finished {
        let Self { context, walk, .. } = self;
        if context.stopping() {
            context.queue.stop();
        }
        let _ = tokio::task::spawn_blocking(move || walk.join()).await;
        Finished { survey: context.survey(), walked: context.surveyor.walked(), ..Finished::default() }
    }

    /// Reads and stores everything: by one writer for each of `sinks`, as many as there were to be connections; the sink beside
    /// them is the one that sources are registered with. Ends early, with what was read stored, when asked to stop.
    ///
    /// # Errors
    /// What made the run fail.
    pub async fn run<S: Sink + 'static>(self, (registrar_sink, sinks): (S, Vec<S>)) -> Result<Finished> {
        let Self { context, walk, inboxes, registrations, closes, settings } = self;
        let is_alone = settings.jobs <= 1 || (settings.access.depth == 0 && context.survey().is_little());
        if is_alone {
            tracing::info!("reading alone: one thread does everything");
        } else {
            tracing::info!(jobs = settings.jobs, ahead = settings.access.depth, "reading side by side");
        }
        let hands = if is_alone { Ok(Hands::Own) } else { Hands::pool(settings.jobs, settings.priority) };
        context.choose(hands.inspect_err(|_| {
            context.stop.ask();
            context.queue.stop();
        })?);
        let registry = Arc::new(Registry::default());
        let writers = sinks.into_iter().zip(inboxes).map(|(sink, inbox)| {
            let known = (Arc::clone(&context.ledger), Arc::clone(&registry));
            let counters = Arc::clone(&context.counters);
            let order = if context.is_sequential() { BatchOrder::AsRead } else { BatchOrder::ByContent };
            let writer =
                Writer::new(sink, settings.batch, known, counters, settings.run_id).with_order(order);
            let (work, stop) = (Arc::clone(&context.budget.work), Arc::clone(&context.stop));
            tokio::spawn(async move {
                if let Err(error) = writer.run(inbox, work).await {
                    stop.fail(error);
                }
            })
        });
        let writers: Vec<JoinHandle<()>> = writers.collect();
        let stop = Arc::clone(&context.stop);
        let registrar = registrar::run(registrar_sink, registrations, closes, registry, Arc::clone(&stop));
        let registrar = tokio::spawn(registrar);
        let watch = tokio::spawn(watch(Arc::clone(&context)));
        let reading = Arc::clone(&context);
        let (ended, end) = oneshot::channel();
        // No thread of the runtime: its priority is its own and that of those it starts, and it is gone when the reading is.
        let reader = std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
            reading.priority.take_effect();
            if is_alone {
                reader::read_jobs(&reading, &[Lane::Nested, Lane::Outer]);
            } else {
                read_side_by_side(&reading, settings.jobs);
            }
            reading.queue.wait_until_idle();
            // The walk is still to be joined where the run was stopped before it ended.
            walk.join();
            drop(reading);
            let _ = ended.send(());
        });
        if reader.is_err() || end.await.is_err() {
            stop.fail(Error::new(
                ErrorKind::Run,
                "a reader thread could not be started or ended unexpectedly",
            ));
        }
        watch.abort();
        let _ = watch.await;
        let mut finished = Finished {
            opened: context.take_opened(),
            survey: context.survey(),
            walked: context.surveyor.walked(),
            peak_budget: context.budget.work.peak() + context.budget.nesting.peak(),
        };
        finished.opened.sort_unstable();
        finished.opened.dedup();
        // The last task may still be giving back its share of the context; when that is gone, so are the senders, and
        // the writers come to their end.
        let mut context = context;
        while let Err(shared) = Arc::try_unwrap(context) {
            context = shared;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for writer in writers {
            let _ = writer.await;
        }
        let _ = registrar.await;
        if stop.has_panicked() {
            let message = "a part of the run panicked: a defect of loader; please report it with the log";
            stop.fail(Error::new(ErrorKind::Run, message));
        }
        stop.take_failure().map_or(Ok(finished), Err)
    }
}

/// Reads everything on threads of their own: so many as there are tasks, and as many more as wait for slow storage.
fn read_side_by_side(context: &Arc<Context>, jobs: usize) {
    let jobs = jobs.max(2);
    std::thread::scope(|scope| {
        for (lane, readers) in [(Lane::Outer, jobs + context.access.depth), (Lane::Nested, jobs)] {
            for _ in 0..readers {
                scope.spawn(move || reader::read_jobs(context, &[lane]));
            }
        }
    });
}

/// Carries the wish to stop to those who wait.
async fn watch(context: Arc<Context>) {
    while !context.stopping() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    context.queue.stop();
    if context.stop.has_failed() {
        context.budget.close();
    }
    // A failure may follow a wish.
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if context.stop.has_failed() {
            context.budget.close();
        }
    }
}

#[cfg(test)]
mod tests;
