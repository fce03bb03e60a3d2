//! Merging, splitting and renaming songs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;
use sqlx::postgres::PgConnection;

use super::table::name;
use crate::catalog::{Catalog, CatalogSettings};
use crate::cli::terminal::{Terminal, counted, safe_line};
use crate::cli::{Everywhere, duplicates};
use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::server::connect::{self, Target};
use crate::server::schema;
use crate::songs::{self, SongId, Title};

/// What `loader songs merge` takes.
#[derive(Debug, clap::Args)]
pub(super) struct MergeArguments {
    /// The song that is kept, with its name
    #[arg(value_name = "KEPT")]
    into: i64,
    /// Those whose versions become its versions
    #[arg(required = true, value_name = "SONG")]
    songs: Vec<i64>,
    #[command(flatten)]
    trial: Trial,
}

/// What `loader songs split` takes.
#[derive(Debug, clap::Args)]
pub(super) struct SplitArguments {
    /// The files that are another song: their numbers, or their paths as they are listed, pack.zip!/a.mid in an archive
    #[arg(required = true, value_name = "FILE")]
    files: Vec<OsString>,
    #[command(flatten)]
    name: NameArguments,
    #[command(flatten)]
    trial: Trial,
}

/// What `loader songs rename` takes.
#[derive(Debug, clap::Args)]
pub(super) struct RenameArguments {
    /// The song
    #[arg(value_name = "SONG")]
    song: i64,
    #[command(flatten)]
    name: NameArguments,
    /// Undo it: the song is called as most of its versions are, now and from now on
    #[arg(long, conflicts_with_all = ["artist", "title"])]
    undo: bool,
    #[command(flatten)]
    trial: Trial,
}

/// How a song is to be called.
#[derive(Debug, clap::Args)]
struct NameArguments {
    /// Its artist; '' for none
    #[arg(long, value_name = "NAME")]
    artist: Option<String>,
    /// Its title
    #[arg(long, value_name = "NAME")]
    title: Option<String>,
}

#[derive(Clone, Copy, Debug, clap::Args)]
struct Trial {
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

impl Trial {
    /// Tells what was done, or would be: in a line, and to programs.
    fn tell(
        self,
        (done, line): (&str, &str),
        what: &impl Serialize,
        everywhere: &Everywhere,
        terminal: &Terminal,
    ) -> Result<ExitStatus> {
        if self.dry_run {
            terminal.say(&format!("would be {done}: {line}"));
            terminal.say("nothing was done; the same command without --dry-run does it");
        } else {
            terminal.say(&terminal.bold(&format!("{done}: {line}")));
        }
        if everywhere.json {
            terminal.print_json(what)?;
        }
        Ok(ExitStatus::Success)
    }
}

pub(super) async fn merge(
    arguments: &MergeArguments,
    target: &Target,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let mut connection = connect(target).await?;
    let numbers = std::iter::once(arguments.into).chain(arguments.songs.iter().copied());
    let numbers: Vec<_> = numbers.map(SongId).collect();
    let merged = songs::merge(&mut connection, &numbers, arguments.trial.dry_run).await?;
    let others: Vec<_> = merged.songs.iter().map(shown).collect();
    let versions = counted(merged.versions, "version");
    let line = format!("{} into {}, {versions}", others.join(", "), shown(&merged.into));
    arguments.trial.tell(("merged", &line), &merged, everywhere, terminal)
}

pub(super) async fn split(
    arguments: &SplitArguments,
    target: &Target,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let mut connection = connect(target).await?;
    let NameArguments { artist, title } = &arguments.name;
    let is_trial = arguments.trial.dry_run;
    let files = numbers(&arguments.files, target).await?;
    let split = songs::split(&mut connection, &files, artist.clone(), title.clone(), is_trial).await?;
    let new = if is_trial {
        safe_line(&name(split.song.artist.as_deref(), &split.song.title)).into_owned()
    } else {
        shown(&split.song)
    };
    let versions = counted(split.versions, "version");
    arguments.trial.tell(
        ("split", &format!("{versions} of {} as {new}", shown(&split.from))),
        &split,
        everywhere,
        terminal,
    )
}

pub(super) async fn rename(
    arguments: &RenameArguments,
    target: &Target,
    everywhere: &Everywhere,
    terminal: &Terminal,
) -> Result<ExitStatus> {
    let mut connection = connect(target).await?;
    let NameArguments { artist, title } = &arguments.name;
    let (song, is_trial) = (SongId(arguments.song), arguments.trial.dry_run);
    let renamed = if arguments.undo {
        songs::unname(&mut connection, song, is_trial).await?
    } else {
        songs::rename(&mut connection, song, artist.clone(), title.clone(), is_trial).await?
    };
    arguments.trial.tell(("renamed", &shown(&renamed)), &renamed, everywhere, terminal)
}

async fn connect(target: &Target) -> Result<PgConnection> {
    let mut connection = connect::connect(target, "loader songs").await?;
    schema::check(&mut connection).await?;
    Ok(connection)
}

/// The numbers of files that are named by number or by path. A file whose name is a number is `./12`.
async fn numbers(files: &[OsString], target: &Target) -> Result<Vec<i64>> {
    let number = |file: &OsString| file.to_str().and_then(|file| file.parse().ok());
    let mut numbers: Vec<i64> = files.iter().filter_map(number).collect();
    let paths: Vec<&OsString> = files.iter().filter(|file| number(file).is_none()).collect();
    if paths.is_empty() {
        return Ok(numbers);
    }
    let resolved: Vec<PathBuf> =
        paths.iter().map(|path| duplicates::resolve(Path::new(path))).collect::<Result<_>>()?;
    let mut catalog = Catalog::open(target.clone(), CatalogSettings::default()).await?;
    let found = catalog.by_paths(&resolved).await?;
    catalog.close().await?;
    for (path, content) in resolved.iter().zip(found) {
        let Some(content) = content else {
            let path = safe_line(&path.to_string_lossy()).into_owned();
            return Err(Error::new(ErrorKind::Usage, format!("the library has nothing at {path}"))
                .with_hint("loader songs lists versions with their numbers and paths; within an archive: pack.zip!/a.mid"));
        };
        numbers.push(content.id.0);
    }
    Ok(numbers)
}

/// `12 (ABBA - Waterloo)`
fn shown(title: &Title) -> String {
    format!("{} ({})", title.song.0, safe_line(&name(title.artist.as_deref(), &title.title)))
}
