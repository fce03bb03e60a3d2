//! The project's figures: each measurement that judges a promise, by its name, all in one program, because building one takes
//! minutes.
//!
//! `cargo bench --bench figures -- NAME [OPTIONS]`; `--help` lists them. `scripts/benchmarks.sh` runs all of them and writes
//! what they print into `docs/benchmarks.md`. Chooses; measures nothing itself.

mod figures {
    pub(crate) mod analysis;
    pub(crate) mod archives;
    pub(crate) mod catalog;
    pub(crate) mod check;
    pub(crate) mod end_to_end;
    pub(crate) mod import;
    pub(crate) mod memory;
    pub(crate) mod mixed;
    pub(crate) mod modes;
    pub(crate) mod rescan;
}
mod measuring;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use figures::{analysis, archives, catalog, check, end_to_end, import, memory, mixed, modes, rescan};

/// Measures one thing, prints a Markdown table and what of the promises is kept; ends with 1 if one that is enforced is
/// broken.
#[derive(Debug, Parser)]
struct Command {
    #[command(subcommand)]
    measurement: Measurement,
    /// Given by cargo
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Debug, Subcommand)]
enum Measurement {
    /// Whole imports beside the floor and beside a Python pipeline: levels, modes, writers, threads, batches
    EndToEnd(end_to_end::Options),
    /// The promised import: 100,000 files of 20 KB in zips
    Import(import::Options),
    /// Ways of storing: modes, the best that can be built, the usual recipe
    Modes(modes::Options),
    /// The readers beside the bare libraries
    Archives(archives::Options),
    /// All kinds of archives at once: are all cores busy?
    Mixed(mixed::Options),
    /// The analysis beside a bare walk over the events
    Analysis(analysis::Options),
    /// The map of known contents
    Memory,
    /// What is there already: nothing changed, little changed
    Rescan(rescan::Options),
    /// Asking for known files beside reading them
    Check(check::Options),
    /// Batches beside single rows, for programs that embed the library
    Catalog(catalog::Options),
}

fn main() -> Result<ExitCode> {
    let verdict = measure(&Command::parse().measurement)?;
    // Whoever writes it into a page can tell a broken promise from a measurement that broke off.
    println!("measured in full");
    Ok(verdict)
}

fn measure(measurement: &Measurement) -> Result<ExitCode> {
    match measurement {
        Measurement::EndToEnd(options) => end_to_end::measure(options),
        Measurement::Import(options) => import::measure(options),
        Measurement::Modes(options) => modes::measure(options),
        Measurement::Archives(options) => archives::measure(options),
        Measurement::Mixed(options) => mixed::measure(options),
        Measurement::Analysis(options) => analysis::measure(options),
        Measurement::Memory => Ok(memory::measure()),
        Measurement::Rescan(options) => rescan::measure(options),
        Measurement::Check(options) => check::measure(options),
        Measurement::Catalog(options) => catalog::measure(options),
    }
}
