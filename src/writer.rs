//! From items to committed batches: collects, stores, retries, bisects.
//!
//! One writer per database connection. All items of one content pass the same writer in order, so a content is stored
//! before its other places, and only this writer knows which contents the database refused. How a batch is stored is the
//! [sink](crate::sink)'s; what its errors mean for the run is decided here:
//!
//! | error | what happens |
//! |---|---|
//! | conflict | the batch is merged; never bisected |
//! | refused | the batch is halved until the bad item is alone; that one is rejected, every other is stored |
//! | transient | reconnect and merge, up to [`RETRY_PAUSES`] |
//! | lost | the run fails, for what it holds to be stored may not be; the same command stores it |
//! | disk full, fatal | the run fails; the same command resumes it |

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;

use crate::batch::{Batch, BatchOrder, FileRows, Finding, Item};
use crate::budget::{Permit, Pool};
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::Ledger;
use crate::progress::{Counters, Stage};
use crate::record::{LocationRow, RejectRow};
use crate::registry::Registry;
use crate::reject::Reason;
use crate::sink::{Method, Sink, SinkError, SinkErrorKind, Stored};

/// How long a writer waits before each new attempt after a transient error: half a minute in all.
pub const RETRY_PAUSES: [Duration; 7] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(10),
];

/// Items from a worker, and the memory they hold.
#[derive(Debug)]
pub struct Delivery {
    /// The items, in the order in which they must be stored.
    pub items: Vec<Item>,
    /// What they hold of the work pool; none for what has no share of its own.
    pub permit: Option<Permit>,
    /// Whether places of them may be in the library already, so that merging at once saves a refused attempt.
    pub merge: bool,
}

/// When a batch is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// At this many items.
    pub items: usize,
    /// Or at about this many bytes.
    pub bytes: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { items: 3_200, bytes: 8 << 20 }
    }
}

/// Stores what one connection is given.
#[derive(Debug)]
pub struct Writer<S> {
    sink: S,
    limits: BatchLimits,
    order: BatchOrder,
    ledger: Arc<Ledger>,
    registry: Arc<Registry>,
    counters: Arc<Counters>,
    run_id: i32,
    retry_pauses: &'static [Duration],
    /// Contents that the database refused, with their rows: another place of one is a new chance for it.
    refused: HashMap<i64, Arc<FileRows>>,
}

impl<S: Sink> Writer<S> {
    /// A writer into `sink`.
    pub fn new(
        sink: S,
        limits: BatchLimits,
        (ledger, registry): (Arc<Ledger>, Arc<Registry>),
        counters: Arc<Counters>,
        run_id: i32,
    ) -> Self {
        let (order, refused) = (BatchOrder::default(), HashMap::new());
        Self { sink, limits, order, ledger, registry, counters, run_id, retry_pauses: &RETRY_PAUSES, refused }
    }

    /// Stores the items of a batch in this order.
    #[must_use]
    pub fn with_order(mut self, order: BatchOrder) -> Self {
        self.order = order;
        self
    }

    /// Waits this long before each new attempt, instead of [`RETRY_PAUSES`].
    #[must_use]
    pub fn with_retry_pauses(mut self, pauses: &'static [Duration]) -> Self {
        self.retry_pauses = pauses;
        self
    }

    /// Stores everything that arrives, until nothing more can. A batch that is not full is stored early when somebody
    /// waits for the memory it holds.
    ///
    /// # Errors
    /// What made the run fail; everything committed before stays.
    pub async fn run(mut self, mut inbox: UnboundedReceiver<Delivery>, work: Arc<Pool>) -> Result<S> {
        let mut collected = Collected::default();
        let mut open = true;
        while open {
            let hurry = tokio::select! {
                biased;
                delivery = inbox.recv() => {
                    open = delivery.is_some();
                    collected.add(delivery);
                    false
                }
                () = work.starving(), if !collected.is_empty() => true,
            };
            while collected.fills(self.limits) || (!collected.is_empty() && (hurry || !open)) {
                let (batch, method, permits) = collected.take(self.limits, self.order);
                self.store(batch, method).await?;
                drop(permits);
            }
        }
        Ok(self.sink)
    }

