//! Takes what a decoder yields: the part of a member that is wanted, and no more.
//!
//! Counts and passes over; checks no checksum.

use std::io::{self, Write};
use std::time::Instant;

use crate::archive::limits::Limits;

/// Where a member's content goes.
pub(super) struct Sink<'a> {
    out: Option<&'a mut Vec<u8>>,
    /// Where `out` ended at first.
    start: usize,
    /// Bytes to be passed over, and then to be taken.
    skip: usize,
    wanted: usize,
    /// Whether the rest need not be unpacked.
    only_wanted: bool,
    pub(super) limits: &'a Limits,
    progress: Instant,
    stalled: bool,
    /// Bytes that came, and how many zeros were the last of them.
    pub(super) bytes: u64,
    pub(super) zeros: u64,
}

impl<'a> Sink<'a> {
    /// Takes nothing.
    pub(super) fn nowhere(limits: &'a Limits) -> Self {
        Self {
            out: None,
            start: 0,
            skip: 0,
            wanted: 0,
            only_wanted: false,
            limits,
            progress: Instant::now(),
            stalled: false,
            bytes: 0,
            zeros: 0,
        }
    }

    /// Appends `wanted` bytes to `out` after passing over `skip`, and with `only_wanted` ends there.
    pub(super) fn new(
        out: &'a mut Vec<u8>,
        (skip, wanted): (usize, usize),
        only_wanted: bool,
        limits: &'a Limits,
    ) -> Self {
        let start = out.len();
        Self { out: Some(out), start, skip, wanted, only_wanted, ..Self::nowhere(limits) }
    }

    /// Whether all that is wanted has come.
    pub(super) fn is_full(&self) -> bool {
        self.missing() == 0
    }

    /// Whether no more is wanted.
    pub(super) fn is_done(&self) -> bool {
        self.only_wanted && self.is_full()
    }

    /// Whether nothing came for too long.
    pub(super) const fn has_stalled(&self) -> bool {
        self.stalled
    }

    /// Forgets what came, for it comes again.
    pub(super) fn restart(&mut self) {
        if let Some(out) = self.out.as_deref_mut() {
            out.truncate(self.start);
        }
        (self.bytes, self.zeros) = (0, 0);
    }

    fn missing(&self) -> usize {
        let taken = self.out.as_ref().map_or(0, |out| out.len() - self.start);
        self.wanted - taken
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        let passed =
            self.skip.saturating_sub(usize::try_from(self.bytes).unwrap_or(usize::MAX)).min(chunk.len());
        let taken = (chunk.len() - passed).min(self.missing());
        if let Some(out) = self.out.as_deref_mut() {
            out.extend_from_slice(chunk.get(passed..passed + taken).unwrap_or_default());
        }
        let zeros = chunk.iter().rev().take_while(|byte| **byte == 0).count();
        self.zeros = if zeros == chunk.len() { self.zeros + zeros as u64 } else { zeros as u64 };
        self.bytes += chunk.len() as u64;
        let now = Instant::now();
        self.stalled = now.duration_since(self.progress) > self.limits.stall;
        self.progress = now;
        if self.is_done() || self.stalled {
            return Err(io::Error::other("no more is wanted"));
        }
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wanted_is_taken() {
        let limits = Limits::default();
        for (skip, wanted, expected) in [(0, 3, "abc"), (2, 3, "cde"), (5, 9, "fgh"), (9, 1, ""), (0, 0, "")]
        {
            let mut out = b"-".to_vec();
            let mut sink = Sink::new(&mut out, (skip, wanted), false, &limits);
            for chunk in [&b"ab"[..], b"", b"cdefg", b"h"] {
                sink.write_all(chunk).unwrap();
            }
            assert_eq!((sink.is_full(), sink.is_done()), (expected.len() == wanted, false));
            assert_eq!(out, format!("-{expected}").into_bytes());
        }
        let mut out = Vec::new();
        let mut sink = Sink::new(&mut out, (1, 2), true, &limits);
        assert!(sink.write_all(b"ab").is_ok());
        assert!(sink.write_all(b"cd").is_err() && sink.is_done());
        assert_eq!(out, b"bc");
    }

    #[test]
    fn zeros_at_the_end_are_counted() {
        let limits = Limits::default();
        let mut sink = Sink::nowhere(&limits);
        for (chunk, zeros) in [(&[0, 0][..], 2), (&[0], 3), (&[1, 0], 1), (&[0], 2), (&[5], 0)] {
            sink.write_all(chunk).unwrap();
            assert_eq!(sink.zeros, zeros);
        }
        sink.restart();
        assert_eq!((sink.bytes, sink.zeros), (0, 0));
    }
}
