//! Taking the secondary indexes away for a fast load: journalled and dropped in one transaction.
//!
//! Does not decide whether that pays, see [`super::Plan`].

use sqlx::{Connection, PgConnection};

use super::{IndexError, Result, SuspendedIndex, catalog};

/// Journals every suspendable index of the four tables, a user's own included, and drops it. All or nothing: killed or
/// refused at any point, every index stands and the journal is as before.
///
/// Left alone are unique, primary, exclusion and other constraint-backed indexes, a replica identity, invalid ones, and
/// whatever an extension or another object depends on. Rows of an earlier suspension stay in the journal.
///
/// Waits for whoever reads the tables, for a `DROP INDEX` needs them alone; how long is up to the connection's
/// `lock_timeout`.
///
/// # Errors
/// Names the index that could not be dropped.
pub async fn suspend(connection: &mut PgConnection, run_id: i32) -> Result<Vec<SuspendedIndex>> {
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT set_config('loader.run_id', $1, true)")
        .bind(run_id.to_string())
        .execute(&mut *transaction)
        .await?;
    catalog::execute(&mut transaction, include_str!("../../../database/suspend/journal.sql")).await?;
    let drops: Vec<String> = sqlx::query_scalar(include_str!("../../../database/suspend/drops.sql"))
        .fetch_all(&mut *transaction)
        .await?;
    for statement in &drops {
        catalog::execute(&mut transaction, statement).await.map_err(|cause| IndexError::Suspend {
            index: statement.trim_start_matches("DROP INDEX ").to_owned(),
            cause,
        })?;
    }
    let mut suspended = catalog::pending(&mut transaction).await?;
    suspended.retain(|index| index.is_of_this_transaction);
    transaction.commit().await?;
    Ok(suspended)
}
