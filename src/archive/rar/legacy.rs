//! Reads the headers of RAR 1.5 to 4.
//!
//! Finds members; unpacks nothing. After the format's own notes (`technote.txt` of RAR 4) and what `UnRAR` makes of archives
//! that differ from them. Every block's size is checked against the file before it is believed.

use super::fields::Fields;
use super::found::Found;
use super::record::{Checksum, Coding, NameForm, Record, Trouble};
use crate::reject::{Reason, Refusal};

/// What such an archive starts with: a block of its own.
pub(super) const SIGNATURE: &[u8] = b"Rar!\x1a\x07\0";

/// Bytes of the smallest block, and of a file's without its name.
const SMALLEST: usize = 7;
const FILE_FIXED: usize = 32;
/// Bytes of the largest header that is taken for one where the archive is damaged.
const LARGEST_SEARCHED: usize = 8 << 10;

const MAIN: u8 = 0x73;
const FILE: u8 = 0x74;
const SERVICE: u8 = 0x7a;
const END: u8 = 0x7b;

/// Flags of any block: data follows its header.
const LONG: u16 = 0x8000;
/// Flags of the main block.
const MAIN_VOLUME: u16 = 0x01;
const MAIN_FIRST: u16 = 0x100;
const MAIN_SOLID: u16 = 0x08;
const MAIN_ENCRYPTED: u16 = 0x80;
/// Flags of a file's block.
const SPLIT: u16 = 0x03;
const ENCRYPTED: u16 = 0x04;
const COMMENT: u16 = 0x08;
const SOLID: u16 = 0x10;
const DIRECTORY: u16 = 0xe0;
const LARGE: u16 = 0x100;
const UNICODE: u16 = 0x200;

/// A block: its header, and where its data lies.
#[derive(Clone, Copy)]
struct Block {
    at: usize,
    kind: u8,
    flags: u16,
    header_end: usize,
    data: u64,
}

