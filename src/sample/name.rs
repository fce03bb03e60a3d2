//! How the files of a sample are called: artists and titles the way collectors write them, folders, and names in the
//! encodings of old archivers. Only names; nothing of contents.

use std::collections::HashSet;

use super::damage::Damage;
use super::plan::Slot;
use super::random::Random;
use super::song::Song;
use super::words;

/// How an archive's names are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameEncoding {
    /// UTF-8, said so where the format can say it.
    Utf8,
    /// The code page of the IBM PC, without a flag.
    Cp437,
    /// Shift-JIS, without a flag.
    ShiftJis,
}

impl NameEncoding {
    /// The name in this encoding; `None` where it cannot spell it.
    pub(super) fn encode(self, name: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(name.as_bytes().to_vec()),
            Self::Cp437 => name.chars().map(cp437).collect(),
            Self::ShiftJis => {
                let (bytes, _, has_unmappable) = encoding_rs::SHIFT_JIS.encode(name);
                (!has_unmappable).then(|| bytes.into_owned())
            }
        }
    }
}

/// The code page 437 byte of a character, for ASCII and the letters of the words used here.
fn cp437(letter: char) -> Option<u8> {
    const LETTERS: [(char, u8); 25] = [
        ('ü', 0x81),
        ('é', 0x82),
        ('â', 0x83),
        ('ä', 0x84),
        ('à', 0x85),
        ('å', 0x86),
        ('ç', 0x87),
        ('ê', 0x88),
        ('ë', 0x89),
        ('è', 0x8a),
        ('î', 0x8c),
        ('Ä', 0x8e),
        ('Å', 0x8f),
        ('É', 0x90),
        ('ô', 0x93),
        ('ö', 0x94),
        ('û', 0x96),
        ('Ö', 0x99),
        ('Ü', 0x9a),
        ('á', 0xa0),
        ('í', 0xa1),
        ('ó', 0xa2),
        ('ú', 0xa3),
        ('ñ', 0xa4),
        ('ß', 0xe1),
    ];
    if letter.is_ascii() {
        return u8::try_from(letter).ok();
    }
    LETTERS.iter().find(|(known, _)| *known == letter).map(|(_, byte)| *byte)
}

/// Gives out the names of one archive or folder, none of them twice.
#[derive(Debug)]
pub(super) struct Namer {
    seed: u64,
    encoding: NameEncoding,
    taken: HashSet<String>,
}

/// A path inside an archive or folder, with `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The path as it is stored.
    pub(super) bytes: Vec<u8>,
    /// The folder (empty, or ending in `/`) and the file name, as text.
    pub(super) folder: String,
    pub(super) file: String,
}

impl Namer {
    pub(super) fn new(seed: u64, encoding: NameEncoding) -> Self {
        Self { seed, encoding, taken: HashSet::new() }
    }

    /// A name for the file in this slot: after its music, and for copies after their own slot's whim.
    pub(super) fn name(&mut self, slot: Slot, index: u64) -> Name {
        let song = Song::of(self.seed, slot.content);
        let mut random = Random::new(&[self.seed, 7, index]);
        let (artist, title) = (song.artist, &song.title);
        let stem = match random.below(100) {
            0..45 => format!("{artist} - {title}"),
            45..65 => title.clone(),
            65..73 => format!("{artist} - {title} (v{})", random.between(2, 4)),
            73..81 => format!("{:02} {title}", random.between(1, 24)),
            81..89 => format!("{}_{}bpm_{artist} - {title}", song.key_name(), song.tempo),
            89..93 => title.to_lowercase().replace(' ', "_"),
            _ => title.to_uppercase().chars().filter(|letter| letter.is_alphanumeric()).take(8).collect(),
        };
        let extension = match (slot.damage, song.is_karaoke) {
            (Some(Damage::RiffWrapped), _) => "rmi",
            (None, true) => "kar",
            _ => random.weighted(&[(90, "mid"), (6, "MID"), (3, "midi"), (1, "smf")], "mid"),
        };
        let folder = match random.below(10) {
            0..4 => String::new(),
            4..8 => format!("{artist}/"),
            _ => format!("{}/{artist}/", random.pick(words::GENRES)),
        };
        let prefix = if slot.damage == Some(Damage::AppleDouble) { "._" } else { "" };
        // A name its archive cannot spell becomes a number, as ripped collections have them.
        let (folder, stem) = match self.encoding.encode(&format!("{folder}{stem}")) {
            Some(_) => (folder, stem),
            None => (String::new(), format!("track{index:06}")),
        };
        self.claim(&folder, &format!("{prefix}{stem}"), extension)
    }

    /// Whether this path has been given out.
    pub(super) fn is_taken(&self, path: &str) -> bool {
        self.taken.contains(&path.to_lowercase())
    }

    /// This path, or the next free one like it.
    pub(super) fn claim(&mut self, folder: &str, stem: &str, extension: &str) -> Name {
        let dot = if extension.is_empty() { "" } else { "." };
        let mut file = format!("{stem}{dot}{extension}");
        let mut copy = 2;
        while !self.taken.insert(format!("{folder}{file}").to_lowercase()) {
            file = format!("{stem} ({copy}){dot}{extension}");
            copy += 1;
        }
        let bytes =
            self.encoding.encode(&format!("{folder}{file}")).unwrap_or_else(|| file.clone().into_bytes());
        Name { bytes, folder: folder.to_owned(), file }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Claims;
    use crate::sample::SampleOptions;

    #[test]
    fn names_are_distinct_and_in_their_encoding() {
        let options = SampleOptions { duplicates: 0.3, ..SampleOptions::default() };
        for encoding in [NameEncoding::Utf8, NameEncoding::Cp437, NameEncoding::ShiftJis] {
            let mut namer = Namer::new(1, encoding);
            let mut seen = HashSet::new();
            let mut beyond_ascii = 0;
            for index in 0..3_000 {
                let name = namer.name(Slot::of(&options, index), index);
                assert!(!name.bytes.is_empty() && !name.file.contains('/'));
                beyond_ascii += u32::from(!name.bytes.is_ascii());
                assert!(seen.insert(name.bytes), "{}", name.file);
            }
            assert!(beyond_ascii > 10, "{encoding:?}: {beyond_ascii}");
        }
    }

    #[test]
    fn names_claim_what_their_songs_are() {
        let options = SampleOptions::default();
        let mut namer = Namer::new(1, NameEncoding::Utf8);
        let mut found = 0;
        for index in 0..2_000 {
            let slot = Slot::of(&options, index);
            let song = Song::of(1, slot.content);
            let name = namer.name(slot, index);
            let claims = Claims::of(&name.file);
            if !name.file.contains("bpm_") {
                assert_eq!((claims.bpm, claims.key), (None, None), "{}", name.file);
                continue;
            }
            found += 1;
            assert_eq!(claims.bpm.map(f64::from), Some(f64::from(song.tempo)), "{}", name.file);
            assert_eq!(claims.key, Some(song.key_name().as_str()), "{}", name.file);
            assert_eq!(claims.artist.as_deref(), Some(song.artist), "{}", name.file);
            assert_eq!(claims.title.as_deref(), Some(song.title.as_str()), "{}", name.file);
        }
        assert!(found > 50, "{found}");
    }
}
