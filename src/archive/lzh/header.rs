//! What the header of an LZH member says: its kind and its name.
//!
//! `delharc` reads the fields and checks the sums; this module finds the name in them. Names are kept as stored but for the
//! separators, because only all names together tell how they are encoded. Sources: `header.doc.jp` of `LHa` for UNIX 1.14i,
//! and the extension headers of UNLHA32 as libarchive reads them.

use delharc::header::ext::{EXT_HEADER_COMMON, EXT_HEADER_FILENAME, EXT_HEADER_PATH};
use delharc::{CompressionMethod, LhaError, LhaHeader};

/// UNLHA32: the name and the folder in UTF-16, and the code page of the others.
const UTF16_NAME: u8 = 0x44;
const UTF16_FOLDER: u8 = 0x45;
const CODE_PAGE: u8 = 0x46;
/// The code page that is UTF-8.
const UTF_8: u32 = 65_001;
/// Stands between folders.
const SEPARATOR: u8 = 0xff;

/// What files on CP/M are a multiple of, in bytes.
const CPM_BLOCK: usize = 128;

/// Bytes before and up to the level of the header, which all levels have in common.
const LEVEL: usize = 20;

/// What is at a place where a header should be.
pub(super) enum Found {
    /// A header, and the bytes it takes.
    Header(Box<LhaHeader>, usize),
    /// The end mark, or the end of the archive.
    End,
    /// A header longer than allowed.
    TooLong,
    /// A header that the archive ends in.
    Cut,
    /// Something else; what is wrong, and the bytes that were looked at.
    Other(String, usize),
}

/// What kind of member a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Directory,
    /// Symbolic; its target is in its name.
    Link,
}

/// A member's name.
pub(super) struct Name {
    pub(super) bytes: Vec<u8>,
    pub(super) is_utf8: bool,
}

/// Whether a header may start here: `-lh5-` and the like.
pub(super) fn is_promising(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, b'-', b'l' | b'p', one, two, b'-', ..]
        if one.is_ascii_alphanumeric() && two.is_ascii_alphanumeric())
}

/// Reads the header at the start of `bytes`, of at most `longest` bytes.
pub(super) fn read(bytes: &[u8], longest: usize) -> Found {
    if !is_promising(bytes) {
        return match bytes.first() {
            None | Some(0) => Found::End,
            // CP/M fills up the last block.
            Some(0x1a) if bytes.iter().take(CPM_BLOCK).all(|byte| *byte == 0x1a) => Found::End,
            Some(_) if bytes.len() <= LEVEL => Found::Cut,
            Some(_) => Found::Other("no header".to_owned(), 0),
        };
    }
    let window = bytes.get(..longest).unwrap_or(bytes);
    let mut rest = window;
    let read = LhaHeader::read(&mut rest);
    let length = window.len() - rest.len();
    match read {
        Ok(Some(header)) => Found::Header(Box::new(header), length),
        Ok(None) => Found::Other("a header without a length".to_owned(), length),
        Err(LhaError::Io(_)) if window.len() < bytes.len() => Found::TooLong,
        Err(LhaError::Io(_)) => Found::Cut,
        Err(error) => Found::Other(format!("a damaged header ({error})"), length),
    }
}

/// Whether a header carries a checksum, which older ones always do.
pub(super) fn has_checksum(header: &LhaHeader) -> bool {
    header.level < 2
        || header.iter_extra().any(|extra| extra.first() == Some(&EXT_HEADER_COMMON) && extra.len() >= 3)
}

/// The kind of a member.
pub(super) fn kind(header: &LhaHeader, name: &Name) -> Kind {
    let is_bodiless = header.compression_method() == Ok(CompressionMethod::Lhd);
    let is_link = header.parse_unix_permissions().is_some_and(delharc::Permissions::is_link);
    // LHa for UNIX writes `name|target`.
    if is_link || is_bodiless && name.bytes.contains(&b'|') {
        Kind::Link
    } else if is_bodiless || header.is_directory() {
        Kind::Directory
    } else {
        Kind::Regular
    }
}

/// The name of a member, folders included.
pub(super) fn name(header: &LhaHeader) -> Name {
    let (mut folder, mut file, mut code_page) = (&[][..], &[][..], None);
    let (mut wide_folder, mut wide_file) = (None, None);
    for extra in header.iter_extra() {
        match extra {
            [EXT_HEADER_FILENAME, name @ ..] => file = name,
            [EXT_HEADER_PATH, name @ ..] => folder = name,
            [UTF16_NAME, name @ ..] => wide_file = Some(name),
            [UTF16_FOLDER, name @ ..] => wide_folder = Some(name),
            [CODE_PAGE, number @ ..] => code_page = number.first_chunk().copied().map(u32::from_le_bytes),
            _ => {}
        }
    }
    // The name in UTF-16 is the better one, if it is there as a whole.
    if let Some(wide_file) = wide_file.filter(|_| wide_folder.is_some() || folder.is_empty()) {
        let mut text = from_utf16(wide_folder.unwrap_or_default()).replace('\u{ffff}', "/");
        if !text.is_empty() && !text.ends_with(['/', '\\']) {
            text.push('/');
        }
        text.push_str(&from_utf16(wide_file));
        return Name { bytes: text.into_bytes(), is_utf8: true };
    }
    let mut bytes: Vec<u8> = with_slashes(folder).collect();
    if !matches!(bytes.last(), None | Some(b'/' | b'\\')) {
        bytes.push(b'/');
    }
    if file.is_empty() {
        bytes.extend(with_slashes(before_nul(&header.filename)));
    } else {
        bytes.extend_from_slice(before_nul(file));
    }
    Name { bytes, is_utf8: code_page == Some(UTF_8) }
}

/// The name with `/` between folders. A `\` that may be the second half of a character in Shift-JIS stays: whoever knows
/// the encoding tells.
fn with_slashes(name: &[u8]) -> impl Iterator<Item = u8> {
    let mut is_second = false;
    name.iter().map(move |byte| {
        let separates = *byte == SEPARATOR || *byte == b'\\' && !is_second;
        is_second = !is_second && matches!(byte, 0x81..=0x9f | 0xe0..=0xfc);
        if separates { b'/' } else { *byte }
    })
}

/// Archivers on the Amiga keep a comment behind the name.
fn before_nul(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn from_utf16(name: &[u8]) -> String {
    let units = name.as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