enum Trial {
    Block(Block),
    Cut,
    Damaged(&'static str),
}

/// Reads all headers behind the signature, which ends at `at`.
///
/// # Errors
/// [`Reason::Encrypted`] if the headers themselves are encrypted.
pub(super) fn read(bytes: &[u8], mut at: usize, found: &mut Found<'_>) -> Result<(), Refusal> {
    let mut solid = false;
    while at < bytes.len() {
        let block = match block_at(bytes, at) {
            Trial::Block(block) => block,
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
        match block.kind {
            MAIN if block.flags & MAIN_ENCRYPTED != 0 => {
                let detail = "its list of members is encrypted; extract it with its password and load that";
                return Err(Refusal::new(Reason::Encrypted, detail));
            }
            MAIN => {
                solid = block.flags & MAIN_SOLID != 0;
                // RAR marks the first volume since version 3; those before are not told from later ones.
                found.lacks_start = block.flags & (MAIN_VOLUME | MAIN_FIRST) == MAIN_VOLUME;
            }
            FILE => match file(bytes, block, solid, found) {
                Some((_, true)) => {}
                Some((_, false)) => return Ok(()),
                None => found.damaged("a member whose header is too short", at),
            },
            END => return Ok(()),
            _ => {}
        }
        let end = usize::try_from(block.data).ok().and_then(|data| block.header_end.checked_add(data));
        match end {
            Some(end) if end <= bytes.len() => at = end,
            _ => {
                found.cut("in the middle of a member", bytes.len());
                return Ok(());
            }
        }
    }
    // RAR before version 3, and other programs to this day, do not close their archives with a mark.
    Ok(())
}

/// Whether an archive's first header is at `at`.
pub(super) fn is_header(bytes: &[u8], at: usize) -> bool {
    matches!(block_at(bytes, at), Trial::Block(Block { kind: MAIN, .. }))
}

/// The block that starts at `at`.
fn block_at(bytes: &[u8], at: usize) -> Trial {
    let mut fields = Fields::new(bytes, at, bytes.len());
    let read = (|| Some((fields.short()?, fields.byte()?, fields.short()?, fields.short()?)))();
    let Some((checksum, kind, flags, size)) = read else { return Trial::Cut };
    let size = usize::from(size);
    if size < SMALLEST || !(0x72..=0x7b).contains(&kind) {
        return Trial::Damaged("no header");
    }
    let header_end = at.saturating_add(size);
    let Some(header) = bytes.get(at..header_end) else { return Trial::Cut };
    let mut data = 0;
    if flags & LONG != 0 || matches!(kind, FILE | SERVICE) {
        let Some(low) = fields.word() else { return Trial::Cut };
        data = u64::from(low);
        if matches!(kind, FILE | SERVICE) && flags & LARGE != 0 {
            data |= Fields::new(bytes, at + FILE_FIXED, header_end).word().map_or(0, u64::from) << 32;
        }
    }
    // The blocks of other kinds have checksums that old versions got wrong.
    let checked = matches!(kind, MAIN | FILE | SERVICE);
    if checked && !is_right(checksum, header, kind, flags) {
        return Trial::Damaged("a header whose checksum is wrong");
    }
    Trial::Block(Block { at, kind, flags, header_end, data })
}

/// The checksum covers what stands behind it; comments within a header are left out of it.
fn is_right(checksum: u16, header: &[u8], kind: u8, flags: u16) -> bool {
    let covers = |end: usize| {
        let crc = header.get(2..end).map(libdeflater::crc32);
        crc.is_some_and(|crc| crc.to_le_bytes().first_chunk() == Some(&checksum.to_le_bytes()))
    };
    if covers(header.len()) {
        return true;
    }
    match kind {
        // The main header without its comment has 13 bytes.
        MAIN => flags & 0x02 != 0 && covers(13),
        FILE if flags & COMMENT != 0 => {
            let mut fields = Fields::new(header, 26, header.len());
            let name = fields.short().map_or(0, usize::from);
            let large = if flags & LARGE == 0 { 0 } else { 8 };
            covers(FILE_FIXED + large + name)
        }
        _ => false,
    }
}

/// Takes a file's header. None if it is too short; else its record and whether another may follow.
fn file(bytes: &[u8], block: Block, solid: bool, found: &mut Found<'_>) -> Option<(usize, bool)> {
    let Block { at, flags, header_end, .. } = block;
    let mut fields = Fields::new(bytes, at + 11, header_end);
    let low = fields.word()?;
    let _host = fields.byte()?;
    let crc = fields.word()?;
    let _time = fields.word()?;
    let (version, method) = (fields.byte()?, fields.byte()?);
    let name_length = fields.short()?;
    let attributes = fields.word()?;
    let mut size = u64::from(low);
    if flags & LARGE != 0 {
        let _packed = fields.word()?;
        size |= u64::from(fields.word()?) << 32;
    }
    let name_at = fields.position();
    fields.take(usize::from(name_length))?;
    if flags & DIRECTORY == DIRECTORY || (version < 20 && attributes & 0x10 != 0) {
        found.skipped.directories += 1;
        return Some((at, true));
    }
    // UnRAR: what packers wrote that could not go back and fill in the size.
    let unknown = low == u32::MAX && flags & LARGE == 0;
    let end = usize::try_from(block.data).ok().and_then(|data| header_end.checked_add(data));
    let trouble = if flags & ENCRYPTED != 0 {
        Some(Trouble::Encrypted)
    } else if flags & SPLIT != 0 {
        Some(Trouble::Split)
    } else if end.is_none_or(|end| end > bytes.len()) {
        Some(Trouble::Cut)
    } else if unknown {
        Some(Trouble::UnknownSize)
    } else {
        None
    };
    let coding = coding(version, method);
    // Before RAR 2 only the archive said so.
    let continues = solid && (flags & SOLID != 0 || version < 20);
    let record = Record {
        name: (name_at, u32::from(name_length)),
        name_form: if flags & UNICODE == 0 { NameForm::Bytes } else { NameForm::Both },
        data: (header_end, block.data),
        size: if unknown { u64::MAX } else { size },
        window: 0,
        coding,
        continues,
        checksum: Checksum::Crc32(crc),
        trouble,
        run: (0, 0),
    };
    Some((at, found.push(record)))
}

fn coding(version: u8, method: u8) -> Coding {
    match (method, version) {
        (0x30, _) => Coding::Stored,
        (0x31..=0x35, 15) => Coding::Lz15,
        (0x31..=0x35, 20 | 26) => Coding::Lz20,
        (0x31..=0x35, 29..=36) => Coding::Lz29,
        _ => Coding::Unknown,
    }
}

/// The next file's header that can be made out at or behind `from`, as long as there is work to spend on it.
fn search(bytes: &[u8], from: usize, work: &mut usize) -> Option<usize> {
    for at in from..bytes.len() {
        if bytes.get(at + 2) != Some(&FILE) {
            continue;
        }
        let size = bytes.get(at + 5..).and_then(|rest| rest.first_chunk()).copied().map(u16::from_le_bytes);
        let Some(size) = size.map(usize::from).filter(|size| (FILE_FIXED..=LARGEST_SEARCHED).contains(size))
        else {
            continue;
        };
        // 16 bits of checksum alone would be met by chance in a large file.
        let is_likely = bytes.get(at + 25).is_some_and(|method| (0x30..=0x35).contains(method))
            && bytes.get(at + 24).is_some_and(|version| (15..=36).contains(version));
        if !is_likely {
            continue;
        }
        if matches!(block_at(bytes, at), Trial::Block(_)) {
            return Some(at);
        }
        *work = work.checked_sub(size)?;
    }
    None
}
