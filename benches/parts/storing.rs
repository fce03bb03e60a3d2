//! What the server does: rows by COPY and by `unnest`, building the indexes, and an import of what is known.
//!
//! Each time into a new database, whose making is not timed. The server is started at the first of them that is asked for.

use std::cell::LazyCell;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use criterion::{Criterion, SamplingMode, Throughput};
use loader::sample::Container;
use loader::server::indexes::RestoreSettings;
use loader::sink::WriterKind;

use crate::library::Library;
use crate::measuring::server::Server;
use crate::measuring::{collection, or_stop, timed, timed_async};
use crate::rows::Rows;

/// Contents of the library, and files of the folder that is looked through again.
const PAIRS: u64 = 10_000;

/// Measures them.
pub(crate) fn measure(criterion: &mut Criterion) {
    let server = LazyCell::new(|| or_stop(Server::start()));
    let rows = LazyCell::new(|| or_stop(Rows::generate(1, PAIRS, 8_000)));
    let mut group = criterion.benchmark_group("storing");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(1)).measurement_time(Duration::from_secs(4));
    group.throughput(Throughput::Elements(PAIRS));
    for (name, writer) in [("copy", WriterKind::Copy), ("unnest", WriterKind::Unnest)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| or_stop(store(&server, &rows, writer))).sum());
        });
    }
    group.bench_function("build indexes", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| or_stop(build(&server, &rows))).sum());
    });
    group.bench_function("rescan", |bencher| {
        let folder = or_stop(collection::of(Container::Loose, PAIRS, 8_000, 1_000));
        or_stop(server.fresh_database().map(|_| ()));
        or_stop(import(&server, &folder));
        bencher.iter_custom(|times| (0..times).map(|_| or_stop(import(&server, &folder))).sum());
    });
    group.finish();
}

/// The time in which two connections store the rows.
fn store(server: &Server, rows: &Rows, writer: WriterKind) -> Result<Duration> {
    let url = server.fresh_database()?;
    server.block_on(async {
        let mut library = Library::create(server, &url, rows).await?;
        library.suspend().await?;
        let (took, stored) = timed_async(library.store(rows, writer, false)).await;
        stored?;
        Ok(Duration::from_secs_f64(took))
    })
}

/// The time in which two connections build all indexes.
fn build(server: &Server, rows: &Rows) -> Result<Duration> {
    let url = server.fresh_database()?;
    server.block_on(async {
        let mut library = Library::create(server, &url, rows).await?;
        library.suspend().await?;
        library.store(rows, WriterKind::Copy, false).await?;
        let began = Instant::now();
        library.restore(RestoreSettings::default(), &[]).await?;
        Ok(began.elapsed())
    })
}

/// The time of an import by the program, from its start to its end.
fn import(server: &Server, folder: &Path) -> Result<Duration> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
    command
        .args(["import", "--quiet", "--progress", "none", "--database-url", &server.url(), "--log-file"])
        .arg(server.temporary("parts.log"))
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let (took, status) = timed(|| command.status());
    let status = status?;
    // 3: the collection has its share of damaged files.
    ensure!(matches!(status.code(), Some(0 | 3)), "the import ended with {status}");
    Ok(Duration::from_secs_f64(took))
}
