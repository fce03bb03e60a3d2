//! The few kinds of event that the analyses tell apart, and who receives them.
//!
//! The readers make these from bytes, the analyses consume them; neither knows the other. Nothing is kept here.

use super::warnings::Warnings;

/// The last tick that is told apart, 2^40 - 1: 36 years at 480 ticks per quarter note and 120 beats per minute.
pub(in crate::midi) const LAST_TICK: u64 = (1 << 40) - 1;

/// An event of a track, without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) enum Event<'a> {
    /// A note begins. Channel 0-15, key 0-127, velocity 1-127.
    NoteOn { channel: u8, key: u8, velocity: u8 },
    /// A note ends.
    NoteOff { channel: u8, key: u8 },
    /// A channel is given another program, 0-127.
    Program { channel: u8, program: u8 },
    /// A controller is moved.
    Controller { controller: u8, value: u8 },
    /// A channel's pitch is bent.
    PitchBend,
    /// Microseconds per quarter note, 1 to 2^24 - 1.
    Tempo(u32),
    /// A meter: numerator from 1, and the denominator as a power of two, 0-7.
    Meter { numerator: u8, power: u8 },
    /// Sharps (negative: flats), -7 to 7, and whether the key is minor.
    Key { sharps: i8, minor: bool },
    /// A text event: its meta type (1-15) and its bytes.
    Text { kind: u8, bytes: &'a [u8] },
    /// A system exclusive message: its bytes behind the length, 0xF0 not among them.
    SystemExclusive(&'a [u8]),
    /// A meta event whose content makes no sense.
    Invalid(InvalidMeta),
    /// The end of the track.
    EndOfTrack,
    /// Anything else.
    Other,
}

/// Which meta event makes no sense; counted where its kind is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) enum InvalidMeta {
    /// A key signature.
    Key,
    /// Another one.
    Other,
}

impl<'a> Event<'a> {
    /// The meta event of this type with this content.
    pub(in crate::midi) fn from_meta(kind: u8, data: &'a [u8]) -> Self {
        match (kind, data) {
            (0x01..=0x0F, bytes) => Self::Text { kind, bytes },
            (0x2F, _) => Self::EndOfTrack,
            (0x51, [a, b, c, ..]) => Self::from_tempo(u32::from_be_bytes([0, *a, *b, *c])),
            (0x58, [numerator, power, ..]) => Self::from_meter(*numerator, *power),
            (0x59, [sharps, mode, ..]) => Self::from_key(*sharps, *mode),
            (0x59, _) => Self::Invalid(InvalidMeta::Key),
            (0x51 | 0x58, _) => Self::Invalid(InvalidMeta::Other),
            _ => Self::Other,
        }
    }

    /// The note-on of the wire, which is a note-off at velocity 0.
    #[inline]
    pub(in crate::midi) const fn from_note_on(channel: u8, key: u8, velocity: u8) -> Self {
        if velocity == 0 { Self::NoteOff { channel, key } } else { Self::NoteOn { channel, key, velocity } }
    }

    /// A tempo; 0 would stop time and is invalid.
    pub(in crate::midi) const fn from_tempo(microseconds: u32) -> Self {
        if microseconds == 0 { Self::Invalid(InvalidMeta::Other) } else { Self::Tempo(microseconds) }
    }

    /// A meter, unless it has no beats or counts notes shorter than a 128th.
    pub(in crate::midi) const fn from_meter(numerator: u8, power: u8) -> Self {
        if numerator == 0 || power > 7 {
            Self::Invalid(InvalidMeta::Other)
        } else {
            Self::Meter { numerator, power }
        }
    }

    /// A key signature in the two bytes of the file, unless there is no such key.
    pub(in crate::midi) const fn from_key(sharps: u8, mode: u8) -> Self {
        let sharps = sharps.cast_signed();
        if mode > 1 || sharps < -7 || sharps > 7 {
            Self::Invalid(InvalidMeta::Key)
        } else {
            Self::Key { sharps, minor: mode == 1 }
        }
    }
}

/// Receives the events of a file, track after track, each track's in order of time.
pub(in crate::midi) trait Listener {
    /// A track begins.
    fn begin_track(&mut self);
    /// An event, at a tick counted from the beginning of its track, at most [`LAST_TICK`].
    fn event(&mut self, tick: u64, event: Event<'_>);
    /// The track ends, at the tick of its last event.
    fn end_track(&mut self, tick: u64);
}

/// Nobody listens: to try whether a track can be read.
impl Listener for () {
    fn begin_track(&mut self) {}
    fn event(&mut self, _: u64, _: Event<'_>) {}
    fn end_track(&mut self, _: u64) {}
}

/// `tick + delta`, held at [`LAST_TICK`] with a warning.
#[inline]
pub(in crate::midi) fn advance(tick: u64, delta: u64, warnings: &mut Warnings) -> u64 {
    let next = tick.saturating_add(delta);
    if next > LAST_TICK {
        *warnings |= Warnings::TIME_CAPPED;
        return LAST_TICK;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meta_events_keep_their_meaning_or_are_invalid() {
        for (kind, data, event) in [
            (0x03, b"Piano".as_slice(), Event::Text { kind: 3, bytes: b"Piano" }),
            (0x51, &[0x07, 0xA1, 0x20], Event::Tempo(500_000)),
            (0x51, &[0, 0, 0], Event::Invalid(InvalidMeta::Other)),
            (0x51, &[7, 0xA1], Event::Invalid(InvalidMeta::Other)),
            (0x58, &[6, 3, 24, 8], Event::Meter { numerator: 6, power: 3 }),
            (0x58, &[6, 3], Event::Meter { numerator: 6, power: 3 }),
            (0x58, &[0, 2, 24, 8], Event::Invalid(InvalidMeta::Other)),
            (0x58, &[4, 200, 24, 8], Event::Invalid(InvalidMeta::Other)),
            (0x59, &[0xFD, 1], Event::Key { sharps: -3, minor: true }),
            (0x59, &[0, 255], Event::Invalid(InvalidMeta::Key)),
            (0x59, &[8, 0], Event::Invalid(InvalidMeta::Key)),
            (0x59, &[0x80, 0], Event::Invalid(InvalidMeta::Key)),
            (0x59, &[1], Event::Invalid(InvalidMeta::Key)),
            (0x2F, &[], Event::EndOfTrack),
            (0x7F, &[0x43], Event::Other),
        ] {
            assert_eq!(Event::from_meta(kind, data), event, "FF {kind:02x} {data:02x?}");
        }
    }

    #[test]
    fn time_stops_at_the_last_tick() {
        let mut warnings = Warnings::NONE;
        assert_eq!(advance(5, 7, &mut warnings), 12);
        assert_eq!(warnings, Warnings::NONE);
        assert_eq!(advance(LAST_TICK, 1, &mut warnings), LAST_TICK);
        assert_eq!(advance(5, u64::MAX, &mut warnings), LAST_TICK);
        assert_eq!(warnings, Warnings::TIME_CAPPED);
    }
}
