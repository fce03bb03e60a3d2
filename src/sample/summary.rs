//! The exact truth about a sample that was written, for tests, benches and people. Counts; prints nothing.

use std::collections::BTreeMap;

use serde::Serialize;

use super::container::Container;
use super::damage::{Damage, Expectation};
use super::entry::{Entry, Subject};

/// Counts of one container or of the whole sample. `entries = archives + midi + not_midi + clutter`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Regular files at every depth, archives inside archives included; the outermost archive itself is none. A
    /// `.mid.gz` is one entry.
    pub entries: u64,
    /// Archives inside archives.
    pub archives: u64,
    /// Entries that hold a Standard MIDI File, whole or in part, bare or in a `RIFF` chunk or behind junk.
    pub midi: u64,
    /// Entries that are named like a MIDI file and hold none.
    pub not_midi: u64,
    /// All other entries: thumbnails, covers, `AppleDouble` files.
    pub clutter: u64,
    /// Entries among `midi` and `not_midi` (and damaged clutter) whose content is meant to be an earlier file's.
    pub copies: u64,
    /// Distinct contents among `midi`.
    pub distinct: u64,
    /// Bytes of all entries, uncompressed, without those of archives inside archives themselves.
    pub bytes: u64,
    /// Entries by what was done to them; copies of a damaged file count as often as they occur.
    pub damaged: BTreeMap<Damage, u64>,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.archives += other.archives;
        self.midi += other.midi;
        self.not_midi += other.not_midi;
        self.clutter += other.clutter;
        self.copies += other.copies;
        self.bytes += other.bytes;
        for (&damage, count) in &other.damaged {
            *self.damaged.entry(damage).or_default() += count;
        }
    }
}

/// One container of a sample: an archive, or a folder of loose or singly compressed files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartSummary {
    /// Relative to the sample's folder.
    pub path: String,
    /// What it is.
    pub container: Container,
    /// Bytes on disk.
    pub stored_bytes: u64,
    /// What is in it; `distinct` within it alone.
    #[serde(flatten)]
    pub counts: Counts,
}

/// A whole sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SampleSummary {
    /// What is in all of it; `distinct` over all of it.
    #[serde(flatten)]
    pub total: Counts,
    /// Bytes on disk.
    pub stored_bytes: u64,
    /// Its containers, in the order of their numbers.
    pub parts: Vec<PartSummary>,
}

/// Counts entries as they are written.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    /// Half a BLAKE3 digest for each MIDI content.
    digests: Vec<u128>,
}

impl Tally {
    /// Counts this entry.
    pub(super) fn add(&mut self, entry: &Entry) {
        self.counts.entries += 1;
        self.counts.bytes += entry.content.len() as u64;
        match entry.expectation() {
            Expectation::Midi => {
                self.counts.midi += 1;
                let digest = blake3::hash(&entry.content);
                let half = digest.as_bytes().first_chunk().copied().unwrap_or_default();
                self.digests.push(u128::from_be_bytes(half));
            }
            Expectation::NotMidi => self.counts.not_midi += 1,
            Expectation::Clutter => self.counts.clutter += 1,
        }
        if let Subject::Slot(slot) = entry.subject {
            self.counts.copies += u64::from(slot.is_copy);
            if let Some(damage) = slot.damage {
                *self.counts.damaged.entry(damage).or_default() += 1;
            }
        }
    }

    /// Counts an archive inside the archive.
    pub(super) const fn add_archive(&mut self) {
        self.counts.entries += 1;
        self.counts.archives += 1;
    }

    /// The container's counts and its distinct digests.
    pub(super) fn finish(mut self) -> (Counts, Vec<u128>) {
        self.digests.sort_unstable();
        self.digests.dedup();
        self.counts.distinct = self.digests.len() as u64;
        (self.counts, self.digests)
    }
}

impl SampleSummary {
    /// Adds up the containers.
    pub(super) fn of(parts: Vec<(PartSummary, Vec<u128>)>) -> Self {
        let mut total = Counts::default();
        let mut all = Vec::new();
        let mut stored_bytes = 0;
        let mut summaries = Vec::with_capacity(parts.len());
        for (part, mut digests) in parts {
            total.add(&part.counts);
            stored_bytes += part.stored_bytes;
            all.append(&mut digests);
            summaries.push(part);
        }
        all.sort_unstable();
        all.dedup();
        total.distinct = all.len() as u64;
        Self { total, stored_bytes, parts: summaries }
    }
}
