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

use super::signature::mix;

/// Places of a sketch.
pub(in crate::midi) const PLACES: usize = 32;

/// Places that are folded into one band; files that share a band are worth comparing.
const BAND: usize = 3;

/// Bands of a sketch: its first fifteen places. Each costs the index a key; these five find 97 of 100 files that are alike
/// by 0.8, and half of those alike by 0.5.
pub(in crate::midi) const BANDS: usize = 5;

/// Steps of a run.
const STEPS: usize = 3;

/// Bits of a step.
const STEP_BITS: usize = 16;

/// The longest distance that is told apart, in 24ths of a quarter note.
const FARTHEST: u64 = 127;

/// Added to a place's value for each place it was carried, so that two files do not agree by what they both lack.
const CARRY: u32 = 0x9E37_79B9;

/// Nothing came to a place.
const EMPTY: u32 = u32::MAX;

/// Collects the runs of a file, part after part.
#[derive(Debug)]
pub(in crate::midi) struct MinHash {
    places: [u32; PLACES],
    /// The upper line of a part: position plus one, and in the lowest byte the key. The first word is not used.
    line: Vec<u64>,
}

impl Default for MinHash {
    fn default() -> Self {
        Self { places: [EMPTY; PLACES], line: Vec::new() }
    }
}

/// The upper line of a part, as far as it was heard.
#[derive(Debug)]
pub(in crate::midi) struct Line<'a> {
    places: &'a mut [u32; PLACES],
    notes: &'a mut [u64],
    /// How many notes it has.
    count: usize,
    /// The last of them, whose key may still rise; 0 before the first.
    newest: u64,
}

impl MinHash {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        self.places = [EMPTY; PLACES];
    }

    /// Begins the line of a part with so many notes.
    pub(in crate::midi) fn line(&mut self, notes: usize) -> Line<'_> {
        if self.line.len() <= notes {
            self.line.resize(notes + 1, 0);
        }
        Line { places: &mut self.places, notes: &mut self.line, count: 0, newest: 0 }
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

impl<'a> Line<'a> {
    /// A note at a position of the grid, in order of time.
    #[inline]
    pub(in crate::midi) fn add(&mut self, position: u64, key: u8) {
        let note = (position + 1) << 8 | u64::from(key);
        // Of two notes at one position the higher is the larger, and any is larger than what came before.
        self.count += usize::from(note >> 8 != self.newest >> 8);
        self.newest = note.max(self.newest);
        if let Some(to) = self.notes.get_mut(self.count) {
            *to = self.newest;
        }
    }

    /// The part ends: takes its runs, and returns position and key of the notes of its upper line.
    pub(in crate::midi) fn end(self) -> impl Iterator<Item = (u64, u8)> + use<'a> {
        let notes = self.notes.get(1..=self.count).unwrap_or_default();
        let mut steps = 0;
        let pairs = || notes.array_windows().map(|[before, note]| step(*before, *note));
        for step in pairs().take(STEPS - 1) {
            steps = steps << STEP_BITS | step;
        }
        for step in pairs().skip(STEPS - 1) {
            steps = (steps << STEP_BITS | step) & ((1 << (STEPS * STEP_BITS)) - 1);
            let [low, high] = words(mix(steps));
            let place = usize::try_from(high >> (u32::BITS - PLACES.ilog2())).ok();
            if let Some(place) = place.and_then(|place| self.places.get_mut(place)) {
                // The largest value stands for none.
                *place = low.min(EMPTY - 1).min(*place);
            }
        }
        notes.iter().map(|note| {
            let [key, ..] = note.to_le_bytes();
            ((note >> 8) - 1, key)
        })
    }
}

/// The step from one note of a line to the next.
#[inline]
fn step(before: u64, note: u64) -> u64 {
    let distance = (note >> 8).wrapping_sub(before >> 8).min(FARTHEST);
    let interval = 128 + (note & 0xFF) - (before & 0xFF);
    interval << 8 | distance
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
        let mut line = minhash.line(usize::try_from(notes).unwrap());
        for number in 0..notes {
            let [key, ..] = mix(number).to_le_bytes();
            let (position, key) = change(number * 12, 40 + key % 40);
            line.add(position, key);
        }
        let _ = line.end();
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
    fn the_upper_line_of_each_part_counts() {
        let tune: Vec<(u64, u8)> = (0_u8..20).map(|n| (u64::from(n) * 24, 60 + n % 7)).collect();
        let sketch = |parts: &[&[(u64, u8)]]| {
            let mut minhash = MinHash::default();
            for part in parts {
                let mut notes = part.to_vec();
                notes.sort_by_key(|note| note.0);
                let mut line = minhash.line(notes.len());
                for (position, key) in notes {
                    line.add(position, key);
                }
                let _ = line.end();
            }
            minhash.sketch()
        };
        let alone = sketch(&[&tune]);
        let with = |extra: &[(u64, u8)]| [extra, &tune].concat();
        assert_eq!(sketch(&[&with(&[(24, 40), (48, 30)])]), alone, "lower notes of a chord");
        assert_ne!(sketch(&[&with(&[(24, 99)])]), alone);
        let other = [(12, 99), (30, 90), (31, 95), (77, 98)];
        assert_ne!(sketch(&[&tune, &other]), alone, "another part");
        assert_eq!(sketch(&[&tune, &other[1..]]), alone, "a part of three notes");
    }
}
