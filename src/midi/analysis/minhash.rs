//! How alike two files are: a MinHash over runs of four notes in the upper line of each part.
//!
//! A part is a channel of a track; its upper line is the highest note of each onset. A run is written as three steps, each an
//! interval and a distance in 24ths of a quarter note, so neither transposition nor tempo nor division matters, and a part
//! more or less changes only its own runs. Drums are left out: one pattern serves many songs.
//!
//! The share of equal places in two sketches estimates the Jaccard similarity of the sets of runs (Broder 1997). One hash
//! serves all places: its upper bits choose the place and the lowest of the rest stays there; an empty place takes what the next
//! one holds (one permutation hashing with rotation: Li, Owen & Zhang 2012, Shrivastava & Li 2014). Runs of notes for finding
//! MIDI files that resemble each other: Mitzenmacher & Owen 2001.

use super::notes::PERCUSSION;
use super::signature::mix;

/// Places of a sketch.
pub(in crate::midi) const PLACES: usize = 32;

/// Places that are folded into one band; files that share a band are worth comparing.
const BAND: usize = 3;

/// Bands of a sketch: its first fifteen places. Each costs the index a key; these five find 97 of 100 files that are alike
/// by 0.8, and half of those alike by 0.5.
pub(in crate::midi) const BANDS: usize = 5;

/// Steps of a run.
const STEPS: u32 = 3;

/// Bits of a step.
const STEP_BITS: u32 = 16;

/// The longest distance that is told apart, in 24ths of a quarter note.
const FARTHEST: u64 = 127;

/// Added to a place's value for each place it was carried, so that two files do not agree by what they both lack.
const CARRY: u32 = 0x9E37_79B9;

/// Nothing came to a place.
const EMPTY: u32 = u32::MAX;

/// The upper line of a part, as far as it was heard.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// Where its newest note stands, and its key so far.
    newest: (u64, u8),
    /// The note before.
    before: (u64, u8),
    /// The steps up to `before`, the newest lowest.
    steps: u64,
    /// Notes that were heard, `newest` included.
    notes: u32,
}

const SILENT: Line = Line { newest: (0, 0), before: (0, 0), steps: 0, notes: 0 };

/// Collects the runs of a file, track after track.
#[derive(Debug)]
pub(in crate::midi) struct MinHash {
    lines: [Line; 16],
    places: [u32; PLACES],
}

impl Default for MinHash {
    fn default() -> Self {
        Self { lines: [SILENT; 16], places: [EMPTY; PLACES] }
    }
}

impl MinHash {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A note of this track at a position of the grid, in order of time.
    #[inline]
    pub(in crate::midi) fn add(&mut self, channel: u8, position: u64, key: u8) {
        if channel == PERCUSSION {
            return;
        }
        let Some(line) = self.lines.get_mut(usize::from(channel & 0x0F)) else { return };
        if line.notes > 0 && line.newest.0 == position {
            line.newest.1 = line.newest.1.max(key);
            return;
        }
        let run = line.close();
        line.newest = (position, key);
        line.notes += 1;
        self.take(run);
    }

    /// The track ends.
    pub(in crate::midi) fn end_track(&mut self) {
        for channel in 0..self.lines.len() {
            if let Some(line) = self.lines.get_mut(channel) {
                let run = std::mem::replace(line, SILENT).close();
                self.take(run);
            }
        }
    }

    #[inline]
    fn take(&mut self, run: Option<u64>) {
        let Some(run) = run else { return };
        let [low, high] = words(mix(run));
        let place = usize::try_from(high >> (u32::BITS - PLACES.ilog2())).ok();
        if let Some(place) = place.and_then(|place| self.places.get_mut(place)) {
            // The largest value stands for none.
            *place = low.min(EMPTY - 1).min(*place);
        }
    }

    /// The sketch; none where no part has four notes.
    pub(in crate::midi) fn sketch(&self) -> Option<[i32; PLACES]> {
        if self.places == [EMPTY; PLACES] {
            return None;
        }
        let mut sketch = [0; PLACES];
        for (start, to) in sketch.iter_mut().enumerate() {
            let following = self.places.iter().cycle().skip(start).take(PLACES);
            let found = (0_u32..).zip(following).find(|(_, value)| **value != EMPTY);
            *to = found
                .map_or(0, |(carried, value)| value.wrapping_add(carried.wrapping_mul(CARRY)).cast_signed());
        }
        Some(sketch)
    }
}

