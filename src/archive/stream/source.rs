//! The compressed side of a stream: counts what is read, tells an error of the disk from damage, and ends a stream that is
//! read and read and yields nothing.
//!
//! Knows nothing of formats. The clock runs only while a decoder asks for more, from its first request on: what its user
//! does between two reads does not count.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// What is known of the compressed side.
#[derive(Debug)]
pub(super) struct Source {
    begun: Instant,
    stall: Duration,
    read: AtomicU64,
    failed: AtomicBool,
    stalled: AtomicBool,
    /// Since when something is waited for, in nanoseconds after `begun` and one; 0 before more was asked for.
    waiting: AtomicU64,
}

impl Source {
    pub(super) fn new(stall: Duration) -> Arc<Self> {
        Arc::new(Self {
            begun: Instant::now(),
            stall,
            read: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
            waiting: AtomicU64::new(0),
        })
    }

    /// Compressed bytes read so far.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Relaxed)
    }

    /// Whether reading failed, so that an error is not the data's.
    pub(super) fn failed(&self) -> bool {
        self.failed.load(Relaxed)
    }

    /// Whether it was ended for yielding nothing.
    pub(super) fn stalled(&self) -> bool {
        self.stalled.load(Relaxed)
    }

    /// The user was given something, or asks anew.
    pub(super) fn progressed(&self) {
        self.waiting.store(0, Relaxed);
    }

    /// Whether nothing was yielded for too long; starts the clock if it stands.
    fn is_stalled(&self) -> bool {
        let now = u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        let since = self.waiting.load(Relaxed);
        if since == 0 {
            self.waiting.store(now, Relaxed);
            return false;
        }
        Duration::from_nanos(now.saturating_sub(since)) > self.stall
    }
}

/// Reads the compressed stream and keeps its [`Source`] up to date.
pub(super) struct Counted<R> {
    reader: R,
    source: Arc<Source>,
}

impl<R> Counted<R> {
    pub(super) fn new(reader: R, source: &Arc<Source>) -> Self {
        Self { reader, source: Arc::clone(source) }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.source.is_stalled() {
            self.source.stalled.store(true, Relaxed);
            return Err(io::ErrorKind::TimedOut.into());
        }
        let result = self.reader.read(to);
        match &result {
            Ok(read) => {
                self.source.read.fetch_add(*read as u64, Relaxed);
            }
            Err(error) => self.source.failed.store(error.kind() != io::ErrorKind::Interrupted, Relaxed),
        }
        result
    }
}
