//! Pieces of a compressed stream in memory that can be decoded apart: bzip2 blocks, xz blocks, Zstandard frames.
//!
//! Starts no threads and holds no budget: [`Pieces`] finds them one by one, [`Piece::decode`] may run anywhere and in any
//! order, and [`Joined`] puts what came out in order again. What comes out of [`Joined`], and how it ends, is what a
//! [`super::stream::Decoder`] of the whole stream would give, damaged or not; only the limits, which are
//! counted piece by piece here, may end it a little earlier.
//!
//! Where a piece starts is a guess for bzip2, whose blocks are found by a magic number that may also occur inside a block
//! by chance or by intent. So [`Joined`] does not believe it: it follows the stream itself from block to block, each telling
//! where it really ends, uses what was decoded at the places that it comes to, drops the rest, and decodes what is
//! missing. A false magic number thus costs time and loses nothing.

mod bits;
mod block;
mod bzip2;
mod end;
mod frames;
mod joined;
mod reader;
mod xz;

pub use self::joined::Joined;

use self::bzip2::Blocks;
use self::end::End;
use self::frames::Frames;
use self::reader::PieceReader;
use self::xz::Records;
use super::limits::Limits;
use super::stream::Trouble;
use crate::format::Compression;

/// Smaller streams are not worth dividing, in bytes.
const LEAST: usize = 512 << 10;

/// Decoded bytes for each compressed one for which room is made beforehand.
const USUAL_RATIO: u64 = 8;

/// Finds the pieces of a stream, from front to back.
#[derive(Clone, Debug)]
pub struct Pieces {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Bzip2(Blocks),
    Xz(Records),
    Zstandard(Frames),
}

/// A part of a stream that can be decoded alone. Holds places in the stream's bytes, not the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    place: Place,
    /// Its first byte.
    start: u64,
    /// Behind its last byte; for bzip2 as far as is known without decoding it.
    end: u64,
    expected: u64,
}

/// What is known of a piece besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A bzip2 block: its first bit, and the digit of its stream.
    Bzip2 { bit: u64, level: u8 },
    /// An xz block: where its stream starts, and what it decodes to.
    Xz { stream: u64, unpacked: u64 },
    /// One or more Zstandard frames, or what is not one.
    Zstandard,
}

/// What a piece decoded to. [`Joined`] takes it.
#[derive(Debug)]
pub struct Decoded {
    piece: Piece,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Whole { content: Vec<u8>, trouble: Option<Trouble>, end: End },
    TooLarge,
}

impl Pieces {
    /// The pieces of `bytes`, which is a whole stream. None if the format does not divide, or the stream is small, of one
    /// piece, or so damaged that its pieces cannot be told.
    #[must_use]
    pub fn of(compression: Compression, bytes: &[u8]) -> Option<Self> {
        if bytes.len() < LEAST { None } else { Self::of_any(compression, bytes) }
    }

    /// The same for streams of any size.
    fn of_any(compression: Compression, bytes: &[u8]) -> Option<Self> {
        let kind = match compression {
            Compression::Bzip2 => Kind::Bzip2(Blocks::of(bytes)?),
            Compression::Xz => Kind::Xz(Records::of(bytes)?),
            Compression::Zstandard => Kind::Zstandard(Frames::of(bytes)?),
            Compression::None | Compression::Gzip | Compression::Lzma | Compression::Lz4 => return None,
        };
        Some(Self { kind })
    }

    /// The next piece of the stream that these are the pieces of. Looks no further than that piece's end.
    #[must_use]
    pub fn next(&mut self, bytes: &[u8]) -> Option<Piece> {
        match &mut self.kind {
            Kind::Bzip2(blocks) => blocks.next(bytes),
            Kind::Xz(records) => records.next(bytes),
            Kind::Zstandard(frames) => frames.next(bytes),
        }
    }
}

impl Piece {
    /// Where it starts in the stream, in bytes.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// Compressed bytes, about.
    #[must_use]
    pub const fn packed(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Decoded bytes: what the format says (xz, most Zstandard frames), else what is likely (a bzip2 block has 100,000 to
    /// 900,000 and, if most of them are alike, up to 51 times as many). Not limited, and not to be trusted.
    #[must_use]
    pub const fn expected(&self) -> u64 {
        self.expected
    }

    /// Decodes the piece: verifies all that the format lets verify of it, and holds at most `most` decoded bytes. `bytes`
    /// is the whole stream.
    ///
    /// A piece that would be larger comes to nothing here, and [`Joined`] decodes it as it is read.
    #[must_use]
    pub fn decode(&self, bytes: &[u8], limits: &Limits, most: usize) -> Decoded {
        Decoded { piece: self.clone(), outcome: self.outcome(bytes, limits, most) }
    }

    /// The piece as one that was not decoded: [`Joined`] does it.
    #[must_use]
    pub fn left(self) -> Decoded {
        Decoded { piece: self, outcome: Outcome::TooLarge }
    }

    fn outcome(&self, bytes: &[u8], limits: &Limits, most: usize) -> Outcome {
        if !matches!(self.place, Place::Bzip2 { .. }) && self.expected > most as u64 {
            return Outcome::TooLarge;
        }
        let mut reader = PieceReader::new(self, bytes, limits);
        // What is declared is trusted as far as it is not unusual.
        let usual = self.expected.min(self.packed().saturating_mul(USUAL_RATIO)).min(most as u64);
        let mut content = Vec::with_capacity(usize::try_from(usual).unwrap_or_default());
        let wanted = (most as u64).saturating_add(1);
        let result = std::io::Read::read_to_end(&mut std::io::Read::take(&mut reader, wanted), &mut content);
        if content.len() > most {
            return Outcome::TooLarge;
        }
        content.shrink_to_fit();
        Outcome::Whole { content, trouble: result.err().as_ref().map(Trouble::of), end: reader.end() }
    }
}

impl Decoded {
    /// Decoded bytes that this holds in memory.
    #[must_use]
    pub const fn held(&self) -> usize {
        match &self.outcome {
            Outcome::Whole { content, .. } => content.capacity(),
            Outcome::TooLarge => 0,
        }
    }
}

#[cfg(test)]
mod tests;
