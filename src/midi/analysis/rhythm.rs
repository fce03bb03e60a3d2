//! The rhythm of a file, on a grid of 24 positions a quarter note: how alike its bars are, which quarter notes are empty,
//! and the upper line of its melodic notes.
//!
//! Everything is addressed by position, so nothing is sorted. Files that last longer than [`MOST_BEATS`] get no answer: the
//! tables grow with the time.

use super::column::{double, ratio};
use super::grid::{POSITIONS, Steps};
use super::notes::Note;
use super::tally::Tally;

/// The most quarter notes that are looked at: nine hours at 120 a minute.
pub(in crate::midi) const MOST_BEATS: u64 = 1 << 16;

/// Intervals that are told apart: unison to eleven semitones, and all wider ones together.
pub(in crate::midi) const INTERVALS: usize = 13;

/// The lowest and the highest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = ONES << 7;

/// Collects where notes begin and sound.
#[derive(Debug, Default)]
pub(in crate::midi) struct Rhythm {
    /// For each position the highest melodic key that begins there, plus two; 1 where only drums do, 0 where nothing does.
    strikes: Vec<u8>,
    /// A bit for each position at which a note begins.
    struck: Vec<u64>,
    /// For each quarter note how many more stretches of sound reach into it than into the one before. Counted by their
    /// edges: notes that last for hours cost no more than others.
    sounding: Vec<i32>,
    gaps: Tally,
    /// Position of the last note's end, and the quarter note it lies in.
    end: (u64, u64),
}

/// A stretch of time, in ticks, with a note in each of its quarter notes.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct Stretch {
    from: u64,
    to: u64,
}

impl Stretch {
    /// The stretch that begins with this note.
    pub(in crate::midi) fn begin(note: Note) -> Self {
        Self { from: note.start(), to: note.start() }
    }

    /// Goes on to the end of the next note of a part; where that is another stretch, returns this one.
    #[inline]
    pub(in crate::midi) fn lengthen(&mut self, note: Note, steps: Steps) -> Option<Self> {
        let start = note.start();
        // Less than a quarter note leaves none between that is empty.
        let passed = (start >= self.to + steps.ticks()).then_some(*self);
        if passed.is_some() {
            self.from = start;
        }
        self.to = self.to.max(start + u64::from(note.length()));
        passed
    }
}

/// What the upper line does.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::midi) struct UpperLine {
    /// How often each interval comes.
    pub(in crate::midi) intervals: [u64; INTERVALS],
    /// The sum of all intervals, in semitones.
    pub(in crate::midi) semitones: u64,
    /// Median time between onsets, in positions; none with fewer than two.
    pub(in crate::midi) median_gap: Option<f64>,
}

impl Rhythm {
    /// Begins with a file whose last note ends at this position, in this quarter note; whether it is short enough.
    pub(in crate::midi) fn begin(&mut self, position: u64, beat: u64) -> bool {
        if beat >= MOST_BEATS {
            return false;
        }
        self.end = (position, beat);
        refill(&mut self.strikes, usize::try_from(position + 1).unwrap_or_default().next_multiple_of(64));
        refill(&mut self.sounding, usize::try_from(beat + 2).unwrap_or_default());
        true
    }

    /// A drum is struck at this position.
    #[inline]
    pub(in crate::midi) fn strike_drum(&mut self, position: u64) {
        self.strike(position, 1);
    }

    /// The upper line of a part, each of its notes with position and key.
    pub(in crate::midi) fn strike_line(&mut self, notes: impl Iterator<Item = (u64, u8)>) {
        for (position, key) in notes {
            self.strike(position, key + 2);
        }
    }

    #[inline]
    fn strike(&mut self, position: u64, rank: u8) {
        if let Some(strike) =
            usize::try_from(position).ok().and_then(|position| self.strikes.get_mut(position))
        {
            *strike = rank.max(*strike);
        }
    }

