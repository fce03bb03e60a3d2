//! Recovers the members of a zip without a directory from the headers before each member's data.
//!
//! Where a header does not say how long the data is (streamed zips say it behind the data), deflated data is inflated to
//! find its end; any other is searched for a descriptor that fits. The work for that is limited, so that a file full of
//! forged headers does not take forever.

use flate2::{Decompress, FlushDecompress, Status};

use super::ZipDirectory;
use super::directory::{u16_at, u32_at};
use super::record::{Declared, Member, NamePlace, Trouble, range};
use crate::archive::limits::Limits;
use crate::entry::Ordinal;

const LOCAL_HEADER: usize = 30;
const LOCAL_SIGNATURE: [u8; 4] = *b"PK\x03\x04";
const DESCRIPTOR_SIGNATURE: [u8; 4] = *b"PK\x07\x08";

/// ZIP64 sizes (APPNOTE 4.5.3).
const ZIP64: u16 = 0x0001;

/// The newest version of the format that a member may need: 6.3.
const NEWEST_VERSION: u8 = 63;

/// Bytes inflated at once to find an end.
const SCRATCH: usize = 64 << 10;

/// Finds members from front to back.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> ZipDirectory {
    let mut found = ZipDirectory::empty(None);
    let most = limits.entries.min(Ordinal::MOST);
    let mut work = Work::new(bytes.len(), limits);
    let mut position = 0;
    while let Some((_, header)) = next_header(bytes, position, bytes.len()) {
        if header.is_directory {
            found.directories += 1;
            position = header.data;
            continue;
        }
        if found.members.len() as u64 >= most {
            found.refusal = limits.check_entries(most.saturating_add(1)).err();
            break;
        }
        let (member, next) = header.resolve(bytes, &mut work);
        found.members.push(member);
        match next {
            Some(next) => position = next,
            // Nothing behind it can be told from its own data.
            None => break,
        }
    }
    found
}

/// Whether a member with a name stands anywhere in it; chance puts the signature into programs, but no such name behind it.
pub(super) fn has_member(bytes: &[u8]) -> bool {
    let mut from = 0;
    while let Some((start, header)) = next_header(bytes, from, bytes.len()) {
        let name = range(bytes, header.name.start, u64::from(header.name.length)).unwrap_or_default();
        let is_there = header.has_descriptor || header.declared.compressed <= bytes.len() as u64;
        if is_there && name.contains(&b'.') && name.iter().all(|byte| *byte >= b' ') {
            return true;
        }
        from = start + 1;
    }
    false
}

/// A header before a member's data.
struct LocalHeader {
    declared: Declared,
    name: NamePlace,
    data: usize,
    /// Whether size and checksum stand behind the data.
    has_descriptor: bool,
    is_directory: bool,
}

impl LocalHeader {
    /// The header at `start`; none if it cannot be one.
    fn read(bytes: &[u8], start: usize) -> Option<Self> {
        let header = bytes.get(start..)?.get(..LOCAL_HEADER)?;
        let flags = u16_at(header, 6);
        let name_length = u16_at(header, 26);
        let extra_length = u16_at(header, 28);
        if *header.get(4)? > NEWEST_VERSION || u16_at(header, 8) > 99 || name_length == 0 {
            return None;
        }
        let name = bytes.get(start + LOCAL_HEADER..)?.get(..usize::from(name_length))?;
        let extra = bytes.get(start + LOCAL_HEADER + name.len()..)?.get(..usize::from(extra_length))?;
        let mut declared = Declared {
            flags,
            method: u16_at(header, 8),
            crc: u32_at(header, 14),
            compressed: u64::from(u32_at(header, 18)),
            uncompressed: u64::from(u32_at(header, 22)),
        };
        if declared.compressed == u64::from(u32::MAX) || declared.uncompressed == u64::from(u32::MAX) {
            read_zip64(extra, &mut declared);
        }
        let has_descriptor = flags & 8 != 0 && declared.compressed == 0;
        Some(Self {
            name: NamePlace {
                start: (start + LOCAL_HEADER) as u64,
                length: name_length,
                is_utf8: flags & 0x800 != 0,
            },
            data: start + LOCAL_HEADER + name.len() + extra.len(),
            has_descriptor,
            is_directory: name.ends_with(b"/") && declared.uncompressed == 0 && declared.compressed == 0,
            declared,
        })
    }

    /// The member, and where to go on; none where its end is not known.
    fn resolve(self, bytes: &[u8], work: &mut Work) -> (Member, Option<usize>) {
        let cut =
            |declared: &Declared| Member::new(declared, self.name, self.data as u64).troubled(Trouble::Cut);
        if !self.has_descriptor {
            let end = self.data.checked_add(usize::try_from(self.declared.compressed).unwrap_or(usize::MAX));
            let end = end.filter(|end| *end <= bytes.len());
            // What stands where the data should end shows whether some of it is missing: then another header lies within.
            let is_followed =
                |end| end == bytes.len() || bytes.get(end..).is_some_and(|rest| rest.starts_with(b"PK"));
            let is_zip = bytes.get(self.data..).is_some_and(|data| data.starts_with(&LOCAL_SIGNATURE));
            let within = if is_zip || end.is_some_and(is_followed) {
                None
            } else {
                next_header(bytes, self.data, end.unwrap_or(bytes.len())).map(|(start, _)| start)
            };
            return match (end, within) {
                (Some(end), None) => (Member::new(&self.declared, self.name, self.data as u64), Some(end)),
                (_, within) => (cut(&self.declared), within),
            };
        }
        let rest = bytes.get(self.data..).unwrap_or_default();
        let ended = match self.declared.method {
            8 => work.find_end(rest),
            method => work.find_descriptor(rest, method == 0),
        };
        let described = ended.and_then(|end| {
            let (crc, length) = read_descriptor(rest.get(end.compressed..)?, &end)?;
            let declared = Declared {
                crc,
                compressed: end.compressed as u64,
                uncompressed: end.uncompressed,
                ..self.declared
            };
            let next = self.data + end.compressed + length;
            Some((Member::new(&declared, self.name, self.data as u64), Some(next)))
        });
        // What follows a member whose end was not found may still have headers of its own.
        described.unwrap_or_else(|| (cut(&self.declared), Some(self.data)))
    }
}

