//! `loader db …`: the private cluster and the schema.
//!
//! Prints data on stdout (a URL, a status) and everything else on stderr; the work is done by [`crate::server`].

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use clap::Subcommand;

use crate::error::{Error, ErrorKind, ExitStatus, Result};
use crate::server::binaries::{Binaries, program_in_path};
use crate::server::cluster::{PrivateCluster, Started, State, Status};
use crate::server::connect::{self, Named, Origin, Target};
use crate::server::{indexes, lock, schema};

/// What `loader db` can do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum DbCommand {
    /// Start the private cluster, creating it first where there is none
    Start,
    /// Stop the private cluster; the next command that needs it starts it again
    Stop,
    /// Show what the private cluster is doing (exit status 10 unless it runs)
    Status,
    /// Print the database's URL, for psql "$(loader db url)"; with your password, if your own URL holds it
    Url,
    /// Open psql on the database; what follows is handed on to it
    #[command(trailing_var_arg = true)]
    Psql {
        /// Arguments for psql, for example: -c "SELECT count(*) FROM files"
        #[arg(value_name = "ARGUMENT", allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Create the library's schema, or bring it up to date
    Migrate,
    /// Compare the library's schema with what this version expects (exit status 12 where it differs)
    Check,
    /// Delete the private cluster and every library in it
    Destroy {
        /// Really do it
        #[arg(short, long)]
        yes: bool,
    },
}

/// Runs one of them; `named` is the database that the user named.
///
/// # Errors
/// Whatever keeps it from being done.
pub async fn run(command: DbCommand, named: Named<'_>) -> Result<ExitStatus> {
    match command {
        DbCommand::Start => {
            let cluster = PrivateCluster::configured()?;
            let (cluster, started) =
                blocking(move || cluster.start().map(|started| (cluster, started))).await?;
            let done = match started {
                Started::Created => "created and started",
                Started::Started => "started",
                Started::AlreadyRunning => "already running",
            };
            say(&format!("private cluster {done} in {}", cluster.layout().base.display()));
        }
        DbCommand::Stop => {
            let cluster = PrivateCluster::configured()?;
            let did_run = blocking(move || cluster.stop()).await?;
            say(if did_run { "private cluster stopped" } else { "private cluster was not running" });
        }
        DbCommand::Status => {
            let status = PrivateCluster::configured()?.status()?;
            print(&describe(&status))?;
            if status.state != State::Running {
                return Ok(ExitStatus::Unreachable);
            }
        }
        DbCommand::Url => {
            let target = resolve(named).await?;
            print(&format!("{}\n", target.url))?;
        }
        DbCommand::Psql { arguments } => return Err(open_psql(&resolve(named).await?, &arguments)),
        DbCommand::Migrate => {
            let target = resolve(named).await?;
            let mut connection = connect::connect(&target, "loader db migrate").await?;
            lock::acquire(&mut connection).await?;
            let migrated = schema::migrate(&mut connection).await?;
            indexes::create_all(&mut connection).await?;
            let done = match migrated.from {
                None => format!("created at version {}", migrated.to),
                Some(from) if from == migrated.to => format!("already at version {from}"),
                Some(from) => format!("brought from version {from} to {}", migrated.to),
            };
            say(&format!("schema {done}: {}", target.shown));
        }
        DbCommand::Check => {
            let target = resolve(named).await?;
            let mut connection = connect::connect(&target, "loader db check").await?;
            schema::check(&mut connection).await?;
            let server = connect::server_version(&connection)?;
            if let Some(warning) = server.warning() {
                say(&format!("warning: {warning}"));
            }
            say(&format!(
                "schema is as expected, version {}, on PostgreSQL {server}: {}",
                schema::newest_version(),
                target.shown
            ));
        }
        DbCommand::Destroy { yes } => {
            let cluster = PrivateCluster::configured()?;
            let base = cluster.layout().base.display().to_string();
            blocking(move || cluster.destroy(yes)).await?;
            say(&format!("private cluster destroyed: {base}"));
        }
    }
    Ok(ExitStatus::Success)
}

async fn resolve(named: Named<'_>) -> Result<Target> {
    let target = connect::resolve(named).await?;
    if !target.ignored.is_empty() {
        say(&format!(
            "warning: not understood in the database URL and left out: {}",
            target.ignored.join(", ")
        ));
    }
    Ok(target)
}

/// Starting and stopping a server takes seconds: not on a thread that serves others.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Run, "the work on the private cluster was interrupted").with_cause(error)
    })?
}

fn describe(status: &Status) -> String {
    let or_none = |number: Option<u32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    let mut text = format!("state:      {}\n", status.state.word());
    for (name, value) in [
        ("directory", status.layout.base.display().to_string()),
        ("PostgreSQL", or_none(status.major)),
        ("process", or_none(status.pid)),
        ("socket", status.layout.socket().display().to_string()),
        ("log", status.layout.log().display().to_string()),
    ] {
        let _ = writeln!(text, "{:<12}{value}", format!("{name}:"));
    }
    text
}

/// Becomes psql; returns only where that fails. A password goes by environment, where other users cannot see it.
fn open_psql(target: &Target, arguments: &[std::ffi::OsString]) -> Error {
    let own = (target.origin == Origin::PrivateCluster).then(|| Binaries::find().ok()?.psql()).flatten();
    let Some(program) = own.or_else(|| program_in_path("psql")) else {
        return Error::new(ErrorKind::Usage, "psql was not found in PATH").with_hint(
            "apt-get install postgresql-client, or use another client with the URL of: loader db url",
        );
    };
    let (url, password) = connect::without_password(&target.url);
    let mut psql = Command::new(&program);
    if let Some(password) = password {
        psql.env("PGPASSWORD", password);
    }
    let problem = psql.arg("--dbname").arg(url).args(arguments).exec();
    Error::new(ErrorKind::Run, format!("cannot start {}: {problem}", program.display()))
}

/// Data: to stdout. A reader that has gone away is no failure.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Everything else: to stderr, best effort.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Whole {
        #[command(subcommand)]
        command: DbCommand,
    }

    #[test]
    fn what_is_typed() {
        for (typed, expected) in [
            (&["db", "start"][..], DbCommand::Start),
            (&["db", "destroy"], DbCommand::Destroy { yes: false }),
            (&["db", "destroy", "-y"], DbCommand::Destroy { yes: true }),
            (
                &["db", "psql", "-c", "SELECT 1"],
                DbCommand::Psql { arguments: vec!["-c".into(), "SELECT 1".into()] },
            ),
            (&["db", "psql"], DbCommand::Psql { arguments: Vec::new() }),
        ] {
            assert_eq!(Whole::try_parse_from(typed).unwrap().command, expected);
        }
        assert!(Whole::try_parse_from(["db", "nonsense"]).is_err());
    }
}
