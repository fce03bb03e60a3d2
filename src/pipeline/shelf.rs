//! Where files are opened: the one seam between the readers and the storage they wait for.
//!
//! Opens for reading only. The tests put a slow one in its place.

use std::fs::File;
use std::io;
use std::path::Path;

/// Something that files are taken from.
pub(super) trait Shelf: Send + Sync {
    /// Opens a file.
    fn open(&self, path: &Path) -> io::Result<File>;
}

/// What the operating system has mounted.
pub(super) struct Mounted;

impl Shelf for Mounted {
    fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }
}
