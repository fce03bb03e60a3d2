//! A sink that stores nothing: what is read is compared with what is stored, and the sources that differ are noted.
//!
//! This is the one place that makes a verification of what would be an import. It does not repair: a source that differs is
//! read again, by an import ([`crate::verification`]).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::{Mutex, PoisonError};

use super::{Method, PostgresSink, Resume, Sink, SinkError, SourceClose, Stored};
use crate::batch::{Batch, Finding, Item};
use crate::record::SourceRow;
use crate::reject::Reason;

/// A verification, shared by its sinks: the sources that are not what is stored.
#[derive(Debug, Default)]
pub struct Comparison {
    differing: Mutex<BTreeSet<i64>>,
    unread: Mutex<BTreeSet<i64>>,
}

impl Comparison {
    /// The sources that differ, so far, taken out.
    #[must_use]
    pub fn take(&self) -> Vec<i64> {
        take(&self.differing)
    }

    /// Those that could not be read, so far, taken out: nobody can tell whether they differ.
    #[must_use]
    pub fn take_unread(&self) -> Vec<i64> {
        take(&self.unread)
    }

    fn note_unread(&self, batch: &Batch) {
        let unread = batch.items().iter().filter(|item| is_unread(item)).filter_map(Item::source_id);
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).extend(unread);
    }

    fn note(&self, differing: Vec<i64>) {
        self.differing.lock().unwrap_or_else(PoisonError::into_inner).extend(differing);
    }
}

fn take(noted: &Mutex<BTreeSet<i64>>) -> Vec<i64> {
    let taken = std::mem::take(&mut *noted.lock().unwrap_or_else(PoisonError::into_inner));
    taken.into_iter().collect()
}

/// Whether an item says that its source could not be opened or read.
fn is_unread(item: &Item) -> bool {
    let unread = [Reason::IoError, Reason::PermissionDenied, Reason::SourceMissing].map(Reason::code);
    matches!(&item.finding, Finding::Rejected(reject) if reject.entry_ordinal < 0 && unread.contains(&reject.reason))
}

/// What was read of places, column by column: a content, a refusal, or neither.
#[derive(Debug, Default)]
pub(super) struct ReadPlaces {
    pub(super) sources: Vec<i64>,
    pub(super) ordinals: Vec<i64>,
    pub(super) contents: Vec<Option<i64>>,
    pub(super) reasons: Vec<Option<&'static str>>,
}

impl ReadPlaces {
    fn of(batch: &Batch) -> Self {
        let mut read = Self::default();
        for item in batch.items().iter().filter(|item| !is_unread(item)) {
            let place = match &item.finding {
                Finding::New(_, place) | Finding::Duplicate(place) => {
                    Some((place.source_id, place.entry_ordinal, Some(place.file_id), None))
                }
                Finding::Rejected(reject) => {
                    Some((reject.source_id, reject.entry_ordinal, None, Some(reject.reason)))
                }
                // Only bare files are told of: nothing may be stored of one.
                Finding::NotMidi => item.source.as_ref().map(|source| (source.id, 0, None, None)),
            };
            if let Some((source, ordinal, content, reason)) = place {
                read.sources.push(source);
                read.ordinals.push(ordinal);
                read.contents.push(content);
                read.reasons.push(reason);
            }
        }
        read
    }
}

/// What was read of sources, column by column.
#[derive(Debug, Default)]
pub(super) struct ReadSources {
    pub(super) ids: Vec<i64>,
    pub(super) kinds: Vec<&'static str>,
    pub(super) entries: Vec<i64>,
    pub(super) not_midi: Vec<i64>,
    /// Whether each was refused as a whole.
    pub(super) refused: Vec<bool>,
}

impl ReadSources {
    fn push(&mut self, id: i64, kind: &'static str, entries: i64, not_midi: i64, refused: bool) {
        self.ids.push(id);
        self.kinds.push(kind);
        self.entries.push(entries);
        self.not_midi.push(not_midi);
        self.refused.push(refused);
    }

    fn of_bare(batch: &Batch) -> Self {
        let mut read = Self::default();
        for item in batch.items().iter().filter(|item| !is_unread(item)) {
            let refused = matches!(&item.finding, Finding::Rejected(reject) if reject.entry_ordinal < 0);
            if let Some(source) = &item.source {
                read.push(source.id, source.kind, source.entries, source.not_midi, refused);
            }
        }
        read
    }

    fn of_closed(sources: &[SourceClose]) -> Self {
        let mut read = Self::default();
        for source in sources {
            read.push(source.id, source.kind, source.entries, source.not_midi, source.refused);
        }
        read
    }
}

/// A connection that compares.
#[derive(Debug)]
pub struct ComparisonSink {
    database: PostgresSink,
    comparison: Arc<Comparison>,
}

impl ComparisonSink {
    /// A sink of this verification, over a connection of its own.
    #[must_use]
    pub const fn new(database: PostgresSink, comparison: Arc<Comparison>) -> Self {
        Self { database, comparison }
    }
}

impl Sink for ComparisonSink {
    async fn store(&mut self, batch: &Batch, _method: Method) -> Result<Stored, SinkError> {
        self.comparison.note_unread(batch);
        let (places, sources) = (ReadPlaces::of(batch), ReadSources::of_bare(batch));
        self.comparison.note(self.database.differing_places(&places).await?);
        if !sources.ids.is_empty() {
            self.comparison.note(self.database.differing_sources(&sources).await?);
        }
        Ok(Stored::default())
    }

    async fn register(&mut self, sources: &[SourceRow]) -> Result<Vec<Resume>, SinkError> {
        let ids: Vec<i64> = sources.iter().map(|source| source.id).collect();
        let stored = self.database.stored(&ids).await?;
        Ok(stored.into_iter().map(Resume::Compared).collect())
    }

    async fn close(&mut self, sources: &[SourceClose]) -> Result<(), SinkError> {
        self.comparison.note(self.database.differing_sources(&ReadSources::of_closed(sources)).await?);
        Ok(())
    }

    async fn reconnect(&mut self) -> Result<(), SinkError> {
        self.database.reconnect().await
    }
}
