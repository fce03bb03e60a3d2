//! One import by the release binary: how it is configured, what it took, what it reported.
//!
//! Starts the program as a user would and reads its JSON report; looks into no database.
#![allow(dead_code, reason = "each measurement uses its own part")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::measuring::process::Usage;
use crate::measuring::server::Server;

/// Finished, with refusals: a collection has its share of damaged files.
const REJECTS: i32 = 3;

/// A way to call `loader import`.
pub(crate) struct Configuration {
    /// What it is called in the table.
    pub(crate) name: String,
    mode: String,
    arguments: Vec<String>,
}

/// What an import took and did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// From the start of the program to its end.
    pub(crate) elapsed: Duration,
    /// Seconds of it in which the secondary indexes were built.
    pub(crate) indexing: f64,
    /// Memory and processor time of the program, without the server's.
    pub(crate) usage: Usage,
    /// Seconds of processor time of the server.
    pub(crate) server_processor: f64,
    /// Bytes of MIDI after decompression.
    pub(crate) extracted_bytes: u64,
    report: Report,
}

/// The part of the report that is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
struct Report {
    complete: bool,
    inserted: u64,
    duplicate: u64,
    rejected: u64,
    not_midi: u64,
    extracted_bytes: u64,
    phases: [f64; 5],
}

impl Configuration {
    /// The mode with all defaults first, then the one `beside` it; with `variants`, then one thing after the other changed.
    pub(crate) fn all(mode: &str, beside: Option<&str>, variants: bool) -> Vec<Self> {
        let defaults = std::iter::once(mode).chain(beside).map(|mode| Self {
            name: format!("{mode}: copy, all cores, batches of 3200"),
            mode: mode.to_owned(),
            arguments: Vec::new(),
        });
        let others: [&[&str]; 4] =
            [&["--writer", "unnest"], &["--jobs", "1"], &["--batch-size", "320"], &["--batch-size", "32000"]];
        let others = others.into_iter().filter(|_| variants);
        let others = others.map(|arguments| Self::of(&arguments.join(" "), mode, arguments));
        defaults.chain(others).collect()
    }

    /// A mode with these arguments, under a name.
    pub(crate) fn of(name: &str, mode: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { name: name.to_owned(), mode: mode.to_owned(), arguments }
    }

    /// Imports a folder into a new database.
    pub(crate) fn run(&self, server: &Server, folder: &Path) -> Result<Measured> {
        self.run_by(Path::new(env!("CARGO_BIN_EXE_loader")), server, folder)
    }

    /// The same by another build of the program.
    pub(crate) fn run_by(&self, program: &Path, server: &Server, folder: &Path) -> Result<Measured> {
        let url = server.fresh_database()?;
        let output = server.temporary("report.json");
        let server_before = server.processor()?;
        let began = Instant::now();
        let mut child = Command::new(program)
            .args(["import", "--yes", "--json", "--quiet", "--progress", "none", "--database-url", &url])
            .args(["--mode", &self.mode])
            .args(&self.arguments)
            .arg("--log-file")
            .arg(server.temporary("import.log"))
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(fs_err::File::create(&output)?.into_parts().0)
            .spawn()
            .context("the loader could not be started")?;
        let (status, usage) = Usage::watch(&mut child)?;
        let elapsed = began.elapsed();
        let server_processor = server.processor()? - server_before;
        ensure!(
            status.success() || status.code() == Some(REJECTS),
            "{}: the import ended with {status}",
            self.name
        );
        let report: Report = serde_json::from_slice(&fs_err::read(&output)?)?;
        ensure!(report.complete, "{}: the import did not come to its end", self.name);
        let [_, _, indexing, ..] = report.phases;
        Ok(Measured {
            elapsed,
            indexing,
            usage,
            server_processor,
            extracted_bytes: report.extracted_bytes,
            report,
        })
    }
}

impl Measured {
    /// MIDI files that were stored, new or not.
    pub(crate) const fn files(&self) -> u64 {
        self.report.inserted + self.report.duplicate
    }

    /// Members of archives that are accounted for.
    pub(crate) const fn accounted(&self) -> u64 {
        self.files() + self.report.rejected + self.report.not_midi
    }
}
