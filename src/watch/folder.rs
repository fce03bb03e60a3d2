//! A folder that is watched: whether it is there, and how its changes become known.

use std::path::{Path, PathBuf};

use super::{Deaf, mounts};
use crate::discover::Anchor;
use crate::error::{Error, ErrorKind, Result};

/// A folder that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its path.
    pub path: PathBuf,
    /// Where it lies; none while it is away.
    pub anchor: Option<Anchor>,
    /// How its changes become known.
    pub how: How,
    /// Folders that the operating system tells of.
    pub folders: u64,
}

/// How changes become known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// The operating system tells of them.
    Told,
    /// The folder is looked through every so often.
    Polled(Why),
}

/// Why a folder is looked through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody wanted it so.
    Asked,
    /// It lies on this file system, which others change unseen.
    Remote(String),
    /// The operating system would not tell.
    Deaf(Deaf),
}

impl Folder {
    /// Looks at a folder for the first time.
    ///
    /// # Errors
    /// [`ErrorKind::Usage`] for anything else.
    pub(super) fn look(path: &Path, polls: bool) -> Result<Self> {
        let anchor = Anchor::look(path.to_owned()).map_err(|error| {
            let is_file = error.kind() == std::io::ErrorKind::NotADirectory;
            let what =
                if is_file { "is no folder".to_owned() } else { format!("cannot be looked at: {error}") };
            Error::new(ErrorKind::Usage, format!("'{}' {what}", path.display()))
                .with_hint("watch the folder it lies in; a single file is imported with: loader import PATH")
        })?;
        Ok(Self { path: path.to_owned(), anchor: Some(anchor), how: How::of(path, polls), folders: 0 })
    }
}

impl How {
    /// How changes of a folder become known, as far as can be told beforehand.
    pub(super) fn of(path: &Path, polls: bool) -> Self {
        if polls {
            return Self::Polled(Why::Asked);
        }
        mounts::remote(path).map_or(Self::Told, |kind| Self::Polled(Why::Remote(kind)))
    }
}
