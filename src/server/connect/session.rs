//! Opens connections: within a time limit, to a version that can be used, with the same session settings everywhere.

use std::time::{Duration, Instant};

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Target, failure};
use crate::error::{Error, ErrorKind, Result};
use crate::server::version::{OLDEST, ServerVersion};

/// Sent once on every connection, before anything else.
const SESSION: &str = include_str!("../../../database/settings/session.sql");

/// How long a connection may take to be made.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// How long a task may wait until the pool has a connection for it.
const WAITS_AT_MOST: Duration = Duration::from_mins(1);
/// SQLSTATE of a server that is starting up.
const NOT_YET: &str = "57P03";

/// Opens a connection whose sessions are prepared alike; `application_name` is what the server's activity views show.
///
/// A server that is still starting is waited for.
///
/// # Errors
/// [`ErrorKind::Unreachable`], each cause worded, with the remedy; also for a server older than PostgreSQL 14.
pub async fn connect(target: &Target, application_name: &str) -> Result<PgConnection> {
    let options = target.options.clone().application_name(application_name);
    let since = Instant::now();
    let connecting = async {
        loop {
            let error = match options.connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            let is_starting =
                error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == NOT_YET);
            if !is_starting || since.elapsed() + Duration::from_secs(1) > CONNECTS_WITHIN {
                return Err(failure::unreachable(&error, target));
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let mut connection = tokio::time::timeout(CONNECTS_WITHIN, connecting)
        .await
        .map_err(|_| failure::timed_out(target, CONNECTS_WITHIN.as_secs()))??;
    check_version(&connection, target)?;
    prepare(&mut connection).await.map_err(|error| failure::unreachable(&error, target))?;
    Ok(connection)
}

/// A pool of at most `connections`, each prepared like one of [`connect`].
///
/// One connection is made first, so that a database that cannot be reached says why. Connections are kept as long as the
/// pool: they carry settings and temporary tables.
///
/// # Errors
/// As [`connect`].
pub async fn pool(target: &Target, application_name: &str, connections: u32) -> Result<PgPool> {
    let first = connect(target, application_name).await?;
    // Nothing is lost where the good-bye does not arrive.
    let _ = first.close().await;
    let options = target.options.clone().application_name(application_name);
    Ok(PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(WAITS_AT_MOST)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| Box::pin(prepare(connection)))
        .connect_lazy_with(options))
}

/// The version the server reported when the connection was made; its [`ServerVersion::warning`] is to be shown.
///
/// # Errors
/// [`ErrorKind::Unreachable`] where it reported none, which PostgreSQL always does.
pub fn server_version(connection: &PgConnection) -> Result<ServerVersion> {
    connection.server_version_num().map(ServerVersion::from_number).ok_or_else(|| {
        Error::new(ErrorKind::Unreachable, "the server does not tell its version; PostgreSQL would")
    })
}

fn check_version(connection: &PgConnection, target: &Target) -> Result<()> {
    let version = server_version(connection)?;
    if !version.is_too_old() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unreachable,
        format!("{} is PostgreSQL {version}; {OLDEST} or later is needed", target.shown),
    )
    .with_hint("upgrade the server, or give another one with --database-url"))
}

async fn prepare(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::raw_sql(SESSION).execute(connection).await.map(|_| ())
}
