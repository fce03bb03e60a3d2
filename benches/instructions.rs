//! The work whose instructions are counted: parsing, analysing and encoding a fixed set of generated files.
//!
//! Run by `scripts/check-instructions.sh` under callgrind, which counts only within the functions called `counted_…` and
//! writes one count for each of them. Measures nothing itself; it prints what was done, so that it can be seen to be the
//! same, and the extensions of the processor it was built for. Each of those functions names itself to a black box, or the
//! compiler would make one of those that do the same.

mod measuring;

use std::hint::black_box;

use loader::batch::FileRows;
use loader::digest::Digest;
use loader::midi::{Analyser, AnalysisLevel, dissection};
use loader::record::{FileRow, MetadataRow};
use loader::sink::CopyBuffer;
use measuring::contents;

/// Files of each set.
const FILES: u64 = 24;

fn main() {
    let clean: Vec<_> = (0..FILES).map(contents::clean).collect();
    let damaged: Vec<_> = (0..FILES).map(contents::damaged).collect();
    let [mut basic, mut standard, mut full] = AnalysisLevel::ALL.map(Analyser::new);
    let rows = rows(&clean, &mut full);
    // Buffers have their size, tables are filled, before anything is counted.
    let mut buffers = [CopyBuffer::default(), CopyBuffer::default()];
    encode(&rows, &mut buffers);
    for analyser in [&mut basic, &mut standard, &mut full] {
        analyse(analyser, &clean);
    }
    println!("built-for {}", extensions());
    println!("parse_strictly {}", counted_parse_strictly(&clean));
    println!("parse_leniently {}", counted_parse_leniently(&damaged));
    println!("analyse_basic {}", counted_analyse_basic(&mut basic, &clean));
    println!("analyse_standard {}", counted_analyse_standard(&mut standard, &clean));
    println!("analyse_full {}", counted_analyse_full(&mut full, &clean));
    println!("analyse_damaged {}", counted_analyse_damaged(&mut standard, &damaged));
    println!("encode {}", counted_encode(&rows, &mut buffers));
}

/// What of the processor the compiler was allowed to use beyond the least that its architecture has.
fn extensions() -> String {
    let each = [
        ("sse4.2", cfg!(target_feature = "sse4.2")),
        ("avx", cfg!(target_feature = "avx")),
        ("avx2", cfg!(target_feature = "avx2")),
        ("bmi2", cfg!(target_feature = "bmi2")),
        ("avx512f", cfg!(target_feature = "avx512f")),
    ];
    let allowed = each.iter().filter(|(_, is_allowed)| *is_allowed).map(|(name, _)| *name);
    let allowed = allowed.collect::<Vec<_>>().join("+");
    format!("{}{}{allowed}", std::env::consts::ARCH, if allowed.is_empty() { "" } else { "+" })
}

/// The rows of contents.
fn rows(contents: &[Vec<u8>], analyser: &mut Analyser) -> Vec<FileRows> {
    let each = contents.iter().filter_map(|content| {
        let reading = analyser.read(content).ok()?;
        Some(FileRows::of(content, &Digest::of(content), reading, 1, false))
    });
    each.collect()
}

#[inline(never)]
fn counted_parse_strictly(contents: &[Vec<u8>]) -> u64 {
    black_box("parse_strictly");
    contents.iter().filter_map(|content| dissection::parse_strictly(black_box(content))).sum()
}

#[inline(never)]
fn counted_parse_leniently(contents: &[Vec<u8>]) -> u64 {
    black_box("parse_leniently");
    contents.iter().filter_map(|content| dissection::parse_leniently(black_box(content))).sum()
}

#[inline(never)]
fn counted_analyse_basic(analyser: &mut Analyser, contents: &[Vec<u8>]) -> u64 {
    black_box("analyse_basic");
    analyse(analyser, contents)
}

#[inline(never)]
fn counted_analyse_standard(analyser: &mut Analyser, contents: &[Vec<u8>]) -> u64 {
    black_box("analyse_standard");
    analyse(analyser, contents)
}

#[inline(never)]
fn counted_analyse_full(analyser: &mut Analyser, contents: &[Vec<u8>]) -> u64 {
    black_box("analyse_full");
    analyse(analyser, contents)
}

#[inline(never)]
fn counted_analyse_damaged(analyser: &mut Analyser, contents: &[Vec<u8>]) -> u64 {
    black_box("analyse_damaged");
    analyse(analyser, contents)
}

#[inline(never)]
fn counted_encode(rows: &[FileRows], buffers: &mut [CopyBuffer; 2]) -> u64 {
    black_box("encode");
    encode(black_box(rows), buffers)
}

/// Notes of all contents.
fn analyse(analyser: &mut Analyser, contents: &[Vec<u8>]) -> u64 {
    let readings = contents.iter().filter_map(|content| analyser.read(black_box(content)).ok());
    readings.map(|reading| u64::from(reading.metadata.n_notes.unsigned_abs())).sum()
}

/// Bytes of all rows.
fn encode(rows: &[FileRows], [files, metadata]: &mut [CopyBuffer; 2]) -> u64 {
    files.clear();
    metadata.clear();
    for row in rows {
        files.push::<FileRow>(&row.file);
        metadata.push::<MetadataRow>(&row.metadata);
    }
    (files.finish().len() + metadata.finish().len()) as u64
}
