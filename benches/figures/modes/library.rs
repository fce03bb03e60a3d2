//! A library that is about to be loaded: its database, its schema, and what a load may take away beforehand.
//!
//! Knows each step, not which of them a path takes.
#![allow(dead_code, reason = "each measurement uses its own part")]

use anyhow::{Result, anyhow, ensure};
use futures_util::future::{join_all, try_join_all};
use loader::batch::Batch;
use loader::record::{FileRow, LocationRow, RejectRow, Row, WordedRow};
use loader::server::connect::Target;
use loader::server::indexes::{self, RestoreSettings};
use loader::server::schema;
use loader::sink::{CopyBuffer, Made, Method, PostgresSink, Sink as _, SinkSettings, Words, WriterKind};
use serde_json::json;
use sqlx::postgres::PgConnection;

use super::rows::{RUN, Rows};
use crate::measuring::server::{Server, connect_to, execute, target};
use crate::measuring::{real, seconds};

/// Tables with many rows, the widest first, as two connections share them.
const SHARES: [&[&str]; 2] = [&["musical_metadata"], &["files", "file_locations", "rejects", "sources"]];

/// The tables that most is stored in; those that refer to others first.
const LARGE: [&str; 5] = ["musical_metadata", "file_locations", "rejects", "files", "sources"];

/// Settings that ludicrous changes. Logs and checkpoints are the private cluster's: 8 GB or so, and 30 minutes.
pub(crate) const UNSAFE: [(&str, &str); 3] =
    [("fsync", "off"), ("full_page_writes", "off"), ("autovacuum", "off")];

/// What the connections of a restore did, the seconds of all together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shares {
    /// Building indexes.
    pub(crate) building: f64,
    /// Proving foreign keys.
    pub(crate) proving: f64,
    /// `VACUUM (ANALYZE)`.
    pub(crate) refreshing: f64,
    /// Nothing.
    pub(crate) idle: f64,
}

/// A database with the library's schema.
pub(crate) struct Library<'a> {
    server: &'a Server,
    target: Target,
    connection: PgConnection,
}

impl<'a> Library<'a> {
    /// A new one with all indexes, a run, and the archives that the rows lie in.
    pub(crate) async fn create(server: &'a Server, url: &str, rows: &Rows) -> Result<Self> {
        let mut library = Self::open(server, url).await?;
        schema::migrate(&mut library.connection).await.map_err(|error| anyhow!("{error}"))?;
        indexes::create_all(&mut library.connection).await?;
        let run = loader::library::start_run(&mut library.connection, "bench", &json!({})).await;
        ensure!(run.map_err(|error| anyhow!("{error}"))? == RUN, "a new library's first run is {RUN}");
        library.register(rows).await?;
        Ok(library)
    }

    /// One that is there.
    pub(crate) async fn open(server: &'a Server, url: &str) -> Result<Self> {
        let target = target(url)?;
        let connection = connect_to(&target).await?;
        Ok(Self { server, target, connection })
    }

    /// Makes the archives known that rows lie in.
    pub(crate) async fn register(&mut self, rows: &Rows) -> Result<()> {
        let mut sink = self.sink(WriterKind::Copy, true).await?;
        sink.register(&rows.sources).await?;
        Ok(())
    }

    /// Takes indexes and foreign keys away, as an import does.
    pub(crate) async fn suspend(&mut self) -> Result<()> {
        let backup = self.server.temporary(indexes::BACKUP);
        indexes::suspend(&mut self.connection, RUN, &backup).await?;
        Ok(())
    }

    /// Puts the foreign keys of the large tables of an empty library back, so that a load checks them. Others wait: a table
    /// that stays logged cannot refer to one that is not.
    pub(crate) async fn restore_keys(&mut self) -> Result<()> {
        let take = "DELETE FROM loader.suspended_foreign_keys WHERE table_name = ANY($1)
                 RETURNING format('ALTER TABLE %I ADD CONSTRAINT %I %s', table_name, name, definition)";
        let statements: Vec<String> =
            sqlx::query_scalar(take).bind(&LARGE[..]).fetch_all(&mut self.connection).await?;
        for statement in statements {
            execute(&mut self.connection, &statement).await?;
        }
        Ok(())
    }

