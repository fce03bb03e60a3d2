//! What is wrong with some files of every collection, done to clean ones on purpose: one named kind each, so that tests can
//! count by kind. Damages bytes; decides neither how many nor which.

use serde::Serialize;

use super::random::Random;
use super::smf;

/// What was done to a file. In counts and reports a kind goes by its name in `snake_case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// Cut off in the middle of a track.
    TruncatedTrack,
    /// The last track has no End of Track event.
    NoEndOfTrack,
    /// The velocity of one note has its high bit set.
    HighDataByte,
    /// A meta event stands before an event that leaves its status out, which by the letter of the specification it may
    /// not (RP-001), and in the wild does.
    RunningStatusAfterMeta,
    /// The last track's declared length reaches past the end of the file.
    TrackPastEnd,
    /// Up to a few hundred bytes of something else stand before `MThd`.
    JunkBefore,
    /// The header declares another number of tracks than there are.
    WrongTrackCount,
    /// The header's division is 0 ticks a quarter note.
    ZeroDivision,
    /// Named like a MIDI file, and zero bytes long.
    Empty,
    /// Named like a MIDI file, and a JPEG image.
    Jpeg,
    /// The resource fork of a Macintosh, named `._x.mid`.
    AppleDouble,
    /// Wrapped in a `RIFF` `RMID` chunk. No damage but a variant, counted here because readers trip over it.
    RiffWrapped,
    /// Something else stands after the last track.
    TrailingJunk,
}

/// What a reader should make of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// It holds a Standard MIDI File, whole or in part.
    Midi,
    /// Its name says MIDI and its content is something else.
    NotMidi,
    /// Neither by name nor by content a MIDI file.
    Clutter,
}

impl Damage {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::TruncatedTrack,
        Self::NoEndOfTrack,
        Self::HighDataByte,
        Self::RunningStatusAfterMeta,
        Self::TrackPastEnd,
        Self::JunkBefore,
        Self::WrongTrackCount,
        Self::ZeroDivision,
        Self::Empty,
        Self::Jpeg,
        Self::AppleDouble,
        Self::RiffWrapped,
        Self::TrailingJunk,
    ];

    /// What a reader should make of a file damaged in this way.
    #[must_use]
    pub const fn expectation(self) -> Expectation {
        match self {
            Self::Empty | Self::Jpeg => Expectation::NotMidi,
            Self::AppleDouble => Expectation::Clutter,
            _ => Expectation::Midi,
        }
    }

    /// The damaged form of a clean file. `key` makes what is random about it; with another key or another file the result
    /// is another one too (but for [`Damage::Empty`]).
    #[must_use]
    pub fn apply(self, mut clean: Vec<u8>, key: u64) -> Vec<u8> {
        let mut random = Random::new(&[key, 4, self as u64]);
        match self {
            Self::TruncatedTrack => {
                // Behind the header and the event that makes files distinct, before the last bytes of the file.
                let last = clean.len().saturating_sub(8);
                let first = last.min(44);
                let span = ((last - first) as u64).max(1);
                let keep = first + usize::try_from(random.below(span)).unwrap_or(0);
                clean.truncate(keep);
            }
            Self::NoEndOfTrack => {
                if let Some(body) = smf::track_bodies(&clean).pop() {
                    let end = body.end;
                    smf::splice(&mut clean, body, end.saturating_sub(4)..end, &[]);
                }
            }
            Self::HighDataByte => raise_a_velocity(&mut clean, &mut random),
            Self::RunningStatusAfterMeta => interrupt_running_status(&mut clean, &mut random),
            Self::TrackPastEnd => {
                if let Some(body) = smf::track_bodies(&clean).pop() {
                    let longer = u32::try_from(body.len()).unwrap_or(0) + 1 + small(&mut random, 5_000);
                    overwrite(&mut clean, body.start.saturating_sub(4), &longer.to_be_bytes());
                }
            }
            Self::JunkBefore => {
                let mut junk = b"HTTP/1.0 200 OK\r\nContent-Type: audio/midi\r\n\r\n".to_vec();
                junk.extend(std::iter::repeat_n(0, usize::try_from(random.below(200)).unwrap_or(0)));
                junk.append(&mut clean);
                clean = junk;
            }
            Self::WrongTrackCount => {
                let count = u16::try_from(smf::track_bodies(&clean).len()).unwrap_or(u16::MAX);
                let wrong = match random.below(3) {
                    0 => 0,
                    1 => count + 1,
                    _ => count + 7,
                };
                overwrite(&mut clean, 10, &wrong.to_be_bytes());
            }
            Self::ZeroDivision => overwrite(&mut clean, 12, &[0, 0]),
            Self::Empty => clean.clear(),
            Self::Jpeg => clean = jpeg(&mut random, clean.len()),
            Self::AppleDouble => clean = apple_double(&mut random),
            Self::RiffWrapped => clean = riff(&clean),
            Self::TrailingJunk => {
                let tail: &[u8] = random.pick(&[
                    b"\r\n",
                    b"\x1a\0\0\0\0\0",
                    b"<!-- free midi files -->\n",
                    b"XTRA\0\0\0\x04abcd",
                ]);
                clean.extend_from_slice(tail);
            }
        }
        clean
    }
}

