//! Containers that are read from front to back: streams, tars, and everything nested in something else.
//!
//! One thread reads in order and numbers what it meets; the MIDI files it collects go to tasks about a mebibyte at a
//! time. Nested archives are read in place, by the same thread, so that their numbers follow from reading order alone.

mod member;

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use self::member::InTar;
use super::bare::ROW_ALLOWANCE;
use super::context::Context;
use super::place::{Holder, Place};
use super::reader::{Stopped, count};
use super::reading::Share;
use super::worker::Harvest;
use crate::archive::members::Members;
use crate::archive::meter::Meter;
use crate::archive::probe::look_inside;
use crate::archive::stream::{Decoder, refusal_of};
use crate::archive::tar::TarReader;
use crate::archive::zip::ZipDirectory;
use crate::budget::{self, Permit};
use crate::entry::{EntryPath, NameDecoder, Ordinal, Ordinals};
use crate::format::{Container, EntryKind, Format, HEAD};
use crate::progress::add;
use crate::reject::{Reason, Refusal};

pub(super) use self::member::{InZip, Member};

/// What a task is given, in bytes and entries.
const BATCH_BYTES: usize = 1 << 20;
const BATCH_ENTRIES: usize = 256;

/// One thread's reading of a source, or of one member of it.
pub(super) struct Sequential<'c> {
    context: &'c Arc<Context>,
    share: Share,
    holder: budget::Holder,
    batch: Option<Collected>,
}

/// MIDI entries for one task.
struct Collected {
    content: Vec<u8>,
    entries: Vec<(Range<usize>, Place)>,
    /// Bytes of content that its permit still covers.
    room: usize,
    permit: Permit,
}

/// Where in the source a container lies.
#[derive(Clone, Debug, Default)]
pub(super) struct Spot {
    path: EntryPath,
    /// Archives around it.
    depth: u32,
    /// Bytes that those hold in memory.
    held: u64,
}

/// How members are numbered.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    /// Members of the source: 0, 1, 2, …
    Outer(Ordinals),
    /// What is nested in one of them, however deep, in reading order.
    Inside(Ordinals),
}

impl Numbers {
    pub(super) fn outer() -> Self {
        Self::Outer(Ordinal::of_members())
    }

    /// The numbers of what is nested in the member with this one.
    pub(super) fn inside(member: Ordinal) -> Self {
        Self::Inside(Ordinal::inside(usize::try_from(member.0).unwrap_or_default()))
    }

    fn take(&mut self) -> Result<Ordinal, Refusal> {
        let (Self::Outer(ordinals) | Self::Inside(ordinals)) = self;
        ordinals.take()
    }
}

impl<'c> Sequential<'c> {
    pub(super) fn new(context: &'c Arc<Context>, share: Share) -> Self {
        Self { context, share, holder: budget::Holder::new(), batch: None }
    }

    /// As whom it asks for memory; whoever holds the bytes that it reads asks as the same.
    pub(super) const fn holder(&self) -> budget::Holder {
        self.holder
    }

    /// What counts the source that is read.
    pub(super) fn meter(&self) -> Arc<Meter> {
        self.share.reading().meter()
    }

    /// Reads a container that is in memory or mapped. `name` is what it is called, for what is in it may have no name.
    pub(super) fn read(
        &mut self,
        container: Container,
        bytes: &[u8],
        name: &[u8],
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        match container {
            Container::Zip => self.read_zip(bytes, spot, numbers),
            Container::SevenZip | Container::Rar | Container::Lzh => {
                Err(unsupported(container.name()).into())
            }
            Container::Tar(_) | Container::Single(_) => {
                let decoder = Decoder::new(container.compression(), bytes, &self.context.limits)?;
                let decoder = decoder.with_meter(self.share.reading().meter());
                self.read_decoded(container, decoder, name, spot, numbers)
            }
        }
    }

