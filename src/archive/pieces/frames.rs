//! Where Zstandard frames start and end: by their headers and those of their blocks (RFC 8878, 3.1.1), decoding nothing.
//!
//! A decoder takes the same steps, so what is found here is no guess. Where no frame is found, or not all of one, the rest
//! is one piece, and decoding it says what is wrong.

use super::{Piece, Place};
use crate::archive::stream::numbers::little_endian;
use crate::archive::stream::zstandard::{BLOCK_HEADER, FrameHeader, skippable};

/// Compressed bytes of small frames that make a piece together.
const TOGETHER: u64 = 256 << 10;
/// Decoded bytes of a block, at most.
const LARGEST_BLOCK: u64 = 128 << 10;
/// Decoded bytes of small frames that make a piece together, at most.
const DECODED_TOGETHER: u64 = 1 << 20;
/// How far the end of the first frame is searched: a stream of longer ones is not divided.
const SEARCHED: usize = 64 << 20;

/// Frames, from front to back.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    position: usize,
}

/// What is found at a place.
enum Found {
    /// A frame: behind its last byte, and what it decodes to, as declared or at most.
    Frame { end: usize, expected: u64 },
    /// Nothing to be decoded, up to this byte.
    Skippable { end: usize },
    /// The bytes end here.
    End,
    /// Something else, or a part of a frame.
    Other,
}

fn found(bytes: &[u8], at: usize) -> Found {
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.is_empty() {
        return Found::End;
    }
    let behind = |length: usize| at.checked_add(length).filter(|end| *end <= bytes.len());
    if let Some(length) = skippable(rest) {
        let end = usize::try_from(length).ok().and_then(behind);
        return end.map_or(Found::Other, |end| Found::Skippable { end });
    }
    let Some(header) = FrameHeader::read(rest) else { return Found::Other };
    let mut length = header.length;
    let mut blocks = 0;
    loop {
        let Some(field) = rest.get(length..).and_then(|rest| rest.get(..BLOCK_HEADER)) else {
            return Found::Other;
        };
        let field = little_endian(field);
        let size = match field >> 1 & 3 {
            // One byte, repeated.
            1 => 1,
            3 => return Found::Other,
            _ => field >> 3,
        };
        length += BLOCK_HEADER + usize::try_from(size).unwrap_or(usize::MAX >> 1);
        blocks += 1;
        if field & 1 != 0 {
            break;
        }
    }
    let expected = header.content.unwrap_or(blocks * LARGEST_BLOCK);
    let end = behind(length + if header.has_checksum { 4 } else { 0 });
    end.map_or(Found::Other, |end| Found::Frame { end, expected })
}

impl Frames {
    /// The frames of a stream that has more than one.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        let near = bytes.get(..bytes.len().min(SEARCHED)).unwrap_or(bytes);
        let mut position = 0;
        let mut frames = 0;
        while frames < 2 {
            match found(near, position) {
                Found::Skippable { end } => position = end,
                Found::Frame { end, .. } => {
                    position = end;
                    frames += 1;
                }
                // The second frame may lie further away than is searched.
                Found::Other if frames == 1 && near.len() < bytes.len() => break,
                Found::End | Found::Other => return None,
            }
        }
        Some(Self::start())
    }

    /// From the first one on.
    pub(super) const fn start() -> Self {
        Self { position: 0 }
    }

    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<Piece> {
        let mut piece: Option<Piece> = None;
        loop {
            let start = self.position;
            match found(bytes, start) {
                Found::Skippable { end } => self.position = end,
                Found::Frame { end, expected } => {
                    let together = match piece.take() {
                        None => between(start, end, expected),
                        Some(piece) => {
                            let both = piece.expected.saturating_add(expected);
                            let packed = end as u64 - piece.start;
                            if both > DECODED_TOGETHER || packed > TOGETHER {
                                return Some(piece);
                            }
                            Piece { end: end as u64, expected: both, ..piece }
                        }
                    };
                    self.position = end;
                    piece = Some(together);
                }
                Found::Other if piece.is_none() => {
                    self.position = bytes.len();
                    return Some(between(start, bytes.len(), 0));
                }
                Found::End | Found::Other => return piece,
            }
        }
    }
}

fn between(start: usize, end: usize, expected: u64) -> Piece {
    Piece { place: Place::Zstandard, start: start as u64, end: end as u64, expected }
}
