//! Whole imports beside the floor and beside a Python pipeline, all in turn: every analysis, mode and writer, threads from
//! one to twice the cores, batch sizes, warm and cold.
//!
//! `scripts/bench.sh` builds and calls it, and writes what it prints into `docs/benchmarks.md`. Each import goes into a new
//! database of a private cluster, from the start of the program to its end, indexes and statistics included; before and
//! after each round comes the floor, and a side's share of the floor is taken from its own round. Ends with 1 if a promise
//! that can be judged is broken.

mod cold;
mod folder;
mod pipeline;
mod side;
mod variants;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Args;

use self::folder::{Floor, Folder};
use self::pipeline::Pipeline;
use self::side::{Role, Side};
use self::variants::Variant;
use crate::figures::import::run::Measured;
use crate::measuring::server::Server;
use crate::measuring::{Verdict, collection, floor, megabytes, print_machine, real, seconds, timed};

/// Files of the generated collection, and how many there must be to judge by: with few, it is starting and ending that is
/// measured.
const FILES: u64 = 50_000;
const ENOUGH: u64 = 20_000;

/// What is promised.
const BASIC: f64 = 0.7;
const STANDARD: f64 = 0.55;
const TIMES_PYTHON: f64 = 7.0;

/// The share of a corpus that the floor may leave out.
const LEFT_OUT: f64 = 0.01;

/// The share of the archives that may stay in memory where they are called cold.
const STAYS: f64 = 0.05;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// MIDI files of the generated collection
    #[arg(long, default_value_t = FILES)]
    files: u64,
    /// Files in each zip
    #[arg(long, default_value_t = 1_000)]
    files_per_archive: u64,
    /// A folder of your own instead: zips and bare files
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Times that everything is measured
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Only the imports whose name contains this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Another build of loader
    #[arg(long, value_name = "FILE", default_value = env!("CARGO_BIN_EXE_loader"))]
    loader: PathBuf,
    /// A Python with symusic, psycopg and blake3, for the pipeline to compare with
    #[arg(long, value_name = "FILE")]
    python: Option<PathBuf>,
}

