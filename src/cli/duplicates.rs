//! `loader duplicates`: what the library holds more than once.

mod table;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::Everywhere;
use super::check::share;
use super::terminal::{Terminal, bytes, counted};
use crate::duplicates::{self, By, DuplicatesReport, DuplicatesSettings, Policy};
use crate::error::{ExitStatus, Result};
use crate::server::{connect, schema};

use table::Form;

const EXAMPLES: &str = "\
A line on stdout for each place of each duplicate, group after group. With --json an object for each group in a line
of its own, with --csv a row for each place under a row of names. Copies are counted in places where it is about the
same bytes, and in contents elsewhere. Nothing is written, and your files are never deleted: a policy only marks which
copy of each group it would keep.

Examples:
  loader duplicates --policy shortest-path           the same bytes in several places
  loader duplicates --by notes --policy most-complete
  loader duplicates --under ~/Downloads/pack.zip     what of it is elsewhere too, or twice in it
  loader duplicates --by similar --similarity 0.9 --csv > similar.csv";

/// What `loader duplicates` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DuplicatesArguments {
    /// What counts as a duplicate
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    by: Likeness,
    /// Least similarity for --by similar, 0 to 1; at 0.8 and above hardly any is missed
    #[arg(long, default_value_t = 0.8, value_name = "SHARE", value_parser = share)]
    similarity: f64,
    /// Mark which copy of each group to keep
    #[arg(long, value_enum, value_name = "WHICH")]
    policy: Option<Keep>,
    /// Only groups with so many copies
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    min_copies: u32,
    /// Only groups with a copy in this file, archive or folder
    #[arg(long, value_name = "PATH")]
    under: Option<PathBuf>,
    /// Most groups
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Likeness {
    /// The same bytes
    #[default]
    Exact,
    /// The same notes at the same times
    Notes,
    /// The same notes in different keys
    Transposed,
    /// Many of the same runs of notes
    Similar,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Keep {
    /// The most bytes
    Largest,
    /// The earliest time of modification
    Oldest,
    /// The latest time of modification
    Newest,
    /// The shortest path
    ShortestPath,
    /// Without damage, then the most notes
    MostComplete,
}

/// Lists duplicates, group after group, as the server finds them.
pub(super) async fn run(
    arguments: &DuplicatesArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let settings = DuplicatesSettings {
        by: match arguments.by {
            Likeness::Exact => By::Exact,
            Likeness::Notes => By::Notes,
            Likeness::Transposed => By::Transposed,
            Likeness::Similar => By::Similar(arguments.similarity),
        },
        min_copies: arguments.min_copies,
        under: arguments.under.as_ref().map(|path| resolve(path)).transpose()?,
        limit: arguments.limit,
        policy: arguments.policy.map(|policy| match policy {
            Keep::Largest => Policy::Largest,
            Keep::Oldest => Policy::Oldest,
            Keep::Newest => Policy::Newest,
            Keep::ShortestPath => Policy::ShortestPath,
            Keep::MostComplete => Policy::MostComplete,
        }),
    };
    let target = connect::resolve(everywhere.database()).await?;
    let mut connection = connect::connect(&target, "loader duplicates").await?;
    schema::check(&mut connection).await?;
    let form = match (everywhere.json, arguments.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => Form::Table,
    };
    let mut is_first = true;
    let report = duplicates::run(&mut connection, &settings, |group| {
        let head = if is_first { form.head(&settings) } else { String::new() };
        is_first = false;
        terminal.print(&format!("{head}{}", form.group(&settings, group)))
    })
    .await?;
    if is_first && form == Form::Csv {
        terminal.print(&form.head(&settings))?;
    }
    terminal.say(&terminal.bold(&closing_line(&report)));
    Ok(ExitStatus::Success)
}

/// The path as the library would know it; one that has vanished, or leads into an archive, is taken as it is.
pub(super) fn resolve(path: &Path) -> Result<PathBuf> {
    Ok(path.canonicalize().or_else(|_| std::path::absolute(path))?)
}

/// `1,204 groups in 3,002 places · 12 MB in all but one of each · nothing was deleted`
fn closing_line(report: &DuplicatesReport) -> String {
    if report.groups == 0 {
        return "no duplicates".to_owned();
    }
    format!(
        "{} in {} · {} in all but one of each · nothing was deleted",
        counted(report.groups, "group"),
        counted(report.places, "place"),
        bytes(report.spare_bytes)
    )
}
