//! The compression methods of a zip: which are read, and what all of them are called (APPNOTE 4.4.5).
//!
//! Names; decodes nothing.

/// A method that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Shrunk,
    Reduced,
    Imploded,
    Deflated,
    Deflate64,
    Bzip2,
    Lzma,
    Zstandard,
    Xz,
    Ppmd,
}

impl Method {
    /// The method of a number; none for those that are not read.
    pub(super) const fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Stored,
            1 => Self::Shrunk,
            2..=5 => Self::Reduced,
            6 => Self::Imploded,
            8 => Self::Deflated,
            9 => Self::Deflate64,
            12 => Self::Bzip2,
            14 => Self::Lzma,
            // 20 is what Zstandard had for a few months.
            20 | 93 => Self::Zstandard,
            95 => Self::Xz,
            98 => Self::Ppmd,
            _ => return None,
        })
    }
}

/// What a method is called; the largest number stands for all beyond.
pub(super) fn name(number: u8) -> String {
    let name = match number {
        0 => "storing (0)",
        1 => "shrinking (1)",
        2..=5 => "reducing (2 to 5)",
        6 => "imploding (6)",
        8 => "deflate (8)",
        9 => "deflate64 (9)",
        10 => "DCL imploding (10)",
        12 => "bzip2 (12)",
        14 => "LZMA (14)",
        16 => "CMPSC (16)",
        18 => "Terse (18)",
        19 => "LZ77 (19)",
        20 | 93 => "Zstandard (93)",
        94 => "MP3 (94)",
        95 => "xz (95)",
        96 => "JPEG (96)",
        97 => "WavPack (97)",
        98 => "PPMd (98)",
        u8::MAX => "a method beyond 254",
        _ => return format!("method {number}"),
    };
    name.to_owned()
}
