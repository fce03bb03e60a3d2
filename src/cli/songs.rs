//! `loader songs`: songs with their versions, and what a person does to them.

mod editing;
mod table;

use std::sync::Arc;

use clap::Subcommand;

use super::progress::Reporter;
use super::terminal::{Terminal, counted};
use super::{Everywhere, logging, signals};
use crate::error::{ExitStatus, Result};
use crate::pipeline::Stop;
use crate::progress::{Counters, Phase, add};
use crate::server::connect::{self, Target};
use crate::server::{lock, schema};
use crate::songs::{self, ListSettings, Listed};
use crate::vanished;

use editing::{MergeArguments, RenameArguments, SplitArguments};
use table::Form;

const EXAMPLES: &str = "\
A song groups contents by artist and title, as names, folders and texts tell them; case, accents, punctuation, track numbers
and versions (remix, live, v2) aside. An import brings what is new to its songs as it stores it. What a person merges, splits and
renames stays so, whatever is imported afterwards.

Examples:
  loader songs                                  all, those with the most versions first
  loader songs waterloo --artist abba
  loader songs list --min-versions 2 --csv > songs.csv
  loader songs merge 12 57                      57 is 12 under another spelling
  loader songs split 4611686018427387904        this file is another song
  loader songs split live/waterloo.mid          so is this one, by its path
  loader songs rename 12 --artist ABBA
  loader songs rename 12 --undo                 called as most of its versions are again";

/// What `loader songs` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct SongsArguments {
    #[command(subcommand)]
    command: Option<SongsCommand>,
    #[command(flatten)]
    list: ListArguments,
}

#[derive(Debug, Subcommand)]
enum SongsCommand {
    /// List songs with their versions and where each lies (also without this word)
    List(ListArguments),
    /// Make several songs one
    Merge(MergeArguments),
    /// Make a song of its own of some versions of another
    Split(SplitArguments),
    /// Name a song; --undo takes the name back
    Rename(RenameArguments),
    /// Find the songs of what a stopped import has left; with --all of everything
    Resolve(ResolveArguments),
}

/// Which songs.
#[derive(Debug, clap::Args)]
struct ListArguments {
    /// Only songs with all these words in artist and title
    #[arg(value_name = "TEXT")]
    search: Vec<String>,
    /// Only songs of artists called so, or so in part
    #[arg(long, value_name = "NAME")]
    artist: Option<String>,
    /// Only songs with so many versions
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    min_versions: u32,
    /// Most songs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

/// What is sorted.
#[derive(Debug, clap::Args)]
struct ResolveArguments {
    /// Everything, as if it had been found just now
    #[arg(long)]
    all: bool,
}

/// Does what was asked for.
///
/// # Errors
/// What made it fail.
pub(super) async fn run(
    arguments: &SongsArguments,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let target = connect::resolve(everywhere.database()).await?;
    match &arguments.command {
        None => list(&arguments.list, &target, everywhere, terminal).await,
        Some(SongsCommand::List(list)) => self::list(list, &target, everywhere, terminal).await,
        Some(SongsCommand::Merge(merge)) => editing::merge(merge, &target, everywhere, terminal).await,
        Some(SongsCommand::Split(split)) => editing::split(split, &target, everywhere, terminal).await,
        Some(SongsCommand::Rename(rename)) => editing::rename(rename, &target, everywhere, terminal).await,
        Some(SongsCommand::Resolve(all)) => resolve(all, &target, everywhere, terminal).await,
    }
}

async fn list(
    arguments: &ListArguments,
    target: &Target,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let settings = ListSettings {
        search: (!arguments.search.is_empty()).then(|| arguments.search.join(" ")),
        artist: arguments.artist.clone(),
        min_versions: arguments.min_versions,
        limit: arguments.limit,
    };
    let mut connection = connect::connect(target, "loader songs").await?;
    schema::check(&mut connection).await?;
    let form = match (everywhere.json, arguments.csv) {
        (true, _) => Form::Json,
        (_, true) => Form::Csv,
        _ => Form::Table,
    };
    let mut is_first = true;
    let listed = songs::list(&mut connection, &settings, |song| {
        let head = if is_first { form.head() } else { "" };
        is_first = false;
        terminal.print(&format!("{head}{}", form.song(song)?))
    })
    .await?;
    if is_first && form == Form::Csv {
        terminal.print(form.head())?;
    }
    terminal.say(&terminal.bold(&closing_line(&listed)));
    Ok(ExitStatus::Success)
}

/// `1,204 songs with 3,002 versions`
fn closing_line(listed: &Listed) -> String {
    if listed.songs == 0 {
        return "no songs".to_owned();
    }
    format!("{} with {}", counted(listed.songs, "song"), counted(listed.versions, "version"))
}

/// Finds the songs of what is to be sorted. Interrupted, the same command goes on.
async fn resolve(
    arguments: &ResolveArguments,
    target: &Target,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let log = logging::start("songs", everywhere)?;
    terminal.say(&format!("log: {}", log.display()));
    let stop = Arc::new(Stop::default());
    let received = signals::listen(Arc::clone(&stop), *terminal, signals::Effect::Stores)?;
    let mut connection = connect::connect(target, "loader songs").await?;
    lock::acquire(&mut connection).await?;
    schema::migrate(&mut connection).await?;
    schema::check(&mut connection).await?;
    // What a killed import has left to be marked changes what things are called.
    vanished::settle(&mut connection).await?;
    if arguments.all {
        songs::note_all(&mut connection).await?;
    }
    let counters = Arc::new(Counters::default());
    counters.enter(Phase::Sorting);
    let running = Reporter::new(everywhere, *terminal, Arc::clone(&counters)).start();
    let sorted = songs::sort(&mut connection, |contents| {
        add(&counters.sorted, contents);
        !stop.is_asked()
    })
    .await;
    running.end().await;
    let sorted = sorted?;
    let line = format!(
        "Looked at {}: {} changed, {} made",
        counted(sorted.contents, "file"),
        counted(sorted.changed, "version"),
        counted(sorted.songs_added, "song")
    );
    tracing::info!("{line}");
    terminal.say(&terminal.bold(&line));
    if everywhere.json {
        terminal.print_json(&sorted)?;
    }
    if let Some(signal) = received.signal() {
        terminal.say("stopped before the end: run loader songs resolve, it goes on from here");
        return Ok(ExitStatus::Signal(signal));
    }
    Ok(ExitStatus::Success)
}
