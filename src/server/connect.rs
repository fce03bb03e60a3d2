//! Which database is meant, and how to reach it: the flag, `DATABASE_URL`, the `PG*` variables, the configuration file, or the
//! private cluster.
//!
//! Resolves once into a [`Target`]; what is behind it makes no difference afterwards. No text made here ever holds a
//! password. Stores nothing.

mod failure;
mod session;
mod url;

pub use session::{connect, pool, server_version};
pub use url::without_password;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::{Error, ErrorKind, Result};
use crate::server::cluster::{DATABASE, PrivateCluster, ROLE, State};

/// Variables that by themselves say that a server is configured, as libpq reads them.
const VARIABLES: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER"];

/// What said which database is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--database-url`
    Flag,
    /// The environment variable `DATABASE_URL`.
    DatabaseUrlVariable,
    /// One of `PGHOST`, `PGHOSTADDR`, `PGPORT`, `PGDATABASE`, `PGUSER`.
    PgVariables,
    /// `database-url` in the configuration file.
    ConfigurationFile,
    /// Nothing: the private cluster.
    PrivateCluster,
}

impl Origin {
    /// The origin as the plan and the error messages name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "--database-url",
            Self::DatabaseUrlVariable => "DATABASE_URL",
            Self::PgVariables => "the PG* variables",
            Self::ConfigurationFile => "database-url of the configuration file",
            Self::PrivateCluster => "the private cluster",
        }
    }
}

/// Where the user may have named a database beside the environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'n> {
    /// By `--database-url`: goes before everything.
    pub flag: Option<&'n str>,
    /// In the configuration file: goes before the private cluster alone.
    pub file: Option<&'n str>,
}

/// A database, resolved.
#[derive(Clone)]
pub struct Target {
    /// What sqlx connects with; may hold a password.
    pub options: PgConnectOptions,
    /// What said so.
    pub origin: Origin,
    /// How it is named to people: a URL without the password.
    pub shown: String,
    /// How libpq's programs reach it, given the same environment. **Holds the password where the user's own URL does**:
    /// for handing on, never for showing.
    pub url: String,
    /// Parts of the URL that are not understood and were left out, by name.
    pub ignored: Vec<String>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("origin", &self.origin)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

/// Resolves the database: the flag (`--database-url`), else `DATABASE_URL`, else the `PG*` variables with `~/.pgpass`, else
/// the configuration file, else the private cluster, which is created and started where need be.
///
/// # Errors
/// A URL that cannot be used ([`ErrorKind::Usage`]) or a private cluster that cannot be started.
pub async fn resolve(named: Named<'_>) -> Result<Target> {
    match choose(named, env::var_os("DATABASE_URL"), |name| env::var_os(name))? {
        Choice::Url(url, origin) => Target::from_url(&url, origin),
        Choice::Variables => Ok(Target::from_variables()),
        Choice::Private => {
            let cluster = PrivateCluster::configured()?;
            let running = cluster.clone();
            let started = tokio::task::spawn_blocking(move || running.start()).await;
            let started = started.map_err(|error| {
                Error::new(ErrorKind::Run, "starting the private cluster was interrupted").with_cause(error)
            })??;
            tracing::debug!(?started, base = %cluster.layout().base.display(), "private cluster");
            Ok(Target::private(&cluster))
        }
    }
}

/// What [`resolve`] would connect to, starting nothing: a private cluster that does not run is only described.
///
/// # Errors
/// As [`resolve`], without the starting.
pub fn look(named: Named<'_>) -> Result<Found> {
    match choose(named, env::var_os("DATABASE_URL"), |name| env::var_os(name))? {
        Choice::Url(url, origin) => Target::from_url(&url, origin).map(Found::Reachable),
        Choice::Variables => Ok(Found::Reachable(Target::from_variables())),
        Choice::Private => {
            let cluster = PrivateCluster::configured()?;
            let state = cluster.status()?.state;
            let target = Target::private(&cluster);
            Ok(if state == State::Running { Found::Reachable(target) } else { Found::Asleep(target, state) })
        }
    }
}

/// What [`look`] found.
#[derive(Debug)]
pub enum Found {
    /// A database that can be connected to.
    Reachable(Target),
    /// A private cluster that would be started, or created, first.
    Asleep(Target, State),
}

impl Target {
    /// The database behind a URL, `postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…`.
    ///
    /// What the URL leaves open comes from the `PG*` variables and `~/.pgpass`, as with libpq.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] where it is no such URL; the message does not repeat it, for the password's sake.
    pub fn from_url(url: &str, origin: Origin) -> Result<Self> {
        let unusable = |found: String| {
            Error::new(ErrorKind::Usage, format!("{} is no database URL: {found}", origin.name())).with_hint(
                "write it as postgresql://USER@HOST:PORT/DATABASE, the password in ~/.pgpass or PGPASSWORD",
            )
        };
        let understood = url::understood(url).map_err(unusable)?;
        let options =
            PgConnectOptions::from_str(&understood.url).map_err(|error| unusable(failure::plain(&error)))?;
        Ok(Self { shown: shown(&options), options, origin, url: url.to_owned(), ignored: understood.ignored })
    }

