//! Numbers as the headers of compressed streams write them.

/// A number of up to eight bytes, the lowest first.
pub(in crate::archive) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Numbers of variable length (The .xz File Format, 1.2).
pub(in crate::archive) struct Numbers<'a>(pub(in crate::archive) &'a [u8]);

impl<'a> Numbers<'a> {
    /// Passes over so many bytes, and returns them.
    pub(in crate::archive) fn pass_over(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (skipped, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(skipped)
    }
}

impl Iterator for Numbers<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let mut number = 0;
        for index in 0..9_u32 {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                // A last byte of zero would be another way to write a number, which the format forbids.
                return (index == 0 || *byte != 0).then_some(number);
            }
        }
        None
    }
}
