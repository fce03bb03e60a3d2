//! The bar lines of a file on the grid of 24 steps a quarter note, which is the same whatever the file's own ticks are.
//!
//! Knows meters and nothing of notes. Bars are computed where they are asked for and never listed: a hostile file has more
//! of them than bytes.

use std::ops::Range;

use super::grid::{POSITIONS, Steps};
use super::meter::{Meter, Meters};

/// Steps in a whole note.
const WHOLE_NOTE: u64 = 4 * POSITIONS;

/// A meter, from the step at which it begins to the step before which it ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct Stretch {
    /// Its first step, which is a bar line.
    pub(in crate::midi) from: u64,
    /// The first step behind it; of the last one behind everything.
    pub(in crate::midi) to: u64,
    /// Numerator, and the denominator as a power of two.
    pub(in crate::midi) meter: Meter,
}

/// The bar lines, and the steps they are drawn on.
#[derive(Debug, Default)]
pub(in crate::midi) struct Bars {
    steps: Steps,
    /// In order and without gaps, the first from step 0; never empty once laid.
    stretches: Vec<Stretch>,
}

impl Bars {
    /// Draws the bar lines of a file of so many ticks, whose `meters` have settled.
    pub(in crate::midi) fn draw(&mut self, meters: &Meters, end: u64, steps: Steps) {
        self.steps = steps;
        self.stretches.clear();
        for (from, _, meter) in meters.spans(end.saturating_add(1)) {
            let from = self.step(from);
            // Of two that begin on one step the later one holds.
            if self.stretches.last().is_some_and(|last| last.from == from) {
                self.stretches.pop();
            }
            if let Some(last) = self.stretches.last_mut() {
                last.to = from;
            }
            self.stretches.push(Stretch { from, to: u64::MAX, meter });
        }
    }

    /// The step nearest to a tick below 2^41, the later where two are as near.
    #[inline]
    pub(in crate::midi) fn step(&self, tick: u64) -> u64 {
        self.steps.nearest(tick)
    }

    /// The bar in which a step lies, from its first step to the one before which it ends. A change of meter begins a bar.
    pub(in crate::midi) fn at(&self, step: u64) -> Range<u64> {
        let behind = self.stretches.partition_point(|stretch| stretch.from <= step);
        let Some(stretch) = behind.checked_sub(1).and_then(|at| self.stretches.get(at)) else {
            return step..u64::MAX;
        };
        let (numerator, power) = stretch.meter;
        let bar = WHOLE_NOTE * u64::from(numerator.max(1));
        let number = ((step - stretch.from) << power) / bar;
        // A bar line between two steps is drawn at the later one.
        let line = |number: u64| stretch.from + (number * bar).div_ceil(1 << power);
        line(number)..line(number + 1).min(stretch.to)
    }

    /// Its meters one after the other.
    pub(in crate::midi) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }
}

#[cfg(test)]
pub(in crate::midi) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bars of meters given as (tick, numerator, power), 480 ticks to a quarter note.
    pub(in crate::midi) fn bars(events: &[(u64, u8, u8)]) -> Bars {
        let mut meters = Meters::default();
        for (tick, numerator, power) in events {
            meters.push(*tick, *numerator, *power);
        }
        meters.settle();
        let mut bars = Bars::default();
        bars.draw(&meters, 1 << 30, Steps::of(480));
        bars
    }

    #[test]
    fn bars_are_found_by_their_steps() {
        for (events, step, expected) in [
            (vec![], 0, 0..96),
            (vec![], 95, 0..96),
            (vec![], 96, 96..192),
            (vec![(0, 3, 2)], 80, 72..144),
            (vec![(0, 6, 3)], 80, 72..144),
            // A pickup of one beat, and a bar that the next meter cuts short.
            (vec![(0, 1, 2), (480, 4, 2)], 130, 120..216),
            (vec![(0, 1, 2), (480, 4, 2)], 119, 24..120),
            (vec![(960, 3, 2)], 47, 0..48),
            // 0.75 steps each.
            (vec![(0, 1, 7)], 1, 1..2),
            (vec![(0, 1, 7)], 3, 3..4),
            // Two meters nearer to one another than a step.
            (vec![(0, 3, 2), (1, 5, 2)], 100, 0..120),
        ] {
            assert_eq!(bars(&events).at(step), expected, "{events:?} {step}");
        }
    }

    proptest! {
        #[test]
        fn every_step_lies_in_its_bar(
            events in proptest::collection::vec((0_u64..20_000, 1_u8.., 0_u8..8), 0..6),
            step in 0_u64..2_000,
        ) {
            let bars = bars(&events);
            let bar = bars.at(step);
            prop_assert!(bar.contains(&step), "{:?}", bar);
            prop_assert_eq!(bars.at(bar.start), bar.clone());
            prop_assert!(bars.at(bar.end).start == bar.end);
        }
    }
}
