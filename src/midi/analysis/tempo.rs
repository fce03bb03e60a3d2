//! The tempo map of a file: ticks to seconds, and what the tempo does.
//!
//! Takes the tempo events of all tracks together, as the format means them; knows neither notes nor bars.

use super::column::double;
use crate::midi::header::Division;

/// Microseconds per quarter note until a tempo is given: 120 quarter notes per minute.
const DEFAULT_TEMPO: u32 = 500_000;

/// Collects tempo events, then answers for any tick.
///
/// The steps are kept as (tick, microseconds per quarter note) with strictly ascending ticks, the first at 0, and no
/// step without a change; where several tempos stand at one tick, the last (by track) counts.
#[derive(Debug, Default)]
pub(in crate::midi) struct TempoMap {
    steps: Vec<(u64, u32)>,
    /// The first event, by tick, then track.
    first: Option<(u64, u32)>,
}

/// What the tempo does over a length of time, in microseconds per quarter note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) struct TempoRange {
    /// Of the first tempo event, wherever it stands.
    pub(in crate::midi) first: u32,
    /// The shortest quarter note, that is the fastest tempo.
    pub(in crate::midi) fastest: u32,
    /// The longest quarter note.
    pub(in crate::midi) slowest: u32,
}

impl TempoMap {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.steps.clear();
        self.first = None;
    }

    /// A tempo event, tracks one after the other.
    pub(in crate::midi) fn push(&mut self, tick: u64, tempo: u32) {
        if self.first.is_none_or(|(first, _)| tick < first) {
            self.first = Some((tick, tempo));
        }
        self.steps.push((tick, tempo));
    }

    /// Brings the events of all tracks into one order; to be called once, before anything is asked.
    pub(in crate::midi) fn settle(&mut self) {
        self.steps.insert(0, (0, DEFAULT_TEMPO));
        // Stable, and quick on the sorted runs that tracks are.
        self.steps.sort_by_key(|(tick, _)| *tick);
        self.steps.dedup_by(|later, kept| {
            let same_tick = later.0 == kept.0;
            if same_tick {
                kept.1 = later.1;
            }
            same_tick
        });
        self.steps.dedup_by_key(|(_, tempo)| *tempo);
    }

    /// Whether there was any tempo event.
    pub(in crate::midi) const fn is_explicit(&self) -> bool {
        self.first.is_some()
    }

    /// Times the tempo takes another value after tick 0.
    pub(in crate::midi) fn changes(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }

    /// First, fastest and slowest tempo in force before `end` (at tick 0, where that is the end).
    pub(in crate::midi) fn range(&self, end: u64) -> TempoRange {
        let start = self.steps.first().map_or(DEFAULT_TEMPO, |(_, tempo)| *tempo);
        let first = self.first.map_or(DEFAULT_TEMPO, |(_, tempo)| tempo);
        let mut range = TempoRange { first, fastest: start, slowest: start };
        for (_, tempo) in self.steps.iter().skip(1).take_while(|(tick, _)| *tick < end) {
            range.fastest = range.fastest.min(*tempo);
            range.slowest = range.slowest.max(*tempo);
        }
        range
    }

    /// Seconds from tick 0 to `tick`. Exact until the division at the end.
    pub(in crate::midi) fn seconds(&self, tick: u64, division: Division) -> f64 {
        match division {
            Division::Metrical(ticks) => {
                self.microsecond_ticks(tick) / (double(u64::from(ticks)) * 1_000_000.0)
            }
            Division::Timecode { frames, ticks } => {
                // 29 stands for drop-frame time, which runs at 30,000 frames in 1,001 seconds.
                let rate = if frames == 29 { 30_000.0 / 1_001.0 } else { f64::from(frames) };
                double(tick) / (rate * f64::from(ticks))
            }
        }
    }

    /// Sum over the steps of ticks × microseconds per quarter note.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the sum is exact; one rounding to a double is what is stored"
    )]
    fn microsecond_ticks(&self, tick: u64) -> f64 {
        let mut sum = 0_u128;
        let mut steps = self.steps.iter().peekable();
        while let Some((from, tempo)) = steps.next() {
            let to = steps.peek().map_or(tick, |(next, _)| tick.min(*next));
            let Some(length) = to.checked_sub(*from) else { break };
            sum += u128::from(length) * u128::from(*tempo);
        }
        sum as f64
    }
}

/// Quarter notes per minute of a quarter note that lasts `tempo` microseconds.
pub(in crate::midi) fn beats_per_minute(tempo: u32) -> f64 {
    60_000_000.0 / f64::from(tempo)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(events: &[(u64, u32)]) -> TempoMap {
        let mut map = TempoMap::default();
        for (tick, tempo) in events {
            map.push(*tick, *tempo);
        }
        map.settle();
        map
    }

    #[test]
    fn seconds_follow_the_merged_map() {
        let metrical = Division::Metrical(100);
        for (events, tick, seconds) in [
            (vec![], 400, 2.0),
            (vec![(0, 1_000_000)], 400, 4.0),
            // A tempo after the start leaves 120 before it.
            (vec![(200, 1_000_000)], 400, 3.0),
            // Two tracks; at one tick the later track's tempo counts.
            (vec![(0, 1_000_000), (300, 250_000), (100, 500_000), (300, 1_000_000)], 400, 3.0),
            (vec![(1_000, 250_000)], 400, 2.0),
        ] {
            assert!((map(&events).seconds(tick, metrical) - seconds).abs() < 1e-12, "{events:?}");
        }
    }

    #[test]
    fn smpte_time_needs_no_tempo() {
        let map = map(&[(0, 1)]);
        assert!((map.seconds(2_000, Division::Timecode { frames: 25, ticks: 40 }) - 2.0).abs() < 1e-12);
        let drop = map.seconds(30_000, Division::Timecode { frames: 29, ticks: 1 });
        assert!((drop - 1_001.0).abs() < 1e-9);
    }

    #[test]
    fn changes_and_range_count_what_is_in_force() {
        let map = map(&[(0, 400_000), (0, 500_000), (10, 500_000), (20, 300_000), (90, 900_000)]);
        assert!(map.is_explicit());
        assert_eq!(map.changes(), 2);
        assert_eq!(map.range(90), TempoRange { first: 400_000, fastest: 300_000, slowest: 500_000 });
        assert_eq!(map.range(91).slowest, 900_000);
        assert!((beats_per_minute(500_000) - 120.0).abs() < 1e-12);
    }
}
