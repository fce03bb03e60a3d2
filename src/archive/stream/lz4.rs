//! LZ4 frames and skippable frames one after the other (LZ4 Frame Format 1.6.4).
//!
//! By the codec of async-compression, which is also what decodes standard input: the frame reader of `lz4_flex` takes a
//! stream that is cut between two blocks for a whole one.

use async_compression::codecs::{DecodeV2, Lz4Decoder};
use async_compression::core::util::{PartialBuffer, WriteBuffer};

use super::codec::{Codec, Flow, Step, cut};
use super::numbers::little_endian;

/// Decodes frames to the end, block by block: the codec forgets what it decoded in a call that ends in an error, so no call
/// is given more than one block.
pub(super) struct Lz4 {
    decoder: Lz4Decoder,
    parts: Parts,
    is_between: bool,
}

impl Lz4 {
    pub(super) fn new() -> Self {
        Self { decoder: Lz4Decoder::new(), parts: Parts::default(), is_between: false }
    }
}

impl Codec for Lz4 {
    fn run(&mut self, input: &[u8], to: &mut [u8]) -> Step {
        if self.is_between {
            if input.is_empty() {
                return Step::idle(Ok(Flow::Over));
            }
            if let Err(error) = self.decoder.reinit() {
                return Step::idle(Err(error));
            }
            self.parts = Parts::default();
            self.is_between = false;
        }
        let given = self.parts.next();
        let mut from = PartialBuffer::new(input.get(..given).unwrap_or(input));
        let mut into = WriteBuffer::new_initialized(to);
        let result = self.decoder.decode(&mut from, &mut into);
        self.parts.pass(from.written());
        let (consumed, produced) = (from.written_len(), into.written_len());
        let flow = match result {
            Ok(true) => {
                self.is_between = true;
                Ok(Flow::More)
            }
            Ok(false) if input.is_empty() && produced == 0 => Err(cut()),
            Ok(false) => Ok(Flow::More),
            Err(error) => Err(error),
        };
        Step { consumed, produced, flow }
    }
}

/// Follows the parts of one frame. What is no frame is left to the decoder to refuse.
#[derive(Default)]
struct Parts {
    part: Part,
    /// The part's bytes so far, where they tell what comes next.
    field: Vec<u8>,
    has_block_checksums: bool,
}

#[derive(Clone, Copy, Default)]
enum Part {
    /// Magic number and descriptor.
    #[default]
    Header,
    BlockSize,
    /// So many bytes of a block or of something else that tells nothing.
    Bytes(usize),
}

impl Parts {
    /// How many bytes the rest of the part has, as far as is known: at least one.
    fn next(&self) -> usize {
        let whole = match self.part {
            Part::Header => self.header(),
            Part::BlockSize => 4,
            Part::Bytes(left) => return left.max(1),
        };
        whole.saturating_sub(self.field.len()).max(1)
    }

    /// Bytes of the header.
    fn header(&self) -> usize {
        let Some(flags) = self.field.get(4) else { return 5 };
        let is_skippable = little_endian(self.field.get(..4).unwrap_or_default()) != 0x184d_2204;
        let optional = [(8, 8), (1, 4)].iter().filter(|(flag, _)| flags & flag != 0).map(|(_, bytes)| bytes);
        if is_skippable { 8 } else { 7 + optional.sum::<usize>() }
    }

    /// These bytes of the part were taken.
    fn pass(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        if let Part::Bytes(left) = self.part {
            let left = left.saturating_sub(bytes.len());
            self.part = if left > 0 { Part::Bytes(left) } else { Part::BlockSize };
            return;
        }
        self.field.extend_from_slice(bytes);
        let is_header = matches!(self.part, Part::Header);
        if self.field.len() < if is_header { self.header() } else { 4 } {
            return;
        }
        let number = |bytes: Option<&[u8]>| {
            usize::try_from(little_endian(bytes.unwrap_or_default())).unwrap_or(usize::MAX)
        };
        self.part = if is_header {
            self.has_block_checksums = self.field.get(4).is_some_and(|flags| flags & 0x10 != 0);
            let is_frame = self.field.starts_with(b"\x04\x22\x4d\x18");
            if is_frame { Part::BlockSize } else { Part::Bytes(number(self.field.get(4..8))) }
        } else {
            // The highest bit says that the block is stored. Zero is the end, and at most a checksum follows.
            let checksum = if self.has_block_checksums { 4 } else { 0 };
            Part::Bytes((number(Some(&self.field)) & 0x7fff_ffff) + checksum)
        };
        self.field.clear();
    }
}
