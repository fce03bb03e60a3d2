//! The streams of an archive: where the packed data of each block is, and into which sizes its content falls.
//!
//! Reads the part of the header that says so and keeps 48 bytes for a block; its definition is read again where it is
//! needed. Never keeps more blocks than entries are allowed. Source: `7zFormat.txt`, "Streams Info".

use super::folder::Folder;
use super::scan::{Checksums, Scan, damaged};
use super::signature::SIGNATURE_HEADER;
use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

const END: u8 = 0x00;
const PACK_INFO: u8 = 0x06;
const UNPACK_INFO: u8 = 0x07;
const SUB_STREAMS_INFO: u8 = 0x08;
const SIZES: u8 = 0x09;
const CHECKSUMS: u8 = 0x0a;
const FOLDER: u8 = 0x0b;
const UNPACK_SIZES: u8 = 0x0c;
const STREAM_COUNTS: u8 = 0x0d;

/// A run of members compressed as one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// Where its definition is in [`Blocks::definitions`].
    definition: usize,
    /// Its first number in [`Blocks::packed_sizes`] and [`Blocks::unpacked_sizes`].
    first_packed: usize,
    first_unpacked: usize,
    /// Where its data starts in the archive.
    start: u64,
    /// How many members with data it has.
    pub(super) members: u64,
    checksum: Option<u32>,
}

/// The blocks of an archive.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    definitions: Vec<u8>,
    packed_sizes: Vec<u64>,
    unpacked_sizes: Vec<u64>,
    list: Vec<Block>,
}

/// What is needed to decode a block.
#[derive(Clone, Debug)]
pub(super) struct Definition<'b> {
    pub(super) folder: Folder<'b>,
    /// The folder as it stands in the header.
    pub(super) bytes: &'b [u8],
    pub(super) packed_sizes: &'b [u64],
    /// The size of each coder's output.
    pub(super) unpacked_sizes: &'b [u64],
    /// Where its data starts in the archive.
    start: u64,
}

impl Definition<'_> {
    /// The size of its content in bytes.
    pub(super) fn size(&self) -> u64 {
        self.folder.last().and_then(|last| self.unpacked_sizes.get(last)).copied().unwrap_or(0)
    }

    /// The data in the archive.
    ///
    /// # Errors
    /// [`Reason::ArchiveTruncated`] if it lies beyond the end.
    pub(super) fn packed<'a>(&self, archive: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let length = self.packed_sizes.iter().try_fold(0_u64, |sum, size| sum.checked_add(*size));
        let end = length.and_then(|length| self.start.checked_add(length));
        let range = usize::try_from(self.start).ok().zip(end.and_then(|end| usize::try_from(end).ok()));
        range.and_then(|(start, end)| archive.get(start..end)).ok_or_else(|| {
            let detail = format!(
                "its compressed data should start at byte {} and goes beyond the end of the archive, which has {}",
                self.start,
                archive.len()
            );
            Refusal::new(Reason::ArchiveTruncated, detail)
        })
    }
}

impl Blocks {
    pub(super) fn list(&self) -> &[Block] {
        &self.list
    }

    pub(super) fn definition(&self, block: &Block) -> Result<Definition<'_>, Refusal> {
        let bytes = self.definitions.get(block.definition..).unwrap_or_default();
        let mut scan = Scan::new(bytes);
        let folder = Folder::read(&mut scan)?;
        let packed = usize::try_from(folder.packed_streams()).unwrap_or(usize::MAX);
        let part = |numbers: &'_ [u64], first: usize, count: usize| {
            first.checked_add(count).map(|end| first..end).filter(|range| range.end <= numbers.len())
        };
        let missing = || damaged("a block has fewer sizes than streams");
        let packed = part(&self.packed_sizes, block.first_packed, packed).ok_or_else(missing)?;
        let unpacked =
            part(&self.unpacked_sizes, block.first_unpacked, folder.coders.len()).ok_or_else(missing)?;
        Ok(Definition {
            bytes: bytes.get(..bytes.len() - scan.rest().len()).unwrap_or_default(),
            folder,
            packed_sizes: self.packed_sizes.get(packed).unwrap_or_default(),
            unpacked_sizes: self.unpacked_sizes.get(unpacked).unwrap_or_default(),
            start: block.start,
        })
    }
}

