//! What a run asks of and writes into the library besides batches: its own row, what is known from before, and the
//! final count.
//!
//! Statements stand under `database/`; storing batches is the [sink](crate::sink)'s.

use futures_util::{Stream, TryStreamExt};
use serde_json::Value;
use sqlx::postgres::PgConnection;

use crate::digest::Digest;
use crate::discover::{Roots, SortedBelow};
use crate::error::{Error, ErrorKind, Result};
use crate::pipeline::{KnownSource, KnownSources};
use crate::progress::Snapshot;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// To its report.
    Finished,
    /// By a signal.
    Interrupted,
    /// By a failure.
    Failed,
}

impl RunState {
    const fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// The two sides of a run's account, from what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Contents this run stored first.
    pub inserted: i64,
    /// Places it stored, of new contents and known ones.
    pub new_places: i64,
    /// Refusals it stored or met again.
    pub rejected: i64,
    /// Places and refusals that were there before, in sources it opened.
    pub unchanged: i64,
    /// Entries that neither are MIDI nor say so.
    pub not_midi: i64,
    /// Sources that it should have completed and did not.
    pub unfinished: i64,
}

impl Balance {
    /// Places of contents that were stored elsewhere already.
    #[must_use]
    pub const fn duplicate(&self) -> i64 {
        self.new_places - self.inserted
    }

    /// Everything accounted for.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.inserted + self.duplicate() + self.unchanged + self.rejected + self.not_midi
    }
}

/// Makes the run's row. Runs that were left running are marked interrupted: the caller holds the library's lock.
///
/// # Errors
/// What the database says.
pub async fn start_run(connection: &mut PgConnection, mode: &str, options: &Value) -> Result<i32> {
    sqlx::query(include_str!("../database/runs/abandon_dead.sql"))
        .execute(&mut *connection)
        .await
        .map_err(|error| failed("marking dead runs", error))?;
    start_run_beside(connection, mode, options).await
}

/// The same for a program that works beside an import, without the lock.
///
/// # Errors
/// What the database says.
pub async fn start_run_beside(connection: &mut PgConnection, mode: &str, options: &Value) -> Result<i32> {
    sqlx::query_scalar(include_str!("../database/runs/start.sql"))
        .bind(mode)
        .bind(options.to_string())
        .bind(env!("CARGO_PKG_VERSION"))
        .bind(host())
        .fetch_one(connection)
        .await
        .map_err(|error| failed("starting the run", error))
}

/// Writes progress, for `loader status`.
///
/// # Errors
/// What the database says.
pub async fn heartbeat(connection: &mut PgConnection, run_id: i32, progress: &Value) -> Result<()> {
    sqlx::query(include_str!("../database/runs/heartbeat.sql"))
        .bind(run_id)
        .bind(progress.to_string())
        .execute(connection)
        .await
        .map_err(|error| failed("writing progress", error))?;
    Ok(())
}

/// Writes how the run ended; without counts where it was none that stores places.
///
/// # Errors
/// What the database says.
pub async fn finish_run(
    connection: &mut PgConnection,
    run_id: i32,
    state: RunState,
    progress: &Value,
    counted: Option<&Snapshot>,
) -> Result<()> {
    let column = |count: fn(&Snapshot) -> u64| {
        counted.map(|counted| i64::try_from(count(counted)).unwrap_or(i64::MAX))
    };
    sqlx::query(include_str!("../database/runs/finish.sql"))
        .bind(run_id)
        .bind(state.word())
        .bind(progress.to_string())
        .bind(column(|counted| counted.seen))
        .bind(column(|counted| counted.inserted))
        .bind(column(|counted| counted.duplicate))
        .bind(column(|counted| counted.unchanged))
        .bind(column(|counted| counted.rejected))
        .bind(column(|counted| counted.not_midi))
        .execute(connection)
        .await
        .map_err(|error| failed("finishing the run", error))?;
    Ok(())
}

/// More roots than this, and all sources are read: each costs a search.
const MOST_ROOTS: usize = 32;

/// The sources that the library knows below `roots`, by id; a few others among them do no harm. All of them without roots:
/// a stream's name is not known beforehand.
///
/// # Errors
/// What the database says.
pub async fn known_sources(connection: &mut PgConnection, roots: Option<&Roots>) -> Result<KnownSources> {
    let mut known = KnownSources::default();
    let below = roots.filter(|roots| roots.paths().len() <= MOST_ROOTS).and_then(Roots::sorted_below);
    let Some(below) = below else {
        let all = sqlx::query_as(include_str!("../database/sources/known.sql"));
        collect_known(&mut known, all.fetch(connection)).await?;
        return Ok(known);
    };
    for SortedBelow { id, from, to } in below {
        let under = sqlx::query_as(include_str!("../database/sources/known_under.sql"));
        collect_known(&mut known, under.bind(id.0).bind(from).bind(to).fetch(&mut *connection)).await?;
    }
    Ok(known)
}

