//! Deletes what vanished: sources that are no longer on the disk with their places and refusals, and contents that lie nowhere
//! any more with their metadata. A song goes with the last of its versions.
//!
//! In short transactions, under the library's lock. Whatever is killed, the same call goes on: what is deleted first of a
//! source is its being complete, so that one which comes back in the middle is read again. Files on disk are not touched.

use serde::Serialize;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::{Query, QueryScalar};

use crate::error::Result;
use crate::library::failed;
use crate::pipeline::Stop;
use crate::server::connect::{self, Target};
use crate::server::{lock, schema};
use crate::songs;
use crate::vanished;

/// What to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PruneSettings {
    /// Only sources that vanished so many days ago or earlier.
    pub older_than_days: i32,
    /// Rows in a transaction, at most.
    pub batch: i64,
}

/// Rows that are deleted, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Sources that vanished.
    pub sources: i64,
    /// Places in them.
    pub locations: i64,
    /// Refusals in them.
    pub rejects: i64,
    /// Contents that lie nowhere any more.
    pub files: i64,
}

/// The library's connection, its lock taken.
#[derive(Debug)]
pub struct Prune {
    connection: PgConnection,
    settings: PruneSettings,
}

/// Counts what would be deleted; changes nothing.
///
/// # Errors
/// What the database says.
pub async fn look(target: &Target, settings: PruneSettings) -> Result<Pruned> {
    let mut connection = connect::connect(target, "loader prune").await?;
    schema::check(&mut connection).await?;
    let (sources, locations, rejects, files) = sqlx::query_as(include_str!("../database/prune/plan.sql"))
        .bind(settings.older_than_days)
        .fetch_one(&mut connection)
        .await
        .map_err(|error| failed("counting what vanished", error))?;
    Ok(Pruned { sources, locations, rejects, files })
}

impl Prune {
    /// Connects and takes the library's lock.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Unreachable`], [`crate::error::ErrorKind::Locked`] or
    /// [`crate::error::ErrorKind::Schema`], each with its remedy.
    pub async fn prepare(target: &Target, settings: PruneSettings) -> Result<Self> {
        let mut connection = connect::connect(target, "loader prune").await?;
        lock::acquire(&mut connection).await?;
        schema::check(&mut connection).await?;
        Ok(Self { connection, settings })
    }

    /// Deletes until nothing is left to be deleted, or `stop` is asked for. Answers what was deleted.
    ///
    /// # Errors
    /// What the database says; what was deleted stays so, and the same call goes on.
    pub async fn run(mut self, stop: &Stop) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        // What a killed import has left to be marked.
        vanished::settle(&mut self.connection).await?;
        let batch = usize::try_from(self.settings.batch).unwrap_or(usize::MAX).max(1);
        let old = sqlx::query_scalar(include_str!("../database/prune/sources.sql"));
        let sources = self.ids(old.bind(self.settings.older_than_days)).await?;
        for sources in sources.chunks(batch) {
            if stop.is_asked() {
                return Ok(pruned);
            }
            self.sources(sources, stop, &mut pruned).await?;
        }
        let files = self.ids(sqlx::query_scalar(include_str!("../database/prune/files.sql"))).await?;
        for files in files.chunks(batch) {
            if stop.is_asked() {
                break;
            }
            let delete = sqlx::query(include_str!("../database/prune/delete_files.sql"));
            pruned.files += self.delete(delete.bind(files)).await?;
        }
        songs::sort(&mut self.connection, |_| !stop.is_asked()).await?;
        Ok(pruned)
    }

    async fn ids(&mut self, query: QueryScalar<'_, Postgres, i64, PgArguments>) -> Result<Vec<i64>> {
        query
            .fetch_all(&mut self.connection)
            .await
            .map_err(|error| failed("looking for what vanished", error))
    }

    /// Deletes some sources, first what lies in them.
    async fn sources(&mut self, sources: &[i64], stop: &Stop, pruned: &mut Pruned) -> Result<()> {
        self.delete(sqlx::query(include_str!("../database/prune/reopen.sql")).bind(sources)).await?;
        for (statement, count) in [
            (include_str!("../database/prune/delete_locations.sql"), &mut pruned.locations),
            (include_str!("../database/prune/delete_rejects.sql"), &mut pruned.rejects),
        ] {
            loop {
                let delete = sqlx::query(statement).bind(sources).bind(self.settings.batch);
                let deleted = self.delete(delete).await?;
                *count += deleted;
                if deleted < self.settings.batch || stop.is_asked() {
                    break;
                }
            }
        }
        if !stop.is_asked() {
            let delete = sqlx::query(include_str!("../database/prune/delete_sources.sql"));
            pruned.sources += self.delete(delete.bind(sources)).await?;
        }
        Ok(())
    }

    /// One statement, which is a transaction of its own. Answers how many rows it was about.
    async fn delete(&mut self, statement: Query<'_, Postgres, PgArguments>) -> Result<i64> {
        let done = statement.execute(&mut self.connection).await;
        let done = done.map_err(|error| failed("deleting what vanished", error))?;
        Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
    }
}
