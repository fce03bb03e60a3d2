//! `loader analyze`: rows that are behind, renewed from the files they came from.

use std::sync::Arc;

use super::configuration::{Effort, Wishes};
use super::limits::LimitArguments;
use super::plan::{announce, print};
use super::progress::Reporter;
use super::terminal::{Terminal, bytes, counted, duration, further, grouped, safe, safe_line};
use super::{Everywhere, logging, signals};
use crate::error::{ExitStatus, Result};
use crate::import::rate;
use crate::pipeline::{Asked, Stop};
use crate::progress::Counters;
use crate::reanalysis::{Criteria, Plan, Reanalysis, ReanalysisSettings, Report, Selection, Why};
use crate::server::connect::{self, Target};

const EXAMPLES: &str = "\
Examples:
  loader analyze --missing                   after an update, or an import at --analysis basic
  loader analyze --missing --dry-run         how many rows are behind, and what would be read
  loader analyze --missing --analysis full   chords and loops as well
  loader analyze --missing --md5             the MD5 of everything that has none

The contents are read again where they were found: sources that have not changed since. A row that is up to date is not
touched, one that cannot be renewed stays as it was. Whatever is interrupted, the same command goes on; indexes stay.

Exit status: as for an import; 3 where some files could not be found any more or were refused.";

/// What `loader analyze` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct AnalyzeArguments {
    #[command(flatten)]
    selection: SelectionArguments,
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    wishes: Wishes,
    /// Store the MD5 of each content, by which other catalogues name files
    #[arg(long)]
    md5: bool,
    #[command(flatten)]
    limits: LimitArguments,
}

/// Which rows; one of the two, because either may read a great deal.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct SelectionArguments {
    /// Only rows of an older analysis, of a lower level, or without the MD5 that is asked
    #[arg(long)]
    missing: bool,
    /// Every row
    #[arg(long)]
    all: bool,
}

impl AnalyzeArguments {
    /// What was typed, as it is meant.
    fn resolve(&self, everywhere: &Everywhere, terminal: &Terminal) -> ReanalysisSettings {
        // Where the files lie is known when the library has been asked.
        let effort = Effort::resolve(&everywhere.configuration, &self.wishes, &[]);
        effort.announce(terminal);
        let selection = if self.selection.all { Selection::All } else { Selection::Missing };
        ReanalysisSettings {
            criteria: Criteria { selection, level: effort.analysis, md5: self.md5 },
            within: None,
            writer: effort.writer,
            connections: effort.connections,
            pipeline: effort.pipeline(Asked::all(effort.analysis), &self.limits),
        }
    }
}

/// Shows what a re-analysis would do; changes nothing.
///
/// # Errors
/// Where the library cannot be looked at.
pub(super) async fn plan(
    arguments: &AnalyzeArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let target = connect::resolve(everywhere.database()).await?;
    let plan = Plan::look(&arguments.resolve(everywhere, terminal), &target).await?;
    print(&plan, &text(&plan), everywhere, terminal)
}

/// Runs the re-analysis.
///
/// # Errors
/// What made it fail.
pub(super) async fn run(
    arguments: &AnalyzeArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let log = logging::start("analyze", everywhere)?;
    terminal.say(&format!("log: {}", log.display()));
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Stores)?;
    let target = connect::resolve(everywhere.database()).await?;
    let report = renew(arguments.resolve(everywhere, terminal), target, stop, everywhere, terminal).await?;
    if everywhere.json {
        terminal.print_json(&report)?;
    }
    Ok(match received.signal() {
        Some(signal) => ExitStatus::Signal(signal),
        None if report.not_found + report.refused > 0 => ExitStatus::Rejects,
        None => ExitStatus::Success,
    })
}

