//! A place where something was found, until its row can be made.

use std::sync::Arc;

use super::reading::Reading;
use crate::batch::{FileRows, Finding, Item};
use crate::digest::FileId;
use crate::entry::EntryPath;
use crate::record::{LocationRow, RejectRow, SourceRow};
use crate::reject::Refusal;

/// Where an entry lies.
#[derive(Debug)]
pub(super) enum Holder {
    /// It is the whole source: its source's row travels with it.
    Bare(Box<SourceRow>),
    /// In this archive or stream.
    Archive(Arc<Reading>),
}

/// An entry, before it is known what it holds.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) holder: Holder,
    /// Position in reading order.
    pub(super) ordinal: i64,
    /// What it is called.
    pub(super) path: EntryPath,
}

impl Holder {
    /// The source's id.
    fn id(&self) -> i64 {
        match self {
            Self::Bare(source) => source.id,
            Self::Archive(reading) => reading.id,
        }
    }

    /// The source's path.
    fn path(&self) -> &str {
        match self {
            Self::Bare(source) => &source.path,
            Self::Archive(reading) => &reading.path,
        }
    }

    /// The row that travels with the place.
    fn into_source(self) -> Option<Box<SourceRow>> {
        match self {
            Self::Bare(source) => Some(source),
            Self::Archive(_) => None,
        }
    }
}

impl Place {
    /// The reading to be credited with it, if it lies in an archive.
    pub(super) fn reading(&self) -> Option<&Arc<Reading>> {
        match &self.holder {
            Holder::Bare(_) => None,
            Holder::Archive(reading) => Some(reading),
        }
    }

    /// It holds a content that is known, or whose outcome is open.
    pub(super) fn duplicate(self, run_id: i32, file_id: FileId) -> Item {
        let (holder, location) = self.located(run_id, file_id);
        Item { source: holder.into_source(), finding: Finding::Duplicate(location) }
    }

    /// It holds a content that was met for the first time, and was read.
    pub(super) fn first(self, run_id: i32, rows: FileRows) -> Item {
        let (holder, location) = self.located(run_id, FileId(rows.file.id));
        let rows = rows.called_at(&location, holder.path());
        Item { source: holder.into_source(), finding: Finding::New(Arc::new(rows), location) }
    }

    fn located(self, run_id: i32, file_id: FileId) -> (Holder, LocationRow) {
        let (source_id, is_bare) = (self.holder.id(), matches!(self.holder, Holder::Bare(_)));
        let location = LocationRow::of(source_id, self.ordinal, file_id.0, run_id, self.path, is_bare);
        (self.holder, location)
    }

    /// It is refused.
    pub(super) fn rejected(self, run_id: i32, refusal: Refusal) -> Item {
        let (source_id, is_bare) = (self.holder.id(), matches!(self.holder, Holder::Bare(_)));
        let named = self.path.into_named();
        let reject = RejectRow {
            source_id,
            entry_ordinal: self.ordinal,
            run_id,
            // What concerns the source as a whole has no place in it.
            entry_path: Some(named.path).filter(|path| !is_bare && !path.is_empty()),
            entry_path_raw: named.raw.filter(|_| !is_bare),
            stage: refusal.reason.stage().word(),
            reason: refusal.reason.code(),
            detail: refusal.detail,
        };
        Item { source: self.holder.into_source(), finding: Finding::Rejected(reject) }
    }
}