    /// A note sounds in each quarter note of this stretch, that of its last tick among them.
    pub(in crate::midi) fn sound(&mut self, stretch: Stretch, steps: Steps) {
        change(&mut self.sounding, steps.beat(stretch.from), 1);
        change(&mut self.sounding, steps.beat(stretch.to) + 1, -1);
    }

    /// All notes were heard.
    pub(in crate::midi) fn settle(&mut self) {
        self.struck.clear();
        let (chunks, _) = self.strikes.as_chunks_mut::<64>();
        self.struck.extend(chunks.iter_mut().map(|chunk| {
            let (eights, _) = chunk.as_chunks_mut::<8>();
            let mut struck = 0;
            for (shift, eight) in (0..64).step_by(8).zip(eights) {
                let strikes = u64::from_le_bytes(*eight);
                // 1 in each byte that is not 0; none is above 129.
                let any = (((strikes & !TOPS) + !TOPS) | strikes) >> 7 & ONES;
                // Gathers their lowest bits in the highest byte.
                struck |= (any.wrapping_mul(0x0102_0408_1020_4080) >> 56) << shift;
                *eight = (strikes - any).to_le_bytes();
            }
            struck
        }));
    }

    /// Share of quarter notes in which no note sounds.
    pub(in crate::midi) fn empty_beat_rate(&self) -> Option<f32> {
        let (mut empty, mut now) = (0_u64, 0_i32);
        for (_, change) in (0..=self.end.1).zip(&self.sounding) {
            now += change;
            empty += u64::from(now == 0);
        }
        ratio(double(empty), double(self.end.1 + 1))
    }

    /// How alike neighbouring bars of so many positions are: 1 less the share of positions that differ (groove
    /// consistency: Wu & Yang 2020). None with fewer than two bars.
    pub(in crate::midi) fn groove_consistency(&self, bar: u64) -> Option<f32> {
        let bars = self.end.0.checked_div(bar)?;
        let compared = bars * bar;
        let mut differ = 0_u64;
        let mut from = 0;
        while from < compared {
            let length = (compared - from).min(64);
            let unlike = self.bits(from) ^ self.bits(from + bar);
            differ += u64::from((unlike << (64 - length)).count_ones());
            from += 64;
        }
        ratio(double(compared - differ), double(compared))
    }

    /// The 64 bits of `struck` from this position on.
    fn bits(&self, from: u64) -> u64 {
        let Ok(word) = usize::try_from(from / 64) else { return 0 };
        let at = |word: usize| self.struck.get(word).copied().unwrap_or_default();
        let shift = from % 64;
        let upper = if shift == 0 { 0 } else { at(word + 1) << (64 - shift) };
        at(word) >> shift | upper
    }

    /// The upper line: at each onset the highest melodic note that begins there (skyline: Uitdenbogerd & Zobel 1999).
    pub(in crate::midi) fn upper_line(&mut self) -> UpperLine {
        self.gaps.clear();
        let mut line = UpperLine { intervals: [0; INTERVALS], semitones: 0, median_gap: None };
        let mut before: Option<(u32, u8)> = None;
        // Most positions are empty: eight at a time.
        let (eights, _) = self.strikes.as_chunks::<8>();
        for (start, eight) in (0_u32..).step_by(8).zip(eights) {
            let mut word = u64::from_le_bytes(*eight);
            while word != 0 {
                let bit = word.trailing_zeros() & 0x38;
                let [key, ..] = (word >> bit).to_le_bytes();
                word &= !(0xFF << bit);
                let position = start + bit / 8;
                if let Some((position_before, key_before)) = before {
                    let interval = key.abs_diff(key_before);
                    line.semitones += u64::from(interval);
                    if let Some(count) = line.intervals.get_mut(usize::from(interval).min(INTERVALS - 1)) {
                        *count += 1;
                    }
                    self.gaps.add(position - position_before);
                }
                before = Some((position, key));
            }
        }
        line.median_gap = self.gaps.median();
        line
    }
}

/// Time between onsets in quarter notes.
pub(in crate::midi) fn beats(positions: f64) -> Option<f32> {
    ratio(positions, double(POSITIONS))
}

