//! How many melodic notes sound at once.
//!
//! Notes sound from their first tick to the one before their last; one that begins where another ends does not sound
//! with it. Changes are counted by tick, not sorted: sorting is what an analysis would spend its time on.

use super::column::{double, ratio};
use super::notes::{LONGEST, Note};

/// The most ticks that get a count each: two hours at 480 ticks per quarter note and 120 a minute.
const MOST_TICKS: usize = 1 << 22;

/// Ticks that it costs as much to look through as it costs to sort one note.
const TICKS_A_NOTE: usize = 1 << 10;

/// Counts the notes that sound, from the ticks at which their number changes. Its buffers are used again for the next file.
#[derive(Debug, Default)]
pub(in crate::midi) struct Polyphony {
    /// For each tick how many more melodic notes sound than before; all 0 between two files.
    changes: Vec<[i8; 64]>,
    /// A bit for each tick that was changed; all 0 between two files.
    changed: Vec<u64>,
    /// Edges in order, where there are too many ticks: the tick, and in the lowest bit whether a note begins.
    sorted: Vec<u64>,
}

/// What the sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::midi) struct Sweep {
    /// Most notes at one instant.
    pub(in crate::midi) most: u64,
    /// Mean number of notes while any sounds; none where none ever does.
    pub(in crate::midi) mean: Option<f32>,
    /// Ticks in which two or more notes sound.
    pub(in crate::midi) several: u64,
}

/// What a sweep has passed so far.
#[derive(Clone, Copy, Debug, Default)]
struct Passed {
    tick: u64,
    /// Notes that sound from this tick on.
    now: u64,
    most: u64,
    sounding: u64,
    several: u64,
}

impl Polyphony {
    /// Sweeps over the melodic ones of `notes`. `late_ends` are the ends of those that last for [`LONGEST`] or longer, and
    /// `last_tick` is no less than any of their ticks.
    pub(in crate::midi) fn sweep(&mut self, notes: &[Note], late_ends: &[u64], last_tick: u64) -> Sweep {
        let ticks = usize::try_from(last_tick).map_or(usize::MAX, |tick| tick.saturating_add(1));
        let is_dense = ticks <= MOST_TICKS && ticks / TICKS_A_NOTE <= notes.len();
        if is_dense && let Some(note_ticks) = self.count(notes, ticks) {
            return self.sweep_counted(ticks).end(note_ticks);
        }
        self.sort(notes, late_ends)
    }

    /// Counts the changes of all notes and returns the sum of their lengths; none where they could not be counted.
    fn count(&mut self, notes: &[Note], ticks: usize) -> Option<u64> {
        let words = ticks.div_ceil(64);
        if self.changed.len() < words {
            self.changed.resize(words, 0);
            self.changes.resize(words, [0; 64]);
        }
        let (Some(changes), Some(changed)) = (self.changes.get_mut(..words), self.changed.get_mut(..words))
        else {
            return None;
        };
        let mut note_ticks = 0;
        let mut change = |tick: u64, by: i8| {
            let (word, bit) = place(tick);
            let (Some(changes), Some(changed)) = (changes.get_mut(word), changed.get_mut(word)) else {
                return false;
            };
            *changed |= 1 << bit;
            let Some(sum) = changes.get(bit).and_then(|change| change.checked_add(by)) else { return false };
            if let Some(change) = changes.get_mut(bit) {
                *change = sum;
            }
            true
        };
        for note in notes.iter().filter(|note| !note.is_drum()) {
            if !change(note.start(), 1) || !change(note.start() + u64::from(note.length()), -1) {
                self.sweep_counted(ticks);
                return None;
            }
            note_ticks += u64::from(note.length());
        }
        Some(note_ticks)
    }

    /// Sweeps over what was counted in so many ticks, and forgets it.
    fn sweep_counted(&mut self, ticks: usize) -> Passed {
        let mut passed = Passed::default();
        let words = ticks.div_ceil(64);
        let changed = self.changed.get_mut(..words).unwrap_or_default();
        let changes = self.changes.get_mut(..words).unwrap_or_default();
        let mut start = 0;
        for (changed, changes) in changed.iter_mut().zip(changes) {
            let mut bits = std::mem::take(changed);
            while bits != 0 {
                let bit = bits.trailing_zeros();
                bits &= bits - 1;
                let tick = start + u64::from(bit);
                if let Some(change) = changes.get_mut(place(tick).1) {
                    passed.pass(tick, i64::from(std::mem::take(change)));
                }
            }
            start += 64;
        }
        passed
    }

    /// The same by sorting: for few notes over a long time, and for more notes at one tick than can be counted.
    fn sort(&mut self, notes: &[Note], late_ends: &[u64]) -> Sweep {
        self.sorted.clear();
        let mut starts = 0_u128;
        for note in notes.iter().filter(|note| !note.is_drum()) {
            starts += u128::from(note.start());
            self.sorted.push(note.start() << 1 | 1);
            if note.length() < LONGEST {
                self.sorted.push((note.start() + u64::from(note.length())) << 1);
            }
        }
        self.sorted.extend(late_ends.iter().map(|end| end << 1));
        self.sorted.sort_unstable();
        let mut passed = Passed::default();
        for edges in self.sorted.chunk_by(|one, next| one >> 1 == next >> 1) {
            let change = edges.iter().map(|edge| if edge & 1 == 1 { 1 } else { -1 }).sum();
            passed.pass(edges.first().map_or(0, |edge| edge >> 1), change);
        }
        let ends: u128 =
            self.sorted.iter().filter(|edge| **edge & 1 == 0).map(|edge| u128::from(edge >> 1)).sum();
        passed.end(u64::try_from(ends - starts).unwrap_or(u64::MAX))
    }
}

