//! A place where something was found, until its row can be made.

use std::sync::Arc;

use super::reading::Reading;
use crate::batch::{Finding, Item};
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

impl Place {
    fn source_id(&self) -> i64 {
        match &self.holder {
            Holder::Bare(source) => source.id,
            Holder::Archive(reading) => reading.id,
        }
    }

    /// The reading to be credited with it, if it lies in an archive.
    pub(super) fn reading(&self) -> Option<&Arc<Reading>> {
        match &self.holder {
            Holder::Bare(_) => None,
            Holder::Archive(reading) => Some(reading),
        }
    }

    /// It holds a known content. The same item without its rows serves while the content's outcome is open.
    pub(super) fn duplicate(self, run_id: i32, file_id: FileId) -> Item {
        let source_id = self.source_id();
        let (source, bare) = match self.holder {
            Holder::Bare(source) => (Some(source), true),
            Holder::Archive(_) => (None, false),
        };
        let location = LocationRow::of(source_id, self.ordinal, file_id.0, run_id, self.path, bare);
        Item { source, finding: Finding::Duplicate(location) }
    }

    /// It is refused.
    pub(super) fn rejected(self, run_id: i32, refusal: Refusal) -> Item {
        let source_id = self.source_id();
        let (source, bare) = match self.holder {
            Holder::Bare(source) => (Some(source), true),
            Holder::Archive(_) => (None, false),
        };
        let named = self.path.into_named();
        let reject = RejectRow {
            source_id,
            entry_ordinal: self.ordinal,
            run_id,
            // What concerns the source as a whole has no place in it.
            entry_path: Some(named.path).filter(|path| !bare && !path.is_empty()),
            entry_path_raw: named.raw.filter(|_| !bare),
            stage: refusal.reason.stage().word(),
            reason: refusal.reason.code(),
            detail: refusal.detail,
        };
        Item { source, finding: Finding::Rejected(reject) }
    }
}
