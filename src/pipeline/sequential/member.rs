//! The content of an entry, wherever it comes from: its head first, where that may be enough.

use std::io::Read;

use crate::archive::Limits;
use crate::archive::members::Members;
use crate::archive::tar::TarReader;
use crate::archive::zip::{Inflater, ZipDirectory};
use crate::format::HEAD;
use crate::reject::Refusal;

/// An entry whose size is known.
pub(in crate::pipeline) trait Member {
    /// Appends all of it, as many bytes as it declares.
    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), Refusal>;

    /// Puts its first bytes into an empty buffer, as many as it takes to see what it is.
    fn read_head(&mut self, buffer: &mut Vec<u8>) -> Result<(), Refusal>;

    /// Completes what [`Self::read_head`] began, for a nested archive of at most `largest` bytes.
    fn read_rest(&mut self, buffer: &mut Vec<u8>, largest: usize) -> Result<(), Refusal>;
}

/// The current member of a tar.
pub(super) struct InTar<'t, R> {
    tar: &'t mut TarReader<R>,
    size: usize,
}

impl<'t, R: Read> InTar<'t, R> {
    pub(super) fn new(tar: &'t mut TarReader<R>, size: u64) -> Self {
        Self { tar, size: usize::try_from(size).unwrap_or(usize::MAX) }
    }
}

impl<R: Read> Member for InTar<'_, R> {
    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        self.tar.fill(buffer, buffer.len().saturating_add(self.size))
    }

    fn read_head(&mut self, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        self.tar.fill(buffer, HEAD.min(self.size))
    }

    fn read_rest(&mut self, buffer: &mut Vec<u8>, largest: usize) -> Result<(), Refusal> {
        self.tar.fill(buffer, largest.min(self.size))
    }
}

/// A member of a zip.
pub(in crate::pipeline) struct InZip<'z> {
    zip: &'z ZipDirectory,
    bytes: &'z [u8],
    index: usize,
    limits: &'z Limits,
}

impl<'z> InZip<'z> {
    pub(in crate::pipeline) const fn new(
        zip: &'z ZipDirectory,
        bytes: &'z [u8],
        index: usize,
        limits: &'z Limits,
    ) -> Self {
        Self { zip, bytes, index, limits }
    }
}

impl Member for InZip<'_> {
    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        let mut own = Vec::new();
        let content =
            self.zip.extract(self.bytes, self.index, &mut Inflater::default(), &mut own, self.limits)?;
        buffer.extend_from_slice(content);
        Ok(())
    }

    fn read_head(&mut self, buffer: &mut Vec<u8>) -> Result<(), Refusal> {
        self.zip.peek(self.bytes, self.index, buffer)
    }

    fn read_rest(&mut self, buffer: &mut Vec<u8>, largest: usize) -> Result<(), Refusal> {
        let limits = self.limits.for_nested(largest);
        self.zip.extract_into(self.bytes, self.index, &mut Inflater::default(), buffer, &limits)
    }
}
