//! The files that a 7z lists, in the order of its list.
//!
//! Tells regular files from the rest and gives each its place in the blocks. Keeps 48 bytes and the name for a regular file
//! and nothing for the rest. Source: `7zFormat.txt`, "Files Info".

use super::scan::{Flags, Scan, damaged};
use super::streams::{Blocks, Stream, Streams};
use crate::archive::limits::Limits;
use crate::archive::members::Skipped;
use crate::reject::Refusal;

/// Folders and the like that may be listed beyond as many entries as are allowed.
const FOLDERS: u64 = 1 << 20;

const END: u8 = 0x00;
const ARCHIVE_PROPERTIES: u8 = 0x02;
const ADDITIONAL_STREAMS: u8 = 0x03;
const MAIN_STREAMS: u8 = 0x04;
const FILES: u8 = 0x05;
const EMPTY_STREAM: u8 = 0x0e;
const EMPTY_FILE: u8 = 0x0f;
const ANTI: u8 = 0x10;
const NAMES: u8 = 0x11;
const ATTRIBUTES: u8 = 0x15;

/// The Windows attribute of a link or the like, and the one that says that the upper half is a Unix mode.
const REPARSE_POINT: u32 = 0x400;
const UNIX_EXTENSION: u32 = 0x8000;

/// A regular file.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    name_start: usize,
    /// Bytes of the name that were kept, and that it has.
    name_kept: u32,
    name_length: u32,
    block: u32,
    checksum: Option<u32>,
    offset: u64,
    pub(super) size: u64,
}

impl File {
    /// Where its content is; none if it is empty and in no block.
    pub(super) fn stream(&self) -> Option<Stream> {
        let block = usize::try_from(self.block).ok().filter(|_| self.block != u32::MAX)?;
        Some(Stream { block, offset: self.offset, size: self.size, checksum: self.checksum })
    }

    /// Bytes that its name has, of which all or the first are kept.
    pub(super) fn name_length(&self) -> usize {
        usize::try_from(self.name_length).unwrap_or(usize::MAX)
    }
}

/// What an archive lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<File>,
    names: String,
    pub(super) blocks: Blocks,
    pub(super) skipped: Skipped,
    pub(super) refusal: Option<Refusal>,
}

impl Listing {
    /// Reads a plain header.
    ///
    /// # Errors
    /// If nothing at all can be listed. What breaks the list off later on is [`Self::refusal`].
    pub(super) fn read(header: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut listing = Self::default();
        let mut scan = Scan::new(header);
        let mut streams = Streams::none();
        loop {
            match scan.byte()? {
                END => break,
                ARCHIVE_PROPERTIES => {
                    while scan.byte()? != END {
                        let length = scan.number()?;
                        scan.take(length)?;
                    }
                }
                ADDITIONAL_STREAMS => drop(Streams::read(&mut scan, limits)?),
                MAIN_STREAMS => streams = Streams::read(&mut scan, limits)?,
                FILES => {
                    let list = List::read(&mut scan)?;
                    let listed = listing.add(list, &mut streams, limits);
                    if let Err(refusal) = listed {
                        if listing.files.is_empty() {
                            return Err(refusal);
                        }
                        listing.refusal = Some(refusal);
                    }
                    break;
                }
                other => return Err(damaged(&format!("it has a part {other} that is not known"))),
            }
        }
        listing.blocks = streams.blocks;
        Ok(listing)
    }

    /// The bytes that were kept of a file's name.
    pub(super) fn name(&self, file: &File) -> &[u8] {
        let kept = usize::try_from(file.name_kept).unwrap_or(usize::MAX);
        let range = file.name_start..file.name_start.saturating_add(kept);
        self.names.as_bytes().get(range).unwrap_or_default()
    }

    fn add(&mut self, list: List<'_>, streams: &mut Streams<'_>, limits: &Limits) -> Result<(), Refusal> {
        let most = limits.entries.min(u64::from(u32::MAX));
        let mut names = Scan::new(list.names);
        let mut attributes = list.attributes;
        let mut without_stream = 0_u64;
        for index in 0..list.count {
            // Folders are no entries, and yet nobody has more than a million beyond these.
            if index > most.saturating_add(FOLDERS) {
                return limits.check_entries(u64::MAX);
            }
            let attributes = attributes.next()?;
            let is_empty = list.empty_stream.get(index);
            let (mut stream, mut is_directory, mut is_anti) = (None, false, false);
            if is_empty {
                is_directory = !list.empty_file.get(without_stream);
                is_anti = list.anti.get(without_stream);
                without_stream += 1;
            } else {
                stream = streams.next()?;
                if stream.is_none() {
                    limits.check_entries(if streams.are_more { u64::MAX } else { 0 })?;
                    return Err(damaged(&format!("it has more files than contents, {index} of them")));
                }
            }
            let kind = if is_directory && !is_anti { Kind::Directory } else { Kind::of(attributes, is_anti) };
            match kind {
                Kind::Regular if self.files.len() as u64 >= most => {
                    return limits.check_entries(most.saturating_add(1));
                }
                Kind::Regular => self.push(&mut names, stream, limits),
                Kind::Directory => self.skipped.directories += 1,
                Kind::Link => self.skipped.links += 1,
                Kind::Other => self.skipped.others += 1,
            }
            if kind != Kind::Regular {
                units(&mut names).for_each(drop);
            }
        }
        Ok(())
    }

