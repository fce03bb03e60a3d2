//! Where a tick lies in its quarter note: on which metric level, and at which of 24 positions.
//!
//! The tables are made once for a division and kept for the next file with the same. Knows ticks, not notes.
//!
//! Metric levels are those of GigaMIDI's note onset metric level (Lee et al. 2025): 0 for a tick on a quarter note, 2, 4 …
//! 10 for the halves, quarters … 32nds of it; 1 for a tick on two thirds of a quarter note counted from tick 0 (the
//! triplet of a half), 3, 5 … 11 for the halves … 32nds of that; 12 for what lies between all of them. Duple levels
//! come first. Counted in whole ticks: where the division holds no third, no tick is a triplet.

/// Positions in a quarter note.
pub(in crate::midi) const POSITIONS: u64 = 24;

/// The metric level of a tick that is on no grid.
pub(in crate::midi) const OFF_GRID: u8 = 12;

/// Metric levels.
pub(in crate::midi) const LEVELS: usize = 13;

/// Halvings that are looked at, of quarter notes and of their two thirds.
const DEPTH: u32 = 6;

/// Bits of a table entry that hold the level; the position stands above.
const LEVEL_BITS: u32 = 4;

/// A place on the grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) struct Spot {
    /// The nearest 24th of a quarter note, counted from tick 0; of two as near, the later.
    pub(in crate::midi) position: u64,
    /// The metric level, 0 to 12.
    pub(in crate::midi) level: u8,
}

/// Ticks to positions, for a division.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::midi) struct Steps {
    ticks: u64,
    /// 2^64 by the ticks of two quarter notes, rounded up: to divide by multiplying. Exact for numbers below 2^47: the error,
    /// less than the number times the divisor of at most 2^16, stays below 2^64.
    reciprocal: u64,
}

impl Steps {
    /// Of so many ticks per quarter note.
    pub(in crate::midi) fn of(ticks: u16) -> Self {
        let ticks = u64::from(ticks.max(1));
        let reciprocal = (1_u128 << 64).div_ceil(u128::from(2 * ticks));
        Self { ticks, reciprocal: u64::try_from(reciprocal).unwrap_or(u64::MAX) }
    }

    /// Ticks in a quarter note.
    #[inline]
    pub(in crate::midi) const fn ticks(self) -> u64 {
        self.ticks
    }

    /// The position nearest to a tick below 2^41; of two as near, the later.
    #[inline]
    pub(in crate::midi) fn nearest(self, tick: u64) -> u64 {
        self.divide(tick * 2 * POSITIONS + self.ticks)
    }

    /// The quarter note, counted from 0, in which a tick below 2^41 lies.
    #[inline]
    pub(in crate::midi) fn beat(self, tick: u64) -> u64 {
        self.divide(2 * tick)
    }

    /// `number` by the ticks of two quarter notes.
    #[inline]
    fn divide(self, number: u64) -> u64 {
        u64::try_from((u128::from(number) * u128::from(self.reciprocal)) >> 64).unwrap_or_default()
    }
}

/// The grid of a division.
#[derive(Debug, Default)]
pub(in crate::midi) struct Grid {
    steps: Steps,
    /// `position << LEVEL_BITS | level` for each tick of two quarter notes, after which levels repeat.
    spots: Vec<u16>,
}

impl Grid {
    /// Becomes the grid of so many ticks per quarter note.
    pub(in crate::midi) fn set(&mut self, ticks: u16) {
        let ticks = ticks.max(1);
        if self.steps.ticks == u64::from(ticks) {
            return;
        }
        self.steps = Steps::of(ticks);
        let ticks = u32::from(ticks);
        self.spots.clear();
        self.spots.extend((0..2 * ticks).map(|tick| {
            let position = (tick * 24 + ticks / 2) / ticks;
            u16::try_from(position << LEVEL_BITS).unwrap_or_default() | u16::from(OFF_GRID)
        }));
        // From fine to coarse, duple levels last: what is written last counts.
        for depth in (0..DEPTH).rev() {
            self.mark(2 * depth + 1, 2 * ticks, 3 << depth);
        }
        for depth in (0..DEPTH).rev() {
            self.mark(2 * depth, ticks, 1 << depth);
        }
    }

    /// Gives its level to each tick that is a multiple of `ticks / parts`.
    fn mark(&mut self, level: u32, ticks: u32, parts: u32) {
        let Ok(step) = usize::try_from(ticks / greatest_common_divisor(ticks, parts)) else { return };
        for spot in self.spots.iter_mut().step_by(step) {
            *spot = *spot >> LEVEL_BITS << LEVEL_BITS | u16::try_from(level).unwrap_or_default();
        }
    }

    /// Where a tick below 2^40 lies.
    #[inline]
    pub(in crate::midi) fn locate(&self, tick: u64) -> Spot {
        let pair = self.steps.divide(tick);
        let phase = tick - pair * 2 * self.steps.ticks;
        let spot =
            usize::try_from(phase).ok().and_then(|phase| self.spots.get(phase)).copied().unwrap_or_default();
        let [level, ..] = spot.to_le_bytes();
        let position = pair * 2 * POSITIONS + u64::from(spot >> LEVEL_BITS);
        Spot { position, level: level & 0x0F }
    }

    /// Ticks to positions, without levels.
    pub(in crate::midi) const fn steps(&self) -> Steps {
        self.steps
    }
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, in whole numbers.
    fn level(tick: u64, ticks: u64) -> u8 {
        let on = |level: u64, period: u64, parts: u64| (tick * parts).is_multiple_of(period).then_some(level);
        let duple = (0..6).find_map(|depth| on(2 * depth, ticks, 1 << depth));
        let triple = || (0..6).find_map(|depth| on(2 * depth + 1, 2 * ticks, 3 << depth));
        u8::try_from(duple.or_else(triple).unwrap_or(12)).unwrap()
    }

    #[test]
    fn levels_of_a_quarter_note() {
        let mut grid = Grid::default();
        grid.set(480);
        for (tick, expected, position) in [
            (0, 0, 0),
            (240, 2, 12),
            (120, 4, 6),
            (15, 10, 1),
            (320, 1, 16),
            (160, 3, 8),
            (640, 1, 32),
            (80, 5, 4),
            (10, 11, 1),
            (9, 12, 0),
            (479, 12, 24),
            (480 * 1_000_001, 0, 24_000_024),
        ] {
            assert_eq!(grid.locate(tick), Spot { position, level: expected }, "{tick}");
        }
        assert_eq!(
            (grid.steps().beat(479), grid.steps().beat(480), grid.steps().beat((1 << 40) - 1)),
            (0, 1, ((1 << 40) - 1) / 480)
        );
    }

    proptest! {
        #[test]
        fn the_tables_follow_the_definition(ticks in 1_u16..0x8000, tick in 0_u64..1 << 40, small in 0_u64..100_000) {
            let mut grid = Grid::default();
            grid.set(ticks);
            let ticks = u64::from(ticks);
            for tick in [tick, small, small * ticks / 12] {
                let spot = grid.locate(tick);
                prop_assert_eq!(grid.steps().beat(tick), tick / ticks);
                prop_assert_eq!(spot.level, level(tick, ticks));
                let position = tick / ticks * 24 + (tick % ticks * 24 + ticks / 2) / ticks;
                prop_assert_eq!((spot.position, grid.steps().nearest(tick)), (position, position));
            }
        }
    }
}
