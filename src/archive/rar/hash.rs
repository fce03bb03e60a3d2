//! Checks a member's content against the checksum that its header gives.
//!
//! CRC-32 is computed here. `BLAKE2sp` comes from the crate `rars`, which offers it only for the content of a header that it
//! has read itself: so a header is made that holds nothing but the sum.

use super::record::{Checksum, Record};
use crate::reject::{Reason, Refusal};

/// Whether the content is the one that was packed.
///
/// # Errors
/// [`Reason::ArchiveDamaged`].
pub(super) fn check(record: &Record, bytes: &[u8], content: &[u8]) -> Result<(), Refusal> {
    match record.checksum {
        Checksum::None => Ok(()),
        Checksum::Crc32(expected) => {
            let found = libdeflater::crc32(content);
            if found == expected {
                return Ok(());
            }
            let detail = format!("its CRC-32 should be {expected:08x} and is {found:08x}");
            Err(Refusal::new(Reason::ArchiveDamaged, detail))
        }
        Checksum::Blake2(at) => {
            let expected: Option<&[u8; 32]> = bytes.get(at..).and_then(|rest| rest.first_chunk());
            if expected.is_some_and(|expected| is_blake2(expected, content)) {
                return Ok(());
            }
            let detail = "its content does not have the BLAKE2 checksum that the archive gives";
            Err(Refusal::new(Reason::ArchiveDamaged, detail))
        }
    }
}

/// Whether `content` has this `BLAKE2sp`.
fn is_blake2(expected: &[u8; 32], content: &[u8]) -> bool {
    let mut archive = super::modern::SIGNATURE.to_vec();
    // A main header without flags, a file's header with an extra area and a name of one letter, an end.
    append(&mut archive, &[1, 0, 0]);
    let mut file = vec![2, 1, 35, 0, 0, 0, 0, 1, 1, b'x', 34, 2, 0];
    file.extend_from_slice(expected);
    append(&mut archive, &file);
    append(&mut archive, &[5, 0, 0]);
    let parsed = rars::rar50::Archive::parse(&archive);
    parsed.is_ok_and(|archive| {
        archive.files().next().is_some_and(|file| file.hash.is_some() && file.verify_hash(content).is_ok())
    })
}

/// Appends a header of fewer than 128 bytes.
fn append(archive: &mut Vec<u8>, header: &[u8]) {
    let length = u8::try_from(header.len()).unwrap_or(u8::MAX);
    let whole = [&[length], header].concat();
    archive.extend_from_slice(&libdeflater::crc32(&whole).to_le_bytes());
    archive.extend_from_slice(&whole);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blake2sp_is_told_from_anything_else() {
        // BLAKE2sp of nothing: the first entry of the reference implementation's `blake2-kat.json` without a key.
        let nothing = [
            0xdd, 0x0e, 0x89, 0x17, 0x76, 0x93, 0x3f, 0x43, 0xc7, 0xd0, 0x32, 0xb0, 0x8a, 0x91, 0x7e, 0x25,
            0x74, 0x1f, 0x8a, 0xa9, 0xa1, 0x2c, 0x12, 0xe1, 0xca, 0xc8, 0x80, 0x15, 0x00, 0xf2, 0xca, 0x4f,
        ];
        assert!(is_blake2(&nothing, b""));
        assert!(!is_blake2(&nothing, b"\0"));
        assert!(!is_blake2(&[0; 32], b""));
    }
}
