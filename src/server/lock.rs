//! The library's lock: one import at a time in one database.
//!
//! A session advisory lock: it ends with the connection that took it, however that ends. It keeps two imports from
//! interleaving; it does not keep anyone from reading.

use std::fmt::Write as _;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::error::{Error, ErrorKind, Result};
use crate::server::connect::{self, Target};

/// The key of the advisory lock: the letters `loader`, then 1. Locks are kept per database, so it is per library.
///
/// `SELECT pg_try_advisory_lock(7813570962337693697)` keeps imports out by hand.
pub const KEY: i64 = i64::from_be_bytes(*b"loader\x00\x01");

const HOLDER: &str = include_str!("../../database/settings/lock_holder.sql");

/// Who holds the lock, as far as this role may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The process id of its session on the server.
    pub pid: i32,
    /// What it calls itself.
    pub application_name: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// The address it connects from, or `this server` for a local socket.
    pub client: Option<String>,
    /// When its session began, in the server's words.
    pub since: Option<String>,
}

/// Takes the lock for the rest of this connection, without waiting. Taking it again on the same connection succeeds.
///
/// # Errors
/// [`ErrorKind::Locked`], naming the holder, where another connection has it.
pub async fn acquire(connection: &mut PgConnection) -> Result<()> {
    let is_ours: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)")
        .bind(KEY)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "cannot ask for the library's lock").with_cause(error))?;
    if is_ours {
        return Ok(());
    }
    // Known only to make the message better: it may have been given back meanwhile.
    let holder = holder(connection).await.unwrap_or_default();
    Err(locked(holder.as_ref()))
}

/// Keeps a connection that holds the lock: makes it again, called `name`, where the server was away and came back meanwhile.
///
/// # Errors
/// As [`connect::connect`] and [`acquire`].
pub async fn keep(connection: &mut PgConnection, target: &Target, name: &str) -> Result<()> {
    if connection.ping().await.is_ok() {
        return Ok(());
    }
    *connection = connect::connect(target, name).await?;
    acquire(connection).await
}

/// Gives the lock back before the connection ends. Returns whether this connection had it.
///
/// # Errors
/// Where the server cannot be asked.
pub async fn release(connection: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar("SELECT pg_advisory_unlock($1)")
        .bind(KEY)
        .fetch_one(connection)
        .await
        .map_err(|error| Error::new(ErrorKind::Run, "cannot give the library's lock back").with_cause(error))
}

/// The other session that holds the lock, if any; an import that is running, usually.
///
/// # Errors
/// Where the server cannot be asked.
pub async fn holder(connection: &mut PgConnection) -> Result<Option<Holder>> {
    type Names = Option<String>;
    let found: Option<(i32, Names, Names, Names, Names)> =
        sqlx::query_as(HOLDER).bind(KEY).fetch_optional(connection).await.map_err(|error| {
            Error::new(ErrorKind::Run, "cannot look who holds the library's lock").with_cause(error)
        })?;
    Ok(found.map(|(pid, application_name, role, client, since)| Holder {
        pid,
        application_name,
        role,
        client,
        since,
    }))
}

fn locked(holder: Option<&Holder>) -> Error {
    let mut message = String::from("another import is working on this library");
    let mut hint = String::from("wait until it has ended (loader status shows it)");
    if let Some(holder) = holder {
        let name =
            holder.application_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("unnamed program");
        let _ = write!(message, ": {name}, server process {}", holder.pid);
        for (word, value) in [("as", &holder.role), ("from", &holder.client), ("since", &holder.since)] {
            if let Some(value) = value {
                let _ = write!(message, ", {word} {value}");
            }
        }
        let _ = write!(hint, "; one that is dead and holds on: SELECT pg_terminate_backend({})", holder.pid);
    }
    Error::new(ErrorKind::Locked, message).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_key() {
        assert_eq!(KEY, 7_813_570_962_337_693_697);
    }

    #[test]
    fn the_message_says_what_is_known() {
        assert_eq!(locked(None).to_string(), "another import is working on this library");
        let holder =
            Holder { pid: 42, application_name: Some(String::new()), role: None, client: None, since: None };
        assert_eq!(
            locked(Some(&holder)).to_string(),
            "another import is working on this library: unnamed program, server process 42"
        );
        let holder = Holder {
            application_name: Some("loader".into()),
            role: Some("ann".into()),
            client: Some("10.0.0.7".into()),
            ..holder
        };
        let error = locked(Some(&holder));
        assert_eq!(error.kind(), ErrorKind::Locked);
        assert!(error.to_string().ends_with("loader, server process 42, as ann, from 10.0.0.7"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("pg_terminate_backend(42)")));
    }
}
