//! One regular file of an LZH archive: where its name and data are, how it is compressed, and why it cannot be read.
//!
//! Knows; decodes nothing.

use std::ops::Range;

use delharc::CompressionMethod;

use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

/// A regular file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Where its data starts in the archive.
    pub(super) data: u64,
    /// Bytes in the archive, as declared.
    pub(super) packed: u64,
    /// Bytes after decompression, as declared.
    pub(super) size: u64,
    /// Where its name starts among the names, and how long it was before it was cut.
    pub(super) name_start: usize,
    pub(super) name_length: u32,
    /// The checksum of its content.
    pub(super) crc: u16,
    /// What stands between the two `-`: `lh5`.
    pub(super) method: [u8; 3],
    pub(super) is_utf8: bool,
    /// Whether the archive ends within its data.
    pub(super) is_cut: bool,
    /// Bytes of its name that are kept.
    pub(super) name_kept: u16,
}

impl Entry {
    /// Its place among the names.
    pub(super) fn name(&self) -> Range<usize> {
        self.name_start..self.name_start.saturating_add(usize::from(self.name_kept))
    }

    /// How it is compressed; none for a method that is not read.
    pub(super) fn compression(&self) -> Option<CompressionMethod> {
        let [one, two, three] = self.method;
        let method = CompressionMethod::try_from(&[b'-', one, two, three, b'-']).ok()?;
        // What has no content cannot be a regular file.
        (!method.is_directory()).then_some(method)
    }

    /// Bytes of the window that its decoder holds, as the methods define it.
    pub(super) fn window(&self) -> u64 {
        match self.compression() {
            None | Some(CompressionMethod::Lh0 | CompressionMethod::Lz4 | CompressionMethod::Pm0) => 0,
            Some(CompressionMethod::Lzs) => 2 << 10,
            Some(CompressionMethod::Lh1 | CompressionMethod::Lz5) => 4 << 10,
            Some(CompressionMethod::Lh6 | CompressionMethod::Lh7) => 64 << 10,
            Some(CompressionMethod::Lhx) => 512 << 10,
            Some(CompressionMethod::Pm1) => 16 << 10,
            _ => 8 << 10,
        }
    }

    /// Its data; none where the archive ends before.
    pub(super) fn packed_data<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let start = usize::try_from(self.data).ok()?;
        let end = start.checked_add(usize::try_from(self.packed).ok()?)?;
        bytes.get(start..end)
    }

    /// Why it cannot be read, as far as its header tells.
    pub(super) fn refusal(&self, limits: &Limits) -> Option<Refusal> {
        let Self { data, packed, size, .. } = *self;
        if self.is_cut {
            let detail = format!(
                "its {packed} compressed bytes start at byte {data}, and the archive ends before they do"
            );
            return Some(Refusal::new(Reason::ArchiveTruncated, detail));
        }
        if self.compression().is_none() {
            let method = self.method.escape_ascii();
            let detail =
                format!("it is compressed by -{method}-, which is none of the methods that are read");
            return Some(Refusal::new(Reason::UnsupportedMethod, detail));
        }
        if self.window() > limits.decoder_memory {
            let (window, most) = (self.window(), limits.decoder_memory);
            let detail = format!(
                "decoding it needs a window of {window} bytes, and {most} are allowed (--decoder-memory)"
            );
            return Some(Refusal::new(Reason::LimitDecoderMemory, detail));
        }
        let name_length = usize::try_from(self.name_length).unwrap_or(usize::MAX);
        limits.check_name(name_length).and_then(|()| limits.check_ratio(packed, size)).err()
    }
}
