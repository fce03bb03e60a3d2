//! Building one index in the transaction that takes it out of the journal.
//!
//! Neither chooses which nor compares the outcome.

use sqlx::{Connection, PgConnection};

use crate::server::indexes::{IndexError, Result, SuspendedIndex, catalog};

/// Builds one index. False where its row has left the journal meanwhile: somebody else has built it.
pub(super) async fn build(connection: &mut PgConnection, index: &SuspendedIndex) -> Result<bool> {
    let refused = |cause| IndexError::of_making(index.subject(), cause);
    let mut transaction = connection.begin().await.map_err(refused)?;

    // The row is the lock: a connection that was cut off may still be at work on the server.
    let waiting = sqlx::query("SELECT FROM loader.suspended_indexes WHERE name = $1 FOR UPDATE")
        .bind(&index.name)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(refused)?;
    if waiting.is_none() {
        transaction.rollback().await.map_err(refused)?;
        return Ok(false);
    }

    let standing = catalog::present(&mut transaction, Some(&index.name)).await?.pop();
    let is_standing = match standing {
        None => false,
        Some(other) if other.definition != index.definition => {
            return Err(IndexError::Conflict {
                subject: index.subject(),
                expected: index.definition.clone(),
                found: other.definition,
            });
        }
        Some(other) if other.is_valid => true,
        Some(_) => {
            drop_invalid(&mut transaction, index).await.map_err(refused)?;
            false
        }
    };
    if !is_standing {
        for statement in [&index.preparation, &index.definition] {
            catalog::execute(&mut transaction, statement).await.map_err(refused)?;
        }
    }
    for statement in &index.finishing {
        catalog::execute(&mut transaction, statement).await.map_err(refused)?;
    }
    transaction.commit().await.map_err(refused)?;
    Ok(true)
}

/// Takes away what a failed `CREATE INDEX CONCURRENTLY` left under the index's name.
async fn drop_invalid(connection: &mut PgConnection, index: &SuspendedIndex) -> sqlx::Result<()> {
    let statement: String = sqlx::query_scalar("SELECT format('DROP INDEX %I.%I', $1, $2)")
        .bind(&index.schema)
        .bind(&index.name)
        .fetch_one(&mut *connection)
        .await?;
    catalog::execute(connection, &statement).await
}