    /// Takes the primary keys of the three large tables away, where no foreign key needs them.
    pub(crate) async fn drop_primary_keys(&mut self) -> Result<()> {
        for table in ["files", "musical_metadata", "file_locations"] {
            execute(&mut self.connection, &format!("ALTER TABLE {table} DROP CONSTRAINT {table}_pkey"))
                .await?;
        }
        Ok(())
    }

    /// Makes them again over two connections.
    pub(crate) async fn add_primary_keys(&self) -> Result<()> {
        let add = |table: &str, columns: &str| {
            format!("ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY ({columns});")
        };
        let shares = [
            add("musical_metadata", "file_id"),
            add("files", "id") + &add("file_locations", "source_id, entry_ordinal"),
        ];
        self.side_by_side(shares.map(|share| format!("SET maintenance_work_mem = '512MB'; {share}"))).await
    }

    /// Makes the tables, which must be empty, unlogged; those that refer to others first.
    pub(crate) async fn make_unlogged(&mut self) -> Result<()> {
        for table in LARGE {
            execute(&mut self.connection, &format!("ALTER TABLE {table} SET UNLOGGED")).await?;
        }
        Ok(())
    }

    /// Makes them logged again: over two connections, which only tables without foreign keys permit, or one after the other.
    pub(crate) async fn make_logged(&mut self, side_by_side: bool) -> Result<()> {
        let logged = |tables: &[&str]| {
            tables.iter().map(|table| format!("ALTER TABLE {table} SET LOGGED;")).collect::<String>()
        };
        if side_by_side {
            return self.side_by_side(SHARES.map(logged)).await;
        }
        for table in LARGE.into_iter().rev() {
            execute(&mut self.connection, &logged(&[table])).await?;
        }
        Ok(())
    }

    /// Stores the rows as the writers of an import do, over two connections.
    pub(crate) async fn store(
        &self,
        rows: &Rows,
        writer: WriterKind,
        synchronous_commit: bool,
    ) -> Result<()> {
        let mut tasks = Vec::new();
        for batches in rows.batches.clone() {
            let mut sink = self.sink(writer, synchronous_commit).await?;
            tasks.push(tokio::spawn(async move {
                for batch in &batches {
                    sink.store(batch, Method::Fresh).await?;
                }
                anyhow::Ok(())
            }));
        }
        for task in join_all(tasks).await {
            task??;
        }
        Ok(())
    }

    /// Stores the rows by one transaction and one connection for each table, which begins by emptying it: no log, and rows
    /// that are frozen from the start.
    pub(crate) async fn store_frozen(&self, rows: &Rows) -> Result<()> {
        let (one, other, third) = (rows.clone(), rows.clone(), rows.clone());
        let [first, second, last] = [
            connect_to(&self.target).await?,
            connect_to(&self.target).await?,
            connect_to(&self.target).await?,
        ];
        let tasks = [
            tokio::spawn(fill(
                first,
                one,
                |batch, buffer| {
                    let (mut maker, mut words) = (Words::default(), Vec::new());
                    for rows in batch.files() {
                        let found = &rows.metadata.metadata;
                        words.clear();
                        // What the server would have to be asked for is left empty: little enough.
                        let made = maker.write(
                            found.title.as_deref(),
                            found.lyrics.as_deref(),
                            found.text.as_deref(),
                            &mut words,
                        );
                        if made != Made::Written {
                            words.extend_from_slice(&[0; 4]);
                        }
                        buffer.push(&WordedRow { row: &rows.metadata, words: &words });
                    }
                },
                WordedRow::TABLE,
                columns::<WordedRow<'_>>(),
            )),
            tokio::spawn(fill(
                second,
                other,
                |batch, buffer| {
                    batch.files().for_each(|rows| buffer.push::<FileRow>(&rows.file));
                },
                FileRow::TABLE,
                columns::<FileRow>(),
            )),
            tokio::spawn(fill(
                last,
                third,
                |batch, buffer| {
                    batch.locations().for_each(|row| buffer.push::<LocationRow>(row));
                },
                LocationRow::TABLE,
                columns::<LocationRow>(),
            )),
        ];
        for task in join_all(tasks).await {
            task??;
        }
        let rejects = connect_to(&self.target).await?;
        fill(
            rejects,
            rows.clone(),
            |batch, buffer| {
                batch.rejects().for_each(|row| buffer.push::<RejectRow>(row));
            },
            RejectRow::TABLE,
            columns::<RejectRow>(),
        )
        .await
    }

