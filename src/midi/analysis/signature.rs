//! Signatures of the notes of a file: equal for files with the same notes, whatever their order, velocities, lengths,
//! tempo and division.
//!
//! A hash of the multiset of notes: each note is mixed into 64 bits and the sum is kept, so nothing has to be sorted. Two
//! files share a signature by chance with a probability of 2^-64; whoever wants to can make two that do. How alike other
//! files are is asked in [`super::minhash`].

/// Spreads a word over 64 bits: the finalizer of SplitMix64 (Steele, Lea & Flood 2014).
#[inline]
pub(in crate::midi) const fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A bit above every key: a drum is no pitch.
const DRUM: u64 = 1 << 7;

/// Sums up the notes of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::midi) struct Signature {
    notes: u64,
    absolute: u64,
    relative: u64,
    /// Position of the first note, and the lowest melodic key.
    origin: (u64, u8),
}

impl Signature {
    /// Begins with a file whose first note starts at this position of the grid, and whose lowest melodic key is this.
    pub(in crate::midi) const fn begin(first: u64, lowest: u8) -> Self {
        Self { notes: 0, absolute: 0, relative: 0, origin: (first, lowest) }
    }

    /// A note at a position of the grid.
    #[inline]
    pub(in crate::midi) const fn add(&mut self, position: u64, key: u8, is_drum: bool) {
        let (first, lowest) = self.origin;
        // `as` loses nothing; `from` is not const.
        let (drum, lowest) = if is_drum { (DRUM, 0) } else { (0, lowest as u64) };
        // Odd, so that no note is 0 and each weighs.
        let note = position.wrapping_sub(first) << 9 | drum << 1 | (key as u64) << 1 | 1;
        self.absolute = self.absolute.wrapping_add(mix(note));
        self.relative = self.relative.wrapping_add(mix(note.wrapping_sub(lowest << 1)));
        self.notes += 1;
    }

    /// The signature of the notes as they are; none without notes.
    pub(in crate::midi) fn absolute(&self) -> Option<i64> {
        (self.notes > 0).then(|| mix(self.absolute ^ self.notes).cast_signed())
    }

    /// The signature with melodic keys counted from the lowest; none without notes.
    pub(in crate::midi) fn relative(&self) -> Option<i64> {
        (self.notes > 0).then(|| mix(self.relative ^ self.notes).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes as (position, key, drum).
    fn of(notes: &[(u64, u8, bool)]) -> (Option<i64>, Option<i64>) {
        let first = notes.iter().map(|note| note.0).min().unwrap_or(0);
        let lowest = notes.iter().filter(|note| !note.2).map(|note| note.1).min().unwrap_or(0);
        let mut signature = Signature::begin(first, lowest);
        for (position, key, is_drum) in notes {
            signature.add(*position, *key, *is_drum);
        }
        (signature.absolute(), signature.relative())
    }

    #[test]
    fn order_silence_and_transposition() {
        let tune = [(0, 60, false), (24, 64, false), (24, 36, true), (48, 67, false)];
        let (absolute, relative) = of(&tune);
        assert_ne!(absolute, relative);
        let mut turned = tune;
        turned.reverse();
        assert_eq!(of(&turned), (absolute, relative), "order does not matter");
        assert_eq!(
            of(&tune.map(|(at, key, drum)| (at + 960, key, drum))),
            (absolute, relative),
            "nor does silence"
        );
        let higher = of(&tune.map(|(at, key, drum)| (at, if drum { key } else { key + 5 }, drum)));
        assert!(higher.0 != absolute && higher.1 == relative, "drums are not transposed");
        for other in [
            &tune[1..],
            &[tune[0], tune[1], tune[2], tune[3], tune[3]],
            &[tune[0], tune[1], (24, 36, false), tune[3]],
            &[tune[0], tune[1], tune[2], (49, 67, false)],
            &[tune[0], tune[1], tune[2], (48, 68, false)],
        ] {
            let other = of(other);
            assert!(other.0 != absolute && other.1 != relative);
        }
        assert_eq!(of(&[]), (None, None));
    }

    /// Written down: it is stored, and must not change without a new version of the analyser.
    #[test]
    fn the_value_of_one_note() {
        let expected = (Some(-8_671_825_346_160_689_196), Some(-8_940_656_346_802_403_830));
        assert_eq!(of(&[(7, 60, false)]), expected);
    }
}
