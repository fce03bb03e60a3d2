//! A source being read: what its readers count, and when the last of them is done.
//!
//! Everyone who reads a part of a source has a [`Share`] in its [`Reading`] and gives it back by [`Share::finish`]. Who
//! fails to (a panic, a stopped run) leaves the source unfinished, and the next import resumes it: nothing has to be
//! cleaned up for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};

use super::scope::Scope;
use crate::archive::Limits;
use crate::archive::meter::Meter;
use crate::ledger::Ledger;
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
        Share(Arc::new(Self {
            id,
            path,
            kind,
            is_stream: size.is_none(),
            scope: resume.into(),
            known_before,
            meter: Arc::new(Meter::new(limits, size.unwrap_or_default())),
            entries: AtomicI64::new(0),
            not_midi: AtomicI64::new(0),
            refused: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            shares: AtomicUsize::new(1),
        }))
    }

    /// Entries of it that are stored.
    pub(super) fn stored(&self) -> i64 {
        i64::try_from(self.scope.stored()).unwrap_or(i64::MAX)
    }

    /// Whether the entry at this ordinal need not be read.
    pub(super) fn passes_over(&self, ordinal: i64) -> bool {
        !self.is_stream && self.scope.passes_over(ordinal)
    }

    /// Whether nothing is to be made of this very content at this ordinal: it is stored, or was not asked for.
    pub(super) fn leaves(&self, ordinal: i64, file_id: i64) -> bool {
        self.scope.leaves(ordinal, file_id)
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
    pub(super) fn finish(self, ledger: &Ledger) {
        let reading = self.0;
        // Whoever is last sees what all others counted.
        if reading.shares.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let failed = reading.failed.load(Ordering::Relaxed);
        ledger.read(SourceClose {
            id: reading.id,
            state: if failed { SourceState::Failed } else { SourceState::Complete },
            kind: reading.kind,
            entries: reading.entries.load(Ordering::Relaxed),
            not_midi: reading.not_midi.load(Ordering::Relaxed),
            refused: reading.refused.load(Ordering::Relaxed),
        });
    }
}
