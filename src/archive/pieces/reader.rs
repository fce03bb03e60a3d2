//! Decodes one piece as it is read, whatever its format.
//!
//! Errors are those of the decoding libraries; limits are kept by whoever reads.

use std::io::{self, Read};

use liblzma::stream::{Action, Status, Stream};

use super::block::Block;
use super::end::End;
use super::xz::HEADER;
use super::{Piece, Place};
use crate::archive::limits::Limits;
use crate::archive::stream::codec::{Fed, cut, length};
use crate::archive::stream::zstandard::Zstandard;

/// Decodes a piece.
pub(super) enum PieceReader<'a> {
    Bzip2 {
        block: Block<'a>,
        end: u64,
    },
    Xz(Box<XzBlock<'a>>),
    Zstandard {
        frames: Box<Fed<&'a [u8], Zstandard>>,
        end: u64,
    },
    /// The library could not be set up.
    Failed(Option<io::Error>),
}

impl<'a> PieceReader<'a> {
    pub(super) fn new(piece: &Piece, bytes: &'a [u8], limits: &Limits) -> Self {
        let memory = limits.decoder_memory;
        let result = match piece.place {
            Place::Bzip2 { bit, level } => {
                Ok(Self::Bzip2 { block: Block::new(bytes, bit, level), end: piece.end })
            }
            Place::Xz { stream, unpacked } => {
                XzBlock::new(bytes, stream, piece, unpacked, memory).map(|block| Self::Xz(Box::new(block)))
            }
            Place::Zstandard => Zstandard::new(memory).map(|codec| {
                let frames = Fed::new(part(bytes, piece.start, piece.end), codec);
                Self::Zstandard { frames: Box::new(frames), end: piece.end }
            }),
        };
        result.unwrap_or_else(|error| Self::Failed(Some(error)))
    }

    /// Where the piece ended, once all of it was read.
    pub(super) const fn end(&self) -> End {
        match self {
            Self::Bzip2 { block, .. } => block.end(),
            Self::Xz(_) | Self::Zstandard { .. } | Self::Failed(_) => End::Unknown,
        }
    }

    /// How far into the stream was decoded, in bytes.
    pub(super) fn position(&self) -> u64 {
        match self {
            Self::Bzip2 { block, end } => {
                if let End::Bit { bit, .. } = block.end() {
                    bit / 8
                } else {
                    *end
                }
            }
            Self::Xz(block) => block.position as u64,
            Self::Zstandard { frames, end } => end.saturating_sub(frames.reader().len() as u64),
            Self::Failed(_) => 0,
        }
    }
}

impl Read for PieceReader<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Bzip2 { block, .. } => block.read(to),
            Self::Xz(block) => block.read(to),
            Self::Zstandard { frames, .. } => frames.read(to),
            Self::Failed(error) => error.take().map_or(Ok(0), Err),
        }
    }
}

fn part(bytes: &[u8], start: u64, end: u64) -> &[u8] {
    let place = |at| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.get(place(start)..place(end)).unwrap_or_default()
}

/// Decodes an xz block: the library is given the header of its stream and then the block. If the block turns out to end
/// elsewhere than the index says, it is damaged or the index lies, and the library is given what follows, so that it
/// finds the same as when it decodes the whole stream.
pub(super) struct XzBlock<'a> {
    bytes: &'a [u8],
    stream: Stream,
    /// Bytes of the header that were given already.
    header: usize,
    header_at: usize,
    position: usize,
    end: usize,
    unpacked: u64,
    error: Option<io::Error>,
    over: bool,
}

impl<'a> XzBlock<'a> {
    fn new(bytes: &'a [u8], stream: u64, piece: &Piece, unpacked: u64, memory: u64) -> io::Result<Self> {
        let place = |at| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        Ok(Self {
            bytes,
            stream: Stream::new_stream_decoder(memory.max(1), 0)?,
            header: 0,
            header_at: place(stream),
            position: place(piece.start),
            end: place(piece.end),
            unpacked,
            error: None,
            over: false,
        })
    }

    /// The bytes to be given next.
    fn input(&self) -> &'a [u8] {
        if self.header < HEADER {
            return self.bytes.get(self.header_at + self.header..self.header_at + HEADER).unwrap_or_default();
        }
        let end = if self.position < self.end { self.end } else { self.bytes.len() };
        self.bytes.get(self.position..end).unwrap_or_default()
    }
}

impl Read for XzBlock<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while !to.is_empty() {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            let is_whole = self.position == self.end && self.stream.total_out() == self.unpacked;
            if self.over || is_whole {
                break;
            }
            let input = self.input();
            let action = if input.is_empty() { Action::Finish } else { Action::Run };
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let result = self.stream.process(input, to, action);
            let consumed = length(self.stream.total_in() - read);
            let produced = length(self.stream.total_out() - written);
            if self.header < HEADER {
                self.header += consumed;
            } else {
                self.position += consumed;
            }
            self.error = match result {
                Ok(Status::StreamEnd) => {
                    self.over = true;
                    None
                }
                Ok(_) if input.is_empty() && produced == 0 => Some(cut()),
                Ok(_) => None,
                Err(error) => Some(error.into()),
            };
            self.over |= self.error.is_some();
            if produced > 0 {
                return Ok(produced);
            }
        }
        Ok(0)
    }
}
