//! The counters of a run: atomics, added to from every thread, read without stopping anyone.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

use super::timings::Timings;
use crate::batch::{Batch, Finding};
use crate::server::indexes::RestoreEvent;
use crate::sink::Stored;

/// What a run is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Phase {
    /// Connecting, reading what the library knows.
    #[default]
    Preparing,
    /// Reading sources and storing rows.
    Loading,
    /// Reading contents of the library again and renewing their rows.
    Analysing,
    /// Reading again what seems unchanged, and comparing.
    Verifying,
    /// Building suspended indexes again.
    Indexing,
    /// Comparing what was read with what is stored.
    Checking,
    /// Bringing contents to their songs.
    Sorting,
    /// Over.
    Done,
}

impl Phase {
    const ALL: [Self; 8] = [
        Self::Preparing,
        Self::Loading,
        Self::Analysing,
        Self::Verifying,
        Self::Indexing,
        Self::Checking,
        Self::Sorting,
        Self::Done,
    ];

    /// The word that log lines and `loader status` use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Loading => "loading",
            Self::Analysing => "analysing",
            Self::Verifying => "verifying",
            Self::Indexing => "indexing",
            Self::Checking => "checking",
            Self::Sorting => "sorting",
            Self::Done => "done",
        }
    }
}

/// Declares [`Counters`] and [`Snapshot`] with the same fields.
macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// The live counters of a run.
        #[derive(Debug, Default)]
        pub struct Counters {
            phase: AtomicU8,
            /// What each stage of the work takes.
            pub timings: Timings,
            $($(#[doc = $doc])+ pub $name: AtomicU64,)+
        }

        /// The counters at one moment.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Snapshot {
            /// What the run is doing.
            pub phase: Phase,
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// Counts from the beginning again, in the same phase.
            pub fn clear(&self) {
                $(self.$name.store(0, Relaxed);)+
            }

            /// The counters now. Each is exact; together they may be a moment apart.
            #[must_use]
            pub fn snapshot(&self) -> Snapshot {
                let phase = Phase::ALL.get(usize::from(self.phase.load(Relaxed))).copied().unwrap_or_default();
                Snapshot { phase, $($name: self.$name.load(Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Sources the walk has found.
    sources_found,
    /// Sources read to their end or skipped as unchanged.
    sources_done,
    /// Of these, archives.
    archives_done,
    /// Bytes on disk of the sources the walk has found.
    bytes_found,
    /// Bytes on disk read, or skipped as unchanged.
    bytes_done,
    /// Bytes of entries after decompression.
    bytes_extracted,
    /// Items met by the readers: entries, and sources or archives refused as a whole.
    seen,
    /// MIDI files read, new or not, stored or on their way.
    read,
    /// Contents stored for the first time.
    inserted,
    /// Contents analysed again whose rows are up to date.
    renewed,
    /// Places stored of contents that are stored.
    duplicate,
    /// Items skipped because their rows are there.
    unchanged,
    /// Refusals stored.
    rejected,
    /// Entries that neither are MIDI nor say so.
    not_midi,
    /// Links met by the walk and in archives, which are not followed.
    links,
    /// Batches committed.
    batches,
    /// Entries analysed.
    analysed,
    /// Indexes to be built, and built.
    indexes_total,
    /// Indexes built again.
    indexes_done,
    /// Contents whose songs were looked for.
    sorted,
    /// Of these, those that came to a song with their rows.
    versions,
    /// Songs that were made for them.
    songs_added,
    /// 1 when the walk has found everything.
    walk_ended,
}

impl Counters {
    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    /// Follows indexes being built again.
    pub fn indexes(&self, event: RestoreEvent<'_>) {
        match event {
            RestoreEvent::Planned { indexes, .. } => self.indexes_total.store(indexes as u64, Relaxed),
            RestoreEvent::Finished(..) => add(&self.indexes_done, 1),
            RestoreEvent::Started(_)
            | RestoreEvent::Validating(_)
            | RestoreEvent::Validated(..)
            | RestoreEvent::Refreshing(_) => {}
        }
    }

    /// Counts a committed batch.
    pub fn committed(&self, batch: &Batch, stored: &Stored) {
        let places = batch.locations().count() as u64;
        let not_midi = batch.items().iter().filter(|item| matches!(item.finding, Finding::NotMidi)).count();
        add(&self.inserted, stored.inserted);
        add(&self.renewed, stored.renewed);
        add(&self.duplicate, places.saturating_sub(stored.inserted + stored.renewed));
        add(&self.rejected, batch.rejects().count() as u64);
        add(&self.not_midi, not_midi as u64);
        add(&self.batches, 1);
        add(&self.sorted, stored.sorted.contents);
        add(&self.versions, stored.sorted.changed);
        add(&self.songs_added, stored.sorted.songs_added);
    }
}

/// Adds to one counter.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Relaxed);
}

impl Snapshot {
    /// Items whose fate is decided and stored.
    #[must_use]
    pub const fn done(&self) -> u64 {
        self.inserted + self.renewed + self.duplicate + self.unchanged + self.rejected + self.not_midi
    }
}
