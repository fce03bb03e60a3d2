//! Reads a container from front to back with everything nested in it: one thread, one order.
//!
//! Decides what an entry is, numbers it and follows archives inside archives; where the bytes go, how much memory there
//! is for them and what becomes of an entry is the [`Visitor`]'s. The order, and with it the numbers, depend on the bytes
//! alone.

mod entry;
mod forward;
mod single;
mod visitor;

use std::io::Read;
use std::sync::Arc;

pub use entry::{Bytes, Entry, Numbers, SharedBytes, Spot, Stopped};
pub use visitor::Visitor;

use entry::Nested;
use forward::Forward;
use single::SingleFile;

use super::directory::Directory;
use super::limits::Limits;
use super::members::{Member, Members};
use super::open::open_directory;
use super::probe::look_inside;
use super::stream;
use super::tar::TarReader;
use super::zip::{ZipDirectory, ZipMembers};
use crate::entry::{EntryName, NameDecoder};
use crate::format::{Compression, Container, EntryKind, Format, HEAD};
use crate::reject::Refusal;

/// How names are decoded: by those met so far, or by all of the archive.
enum Names<'n> {
    Met(Box<NameDecoder>),
    All(&'n NameDecoder),
}

impl Names<'_> {
    fn decode(&mut self, member: &Member) -> EntryName {
        match self {
            Self::Met(names) => {
                if !member.is_utf8 {
                    names.observe(&member.raw_name);
                }
                names.decode(&member.raw_name, member.is_utf8)
            }
            Self::All(names) => names.decode(&member.raw_name, member.is_utf8),
        }
    }
}

/// One thread's way through a source, or through a part of it.
#[derive(Debug)]
pub struct Traversal<'v, V> {
    visitor: &'v mut V,
    limits: &'v Limits,
}

impl<'v, V: Visitor> Traversal<'v, V> {
    /// A traversal under these limits.
    pub const fn new(visitor: &'v mut V, limits: &'v Limits) -> Self {
        Self { visitor, limits }
    }

    /// Reads a container in memory or mapped. `name` is what it is called, for what is in it may have no name of its own.
    ///
    /// # Errors
    /// [`Stopped::Refused`] with what is wrong with the container as a whole; all that could be read was visited.
    pub fn read(
        &mut self,
        container: Container,
        bytes: &Bytes,
        name: &[u8],
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        let slice = bytes.as_slice();
        match container {
            Container::Zip => {
                let zip = ZipDirectory::read(slice, self.limits)?;
                let names = zip.name_decoder(slice);
                let mut members = ZipMembers::new(&zip, slice, self.limits);
                self.visitor.pass_over_links(zip.links());
                self.visit(&mut members, Names::All(&names), true, spot, numbers)
            }
            Container::SevenZip | Container::Rar | Container::Lzh => {
                let directory = open_directory(container, slice, self.limits)?;
                self.visitor.pass_over_links(directory.skipped().missed());
                let names = directory.name_decoder();
                let mut refusal = directory.refusal().cloned();
                for part in 0..directory.parts().len() {
                    match self.read_part(&*directory, &names, slice, part, spot, numbers) {
                        Ok(()) => {}
                        // What ends one part leaves the others; what the whole source may not do ends all.
                        Err(Stopped::Refused(why)) if !why.reason.concerns_source() => {
                            refusal.get_or_insert(why);
                        }
                        Err(stopped) => return Err(stopped),
                    }
                }
                refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
            }
            Container::Tar(compression) | Container::Single(compression) => {
                let window = stream::window(compression, slice);
                let (spot, held) = self.hold_window(window, spot)?;
                let decoded = self.visitor.decode(compression, bytes)?;
                let read = self.read_decoded(container, decoded, name, &spot, numbers);
                drop(held);
                read
            }
        }
    }

