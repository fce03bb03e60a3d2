//! `loader restore`: puts back what a run has changed and suspended, settings of the server first, and shows what was found.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Everywhere;
use super::terminal::{Terminal, duration, safe};
use crate::error::{ExitStatus, Result};
use crate::server::connect::{self, Target};
use crate::server::indexes::{self, RestoreEvent, RestoreSettings};
use crate::server::settings::{self, Whose, offline};
use crate::server::{lock, schema, unlogged};

/// What `loader restore` takes.
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// Mend the configuration of a server that does not start, in its data directory; then start it and restore once more
    #[arg(long, value_name = "DIR")]
    data_directory: Option<PathBuf>,
}

/// One thing that was not as it should be.
#[derive(Debug, Serialize)]
struct Step {
    what: String,
    found: String,
    done: String,
}

impl Step {
    fn new(what: impl Into<String>, found: impl Into<String>, done: impl Into<String>) -> Self {
        Self { what: what.into(), found: found.into(), done: done.into() }
    }
}

/// Puts everything back.
pub(super) async fn run(
    arguments: &RestoreArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let mut steps = Vec::new();
    let result = if let Some(directory) = &arguments.data_directory {
        mend(directory, &mut steps, terminal)
    } else {
        let target = connect::resolve(everywhere.database()).await?;
        put_back(&target, &mut steps, terminal).await
    };
    // Also where it failed in the middle: what was done is done.
    show(&steps, everywhere, terminal)?;
    result?;
    if steps.is_empty() {
        terminal.say("nothing is suspended or changed: there is nothing to put back");
    } else if arguments.data_directory.is_some() {
        terminal.say("mended; start the server, then see that everything is back: loader restore");
    } else {
        terminal.say("everything is as it was, and was seen to be");
    }
    Ok(ExitStatus::Success)
}

/// What is dangerous comes first, what takes long last.
async fn put_back(target: &Target, steps: &mut Vec<Step>, terminal: &Terminal) -> Result<()> {
    let mut connection = connect::connect(target, "loader restore").await?;
    schema::check(&mut connection).await?;
    lock::acquire(&mut connection).await?;

    let undone = settings::undo(&mut connection, target, Whose::Everyone).await?;
    for (name, found, before) in undone.settings {
        steps.push(Step::new(name, format!("set to {found}"), format!("{before} again")));
    }
    for left in undone.left {
        terminal.warn(&safe(&left));
    }
    for name in undone.from_file {
        steps.push(Step::new(name, "remembered by a file only", "as the file says"));
    }
    if undone.synced {
        steps.push(Step::new("written data", "perhaps not on the disk", "checkpoint and sync"));
    }

    let standing = unlogged::standing(&mut connection).await?;
    if !standing.journalled.is_empty() {
        unlogged::make_logged(&mut connection).await?;
        steps.push(Step::new(
            "tables",
            format!("unlogged: {}", standing.journalled.join(", ")),
            "logged again",
        ));
        if standing.is_emptied {
            terminal.warn("a crash of the server has emptied these tables: run the imports again");
        }
    }
    restore_indexes(target, steps, terminal).await
}

async fn restore_indexes(target: &Target, steps: &mut Vec<Step>, terminal: &Terminal) -> Result<()> {
    let mut connection = connect::connect(target, "loader restore").await?;
    let status = indexes::status(&mut connection).await?;
    if !status.is_suspended() {
        return Ok(());
    }
    let (building, proving) = (status.suspended.len(), status.suspended_keys.len());
    terminal.say(&format!("building {building} indexes, putting back {proving} foreign keys"));
    let tell = |event: RestoreEvent<'_>| match event {
        RestoreEvent::Finished(index, elapsed) => {
            terminal.say(&format!("{} in {}", index.name, duration(elapsed.as_secs_f64())));
        }
        RestoreEvent::Validated(key, elapsed) => {
            terminal.say(&format!("{} in {}", key.name, duration(elapsed.as_secs_f64())));
        }
        _ => {}
    };
    let options = target.options.clone().application_name("loader indexes");
    let restored = indexes::restore(&options, RestoreSettings::default(), &tell).await?;
    for name in restored.absent {
        terminal.warn(&format!(
            "the index {name} is missing and was not suspended by loader; make it: loader db migrate"
        ));
    }
    for name in restored.invalid {
        terminal.warn(&format!("the index {name} is invalid; mend it: REINDEX INDEX {name}"));
    }
    if building > 0 {
        let took = duration(restored.elapsed.as_secs_f64());
        let built = format!("{} built, and all statistics, in {took}", restored.indexes.len());
        steps.push(Step::new("indexes", format!("{building} suspended"), built));
    }
    if proving > 0 {
        let back = format!("{} back, their rows looked at", restored.keys.len());
        steps.push(Step::new("foreign keys", format!("{proving} suspended"), back));
    }
    Ok(())
}

/// The same for a server that does not run, as far as files can.
fn mend(directory: &Path, steps: &mut Vec<Step>, terminal: &Terminal) -> Result<()> {
    let mended = offline::mend(directory)?;
    for source in &mended.sources {
        terminal.say(&format!("what was there before: {}", safe(source)));
    }
    if mended.sources.is_empty() && !mended.changes.is_empty() {
        terminal.warn("no run of loader on this account says what was there before; only what keeps the server from starting was taken out");
    }
    let words = |value: Option<String>| value.unwrap_or_else(|| "no entry".to_owned());
    for (name, found, now) in mended.changes {
        steps.push(Step::new(name, words(found), words(now)));
    }
    Ok(())
}

/// The table of what was found and done.
fn show(steps: &[Step], everywhere: &Everywhere, terminal: &Terminal) -> Result<()> {
    if everywhere.json {
        return terminal.print_json(&steps);
    }
    if steps.is_empty() {
        return Ok(());
    }
    let width =
        |column: fn(&Step) -> &str| steps.iter().map(|step| column(step).chars().count()).max().unwrap_or(0);
    let (what, found) = (width(|step| &step.what).max(4), width(|step| &step.found).max(5));
    let mut text = format!("{:<what$}  {:<found$}  done\n", "what", "found");
    for step in steps {
        text.push_str(&format!(
            "{:<what$}  {:<found$}  {}\n",
            safe(&step.what),
            safe(&step.found),
            safe(&step.done)
        ));
    }
    terminal.print(&text)
}
