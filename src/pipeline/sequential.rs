//! One thread's reading of a source, or of a part of it, in order: what it meets becomes places, what it keeps goes to
//! tasks about a mebibyte at a time.
//!
//! This is the visitor of a [`Traversal`], which knows the formats; here are memory, counting and tasks. It runs on reader
//! threads, which may wait.

use std::cell::Cell;
use std::io::Read;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ahead::Ahead;
use super::bare::ROW_ALLOWANCE;
use super::context::Context;
use super::place::{Holder, Place};
use super::reader::count;
use super::reading::Share;
use super::worker::Harvest;
use crate::archive::allowance::Allowance;
use crate::archive::meter::Meter;
use crate::archive::pieces::{Joined, Pieces};
use crate::archive::stream;
use crate::archive::traverse::{Bytes, Entry, Stopped, Traversal, Visitor, decode_in_order};
use crate::budget::{self, Permit};
use crate::format::{Compression, EntryKind};
use crate::progress::{Stage, add};
use crate::reject::Refusal;

/// What a task is given, in bytes and entries.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_ENTRIES: usize = 256;

/// The visitor.
pub(super) struct Sequential<'c> {
    context: &'c Arc<Context>,
    share: Share,
    holder: budget::Holder,
    batch: Option<Collected>,
    /// Refusals on their way, before there is memory for them.
    refused: Vec<(Place, Refusal)>,
    /// Entries that were begun and have not come to their end: archives, and what is being read in the innermost.
    open: Vec<Entry>,
    /// Time in which nothing was unpacked: waits for memory, and what this thread does of the tasks itself.
    aside: &'c Cell<Duration>,
}

/// MIDI entries for one task.
struct Collected {
    content: Vec<u8>,
    entries: Vec<(Range<usize>, Place)>,
    /// Bytes of content that its permit still covers.
    room: usize,
    permit: Permit,
}

/// Reads a source, or a part of it, on this thread; `share` ends with it, except where the run is being stopped.
///
/// # Errors
/// As for [`Traversal::read`]. A panic becomes a refusal; what was collected before it is kept, and the entries that it
/// hit are refused.
pub(super) fn read_in_order(
    context: &Arc<Context>,
    share: Share,
    read: impl FnOnce(&mut Traversal<'_, Sequential<'_>>) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    let holder = budget::Holder::new();
    read_as_holder(context, share, holder, read)
}

/// The same by someone who already holds memory for what is read.
///
/// # Errors
/// As for [`read_in_order`].
pub(super) fn read_as_holder(
    context: &Arc<Context>,
    share: Share,
    holder: budget::Holder,
    read: impl FnOnce(&mut Traversal<'_, Sequential<'_>>) -> Result<(), Stopped>,
) -> Result<(), Stopped> {
    let aside = Cell::default();
    let mut sequential = Sequential {
        context,
        share,
        holder,
        batch: None,
        refused: Vec::new(),
        open: Vec::new(),
        aside: &aside,
    };
    let began = Instant::now();
    let result =
        catch_unwind(AssertUnwindSafe(|| read(&mut Traversal::new(&mut sequential, &context.limits))));
    context.counters.timings.add(Stage::Unpack, began.elapsed().saturating_sub(aside.get()));
    match result {
        Ok(Err(Stopped::Asked)) => {
            sequential.flush();
            Err(Stopped::Asked)
        }
        Ok(result) => {
            sequential.finish();
            result
        }
        Err(_) => {
            let refusal = Stopped::panicked();
            while let Some(entry) = sequential.open.last().cloned() {
                sequential.refuse(entry, refusal.clone());
            }
            sequential.finish();
            Err(refusal.into())
        }
    }
}

impl Sequential<'_> {
    fn place(&self, entry: Entry) -> Place {
        let holder = Holder::Archive(Arc::clone(self.share.reading()));
        Place { holder, ordinal: entry.ordinal.0, path: entry.path }
    }

    /// Does what is no unpacking.
    fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        self.aside.set(self.aside.get() + began.elapsed());
        result
    }

    /// Hands what was collected to a task, and what was refused to the writers.
    fn flush(&mut self) {
        if let Some(batch) = self.batch.take().filter(|batch| !batch.entries.is_empty()) {
            self.spawn(batch);
        }
        if self.refused.is_empty() {
            return;
        }
        let refused = std::mem::take(&mut self.refused);
        let wanted = refused.len() * ROW_ALLOWANCE;
        // None is given only where the run has failed: handed over all the same, they keep the source from being closed.
        let permit = self.aside(|| self.context.budget.work.acquire(self.holder, wanted)).ok();
        let mut harvest = Harvest::new(self.context);
        for (place, refusal) in refused {
            harvest.reject(place, refusal);
        }
        harvest.publish(permit);
    }

    fn spawn(&self, batch: Collected) {
        let share = self.share.another();
        let task = move |context: &Arc<Context>| {
            let Collected { content, entries, permit, .. } = batch;
            let mut harvest = Harvest::new(context);
            context.workers.lend(|worker| {
                for (range, place) in entries {
                    harvest.take_midi(place, content.get(range).unwrap_or_default(), worker);
                }
            });
            drop(content);
            harvest.publish(Some(permit));
            share.finish(context);
        };
        self.aside(|| self.context.spawn(task));
    }

    /// The reading ends here, and all of it is handed on.
    fn finish(mut self) {
        self.flush();
        self.share.finish(self.context);
    }

    /// An entry that is neither kept nor an archive.
    fn pass_over(&mut self, entry: Entry, kind: EntryKind, head: &[u8]) {
        if kind == EntryKind::NamedMidiButIsNot {
            self.refuse(entry, EntryKind::not_midi(head));
        } else {
            self.opened(entry);
        }
    }
}

