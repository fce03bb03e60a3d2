//! Bytes read from front to back, and let go of behind.
//!
//! Pages of a mapped file count as this program's memory from the first look at them; of an archive of many gibibytes only
//! what is being read should.

use std::io::{self, Read};

use super::Bytes;

/// How much is read before what lies behind is let go of.
const STEP: usize = 8 << 20;

/// A reader of all the bytes of a container.
#[derive(Debug)]
pub(super) struct Forward<'b> {
    bytes: &'b Bytes,
    position: usize,
    released: usize,
}

impl<'b> Forward<'b> {
    pub(super) const fn new(bytes: &'b Bytes) -> Self {
        Self { bytes, position: 0, released: 0 }
    }
}

impl Read for Forward<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.bytes.as_slice().get(self.position..).unwrap_or_default();
        let read = rest.read(to)?;
        self.position += read;
        if self.position - self.released >= STEP {
            self.bytes.release(self.released, self.position);
            self.released = self.position;
        }
        Ok(read)
    }
}
