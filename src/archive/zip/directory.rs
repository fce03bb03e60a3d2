//! The central directory of a zip.
//!
//! rawzip finds it (ZIP64, comments, bytes before the zip); the records are read here, because a member must be found again
//! by a number and not by a copy of its record.

use rawzip::{EntryMode, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive};

use super::ZipDirectory;
use super::record::{Declared, Member, NamePlace, Trouble, range};
use crate::archive::limits::Limits;
use crate::entry::Ordinal;
use crate::reject::{Reason, Refusal};

/// Bytes of a directory record before the name (APPNOTE 4.3.12).
const RECORD: u64 = 46;
/// Bytes of a local header before the name (APPNOTE 4.3.7).
const LOCAL_HEADER: u64 = 30;
const LOCAL_SIGNATURE: &[u8] = b"PK\x03\x04";

/// Unicode path, as Info-ZIP writes it (APPNOTE 4.6.9).
const UNICODE_PATH: u16 = 0x7075;

/// Finds the directory, unless it is that of a stored zip within a truncated one.
pub(super) fn locate(bytes: &[u8]) -> Option<ZipSliceArchive<&[u8]>> {
    let archive = ZipArchive::from_slice(bytes).ok()?;
    let start = usize::try_from(archive.directory_offset()).ok()?;
    let listed = match archive.entries().next_entry() {
        Ok(Some(_)) => true,
        Ok(None) => archive.entries_hint() == 0 && start <= bytes.len(),
        Err(_) => false,
    };
    listed.then_some(archive)
}

/// Reads the directory, as far as it can be read.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> ZipDirectory {
    let mut found = ZipDirectory { members: Vec::new(), links: 0, directories: 0, refusal: None };
    let Some(archive) = locate(bytes) else {
        found.refusal = Some(truncated("it has no directory at its end"));
        return found;
    };
    let most = limits.entries.min(Ordinal::MOST);
    // The declared number is a hint; what is there decides.
    let fits = u64::try_from(bytes.len()).unwrap_or(u64::MAX) / (RECORD + LOCAL_HEADER);
    let hint = archive.entries_hint().min(most).min(fits);
    found.members.reserve(usize::try_from(hint).unwrap_or(0));
    let mut listed = 0_u64;
    let mut entries = archive.entries();
    loop {
        let record = match entries.next_entry() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(_) => {
                let detail = format!("its directory cannot be read beyond {listed} records");
                found.refusal = Some(Refusal::new(Reason::ZipDamaged, detail));
                return found;
            }
        };
        if listed == 0 && is_of_inner_zip(bytes, &record) {
            found.refusal =
                Some(truncated("the directory at its end is that of another zip in or behind it"));
            return found;
        }
        listed += 1;
        match kind(&record) {
            Kind::Directory => found.directories += 1,
            Kind::Link => found.links += 1,
            Kind::Regular if found.members.len() as u64 >= most => {
                found.refusal = limits.check_entries(most.saturating_add(1)).err();
                return found;
            }
            Kind::Regular => found.members.push(member(bytes, &record)),
        }
    }
    // Without ZIP64 the number of records has only 16 bits.
    let declared = archive.entries_hint();
    if listed < declared {
        let detail = format!("its directory should have {declared} records and has {listed}");
        found.refusal = Some(Refusal::new(Reason::ZipDamaged, detail));
    }
    found
}

fn truncated(what: &str) -> Refusal {
    let detail = format!("{what}; its members were recovered from the headers before each");
    Refusal::new(Reason::ArchiveTruncated, detail)
}

/// Whether a directory's offsets count from behind the start of the file, although a member starts there: then it belongs
/// to a zip that lies in, or behind, another one.
fn is_of_inner_zip(bytes: &[u8], first: &ZipFileHeaderRecord<'_>) -> bool {
    let record = range(bytes, first.central_directory_offset(), RECORD).unwrap_or_default();
    let offset = u32_at(record, 42);
    bytes.starts_with(LOCAL_SIGNATURE)
        && offset != u32::MAX
        && first.local_header_offset() > u64::from(offset)
}

enum Kind {
    Regular,
    Directory,
    Link,
}

fn kind(record: &ZipFileHeaderRecord<'_>) -> Kind {
    let path = record.file_path();
    let name: &[u8] = path.as_ref();
    let empty = record.uncompressed_size_hint() == 0;
    if empty && name.last().is_some_and(|last| matches!(last, b'/' | b'\\')) {
        return Kind::Directory;
    }
    let mode: EntryMode = record.mode();
    if mode.is_symlink() { Kind::Link } else { Kind::Regular }
}

fn member(bytes: &[u8], record: &ZipFileHeaderRecord<'_>) -> Member {
    let path = record.file_path();
    let name: &[u8] = path.as_ref();
    let start = record.central_directory_offset().saturating_add(RECORD);
    let declared = Declared {
        flags: record.flags().bits(),
        method: record.compression_method().as_u16(),
        crc: record.crc32(),
        compressed: record.compressed_size_hint(),
        uncompressed: record.uncompressed_size_hint(),
    };
    let plain = NamePlace {
        start,
        length: u16::try_from(name.len()).unwrap_or(u16::MAX),
        is_utf8: declared.flags & 0x800 != 0,
    };
    let place = unicode_path(record, name, start).unwrap_or(plain);
    let local = record.local_header_offset();
    match local_data(bytes, local) {
        Ok(data) => {
            let member = Member::new(&declared, place, data);
            let is_there = range(bytes, data, declared.compressed).is_some();
            if is_there { member } else { member.troubled(Trouble::Cut) }
        }
        Err(trouble) => Member::new(&declared, place, local).troubled(trouble),
    }
}

/// Where the data behind a local header starts.
pub(super) fn local_data(bytes: &[u8], local: u64) -> Result<u64, Trouble> {
    let header = range(bytes, local, LOCAL_HEADER).ok_or(Trouble::Cut)?;
    if !header.starts_with(LOCAL_SIGNATURE) {
        return Err(Trouble::NoHeader);
    }
    let variable = u64::from(u16_at(header, 26)) + u64::from(u16_at(header, 28));
    Ok(local.saturating_add(LOCAL_HEADER + variable))
}

/// The name in a Unicode path field: version 1, the checksum of the plain name, the name.
fn unicode_path(record: &ZipFileHeaderRecord<'_>, name: &[u8], name_start: u64) -> Option<NamePlace> {
    let mut offset = name_start.checked_add(name.len() as u64)?;
    for (id, data) in record.extra_fields() {
        if id.as_u16() == UNICODE_PATH {
            let (head, path) = data.split_at_checked(5)?;
            let crc = head.get(1..)?.try_into().ok().map(u32::from_le_bytes)?;
            let current = head.first() == Some(&1) && crc == super::inflate::crc(name);
            return (current && !path.is_empty() && std::str::from_utf8(path).is_ok()).then_some(NamePlace {
                start: offset + 4 + 5,
                length: u16::try_from(path.len()).ok()?,
                is_utf8: true,
            });
        }
        offset = offset.checked_add(4 + data.len() as u64)?;
    }
    None
}

/// The 16-bit number at an offset; 0 where there is none.
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    bytes.get(offset..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u16::from_le_bytes(*chunk))
}

/// The 32-bit number at an offset; 0 where there is none.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    bytes.get(offset..).and_then(<[u8]>::first_chunk).map_or(0, |chunk| u32::from_le_bytes(*chunk))
}
