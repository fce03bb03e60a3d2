//! Writes entries into a zip. Compresses nothing itself: entries come packed.

use std::io::{self, Write};

use rawzip::path::EntryPath;
use rawzip::{CompressionMethod, DataDescriptorOutput, ZipArchiveWriter};

use super::Receiver;
use crate::sample::entry::{Entry, Packed};

/// A zip under construction.
pub(in crate::sample) struct ZipFile<W> {
    writer: ZipArchiveWriter<W>,
    /// Names are UTF-8, and flagged as such where they need it; otherwise they are stored as they are, without the flag.
    is_utf8: bool,
}

impl<W: Write> ZipFile<W> {
    pub(in crate::sample) fn new(to: W, is_utf8: bool) -> Self {
        Self { writer: ZipArchiveWriter::new(to), is_utf8 }
    }

    /// Adds a stored entry: an archive within the archive.
    pub(in crate::sample) fn store(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let crc = libdeflater::crc32(content);
        self.add(EntryPath::conformant(name), CompressionMethod::STORE, content, crc, content.len() as u64)
    }

    fn add(
        &mut self,
        path: EntryPath<'_>,
        method: CompressionMethod,
        packed: &[u8],
        crc: u32,
        size: u64,
    ) -> io::Result<()> {
        let (mut entry, _) =
            self.writer.new_file(path).compression_method(method).start().map_err(io::Error::other)?;
        entry.write_all(packed)?;
        entry.finish(DataDescriptorOutput::new(crc, size)).map_err(io::Error::other)?;
        Ok(())
    }

    /// Writes the directory and hands back what was written to.
    pub(in crate::sample) fn finish(self) -> io::Result<W> {
        self.writer.finish().map_err(io::Error::other)
    }
}

impl<W: Write> Receiver for ZipFile<W> {
    fn put(&mut self, entry: &Entry) -> io::Result<()> {
        let path = match std::str::from_utf8(&entry.name.bytes) {
            Ok(name) if self.is_utf8 => EntryPath::conformant(name),
            _ => EntryPath::verbatim(entry.name.bytes.as_slice()),
        };
        let size = entry.content.len() as u64;
        match &entry.packed {
            Packed::Deflated(deflated) => {
                let crc = libdeflater::crc32(&entry.content);
                self.add(path, CompressionMethod::DEFLATE, deflated, crc, size)
            }
            Packed::Plain | Packed::Gzip(_) => self.add(
                path,
                CompressionMethod::STORE,
                &entry.content,
                libdeflater::crc32(&entry.content),
                size,
            ),
        }
    }
}
