//! Batches into PostgreSQL over one connection: by binary COPY or by `unnest`, straight or by way of temporary tables.
//!
//! Owns its connection alone. A connection on which anything went wrong is closed, never used again.

mod compare;
mod contents;
mod crash;
mod renew;
mod versions;
mod wording;

use std::borrow::Borrow;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::{CopyBuffer, Method, Resume, Sink, SinkError, SinkErrorKind, SourceClose, Stored, unnest};
pub(crate) use contents::Keys;

use crate::batch::Batch;
use crate::error::{ErrorKind, Result};
use crate::record::{FileRow, LocationRow, RejectRow, Row, SourceRow, VersionRow, WordedRow};
use crate::server::connect::{self, Target};
use crate::songs::Resolver;
use crate::writer::run_error;
use crash::ServerMemory;
use wording::Wording;

/// How rows travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriterKind {
    /// `COPY … FROM STDIN (FORMAT binary)`
    #[default]
    Copy,
    /// `INSERT … SELECT … FROM unnest(…)`, one statement per table and batch.
    Unnest,
}

/// What each connection of a sink is set up with.
#[derive(Clone, Debug)]
pub struct SinkSettings {
    /// How rows travel.
    pub writer: WriterKind,
    /// Whether a commit waits until it is on disk; off, a crash of the server may undo the last commits, which the same
    /// import then redoes.
    pub synchronous_commit: bool,
}

type Stores<T> = std::result::Result<T, SinkError>;

/// A connection that stores batches.
#[derive(Debug)]
pub struct PostgresSink {
    target: Target,
    settings: SinkSettings,
    connection: Option<PgConnection>,
    /// What the server remembered when this sink began; none before that.
    memory: Option<ServerMemory>,
    buffer: CopyBuffer,
    wording: Wording,
    /// Which songs names lead to, as far as this connection has committed.
    resolver: Resolver,
    /// What making rows of the batch has taken so far.
    encoding: Duration,
    staged: bool,
}

impl PostgresSink {
    /// Connects.
    ///
    /// # Errors
    /// As [`connect::connect`].
    pub async fn connect(target: Target, settings: SinkSettings) -> Result<Self> {
        let mut sink = Self {
            target,
            settings,
            connection: None,
            memory: None,
            buffer: CopyBuffer::default(),
            wording: Wording::default(),
            resolver: Resolver::default(),
            encoding: Duration::ZERO,
            staged: false,
        };
        sink.open().await?;
        sink.remember().await.map_err(run_error)?;
        Ok(sink)
    }

    async fn open(&mut self) -> Result<()> {
        self.connection = None;
        self.staged = false;
        self.wording.doubt();
        let mut connection = connect::connect(&self.target, "loader writer").await?;
        if !self.settings.synchronous_commit {
            let set = connection.execute("SET synchronous_commit = off").await;
            set.map_err(|error| run_error(error.into()))?;
        }
        self.connection = Some(connection);
        Ok(())
    }

    /// Asks whether the server still has what this sink has stored, the first time only what it remembers.
    async fn remember(&mut self) -> Stores<()> {
        let mut connection = self.take()?;
        let now = ServerMemory::of(&mut connection).await?;
        self.memory.get_or_insert_with(|| now.clone()).compare(&now)?;
        self.connection = Some(connection);
        Ok(())
    }

    /// Takes the connection out, so that whatever goes wrong with it leaves none behind.
    fn take(&mut self) -> Stores<PgConnection> {
        self.connection.take().ok_or_else(|| SinkError {
            kind: SinkErrorKind::Transient,
            sqlstate: None,
            message: "the connection was lost".to_owned(),
        })
    }

    async fn fill<R: Row>(
        &mut self,
        connection: &mut PgConnection,
        prefix: &str,
        rows: impl Iterator<Item = impl Borrow<R>>,
    ) -> Stores<()> {
        let table = format!("{prefix}{}", R::TABLE);
        if self.settings.writer == WriterKind::Unnest {
            return Ok(unnest::insert(connection, &table, rows).await?);
        }
        let began = Instant::now();
        self.buffer.clear();
        rows.for_each(|row| self.buffer.push(row.borrow()));
        self.encoding += began.elapsed();
        if self.buffer.rows() == 0 {
            return Ok(());
        }
        let statement = format!("COPY {table} ({}) FROM STDIN (FORMAT binary)", columns::<R>());
        let mut copy = connection.copy_in_raw(&statement).await?;
        // Chunks keep the driver's own buffer small; 64 KiB measured faster than 4 KiB (docs/decisions/0001).
        for chunk in self.buffer.finish().chunks(64 << 10) {
            if let Err(error) = copy.send(chunk).await {
                drop(copy);
                return Err(error.into());
            }
        }
        copy.finish().await?;
        Ok(())
    }

