//! Reads channel messages, most of what a track holds, eight bytes at a time and without a branch for each of them.
//!
//! Reads nothing it is not sure of: what is no channel message in order, however it is spelled, is left to midly.

use crate::midi::event::{Event, LAST_TICK, Listener, NoteStatus};

/// The most bytes of notes that are read at once.
const LONGEST_RUN: usize = 1 << 16;

/// What so many bytes can last at most, in ticks, and more: a delta time of three bytes, below 2^21, takes five with its note.
const LONGEST_RUN_TICKS: u64 = (LONGEST_RUN as u64) << 20;

/// A channel message and the delta time in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// Ticks since the event before.
    pub(super) delta: u64,
    /// 0x80 to 0xEF, from its own byte or the running status.
    pub(super) status: u8,
    first: u8,
    second: u8,
    /// Bytes it takes, 2 to 6.
    pub(super) length: usize,
}

impl Message {
    /// The message at the start of `window`; none where there is no complete one, or its delta time takes four bytes.
    ///
    /// `running` is the running status, below 0x80 where there is none.
    #[inline]
    pub(super) fn read(window: [u8; 8], running: u8) -> Option<Self> {
        let word = u64::from_le_bytes(window);
        // Branches on what rarely changes: the next message is begun before this one is understood.
        let (delta, word, length) = if word & 0x80 == 0 {
            (word & 0x7F, word >> 8, 1)
        } else if word & 0x8000 == 0 {
            ((word & 0x7F) << 7 | word >> 8 & 0x7F, word >> 16, 2)
        } else if word & 0x80_0000 == 0 {
            ((word & 0x7F) << 14 | (word >> 8 & 0x7F) << 7 | word >> 16 & 0x7F, word >> 24, 3)
        } else {
            return None;
        };
        if word & 0x80 != 0 {
            Self::behind(delta, low_byte(word), word >> 8, length + 1)
        } else {
            Self::behind(delta, running, word, length)
        }
    }

    /// The message with this status whose data bytes are the lowest of `word`, `before` bytes behind its start.
    #[inline]
    fn behind(delta: u64, status: u8, word: u64, before: usize) -> Option<Self> {
        let [first, second, ..] = word.to_le_bytes();
        match status {
            // Program changes and channel aftertouch have one data byte.
            0xC0..0xE0 if word & 0x80 == 0 => Some(Self { delta, status, first, second, length: before + 1 }),
            0x80..0xC0 | 0xE0..0xF0 if word & 0x8080 == 0 => {
                Some(Self { delta, status, first, second, length: before + 2 })
            }
            _ => None,
        }
    }

    /// Whether a note begins or ends.
    #[inline]
    pub(super) const fn is_note(self) -> bool {
        self.status < 0xA0
    }

    /// The message as an event.
    #[inline]
    pub(super) const fn event(self) -> Event<'static> {
        let Self { status, first, second, .. } = self;
        let channel = status & 0x0F;
        if status < 0xA0 {
            // All bits for a note-on, none for a note-off.
            let kept = 0_u8.wrapping_sub(status >> 4 & 1);
            return Event::Note { channel, key: first, velocity: second & kept };
        }
        match status & 0xF0 {
            0xB0 => Event::Controller { controller: first, value: second },
            0xC0 => Event::Program { channel, program: first },
            0xE0 => Event::PitchBend,
            _ => Event::Other,
        }
    }
}

/// Reads what is nothing but notes from the start of `bytes` on, behind a note of the status `running`; returns the rest.
///
/// Most of a track is notes, so this does without whatever other messages need; it ends at the first that is no note, and
/// does not begin where a tick might pass the last.
// Apart from its caller it has the registers for itself.
#[inline(never)]
pub(super) fn read_notes<'a>(
    bytes: &'a [u8],
    running: &mut u8,
    tick: &mut u64,
    listener: &mut impl Listener,
) -> &'a [u8] {
    if *tick > LAST_TICK - LONGEST_RUN_TICKS {
        return bytes;
    }
    let (mut rest, behind) = bytes.split_at(bytes.len().min(LONGEST_RUN));
    let (mut now, mut status) = (*tick, NoteStatus::new(*running));
    while let Some(window) = rest.first_chunk() {
        let word = u64::from_le_bytes(*window);
        let (delta, word, length) = if word & 0x80 == 0 {
            (word & 0x7F, word >> 8, 3)
        } else if word & 0x8000 == 0 {
            ((word & 0x7F) << 7 | word >> 8 & 0x7F, word >> 16, 4)
        } else if word & 0x80_0000 == 0 {
            ((word & 0x7F) << 14 | (word >> 8 & 0x7F) << 7 | word >> 16 & 0x7F, word >> 24, 5)
        } else {
            break;
        };
        let (data, length) = if word & 0x80 != 0 {
            let byte = low_byte(word);
            // No note, or a data byte that is none: then the status is not to be kept either.
            if byte & 0xE0 != 0x80 || word & 0x80_8000 != 0 {
                break;
            }
            *running = byte;
            status = NoteStatus::new(byte);
            (word >> 8, length + 1)
        } else {
            (word, length)
        };
        if data & 0x8080 != 0 {
            break;
        }
        now += delta;
        let [first, second, ..] = data.to_le_bytes();
        listener.note(status.edge(now, [first, second]));
        rest = rest.get(length..).unwrap_or_default();
    }
    *tick = now;
    bytes.get(bytes.len() - behind.len() - rest.len()..).unwrap_or_default()
}

#[inline]
const fn low_byte(word: u64) -> u8 {
    let [byte, ..] = word.to_le_bytes();
    byte
}

#[cfg(test)]
mod tests {
    use midly::{EventIter, TrackEventKind};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::midi::event::Edge;

