//! Taking secondary indexes and foreign keys away for a fast load: journalled and dropped in one transaction.
//!
//! Does not decide whether that pays, see [`super::Plan`].

use std::path::Path;

use sqlx::{Connection, PgConnection};

use super::{IndexError, Result, SuspendedIndex, SuspendedKey, backup, catalog, keys};

/// What was taken away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suspended {
    /// The indexes, the most expensive to build first.
    pub indexes: Vec<SuspendedIndex>,
    /// The foreign keys.
    pub keys: Vec<SuspendedKey>,
}

/// Journals every suspendable index of the four tables, a user's own included, and every foreign key between the tables of
/// the library; writes them into the file `backup` too, as statements; and drops them. All or nothing: killed or refused at
/// any point, everything stands and the journals are as before.
///
/// Left alone are unique, primary, exclusion and other constraint-backed indexes, a replica identity, invalid ones, and
/// whatever an extension or another object depends on; foreign keys that are not valid, whose checks are switched off, or
/// that lead from or to a user's own tables. Rows of an earlier suspension stay in the journals.
///
/// Waits for whoever reads the tables, for a `DROP` needs them alone; how long is up to the connection's `lock_timeout`.
///
/// # Errors
/// Names what could not be dropped, or the file that could not be written.
pub async fn suspend(connection: &mut PgConnection, run_id: i32, backup: &Path) -> Result<Suspended> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT set_config('loader.run_id', $1, true)")
        .bind(run_id.to_string())
        .execute(&mut *transaction)
        .await?;
    catalog::execute(&mut transaction, include_str!("../../../database/suspend/journal.sql")).await?;
    catalog::execute(&mut transaction, include_str!("../../../database/suspend/keys_journal.sql")).await?;
    let mut indexes = catalog::pending(&mut transaction).await?;
    indexes.retain(|index| index.is_of_this_transaction);
    let mut keys = keys::pending(&mut transaction).await?;
    keys.retain(|key| key.is_of_this_transaction);
    if !(indexes.is_empty() && keys.is_empty()) {
        backup::write(&mut transaction, backup).await?;
    }
    drop_all(&mut transaction, include_str!("../../../database/suspend/drops.sql")).await?;
    drop_all(&mut transaction, include_str!("../../../database/suspend/keys_drops.sql")).await?;
    transaction.commit().await?;
    Ok(Suspended { indexes, keys })
}

/// Runs the statements that a query makes.
async fn drop_all(connection: &mut PgConnection, query: &'static str) -> Result<()> {
    let statements: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut *connection).await?;
    for statement in statements {
        if let Err(cause) = catalog::execute(connection, &statement).await {
            return Err(IndexError::Suspend { statement, cause });
        }
    }
    Ok(())
}
