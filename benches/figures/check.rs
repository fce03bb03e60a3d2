//! Asking whether 41,000 files are there already, against reading and digesting them: loose, and in 200 archives.
//!
//! `cargo bench --bench figures -- check [--files 41000 --mean-size 20000 --rounds 3]`. Both sides read the same files, from the
//! page cache, on the same number of threads, in turn; the floor asks nobody. Imports the collection first, into a private
//! cluster of its own. Ends with 1 if a check of known files takes longer than the floor; what it takes to read them all the same
//! (`--verify`, or copies of them elsewhere) is printed beside it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, anyhow, ensure};
use clap::Args;
use libdeflater::Decompressor;
use loader::archive::Limits;
use loader::check::{self, CheckReport, CheckSettings, Library};
use loader::discover::Roots;
use loader::mapping::MapPolicy;
use loader::pipeline::Stop;
use loader::priority::Priority;
use loader::sample::Container;
use loader::server::connect::{Origin, Target};

use crate::figures::import::run::Configuration;
use crate::measuring::floor::{self, Read};
use crate::measuring::server::Server;
use crate::measuring::{Series, Verdict, collection, print_machine, real, timed};

/// Files that the promise is about: with fewer it is starting that is measured.
const FILES: u64 = 41_000;

/// What a check may take, in multiples of the floor.
const ALLOWED: f64 = 1.0;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// MIDI files of each collection
    #[arg(long, default_value_t = FILES)]
    files: u64,
    /// Their mean size in bytes
    #[arg(long, default_value_t = 20_000)]
    mean_size: usize,
    /// Repetitions
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    print_machine();
    let server = Server::start()?;
    println!("{}; {} files of {} bytes", server.version()?, options.files, options.mean_size);
    println!("| files | floor s | check s | check/floor | read all the same s | known |");
    println!("|---|---:|---:|---:|---:|---:|");
    let mut verdict = Verdict::default();
    for (name, container, each) in [
        ("loose", Container::Loose, options.files),
        ("in 200 zips", Container::Zip, options.files.div_ceil(200)),
    ] {
        let folder = collection::of(container, options.files, options.mean_size, each)?;
        let configuration = Configuration::all("normal", None, false);
        configuration.first().context("a configuration")?.run(&server, &folder)?;
        let url = server.url();
        let paths = all_files(&folder)?;
        let (mut least, mut took, mut reading, mut known) =
            (Series::default(), Series::default(), Series::default(), 0);
        // The first round warms the page cache and the server's.
        for round in 0..=options.rounds {
            let (floor, read) = timed(|| digest_all(&paths, threads));
            let (check, report) = timed(|| ask(&url, &folder, threads, false));
            let report = report?;
            let (all, read_report) = timed(|| ask(&url, &folder, threads, true));
            ensure!(read_report? == report, "{name}: reading finds something else");
            ensure!(report.new + report.near == 0, "{name}: something is not known: {report:?}");
            ensure!(read?.files >= report.known, "the floor reads as many");
            if round > 0 {
                least.add(floor);
                took.add(check);
                reading.add(all);
                known = report.known;
            }
        }
        let ratio = took.median() / least.median();
        println!(
            "| {name} | {:.2} | {:.2} | {ratio:.2} | {:.2} | {known} |",
            least.median(),
            took.median(),
            reading.median()
        );
        let what = format!(
            "{name}: {ratio:.2} times as long as reading and digesting, {ALLOWED} allowed; {:.0} files/s",
            real(known) / took.median()
        );
        if options.files >= FILES {
            verdict.require(ratio <= ALLOWED, &what);
        } else {
            let why = format!("with {} files it is starting that is measured", options.files);
            verdict.pass(&what, &why);
        }
    }
    Ok(verdict.exit())
}

/// A check as the program does it, from its connection on.
fn ask(url: &str, folder: &Path, threads: usize, verify: bool) -> Result<CheckReport> {
    let settings = CheckSettings {
        roots: Some(Roots::resolve(&[folder.to_owned()]).map_err(|error| anyhow!("{error}"))?),
        standard_input: false,
        verify,
        jobs: threads,
        limits: Limits::default(),
        map_policy: MapPolicy::Auto,
        priority: Priority::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let target = Target::from_url(url, Origin::Flag).map_err(|error| anyhow!("{error}"))?;
    let library =
        runtime.block_on(Library::open(&target, threads, 0.8, 1)).map_err(|error| anyhow!("{error}"))?;
    check::run(&settings, &library, &Stop::default(), &|_| Ok(())).map_err(|error| anyhow!("{error}"))
}

/// Reads all files through the bare libraries, and digests what is in them.
fn digest_all(paths: &[PathBuf], threads: usize) -> Result<Read> {
    let next = AtomicUsize::new(0);
    let read = || -> Result<Read> {
        let (mut total, mut inflater, mut buffer) = (Read::default(), Decompressor::new(), Vec::new());
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            let bytes = fs_err::read(path)?;
            if bytes.starts_with(b"PK") {
                floor::zip(&bytes, &mut inflater, &mut buffer, |content| total.digest(content))?;
            } else {
                total.digest(&bytes);
            }
        }
        Ok(total)
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..threads).map(|_| scope.spawn(read)).collect();
        let read =
            readers.into_iter().map(|reader| reader.join().map_err(|_| anyhow!("a reader panicked"))?);
        read.into_iter().try_fold(Read::default(), |total, read| Ok(total.and(read?)))
    })
}

fn all_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = walkdir::WalkDir::new(folder).into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(entries
        .into_iter()
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect())
}
