//! Writes entries into a tar, plain or through a compressor.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use flate2::write::GzEncoder;

use super::Receiver;
use crate::sample::entry::Entry;

/// What a tar is written through.
pub(in crate::sample) enum Stream<W: Write> {
    /// As it is.
    Plain(W),
    /// gzip at its usual level.
    Gzip(GzEncoder<W>),
    /// Zstandard at its usual level.
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Stream<W> {
    /// A gzip stream.
    pub(in crate::sample) fn gzip(to: W) -> Self {
        Self::Gzip(GzEncoder::new(to, flate2::Compression::default()))
    }

    /// A Zstandard stream.
    pub(in crate::sample) fn zstd(to: W) -> io::Result<Self> {
        zstd::Encoder::new(to, zstd::DEFAULT_COMPRESSION_LEVEL).map(Self::Zstd)
    }
}

impl<W: Write> Write for Stream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Gzip(to) => to.write(bytes),
            Self::Zstd(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            Self::Gzip(to) => to.flush(),
            Self::Zstd(to) => to.flush(),
        }
    }
}

/// A tar under construction.
pub(in crate::sample) struct Tarball<W: Write> {
    builder: tar::Builder<Stream<W>>,
    /// Time stamps count up from here, one second an entry.
    time: u64,
}

impl<W: Write> Tarball<W> {
    pub(in crate::sample) fn new(to: Stream<W>) -> Self {
        Self { builder: tar::Builder::new(to), time: 1_000_000_000 }
    }

    /// Writes the end of the archive and of the compressed stream, and hands back what was written to.
    pub(in crate::sample) fn finish(self) -> io::Result<W> {
        match self.builder.into_inner()? {
            Stream::Plain(to) => Ok(to),
            Stream::Gzip(to) => to.finish(),
            Stream::Zstd(to) => to.finish(),
        }
    }
}

impl<W: Write> Receiver for Tarball<W> {
    fn put(&mut self, entry: &Entry) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(entry.content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(self.time);
        self.time += 1;
        let path = Path::new(OsStr::from_bytes(&entry.name.bytes));
        self.builder.append_data(&mut header, path, entry.content.as_slice())
    }
}
