//! What the walk has found so far: counted live, and, once it has found everything, what it could not look into.

use std::path::PathBuf;
use std::sync::atomic::Ordering::{self, Relaxed};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Mutex, PoisonError};

use super::known::Sight;
use crate::discover::FoundFile;
use crate::format::{Container, Format};

/// What the walk has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Whether that is everything.
    pub ended: bool,
    /// Sources that are new or changed.
    pub new_sources: u64,
    /// Those among them that the library knows: changed, or not read to their end before.
    pub modified_sources: u64,
    /// Those among the new and changed that are archives by their names, or streams.
    pub new_archives: u64,
    /// Bytes on disk of the new and changed ones.
    pub new_bytes: u64,
    /// Roughly how many entries they hold.
    pub new_entries: u64,
    /// Sources that are complete and have not changed.
    pub skipped_sources: u64,
    /// The entries they hold.
    pub skipped_entries: u64,
    /// Those among the unchanged that had vanished and are back.
    pub returned_sources: u64,
    /// What could not be listed or looked at.
    pub unreadable: u64,
}

/// Fewer bare files than this, of so many bytes together, are little.
const FEW_FILES: u64 = 20;
const FEW_BYTES: u64 = 2 << 20;

impl Survey {
    /// Whether nothing is to be read or refused, and nothing will be.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.ended && self.new_sources == 0 && self.unreadable == 0
    }

    /// Whether everything is found, and so little that one thread has read it before others were started.
    #[must_use]
    pub const fn is_little(&self) -> bool {
        self.ended && self.new_archives == 0 && self.new_sources < FEW_FILES && self.new_bytes <= FEW_BYTES
    }
}

/// A walk that came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    /// What could not be listed or looked at: nobody knows what is there.
    pub unlisted: Vec<PathBuf>,
    /// What was met below each root, in their order.
    pub roots: Vec<RootTally>,
    /// Ids of sources that had vanished and are back, unchanged.
    pub returned: Vec<i64>,
}

/// What was met below one root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RootTally {
    /// Files.
    pub files: u64,
    /// Files that the last look had found, too.
    pub known: u64,
}

/// The live counts behind [`Survey`].
#[derive(Debug, Default)]
pub(super) struct Surveyor {
    ended: AtomicBool,
    new_sources: AtomicU64,
    modified_sources: AtomicU64,
    new_archives: AtomicU64,
    new_bytes: AtomicU64,
    new_entries: AtomicU64,
    skipped_sources: AtomicU64,
    skipped_entries: AtomicU64,
    returned_sources: AtomicU64,
    unreadable: AtomicU64,
    walked: Mutex<Option<Walked>>,
}

/// Bytes of an archive to an entry of it: 14,000 real files took 133 MB as a zip, and small files are the more common.
const ARCHIVE_BYTES_PER_ENTRY: u64 = 8 << 10;

impl Surveyor {
    /// Counts a stream.
    pub(super) fn expect_stream(&self) {
        self.new_sources.fetch_add(1, Relaxed);
        self.new_archives.fetch_add(1, Relaxed);
    }

    /// Counts something that could not be looked at.
    pub(super) fn refuse(&self) {
        self.unreadable.fetch_add(1, Relaxed);
    }

    /// Counts a file that need not be read.
    pub(super) fn skip(&self, sight: Sight, entries: u64) {
        self.skipped_sources.fetch_add(1, Relaxed);
        self.skipped_entries.fetch_add(entries, Relaxed);
        if matches!(sight, Sight::Returned(_)) {
            self.returned_sources.fetch_add(1, Relaxed);
        }
    }

    /// Counts a file that is to be read, and tells the container that its name promises.
    pub(super) fn expect(&self, sight: Sight, file: &FoundFile) -> Option<Container> {
        let container = Format::expected(&file.path.file_name().unwrap_or_default().to_string_lossy());
        let entries = container.map_or(1, |_| file.size / ARCHIVE_BYTES_PER_ENTRY + 1);
        self.new_sources.fetch_add(1, Relaxed);
        if sight == Sight::Modified {
            self.modified_sources.fetch_add(1, Relaxed);
        }
        self.new_archives.fetch_add(u64::from(container.is_some()), Relaxed);
        self.new_bytes.fetch_add(file.size, Relaxed);
        self.new_entries.fetch_add(entries, Relaxed);
        container
    }

    /// The walk is over; with what it found where it came to its end.
    pub(super) fn end(&self, walked: Option<Walked>) {
        *self.walked.lock().unwrap_or_else(PoisonError::into_inner) = walked;
        // Whoever sees the end sees all that was counted before.
        self.ended.store(true, Ordering::Release);
    }

    /// The walk, where it has come to its end.
    pub(super) fn walked(&self) -> Option<Walked> {
        self.walked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn survey(&self) -> Survey {
        Survey {
            ended: self.ended.load(Ordering::Acquire),
            new_sources: self.new_sources.load(Relaxed),
            modified_sources: self.modified_sources.load(Relaxed),
            new_archives: self.new_archives.load(Relaxed),
            new_bytes: self.new_bytes.load(Relaxed),
            new_entries: self.new_entries.load(Relaxed),
            skipped_sources: self.skipped_sources.load(Relaxed),
            skipped_entries: self.skipped_entries.load(Relaxed),
            returned_sources: self.returned_sources.load(Relaxed),
            unreadable: self.unreadable.load(Relaxed),
        }
    }
}