/// Where data ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    compressed: usize,
    uncompressed: u64,
}

/// What finding ends may still cost, in bytes.
struct Work {
    input: u64,
    output: u64,
    largest: u64,
}

impl Work {
    fn new(length: usize, limits: &Limits) -> Self {
        let length = length as u64;
        // Twice over is enough for an honest archive, of which each member is inflated once.
        let input = length.saturating_mul(2).saturating_add(1 << 20);
        let output = length.saturating_mul(16).saturating_add(1 << 28).min(limits.output);
        Self { input, output, largest: limits.nested_size.max(limits.entry_size) }
    }

    /// Where the deflated data at the start of `data` ends.
    fn find_end(&mut self, data: &[u8]) -> Option<End> {
        if self.input == 0 || self.output == 0 {
            return None;
        }
        let mut inflate = Decompress::new(false);
        let mut scratch = vec![0; SCRATCH];
        loop {
            let consumed = usize::try_from(inflate.total_in()).ok()?;
            let (before_in, before_out) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(data.get(consumed..)?, &mut scratch, FlushDecompress::None);
            let (read, made) = (inflate.total_in() - before_in, inflate.total_out() - before_out);
            spend(&mut self.input, read)?;
            spend(&mut self.output, made)?;
            match status {
                Ok(Status::StreamEnd) => {
                    let compressed = usize::try_from(inflate.total_in()).ok()?;
                    return Some(End { compressed, uncompressed: inflate.total_out() });
                }
                Ok(_) if read + made > 0 && inflate.total_out() <= self.largest => {}
                _ => return None,
            }
        }
    }

    /// Where other data ends: at a descriptor that gives the compressed size, which for stored data is the other one too.
    fn find_descriptor(&mut self, data: &[u8], is_stored: bool) -> Option<End> {
        let affordable = usize::try_from(self.input).unwrap_or(usize::MAX);
        let data = data.get(..affordable).unwrap_or(data);
        let mut position = 0;
        loop {
            let end = find(data, position, DESCRIPTOR_SIGNATURE);
            spend(&mut self.input, (end.unwrap_or(data.len()) - position) as u64)?;
            let end = end?;
            let descriptor = data.get(end..)?;
            let uncompressed = u64::from(u32_at(descriptor, 12));
            if u64::from(u32_at(descriptor, 8)) == end as u64 && (!is_stored || uncompressed == end as u64) {
                return Some(End { compressed: end, uncompressed });
            }
            position = end + 1;
        }
    }
}

/// Takes from a budget; none, and nothing left of it, if it does not suffice.
fn spend(budget: &mut u64, cost: u64) -> Option<()> {
    let left = budget.checked_sub(cost);
    *budget = left.unwrap_or(0);
    left.map(|_| ())
}

/// The checksum in the descriptor behind the data, and the descriptor's length: its signature is optional, its sizes have
/// four or eight bytes.
fn read_descriptor(behind: &[u8], end: &End) -> Option<(u32, usize)> {
    let signature = if behind.starts_with(&DESCRIPTOR_SIGNATURE) { 4 } else { 0 };
    let crc = range(behind, signature, 4)?;
    let sizes = usize::try_from(signature).ok()? + 4;
    let compressed = end.compressed as u64;
    let short = u64::from(u32_at(behind, sizes)) == compressed
        && u64::from(u32_at(behind, sizes + 4)) == end.uncompressed;
    if short && behind.len() >= sizes + 8 {
        return Some((u32_at(crc, 0), sizes + 8));
    }
    let long = u64_at(behind, sizes)? == compressed && u64_at(behind, sizes + 8)? == end.uncompressed;
    long.then_some((u32_at(crc, 0), sizes + 16))
}

/// Sizes of 64 bits: the uncompressed one first, each only where its 32-bit field is full.
fn read_zip64(mut extra: &[u8], declared: &mut Declared) {
    while let Some((head, rest)) = extra.split_at_checked(4) {
        let Some((mut data, behind)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else { return };
        if u16_at(head, 0) == ZIP64 {
            for size in [&mut declared.uncompressed, &mut declared.compressed] {
                if *size == u64::from(u32::MAX)
                    && let Some(value) = u64_at(data, 0)
                {
                    *size = value;
                    data = data.get(8..).unwrap_or_default();
                }
            }
            return;
        }
        extra = behind;
    }
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    bytes.get(offset..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// The next header that begins between two places, and where.
fn next_header(bytes: &[u8], mut from: usize, to: usize) -> Option<(usize, LocalHeader)> {
    let searched = bytes.get(..to.saturating_add(LOCAL_SIGNATURE.len() - 1)).unwrap_or(bytes);
    while let Some(start) = find(searched, from, LOCAL_SIGNATURE) {
        if let Some(header) = LocalHeader::read(bytes, start) {
            return Some((start, header));
        }
        from = start + 1;
    }
    None
}

/// The next place of a signature, from `position` on.
fn find(bytes: &[u8], mut position: usize, signature: [u8; 4]) -> Option<usize> {
    loop {
        let rest = bytes.get(position..)?;
        position += rest.iter().position(|byte| Some(byte) == signature.first())?;
        if bytes.get(position..)?.starts_with(&signature) {
            return Some(position);
        }
        position += 1;
    }
}
