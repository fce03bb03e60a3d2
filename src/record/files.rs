//! `files`: one row per distinct content.

use super::row;

/// How much of a MIDI file could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParseStatus {
    /// Read to its end as it is.
    Clean,
    /// Read to its end, with something mended on the way.
    Repaired,
    /// A part of it could not be read.
    Partial,
}

impl ParseStatus {
    /// The word stored in `files.parse_status`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Repaired => "repaired",
            Self::Partial => "partial",
        }
    }
}

row! {
    /// A distinct MIDI content.
    FileRow in "files" {
        /// First 63 bits of the digest.
        id: int8 = i64,
        /// BLAKE3-256 of the content.
        digest: bytea = [u8; 32],
        /// Length of the content in bytes.
        size_bytes: int4 = i32,
        /// A word of [`ParseStatus`].
        parse_status: text = &'static str,
        /// Bit mask of what was found odd.
        warnings: int4 = i32,
        /// The run that stores it.
        first_run_id: int4 = i32,
        /// MD5 of the content, where it was asked for.
        md5: bytea or_null = Option<[u8; 16]>,
    }
}
