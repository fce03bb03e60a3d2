//! How keys are spelled, and what they are called in the library.
//!
//! Whether something that is spelled like a key is meant as one is asked elsewhere.

/// Major or minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Major,
    Minor,
}

/// What raises or lowers a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Accidental {
    Flat,
    Natural,
    Sharp,
}

/// A note of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Note {
    /// `A` to `H`.
    pub(super) letter: u8,
    pub(super) accidental: Accidental,
    /// It is written with a sign that is in no word: `#`, `♯`, `♭`.
    pub(super) has_sign: bool,
    pub(super) is_capital: bool,
}

/// Keys by letter and accidental (flat, natural, sharp), as key signatures have them: from seven flats to seven sharps. What
/// has no such signature is called by the one that sounds the same.
const MAJOR: [[&str; 3]; 7] = [
    ["Ab", "A", "Bb"],
    ["Bb", "B", "C"],
    ["Cb", "C", "C#"],
    ["Db", "D", "Eb"],
    ["Eb", "E", "F"],
    ["E", "F", "F#"],
    ["Gb", "G", "Ab"],
];
const MINOR: [[&str; 3]; 7] = [
    ["Abm", "Am", "A#m"],
    ["Bbm", "Bm", "Cm"],
    ["Bm", "Cm", "C#m"],
    ["C#m", "Dm", "D#m"],
    ["Ebm", "Em", "Fm"],
    ["Em", "Fm", "F#m"],
    ["F#m", "Gm", "G#m"],
];

/// The keys of the Camelot wheel, from 1: minor (`1A`), then major (`1B`).
const CAMELOT: [[&str; 2]; 12] = [
    ["Abm", "B"],
    ["Ebm", "F#"],
    ["Bbm", "Db"],
    ["Fm", "Ab"],
    ["Cm", "Eb"],
    ["Gm", "Bb"],
    ["Dm", "F"],
    ["Am", "C"],
    ["Em", "G"],
    ["Bm", "D"],
    ["F#m", "A"],
    ["C#m", "E"],
];

impl Mode {
    /// A word for a mode, and whether it is German.
    pub(super) fn read(word: &str) -> Option<(Self, bool)> {
        let is = |mode: &str| word.eq_ignore_ascii_case(mode);
        match word.len() {
            3 if is("min") => Some((Self::Minor, false)),
            3 if is("maj") => Some((Self::Major, false)),
            3 if is("dur") => Some((Self::Major, true)),
            4 if is("moll") => Some((Self::Minor, true)),
            5 if is("minor") => Some((Self::Minor, false)),
            5 if is("major") => Some((Self::Major, false)),
            _ => None,
        }
    }
}

impl Accidental {
    /// `flat` or `sharp`, in letters.
    pub(super) fn read(word: &str) -> Option<Self> {
        if word.eq_ignore_ascii_case("flat") {
            Some(Self::Flat)
        } else if word.eq_ignore_ascii_case("sharp") {
            Some(Self::Sharp)
        } else {
            None
        }
    }
}

impl Note {
    /// The note at the start of a word, and the rest of the word.
    pub(super) fn read(word: &str) -> Option<(Self, &str)> {
        let first = word.bytes().next()?;
        let letter = first.to_ascii_uppercase();
        if !matches!(letter, b'A'..=b'H') {
            return None;
        }
        let note = |accidental, has_sign| {
            let is_capital = first.is_ascii_uppercase();
            Self { letter, accidental, has_sign, is_capital }
        };
        let rest = word.get(1..)?;
        for (sign, accidental) in
            [("#", Accidental::Sharp), ("♯", Accidental::Sharp), ("♭", Accidental::Flat)]
        {
            if let Some(rest) = rest.strip_prefix(sign) {
                return Some((note(accidental, true), rest));
            }
        }
        for (length, accidental) in [(4, Accidental::Flat), (5, Accidental::Sharp)] {
            if let Some((name, behind)) = rest.split_at_checked(length)
                && Accidental::read(name) == Some(accidental)
            {
                return Some((note(accidental, false), behind));
            }
        }
        match rest.strip_prefix('b') {
            Some(rest) => Some((note(Accidental::Flat, false), rest)),
            None => Some((note(Accidental::Natural, false), rest)),
        }
    }

