//! The names of chords.
//!
//! One name for each, whatever the key, so that a search for `Bb` finds all of them. A root is spelled as the tonic with the
//! fewest accidentals in its key signature: as a major key for chords with a major third, as a minor one for the others.

use super::{KINDS, NO_CHORD};

/// Roots of chords with a major third or none.
const MAJOR: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// Roots of chords with a minor third.
const MINOR: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"];

/// What follows the root, by kind.
const SUFFIXES: [&str; KINDS.len()] = ["", "m", "dim", "aug", "sus4", "7", "maj7", "m7", "m7b5", "dim7"];

/// The name of the chord at this place, whose root is counted from `tonic`.
pub(super) fn of(place: usize, tonic: usize) -> String {
    if place >= NO_CHORD {
        return "N".to_owned();
    }
    let (kind, root) = (place / 12, (place + tonic) % 12);
    let has_minor_third = KINDS.get(kind).is_some_and(|kind| kind.third == 3);
    let roots = if has_minor_third { MINOR } else { MAJOR };
    [roots.get(root), SUFFIXES.get(kind)].into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_named() {
        for (place, tonic, expected) in [
            (0, 0, "C"),
            (11, 0, "B"),
            (12 + 1, 8, "Am"),
            (12 + 1, 0, "C#m"),
            (1, 0, "Db"),
            (24 + 6, 0, "F#dim"),
            (60 + 7, 0, "G7"),
            (72, 10, "Bbmaj7"),
            (84 + 11, 9, "G#m7"),
            (NO_CHORD, 5, "N"),
        ] {
            assert_eq!(of(place, tonic), expected, "{place} {tonic}");
        }
    }
}
