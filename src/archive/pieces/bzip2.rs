//! Where bzip2 blocks seem to start: found by their magic number, without decoding anything.
//!
//! Guesses, and cheap ones; a chain of blocks that end where the next one starts ([`super::joined`]) is the proof.

use super::bits::{BLOCK, MAGIC_BITS, find_block, number_at};
use super::{Piece, Place};

/// Seeming blocks, from front to back.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// The next one, if there is one.
    next: Option<u64>,
    /// The digit of the stream it lies in.
    level: u8,
}

/// The bit of a stream's first block.
pub(super) const FIRST: u64 = 32;

/// The digit of the stream that starts at this byte.
pub(super) fn level_at(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = bytes.get(at..)?.strip_prefix(b"BZh")?.first()?;
    (b'1'..=b'9').contains(digit).then_some(*digit)
}

impl Blocks {
    /// The blocks of a stream that starts as one does and has more than one of them.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let level = level_at(bytes, 0)?;
        if number_at(bytes, FIRST, MAGIC_BITS)? != BLOCK {
            return None;
        }
        // A block that does not compress is a little larger than its content.
        let furthest = usize::from(level - b'0') * 150_000 + (64 << 10);
        let near = bytes.get(..bytes.len().min(furthest)).unwrap_or(bytes);
        find_block(near, FIRST + 1)?;
        Some(Self { next: Some(FIRST), level })
    }

    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<Piece> {
        let bit = self.next?;
        // A stream starts on a byte, with four bytes before its first block.
        if bit % 8 == 0
            && let Some(start) = (bit / 8).checked_sub(4).and_then(|start| usize::try_from(start).ok())
            && let Some(level) = level_at(bytes, start)
        {
            self.level = level;
        }
        self.next = find_block(bytes, bit + 1);
        let end = self.next.map_or(bytes.len() as u64, |next| next / 8);
        Some(piece(bit, self.level, end))
    }
}

/// The piece of the block at this bit, which ends at about this byte.
pub(super) fn piece(bit: u64, level: u8, end: u64) -> Piece {
    let expected = u64::from(level.saturating_sub(b'0')) * 100_000;
    Piece { place: Place::Bzip2 { bit, level }, start: bit / 8, end, expected }
}
