//! A folder with one archive of every kind, each with files of its own; written once, then kept.
//!
//! Writes; reads only to time what one thread alone can decode.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use fs_err as fs;
use loader::archive::Limits;
use loader::archive::stream::Decoder;
use loader::format::Compression;
use loader::sample;
use rayon::prelude::*;

use crate::measuring::{collection, timed};

/// The folder, and what is in it.
pub(crate) struct Corpus {
    pub(crate) folder: PathBuf,
    /// MIDI files in all archives, each of them another.
    pub(crate) files: u64,
}

/// How an archive is written.
type Writer = fn(&Path, Files) -> Result<()>;

/// The archives, how each is written, and how many times the usual number of files it has.
const ARCHIVES: [(&str, u64, Writer); 8] = [
    ("large.zip", 2, write_zip),
    ("plain.tar", 1, write_tar),
    ("many.tar.bz2", 1, write_bzip2),
    ("blocks.tar.xz", 1, write_xz),
    ("blocks.7z", 1, write_seven_zip),
    ("single.tar.gz", 1, write_gzip),
    ("single.tar.lzma", 1, write_lzma),
    ("frames.tar.zst", 1, write_zstandard),
];

/// The files of one archive.
#[derive(Clone, Copy)]
struct Files {
    seed: u64,
    count: u64,
    mean_size: usize,
}

impl Files {
    /// Name and content of each; sizes spread evenly around the mean.
    fn each(self, mut take: impl FnMut(String, Vec<u8>) -> Result<()>) -> Result<()> {
        for index in 0..self.count {
            let spread = usize::try_from(index * 7_919 % 100)?;
            let size = self.mean_size / 2 + self.mean_size * spread / 100;
            take(format!("{:03}/{index:06}.mid", index / 500), sample::midi(self.seed, index, size))?;
        }
        Ok(())
    }

    fn tar(self, to: impl Write) -> Result<()> {
        let mut tar = tar::Builder::new(to);
        self.each(|name, content| {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            Ok(tar.append_data(&mut header, name, content.as_slice())?)
        })?;
        tar.into_inner()?;
        Ok(())
    }
}

/// The corpus, written where it is not there yet.
pub(crate) fn of(files: u64, mean_size: usize) -> Result<Corpus> {
    let folder = collection::directory().join(format!("mixed-{files}-of-{mean_size}"));
    let total = ARCHIVES.iter().map(|(_, times, _)| times * files).sum();
    if !folder.exists() {
        eprintln!("writing {total} files of {mean_size} bytes into {} archives …", ARCHIVES.len());
        let unfinished = folder.with_extension("unfinished");
        fs::create_dir_all(&unfinished)?;
        (0_u64..).zip(ARCHIVES).collect::<Vec<_>>().into_par_iter().try_for_each(
            |(seed, (name, times, write))| {
                let files = Files { seed: 1_000 + seed, count: times * files, mean_size };
                write(&unfinished.join(name), files).with_context(|| name.to_owned())
            },
        )?;
        fs::rename(&unfinished, &folder)?;
    }
    Ok(Corpus { folder, files: total })
}

impl Corpus {
    /// Seconds that decoding takes on one thread, for each stream that does not fall into pieces.
    pub(crate) fn sequential_streams(&self) -> Result<Vec<(&'static str, f64)>> {
        let streams = [("single.tar.gz", Compression::Gzip), ("single.tar.lzma", Compression::Lzma)];
        let measure = |(name, compression)| {
            let bytes = fs::read(self.folder.join(name))?;
            let limits = Limits::default();
            let decoder = Decoder::new(compression, bytes.as_slice(), &limits);
            let mut decoder = decoder.map_err(|refusal| anyhow::anyhow!("{name}: {refusal}"))?;
            let (seconds, read) = timed(|| drain(&mut decoder));
            read?;
            Ok((name, seconds))
        };
        streams.into_iter().map(measure).collect()
    }
}

fn drain(from: &mut impl Read) -> std::io::Result<u64> {
    std::io::copy(from, &mut std::io::sink())
}

fn create(path: &Path) -> Result<std::io::BufWriter<fs::File>> {
    Ok(std::io::BufWriter::with_capacity(1 << 20, fs::File::create(path)?))
}