/// Id, size, time, whether complete, entries, whether active.
type KnownFields = (i64, i64, i64, bool, i64, bool);

async fn collect_known(
    known: &mut KnownSources,
    mut rows: impl Stream<Item = sqlx::Result<KnownFields>> + Unpin,
) -> Result<()> {
    while let Some((id, size_bytes, mtime_ns, is_complete, entries, is_active)) =
        rows.try_next().await.map_err(|error| failed("reading the known sources", error))?
    {
        known.insert(id, KnownSource { size_bytes, mtime_ns, is_complete, entries, is_active });
    }
    Ok(())
}

/// Roughly how many contents the library holds.
///
/// # Errors
/// What the database says.
pub async fn estimate_contents(connection: &mut PgConnection) -> Result<i64> {
    sqlx::query_scalar(include_str!("../database/report/estimate.sql"))
        .fetch_one(connection)
        .await
        .map_err(|error| failed("estimating the size of the library", error))
}

/// How many contents the library holds, counted.
///
/// # Errors
/// What the database says.
pub async fn count_contents(connection: &mut PgConnection) -> Result<usize> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM files")
        .fetch_one(connection)
        .await
        .map_err(|error| failed("counting the library", error))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// The digest of every content, one by one.
///
/// # Errors
/// What the database says.
pub async fn known_contents(connection: &mut PgConnection, mut each: impl FnMut(&Digest)) -> Result<()> {
    let mut rows = sqlx::query_scalar::<_, Vec<u8>>(include_str!("../database/report/known_contents.sql"))
        .fetch(connection);
    while let Some(digest) =
        rows.try_next().await.map_err(|error| failed("reading the known contents", error))?
    {
        if let Ok(bytes) = <[u8; 32]>::try_from(digest.as_slice()) {
            each(&Digest::from_bytes(bytes));
        }
    }
    Ok(())
}

/// Has the planner know what the rows are like now.
///
/// # Errors
/// What the database says.
pub async fn refresh_statistics(connection: &mut PgConnection) -> Result<()> {
    sqlx::query("ANALYZE files, musical_metadata")
        .execute(connection)
        .await
        .map_err(|error| failed("refreshing the statistics", error))?;
    Ok(())
}

/// Counts what is stored of what a run read.
///
/// # Errors
/// What the database says; and [`ErrorKind::Run`] if any source's entries are not all accounted for.
pub async fn balance(connection: &mut PgConnection, run_id: i32, opened: &[i64]) -> Result<Balance> {
    if opened.is_empty() {
        return Ok(Balance::default());
    }
    let unbalanced: Vec<(String, i64, i64)> =
        sqlx::query_as(include_str!("../database/report/unbalanced.sql"))
            .bind(opened)
            .fetch_all(&mut *connection)
            .await
            .map_err(|error| failed("checking the sources", error))?;
    if let Some((path, entries, accounted)) = unbalanced.first() {
        let message = format!(
            "{} sources do not add up; the first is '{path}': {entries} entries were read, {accounted} are stored or \
             accounted for",
            unbalanced.len()
        );
        return Err(Error::new(ErrorKind::Run, message)
            .with_hint("run the same command again; if it stays so, please report it: a defect of loader"));
    }
    let counted: (i64, i64, i64, i64, i64, i64) =
        sqlx::query_as(include_str!("../database/report/balance.sql"))
            .bind(run_id)
            .bind(opened)
            .fetch_one(connection)
            .await
            .map_err(|error| failed("counting what is stored", error))?;
    let (inserted, new_places, rejected, unchanged, not_midi, unfinished) = counted;
    Ok(Balance { inserted, new_places, rejected, unchanged, not_midi, unfinished })
}

/// Whether the server has ended a transaction because it and another one waited for each other: it may be tried again.
pub(crate) fn waited_for_each_other(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

pub(crate) fn failed(doing: &str, error: sqlx::Error) -> Error {
    let kind = match &error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => ErrorKind::Unreachable,
        _ => ErrorKind::Run,
    };
    Error::new(kind, format!("{doing} failed"))
        .with_hint("when the server answers again, run the same command again: it goes on where it stopped")
        .with_cause(error)
}

/// This machine's name, as the kernel knows it.
fn host() -> String {
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "unknown".to_owned() } else { name.trim().to_owned() }
}
