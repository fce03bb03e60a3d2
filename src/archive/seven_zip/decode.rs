//! Decodes the content of one block from front to back.
//!
//! Opens the decoders when the first byte is asked for, and holds the ratio and output limits. Knows nothing of members.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use liblzma::stream::{Filters, Stream};

use super::method::{Plan, Step, Way};
use super::rare::RareReader;
use super::streams::{Block, Blocks, Definition};
use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

/// Bytes between one decoder and the next, and compressed bytes taken at once.
const BUFFER: usize = 64 << 10;
/// Bytes decoded at once.
const CHUNK: usize = 256 << 10;
/// Smallest dictionary that liblzma takes.
const LEAST_DICTIONARY: u64 = 4 << 10;

/// The content of a block.
pub(super) struct BlockReader<'a> {
    limits: &'a Limits,
    archive_length: u64,
    packed: Packed<'a>,
    definition: Definition<'a>,
    plan: Plan,
    decoder: Option<Box<dyn Read + 'a>>,
    size: u64,
    position: u64,
    refusal: Option<Refusal>,
}

impl<'a> BlockReader<'a> {
    /// A reader of a block. Nothing is decoded or allocated for it yet.
    ///
    /// # Errors
    /// As [`Plan::of`], and where the data is not there.
    pub(super) fn open(
        archive: &'a [u8],
        blocks: &'a Blocks,
        block: &Block,
        limits: &'a Limits,
    ) -> Result<Self, Refusal> {
        let definition = blocks.definition(block)?;
        let data = definition.packed(archive);
        let plan = Plan::of(
            &definition.folder,
            definition.unpacked_sizes,
            data.as_ref().copied().unwrap_or_default(),
            limits,
        )?;
        Ok(Self {
            limits,
            archive_length: archive.len() as u64,
            packed: Packed { bytes: data?, taken: Rc::default() },
            size: definition.size(),
            definition,
            plan,
            decoder: None,
            position: 0,
            refusal: None,
        })
    }

    /// What it ended with, if it did before its end: then nothing more can be read.
    pub(super) const fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// Bytes of its data in the archive.
    pub(super) const fn packed(&self) -> u64 {
        self.packed.bytes.len() as u64
    }

    /// Bytes that its decoders take.
    pub(super) const fn memory(&self) -> u64 {
        self.plan.memory
    }

    /// Bytes decoded so far.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// Decodes the next `length` bytes and forgets them.
    pub(super) fn skip(&mut self, length: u64) -> Result<(), Refusal> {
        let mut left = length;
        let mut forgotten = Vec::new();
        while left > 0 {
            let chunk = left.min(CHUNK as u64);
            forgotten.clear();
            self.read(&mut forgotten, chunk)?;
            left -= chunk;
        }
        Ok(())
    }

    /// Appends the next `length` bytes to `out`, which grows with what is decoded.
    ///
    /// # Errors
    /// Why there are no more; what came before is in `out`.
    pub(super) fn read(&mut self, out: &mut Vec<u8>, length: u64) -> Result<(), Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let mut left = length;
        while left > 0 {
            let before = out.len();
            let chunk = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
            out.resize(before + chunk, 0);
            let decoded = self.step(out.get_mut(before..).unwrap_or_default());
            out.truncate(before + decoded.as_ref().copied().unwrap_or(0));
            let checked = decoded.and_then(|decoded| self.count(decoded as u64).map(|()| decoded));
            match checked {
                Ok(decoded) => left = left.saturating_sub(decoded as u64),
                Err(refusal) => {
                    self.decoder = None;
                    self.refusal = Some(refusal.clone());
                    return Err(refusal);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, decoded: u64) -> Result<(), Refusal> {
        if decoded == 0 {
            let (position, size) = (self.position, self.size);
            let detail = format!(
                "the compressed data of its block ends after {position} of {size} decoded bytes; those were kept"
            );
            return Err(Refusal::new(Reason::ArchiveDamaged, detail));
        }
        self.position += decoded;
        self.limits.check_ratio(self.packed.taken.get(), self.position)?;
        // Members that are passed over are decoded all the same, and nobody else counts them.
        self.limits.check_output(self.archive_length, self.position)
    }

    /// Decodes some bytes.
    fn step(&mut self, to: &mut [u8]) -> Result<usize, Refusal> {
        let position = self.position;
        let guarded = catch_unwind(AssertUnwindSafe(|| {
            if self.decoder.is_none() {
                self.decoder = Some(self.decoder()?);
            }
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            loop {
                match decoder.read(to) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    result => return result,
                }
            }
        }));
        guarded.map_or_else(
            |_| {
                let detail = format!(
                    "decoding its block panicked after {position} bytes, which is a defect of this program"
                );
                Err(Refusal::new(Reason::ReaderPanicked, detail))
            },
            |result| result.map_err(|error| self.explain(&error)),
        )
    }

    fn decoder(&self) -> io::Result<Box<dyn Read + 'a>> {
        let steps = match &self.plan.way {
            Way::Steps(steps) => steps,
            Way::Rare => {
                let taken = Rc::clone(&self.packed.taken);
                let reader = RareReader::new(self.packed.bytes, taken, &self.definition)?;
                return Ok(Box::new(reader.take(self.size)));
            }
        };
        let mut input: Box<dyn BufRead + 'a> =
            Box::new(Packed { bytes: self.packed.bytes, taken: Rc::clone(&self.packed.taken) });
        for (step, size) in steps {
            let decoder = self.add(*step, *size, input)?;
            input = Box::new(BufReader::with_capacity(BUFFER, decoder.take(*size)));
        }
        Ok(Box::new(input.take(self.size)))
    }

