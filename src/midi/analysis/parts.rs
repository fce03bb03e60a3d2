//! One pass over the notes of a file, part by part, for everything that asks where on the grid a note lies.
//!
//! Locates each note once and hands it on; what it means there is others' to say. A file that counts SMPTE time has no
//! quarter notes, and no answers.

use super::column::{double, ratio};
use super::grid::{Grid, POSITIONS};
use super::meter::Meter;
use super::minhash::{self, MinHash};
use super::notes::{Note, Notes, Track};
use super::performance::Performance;
use super::rhythm::{self, Rhythm, Stretch};
use super::signature::Signature;
use crate::record::Metadata;

/// What is asked of the notes. Its buffers are used again for the next file.
#[derive(Debug, Default)]
pub(in crate::midi) struct Parts {
    grid: Grid,
    performance: Performance,
    rhythm: Rhythm,
    minhash: MinHash,
    /// The notes of a track by channel.
    sorted: Vec<Note>,
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
        let steps = self.grid.steps();
        let end = notes.last_end();
        let has_rhythm = self.rhythm.begin(steps.nearest(end), steps.beat(end));
        let mut signature = Signature::begin(steps.nearest(first), frame.lowest);
        self.performance.clear();
        self.minhash.clear();
        for track in notes.tracks() {
            signature = self.hear_track(track, signature);
        }
        let Self { performance, rhythm, minhash, .. } = self;
        performance.write(to);
        to.note_signature = signature.absolute();
        to.transposed_signature = signature.relative();
        to.minhash = minhash.sketch();
        to.minhash_bands = to.minhash.as_ref().map(minhash::bands);
        if has_rhythm {
            rhythm.settle();
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

    /// Hears the parts of a track, one after the other.
    fn hear_track(&mut self, track: Track<'_>, mut signature: Signature) -> Signature {
        if track.channels.is_power_of_two() {
            return self.hear_part(track.notes, signature);
        }
        let mut sorted = std::mem::take(&mut self.sorted);
        sort_by_channel(track.notes, &mut sorted);
        for part in sorted.chunk_by(|one, next| one.channel() == next.channel()) {
            signature = self.hear_part(part, signature);
        }
        self.sorted = sorted;
        signature
    }

    fn hear_part(&mut self, part: &[Note], signature: Signature) -> Signature {
        match part.first() {
            None => signature,
            Some(first) if first.is_drum() => self.hear_notes::<true>(*first, part, signature),
            Some(first) => self.hear_notes::<false>(*first, part, signature),
        }
    }

    /// Hears the notes of a part, which are all of them drums or none. Knowing which, and nothing else in the loop being a
    /// choice, is what makes it quick.
    fn hear_notes<const ARE_DRUMS: bool>(
        &mut self,
        first: Note,
        part: &[Note],
        mut signature: Signature,
    ) -> Signature {
        let Self { grid, performance, rhythm, minhash, .. } = self;
        let mut levels = [0_u32; 16];
        let mut line = minhash.line(if ARE_DRUMS { 0 } else { part.len() });
        let mut stretch = Stretch::begin(first);
        for note in part {
            let spot = grid.locate(note.start());
            if let Some(count) = levels.get_mut(usize::from(spot.level & 0x0F)) {
                *count += 1;
            }
            signature.add(spot.position, note.key(), ARE_DRUMS);
            if let Some(passed) = stretch.lengthen(*note, grid.steps()) {
                rhythm.sound(passed, grid.steps());
            }
            if ARE_DRUMS {
                rhythm.strike_drum(spot.position);
            } else {
                line.add(spot.position, note.key());
            }
        }
        rhythm.sound(stretch, grid.steps());
        performance.add(levels);
        rhythm.strike_line(line.end());
        signature
    }
}

/// The notes of a track by channel, and those of a channel in the same order as before.
fn sort_by_channel(track: &[Note], sorted: &mut Vec<Note>) {
    let mut ends = [0_usize; 16];
    for note in track {
        if let Some(end) = ends.get_mut(usize::from(note.channel())) {
            *end += 1;
        }
    }
    let mut start = 0;
    for end in &mut ends {
        start += std::mem::replace(end, start);
    }
    sorted.clear();
    sorted.extend_from_slice(track);
    for note in track {
        if let Some(end) = ends.get_mut(usize::from(note.channel())) {
            if let Some(to) = sorted.get_mut(*end) {
                *to = *note;
            }
            *end += 1;
        }
    }
}
