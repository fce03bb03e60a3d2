//! What one outer file has yielded so far, over all its nested archives and all threads that read it.
//!
//! Adds up and compares with the [`Limits`]; knows nothing of formats. One meter is made for each outer file and shared by
//! everyone who reads a part of it, so that a bomb is stopped however its bytes are nested.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::limits::Limits;
use crate::reject::Refusal;

/// Adds up entries and bytes of one outer file.
#[derive(Debug)]
pub struct Meter {
    limits: Limits,
    input: AtomicU64,
    output: AtomicU64,
    entries: AtomicU64,
}

impl Meter {
    /// A meter for an outer file of `input` bytes; for a stream 0, and [`Self::add_input`] as they arrive.
    #[must_use]
    pub fn new(limits: &Limits, input: u64) -> Self {
        let (output, entries) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { limits: limits.clone(), input: AtomicU64::new(input), output, entries }
    }

    /// More of the outer file has arrived.
    pub fn add_input(&self, bytes: u64) {
        self.input.fetch_add(bytes, Relaxed);
    }

    /// So many bytes were decompressed.
    ///
    /// # Errors
    /// [`crate::reject::Reason::LimitOutput`].
    pub fn add_output(&self, bytes: u64) -> Result<(), Refusal> {
        let output = self.output.fetch_add(bytes, Relaxed).saturating_add(bytes);
        self.limits.check_output(self.input.load(Relaxed), output)
    }

    /// Whether what was decompressed so far is still allowed.
    ///
    /// # Errors
    /// [`crate::reject::Reason::LimitOutput`].
    pub fn check_output(&self) -> Result<(), Refusal> {
        self.limits.check_output(self.input.load(Relaxed), self.output.load(Relaxed))
    }

    /// So many entries were met.
    ///
    /// # Errors
    /// [`crate::reject::Reason::LimitEntries`].
    pub fn add_entries(&self, entries: u64) -> Result<(), Refusal> {
        let entries = self.entries.fetch_add(entries, Relaxed).saturating_add(entries);
        self.limits.check_entries(entries)
    }

    /// Bytes decompressed so far.
    #[must_use]
    pub fn output(&self) -> u64 {
        self.output.load(Relaxed)
    }

    /// Entries met so far.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::Reason;

    #[test]
    fn all_parts_of_a_source_count_together() {
        let limits = Limits { output_grace: 1_000, output_ratio: 10, entries: 3, ..Limits::default() };
        let meter = Meter::new(&limits, 0);
        meter.add_input(150);
        assert_eq!(meter.add_output(1_500), Ok(()));
        assert_eq!(meter.add_output(1).unwrap_err().reason, Reason::LimitOutput);
        assert_eq!(meter.add_entries(3), Ok(()));
        assert_eq!(meter.add_entries(1).unwrap_err().reason, Reason::LimitEntries);
        assert_eq!((meter.output(), meter.entries()), (1_501, 4));
    }
}
