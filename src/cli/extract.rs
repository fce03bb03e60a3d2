//! `loader extract`: archives onto disk, for people who want the files.

use std::path::PathBuf;
use std::sync::Arc;

use super::configuration::Effort;
use super::limits::LimitArguments;
use super::terminal::{Terminal, bytes, counted, grouped, safe_line};
use super::work::EffortArguments;
use super::{Everywhere, signals};
use crate::discover::Roots;
use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::extract::{self, ExtractReport, ExtractSettings};
use crate::pipeline::Stop;

/// What `loader extract` takes.
#[derive(Debug, clap::Args)]
pub(super) struct ExtractArguments {
    /// Archives, and folders to search for them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The folder in which each archive gets a folder of its own
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Write MIDI files only
    #[arg(long)]
    midi_only: bool,
    #[command(flatten)]
    effort: EffortArguments,
    #[command(flatten)]
    limits: LimitArguments,
}

/// Extracts, and says what was refused, a line each.
///
/// # Errors
/// Where files cannot be written.
pub(super) async fn run(
    arguments: &ExtractArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let roots = Roots::resolve(&arguments.paths)?;
    let effort = Effort::resolve(&everywhere.configuration, &arguments.effort.clone().into(), roots.paths());
    effort.announce(terminal);
    let settings = ExtractSettings {
        roots,
        to: arguments.to.clone(),
        jobs: effort.readers(),
        midi_only: arguments.midi_only,
        limits: arguments.limits.resolve(),
        map_policy: effort.map_policy,
        priority: effort.priority,
    };
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Reads)?;
    let speaker = *terminal;
    let extracting = tokio::task::spawn_blocking(move || {
        extract::run(&settings, &stop, &|path, refusal| {
            speaker.warn(&format!(
                "refused {}: {}: {}",
                safe_line(path),
                refusal.reason.code(),
                safe_line(&refusal.detail)
            ));
        })
    });
    let report = extracting
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "extraction ended unexpectedly").with_cause(error))??;
    terminal.say(&terminal.bold(&closing_line(&report)));
    if everywhere.json {
        terminal.print_json(&report)?;
    }
    Ok(match received.signal() {
        Some(signal) => ExitStatus::Signal(signal),
        None if report.refused > 0 => ExitStatus::Rejects,
        None => ExitStatus::Success,
    })
}

/// `Extracted 12,331 files (231 MB) from 12 archives · 3 were there already · 2 refused`
fn closing_line(report: &ExtractReport) -> String {
    let mut line = format!(
        "Extracted {} ({}) from {}",
        counted(report.written, "file"),
        bytes(report.bytes),
        counted(report.archives, "archive"),
    );
    for (count, what) in [
        (report.kept, "were there already"),
        (report.passed_over, "passed over"),
        (report.refused, "refused"),
    ] {
        if count > 0 {
            line.push_str(&format!(" · {} {what}", grouped(count)));
        }
    }
    if !report.complete {
        line.push_str(" · stopped before the end: run the same command again, it goes on from here");
    }
    line
}
