//! One connection at work: it takes jobs until there are none, or one fails; then the other connections stop too.

use std::time::Instant;

use sqlx::PgConnection;

use super::schedule::{Job, Schedule, Table};
use super::{
    Refresh, RestoreEvent, Restored, RestoredIndex, RestoredKey, RestoredTable, build, keys, refresh,
};
use crate::server::indexes::{IndexError, Result};

/// Takes jobs and does them. Tells what it has brought back.
pub(super) async fn work(
    connection: &mut PgConnection,
    schedule: &Schedule<'_>,
    how: Refresh,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
) -> Result<Restored> {
    let mut restored = Restored::default();
    while let Some(job) = schedule.next().await {
        let done = match job {
            Job::Build(index) => {
                observe(RestoreEvent::Started(index));
                let started = Instant::now();
                build::build(connection, index).await.map(|is_built| {
                    let elapsed = started.elapsed();
                    schedule.built(index);
                    observe(RestoreEvent::Finished(index, elapsed));
                    if is_built {
                        restored.indexes.push(RestoredIndex { name: index.name.clone(), elapsed });
                    }
                })
            }
            Job::Settle(table) => settle(connection, schedule, table, how, observe, &mut restored).await,
        };
        done.inspect_err(|_| schedule.cancel())?;
    }
    Ok(restored)
}

async fn settle(
    connection: &mut PgConnection,
    schedule: &Schedule<'_>,
    table: Table<'_>,
    how: Refresh,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
    restored: &mut Restored,
) -> Result<()> {
    for key in table.keys {
        observe(RestoreEvent::Validating(key));
        let started = Instant::now();
        match keys::prove(connection, key).await {
            Ok(is_proved) => {
                let elapsed = started.elapsed();
                observe(RestoreEvent::Validated(key, elapsed));
                if is_proved {
                    let (table, name) = (key.table.clone(), key.name.clone());
                    restored.keys.push(RestoredKey { table, name, elapsed });
                }
            }
            // One bad row is no reason to leave a library without its other keys and its indexes.
            Err(error @ (IndexError::Violated { .. } | IndexError::Conflict { .. })) => schedule.tell(error),
            Err(error) => return Err(error),
        }
    }
    if let Some(table) = table.refreshed {
        observe(RestoreEvent::Refreshing(table));
        let started = Instant::now();
        refresh::refresh(connection, table, how).await?;
        restored.tables.push(RestoredTable { table, elapsed: started.elapsed() });
    }
    Ok(())
}
