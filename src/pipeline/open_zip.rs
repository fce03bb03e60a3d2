//! A zip on disk: its members are spread over all cores, in ranges that a task can chew on.
//!
//! A member that is an archive itself is not read by a task, which must not wait for the memory it needs: it becomes a
//! job of the nested lane.

use std::sync::Arc;

use super::bare::ROW_ALLOWANCE;
use super::context::Context;
use super::place::{Holder, Place};
use super::queue::Lane;
use super::reader::{Job, count, refuse_reading, shrunk};
use super::reading::Share;
use super::sequential::read_in_order;
use super::worker::{Harvest, Worker};
use crate::archive::members::Members;
use crate::archive::traverse::{Entry, Numbers, Stopped};
use crate::archive::zip::{Member, ZipDirectory, ZipMembers};
use crate::budget;
use crate::entry::{EntryPath, NameDecoder, Ordinal};
use crate::format::{EntryKind, Format};
use crate::mapping::Input;
use crate::progress::{Stage, add};

/// A zip whose directory has been read.
#[derive(Debug)]
pub(super) struct OpenZip {
    share: Share,
    input: Arc<Input>,
    directory: ZipDirectory,
    names: NameDecoder,
}

/// What a task chews on: compressed bytes, bytes after decompression, entries; whichever is reached first.
const RANGE_COMPRESSED: u64 = 1 << 20;
const RANGE_EXTRACTED: u64 = 4 << 20;
const RANGE_ENTRIES: usize = 256;

impl OpenZip {
    /// Reads the directory and hands out all members.
    pub(super) fn read(context: &Arc<Context>, share: &Share, input: Arc<Input>) -> Result<(), Stopped> {
        let directory = ZipDirectory::read(input.as_slice(), &context.limits)?;
        let names = directory.name_decoder(input.as_slice());
        // Reading it has looked at the header of every member.
        input.release(0, input.as_slice().len());
        let refusal = directory.refusal().cloned();
        let zip = Arc::new(Self { share: share.another(), input, directory, names });
        match zip.dispatch(context) {
            // Whoever is stopped leaves the source unfinished.
            Err(Stopped::Asked) => Err(Stopped::Asked),
            result => {
                zip.release(context);
                result.and_then(|()| refusal.map_or(Ok(()), |refusal| Err(refusal.into())))
            }
        }
    }

    fn dispatch(self: &Arc<Self>, context: &Arc<Context>) -> Result<(), Stopped> {
        let (members, meter) = (self.directory.members(), self.share.reading().meter());
        let mut range = Range::default();
        for (index, member) in members.iter().enumerate() {
            // What a bomb has yielded already is stored; nothing more is asked of it.
            if let Err(refusal) = meter.add_entries(1).and_then(|()| meter.check_output()) {
                range.spawn(context, self)?;
                return Err(refusal.into());
            }
            count(context, self.share.reading(), 1);
            if self.share.reading().passes_over(Ordinal::outer(index).0) {
                add(&context.counters.unchanged, 1);
                continue;
            }
            let name = self.directory.raw_name(self.input.as_slice(), member);
            if reads_in_place(context, member, name) {
                if range.is_full_with(member) {
                    std::mem::take(&mut range).spawn(context, self)?;
                }
                range.add(index, member);
            } else if context.is_sequential() {
                // Whoever waits for the memory of nested archives holds none for work.
                std::mem::take(&mut range).spawn(context, self)?;
                read_member(context, Arc::clone(self), self.share.another(), index);
            } else {
                self.defer(context, index);
            }
            if context.stopping() {
                return Err(Stopped::Asked);
            }
        }
        range.spawn(context, self)
    }

    fn defer(self: &Arc<Self>, context: &Context, index: usize) {
        let cost = self.directory.members().get(index).map_or(0, Member::uncompressed_size);
        context.queue.push_next(
            Lane::Nested,
            cost,
            Job::Member(Arc::clone(self), self.share.another(), index),
        );
    }

    fn place(&self, index: usize) -> Place {
        let name = self.directory.members().get(index).map(|member| {
            let raw = self.directory.raw_name(self.input.as_slice(), member);
            self.names.decode(raw, member.name_is_utf8())
        });
        Place {
            holder: Holder::Archive(Arc::clone(self.share.reading())),
            ordinal: Ordinal::outer(index).0,
            path: EntryPath::default().join(name.unwrap_or_default()),
        }
    }

