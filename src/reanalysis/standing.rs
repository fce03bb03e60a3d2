//! Whether a source is still what was read: looked at, not opened.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use crate::discover::FoundFile;

/// A source as the library knows it.
#[derive(Clone, Debug)]
pub(super) struct KnownFile {
    /// Its path; for a stream, its name.
    pub(super) path: String,
    /// The path's bytes where `path` cannot hold them.
    pub(super) path_raw: Option<Vec<u8>>,
    /// Its size when it was read; -1 for a stream.
    pub(super) size_bytes: i64,
    /// Its time then.
    pub(super) mtime_ns: i64,
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there, of the same size and time.
    Intact(FoundFile),
    /// It is a stream, which is read once.
    Stream,
    /// It cannot be read again, for this reason.
    Away(&'static str),
}

impl Standing {
    /// Looks at a source.
    pub(super) fn of(source: KnownFile) -> Self {
        if source.size_bytes < 0 {
            return Self::Stream;
        }
        let path = match source.path_raw {
            Some(raw) => PathBuf::from(OsString::from_vec(raw)),
            None => PathBuf::from(source.path),
        };
        match FoundFile::look(path) {
            Ok(found) if !is_same(&found, source.size_bytes, source.mtime_ns) => {
                Self::Away("its source has changed")
            }
            Ok(found) => Self::Intact(found),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::Away("its source is gone"),
            Err(_) => Self::Away("its source cannot be looked at"),
        }
    }

    /// The file, where it is what it was.
    pub(super) const fn intact(&self) -> Option<&FoundFile> {
        match self {
            Self::Intact(file) => Some(file),
            Self::Stream | Self::Away(_) => None,
        }
    }
}

fn is_same(found: &FoundFile, size_bytes: i64, mtime_ns: i64) -> bool {
    i64::try_from(found.size) == Ok(size_bytes) && found.mtime_ns == mtime_ns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_and_time_decide() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.mid");
        fs_err::write(&path, "abc").unwrap();
        let found = FoundFile::look(path.clone()).unwrap();
        let known = |size_bytes, mtime_ns| KnownFile {
            path: path.to_string_lossy().into_owned(),
            path_raw: None,
            size_bytes,
            mtime_ns,
        };
        assert_eq!(Standing::of(known(3, found.mtime_ns)), Standing::Intact(found.clone()));
        assert_eq!(Standing::of(known(4, found.mtime_ns)), Standing::Away("its source has changed"));
        assert_eq!(Standing::of(known(3, found.mtime_ns + 1)), Standing::Away("its source has changed"));
        assert_eq!(Standing::of(known(-1, 0)), Standing::Stream);
        fs_err::remove_file(&path).unwrap();
        assert_eq!(Standing::of(known(3, found.mtime_ns)), Standing::Away("its source is gone"));
    }
}
