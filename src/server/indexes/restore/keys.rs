//! Putting foreign keys back: all of them for new rows first, then each proved for the rows that are there. Why not at once:
//! `database/suspend/keys_pending.sql`.
//!
//! Neither chooses the order nor compares the outcome.

use sqlx::{Connection, PgConnection};

use crate::server::indexes::{IndexError, Result, SuspendedKey, catalog, keys};

/// Makes every key of the journal that does not stand, not yet valid; each in a transaction of its own, for they lock both
/// tables. Where another has taken a name, that is left for [`prove`] to say.
pub(super) async fn add_all(connection: &mut PgConnection, pending: &[SuspendedKey]) -> Result<()> {
    for key in pending {
        let mut transaction = connection.begin().await?;
        if let Some(SuspendedKey { standing: None, adding: Some(adding), .. }) =
            still_waiting(&mut transaction, key).await?
        {
            let added = catalog::execute(&mut transaction, &adding).await;
            added.map_err(|cause| IndexError::of_making(key.subject(), cause))?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Has PostgreSQL look at all rows, and takes the key out of the journal. False where somebody else has.
pub(super) async fn prove(connection: &mut PgConnection, key: &SuspendedKey) -> Result<bool> {
    let refused = |cause| IndexError::of_making(key.subject(), cause);
    let mut transaction = connection.begin().await.map_err(refused)?;
    let Some(now) = still_waiting(&mut transaction, key).await? else {
        transaction.rollback().await.map_err(refused)?;
        return Ok(false);
    };
    match now.standing {
        Some(found) if found != now.definition => {
            return Err(IndexError::Conflict { subject: key.subject(), expected: now.definition, found });
        }
        _ => {}
    }
    let statements = [Some(now.validating), now.commenting, Some(now.finishing)];
    for statement in statements.into_iter().flatten() {
        catalog::execute(&mut transaction, &statement).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)?;
    Ok(true)
}

/// The key as the journal has it now, if it still has. Its row is the lock: a connection that was cut off may still be at
/// work on the server.
async fn still_waiting(connection: &mut PgConnection, key: &SuspendedKey) -> Result<Option<SuspendedKey>> {
    let lock = "SELECT FROM loader.suspended_foreign_keys WHERE table_name = $1 AND name = $2 FOR UPDATE";
    sqlx::query(lock)
        .bind(&key.table)
        .bind(&key.name)
        .fetch_optional(&mut *connection)
        .await
        .map_err(|cause| IndexError::of_making(key.subject(), cause))?;
    let pending = keys::pending(connection).await?;
    Ok(pending.into_iter().find(|other| other.table == key.table && other.name == key.name))
}
