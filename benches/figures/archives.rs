//! Reading and digesting archives by the loader's readers beside the bare libraries: a zip against rawzip and libdeflater,
//! a tar.gz against flate2 and tar, BLAKE3 on both sides.
//!
//! `cargo bench --bench figures -- archives [--files N --mean-size BYTES --rounds N]`. One thread, archives in memory. Ends with 1 if
//! a reader takes more than 1.15 times as long.

use std::hint::black_box;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::Args;
use libdeflater::Decompressor;
use loader::archive::Limits;
use loader::archive::members::Members;
use loader::archive::stream::Decoder;
use loader::archive::tar::TarReader;
use loader::archive::zip::{Inflater, ZipDirectory};
use loader::format::{Compression, HEAD};
use loader::reject::Refusal;
use loader::sample::Container;

use crate::measuring::floor::{self, Read};
use crate::measuring::{Series, Verdict, collection, megabytes, print_machine, real, timed};

const ALLOWED: f64 = 1.15;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// MIDI files in each archive
    #[arg(long, default_value_t = 14_000)]
    files: u64,
    /// Their mean size in bytes
    #[arg(long, default_value_t = 20_000)]
    mean_size: usize,
    /// Times that each side is measured
    #[arg(long, default_value_t = 9)]
    rounds: u32,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let archive = |container| {
        collection::of(container, options.files, options.mean_size, options.files)
            .and_then(|folder| collection::only_file(&folder))
    };
    let mut verdict = Verdict::default();
    println!(
        "| archive | files | MB | libraries s | loader s | loader MB/s | ratio (median) | ratio (least) |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let zip = archive(Container::Zip)?;
    let zip_ratio = compare("zip", options.rounds, || bare_zip(&zip), || our_zip(&zip))?;
    let tar_gz = archive(Container::TarGz)?;
    let tar_gz_ratio = compare("tar.gz", options.rounds, || bare_tar_gz(&tar_gz), || our_tar_gz(&tar_gz))?;
    for (name, ratio) in [("zip", zip_ratio), ("tar.gz", tar_gz_ratio)] {
        verdict
            .require(ratio <= ALLOWED, &format!("{name}: {ratio:.3} times the libraries, {ALLOWED} allowed"));
    }
    Ok(verdict.exit())
}

/// Runs both sides in turn, prints them, and returns the ratio of their medians.
fn compare(
    name: &str,
    rounds: u32,
    bare: impl Fn() -> Result<Read>,
    ours: impl Fn() -> Result<Read>,
) -> Result<f64> {
    let (mut bare_times, mut our_times) = (Series::default(), Series::default());
    let mut read = Read::default();
    for _ in 0..rounds {
        let (seconds, expected) = timed(&bare);
        bare_times.add(seconds);
        let (seconds, found) = timed(&ours);
        our_times.add(seconds);
        read = expected?;
        let found = found?;
        anyhow::ensure!(read == found, "{name}: the libraries read {read:?}, the loader {found:?}");
    }
    let ratio = our_times.median() / bare_times.median();
    println!(
        "| {name} | {} | {:.0} | {:.3} | {:.3} | {:.0} | {ratio:.3} | {:.3} |",
        read.files,
        megabytes(read.bytes),
        bare_times.median(),
        our_times.median(),
        megabytes(read.bytes) / our_times.median(),
        our_times.least() / bare_times.least(),
    );
    anyhow::ensure!(real(read.files) > 0.0, "{name}: the archive is empty");
    Ok(ratio)
}

fn bare_zip(bytes: &[u8]) -> Result<Read> {
    let mut read = Read::default();
    floor::zip(black_box(bytes), &mut Decompressor::new(), &mut Vec::new(), |content| read.digest(content))?;
    Ok(read)
}

fn our_zip(bytes: &[u8]) -> Result<Read> {
    let limits = Limits::default();
    let mut read = Read::default();
    let directory = ZipDirectory::read(black_box(bytes), &limits).map_err(explain)?;
    let (mut inflater, mut buffer) = (Inflater::default(), Vec::new());
    for index in 0..directory.members().len() {
        let content =
            directory.extract(bytes, index, &mut inflater, &mut buffer, &limits).map_err(explain)?;
        read.digest(content);
    }
    Ok(read)
}

fn bare_tar_gz(bytes: &[u8]) -> Result<Read> {
    let mut read = Read::default();
    floor::tar_gz(black_box(bytes), |content| read.digest(content))?;
    Ok(read)
}

/// As the pipeline does: the start of a member, which says what it is, then the rest.
fn our_tar_gz(bytes: &[u8]) -> Result<Read> {
    let limits = Limits::default();
    let mut read = Read::default();
    let decoder = Decoder::new(Compression::Gzip, black_box(bytes), &limits).map_err(explain)?;
    let mut tar = TarReader::new(decoder, &limits);
    let mut content = Vec::new();
    while let Some(member) = tar.next_member() {
        member.refusal.map_or(Ok(()), |refusal| Err(explain(refusal)))?;
        content.clear();
        tar.fill(&mut content, HEAD).map_err(explain)?;
        tar.fill(&mut content, limits.largest_entry()).map_err(explain)?;
        read.digest(&content);
    }
    tar.refusal().map_or(Ok(read), |refusal| Err(explain(refusal.clone())))
}

fn explain(Refusal { reason, detail }: Refusal) -> anyhow::Error {
    anyhow!("{}: {detail}", reason.code())
}
