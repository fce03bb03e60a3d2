//! The meters of a file: which come first, which rules, and how many bars they make.
//!
//! Takes the time-signature events of all tracks together; knows neither tempo nor notes.

/// A meter as the file spells it: numerator, and the denominator as a power of two (0-7).
pub(in crate::midi) type Meter = (u8, u8);

/// In force until a meter is given.
const COMMON_TIME: Meter = (4, 2);

/// Collects meter events, then answers.
#[derive(Debug, Default)]
pub(in crate::midi) struct Meters {
    /// (tick, meter), in order of tick then track once settled; at one tick the last counts.
    events: Vec<(u64, Meter)>,
    first: Option<Meter>,
}

impl Meters {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.events.clear();
        self.first = None;
    }

    /// A meter event, tracks one after the other.
    pub(in crate::midi) fn push(&mut self, tick: u64, numerator: u8, power: u8) {
        self.events.push((tick, (numerator, power)));
    }

    /// Brings the events of all tracks into one order; to be called once, before anything is asked.
    pub(in crate::midi) fn settle(&mut self) {
        self.events.sort_by_key(|(tick, _)| *tick);
        self.first = self.events.first().map(|(_, meter)| *meter);
        self.events.dedup_by(|later, kept| {
            let same_tick = later.0 == kept.0;
            if same_tick {
                kept.1 = later.1;
            }
            same_tick
        });
        self.events.dedup_by_key(|(_, meter)| *meter);
    }

    /// The first meter event, as `6/8`.
    pub(in crate::midi) fn first(&self) -> Option<String> {
        self.first.map(spell)
    }

    /// Times the meter takes another value after the first meter event's tick.
    pub(in crate::midi) fn changes(&self) -> usize {
        self.events.len().saturating_sub(1)
    }

    /// Distinct meters in order of appearance, at most `limit`, and whether there are more.
    pub(in crate::midi) fn distinct(&self, limit: usize) -> (Vec<String>, bool) {
        let mut seen: Vec<Meter> = Vec::new();
        for (_, meter) in &self.events {
            if !seen.contains(meter) {
                if seen.len() == limit {
                    return (seen.into_iter().map(spell).collect(), true);
                }
                seen.push(*meter);
            }
        }
        (seen.into_iter().map(spell).collect(), false)
    }

    /// The meter in force for the most ticks before `end`, the earlier one where two are equal.
    pub(in crate::midi) fn main(&self, end: u64) -> String {
        spell(self.main_meter(end))
    }

    /// That meter itself.
    pub(in crate::midi) fn main_meter(&self, end: u64) -> Meter {
        let mut ticks = vec![0_u64; if self.events.len() > 1 { 1 << 11 } else { 0 }];
        for (from, to, meter) in self.spans(end) {
            if let Some(ticks) = ticks.get_mut(number(meter)) {
                *ticks += to - from;
            }
        }
        let mut longest = None;
        for (from, to, meter) in self.spans(end) {
            let span = ticks.get(number(meter)).copied().unwrap_or(to - from);
            if longest.is_none_or(|(most, _)| span > most) {
                longest = Some((span, meter));
            }
        }
        longest.map(|(_, meter)| meter).or(self.first).unwrap_or(COMMON_TIME)
    }

    /// Bars begun before `end`; a change of meter begins a bar.
    pub(in crate::midi) fn bars(&self, end: u64, ticks_per_quarter: u16) -> u64 {
        let whole_note = u128::from(ticks_per_quarter) * 4;
        let bars = self.spans(end).map(|(from, to, (numerator, power))| {
            // length / (whole note × numerator / 2^power), rounded up
            (u128::from(to - from) << power).div_ceil(whole_note.max(1) * u128::from(numerator.max(1)))
        });
        u64::try_from(bars.sum::<u128>()).unwrap_or(u64::MAX)
    }

    /// From tick, to tick and meter of each stretch before `end` that is not empty.
    pub(in crate::midi) fn spans(&self, end: u64) -> impl Iterator<Item = (u64, u64, Meter)> {
        let starts = std::iter::once((0, COMMON_TIME)).chain(self.events.iter().copied());
        let ends = self.events.iter().map(|(tick, _)| *tick).chain(std::iter::once(u64::MAX));
        starts
            .zip(ends)
            .map(move |((from, meter), to)| (from, to.min(end), meter))
            .filter(|(from, to, _)| from < to)
    }
}

/// A number below 2^11 for each meter.
fn number((numerator, power): Meter) -> usize {
    usize::from(numerator) << 3 | usize::from(power & 7)
}

fn spell((numerator, power): Meter) -> String {
    format!("{numerator}/{}", 1_u32 << power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meters(events: &[(u64, u8, u8)]) -> Meters {
        let mut meters = Meters::default();
        for (tick, numerator, power) in events {
            meters.push(*tick, *numerator, *power);
        }
        meters.settle();
        meters
    }

    #[test]
    fn the_longest_meter_rules_and_bars_are_counted() {
        for (events, end, main, bars, changes) in [
            (vec![], 0, "4/4", 0, 0),
            (vec![], 400, "4/4", 1, 0),
            (vec![], 401, "4/4", 2, 0),
            (vec![(0, 3, 2)], 900, "3/4", 3, 0),
            (vec![(0, 6, 3)], 900, "6/8", 3, 0),
            // A pickup of one beat, then 4/4, restated without a change.
            (vec![(0, 1, 2), (100, 4, 2), (350, 4, 2)], 900, "4/4", 3, 1),
            // 4/4 until the first meter is given.
            (vec![(800, 3, 2)], 1_100, "4/4", 3, 0),
            // Equal spans: the earlier.
            (vec![(0, 3, 2), (300, 4, 2)], 600, "3/4", 2, 1),
            (vec![(0, 5, 2)], 0, "5/4", 0, 0),
        ] {
            let meters = meters(&events);
            assert_eq!(meters.main(end), main, "{events:?}");
            assert_eq!(meters.bars(end, 100), bars, "{events:?}");
            assert_eq!(meters.changes(), changes, "{events:?}");
        }
    }

    #[test]
    fn first_is_by_tick_then_track() {
        let meters = meters(&[(0, 4, 2), (90, 3, 2), (0, 6, 3)]);
        assert_eq!(meters.first().as_deref(), Some("4/4"));
        assert_eq!(meters.distinct(9), (vec!["6/8".to_owned(), "3/4".to_owned()], false));
        assert_eq!(meters.distinct(1), (vec!["6/8".to_owned()], true));
    }
}
