//! The numbers after an import, all of them counted from what is stored.

use std::time::Duration;

use serde::Serialize;

use super::{ImportSettings, Loaded, TimeSpent, Way};
use crate::library::RunState;
use crate::mode::Mode;
use crate::progress::{MachineUse, Snapshot, StageSeconds};
use crate::vanished::HeldBack;

/// Time spent in each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PhaseTimes {
    /// Connecting, reading what is known, the walk, suspending indexes.
    pub preparing: Duration,
    /// Reading and storing.
    pub loading: Duration,
    /// Building indexes again.
    pub indexing: Duration,
    /// Counting.
    pub checking: Duration,
    /// Bringing contents to their songs.
    pub sorting: Duration,
    /// What the processor did while loading.
    pub machine: Option<MachineUse>,
}

/// What an import did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Its row in `runs`.
    pub run: i32,
    /// Its mode.
    pub mode: Mode,
    /// Whether it left indexes, foreign keys or settings as its mode had them, because it was told to.
    pub kept: bool,
    /// Whether it came to its end; if not, the same command resumes it.
    pub complete: bool,
    /// Items met: entries, and sources or archives refused as a whole. The sum of the next five.
    pub seen: u64,
    /// Contents stored for the first time.
    pub inserted: u64,
    /// Further places of contents that are stored.
    pub duplicate: u64,
    /// Items whose rows were there already.
    pub unchanged: u64,
    /// Refusals.
    pub rejected: u64,
    /// Entries that neither are MIDI nor say so.
    pub not_midi: u64,
    /// Links, which are not followed, and not among the items.
    pub links: u64,
    /// Contents that came to a song, left one, or are called otherwise now.
    pub sorted: u64,
    /// Songs that were made.
    pub songs_added: u64,
    /// Files on disk read or passed over as unchanged.
    pub sources: u64,
    /// Of these, never read before.
    pub sources_added: u64,
    /// Changed since they were read, or not read to their end.
    pub sources_modified: u64,
    /// As they were, and not opened.
    pub sources_unchanged: u64,
    /// Of the unchanged, those that had vanished and are back.
    pub sources_returned: u64,
    /// Of those that seemed unchanged, those that were read again and compared (`--verify`).
    pub sources_verified: u64,
    /// Of these, those that were not what was stored, and were read anew; they are among the modified.
    pub sources_differing: u64,
    /// Files of the last look that are no longer there; not among the sources above.
    pub sources_vanished: u64,
    /// Roots where too much was away to be believed: nothing of them was marked.
    pub held_back: Vec<HeldBack>,
    /// Archives among those that were read.
    pub archives: u64,
    /// Bytes on disk of all sources.
    pub source_bytes: u64,
    /// Bytes of MIDI after decompression.
    pub extracted_bytes: u64,
    /// Seconds in all.
    pub seconds: f64,
    /// Seconds in each phase: preparing, loading, indexing, checking, sorting into songs.
    pub phases: [f64; 5],
    /// Where the time of loading went, and what kept it from being quicker.
    pub time_spent: TimeSpent,
    /// MIDI files read, new and duplicate, to a second.
    pub files_per_second: f64,
    /// The most bytes the memory budget ever gave.
    pub peak_budget_bytes: usize,
}

impl Report {
    pub(super) fn new(
        run: i32,
        settings: &ImportSettings,
        (counted, stages): (Snapshot, StageSeconds),
        loaded: Loaded,
        elapsed: Duration,
        state: RunState,
    ) -> Self {
        let Loaded { sources, sorted, times, kept, peak_budget: peak_budget_bytes, .. } = loaded;
        let phases = [times.preparing, times.loading, times.indexing, times.checking, times.sorting]
            .map(|time| time.as_secs_f64());
        let files = counted.inserted + counted.duplicate;
        Self {
            run,
            mode: settings.mode,
            kept,
            complete: state == RunState::Finished,
            seen: counted.seen,
            inserted: counted.inserted,
            duplicate: counted.duplicate,
            unchanged: counted.unchanged,
            rejected: counted.rejected,
            not_midi: counted.not_midi,
            links: counted.links,
            sorted: sorted.changed,
            songs_added: sorted.songs_added,
            sources: counted.sources_done,
            sources_added: sources.survey.new_sources - sources.survey.modified_sources,
            sources_modified: sources.survey.modified_sources,
            sources_unchanged: sources.survey.skipped_sources,
            sources_returned: sources.survey.returned_sources,
            sources_verified: sources.verified.sources,
            sources_differing: sources.verified.differing,
            sources_vanished: sources.vanished,
            held_back: sources.held_back,
            archives: counted.archives_done,
            source_bytes: counted.bytes_done,
            extracted_bytes: counted.bytes_extracted,
            seconds: elapsed.as_secs_f64(),
            phases,
            time_spent: TimeSpent::of(stages, times.machine, times.loading, Way::of(settings)),
            files_per_second: rate(files, elapsed),
            peak_budget_bytes,
        }
    }
}

/// So many to a second; 0 for no time.
#[expect(clippy::cast_precision_loss, reason = "a rate is for reading, and counts stay far below 2^52")]
pub(crate) fn rate(count: u64, elapsed: Duration) -> f64 {
    let seconds = elapsed.as_secs_f64();
    if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
}
