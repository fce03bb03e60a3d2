//! A source being read: what its readers count, and when the last of them is done.
//!
//! Everyone who reads a part of a source has a [`Share`] in its [`Reading`] and gives it back by [`Share::finish`]. Who
//! fails to (a panic, a stopped run) leaves the source unfinished, and the next import resumes it: nothing has to be
//! cleaned up for that.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::Context;
use super::scope::Scope;
use crate::archive::Limits;
use crate::archive::meter::Meter;
use crate::progress::add;
use crate::record::SourceState;
use crate::sink::{Resume, SourceClose};

/// An archive or stream being read.
#[derive(Debug)]
pub(super) struct Reading {
    /// Its id in `sources`.
    pub(super) id: i64,
    /// Its path there.
    pub(super) path: String,
    /// What it was recognised as.
    pub(super) kind: &'static str,
    /// Whether what is stored must be compared with what is read, because nothing else tells that the source is the same.
    pub(super) is_stream: bool,
    scope: Scope,
    /// Ordinals of which something is stored, while nothing was met there; none where nothing is stored.
    unmet: Option<Mutex<HashSet<i64>>>,
    /// Whether the source was known before this run.
    pub(super) known_before: bool,
    meter: Arc<Meter>,
    entries: AtomicI64,
    not_midi: AtomicI64,
    refused: AtomicBool,
    failed: AtomicBool,
    shares: AtomicUsize,
}

impl Reading {
    /// The first share in the reading of a source of `size` bytes on disk; a stream has none.
    pub(super) fn begin(
        (id, path): (i64, String),
        kind: &'static str,
        size: Option<u64>,
        known_before: bool,
        resume: Resume,
        limits: &Limits,
    ) -> Share {
        let scope = Scope::from(resume);
        let unmet: HashSet<i64> = scope.to_be_met().collect();
        Share(Arc::new(Self {
            id,
            path,
            kind,
            is_stream: size.is_none(),
            scope,
            unmet: Some(unmet).filter(|unmet| !unmet.is_empty()).map(Mutex::new),
            known_before,
            meter: Arc::new(Meter::new(limits, size.unwrap_or_default())),
            entries: AtomicI64::new(0),
            not_midi: AtomicI64::new(0),
            refused: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            shares: AtomicUsize::new(1),
        }))
    }

    /// Whether the entry at this ordinal need not be read.
    pub(super) fn passes_over(&self, ordinal: i64) -> bool {
        let passes_over = !self.is_stream && self.scope.passes_over(ordinal);
        if passes_over {
            self.meet(ordinal);
        }
        passes_over
    }

    /// Whether nothing is to be made of this very content at this ordinal: it is stored, or was not asked for.
    pub(super) fn leaves(&self, ordinal: i64, file_id: i64) -> bool {
        self.scope.leaves(ordinal, file_id)
    }

    /// A place or a refusal is at this ordinal, as stored or to be stored.
    pub(super) fn meet(&self, ordinal: i64) {
        if let Some(unmet) = &self.unmet {
            unmet.lock().unwrap_or_else(PoisonError::into_inner).remove(&ordinal);
        }
    }

    fn take_unmet(&self) -> Vec<i64> {
        let take = |unmet: &Mutex<HashSet<i64>>| {
            std::mem::take(&mut *unmet.lock().unwrap_or_else(PoisonError::into_inner))
        };
        self.unmet.iter().flat_map(take).collect()
    }

    /// What the source has yielded so far, against the limits.
    pub(super) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Regular files were met.
    pub(super) fn count_entries(&self, entries: i64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
    }

    /// Entries were met that neither are MIDI nor say so.
    pub(super) fn count_not_midi(&self, entries: i64) {
        self.not_midi.fetch_add(entries, Ordering::Relaxed);
    }

    /// The source as a whole has a refusal; `again` if the next import is to try it again. Whether it is the first one.
    pub(super) fn refuse(&self, again: bool) -> bool {
        self.failed.fetch_or(again, Ordering::Relaxed);
        !self.refused.swap(true, Ordering::Relaxed)
    }
}

/// A part in the reading of a source.
#[derive(Debug)]
pub(super) struct Share(Arc<Reading>);

impl Share {
    /// A share for someone else who reads a part.
    pub(super) fn another(&self) -> Self {
        self.0.shares.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&self.0))
    }

    pub(super) const fn reading(&self) -> &Arc<Reading> {
        &self.0
    }

    /// The part is read, and its items were counted by the ledger; with the last one the source is.
    pub(super) fn finish(self, context: &Context) {
        let reading = self.0;
        // Whoever is last sees what all others counted.
        if reading.shares.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let failed = reading.failed.load(Ordering::Relaxed);
        let refused = reading.refused.load(Ordering::Relaxed);
        let mut entries = reading.entries.load(Ordering::Relaxed);
        let mut gone = reading.take_unmet();
        if refused {
            // It may not have come to its end: what is stored of what lies behind stays, and counts.
            entries += i64::try_from(gone.len()).unwrap_or(i64::MAX);
            add(&context.counters.seen, gone.len() as u64);
            add(&context.counters.unchanged, gone.len() as u64);
            gone.clear();
        }
        context.ledger.read(SourceClose {
            id: reading.id,
            state: if failed { SourceState::Failed } else { SourceState::Complete },
            kind: reading.kind,
            entries,
            not_midi: reading.not_midi.load(Ordering::Relaxed),
            refused,
            gone,
        });
    }
}
