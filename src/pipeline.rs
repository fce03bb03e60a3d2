//! The run itself: a walk, reader threads, tasks on all cores, one writer per connection, and one registrar.
//!
//! ```text
//! walk ─▶ queue ─▶ reader threads ─▶ rayon tasks ─▶ writers ─▶ sinks
//!            ▲         (may wait)      (never wait)    │
//!            └── members that are archives      ledger ┴▶ registrar ─▶ sink
//! ```
//!
//! Only this module starts threads. Data flows one way; what flows back is memory ([`crate::budget`]) and the news that a
//! source is complete ([`crate::ledger`]).

mod ahead;
mod asked;
mod bare;
mod context;
mod open_directory;
mod open_zip;
mod place;
mod queue;
mod reader;
mod reading;
mod registrar;
mod scope;
mod sequential;
mod stream;
mod walk;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinHandle;

pub use asked::Asked;
pub use context::{KnownSource, KnownSources, Registration, Stop};
pub use walk::{Survey, survey};

use self::context::{Channels, Context};
use self::queue::Lane;
use crate::archive::Limits;
use crate::batch::Item;
use crate::budget::Budget;
use crate::discover::{FoundFile, Roots};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Ledger;
use crate::mapping::MapPolicy;
use crate::progress::Counters;
use crate::registry::Registry;
use crate::seen::Seen;
use crate::sink::Sink;
use crate::writer::{BatchLimits, Writer};

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

/// How a run works.
#[derive(Clone, Debug)]
pub struct PipelineSettings {
    /// The run's id.
    pub run_id: i32,
    /// Tasks at once.
    pub jobs: usize,
    /// Bytes that may be held.
    pub memory: usize,
    /// When a batch is full.
    pub batch: BatchLimits,
    /// Which inputs are mapped.
    pub map_policy: MapPolicy,
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
    /// Entries of sources that it skipped as unchanged.
    pub skipped_entries: u64,
    /// The most memory the budget ever gave, in bytes.
    pub peak_budget: usize,
}

/// A run under way.
pub struct Pipeline {
    context: Arc<Context>,
    walk: std::thread::JoinHandle<()>,
    writers: Vec<JoinHandle<()>>,
    registrar: JoinHandle<()>,
    jobs: usize,
}

impl Pipeline {
    /// Starts the walk and the writers, one for each of `sinks`; the sink beside them is the one that sources are registered with.
    /// Nothing is opened before [`Self::run`].
    ///
    /// # Errors
    /// Where the operating system gives no threads.
    pub fn start<S: Sink + 'static>(
        settings: &PipelineSettings,
        inputs: Inputs,
        knowledge: Knowledge,
        (registrar_sink, sinks): (S, Vec<S>),
        counters: Arc<Counters>,
        stop: Arc<Stop>,
    ) -> Result<Self> {
        let jobs = settings.jobs.max(1);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .thread_name(|number| format!("task-{number}"))
            .build()
            .map_err(|error| Error::new(ErrorKind::Run, "threads could not be started").with_cause(error))?;
        let (closed, closes) = unbounded_channel();
        let ledger = Arc::new(Ledger::new(closed));
        let registry = Arc::new(Registry::default());
        let limits = &settings.limits;
        let largest_held = limits.largest_nested().max(limits.largest_window());
        let budget = Budget::new(settings.memory, limits.largest_entry(), largest_held);
        let work = Arc::clone(&budget.work);
        let (senders, inboxes): (Vec<_>, Vec<_>) = sinks.iter().map(|_| unbounded_channel()).unzip();
        let (registrar, registrations) = unbounded_channel();
        let writers = sinks.into_iter().zip(inboxes).map(|(sink, inbox)| {
            let known = (Arc::clone(&ledger), Arc::clone(&registry));
            let writer = Writer::new(sink, settings.batch, known, Arc::clone(&counters), settings.run_id);
            let (work, stop) = (Arc::clone(&work), Arc::clone(&stop));
            tokio::spawn(async move {
                if let Err(error) = writer.run(inbox, work).await {
                    stop.fail(error);
                }
            })
        });
        let writers = writers.collect();
        let registrar_task =
            tokio::spawn(registrar::run(registrar_sink, registrations, closes, registry, Arc::clone(&stop)));
        let channels = Channels { writers: senders, registrar };
        let context =
            Arc::new(Context::new(settings, budget, knowledge, ledger, counters, channels, pool, stop));
        let walk = walk::start(&context, inputs)?;
        Ok(Self { context, walk, writers, registrar: registrar_task, jobs })
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

    /// Reads and stores everything. Ends early, with what was read stored, when asked to stop.
    ///
    /// # Errors
    /// What made the run fail.
    pub async fn run(self) -> Result<Finished> {
        let Self { context, walk, writers, registrar, jobs } = self;
        let stop = Arc::clone(&context.stop);
        let watch = tokio::spawn(watch(Arc::clone(&context)));
        let reading = Arc::clone(&context);
        let read = tokio::task::spawn_blocking(move || {
            std::thread::scope(|scope| {
                for lane in [Lane::Outer, Lane::Nested] {
                    for _ in 0..jobs.max(2) {
                        let reading = &reading;
                        scope.spawn(move || reader::read_jobs(reading, lane));
                    }
                }
            });
            reading.queue.wait_until_idle();
            // The walk is still to be joined where the run was stopped before it ended.
            let _ = walk.join();
        });
        if let Err(error) = read.await {
            stop.fail(Error::new(ErrorKind::Run, "a reader thread ended unexpectedly").with_cause(error));
        }
        watch.abort();
        let _ = watch.await;
        let mut finished = Finished {
            opened: context.take_opened(),
            skipped_entries: context.survey().skipped_entries,
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
