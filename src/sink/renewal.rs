//! A sink for contents that the library has: what is found out of them takes the place of what is stored, and all else of
//! an import stays as it is.
//!
//! This is the one place that makes a re-analysis of what would be an import: sources are not registered and not closed,
//! places are not stored, refusals are kept for the report.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use super::{Method, PostgresSink, Resume, Sink, SinkError, SourceClose, Stored};
use crate::batch::Batch;
use crate::record::SourceRow;

/// A round of a re-analysis, shared by its sinks: which places are read, and what came of it.
#[derive(Debug)]
pub struct Renewal {
    /// By source: ordinals, with the id of the content that lies there.
    places: HashMap<i64, Vec<(i64, i64)>>,
    renewed: Mutex<Renewed>,
}

/// What came of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Contents whose rows are as they were found now.
    pub contents: Vec<i64>,
    /// What was refused in the sources that were read, by source and ordinal: the reason, and the sentence.
    pub refusals: HashMap<(i64, i64), Refused>,
}

/// Why a place gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The stage that refused it, as in `rejects`.
    pub stage: &'static str,
    /// The reason's code.
    pub reason: &'static str,
    /// The sentence.
    pub detail: String,
}

impl Renewal {
    /// A round that reads these places, by source.
    #[must_use]
    pub fn of(places: HashMap<i64, Vec<(i64, i64)>>) -> Self {
        Self { places, renewed: Mutex::default() }
    }

    /// What came of it so far, taken out.
    #[must_use]
    pub fn take(&self) -> Renewed {
        std::mem::take(&mut self.renewed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, renewed: &[i64], batch: &Batch) {
        let mut noted = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        noted.contents.extend_from_slice(renewed);
        for reject in batch.rejects() {
            let refused =
                Refused { stage: reject.stage, reason: reject.reason, detail: reject.detail.clone() };
            noted.refusals.insert((reject.source_id, reject.entry_ordinal), refused);
        }
    }
}

/// A connection that renews rows.
#[derive(Debug)]
pub struct RenewalSink {
    database: PostgresSink,
    renewal: Arc<Renewal>,
}

impl RenewalSink {
    /// A sink of this round, over a connection of its own.
    #[must_use]
    pub const fn new(database: PostgresSink, renewal: Arc<Renewal>) -> Self {
        Self { database, renewal }
    }
}

impl Sink for RenewalSink {
    async fn store(&mut self, batch: &Batch, _method: Method) -> Result<Stored, SinkError> {
        let renewed =
            if batch.files().next().is_some() { self.database.renew(batch).await? } else { Vec::new() };
        self.renewal.note(&renewed, batch);
        Ok(Stored { renewed: renewed.len() as u64, ..Stored::default() })
    }

    async fn register(&mut self, sources: &[SourceRow]) -> Result<Vec<Resume>, SinkError> {
        let wanted = |source: &SourceRow| self.renewal.places.get(&source.id).cloned().unwrap_or_default();
        Ok(sources.iter().map(|source| Resume::Only(wanted(source))).collect())
    }

    async fn close(&mut self, _sources: &[SourceClose]) -> Result<(), SinkError> {
        Ok(())
    }

    async fn reconnect(&mut self) -> Result<(), SinkError> {
        self.database.reconnect().await
    }
}