    async fn fill_all(&mut self, connection: &mut PgConnection, prefix: &str, batch: &Batch) -> Stores<()> {
        self.fill::<SourceRow>(connection, prefix, batch.sources()).await?;
        self.fill::<FileRow>(connection, prefix, batch.files().map(|rows| &rows.file)).await?;
        self.fill_worded(connection, prefix, batch).await?;
        self.fill::<LocationRow>(connection, prefix, batch.locations()).await?;
        self.fill::<RejectRow>(connection, prefix, batch.rejects()).await
    }

    /// Stores what was found, with its words.
    async fn fill_worded(
        &mut self,
        connection: &mut PgConnection,
        prefix: &str,
        batch: &Batch,
    ) -> Stores<()> {
        let mut wording = std::mem::take(&mut self.wording);
        let began = Instant::now();
        let made = wording.make(connection, batch).await;
        self.encoding += began.elapsed();
        let filled = match made {
            Ok(()) => self.fill::<WordedRow<'_>>(connection, prefix, wording.rows(batch)).await,
            Err(error) => Err(error),
        };
        self.wording = wording;
        filled
    }

    async fn store_fresh(&mut self, connection: &mut PgConnection, batch: &Batch) -> Stores<Stored> {
        let mut transaction = connection.begin().await?;
        self.fill_all(&mut transaction, "", batch).await?;
        // Contents of earlier batches, or of earlier runs that had lost their last place.
        let held = batch.repeated();
        if !held.is_empty() {
            sqlx::query(include_str!("../../database/sources/found_again.sql"))
                .bind(held)
                .execute(&mut *transaction)
                .await?;
        }
        let called = batch.called();
        let unsorted = batch.placed_but(called.iter().copied());
        if !unsorted.is_empty() {
            sqlx::query(include_str!("../../database/songs/note.sql"))
                .bind(unsorted)
                .execute(&mut *transaction)
                .await?;
        }
        let versions = versions::find(&mut transaction, &mut self.resolver, &called).await?;
        self.fill::<VersionRow>(&mut transaction, "", versions.rows.iter()).await?;
        transaction.commit().await?;
        let (inserted, sorted) = (batch.files().count() as u64, versions.sorted);
        Ok(Stored { inserted, sorted, ..Stored::default() })
    }

