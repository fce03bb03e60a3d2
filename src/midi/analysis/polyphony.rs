//! How many melodic notes sound at once.
//!
//! Notes sound from their first tick to the one before their last; one that begins where another ends does not sound
//! with it. Ticks are bucketed, not compared: sorting is what an analysis would spend its time on.

use super::column::{double, ratio};

/// Bits for the change at a tick; the tick stands above them.
const CHANGE_BITS: u32 = 8;

/// The change 0, so that changes down are stored without a sign.
const NO_CHANGE: u64 = 1 << (CHANGE_BITS - 1);

/// The largest change that fits; a larger one is stored in pieces.
const MOST: i64 = (1 << (CHANGE_BITS - 1)) - 1;

/// Ticks from here on leave no room for a change in 32 bits: nine hours at 480 ticks per quarter note and 120 a minute.
const LONG: u64 = 1 << (u32::BITS - CHANGE_BITS);

/// Below this many changes a comparison sort is quicker than clearing the buckets.
const FEW: usize = 192;

/// The widest digit of the radix sort: two of them tell four million ticks apart, which is more than an hour.
const DIGIT_BITS: u32 = 11;

/// Collects the ticks at which the number of sounding notes changes, track after track, then sweeps over them.
#[derive(Debug, Default)]
pub(in crate::midi) struct Polyphony {
    /// `tick << CHANGE_BITS | change + NO_CHANGE`; ascending within a track.
    changes: Vec<u64>,
    /// The same in half the room while they are sorted.
    sorted: Vec<u32>,
    scratch: Vec<u32>,
    tick: u64,
    /// The change at `tick` so far.
    pending: i64,
    is_sorted: bool,
}

/// What the sweep found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::midi) struct Sweep {
    /// Most notes at one instant.
    pub(in crate::midi) most: u64,
    /// Mean number of notes while any sounds; none where none ever does.
    pub(in crate::midi) mean: Option<f32>,
    /// Ticks in which two or more notes sound.
    pub(in crate::midi) several: u64,
}

impl Polyphony {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.changes.clear();
        self.tick = 0;
        self.pending = 0;
        self.is_sorted = true;
    }

    /// A melodic note begins at `tick`.
    #[inline]
    pub(in crate::midi) fn begin(&mut self, tick: u64) {
        self.move_to(tick);
        self.pending += 1;
    }

    /// A melodic note ends at `tick`.
    #[inline]
    pub(in crate::midi) fn end(&mut self, tick: u64) {
        self.move_to(tick);
        self.pending -= 1;
    }

    /// Ticks come in order within a track; a new track begins again at any tick.
    #[inline]
    fn move_to(&mut self, tick: u64) {
        if tick != self.tick {
            self.flush();
            self.is_sorted &= tick >= self.tick;
            self.tick = tick;
        }
    }

    fn flush(&mut self) {
        // Where as many begin as end, nothing changes: the common case of one note after the other.
        while self.pending != 0 {
            let change = self.pending.clamp(-MOST, MOST);
            self.changes.push(self.tick << CHANGE_BITS | NO_CHANGE.wrapping_add_signed(change));
            self.pending -= change;
        }
    }

    /// Sweeps over all tracks together. `last_tick` is no less than any tick that came.
    pub(in crate::midi) fn sweep(&mut self, last_tick: u64) -> Sweep {
        self.flush();
        if !self.is_sorted && self.changes.len() >= FEW && last_tick < LONG {
            self.sort(last_tick);
            return sweep(self.sorted.iter().copied().map(u64::from));
        }
        if !self.is_sorted {
            self.changes.sort_unstable();
        }
        sweep(self.changes.iter().copied())
    }

    /// Sorts the changes by tick into `sorted`: a radix sort, least significant digit first.
    fn sort(&mut self, last_tick: u64) {
        let bits = (u64::BITS - last_tick.leading_zeros()).max(1);
        let passes = bits.div_ceil(DIGIT_BITS);
        let digit = bits.div_ceil(passes);
        let Self { changes, sorted, scratch, .. } = self;
        sorted.resize(changes.len(), 0);
        scratch.resize(changes.len(), 0);
        sort_by_digit(changes.iter().map(|change| low_half(*change)), sorted, CHANGE_BITS, digit);
        for pass in 1..passes {
            sort_by_digit(sorted.iter().copied(), scratch, CHANGE_BITS + pass * digit, digit);
            std::mem::swap(sorted, scratch);
        }
    }
}

/// Sweeps over changes in order of their ticks.
fn sweep(changes: impl Iterator<Item = u64>) -> Sweep {
    let (mut now, mut most, mut since) = (0_u64, 0_u64, 0_u64);
    let (mut sounding, mut several, mut note_ticks) = (0_u64, 0_u64, 0_u64);
    for change in changes {
        let tick = change >> CHANGE_BITS;
        // What begins and ends at one tick, on whichever track, counts together: within it no time passes. Sums instead of
        // branches, which would be guessed wrong.
        let passed = tick.wrapping_sub(since);
        since = tick;
        most = most.max(if passed > 0 { now } else { 0 });
        note_ticks = note_ticks.saturating_add(now.saturating_mul(passed));
        sounding += if now > 0 { passed } else { 0 };
        several += if now > 1 { passed } else { 0 };
        now = (now + (change & ((1 << CHANGE_BITS) - 1))).wrapping_sub(NO_CHANGE);
    }
    Sweep { most: most.max(now), mean: ratio(double(note_ticks), double(sounding)), several }
}

/// One pass of the radix sort, by the digit of so many bits that begins at bit `shift`. `to` is as long as `from`.
fn sort_by_digit(from: impl Iterator<Item = u32> + Clone, to: &mut [u32], shift: u32, digit: u32) {
    let mut places = [0_u32; 1 << DIGIT_BITS];
    let mask = (1 << digit) - 1;
    let bucket = |change: u32| usize::from(low_word(change >> shift) & mask);
    for change in from.clone() {
        if let Some(count) = places.get_mut(bucket(change)) {
            *count += 1;
        }
    }
    let mut start = 0;
    for place in places.iter_mut().take(usize::from(mask) + 1) {
        start += std::mem::replace(place, start);
    }
    for change in from {
        if let Some(place) = places.get_mut(bucket(change)) {
            if let Some(to) = usize::try_from(*place).ok().and_then(|place| to.get_mut(place)) {
                *to = change;
            }
            *place += 1;
        }
    }
}

#[inline]
fn low_half(number: u64) -> u32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[inline]
fn low_word(number: u32) -> u16 {
    let [low, high, ..] = number.to_le_bytes();
    u16::from_le_bytes([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes as (start, end), each on a track of its own.
    fn sweep(notes: &[(u64, u64)]) -> Sweep {
        let mut polyphony = Polyphony::default();
        polyphony.clear();
        for (start, end) in notes {
            polyphony.begin(*start);
            polyphony.end(*end);
        }
        polyphony.sweep(notes.iter().map(|(_, end)| *end).max().unwrap_or(0))
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

    /// The bucket sort against counting tick by tick.
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
