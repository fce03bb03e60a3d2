//! The library for programs that embed this crate: contents in, out and looked up, many at a time.
//!
//! Stores by the writers of an import, with its batches, its retries and its fallback: a batch that the database refuses is
//! halved until the bad row is alone; that one is named in the [`Outcome`], all others are applied. What may pass (a
//! deadlock, a broken connection, a lock that was not to be had) is tried again after the pauses of
//! [`crate::writer::RETRY_PAUSES`]. Takes no lock: it may work beside an import.
//! The songs of what changes here are found at the end of the next import, or by `loader songs resolve`.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use loader::catalog::{Catalog, CatalogSettings, Original};
//! use loader::server::connect::{self, Named};
//!
//! # async fn example() -> loader::error::Result<()> {
//! let target = connect::resolve(Named::default()).await?;
//! let mut catalog = Catalog::open(target, CatalogSettings::default()).await?;
//!
//! // A session stores whenever a batch is full, and what is left at its end.
//! let mut session = catalog.begin().await?;
//! for path in ["/music/a.mid", "/music/b.mid"] {
//!     let content = std::fs::read(path)?;
//!     match session.read(&Original::bare(Path::new(path), &content)) {
//!         Ok(item) => session.add(item).await?,
//!         Err(refusal) => eprintln!("{path}: {}", refusal.detail),
//!     }
//! }
//! let outcome = session.finish().await?;
//! for refused in &outcome.refused {
//!     eprintln!("number {}: {}", refused.position, refused.message);
//! }
//!
//! // Look-ups answer in the order of what was asked.
//! let found = catalog.by_paths(&["/music/a.mid"]).await?;
//! if let Some(Some(content)) = found.first() {
//!     catalog.mark_inactive(&[content.id]).await?;
//! }
//! catalog.close().await
//! # }
//! ```

mod content;
mod halves;
mod look_up;
mod operation;
mod original;
mod outcome;
mod session;

use std::sync::Arc;
use std::time::Duration;

use crate::batch::{FileRows, Item};
use crate::digest::FileId;
use crate::error::Result;
use crate::record::SourceRow;
use crate::server::connect::{self, Target};
use crate::server::schema;
use crate::sink::{PostgresSink, Sink as _, SinkError, SinkErrorKind, SinkSettings, SourceClose, WriterKind};
use crate::writer::{BatchLimits, RETRY_PAUSES, recover, run_error};

pub use content::Content;
pub use original::Original;
pub use outcome::{Outcome, RefusedRow};
pub use session::Session;

use operation::{Insert, Remove, Retire, Update};

/// How a catalog works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CatalogSettings {
    /// When a batch, and so a transaction, is full.
    pub batch: BatchLimits,
    /// Keys in one look-up.
    pub look_up: usize,
    /// How rows travel.
    pub writer: WriterKind,
    /// How long to wait before each new attempt after an error that may pass.
    pub retry_pauses: &'static [Duration],
}

impl Default for CatalogSettings {
    /// Batches of 3,200 rows or 8 MiB by COPY, look-ups of 65,536 keys, the pauses of an import. For so many keys the server goes
    /// through an index from one end to the other: of 410,000 contents that takes a third of finding 10,000 at a time, one by one.
    /// The keys and the answers are held in memory meanwhile, some 20 MB.
    fn default() -> Self {
        Self {
            batch: BatchLimits::default(),
            look_up: 65_536,
            writer: WriterKind::Copy,
            retry_pauses: &RETRY_PAUSES,
        }
    }
}

/// A connection to the library. Dropped without [`Self::close`] it loses nothing; its run then counts as interrupted.
#[derive(Debug)]
pub struct Catalog {
    sink: PostgresSink,
    settings: CatalogSettings,
    run_id: Option<i32>,
}

