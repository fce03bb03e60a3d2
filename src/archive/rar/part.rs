//! Reads the members of a part, from front to back.
//!
//! Knows how much of the current member was read, and checks its checksum at its end. How it is unpacked is known to
//! [`super::run`].

use super::RarDirectory;
use super::hash;
use super::record::Coding;
use super::run::Unpacker;
use crate::archive::limits::Limits;
use crate::archive::members::{Member, Members, Skipped};
use crate::reject::Refusal;

/// The members of a part being read.
#[derive(Debug)]
pub(super) struct PartReader<'a> {
    unpacker: Unpacker<'a>,
    /// Which record comes next, and where the part ends.
    next: usize,
    end: usize,
    current: Option<Current>,
}

/// The member whose content can be read.
#[derive(Debug)]
struct Current {
    index: usize,
    /// Bytes of it that were read, and where they start in the buffer.
    read: usize,
    start: usize,
    refusal: Option<Refusal>,
}

impl<'a> PartReader<'a> {
    /// Reads the records from `first` up to `end`.
    pub(super) fn new(
        directory: &'a RarDirectory,
        bytes: &'a [u8],
        (first, end): (usize, usize),
        limits: &'a Limits,
    ) -> Self {
        let unpacker = Unpacker::new((&directory.records, first), bytes, limits, &directory.stalled);
        Self { unpacker, next: first, end, current: None }
    }
}

impl Members for PartReader<'_> {
    fn next_member(&mut self) -> Option<Member> {
        self.current = None;
        let index = self.next;
        let record = self.unpacker.records.get(index).filter(|_| index < self.end)?;
        self.next += 1;
        let member = record.member(self.unpacker.bytes, self.unpacker.limits);
        self.current = Some(Current { index, read: 0, start: 0, refusal: member.refusal.clone() });
        Some(member)
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        let Some(Current { index, read, start, refusal }) = &self.current else { return Ok(()) };
        let (index, read) = (*index, *read);
        if let Some(refusal) = refusal {
            return Err(refusal.clone());
        }
        let start = if read == 0 { out.len() } else { *start };
        let Some(record) = self.unpacker.records.get(index) else { return Ok(()) };
        let limits = self.unpacker.limits;
        let Ok(size) = usize::try_from(record.size) else { return Err(limits.nested_size(record.size)) };
        let wanted = up_to.saturating_sub(out.len()).min(size - read);
        if wanted == 0 {
            return Ok(());
        }
        let most = limits.entry_size.max(limits.nested_size);
        if (read + wanted) as u64 > most {
            return Err(limits.nested_size(record.size));
        }
        let mut result = if record.coding == Coding::Stored {
            let content = record.packed(self.unpacker.bytes);
            out.extend_from_slice(content.get(read..read + wanted).unwrap_or_default());
            Ok(())
        } else {
            self.unpacker.read(index, out, (read, wanted))
        };
        if result.is_ok() && read + wanted == size {
            let content = out.get(out.len().saturating_sub(size)..).unwrap_or_default();
            result = hash::check(record, self.unpacker.bytes, content);
        }
        if let Some(current) = &mut self.current {
            current.read = out.len().saturating_sub(start).min(size);
            current.start = start;
            current.refusal = result.clone().err();
        }
        result
    }

    fn refusal(&self) -> Option<&Refusal> {
        // What is wrong with the archive as a whole is the directory's to say.
        None
    }

    fn skipped(&self) -> Skipped {
        Skipped::default()
    }
}
