//! How other programs pack: their command lines.

use std::path::Path;

use super::listing::Lister::{self, Bsdtar, SevenZip, Unzip};
use super::tool;

/// A way to pack the folder `songs`; `FILE` stands for the archive in the arguments.
#[derive(Debug)]
pub(super) struct Packing {
    pub(super) file: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    pub(super) listers: &'static [Lister],
}

impl Packing {
    const fn new(
        file: &'static str,
        program: &'static str,
        arguments: &'static [&'static str],
        listers: &'static [Lister],
    ) -> Self {
        Self { file, program, arguments, listers }
    }

    /// Packs what is in `folder`.
    pub(super) fn pack(&self, folder: &Path, archive: &Path) {
        let archive = archive.to_str().unwrap();
        let arguments: Vec<_> = self
            .arguments
            .iter()
            .map(|argument| if *argument == "FILE" { archive } else { argument })
            .collect();
        tool(folder, self.program, &arguments);
    }
}

pub(super) const ZIPS: [Packing; 5] = [
    Packing::new("info-zip.zip", "zip", &["-q", "-r", "FILE", "songs"], &[Unzip, SevenZip, Bsdtar]),
    Packing::new("stored.zip", "zip", &["-q", "-0", "-r", "FILE", "songs"], &[Unzip, SevenZip, Bsdtar]),
    Packing::new("zip64.zip", "zip", &["-q", "-fz", "-r", "FILE", "songs"], &[Unzip, SevenZip]),
    Packing::new("seven.zip", "7z", &["a", "-bd", "-tzip", "FILE", "songs"], &[Unzip, SevenZip, Bsdtar]),
    Packing::new(
        "bsdtar.zip",
        "bsdtar",
        &["-cf", "FILE", "--format=zip", "songs"],
        &[Unzip, SevenZip, Bsdtar],
    ),
];

pub(super) const ZIP_METHODS: [Packing; 6] = [
    Packing::new("bzip2-info.zip", "zip", &["-q", "-Z", "bzip2", "-r", "FILE", "songs"], &[Unzip, SevenZip]),
    Packing::new(
        "deflate64.zip",
        "7z",
        &["a", "-bd", "-tzip", "-mm=Deflate64", "FILE", "songs"],
        &[Unzip, SevenZip],
    ),
    Packing::new("bzip2.zip", "7z", &["a", "-bd", "-tzip", "-mm=BZip2", "FILE", "songs"], &[SevenZip]),
    Packing::new("lzma.zip", "7z", &["a", "-bd", "-tzip", "-mm=LZMA", "FILE", "songs"], &[SevenZip]),
    Packing::new("ppmd.zip", "7z", &["a", "-bd", "-tzip", "-mm=PPMd", "FILE", "songs"], &[SevenZip]),
    Packing::new("xz.zip", "7z", &["a", "-bd", "-tzip", "-mm=xz", "FILE", "songs"], &[SevenZip]),
];

pub(super) const TARS: [Packing; 6] = [
    Packing::new("gnu.tar", "tar", &["-cf", "FILE", "--format=gnu", "songs"], &[Bsdtar, SevenZip]),
    Packing::new("posix.tar", "tar", &["-cf", "FILE", "--format=posix", "songs"], &[Bsdtar, SevenZip]),
    Packing::new("ustar.tar", "bsdtar", &["-cf", "FILE", "--format=ustar", "songs"], &[Bsdtar, SevenZip]),
    Packing::new("pax.tar", "bsdtar", &["-cf", "FILE", "--format=pax", "songs"], &[Bsdtar, SevenZip]),
    Packing::new("bsdtar.tar.gz", "bsdtar", &["-czf", "FILE", "songs"], &[Bsdtar]),
    Packing::new("bsdtar.tar.zst", "bsdtar", &["-cf", "FILE", "--zstd", "songs"], &[Bsdtar]),
];

pub(super) const TAR_COMPRESSORS: [Packing; 6] = [
    Packing::new("bsdtar.tar.bz2", "bsdtar", &["-cjf", "FILE", "songs"], &[Bsdtar]),
    Packing::new("bsdtar.tar.xz", "bsdtar", &["-cJf", "FILE", "songs"], &[Bsdtar]),
    Packing::new("bsdtar.tar.lzma", "bsdtar", &["-cf", "FILE", "--lzma", "songs"], &[Bsdtar]),
    Packing::new("bsdtar.tar.lz4", "bsdtar", &["-cf", "FILE", "--lz4", "songs"], &[Bsdtar]),
    // Several blocks, several threads.
    Packing::new(
        "blocks.tar.xz",
        "tar",
        &["-c", "-I", "xz -T2 --block-size=64KiB", "-f", "FILE", "songs"],
        &[Bsdtar],
    ),
    Packing::new("blocks.tar.lz4", "tar", &["-c", "-I", "lz4 -B4 -BD", "-f", "FILE", "songs"], &[Bsdtar]),
];

pub(super) const SEVEN_ZIPS: [Packing; 10] = [
    Packing::new("default.7z", "7z", &["a", "-bd", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("not-solid.7z", "7z", &["a", "-bd", "-ms=off", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("blocks.7z", "7z", &["a", "-bd", "-ms=20f", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("lzma.7z", "7z", &["a", "-bd", "-m0=lzma", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("ppmd.7z", "7z", &["a", "-bd", "-m0=ppmd", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("bzip2.7z", "7z", &["a", "-bd", "-m0=bzip2", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("deflate.7z", "7z", &["a", "-bd", "-m0=deflate", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new("copy.7z", "7z", &["a", "-bd", "-m0=copy", "FILE", "songs"], &[SevenZip, Bsdtar]),
    Packing::new(
        "delta.7z",
        "7z",
        &["a", "-bd", "-m0=delta:4", "-m1=lzma2", "FILE", "songs"],
        &[SevenZip, Bsdtar],
    ),
    Packing::new("plain-header.7z", "7z", &["a", "-bd", "-mhc=off", "FILE", "songs"], &[SevenZip, Bsdtar]),
];
