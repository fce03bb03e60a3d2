//! Bytes that start at any bit: bzip2 aligns nothing but its streams.
//!
//! Knows the two magic numbers of bzip2 and where they may stand; decodes nothing.

use std::io::{self, Read};

/// What a bzip2 block starts with.
pub(super) const BLOCK: u64 = 0x3141_5926_5359;
/// What stands behind the last block of a stream.
pub(super) const STREAM_END: u64 = 0x1772_4538_5090;
/// Bits of either.
pub(super) const MAGIC_BITS: u64 = 48;

/// What stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A block starts here.
    Block,
    /// The stream is over.
    StreamEnd,
    /// The bytes end before it can be told.
    Cut,
    /// None of these.
    None,
}

/// What stands at this bit.
pub(super) fn mark_at(bytes: &[u8], bit: u64) -> Mark {
    // As far as there are whole bytes, for that is how they are compared by bzip2.
    let available = (bytes.len() as u64 * 8).saturating_sub(bit);
    let known = MAGIC_BITS.min(available / 8 * 8);
    let Some(found) = number_at(bytes, bit, known) else { return Mark::Cut };
    let is_start_of = |magic: u64| magic >> (MAGIC_BITS - known) == found;
    match (is_start_of(BLOCK), is_start_of(STREAM_END)) {
        (false, false) => Mark::None,
        _ if known < MAGIC_BITS => Mark::Cut,
        (true, _) => Mark::Block,
        (false, true) => Mark::StreamEnd,
    }
}

/// The number of up to 56 bits that starts at this bit; none if the bytes end before.
pub(super) fn number_at(bytes: &[u8], bit: u64, bits: u64) -> Option<u64> {
    let (start, shift) = (usize::try_from(bit / 8).ok()?, bit % 8);
    let length = usize::try_from((shift + bits).div_ceil(8)).ok()?;
    let field = bytes.get(start..start.checked_add(length)?)?;
    let number = field.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let behind = length as u64 * 8 - shift - bits;
    Some(number >> behind & ((1 << bits) - 1))
}

/// For each byte, at which of the eight shifts it can be this byte of a shifted block magic.
const fn shifts(index: u32) -> [u8; 256] {
    let mut table = [0; 256];
    let mut shift = 0;
    while shift < 8 {
        let byte = (BLOCK << (8 - shift)) >> (48 - 8 * index) & 0xff;
        #[expect(clippy::indexing_slicing, reason = "a byte, in a constant")]
        {
            table[byte as usize] |= 1 << shift;
        }
        shift += 1;
    }
    table
}

/// The second and the third byte of a magic number are whole at every shift.
const SECOND: [u8; 256] = shifts(1);
const THIRD: [u8; 256] = shifts(2);

/// The first bit at or behind `from` where a block seems to start.
pub(super) fn find_block(bytes: &[u8], from: u64) -> Option<u64> {
    let first = usize::try_from(from / 8).ok()?;
    let of = |table: &[u8; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or_default();
    let mut second = of(&SECOND, *bytes.get(first + 1)?);
    for (at, byte) in (first as u64..).zip(bytes.get(first + 2..)?) {
        let mut possible = second & of(&THIRD, *byte);
        while possible != 0 {
            let bit = at * 8 + u64::from(possible.trailing_zeros());
            if bit >= from && number_at(bytes, bit, MAGIC_BITS) == Some(BLOCK) {
                return Some(bit);
            }
            possible &= possible - 1;
        }
        second = of(&SECOND, *byte);
    }
    None
}

/// The bytes that start at a bit, up to the last whole one and the bits behind that, filled up by those of `padding`.
pub(super) struct Shifted<'a> {
    bytes: &'a [u8],
    bit: u64,
    padding: u8,
}

impl<'a> Shifted<'a> {
    pub(super) const fn new(bytes: &'a [u8], bit: u64, padding: u8) -> Self {
        Self { bytes, bit, padding }
    }
}

impl Read for Shifted<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(self.bit / 8).unwrap_or(usize::MAX);
        let rest = self.bytes.get(start..).unwrap_or_default();
        let shift = self.bit % 8;
        let behind = rest.iter().skip(1).chain([&self.padding]);
        let mut length = 0;
        for ((to, high), low) in to.iter_mut().zip(rest).zip(behind) {
            let both = u16::from(*high) << 8 | u16::from(*low);
            [*to, _] = (both << shift).to_be_bytes();
            length += 1;
        }
        self.bit += length as u64 * 8;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `lead` zero bits, the number, and some more zeros.
    fn shifted(number: u64, lead: u32) -> Vec<u8> {
        (u128::from(number) << (80 - lead)).to_be_bytes().to_vec()
    }

    #[test]
    fn marks_are_found_at_every_bit() {
        for lead in 0..64 {
            let bytes = shifted(BLOCK, lead);
            let at = u64::from(lead);
            assert_eq!(find_block(&bytes, 0), Some(at));
            assert_eq!(find_block(&bytes, at), Some(at));
            assert_eq!(find_block(&bytes, at + 1), None);
            assert_eq!(mark_at(&bytes, at), Mark::Block);
            let cut = usize::try_from((at + 47) / 8).unwrap();
            assert_eq!((find_block(&bytes[..cut], 0), mark_at(&bytes[..cut], at)), (None, Mark::Cut));
            assert_eq!(mark_at(&shifted(STREAM_END, lead), at), Mark::StreamEnd);
            // Within a byte's width of one there is no other, so that a block's end can be told by the mark behind it.
            for other in at.saturating_sub(7)..at + 8 {
                for magic in [BLOCK, STREAM_END] {
                    let mark = mark_at(&shifted(magic, lead), other);
                    assert_eq!(matches!(mark, Mark::Block | Mark::StreamEnd), other == at);
                }
            }
        }
        assert_eq!(mark_at(&[], 0), Mark::Cut);
        assert_eq!(mark_at(&[0x31, 0x41], 0), Mark::Cut);
        assert_eq!(mark_at(&[0x31, 0x42], 0), Mark::None);
        assert_eq!(mark_at(&[0x32], 0), Mark::None);
    }

    #[test]
    fn bytes_are_read_from_any_bit() {
        let bytes = [0b1010_1100, 0b0101_0011, 0b1111_0000];
        for (bit, padding, expected) in [
            (0, 0xff, vec![0b1010_1100, 0b0101_0011, 0b1111_0000]),
            (3, 0x00, vec![0b0110_0010, 0b1001_1111, 0b1000_0000]),
            (3, 0xff, vec![0b0110_0010, 0b1001_1111, 0b1000_0111]),
            (23, 0x00, vec![0]),
            (24, 0x00, vec![]),
        ] {
            let mut out = Vec::new();
            Shifted::new(&bytes, bit, padding).read_to_end(&mut out).unwrap();
            assert_eq!(out, expected, "from bit {bit}");
        }
    }
}
