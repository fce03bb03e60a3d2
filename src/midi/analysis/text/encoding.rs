//! How the text of a file is encoded: found once, for all of it together.
//!
//! The format says ASCII and files hold anything: ASCII, then strict UTF-8, then a guess by the bytes (as browsers guess).
//! Decoding never fails; what has no meaning becomes U+FFFD.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP};

/// The encoding of a file's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextEncoding {
    /// Nothing but ASCII.
    Ascii,
    /// UTF-8 without a fault.
    Utf8,
    /// A legacy encoding, guessed.
    Legacy(&'static Encoding),
}

impl TextEncoding {
    /// The encoding of all the text of a file.
    pub(super) fn detect(all: &[u8]) -> Self {
        if all.is_ascii() {
            // ISO-2022-JP is ASCII with escapes.
            if !all.contains(&0x1B) || guess(all) != ISO_2022_JP {
                return Self::Ascii;
            }
            return Self::Legacy(ISO_2022_JP);
        }
        if std::str::from_utf8(all).is_ok() { Self::Utf8 } else { Self::Legacy(guess(all)) }
    }

    /// Whether another encoding may be meant.
    pub(super) const fn is_guess(self) -> bool {
        matches!(self, Self::Legacy(_))
    }

    /// `ascii`, `utf-8`, or the encoding's name in the WHATWG standard, in lower case.
    pub(super) fn name(self) -> Cow<'static, str> {
        match self {
            Self::Ascii => Cow::Borrowed("ascii"),
            Self::Utf8 => Cow::Borrowed("utf-8"),
            Self::Legacy(encoding) => Cow::Owned(encoding.name().to_ascii_lowercase()),
        }
    }

    /// The text of these bytes.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Ascii | Self::Utf8 => String::from_utf8_lossy(bytes),
            Self::Legacy(encoding) => encoding.decode_without_bom_handling(bytes).0,
        }
    }
}

fn guess(all: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(all, true);
    detector.guess(None, Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        for (bytes, name, text) in [
            (b"Grand Piano".as_slice(), "ascii", "Grand Piano"),
            ("Fl\u{f6}te".as_bytes(), "utf-8", "Fl\u{f6}te"),
            (
                b"Copyright \xA9 1998 Fran\xE7ois".as_slice(),
                "windows-1252",
                "Copyright \u{a9} 1998 Fran\u{e7}ois",
            ),
            (b"\xCF\xE5\xF1\xED\xFF \xEE \xE4\xF0\xF3\xE6\xE1\xE5", "windows-1251", "Песня о дружбе"),
            (b"\x1B$B$\"$$\x1B(B", "iso-2022-jp", "あい"),
            (b"\x1B[0m bold", "ascii", "\u{1b}[0m bold"),
        ] {
            let encoding = TextEncoding::detect(bytes);
            assert_eq!(encoding.name(), name, "{text}");
            assert_eq!(encoding.decode(bytes), text);
        }
    }
}
