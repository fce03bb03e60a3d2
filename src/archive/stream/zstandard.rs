//! Zstandard frames and skippable frames one after the other (RFC 8878), and what a frame's header says.

use std::io;

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::codec::{Codec, Flow, Step, cut};
use super::numbers::little_endian;

/// Bytes of a block's header.
pub(in crate::archive) const BLOCK_HEADER: usize = 3;
/// Bytes that the first step of a frame asks for.
const FRAME_START: usize = 5;

/// Decodes frames to the end, block by block: the library forgets what it decoded in a call that ends in an error, so no
/// call is given more than one block.
pub(in crate::archive) struct Zstandard {
    decoder: Decoder<'static>,
    /// Bytes that the next step takes.
    wanted: usize,
    /// Whether decoded bytes may be left in the library because the output was full.
    full: bool,
    between: bool,
}

impl Zstandard {
    /// A decoder that takes at most so much memory for its window.
    pub(in crate::archive) fn new(memory: u64) -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        // The range that the format allows.
        decoder.set_parameter(DParameter::WindowLogMax(memory.max(1).ilog2().clamp(10, 31)))?;
        Ok(Self { decoder, wanted: FRAME_START, full: false, between: false })
    }
}

impl Codec for Zstandard {
    fn run(&mut self, input: &[u8], to: &mut [u8]) -> Step {
        if input.is_empty() && !self.full {
            return Step::idle(if self.between { Ok(Flow::Over) } else { Err(cut()) });
        }
        let given = if self.full {
            0
        } else if self.wanted > BLOCK_HEADER {
            // A block, without the header of the next one.
            self.wanted - BLOCK_HEADER
        } else {
            self.wanted
        };
        let mut from = InBuffer::around(input.get(..given).unwrap_or(input));
        let mut into = OutBuffer::around(to);
        let result = self.decoder.run(&mut from, &mut into);
        let (consumed, produced) = (from.pos(), into.pos());
        self.full = produced == into.capacity();
        let flow = result.map(|wanted| {
            if wanted == 0 {
                (self.between, self.wanted) = (true, FRAME_START);
            } else {
                self.wanted = wanted;
                self.between &= consumed == 0;
            }
            Flow::More
        });
        Step { consumed, produced, flow }
    }
}

/// What the header of a frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::archive) struct FrameHeader {
    /// Bytes of the header, the magic number included.
    pub(in crate::archive) length: usize,
    /// Bytes of decoded content that the decoder must keep.
    pub(in crate::archive) window: u64,
    /// Decoded bytes, if it says so.
    pub(in crate::archive) content: Option<u64>,
    /// Whether four bytes of checksum follow the last block.
    pub(in crate::archive) has_checksum: bool,
}

impl FrameHeader {
    /// Reads the header at the start of `bytes` (RFC 8878, 3.1.1.1); none if there is none, or not all of it.
    pub(in crate::archive) fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"\x28\xb5\x2f\xfd")?;
        let (descriptor, mut rest) = rest.split_first()?;
        let is_single_segment = descriptor & 0x20 != 0;
        let mut length = 5;
        let mut take = |bytes: usize| {
            let (field, behind) = rest.split_at_checked(bytes)?;
            rest = behind;
            length += bytes;
            Some(little_endian(field))
        };
        let mut window = 0;
        if !is_single_segment {
            let byte = take(1)?;
            let base = 1_u64 << (10 + (byte >> 3));
            window = base + base / 8 * (byte & 7);
        }
        let dictionary = [0, 1, 2, 4];
        take(*dictionary.get(usize::from(descriptor & 3))?)?;
        let content = match (descriptor >> 6, is_single_segment) {
            (0, false) => None,
            (0, true) => Some(take(1)?),
            (1, _) => Some(take(2)? + 256),
            (2, _) => Some(take(4)?),
            _ => Some(take(8)?),
        };
        if is_single_segment {
            window = content?;
        }
        Some(Self { length, window, content, has_checksum: descriptor & 4 != 0 })
    }
}

/// Bytes of the skippable frame at the start of `bytes`, its header included; none if there is none.
pub(in crate::archive) fn skippable(bytes: &[u8]) -> Option<u64> {
    let (magic, rest) = bytes.split_at_checked(4)?;
    let length = little_endian(rest.get(..4)?);
    (little_endian(magic) & 0xffff_fff0 == 0x184d_2a50).then_some(length + 8)
}
