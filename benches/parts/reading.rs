//! From a zip in memory to a row: inflating, the digest, both parsers, whole analyses by level.
//!
//! Bytes a second are those of the MIDI contents, whatever they came from.

use std::hint::black_box;
use std::io::{Cursor, Write as _};

use anyhow::Result;
use criterion::{Criterion, Throughput};
use loader::archive::Limits;
use loader::archive::zip::{Inflater, ZipDirectory};
use loader::digest::Digest;
use loader::midi::{Analyser, AnalysisLevel, dissection};

use crate::measuring::{contents, floor, or_stop};

/// Contents that are read one after the other: 5 MB, more than the processor's caches hold.
pub(crate) const FILES: u64 = 180;

/// Their bytes.
pub(crate) fn weight(contents: &[Vec<u8>]) -> Throughput {
    Throughput::Bytes(contents.iter().map(|content| content.len() as u64).sum())
}

/// Measures them.
pub(crate) fn measure(criterion: &mut Criterion) {
    let clean: Vec<_> = (0..FILES).map(contents::clean).collect();
    let damaged: Vec<_> = (0..FILES).map(contents::damaged).collect();
    let zip = or_stop(zipped(&clean));
    let mut group = criterion.benchmark_group("reading");
    group.throughput(weight(&clean));
    group.bench_function("inflate", |bencher| {
        let limits = Limits::default();
        let directory = or_stop(ZipDirectory::read(&zip, &limits));
        let (mut inflater, mut buffer) = (Inflater::default(), Vec::new());
        bencher.iter(|| {
            for index in 0..directory.members().len() {
                black_box(or_stop(directory.extract(&zip, index, &mut inflater, &mut buffer, &limits)));
            }
        });
    });
    group.bench_function("digest", |bencher| {
        bencher.iter(|| clean.iter().for_each(|content| _ = black_box(Digest::of(black_box(content)))));
    });
    // The bare walk by midly that others are compared with.
    group.bench_function("walk", |bencher| {
        bencher.iter(|| clean.iter().map(|content| floor::look_at_events(content)).sum::<u64>());
    });
    group.bench_function("parse strictly", |bencher| {
        bencher.iter(|| clean.iter().filter_map(|content| dissection::parse_strictly(content)).sum::<u64>());
    });
    group.bench_function("parse leniently", |bencher| {
        bencher.iter(|| clean.iter().filter_map(|content| dissection::parse_leniently(content)).sum::<u64>());
    });
    for level in AnalysisLevel::ALL {
        let mut analyser = Analyser::new(level);
        group.bench_function(format!("analyse {}", level.word()), |bencher| {
            bencher.iter(|| clean.iter().for_each(|content| _ = black_box(analyser.read(content))));
        });
    }
    group.throughput(weight(&damaged));
    let mut analyser = Analyser::new(AnalysisLevel::Standard);
    group.bench_function("analyse standard, damaged files", |bencher| {
        bencher.iter(|| damaged.iter().for_each(|content| _ = black_box(analyser.read(content))));
    });
    group.finish();
}

fn zipped(contents: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (number, content) in contents.iter().enumerate() {
        writer.start_file(format!("{number}.mid"), zip::write::SimpleFileOptions::default())?;
        writer.write_all(content)?;
    }
    Ok(writer.finish()?.into_inner())
}
