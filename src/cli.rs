//! The command line: what was typed, turned into calls of the library, and what is shown of them.
//!
//! Only the modules below it write to the terminal: data on stdout, everything else on stderr. They decide nothing that
//! concerns the data.

mod analyze;
mod check;
mod completions;
mod config;
mod configuration;
pub mod db;
mod duplicates;
mod extract;
mod import;
mod limits;
mod logging;
mod plan;
mod progress;
mod prune;
mod rejects;
mod restore;
pub mod sample;
mod signals;
mod songs;
mod status;
pub mod terminal;
mod timings;
mod watch;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::error::{Error, ExitStatus, Result};
use crate::server::connect::{self, Found, Named};
use configuration::{Configuration, ConfigurationFile, InForce};
use terminal::Terminal;

const EXAMPLES: &str = "\
Examples:
  loader import ~/midi lakh.tar.gz packs/*.zip       everything in them, into the private cluster
  curl -s https://example.org/midi.tar.gz | loader import -
  loader import --mode fast --log-file import.log /data/midi &  tail -f import.log
  loader status                                      from another terminal
  loader rejects                                     what was refused, and why
  loader prune --dry-run                             what is no longer on the disk
  loader songs waterloo                              its versions, and where they lie
  loader analyze --missing                           after an update: what the new analysis finds
  psql \"$(loader db url)\" -c 'SELECT count(*) FROM files'

Exit status: 0 all loaded or already there, 1 failed (the same command resumes), 2 usage, 3 finished with rejects or with a
folder of which most is away (--accept-vanished), 10 no database, 11 another import holds the lock, 12 schema missing or
changed, 13 something is left suspended or changed (loader restore), 130/143 ended by Ctrl-C or SIGTERM.";

/// Takes MIDI collections as they are, archives included, into a searchable PostgreSQL library.
#[derive(Debug, Parser)]
#[command(name = "loader", version, about, after_help = EXAMPLES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    everywhere: Everywhere,
}

/// Flags of every command.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Everywhere {
    /// PostgreSQL to use [default: `DATABASE_URL`, else PG* variables, else the private cluster]
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Configuration to read [default: `LOADER_CONFIG`, else ~/.config/loader/config.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How progress is shown [default: auto]
    #[arg(long, global = true, value_enum, value_name = "HOW")]
    progress: Option<ProgressFace>,
    /// Print the result as JSON on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// Write the log there [default: a file of its own under the state directory]
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log more; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Colours on stderr [default: auto]
    #[arg(long, global = true, value_enum, value_name = "WHEN")]
    color: Option<ColorChoice>,
    /// What stands beside the flags.
    #[arg(skip)]
    configuration: Configuration,
}

impl Everywhere {
    /// The database that was named, if one was.
    #[must_use]
    pub fn database(&self) -> Named<'_> {
        Named { flag: self.database_url.as_deref(), file: self.configuration.database() }
    }

    /// How progress is shown.
    #[must_use]
    pub fn progress(&self) -> ProgressFace {
        self.configuration.progress(self.progress).0
    }

    /// When to use colours.
    #[must_use]
    pub fn color(&self) -> ColorChoice {
        self.configuration.color(self.color).0
    }

    /// The settings of every command, in words.
    fn in_force(&self) -> Result<Vec<InForce>> {
        let (progress, progress_from) = self.configuration.progress(self.progress);
        let (color, color_from) = self.configuration.color(self.color);
        let database = match connect::look(self.database())? {
            Found::Reachable(target) | Found::Asleep(target, _) => target,
        };
        Ok(vec![
            InForce::new("progress", &progress, &progress_from),
            InForce::new("color", &color, &color_from),
            InForce { name: "database-url", value: database.shown, from: database.origin.name().to_owned() },
        ])
    }
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressFace {
    /// Bars on a terminal, lines elsewhere
    #[default]
    Auto,
    /// Bars
    Bar,
    /// A line every few seconds
    Plain,
    /// A JSON object a second, on stderr
    Json,
    /// Nothing
    None,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or TERM is dumb
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Import files, folders and archives
    Import(Box<import::ImportArguments>),
    /// Show what an import would do, and do nothing
    Plan(Box<import::ImportArguments>),
    /// Analyse again what the library holds, where its rows are behind
    Analyze(Box<analyze::AnalyzeArguments>),
    /// Write what archives hold to disk, each archive into a folder of its own
    Extract(Box<extract::ExtractArguments>),
    /// Tell what of files and archives the library has already, and write nothing
    Check(Box<check::CheckArguments>),
    /// List what the library holds more than once, and delete nothing
    Duplicates(duplicates::DuplicatesArguments),
    /// List songs with their versions, merge, split and rename them
    Songs(songs::SongsArguments),
    /// Import what changes in folders, as it changes
    Watch(Box<watch::WatchArguments>),
    /// Show what the newest import is doing, or has done
    Status,
    /// List what was refused, and why
    Rejects(rejects::RejectsArguments),
    /// Delete from the library what vanished from the disk
    Prune(prune::PruneArguments),
    /// Put back what an import has suspended and changed: settings of the server, indexes, foreign keys
    Restore(restore::RestoreArguments),
    /// Show what is in force, and from where: flags, environment, configuration file, profile
    Config(Box<config::ConfigArguments>),
    /// The private cluster and the schema
    #[command(subcommand)]
    Db(db::DbCommand),
    /// Write a generated sample collection, to try loader with
    Sample(sample::SampleArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

impl Command {
    /// What stands beside the flags, for a command that may heed it.
    fn configuration(&self, everywhere: &Everywhere) -> Result<Configuration> {
        match self {
            // They print what is always the same, and help to mend a file that cannot be read.
            Self::Completions { .. } | Self::Man => Ok(Configuration::default()),
            Self::Config(config) if !config.shows_what_is_in_force() => Ok(Configuration::default()),
            _ => Configuration::read(everywhere.config.clone()),
        }
    }
}

/// Runs the command line to its end.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let mut arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors, and go to stdout.
            let _ = error.print();
            return if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success };
        }
    };
    match arguments.command.configuration(&arguments.everywhere) {
        Ok(configuration) => arguments.everywhere.configuration = configuration,
        Err(error) => {
            Terminal::new(&arguments.everywhere).error(&error);
            return error.kind().into();
        }
    }
    let terminal = Terminal::new(&arguments.everywhere);
    if let Some(warning) = arguments.everywhere.configuration.file().and_then(ConfigurationFile::warning) {
        terminal.warn(&terminal::safe_line(&warning));
    }
    let result = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => {
            let result = runtime.block_on(dispatch(arguments, &terminal));
            // A read of standard input may never end, and must not keep a program that was interrupted.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Error::from(error)),
    };
    result.unwrap_or_else(|error| {
        terminal.error(&error);
        error.kind().into()
    })
}

async fn dispatch(arguments: Arguments, terminal: &Terminal) -> Result<ExitStatus> {
    let Arguments { command, everywhere } = arguments;
    match command {
        Command::Import(import) if import.dry_run => plan::run(&import, &everywhere, terminal).await,
        Command::Import(import) => import::run(&import, &everywhere, terminal).await,
        Command::Plan(import) => plan::run(&import, &everywhere, terminal).await,
        Command::Analyze(analyze) if analyze.dry_run => analyze::plan(&analyze, &everywhere, terminal).await,
        Command::Analyze(analyze) => analyze::run(&analyze, &everywhere, terminal).await,
        Command::Extract(extract) => extract::run(&extract, &everywhere, terminal).await,
        Command::Check(check) => check::run(&check, &everywhere, terminal).await,
        Command::Duplicates(duplicates) => duplicates::run(&duplicates, &everywhere, terminal).await,
        Command::Songs(songs) => songs::run(&songs, &everywhere, terminal).await,
        Command::Watch(watch) => watch::run(&watch, &everywhere, terminal).await,
        Command::Status => status::run(&everywhere, terminal).await,
        Command::Rejects(rejects) => rejects::run(&rejects, &everywhere, terminal).await,
        Command::Prune(prune) => prune::run(&prune, &everywhere, terminal).await,
        Command::Restore(restore) => restore::run(&restore, &everywhere, terminal).await,
        Command::Config(config) => config::run(&config, &everywhere, terminal),
        Command::Db(command) => db::run(command, everywhere.database()).await,
        Command::Sample(sample) => sample::run(&sample, everywhere.json),
        Command::Completions { shell } => completions::print(shell, Arguments::command(), terminal),
        Command::Man => completions::print_manual(&Arguments::command(), terminal),
    }
}
