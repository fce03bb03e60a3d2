//! The members of a zip one after the other, as every other reader yields them.

use super::{Inflater, ZipDirectory};
use crate::archive::limits::Limits;
use crate::archive::members::{Member, Members, Skipped};
use crate::format::HEAD;
use crate::reject::{Reason, Refusal};

/// Members of a zip in memory, from front to back.
#[derive(Debug)]
pub struct ZipMembers<'z> {
    zip: &'z ZipDirectory,
    bytes: &'z [u8],
    limits: &'z Limits,
    next: usize,
    end: usize,
    /// The current member, and how much of it was read.
    current: Option<(usize, usize)>,
    inflater: Inflater,
    buffer: Vec<u8>,
}

impl<'z> ZipMembers<'z> {
    /// All members of `zip`, which was read from `bytes`.
    #[must_use]
    pub fn new(zip: &'z ZipDirectory, bytes: &'z [u8], limits: &'z Limits) -> Self {
        Self::range(zip, bytes, limits, 0, zip.members().len())
    }

    /// The member at this position alone.
    #[must_use]
    pub fn only(zip: &'z ZipDirectory, bytes: &'z [u8], limits: &'z Limits, index: usize) -> Self {
        Self::range(zip, bytes, limits, index, index.saturating_add(1).min(zip.members().len()))
    }

    fn range(zip: &'z ZipDirectory, bytes: &'z [u8], limits: &'z Limits, next: usize, end: usize) -> Self {
        let (inflater, buffer) = (Inflater::default(), Vec::new());
        Self { zip, bytes, limits, next, end, current: None, inflater, buffer }
    }
}

impl Members for ZipMembers<'_> {
    fn next_member(&mut self) -> Option<Member> {
        let index = self.next;
        let member = self.zip.members().get(index).filter(|_| index < self.end)?;
        self.next += 1;
        self.current = Some((index, 0));
        Some(Member {
            raw_name: self.zip.raw_name(self.bytes, member).to_vec(),
            is_utf8: member.name_is_utf8(),
            size: member.uncompressed_size(),
            refusal: self.zip.refusal_of(member, self.limits),
        })
    }

    fn fill(&mut self, out: &mut Vec<u8>, up_to: usize) -> Result<(), Refusal> {
        let outside = || Refusal::new(Reason::ArchiveDamaged, "the archive has no member at this position");
        let (index, read) = self.current.ok_or_else(outside)?;
        let wanted = up_to.saturating_sub(out.len());
        let size = self.zip.members().get(index).map_or(0, super::Member::uncompressed_size);
        // Only whoever wants less than all of it is content with what was not checked.
        if read == 0 && wanted <= HEAD && (wanted as u64) < size {
            let mut head = Vec::new();
            self.zip.peek(self.bytes, index, &mut head)?;
            let head = head.get(..wanted).unwrap_or(&head);
            out.extend_from_slice(head);
            self.current = Some((index, head.len()));
            return Ok(());
        }
        // Whoever asks for more than an entry may have has seen that it is an archive.
        let is_large = size > self.limits.entry_size;
        let nested = is_large.then(|| self.limits.for_nested(usize::MAX));
        let limits = nested.as_ref().unwrap_or(self.limits);
        let content = self.zip.extract(self.bytes, index, &mut self.inflater, &mut self.buffer, limits)?;
        let rest = content.get(read..).unwrap_or_default();
        let rest = rest.get(..wanted).unwrap_or(rest);
        out.extend_from_slice(rest);
        self.current = Some((index, read + rest.len()));
        Ok(())
    }

    fn refusal(&self) -> Option<&Refusal> {
        self.zip.refusal()
    }

    fn skipped(&self) -> Skipped {
        Skipped { directories: self.zip.directories(), links: self.zip.links(), others: 0 }
    }
}