/// Runs a re-analysis, and says what it will do and what it did.
///
/// # Errors
/// What made it fail.
pub(super) async fn renew(
    settings: ReanalysisSettings,
    target: Target,
    stop: Arc<Stop>,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<Report> {
    let counters = Arc::new(Counters::default());
    let prepared = Reanalysis::prepare(settings, target, Arc::clone(&counters), stop).await?;
    let reporter = Reporter::new(everywhere, *terminal, counters);
    let mut running = None;
    let result = prepared
        .run(|plan| {
            announce(&text(plan), terminal);
            running = Some(reporter.start());
        })
        .await;
    if let Some(running) = running {
        running.end().await;
    }
    if let Err(error) = &result {
        tracing::error!(%error, "the analysis failed");
    }
    let report = result?;
    close(&report, terminal);
    Ok(report)
}

fn text(plan: &Plan) -> String {
    let mut read = format!(
        "{}, {}; {} gone or changed",
        counted(plan.sources as u64, "source"),
        bytes(plan.source_bytes),
        grouped(plan.sources_away as u64)
    );
    if plan.not_found > 0 {
        read.push_str(&format!("; {} cannot be found again", counted(plan.not_found as u64, "file")));
    }
    if plan.in_streams > 0 {
        read.push_str(&format!(", {} of them came by streams", grouped(plan.in_streams as u64)));
    }
    let lines = [
        ("database", format!("{} ({})", safe(&plan.database), plan.database_from)),
        ("analyse", format!("{}: {}", counted(plan.wanted as u64, "file"), plan.criteria.words())),
        ("to read", read),
        (
            "work",
            format!(
                "{} tasks, {} connections, {} rows a batch, {} MiB of memory",
                plan.jobs,
                plan.connections,
                grouped(plan.batch_size as u64),
                plan.memory >> 20
            ),
        ),
        ("indexes", "kept: only rows that are behind are written".to_owned()),
    ];
    lines.iter().map(|(name, value)| format!("{:<10}{value}\n", format!("{name}:"))).collect()
}

/// So many files that were not analysed are named on the terminal; the log and the report name more.
const SHOWN: usize = 20;

/// The closing line, what was left, and what to do next.
fn close(report: &Report, terminal: &Terminal) {
    for (number, left) in report.left.iter().enumerate() {
        let what = if left.why == Why::Refused { "refused" } else { "not found" };
        let line = format!("{what}: {}: {}", safe_line(&left.path), safe_line(&left.detail));
        tracing::warn!("{line}");
        if number < SHOWN {
            terminal.warn(&line);
        }
    }
    let left = report.not_found + report.refused;
    if left > SHOWN as u64 {
        terminal.say(&format!(
            "and {} more; the log names {}",
            grouped(left - SHOWN as u64),
            report.left.len()
        ));
    }
    let line = closing_line(report);
    tracing::info!("{line}");
    terminal.say(&terminal.bold(&line));
    if !report.complete {
        terminal.say("stopped before the end: run the same command again, it goes on from here");
    } else if left > 0 {
        terminal.say("their rows stay as they were; where the files are back, the same command tries again");
    } else {
        terminal.say("ask it: loader db psql");
    }
}

/// `Analysed 1,204,331 files again from 812 sources in 3m 41s (5,449/s, 98 MB/s) · 27 not found · 1 refused`
fn closing_line(report: &Report) -> String {
    if report.wanted == 0 {
        return "Nothing to do: no row is behind".to_owned();
    }
    let elapsed = std::time::Duration::from_secs_f64(report.seconds.max(0.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate for reading")]
    let bytes_per_second = rate(report.extracted_bytes, elapsed) as u64;
    let mut line = format!(
        "Analysed {} again from {} in {} ({:.0}/s, {}/s)",
        counted(report.analysed, "file"),
        counted(report.sources, "source"),
        duration(report.seconds),
        report.files_per_second,
        bytes(bytes_per_second),
    );
    line.push_str(&further(&[
        (report.not_found, "not found"),
        (report.in_streams, "of these in streams"),
        (report.refused, "refused"),
        (report.unfinished, "still to be done"),
    ]));
    line
}
