//! The numbers after a re-analysis.

use std::time::Duration;

use serde::Serialize;

use super::Why;
use crate::import::rate;
use crate::progress::Snapshot;

/// A content that was not analysed.
#[derive(Clone, Debug, Serialize)]
pub struct Left {
    /// Its id in `files`.
    pub file_id: i64,
    /// What it is called; its id where no place of it is known.
    pub path: String,
    /// Why, in a word.
    pub why: Why,
    /// Why, in a sentence.
    pub detail: String,
}

/// What a re-analysis did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Its row in `runs`; none where there was nothing to do.
    pub run: Option<i32>,
    /// Whether it came to its end; if not, the same command goes on.
    pub complete: bool,
    /// Contents that were to be analysed: the sum of the next three and `unfinished`.
    pub wanted: u64,
    /// Contents whose rows are up to date now.
    pub analysed: u64,
    /// Contents that came to a song, left one, or are called otherwise now.
    pub sorted: u64,
    /// Contents that lie nowhere any more.
    pub not_found: u64,
    /// Contents that were found, and that the analysis or the database refused.
    pub refused: u64,
    /// Contents whose turn did not come.
    pub unfinished: u64,
    /// Of those not found, such that came by a stream.
    pub in_streams: u64,
    /// The first of those that were not analysed, at most [`NAMED`].
    pub left: Vec<Left>,
    /// Files on disk that were read.
    pub sources: u64,
    /// Bytes of MIDI after decompression.
    pub extracted_bytes: u64,
    /// Seconds in all.
    pub seconds: f64,
    /// Contents analysed to a second.
    pub files_per_second: f64,
    /// The most bytes the memory budget ever gave.
    pub peak_budget_bytes: usize,
}

/// So many contents that were not analysed are named.
pub const NAMED: usize = 1_000;

impl Report {
    /// Adds what was counted on the way, and how long it took.
    pub(super) fn timed(mut self, counted: Snapshot, elapsed: Duration) -> Self {
        self.sources = counted.sources_done;
        self.extracted_bytes = counted.bytes_extracted;
        self.seconds = elapsed.as_secs_f64();
        self.files_per_second = rate(self.analysed, elapsed);
        self
    }

    /// Counts a content that was not analysed.
    pub(super) fn count(&mut self, why: Why) {
        match why {
            Why::NotFound => self.not_found += 1,
            Why::InStream => {
                self.not_found += 1;
                self.in_streams += 1;
            }
            Why::Refused => self.refused += 1,
            Why::Unfinished => self.unfinished += 1,
        }
    }
}
