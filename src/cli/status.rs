//! `loader status`: the newest run, from any terminal.

use serde::Serialize;

use super::Everywhere;
use super::terminal::{Terminal, bytes, duration, grouped, safe};
use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::progress::Snapshot;
use crate::server::{connect, indexes, lock, schema, unlogged};

/// A run's row: id, state, mode, host, version, start, seconds, seconds since its last sign of life, progress as JSON.
type RunRow = (i32, String, String, String, String, String, f64, f64, Option<String>);

/// What is told of it.
#[derive(Debug, Serialize)]
struct Status {
    run: i32,
    state: String,
    mode: String,
    host: String,
    version: String,
    started: String,
    seconds: f64,
    progress: Snapshot,
    suspended_indexes: usize,
    suspended_foreign_keys: usize,
    unlogged_tables: Vec<String>,
    changed_settings: Vec<String>,
}

impl Status {
    /// Whether anything has to be put back.
    fn is_suspended(&self) -> bool {
        self.suspended_indexes + self.suspended_foreign_keys > 0
            || !self.unlogged_tables.is_empty()
            || !self.changed_settings.is_empty()
    }
}

/// Shows the newest run.
pub(super) async fn run(everywhere: &Everywhere, terminal: &Terminal) -> Result<ExitStatus> {
    let target = connect::resolve(everywhere.database()).await?;
    let mut connection = connect::connect(&target, "loader status").await?;
    schema::check(&mut connection).await?;
    let row: Option<RunRow> = sqlx::query_as(include_str!("../../database/runs/latest.sql"))
        .fetch_optional(&mut connection)
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "the newest run could not be read").with_cause(error))?;
    let Some((run, state, mode, host, version, started, seconds, silent_for, progress)) = row else {
        terminal.say("no import has been run yet; begin with: loader import PATH");
        return Ok(ExitStatus::Success);
    };
    let alive = state != "running" || lock::holder(&mut connection).await?.is_some();
    let suspended = indexes::status(&mut connection).await.map_err(|error| {
        Error::new(ErrorKind::Run, "the suspended indexes could not be read").with_cause(error)
    })?;
    let unlogged_tables = unlogged::journalled(&mut connection).await?;
    let changed_settings: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM loader.changed_settings WHERE state <> 'restored' ORDER BY name",
    )
    .fetch_all(&mut connection)
    .await
    .map_err(|error| {
        Error::new(ErrorKind::Run, "the journal of changed settings could not be read").with_cause(error)
    })?;
    let status = Status {
        run,
        state: if alive { state } else { "killed".to_owned() },
        mode,
        host,
        version,
        started,
        seconds: if alive { seconds } else { seconds - silent_for },
        progress: progress.and_then(|progress| serde_json::from_str(&progress).ok()).unwrap_or_default(),
        suspended_indexes: suspended.suspended.len(),
        suspended_foreign_keys: suspended.suspended_keys.len(),
        unlogged_tables,
        changed_settings,
    };
    if everywhere.json {
        terminal.print_json(&status)?;
    } else {
        terminal.print(&text(&status))?;
    }
    let left_behind = status.is_suspended() && status.state != "running";
    Ok(if left_behind { ExitStatus::Suspended } else { ExitStatus::Success })
}

fn text(status: &Status) -> String {
    let counted = &status.progress;
    let per_second =
        |count: u64| crate::import::rate(count, std::time::Duration::from_secs_f64(status.seconds.max(0.0)));
    let left = counted.sources_found.saturating_sub(counted.sources_done);
    let more = if counted.walk_ended == 0 && status.state == "running" { " or more" } else { "" };
    let mut lines = vec![
        (
            "run",
            format!(
                "{} on {}, mode {}, loader {}",
                status.run,
                safe(&status.host),
                status.mode,
                status.version
            ),
        ),
        ("state", state(status)),
        ("started", format!("{}; {} so far", status.started, duration(status.seconds))),
        (
            "sources",
            format!(
                "{} of {}{more} done, {} left; {} of {}",
                grouped(counted.sources_done),
                grouped(counted.sources_found),
                grouped(left),
                bytes(counted.bytes_done),
                bytes(counted.bytes_found)
            ),
        ),
        (
            "stored",
            format!(
                "{} new files, {} duplicates, {} rejected; {} unchanged, {} not MIDI",
                grouped(counted.inserted),
                grouped(counted.duplicate),
                grouped(counted.rejected),
                grouped(counted.unchanged),
                grouped(counted.not_midi)
            ),
        ),
        (
            "rates",
            format!(
                "read {}/s, analysed {:.0}/s, stored {:.0}/s",
                bytes(counted.bytes_extracted / whole_seconds(status.seconds)),
                per_second(counted.analysed),
                per_second(counted.inserted + counted.renewed + counted.duplicate)
            ),
        ),
    ];
    if counted.renewed > 0 {
        lines.push(("renewed", format!("{} files analysed again", grouped(counted.renewed))));
    }
    if status.suspended_indexes > 0 {
        lines.push(("indexes", format!("{} suspended", status.suspended_indexes)));
    }
    if status.suspended_foreign_keys > 0 {
        lines.push(("keys", format!("{} foreign keys suspended", status.suspended_foreign_keys)));
    }
    if !status.unlogged_tables.is_empty() {
        lines.push(("tables", format!("unlogged for now: {}", status.unlogged_tables.join(", "))));
    }
    if !status.changed_settings.is_empty() {
        lines.push(("settings", format!("changed for now: {}", status.changed_settings.join(", "))));
    }
    lines.iter().map(|(name, value)| format!("{:<9}{value}\n", format!("{name}:"))).collect()
}

fn state(status: &Status) -> String {
    match status.state.as_str() {
        "running" => format!("running, {}", status.progress.phase.word()),
        "killed" if status.is_suspended() => {
            "killed while running; the same command goes on, or: loader restore".to_owned()
        }
        "interrupted" | "failed" if status.is_suspended() => {
            format!("{}; the same command goes on, or: loader restore", status.state)
        }
        "killed" | "interrupted" | "failed" => {
            format!("{}; the same command goes on where it stopped", status.state)
        }
        other if status.is_suspended() => format!("{other}; to put back what it left: loader restore"),
        other => other.to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of a run")]
fn whole_seconds(seconds: f64) -> u64 {
    (seconds.max(1.0)) as u64
}