    /// Reads what a compressed container holds, already decoded.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_decoded(
        &mut self,
        container: Container,
        decoded: impl Read,
        name: &[u8],
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if matches!(container, Container::Tar(_)) {
            let mut tar = TarReader::new(decoded, self.limits);
            let read = self.visit(&mut tar, Names::Met(Box::default()), false, spot, numbers);
            self.visitor.pass_over_links(tar.skipped().missed());
            if tar.is_marked() {
                self.visitor.mark_end();
            }
            return read;
        }
        let mut single = SingleFile::new(decoded, container.inner_name(name));
        self.visit(&mut single, Names::Met(Box::default()), false, spot, numbers)
    }

    /// Reads one part of an archive with a directory.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_part(
        &mut self,
        directory: &dyn Directory,
        names: &NameDecoder,
        bytes: &[u8],
        part: usize,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        let window = directory.parts().get(part).map_or(0, |part| part.window);
        let (spot, held) = self.hold_window(window, spot)?;
        let mut members = directory.open_part(bytes, part, self.limits);
        let read = self.visit(&mut *members, Names::All(names), true, &spot, numbers);
        drop(held);
        read
    }

    /// Visits one member, which `members` has just yielded; it is counted already. `numbers` are for what is in it.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn read_member(
        &mut self,
        entry: Entry,
        member: Member,
        members: &mut dyn Members,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if self.visitor.resume(&entry)? {
            self.take(entry, member, members, true, &Spot::default(), numbers)?;
        }
        Ok(())
    }

    /// `compressed_apart` where members are compressed one by one, so that their bytes have not been counted yet.
    fn visit(
        &mut self,
        members: &mut dyn Members,
        mut names: Names<'_>,
        compressed_apart: bool,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        while let Some(member) = members.next_member() {
            let path = spot.path.join(names.decode(&member));
            self.visitor.meter().add_entries(1)?;
            let entry = Entry { path, ordinal: numbers.take()? };
            if self.visitor.begin(&entry)? {
                self.take(entry, member, members, compressed_apart, spot, numbers)?;
            }
        }
        members.refusal().map_or(Ok(()), |refusal| Err(refusal.clone().into()))
    }

    fn take(
        &mut self,
        entry: Entry,
        member: Member,
        members: &mut dyn Members,
        compressed_apart: bool,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if let Some(refusal) = member.refusal {
            self.refuse(entry, refusal);
            return Ok(());
        }
        if member.size > self.limits.entry_size {
            let declared = (member.size != u64::MAX).then_some(member.size);
            return self.take_by_head(entry, declared, members, compressed_apart, spot, numbers);
        }
        let most = usize::try_from(member.size).unwrap_or(usize::MAX);
        let buffer = self.visitor.room(most)?;
        let start = buffer.len();
        let read = members.fill(buffer, start.saturating_add(most).saturating_add(1));
        let content = buffer.get(start..).unwrap_or_default();
        let kind = read.map(|()| EntryKind::classify(content, entry.path.text()));
        let yielded = content.len() as u64;
        match kind {
            Ok(EntryKind::Archive(format)) => {
                let content = self.visitor.take_back(start);
                // Nobody may wait for more than there can ever be.
                match self.may_nest(format, yielded, spot) {
                    Ok(()) => {
                        let held = self.visitor.hold(content.len())?;
                        self.nest(entry, format, content, held, spot, numbers)?;
                    }
                    Err(refusal) => self.refuse(entry, refusal),
                }
            }
            Ok(kind) if self.visitor.wants(kind) => self.visitor.keep(entry, kind, start),
            Ok(kind) => self.visitor.leave(entry, kind, start),
            Err(refusal) => {
                drop(self.visitor.take_back(start));
                self.refuse(entry, refusal);
            }
        }
        self.count(yielded, compressed_apart)
    }

    /// Takes an entry that is too large for a file that is kept, or of unknown size: its head tells whether it is worth
    /// reading. It may be an archive.
    fn take_by_head(
        &mut self,
        entry: Entry,
        declared: Option<u64>,
        members: &mut dyn Members,
        compressed_apart: bool,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        let mut content = Vec::new();
        if let Err(refusal) = members.fill(&mut content, HEAD) {
            self.refuse(entry, refusal);
            return Ok(());
        }
        let kind = EntryKind::classify(&content, entry.path.text());
        let largest = match kind {
            EntryKind::Archive(format) => {
                let size = declared.unwrap_or(content.len() as u64);
                if let Err(refusal) = self.may_nest(format, size, spot) {
                    self.refuse(entry, refusal);
                    return Ok(());
                }
                declared.unwrap_or_else(|| self.limits.nested_size.saturating_sub(spot.held))
            }
            _ if !self.visitor.wants(kind) => {
                self.visitor.leave_head(entry, kind, &content);
                return Ok(());
            }
            _ => match declared {
                Some(size) => {
                    self.refuse(entry, self.limits.entry_size(size));
                    return Ok(());
                }
                None => self.limits.entry_size,
            },
        };
        let is_archive = matches!(kind, EntryKind::Archive(_));
        // Where nothing tells the size, as much as may come is asked for, and what did not come is given back.
        let most = usize::try_from(largest).unwrap_or(usize::MAX);
        let mut held = if is_archive { self.visitor.hold(most)? } else { self.visitor.hold_entry(most)? };
        if let Err(refusal) = members.fill(&mut content, most.saturating_add(1)) {
            // Whoever takes a refusal may wait for memory, and nobody waits who holds some.
            drop(held);
            self.refuse(entry, refusal);
            return Ok(());
        }
        self.visitor.shrink(&mut held, content.len());
        let size = content.len() as u64;
        match kind {
            EntryKind::Archive(format) => self.nest(entry, format, content, held, spot, numbers)?,
            _ if size > largest => {
                drop(held);
                self.refuse(entry, self.limits.entry_size(size));
            }
            _ => self.visitor.keep_alone(entry, kind, content, held),
        }
        self.count(size, compressed_apart)
    }

    /// Reads an archive that is an entry itself.
    fn nest(
        &mut self,
        entry: Entry,
        format: Format,
        content: Vec<u8>,
        held: V::Held,
        spot: &Spot,
        numbers: &mut Numbers,
    ) -> Result<(), Stopped> {
        if let Err(refusal) = self.may_nest(format, content.len() as u64, spot) {
            self.refuse(entry, refusal);
            return Ok(());
        }
        let Format::Container(container) = look_inside(format, &content) else {
            self.visitor.leave_head(entry, EntryKind::Other, &content);
            return Ok(());
        };
        let inner = Spot {
            path: entry.path.clone(),
            depth: spot.depth + 1,
            held: spot.held.saturating_add(content.len() as u64),
        };
        let mut own = Numbers::inside(entry.ordinal);
        let numbers = match numbers {
            Numbers::Outer(_) => &mut own,
            Numbers::Inside(_) => numbers,
        };
        let name = entry.path.file_name().as_bytes().to_vec();
        let bytes = Bytes::new(Arc::new(Nested::new(content, held)));
        match self.read(container, &bytes, &name, &inner, numbers) {
            Ok(()) => self.visitor.opened(entry),
            Err(Stopped::Refused(refusal)) => self.refuse(entry, refusal),
            Err(Stopped::Asked) => return Err(Stopped::Asked),
        }
        Ok(())
    }

    /// Whether an archive of so many bytes may be read inside the one at `spot`.
    fn may_nest(&self, format: Format, size: u64, spot: &Spot) -> Result<(), Refusal> {
        if let Format::Unsupported(kind) = format {
            return Err(Format::unsupported(kind));
        }
        self.limits.check_depth(spot.depth + 1)?;
        let held = spot.held.saturating_add(size);
        if held > self.limits.nested_size { Err(self.limits.nested_size(held)) } else { Ok(()) }
    }

    /// Acquires what a decoder takes for its window. Small ones do not count.
    fn hold_window(&mut self, window: u64, spot: &Spot) -> Result<(Spot, Option<V::Held>), Stopped> {
        const SMALL: u64 = 1 << 20;
        let bytes = usize::try_from(window).unwrap_or(usize::MAX);
        // A decoder refuses what is beyond the largest before it takes any memory.
        if window < SMALL || bytes > self.limits.largest_window() {
            return Ok((spot.clone(), None));
        }
        let held = spot.held.saturating_add(window);
        if spot.held > 0 && held > self.limits.nested_size {
            return Err(self.limits.window_beside(window, spot.held).into());
        }
        let permit = self.visitor.hold(bytes)?;
        Ok((Spot { held, ..spot.clone() }, Some(permit)))
    }

    /// Refuses an entry, unless it is clutter, which nobody misses.
    fn refuse(&mut self, entry: Entry, refusal: Refusal) {
        if EntryKind::is_clutter(entry.path.text()) {
            self.visitor.leave_head(entry, EntryKind::Clutter, &[]);
        } else {
            self.visitor.refuse(entry, refusal);
        }
    }

    fn count(&self, decompressed: u64, compressed_apart: bool) -> Result<(), Stopped> {
        if compressed_apart {
            self.visitor.meter().add_output(decompressed)?;
        }
        Ok(())
    }
}

/// A decoder of the whole stream, one piece after the other.
///
/// # Errors
/// What the decoder cannot begin with.
pub fn decode_in_order<'b>(
    compression: Compression,
    bytes: &'b Bytes,
    limits: &Limits,
    meter: &Arc<super::meter::Meter>,
) -> Result<Box<dyn Read + 'b>, Refusal> {
    let decoder = stream::Decoder::new(compression, Forward::new(bytes), limits)?;
    Ok(Box::new(decoder.with_meter(Arc::clone(meter))))
}