    /// Stores one batch, whatever it takes.
    async fn store(&mut self, batch: Batch, method: Method) -> Result<()> {
        // Halves still to be stored, the next one last: places follow their content, so order matters.
        let mut halves = vec![(batch, method)];
        while let Some((batch, method)) = halves.pop() {
            if !self.registry.wait_for(batch.items()).await {
                // Why stands with whoever failed first.
                return Err(Error::new(ErrorKind::Run, "the sources of a batch could not be registered"));
            }
            let (batch, again) = self.revive(batch);
            let method = if again { Method::Merge } else { method };
            let began = Instant::now();
            let attempted = attempt(&mut self.sink, &batch, method, self.retry_pauses).await;
            let encoding = attempted.as_ref().map(|stored| stored.encoding).unwrap_or_default();
            self.counters.timings.add(Stage::Encode, encoding);
            self.counters.timings.add(Stage::Database, began.elapsed().saturating_sub(encoding));
            match attempted {
                Ok(stored) => self.committed(batch, &stored).await?,
                Err(error) if error.kind == SinkErrorKind::Refused => {
                    tracing::debug!(items = batch.items().len(), %error, "batch refused, halving it");
                    if batch.items().len() > 1 {
                        if let Some((first, second)) = batch.split() {
                            halves.push((second, Method::Merge));
                            halves.push((first, Method::Merge));
                        }
                    } else if method == Method::Fresh {
                        // It may be its song that was gone, which merging leaves to the end of the run.
                        halves.push((batch, Method::Merge));
                    } else {
                        self.reject(batch, &error).await?;
                    }
                }
                Err(error) => return Err(run_error(error)),
            }
        }
        Ok(())
    }

    /// Gives places of refused contents the content's rows to try with.
    fn revive(&self, batch: Batch) -> (Batch, bool) {
        if self.refused.is_empty() {
            return (batch, false);
        }
        let mut again = false;
        let mut revived = std::collections::HashSet::new();
        let items = batch.into_items().into_iter().map(|mut item| {
            if let Finding::Duplicate(place) = &item.finding
                && let Some(rows) = self.refused.get(&place.file_id)
                && revived.insert(place.file_id)
            {
                again = true;
                item.finding = Finding::New(Arc::clone(rows), place.clone());
            }
            item
        });
        (Batch::arranged(items.collect(), self.order), again)
    }

    /// Counts a stored batch; contents that another one's id kept out are rejected.
    async fn committed(&mut self, batch: Batch, stored: &Stored) -> Result<()> {
        if stored.collided.is_empty() {
            self.count(&batch, stored);
            return Ok(());
        }
        let collided = |item: &Item| item.file_id().is_some_and(|id| stored.collided.contains(&id.0));
        let (kept_out, kept): (Vec<_>, Vec<_>) = batch.into_items().into_iter().partition(collided);
        self.count(&Batch::new(kept), stored);
        let rejects = kept_out.into_iter().map(|item| {
            let detail =
                "another content in the library has the same 63-bit id; the two cannot both be stored";
            self.rejected(item, Reason::IdCollision, detail)
        });
        let rejects = Batch::new(rejects.collect());
        let stored =
            attempt(&mut self.sink, &rejects, Method::Merge, self.retry_pauses).await.map_err(run_error)?;
        self.count(&rejects, &stored);
        Ok(())
    }

    fn count(&mut self, batch: &Batch, stored: &Stored) {
        self.ledger.committed(batch.items().iter());
        self.counters.committed(batch, stored);
        for rows in batch.files() {
            self.refused.remove(&rows.file.id);
        }
    }

    /// The last of a refused batch: the database will not have it, so its refusal is stored instead.
    async fn reject(&mut self, batch: Batch, error: &SinkError) -> Result<()> {
        for item in batch.into_items() {
            if matches!(item.finding, Finding::Rejected(_) | Finding::NotMidi) {
                // Even the refusal cannot be stored: nothing may be lost in silence, so the run stops.
                return Err(run_error(SinkError {
                    kind: SinkErrorKind::Fatal,
                    sqlstate: error.sqlstate.clone(),
                    message: format!("a reject row was refused: {}", error.message),
                }));
            }
            if let Finding::New(rows, _) = &item.finding {
                self.refused.insert(rows.file.id, Arc::clone(rows));
            }
            let reject = self.rejected(item, Reason::DatabaseRefused, &format!("PostgreSQL said: {error}"));
            let batch = Batch::new(vec![reject]);
            let stored =
                attempt(&mut self.sink, &batch, Method::Merge, self.retry_pauses).await.map_err(run_error)?;
            self.count(&batch, &stored);
        }
        Ok(())
    }

    fn rejected(&self, item: Item, reason: Reason, detail: &str) -> Item {
        let finding = match item.finding {
            Finding::New(_, place) | Finding::Duplicate(place) => {
                Finding::Rejected(reject_at(place, self.run_id, reason, detail))
            }
            other => other,
        };
        Item { source: item.source, finding }
    }
}