impl Line {
    /// The newest note is final: makes its step and returns the run that ends with it, if there is one.
    #[inline]
    fn close(&mut self) -> Option<u64> {
        let ((position, key), (position_before, key_before)) = (self.newest, self.before);
        self.before = self.newest;
        if self.notes < 2 {
            return None;
        }
        let distance = position.saturating_sub(position_before).min(FARTHEST);
        let interval = 128 + u64::from(key) - u64::from(key_before);
        self.steps = (self.steps << STEP_BITS | interval << 8 | distance) & ((1 << (STEPS * STEP_BITS)) - 1);
        (self.notes > STEPS).then_some(self.steps)
    }
}

/// The first places of the sketch folded by threes.
pub(in crate::midi) fn bands(sketch: &[i32; PLACES]) -> [i32; BANDS] {
    let mut bands = [0; BANDS];
    for ((number, band), places) in (0_u64..).zip(&mut bands).zip(sketch.chunks_exact(BAND)) {
        let folded =
            places.iter().fold(number, |folded, place| mix(folded ^ u64::from(place.cast_unsigned())));
        let [low, _] = words(folded);
        *band = low.cast_signed();
    }
    bands
}

/// The lower and the upper half of a word.
#[inline]
fn words(word: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = word.to_le_bytes();
    [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tune of so many notes on one channel, changed by `change`.
    fn sketch(notes: u64, change: impl Fn(u64, u8) -> (u64, u8)) -> Option<[i32; PLACES]> {
        let mut minhash = MinHash::default();
        for number in 0..notes {
            let [key, ..] = mix(number).to_le_bytes();
            let (position, key) = change(number * 12, 40 + key % 40);
            minhash.add(0, position, key);
        }
        minhash.end_track();
        minhash.sketch()
    }

    fn alike(one: &[i32; PLACES], other: &[i32; PLACES]) -> usize {
        one.iter().zip(other).filter(|(one, other)| one == other).count()
    }

    #[test]
    fn what_is_the_same_and_what_is_alike() {
        let tune = sketch(400, |at, key| (at, key)).unwrap();
        assert_eq!(sketch(400, |at, key| (at + 96, key + 5)), Some(tune), "transposed and later");
        assert_eq!(bands(&sketch(400, |at, key| (at, key)).unwrap()), bands(&tune));
        let edited = sketch(400, |at, key| (at, if at == 2_400 { key + 1 } else { key })).unwrap();
        assert!(alike(&tune, &edited) >= 28, "one wrong note: {}", alike(&tune, &edited));
        let shared = bands(&tune).iter().zip(bands(&edited)).filter(|(one, other)| **one == *other).count();
        assert!(shared >= 3, "{shared} bands");
        let other = sketch(400, |at, key| (at, 127 - key)).unwrap();
        assert!(alike(&tune, &other) <= 4, "another tune: {}", alike(&tune, &other));
    }

    #[test]
    fn few_notes_have_no_sketch_and_few_runs_fill_it() {
        assert_eq!(sketch(3, |at, key| (at, key)), None);
        let tune = sketch(4, |at, key| (at, key)).unwrap();
        assert!(tune.iter().all(|place| *place != -1));
        assert_ne!(bands(&tune), [0; BANDS]);
    }

    #[test]
    fn the_upper_line_of_each_channel_counts() {
        let line = |extra: &[(u8, u64, u8)]| {
            let mut minhash = MinHash::default();
            let mut notes: Vec<(u8, u64, u8)> =
                (0_u8..20).map(|n| (0, u64::from(n) * 24, 60 + n % 7)).collect();
            notes.extend(extra);
            notes.sort_by_key(|note| note.1);
            for (channel, position, key) in notes {
                minhash.add(channel, position, key);
            }
            minhash.end_track();
            minhash.sketch()
        };
        let tune = line(&[]);
        assert_eq!(line(&[(0, 24, 40), (0, 48, 30)]), tune, "lower notes of a chord");
        assert_eq!(line(&[(9, 12, 99), (9, 30, 98), (9, 31, 99), (9, 77, 98)]), tune, "drums");
        assert_ne!(line(&[(0, 24, 99)]), tune);
        assert_ne!(line(&[(3, 12, 99), (3, 30, 90), (3, 31, 95), (3, 77, 98)]), tune, "another part");
    }
}
