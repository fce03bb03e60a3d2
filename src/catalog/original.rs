//! A content as a program has it, and the rows made of it.

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::batch::{FileRows, Finding, Item};
use crate::digest::{Digest, SourceId};
use crate::entry::{EntryPath, NameDecoder};
use crate::midi::Analyser;
use crate::record::{LocationRow, SourceRow, SourceState};
use crate::reject::Refusal;

/// A content, and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Original<'o> {
    /// The file on disk, by its absolute path, or any name that stays the same.
    pub path: &'o Path,
    /// Where in that file, and its position there, if it is an archive: [registered](super::Catalog::register) before.
    pub entry: Option<(&'o str, i64)>,
    /// When the file was modified, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// The bytes.
    pub content: &'o [u8],
    /// Whether the MD5 is kept too.
    pub md5: bool,
}

impl<'o> Original<'o> {
    /// A file that is the content itself.
    #[must_use]
    pub const fn bare(path: &'o Path, content: &'o [u8]) -> Self {
        Self { path, entry: None, modified_ns: 0, content, md5: false }
    }

    /// The content's rows and its place.
    ///
    /// # Errors
    /// Refuses what no MIDI can be found in.
    pub fn item(&self, run_id: i32, analyser: &mut Analyser) -> Result<Item, Refusal> {
        let digest = Digest::of(self.content);
        let reading = analyser.read(self.content)?;
        let rows = FileRows::of(self.content, &digest, reading, run_id, self.md5);
        let source = self.source(run_id);
        let (name, ordinal) = match self.entry {
            Some((path, ordinal)) => (path.as_bytes(), ordinal),
            None => (self.path.file_name().unwrap_or_default().as_bytes(), 0),
        };
        let path = EntryPath::default().join(NameDecoder::alone(name));
        let is_bare = self.entry.is_none();
        let place = LocationRow::of(source.id, ordinal, digest.file_id().0, run_id, path, is_bare);
        Ok(Item { source: is_bare.then(|| Box::new(source)), finding: Finding::New(Arc::new(rows), place) })
    }

    /// The row of the file on disk, as one that is complete.
    fn source(&self, run_id: i32) -> SourceRow {
        let raw = self.path.as_os_str().as_bytes();
        let text = String::from_utf8_lossy(raw).replace('\0', "\u{fffd}");
        SourceRow {
            id: SourceId::of(raw).0,
            path_raw: (text.as_bytes() != raw).then(|| raw.to_vec()),
            path: text,
            kind: "midi",
            size_bytes: i64::try_from(self.content.len()).unwrap_or(i64::MAX),
            mtime_ns: self.modified_ns,
            state: SourceState::Complete.word(),
            entries: 1,
            not_midi: 0,
            first_run_id: run_id,
            inode: None,
            device: None,
        }
    }
}
