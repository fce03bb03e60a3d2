//! Names of archive members as text, decoded from whatever the archiver's system wrote.
//!
//! Decoding never fails: what cannot be decoded is replaced and the bytes are kept beside the text. Old archives do not
//! say how their names are encoded; as one folder was mostly named on one system, the names of a folder are looked at
//! together, and short ones follow the archive as a whole.

use std::collections::HashMap;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

use super::cp437;

/// How names in ASCII or UTF-8 are said to be encoded.
pub(super) const UTF_8: &str = "utf-8";
const CP437: &str = "cp437";

/// Folders with names of their own in a foreign encoding that are looked at apart; the rest follow the archive. Bounds
/// the memory at about 2 MiB.
const MOST_FOLDERS: usize = 256;

/// Non-ASCII bytes in a folder's names below which they tell too little.
const ENOUGH_EVIDENCE: usize = 6;

/// A member's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EntryName {
    /// The name, without NUL (U+FFFD stands for it) and with `/` between folders, even where the archive has `\`.
    pub text: String,
    /// Its bytes, where they differ from `text`.
    pub raw: Option<Vec<u8>>,
    /// How it was decoded: `utf-8`, `cp437`, or the label of the Encoding Standard in lower case (`shift_jis`,
    /// `windows-1252`, `ibm866` …).
    pub encoding: &'static str,
}

/// Decodes the names of an archive: fed all of them first, or one after the other as they come.
#[derive(Debug, Default)]
pub struct NameDecoder {
    whole: Evidence,
    folders: HashMap<Box<[u8]>, Evidence>,
}

/// What a set of names says of its encoding.
struct Evidence {
    detector: EncodingDetector,
    non_ascii: usize,
    /// Bytes that are letters with accents in code page 437 and punctuation or nothing in the Windows code pages.
    dos_letters: usize,
    /// Bytes that are letters in the Windows code pages and lines or Greek in code page 437.
    windows_letters: usize,
}

/// How a name may be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Dos,
    Standard(&'static Encoding),
}

impl NameDecoder {
    /// Looks at a name before any is decoded. Names in ASCII or UTF-8 say nothing and cost next to nothing.
    pub fn observe(&mut self, raw: &[u8]) {
        if std::str::from_utf8(raw).is_ok() {
            return;
        }
        self.whole.add(raw);
        let folder = folder_of(raw);
        if let Some(evidence) = self.folders.get_mut(folder) {
            evidence.add(raw);
        } else if self.folders.len() < MOST_FOLDERS {
            let mut evidence = Evidence::default();
            evidence.add(raw);
            self.folders.insert(folder.into(), evidence);
        }
    }

    /// Decodes a name. `is_utf8` is the archive's own word for it; where it is not true, the name is treated as any other.
    #[must_use]
    pub fn decode(&self, raw: &[u8], is_utf8: bool) -> EntryName {
        if let Ok(text) = std::str::from_utf8(raw) {
            return EntryName::new(text.to_owned(), raw, UTF_8);
        }
        if is_utf8 && raw.iter().filter(|byte| **byte >= 0x80).count() > 2 * invalid_sequences(raw) {
            // UTF-8 with a damaged character or two.
            return EntryName::new(String::from_utf8_lossy(raw).into_owned(), raw, UTF_8);
        }
        let whole = self.whole.guess();
        let folder = self.folders.get(folder_of(raw));
        let guess = match folder {
            Some(evidence) if evidence.non_ascii >= ENOUGH_EVIDENCE => evidence.guess(),
            Some(evidence) if whole.decode(raw).is_none() => evidence.guess(),
            _ => whole,
        };
        let (text, guess) = match guess.decode(raw) {
            Some(text) => (text, guess),
            // Code page 437 has a character for every byte.
            None => (cp437::decode(raw), Guess::Dos),
        };
        EntryName::new(text, raw, guess.label())
    }

    /// Looks at a name and decodes it at once, for archives that are read from front to back.
    #[must_use]
    pub fn observe_and_decode(&mut self, raw: &[u8]) -> EntryName {
        self.observe(raw);
        self.decode(raw, false)
    }

    /// Decodes a name that has no others beside it.
    #[must_use]
    pub fn alone(raw: &[u8]) -> EntryName {
        Self::default().observe_and_decode(raw)
    }
}

impl EntryName {
    fn new(text: String, raw: &[u8], encoding: &'static str) -> Self {
        let text = if text.contains(['\0', '\\']) {
            text.replace('\0', "\u{fffd}").replace('\\', "/")
        } else {
            text
        };
        let raw = (text.as_bytes() != raw).then(|| raw.to_vec());
        Self { text, raw, encoding }
    }
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence").field("non_ascii", &self.non_ascii).finish_non_exhaustive()
    }
}

impl Default for Evidence {
    fn default() -> Self {
        let detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        Self { detector, non_ascii: 0, dos_letters: 0, windows_letters: 0 }
    }
}

impl Evidence {
    fn add(&mut self, raw: &[u8]) {
        // The folder is in every name; said once per name it would drown what the names say.
        self.detector.feed(raw, false);
        self.detector.feed(b"\n", false);
        for byte in raw {
            match byte {
                // ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ, áíóúñÑ and ß.
                0x80..=0x9a | 0xa0..=0xa5 | 0xe1 => self.dos_letters += 1,
                0xc0..=0xe0 | 0xe2..=0xff => self.windows_letters += 1,
                _ => {}
            }
            self.non_ascii += usize::from(*byte >= 0x80);
        }
    }

