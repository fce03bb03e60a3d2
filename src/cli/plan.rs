//! `loader plan`, `loader import --dry-run`, and the plan that every import shows first.

use serde::Serialize;

use super::Everywhere;
use super::import::ImportArguments;
use super::terminal::{Terminal, bytes, counted, grouped, safe};
use crate::error::{ExitStatus, Result};
use crate::import::Plan;

/// Shows what an import would do: looks at the files and, where there is one, at the library; changes nothing.
pub(super) async fn run(
    arguments: &ImportArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let settings = arguments.resolve()?;
    let plan = Plan::look(&settings, everywhere.database_url.as_deref()).await?;
    print(&plan, &text(&plan), everywhere, terminal)
}

/// Prints what a command would do, for people or for programs, where that is all it was asked.
pub(super) fn print(
    plan: &impl Serialize,
    text: &str,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    if everywhere.json {
        terminal.print_json(plan)?;
    } else {
        terminal.print(text)?;
    }
    terminal.say("nothing was done; the same command without --dry-run does it");
    Ok(ExitStatus::Success)
}

/// The plan, before an import begins.
pub(super) fn show(plan: &Plan, terminal: &Terminal) {
    announce(&text(plan), terminal);
}

/// Says what is about to be done, on the terminal and in the log.
pub(super) fn announce(text: &str, terminal: &Terminal) {
    for line in text.lines() {
        tracing::info!("plan: {line}");
    }
    terminal.say(text.trim_end());
}

fn text(plan: &Plan) -> String {
    let so_far = if plan.walk_ended { "" } else { " so far" };
    let mut lines = vec![
        ("database", format!("{} ({})", safe(&plan.database), plan.database_from)),
        ("mode", format!("{}: {}", plan.mode.word(), plan.risk)),
        (
            "to read",
            format!(
                "{}, {}{so_far}; {} unchanged",
                counted(plan.new_sources, "file"),
                bytes(plan.new_bytes),
                grouped(plan.unchanged_sources)
            ),
        ),
        (
            "work",
            format!(
                "{} tasks, {} connections, {} rows a batch by {}, {} MiB of memory",
                plan.jobs,
                plan.connections,
                grouped(plan.batch_size as u64),
                plan.writer,
                plan.memory >> 20
            ),
        ),
    ];
    lines.push(("indexes", plan.indexes.words().to_owned()));
    lines.iter().map(|(name, value)| format!("{:<10}{value}\n", format!("{name}:"))).collect()
}
