//! What a reader or an analysis found odd in a file, one bit each.
//!
//! Names and groups the bits; who sets them is decided where the oddity is met. A bit is never given a new meaning:
//! it is stored in `files.warnings`.

use std::ops::{BitOr, BitOrAssign};

use crate::record::ParseStatus;

/// A bit mask of oddities, as `files.warnings` holds it; 0 is a file without any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Warnings(pub i32);

/// Declares the bits, with the word each is shown by.
macro_rules! warnings {
    ($($(#[doc = $doc:literal])+ $name:ident = $bit:literal, $word:literal;)+) => {
        impl Warnings {
            $($(#[doc = $doc])+ pub const $name: Self = Self(1 << $bit);)+

            /// Every bit with the word it is shown by, lowest first.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $word),)+];
        }
    };
}

warnings! {
    /// The file is wrapped in a `RIFF` container of type `RMID`. Not a fault.
    RIFF_WRAPPED = 0, "riff_wrapped";
    /// Chunks of a type the format does not know were skipped, as it asks for. Not a fault.
    ALIEN_CHUNK = 1, "alien_chunk";
    /// Some text was left out because there is more than a row keeps. Not a fault.
    TEXT_CUT = 2, "text_cut";
    /// A count or a note's length is larger than its column; the largest value that fits is stored.
    VALUE_CAPPED = 3, "value_capped";
    /// Bytes in front of the header were skipped.
    JUNK_BEFORE_HEADER = 4, "junk_before_header";
    /// The header's length is not 6.
    HEADER_LENGTH = 5, "header_length";
    /// There is no usable header: format 1 and 480 ticks per quarter note were taken for granted.
    HEADER_MISSING = 6, "header_missing";
    /// The format word is above 2; read as format 1.
    FORMAT_UNKNOWN = 7, "format_unknown";
    /// The division is 0 or no SMPTE rate; read as 480 ticks per quarter note, or as the rate it says.
    DIVISION_INVALID = 8, "division_invalid";
    /// The header declares another number of tracks than there are.
    TRACK_COUNT = 9, "track_count";
    /// Bytes between or behind the chunks belong to none of them.
    JUNK_BETWEEN_CHUNKS = 10, "junk_between_chunks";
    /// A track's declared length is wrong (a track goes on behind it, or another begins inside); its events decided.
    TRACK_LENGTH = 11, "track_length";
    /// A track does not end with an end-of-track event.
    NO_END_OF_TRACK = 12, "no_end_of_track";
    /// A track has further bytes behind its end-of-track event.
    AFTER_END_OF_TRACK = 13, "after_end_of_track";
    /// A running status was used after a meta or system event had cancelled it.
    RUNNING_STATUS = 14, "running_status";
    /// System common or realtime messages, which have no place in a file, were skipped.
    SYSTEM_MESSAGE = 15, "system_message";
    /// Data bytes above 127 were read as 127.
    DATA_BYTE = 16, "data_byte";
    /// A meta or system exclusive event is longer than what is left of its track; cut there.
    EVENT_LENGTH = 17, "event_length";
    /// A meta event that makes no sense (tempo 0, a key or meter that does not exist) was ignored.
    META_INVALID = 18, "meta_invalid";
    /// A number is spelled in more than four bytes.
    LONG_NUMBER = 19, "long_number";
    /// A pause makes no sense: beyond 2^40 ticks, or endless in a damaged track. Time stops there, or skips it.
    TIME_CAPPED = 20, "time_capped";
    /// The file ends inside a track.
    FILE_TRUNCATED = 21, "file_truncated";
    /// Bytes of a track, or a whole track, could not be understood and were skipped.
    BYTES_LOST = 22, "bytes_lost";
    /// A track's chunk is not called `MTrk`; its content shows that it is one.
    TRACK_NAME = 23, "track_name";
}

impl Warnings {
    /// No warning at all.
    pub const NONE: Self = Self(0);

    /// The bits that leave a file as good as it was: nothing was mended, nothing is missing.
    const HARMLESS: Self =
        Self(Self::RIFF_WRAPPED.0 | Self::ALIEN_CHUNK.0 | Self::TEXT_CUT.0 | Self::VALUE_CAPPED.0);

    /// The bits that say that some of the music is missing.
    const LOSSES: Self =
        Self(Self::FILE_TRUNCATED.0 | Self::BYTES_LOST.0 | Self::HEADER_MISSING.0 | Self::EVENT_LENGTH.0);

    /// Whether any bit of `other` is set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What these warnings together say about the file.
    #[must_use]
    pub const fn status(self) -> ParseStatus {
        if self.has(Self::LOSSES) {
            ParseStatus::Partial
        } else if self.0 & !Self::HARMLESS.0 != 0 {
            ParseStatus::Repaired
        } else {
            ParseStatus::Clean
        }
    }

    /// The words of the bits that are set, lowest first.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().filter(move |(bit, _)| self.has(*bit)).map(|(_, word)| *word)
    }
}

impl BitOr for Warnings {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Warnings {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_documented() {
        let documented = include_str!("../../docs/schema.md");
        for (bit, word) in Warnings::ALL {
            assert!(documented.contains(&format!("| {} | `{word}` |", bit.0)), "docs/schema.md lacks {word}");
        }
    }

    #[test]
    fn bits_are_distinct_and_decide_the_status() {
        let mut seen = 0;
        for (bit, word) in Warnings::ALL {
            assert_eq!(seen & bit.0, 0, "{word} has a bit of its own");
            seen |= bit.0;
        }
        for (warnings, status) in [
            (Warnings::NONE, ParseStatus::Clean),
            (Warnings::RIFF_WRAPPED | Warnings::TEXT_CUT, ParseStatus::Clean),
            (Warnings::RIFF_WRAPPED | Warnings::DATA_BYTE, ParseStatus::Repaired),
            (Warnings::DATA_BYTE | Warnings::BYTES_LOST, ParseStatus::Partial),
        ] {
            assert_eq!(warnings.status(), status, "{:?}", warnings.words().collect::<Vec<_>>());
        }
    }
}
