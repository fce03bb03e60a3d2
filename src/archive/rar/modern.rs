//! Reads the headers of RAR 5 and later.
//!
//! Finds members; unpacks nothing. After the published notes on the format ("RAR 5.0 archive format"). Every header's
//! size is checked against the file before it is believed, and its checksum before anything in it is.

use super::fields::Fields;
use super::found::Found;
use super::record::{Checksum, Coding, NameForm, Record, Trouble};
use crate::reject::{Reason, Refusal};

/// What such an archive starts with.
pub(super) const SIGNATURE: &[u8] = b"Rar!\x1a\x07\x01\0";

/// Bytes of the largest header that the format allows, and of the largest that is searched for in a damaged archive.
const LARGEST: usize = 2 << 20;
const LARGEST_SEARCHED: usize = 8 << 10;

const MAIN: u64 = 1;
const FILE: u64 = 2;
const ENCRYPTION: u64 = 4;
const END: u64 = 5;

/// Flags of any header.
const EXTRA: u64 = 0x01;
const DATA: u64 = 0x02;
const SPLIT: u64 = 0x18;
/// Flags of a file's header.
const DIRECTORY: u64 = 0x01;
const HAS_TIME: u64 = 0x02;
const HAS_CRC: u64 = 0x04;
const UNKNOWN_SIZE: u64 = 0x08;
/// Records in the extra area of a file's header.
const RECORD_ENCRYPTION: u64 = 1;
const RECORD_HASH: u64 = 2;
const RECORD_REDIRECTION: u64 = 5;

/// A header whose checksum is right.
#[derive(Clone, Copy)]
struct Header<'a> {
    kind: u64,
    flags: u64,
    /// What it says, by its kind.
    fields: Fields<'a>,
    /// Where its extra area starts, and where the header ends.
    extra: usize,
    end: usize,
    /// Bytes of data behind it.
    data: u64,
}

enum Trial<'a> {
    Header(Header<'a>),
    Cut,
    Damaged(&'static str),
}

/// Reads all headers behind the signature, which ends at `at`.
///
/// # Errors
/// [`Reason::Encrypted`] if the headers themselves are encrypted.
pub(super) fn read(bytes: &[u8], mut at: usize, found: &mut Found<'_>) -> Result<(), Refusal> {
    while at < bytes.len() {
        let header = match header_at(bytes, at, LARGEST) {
            Trial::Header(header) => header,
            trial => {
                match trial {
                    Trial::Damaged(what) => found.damaged(what, at),
                    _ => found.cut("in the middle of a header", bytes.len()),
                }
                let Some(next) = search(bytes, at + 1, &mut found.work) else { return Ok(()) };
                at = next;
                continue;
            }
        };
        match header.kind {
            FILE => match file(bytes, header, found) {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => found.damaged("a member whose header cannot be read", at),
            },
            // A volume that has a number is not the first.
            MAIN => found.lacks_start = { header.fields }.number().is_some_and(|flags| flags & 0x03 == 0x03),
            ENCRYPTION => {
                let detail = "its list of members is encrypted; extract it with its password and load that";
                return Err(Refusal::new(Reason::Encrypted, detail));
            }
            END => return Ok(()),
            _ => {}
        }
        match usize::try_from(header.data).ok().and_then(|data| header.end.checked_add(data)) {
            Some(end) if end <= bytes.len() => at = end,
            _ => {
                found.cut("in the middle of a member", bytes.len());
                return Ok(());
            }
        }
    }
    found.cut("without the mark that closes it", bytes.len());
    Ok(())
}

/// Whether an archive's first header is at `at`; it is a small one.
pub(super) fn is_header(bytes: &[u8], at: usize) -> bool {
    matches!(header_at(bytes, at, LARGEST_SEARCHED), Trial::Header(Header { kind: MAIN | ENCRYPTION, .. }))
}

/// The header that starts at `at`, of at most `longest` bytes.
fn header_at(bytes: &[u8], at: usize, longest: usize) -> Trial<'_> {
    let mut fields = Fields::new(bytes, at, bytes.len());
    let Some(checksum) = fields.word() else { return Trial::Cut };
    let start = fields.position();
    let size = match fields.length() {
        Some(size) if (1..=longest).contains(&size) => size,
        None if bytes.len() - start < 3 => return Trial::Cut,
        _ => return Trial::Damaged("no header"),
    };
    let end = fields.position().saturating_add(size);
    let Some(header) = bytes.get(start..end) else { return Trial::Cut };
    if libdeflater::crc32(header) != checksum {
        return Trial::Damaged("a header whose checksum is wrong");
    }
    let mut fields = Fields::new(bytes, fields.position(), end);
    let read = (|| {
        let (kind, flags) = (fields.number()?, fields.number()?);
        let extra = if flags & EXTRA == 0 { 0 } else { fields.length()? };
        let data = if flags & DATA == 0 { 0 } else { fields.number()? };
        let extra = end.checked_sub(extra).filter(|extra| *extra >= fields.position())?;
        Some(Header { kind, flags, fields, extra, end, data })
    })();
    read.map_or(Trial::Damaged("a header that contradicts itself"), Trial::Header)
}

