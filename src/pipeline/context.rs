//! What everyone in a run shares: settings, budget, what is known, where results go, and whether to stop.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use super::hands::Hands;
use super::known::KnownSources;
use super::queue::{JobQueue, Order};
use super::reader::Job;
use super::shelf::Shelf;
use super::survey::{Survey, Surveyor};
use super::worker::Workers;
use super::{Asked, Knowledge, PipelineSettings, SeenContents};
use crate::archive::Limits;
use crate::batch::Item;
use crate::budget::Budget;
use crate::error::Error;
use crate::ledger::Ledger;
use crate::mapping::MapPolicy;
use crate::priority::Priority;
use crate::progress::Counters;
use crate::record::SourceRow;
use crate::sink::Resume;
use crate::storage::AccessPolicy;
use crate::writer::Delivery;

/// A source that is about to be read, and who waits for what is known of it.
#[derive(Debug)]
pub struct Registration {
    /// Its row.
    pub source: SourceRow,
    /// Gets what is stored of it, once it is registered; none where nothing can be.
    pub answer: Option<oneshot::Sender<Resume>>,
}

/// Where results go.
pub(super) struct Channels {
    /// One for each writer.
    pub(super) writers: Vec<UnboundedSender<Delivery>>,
    pub(super) registrar: UnboundedSender<Registration>,
}

/// Shared by every thread of a run.
pub(super) struct Context {
    pub(super) run_id: i32,
    pub(super) limits: Limits,
    pub(super) map_policy: MapPolicy,
    pub(super) access: AccessPolicy,
    pub(super) priority: Priority,
    pub(super) shelf: Box<dyn Shelf>,
    pub(super) asked: Asked,
    pub(super) budget: Budget,
    pub(super) seen: Arc<SeenContents>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) counters: Arc<Counters>,
    pub(super) queue: JobQueue<Job>,
    pub(super) writers: Vec<UnboundedSender<Delivery>>,
    pub(super) known: Arc<KnownSources>,
    pub(super) surveyor: Surveyor,
    pub(super) workers: Workers,
    pub(super) stop: Arc<Stop>,
    pub(super) runtime: tokio::runtime::Handle,
    registrar: UnboundedSender<Registration>,
    /// Whether one thread does everything, in the order of the walk.
    is_sequential: bool,
    /// Chosen when the reading begins.
    hands: OnceLock<Hands>,
    opened: Mutex<Vec<i64>>,
    is_given_up: AtomicBool,
}

impl Context {
    #[expect(
        clippy::too_many_arguments,
        reason = "it only gathers what each was made for; nothing is computed"
    )]
    pub(super) fn new(
        settings: &PipelineSettings,
        budget: Budget,
        knowledge: Knowledge,
        ledger: Arc<Ledger>,
        counters: Arc<Counters>,
        channels: Channels,
        shelf: Box<dyn Shelf>,
        stop: Arc<Stop>,
    ) -> Self {
        let is_sequential = settings.jobs <= 1;
        // A disk that is slow to find things is read as the walk lists it.
        let is_ordered = is_sequential || settings.access.depth > 0;
        let order = if is_ordered { Order::AsFound } else { Order::LongestFirst };
        Self {
            run_id: settings.run_id,
            limits: settings.limits.clone(),
            map_policy: settings.map_policy,
            access: settings.access,
            priority: settings.priority,
            shelf,
            asked: settings.asked.clone(),
            budget,
            seen: knowledge.contents,
            ledger,
            counters,
            queue: JobQueue::new(order, settings.access),
            writers: channels.writers,
            known: knowledge.sources,
            surveyor: Surveyor::default(),
            workers: Workers::default(),
            stop,
            runtime: tokio::runtime::Handle::current(),
            registrar: channels.registrar,
            is_sequential,
            hands: OnceLock::new(),
            opened: Mutex::default(),
            is_given_up: AtomicBool::new(false),
        }
    }

    /// What the walk has found so far.
    pub(super) fn survey(&self) -> Survey {
        self.surveyor.survey()
    }

    /// Notes a source that the final count must cover.
    pub(super) fn opened(&self, source: i64) {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    /// The sources noted so far.
    pub(super) fn take_opened(&self) -> Vec<i64> {
        std::mem::take(&mut self.opened.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The writer that all rows of an item's content pass.
    pub(super) fn route(&self, item: &Item) -> usize {
        let id = item.file_id().map(|id| id.0).or_else(|| item.source_id()).unwrap_or_default();
        // The low bits: the high ones are what a batch is sorted by.
        usize::try_from(id).unwrap_or_default() % self.writers.len().max(1)
    }

    /// Makes a source known, and tells what is stored of it; none if the run is being stopped. For a source of an
    /// earlier run that is waited for; a new one is registered while it is being read already.
    pub(super) fn register(&self, source: SourceRow) -> Option<Resume> {
        if !self.known.has(source.id) {
            self.registrar.send(Registration { source, answer: None }).ok()?;
            return Some(Resume::default());
        }
        let (answer, answered) = oneshot::channel();
        self.registrar.send(Registration { source, answer: Some(answer) }).ok()?;
        answered.blocking_recv().ok()
    }

    /// Whether everything is done by one thread, in the order of the walk.
    pub(super) const fn is_sequential(&self) -> bool {
        self.is_sequential
    }

    /// Says who does the tasks, before the first is made; whoever makes one does it where nobody else was chosen.
    pub(super) fn choose(&self, hands: Hands) -> &Hands {
        self.hands.get_or_init(|| hands)
    }

    fn hands(&self) -> &Hands {
        self.hands.get_or_init(|| Hands::Own)
    }

    /// Has a task done; the queue stays open until it has ended. A panic in it is caught: it leaves its source
    /// unfinished, for the next import to resume.
    pub(super) fn spawn(self: &Arc<Self>, task: impl FnOnce(&Arc<Self>) + Send + 'static) {
        self.queue.begin();
        let context = Arc::clone(self);
        self.hands().give(move || {
            let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                if !context.stop.is_asked() {
                    task(&context);
                }
            }));
            if ended.is_err() {
                tracing::error!("a task panicked; what it read is left for the next import");
                context.stop.note_panic();
            }
            context.queue.finish();
        });
    }

    /// Tasks that run at once.
    pub(super) fn jobs(&self) -> usize {
        self.hands().count()
    }

    pub(super) fn stopping(&self) -> bool {
        self.stop.is_asked() || self.is_given_up.load(Relaxed)
    }

    /// Nobody will run what is begun here.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Relaxed);
        self.queue.stop();
    }
}

/// Whether and why a run is to end early.
#[derive(Debug, Default)]
pub struct Stop {
    asked: AtomicBool,
    panicked: AtomicBool,
    failure: Mutex<Option<Error>>,
}

impl Stop {
    /// Asks everyone to end what they are at and begin nothing more.
    pub fn ask(&self) {
        self.asked.store(true, Relaxed);
    }

    /// Asks because of a failure; the first one is kept.
    pub fn fail(&self, error: Error) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.ask();
    }

    /// Whether somebody asked.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.load(Relaxed)
    }

    /// Notes that something panicked which is not caught entry by entry.
    pub(super) fn note_panic(&self) {
        self.panicked.store(true, Relaxed);
    }

    /// Whether the run has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Whether a task panicked outside what is caught for each entry.
    #[must_use]
    pub fn has_panicked(&self) -> bool {
        self.panicked.load(Relaxed)
    }

    /// The failure, if there was one.
    #[must_use]
    pub fn take_failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
