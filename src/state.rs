//! Where what belongs to this user's runs is kept beside the database: logs, and copies of what the journals hold.
//!
//! Finds the folder and writes files that must survive whatever happens next; knows nothing of what they say.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use fs_err as fs;
use fs_err::os::unix::fs::OpenOptionsExt as _;

use crate::error::{Error, ErrorKind, Result};

/// `$XDG_STATE_HOME/loader`, else `~/.local/state/loader`; it need not be there yet.
///
/// # Errors
/// [`ErrorKind::Usage`] without a home directory.
pub fn directory() -> Result<PathBuf> {
    let variable =
        |name| std::env::var_os(name).filter(|value| Path::new(value).is_absolute()).map(PathBuf::from);
    variable("XDG_STATE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/state")))
        .map(|base| base.join("loader"))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                "there is no place for logs and backups: neither XDG_STATE_HOME nor HOME is set",
            )
            .with_hint("set XDG_STATE_HOME to the path of a folder")
        })
}

/// Puts a text in the place of a file, its folder made where it is not there. Killed at any moment, either the old file is
/// there or the new one, whole; when it returns, the new one is on the disk.
///
/// # Errors
/// What the file system says, naming the file.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}.new", std::process::id()));
    let new = Path::new(&new);
    let written = write_through(new, text).and_then(|()| fs::rename(new, path));
    if written.is_err() {
        // What went wrong is said already; what is left of it is nothing that anyone needs.
        let _ = fs::remove_file(new);
    }
    written?;
    fs::File::open(folder)?.sync_all()
}

fn write_through(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new folder/file.sql");
        write(&path, "one and more\n").unwrap();
        write(&path, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
        // Where the name is a folder's, that stays, and nothing is left beside it either.
        assert!(write(path.parent().unwrap(), "three\n").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