    /// Reads what a compressed container holds, already decoded.
    pub(super) fn read_decoded(
        &mut self,
        container: Container,
        decoded: impl Read,
        name: &[u8],
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if matches!(container, Container::Tar(_)) {
            return self.read_tar(decoded, spot, numbers);
        }
        let path = spot.path.join(NameDecoder::alone(&container.inner_name(name)));
        match self.place(path, numbers)? {
            Some(place) => self.take_single(place, decoded, spot, numbers),
            None => Ok(()),
        }
    }

    fn read_tar(&mut self, content: impl Read, spot: &Spot, numbers: &mut Numbers) -> Result<(), Stopped> {
        let mut tar = TarReader::new(content, &self.context.limits);
        let mut names = NameDecoder::default();
        while let Some(member) = tar.next_member() {
            let name = names.observe_and_decode(&member.raw_name);
            let Some(place) = self.place(spot.path.join(name), numbers)? else { continue };
            match member.refusal {
                Some(refusal) => self.reject(place, refusal),
                None => {
                    self.take(place, member.size, &mut InTar::new(&mut tar, member.size), spot, numbers)?;
                }
            }
        }
        add(&self.context.counters.links, tar.skipped().missed());
        tar.refusal().map_or(Ok(()), |refusal| Err(refusal.clone().into()))
    }

    fn read_zip(&mut self, bytes: &[u8], spot: &Spot, numbers: &mut Numbers) -> Result<(), Stopped> {
        let zip = ZipDirectory::read(bytes, &self.context.limits)?;
        let names = zip.name_decoder(bytes);
        for (index, member) in zip.members().iter().enumerate() {
            let name = names.decode(zip.raw_name(bytes, member), member.name_is_utf8());
            let Some(place) = self.place(spot.path.join(name), numbers)? else { continue };
            let mut content = InZip::new(&zip, bytes, index, &self.context.limits);
            self.take(place, member.uncompressed_size(), &mut content, spot, numbers)?;
        }
        add(&self.context.counters.links, zip.links());
        zip.refusal().map_or(Ok(()), |refusal| Err(refusal.clone().into()))
    }

    /// Numbers and counts an entry; none if its rows are stored already.
    fn place(&self, path: EntryPath, numbers: &mut Numbers) -> Result<Option<Place>, Stopped> {
        if self.context.stopping() {
            return Err(Stopped::Asked);
        }
        let reading = self.share.reading();
        reading.meter().add_entries(1)?;
        let ordinal = numbers.take()?.0;
        count(self.context, reading, 1);
        if reading.is_done(ordinal) {
            add(&self.context.counters.unchanged, 1);
            return Ok(None);
        }
        Ok(Some(Place { holder: Holder::Archive(Arc::clone(reading)), ordinal, path }))
    }

    /// Takes an entry that declares `size` bytes.
    pub(super) fn take(
        &mut self,
        place: Place,
        size: u64,
        member: &mut dyn Member,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if size > self.context.limits.entry_size {
            return self.take_large(place, size, member, spot, numbers);
        }
        let batch = self.batch_with(usize::try_from(size).unwrap_or(usize::MAX))?;
        let start = batch.content.len();
        let read = member.read(&mut batch.content);
        let content = batch.content.get(start..).unwrap_or_default();
        let kind = read.map(|()| EntryKind::classify(content, place.path.text()));
        if kind == Ok(EntryKind::Midi) {
            batch.room = batch.room.saturating_sub(content.len());
            batch.entries.push((start..batch.content.len(), place));
            return Ok(());
        }
        // Only MIDI stays in the batch.
        let content = content.to_vec();
        batch.content.truncate(start);
        match kind {
            Ok(EntryKind::Archive(format)) => {
                // Who waits for the nesting pool holds nothing of the work pool.
                self.flush();
                let permit = self.context.budget.nesting.acquire(self.holder, content.len())?;
                self.read_nested(place, format, &content, spot, numbers)?;
                drop(permit);
            }
            Ok(kind) => self.leave(place, kind, &content),
            Err(refusal) => self.reject(place, refusal),
        }
        Ok(())
    }

