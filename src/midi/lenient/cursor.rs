//! Reads numbers and events out of a track's bytes, one after the other, mending what can be mended.
//!
//! Knows nothing of time, nor of where a track ends.

use crate::midi::event::Event;
use crate::midi::header::find;
use crate::midi::warnings::Warnings;

/// Where the next track's header stands; beyond everything where there is none.
pub(super) fn next_track(bytes: &[u8], from: usize) -> usize {
    let found = bytes.get(from..).and_then(|rest| find(rest, *b"MTrk")).map(|at| from + at);
    // A name without a length behind it is no header.
    found.filter(|at| at + 8 <= bytes.len()).unwrap_or(usize::MAX)
}

/// The channel status that a data byte in its place stands for.
#[derive(Debug, Default)]
pub(super) struct Running {
    status: Option<u8>,
    /// Whether a meta or system event came since; the format then calls for a status byte.
    is_cancelled: bool,
}

/// What stood behind a delta time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A channel message.
    Short(Event<'a>),
    /// A meta or system exclusive event, complete.
    Long(Event<'a>),
    /// One that is longer than the track.
    Clamped(Event<'a>),
    /// A message that has no place in a file.
    Skipped,
    /// Bytes without a meaning.
    Lost,
}

/// A place in the bytes of a track.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    /// Offset of the next byte.
    pub(super) at: usize,
    /// Where the next track's header stands.
    pub(super) next_track: usize,
    /// What was mended so far.
    pub(super) warnings: Warnings,
}

impl<'a> Cursor<'a> {
    /// The beginning of a track.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, next_track: next_track(bytes, 0), warnings: Warnings::NONE }
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// A variable-length number; of one that is too long, the last 28 bits, as other readers take it.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for length in 1_u32.. {
            let byte = self.byte()?;
            number = (number << 7 | u64::from(byte & 0x7F)) & 0x0FFF_FFFF;
            if length == 5 {
                self.warnings |= Warnings::LONG_NUMBER;
            }
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// What stands behind a delta time.
    pub(super) fn event(&mut self, running: &mut Running) -> Step<'a> {
        let Some(first) = self.bytes.get(self.at).copied() else { return Step::Lost };
        let status = if first >= 0x80 {
            self.at += 1;
            first
        } else if let Some(status) = running.status {
            if running.is_cancelled {
                self.warnings |= Warnings::RUNNING_STATUS;
            }
            status
        } else {
            // Nothing says what these bytes are; a status byte will.
            let end = self.next_track.min(self.bytes.len());
            let rest = self.bytes.get(self.at..end).unwrap_or_default();
            self.at += rest.iter().position(|byte| *byte >= 0x80).unwrap_or(rest.len());
            self.warnings |= Warnings::BYTES_LOST;
            return if self.at < end { self.event_after_loss(running) } else { Step::Lost };
        };
        self.event_with(status, running)
    }

    /// The event whose status byte comes next, if any comes.
    fn event_after_loss(&mut self, running: &mut Running) -> Step<'a> {
        match self.byte() {
            Some(status) => self.event_with(status, running),
            None => Step::Lost,
        }
    }

    fn event_with(&mut self, status: u8, running: &mut Running) -> Step<'a> {
        if status >= 0xF0 {
            running.is_cancelled = true;
        } else {
            *running = Running { status: Some(status), is_cancelled: false };
        }
        match status {
            0xFF => {
                let Some(kind) = self.byte() else { return Step::Lost };
                self.long(|data| Event::from_meta(kind, data))
            }
            0xF0 => self.long(Event::SystemExclusive),
            0xF7 => self.long(|_| Event::Other),
            0xF1..=0xFE => {
                self.warnings |= Warnings::SYSTEM_MESSAGE;
                self.at += match status {
                    0xF1 | 0xF3 => 1,
                    0xF2 => 2,
                    _ => 0,
                };
                // Realtime messages may stand anywhere and change nothing.
                Step::Skipped
            }
            _ => self.channel_message(status).map_or(Step::Lost, Step::Short),
        }
    }

    /// The length and content of a meta or system exclusive event.
    fn long(&mut self, event: impl FnOnce(&'a [u8]) -> Event<'a>) -> Step<'a> {
        let Some(length) = self.number() else { return Step::Lost };
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if let Some(data) = rest.get(..length) {
            self.at += length;
            Step::Long(event(data))
        } else {
            self.at = self.bytes.len();
            Step::Clamped(event(rest))
        }
    }

    fn channel_message(&mut self, status: u8) -> Option<Event<'a>> {
        let channel = status & 0x0F;
        let first = self.data()?;
        Some(match status & 0xF0 {
            0x80 => {
                self.data()?;
                Event::Note { channel, key: first, velocity: 0 }
            }
            0x90 => Event::Note { channel, key: first, velocity: self.data()? },
            0xB0 => Event::Controller { controller: first, value: self.data()? },
            0xC0 => Event::Program { channel, program: first },
            0xE0 => {
                self.data()?;
                Event::PitchBend
            }
            0xA0 => {
                self.data()?;
                Event::Other
            }
            _ => Event::Other,
        })
    }

    /// A data byte, at most 127.
    fn data(&mut self) -> Option<u8> {
        let byte = self.byte()?;
        if byte > 0x7F {
            self.warnings |= Warnings::DATA_BYTE;
        }
        Some(byte.min(0x7F))
    }
}