    /// Reads one member in a task.
    fn take(
        self: &Arc<Self>,
        context: &Arc<Context>,
        index: usize,
        worker: &mut Worker,
        harvest: &mut Harvest<'_>,
    ) {
        let place = self.place(index);
        let mut buffer = std::mem::take(&mut worker.buffer);
        let content = context.counters.timings.time(Stage::Unpack, || {
            self.directory.extract(
                self.input.as_slice(),
                index,
                &mut worker.inflater,
                &mut buffer,
                &context.limits,
            )
        });
        match content {
            Err(_) if EntryKind::is_clutter(place.path.text()) => harvest.pass_over(place),
            Err(refusal) => harvest.reject(place, refusal),
            Ok(content) => {
                // What goes beyond the limit ends the handing out of members, not this one.
                let _ = self.share.reading().meter().add_output(content.len() as u64);
                match EntryKind::classify(content, place.path.text()) {
                    EntryKind::Midi => harvest.take_midi(place, content, worker),
                    EntryKind::NamedMidiButIsNot => harvest.reject(place, EntryKind::not_midi(content)),
                    EntryKind::Archive(_) => self.defer(context, index),
                    EntryKind::Other | EntryKind::Clutter => harvest.pass_over(place),
                }
            }
        }
        worker.buffer = buffer;
    }

    /// Gives up the archive; whoever is last has its share back. Each job and task has a share of its own beside it: one that
    /// panics, is stopped or is never begun does not finish that, so the source stays unfinished.
    pub(super) fn release(self: Arc<Self>, context: &Arc<Context>) {
        if let Some(zip) = Arc::into_inner(self) {
            if !zip.input.is_intact() {
                refuse_reading(context, zip.share.reading(), shrunk(), true);
            }
            zip.share.finish(context);
        }
    }
}

/// Whether a task may read a member: not where its name or its size says that it may be an archive.
fn reads_in_place(context: &Context, member: &Member, name: &[u8]) -> bool {
    let largest = context.limits.largest_entry() as u64;
    member.uncompressed_size() <= largest && Format::expected(&String::from_utf8_lossy(name)).is_none()
}

/// Reads a member that may be an archive, on a thread of the nested lane.
pub(super) fn read_member(context: &Arc<Context>, zip: Arc<OpenZip>, share: Share, index: usize) {
    let place = zip.place(index);
    let ordinal = Ordinal::outer(index);
    let read = read_in_order(context, share, |traversal| {
        let mut members = ZipMembers::only(&zip.directory, zip.input.as_slice(), &context.limits, index);
        let Some(member) = members.next_member() else { return Ok(()) };
        let entry = Entry { path: place.path, ordinal };
        traversal.read_member(entry, member, &mut members, &mut Numbers::inside(ordinal))
    });
    // Where the run is being stopped, what is missing is left for the next import.
    if let Err(Stopped::Refused(refusal)) = read {
        refuse_reading(context, zip.share.reading(), refusal, false);
    }
    zip.release(context);
}

/// Members for one task.
#[derive(Debug, Default)]
struct Range {
    members: Vec<usize>,
    compressed: u64,
    extracted: u64,
    /// Where in the archive they lie, first byte and end.
    span: (usize, usize),
}

impl Range {
    fn is_full_with(&self, member: &Member) -> bool {
        !self.members.is_empty()
            && (self.members.len() >= RANGE_ENTRIES
                || self.compressed + member.compressed_size() > RANGE_COMPRESSED
                || self.extracted + member.uncompressed_size() > RANGE_EXTRACTED)
    }

    fn add(&mut self, index: usize, member: &Member) {
        self.members.push(index);
        let (start, end) = member.span();
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        // Members that follow one another in the directory may lie anywhere; almost always they follow there too.
        self.span = match self.span {
            (0, 0) => (place(start), place(end)),
            (first, last) if place(start) >= last => (first, place(end)),
            span => span,
        };
        self.compressed += member.compressed_size();
        self.extracted += member.uncompressed_size();
    }

    fn spawn(self, context: &Arc<Context>, zip: &Arc<OpenZip>) -> Result<(), Stopped> {
        if self.members.is_empty() {
            return Ok(());
        }
        let bytes = usize::try_from(self.extracted).unwrap_or(usize::MAX);
        let bytes = bytes.saturating_add(self.members.len() * ROW_ALLOWANCE);
        let permit = context.budget.work.acquire(budget::Holder::new(), bytes)?;
        let (zip, share) = (Arc::clone(zip), zip.share.another());
        let span = self.span;
        context.spawn(move |context| {
            let mut harvest = Harvest::new(context);
            context.workers.lend(|worker| {
                for index in self.members {
                    zip.take(context, index, worker, &mut harvest);
                }
            });
            harvest.publish(Some(permit));
            share.finish(context);
            zip.input.release(span.0, span.1);
            zip.release(context);
        });
        Ok(())
    }
}
