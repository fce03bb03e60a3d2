//! The server's own settings: what a mode would change of them, changing them, and putting them back exactly.
//!
//! ```text
//! standing ─▶ plan ─▶ journal ─▶ change ─▶ (the run) ─▶ undo
//! what is     what    table,     ALTER                   as it was,
//! in force    and     then a     SYSTEM                  and seen
//!             why     file                               to be
//! ```
//!
//! Only settings that a reload puts in force are ever changed. Each is written down before: in the table
//! `loader.changed_settings`, and in a file of statements beside the logs that is of use where the database is not.
//! Whoever is killed when, the next [`undo`] finishes. Callers hold the library's lock. Prints nothing.

mod backup;
mod change;
mod journal;

pub mod offline;
mod plan;
mod quantity;
mod standing;
mod undo;

pub use backup::BackupFile;
pub use change::{Changed, change};
pub use journal::{OpenSetting, Whose, open};
pub use plan::{Consent, Needs, Refusal, SettingPlan, SettingsPlan};
pub use standing::{Standing, Surroundings};
pub use undo::{Undone, undo};

use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use crate::error::{Error, ErrorKind, Result};
use crate::server::connect::{self, Target};

/// How long a reload may take to be seen by a session.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(10);
/// How often is looked.
const LOOKS_EVERY: Duration = Duration::from_millis(20);

/// What is written by the system before it is on the disk goes there: on the server's machine, as its account.
const SYNC: &str = "COPY (SELECT) TO PROGRAM 'sync'";

/// Keeps other libraries of the same server from changing its settings at the same moment.
///
/// Advisory locks are kept per database, settings are not. So a catalog that all databases share, and that hardly anyone
/// ever writes, is locked in a mode that keeps nobody else away.
struct Turn(PgConnection);

impl Turn {
    async fn wait(target: &Target) -> Result<Self> {
        let mut connection = connect::connect(target, "loader settings").await?;
        let lock = "BEGIN; LOCK TABLE pg_catalog.pg_shseclabel IN SHARE UPDATE EXCLUSIVE MODE";
        sqlx::raw_sql(lock)
            .execute(&mut connection)
            .await
            .map_err(|error| failed("waiting for others who change the server's settings", error))?;
        Ok(Self(connection))
    }

    async fn end(self) {
        // The lock ends with the connection, however that ends.
        let _ = self.0.close().await;
    }
}

/// Runs one statement outside of any transaction: `ALTER SYSTEM` is refused in one, also where several come as one string.
async fn execute(connection: &mut PgConnection, statement: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| failed(statement, error))
}

/// A failure in the middle: whatever was changed stands in the journal.
fn failed(doing: &str, error: sqlx::Error) -> Error {
    let is_forbidden =
        error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == FORBIDDEN);
    Error::new(ErrorKind::Suspended, format!("changing the server's settings back or forth failed: {doing}"))
        .with_hint(if is_forbidden {
            "as a superuser: loader restore --database-url …"
        } else {
            "run: loader restore"
        })
        .with_cause(error)
}

/// SQLSTATE of what a role may not do.
const FORBIDDEN: &str = "42501";