impl Visitor for Sequential<'_> {
    type Held = Permit;

    fn meter(&self) -> Arc<Meter> {
        self.share.reading().meter()
    }

    fn begin(&mut self, entry: &Entry) -> Result<bool, Stopped> {
        if self.context.stopping() {
            return Err(Stopped::Asked);
        }
        let reading = self.share.reading();
        count(self.context, reading, 1);
        if reading.passes_over(entry.ordinal.0) {
            add(&self.context.counters.unchanged, 1);
            return Ok(false);
        }
        self.open.push(entry.clone());
        Ok(true)
    }

    fn resume(&mut self, entry: &Entry) -> Result<bool, Stopped> {
        self.open.push(entry.clone());
        if self.context.stopping() { Err(Stopped::Asked) } else { Ok(true) }
    }

    fn wants(&self, kind: EntryKind) -> bool {
        kind == EntryKind::Midi
    }

    fn room(&mut self, bytes: usize) -> Result<&mut Vec<u8>, Stopped> {
        if self.batch.as_ref().is_some_and(|batch| batch.room < bytes || batch.entries.len() >= BATCH_ENTRIES)
        {
            self.flush();
        }
        let batch = if let Some(batch) = self.batch.take() {
            batch
        } else {
            let room = bytes.max(BATCH_BYTES);
            let asked = room.saturating_add(BATCH_ENTRIES * ROW_ALLOWANCE);
            let permit = self.aside(|| self.context.budget.work.acquire(self.holder, asked))?;
            // Grows as entries arrive, never by what one of them declares.
            Collected { content: Vec::new(), entries: Vec::new(), room, permit }
        };
        Ok(&mut self.batch.insert(batch).content)
    }

    fn take_back(&mut self, start: usize) -> Vec<u8> {
        self.batch.as_mut().map(|batch| batch.content.split_off(start)).unwrap_or_default()
    }

    fn hold(&mut self, bytes: usize) -> Result<Permit, Stopped> {
        // Who waits for the nesting pool holds nothing of the work pool.
        self.flush();
        Ok(self.aside(|| self.context.budget.nesting.acquire(self.holder, bytes))?)
    }

    fn hold_entry(&mut self, bytes: usize) -> Result<Permit, Stopped> {
        self.flush();
        let wanted = bytes.saturating_add(ROW_ALLOWANCE);
        Ok(self.aside(|| self.context.budget.work.acquire(self.holder, wanted))?)
    }

    fn shrink(&self, held: &mut Permit, bytes: usize) {
        held.shrink_to(bytes.saturating_add(ROW_ALLOWANCE));
    }

    fn keep(&mut self, entry: Entry, _kind: EntryKind, start: usize) {
        self.open.pop();
        let place = self.place(entry);
        if let Some(batch) = &mut self.batch {
            let end = batch.content.len();
            batch.room = batch.room.saturating_sub(end - start);
            batch.entries.push((start..end, place));
        }
    }

    fn keep_alone(&mut self, entry: Entry, _kind: EntryKind, content: Vec<u8>, permit: Permit) {
        self.open.pop();
        let entries = vec![(0..content.len(), self.place(entry))];
        self.spawn(Collected { content, entries, room: 0, permit });
    }

    fn leave(&mut self, entry: Entry, kind: EntryKind, start: usize) {
        let content = self.take_back(start);
        self.pass_over(entry, kind, &content);
    }

    fn leave_head(&mut self, entry: Entry, kind: EntryKind, head: &[u8]) {
        self.pass_over(entry, kind, head);
    }

    fn refuse(&mut self, entry: Entry, refusal: Refusal) {
        self.open.pop();
        // A stream seems to end in the middle of an entry where the run is being stopped.
        if self.share.reading().is_stream && self.context.stopping() {
            return;
        }
        let place = self.place(entry);
        self.refused.push((place, refusal));
        if self.refused.len() >= BATCH_ENTRIES {
            self.flush();
        }
    }

    fn opened(&mut self, entry: Entry) {
        self.open.pop();
        self.share.reading().pass_by(entry.ordinal.0);
        add(&self.context.counters.not_midi, 1);
    }

    fn mark_end(&mut self) {
        // Not that of an archive in it.
        if self.open.is_empty() {
            self.share.reading().mark_end();
        }
    }

    fn pass_over_links(&mut self, links: u64) {
        add(&self.context.counters.links, links);
    }

    fn decode<'b>(
        &mut self,
        compression: Compression,
        bytes: &'b Bytes,
    ) -> Result<Box<dyn Read + 'b>, Refusal> {
        let (context, meter) = (self.context, self.meter());
        let Some(pieces) = Pieces::of(compression, bytes.as_slice()).filter(|_| context.jobs() > 1) else {
            return decode_in_order(compression, bytes, &context.limits, &meter);
        };
        let window = stream::window(compression, bytes.as_slice());
        let ahead = Ahead::new(context, bytes, pieces.clone(), window);
        let allowance = Allowance::new(&context.limits).with_meter(meter);
        Ok(Box::new(Joined::new(&pieces, bytes.as_slice(), ahead, allowance)))
    }
}
