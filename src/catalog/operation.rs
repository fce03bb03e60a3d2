//! What a catalog can do with a batch: each operation is one transaction over many rows.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;

use crate::batch::{Batch, FileRows, Finding, Item};
use crate::record::{LocationRow, Row as _};
use crate::sink::{Method, PostgresSink, SinkError};
use crate::writer::attempt;

/// An operation on rows of one kind.
///
/// [`Self::apply`] is all or nothing, and may be repeated after an error that passes.
pub(super) trait Operation: Sync {
    /// What it is applied to.
    type Row: Clone + Send + Sync;

    /// Rows are applied in this order: that in which every writer takes its locks.
    fn rank(row: &Self::Row) -> (i64, u8);

    /// Bytes a row takes, roughly.
    fn weight(row: &Self::Row) -> usize;

    /// Applies it.
    fn apply(
        &self,
        sink: &mut PostgresSink,
        rows: &[Self::Row],
    ) -> impl Future<Output = Result<Applied, SinkError>> + Send;
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// Contents that were not there before.
    pub(super) inserted: u64,
    /// Ids of contents that should have been there.
    pub(super) missing: HashSet<i64>,
    /// Ids that other contents have.
    pub(super) collided: HashSet<i64>,
}

impl Applied {
    fn of_present(ids: impl Iterator<Item = i64>, present: Vec<i64>) -> Self {
        let present: HashSet<i64> = present.into_iter().collect();
        Self { missing: ids.filter(|id| !present.contains(id)).collect(), ..Self::default() }
    }
}

/// New contents, and places.
pub(super) struct Insert;

impl Operation for Insert {
    type Row = Item;

    fn rank(row: &Item) -> (i64, u8) {
        row.rank()
    }

    fn weight(row: &Item) -> usize {
        row.weight()
    }

    async fn apply(&self, sink: &mut PostgresSink, rows: &[Item]) -> Result<Applied, SinkError> {
        let batch = Batch::new(rows.to_vec());
        // Merges what conflicts; what may pass is tried again by whoever calls, as for every operation.
        let stored = attempt(sink, &batch, Method::Fresh, &[]).await?;
        let collided = stored.collided.into_iter().collect();
        Ok(Applied { inserted: stored.inserted, collided, ..Applied::default() })
    }
}

/// What was found out of contents that are there.
pub(super) struct Update;

impl Operation for Update {
    type Row = Arc<FileRows>;

    fn rank(row: &Arc<FileRows>) -> (i64, u8) {
        (row.file.id, 0)
    }

    fn weight(row: &Arc<FileRows>) -> usize {
        row.file.weight() + row.metadata.weight()
    }

    async fn apply(&self, sink: &mut PostgresSink, rows: &[Arc<FileRows>]) -> Result<Applied, SinkError> {
        // Of a batch only its contents are renewed: the places are not looked at.
        let items = rows.iter().map(|rows| Item {
            source: None,
            finding: Finding::New(Arc::clone(rows), LocationRow::nowhere(rows.file.id)),
        });
        let present = sink.renew(&Batch::new(items.collect())).await?;
        Ok(Applied::of_present(rows.iter().map(|rows| rows.file.id), present))
    }
}

/// Contents that are deleted.
pub(super) struct Remove;

impl Operation for Remove {
    type Row = i64;

    fn rank(row: &i64) -> (i64, u8) {
        (*row, 0)
    }

    fn weight(_row: &i64) -> usize {
        size_of::<i64>()
    }

    async fn apply(&self, sink: &mut PostgresSink, rows: &[i64]) -> Result<Applied, SinkError> {
        Ok(Applied::of_present(rows.iter().copied(), sink.remove(rows).await?))
    }
}

/// Contents that are marked as gone.
pub(super) struct Retire;

impl Operation for Retire {
    type Row = i64;

    fn rank(row: &i64) -> (i64, u8) {
        (*row, 0)
    }

    fn weight(_row: &i64) -> usize {
        size_of::<i64>()
    }

    async fn apply(&self, sink: &mut PostgresSink, rows: &[i64]) -> Result<Applied, SinkError> {
        Ok(Applied::of_present(rows.iter().copied(), sink.retire(rows).await?))
    }
}
