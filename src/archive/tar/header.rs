//! The 512-byte header of a tar member.
//!
//! Reads fields; follows nothing. Source: POSIX.1-2017 `pax`, and GNU tar's "Basic Tar Format".

use crate::format::{is_tar_header, octal};

/// Bytes of a header, and what everything in a tar is padded to.
pub(super) const BLOCK: usize = 512;

/// What kind of member a header announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    /// An old GNU sparse file: regular, with its holes left out.
    Sparse,
    Directory,
    /// Symbolic or hard; no content.
    Link,
    /// Device or FIFO; no content.
    Device,
    /// GNU: the next member's name.
    LongName,
    /// GNU: the next member's link target.
    LongLink,
    /// PAX: what concerns the next member.
    Extension,
    /// PAX: what concerns all members behind it; nothing in it matters here.
    GlobalExtension,
    /// What an archiver invented for itself.
    Other,
}

/// A header block.
#[derive(Clone, Copy, Debug)]
pub struct Header<'b>(&'b [u8; BLOCK]);

impl<'b> Header<'b> {
    /// Looks at a block as a header, which it need not be (`is_valid`).
    #[must_use]
    pub const fn new(block: &'b [u8; 512]) -> Self {
        Self(block)
    }

    /// Whether the checksum is right.
    pub(super) fn is_valid(self) -> bool {
        is_tar_header(self.0)
    }

    /// Bytes of content; none if the field is no number, or a negative one.
    pub(super) fn size(self) -> Option<u64> {
        match self.field(124, 12) {
            // GNU: a big-endian binary number where the octal digits do not suffice.
            [0x80, rest @ ..] => {
                let (high, low) = rest.split_at_checked(3)?;
                let low = u64::from_be_bytes(low.try_into().ok()?);
                high.iter().all(|byte| *byte == 0).then_some(low).filter(|size| *size <= u64::MAX >> 1)
            }
            field => octal(field),
        }
    }

    /// `is_named_before` where an extension header gives the name: then the one here is only a part of it.
    pub(super) fn kind(self, is_named_before: bool) -> Kind {
        let flag = self.field(156, 1).first().copied().unwrap_or_default();
        match flag {
            // Before there was a flag for directories, their names ended in a slash.
            0 if !is_named_before && text(self.field(0, 100)).ends_with(b"/") => Kind::Directory,
            b'1' | b'2' => Kind::Link,
            b'3' | b'4' | b'6' => Kind::Device,
            b'5' => Kind::Directory,
            b'L' => Kind::LongName,
            b'K' => Kind::LongLink,
            // `X` is what Solaris called it before POSIX.
            b'x' | b'X' => Kind::Extension,
            b'g' => Kind::GlobalExtension,
            b'S' => Kind::Sparse,
            b'A'..=b'Z' => Kind::Other,
            // 0, 7 (contiguous) and, as POSIX asks, what is not known.
            _ => Kind::Regular,
        }
    }

    /// The name's bytes, with the ustar prefix.
    pub(super) fn name(self) -> Vec<u8> {
        let name = text(self.field(0, 100));
        let prefix = text(self.field(345, 155));
        // GNU's own format has times and sizes where ustar has the prefix.
        if self.field(257, 8) != b"ustar\x0000" || prefix.is_empty() {
            return name.to_vec();
        }
        [prefix, b"/", name].concat()
    }

    /// Whether more blocks of an old GNU sparse map follow.
    pub(super) fn sparse_map_continues(self) -> bool {
        self.field(482, 1) != [0]
    }

    fn field(self, start: usize, length: usize) -> &'b [u8] {
        self.0.get(start..start + length).unwrap_or_default()
    }
}

/// The bytes before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases: &[(&[u8], Option<u64>)] = &[
            (b"00000000017\0", Some(15)),
            (b"         17 ", Some(15)),
            (b"77777777777\0", Some((1 << 33) - 1)),
            (b"000000000017", Some(15)),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", None),
            (b"            ", None),
            (b"+0000000017\0", None),
            (b"0000000001a\0", None),
            (b"\x80\0\0\0\0\0\0\x02\0\0\0\0", Some(2 << 32)),
            (b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ];
        for (field, expected) in cases {
            let mut block = [0; BLOCK];
            block[124..136].copy_from_slice(field);
            assert_eq!(Header::new(&block).size(), *expected, "{field:x?}");
        }
    }
}