    /// The database of a private cluster, which must be running to be connected to.
    #[must_use]
    pub fn private(cluster: &PrivateCluster) -> Self {
        let options = PgConnectOptions::new_without_pgpass()
            .socket(&cluster.layout().socket_directory)
            .port(5432)
            .username(ROLE)
            .database(DATABASE)
            .ssl_mode(PgSslMode::Disable);
        let url = cluster.url();
        Self { options, origin: Origin::PrivateCluster, shown: url.clone(), url, ignored: Vec::new() }
    }

    fn from_variables() -> Self {
        let options = PgConnectOptions::new();
        let shown = shown(&options);
        Self {
            shown,
            options,
            origin: Origin::PgVariables,
            url: "postgresql://".to_owned(),
            ignored: Vec::new(),
        }
    }

    /// The database's name as the server will take it.
    #[must_use]
    pub fn database_name(&self) -> &str {
        // libpq and the server take the role's name where none is given.
        self.options.get_database().unwrap_or_else(|| self.options.get_username())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Url(String, Origin),
    Variables,
    Private,
}

fn choose(
    named: Named<'_>,
    database_url: Option<OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Choice> {
    if let Some(flag) = named.flag {
        return Ok(Choice::Url(flag.to_owned(), Origin::Flag));
    }
    if let Some(url) = database_url.filter(|url| !url.is_empty()) {
        let url = url.into_string().map_err(|_| {
            Error::new(ErrorKind::Usage, "DATABASE_URL is no UTF-8")
                .with_hint("write other bytes as %XX in the URL, or unset DATABASE_URL")
        })?;
        return Ok(Choice::Url(url, Origin::DatabaseUrlVariable));
    }
    let is_set = |name: &&str| variable(name).is_some_and(|value| !value.is_empty());
    Ok(match named.file {
        _ if VARIABLES.iter().any(is_set) => Choice::Variables,
        Some(url) => Choice::Url(url.to_owned(), Origin::ConfigurationFile),
        None => Choice::Private,
    })
}

/// A URL for people: everything but the password.
fn shown(options: &PgConnectOptions) -> String {
    let (user, port) = (options.get_username(), options.get_port());
    let database = options.get_database().unwrap_or(user);
    let socket = options.get_socket().map(|path| path.display().to_string());
    let socket =
        socket.or_else(|| options.get_host().starts_with('/').then(|| options.get_host().to_owned()));
    match socket {
        Some(directory) => format!("postgresql:///{database}?host={directory}&port={port}&user={user}"),
        None => format!("postgresql://{user}@{}:{port}/{database}", options.get_host()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_origins() {
        let none = |_: &str| None;
        let host = |name: &str| (name == "PGHOST").then(|| OsString::from("db"));
        let password_only = |name: &str| (name == "PGPASSWORD").then(|| OsString::from("s"));
        let url = || Some(OsString::from("postgres://b/"));
        let from = |text: &str, origin| Choice::Url(text.to_owned(), origin);
        let file = Named { flag: None, file: Some("postgres://c/") };
        let flag = Named { flag: Some("postgres://a/"), ..file };
        let nothing = Named::default();
        assert_eq!(choose(flag, url(), host).unwrap(), from("postgres://a/", Origin::Flag));
        assert_eq!(choose(file, url(), host).unwrap(), from("postgres://b/", Origin::DatabaseUrlVariable));
        assert_eq!(choose(file, Some(OsString::new()), host).unwrap(), Choice::Variables);
        assert_eq!(choose(file, None, none).unwrap(), from("postgres://c/", Origin::ConfigurationFile));
        assert_eq!(choose(nothing, None, password_only).unwrap(), Choice::Private);
        assert_eq!(choose(nothing, None, none).unwrap(), Choice::Private);
    }

    #[test]
    fn no_text_holds_the_password() {
        let secret = "s3cret";
        for url in [
            "postgresql://ann:s3cret@db.example:6432/music?sslmode=require",
            "postgres://db.example/music?user=ann&password=s3cret",
            "postgresql:///music?host=/run/postgresql&user=ann&password=s3cret&sslpassword=s3cret",
        ] {
            let target = Target::from_url(url, Origin::Flag).unwrap();
            assert!(target.shown.contains("ann") && target.shown.contains("music"), "{}", target.shown);
            assert!(!target.shown.contains(secret) && !format!("{target:?}").contains(secret));
            assert!(!target.ignored.iter().any(|name| name.contains(secret)), "{:?}", target.ignored);
        }
        for url in [
            "mysql://ann:s3cret@db/music",
            "postgresql://ann:s3cret@db:port/music",
            "postgresql://ann:s3cret@db:99999/music",
            "host=db user=ann password=s3cret",
            "postgresql://ann:s3cret@db/music?sslmode=s3cret",
            "postgresql://ann:s3cret@[db/music",
            "",
        ] {
            let error = Target::from_url(url, Origin::Flag).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{url}");
            let text = format!("{error} {:?} {error:?}", error.hint());
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn a_private_target_is_what_its_url_says() {
        let cluster = PrivateCluster::at(std::path::Path::new("/data/my music")).unwrap();
        let target = Target::private(&cluster);
        let parsed = Target::from_url(&target.url, Origin::Flag).unwrap();
        assert_eq!(parsed.options.get_socket(), target.options.get_socket());
        assert_eq!((parsed.options.get_username(), parsed.options.get_port()), (ROLE, 5432));
        assert_eq!(parsed.database_name(), DATABASE);
    }
}