/// The content of one member within a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    /// The block's position in [`Blocks::list`].
    pub(super) block: usize,
    /// Where it starts in the block's content.
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) checksum: Option<u32>,
}

/// The streams of all blocks, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Streams<'h> {
    pub(super) blocks: Blocks,
    /// Whether there are more blocks than were kept.
    pub(super) are_more: bool,
    sizes: Scan<'h>,
    checksums: Checksums<'h>,
    block: usize,
    /// How many of the current block's members were given, and the content before the next.
    given: u64,
    offset: u64,
    /// The size of the current block's content, once it is known.
    whole: Option<u64>,
}

impl<'h> Streams<'h> {
    /// No streams.
    pub(super) fn none() -> Self {
        Self {
            blocks: Blocks::default(),
            are_more: false,
            sizes: Scan::default(),
            checksums: Checksums::NONE,
            block: 0,
            given: 0,
            offset: 0,
            whole: None,
        }
    }

    pub(super) fn read(scan: &mut Scan<'h>, limits: &Limits) -> Result<Self, Refusal> {
        let mut streams = Self::none();
        let mut id = scan.byte()?;
        let mut packed = Packed::default();
        if id == PACK_INFO {
            packed = Packed::read(scan)?;
            id = scan.byte()?;
        }
        let mut folders = 0;
        let mut folder_checksums = Checksums::NONE;
        if id == UNPACK_INFO {
            (folders, folder_checksums) = streams.read_folders(scan, &packed, limits)?;
            id = scan.byte()?;
        }
        if id == SUB_STREAMS_INFO {
            streams.read_counts(scan, folders, folder_checksums)?;
            id = scan.byte()?;
        }
        if id != END {
            return Err(damaged("what follows the streams is not known"));
        }
        Ok(streams)
    }

    fn read_folders(
        &mut self,
        scan: &mut Scan<'h>,
        packed: &Packed<'h>,
        limits: &Limits,
    ) -> Result<(u64, Checksums<'h>), Refusal> {
        if scan.byte()? != FOLDER {
            return Err(damaged("the blocks are missing"));
        }
        let count = scan.count("blocks")?;
        if scan.byte()? != 0 {
            return Err(damaged("the blocks are described in another place, which is not read"));
        }
        let kept = count.min(limits.entries);
        self.are_more = count > kept;
        let definitions = scan.rest();
        let mut sizes = packed.sizes;
        let mut start = packed.start;
        let (mut coders, mut kept_coders) = (0_u64, 0);
        for index in 0..count {
            let definition = definitions.len() - scan.rest().len();
            let folder = Folder::read(scan)?;
            if index < kept {
                self.blocks.list.push(Block {
                    definition,
                    first_packed: self.blocks.packed_sizes.len(),
                    first_unpacked: usize::try_from(coders).unwrap_or(usize::MAX),
                    start,
                    members: 1,
                    checksum: None,
                });
                for _ in 0..folder.packed_streams() {
                    let size = sizes.number()?;
                    self.blocks.packed_sizes.push(size);
                    start =
                        start.checked_add(size).ok_or_else(|| damaged("its sizes are beyond any file"))?;
                }
                let end = definitions.len() - scan.rest().len();
                self.blocks
                    .definitions
                    .extend_from_slice(definitions.get(definition..end).unwrap_or_default());
            }
            coders = coders.saturating_add(folder.coders.len() as u64);
            if index < kept {
                kept_coders = coders;
            }
        }
        if scan.byte()? != UNPACK_SIZES {
            return Err(damaged("the sizes of the blocks are missing"));
        }
        for _ in 0..kept_coders {
            self.blocks.unpacked_sizes.push(scan.number()?);
        }
        scan.skip_numbers(coders - kept_coders)?;
        let mut checksums = Checksums::NONE;
        loop {
            match scan.byte()? {
                END => break,
                CHECKSUMS => checksums = scan.checksums(count)?,
                _ => {
                    let length = scan.number()?;
                    scan.take(length)?;
                }
            }
        }
        let mut of_blocks = checksums;
        for block in &mut self.blocks.list {
            block.checksum = of_blocks.next();
        }
        Ok((count, checksums))
    }