/// All that is compared.
struct Comparison {
    folder: Folder,
    path: PathBuf,
    server: Server,
    loader: PathBuf,
    /// What counts: walking over the events as quickly as the compiler can.
    floor: Side,
    /// The same, looking at each event.
    looking: Side,
    /// The same as the floor, from the disk; where that can be measured.
    cold: Option<Side>,
    last: Floor,
    /// Members that the first import accounted for.
    accounted: u64,
    pipeline: Option<(Pipeline, Side)>,
    variants: Vec<Variant>,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    let path = match &options.corpus {
        Some(path) => path.clone(),
        None => collection::promised(options.files, options.files_per_archive)?,
    };
    let folder = Folder::of(&path)?;
    ensure!(!folder.files().is_empty(), "there is no file in {}", path.display());
    let forgotten = cold::forget(folder.files());
    let is_cold = forgotten.is_some_and(|left| left < STAYS);
    let server = Server::start()?;
    print_machine();
    println!("server: {}; {} rounds", server.version()?, options.rounds);
    let mut comparison = Comparison {
        server,
        loader: options.loader.clone(),
        floor: Side::new("the floor, all cores, no database", Role::Floor),
        looking: Side::new("the floor, looking at each event", Role::Other),
        cold: is_cold.then(|| Side::new("the floor, cold", Role::Other)),
        last: Floor::default(),
        accounted: 0,
        pipeline: options.python.clone().map(|python| {
            (
                Pipeline { python },
                Side::new("Python: zipfile, symusic, COPY, 15 indexes, all cores", Role::Pipeline),
            )
        }),
        variants: Variant::all(cores(), options.only.as_deref(), is_cold),
        folder,
        path,
    };
    comparison.warm_up()?;
    comparison.print_corpus(options.corpus.is_some(), forgotten);
    for round in 1..=options.rounds {
        comparison.run(round)?;
    }
    comparison.print();
    Ok(comparison.judge(options.corpus.is_none()))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Comparison {
    /// Brings everything into memory, and finds out what there is.
    fn warm_up(&mut self) -> Result<()> {
        self.last = self.folder.read(floor::walk_events)?;
        Ok(())
    }

    fn print_corpus(&self, is_own: bool, forgotten: Option<f64>) {
        let read = self.last.read;
        println!(
            "corpus: {}, {} files of {:.1} KB on average in {} files of {:.0} MB, {:.0} M events; {} left out of the floor",
            if is_own { "a folder of one's own" } else { "generated, 10 to 120 KB" },
            read.files,
            real(read.bytes) / real(read.files) / 1e3,
            self.folder.files().len(),
            megabytes(self.folder.bytes),
            real(read.events) / 1e6,
            self.last.left_out,
        );
        match forgotten {
            Some(left) if left < STAYS => {}
            Some(left) => {
                println!("cold: NOT MEASURED, {:.0} % of the archives stay in memory", 100.0 * left);
            }
            None => println!("cold: NOT MEASURED, for that takes dd (GNU) and fincore (util-linux)"),
        }
        println!();
    }

    /// Everything once, in turn. The floor of a round is the mean of the one before it and the one after it.
    fn run(&mut self, round: u32) -> Result<()> {
        let say = |name: &str, took: f64| eprintln!("round {round}: {name} {took:.2} s");
        let mut cold = None;
        if self.cold.is_some() {
            cold::forget(self.folder.files());
            let (took, read) = self.time_floor(floor::walk_events)?;
            say("floor, cold", took);
            self.last = read;
            cold = Some(took);
        }
        let (before, _) = self.time_floor(floor::walk_events)?;
        say("floor", before);
        let mut imports = Vec::new();
        for variant in &self.variants {
            if variant.is_cold {
                cold::forget(self.folder.files());
            }
            let measured = variant.configuration.run_by(&self.loader, &self.server, &self.path)?;
            say(&variant.side.name, seconds(measured.elapsed));
            imports.push(measured);
        }
        let python = match &self.pipeline {
            Some((pipeline, side)) => {
                let (took, done) = pipeline.run(&self.server, &self.path)?;
                say(&side.name, took);
                Some((took, done))
            }
            None => None,
        };
        let (looking, _) = self.time_floor(floor::look_at_events)?;
        let (after, read) = self.time_floor(floor::walk_events)?;
        say("floor", after);
        let mean = f64::midpoint(before, after);
        self.last = read;
        let floors = [
            (Some(&mut self.floor), Some(mean)),
            (Some(&mut self.looking), Some(looking)),
            (self.cold.as_mut(), cold),
        ];
        for (side, took) in floors {
            if let Some((side, took)) = side.zip(took) {
                side.add(took, mean);
                (side.files, side.bytes) = (read.read.files, read.read.bytes);
            }
        }
        self.accounted = imports.first().map_or(0, Measured::accounted);
        for (variant, measured) in self.variants.iter_mut().zip(imports) {
            let side = &mut variant.side;
            side.add(seconds(measured.elapsed), mean);
            side.processor.add(measured.usage.processor);
            side.server_processor.add(measured.server_processor);
            side.peak = side.peak.max(measured.usage.peak);
            (side.files, side.bytes) = (measured.files(), measured.extracted_bytes);
        }
        if let Some(((_, side), (took, done))) = self.pipeline.as_mut().zip(python) {
            side.add(took, mean);
            (side.files, side.bytes) = (done.files, done.bytes);
        }
        Ok(())
    }

    fn time_floor(&self, walk: fn(&[u8]) -> u64) -> Result<(f64, Floor)> {
        let (took, read) = timed(|| self.folder.read(walk));
        Ok((took, read?))
    }

    fn print(&self) {
        Side::print_head();
        [Some(&self.floor), Some(&self.looking), self.cold.as_ref()]
            .into_iter()
            .flatten()
            .for_each(Side::print);
        self.variants.iter().for_each(|variant| variant.side.print());
        if let Some((_, side)) = &self.pipeline {
            side.print();
        }
        println!();
        for side in [Role::Basic, Role::Standard].into_iter().filter_map(|role| self.side(role)) {
            self.print_bound(side);
        }
    }

    /// What part of the floor could be reached at all beside what the server does on the same cores.
    fn print_bound(&self, side: &Side) {
        let (floor, server) = (self.floor.seconds.median(), side.server_processor.median());
        let least = floor + server / real(cores() as u64);
        println!(
            "bound: beside the server's {server:.1} s of {}, an import that costs no more than the floor would be at {:.2} of it",
            side.name,
            floor / least
        );
    }

    fn side(&self, role: Role) -> Option<&Side> {
        self.variants.iter().map(|variant| &variant.side).find(|side| side.role == role)
    }

    /// Whether every import stored the same, and what is promised of speed is kept.
    fn judge(&self, is_generated: bool) -> ExitCode {
        let mut verdict = Verdict::default();
        if is_generated && !self.variants.is_empty() {
            let (read, accounted) = (self.last.read.files, self.accounted);
            verdict.require(read == accounted, &format!("{accounted} of {read} members accounted for"));
        }
        let mut sides = self.variants.iter().map(|variant| &variant.side);
        if let Some(first) = sides.next() {
            let differing: Vec<_> =
                sides.filter(|side| side.files != first.files).map(|side| &side.name).collect();
            let what = match differing.as_slice() {
                [] => format!("every import stored the same {} files", first.files),
                _ => format!("not every import stored {} files: {differing:?}", first.files),
            };
            verdict.require(differing.is_empty(), &what);
        }
        let read = self.last.read.files;
        let left_out = real(self.last.left_out) / real(read + self.last.left_out);
        let mut promises = Vec::new();
        for (role, name, least) in [(Role::Basic, "basic", BASIC), (Role::Standard, "standard", STANDARD)] {
            if let Some(side) = self.side(role) {
                let ratio = side.ratios.median();
                promises.push((ratio >= least, format!("{name} {ratio:.3} of the floor, {least} promised")));
            }
        }
        if let Some((basic, (_, python))) = self.side(Role::Basic).zip(self.pipeline.as_ref()) {
            let times = basic.files_per_second() / python.files_per_second();
            let what = format!("basic {times:.1} times the Python pipeline, {TIMES_PYTHON} promised");
            promises.push((times >= TIMES_PYTHON, what));
        } else {
            println!("NOT MEASURED: the Python pipeline");
        }
        let why_not = if read < ENOUGH {
            Some(format!("with {read} files it is starting and ending that is measured; {ENOUGH} are needed"))
        } else if left_out > LEFT_OUT {
            Some(format!("the floor left out {:.0} % of the corpus", 100.0 * left_out))
        } else {
            None
        };
        for (holds, what) in promises {
            match &why_not {
                None => verdict.require(holds, &what),
                Some(why) => verdict.pass(&what, why),
            }
        }
        verdict.exit()
    }
}
