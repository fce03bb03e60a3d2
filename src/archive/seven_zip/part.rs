//! The parts of an archive, and the members of one of them.
//!
//! A block is opened when its first member is asked for and decoded when the first byte of one is; members that nobody reads
//! at the end of a block cost nothing.

use super::decode::BlockReader;
use super::files::{File, Listing};
use super::streams::Stream;
use crate::archive::directory::{PART_BYTES, PART_MEMBERS, Part};
use crate::archive::limits::Limits;
use crate::archive::members::{Member, Members, Skipped};
use crate::reject::{Reason, Refusal};

/// Divides the members of an archive into parts.
pub(super) fn divide(archive: &[u8], listing: &Listing, limits: &Limits) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut part = Part::default();
    let mut block = None;
    let mut is_solid = false;
    for (index, file) in listing.files.iter().enumerate() {
        let stream = file.stream();
        if let Some(next) = stream.map(|stream| stream.block).filter(|next| block != Some(*next)) {
            let size = Size::of(archive, listing, next, limits);
            let fits = !is_solid && !size.is_solid && part.packed.saturating_add(size.packed) <= PART_BYTES;
            if block.is_some() && (!fits || part.members >= PART_MEMBERS) {
                parts.push(part);
                part = Part { first: index, ..Part::default() };
            }
            part.packed = part.packed.saturating_add(size.packed);
            // One decoder at a time.
            part.window = part.window.max(size.window);
            is_solid = size.is_solid;
            block = Some(next);
        } else if stream.is_none() && part.members >= PART_MEMBERS && !is_solid {
            parts.push(part);
            part = Part { first: index, ..Part::default() };
            block = None;
        }
        part.members += 1;
    }
    if part.members > 0 {
        parts.push(part);
    }
    parts
}

/// What a block adds to a part.
struct Size {
    packed: u64,
    window: u64,
    is_solid: bool,
}

impl Size {
    fn of(archive: &[u8], listing: &Listing, block: usize, limits: &Limits) -> Self {
        let Some(block) = listing.blocks.list().get(block) else {
            return Self { packed: 0, window: 0, is_solid: false };
        };
        let opened = BlockReader::open(archive, &listing.blocks, block, limits);
        // What is refused takes nothing.
        let (packed, window) = opened.map_or((0, 0), |reader| (reader.packed(), reader.memory()));
        Self { packed, window, is_solid: block.members > 1 }
    }
}

/// The members of a part.
pub(super) struct PartMembers<'a> {
    listing: &'a Listing,
    archive: &'a [u8],
    limits: &'a Limits,
    /// The files that were not yielded yet.
    files: std::slice::Iter<'a, File>,
    block: Option<(usize, Result<BlockReader<'a>, Refusal>)>,
    current: Option<Current>,
}

/// The member whose content can be read.
struct Current {
    stream: Stream,
    remaining: u64,
    checksum: libdeflater::Crc,
    refusal: Option<Refusal>,
}

impl<'a> PartMembers<'a> {
    pub(super) fn new(listing: &'a Listing, archive: &'a [u8], part: Part, limits: &'a Limits) -> Self {
        let end = part.first.saturating_add(part.members);
        let files = listing.files.get(part.first..end).unwrap_or_default().iter();
        Self { listing, archive, limits, files, block: None, current: None }
    }

    /// The reader of a block, which stays open from one member to the next.
    fn open(&mut self, block: usize) -> &mut Result<BlockReader<'a>, Refusal> {
        let opened = self.block.take().filter(|(open, _)| *open == block);
        let reader = if let Some((_, reader)) = opened {
            reader
        } else {
            let outside =
                || Refusal::new(Reason::ArchiveDamaged, "the archive has no block at this position");
            let found = self.listing.blocks.list().get(block).ok_or_else(outside);
            found.and_then(|found| BlockReader::open(self.archive, &self.listing.blocks, found, self.limits))
        };
        &mut self.block.insert((block, reader)).1
    }

    fn read(&mut self, current: &mut Current, out: &mut Vec<u8>, wanted: u64) -> Result<(), Refusal> {
        if let Some(refusal) = &current.refusal {
            return Err(refusal.clone());
        }
        let reader = self.open(current.stream.block).as_mut().map_err(|refusal| refusal.clone())?;
        let position = current.stream.offset + (current.stream.size - current.remaining);
        reader.skip(position.saturating_sub(reader.position()))?;
        let before = out.len();
        let result = reader.read(out, wanted);
        let content = out.get(before..).unwrap_or_default();
        current.checksum.update(content);
        current.remaining = current.remaining.saturating_sub(content.len() as u64);
        result?;
        match current.stream.checksum {
            Some(expected) if current.remaining == 0 && current.checksum.sum() != expected => {
                let found = current.checksum.sum();
                let detail = format!("its checksum should be {expected:08x} and is {found:08x}");
                Err(Refusal::new(Reason::ArchiveDamaged, detail))
            }
            _ => Ok(()),
        }
    }
}

impl Members for PartMembers<'_> {
    fn next_member(&mut self) -> Option<Member> {
        self.current = None;
        let file = self.files.next()?;
        let mut refusal = self.limits.check_name(file.name_length()).err();
        if let Some(stream) = file.stream() {
            let of_block = match self.open(stream.block) {
                Ok(reader) => reader.refusal().cloned(),
                Err(refusal) => Some(refusal.clone()),
            };
            refusal = of_block.or(refusal);
            self.current = Some(Current {
                stream,
                remaining: stream.size,
                checksum: libdeflater::Crc::new(),
                refusal: refusal.clone(),
            });
        }
        let raw_name = self.listing.name(file).to_vec();
        Some(Member { raw_name, is_utf8: true, size: file.size, refusal })
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        let wanted = (up_to.saturating_sub(out.len()) as u64).min(current.remaining);
        let result = match &current.refusal {
            Some(refusal) => Err(refusal.clone()),
            None if wanted == 0 => Ok(()),
            None => self.read(&mut current, out, wanted),
        };
        current.refusal = result.as_ref().err().cloned();
        self.current = Some(current);
        result
    }

    /// What is wrong with the archive as a whole is known to its directory.
    fn refusal(&self) -> Option<&Refusal> {
        None
    }

    fn skipped(&self) -> Skipped {
        Skipped::default()
    }
}
