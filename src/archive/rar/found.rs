//! What the headers of a RAR yield while they are read, whichever version they are of.
//!
//! Keeps the limits on entries and works out which members hang together; reads no header itself.

use super::record::{Coding, Record, Trouble};
use crate::archive::limits::Limits;
use crate::archive::members::Skipped;
use crate::reject::{Reason, Refusal};

/// What was found so far.
#[derive(Debug)]
pub(super) struct Found<'l> {
    pub(super) records: Vec<Record>,
    pub(super) skipped: Skipped,
    pub(super) refusal: Option<Refusal>,
    limits: &'l Limits,
    /// Bytes of headers that may still be looked at in search of one.
    pub(super) work: usize,
    /// The packed member before, if nothing was lost since.
    before: Option<Record>,
    /// Whether there may be members before what is found, in another volume or behind damage.
    pub(super) lacks_start: bool,
}

impl<'l> Found<'l> {
    /// Nothing yet, of an archive of so many bytes. Twice over is enough for an honest one, of which each header is read once.
    pub(super) const fn new(limits: &'l Limits, length: usize) -> Self {
        Self {
            records: Vec::new(),
            skipped: Skipped { directories: 0, links: 0, others: 0 },
            refusal: None,
            limits,
            work: length.saturating_mul(2).saturating_add(1 << 20),
            before: None,
            lacks_start: false,
        }
    }

    /// Adds a regular file; false if no more are allowed.
    pub(super) fn push(&mut self, mut record: Record) -> bool {
        if let Err(refusal) = self.limits.check_entries(self.records.len() as u64 + 1) {
            self.refusal.get_or_insert(refusal);
            return false;
        }
        record.run = (record.data.1, record.size);
        if record.is_packed() {
            match self.before {
                Some(before) if record.continues && same_decoder(before.coding, record.coding) => {
                    record.run.0 = record.run.0.saturating_add(before.run.0);
                    record.run.1 = record.run.1.saturating_add(before.run.1);
                }
                None if record.continues && self.lacks_start => {
                    record.trouble.get_or_insert(Trouble::Orphan);
                }
                // Packers say it of the first packed member too, behind an empty one.
                _ => record.continues = false,
            }
            // Where what a run starts with is missing, all of it is lost.
            self.before = (self.before.is_some() || !record.continues).then_some(record);
        } else {
            record.continues = false;
        }
        self.records.push(record);
        true
    }

    /// The archive ends at byte `at`, in the middle of something.
    pub(super) fn cut(&mut self, place: &str, at: usize) {
        let detail = format!("the archive ends {place}, at byte {at}; what came before was kept");
        self.refusal.get_or_insert(Refusal::new(Reason::ArchiveTruncated, detail));
    }

    /// There is no header where one should be.
    pub(super) fn damaged(&mut self, what: &str, at: usize) {
        let detail =
            format!("the archive has {what} at byte {at}; what could be found before and behind it was kept");
        self.refusal.get_or_insert(Refusal::new(Reason::ArchiveDamaged, detail));
        self.before = None;
        self.lacks_start = true;
    }
}

fn same_decoder(before: Coding, now: Coding) -> bool {
    match (before, now) {
        (Coding::Lz50 { .. }, Coding::Lz50 { .. }) => true,
        _ => before == now,
    }
}
