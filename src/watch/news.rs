//! What is told of watching, and what it comes to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::Folder;
use crate::error::Error;
use crate::import::Report;
use crate::progress::Counters;

/// What happens.
#[derive(Debug)]
pub enum News<'n> {
    /// A folder is watched from now on; looked through every so often, where the operating system does not tell.
    Watching {
        /// The folder.
        folder: &'n Folder,
        /// How often.
        poll_every: Duration,
    },
    /// A folder is no longer where it was.
    Away(&'n Path),
    /// Another folder is where one was.
    Replaced(&'n Path),
    /// A folder is there again.
    Back(&'n Path),
    /// An import begins, and counts here.
    Begins(&'n Arc<Counters>),
    /// It has ended, one way or the other.
    Ended,
    /// It came to its report.
    Passed(&'n Pass),
    /// Another run holds the library's lock.
    Waits(&'n Error),
    /// Something failed; it is tried again after a while.
    Trouble {
        /// What it was.
        error: &'n Error,
        /// How long until then.
        wait: Duration,
    },
    /// What was waited for is over.
    GoesOn,
}

/// What an import looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All that is watched.
    Everything,
    /// What had changed.
    Changes,
}

/// An import of what changed.
#[derive(Clone, Debug, Serialize)]
pub struct Pass {
    /// What it looked at.
    pub scope: Scope,
    /// What it did.
    #[serde(flatten)]
    pub report: Report,
}

impl Pass {
    /// Whether it found everything as it was.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let Report { sources_added, sources_modified, sources_returned, sources_vanished, rejected, .. } =
            self.report;
        sources_added + sources_modified + sources_returned + sources_vanished + rejected == 0
            && self.report.held_back.is_empty()
    }
}

/// What all of them did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Account {
    /// Imports that came to their report.
    pub imports: u64,
    /// Contents stored for the first time.
    pub inserted: u64,
    /// Further places of contents that are stored.
    pub duplicate: u64,
    /// Refusals.
    pub rejected: u64,
    /// Files that are no longer there.
    pub sources_vanished: u64,
    /// Seconds in all.
    pub seconds: f64,
}

impl Account {
    pub(super) fn add(&mut self, report: &Report) {
        self.imports += 1;
        self.inserted += report.inserted;
        self.duplicate += report.duplicate;
        self.rejected += report.rejected;
        self.sources_vanished += report.sources_vanished;
    }
}
