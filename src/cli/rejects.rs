//! `loader rejects`: what was refused, and why.

use futures_util::TryStreamExt;
use serde::Serialize;

use super::Everywhere;
use super::terminal::{Terminal, counted, grouped, safe_line};
use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::reject::Reason;
use crate::server::{connect, schema};

/// What `loader rejects` takes.
#[derive(Debug, clap::Args)]
pub(super) struct RejectsArguments {
    /// Only what this run refused
    #[arg(long, value_name = "N")]
    run: Option<i32>,
    /// Only what was refused for this reason, such as `limit_entry_size`
    #[arg(long, value_name = "CODE", value_parser = reason)]
    reason: Option<&'static str>,
    /// Count by reason instead of listing
    #[arg(long)]
    summary: bool,
    /// Mark it instead of listing, so that the next import of its files tries it again
    #[arg(long, conflicts_with = "summary")]
    retry: bool,
}

/// A reason code that exists.
fn reason(typed: &str) -> std::result::Result<&'static str, String> {
    let known = Reason::ALL.iter().map(|reason| reason.code()).find(|code| *code == typed);
    known.ok_or_else(|| "there is no such reason; loader rejects --summary shows those that occur".to_owned())
}

/// What was marked to be tried again.
#[derive(Debug, Serialize)]
struct Marked {
    rejects: i64,
    sources: i64,
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
    let target = connect::resolve(everywhere.database()).await?;
    let mut connection = connect::connect(&target, "loader rejects").await?;
    schema::check(&mut connection).await?;
    if arguments.retry {
        return retry(arguments, &mut connection, everywhere, terminal).await;
    }
    let mut rows = sqlx::query_as::<_, (String, i32, String, String, String)>(include_str!(
        "../../database/report/rejects.sql"
    ))
    .bind(arguments.run)
    .bind(arguments.reason)
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

/// Marks what the next import is to try again.
async fn retry(
    arguments: &RejectsArguments,
    connection: &mut sqlx::PgConnection,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let (rejects, sources) = sqlx::query_as(include_str!("../../database/report/retry.sql"))
        .bind(arguments.run)
        .bind(arguments.reason)
        .fetch_one(connection)
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "the rejects could not be marked").with_cause(error))?;
    let marked = Marked { rejects, sources };
    if everywhere.json {
        terminal.print_json(&marked)?;
    }
    terminal.say(&format!(
        "{} marked, in {}; import the same paths again to try them",
        counted(marked.rejects.unsigned_abs(), "reject"),
        counted(marked.sources.unsigned_abs(), "source"),
    ));
    Ok(ExitStatus::Success)
}
