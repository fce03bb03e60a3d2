//! Where the files of a private cluster lie, and whether a directory is one of ours.
//!
//! ```text
//! /var/lib/loader/            the base: LOADER_DATA_DIR, /var/lib/loader for root, ~/.local/share/loader for a user
//! ├── loader-cluster          says that what lies beside it is ours
//! ├── start.lock              held while the cluster is created, started, stopped or destroyed
//! ├── postgresql/             the data directory, and in it server.log
//! └── socket/                 mode 0700; under /tmp where the base's path is too long for a socket
//! ```

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind as Io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use fs_err as fs;

use crate::digest::Digest;
use crate::error::{Error, ErrorKind, Result};
use crate::server::account::Account;

/// The environment variable that names the base.
pub const VARIABLE: &str = "LOADER_DATA_DIR";

const MARKER: &str = "loader-cluster";
const MARKER_TEXT: &str =
    "The private PostgreSQL cluster of loader: layout 1. `loader db destroy` removes it.\n";
const LOCK: &str = "start.lock";
const DATA: &str = "postgresql";
const NEW_DATA: &str = "postgresql.new";
const SOCKET: &str = "socket";

/// Longest path of a Unix socket in bytes, on Linux; the rest of the structure is the final NUL.
const LONGEST_SOCKET_PATH: usize = 107;
/// The lowest bits of a file's mode are what its group and others may do.
const OTHERS_BITS: u32 = 6;
/// What the server adds to the directory.
const SOCKET_NAME: &str = "/.s.PGSQL.5432";

/// The paths of one private cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The directory that holds all the others.
    pub base: PathBuf,
    /// PostgreSQL's data directory.
    pub data: PathBuf,
    /// The directory of the socket, as text: it becomes part of a URL and of the configuration.
    pub socket_directory: String,
}