fn write_zip(path: &Path, files: Files) -> Result<()> {
    let mut zip = zip::ZipWriter::new(create(path)?);
    let options = zip::write::SimpleFileOptions::default();
    files.each(|name, content| {
        zip.start_file(name, options)?;
        Ok(zip.write_all(&content)?)
    })?;
    zip.finish()?.flush()?;
    Ok(())
}

fn write_tar(path: &Path, files: Files) -> Result<()> {
    let mut file = create(path)?;
    files.tar(&mut file)?;
    Ok(file.flush()?)
}

fn write_gzip(path: &Path, files: Files) -> Result<()> {
    let mut encoder = flate2::write::GzEncoder::new(create(path)?, flate2::Compression::default());
    files.tar(&mut encoder)?;
    Ok(encoder.finish()?.flush()?)
}

fn write_bzip2(path: &Path, files: Files) -> Result<()> {
    let mut encoder = bzip2::write::BzEncoder::new(create(path)?, bzip2::Compression::best());
    files.tar(&mut encoder)?;
    Ok(encoder.finish()?.flush()?)
}

/// As `xz -T0 --block-size=4MiB` writes it: the header of each block says how long it is.
fn write_xz(path: &Path, files: Files) -> Result<()> {
    let stream =
        liblzma::stream::MtStreamBuilder::new().preset(1).block_size(4 << 20).threads(2).encoder()?;
    let mut encoder = liblzma::write::XzEncoder::new_stream(create(path)?, stream);
    files.tar(&mut encoder)?;
    Ok(encoder.finish()?.flush()?)
}

fn write_lzma(path: &Path, files: Files) -> Result<()> {
    let options = liblzma::stream::LzmaOptions::new_preset(1)?;
    let stream = liblzma::stream::Stream::new_lzma_encoder(&options)?;
    let mut encoder = liblzma::write::XzEncoder::new_stream(create(path)?, stream);
    // A quarter: nothing makes an lzma stream quicker than one thread is.
    Files { count: files.count / 4, ..files }.tar(&mut encoder)?;
    encoder.finish()?.flush()?;
    let rest = Files { seed: files.seed + 500, count: files.count - files.count / 4, ..files };
    write_tar(&path.with_file_name("rest.tar"), rest)
}

/// As pzstd writes it: a frame for every few mebibytes.
fn write_zstandard(path: &Path, files: Files) -> Result<()> {
    struct Frames<W: Write> {
        to: W,
        waiting: Vec<u8>,
    }
    impl<W: Write> Write for Frames<W> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.waiting.extend_from_slice(bytes);
            if self.waiting.len() >= 4 << 20 {
                self.flush()?;
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            let frame = zstd::bulk::compress(&self.waiting, 3)?;
            self.waiting.clear();
            self.to.write_all(&frame)
        }
    }
    let mut frames = Frames { to: create(path)?, waiting: Vec::new() };
    files.tar(&mut frames)?;
    frames.flush()?;
    Ok(frames.to.flush()?)
}

/// A few solid blocks.
fn write_seven_zip(path: &Path, files: Files) -> Result<()> {
    let mut writer = sevenz_rust2::ArchiveWriter::create(path)?;
    writer.set_content_methods(vec![sevenz_rust2::encoder_options::Lzma2Options::from_level(1).into()]);
    let (mut entries, mut contents, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut block = |entries: &mut Vec<_>, contents: &mut Vec<Vec<u8>>| -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let readers: Vec<_> =
            contents.drain(..).map(|content| std::io::Cursor::new(content).into()).collect();
        writer.push_archive_entries(std::mem::take(entries), readers)?;
        Ok(())
    };
    files.each(|name, content| {
        bytes += content.len();
        let mut entry = sevenz_rust2::ArchiveEntry::new_file(&name);
        entry.has_stream = true;
        entries.push(entry);
        contents.push(content);
        if bytes >= 64 << 20 {
            bytes = 0;
            block(&mut entries, &mut contents)?;
        }
        Ok(())
    })?;
    block(&mut entries, &mut contents)?;
    writer.finish()?;
    Ok(())
}
