//! What the operating system tells of folders, as it happens.
//!
//! Each folder is watched by itself: one that this user may not read, or that is gone in the middle, keeps nobody from the
//! others. Only notes paths; looks at nothing and concludes nothing.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use notify::event::{AccessKind, AccessMode};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use walkdir::WalkDir;

use super::Changes;

/// Changes, as those who tell of them and those who act on them share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    changes: Arc<Mutex<Changes>>,
    told: Arc<Notify>,
}

impl Board {
    /// Reads or writes what is noted.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Changes) -> T) -> T {
        act(&mut self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what happened.
    pub(super) fn tell(&self, note: impl FnOnce(&mut Changes)) {
        self.with(note);
        self.told.notify_one();
    }

    /// Waits until something is noted.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }
}

/// Why the operating system cannot be relied upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deaf {
    /// No more folders may be watched by this user.
    Folders,
    /// No more programs of this user may watch anything.
    Programs,
    /// Anything else.
    Refused(String),
}

impl Deaf {
    fn of(error: &notify::Error) -> Self {
        match &error.kind {
            notify::ErrorKind::MaxFilesWatch => Self::Folders,
            notify::ErrorKind::Io(io) if io.raw_os_error() == Some(libc::EMFILE) => Self::Programs,
            _ => Self::Refused(error.to_string()),
        }
    }
}

/// The folders that the operating system tells of.
pub(super) struct Notices(RecommendedWatcher);

impl Notices {
    /// Of no folder yet.
    pub(super) fn start(board: Board) -> Result<Self, Deaf> {
        let told = move |told: notify::Result<Event>| match told {
            Ok(event) if event.need_rescan() => {
                tracing::info!("more happened than the operating system keeps; everything is looked through");
                board.tell(Changes::note_everything);
            }
            Ok(event) if changes_something(event.kind) => board.tell(|changes| {
                let now = Instant::now();
                event.paths.into_iter().for_each(|path| changes.note(path, now));
            }),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "a notice was lost; everything is looked through");
                board.tell(Changes::note_everything);
            }
        };
        let config = Config::default().with_follow_symlinks(false);
        RecommendedWatcher::new(told, config).map(Self).map_err(|error| Deaf::of(&error))
    }

    /// Watches a folder and all below it, again where it is watched already; answers how many folders these are.
    pub(super) fn follow(&mut self, folder: &Path) -> Result<u64, Deaf> {
        let mut folders = 0;
        let listed = WalkDir::new(folder).follow_root_links(false).into_iter().filter_map(Result::ok);
        for entry in listed.filter(|entry| entry.file_type().is_dir()) {
            match self.0.watch(entry.path(), RecursiveMode::NonRecursive) {
                Ok(()) => folders += 1,
                Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {
                    return Err(Deaf::Folders);
                }
                // Gone again, or not this user's to read: the folder above tells when that changes.
                Err(error) => tracing::debug!(%error, "a folder is not watched"),
            }
        }
        Ok(folders)
    }
}

/// Whether something may be otherwise than before; reading is no change.
fn changes_something(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}
