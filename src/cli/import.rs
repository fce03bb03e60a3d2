//! `loader import`: what was typed, resolved once into what it means; the run; its closing lines.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::configuration::{Effort, Wishes};
use super::limits::LimitArguments;
use super::progress::Reporter;
use super::terminal::{Terminal, bytes, counted, duration, further, grouped};
use super::{Everywhere, analyze, logging, plan, signals, timings};
use crate::discover::Roots;
use crate::error::{ExitStatus, Result};
use crate::import::{Import, ImportSettings, Report, RescanSettings, Way};
use crate::mode::Mode;
use crate::pipeline::{Asked, Inputs, Stop};
use crate::progress::Counters;
use crate::reanalysis::{self, Criteria, ReanalysisSettings, Selection, Within};
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
    rescan: RescanArguments,
    #[command(flatten)]
    wishes: Wishes,
    /// Store the MD5 of each content that is new, by which other catalogues name files
    #[arg(long)]
    md5: bool,
    /// Tell at the end where the time went and what bounds the run, and meanwhile the log
    #[arg(long)]
    timings: bool,
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

/// What is done about files that are unchanged, or gone.
#[derive(Clone, Copy, Debug, clap::Args)]
struct RescanArguments {
    /// Believe that what is not found is gone, also where more than half of a folder (at least 100 files) or all of it is away,
    /// as if a disk were not mounted
    #[arg(long)]
    accept_vanished: bool,
    /// Read again also what is unchanged by size and time, and compare; what differs is renewed, what is the same is not written
    #[arg(long)]
    verify: bool,
    /// Analyse again also what is unchanged, as loader analyze --all does, but only below these paths
    #[arg(long)]
    force: bool,
}

impl ImportArguments {
    /// What was typed, as it is meant.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Usage`] for paths that do not exist.
    pub(super) fn resolve(&self, everywhere: &Everywhere, terminal: &Terminal) -> Result<ImportSettings> {
        let (streams, paths): (Vec<_>, Vec<_>) =
            self.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
        let roots = if paths.is_empty() { None } else { Some(Roots::resolve(&paths)?) };
        let read = roots.as_ref().map(|roots| roots.paths().to_vec()).unwrap_or_default();
        let effort = Effort::resolve(&everywhere.configuration, &self.wishes, &read);
        effort.announce(terminal);
        let asked = Asked { md5: self.md5, ..Asked::all(effort.analysis) };
        Ok(ImportSettings {
            inputs: Inputs { roots, standard_input: !streams.is_empty(), ..Inputs::default() },
            mode: self.mode.mode,
            keep_mode: self.mode.keep_mode,
            accept_cluster_risk: self.mode.accept_cluster_risk,
            rescan: RescanSettings {
                accept_vanished: self.rescan.accept_vanished,
                verify: self.rescan.verify,
            },
            writer: effort.writer,
            connections: effort.connections,
            pipeline: effort.pipeline(asked, &self.limits),
        })
    }
}

impl ImportArguments {
    /// What is done with sources that are unchanged.
    pub(super) const fn again(&self) -> plan::Again {
        plan::Again { verify: self.rescan.verify, force: self.rescan.force }
    }

    /// What follows the import, once its run is known, where everything is to be analysed again.
    fn reanalysis(
        &self,
        settings: &ImportSettings,
    ) -> Option<impl FnOnce(i32) -> ReanalysisSettings + use<>> {
        let roots = settings.inputs.roots.clone().filter(|_| self.rescan.force)?;
        let level = settings.pipeline.asked.level;
        let criteria = Criteria { selection: Selection::All, level, md5: self.md5 };
        let (writer, connections) = (settings.writer, settings.connections);
        let pipeline = settings.pipeline.clone();
        Some(move |but_of_run| ReanalysisSettings {
            criteria,
            within: Some(Within { roots, but_of_run }),
            writer,
            connections,
            pipeline,
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
    let log = logging::start("import", everywhere)?;
    terminal.say(&format!("log: {}", log.display()));
    let settings = arguments.resolve(everywhere, terminal)?;
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Stores)?;
    announce_cluster(everywhere, terminal)?;
    let target = connect::resolve(everywhere.database()).await?;
    let counters = Arc::new(Counters::default());
    let reanalysis = arguments.reanalysis(&settings);
    let way = Way::of(&settings);
    let following = arguments.timings.then(|| timings::follow(Arc::clone(&counters), way));
    let import = Import::prepare(settings, target.clone(), Arc::clone(&counters), Arc::clone(&stop)).await?;
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
    if let Some(following) = following {
        following.abort();
    }
    let report = result?;
    close(&report, terminal);
    if arguments.timings {
        timings::show(&report, way, terminal);
    }
    let analysis = match reanalysis.filter(|_| report.complete) {
        Some(again) => Some(analyze::renew(again(report.run), target, stop, everywhere, terminal).await?),
        None => None,
    };
    if everywhere.json {
        terminal.print_json(&Printed { report: &report, analysis: analysis.as_ref() })?;
    }
    let left = analysis.as_ref().map_or(0, |analysis| analysis.not_found + analysis.refused);
    Ok(match received.signal() {
        Some(signal) => ExitStatus::Signal(signal),
        None if report.rejected + left > 0 || !report.held_back.is_empty() => ExitStatus::Rejects,
        None => ExitStatus::Success,
    })
}

/// Says that the private cluster is about to be made or started, where it is: it takes seconds, and nobody asked for it by name.
pub(super) fn announce_cluster(everywhere: &Everywhere, terminal: &Terminal) -> Result<()> {
    if let Found::Asleep(_, state) = connect::look(everywhere.database())? {
        let done = if state == State::Absent { "creating" } else { "starting" };
        terminal.say(&format!("{done} the private cluster"));
    }
    Ok(())
}

/// The report for programs; with that of the re-analysis where one followed.
#[derive(Serialize)]
struct Printed<'r> {
    #[serde(flatten)]
    report: &'r Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<&'r reanalysis::Report>,
}

/// The closing line, and what to do next.
fn close(report: &Report, terminal: &Terminal) {
    let line = closing_line(report);
    tracing::info!("{line}");
    terminal.say(&terminal.bold(&line));
    plan::warn_of(&report.held_back, terminal);
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
}

/// `Imported 1,204,331 files from 812 archives in 3m 41s (5,449/s) · 3,112 duplicates · 27 rejected`
pub(super) fn closing_line(report: &Report) -> String {
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
    line.push_str(&further(&[
        (report.duplicate, "duplicates"),
        (report.unchanged, "unchanged"),
        (report.not_midi, "not MIDI"),
        (report.sources_differing, "differing"),
        (report.sources_vanished, "vanished"),
    ]));
    line.push_str(&format!(" · {} rejected", grouped(report.rejected)));
    if report.sources_returned > 0 {
        line.push_str(&format!(" · {} back", counted(report.sources_returned, "source")));
    }
    if report.songs_added > 0 {
        line.push_str(&format!(" · {} made", counted(report.songs_added, "song")));
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
