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

/// Ticks of a lane: so many are swept one after the other. Counted in bytes, so at most 255.
const ROWS: usize = 128;

/// Lanes that are swept at once.
const LANES: usize = 32;

/// Ticks of a block.
const BLOCK: usize = ROWS * LANES;

/// Each lane of a block at one of its ticks.
type Row = [u8; LANES];

/// For each tick of a block how many more melodic notes sound than before, modulo 256. Ticks that follow one another stand
/// below one another: lanes lie side by side, so that one instruction takes a tick of many, and no branch looks for changes.
type Block = [Row; ROWS];

/// Counts the notes that sound, from the ticks at which their number changes. Its buffers are used again for the next file.
#[derive(Debug, Default)]
pub(in crate::midi) struct Polyphony {
    /// All 0 between two files.
    blocks: Vec<Block>,
    /// Edges in order, where there are too many ticks: the tick, and in the lowest bit whether a note begins.
    sorted: Vec<u64>,
}

/// Counts the changes of the notes of a file, one note after the other.
#[derive(Debug, Default)]
pub(in crate::midi) struct Changes<'a> {
    /// None where the notes are not to be counted.
    blocks: &'a mut [Block],
    /// The lengths of all notes together.
    note_ticks: u64,
    is_counted: bool,
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
    /// Begins to count the changes of so many notes, of which none ends after `last_tick`.
    pub(in crate::midi) fn begin(&mut self, notes: usize, last_tick: u64) -> Changes<'_> {
        let ticks = usize::try_from(last_tick).map_or(usize::MAX, |tick| tick.saturating_add(1));
        if ticks > MOST_TICKS || ticks / TICKS_A_NOTE > notes {
            return Changes::default();
        }
        let blocks = ticks.div_ceil(BLOCK);
        if self.blocks.len() < blocks {
            self.blocks.resize(blocks, [[0; LANES]; ROWS]);
        }
        let blocks = self.blocks.get_mut(..blocks).unwrap_or_default();
        Changes { blocks, note_ticks: 0, is_counted: true }
    }

    /// Sweeps over the melodic ones of `notes` by sorting, where their changes could not be counted: few notes over a long
    /// time, and more notes at one tick than there are numbers for. `late_ends` are the ends of those that last for
    /// [`LONGEST`] or longer.
    pub(in crate::midi) fn sort(&mut self, notes: &[Note], late_ends: &[u64]) -> Sweep {
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

impl Changes<'_> {
    /// Another melodic note.
    #[inline]
    pub(in crate::midi) fn add(&mut self, note: Note) {
        let end = note.start() + u64::from(note.length());
        self.is_counted &= change(self.blocks, note.start(), 1) && change(self.blocks, end, -1);
        self.note_ticks += u64::from(note.length());
    }

    /// Sweeps over all of them; none where they could not be counted.
    pub(in crate::midi) fn sweep(self) -> Option<Sweep> {
        let passed = sweep(self.blocks);
        // From at most 127, and by at most 127 at once, no number comes past 255 and looks like a small one.
        (self.is_counted && passed.most < 128).then(|| passed.end(self.note_ticks))
    }
}

/// So many more notes sound from this tick on; whether that could be counted.
#[inline]
fn change(blocks: &mut [Block], tick: u64, by: i8) -> bool {
    let tick = usize::try_from(tick).unwrap_or(usize::MAX);
    let block = blocks.get_mut(tick / BLOCK);
    let row = block.and_then(|block| block.get_mut(tick % ROWS));
    let Some(change) = row.and_then(|row| row.get_mut(tick / ROWS % LANES)) else { return false };
    let (sum, is_over) = change.cast_signed().overflowing_add(by);
    *change = sum.cast_unsigned();
    !is_over
}

/// The sum of each lane.
// By itself it is made of instructions that take sixteen lanes at once.
#[inline(never)]
fn sums(block: &Block) -> [u8; LANES] {
    let mut sums = [0; LANES];
    for row in block {
        for (sum, change) in sums.iter_mut().zip(row) {
            *sum = u8::wrapping_add(*sum, *change);
        }
    }
    sums
}

/// Sweeps over what was counted, and forgets it.
#[inline(never)]
fn sweep(blocks: &mut [Block]) -> Passed {
    let mut passed = Passed::default();
    let (mut now, mut most) = (0_u8, [0_u8; LANES]);
    for block in blocks {
        // How many sound when each lane begins.
        let mut counts = sums(block);
        for count in &mut counts {
            let after = now.wrapping_add(*count);
            *count = std::mem::replace(&mut now, after);
        }
        let (mut sounding, mut several) = ([0_u8; LANES], [0_u8; LANES]);
        for row in block.iter_mut() {
            for ((((change, count), most), sounding), several) in
                row.iter_mut().zip(&mut counts).zip(&mut most).zip(&mut sounding).zip(&mut several)
            {
                *count = count.wrapping_add(*change);
                *change = 0;
                *most = (*most).max(*count);
                *sounding += u8::from(count.cast_signed() > 0);
                *several += u8::from(count.cast_signed() > 1);
            }
        }
        let sum = |lanes: [u8; LANES]| lanes.into_iter().map(u64::from).sum::<u64>();
        passed.sounding += sum(sounding);
        passed.several += sum(several);
    }
    passed.most = most.into_iter().max().map_or(0, u64::from);
    passed
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
        let last_tick = notes.iter().map(|(_, end)| *end).max().unwrap_or(0);
        swept(&mut polyphony, heard.all(), heard.late_ends(), last_tick)
    }

    /// Counts, or else sorts.
    fn swept(polyphony: &mut Polyphony, notes: &[Note], late_ends: &[u64], last_tick: u64) -> Sweep {
        let mut changes = polyphony.begin(notes.len(), last_tick);
        for note in notes {
            changes.add(*note);
        }
        changes.sweep().unwrap_or_else(|| polyphony.sort(notes, late_ends))
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
        assert_eq!(swept(&mut polyphony, heard.all(), &[], 5), many);
        assert_eq!(
            swept(&mut polyphony, heard.all().get(..1).unwrap(), &[], 5),
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
