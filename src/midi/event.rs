//! The few kinds of event that the analyses tell apart, and who receives them.
//!
//! The readers make these from bytes, the analyses consume them; neither knows the other. Nothing is kept here.

use super::warnings::Warnings;

/// The last tick that is told apart, 2^40 - 1: 36 years at 480 ticks per quarter note and 120 beats per minute.
pub(in crate::midi) const LAST_TICK: u64 = (1 << 40) - 1;

/// An event of a track, without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) enum Event<'a> {
    /// A note begins, or at velocity 0 ends. Channel 0-15, key and velocity 0-127.
    Note { channel: u8, key: u8, velocity: u8 },
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

/// The beginning of a note, or at velocity 0 its end, in one word: the tick in the upper 40 bits, then channel, key and
/// velocity in 4, 7 and 8. Which of the two it is cannot be foreseen, and a processor that guesses wrong loses more time than
/// all else about it takes: so whoever can does the same for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::midi) struct Edge(u64);

impl Edge {
    /// Channel 0-15, key and velocity 0-127, tick at most [`LAST_TICK`].
    #[inline]
    pub(in crate::midi) fn new(tick: u64, channel: u8, key: u8, velocity: u8) -> Self {
        let place = u64::from(channel & 0x0F) << 7 | u64::from(key & 0x7F);
        Self(tick << 24 | place << 8 | u64::from(velocity & 0x7F))
    }

    /// When it is.
    #[inline]
    pub(in crate::midi) const fn tick(self) -> u64 {
        self.0 >> 24
    }

    /// 0-15.
    #[inline]
    pub(in crate::midi) const fn channel(self) -> u8 {
        let [channel, ..] = (self.0 >> 15).to_le_bytes();
        channel & 0x0F
    }

    /// 0-127.
    #[inline]
    pub(in crate::midi) const fn key(self) -> u8 {
        let [_, key, ..] = self.0.to_le_bytes();
        key & 0x7F
    }

    /// 1-127, and 0 where the note ends.
    #[inline]
    pub(in crate::midi) const fn velocity(self) -> u8 {
        let [velocity, ..] = self.0.to_le_bytes();
        velocity
    }

    /// Whether the note begins.
    #[inline]
    pub(in crate::midi) const fn is_beginning(self) -> bool {
        self.velocity() > 0
    }

    /// Channel and key, below 2^11.
    #[inline]
    pub(in crate::midi) const fn place(self) -> usize {
        // `as` loses nothing of eleven bits; `from` is not const.
        (self.0 >> 8 & 0x7FF) as usize
    }
}

/// What the status byte of a note says about its edge.
#[derive(Clone, Copy, Debug)]
pub(in crate::midi) struct NoteStatus {
    channel: u64,
    /// The bits of key and velocity that count: of a note-off no velocity.
    kept: u16,
}

impl NoteStatus {
    /// A status from 0x80 to 0x9F.
    #[inline]
    pub(in crate::midi) const fn new(status: u8) -> Self {
        let velocity = if status & 0x10 == 0 { 0 } else { 0x7F };
        Self { channel: ((status & 0x0F) as u64) << 15, kept: 0x7F00 | velocity }
    }

    /// The edge at `tick` with these data bytes, as they stand in the file.
    #[inline]
    pub(in crate::midi) fn edge(self, tick: u64, data: [u8; 2]) -> Edge {
        Edge(tick << 24 | self.channel | u64::from(u16::from_be_bytes(data) & self.kept))
    }
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
    /// A track begins; returns the tick at which it does.
    fn begin_track(&mut self) -> u64;
    /// An event at a tick, at most [`LAST_TICK`].
    fn event(&mut self, tick: u64, event: Event<'_>);
    /// A note begins or ends: the same as its event, in short.
    fn note(&mut self, edge: Edge);
    /// The track ends, at the tick of its last event.
    fn end_track(&mut self, tick: u64);
}

/// Nobody listens: to try whether a track can be read.
impl Listener for () {
    fn begin_track(&mut self) -> u64 {
        0
    }
    fn event(&mut self, _: u64, _: Event<'_>) {}
    fn note(&mut self, _: Edge) {}
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
    fn an_edge_holds_all_of_a_note() {
        for (tick, channel, key, velocity) in
            [(0, 0, 0, 0), (LAST_TICK, 15, 127, 127), (480, 9, 36, 1), (7, 3, 60, 0)]
        {
            let edge = Edge::new(tick, channel, key, velocity);
            assert_eq!(
                (edge.tick(), edge.channel(), edge.key(), edge.velocity()),
                (tick, channel, key, velocity)
            );
            assert_eq!(edge.place(), usize::from(channel) * 128 + usize::from(key));
            assert_eq!(edge.is_beginning(), velocity > 0);
            assert_eq!(NoteStatus::new(0x90 | channel).edge(tick, [key, velocity]), edge);
            assert_eq!(
                NoteStatus::new(0x80 | channel).edge(tick, [key, velocity]),
                Edge::new(tick, channel, key, 0)
            );
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
