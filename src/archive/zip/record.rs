//! One member of a zip: where its name and data are, and what is known to be wrong with it.
//!
//! 32 bytes, because an archive may have five million of them; sizes beyond 4 GiB, which no limit allows to be held in
//! memory, are kept as the largest number.

use super::inflate;
use super::method::{self, Method};
use crate::reject::{Reason, Refusal};

/// A regular member.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Where its name starts.
    pub(super) name: u64,
    /// Where its data starts.
    pub(super) data: u64,
    pub(super) compressed: u32,
    pub(super) uncompressed: u32,
    pub(super) crc: u32,
    pub(super) name_length: u16,
    pub(super) method: u8,
    pub(super) marks: u8,
}

/// Bits of [`Member::marks`]: the lower four hold a [`Trouble`], the next two the flag bits 1 and 2, in which methods keep
/// settings of their own (APPNOTE 4.4.4).
const TROUBLE: u8 = 0x0f;
const SETTINGS: u8 = 0x30;
const NAME_IS_UTF8: u8 = 0x80;

/// Why a member cannot be extracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Trouble {
    Encrypted = 1,
    Method = 2,
    /// Its data, or the header before it, lies beyond the end of the file.
    Cut = 3,
    /// Where its local header should be is something else.
    NoHeader = 4,
    Overlap = 5,
}

/// What a header, in the directory or before the data, says of a member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared {
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) uncompressed: u64,
}

/// Where a member's name is, and whether it is UTF-8 by its own word.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamePlace {
    pub(super) start: u64,
    pub(super) length: u16,
    pub(super) is_utf8: bool,
}

impl Member {
    pub(super) fn new(declared: &Declared, name: NamePlace, data: u64) -> Self {
        let Declared { flags, method, crc, compressed, uncompressed } = *declared;
        // Bit 0: encrypted; bit 6: strongly; method 99: by AES.
        let encrypted = flags & 0x41 != 0 || method == 99;
        let method = u8::try_from(method).unwrap_or(u8::MAX);
        let trouble = match Method::of(method) {
            _ if encrypted => Trouble::Encrypted as u8,
            Some(_) => 0,
            None => Trouble::Method as u8,
        };
        let settings = u8::try_from(flags & 0x06).unwrap_or(0) << 3;
        Self {
            name: name.start,
            data,
            compressed: u32::try_from(compressed).unwrap_or(u32::MAX),
            uncompressed: u32::try_from(uncompressed).unwrap_or(u32::MAX),
            crc,
            name_length: name.length,
            method,
            marks: trouble | settings | if name.is_utf8 { NAME_IS_UTF8 } else { 0 },
        }
    }

    /// The same member with a trouble; an earlier one stays.
    pub(super) fn troubled(mut self, trouble: Trouble) -> Self {
        if self.marks & TROUBLE == 0 {
            self.marks |= trouble as u8;
        }
        self
    }

    pub(super) const fn trouble(&self) -> Option<Trouble> {
        match self.marks & TROUBLE {
            1 => Some(Trouble::Encrypted),
            2 => Some(Trouble::Method),
            3 => Some(Trouble::Cut),
            4 => Some(Trouble::NoHeader),
            5 => Some(Trouble::Overlap),
            _ => None,
        }
    }

    /// Bytes after decompression, as declared: an upper bound of what is extracted. 4 GiB − 1 stands for more.
    #[must_use]
    pub fn uncompressed_size(&self) -> u64 {
        u64::from(self.uncompressed)
    }

    /// Bytes in the archive. 4 GiB − 1 stands for more.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        u64::from(self.compressed)
    }

    /// Where its compressed bytes start and end in the archive, as declared.
    #[must_use]
    pub fn span(&self) -> (u64, u64) {
        (self.data, self.data.saturating_add(u64::from(self.compressed)))
    }

    /// Whether its name is UTF-8 by its own word (flag bit 11, or a Unicode path).
    #[must_use]
    pub const fn name_is_utf8(&self) -> bool {
        self.marks & NAME_IS_UTF8 != 0
    }

    pub(super) fn name_length(&self) -> usize {
        usize::from(self.name_length)
    }

    /// How it is compressed; none if that is not read, which is a [`Trouble`].
    pub(super) const fn method(&self) -> Option<Method> {
        Method::of(self.method)
    }

    /// The general purpose flags that concern its method: bits 1 and 2, the others are 0.
    pub(super) const fn settings(&self) -> u8 {
        (self.marks & SETTINGS) >> 3
    }

    pub(super) fn name<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        range(bytes, self.name, u64::from(self.name_length)).unwrap_or_default()
    }

    pub(super) fn data<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        range(bytes, self.data, u64::from(self.compressed))
    }

    /// Whether the content has the declared checksum.
    pub(super) fn check_crc(&self, content: &[u8]) -> Result<(), Refusal> {
        let found = inflate::crc(content);
        if found == self.crc {
            return Ok(());
        }
        let detail = format!("its checksum should be {:08x} and is {found:08x}", self.crc);
        Err(Refusal::new(Reason::ZipBadCrc, detail))
    }
}

impl Trouble {
    pub(super) fn refusal(self, member: &Member) -> Refusal {
        match self {
            Self::Encrypted => {
                Refusal::new(Reason::Encrypted, "it is encrypted, and no password is asked for")
            }
            Self::Method => {
                let method = method::name(member.method);
                let detail =
                    format!("it is compressed by {method}, which is none of the methods that are read");
                Refusal::new(Reason::UnsupportedMethod, detail)
            }
            Self::Cut => {
                let detail = format!(
                    "its {} compressed bytes should start at byte {}, and the archive ends before they do",
                    member.compressed, member.data
                );
                Refusal::new(Reason::ArchiveTruncated, detail)
            }
            Self::NoHeader => {
                let detail =
                    format!("the directory says that it starts at byte {}, where none does", member.data);
                Refusal::new(Reason::ArchiveDamaged, detail)
            }
            Self::Overlap => {
                let detail = "its data overlaps another member's, which only a forged or broken archive does";
                Refusal::new(Reason::ZipOverlap, detail)
            }
        }
    }
}

/// A part of `bytes`, if it is there.
pub(super) fn range(bytes: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    bytes.get(start..end)
}
