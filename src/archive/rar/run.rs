//! Unpacks members of a part, one after the other: of a solid run also what comes before the one that is asked for.
//!
//! Keeps the decoder, what it remembers, and at most one member, of which only the start was asked for. Checks no checksum.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::codec::Codec;
use super::record::{Coding, Record};
use super::sink::Sink;
use crate::archive::limits::Limits;
use crate::reject::{Reason, Refusal};

/// Packed bytes that are tried first where only a large member's start is wanted: older decoders hold all they are given.
const START: usize = 1 << 20;

/// Unpacks members of a part.
#[derive(Debug)]
pub(super) struct Unpacker<'a> {
    pub(super) records: &'a [Record],
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a Limits,
    /// Where the part starts among the records.
    first: usize,
    /// Whether unpacking any member of the archive took longer than it may.
    stalled: &'a AtomicBool,
    run: Option<Run>,
    held: Held,
}

/// A solid run being unpacked, or a single member.
#[derive(Debug)]
struct Run {
    codec: Codec,
    /// The record behind the last one that was unpacked.
    next: usize,
    refusal: Option<Refusal>,
}

/// A member that was unpacked for its start, until the rest is asked for.
#[derive(Debug, Default)]
struct Held {
    index: Option<usize>,
    content: Vec<u8>,
    refusal: Option<Refusal>,
}

impl<'a> Unpacker<'a> {
    /// Unpacks members of the part that starts with the record `first`.
    pub(super) fn new(
        (records, first): (&'a [Record], usize),
        bytes: &'a [u8],
        limits: &'a Limits,
        stalled: &'a AtomicBool,
    ) -> Self {
        Self { records, bytes, limits, first, stalled, run: None, held: Held::default() }
    }

    /// Appends `wanted` bytes of a packed member to `out`, the first of them behind `read` others.
    ///
    /// # Errors
    /// Why there are no more; what came before is in `out`.
    pub(super) fn read(
        &mut self,
        index: usize,
        out: &mut Vec<u8>,
        (read, wanted): (usize, usize),
    ) -> Result<(), Refusal> {
        let Some(record) = self.records.get(index) else { return Ok(()) };
        if self.held.index == Some(index) {
            return self.held.give(record, out, (read, wanted));
        }
        self.check_patience(record)?;
        self.advance(index)?;
        let Some(run) = &mut self.run else { return Ok(()) };
        let packed = record.packed(self.bytes);
        let size = usize::try_from(record.size).unwrap_or(usize::MAX);
        if read + wanted == size {
            let mut sink = Sink::new(out, (read, wanted), false, self.limits);
            let result = run.unpack(packed, record, index, &mut sink);
            return self.note_stall(result);
        }
        if record.size > self.limits.entry_size {
            let result = start(&run.codec, packed, record, out, (read, wanted), self.limits);
            return self.note_stall(result);
        }
        // The rest will be asked for: what is unpacked now need not be unpacked then.
        self.held.content.clear();
        let mut sink = Sink::new(&mut self.held.content, (0, size), false, self.limits);
        self.held.refusal = run.unpack(packed, record, index, &mut sink).err();
        self.held.index = Some(index);
        self.note_stall(self.held.refusal.clone().map_or(Ok(()), Err)).ok();
        self.held.give(record, out, (read, wanted))
    }

    /// Unpacks what comes before `index` in its run, unless that was done.
    fn advance(&mut self, index: usize) -> Result<(), Refusal> {
        let starts =
            |at: &usize| self.records.get(*at).is_some_and(|record| record.is_packed() && !record.continues);
        // Where the run that is being unpacked can go on, what is before its place need not be looked at.
        let done = self.run.as_ref().map(|run| run.next).filter(|next| *next <= index);
        let fresh = (done.unwrap_or(self.first)..=index).rev().find(starts);
        if let Some(fresh) = fresh.or(done.is_none().then_some(index)) {
            let Some(codec) = self.records.get(fresh).and_then(Codec::new) else { return Ok(()) };
            self.run = Some(Run { codec, next: fresh, refusal: None });
        }
        let (bytes, limits) = (self.bytes, self.limits);
        let Some(run) = &mut self.run else { return Ok(()) };
        let mut result = Ok(());
        while run.next < index && run.refusal.is_none() {
            let Some(record) = self.records.get(run.next) else { break };
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

    /// The programs in a member of RAR 3 can be made to run for many minutes, and nothing can end them once they run: so
    /// there is one such member in an archive, and no second.
    fn check_patience(&self, record: &Record) -> Result<(), Refusal> {
        if record.coding == Coding::Lz29 && self.stalled.load(Relaxed) {
            let detail = "a member before it took longer than --stall-timeout to unpack, so that this one was not tried";
            return Err(Refusal::new(Reason::LimitStall, detail));
        }
        Ok(())
    }

    fn note_stall(&self, result: Result<(), Refusal>) -> Result<(), Refusal> {
        if result.as_ref().is_err_and(|refusal| refusal.reason == Reason::LimitStall) {
            self.stalled.store(true, Relaxed);
        }
        result
    }
}

impl Run {
    /// Unpacks a whole member.
    fn unpack(
        &mut self,
        packed: &[u8],
        record: &Record,
        index: usize,
        sink: &mut Sink<'_>,
    ) -> Result<(), Refusal> {
        let size = usize::try_from(record.size).unwrap_or(usize::MAX);
        self.next = index + 1;
        let result = self.codec.unpack(packed, record, size, sink);
        self.refusal = result.clone().err();
        result.and_then(|()| if sink.is_full() { Ok(()) } else { Err(too_short(record)) })
    }
}

impl Held {
    fn give(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        (read, wanted): (usize, usize),
    ) -> Result<(), Refusal> {
        let rest = self.content.get(read..).unwrap_or_default();
        out.extend_from_slice(rest.get(..wanted).unwrap_or(rest));
        if rest.len() >= wanted {
            return Ok(());
        }
        Err(self.refusal.clone().unwrap_or_else(|| too_short(record)))
    }
}

/// Unpacks the start of a large member with a copy of the run's decoder, which will need its own for the whole of it.
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
