//! Inflates the data of one member.
//!
//! A whole member goes through libdeflate, which needs the size beforehand and is the fastest there is; the start of one
//! through flate2, which can stop anywhere.

use std::io::Read;

use libdeflater::{DecompressionError, Decompressor};

use crate::reject::{Reason, Refusal};

/// A decompressor, kept by whoever extracts many members.
#[derive(Default)]
pub struct Inflater(Decompressor);

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Inflater")
    }
}

impl Inflater {
    /// Inflates `data` into the start of `buffer`. The caller has checked that `size` is allowed.
    pub(super) fn inflate<'b>(
        &mut self,
        data: &[u8],
        size: u64,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Refusal> {
        let length = usize::try_from(size).map_err(|_| wrong_size(size, None))?;
        if buffer.len() < length {
            // Contents of earlier members are overwritten, so that only the growth is ever filled with zeros.
            buffer.resize(length, 0);
        }
        let to = buffer.get_mut(..length).unwrap_or_default();
        match self.0.deflate_decompress(data, to) {
            Ok(found) if found == length => Ok(to),
            Ok(found) => Err(wrong_size(size, Some(found as u64))),
            Err(DecompressionError::InsufficientSpace) => Err(wrong_size(size, None)),
            Err(DecompressionError::BadData) => {
                let detail = format!("its {} bytes of compressed data cannot be inflated", data.len());
                Err(Refusal::new(Reason::ArchiveDamaged, detail))
            }
        }
    }
}

/// The first `length` bytes of what `data` inflates to.
pub(super) fn peek(data: &[u8], length: usize, head: &mut Vec<u8>) -> Result<(), Refusal> {
    let inflated = flate2::bufread::DeflateDecoder::new(data).take(length as u64).read_to_end(head);
    // Where the data breaks off further behind, the extraction will tell.
    match inflated {
        Err(_) if head.is_empty() => {
            let detail = format!("its {} bytes of compressed data cannot be inflated", data.len());
            Err(Refusal::new(Reason::ArchiveDamaged, detail))
        }
        _ => Ok(()),
    }
}

/// The refusal of a member whose size is not the declared one; `found` is none if it is larger.
pub(super) fn wrong_size(declared: u64, found: Option<u64>) -> Refusal {
    let found = found.map_or_else(|| "more".to_owned(), |found| found.to_string());
    Refusal::new(Reason::ZipBadSize, format!("it should have {declared} bytes and has {found}"))
}

/// The CRC-32 of a content.
pub(super) fn crc(content: &[u8]) -> u32 {
    libdeflater::crc32(content)
}
