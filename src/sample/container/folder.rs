//! Writes entries as files of their own below a folder, bare or each compressed.

use std::io;
use std::path::{Path, PathBuf};

use super::Receiver;
use crate::sample::entry::{Entry, Packed};

/// A folder being filled.
pub(in crate::sample) struct Folder {
    path: PathBuf,
    made: PathBuf,
    written: u64,
}

impl Folder {
    /// The folder, made if it is not there.
    pub(in crate::sample) fn new(path: &Path) -> io::Result<Self> {
        fs_err::create_dir_all(path)?;
        Ok(Self { path: path.to_owned(), made: path.to_owned(), written: 0 })
    }

    /// Bytes written to disk.
    pub(in crate::sample) const fn written(&self) -> u64 {
        self.written
    }
}

impl Receiver for Folder {
    fn put(&mut self, entry: &Entry) -> io::Result<()> {
        let folder = self.path.join(&entry.name.folder);
        if folder != self.made {
            fs_err::create_dir_all(&folder)?;
            self.made.clone_from(&folder);
        }
        let (file, bytes) = match &entry.packed {
            Packed::Gzip(bytes) => (folder.join(format!("{}.gz", entry.name.file)), bytes),
            Packed::Plain | Packed::Deflated(_) => (folder.join(&entry.name.file), &entry.content),
        };
        self.written += bytes.len() as u64;
        fs_err::write(file, bytes)
    }
}