/// The word of a tick, and its bit.
#[inline]
fn place(tick: u64) -> (usize, usize) {
    let tick = usize::try_from(tick).unwrap_or(usize::MAX);
    (tick / 64, tick % 64)
}

impl Passed {
    /// At `tick`, behind all before it, the number of notes changes. What begins and ends at one tick, on whichever track,
    /// counts together: within it no time passes.
    #[inline]
    fn pass(&mut self, tick: u64, change: i64) {
        // Sums instead of branches, which would be guessed wrong.
        let passed = tick - self.tick;
        self.tick = tick;
        self.sounding += if self.now > 0 { passed } else { 0 };
        self.several += if self.now > 1 { passed } else { 0 };
        self.now = self.now.wrapping_add_signed(change);
        self.most = self.most.max(self.now);
    }

    /// The end, where all notes together lasted for so many ticks.
    fn end(self, note_ticks: u64) -> Sweep {
        let mean = ratio(double(note_ticks), double(self.sounding));
        Sweep { most: self.most, mean, several: self.several }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::analysis::notes::Notes;
    use crate::midi::event::Edge;

    /// Notes as (start, end), each on a track of its own.
    fn sweep(notes: &[(u64, u64)]) -> Sweep {
        let mut heard = Notes::default();
        let mut polyphony = Polyphony::default();
        for (start, end) in notes {
            heard.hear(Edge::new(*start, 0, 60, 1));
            heard.hear(Edge::new(*end, 0, 60, 0));
            heard.end_track(*end);
        }
        polyphony.sweep(heard.all(), heard.late_ends(), notes.iter().map(|(_, end)| *end).max().unwrap_or(0))
    }

    #[test]
    fn known_cases() {
        for (notes, most, mean, several) in [
            (vec![], 0, None, 0),
            (vec![(0, 10)], 1, Some(1.0), 0),
            (vec![(0, 10), (10, 20)], 1, Some(1.0), 0),
            (vec![(10, 20), (0, 10)], 1, Some(1.0), 0),
            (vec![(0, 10), (0, 10), (50, 60)], 2, Some(1.5), 10),
            (vec![(5, 5)], 0, None, 0),
            (vec![(0, 40), (10, 20), (15, 30)], 3, Some(65.0 / 40.0), 20),
        ] {
            assert_eq!(sweep(&notes), Sweep { most, mean, several }, "{notes:?}");
        }
    }

    /// The same music, few notes over a long time and many over a short one: sorted and counted.
    #[test]
    fn sorting_and_counting_agree() {
        let notes: Vec<_> = (0..300_u64).map(|n| (n * 7_919 % 1_000, n * 104_729 % 300)).collect();
        let scaled = |by: u64| {
            let notes: Vec<_> =
                notes.iter().map(|(start, length)| (start * by, (start + length) * by)).collect();
            let found = sweep(&notes);
            (found.most, found.mean, found.several / by)
        };
        let counted = scaled(1);
        assert_eq!(scaled(1 << 9), counted, "at the edge of both");
        assert_eq!(scaled(1 << 20), counted);
        assert_eq!(scaled(1 << 29), counted, "notes longer than can be told");
    }

    #[test]
    fn a_thousand_notes_may_begin_at_once() {
        let notes = vec![(3, 5); 1_000];
        let many = Sweep { most: 1_000, mean: Some(1_000.0), several: 2 };
        assert_eq!(sweep(&notes), many);
        // What could not be counted leaves nothing behind.
        let mut heard = Notes::default();
        let mut polyphony = Polyphony::default();
        for _ in &notes {
            heard.hear(Edge::new(3, 0, 60, 1));
        }
        heard.end_track(5);
        assert_eq!(polyphony.sweep(heard.all(), &[], 5), many);
        assert_eq!(
            polyphony.sweep(heard.all().get(..1).unwrap(), &[], 5),
            Sweep { most: 1, mean: Some(1.0), several: 0 }
        );
    }

    /// Against counting tick by tick.
    #[test]
    fn many_notes_agree_with_a_count_per_tick() {
        for (length, spread) in [(7_u64, 1_000_u64), (300, 5_000), (2, 70_000), (5_000, 5_000)] {
            let notes: Vec<_> = (0..3_000_u64)
                .map(|n| (n * 7_919 % spread, n * 104_729 % length))
                .map(|(start, length)| (start, start + length))
                .collect();
            let mut counts = vec![0_u64; usize::try_from(spread + length).unwrap()];
            for (start, end) in &notes {
                for tick in *start..*end {
                    counts[usize::try_from(tick).unwrap()] += 1;
                }
            }
            let sounding = counts.iter().filter(|count| **count > 0).count();
            let several = counts.iter().filter(|count| **count > 1).count();
            let found = sweep(&notes);
            assert_eq!(found.several, u64::try_from(several).unwrap());
            assert_eq!(found.most, *counts.iter().max().unwrap());
            let mean = double(counts.iter().sum()) / double(u64::try_from(sounding).unwrap());
            assert!((f64::from(found.mean.unwrap()) - mean).abs() < 1e-4 * mean);
        }
    }
}
