//! Reads the numbers, flags and checksums that 7z headers are made of.
//!
//! Takes what is there and says where it ends; keeps nothing and knows no structure. Source: `7zFormat.txt` of 7-Zip 24,
//! "Data types" and "Property IDs".

use crate::reject::{Reason, Refusal};

/// The refusal of an archive whose header contradicts itself.
pub(super) fn damaged(what: &str) -> Refusal {
    Refusal::new(Reason::ArchiveDamaged, format!("the list of members at its end cannot be read: {what}"))
}

/// What is left of a header.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan<'h> {
    rest: &'h [u8],
}

impl<'h> Scan<'h> {
    pub(super) const fn new(bytes: &'h [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn rest(&self) -> &'h [u8] {
        self.rest
    }

    pub(super) const fn left(&self) -> u64 {
        self.rest.len() as u64
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        let (first, rest) = self.rest.split_first().ok_or_else(|| damaged("it ends too early"))?;
        self.rest = rest;
        Ok(*first)
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'h [u8], Refusal> {
        let split = usize::try_from(length).ok().and_then(|length| self.rest.split_at_checked(length));
        let (taken, rest) = split.ok_or_else(|| damaged("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Four bytes, the lowest first.
    pub(super) fn fixed(&mut self) -> Result<u32, Refusal> {
        let bytes = self.take(4)?;
        Ok(bytes.first_chunk().map_or(0, |chunk| u32::from_le_bytes(*chunk)))
    }

    /// A number of one to nine bytes: the leading ones of the first byte tell how many follow.
    pub(super) fn number(&mut self) -> Result<u64, Refusal> {
        let first = self.byte()?;
        let mut value = 0;
        let mut mask = 0x80_u8;
        for index in 0..8_u32 {
            if first & mask == 0 {
                return Ok(value | u64::from(first & mask.wrapping_sub(1)) << (8 * index));
            }
            value |= u64::from(self.byte()?) << (8 * index);
            mask >>= 1;
        }
        Ok(value)
    }

    /// A number of things of which each takes a byte or more of what is left.
    pub(super) fn count(&mut self, what: &str) -> Result<u64, Refusal> {
        let count = self.number()?;
        if count > self.left() {
            return Err(damaged(&format!("it cannot hold the {count} {what} that it declares")));
        }
        Ok(count)
    }

    /// Passes over so many numbers.
    pub(super) fn skip_numbers(&mut self, count: u64) -> Result<(), Refusal> {
        (0..count).try_for_each(|_| self.number().map(|_| ()))
    }

    /// Flags for so many things, which may be left out where all are set.
    pub(super) fn optional_flags(&mut self, count: u64) -> Result<Flags<'h>, Refusal> {
        if self.byte()? != 0 { Ok(Flags(None)) } else { self.flags(count) }
    }

    /// Flags for so many things, the highest bit first.
    pub(super) fn flags(&mut self, count: u64) -> Result<Flags<'h>, Refusal> {
        self.take(count.div_ceil(8)).map(|bytes| Flags(Some(bytes)))
    }

    /// Checksums of so many things, of which some may have none.
    pub(super) fn checksums(&mut self, count: u64) -> Result<Checksums<'h>, Refusal> {
        let defined = self.optional_flags(count)?;
        let values = Scan::new(self.take(defined.set(count).saturating_mul(4))?);
        Ok(Checksums { defined, values, next: 0 })
    }
}

/// One bit for each of some things; without bytes all are set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags<'h>(Option<&'h [u8]>);

impl Flags<'_> {
    /// None of them is set.
    pub(super) const NONE: Self = Self(Some(&[]));

    pub(super) fn get(self, index: u64) -> bool {
        let Some(bytes) = self.0 else { return true };
        let byte = usize::try_from(index / 8).ok().and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        byte & (0x80 >> (index % 8)) != 0
    }

    /// How many of the first `count` are set.
    pub(super) fn set(self, count: u64) -> u64 {
        (0..count).map(|index| u64::from(self.get(index))).sum()
    }
}

/// Checksums, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checksums<'h> {
    defined: Flags<'h>,
    values: Scan<'h>,
    next: u64,
}

impl Checksums<'_> {
    /// None of them is defined.
    pub(super) const NONE: Self = Self { defined: Flags::NONE, values: Scan::new(&[]), next: 0 };

    /// The CRC-32 of the next thing, if it has one.
    pub(super) fn next(&mut self) -> Option<u32> {
        let index = self.next;
        self.next += 1;
        if self.defined.get(index) { self.values.fixed().ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases: &[(&[u8], Option<u64>)] = &[
            (&[0x7f], Some(0x7f)),
            (&[0x80, 0x80], Some(0x80)),
            (&[0xbf, 0xff], Some(0x3fff)),
            (&[0xc1, 0x02, 0x03], Some(0x0001_0302)),
            (&[0xff, 1, 2, 3, 4, 5, 6, 7, 8], Some(0x0807_0605_0403_0201)),
            (&[0xfe, 1, 2, 3, 4, 5, 6, 7], Some(0x0007_0605_0403_0201)),
            (&[0xff, 1, 2], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Scan::new(bytes).number().ok(), *expected, "{bytes:x?}");
        }
    }

    #[test]
    fn checksums_of_some() {
        let bytes = [0, 0b1010_0000, 1, 0, 0, 0, 2, 0, 0, 0, 9];
        let mut scan = Scan::new(&bytes);
        let mut checksums = scan.checksums(3).unwrap();
        assert_eq!([checksums.next(), checksums.next(), checksums.next()], [Some(1), None, Some(2)]);
        assert_eq!(scan.rest(), [9]);
        assert!(Scan::new(&bytes).checksums(u64::MAX).is_err());
    }
}
