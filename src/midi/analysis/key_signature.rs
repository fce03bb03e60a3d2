//! The key signatures of a file, as it declares them.
//!
//! What key the notes are in is another question, asked elsewhere.

/// Major keys from seven flats to seven sharps.
const MAJOR: [&str; 15] = ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"];

/// Minor keys from seven flats to seven sharps.
const MINOR: [&str; 15] =
    ["Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m"];

/// Counts key-signature events and keeps the first by tick, then track.
#[derive(Debug, Default)]
pub(in crate::midi) struct KeySignatures {
    first: Option<(u64, &'static str)>,
    count: u64,
}

impl KeySignatures {
    /// Forgets everything.
    pub(in crate::midi) fn clear(&mut self) {
        *self = Self::default();
    }

    /// A key signature, tracks one after the other.
    pub(in crate::midi) fn push(&mut self, tick: u64, sharps: i8, minor: bool) {
        self.count += 1;
        if self.first.is_none_or(|(first, _)| tick < first)
            && let Some(name) = name(sharps, minor)
        {
            self.first = Some((tick, name));
        }
    }

    /// A key-signature event that names no key.
    pub(in crate::midi) fn push_invalid(&mut self) {
        self.count += 1;
    }

    /// The first valid one, as `C`, `F#m`, `Bb`.
    pub(in crate::midi) fn first(&self) -> Option<&'static str> {
        self.first.map(|(_, name)| name)
    }

    /// Key-signature events, the invalid ones included.
    pub(in crate::midi) const fn count(&self) -> u64 {
        self.count
    }
}

/// The key with so many sharps (negative: flats).
fn name(sharps: i8, minor: bool) -> Option<&'static str> {
    let index = usize::try_from(i16::from(sharps) + 7).ok()?;
    if minor { MINOR.get(index).copied() } else { MAJOR.get(index).copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_named_from_seven_flats_to_seven_sharps() {
        for (sharps, minor, expected) in [
            (0, false, Some("C")),
            (0, true, Some("Am")),
            (-7, false, Some("Cb")),
            (7, true, Some("A#m")),
            (3, true, Some("F#m")),
            (-2, false, Some("Bb")),
            (8, false, None),
            (-8, true, None),
            (-128, false, None),
        ] {
            assert_eq!(name(sharps, minor), expected, "{sharps} {minor}");
        }
    }

    #[test]
    fn the_first_by_tick_then_track_counts() {
        let mut keys = KeySignatures::default();
        keys.push_invalid();
        keys.push(10, 1, false);
        keys.push(0, 2, false);
        keys.push(0, 3, false);
        assert_eq!((keys.first(), keys.count()), (Some("D"), 4));
    }
}