    /// A note by its German name, where B is a semitone below H.
    pub(super) fn read_german(word: &str) -> Option<Self> {
        let first = word.bytes().next()?;
        let (letter, is_capital) = (first.to_ascii_uppercase(), first.is_ascii_uppercase());
        let suffix = word.get(1..)?;
        let is = |suffixes: &[&str]| suffixes.iter().any(|one| suffix.eq_ignore_ascii_case(one));
        let (letter, accidental) = match letter {
            b'B' if is(&["", "b"]) => (b'B', Accidental::Flat),
            b'A'..=b'H' if is(&[""]) => (letter, Accidental::Natural),
            b'C' | b'D' | b'F' | b'G' | b'A' if is(&["is"]) => (letter, Accidental::Sharp),
            b'C' | b'D' | b'G' if is(&["es"]) => (letter, Accidental::Flat),
            b'A' | b'E' if is(&["s"]) => (letter, Accidental::Flat),
            // Signs and all.
            _ => return Self::read(word).filter(|(_, rest)| rest.is_empty()).map(|(note, _)| note),
        };
        Some(Self { letter, accidental, has_sign: false, is_capital })
    }

    /// The key on this note.
    pub(super) fn key(self, mode: Mode) -> Option<&'static str> {
        // The German H is B.
        let letter = if self.letter == b'H' { b'B' } else { self.letter };
        let row = usize::from(letter.checked_sub(b'A')?);
        let table = if mode == Mode::Major { &MAJOR } else { &MINOR };
        let column = match self.accidental {
            Accidental::Flat => 0,
            Accidental::Natural => 1,
            Accidental::Sharp => 2,
        };
        table.get(row)?.get(column).copied()
    }
}

/// The key of a Camelot code such as `8A`.
pub(super) fn camelot(number: u16, letter: &str) -> Option<&'static str> {
    let [minor, major] = *CAMELOT.get(usize::from(number.checked_sub(1)?))?;
    match letter {
        "A" => Some(minor),
        "B" => Some(major),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_become_keys_with_signatures() {
        for (word, rest, major, minor) in [
            ("C", "", Some("C"), Some("Cm")),
            ("f#m", "m", Some("F#"), Some("F#m")),
            ("Bbmaj", "maj", Some("Bb"), Some("Bbm")),
            ("B♭", "", Some("Bb"), Some("Bbm")),
            ("C♯m", "m", Some("C#"), Some("C#m")),
            ("Fsharp", "", Some("F#"), Some("F#m")),
            ("BFlatMinor", "Minor", Some("Bb"), Some("Bbm")),
            ("G#", "", Some("Ab"), Some("G#m")),
            ("Db", "", Some("Db"), Some("C#m")),
            ("Fb", "", Some("E"), Some("Em")),
            ("H", "", Some("B"), Some("Bm")),
        ] {
            let (note, behind) = Note::read(word).unwrap();
            assert_eq!(
                (behind, note.key(Mode::Major), note.key(Mode::Minor)),
                (rest, major, minor),
                "{word}"
            );
        }
        assert_eq!(Note::read("Ω"), None);
        assert_eq!(Note::read(""), None);
    }

    #[test]
    fn german_notes() {
        for (word, major) in [
            ("B", Some("Bb")),
            ("H", Some("B")),
            ("Fis", Some("F#")),
            ("es", Some("Eb")),
            ("As", Some("Ab")),
            ("Des", Some("Db")),
            ("C#", Some("C#")),
            ("Bb", Some("Bb")),
            ("Hs", None),
            ("Dis", Some("Eb")),
        ] {
            let key = Note::read_german(word).and_then(|note| note.key(Mode::Major));
            assert_eq!(key, major, "{word}");
        }
    }

    #[test]
    fn camelot_codes() {
        assert_eq!(
            [camelot(8, "A"), camelot(8, "B"), camelot(12, "A")],
            [Some("Am"), Some("C"), Some("C#m")]
        );
        assert_eq!([camelot(0, "A"), camelot(13, "A"), camelot(1, "C")], [None; 3]);
    }
}
