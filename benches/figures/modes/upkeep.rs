//! What indexes and foreign keys cost a library that is there already: kept while rows arrive, or suspended and brought back.
//!
//! Measures; judges nothing.

use anyhow::Result;
use loader::server::indexes::RestoreSettings;
use loader::sink::WriterKind;

use super::library::{Library, Shares};
use super::rows::Rows;
use crate::measuring::server::Server;
use crate::measuring::timed_async;

/// The database that is copied for each measurement.
const LIBRARY: &str = "loader_bench_library";

/// A library that others are copied from.
pub(crate) struct Existing<'a> {
    server: &'a Server,
    pairs: u64,
    /// Bytes of its tables, and of its secondary indexes.
    pub(crate) sizes: (u64, u64),
}

/// Seconds of one way, from the first row until everything is durable.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrival {
    /// All of it.
    pub(crate) wall: f64,
    /// Processor time of the server.
    pub(crate) processor: f64,
}

impl<'a> Existing<'a> {
    /// One of these rows.
    pub(crate) fn load(server: &'a Server, rows: &Rows) -> Result<Self> {
        let url = server.fresh_database()?;
        let sizes = server.block_on(async {
            let mut library = Library::create(server, &url, rows).await?;
            library.suspend().await?;
            library.store(rows, WriterKind::Copy, false).await?;
            library.restore(RestoreSettings::default(), &[]).await?;
            library.sizes().await
        })?;
        server.keep_as(LIBRARY)?;
        Ok(Self { server, pairs: rows.pairs(), sizes })
    }

    /// Adds rows to a copy of it, in mode `normal`.
    pub(crate) fn add(&self, rows: &Rows, suspends: bool) -> Result<Arrival> {
        let url = self.server.copy_of(LIBRARY)?;
        self.server.block_on(async {
            let mut library = Library::open(self.server, &url).await?;
            library.register(rows).await?;
            let processor = self.server.processor()?;
            let (wall, added) = timed_async(async {
                if suspends {
                    library.suspend().await?;
                }
                library.store(rows, WriterKind::Copy, true).await?;
                if suspends {
                    library.restore(RestoreSettings::default(), &[]).await?;
                }
                self.server.make_durable(false).await
            })
            .await;
            added?;
            let processor = self.server.processor()? - processor;
            library.check(self.pairs + rows.pairs()).await?;
            Ok(Arrival { wall, processor })
        })
    }

    /// Seconds in which so many connections, each without helpers, bring back everything in a copy, and what they were.
    pub(crate) fn build(&self, connections: usize) -> Result<(f64, Shares)> {
        let url = self.server.copy_of(LIBRARY)?;
        self.server.block_on(async {
            let mut library = Library::open(self.server, &url).await?;
            library.suspend().await?;
            let settings = RestoreSettings { connections, ..RestoreSettings::default() };
            library.restore(settings, &[("max_parallel_maintenance_workers", "0")]).await
        })
    }
}