/// Takes a file's header. None if it cannot be read; else whether another may follow.
fn file(bytes: &[u8], header: Header<'_>, found: &mut Found<'_>) -> Option<bool> {
    let mut fields = header.fields;
    let flags = fields.number()?;
    let size = fields.number()?;
    let _attributes = fields.number()?;
    if flags & HAS_TIME != 0 {
        fields.word()?;
    }
    let crc = if flags & HAS_CRC == 0 { None } else { Some(fields.word()?) };
    let packing = fields.number()?;
    let _host = fields.number()?;
    let name_length = fields.length()?;
    let name_at = fields.position();
    let name = fields.take(name_length)?;
    if fields.position() > header.extra {
        return None;
    }
    let extra = Extra::read(bytes, header.extra, header.end);
    if flags & DIRECTORY != 0 {
        found.skipped.directories += 1;
        return Some(true);
    }
    if extra.redirects {
        found.skipped.links += 1;
        return Some(true);
    }
    let end = usize::try_from(header.data).ok().and_then(|data| header.end.checked_add(data));
    let unknown = flags & UNKNOWN_SIZE != 0;
    let trouble = if extra.encrypted {
        Some(Trouble::Encrypted)
    } else if header.flags & SPLIT != 0 {
        Some(Trouble::Split)
    } else if end.is_none_or(|end| end > bytes.len()) {
        Some(Trouble::Cut)
    } else if unknown {
        Some(Trouble::UnknownSize)
    } else {
        None
    };
    let (coding, window) = packed_how(packing);
    let record = Record {
        name: (name_at, u32::try_from(name_length).ok()?),
        name_form: if std::str::from_utf8(name).is_ok() { NameForm::Utf8 } else { NameForm::Bytes },
        data: (header.end, header.data),
        size: if unknown { u64::MAX } else { size },
        window,
        coding,
        continues: packing & 0x40 != 0,
        checksum: extra.hash.map(Checksum::Blake2).or(crc.map(Checksum::Crc32)).unwrap_or(Checksum::None),
        trouble,
        run: (0, 0),
    };
    Some(found.push(record))
}

/// What a file's packing information says: how, and with which dictionary.
fn packed_how(packing: u64) -> (Coding, u64) {
    let power = (packing >> 10) & 0x1f;
    let fraction = (packing >> 15) & 0x1f;
    match ((packing >> 7) & 0x07, packing & 0x3f) {
        (0, _) => (Coding::Stored, 0),
        (1..=5, 0) => (Coding::Lz50 { far: false }, (128 << 10) << (power & 0x0f)),
        // RAR 7 marks what RAR 5 could have packed.
        (1..=5, 1) => (Coding::Lz50 { far: packing & 0x0010_0000 == 0 }, (32 + fraction) << (power + 12)),
        _ => (Coding::Unknown, 0),
    }
}

/// What matters of the extra area of a file's header.
#[derive(Clone, Copy, Default)]
struct Extra {
    encrypted: bool,
    redirects: bool,
    /// Where its `BLAKE2sp` is.
    hash: Option<usize>,
}

impl Extra {
    fn read(bytes: &[u8], start: usize, end: usize) -> Self {
        let mut extra = Self::default();
        let mut at = start;
        while at < end {
            let mut fields = Fields::new(bytes, at, end);
            let Some(size) = fields.length().filter(|size| *size > 0) else { break };
            let Some(next) = fields.position().checked_add(size).filter(|next| *next <= end) else { break };
            let mut fields = Fields::new(bytes, fields.position(), next);
            match fields.number() {
                Some(RECORD_ENCRYPTION) => extra.encrypted = true,
                Some(RECORD_REDIRECTION) => extra.redirects = true,
                Some(RECORD_HASH) if fields.number() == Some(0) => {
                    extra.hash = (next - fields.position() == 32).then(|| fields.position());
                }
                _ => {}
            }
            at = next;
        }
        extra
    }
}

/// The next file's header that can be made out at or behind `from`, as long as there is work to spend on it.
fn search(bytes: &[u8], from: usize, work: &mut usize) -> Option<usize> {
    for at in from..bytes.len() {
        let mut fields = Fields::new(bytes, at.saturating_add(4), bytes.len());
        let Some(size) = fields.length().filter(|size| (8..=LARGEST_SEARCHED).contains(size)) else {
            continue;
        };
        if fields.number() != Some(FILE) {
            continue;
        }
        if matches!(header_at(bytes, at, LARGEST_SEARCHED), Trial::Header(_)) {
            return Some(at);
        }
        *work = work.checked_sub(size)?;
    }
    None
}
