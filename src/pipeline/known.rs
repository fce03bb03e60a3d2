//! What the library knows of sources from earlier runs, and which of them the walk has met.
//!
//! Compares sizes and times; neither looks at the disk nor asks the database.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::digest::IdHasher;
use crate::discover::FoundFile;

/// A source as the library knows it from earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSource {
    /// Size on disk when it was read; -1 for a stream.
    pub size_bytes: i64,
    /// Modification time when it was read.
    pub mtime_ns: i64,
    /// Whether all its rows are stored.
    pub is_complete: bool,
    /// Entries in it.
    pub entries: i64,
    /// Whether it was there when it was looked for last.
    pub is_active: bool,
}

impl KnownSource {
    /// Whether a file is what was stored whole.
    pub(crate) fn is(&self, file: &FoundFile) -> bool {
        self.is_complete && self.looks_like(file)
    }

    /// Whether a file is of the same size and time, to the nanosecond. Device and inode do not count: a library that was
    /// copied with its times is the same library.
    pub(super) fn looks_like(&self, file: &FoundFile) -> bool {
        u64::try_from(self.size_bytes) == Ok(file.size) && self.mtime_ns == file.mtime_ns
    }
}

/// The sources of earlier runs, by id.
#[derive(Debug, Default)]
pub struct KnownSources(HashMap<i64, Known, BuildHasherDefault<IdHasher>>);

#[derive(Debug)]
struct Known {
    source: KnownSource,
    is_met: AtomicBool,
}

/// What a file that was found is to the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Never read.
    Added,
    /// Not what was read, or not read to its end.
    Modified,
    /// What was read; so many entries are stored.
    Unchanged(u64),
    /// The same, and it had vanished meanwhile.
    Returned(u64),
}

impl FromIterator<(i64, KnownSource)> for KnownSources {
    fn from_iter<I: IntoIterator<Item = (i64, KnownSource)>>(sources: I) -> Self {
        let known = |(id, source)| (id, Known { source, is_met: AtomicBool::new(false) });
        Self(sources.into_iter().map(known).collect())
    }
}

impl KnownSources {
    /// Adds a source, or what is known of it now.
    pub fn insert(&mut self, id: i64, source: KnownSource) {
        self.0.insert(id, Known { source, is_met: AtomicBool::new(false) });
    }

    /// Files as sources that are known, and to be read all the same.
    #[must_use]
    pub fn to_be_read(files: &[FoundFile]) -> Self {
        let known = files.iter().map(|file| {
            let size_bytes = i64::try_from(file.size).unwrap_or(i64::MAX);
            let source = KnownSource {
                size_bytes,
                mtime_ns: file.mtime_ns,
                is_complete: false,
                entries: 0,
                is_active: true,
            };
            (file.id().0, source)
        });
        known.collect()
    }

    /// Their ids.
    pub fn ids(&self) -> impl Iterator<Item = i64> + '_ {
        self.0.keys().copied()
    }

    /// Whether a source was known before this run.
    #[must_use]
    pub fn has(&self, id: i64) -> bool {
        self.0.contains_key(&id)
    }

    /// What is known of a source.
    pub(super) fn get(&self, id: i64) -> Option<KnownSource> {
        self.0.get(&id).map(|known| known.source)
    }

    /// Compares a file that was found with what is known of it, and notes that it was met. Also: whether an earlier look
    /// had found it.
    pub(super) fn meet(&self, file: &FoundFile) -> (Sight, bool) {
        let Some(known) = self.0.get(&file.id().0) else { return (Sight::Added, false) };
        known.is_met.store(true, Relaxed);
        let entries = known.source.entries.unsigned_abs();
        let sight = if !known.source.is(file) {
            Sight::Modified
        } else if known.source.is_active {
            Sight::Unchanged(entries)
        } else {
            Sight::Returned(entries)
        };
        (sight, known.source.is_active)
    }

    /// Files of the last look that this walk has not met so far; streams are not looked for.
    #[must_use]
    pub fn missed(&self) -> Vec<i64> {
        let is_missed = |known: &Known| {
            known.source.is_active && known.source.size_bytes >= 0 && !known.is_met.load(Relaxed)
        };
        self.0.iter().filter(|(_, known)| is_missed(known)).map(|(id, _)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const KNOWN: KnownSource =
        KnownSource { size_bytes: 5, mtime_ns: -7, is_complete: true, entries: 3, is_active: true };

    fn file(name: &str, size: u64, mtime_ns: i64) -> FoundFile {
        FoundFile { size, mtime_ns, ..FoundFile::unseen(PathBuf::from(name)) }
    }

    #[test]
    fn size_and_time_decide() {
        let known = |source: KnownSource| KnownSources::from_iter([(file("/a", 0, 0).id().0, source)]);
        for (source, found, expected) in [
            (KNOWN, file("/a", 5, -7), (Sight::Unchanged(3), true)),
            (KNOWN, file("/a", 6, -7), (Sight::Modified, true)),
            (KNOWN, file("/a", 5, -8), (Sight::Modified, true)),
            (KNOWN, file("/A", 5, -7), (Sight::Added, false)),
            (KnownSource { is_complete: false, ..KNOWN }, file("/a", 5, -7), (Sight::Modified, true)),
            (KnownSource { is_active: false, ..KNOWN }, file("/a", 5, -7), (Sight::Returned(3), false)),
            (KnownSource { is_active: false, ..KNOWN }, file("/a", 5, 0), (Sight::Modified, false)),
        ] {
            assert_eq!(known(source).meet(&found), expected, "{source:?} {found:?}");
        }
    }

    #[test]
    fn what_was_not_met_is_missed_but_for_streams_and_what_had_vanished() {
        let id = |name: &str| file(name, 0, 0).id().0;
        let known = KnownSources::from_iter([
            (id("/met"), KNOWN),
            (id("/missed"), KNOWN),
            (id("/gone before"), KnownSource { is_active: false, ..KNOWN }),
            (id("stream:1"), KnownSource { size_bytes: -1, ..KNOWN }),
        ]);
        known.meet(&file("/met", 1, 1));
        assert_eq!(known.missed(), [id("/missed")]);
    }
}