fn small(random: &mut Random, bound: u64) -> u32 {
    u32::try_from(random.below(bound)).unwrap_or(0)
}

fn overwrite(bytes: &mut [u8], at: usize, by: &[u8]) {
    if let Some(field) = bytes.get_mut(at..at + by.len()) {
        field.copy_from_slice(by);
    }
}

/// Sets the high bit of the velocity of one note; a track without notes is left to the next.
fn raise_a_velocity(bytes: &mut [u8], random: &mut Random) {
    let notes: Vec<usize> = smf::track_bodies(bytes)
        .into_iter()
        .flat_map(|body| smf::spans(bytes, body))
        .filter(|span| span.status.is_some_and(|status| status & 0xe0 == 0x80))
        .map(|span| span.range.end - 1)
        .collect();
    if let Some(velocity) = bytes.get_mut(random.pick(&notes)) {
        *velocity |= 0x80;
    }
}

/// Puts a text event before a channel event that shares the status of the one before it, and leaves the status out.
fn interrupt_running_status(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut places = Vec::new();
    for body in smf::track_bodies(bytes) {
        let spans = smf::spans(bytes, body.clone());
        for (before, after) in spans.iter().zip(spans.iter().skip(1)) {
            if after.status.is_some() && before.status == after.status {
                places.push((body.clone(), after.clone()));
            }
        }
    }
    let chosen = usize::try_from(random.below(places.len() as u64)).unwrap_or(0);
    let Some((body, span)) = places.into_iter().nth(chosen) else {
        // A file so short that no status repeats: three events that do it are added at its end.
        if let Some(body) = smf::track_bodies(bytes).pop() {
            let end = body.end.saturating_sub(4);
            let events = [0, 0x90, 60, 64, 0, 0xff, 0x06, 2, b'o', b'k', 24, 60, 0];
            smf::splice(bytes, body, end..end, &events);
        }
        return;
    };
    let mut by = vec![0, 0xff, 0x06, 2, b'o', b'k'];
    by.extend_from_slice(bytes.get(span.range.start..span.event).unwrap_or_default());
    let data = span.event + usize::from(!span.is_running);
    smf::splice(bytes, body, span.range.start..data, &by);
}

/// The start and the end of a JPEG image with noise between; also what a folder's `cover.jpg` holds.
pub(super) fn jpeg(random: &mut Random, size: usize) -> Vec<u8> {
    let mut bytes =
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00\xff\xdb\x00\x43\x00".to_vec();
    bytes.extend(random.bytes(size.clamp(64, 20_000)));
    bytes.extend_from_slice(b"\xff\xd9");
    bytes
}

/// An `AppleDouble` header (RFC 1740) with Finder information and a few random bytes of resource fork.
pub(super) fn apple_double(random: &mut Random) -> Vec<u8> {
    let mut bytes = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x02".to_vec();
    bytes.extend_from_slice(&[0, 0, 0, 9, 0, 0, 0, 50, 0, 0, 0, 32, 0, 0, 0, 2, 0, 0, 0, 82, 0, 0, 0, 64]);
    bytes.extend_from_slice(b"MidiTVOD");
    bytes.extend_from_slice(&[0; 24]);
    bytes.extend(random.bytes(64));
    bytes
}

/// The file in a `RIFF` chunk of type `RMID`, padded to an even length.
fn riff(smf: &[u8]) -> Vec<u8> {
    let length = u32::try_from(smf.len()).unwrap_or(u32::MAX);
    let padding = smf.len() % 2;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend_from_slice(&length.saturating_add(12 + u32::from(padding == 1)).to_le_bytes());
    bytes.extend_from_slice(b"RMIDdata");
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(smf);
    bytes.extend(std::iter::repeat_n(0, padding));
    bytes
}
