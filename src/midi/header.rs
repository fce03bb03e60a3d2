//! Finds and reads the header of a Standard MIDI File: format, track count, division.
//!
//! Reads no tracks. Oddities are mended by the rules of `docs/decisions/0003-lenient-midi-reader.md`, each with its
//! warning.

use super::warnings::Warnings;

/// How far into a content the header is looked for.
const SEARCH_LENGTH: usize = 64 * 1024;

/// Ticks per quarter note where the header does not give any that can be used.
const DEFAULT_DIVISION: u16 = 480;

/// How a file counts time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) enum Division {
    /// Ticks per quarter note, 1 to 32,767.
    Metrical(u16),
    /// SMPTE time: frames per second (29 stands for 30 drop-frame, that is 29.97) and ticks per frame, both at least 1.
    Timecode { frames: u8, ticks: u8 },
}

/// What the header says, and where the chunks behind it begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) struct Header {
    /// 0, 1 or 2.
    pub(in crate::midi) format: u8,
    /// The number of tracks it promises.
    pub(in crate::midi) tracks: u16,
    /// How time is counted.
    pub(in crate::midi) division: Division,
    /// Offset of the first byte behind the header.
    pub(in crate::midi) end: usize,
    /// What was odd about it.
    pub(in crate::midi) warnings: Warnings,
}

/// The Standard MIDI File inside `content`, out of its `RIFF` container where it has one, and whether it had.
pub(in crate::midi) fn unwrap_riff(content: &[u8]) -> (&[u8], Warnings) {
    let Some((b"RIFF", rest)) = content.split_first_chunk::<4>() else { return (content, Warnings::NONE) };
    let Some((b"RMID", mut chunks)) = rest.get(4..).and_then(<[u8]>::split_first_chunk::<4>) else {
        return (content, Warnings::NONE);
    };
    while let Some((id, rest)) = chunks.split_first_chunk::<4>()
        && let Some((length, rest)) = rest.split_first_chunk::<4>()
    {
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if id == b"data" {
            // A writer that was stopped never came to set the length.
            let length = if length == 0 { usize::MAX } else { length };
            return (rest.get(..length).unwrap_or(rest), Warnings::RIFF_WRAPPED);
        }
        // Chunks are padded to an even length.
        chunks = rest.get(length.saturating_add(length & 1)..).unwrap_or_default();
    }
    (content, Warnings::NONE)
}

/// Whether `start` begins like a Standard MIDI File: with `MThd`, or as a `RIFF` container of type `RMID`.
pub(in crate::midi) fn starts_like_midi(start: &[u8]) -> bool {
    let is_riff = start.starts_with(b"RIFF") && start.get(8..).is_some_and(|kind| kind.starts_with(b"RMID"));
    start.starts_with(b"MThd") || is_riff
}

/// Where the bytes `id` first stand in `within`.
pub(in crate::midi) fn find(within: &[u8], id: [u8; 4]) -> Option<usize> {
    let [first, ..] = id;
    let mut from = 0;
    loop {
        let rest = within.get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if within.get(at..)?.starts_with(&id) {
            return Some(at);
        }
        from = at + 1;
    }
}

impl Header {
    /// Finds and reads the header; none where `content` holds nothing like a header or a track.
    pub(in crate::midi) fn find(content: &[u8]) -> Option<Self> {
        let searched = content.get(..SEARCH_LENGTH).unwrap_or(content);
        let mut from = 0;
        while let Some(at) = searched.get(from..).and_then(|rest| find(rest, *b"MThd")) {
            let at = from + at;
            if let Some(mut header) = Self::read(content, at) {
                if at > 0 {
                    header.warnings |= Warnings::JUNK_BEFORE_HEADER;
                }
                return Some(header);
            }
            from = at + 4;
        }
        find(searched, *b"MTrk").map(|track| Self::without_name(content, track))
    }

    /// Reads the header whose `MThd` stands at `at`; none where it is too short.
    fn read(content: &[u8], at: usize) -> Option<Self> {
        let (length, body) = content.get(at + 4..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let [f1, f0, t1, t0, d1, d0] = *body.first_chunk::<6>()?;
        let mut warnings = Warnings::NONE;
        let end = at + 8;
        let end = if length == 6 {
            end + 6
        } else {
            warnings |= Warnings::HEADER_LENGTH;
            // A longer header is allowed by the format; a length that leads nowhere, or past a track, is not followed.
            let declared = end.saturating_add(length.max(6));
            let is_past_track = content.get(end + 6..).is_some_and(|rest| rest.starts_with(b"MTrk"));
            if declared < content.len() && !is_past_track { declared } else { end + 6 }
        };
        let format = match u16::from_be_bytes([f1, f0]) {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => {
                warnings |= Warnings::FORMAT_UNKNOWN;
                1
            }
        };
        let division = Division::read(d1, d0, &mut warnings);
        Some(Self { format, tracks: u16::from_be_bytes([t1, t0]), division, end, warnings })
    }

    /// The header of a file whose first track stands at `track` and in front of which no `MThd` can be read.
    ///
    /// Where the 14 bytes before the track are a header but for its name, they are believed.
    fn without_name(content: &[u8], track: usize) -> Self {
        let named = track
            .checked_sub(14)
            .filter(|at| content.get(at + 4..).is_some_and(|rest| rest.starts_with(&[0, 0, 0, 6])));
        if let Some(mut header) = named.and_then(|at| Self::read(content, at)) {
            header.warnings |= Warnings::JUNK_BEFORE_HEADER;
            return header;
        }
        let division = Division::Metrical(DEFAULT_DIVISION);
        Self { format: 1, tracks: 0, division, end: track, warnings: Warnings::HEADER_MISSING }
    }
}

impl Division {
    fn read(high: u8, low: u8, warnings: &mut Warnings) -> Self {
        if high < 0x80 {
            let ticks = u16::from_be_bytes([high, low]);
            if ticks > 0 {
                return Self::Metrical(ticks);
            }
        } else {
            let frames = high.cast_signed().unsigned_abs();
            if !matches!(frames, 24 | 25 | 29 | 30) {
                *warnings |= Warnings::DIVISION_INVALID;
            }
            if low > 0 {
                return Self::Timecode { frames, ticks: low };
            }
        }
        *warnings |= Warnings::DIVISION_INVALID;
        Self::Metrical(DEFAULT_DIVISION)
    }

