//! Batches of the catalog against the same row by row: insert, update, look-up by path, look-up by digest.
//!
//! `cargo bench --bench figures -- catalog [--contents 6000 --rounds 3]`. Row by row means what a program without batches does: one
//! statement for each row, prepared once, each committed by itself. Both sides work on the same contents in the same
//! private cluster, in turn. Ends with 1 if a batch is not as many times faster as promised.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use clap::Args;
use loader::batch::{FileRows, Finding, Item};
use loader::catalog::{Catalog, CatalogSettings, Original};
use loader::digest::Digest;
use loader::error::Error;
use loader::midi::{Analyser, AnalysisLevel};
use loader::sample;
use loader::server::connect::{self, Origin, Target};
use loader::server::schema;
use loader::writer::BatchLimits;

use crate::measuring::server::Server;
use crate::measuring::{Series, Verdict, print_machine, real};

/// What was promised: how many times faster.
const PROMISED: [(&str, f64); 4] =
    [("insert", 10.0), ("update", 10.0), ("look-up by path", 5.0), ("look-up by digest", 10.0)];

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Contents of each round
    #[arg(long, default_value_t = 6_000)]
    contents: u64,
    /// Repetitions
    #[arg(long, default_value_t = 3)]
    rounds: u64,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let server = Server::start()?;
    println!("{}; {} contents, {} rounds", server.version()?, options.contents, options.rounds);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut figures = [(); 4].map(|()| (Series::default(), Series::default()));
    for round in 0..options.rounds {
        let url = server.fresh_database()?;
        let measured = runtime.block_on(round_of(&url, round, options.contents))?;
        for ((batches, rows), (by_batch, by_row)) in figures.iter_mut().zip(measured) {
            batches.add(by_batch);
            rows.add(by_row);
        }
    }
    println!("| what | rows/s one by one | rows/s in batches | ratio |");
    println!("|---|---:|---:|---:|");
    let mut verdict = Verdict::default();
    for ((what, promised), (batches, rows)) in PROMISED.into_iter().zip(&figures) {
        let ratio = rows.median() / batches.median();
        let rate = |series: &Series| real(options.contents) / series.median();
        println!("| {what} | {:.0} | {:.0} | {ratio:.1} |", rate(rows), rate(batches));
        verdict.require(ratio >= promised, &format!("{what}: {ratio:.1} times as fast, {promised} promised"));
    }
    Ok(verdict.exit())
}

/// Seconds in batches and one by one, for each of [`PROMISED`].
async fn round_of(url: &str, round: u64, contents: u64) -> Result<[(f64, f64); 4]> {
    let target = Target::from_url(url, Origin::Flag).map_err(failed)?;
    let mut connection = connect::connect(&target, "loader bench").await.map_err(failed)?;
    schema::migrate(&mut connection).await.map_err(failed)?;
    let open = async |items| {
        let settings = CatalogSettings {
            batch: BatchLimits { items, ..BatchLimits::default() },
            look_up: if items == 1 { 1 } else { CatalogSettings::default().look_up },
            ..CatalogSettings::default()
        };
        Catalog::open(target.clone(), settings).await.map_err(failed)
    };
    let (mut batches, mut single) = (open(BatchLimits::default().items).await?, open(1).await?);
    let run = batches.run_id().await.map_err(failed)?;
    // Two halves of the same kind, so that neither side meets the other's rows.
    let ours = prepared(run, 2 * round, contents);
    let theirs = prepared(run, 2 * round + 1, contents);

    let began = Instant::now();
    let outcome = batches.insert(ours.items.clone()).await.map_err(failed)?;
    let insert = began.elapsed().as_secs_f64();
    ensure!(outcome.inserted == contents && outcome.refused.is_empty(), "{outcome:?}");
    let began = Instant::now();
    for item in theirs.items.clone() {
        ensure!(single.insert(vec![item]).await.map_err(failed)?.inserted == 1);
    }
    let insert_rows = began.elapsed().as_secs_f64();
    sqlx::query("ANALYZE").execute(&mut connection).await?;

    let began = Instant::now();
    ensure!(batches.update(ours.changed()).await.map_err(failed)?.applied == contents);
    let update = began.elapsed().as_secs_f64();
    let began = Instant::now();
    for rows in theirs.changed() {
        ensure!(single.update(vec![rows]).await.map_err(failed)?.applied == 1);
    }
    let update_rows = began.elapsed().as_secs_f64();

    let began = Instant::now();
    ensure!(batches.by_paths(&ours.paths).await.map_err(failed)?.iter().all(Option::is_some));
    let path = began.elapsed().as_secs_f64();
    let began = Instant::now();
    ensure!(single.by_paths(&theirs.paths).await.map_err(failed)?.iter().all(Option::is_some));
    let path_rows = began.elapsed().as_secs_f64();

    let began = Instant::now();
    ensure!(batches.by_digests(&ours.digests).await.map_err(failed)?.iter().all(Option::is_some));
    let digest = began.elapsed().as_secs_f64();
    let began = Instant::now();
    ensure!(single.by_digests(&theirs.digests).await.map_err(failed)?.iter().all(Option::is_some));
    let digest_rows = began.elapsed().as_secs_f64();
    Ok([(insert, insert_rows), (update, update_rows), (path, path_rows), (digest, digest_rows)])
}

/// Contents, with all that is asked about them.
struct Prepared {
    items: Vec<Item>,
    paths: Vec<String>,
    digests: Vec<Digest>,
}

impl Prepared {
    /// Their rows, with another title.
    fn changed(&self) -> Vec<Arc<FileRows>> {
        let rows = self.items.iter().filter_map(|item| match &item.finding {
            Finding::New(rows, _) => Some((**rows).clone()),
            _ => None,
        });
        rows.map(|mut rows| {
            rows.metadata.metadata.title = Some("another title".to_owned());
            Arc::new(rows)
        })
        .collect()
    }
}

fn prepared(run: i32, seed: u64, contents: u64) -> Prepared {
    let mut prepared = Prepared { items: Vec::new(), paths: Vec::new(), digests: Vec::new() };
    let mut analyser = Analyser::new(AnalysisLevel::default());
    for index in 0..contents {
        let content = sample::midi(seed + 1, index, 2_000);
        let path = PathBuf::from(format!("/bench/{seed}/{index}.mid"));
        let Ok(item) = Original::bare(&path, &content).item(run, &mut analyser) else { continue };
        prepared.items.push(item);
        prepared.paths.push(path.display().to_string());
        prepared.digests.push(Digest::of(&content));
    }
    prepared
}

fn failed(error: Error) -> anyhow::Error {
    anyhow!(error)
}
