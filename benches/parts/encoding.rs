//! Rows into PostgreSQL's binary form, in memory.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use loader::batch::FileRows;
use loader::digest::Digest;
use loader::midi::{Analyser, AnalysisLevel};
use loader::record::{FileRow, MetadataRow};
use loader::sink::CopyBuffer;

use crate::measuring::contents;

/// Contents whose rows are encoded over and over.
const ROWS: u64 = 320;

/// Measures them.
pub(crate) fn measure(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encoding");
    for level in AnalysisLevel::ALL {
        let mut analyser = Analyser::new(level);
        let rows: Vec<_> = (0..ROWS)
            .filter_map(|index| {
                let content = contents::clean(index);
                let reading = analyser.read(&content).ok()?;
                Some(FileRows::of(&content, &Digest::of(&content), reading, 1, false))
            })
            .collect();
        group.throughput(Throughput::Elements(rows.len() as u64));
        let (mut files, mut metadata) = (CopyBuffer::default(), CopyBuffer::default());
        group.bench_function(format!("copy buffer, {}", level.word()), |bencher| {
            bencher.iter(|| {
                files.clear();
                metadata.clear();
                for row in &rows {
                    files.push::<FileRow>(&row.file);
                    metadata.push::<MetadataRow>(&row.metadata);
                }
                black_box((files.finish().len(), metadata.finish().len()))
            });
        });
    }
    group.finish();
}