impl Catalog {
    /// Connects.
    ///
    /// # Errors
    /// Where the database cannot be reached, or holds no library of this version.
    pub async fn open(target: Target, settings: CatalogSettings) -> Result<Self> {
        let mut connection = connect::connect(&target, "loader catalog").await?;
        schema::check(&mut connection).await?;
        let sink = SinkSettings { writer: settings.writer, synchronous_commit: true };
        Ok(Self { sink: PostgresSink::connect(target, sink).await?, settings, run_id: None })
    }

    /// The run that what is inserted belongs to; made at the first call.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run_id(&mut self) -> Result<i32> {
        if let Some(id) = self.run_id {
            return Ok(id);
        }
        let id = self.sink.run_row("catalog", None).await?;
        self.run_id = Some(id);
        Ok(id)
    }

    /// Begins to accumulate what is to be inserted.
    ///
    /// # Errors
    /// As [`Self::run_id`].
    pub async fn begin(&mut self) -> Result<Session<'_>> {
        let run_id = self.run_id().await?;
        Ok(Session::new(self, run_id))
    }

    /// Inserts contents and places, in batches. A content that is there keeps its rows, and a place is brought up to date.
    /// A place may stand before the content it holds.
    ///
    /// # Errors
    /// What nothing helps against, such as a full disk; batches before it are stored. The same call may be repeated: nothing is
    /// stored twice.
    pub async fn insert(&mut self, items: Vec<Item>) -> Result<Outcome> {
        self.apply(&Insert, items).await
    }

    /// Puts what was found out of contents in the place of what is stored of them. What the library does not have is
    /// [missing](Outcome::missing).
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn update(&mut self, contents: Vec<Arc<FileRows>>) -> Result<Outcome> {
        self.apply(&Update, contents).await
    }

    /// Deletes contents with all their places, and the sources of which nothing is left; files on disk are left alone.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn delete(&mut self, ids: &[FileId]) -> Result<Outcome> {
        self.apply(&Remove, ids.iter().map(|id| id.0).collect()).await
    }

    /// Marks contents and all their places as no longer there. An import that meets them again makes them active.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn mark_inactive(&mut self, ids: &[FileId]) -> Result<Outcome> {
        self.apply(&Retire, ids.iter().map(|id| id.0).collect()).await
    }

    /// Makes archives known before places in them are inserted. One whose size or modification time differs from what is
    /// stored loses its earlier places.
    ///
    /// # Errors
    /// What the database says.
    pub async fn register(&mut self, sources: &[SourceRow]) -> Result<()> {
        let retry_pauses = self.settings.retry_pauses;
        let mut pauses = retry_pauses.iter();
        while let Err(error) = self.sink.register(sources).await {
            self.wait_after(error, &mut pauses).await?;
        }
        Ok(())
    }

    /// Marks archives as read, so that an import leaves them as long as they do not change.
    ///
    /// # Errors
    /// What the database says.
    pub async fn complete(&mut self, sources: &[SourceClose]) -> Result<()> {
        let retry_pauses = self.settings.retry_pauses;
        let mut pauses = retry_pauses.iter();
        while let Err(error) = self.sink.close(sources).await {
            self.wait_after(error, &mut pauses).await?;
        }
        Ok(())
    }

    /// Ends the run, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(mut self) -> Result<()> {
        if let Some(id) = self.run_id {
            self.sink.run_row("catalog", Some(id)).await?;
        }
        Ok(())
    }

    /// Waits and reconnects after an error that may pass; any other is final.
    async fn wait_after(
        &mut self,
        error: SinkError,
        pauses: &mut std::slice::Iter<'_, Duration>,
    ) -> Result<()> {
        if error.kind != SinkErrorKind::Transient {
            return Err(run_error(error));
        }
        recover(&mut self.sink, pauses, error).await.map_err(run_error)
    }

    async fn apply<O: operation::Operation>(&mut self, operation: &O, rows: Vec<O::Row>) -> Result<Outcome> {
        halves::apply(&mut self.sink, operation, rows, &self.settings).await
    }
}
