//! Each analysis by itself, on the notes and signatures of a file that was heard.
//!
//! What [`Analysis::finish`] does in one pass over the notes is a step for each of those that take part in it, and one for
//! the pass; there a part is a channel of a track, here a track. The columns are thrown away.

use std::hint::black_box;

use super::grid::{Grid, Spot, Steps};
use super::minhash::{self, MinHash};
use super::notes::{Note, Notes};
use super::parts::Frame;
use super::performance::Performance;
use super::polyphony::Changes;
use super::rhythm::{Rhythm, Stretch};
use super::signature::Signature;
use super::{Analysis, tonality};
use crate::midi::header::Division;
use crate::midi::warnings::Warnings;
use crate::record::Metadata;

/// One analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Tempo map, seconds, beats, meters, declared keys.
    Time,
    /// Pitches, velocities and lengths of the notes.
    Notes,
    /// How many sound at once.
    Polyphony,
    /// Instruments that sound.
    Programs,
    /// Titles, lyrics, other texts, their encoding.
    Text,
    /// Pitch classes, entropies, the key that is found.
    Keys,
    /// Where on the grid each note lies, and nothing made of it.
    Grid,
    /// Performed or programmed, the grid included.
    Performance,
    /// Signatures of copies and transpositions, the grid included.
    Signatures,
    /// Signature of near-duplicates, the grid included.
    MinHash,
    /// Rhythm, groove and the upper line, the grid included.
    Rhythm,
    /// The four before this in one pass, as an analysis makes them.
    Parts,
    /// Bars and the chords in them.
    Chords,
    /// Loops, by the bars of the chords.
    Loops,
}

impl Step {
    /// Every analysis, in an order in which each finds what it needs.
    pub const ALL: [Self; 14] = [
        Self::Time,
        Self::Notes,
        Self::Polyphony,
        Self::Programs,
        Self::Text,
        Self::Keys,
        Self::Grid,
        Self::Performance,
        Self::Signatures,
        Self::MinHash,
        Self::Rhythm,
        Self::Parts,
        Self::Chords,
        Self::Loops,
    ];

    /// What it is called in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Notes => "notes",
            Self::Polyphony => "polyphony",
            Self::Programs => "programs",
            Self::Text => "text",
            Self::Keys => "keys",
            Self::Grid => "grid",
            Self::Performance => "performance",
            Self::Signatures => "signatures",
            Self::MinHash => "minhash",
            Self::Rhythm => "rhythm",
            Self::Parts => "parts",
            Self::Chords => "chords",
            Self::Loops => "loops",
        }
    }
}

impl Analysis {
    /// Makes one analysis of what was heard, and throws its columns away.
    pub(in crate::midi) fn make(&mut self, step: Step, division: Division, pass: &mut Pass) {
        let mut to = Metadata::default();
        let end = self.heard.end;
        match step {
            Step::Time => {
                self.tempo.settle();
                self.meters.settle();
                self.write_time(division, &mut to);
                self.write_signatures(division, &mut to);
            }
            Step::Notes => {
                self.sounding.count(self.notes.all(), Changes::default());
                self.sounding.write(division.metrical(), &mut to);
            }
            Step::Polyphony => {
                let notes = self.notes.all();
                let mut changes = self.polyphony.begin(notes.len(), end);
                notes.iter().filter(|note| !note.is_drum()).for_each(|note| changes.add(*note));
                let sweep = changes.sweep();
                let sweep = sweep.unwrap_or_else(|| self.polyphony.sort(notes, self.notes.late_ends()));
                to.polyphony_mean = sweep.mean;
            }
            Step::Programs => self.programs.write(&self.notes, &mut to),
            Step::Text => self.texts.write(&mut Warnings::default(), &mut to),
            Step::Keys => {
                let (struck, ticks) = self.sounding.melodic();
                tonality::write(struck, ticks, &mut to);
            }
            Step::Grid | Step::Performance | Step::Signatures | Step::MinHash | Step::Rhythm => {
                if let Some(ticks) = division.metrical() {
                    pass.go(&self.notes, ticks, step, &mut to);
                }
            }
            Step::Parts => {
                let meter = self.meters.main_meter(end);
                let frame = Frame { ticks_per_quarter: division.metrical(), meter, lowest: 0 };
                self.parts.write(&self.notes, frame, &mut to);
            }
            Step::Chords => {
                let Some(ticks) = division.metrical() else { return };
                self.bars.draw(&self.meters, end, Steps::of(ticks));
                to.chords = Some(self.chords.find(self.notes.all(), &self.bars));
            }
            Step::Loops => to.loop_bars = self.loops.find(&self.notes, &self.bars).length.map(|_| 0.0),
        }
        black_box(to);
    }
}

/// One pass over the notes for one of those that want to know where on the grid they lie. Its buffers are used again.
#[derive(Debug, Default)]
pub(in crate::midi) struct Pass {
    grid: Grid,
    performance: Performance,
    rhythm: Rhythm,
    minhash: MinHash,
}

impl Pass {
    fn go(&mut self, notes: &Notes, ticks: u16, step: Step, to: &mut Metadata) {
        self.grid.set(ticks);
        let Self { grid, performance, rhythm, minhash } = self;
        let (grid, steps) = (&*grid, grid.steps());
        match step {
            Step::Performance => {
                performance.clear();
                for track in notes.tracks() {
                    let mut levels = [0_u32; 16];
                    each(track.notes, grid, |_, spot| {
                        if let Some(count) = levels.get_mut(usize::from(spot.level & 0x0F)) {
                            *count += 1;
                        }
                    });
                    performance.add(levels);
                }
                performance.write(to);
            }
            Step::Signatures => {
                let mut signature = Signature::begin(steps.nearest(notes.first_start().unwrap_or(0)), 0);
                for track in notes.tracks() {
                    each(track.notes, grid, |note, spot| {
                        signature.add(spot.position, note.key(), note.is_drum());
                    });
                }
                (to.note_signature, to.transposed_signature) = (signature.absolute(), signature.relative());
            }
            Step::MinHash => {
                minhash.clear();
                for track in notes.tracks() {
                    let mut line = minhash.line(track.notes.len());
                    each(track.notes, grid, |note, spot| line.add(spot.position, note.key()));
                    black_box(line.end().count());
                }
                to.minhash_bands = minhash.sketch().as_ref().map(minhash::bands);
            }
            Step::Rhythm => {
                let end = notes.last_end();
                if !rhythm.begin(steps.nearest(end), steps.beat(end)) {
                    return;
                }
                for track in notes.tracks() {
                    let Some(first) = track.notes.first() else { continue };
                    let mut stretch = Stretch::begin(*first);
                    each(track.notes, grid, |note, spot| {
                        if let Some(passed) = stretch.lengthen(note, steps) {
                            rhythm.sound(passed, steps);
                        }
                        if note.is_drum() {
                            rhythm.strike_drum(spot.position);
                        } else {
                            rhythm.strike_line(std::iter::once((spot.position, note.key())));
                        }
                    });
                    rhythm.sound(stretch, steps);
                }
                rhythm.settle();
                to.empty_beat_rate = rhythm.empty_beat_rate();
                to.groove_consistency = rhythm.groove_consistency(96);
                black_box(rhythm.upper_line());
            }
            _ => notes.tracks().for_each(|track| each(track.notes, grid, |_, spot| _ = black_box(spot))),
        }
    }
}

#[inline]
fn each(track: &[Note], grid: &Grid, mut take: impl FnMut(Note, Spot)) {
    for note in track {
        take(*note, grid.locate(note.start()));
    }
}