    fn push(&mut self, names: &mut Scan<'_>, stream: Option<Stream>, limits: &Limits) {
        let name_start = self.names.len();
        let mut length = 0_usize;
        // Halves of characters that Windows allows in names become U+FFFD.
        for character in char::decode_utf16(units(names)) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            length += character.len_utf8();
            if length <= limits.name {
                self.names.push(character);
            }
        }
        let stream = stream.filter(|stream| stream.size > 0);
        self.files.push(File {
            name_start,
            name_kept: u32::try_from(self.names.len() - name_start).unwrap_or(u32::MAX),
            name_length: u32::try_from(length).unwrap_or(u32::MAX),
            block: stream.and_then(|stream| u32::try_from(stream.block).ok()).unwrap_or(u32::MAX),
            checksum: stream.and_then(|stream| stream.checksum),
            offset: stream.map_or(0, |stream| stream.offset),
            size: stream.map_or(0, |stream| stream.size),
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Regular,
    Directory,
    Link,
    Other,
}

impl Kind {
    fn of(attributes: u32, is_anti: bool) -> Self {
        if is_anti {
            return Self::Other;
        }
        let mode = if attributes & UNIX_EXTENSION == 0 { 0 } else { attributes >> 16 };
        match mode & 0o170_000 {
            0o120_000 => Self::Link,
            0o040_000 => Self::Directory,
            0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => Self::Other,
            _ if attributes & REPARSE_POINT != 0 => Self::Link,
            _ => Self::Regular,
        }
    }
}

/// The units of the next name, up to the NUL that ends it.
fn units<'s>(names: &'s mut Scan<'_>) -> impl Iterator<Item = u16> + 's {
    std::iter::from_fn(|| {
        let unit = names.take(2).ok()?.first_chunk().map_or(0, |chunk| u16::from_le_bytes(*chunk));
        (unit != 0).then_some(unit)
    })
}

/// The properties of the files, each of which is a row of its own.
struct List<'h> {
    count: u64,
    empty_stream: Flags<'h>,
    empty_file: Flags<'h>,
    anti: Flags<'h>,
    names: &'h [u8],
    attributes: Attributes<'h>,
}

impl<'h> List<'h> {
    fn read(scan: &mut Scan<'h>) -> Result<Self, Refusal> {
        let count = scan.number()?;
        // A directory without a name takes a bit; nothing takes less.
        if count / 8 > scan.left() {
            return Err(damaged(&format!("it cannot hold the {count} files that it declares")));
        }
        let mut list = Self {
            count,
            empty_stream: Flags::NONE,
            empty_file: Flags::NONE,
            anti: Flags::NONE,
            names: &[],
            attributes: Attributes { defined: Flags::NONE, values: Scan::default(), next: 0 },
        };
        let mut empty = 0;
        loop {
            let property = scan.byte()?;
            if property == END {
                return Ok(list);
            }
            let length = scan.number()?;
            let mut body = Scan::new(scan.take(length)?);
            match property {
                EMPTY_STREAM => {
                    list.empty_stream = body.flags(count)?;
                    empty = list.empty_stream.set(count);
                }
                EMPTY_FILE => list.empty_file = body.flags(empty)?,
                ANTI => list.anti = body.flags(empty)?,
                NAMES => {
                    internal(body.byte()?)?;
                    list.names = body.rest();
                }
                ATTRIBUTES => {
                    let defined = body.optional_flags(count)?;
                    internal(body.byte()?)?;
                    list.attributes = Attributes { defined, values: body, next: 0 };
                }
                _ => {}
            }
        }
    }
}

/// Whether a property stands in the header; the format knows another place, which nobody writes.
fn internal(external: u8) -> Result<(), Refusal> {
    if external == 0 {
        Ok(())
    } else {
        Err(damaged("a property is kept in another place, which is not read"))
    }
}

struct Attributes<'h> {
    defined: Flags<'h>,
    values: Scan<'h>,
    next: u64,
}

impl Attributes<'_> {
    /// The attributes of the next file; 0 if it has none.
    fn next(&mut self) -> Result<u32, Refusal> {
        let index = self.next;
        self.next += 1;
        if self.defined.get(index) { self.values.fixed() } else { Ok(0) }
    }
}
