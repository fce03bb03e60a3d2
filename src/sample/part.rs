//! Writes one container of a sample, entry by entry. Which files it holds is [`super::plan`]'s, how entries get in is
//! [`super::container`]'s.

use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use rayon::prelude::*;

use super::SampleOptions;
use super::container::{Container, Folder, Receiver, Stream, Tarball, ZipFile};
use super::entry::{self, Packer, Packing};
use super::name::{NameEncoding, Namer};
use super::random::Random;
use super::summary::{PartSummary, Tally};

/// Entries that are made side by side before they are written.
const CHUNK: u64 = 256;
/// Most entries of an archive inside an archive.
const NESTED_ENTRIES: u64 = 250;
/// About the most bytes of an archive inside an archive, well below what the loader takes in by default.
const NESTED_BYTES: u64 = 32 << 20;

/// One container of a sample.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) number: u64,
    pub(super) container: Container,
    pub(super) slots: Range<u64>,
}

/// What writing one part takes beside the part: options, whether to use all threads for it, and the count.
struct Writing<'o> {
    options: &'o SampleOptions,
    is_parallel: bool,
    tally: Tally,
}

impl Part {
    /// Writes the container below `to`; also returns the distinct digests of its MIDI contents.
    pub(super) fn write(
        &self,
        options: &SampleOptions,
        to: &Path,
        is_parallel: bool,
    ) -> io::Result<(PartSummary, Vec<u128>)> {
        let path = self.container.path(self.number);
        let target = to.join(&path);
        let mut writing = Writing { options, is_parallel, tally: Tally::default() };
        let slots = self.slots.clone();
        let encoding = self.name_encoding(options);
        let mut namer = Namer::new(options.seed, encoding);
        let stored_bytes = match self.container {
            Container::Gz | Container::Loose => {
                let packing = if self.container == Container::Gz { Packing::Gzip } else { Packing::Plain };
                let mut folder = Folder::new(&target)?;
                writing.fill(slots, &mut namer, packing, &mut folder)?;
                folder.written()
            }
            _ => {
                let mut file = io::BufWriter::with_capacity(1 << 18, fs_err::File::create(&target)?);
                match self.container {
                    Container::Zip => {
                        let mut zip = ZipFile::new(&mut file, encoding == NameEncoding::Utf8);
                        writing.fill(slots, &mut namer, Packing::Deflate, &mut zip)?;
                        zip.finish()?;
                    }
                    Container::Nested => writing.nest(slots, &mut file)?,
                    Container::TarGz => writing.tar(slots, &mut namer, Stream::gzip(&mut file))?,
                    Container::TarZst => writing.tar(slots, &mut namer, Stream::zstd(&mut file)?)?,
                    _ => writing.tar(slots, &mut namer, Stream::Plain(&mut file))?,
                }
                file.flush()?;
                file.get_ref().metadata()?.len()
            }
        };
        let (counts, digests) = writing.tally.finish();
        Ok((PartSummary { path, container: self.container, stored_bytes, counts }, digests))
    }

    /// Some archives come from machines of their time; loose names stay UTF-8, as file systems want them.
    fn name_encoding(&self, options: &SampleOptions) -> NameEncoding {
        let mut random = Random::new(&[options.seed, 10, self.number]);
        match self.container {
            Container::Zip | Container::Tar | Container::TarGz | Container::TarZst => random.weighted(
                &[(70, NameEncoding::Utf8), (15, NameEncoding::Cp437), (15, NameEncoding::ShiftJis)],
                NameEncoding::Utf8,
            ),
            _ => NameEncoding::Utf8,
        }
    }
}

impl Writing<'_> {
    /// Makes the entries of these slots and puts them in, in order.
    fn fill(
        &mut self,
        slots: Range<u64>,
        namer: &mut Namer,
        packing: Packing,
        to: &mut impl Receiver,
    ) -> io::Result<()> {
        let options = self.options;
        let mut packer = Packer::new(options, packing);
        let mut start = slots.start;
        while start < slots.end {
            let end = slots.end.min(start + CHUNK);
            let drafts = entry::draft(options, start..end, namer);
            start = end;
            if self.is_parallel {
                let entries: Vec<_> =
                    drafts.into_par_iter().map_init(|| Packer::new(options, packing), Packer::pack).collect();
                for entry in &entries {
                    self.tally.add(entry);
                    to.put(entry)?;
                }
            } else {
                for draft in drafts {
                    let entry = packer.pack(draft);
                    self.tally.add(&entry);
                    to.put(&entry)?;
                }
            }
        }
        Ok(())
    }

    fn tar<W: Write>(&mut self, slots: Range<u64>, namer: &mut Namer, stream: Stream<W>) -> io::Result<()> {
        let mut tar = Tarball::new(stream);
        self.fill(slots, namer, Packing::Plain, &mut tar)?;
        tar.finish().map(drop)
    }

    /// A zip in which by turns come files of its own, a zip, and a gzip-compressed tar.
    fn nest(&mut self, slots: Range<u64>, file: impl Write) -> io::Result<()> {
        let seed = self.options.seed;
        let namer = || Namer::new(seed, NameEncoding::Utf8);
        let mut own_names = namer();
        let mut outer = ZipFile::new(file, true);
        let mean = (self.options.mean_size as u64).max(1);
        let count = slots.end - slots.start;
        let share = count.div_ceil(3).clamp(1, NESTED_ENTRIES.min((NESTED_BYTES / mean).max(1)));
        let mut start = slots.start;
        for number in 0_u64.. {
            if start >= slots.end {
                break;
            }
            let inner = start..slots.end.min(start + share);
            start = inner.end;
            match number % 3 {
                0 => self.fill(inner, &mut own_names, Packing::Deflate, &mut outer)?,
                1 => {
                    let mut zip = ZipFile::new(Vec::new(), true);
                    self.fill(inner, &mut namer(), Packing::Deflate, &mut zip)?;
                    outer.store(&format!("discs/disc-{number:04}.zip"), &zip.finish()?)?;
                    self.tally.add_archive();
                }
                _ => {
                    let mut tar = Tarball::new(Stream::gzip(Vec::new()));
                    self.fill(inner, &mut namer(), Packing::Plain, &mut tar)?;
                    outer.store(&format!("songs-{number:04}.tar.gz"), &tar.finish()?)?;
                    self.tally.add_archive();
                }
            }
        }
        outer.finish().map(drop)
    }
}
