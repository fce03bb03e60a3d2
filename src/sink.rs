//! Where batches go, and the contract every such place keeps.
//!
//! A sink stores; it never retries, never bisects and never decides what to do about an error: that is the
//! [writer](crate::writer)'s work. [`PostgresSink`] is the real one; [`MemorySink`] and [`FaultySink`] are its doubles in
//! tests.

mod comparison;
mod copy;
mod faulty;
mod memory;
mod postgres;
mod renewal;
mod sqlstate;
mod unnest;
mod words;

use std::future::Future;

use crate::batch::Batch;
use crate::record::{SourceRow, SourceState};
use crate::songs::Sorted;

pub use comparison::{Comparison, ComparisonSink};
pub use copy::CopyBuffer;
pub use faulty::{Fault, FaultySink};
pub use memory::{MemoryLibrary, MemorySink};
pub(crate) use postgres::Keys;
pub use postgres::{PostgresSink, SinkSettings, WriterKind};
pub use renewal::{Refused, Renewal, RenewalSink, Renewed};
pub use words::{Chunks, Letters, Made, Words};

/// How a batch is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Straight into the tables: the fast way, refused with [`SinkErrorKind::Conflict`] if any row is there already.
    Fresh,
    /// Beside what is there: rows that exist already stay untouched, places that changed are brought up to date.
    Merge,
}

/// What became of a stored batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// How many contents were not in the library before.
    pub inserted: u64,
    /// How long it took to make of the rows what is sent.
    pub encoding: std::time::Duration,
    /// How many were, and are as they were found now.
    pub renewed: u64,
    /// Of these new ones, what was brought to songs at once.
    pub sorted: Sorted,
    /// Ids of contents that were left out with all their places, because another content has the id.
    pub collided: Vec<i64>,
}

/// What of a source is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Everything but these: its places and refusals that are stored, by ordinal, with the content's id; none for a
    /// refusal.
    AllBut(Vec<(i64, Option<i64>)>),
    /// Everything, to be compared with these places and refusals.
    Compared(Vec<(i64, Option<i64>)>),
    /// Nothing but these places, by ordinal, with the id of the content that lies there.
    Only(Vec<(i64, i64)>),
}

impl Default for Resume {
    /// Everything: nothing of it is stored.
    fn default() -> Self {
        Self::AllBut(Vec::new())
    }
}

/// What is stored once a source has been read and all its items are committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceClose {
    /// The source.
    pub id: i64,
    /// [`SourceState::Complete`] or [`SourceState::Failed`].
    pub state: SourceState,
    /// What its content is, as in [`SourceRow::kind`].
    pub kind: &'static str,
    /// Regular files in it, at every nesting level.
    pub entries: i64,
    /// Entries that neither are MIDI nor say so.
    pub not_midi: i64,
    /// Whether this reading refused the source as a whole; if not, an earlier refusal is withdrawn.
    pub refused: bool,
    /// Ordinals of which something was stored, at which this reading has found neither MIDI nor a refusal: that goes.
    pub gone: Vec<i64>,
}

/// Stores what the pipeline found, or what it is made for of that: [`RenewalSink`] takes contents and leaves their places.
///
/// Each method is all or nothing: after an error nothing of the call is stored, unless the error is
/// [`SinkErrorKind::Transient`], after which it may be (a commit whose answer was lost). Calls of [`Sink::store`] with
/// [`Method::Merge`], of [`Sink::register`] and of [`Sink::close`] may therefore be repeated: they store nothing twice.
pub trait Sink: Send {
    /// Stores one batch in one transaction.
    fn store(
        &mut self,
        batch: &Batch,
        method: Method,
    ) -> impl Future<Output = Result<Stored, SinkError>> + Send;

    /// Makes sources known before any of their places is stored, and tells what of each is to be read. A source whose size or
    /// modification time differs from what is stored loses its earlier places first.
    fn register(
        &mut self,
        sources: &[SourceRow],
    ) -> impl Future<Output = Result<Vec<Resume>, SinkError>> + Send;

    /// Marks sources as read.
    fn close(&mut self, sources: &[SourceClose]) -> impl Future<Output = Result<(), SinkError>> + Send;

    /// Starts afresh after a transient error.
    fn reconnect(&mut self) -> impl Future<Output = Result<(), SinkError>> + Send;
}

/// What can be done about a sink's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkErrorKind {
    /// A row of the batch is in the library already: merge.
    Conflict,
    /// A row of the batch cannot be stored: bisect.
    Refused,
    /// Try again, after reconnecting.
    Transient,
    /// The server has crashed, and what was committed before may be gone: stop.
    Lost,
    /// The disk is full: stop.
    DiskFull,
    /// Nothing helps: stop.
    Fatal,
}

/// Why a sink could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[error("{message}{}", .sqlstate.as_deref().map(|code| format!(" (SQLSTATE {code})")).unwrap_or_default())]
pub struct SinkError {
    /// What can be done about it.
    pub kind: SinkErrorKind,
    /// PostgreSQL's error code, if it came from there.
    pub sqlstate: Option<String>,
    /// What the database or the driver said.
    pub message: String,
}