    /// Takes an entry that is too large for a MIDI file; it may be an archive.
    fn take_large(
        &mut self,
        place: Place,
        size: u64,
        member: &mut dyn Member,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        let mut content = Vec::new();
        let head = member.read_head(&mut content);
        let format = match head.map(|()| EntryKind::classify(&content, place.path.text())) {
            Ok(EntryKind::Archive(format)) => format,
            Ok(EntryKind::Midi) => {
                self.reject(place, self.context.limits.entry_size(size));
                return Ok(());
            }
            Ok(kind) => {
                self.leave(place, kind, &content);
                return Ok(());
            }
            Err(refusal) => {
                self.reject(place, refusal);
                return Ok(());
            }
        };
        if let Err(refusal) = self.may_nest(format, size, spot) {
            self.reject(place, refusal);
            return Ok(());
        }
        let bytes = usize::try_from(size).unwrap_or(usize::MAX);
        self.flush();
        let permit = self.context.budget.nesting.acquire(self.holder, bytes)?;
        match member.read_rest(&mut content, bytes) {
            Ok(()) => self.read_nested(place, format, &content, spot, numbers)?,
            Err(refusal) => self.reject(place, refusal),
        }
        drop(permit);
        Ok(())
    }

    /// Takes what a compressed file holds: one file of unknown size.
    fn take_single(
        &mut self,
        place: Place,
        mut decoded: impl Read,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        let limits = self.context.limits.clone();
        self.flush();
        let mut content = Vec::new();
        let mut fill = |content: &mut Vec<u8>, up_to: u64| {
            let wanted = up_to.saturating_sub(content.len() as u64);
            (&mut decoded).take(wanted).read_to_end(content).map_err(|error| refusal_of(&error))
        };
        let head = fill(&mut content, HEAD as u64);
        let kind = head.map(|_| EntryKind::classify(&content, place.path.text()));
        let (pool, largest) = match kind {
            Ok(EntryKind::Midi) => (&self.context.budget.work, limits.entry_size),
            Ok(EntryKind::Archive(format)) => {
                if let Err(refusal) = self.may_nest(format, content.len() as u64, spot) {
                    self.reject(place, refusal);
                    return Ok(());
                }
                (&self.context.budget.nesting, limits.nested_size.saturating_sub(spot.held))
            }
            Ok(kind) => {
                self.leave(place, kind, &content);
                return Ok(());
            }
            Err(refusal) => {
                self.reject(place, refusal);
                return Ok(());
            }
        };
        // Nothing tells the size: as much as may come is asked for, and what did not come is given back.
        let most = usize::try_from(largest).unwrap_or(usize::MAX).saturating_add(ROW_ALLOWANCE);
        let mut permit = pool.acquire(self.holder, most)?;
        if let Err(refusal) = fill(&mut content, largest.saturating_add(1)) {
            self.reject(place, refusal);
            return Ok(());
        }
        permit.shrink_to(content.len() + ROW_ALLOWANCE);
        let size = content.len() as u64;
        match kind {
            Ok(EntryKind::Archive(format)) => self.read_nested(place, format, &content, spot, numbers)?,
            _ if size > largest => self.reject(place, limits.entry_size(size)),
            _ => {
                let whole = 0..content.len();
                self.spawn(Collected { content, entries: vec![(whole, place)], room: 0, permit });
            }
        }
        Ok(())
    }

