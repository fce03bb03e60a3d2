//! What a library costs that is already there: an import of the same folder again, with nothing and with little changed, as a
//! user sees it, from the start of the program to its end; the server is running.
//!
//! `cargo bench --bench figures -- rescan [--files 41000 --archives 200 --rounds 5]`. Ends with 1 if, at the promised size, any step takes
//! longer than promised.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use loader::sample::{self, Container, SampleOptions};

use crate::measuring::server::Server;
use crate::measuring::{Series, Verdict, print_machine, timed};

/// The promised size and figures, in seconds.
const FILES: u64 = 41_000;
const FIRST: f64 = 10.0;
const UNCHANGED_LOOSE: f64 = 0.5;
const UNCHANGED_ARCHIVES: f64 = 0.1;
const LITTLE_CHANGED: f64 = 1.0;

/// What the measurement takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// MIDI files of each collection
    #[arg(long, default_value_t = FILES)]
    files: u64,
    /// Their mean size in bytes
    #[arg(long, default_value_t = 20_000)]
    mean_size: usize,
    /// Archives of the collection that is not loose
    #[arg(long, default_value_t = 200)]
    archives: u64,
    /// Times that each rescan is measured
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

pub(crate) fn measure(options: &Options) -> Result<ExitCode> {
    print_machine();
    let server = Server::start()?;
    println!("server: {}; {} rounds", server.version()?, options.rounds);
    println!("| {} files | s, median (least – most) |", options.files);
    println!("|---|---:|");
    let mut verdict = Verdict::default();
    let is_promised = options.files == FILES;
    let mut judge = |what: &str, series: &Series, most: f64| {
        println!("| {what} | {:.2} ({:.2} – {:.2}) |", series.median(), series.least(), series.most());
        if is_promised {
            verdict.require(series.median() <= most, &format!("{what}: at most {most} s promised"));
        }
    };
    for (container, word, most) in
        [(Container::Loose, "loose", UNCHANGED_LOOSE), (Container::Zip, "in archives", UNCHANGED_ARCHIVES)]
    {
        let folder = tempfile::tempdir()?;
        write(options, container, folder.path())?;
        let url = server.fresh_database()?;
        let run = || import(&server, &url, folder.path());
        let mut first = Series::default();
        first.add(run()?);
        judge(&format!("first import, {word}"), &first, FIRST);
        let mut unchanged = Series::default();
        for _ in 0..options.rounds {
            unchanged.add(run()?);
        }
        judge(&format!("nothing changed, {word}"), &unchanged, most);
        if container == Container::Loose {
            let mut little = Series::default();
            for round in 0..options.rounds {
                change_little(folder.path(), u64::from(round))?;
                little.add(run()?);
            }
            judge("200 added, 200 touched, 10 deleted, loose", &little, LITTLE_CHANGED);
        }
    }
    Ok(verdict.exit())
}

fn write(options: &Options, container: Container, folder: &Path) -> Result<()> {
    let options = SampleOptions {
        files: options.files,
        mean_size: options.mean_size,
        damaged: 0.0,
        clutter: 0.0,
        layout: vec![container],
        files_per_archive: if container == Container::Loose {
            1_000
        } else {
            options.files.div_ceil(options.archives)
        },
        ..SampleOptions::default()
    };
    sample::write(&options, folder)?;
    Ok(())
}

/// Runs the program as a user would; seconds from its start to its end.
fn import(server: &Server, url: &str, folder: &Path) -> Result<f64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
    command
        .args(["import", "--quiet", "--progress", "none", "--database-url", url, "--log-file"])
        .arg(server.temporary("rescan.log"))
        .arg(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let (took, status) = timed(|| command.status());
    let status = status.context("the loader could not be started")?;
    ensure!(status.success(), "the import ended with {status}");
    Ok(took)
}

/// Adds 200 files, touches 200 and deletes 10.
fn change_little(folder: &Path, round: u64) -> Result<()> {
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let added = folder.join(format!("added {round}"));
    fs_err::create_dir(&added)?;
    for number in 0..200 {
        fs_err::write(added.join(format!("{number}.mid")), sample::midi(900 + round, number, 20_000))?;
    }
    let time = SystemTime::now() + Duration::from_secs(round);
    for path in files.iter().step_by(files.len().div_ceil(200).max(1)) {
        fs_err::OpenOptions::new().write(true).open(path)?.into_parts().0.set_modified(time)?;
    }
    for path in files.iter().skip(1).step_by(files.len().div_ceil(10).max(1)) {
        fs_err::remove_file(path)?;
    }
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
