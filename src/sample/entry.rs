//! One entry of a sample on its way into a container: named first, in order; then made and packed, on any thread. Writes
//! nothing.

use std::ops::Range;

use libdeflater::{CompressionLvl, Compressor};

use super::SampleOptions;
use super::clutter::Clutter;
use super::damage::Expectation;
use super::name::{Name, Namer};
use super::plan::Slot;
use super::random::Random;

/// How a container wants its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// As they are.
    Plain,
    /// Deflated where that helps, some stored.
    Deflate,
    /// MIDI files as gzip files of their own.
    Gzip,
}

/// Which file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A file of the collection.
    Slot(Slot),
    /// Clutter of this kind.
    Clutter(Clutter),
}

/// An entry with its name and without its bytes.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    name: Name,
    subject: Subject,
    index: u64,
}

/// An entry's bytes as its container wants them.
#[derive(Clone, Debug)]
pub(super) enum Packed {
    /// The content itself.
    Plain,
    /// A deflate stream.
    Deflated(Vec<u8>),
    /// A gzip file.
    Gzip(Vec<u8>),
}

/// An entry ready to be written.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: Name,
    pub(super) subject: Subject,
    pub(super) content: Vec<u8>,
    pub(super) packed: Packed,
}

impl Entry {
    /// What a reader should make of it.
    pub(super) const fn expectation(&self) -> Expectation {
        match self.subject {
            Subject::Slot(slot) => slot.expectation(),
            Subject::Clutter(_) => Expectation::Clutter,
        }
    }
}

/// Names the entries of these slots, clutter among them.
pub(super) fn draft(options: &SampleOptions, slots: Range<u64>, namer: &mut Namer) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for index in slots {
        let slot = Slot::of(options, index);
        let name = namer.name(slot, index);
        let mut random = Random::new(&[options.seed, 8, index]);
        let clutter = random.chance(options.clutter).then(|| Clutter::beside(&mut random));
        let clutter = clutter.map(|kind| {
            // One of a kind a folder; the fork of the file itself is always free.
            let kind = if namer.is_taken(&kind.path(&name.folder, &name.file)) {
                Clutter::AppleDouble
            } else {
                kind
            };
            let path = kind.path(&name.folder, &name.file);
            let (folder, file) = path.rfind('/').map_or(("", path.as_str()), |at| path.split_at(at + 1));
            Draft { name: namer.claim(folder, file, ""), subject: Subject::Clutter(kind), index }
        });
        drafts.push(Draft { name, subject: Subject::Slot(slot), index });
        drafts.extend(clutter);
    }
    drafts
}

/// Makes entries; one for each thread, because a compressor keeps tables.
pub(super) struct Packer<'o> {
    options: &'o SampleOptions,
    packing: Packing,
    compressor: Compressor,
}

impl<'o> Packer<'o> {
    pub(super) fn new(options: &'o SampleOptions, packing: Packing) -> Self {
        Self { options, packing, compressor: Compressor::new(CompressionLvl::default()) }
    }

    /// Makes the content of an entry and packs it.
    pub(super) fn pack(&mut self, draft: Draft) -> Entry {
        let mut random = Random::new(&[self.options.seed, 9, draft.index]);
        let content = match draft.subject {
            Subject::Slot(slot) => slot.bytes(self.options),
            Subject::Clutter(kind) => kind.content(&mut random),
        };
        let packed = match (self.packing, draft.subject) {
            (Packing::Deflate, _) if random.percent(92) => self.deflate(&content),
            (Packing::Gzip, Subject::Slot(_)) => self.gzip(&content),
            _ => Packed::Plain,
        };
        Entry { name: draft.name, subject: draft.subject, content, packed }
    }

    /// A deflate stream, unless it would be no shorter.
    fn deflate(&mut self, content: &[u8]) -> Packed {
        let mut deflated = vec![0; self.compressor.deflate_compress_bound(content.len())];
        match self.compressor.deflate_compress(content, &mut deflated) {
            Ok(length) if length < content.len() => {
                deflated.truncate(length);
                Packed::Deflated(deflated)
            }
            _ => Packed::Plain,
        }
    }

    fn gzip(&mut self, content: &[u8]) -> Packed {
        let mut zipped = vec![0; self.compressor.gzip_compress_bound(content.len())];
        match self.compressor.gzip_compress(content, &mut zipped) {
            Ok(length) => {
                zipped.truncate(length);
                Packed::Gzip(zipped)
            }
            // Cannot happen with a buffer of the bound's size.
            Err(_) => Packed::Plain,
        }
    }
}
