//! Reads the members of a part, from front to back.
//!
//! Unpacks what is asked for, and before it, into nothing, what a solid run needs; keeps no content itself. A member whose
//! start alone was asked for is unpacked again from its start for the rest.

use std::sync::atomic::Ordering::Relaxed;

use super::RarDirectory;
use super::codec::Codec;
use super::hash;
use super::record::{Coding, Record};
use super::sink::Sink;
use crate::archive::limits::Limits;
use crate::archive::members::{Member, Members, Skipped};
use crate::reject::{Reason, Refusal};

/// Packed bytes that are tried first where only a member's start is wanted: older decoders hold all they are given.
const START: usize = 1 << 20;

/// The members of a part being read.
#[derive(Debug)]
pub(super) struct PartReader<'a> {
    directory: &'a RarDirectory,
    bytes: &'a [u8],
    limits: &'a Limits,
    /// Where the part starts and ends among the records, and which comes next.
    first: usize,
    end: usize,
    next: usize,
    current: Option<Current>,
    run: Option<Run>,
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

/// A solid run being unpacked.
#[derive(Debug)]
struct Run {
    codec: Codec,
    /// The record behind the last one that was unpacked.
    next: usize,
    refusal: Option<Refusal>,
}

impl<'a> PartReader<'a> {
    /// Reads the records from `first` up to `end`.
    pub(super) const fn new(
        directory: &'a RarDirectory,
        bytes: &'a [u8],
        (first, end): (usize, usize),
        limits: &'a Limits,
    ) -> Self {
        Self { directory, bytes, limits, first, end, next: first, current: None, run: None }
    }

    fn record(&self, index: usize) -> Option<&'a Record> {
        self.directory.records.get(index)
    }

    /// Reads `wanted` more bytes of the current member, of which `read` were read before.
    fn read(&mut self, index: usize, out: &mut Vec<u8>, read: usize, wanted: usize) -> Result<(), Refusal> {
        let Some(record) = self.record(index) else { return Ok(()) };
        let packed = record.packed(self.bytes);
        if record.coding == Coding::Stored {
            out.extend_from_slice(packed.get(read..read + wanted).unwrap_or_default());
            return Ok(());
        }
        self.check_patience(record)?;
        self.advance(index)?;
        let Some(run) = &mut self.run else { return Ok(()) };
        let size = usize::try_from(record.size).unwrap_or(usize::MAX);
        let result = if read + wanted < size {
            start(&run.codec, packed, record, out, (read, wanted), self.limits)
        } else {
            let mut sink = Sink::new(out, (read, wanted), false, self.limits);
            run.next = index + 1;
            let result = run.codec.unpack(packed, record, size, &mut sink);
            run.refusal = result.clone().err();
            result.and_then(|()| if sink.is_full() { Ok(()) } else { Err(too_short(record)) })
        };
        self.note_stall(result)
    }

    /// Unpacks what comes before `index` in its run, unless that was done.
    fn advance(&mut self, index: usize) -> Result<(), Refusal> {
        let starts =
            |at: &usize| self.record(*at).is_some_and(|record| record.is_packed() && !record.continues);
        // Where the run that is being unpacked can go on, what is before its place need not be looked at.
        let done = self.run.as_ref().map(|run| run.next).filter(|next| *next <= index);
        let fresh = (done.unwrap_or(self.first)..=index).rev().find(starts);
        if let Some(fresh) = fresh.or(done.is_none().then_some(index)) {
            let Some(codec) = self.record(fresh).and_then(Codec::new) else { return Ok(()) };
            self.run = Some(Run { codec, next: fresh, refusal: None });
        }
        let (bytes, limits) = (self.bytes, self.limits);
        let Some(run) = &mut self.run else { return Ok(()) };
        let mut result = Ok(());
        while run.next < index && run.refusal.is_none() {
            let Some(record) = self.directory.records.get(run.next) else { break };
            run.next += 1;
            if !record.is_packed() {
                continue;
            }
            let size = usize::try_from(record.size).unwrap_or(usize::MAX);
            let unpacked = match record.obstacle(bytes, limits) {
                Some(refusal) => Err(refusal),
                None => run.codec.unpack(record.packed(bytes), record, size, &mut Sink::nowhere(limits)),
            };
            if let Err(refusal) = unpacked {
                run.refusal = Some(refusal.clone());
                result = Err(refusal);
            }
        }
        let refusal = run.refusal.clone();
        self.note_stall(result).ok();
        refusal.map_or(Ok(()), |refusal| {
            let detail = format!(
                "it is packed together with a member before it that cannot be unpacked: {}",
                refusal.detail
            );
            Err(Refusal::new(refusal.reason, detail))
        })
    }

    /// The programs in a member of RAR 3 can be made to run for a quarter of an hour, and nothing can end them once they
    /// run: so there is one such member in an archive, and no second.
    fn check_patience(&self, record: &Record) -> Result<(), Refusal> {
        if record.coding == Coding::Lz29 && self.directory.stalled.load(Relaxed) {
            let detail = "a member before it took longer than --stall-timeout to unpack, so that this one was not tried";
            return Err(Refusal::new(Reason::LimitStall, detail));
        }
        Ok(())
    }

    fn note_stall(&self, result: Result<(), Refusal>) -> Result<(), Refusal> {
        if result.as_ref().is_err_and(|refusal| refusal.reason == Reason::LimitStall) {
            self.directory.stalled.store(true, Relaxed);
        }
        result
    }
}

/// Unpacks the start of a member with a copy of the run's decoder, which will need its own for the whole of it.
fn start(
    codec: &Codec,
    packed: &[u8],
    record: &Record,
    out: &mut Vec<u8>,
    (read, wanted): (usize, usize),
    limits: &Limits,
) -> Result<(), Refusal> {
    let before = out.len();
    let size = usize::try_from(record.size).unwrap_or(usize::MAX);
    let few = packed.get(..START.max(2 * (read + wanted)));
    if let (Some(few), false) = (few, matches!(record.coding, Coding::Lz50 { .. })) {
        let mut sink = Sink::new(out, (read, wanted), true, limits);
        let _ = codec.clone().unpack(few, record, read + wanted, &mut sink);
        if sink.is_full() {
            return Ok(());
        }
        out.truncate(before);
    }
    let mut sink = Sink::new(out, (read, wanted), true, limits);
    codec.clone().unpack(packed, record, size, &mut sink)?;
    if sink.is_full() { Ok(()) } else { Err(too_short(record)) }
}

fn too_short(record: &Record) -> Refusal {
    let detail = format!("the packed data ends before the {} bytes that the header declares", record.size);
    Refusal::new(Reason::ArchiveDamaged, detail)
}

impl Members for PartReader<'_> {
    fn next_member(&mut self) -> Option<Member> {
        self.current = None;
        let index = self.next;
        let record = self.record(index).filter(|_| index < self.end)?;
        self.next += 1;
        let member = record.member(self.bytes, self.limits);
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
        let Some(record) = self.record(index) else { return Ok(()) };
        let Ok(size) = usize::try_from(record.size) else { return Err(self.limits.nested_size(record.size)) };
        let wanted = up_to.saturating_sub(out.len()).min(size - read);
        if wanted == 0 {
            return Ok(());
        }
        let most = self.limits.entry_size.max(self.limits.nested_size);
        if (read + wanted) as u64 > most {
            return Err(self.limits.nested_size(record.size));
        }
        let mut result = self.read(index, out, read, wanted);
        if result.is_ok() && read + wanted == size {
            let content = out.get(out.len().saturating_sub(size)..).unwrap_or_default();
            result = hash::check(record, self.bytes, content);
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
