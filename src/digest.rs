//! Content identity: the BLAKE3-256 digest of a file's bytes, and the row id made from it.
//!
//! Computes and compares; knows nothing of where bytes come from or where rows go.

use std::fmt;
use std::hash::Hasher;

use md5::Digest as _;

/// The BLAKE3-256 digest of a content.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

/// `files.id`: the first 63 bits of a [`Digest`], so that the primary key is the duplicate check.
///
/// Always ≥ 0. Two contents share an id by chance with probability n²/2⁶⁴ (8.7e-7 at 4 million files); whoever finds an
/// id taken compares the whole digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub i64);

/// `sources.id`: made from a path's bytes the way a [`FileId`] is made from a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub i64);

impl Digest {
    /// The digest of `content`.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        Self(*blake3::hash(content).as_bytes())
    }

    /// A digest read back from the database.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The MD5 of `content`: other catalogues name files by it. It identifies nothing here, for whoever wants to can make
    /// two contents with the same.
    #[must_use]
    pub fn md5(content: &[u8]) -> [u8; 16] {
        md5::Md5::digest(content).into()
    }

    /// All 32 bytes, as `files.digest` holds them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The row id: the first eight bytes, big-endian, shifted right by one.
    #[must_use]
    pub const fn file_id(&self) -> FileId {
        FileId(positive_id(&self.0))
    }

    /// The bits that take no part in [`FileId`], folded to 64, to tell two contents with the same id apart.
    #[must_use]
    pub fn fold(&self) -> u64 {
        let words = self.0.as_chunks::<8>().0.iter().map(|word| u64::from_be_bytes(*word));
        words.skip(1).fold(u64::from(self.0[7] & 1), |fold, word| fold.rotate_left(21) ^ word)
    }
}

impl SourceId {
    /// The id of the source with this name, in the bytes the operating system gives.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        Self(positive_id(Digest::of(name).as_bytes()))
    }
}

const fn positive_id(digest: &[u8; 32]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *digest;
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 1).cast_signed()
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Ids are digest bits already: they need no hashing, only their varying bits at both ends.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn write_i64(&mut self, id: i64) {
        // An id has 63 bits; its top bit is always 0 and must not be the one that picks a shard.
        self.0 = id.cast_unsigned() << 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of docs/schema.md: BLAKE3 of nothing, as the BLAKE3 paper gives it.
    #[test]
    fn the_documented_vector() {
        let digest = Digest::of(b"");
        assert_eq!(digest.to_string(), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
        assert_eq!(digest.file_id(), FileId(0x5789_a4dc_fafc_d0d3));
    }

    /// RFC 1321, A.5.
    #[test]
    fn the_vector_of_the_md5_standard() {
        let expected = 0x9001_5098_3cd2_4fb0_d696_3f7d_28e1_7f72_u128.to_be_bytes();
        assert_eq!(Digest::md5(b"abc"), expected);
    }
}
