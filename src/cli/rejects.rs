//! `loader rejects`: what was refused, and why.

use futures_util::TryStreamExt;
use serde::Serialize;

use super::Everywhere;
use super::terminal::{Terminal, grouped, safe_line};
use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::server::{connect, schema};

/// What `loader rejects` takes.
#[derive(Debug, clap::Args)]
pub(super) struct RejectsArguments {
    /// Only what this run refused
    #[arg(long, value_name = "N")]
    run: Option<i32>,
    /// Count by reason instead of listing
    #[arg(long)]
    summary: bool,
}

#[derive(Debug, Serialize)]
struct Reject {
    path: String,
    run: i32,
    stage: String,
    reason: String,
    detail: String,
}

/// Lists refusals, one a line: reason, place, explanation.
pub(super) async fn run(
    arguments: &RejectsArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let target = connect::resolve(everywhere.database_url.as_deref()).await?;
    let mut connection = connect::connect(&target, "loader rejects").await?;
    schema::check(&mut connection).await?;
    let mut rows = sqlx::query_as::<_, (String, i32, String, String, String)>(include_str!(
        "../../database/report/rejects.sql"
    ))
    .bind(arguments.run)
    .fetch(&mut connection);
    let mut by_reason = std::collections::BTreeMap::<String, u64>::new();
    let mut total = 0;
    while let Some((path, run, stage, reason, detail)) = rows
        .try_next()
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "the rejects could not be read").with_cause(error))?
    {
        let reject = Reject { path, run, stage, reason, detail };
        total += 1;
        if arguments.summary {
            *by_reason.entry(reject.reason).or_default() += 1;
        } else if everywhere.json {
            terminal.print_json(&reject)?;
        } else {
            let (path, detail) = (safe_line(&reject.path), safe_line(&reject.detail));
            terminal.print(&format!("{}\t{path}\t{detail}\n", reject.reason))?;
        }
    }
    if arguments.summary && everywhere.json {
        terminal.print_json(&by_reason)?;
    } else {
        for (reason, count) in by_reason {
            terminal.print(&format!("{:>10}  {reason}\n", grouped(count)))?;
        }
    }
    if total == 0 {
        terminal.say("nothing was refused");
    }
    Ok(ExitStatus::Success)
}