    fn guess(&self) -> Guess {
        let encoding = self.detector.guess(None, Utf8Detection::Deny);
        // The detector knows the web, where code page 437 does not occur: it takes it for a Western code page.
        let western = [encoding_rs::WINDOWS_1252, encoding_rs::WINDOWS_1254, encoding_rs::WINDOWS_1250]
            .into_iter()
            .chain([encoding_rs::WINDOWS_1257, encoding_rs::WINDOWS_1258, encoding_rs::ISO_8859_2])
            .any(|western| western == encoding);
        if western && self.dos_letters > self.windows_letters {
            Guess::Dos
        } else {
            Guess::Standard(encoding)
        }
    }
}

impl Guess {
    fn decode(self, raw: &[u8]) -> Option<String> {
        match self {
            Self::Dos => Some(cp437::decode(raw)),
            Self::Standard(encoding) => {
                let text = encoding.decode_without_bom_handling_and_without_replacement(raw)?;
                Some(text.into_owned())
            }
        }
    }

    fn label(self) -> &'static str {
        let Self::Standard(encoding) = self else { return CP437 };
        LABELS
            .iter()
            .find(|label| label.eq_ignore_ascii_case(encoding.name()))
            .copied()
            .unwrap_or(encoding.name())
    }
}

/// The detector's encodings, in lower case.
const LABELS: &[&str] = &[
    "big5",
    "euc-jp",
    "euc-kr",
    "gbk",
    "gb18030",
    "ibm866",
    "iso-2022-jp",
    "iso-8859-2",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-13",
    "koi8-u",
    "koi8-r",
    "shift_jis",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
];

/// The bytes before the last separator. Both separators are ASCII; as a trailing byte of Shift-JIS `\` may cut a character,
/// which only makes two folders of one.
fn folder_of(raw: &[u8]) -> &[u8] {
    raw.iter()
        .rposition(|byte| matches!(byte, b'/' | b'\\'))
        .and_then(|end| raw.get(..end))
        .unwrap_or_default()
}

fn invalid_sequences(raw: &[u8]) -> usize {
    raw.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_together() {
        let sjis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
        let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
        let dos_russian = |text: &str| encoding_rs::IBM866.encode(text).0.into_owned();
        let western = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        let cases: &[(Vec<u8>, &str, &str)] = &[
            (sjis("曲/ボレロ１.mid"), "曲/ボレロ１.mid", "shift_jis"),
            (sjis("曲/町の音楽.mid"), "曲/町の音楽.mid", "shift_jis"),
            (sjis("曲/表示能力ソ.mid"), "曲/表示能力ソ.mid", "shift_jis"),
            (western("Müsik/Frère Jacques.mid"), "Müsik/Frère Jacques.mid", "windows-1252"),
            (western("Müsik/Für Elise (größer).mid"), "Müsik/Für Elise (größer).mid", "windows-1252"),
            (dos_russian("Песни/Катюша.mid"), "Песни/Катюша.mid", "ibm866"),
            (dos_russian("Песни/Мелодия 2.mid"), "Песни/Мелодия 2.mid", "ibm866"),
            (gbk("中国音乐/我的歌曲.mid"), "中国音乐/我的歌曲.mid", "gbk"),
            (gbk("中国音乐/月亮代表我的心.mid"), "中国音乐/月亮代表我的心.mid", "gbk"),
            (b"DOS/F\x81r Elise.mid".to_vec(), "DOS/Für Elise.mid", "cp437"),
            (b"DOS/Fr\x8are Jacques.mid".to_vec(), "DOS/Frère Jacques.mid", "cp437"),
            (
                b"DOS/Se\xa4orita M\x84rchen gr\x94\xe1er.mid".to_vec(),
                "DOS/Señorita Märchen größer.mid",
                "cp437",
            ),
            ("日本語/a.mid".into(), "日本語/a.mid", "utf-8"),
            (b"plain.mid".to_vec(), "plain.mid", "utf-8"),
        ];
        let mut decoder = NameDecoder::default();
        cases.iter().for_each(|(raw, _, _)| decoder.observe(raw));
        for (raw, text, encoding) in cases {
            let name = decoder.decode(raw, false);
            assert_eq!((name.text.as_str(), name.encoding), (*text, *encoding), "{raw:x?}");
            assert_eq!(name.raw.is_some(), *encoding != "utf-8", "{raw:x?}");
        }
    }

    #[test]
    fn what_a_database_refuses_is_replaced_and_the_bytes_are_kept() {
        let cases: &[(&[u8], bool, &str, &str)] = &[
            (b"a\0b.mid", true, "a\u{fffd}b.mid", "utf-8"),
            (b"..\\..\\etc\\a.mid", false, "../../etc/a.mid", "utf-8"),
            (b"/etc/passwd", false, "/etc/passwd", "utf-8"),
            ("日本語\u{1f3b9}".as_bytes(), true, "日本語\u{1f3b9}", "utf-8"),
            (b"", false, "", "utf-8"),
        ];
        for (raw, is_utf8, text, encoding) in cases {
            let name = NameDecoder::default().decode(raw, *is_utf8);
            assert_eq!((name.text.as_str(), name.encoding), (*text, *encoding));
            assert_eq!(name.raw.as_deref().unwrap_or(name.text.as_bytes()), *raw);
        }
        // A cut character in a name that is otherwise UTF-8.
        let name = NameDecoder::default().decode(b"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa.mid", true);
        assert_eq!((name.text.as_str(), name.encoding), ("日本\u{fffd}.mid", "utf-8"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_become_text(raw in proptest::collection::vec(0_u8.., 0..60), is_utf8: bool) {
            let mut decoder = NameDecoder::default();
            decoder.observe(&raw);
            let name = decoder.decode(&raw, is_utf8);
            assert!(!name.text.contains('\0'));
            assert_eq!(name.raw.as_deref().unwrap_or(name.text.as_bytes()), &raw[..]);
        }
    }
}
