//! One pass over the notes of a file, part by part, for everything that asks where on the grid a note lies.
//!
//! Locates each note once and hands it on; what it means there is others' to say. A file that counts SMPTE time has no
//! quarter notes, and no answers.

use super::column::{double, ratio};
use super::grid::{Grid, POSITIONS};
use super::meter::Meter;
use super::minhash::{self, MinHash};
use super::notes::Notes;
use super::performance::Performance;
use super::rhythm::{self, Rhythm};
use super::signature::Signature;
use crate::record::Metadata;

/// What is asked of the notes. Its buffers are used again for the next file.
#[derive(Debug, Default)]
pub(in crate::midi) struct Parts {
    grid: Grid,
    performance: Performance,
    rhythm: Rhythm,
    minhash: MinHash,
}

/// What a file is told by before its notes are gone through.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct Frame {
    /// Ticks per quarter note; none for SMPTE time.
    pub(in crate::midi) ticks_per_quarter: Option<u16>,
    /// The main meter.
    pub(in crate::midi) meter: Meter,
    /// The lowest melodic key, 0 without melodic notes.
    pub(in crate::midi) lowest: u8,
}

impl Parts {
    /// Writes its columns, for all the `notes` of a file.
    pub(in crate::midi) fn write(&mut self, notes: &Notes, frame: Frame, to: &mut Metadata) {
        if let Some((ticks, first)) = frame.ticks_per_quarter.zip(notes.first_start()) {
            self.grid.set(ticks);
            self.write_on_grid(notes, first, frame, to);
        }
    }

    fn write_on_grid(&mut self, notes: &Notes, first: u64, frame: Frame, to: &mut Metadata) {
        let Self { grid, performance, rhythm, minhash } = self;
        let steps = grid.steps();
        let end = notes.last_end();
        let has_rhythm = rhythm.begin(steps.nearest(end), steps.beat(end));
        let mut signature = Signature::begin(steps.nearest(first), frame.lowest);
        performance.clear();
        minhash.clear();
        for track in notes.tracks().filter(|track| track.channels > 0) {
            for note in track.notes {
                let spot = grid.locate(note.start());
                performance.add(note.channel(), spot.level);
                signature.add(spot.position, note.key(), note.is_drum());
                minhash.add(note.channel(), spot.position, note.key());
                if has_rhythm {
                    let last = steps.beat(note.start() + u64::from(note.length()));
                    rhythm.add(spot.position, (steps.beat(note.start()), last));
                    if !note.is_drum() {
                        rhythm.add_key(spot.position, note.key());
                    }
                }
            }
            performance.end_track();
            minhash.end_track();
        }
        performance.write(to);
        to.note_signature = signature.absolute();
        to.transposed_signature = signature.relative();
        to.minhash = minhash.sketch();
        to.minhash_bands = to.minhash.as_ref().map(minhash::bands);
        if has_rhythm {
            to.empty_beat_rate = rhythm.empty_beat_rate();
            let (numerator, power) = frame.meter;
            let whole = 4 * POSITIONS * u64::from(numerator);
            // Bars of no whole number of positions cannot be laid over each other.
            let bar = whole.is_multiple_of(1 << power).then_some(whole >> power);
            to.groove_consistency = bar.and_then(|bar| rhythm.groove_consistency(bar));
            let line = rhythm.upper_line();
            to.ioi_median_beats = line.median_gap.and_then(rhythm::beats);
            let steps = double(line.intervals.iter().sum());
            if steps > 0.0 {
                to.melodic_interval_histogram =
                    Some(line.intervals.map(|count| ratio(double(count), steps).unwrap_or_default()));
                to.melodic_interval_mean = ratio(double(line.semitones), steps);
            }
        }
    }
}
