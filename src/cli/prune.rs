//! `loader prune`: what vanished from the disk leaves the library.

use std::sync::Arc;

use super::terminal::{Terminal, counted, grouped};
use super::{Everywhere, logging, signals};
use crate::error::{ExitStatus, Result};
use crate::pipeline::Stop;
use crate::prune::{self, Prune, PruneSettings, Pruned};
use crate::server::connect;

const EXAMPLES: &str = "\
Examples:
  loader prune --dry-run             how much has vanished
  loader prune                       delete all of it from the library
  loader prune --older-than 30       only what has been gone for a month

An import marks what it no longer finds; this deletes what is marked: sources, places, refusals, and the contents that lie
nowhere any more, with what was found out about them. Files on disk are not touched. Interrupted, the same command goes on.";

/// What `loader prune` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PruneArguments {
    /// Show how much would be deleted, and delete nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Only sources that vanished so many days ago or earlier
    #[arg(long, default_value_t = 0, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(0..=100_000))]
    older_than: i32,
    /// Rows deleted in a transaction, at most
    #[arg(long, default_value_t = 3_200, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch_size: u32,
}

/// Deletes what vanished, or tells how much that is.
///
/// # Errors
/// What made it fail; the same command goes on.
pub(super) async fn run(
    arguments: &PruneArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let settings =
        PruneSettings { older_than_days: arguments.older_than, batch: i64::from(arguments.batch_size) };
    let target = connect::resolve(everywhere.database()).await?;
    if arguments.dry_run {
        let pruned = prune::look(&target, settings).await?;
        if everywhere.json {
            terminal.print_json(&pruned)?;
        } else {
            terminal.print(&format!("would be deleted: {}\n", words(&pruned)))?;
        }
        terminal.say("nothing was done; the same command without --dry-run does it");
        return Ok(ExitStatus::Success);
    }
    let log = logging::start("prune", everywhere)?;
    terminal.say(&format!("log: {}", log.display()));
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Deletes)?;
    let pruned = Prune::prepare(&target, settings).await?.run(&stop).await?;
    let line = format!("Deleted {}", words(&pruned));
    tracing::info!("{line}");
    terminal.say(&terminal.bold(&line));
    if everywhere.json {
        terminal.print_json(&pruned)?;
    }
    if let Some(signal) = received.signal() {
        terminal.say("stopped before the end: run the same command again, it goes on from here");
        return Ok(ExitStatus::Signal(signal));
    }
    Ok(ExitStatus::Success)
}

/// `12 sources with 3,400 places and 2 rejects, 2,900 files`
fn words(pruned: &Pruned) -> String {
    let Pruned { sources, locations, rejects, files } = pruned;
    format!(
        "{} with {} and {}, {} files that lay nowhere else",
        counted(sources.unsigned_abs(), "source"),
        counted(locations.unsigned_abs(), "place"),
        counted(rejects.unsigned_abs(), "reject"),
        grouped(files.unsigned_abs()),
    )
}