/// So many zeros.
fn refill<T: Clone + Default>(to: &mut Vec<T>, length: usize) {
    to.clear();
    to.resize(length, T::default());
}

#[inline]
fn change(counts: &mut [i32], at: u64, by: i32) {
    if let Some(count) = usize::try_from(at).ok().and_then(|at| counts.get_mut(at)) {
        *count += by;
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Notes as (position, key), each a quarter note long but for one position.
    fn rhythm(notes: &[(u64, u8)]) -> Rhythm {
        let mut rhythm = Rhythm::default();
        let end = notes.iter().map(|(position, _)| position + 23).max().unwrap_or(0);
        assert!(rhythm.begin(end, end / POSITIONS));
        for (position, key) in notes {
            rhythm.strike_line(std::iter::once((*position, *key)));
            sound(&mut rhythm, *position, position + 23);
        }
        rhythm.settle();
        rhythm
    }

    /// A stretch between two positions, at a tick each.
    fn sound(rhythm: &mut Rhythm, from: u64, to: u64) {
        rhythm.sound(Stretch { from, to }, Steps::of(24));
    }

    #[test]
    fn bars_and_empty_beats() {
        let steady: Vec<_> = (0..16).map(|beat| (beat * 24, 60)).collect();
        let four = rhythm(&steady);
        assert_eq!((four.groove_consistency(96), four.empty_beat_rate()), (Some(1.0), Some(0.0)));
        assert_eq!(four.groove_consistency(0), None);
        assert_eq!(rhythm(&steady[..3]).groove_consistency(96), None, "one bar");
        let gap = rhythm(&[(0, 60), (96, 60), (168, 60)]);
        assert_eq!(gap.empty_beat_rate(), Some(5.0 / 8.0));
        // The second bar has one onset more.
        let close = gap.groove_consistency(96).unwrap();
        assert!((close - 95.0 / 96.0).abs() < 1e-6, "{close}");
        assert!(!Rhythm::default().begin(0, MOST_BEATS));
    }

    #[test]
    fn long_notes_fill_the_beats_between() {
        let mut rhythm = Rhythm::default();
        rhythm.begin(240, 10);
        for beats in [(1, 4), (3, 5), (7, 7), (8, 10)] {
            sound(&mut rhythm, beats.0 * 24, beats.1 * 24);
        }
        assert_eq!(rhythm.empty_beat_rate(), Some(2.0 / 11.0), "the first quarter note and the seventh");
    }

    #[test]
    fn the_upper_line_leaps_and_rests() {
        let mut music = rhythm(&[(0, 60), (0, 40), (12, 64), (24, 64), (24, 65), (72, 40), (73, 90)]);
        let line = music.upper_line();
        let mut intervals = [0; INTERVALS];
        (intervals[4], intervals[1], intervals[12]) = (1, 1, 2);
        assert_eq!((line.intervals, line.semitones), (intervals, 4 + 1 + 25 + 50));
        assert_eq!(line.median_gap, Some(12.0));
        assert_eq!(rhythm(&[(5, 127)]).upper_line().median_gap, None);
    }

    proptest! {
        /// Against counting position by position.
        #[test]
        fn grooves_agree_with_a_plain_count(onsets in vec(0_u64..2_000, 1..60), bar in 1_u64..400) {
            let notes: Vec<_> = onsets.iter().map(|onset| (*onset, 60)).collect();
            let rhythm = rhythm(&notes);
            let bars = (onsets.iter().max().unwrap() + 23) / bar + 1;
            let is_struck = |position| onsets.contains(&position);
            let same = (0..(bars - 1) * bar).filter(|at| is_struck(*at) == is_struck(at + bar)).count() as u64;
            let expected = double(same) / double((bars - 1) * bar);
            match rhythm.groove_consistency(bar) {
                None => prop_assert_eq!(bars, 1),
                Some(found) => prop_assert!((f64::from(found) - expected).abs() < 1e-6),
            }
        }
    }
}
