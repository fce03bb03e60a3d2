//! One folder with archives of every kind through the pipeline: are all cores busy to the end?
//!
//! `cargo bench --bench figures -- mixed [--files 40000 --mean-size 20000 --rounds 3]`. The rows go to a library in memory, so that
//! the processor time is the reading's alone. Ends with 1 if the wall time is more than 1.15 times what the processor time
//! divided by the cores, or the longest stream that only one thread can decode, takes; or if an entry is lost.

mod corpus;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use loader::archive::Limits;
use loader::discover::Roots;
use loader::mapping::MapPolicy;
use loader::midi::AnalysisLevel;
use loader::pipeline::{Asked, Inputs, Knowledge, Pipeline, PipelineSettings, SeenContents, Stop};
use loader::priority::Priority;
use loader::progress::Counters;
use loader::sink::MemorySink;
use loader::storage::AccessPolicy;
use loader::writer::BatchLimits;

use crate::measuring::process::family_processor;
use crate::measuring::{Series, Verdict, print_machine, real, timed};

const ALLOWED: f64 = 1.15;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// MIDI files in each archive; the zip has twice as many
    #[arg(long, default_value_t = 40_000)]
    files: u64,
    /// Their mean size in bytes
    #[arg(long, default_value_t = 20_000)]
    mean_size: usize,
    /// Times that everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
}

/// One reading of everything.
struct Measured {
    wall: f64,
    processor: f64,
    files: u64,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let corpus = corpus::of(options.files, options.mean_size)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    // What only one thread can decode: one gzip, one lzma and one Zstandard frame each.
    let longest = corpus.sequential_streams()?;
    for (name, seconds) in &longest {
        println!("one thread decodes {name} in {seconds:.1} s");
    }
    let longest = longest.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    let (mut ratios, mut last) = (Series::default(), None);
    println!("| round | wall s | processor s | longest stream s | files/s | wall / bound |");
    println!("|---:|---:|---:|---:|---:|---:|");
    for round in 1..=options.rounds {
        let measured = read(&corpus.folder, cores)?;
        let bound = (measured.processor / real(cores as u64)).max(longest);
        ratios.add(measured.wall / bound);
        println!(
            "| {round} | {:.1} | {:.1} | {longest:.1} | {:.0} | {:.3} |",
            measured.wall,
            measured.processor,
            real(measured.files) / measured.wall,
            measured.wall / bound,
        );
        last = Some(measured);
    }
    let mut verdict = Verdict::default();
    if let Some(last) = last {
        verdict.require(
            last.files == corpus.files,
            &format!("{} of {} files were read", last.files, corpus.files),
        );
        if last.wall < 60.0 {
            println!("note: this took less than a minute; the figure is meant for a minute or more");
        }
    }
    let ratio = ratios.median();
    verdict.require(ratio <= ALLOWED, &format!("{ratio:.3} times the bound, {ALLOWED} allowed"));
    Ok(verdict.exit())
}

/// Reads the folder into a library in memory.
fn read(folder: &Path, cores: usize) -> Result<Measured> {
    let settings = PipelineSettings {
        run_id: 1,
        jobs: cores,
        memory: 512 << 20,
        batch: BatchLimits::default(),
        map_policy: MapPolicy::Auto,
        access: AccessPolicy::default(),
        priority: Priority::default(),
        asked: Asked::all(AnalysisLevel::Standard),
        limits: Limits::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let before = family_processor(std::process::id());
    let (wall, files) = timed(|| {
        runtime.block_on(async {
            let inputs = Inputs { roots: Some(Roots::resolve(&[folder.to_owned()])?), ..Inputs::default() };
            let knowledge =
                Knowledge { sources: Arc::default(), contents: Arc::new(SeenContents::default()) };
            let library = MemorySink::default();
            let sinks = (library.clone(), vec![library.clone(), library.clone()]);
            let counters = Arc::new(Counters::default());
            let stop = Arc::new(Stop::default());
            let pipeline = Pipeline::start(&settings, inputs, knowledge, sinks.1.len(), counters, stop)?;
            pipeline.run(sinks).await?;
            anyhow::Ok(library.library().locations.len() as u64)
        })
    });
    let processor = family_processor(std::process::id()) - before;
    Ok(Measured { wall, processor, files: files? })
}