/// A refusal of what was to be stored at a place.
#[must_use]
pub fn reject_at(place: LocationRow, run_id: i32, reason: Reason, detail: &str) -> RejectRow {
    RejectRow {
        source_id: place.source_id,
        entry_ordinal: place.entry_ordinal,
        run_id,
        entry_path: place.entry_path,
        entry_path_raw: place.entry_path_raw,
        stage: reason.stage().word(),
        reason: reason.code(),
        detail: detail.to_owned(),
    }
}

/// One batch into a sink, with its retries; a conflict is merged.
pub(crate) async fn attempt(
    sink: &mut impl Sink,
    batch: &Batch,
    method: Method,
    pauses: &[Duration],
) -> std::result::Result<Stored, SinkError> {
    let (mut method, mut pauses) = (method, pauses.iter());
    loop {
        let error = match sink.store(batch, method).await {
            Ok(stored) => return Ok(stored),
            Err(error) => error,
        };
        match error.kind {
            SinkErrorKind::Conflict if method == Method::Fresh => method = Method::Merge,
            SinkErrorKind::Conflict | SinkErrorKind::Transient => {
                // After a lost answer the batch may be stored: merging it stores nothing twice.
                method = Method::Merge;
                recover(sink, &mut pauses, error).await?;
            }
            _ => return Err(error),
        }
    }
}

/// Waits and reconnects; gives the last error back when all attempts are used up.
pub(crate) async fn recover(
    sink: &mut impl Sink,
    pauses: &mut std::slice::Iter<'_, Duration>,
    error: SinkError,
) -> std::result::Result<(), SinkError> {
    let mut last = error;
    for pause in pauses {
        tracing::warn!(error = %last, ?pause, "the database did not take a batch; trying again");
        tokio::time::sleep(*pause).await;
        match sink.reconnect().await {
            Ok(()) => return Ok(()),
            Err(error) if error.kind == SinkErrorKind::Transient => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// What a sink's error means for the run.
pub(crate) fn run_error(error: SinkError) -> Error {
    match error.kind {
        SinkErrorKind::DiskFull => Error::new(ErrorKind::Run, "the database server's disk is full")
            .with_hint("free some space on it, then run the same command again: it goes on where it stopped")
            .with_cause(error),
        SinkErrorKind::Lost => Error::new(
            ErrorKind::Run,
            "the database server has crashed and may have lost what was stored last",
        )
        .with_hint("run the same command again: it stores what is missing")
        .with_cause(error),
        SinkErrorKind::Transient => Error::new(ErrorKind::Unreachable, "the database server went away")
            .with_hint("when it is back, run the same command again: it goes on where it stopped")
            .with_cause(error),
        _ => Error::new(ErrorKind::Run, "the database could not store a batch")
            .with_hint("after mending the cause, run the same command again: it goes on where it stopped")
            .with_cause(error),
    }
}

/// What a writer has received and not stored.
#[derive(Default)]
struct Collected {
    deliveries: VecDeque<Delivery>,
    items: usize,
    weight: usize,
}

impl Collected {
    fn add(&mut self, delivery: Option<Delivery>) {
        let Some(delivery) = delivery else { return };
        self.items += delivery.items.len();
        self.weight += weight(&delivery.items);
        self.deliveries.push_back(delivery);
    }

    fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    fn fills(&self, limits: BatchLimits) -> bool {
        self.items >= limits.items || self.weight >= limits.bytes
    }

    /// One batch, and the permits of the deliveries that it ends.
    fn take(&mut self, limits: BatchLimits, order: BatchOrder) -> (Batch, Method, Vec<Permit>) {
        let (mut items, mut permits, mut weight, mut merge) = (Vec::new(), Vec::new(), 0, false);
        while let Some(mut delivery) = self.deliveries.pop_front() {
            merge |= delivery.merge;
            let mut rest = Vec::new();
            for item in std::mem::take(&mut delivery.items) {
                if items.len() < limits.items && weight < limits.bytes {
                    weight += item.weight();
                    items.push(item);
                } else {
                    rest.push(item);
                }
            }
            if rest.is_empty() {
                permits.extend(delivery.permit);
            } else {
                delivery.items = rest;
                self.deliveries.push_front(delivery);
                break;
            }
        }
        self.items -= items.len();
        self.weight = self.weight.saturating_sub(weight);
        let method = if merge { Method::Merge } else { Method::Fresh };
        (Batch::arranged(items, order), method, permits)
    }
}

fn weight(items: &[Item]) -> usize {
    items.iter().map(Item::weight).sum()
}

#[cfg(test)]
mod tests;
