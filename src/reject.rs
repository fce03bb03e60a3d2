//! Why an entry, an archive or a source was refused: stable codes that users search and scripts compare.
//!
//! Only names the reasons. Who refuses and where it is recorded is decided elsewhere. A code is never renamed and
//! never reused; `docs/rejects.md` explains each, and a test compares the two lists.

use std::fmt;

/// The stage of the pipeline that refused something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Opening a source or an archive.
    Open,
    /// Reading an entry's bytes out of its container.
    Read,
    /// Reading the Standard MIDI File.
    Midi,
    /// Storing its rows.
    Database,
}

impl Stage {
    /// The word stored in `rejects.stage`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Midi => "midi",
            Self::Database => "database",
        }
    }
}

/// Declares [`Reason`] with, for each variant, its code and its stage.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal at $stage:ident,)+) => {
        /// A stable reason code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Reason { $($(#[doc = $doc])+ $variant,)+ }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The code stored in `rejects.reason`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The stage that gives this reason.
            #[must_use]
            pub const fn stage(self) -> Stage {
                match self { $(Self::$variant => Stage::$stage,)+ }
            }
        }
    };
}

reasons! {
    /// The path does not exist any more, or is neither a file nor a directory.
    SourceMissing = "source_missing" at Open,
    /// The operating system does not allow reading it.
    PermissionDenied = "permission_denied" at Open,
    /// The operating system reported an error while it was read.
    IoError = "io_error" at Read,
    /// The file changed or shrank while it was read.
    SourceChanged = "source_changed" at Read,
    /// An archive of a format this version does not read.
    UnsupportedFormat = "unsupported_format" at Open,
    /// An entry stored in a way this version does not read.
    UnsupportedMethod = "unsupported_method" at Read,
    /// An encrypted entry or archive.
    Encrypted = "encrypted" at Read,
    /// A zip whose directory cannot be read.
    ZipDamaged = "zip_damaged" at Open,
    /// A zip entry whose data overlaps another entry's.
    ZipOverlap = "zip_overlap" at Read,
    /// A zip entry whose checksum does not match.
    ZipBadCrc = "zip_bad_crc" at Read,
    /// A zip entry whose size is not the declared one.
    ZipBadSize = "zip_bad_size" at Read,
    /// An archive that ends in the middle; what came before was kept.
    ArchiveTruncated = "archive_truncated" at Read,
    /// Compressed data or headers that cannot be decoded; what came before was kept.
    ArchiveDamaged = "archive_damaged" at Read,
    /// An entry larger than `--max-entry-size`.
    LimitEntrySize = "limit_entry_size" at Read,
    /// A nested archive larger than `--max-nested-size`, alone or with those around it.
    LimitNestedSize = "limit_nested_size" at Read,
    /// An archive nested deeper than `--max-depth`.
    LimitDepth = "limit_depth" at Read,
    /// More entries in one source than `--max-entries`.
    LimitEntries = "limit_entries" at Read,
    /// More decompressed bytes from one source than `--max-output` allows.
    LimitOutput = "limit_output" at Read,
    /// An entry that grows more than `--max-ratio` times when decompressed.
    LimitRatio = "limit_ratio" at Read,
    /// A name or an extension header longer than the limit.
    LimitName = "limit_name" at Read,
    /// A decoder that would need more than `--decoder-memory`.
    LimitDecoderMemory = "limit_decoder_memory" at Read,
    /// Nothing of it arrived for longer than `--stall-timeout`.
    LimitStall = "limit_stall" at Read,
    /// Reading it panicked: a defect of this program, which went on with the rest.
    ReaderPanicked = "reader_panicked" at Read,
    /// Named like a MIDI file and empty.
    MidiEmpty = "midi_empty" at Midi,
    /// Named like a MIDI file, and its content is something else.
    NotMidiContent = "not_midi_content" at Midi,
    /// It starts like a MIDI file and cannot be read as one.
    MidiUnreadable = "midi_unreadable" at Midi,
    /// A readable header and no track behind it.
    MidiNoTracks = "midi_no_tracks" at Midi,
    /// Analysing it panicked: a defect of this program, which went on with the rest.
    AnalysisPanicked = "analysis_panicked" at Midi,
    /// Another content has the same 63-bit id.
    IdCollision = "id_collision" at Database,
    /// PostgreSQL refused its row.
    DatabaseRefused = "database_refused" at Database,
}

impl Reason {
    /// Whether it is a limit of the source as a whole, which nothing more of it can keep.
    #[must_use]
    pub const fn concerns_source(self) -> bool {
        matches!(self, Self::LimitEntries | Self::LimitOutput)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A refusal: why, and the sentence a person reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub reason: Reason,
    /// What was expected and what was found, in a sentence without a final stop.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its explanation.
    #[must_use]
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.detail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_documented() {
        let documented = include_str!("../docs/rejects.md");
        let mut codes: Vec<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        for code in &codes {
            assert!(documented.contains(&format!("`{code}`")), "docs/rejects.md does not explain `{code}`");
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Reason::ALL.len());
    }
}
