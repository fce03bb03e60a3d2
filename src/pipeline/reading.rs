//! A source being read: what its readers count, and when the last of them is done.
//!
//! Everyone who reads a part of a source has a [`Share`] in its [`Reading`] and gives it back by [`Share::finish`]. Who
//! fails to (a panic, a stopped run) leaves the source unfinished, and the next import resumes it: nothing has to be
//! cleaned up for that.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::context::Context;
use super::scope::Scope;
use crate::archive::Limits;
use crate::archive::meter::Meter;
use crate::entry::Ordinal;
use crate::progress::add;
use crate::record::SourceState;
use crate::reject::Reason;
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
    /// What is stored and not met; none where nothing is stored.
    unmet: Option<Mutex<Unmet>>,
    /// Whether what was read is known to be all there is.
    ended: AtomicBool,
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
        let unmet = Unmet { open: scope.to_be_met().collect(), ..Unmet::default() };
        Share(Arc::new(Self {
            id,
            path,
            kind,
            is_stream: size.is_none(),
            scope,
            unmet: Some(unmet).filter(|unmet| !unmet.open.is_empty()).map(Mutex::new),
            ended: AtomicBool::new(size.is_some()),
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

    /// A place is at this ordinal, as stored or to be stored.
    pub(super) fn meet(&self, ordinal: i64) {
        self.unmet(|unmet| _ = unmet.open.remove(&ordinal));
    }

    /// A refusal is to be stored at this ordinal. If it may be an archive's, what is stored of what lies in it and is not met stays.
    pub(super) fn meet_refused(&self, ordinal: i64, reason: Reason) {
        self.unmet(|unmet| {
            unmet.open.remove(&ordinal);
            // What lies deeper has numbers among those of its neighbours.
            let is_outer = ordinal >= 0 && Ordinal(ordinal).is_outer();
            if is_outer && !matches!(reason, Reason::NotMidiContent | Reason::MidiEmpty) {
                unmet.refused.push(Ordinal(ordinal));
            }
        });
    }

    /// Nothing is to be stored at this ordinal: it neither is MIDI nor says so, or is an archive that was read.
    pub(super) fn pass_by(&self, ordinal: i64) {
        self.not_midi.fetch_add(1, Ordering::Relaxed);
        self.unmet(|unmet| {
            if unmet.open.remove(&ordinal) {
                unmet.gone.push(ordinal);
            }
        });
    }

    /// A stream has said itself that it ends here. Of one that only broke off nobody knows what it would have held.
    pub(super) fn mark_end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn unmet<T: Default>(&self, work: impl FnOnce(&mut Unmet) -> T) -> T {
        let lock = |unmet: &Mutex<Unmet>| work(&mut unmet.lock().unwrap_or_else(PoisonError::into_inner));
        self.unmet.as_ref().map(lock).unwrap_or_default()
    }

    /// What the source has yielded so far, against the limits.
    pub(super) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    /// Regular files were met.
    pub(super) fn count_entries(&self, entries: i64) {
        self.entries.fetch_add(entries, Ordering::Relaxed);
    }

    /// The source as a whole has a refusal; `again` if the next import is to try it again. Whether it is the first one.
    pub(super) fn refuse(&self, again: bool) -> bool {
        self.failed.fetch_or(again, Ordering::Relaxed);
        !self.refused.swap(true, Ordering::Relaxed)
    }
}

/// What is stored of a source that is read again, by ordinal, as far as it was not met.
#[derive(Debug, Default)]
struct Unmet {
    /// Nothing is known of it yet.
    open: BTreeSet<i64>,
    /// There is nothing to be stored at these.
    gone: Vec<i64>,
    /// Members that were refused, and may be archives: their reading may have broken off.
    refused: Vec<Ordinal>,
}

impl Unmet {
    /// Once all that was read is met: what is gone, and how many stay because nobody can tell what lies behind where the reading of the
    /// source, unless it `is_whole`, or of an archive in it broke off.
    fn settle(self, is_whole: bool) -> (Vec<i64>, u64) {
        let Self { mut open, mut gone, refused } = self;
        let mut kept = 0;
        if is_whole {
            for member in refused {
                let inside: Vec<i64> = open.range(member.leads_to()).copied().collect();
                kept += inside.len() as u64;
                for ordinal in inside {
                    open.remove(&ordinal);
                }
            }
            gone.extend(open);
        } else {
            kept += open.len() as u64;
        }
        (gone, kept)
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
        let is_whole = !refused && reading.ended.load(Ordering::Relaxed);
        let (gone, kept) = reading.unmet(std::mem::take).settle(is_whole);
        add(&context.counters.seen, kept);
        add(&context.counters.unchanged, kept);
        context.ledger.read(SourceClose {
            id: reading.id,
            state: if failed { SourceState::Failed } else { SourceState::Complete },
            kind: reading.kind,
            entries: reading.entries.load(Ordering::Relaxed).saturating_add_unsigned(kept),
            not_midi: reading.not_midi.load(Ordering::Relaxed),
            refused,
            gone,
        });
    }
}
