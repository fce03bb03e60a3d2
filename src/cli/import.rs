//! `loader import`: what was typed, resolved once into what it means; the run; its closing lines.

use std::path::PathBuf;
use std::sync::Arc;

use super::limits::LimitArguments;
use super::progress::Reporter;
use super::terminal::{Terminal, bytes, counted, duration, grouped};
use super::work::WorkArguments;
use super::{Everywhere, logging, plan, signals};
use crate::discover::Roots;
use crate::error::{ExitStatus, Result};
use crate::import::{Import, ImportSettings, Report};
use crate::midi::AnalysisLevel;
use crate::mode::Mode;
use crate::pipeline::{Asked, Inputs, Stop};
use crate::progress::Counters;
use crate::server::cluster::State;
use crate::server::connect::{self, Found};

/// What `loader import` takes.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArguments {
    /// Files, folders and archives; - for a stream on standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    mode: ModeArguments,
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    work: WorkArguments,
    /// How much is found out of each file
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    analysis: AnalysisLevel,
    /// Store the MD5 of each content that is new, by which other catalogues name files
    #[arg(long)]
    md5: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// What is given up for speed, and for how long.
#[derive(Debug, clap::Args)]
struct ModeArguments {
    /// What to give up for speed
    #[arg(short, long, value_enum, default_value_t)]
    mode: Mode,
    /// Begin without asking, also where the mode puts the server's data at risk
    #[arg(short, long)]
    yes: bool,
    /// Leave what the mode has changed and suspended as it is at the end, for a series of imports; the last one goes without,
    /// or is followed by: loader restore
    #[arg(long)]
    keep_mode: bool,
    /// Let ludicrous turn fsync off also where other databases, standbys or rows that are there already are put at risk
    #[arg(long)]
    accept_cluster_risk: bool,
}

impl ImportArguments {
    /// What was typed, as it is meant.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for paths that do not exist.
    pub(super) fn resolve(&self) -> Result<ImportSettings> {
        let (streams, paths): (Vec<_>, Vec<_>) =
            self.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
        let roots = if paths.is_empty() { None } else { Some(Roots::resolve(&paths)?) };
        let asked = Asked { md5: self.md5, ..Asked::all(self.analysis) };
        Ok(ImportSettings {
            inputs: Inputs { roots, standard_input: !streams.is_empty(), ..Inputs::default() },
            mode: self.mode.mode,
            keep_mode: self.mode.keep_mode,
            accept_cluster_risk: self.mode.accept_cluster_risk,
            writer: self.work.writer(),
            connections: self.work.connections(),
            pipeline: self.work.resolve(asked, &self.limits),
        })
    }
}

/// Runs the import.
///
/// # Errors
/// What made it fail.
pub(super) async fn run(
    arguments: &ImportArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let settings = arguments.resolve()?;
    let log = logging::start("import", everywhere)?;
    terminal.say(&format!("log: {}", log.display()));
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal)?;
    if let Found::Asleep(_, state) = connect::look(everywhere.database_url.as_deref())? {
        // It takes seconds, and nobody asked for it by name.
        let done = if state == State::Absent { "creating" } else { "starting" };
        terminal.say(&format!("{done} the private cluster"));
    }
    let target = connect::resolve(everywhere.database_url.as_deref()).await?;
    let counters = Arc::new(Counters::default());
    let import = Import::prepare(settings, target, Arc::clone(&counters), Arc::clone(&stop)).await?;
    let reporter = Reporter::new(everywhere, *terminal, counters);
    let mut running = None;
    let result = import
        .run(|plan| {
            plan::show(plan, terminal);
            let agreed = arguments.mode.yes || plan::is_agreed_to(plan, terminal);
            if agreed {
                running = Some(reporter.start());
            }
            agreed
        })
        .await;
    if let Some(running) = running {
        running.end().await;
    }
    if let Err(error) = &result {
        tracing::error!(%error, "the import failed");
    }
    let report = result?;
    close(&report, everywhere, terminal)?;
    Ok(match received.signal() {
        Some(signal) => ExitStatus::Signal(signal),
        None if report.rejected > 0 => ExitStatus::Rejects,
        None => ExitStatus::Success,
    })
}

/// The closing line, what to do next, and the report for programs.
fn close(report: &Report, everywhere: &Everywhere, terminal: &Terminal) -> Result<()> {
    let line = closing_line(report);
    tracing::info!("{line}");
    terminal.say(&terminal.bold(&line));
    if !report.complete {
        terminal.say("stopped before the end: run the same command again, it goes on from here");
    } else if report.rejected > 0 {
        terminal.say(&format!("what was refused, and why: loader rejects --run {}", report.run));
    } else {
        terminal.say("ask it: loader db psql");
    }
    if report.kept {
        terminal.warn("what the mode suspended and changed was left so; put it back with: loader restore");
    }
    if everywhere.json {
        terminal.print_json(report)?;
    }
    Ok(())
}

/// `Imported 1,204,331 files from 812 archives in 3m 41s (5,449/s) · 3,112 duplicates · 27 rejected`
fn closing_line(report: &Report) -> String {
    let from = if report.archives > 0 {
        counted(report.archives, "archive")
    } else {
        counted(report.sources, "source")
    };
    let mut line = format!(
        "Imported {} from {from} in {} ({:.0}/s, {}/s)",
        counted(report.inserted, "file"),
        duration(report.seconds),
        report.files_per_second,
        bytes(per_second(report.extracted_bytes, report.seconds)),
    );
    for (count, what) in [
        (report.duplicate, "duplicates"),
        (report.unchanged, "unchanged"),
        (report.not_midi, "not MIDI"),
        (report.rejected, "rejected"),
    ] {
        if count > 0 || what == "rejected" {
            line.push_str(&format!(" · {} {what}", grouped(count)));
        }
    }
    line
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for reading"
)]
fn per_second(count: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (count as f64 / seconds) as u64 } else { 0 }
}
