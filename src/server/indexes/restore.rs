//! Bringing suspended indexes back: built over several connections, the most expensive first, compared with the journal,
//! statistics renewed.
//!
//! Crash-only: each index is built in the transaction that takes it out of the journal, so the same call finishes what
//! any kill left.

mod build;
mod compare;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use super::{IndexError, Manifest, Result, SuspendedIndex, TABLES, absent, catalog, invalid};

/// How statistics are renewed at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refresh {
    /// `ANALYZE`: the planner knows the new rows.
    #[default]
    Analyze,
    /// `VACUUM (ANALYZE)`: the visibility map is made too, so that index-only scans work at once.
    VacuumAnalyze,
}

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
        Self { connections: 2, memory_kib: 512 * 1024, refresh: Refresh::Analyze }
    }
}

/// What happens while indexes are restored, for whoever shows it. Called from the task that awaits [`restore`].
#[derive(Clone, Copy, Debug)]
pub enum RestoreEvent<'a> {
    /// The journal was read.
    Planned {
        /// Indexes to build.
        indexes: usize,
    },
    /// A connection begins to build this one.
    Started(&'a SuspendedIndex),
    /// It stands and is out of the journal.
    Finished(&'a SuspendedIndex, Duration),
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

/// What a restore did, and what it found left to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The indexes brought back, in the order in which they were finished.
    pub indexes: Vec<RestoredIndex>,
    /// Time of all building, side by side.
    pub building: Duration,
    /// Time of renewing the statistics.
    pub refreshing: Duration,
    /// Names of the manifest that are not in the catalog: not suspended by this program, so not touched by it.
    pub absent: Vec<String>,
    /// Names of indexes that PostgreSQL marks invalid and that were not in the journal.
    pub invalid: Vec<String>,
}

/// Builds every index in the journal, compares the catalog with it, and renews the statistics of the four tables (also when
/// nothing was suspended: an earlier restore may have been killed between the two).
///
/// An index that stands already as the journal has it is kept and only marked; an invalid one is built anew.
/// The tables can be read but not written meanwhile. Dropping the future closes its connections; the server gives up
/// what they were at, and another call waits for that.
///
/// # Errors
/// Names the first index that could not be built, whose name is taken, or that is not what it was. Others under way are
/// finished before it returns; what was not begun stays in the journal.
pub async fn restore(
    options: &PgConnectOptions,
    settings: RestoreSettings,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
) -> Result<Restored> {
    let mut first = connect(options, settings).await?;
    let pending = catalog::pending(&mut first).await?;
    observe(RestoreEvent::Planned { indexes: pending.len() });

    let mut connections = vec![first];
    let most = settings.connections.min(pending.len().max(TABLES.len()));
    while connections.len() < most {
        connections.push(connect(options, settings).await?);
    }

    let started = Instant::now();
    let jobs = Jobs::new(&pending);
    let builders = connections.iter_mut().map(|connection| build::build_all(connection, &jobs, observe));
    let indexes = gather(join_all(builders).await)?;
    let building = started.elapsed();

    let mut present = Vec::new();
    if let Some(connection) = connections.first_mut() {
        let mut transaction = connection.begin().await?;
        present = catalog::present(&mut transaction, None).await?;
        transaction.rollback().await?;
    }
    compare::compare(&pending, &present)?;

    let started = Instant::now();
    let jobs = Jobs::new(&TABLES);
    let refreshers =
        connections.iter_mut().map(|connection| refresh(connection, &jobs, settings.refresh, observe));
    gather(join_all(refreshers).await)?;

    let manifest = Manifest::parse()?;
    Ok(Restored {
        indexes,
        building,
        refreshing: started.elapsed(),
        absent: absent(&manifest, &present, &[]),
        invalid: invalid(&present),
    })
}

/// Work that several connections take from, in order, until it is done or one of them fails.
struct Jobs<'a, T>(Mutex<VecDeque<&'a T>>);

impl<'a, T> Jobs<'a, T> {
    fn new(all: &'a [T]) -> Self {
        Self(Mutex::new(all.iter().collect()))
    }

    fn take(&self) -> Option<&'a T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    /// Takes the rest away, so that the others stop after what they are at.
    fn cancel(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
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

async fn refresh(
    connection: &mut PgConnection,
    jobs: &Jobs<'_, &'static str>,
    how: Refresh,
    observe: &(dyn Fn(RestoreEvent<'_>) + Sync),
) -> Result<Vec<()>> {
    while let Some(table) = jobs.take() {
        observe(RestoreEvent::Refreshing(table));
        let statement = match how {
            Refresh::Analyze => format!("ANALYZE {table}"),
            Refresh::VacuumAnalyze => format!("VACUUM (ANALYZE) {table}"),
        };
        if let Err(cause) = catalog::execute(connection, &statement).await {
            jobs.cancel();
            return Err(IndexError::Refresh { table, cause });
        }
    }
    Ok(Vec::new())
}

/// The results of all connections in one list, or the first error.
fn gather<T>(results: Vec<Result<Vec<T>>>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    for result in results {
        all.extend(result?);
    }
    Ok(all)
}