    fn read(bytes: &[u8], running: u8) -> Option<Message> {
        let mut window = [0xFF; 8];
        window[..bytes.len()].copy_from_slice(bytes);
        Message::read(window, running)
    }

    #[test]
    fn messages_are_read_and_everything_else_is_left() {
        let on = |delta, length| Some(Message { delta, status: 0x91, first: 60, second: 64, length });
        for (bytes, running, message) in [
            (b"\x05\x91\x3C\x40".as_slice(), 0, on(5, 4)),
            (b"\x05\x3C\x40", 0x91, on(5, 3)),
            (b"\x81\x00\x91\x3C\x40", 0x80, on(128, 5)),
            (b"\x81\x80\x00\x3C\x40", 0x91, on(16_384, 5)),
            (b"\xFF\xFF\x7F\x91\x3C\x40", 0, on(0x1F_FFFF, 6)),
            // Four bytes of delta, a data byte without a status, meta and system events, broken data bytes.
            (b"\x81\x80\x80\x00\x91\x3C\x40", 0, None),
            (b"\x05\x3C\x40", 0, None),
            (b"\x00\xFF\x2F\x00", 0x90, None),
            (b"\x00\xF0\x05\x7E", 0x90, None),
            (b"\x00\xF8\x3C\x40", 0x90, None),
            (b"\x00\x91\x80\x40", 0x90, None),
            (b"\x00\x91\x40\x80", 0x90, None),
        ] {
            assert_eq!(read(bytes, running), message, "{bytes:02x?}");
        }
        let program = read(b"\x00\xC5\x07", 0).unwrap();
        assert_eq!((program.length, program.event()), (3, Event::Program { channel: 5, program: 7 }));
    }

    /// Hears notes, and nothing else.
    #[derive(Default)]
    struct Ear(Vec<Edge>);

    impl Listener for Ear {
        fn begin_track(&mut self) -> u64 {
            0
        }

        fn event(&mut self, tick: u64, event: Event<'_>) {
            let Event::Note { channel, key, velocity } = event else { panic!("{event:?}") };
            self.note(Edge::new(tick, channel, key, velocity));
        }

        fn note(&mut self, edge: Edge) {
            self.0.push(edge);
        }

        fn end_track(&mut self, _: u64) {}
    }

    #[test]
    fn notes_end_before_the_last_tick() {
        let bytes = b"\x00\x90\x3C\x40\x00\x3C\x00\0\0\0\0\0\0\0\0";
        for (tick, is_read) in
            [(LAST_TICK - LONGEST_RUN_TICKS, true), (LAST_TICK - LONGEST_RUN_TICKS + 1, false)]
        {
            let (mut now, mut running, mut ear) = (tick, 0x90, Ear::default());
            let rest = read_notes(bytes, &mut running, &mut now, &mut ear);
            assert_eq!((rest.len() < bytes.len(), ear.0.is_empty()), (is_read, !is_read));
        }
    }

    proptest! {
        /// Many notes are read as each is.
        #[test]
        fn runs_of_notes_are_read_as_each(
            pieces in vec((0_u32..1 << 22, 0_u8..6, 0_u8..=0x9F, 0_u8..=0x82, 0_u8..=0x82), 0..60),
            at_first in 0x80_u8..=0x9F,
        ) {
            let mut bytes = Vec::new();
            for (delta, size, status, key, velocity) in pieces {
                let delta = delta >> (7 * size.min(3));
                let all = [delta >> 21, delta >> 14, delta >> 7, delta].map(|part| u8::try_from(part & 0x7F).unwrap());
                let skipped = all.iter().take(3).take_while(|part| **part == 0).count();
                let (last, before) = all[skipped..].split_last().unwrap();
                bytes.extend(before.iter().map(|part| part | 0x80));
                bytes.push(*last);
                // Now and then a controller, and running status.
                bytes.extend((status >= 0x80).then_some(if size == 5 { 0xB0 } else { status }));
                bytes.extend([key, velocity]);
            }
            let (mut running, mut tick, mut ear) = (at_first, 0, Ear::default());
            let rest = read_notes(&bytes, &mut running, &mut tick, &mut ear);
            let (mut each, mut one, mut now, mut expected) = (bytes.as_slice(), at_first, 0, Ear::default());
            while let Some(message) = each.first_chunk().and_then(|window| Message::read(*window, one)) {
                if !message.is_note() {
                    break;
                }
                each = &each[message.length..];
                one = message.status;
                now += message.delta;
                expected.event(now, message.event());
            }
            prop_assert_eq!((ear.0, rest.len(), running, tick), (expected.0, each.len(), one, now));
        }

        /// Whatever it reads, midly reads the same.
        #[test]
        fn it_agrees_with_midly(window in any::<[u8; 8]>(), is_pair in any::<bool>(), running in 0x70_u8..=0xFF) {
            let mut window = window;
            if is_pair {
                window[0] &= 0x7F;
                window[2] &= 0x7F;
                window[3] &= 0x7F;
            }
            if let Some(message) = Message::read(window, running) {
                let mut events = EventIter::new(&window);
                *events.running_status_mut() = (running >= 0x80).then_some(running);
                let event = events.next().unwrap().unwrap();
                prop_assert_eq!(u64::from(event.delta.as_int()), message.delta);
                prop_assert_eq!(window.len() - events.unread().len(), message.length);
                prop_assert_eq!(events.running_status(), Some(message.status));
                let TrackEventKind::Midi { channel, message: said } = event.kind else { panic!("{event:?}") };
                prop_assert_eq!(super::super::from_message(channel.as_int(), said), message.event());
            }
        }
    }
}
