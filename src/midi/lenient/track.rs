//! Reads the events of one track, whatever its bytes are.
//!
//! Ends at the end-of-track event, at the next track's header or where the bytes end, and says which it was. Where a track
//! begins and may end is decided by the caller.

use super::cursor::{Cursor, Running, Step, next_track};
use crate::midi::event::{Event, Listener, advance};
use crate::midi::warnings::Warnings;

/// How the reading of a track ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Offset behind the last byte that belongs to it.
    pub(super) end: usize,
    /// Whether an end-of-track event was met.
    pub(super) is_ended: bool,
    /// Whether another track's header was met.
    pub(super) is_cut: bool,
    /// What was mended or lost.
    pub(super) warnings: Warnings,
}

/// What an end-of-track event means when bytes follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The track ends there.
    First,
    /// It goes on; only an end-of-track event on the last byte ends it.
    Last,
}

/// Reads the track in `bytes` up to its end-of-track event.
///
/// A pause of more than `longest_pause` ticks is believed as long as nothing was wrong before it in the track; later it
/// is a sign of bytes that are no events, and left out.
pub(super) fn read(bytes: &[u8], end: End, longest_pause: u64, listener: &mut impl Listener) -> Outcome {
    let mut cursor = Cursor::new(bytes);
    let mut running = Running::default();
    let mut tick = listener.begin_track();
    let (mut is_ended, mut is_cut) = (false, false);
    while cursor.at < bytes.len() {
        let start = cursor.at;
        if start >= cursor.next_track {
            is_cut = true;
            break;
        }
        let Some(delta) = cursor.number() else {
            cursor.warnings |= Warnings::BYTES_LOST;
            break;
        };
        let delta = if delta > longest_pause && cursor.warnings != Warnings::NONE {
            cursor.warnings |= Warnings::TIME_CAPPED;
            0
        } else {
            delta
        };
        let event = cursor.event(&mut running);
        if cursor.at > cursor.next_track {
            // The header's name may stand in a text; then the event is complete.
            if !matches!(event, Step::Long(_)) {
                cursor.warnings |= Warnings::BYTES_LOST;
                cursor.at = cursor.next_track;
                is_cut = true;
                break;
            }
            cursor.next_track = next_track(bytes, cursor.at);
        }
        match event {
            Step::Short(event) | Step::Long(event) => {
                tick = advance(tick, delta, &mut cursor.warnings);
                listener.event(tick, event);
                is_ended = event == Event::EndOfTrack;
                if is_ended && end == End::First {
                    break;
                }
            }
            Step::Clamped(event) => {
                // At the end of a track nothing is missing but its length.
                is_ended = event == Event::EndOfTrack;
                cursor.warnings |= if is_ended { Warnings::META_INVALID } else { Warnings::EVENT_LENGTH };
                tick = advance(tick, delta, &mut cursor.warnings);
                listener.event(tick, event);
            }
            Step::Skipped => {
                is_ended = false;
                tick = advance(tick, delta, &mut cursor.warnings);
            }
            Step::Lost => {
                is_ended = false;
                cursor.warnings |= Warnings::BYTES_LOST;
            }
        }
    }
    listener.end_track(tick);
    Outcome { end: cursor.at.min(bytes.len()), is_ended, is_cut, warnings: cursor.warnings }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::midi::event::Edge;

    const PAUSE: u64 = 1_000;

    /// Hears note-ons as (tick, key, velocity).
    #[derive(Default)]
    struct Ear(Vec<(u64, u8, u8)>, u64);

    impl Listener for Ear {
        fn begin_track(&mut self) -> u64 {
            0
        }

        fn note(&mut self, _: Edge) {
            unreachable!("this reader has no short way");
        }

        fn event(&mut self, tick: u64, event: Event<'_>) {
            if let Event::Note { key, velocity: velocity @ 1.., .. } = event {
                self.0.push((tick, key, velocity));
            }
        }

        fn end_track(&mut self, tick: u64) {
            self.1 = tick;
        }
    }

    /// Bytes of a track, its notes, and what was mended.
    type Case<'a> = (&'a str, &'a [u8], &'a [(u64, u8, u8)], Warnings);

    #[test]
    fn each_kind_of_damage_is_mended() {
        let cases: &[Case<'_>] = &[
            (
                "in order",
                b"\x00\x90\x3C\x40\x05\x3E\x41\x00\xFF\x2F\x00",
                &[(0, 60, 64), (5, 62, 65)],
                Warnings::NONE,
            ),
            (
                "running status across a meta event",
                b"\x00\x90\x3C\x40\x00\xFF\x01\x01x\x05\x3E\x41\x00\xFF\x2F\x00",
                &[(0, 60, 64), (5, 62, 65)],
                Warnings::RUNNING_STATUS,
            ),
            (
                "realtime and system common messages",
                b"\x00\xF8\x01\xF1\x10\x01\xF2\x10\x10\x01\xF6\x01\x90\x3C\x40\x00\xFF\x2F\x00",
                &[(4, 60, 64)],
                Warnings::SYSTEM_MESSAGE,
            ),
            ("data bytes", b"\x00\x90\x90\xFF\x00\xFF\x2F\x00", &[(0, 127, 127)], Warnings::DATA_BYTE),
            (
                "short key signature",
                b"\x00\xFF\x59\x00\x00\x90\x3C\x40\x00\xFF\x2F\x00",
                &[(0, 60, 64)],
                Warnings::NONE,
            ),
            (
                "long number",
                b"\x80\x80\x80\x80\x05\x90\x3C\x40\x00\xFF\x2F\x00",
                &[(5, 60, 64)],
                Warnings::LONG_NUMBER,
            ),
            (
                "no status yet",
                b"\x00\x3C\x40\x90\x3C\x40\x00\xFF\x2F\x00",
                &[(0, 60, 64)],
                Warnings::BYTES_LOST,
            ),
            (
                "an endless pause behind damage",
                b"\x00\xF8\xFF\x7F\x90\x3C\x40\x00\xFF\x2F\x00",
                &[(0, 60, 64)],
                Warnings(Warnings::SYSTEM_MESSAGE.0 | Warnings::TIME_CAPPED.0),
            ),
            (
                "a long pause in order",
                b"\xFF\x7F\x90\x3C\x40\x00\xFF\x2F\x00",
                &[(16_383, 60, 64)],
                Warnings::NONE,
            ),
        ];
        for (name, bytes, notes, warnings) in cases {
            let mut ear = Ear::default();
            let outcome = read(bytes, End::First, PAUSE, &mut ear);
            assert_eq!(ear.0, *notes, "{name}");
            assert_eq!(
                outcome.warnings,
                *warnings,
                "{name}: {:?}",
                outcome.warnings.words().collect::<Vec<_>>()
            );
            assert_eq!((outcome.end, outcome.is_ended), (bytes.len(), true), "{name}");
        }
    }

    #[test]
    fn a_track_ends_where_it_must() {
        let none = Warnings::NONE;
        for (name, bytes, end, is_ended, is_cut, warnings) in [
            ("nothing", b"".as_slice(), 0, false, false, none),
            ("no end of track", b"\x00\x90\x3C\x40", 4, false, false, none),
            ("in the middle of an event", b"\x00\x90\x3C", 3, false, false, Warnings::BYTES_LOST),
            ("in the middle of a number", b"\x81", 1, false, false, Warnings::BYTES_LOST),
            (
                "an event longer than the track",
                b"\x00\xFF\x01\x09abc",
                7,
                false,
                false,
                Warnings::EVENT_LENGTH,
            ),
            (
                "an end of track longer than the track",
                b"\x00\xFF\x2F\x05",
                4,
                true,
                false,
                Warnings::META_INVALID,
            ),
            ("another track", b"\x00\xC0\x05MTrk\0\0\0\x04", 3, false, true, none),
            (
                "another track within an event",
                b"\x00\x90\x3CMTrk\0\0\0\x04",
                3,
                false,
                true,
                Warnings::BYTES_LOST,
            ),
            ("the name in a text", b"\x00\xFF\x01\x0AMTrk says\n\x00\xFF\x2F\x00", 18, true, false, none),
            ("bytes behind the end", b"\x00\xFF\x2F\x00\x00\x00", 4, true, false, none),
        ] {
            let outcome = read(bytes, End::First, PAUSE, &mut ());
            assert_eq!(outcome, Outcome { end, is_ended, is_cut, warnings }, "{name}");
        }
    }

    #[test]
    fn a_track_may_go_on_behind_its_end() {
        let bytes = b"\x00\xFF\x2F\x00\x07\x90\x3C\x40\x00\xFF\x2F\x00";
        let mut ear = Ear::default();
        let outcome = read(bytes, End::Last, PAUSE, &mut ear);
        assert_eq!((outcome.end, outcome.is_ended, ear.0, ear.1), (12, true, vec![(7, 60, 64)], 7));
        let outcome = read(b"\x00\xFF\x2F\x00\x00", End::Last, PAUSE, &mut ());
        assert!(!outcome.is_ended, "the last byte belongs to no event");
    }
}
