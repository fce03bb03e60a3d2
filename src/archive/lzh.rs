//! The members of an LZH (LHA) archive: its headers walked once, and each member's content on its own.
//!
//! Works on bytes in memory and keeps 48 bytes and the name for a member. Headers of levels 0 to 3 and all methods that
//! the `delharc` crate decodes: `-lh0-`, `-lh1-`, `-lh4-` to `-lh7-`, `-lhx-`, `-lzs-`, `-lz4-`, `-lz5-`, `-pm0-` to
//! `-pm2-`. Follows no links, and decides nothing about what is worth reading.

mod content;
mod entry;
mod header;
mod walk;

use content::PartMembers;
use entry::Entry;

use super::directory::{Directory, PART_BYTES, PART_MEMBERS, Part};
use super::limits::Limits;
use super::members::{Members, Skipped};
use crate::entry::NameDecoder;
use crate::reject::{Reason, Refusal};

/// The members of an LZH archive, in its order; duplicates are kept.
#[derive(Debug, Default)]
pub struct LzhDirectory {
    entries: Vec<Entry>,
    /// The names of all entries, one behind the other.
    names: Vec<u8>,
    parts: Vec<Part>,
    skipped: Skipped,
    refusal: Option<Refusal>,
}

impl LzhDirectory {
    /// Walks the headers, from the start or, in a self-extracting program, from the first one behind it. Where a header is
    /// damaged the walk goes on at the next one whose checksum is right, and [`Directory::refusal`] says so.
    ///
    /// # Errors
    /// [`Reason::ArchiveTruncated`] or [`Reason::ArchiveDamaged`] if no member was found where there should be one,
    /// [`Reason::LimitName`] if that is because its header is longer than allowed.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut found = walk::walk(bytes, limits);
        if found.entries.is_empty()
            && found.skipped == Skipped::default()
            && let Some(refusal) = found.refusal.take()
        {
            return Err(refusal);
        }
        found.parts = divide(&found.entries);
        Ok(found)
    }

    fn entry(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    fn raw_name(&self, entry: &Entry) -> &[u8] {
        self.names.get(entry.name()).unwrap_or_default()
    }
}

impl Directory for LzhDirectory {
    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn open_part<'a>(&'a self, bytes: &'a [u8], part: usize, limits: &'a Limits) -> Box<dyn Members + 'a> {
        let part = self.parts.get(part).copied().unwrap_or_default();
        Box::new(PartMembers::new(self, bytes, part, limits))
    }

    fn name_decoder(&self) -> NameDecoder {
        let mut decoder = NameDecoder::default();
        self.entries
            .iter()
            .filter(|entry| !entry.is_utf8)
            .for_each(|entry| decoder.observe(self.raw_name(entry)));
        decoder
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    fn skipped(&self) -> Skipped {
        self.skipped
    }
}

/// Puts consecutive members together, as far as one part may hold them.
fn divide(entries: &[Entry]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let fits = |part: &Part| {
            part.members < PART_MEMBERS && part.packed.saturating_add(entry.packed) <= PART_BYTES
        };
        if let Some(part) = parts.last_mut().filter(|part| fits(part)) {
            part.members += 1;
            part.packed = part.packed.saturating_add(entry.packed);
            part.window = part.window.max(entry.window());
        } else {
            parts.push(Part { first: index, members: 1, packed: entry.packed, window: entry.window() });
        }
    }
    parts
}

/// The refusal of an archive in which something cannot be what it should be.
fn damaged(detail: String) -> Refusal {
    Refusal::new(Reason::ArchiveDamaged, detail)
}

#[cfg(test)]
mod tests;
