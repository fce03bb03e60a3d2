//! Reads the numbers of a header one after the other, and none beyond its end.
//!
//! Knows little-endian numbers and RAR 5's numbers of variable length; what they mean is none of its business.

/// The fields of a header that have not been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    /// The whole file, up to the end of what may be read.
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Fields<'a> {
    /// The fields of `bytes` from `start` to `end`, as far as they are there.
    pub(super) fn new(bytes: &'a [u8], start: usize, end: usize) -> Self {
        Self { bytes: bytes.get(..end).unwrap_or(bytes), at: start }
    }

    /// Where the next field starts.
    pub(super) const fn position(&self) -> usize {
        self.at
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn short(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn word(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of RAR 5: seven bits a byte, lowest first, the eighth says that another byte follows; ten bytes at most.
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// The same as a length or a position in memory.
    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_where_the_header_ends() {
        let cases: &[(&[u8], Option<u64>)] = &[
            (&[0], Some(0)),
            (&[0x7f], Some(127)),
            (&[0x80, 1], Some(128)),
            (&[0x80, 0x80, 0], Some(0)),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Some(u64::MAX)),
            (&[0x80], None),
            (&[0x80; 11], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Fields::new(bytes, 0, bytes.len()).number(), *expected, "{bytes:02x?}");
        }
        let mut fields = Fields::new(&[1, 2, 0, 3, 0, 0, 0, 9], 0, 7);
        assert_eq!((fields.byte(), fields.short(), fields.word()), (Some(1), Some(2), Some(3)));
        assert_eq!((fields.byte(), fields.position()), (None, 7));
        assert_eq!(Fields::new(&[1, 2], usize::MAX, usize::MAX).take(usize::MAX), None);
    }
}