    fn add(&self, step: Step, size: u64, input: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match step {
            Step::Copy => Box::new(input),
            Step::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(input)),
            Step::Deflate => Box::new(flate2::bufread::DeflateDecoder::new(input)),
            Step::Zstandard => {
                let mut decoder = zstd::Decoder::with_buffer(input)?;
                // The range that the format allows.
                decoder.window_log_max(self.limits.decoder_memory.max(1).ilog2().clamp(10, 31))?;
                Box::new(decoder)
            }
            Step::Lzma(bits, dictionary) => {
                let [first, second, third, fourth] = dictionary_for(dictionary, size).to_le_bytes();
                let mut filters = Filters::new();
                filters.lzma1_properties(&[bits, first, second, third, fourth])?;
                lzma(&filters, input)?
            }
            Step::Lzma2(dictionary) => {
                let wanted = dictionary_for(dictionary, size);
                let code = (0..40_u8).find(|code| (2 | u32::from(code & 1)) << (code / 2 + 11) >= wanted);
                let mut filters = Filters::new();
                filters.lzma2_properties(&[code.unwrap_or(40)])?;
                lzma(&filters, input)?
            }
        })
    }

    fn explain(&self, error: &io::Error) -> Refusal {
        let (position, text) = (self.position, error.to_string());
        if text.contains("too much memory") || error.kind() == ErrorKind::OutOfMemory {
            let most = self.limits.decoder_memory;
            let detail = format!("decoding it would need more than {most} bytes (--decoder-memory)");
            return Refusal::new(Reason::LimitDecoderMemory, detail);
        }
        let detail = if error.kind() == ErrorKind::UnexpectedEof {
            let size = self.size;
            format!(
                "the compressed data of its block ends after {position} of {size} decoded bytes; those were kept"
            )
        } else {
            format!("its block cannot be decoded beyond byte {position} ({text}); what came before was kept")
        };
        Refusal::new(Reason::ArchiveDamaged, detail)
    }
}

/// A dictionary that is never larger than what it is to hold, because it is allocated at once.
fn dictionary_for(declared: u32, size: u64) -> u32 {
    u32::try_from(size.max(LEAST_DICTIONARY)).unwrap_or(u32::MAX).min(declared)
}

fn lzma<'a>(filters: &Filters, input: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn Read + 'a>> {
    let stream = Stream::new_raw_decoder(filters)?;
    Ok(Box::new(liblzma::bufread::XzDecoder::new_stream(input, stream)))
}

/// Packed data, of which is counted what was taken.
struct Packed<'a> {
    bytes: &'a [u8],
    taken: Rc<Cell<u64>>,
}

impl Read for Packed<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(to)?;
        self.taken.set(self.taken.get().saturating_add(read as u64));
        Ok(read)
    }
}

impl BufRead for Packed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.bytes.get(..self.bytes.len().min(BUFFER)).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.bytes = self.bytes.get(amount..).unwrap_or_default();
        self.taken.set(self.taken.get().saturating_add(amount as u64));
    }
}
