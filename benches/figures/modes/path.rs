//! The paths from row pairs to a library that is indexed, analysed and durable: a table of what each does, and the run.
//!
//! Measures; judges nothing.

use anyhow::Result;
use loader::server::indexes::RestoreSettings;
use loader::sink::WriterKind;

use super::library::{Library, Shares, UNSAFE};
use super::rows::Rows;
use crate::measuring::server::Server;
use crate::measuring::timed_async;

/// How rows get into the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// Batches over two connections, as an import does it.
    Batches(WriterKind),
    /// One transaction a table.
    Frozen,
}

/// What is checked of each row when it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Checks {
    /// Nothing.
    Nothing,
    /// That its id is new.
    PrimaryKeys,
    /// That what it refers to is there, too.
    ForeignKeys,
}

/// What a path does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    /// What it is called in the table.
    pub(crate) name: &'static str,
    /// Whether the server goes on caring for its disk.
    is_safe: bool,
    /// Whether tables are unlogged while they are filled.
    is_unlogged: bool,
    checks: Checks,
    store: Store,
    /// Whether one connection builds all indexes, with the memory and the helpers of a server that nobody has tuned.
    builds_serially: bool,
}

/// As the mode `fast` does it.
pub(crate) const FAST: Path = Path {
    name: "fast",
    is_safe: true,
    is_unlogged: false,
    checks: Checks::PrimaryKeys,
    store: Store::Batches(WriterKind::Copy),
    builds_serially: false,
};

/// As the mode `ludicrous` does it.
pub(crate) const LUDICROUS: Path = Path { name: "ludicrous", is_safe: false, ..FAST };

/// Nothing logged and nothing checked, one connection a table.
pub(crate) const FROZEN: Path = Path {
    name: "COPY FREEZE, a connection a table, no primary keys",
    checks: Checks::Nothing,
    store: Store::Frozen,
    ..LUDICROUS
};

/// The least that two connections can have to do.
pub(crate) const BARE: Path =
    Path { name: "ludicrous without primary keys", checks: Checks::Nothing, ..LUDICROUS };

/// `SET LOGGED` before there are indexes.
pub(crate) const UNLOGGED: Path = Path { name: "ludicrous, unlogged", is_unlogged: true, ..LUDICROUS };

/// What is usually recommended.
pub(crate) const RECIPE: Path = Path {
    name: "unnest, unlogged, keys, serial rebuild",
    is_unlogged: true,
    checks: Checks::ForeignKeys,
    store: Store::Batches(WriterKind::Unnest),
    builds_serially: true,
    ..LUDICROUS
};

/// Seconds of each part of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    /// Storing the rows.
    pub(crate) storing: f64,
    /// Making tables logged, or primary keys.
    pub(crate) converting: f64,
    /// Bringing back indexes, foreign keys and statistics.
    pub(crate) restoring: f64,
    /// Until it is on the disk.
    pub(crate) flushing: f64,
    /// What the restoring connections did.
    pub(crate) shares: Shares,
    /// Processor time of the server.
    pub(crate) processor: f64,
}

impl Times {
    /// From the first row to the end.
    pub(crate) fn total(&self) -> f64 {
        self.storing + self.converting + self.restoring + self.flushing
    }
}

impl Path {
    /// Loads a new library.
    pub(crate) fn run(&self, server: &Server, rows: &Rows) -> Result<Times> {
        let url = server.fresh_database()?;
        server.block_on(async {
            let mut library = Library::create(server, &url, rows).await?;
            self.prepare(server, &mut library).await?;
            server.make_durable(true).await?;
            let processor = server.processor()?;
            let mut times = self.load(server, &mut library, rows).await?;
            times.processor = server.processor()? - processor;
            library.check(rows.pairs()).await?;
            Ok(times)
        })
    }

    async fn prepare(&self, server: &Server, library: &mut Library<'_>) -> Result<()> {
        library.suspend().await?;
        if self.is_unlogged {
            library.make_unlogged().await?;
        }
        if self.checks == Checks::ForeignKeys {
            library.restore_keys().await?;
        }
        if self.checks == Checks::Nothing {
            library.drop_primary_keys().await?;
        }
        if self.is_safe { Ok(()) } else { server.set(&UNSAFE).await }
    }

    async fn load(&self, server: &Server, library: &mut Library<'_>, rows: &Rows) -> Result<Times> {
        let (storing, stored) = match self.store {
            Store::Batches(writer) => timed_async(library.store(rows, writer, false)).await,
            Store::Frozen => timed_async(library.store_frozen(rows)).await,
        };
        stored?;
        let (converting, converted) = timed_async(async {
            if self.is_unlogged {
                library.make_logged(self.checks < Checks::ForeignKeys).await?;
            }
            if self.checks == Checks::Nothing {
                library.add_primary_keys().await?;
            }
            anyhow::Ok(())
        })
        .await;
        converted?;
        let (settings, options) = if self.builds_serially {
            let settings =
                RestoreSettings { connections: 1, memory_kib: 64 << 10, ..RestoreSettings::default() };
            (settings, &[("max_parallel_maintenance_workers", "2")][..])
        } else {
            (RestoreSettings::default(), &[][..])
        };
        let (restoring, shares) = library.restore(settings, options).await?;
        let (flushing, flushed) = timed_async(async {
            if !self.is_safe {
                server.reset(&UNSAFE).await?;
            }
            server.make_durable(!self.is_safe).await
        })
        .await;
        flushed?;
        Ok(Times { storing, converting, restoring, shares, flushing, processor: 0.0 })
    }
}