impl Layout {
    /// The layout under this base, which must be absolute.
    ///
    /// # Errors
    /// Where the path is relative or no UTF-8.
    pub fn at(base: &Path) -> Result<Self> {
        let text = base.to_str().filter(|_| base.is_absolute()).ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                format!(
                    "the private cluster's directory must be an absolute path in UTF-8, found {}",
                    base.display()
                ),
            )
            .with_hint(format!("set {VARIABLE} to such a path"))
        })?;
        let text = text.trim_end_matches('/');
        let near = format!("{text}/{SOCKET}");
        let socket_directory = if near.len() + SOCKET_NAME.len() <= LONGEST_SOCKET_PATH {
            near
        } else {
            format!("/tmp/loader-{:016x}", Digest::of(text.as_bytes()).file_id().0)
        };
        Ok(Self { base: base.to_path_buf(), data: base.join(DATA), socket_directory })
    }

    /// The layout this process is configured for: `LOADER_DATA_DIR`, else by user.
    ///
    /// # Errors
    /// As [`Layout::at`], and where there is no home directory to choose.
    pub fn configured() -> Result<Self> {
        let variable = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let is_root = Account::running()?.uid == 0;
        let base = base(is_root, variable(VARIABLE), variable("XDG_DATA_HOME"), variable("HOME"))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::Usage,
                    "no place for the private cluster: neither HOME nor XDG_DATA_HOME is set",
                )
                .with_hint(format!("set {VARIABLE} to a directory for it"))
            })?;
        Self::at(&base)
    }

    /// The server's log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.data.join("server.log")
    }

    /// The socket itself.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        PathBuf::from(format!("{}{SOCKET_NAME}", self.socket_directory))
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.base.join(LOCK)
    }

    /// Where the data directory is prepared, to take its name only when it is whole.
    pub(super) fn new_data(&self) -> PathBuf {
        self.base.join(NEW_DATA)
    }

    /// Whether the base says that it is ours.
    pub(super) fn is_ours(&self) -> bool {
        fs::read_to_string(self.base.join(MARKER)).is_ok_and(|text| text == MARKER_TEXT)
    }

    /// Makes the base and marks it; everything that lies in it already stays.
    pub(super) fn claim(&self) -> Result<()> {
        static CLAIMS: AtomicU32 = AtomicU32::new(0);
        let is_root = Account::running()?.uid == 0;
        // Root's cluster runs as another account, which must be able to pass through.
        let mode = if is_root { 0o755 } else { 0o700 };
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(mode)
            .create(&self.base)
            .map_err(|error| self.unusable(&error))?;
        if self.is_ours() {
            return Ok(());
        }
        for taken in [&self.data, &self.new_data(), &self.base.join(SOCKET)] {
            // Another command may have claimed the base and begun meanwhile.
            if taken.symlink_metadata().is_ok() && !self.is_ours() {
                return Err(self.foreign(taken));
            }
        }
        // Under its own name only when it is whole, so that nobody reads half of it; prepared under a name that no other
        // process or thread uses.
        let claim = CLAIMS.fetch_add(1, Ordering::Relaxed);
        let prepared = self.base.join(format!("{MARKER}.{}.{claim}", std::process::id()));
        fs::write(&prepared, MARKER_TEXT)
            .and_then(|()| fs::rename(&prepared, self.base.join(MARKER)))
            .map_err(|error| self.unusable(&error))
    }

    /// Makes the directory of the socket, for its owner alone.
    pub(super) fn make_socket_directory(&self, account: &Account) -> Result<()> {
        let directory = Path::new(&self.socket_directory);
        match std::fs::DirBuilder::new().mode(0o700).create(directory) {
            Ok(()) => {
                if account.is_another() {
                    fs::os::unix::fs::chown(directory, Some(account.uid), Some(account.gid))?;
                }
                Ok(())
            }
            Err(error) if error.kind() == Io::AlreadyExists => {
                let found = fs::symlink_metadata(directory)?;
                if found.is_dir()
                    && found.uid() == account.uid
                    && found.mode().trailing_zeros() >= OTHERS_BITS
                {
                    return Ok(());
                }
                Err(Error::new(
                    ErrorKind::Run,
                    format!(
                        "{} is not a directory that only {} may enter; the server's socket would not be safe there",
                        directory.display(),
                        account.name
                    ),
                )
                .with_hint(format!("look at it, then remove it: rm -r {}", directory.display())))
            }
            Err(error) => {
                Err(Error::new(ErrorKind::Run, format!("cannot create {}: {error}", directory.display())))
            }
        }
    }

    /// Removes everything that was made here, and the base where nothing else lies in it.
    pub(super) fn remove(&self) -> Result<()> {
        for directory in [&self.data, &self.new_data(), Path::new(&self.socket_directory)] {
            match fs::remove_dir_all(directory) {
                Err(error) if error.kind() != Io::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        // The marker goes after what it marks, so that an interrupted removal can be repeated; the lock after the marker,
        // so that whoever claims the base in this moment waits for us.
        for file in [self.base.join(MARKER), self.lock()] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != Io::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        match fs::remove_dir(&self.base) {
            Err(error)
                if !matches!(error.kind(), Io::NotFound | Io::DirectoryNotEmpty | Io::PermissionDenied) =>
            {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }

    /// That `path` was here before us.
    pub(super) fn foreign(&self, path: &Path) -> Error {
        Error::new(
            ErrorKind::Usage,
            format!(
                "{} is not a private cluster of loader: {} lies there without the file {MARKER}",
                self.base.display(),
                path.display()
            ),
        )
        .with_hint(format!("choose another directory with {VARIABLE}"))
    }

    fn unusable(&self, error: &std::io::Error) -> Error {
        Error::new(
            ErrorKind::Run,
            format!("cannot use {} for the private cluster: {error}", self.base.display()),
        )
        .with_hint(format!(
            "choose a directory you may write to with {VARIABLE}, or run the command as its owner"
        ))
    }
}

fn base(
    is_root: bool,
    chosen: Option<OsString>,
    data: Option<OsString>,
    home: Option<OsString>,
) -> Option<PathBuf> {
    if let Some(chosen) = chosen {
        return Some(PathBuf::from(chosen));
    }
    if is_root {
        return Some(PathBuf::from("/var/lib/loader"));
    }
    // The XDG specification says to ignore a relative path.
    let data = data.map(PathBuf::from).filter(|path| path.is_absolute());
    Some(data.or_else(|| Some(PathBuf::from(home?).join(".local/share")))?.join("loader"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_by_user_and_surroundings() {
        let some = |text: &str| Some(OsString::from(text));
        for (is_root, chosen, data, home, expected) in [
            (true, None, some("/x"), some("/root"), Some("/var/lib/loader")),
            (true, some("/d"), None, None, Some("/d")),
            (false, some("/d"), some("/x"), some("/home/a"), Some("/d")),
            (false, None, some("/x"), some("/home/a"), Some("/x/loader")),
            (false, None, some("relative"), some("/home/a"), Some("/home/a/.local/share/loader")),
            (false, None, None, some("/home/a"), Some("/home/a/.local/share/loader")),
            (false, None, None, None, None),
        ] {
            assert_eq!(base(is_root, chosen, data, home), expected.map(PathBuf::from));
        }
    }

    #[test]
    fn a_socket_path_never_grows_too_long() {
        let near = Layout::at(Path::new("/var/lib/loader/")).unwrap();
        assert_eq!(near.socket_directory, "/var/lib/loader/socket");
        for length in [85, 86, 87, 200] {
            let layout = Layout::at(Path::new(&format!("/{}", "x".repeat(length - 1)))).unwrap();
            assert!(layout.socket().as_os_str().len() <= LONGEST_SOCKET_PATH);
            assert_eq!(layout.socket_directory.starts_with("/tmp/loader-"), length > 86);
        }
        assert!(Layout::at(Path::new("relative")).is_err());
    }

    #[test]
    fn somebody_elses_directory_is_left_alone() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("postgresql")).unwrap();
        let layout = Layout::at(base.path()).unwrap();
        assert_eq!(layout.claim().unwrap_err().kind(), ErrorKind::Usage);
        assert!(!layout.is_ours());

        fs::remove_dir(base.path().join("postgresql")).unwrap();
        fs::write(base.path().join("notes.txt"), "mine").unwrap();
        layout.claim().unwrap();
        layout.claim().unwrap();
        assert!(layout.is_ours());
        layout.remove().unwrap();
        assert_eq!(fs::read_to_string(base.path().join("notes.txt")).unwrap(), "mine");
        assert!(!layout.is_ours());
    }
}
