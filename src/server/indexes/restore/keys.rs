//! Putting foreign keys back: all of them for new rows first, then proved for the rows that are there, the tables side by
//! side. Why not at once: `database/suspend/keys_pending.sql`.
//!
//! Neither chooses the order nor compares the outcome.

use std::time::Instant;

use sqlx::{Connection, PgConnection};

use super::jobs::Jobs;
use super::{RestoreEvent, RestoredKey};
use crate::server::indexes::{IndexError, Result, SuspendedKey, catalog, keys};

/// Makes every key of the journal that does not stand, not yet valid; each in a transaction of its own, for they lock both
/// tables.
pub(super) async fn add_all(connection: &mut PgConnection, pending: &[SuspendedKey]) -> Result<()> {
    for key in pending {
        let mut transaction = connection.begin().await?;
        if is_waiting(&mut transaction, key).await? {
            add(&mut transaction, key).await?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

async fn add(connection: &mut PgConnection, key: &SuspendedKey) -> Result<()> {
    // As it is now: whoever held the row before may have made it.
    let pending = keys::pending(connection).await?;
    let Some(now) = pending.into_iter().find(|other| other.table == key.table && other.name == key.name)
    else {
        return Ok(());
    };
    match (now.standing, now.adding) {
        (Some(found), Some(_)) => {
            Err(IndexError::Conflict { subject: key.subject(), expected: now.definition, found })
        }
        (_, Some(adding)) => catalog::execute(connection, &adding)
            .await
            .map_err(|cause| IndexError::of_making(key.subject(), cause)),
        (_, None) => Ok(()),
    }
}

/// Takes tables until there are none, or a key fails; then the other connections stop too. Each job is the keys of one table:
/// two of the same table would wait for each other.
pub(super) async fn validate_all(
    connection: &mut PgConnection,
    jobs: &Jobs<'_, &[SuspendedKey]>,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
) -> Result<Vec<RestoredKey>> {
    let mut restored = Vec::new();
    while let Some(table) = jobs.take() {
        for key in *table {
            observe(RestoreEvent::Validating(key));
            let started = Instant::now();
            let is_validated = validate(connection, key).await.inspect_err(|_| jobs.cancel())?;
            let elapsed = started.elapsed();
            observe(RestoreEvent::Validated(key, elapsed));
            if is_validated {
                restored.push(RestoredKey { table: key.table.clone(), name: key.name.clone(), elapsed });
            }
        }
    }
    Ok(restored)
}

/// Validates one key and takes it out of the journal. False where somebody else has.
async fn validate(connection: &mut PgConnection, key: &SuspendedKey) -> Result<bool> {
    let refused = |cause| IndexError::of_making(key.subject(), cause);
    let mut transaction = connection.begin().await.map_err(refused)?;
    if !is_waiting(&mut transaction, key).await? {
        transaction.rollback().await.map_err(refused)?;
        return Ok(false);
    }
    for statement in
        [Some(&key.validating), key.commenting.as_ref(), Some(&key.finishing)].into_iter().flatten()
    {
        catalog::execute(&mut transaction, statement).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)?;
    Ok(true)
}

/// Whether the key is still in the journal. Its row is the lock: a connection that was cut off may still be at work on the
/// server.
async fn is_waiting(connection: &mut PgConnection, key: &SuspendedKey) -> Result<bool> {
    let query = "SELECT FROM loader.suspended_foreign_keys WHERE table_name = $1 AND name = $2 FOR UPDATE";
    let row = sqlx::query(query).bind(&key.table).bind(&key.name).fetch_optional(connection).await;
    row.map(|row| row.is_some()).map_err(|cause| IndexError::of_making(key.subject(), cause))
}