    async fn store_merged(&mut self, connection: &mut PgConnection, batch: &Batch) -> Stores<Stored> {
        self.stage(connection).await?;
        let mut transaction = connection.begin().await?;
        self.fill_all(&mut transaction, "staging_", batch).await?;
        let collided = sqlx::query_scalar::<_, i64>(include_str!("../../database/merge/collisions.sql"))
            .fetch_all(&mut *transaction)
            .await?;
        transaction.execute(include_str!("../../database/merge/forget.sql")).await?;
        transaction.execute(include_str!("../../database/merge/sources.sql")).await?;
        let inserted = sqlx::query_scalar::<_, i64>(include_str!("../../database/merge/files.sql"))
            .fetch_all(&mut *transaction)
            .await?;
        let metadata = include_str!("../../database/merge/musical_metadata.sql");
        transaction
            .execute(AssertSqlSafe(metadata.replace("{columns}", &columns::<WordedRow<'_>>())))
            .await?;
        transaction.execute(include_str!("../../database/merge/file_locations.sql")).await?;
        transaction.execute(include_str!("../../database/merge/return.sql")).await?;
        transaction.execute(include_str!("../../database/merge/rejects.sql")).await?;
        transaction.commit().await?;
        Ok(Stored { inserted: inserted.len() as u64, collided, ..Stored::default() })
    }

    async fn stage(&mut self, connection: &mut PgConnection) -> Stores<()> {
        if !self.staged {
            connection.execute(AssertSqlSafe(include_str!("../../database/merge/staging.sql"))).await?;
            self.staged = true;
        }
        Ok(())
    }

    async fn register_all(
        &mut self,
        connection: &mut PgConnection,
        sources: &[SourceRow],
    ) -> Stores<Vec<Resume>> {
        self.stage(connection).await?;
        let mut transaction = connection.begin().await?;
        self.fill::<SourceRow>(&mut transaction, "staging_", sources.iter()).await?;
        transaction.execute(include_str!("../../database/sources/forget_changed.sql")).await?;
        transaction.execute(include_str!("../../database/sources/register.sql")).await?;
        let ids: Vec<i64> = sources.iter().map(|source| source.id).collect();
        sqlx::query(include_str!("../../database/sources/forget_retried.sql"))
            .bind(&ids)
            .execute(&mut *transaction)
            .await?;
        let stored = compare::stored(&mut transaction, &ids).await?;
        transaction.commit().await?;
        Ok(stored.into_iter().map(Resume::AllBut).collect())
    }

    async fn close_all(connection: &mut PgConnection, sources: &[SourceClose]) -> Stores<()> {
        let column = |field: fn(&SourceClose) -> i64| sources.iter().map(field).collect::<Vec<i64>>();
        let word = |field: fn(&SourceClose) -> &'static str| sources.iter().map(field).collect::<Vec<&str>>();
        let accepted: Vec<i64> =
            sources.iter().filter(|source| !source.refused).map(|source| source.id).collect();
        let mut transaction = connection.begin().await?;
        sqlx::query(include_str!("../../database/sources/close.sql"))
            .bind(column(|source| source.id))
            .bind(word(|source| source.state.word()))
            .bind(word(|source| source.kind))
            .bind(column(|source| source.entries))
            .bind(column(|source| source.not_midi))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(include_str!("../../database/sources/withdraw_refusals.sql"))
            .bind(accepted)
            .execute(&mut *transaction)
            .await?;
        let gone = sources.iter().flat_map(|source| source.gone.iter().map(|ordinal| (source.id, *ordinal)));
        let (holders, ordinals): (Vec<i64>, Vec<i64>) = gone.unzip();
        if !ordinals.is_empty() {
            sqlx::query(include_str!("../../database/sources/forget_unmet.sql"))
                .bind(holders)
                .bind(ordinals)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Keeps a connection for the next call unless it is broken.
    async fn put_back(&mut self, mut connection: PgConnection, error: Option<&SinkError>) {
        match error.map(|error| error.kind) {
            None | Some(SinkErrorKind::Conflict | SinkErrorKind::Refused) => {
                // A rolled-back transaction still has to be waited for; if even that fails, the connection is dropped.
                if connection.ping().await.is_ok() {
                    self.connection = Some(connection);
                }
            }
            Some(_) => {
                let _ = connection.close_hard().await;
            }
        }
    }
}

/// What is stored of sources, each in the place of its id: ordinals, with the content's id.
fn by_source(ids: &[i64], rows: Vec<(i64, i64, Option<i64>)>) -> Vec<Vec<(i64, Option<i64>)>> {
    let mut stored = vec![Vec::new(); ids.len()];
    let position: HashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
    for (source, ordinal, file) in rows {
        if let Some(places) = position.get(&source).and_then(|position| stored.get_mut(*position)) {
            places.push((ordinal, file));
        }
    }
    stored
}

/// The columns that rows of this kind are written to, for a statement.
fn columns<R: Row>() -> String {
    let names: Vec<_> = R::COLUMNS.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

impl Sink for PostgresSink {
    async fn store(&mut self, batch: &Batch, method: Method) -> Stores<Stored> {
        let mut connection = self.take()?;
        self.encoding = Duration::ZERO;
        let result = match method {
            Method::Fresh => self.store_fresh(&mut connection, batch).await,
            Method::Merge => self.store_merged(&mut connection, batch).await,
        };
        match &result {
            Ok(_) => self.connection = Some(connection),
            Err(error) => {
                // Songs of a transaction that was rolled back are none.
                self.resolver.forget();
                self.put_back(connection, Some(error)).await;
            }
        }
        result.map(|stored| Stored { encoding: self.encoding, ..stored })
    }

    async fn register(&mut self, sources: &[SourceRow]) -> Stores<Vec<Resume>> {
        let mut connection = self.take()?;
        let result = self.register_all(&mut connection, sources).await;
        self.put_back(connection, result.as_ref().err()).await;
        result
    }

    async fn close(&mut self, sources: &[SourceClose]) -> Stores<()> {
        let mut connection = self.take()?;
        let result = Self::close_all(&mut connection, sources).await;
        self.put_back(connection, result.as_ref().err()).await;
        result
    }

    async fn reconnect(&mut self) -> Stores<()> {
        self.open().await.map_err(|error| SinkError {
            // A server that is away may come back; one that refuses us will go on doing so.
            kind: match error.kind() {
                ErrorKind::Unreachable => SinkErrorKind::Transient,
                _ => SinkErrorKind::Fatal,
            },
            sqlstate: None,
            message: error.to_string(),
        })?;
        self.remember().await
    }
}
