//! Bringing suspended indexes and foreign keys back over several connections, statistics renewed; all compared with the
//! journals.
//!
//! Crash-only: each index is built, and each key proved, in the transaction that takes it out of its journal, so the same
//! call finishes what any kill left.

mod build;
mod compare;
mod keys;
mod refresh;
mod schedule;
mod work;

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

pub use refresh::Refresh;

use super::keys::PresentKey;
use super::{
    IndexError, Manifest, Present, Result, SuspendedIndex, SuspendedKey, TABLES, absent, catalog, invalid,
};
use schedule::Schedule;

/// How to restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestoreSettings {
    /// Connections that build side by side, at least 1; no more than the server has cores.
    pub connections: usize,
    /// `maintenance_work_mem` of each connection, in KiB (1,024 to 2,147,483,647).
    pub memory_kib: u32,
    /// What is done for the statistics.
    pub refresh: Refresh,
}

impl Default for RestoreSettings {
    /// Two connections with 512 MiB each: on two cores 0.55 of the time of one, and 12 % less than with 64 MiB.
    fn default() -> Self {
        Self { connections: 2, memory_kib: 512 * 1024, refresh: Refresh::default() }
    }
}

/// What happens while indexes and keys are restored, for whoever shows it. Called from the task that awaits [`restore`].
#[derive(Clone, Copy, Debug)]
pub enum RestoreEvent<'a> {
    /// The journals were read.
    Planned {
        /// Indexes to build.
        indexes: usize,
        /// Foreign keys to put back.
        keys: usize,
    },
    /// A connection begins to build this one.
    Started(&'a SuspendedIndex),
    /// It stands and is out of the journal.
    Finished(&'a SuspendedIndex, Duration),
    /// A connection begins to prove this key, which stands for new rows already, for those that are there.
    Validating(&'a SuspendedKey),
    /// It is valid and out of the journal.
    Validated(&'a SuspendedKey, Duration),
    /// The statistics of this table are being renewed.
    Refreshing(&'static str),
}

/// An index that was brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredIndex {
    /// Its name.
    pub name: String,
    /// Time from the start of its transaction to its commit.
    pub elapsed: Duration,
}

/// A foreign key that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredKey {
    /// The table that refers to another.
    pub table: String,
    /// The constraint's name.
    pub name: String,
    /// Time from the start of the transaction that proved it for all rows to its commit.
    pub elapsed: Duration,
}

/// A table whose statistics were renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredTable {
    /// Its name.
    pub table: &'static str,
    /// How long it took.
    pub elapsed: Duration,
}

/// What a restore did, and what it found left to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The indexes brought back.
    pub indexes: Vec<RestoredIndex>,
    /// The foreign keys put back.
    pub keys: Vec<RestoredKey>,
    /// The tables whose statistics were renewed.
    pub tables: Vec<RestoredTable>,
    /// Time of all this, side by side.
    pub elapsed: Duration,
    /// Names of the manifest that are not in the catalog: not suspended by this program, so not touched by it.
    pub absent: Vec<String>,
    /// Names of indexes that PostgreSQL marks invalid and that were not in the journal.
    pub invalid: Vec<String>,
}

/// Puts the foreign keys back for new rows, builds every index in the journal, proves the keys for the rows that are there,
/// renews the statistics of the four tables (also when nothing was suspended: an earlier restore may have been killed before
/// that), and compares the catalog with the journals.
///
/// An index that stands already as the journal has it is kept and only marked; an invalid one is built anew. A key that
/// stands is kept, and proved. While indexes of a table are built it can be read but not written; while its keys are proved,
/// both. Dropping the future closes its connections; the server gives up what they were at, and another call waits for that.
///
/// # Errors
/// Names the first that could not be made, whose name is taken, or that is not what it was; or the key that a row does not
/// keep. Others under way are finished before it returns; what was not begun stays in the journals. A key whose name is taken
/// or that a row does not keep is told last: everything else is back then.
pub async fn restore(
    options: &PgConnectOptions,
    settings: RestoreSettings,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
) -> Result<Restored> {
    let started = Instant::now();
    let mut first = connect(options, settings).await?;
    let journal = Journal::read(&mut first).await?;
    observe(RestoreEvent::Planned { indexes: journal.indexes.len(), keys: journal.keys.len() });
    keys::add_all(&mut first, &journal.keys).await?;

    let mut connections = vec![first];
    let most = settings.connections.min(journal.indexes.len().max(TABLES.len()));
    while connections.len() < most {
        connections.push(connect(options, settings).await?);
    }
    let schedule = Schedule::new(&journal.indexes, &journal.keys);
    let at_work =
        connections.iter_mut().map(|connection| work::work(connection, &schedule, settings.refresh, observe));
    let mut restored = Restored::default();
    for share in join_all(at_work).await {
        let Restored { indexes, keys, tables, .. } = share?;
        restored.indexes.extend(indexes);
        restored.keys.extend(keys);
        restored.tables.extend(tables);
    }
    if let Some(trouble) = schedule.trouble() {
        return Err(trouble);
    }

    if let Some(connection) = connections.first_mut() {
        let standing = Standing::read(connection).await?;
        compare::indexes(&journal.indexes, &standing.indexes)?;
        compare::keys(&journal.keys, &standing.keys)?;
        restored.absent = absent(&Manifest::parse()?, &standing.indexes, &[]);
        restored.invalid = invalid(&standing.indexes);
    }
    restored.elapsed = started.elapsed();
    Ok(restored)
}

/// What waits in the journals.
struct Journal {
    indexes: Vec<SuspendedIndex>,
    keys: Vec<SuspendedKey>,
}

impl Journal {
    async fn read(connection: &mut PgConnection) -> Result<Self> {
        let mut transaction = connection.begin().await?;
        let indexes = catalog::pending(&mut transaction).await?;
        let keys = super::keys::pending(&mut transaction).await?;
        transaction.rollback().await?;
        Ok(Self { indexes, keys })
    }
}

/// What is in the catalog.
struct Standing {
    indexes: Vec<Present>,
    keys: Vec<PresentKey>,
}

impl Standing {
    async fn read(connection: &mut PgConnection) -> Result<Self> {
        let mut transaction = connection.begin().await?;
        let indexes = catalog::present(&mut transaction, None).await?;
        let keys = super::keys::present(&mut transaction).await?;
        transaction.rollback().await?;
        Ok(Self { indexes, keys })
    }
}

async fn connect(options: &PgConnectOptions, settings: RestoreSettings) -> Result<PgConnection> {
    let mut connection = PgConnection::connect_with(options).await.map_err(IndexError::Connect)?;
    let memory = settings.memory_kib.clamp(1024, i32::MAX.cast_unsigned());
    sqlx::query(include_str!("../../../database/suspend/session.sql"))
        .bind(format!("{memory}kB"))
        .bind((settings.connections > 1).then_some("0"))
        .execute(&mut connection)
        .await?;
    Ok(connection)
}
