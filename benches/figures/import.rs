//! The whole way at the size that the project promises: 100,000 files of 20 KB in zips through the release binary into a
//! running private cluster, the secondary indexes included.
//!
//! `cargo bench --bench figures -- import [--files 100000 --mean-size 20000 --mode fast --beside ludicrous --rounds 3 --variants]`. Each
//! import goes into a new database and takes turns with the floor: the same zips through the bare libraries on all cores, without
//! a database. Ends with 1 if, at the promised size, it is slower or larger than promised, slower than 1.03 times the mode beside
//! it, or if any import lost something.

mod floor;
pub(crate) mod run;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use loader::sample::Container;

use self::run::{Configuration, Measured};
use crate::measuring::floor::Read;
use crate::measuring::server::Server;
use crate::measuring::{
    Series, Verdict, collection, mebibytes, megabytes, print_machine, real, seconds, timed,
};

/// The promised size and figures.
const FILES: u64 = 100_000;
const MEAN_SIZE: usize = 20_000;
const FILES_PER_SECOND: f64 = 5_000.0;
const MEGABYTES_PER_SECOND: f64 = 100.0;
const PEAK: u64 = 1 << 30;
/// What `fast` may take of the time of `ludicrous`.
const BESIDE: f64 = 1.03;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// MIDI files of the collection
    #[arg(long, default_value_t = FILES)]
    files: u64,
    /// Their mean size in bytes
    #[arg(long, default_value_t = MEAN_SIZE)]
    mean_size: usize,
    /// Files in each zip
    #[arg(long, default_value_t = 1_000)]
    files_per_archive: u64,
    /// The mode of `loader import`
    #[arg(long, default_value = "fast")]
    mode: String,
    /// Another mode that takes turns with it
    #[arg(long, value_name = "MODE")]
    beside: Option<String>,
    /// Times that everything is measured
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Also the other writer, one job, and other batch sizes
    #[arg(long)]
    variants: bool,
}

/// The runs of one configuration.
#[derive(Default)]
struct Runs {
    seconds: Series,
    indexing: Series,
    processor: Series,
    server_processor: Series,
    peak: u64,
    last: Measured,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let folder = collection::of(Container::Zip, options.files, options.mean_size, options.files_per_archive)?;
    let server = Server::start()?;
    println!("server: {}; mode {}; {} rounds", server.version()?, options.mode, options.rounds);

    let configurations = Configuration::all(&options.mode, options.beside.as_deref(), options.variants);
    let mut runs: Vec<Runs> = configurations.iter().map(|_| Runs::default()).collect();
    let (mut floor_times, mut floor) = (Series::default(), Read::default());
    for round in 1..=options.rounds {
        let (took, read) = timed(|| floor::read(&folder));
        floor = read?;
        floor_times.add(took);
        eprintln!("round {round}: floor {took:.1} s");
        for (configuration, runs) in configurations.iter().zip(&mut runs) {
            let measured = configuration.run(&server, &folder)?;
            eprintln!("round {round}: {} {:.1} s", configuration.name, seconds(measured.elapsed));
            runs.add(measured);
        }
    }

    print_floor(&floor_times, floor);
    println!(
        "| import | s (least – most) | files/s | MB/s | of it indexes s | loader CPU s | server CPU s | peak MiB | × floor |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (configuration, runs) in configurations.iter().zip(&runs) {
        runs.print(&configuration.name, floor_times.median());
    }
    let mut verdict = Verdict::default();
    for (configuration, runs) in configurations.iter().zip(&runs) {
        let (stored, members) = (runs.last.accounted(), floor.files);
        verdict.require(
            stored == members,
            &format!("{}: {stored} items accounted for, {members} members in the zips", configuration.name),
        );
    }
    if options.files >= FILES
        && options.mean_size >= MEAN_SIZE
        && let Some(promised) = runs.first()
    {
        promised.judge(&mut verdict);
        if let (Some(mode), Some(beside)) = (&options.beside, runs.get(1)) {
            let ratio = promised.seconds.median() / beside.seconds.median();
            let what = format!("{} / {mode}: {ratio:.3}, at most {BESIDE} promised", options.mode);
            verdict.require(ratio <= BESIDE, &what);
        }
    }
    Ok(verdict.exit())
}

fn print_floor(times: &Series, read: Read) {
    println!(
        "floor (inflate, BLAKE3, walk over {:.0} M events): {:.2} s ({:.2} – {:.2}), {:.0} files/s, {:.0} MB/s",
        real(read.events) / 1e6,
        times.median(),
        times.least(),
        times.most(),
        real(read.files) / times.median(),
        megabytes(read.bytes) / times.median(),
    );
}

impl Runs {
    fn add(&mut self, measured: Measured) {
        self.seconds.add(seconds(measured.elapsed));
        self.indexing.add(measured.indexing);
        self.processor.add(measured.usage.processor);
        self.server_processor.add(measured.server_processor);
        self.peak = self.peak.max(measured.usage.peak);
        self.last = measured;
    }

    fn files_per_second(&self) -> f64 {
        real(self.last.files()) / self.seconds.median()
    }

    fn megabytes_per_second(&self) -> f64 {
        megabytes(self.last.extracted_bytes) / self.seconds.median()
    }

    fn print(&self, name: &str, floor: f64) {
        println!(
            "| {name} | {:.1} ({:.1} – {:.1}) | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} | {:.0} | {:.2} |",
            self.seconds.median(),
            self.seconds.least(),
            self.seconds.most(),
            self.files_per_second(),
            self.megabytes_per_second(),
            self.indexing.median(),
            self.processor.median(),
            self.server_processor.median(),
            mebibytes(self.peak),
            self.seconds.median() / floor,
        );
    }

    fn judge(&self, verdict: &mut Verdict) {
        let (files, bytes) = (self.files_per_second(), self.megabytes_per_second());
        verdict.require(
            files >= FILES_PER_SECOND,
            &format!("{files:.0} files/s, at least {FILES_PER_SECOND} promised"),
        );
        verdict.require(
            bytes >= MEGABYTES_PER_SECOND,
            &format!("{bytes:.0} MB/s, at least {MEGABYTES_PER_SECOND} promised"),
        );
        verdict.require(
            self.peak < PEAK,
            &format!("a peak of {:.0} MiB, less than {:.0} promised", mebibytes(self.peak), mebibytes(PEAK)),
        );
    }
}
