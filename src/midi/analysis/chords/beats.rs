//! The beats of a file: equal parts of its bars, each at least a quarter note long.
//!
//! Knows bars and nothing of notes. In 3/4 a beat is a quarter note, in 6/8 a dotted one, in 2/2 a half note, in 7/8 the whole
//! bar, because no shorter part of it is a quarter note or more and divides it.

use std::ops::Range;

use super::super::bars::Bars;
use super::super::column;
use super::super::grid::POSITIONS;
use super::super::meter::Meter;

/// Beats that are looked at: more than two hours of music.
pub(in crate::midi) const MOST_BEATS: u32 = 1 << 14;

/// Beats of one length, in one meter.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    from: u64,
    to: u64,
    width: u64,
    in_bar: u64,
    /// Beats before it.
    before: u32,
}

/// Where in its bar a beat begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) enum Place {
    /// On the bar line.
    Line,
    /// In the middle of the bar.
    Middle,
    /// Elsewhere.
    Within,
}

/// The beats of a file, the first [`MOST_BEATS`] of them.
#[derive(Debug, Default)]
pub(in crate::midi) struct Beats {
    stretches: Vec<Stretch>,
    count: u32,
}

impl Beats {
    /// Divides the bars before `end`.
    pub(in crate::midi) fn divide(&mut self, bars: &Bars, end: u64) {
        self.stretches.clear();
        self.count = 0;
        for stretch in bars.stretches() {
            let to = stretch.to.min(end);
            if to <= stretch.from || self.count >= MOST_BEATS {
                break;
            }
            let (width, in_bar) = parts(stretch.meter);
            let before = self.count;
            self.stretches.push(Stretch { from: stretch.from, to, width, in_bar, before });
            let beats = column::unsigned((to - stretch.from).div_ceil(width));
            self.count = before.saturating_add(beats).min(MOST_BEATS);
        }
    }

    /// How many there are.
    pub(in crate::midi) const fn count(&self) -> u32 {
        self.count
    }

    /// The number of the beat in which a step lies, from 0, and its steps; none behind the last.
    #[inline]
    pub(in crate::midi) fn at(&self, step: u64) -> Option<(u32, Range<u64>)> {
        let behind = self.stretches.partition_point(|stretch| stretch.from <= step);
        let stretch = self.stretches.get(behind.checked_sub(1)?)?;
        let number = (step - stretch.from) / stretch.width;
        let from = stretch.from + number * stretch.width;
        let number = stretch.before.saturating_add(column::unsigned(number));
        (step < stretch.to && number < self.count)
            .then(|| (number, from..(from + stretch.width).min(stretch.to)))
    }

    /// Length in steps and place of each, in order.
    pub(in crate::midi) fn each(&self) -> impl Iterator<Item = (u64, Place)> {
        let all = self.stretches.iter().flat_map(|stretch| {
            let starts = (0..).map(|number| (number, stretch.from + number * stretch.width));
            starts.take_while(|(_, from)| *from < stretch.to).map(|(number, from)| {
                let place = match number % stretch.in_bar {
                    0 => Place::Line,
                    place if place * 2 == stretch.in_bar => Place::Middle,
                    _ => Place::Within,
                };
                (stretch.width.min(stretch.to - from), place)
            })
        });
        all.take(usize::try_from(self.count).unwrap_or(0))
    }
}

/// Length of a beat in steps, and beats in a bar.
fn parts((numerator, power): Meter) -> (u64, u64) {
    let units = u64::from(numerator.max(1));
    // Steps in a bar, times 2^power.
    let bar = 4 * POSITIONS * units;
    // Meters in eighths and shorter units that come by threes count the threes.
    let counted = if power >= 3 && units.is_multiple_of(3) { units / 3 } else { units };
    let is_long = |parts: &u64| counted.is_multiple_of(*parts) && bar >= (parts * POSITIONS) << power;
    match (1..=counted).rev().find(is_long) {
        Some(parts) => ((bar / parts) >> power, parts),
        None => (POSITIONS, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::bars::tests::bars;
    use super::*;

    #[test]
    fn meters_are_divided() {
        for (meter, expected) in [
            ((4, 2), (24, 4)),
            ((3, 2), (24, 3)),
            ((2, 1), (48, 2)),
            ((6, 3), (36, 2)),
            ((12, 3), (36, 4)),
            ((3, 3), (36, 1)),
            ((5, 3), (60, 1)),
            ((8, 3), (24, 4)),
            ((6, 4), (36, 1)),
            ((6, 2), (24, 6)),
            ((1, 3), (24, 1)),
            ((1, 7), (24, 1)),
            ((255, 0), (96, 255)),
        ] {
            assert_eq!(parts(meter), expected, "{meter:?}");
        }
    }

    #[test]
    fn steps_lie_in_their_beats() {
        let mut beats = Beats::default();
        beats.divide(&bars(&[(0, 3, 2), (1_200, 2, 1)]), 130);
        let lengths: Vec<_> = beats.each().collect();
        assert_eq!(
            lengths,
            [
                (24, Place::Line),
                (24, Place::Within),
                (12, Place::Within),
                (48, Place::Line),
                (22, Place::Middle)
            ]
        );
        for (step, expected) in [
            (0, Some((0, 0..24))),
            (59, Some((2, 48..60))),
            (60, Some((3, 60..108))),
            (129, Some((4, 108..130))),
            (130, None),
        ] {
            assert_eq!(beats.at(step), expected, "{step}");
        }
    }

    #[test]
    fn no_more_than_the_most_are_looked_at() {
        let mut beats = Beats::default();
        beats.divide(&bars(&[]), 1 << 45);
        assert_eq!(beats.count(), MOST_BEATS);
        assert_eq!(beats.each().count(), 1 << 14);
        assert_eq!(beats.at(24 << 14), None);
    }
}
