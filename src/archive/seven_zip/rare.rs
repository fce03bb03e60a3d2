//! Decodes a block of a rare kind (`PPMd`, LZ4, branch filters, BCJ2) with the `sevenz-rust2` crate.
//!
//! That crate hands a block's content to a closure and cannot be stopped and resumed, so the content is decoded in passes:
//! each decodes from the front, forgets what came before and keeps the next [`WINDOW`] bytes. Most blocks need one pass;
//! one with more than [`MOST_PASSES`] is refused beforehand ([`super::method`]). The crate never sees the archive's own
//! header: it is given one with this block alone, so that no name or count of a hostile archive reaches it.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::rc::Rc;

use sevenz_rust2::{Archive, BlockDecoder, Password};

use super::signature::{SIGNATURE, SIGNATURE_HEADER};
use super::streams::Definition;

/// Decoded bytes that are kept at once.
pub(super) const WINDOW: u64 = 64 << 20;
/// Most passes over a block.
pub(super) const MOST_PASSES: u64 = 16;

/// The content of a block.
pub(super) struct RareReader<'a> {
    source: Source<'a>,
    archive: Archive,
    size: u64,
    /// Where the kept bytes start in the content, the bytes, and how many of them were handed out.
    kept_from: u64,
    kept: Vec<u8>,
    handed_out: usize,
    /// Why nothing can be decoded behind the kept bytes.
    failed: Option<io::Error>,
}

impl<'a> RareReader<'a> {
    /// A reader of `packed`, the data of a block, that counts what it takes of it in its farthest pass.
    pub(super) fn new(
        packed: &'a [u8],
        taken: Rc<Cell<u64>>,
        definition: &Definition<'_>,
    ) -> io::Result<Self> {
        let header = header(definition);
        let mut start = SIGNATURE.to_vec();
        let mut fields = Vec::new();
        fields.extend((packed.len() as u64).to_le_bytes());
        fields.extend((header.len() as u64).to_le_bytes());
        fields.extend(libdeflater::crc32(&header).to_le_bytes());
        start.extend([0, 4]);
        start.extend(libdeflater::crc32(&fields).to_le_bytes());
        start.extend(fields);
        let mut source = Source { start, packed, header, position: 0, taken };
        let archive = Archive::read(&mut source, &Password::empty()).map_err(io::Error::other)?;
        // Reading the header went past the data without taking any of it.
        source.taken.set(0);
        let size = definition.size();
        Ok(Self { source, archive, size, kept_from: 0, kept: Vec::new(), handed_out: 0, failed: None })
    }

    /// Decodes the content from the front and keeps what follows on the kept bytes.
    fn pass(&mut self) {
        let from = self.kept_from.saturating_add(self.kept.len() as u64);
        let wanted = self.size.saturating_sub(from).min(WINDOW);
        self.kept.clear();
        (self.kept_from, self.handed_out) = (from, 0);
        let kept = &mut self.kept;
        let password = Password::empty();
        let mut failed = None;
        let decoder = BlockDecoder::new(1, 0, &self.archive, &password, &mut self.source);
        let result = decoder.for_each_entries(&mut |_, reader| {
            let mut read = || {
                let skipped = io::copy(&mut (&mut *reader).take(from), &mut io::sink())?;
                if skipped < from {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                (&mut *reader).take(wanted).read_to_end(kept).map(|_| ())
            };
            failed = read().err();
            Ok(false)
        });
        self.failed = failed.or_else(|| result.err().map(io::Error::other));
    }
}

impl Read for RareReader<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.handed_out == self.kept.len() {
            if self.kept_from.saturating_add(self.kept.len() as u64) >= self.size {
                return Ok(0);
            }
            if self.failed.is_none() {
                self.pass();
            }
            if self.kept.len() == self.handed_out {
                return Err(self.failed.take().unwrap_or_else(|| ErrorKind::UnexpectedEof.into()));
            }
        }
        let read = self.kept.get(self.handed_out..).unwrap_or_default().read(to)?;
        self.handed_out += read;
        Ok(read)
    }
}

/// The header of an archive with this block alone, in which it is one member without a name.
fn header(definition: &Definition<'_>) -> Vec<u8> {
    let mut header = vec![0x01, 0x04, 0x06, 0x00];
    header.extend(number(definition.packed_sizes.len() as u64));
    header.push(0x09);
    header.extend(definition.packed_sizes.iter().flat_map(|size| number(*size)));
    header.extend([0x00, 0x07, 0x0b, 0x01, 0x00]);
    header.extend(definition.bytes);
    header.push(0x0c);
    header.extend(definition.unpacked_sizes.iter().flat_map(|size| number(*size)));
    header.extend([0x00, 0x08, 0x00, 0x00, 0x05, 0x01, 0x00, 0x00]);
    header
}

/// A number in its longest form.
fn number(value: u64) -> impl Iterator<Item = u8> {
    std::iter::once(0xff).chain(value.to_le_bytes())
}

/// An archive put together of a start, packed data and a header.
struct Source<'a> {
    start: Vec<u8>,
    packed: &'a [u8],
    header: Vec<u8>,
    position: u64,
    taken: Rc<Cell<u64>>,
}

impl Read for Source<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut before = 0;
        for part in [&self.start, self.packed, &self.header] {
            let at = usize::try_from(self.position - before).unwrap_or(usize::MAX);
            if let Some(mut rest) = part.get(at..).filter(|rest| !rest.is_empty()) {
                let read = rest.read(to)?;
                self.position += read as u64;
                let within = self.position.saturating_sub(SIGNATURE_HEADER).min(self.packed.len() as u64);
                self.taken.set(self.taken.get().max(within));
                return Ok(read);
            }
            before += part.len() as u64;
        }
        Ok(0)
    }
}

impl Seek for Source<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = (self.start.len() + self.packed.len() + self.header.len()) as u64;
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(ErrorKind::InvalidInput)?.min(end);
        Ok(self.position)
    }
}