    /// Ticks per quarter note; none for SMPTE time.
    pub(in crate::midi) const fn metrical(self) -> Option<u16> {
        match self {
            Self::Metrical(ticks) => Some(ticks),
            Self::Timecode { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(format: u16, tracks: u16, division: u16) -> Vec<u8> {
        let mut bytes = b"MThd\0\0\0\x06".to_vec();
        for word in [format, tracks, division] {
            bytes.extend(word.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn headers_are_read_and_mended() {
        let none = Warnings::NONE;
        for (format, division, expected, warnings) in [
            (1, 480, (1, Division::Metrical(480)), none),
            (2, 1, (2, Division::Metrical(1)), none),
            (7, 96, (1, Division::Metrical(96)), Warnings::FORMAT_UNKNOWN),
            (0, 0, (0, Division::Metrical(480)), Warnings::DIVISION_INVALID),
            (1, 0xE728, (1, Division::Timecode { frames: 25, ticks: 40 }), none),
            (1, 0xF060, (1, Division::Timecode { frames: 16, ticks: 96 }), Warnings::DIVISION_INVALID),
            (1, 0xE700, (1, Division::Metrical(480)), Warnings::DIVISION_INVALID),
            (1, 0x8001, (1, Division::Timecode { frames: 128, ticks: 1 }), Warnings::DIVISION_INVALID),
        ] {
            let found = Header::find(&header(format, 3, division)).unwrap();
            assert_eq!((found.format, found.division), expected, "{format} {division:x}");
            assert_eq!((found.tracks, found.end, found.warnings), (3, 14, warnings), "{format} {division:x}");
        }
    }

    #[test]
    fn a_header_of_another_length_is_followed_where_that_leads_somewhere() {
        for (length, behind, end) in
            [(8, b"..MTrk".as_slice(), 16), (2, b"MTrk", 14), (10, b"MTrk....MTrk", 14), (0xFF, b"MTrk", 14)]
        {
            let mut bytes = header(1, 1, 96);
            bytes[7] = length;
            bytes.extend(behind);
            let found = Header::find(&bytes).unwrap();
            assert_eq!((found.end, found.warnings), (end, Warnings::HEADER_LENGTH), "{length}");
        }
    }

    #[test]
    fn headers_are_found_behind_junk_and_without_their_name() {
        let mut macbinary = vec![0; 128];
        macbinary.extend(header(1, 2, 96));
        let found = Header::find(&macbinary).unwrap();
        assert_eq!((found.end, found.warnings), (142, Warnings::JUNK_BEFORE_HEADER));

        let mut renamed = header(0, 1, 96);
        renamed[2] = b'0';
        renamed.extend(b"MTrk");
        let found = Header::find(&renamed).unwrap();
        assert_eq!((found.format, found.division, found.end), (0, Division::Metrical(96), 14));

        let found = Header::find(b"??MTrk").unwrap();
        assert_eq!((found.end, found.warnings), (2, Warnings::HEADER_MISSING));
        assert_eq!(Header::find(b"<html>"), None);
        assert_eq!(Header::find(b"MThd\0\0\0\x06\0"), None);
    }

    #[test]
    fn a_riff_container_is_opened() {
        let midi = header(0, 1, 96);
        let mut riff = b"RIFF\0\0\0\0RMIDDISP\x03\0\0\0abc\0data".to_vec();
        riff.extend(14_u32.to_le_bytes());
        riff.extend(&midi);
        riff.extend(b"junk");
        assert!(starts_like_midi(&riff));
        assert_eq!(unwrap_riff(&riff), (midi.as_slice(), Warnings::RIFF_WRAPPED));
        assert_eq!(unwrap_riff(&midi), (midi.as_slice(), Warnings::NONE));
        assert_eq!(unwrap_riff(b"RIFF\0\0\0\0WAVEfmt ").1, Warnings::NONE);
    }
}
