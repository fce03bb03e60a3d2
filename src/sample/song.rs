//! What a generated piece is called and what kind of music it is: drawn first and cheaply, so that names of files can tell
//! of the music within without composing it.

use super::random::Random;
use super::words;

/// Kinds of music, which decide instruments and touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Drums, bass, chords and a melody.
    Band,
    /// One piano, performed rather than programmed.
    Piano,
    /// Strings and winds without drums.
    Chamber,
    /// Programmed: every note on the grid, every velocity the same.
    Electronic,
    /// Nothing but drums.
    Percussion,
}

/// How the texts inside a file are encoded; the format itself never says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// Nothing beyond ASCII.
    Ascii,
    /// UTF-8 with more than ASCII.
    Utf8,
    /// ISO 8859-1.
    Latin1,
    /// Shift-JIS.
    ShiftJis,
}

impl Charset {
    /// The text in this encoding; what it cannot spell becomes something else, as it does in the wild.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Ascii | Self::Utf8 => text.as_bytes().to_vec(),
            Self::Latin1 => encoding_rs::mem::encode_latin1_lossy(text).into_owned(),
            Self::ShiftJis => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
        }
    }
}

/// A piece before it is composed.
#[derive(Clone, Debug)]
pub(super) struct Song {
    pub(super) artist: &'static str,
    pub(super) title: String,
    pub(super) syllables: &'static [&'static str],
    pub(super) charset: Charset,
    pub(super) style: Style,
    /// Pitch class of the tonic, 0 = C.
    pub(super) tonic: u8,
    pub(super) is_minor: bool,
    /// Quarter notes a minute at the start.
    pub(super) tempo: u32,
    pub(super) year: u32,
    /// A `.kar` file: `@` texts and syllables.
    pub(super) is_karaoke: bool,
}

impl Song {
    /// The piece with this number in the collection grown from this seed.
    pub(super) fn of(seed: u64, index: u64) -> Self {
        let mut random = Random::new(&[seed, 1, index]);
        let style = random.weighted(
            &[
                (52, Style::Band),
                (18, Style::Piano),
                (14, Style::Chamber),
                (13, Style::Electronic),
                (3, Style::Percussion),
            ],
            Style::Band,
        );
        // Shares as surveyed: about 93 % plain, 5.4 % in an 8-bit encoding, 1.6 % in UTF-8.
        let (charset, artist, title, syllables) = match random.below(1_000) {
            0..930 => {
                let title = format!("{} {}", random.pick(words::ADJECTIVES), random.pick(words::NOUNS));
                (Charset::Ascii, random.pick(words::ARTISTS), title, words::SYLLABLES)
            }
            930..972 => {
                let charset = if random.percent(75) { Charset::Latin1 } else { Charset::Utf8 };
                let artist = random.pick(words::ACCENTED_ARTISTS);
                (charset, artist, random.pick(words::ACCENTED_TITLES).to_owned(), words::ACCENTED_SYLLABLES)
            }
            _ => {
                let charset = if random.percent(80) { Charset::ShiftJis } else { Charset::Utf8 };
                let artist = random.pick(words::JAPANESE_ARTISTS);
                (charset, artist, random.pick(words::JAPANESE_TITLES).to_owned(), words::JAPANESE_SYLLABLES)
            }
        };
        Self {
            artist,
            title,
            syllables,
            charset,
            style,
            tonic: random.pick(&[0, 7, 2, 9, 4, 5, 10, 3, 0, 7, 2, 9, 11, 8, 1, 6]),
            is_minor: random.percent(38),
            tempo: u32::try_from(random.between(58, 132) + random.between(0, 50)).unwrap_or(120),
            year: 1985 + u32::try_from(random.below(35)).unwrap_or(0),
            is_karaoke: random.percent(2) && matches!(style, Style::Band | Style::Chamber),
        }
    }

    /// The key as file names spell it: `Am`, `F#`.
    pub(super) fn key_name(&self) -> String {
        const NAMES: [&str; 12] = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
        let name = NAMES.get(usize::from(self.tonic)).copied().unwrap_or_default();
        format!("{name}{}", if self.is_minor { "m" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_fits_its_charset() {
        let mut seen = [0_u32; 4];
        for index in 0..5_000 {
            let song = Song::of(3, index);
            let bytes = song.charset.encode(&song.title);
            match song.charset {
                Charset::Ascii => assert!(bytes.is_ascii()),
                Charset::Utf8 => assert!(!bytes.is_ascii() && std::str::from_utf8(&bytes).is_ok()),
                Charset::Latin1 => assert_eq!(encoding_rs::mem::decode_latin1(&bytes), song.title),
                Charset::ShiftJis => assert_eq!(encoding_rs::SHIFT_JIS.decode(&bytes).0, song.title),
            }
            seen[song.charset as usize] += 1;
        }
        assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
    }

    #[test]
    fn keys_are_spelled_like_musicians_do() {
        let mut song = Song::of(0, 0);
        for (tonic, is_minor, name) in [(0, false, "C"), (9, true, "Am"), (6, false, "F#"), (10, true, "Bbm")]
        {
            (song.tonic, song.is_minor) = (tonic, is_minor);
            assert_eq!(song.key_name(), name);
        }
    }
}
