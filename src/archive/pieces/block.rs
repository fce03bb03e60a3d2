//! One bzip2 block, decoded alone, and where it ends.
//!
//! The library decodes streams, not blocks: it is given a header of our own and then the stream from the block on, with no
//! room for output, so that it stops when it has received the block. What it took tells where the block ends, up to the
//! bit, by the magic number that follows.

use std::io::{self, Read};

use bzip2::{Decompress, Status};

use super::bits::{Mark, Shifted, mark_at, number_at};
use super::end::End;
use crate::archive::stream::codec::{cut, length};

/// Bytes given to the library at once.
const CHUNK: usize = 4 << 10;
/// The library reads eight bytes at once where there are as many, and holds up to seven that the block does not need.
const READ_AHEAD: u64 = 63;
/// So few at a time that it holds no whole byte that it does not need; slower by a fifth.
const EXACT_CHUNK: usize = 7;
/// `BZh` and the digit.
const HEADER: u64 = 4;

/// Decodes one block.
pub(super) struct Block<'a> {
    bytes: &'a [u8],
    bit: u64,
    level: u8,
    state: State,
    end: End,
}

enum State {
    Ahead,
    Received(Box<Decompress>),
    Over,
}

/// A block that the library has received.
struct Received {
    decompress: Decompress,
    /// Bytes of the shifted stream that it took.
    taken: u64,
}

impl<'a> Block<'a> {
    /// The block at this bit, in a stream of this digit.
    pub(super) const fn new(bytes: &'a [u8], bit: u64, level: u8) -> Self {
        Self { bytes, bit, level, state: State::Ahead, end: End::Unknown }
    }

    /// Where it ends, once all of it was read.
    pub(super) const fn end(&self) -> End {
        self.end
    }

    fn receive(&mut self) -> io::Result<Decompress> {
        let available = self.available();
        let mut received = self.received(0, CHUNK)?;
        if received.taken * 8 > available {
            // It may have ended in bits that are not there. It has not if others in their place make no difference.
            received = self.received(0xff, CHUNK)?;
        }
        let (one, another) = {
            let mut ends = self.ends(&received, READ_AHEAD);
            (ends.next(), ends.next())
        };
        self.end = match (one, another) {
            (Some(end), None) => end,
            _ => self.exact_end(available)?,
        };
        Ok(received.decompress)
    }

    /// Where the block may end: where a magic number stands, within so many bits before what was taken.
    fn ends(&self, received: &Received, bits: u64) -> impl Iterator<Item = End> + use<'_> {
        let last = self.bit + received.taken * 8;
        (last.saturating_sub(bits)..=last)
            .filter(|bit| matches!(mark_at(self.bytes, *bit), Mark::Block | Mark::StreamEnd))
            .map(|bit| End::Bit { bit, check: self.check() })
    }

    /// The end of a block where it does not show: at the end of the bytes, or with a magic number too few or too many.
    fn exact_end(&self, available: u64) -> io::Result<End> {
        let received = self.received(0, EXACT_CHUNK)?;
        if let Some(end) = self.ends(&received, 7).next() {
            return Ok(end);
        }
        let last = self.bit + (received.taken * 8).min(available);
        let first = (self.bit + received.taken * 8).saturating_sub(7);
        let is_cut = (first..=last).any(|bit| mark_at(self.bytes, bit) == Mark::Cut);
        Ok(if is_cut { End::Cut } else { End::Damaged })
    }

    /// The block's own checksum; the library has compared it when all of the block was read.
    fn check(&self) -> u32 {
        let check = number_at(self.bytes, self.bit + super::bits::MAGIC_BITS, 32);
        check.and_then(|check| u32::try_from(check).ok()).unwrap_or_default()
    }

    /// Bits from its first on.
    const fn available(&self) -> u64 {
        (self.bytes.len() as u64 * 8).saturating_sub(self.bit)
    }

    fn received(&self, padding: u8, chunk: usize) -> io::Result<Received> {
        let mut decompress = Decompress::new(false);
        decompress.decompress(&[b'B', b'Z', b'h', self.level], &mut [])?;
        let mut shifted = Shifted::new(self.bytes, self.bit, padding);
        let mut buffer = [0; CHUNK];
        let room = buffer.get_mut(..chunk).unwrap_or_default();
        loop {
            let read = shifted.read(room)?;
            // Behind the last byte another one: if that is not taken, the block was whole.
            let given = room.get(..read.max(1)).unwrap_or_default();
            let before = decompress.total_in();
            match decompress.decompress(given, &mut []) {
                Ok(Status::MemNeeded) => return Err(io::ErrorKind::OutOfMemory.into()),
                Ok(_) => {}
                // It is wrong because of bits that are not there.
                Err(_) if decompress.total_in() > HEADER + self.available() / 8 => return Err(cut()),
                Err(error) => return Err(error.into()),
            }
            let taken = length(decompress.total_in() - before);
            if taken < given.len() {
                return Ok(Received { taken: decompress.total_in().saturating_sub(HEADER), decompress });
            }
            if read == 0 {
                return Err(cut());
            }
        }
    }
}

impl Read for Block<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        match &mut self.state {
            State::Ahead => match self.receive() {
                Ok(decompress) => {
                    self.state = State::Received(Box::new(decompress));
                    self.read(to)
                }
                Err(error) => {
                    self.state = State::Over;
                    Err(error)
                }
            },
            State::Received(decompress) => {
                let before = decompress.total_out();
                let result = decompress.decompress(&[], to);
                let produced = length(decompress.total_out() - before);
                match result {
                    // An error comes again when there is nothing left to be handed out.
                    Err(error) if produced == 0 => {
                        self.state = State::Over;
                        Err(error.into())
                    }
                    Ok(_) if produced == 0 => {
                        self.state = State::Over;
                        Ok(0)
                    }
                    _ => Ok(produced),
                }
            }
            State::Over => Ok(0),
        }
    }
}