    fn read_counts(
        &mut self,
        scan: &mut Scan<'h>,
        folders: u64,
        mut of_folders: Checksums<'h>,
    ) -> Result<(), Refusal> {
        let mut id = scan.byte()?;
        let mut counts = None;
        if id == STREAM_COUNTS {
            counts = Some(*scan);
            scan.skip_numbers(folders)?;
            id = scan.byte()?;
        }
        let mut sizes = 0_u64;
        let mut checksums = 0_u64;
        for index in 0..folders {
            let count = counts.as_mut().map_or(Ok(1), Scan::number)?;
            let own = of_folders.next();
            sizes = sizes.saturating_add(count.saturating_sub(1));
            checksums = checksums.saturating_add(if count == 1 && own.is_some() { 0 } else { count });
            if let Some(block) = usize::try_from(index).ok().and_then(|at| self.blocks.list.get_mut(at)) {
                block.members = count;
            }
        }
        if id == SIZES {
            self.sizes = *scan;
            scan.skip_numbers(sizes)?;
            id = scan.byte()?;
        } else if sizes > 0 {
            return Err(damaged("the sizes of the members are missing"));
        }
        loop {
            match id {
                END => return Ok(()),
                CHECKSUMS => self.checksums = scan.checksums(checksums)?,
                _ => {
                    let length = scan.number()?;
                    scan.take(length)?;
                }
            }
            id = scan.byte()?;
        }
    }

    /// The next stream; none at the end of what was kept.
    pub(super) fn next(&mut self) -> Result<Option<Stream>, Refusal> {
        while let Some(block) = self.blocks.list.get(self.block) {
            if self.given == block.members {
                self.block += 1;
                (self.given, self.offset, self.whole) = (0, 0, None);
                continue;
            }
            let whole = match self.whole {
                Some(whole) => whole,
                None => self.blocks.definition(block)?.size(),
            };
            self.whole = Some(whole);
            let left = whole.checked_sub(self.offset);
            self.given += 1;
            let size = if self.given == block.members { left } else { Some(self.sizes.number()?) };
            let too_large = || damaged("the members of a block are larger than the block");
            let size = size.filter(|size| left.is_some_and(|left| *size <= left)).ok_or_else(too_large)?;
            let own = block.checksum.filter(|_| block.members == 1);
            let checksum = own.or_else(|| self.checksums.next());
            let stream = Stream { block: self.block, offset: self.offset, size, checksum };
            self.offset += size;
            return Ok(Some(stream));
        }
        Ok(None)
    }
}

/// Where the packed data is.
#[derive(Default)]
struct Packed<'h> {
    start: u64,
    sizes: Scan<'h>,
}

impl<'h> Packed<'h> {
    fn read(scan: &mut Scan<'h>) -> Result<Self, Refusal> {
        let position = scan.number()?;
        let start =
            position.checked_add(SIGNATURE_HEADER).ok_or_else(|| damaged("its data is beyond any file"))?;
        let count = scan.count("packed streams")?;
        let mut sizes = Scan::default();
        loop {
            match scan.byte()? {
                END => return Ok(Self { start, sizes }),
                SIZES => {
                    sizes = *scan;
                    scan.skip_numbers(count)?;
                }
                CHECKSUMS => {
                    scan.checksums(count)?;
                }
                _ => {
                    let length = scan.number()?;
                    scan.take(length)?;
                }
            }
        }
    }
}