    /// Reads an archive that is an entry itself. The entry counts as not MIDI, or is refused if the archive is.
    fn read_nested(
        &mut self,
        place: Place,
        format: Format,
        content: &[u8],
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if let Err(refusal) = self.may_nest(format, content.len() as u64, spot) {
            self.reject(place, refusal);
            return Ok(());
        }
        let Format::Container(container) = look_inside(format, content) else {
            self.pass_over();
            return Ok(());
        };
        let inner = Spot {
            path: place.path.clone(),
            depth: spot.depth + 1,
            held: spot.held.saturating_add(content.len() as u64),
        };
        let mut own = Numbers::inside(Ordinal(place.ordinal));
        let numbers = match numbers {
            Numbers::Outer(_) => &mut own,
            Numbers::Inside(_) => numbers,
        };
        let name = place.path.file_name().as_bytes().to_vec();
        match self.read(container, content, &name, &inner, numbers) {
            Ok(()) => self.pass_over(),
            Err(Stopped::Refused(refusal)) => self.reject(place, refusal),
            Err(Stopped::Asked) => return Err(Stopped::Asked),
        }
        Ok(())
    }

    /// Whether an archive of so many bytes may be read inside the one at `spot`.
    fn may_nest(&self, format: Format, size: u64, spot: &Spot) -> Result<(), Refusal> {
        if let Format::Unsupported(kind) = format {
            return Err(unsupported(kind));
        }
        let limits = &self.context.limits;
        limits.check_depth(spot.depth + 1)?;
        let held = spot.held.saturating_add(size);
        if held > limits.nested_size { Err(limits.nested_size(held)) } else { Ok(()) }
    }

    /// The batch being collected, with room for so many more bytes.
    fn batch_with(&mut self, bytes: usize) -> Result<&mut Collected, Stopped> {
        if self.batch.as_ref().is_some_and(|batch| batch.room < bytes || batch.entries.len() >= BATCH_ENTRIES)
        {
            self.flush();
        }
        let batch = if let Some(batch) = self.batch.take() {
            batch
        } else {
            let room = bytes.max(BATCH_BYTES);
            let asked = room.saturating_add(BATCH_ENTRIES * ROW_ALLOWANCE);
            let permit = self.context.budget.work.acquire(self.holder, asked)?;
            // Grows as entries arrive, never by what one of them declares.
            Collected { content: Vec::new(), entries: Vec::new(), room, permit }
        };
        Ok(self.batch.insert(batch))
    }

    /// Hands what was collected to a task.
    pub(super) fn flush(&mut self) {
        if let Some(batch) = self.batch.take().filter(|batch| !batch.entries.is_empty()) {
            self.spawn(batch);
        }
    }

    fn spawn(&self, batch: Collected) {
        let share = self.share.another();
        self.context.spawn(move |context| {
            let Collected { content, entries, permit, .. } = batch;
            let mut harvest = Harvest::new(context);
            context.workers.lend(|worker| {
                for (range, place) in entries {
                    harvest.take_midi(place, content.get(range).unwrap_or_default(), worker);
                }
            });
            drop(content);
            harvest.publish(Some(permit));
            share.finish(&context.ledger);
        });
    }

    /// The reading ends here, and all of it is handed on.
    pub(super) fn finish(mut self) {
        self.flush();
        self.share.finish(&self.context.ledger);
    }

    /// An entry that is neither MIDI nor an archive.
    fn leave(&self, place: Place, kind: EntryKind, content: &[u8]) {
        if kind == EntryKind::NamedMidiButIsNot {
            self.reject(place, EntryKind::not_midi(content));
        } else {
            self.pass_over();
        }
    }

    fn reject(&self, place: Place, refusal: Refusal) {
        let mut harvest = Harvest::new(self.context);
        harvest.reject(place, refusal);
        harvest.publish(None);
    }

    fn pass_over(&self) {
        self.share.reading().count_not_midi(1);
        add(&self.context.counters.not_midi, 1);
    }
}

/// The refusal of an archive that is recognised and not read.
pub(super) fn unsupported(kind: &str) -> Refusal {
    Refusal::new(
        Reason::UnsupportedFormat,
        format!("a {kind} archive; this version reads {}", Container::LIST),
    )
}
