//! Reads channel messages, most of what a track holds, eight bytes at a time and without a branch for each of them.
//!
//! Reads nothing it is not sure of: what is no channel message in order, however it is spelled, is left to midly.

use crate::midi::event::Event;

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

    /// The message as an event.
    #[inline]
    pub(super) const fn event(self) -> Event<'static> {
        let Self { status, first, second, .. } = self;
        let channel = status & 0x0F;
        // Notes are most of what comes, and one question for both is guessed better than a choice among seven.
        if status < 0xA0 {
            let is_on = status >= 0x90 && second > 0;
            return if is_on {
                Event::NoteOn { channel, key: first, velocity: second }
            } else {
                Event::NoteOff { channel, key: first }
            };
        }
        match status & 0xF0 {
            0xB0 => Event::Controller { controller: first, value: second },
            0xC0 => Event::Program { channel, program: first },
            0xE0 => Event::PitchBend,
            _ => Event::Other,
        }
    }
}

#[inline]
const fn low_byte(word: u64) -> u8 {
    let [byte, ..] = word.to_le_bytes();
    byte
}

#[cfg(test)]
mod tests {
    use midly::{EventIter, TrackEventKind};
    use proptest::prelude::*;

    use super::*;

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

    proptest! {
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