    /// Brings indexes and foreign keys back and renews statistics; tells the seconds it took and what they were.
    pub(crate) async fn restore(
        &self,
        settings: RestoreSettings,
        options: &[(&str, &str)],
    ) -> Result<(f64, Shares)> {
        let options = self.target.options.clone().options(options.iter().copied());
        let restored = indexes::restore(&options, settings, &|_| ()).await?;
        let elapsed = seconds(restored.elapsed);
        let building = restored.indexes.iter().map(|index| seconds(index.elapsed)).sum();
        let proving = restored.keys.iter().map(|key| seconds(key.elapsed)).sum();
        let refreshing = restored.tables.iter().map(|table| seconds(table.elapsed)).sum();
        let all = real(settings.connections as u64) * elapsed;
        Ok((elapsed, Shares { building, proving, refreshing, idle: all - building - proving - refreshing }))
    }

    /// Everything is there: rows, valid indexes, valid foreign keys.
    pub(crate) async fn check(&mut self, pairs: u64) -> Result<()> {
        let (files, metadata, valid, lacking): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM files), (SELECT count(*) FROM musical_metadata),
                    (SELECT count(*) FROM loader.secondary_indexes WHERE is_valid),
                    (SELECT count(*) FROM loader.suspended_foreign_keys) +
                    (SELECT count(*) FROM loader.foreign_keys WHERE NOT is_valid)",
        )
        .fetch_one(&mut self.connection)
        .await?;
        ensure!(
            (files.unsigned_abs(), metadata.unsigned_abs(), valid, lacking) == (pairs, pairs, 39, 0),
            "{files} files, {metadata} metadata, {valid} indexes; {lacking} foreign keys lack"
        );
        Ok(())
    }

    /// Bytes of the tables with their primary keys, and of the secondary indexes.
    pub(crate) async fn sizes(&mut self) -> Result<(u64, u64)> {
        let (all, secondary): (i64, i64) = sqlx::query_as(
            "SELECT sum(pg_total_relation_size(c.oid))::bigint,
                    (SELECT sum(size_bytes) FROM loader.secondary_indexes)::bigint
               FROM pg_class c
              WHERE c.oid IN ('files'::regclass, 'musical_metadata'::regclass, 'file_locations'::regclass)",
        )
        .fetch_one(&mut self.connection)
        .await?;
        Ok((all.saturating_sub(secondary).unsigned_abs(), secondary.unsigned_abs()))
    }

    async fn sink(&self, writer: WriterKind, synchronous_commit: bool) -> Result<PostgresSink> {
        let settings = SinkSettings { writer, synchronous_commit };
        PostgresSink::connect(self.target.clone(), settings).await.map_err(|error| anyhow!("{error}"))
    }

    async fn side_by_side(&self, shares: [String; 2]) -> Result<()> {
        let each = shares.map(|statements| async move {
            let mut connection = connect_to(&self.target).await?;
            // One after the other, each a transaction.
            for statement in statements.split_inclusive(';') {
                execute(&mut connection, statement).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(each).await.map(|_| ())
    }
}

/// One table, emptied and filled in one transaction.
async fn fill(
    mut connection: PgConnection,
    rows: Rows,
    push: impl Fn(&Batch, &mut CopyBuffer) + Send,
    table: &'static str,
    columns: String,
) -> Result<()> {
    execute(&mut connection, &format!("BEGIN; TRUNCATE {table}")).await?;
    let statement = format!("COPY {table} ({columns}) FROM STDIN (FORMAT binary, FREEZE)");
    let mut buffer = CopyBuffer::default();
    for batch in rows.batches.iter().flatten() {
        buffer.clear();
        push(batch, &mut buffer);
        if buffer.rows() > 0 {
            let mut copy = connection.copy_in_raw(&statement).await?;
            for chunk in buffer.finish().chunks(64 << 10) {
                copy.send(chunk).await?;
            }
            copy.finish().await?;
        }
    }
    execute(&mut connection, "COMMIT").await
}

fn columns<R: Row>() -> String {
    R::COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
