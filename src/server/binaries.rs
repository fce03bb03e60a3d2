//! Finds the programs of a PostgreSQL server on this machine: `initdb`, `pg_ctl` and `postgres` in one directory.
//!
//! Only looks; installs nothing and starts nothing but `postgres --version` and `pg_config --bindir`.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fs_err as fs;

use super::version::{NEWEST, OLDEST, ServerVersion};
use crate::error::{Error, ErrorKind, Result};

/// The environment variable that names the directory to use, and with it the only one.
pub const VARIABLE: &str = "LOADER_PG_BIN";

/// What a private cluster needs; everything else (`psql`, `pg_config`) is optional.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put versioned installations: a parent, and what follows the version's directory.
const PACKAGED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", "bin"), // Debian, Ubuntu
    ("/usr/libexec", "."),          // Alpine: /usr/libexec/postgresql17
    ("/usr", "bin"),                // Red Hat: /usr/pgsql-17/bin
    ("/opt/homebrew/opt", "bin"),   // Homebrew: postgresql@17/bin
];

/// A directory with the programs of one server version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    /// Absolute, symbolic links resolved.
    pub directory: PathBuf,
    /// What `postgres --version` says.
    pub version: ServerVersion,
}

impl Binaries {
    /// The first supported installation: `LOADER_PG_BIN`, else `PATH`, the packages' directories (newest first), then
    /// where `pg_config` points.
    ///
    /// # Errors
    /// Where there is none; the message says what was found instead and the hint how to install one.
    pub fn find() -> Result<Self> {
        choose(&candidates(), |_| true).map_err(|seen| nothing_found(&seen))
    }

    /// The installation of one major version, for a data directory that another cannot open.
    ///
    /// # Errors
    /// Where there is none: the names of the installations that were found.
    pub fn find_major(major: u32) -> std::result::Result<Self, String> {
        choose(&candidates(), |version| version.major == major).map_err(|seen| describe(&seen))
    }

    /// The path of one of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// `psql`: its own, else the one in `PATH`; none where neither exists.
    #[must_use]
    pub fn psql(&self) -> Option<PathBuf> {
        let own = self.program("psql");
        if own.is_file() { Some(own) } else { program_in_path("psql") }
    }
}

/// A program in the directories of `PATH`.
#[must_use]
pub fn program_in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|program| program.is_file())
}

/// What a directory turned out to be.
type Seen = (PathBuf, std::result::Result<ServerVersion, String>);

fn candidates() -> Vec<PathBuf> {
    match env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        Some(chosen) => vec![PathBuf::from(chosen)],
        None => {
            list(env::var_os("PATH").as_deref(), &PACKAGED.map(|(parent, rest)| (Path::new(parent), rest)))
        }
    }
}

fn list(path: Option<&OsStr>, packaged: &[(&Path, &str)]) -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> = path.map(|path| env::split_paths(path).collect()).unwrap_or_default();
    for (parent, rest) in packaged {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name();
                let name = name.to_str()?;
                let number = ["postgresql@", "postgresql", "pgsql-", ""]
                    .iter()
                    .find_map(|prefix| name.strip_prefix(prefix)?.parse().ok())?;
                Some((number, entry.path().join(rest)))
            })
            .collect();
        versions.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
        directories.extend(versions.into_iter().map(|(_, directory)| directory));
    }
    directories.push(PathBuf::from("/usr/local/pgsql/bin"));
    directories.extend(pg_config_directory());
    directories
}

fn pg_config_directory() -> Option<PathBuf> {
    let done = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(done.stdout).ok()?;
    done.status.success().then(|| PathBuf::from(text.trim()))
}

/// The first directory with the programs of a version that is supported and wanted; else what was seen.
fn choose(
    directories: &[PathBuf],
    is_wanted: impl Fn(ServerVersion) -> bool,
) -> std::result::Result<Binaries, Vec<Seen>> {
    let mut seen: Vec<Seen> = Vec::new();
    for directory in directories {
        let Some(directory) = home_of_programs(directory) else { continue };
        if seen.iter().any(|(earlier, _)| *earlier == directory) {
            continue;
        }
        let version = version_in(&directory);
        match version {
            Ok(version) if version.is_supported() && is_wanted(version) => {
                return Ok(Binaries { directory, version });
            }
            version => seen.push((directory, version)),
        }
    }
    Err(seen)
}

/// Where the programs really are: a `PATH` may hold links to them.
fn home_of_programs(directory: &Path) -> Option<PathBuf> {
    let first = fs::canonicalize(directory.join("initdb")).ok()?;
    let home = first.parent()?;
    PROGRAMS.iter().all(|name| home.join(name).is_file()).then(|| home.to_path_buf())
}

fn version_in(directory: &Path) -> std::result::Result<ServerVersion, String> {
    let done = Command::new(directory.join("postgres"))
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("does not start ({error})"))?;
    let said = String::from_utf8_lossy(&done.stdout);
    ServerVersion::from_program(&said).ok_or_else(|| {
        let complaint = String::from_utf8_lossy(&done.stderr);
        format!("does not say its version ({})", complaint.lines().next().unwrap_or("no output"))
    })
}

fn describe(seen: &[Seen]) -> String {
    let mut text = String::new();
    for (directory, found) in seen {
        let separator = if text.is_empty() { "" } else { "; " };
        let _ = match found {
            Ok(version) => write!(text, "{separator}PostgreSQL {version} in {}", directory.display()),
            Err(problem) => write!(text, "{separator}postgres in {} {problem}", directory.display()),
        };
    }
    if text.is_empty() { "none".to_owned() } else { text }
}

fn nothing_found(seen: &[Seen]) -> Error {
    let message = match env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        Some(chosen) => format!(
            "no usable PostgreSQL in {VARIABLE}={}: expected initdb, pg_ctl and postgres of version {OLDEST} to {NEWEST}, found {}",
            chosen.display(),
            describe(seen)
        ),
        None => format!(
            "no PostgreSQL server of version {OLDEST} to {NEWEST} on this machine (looked in PATH, /usr/lib/postgresql/*/bin and where pg_config points), found {}",
            describe(seen)
        ),
    };
    Error::new(ErrorKind::Unreachable, message).with_hint(format!(
        "apt-get install postgresql, or set {VARIABLE} to the directory of initdb, or give a server with --database-url postgresql://USER@HOST/DATABASE"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn install(root: &Path, name: &str, says: &str) -> PathBuf {
        let directory = root.join(name).join("bin");
        fs::create_dir_all(&directory).unwrap();
        for program in PROGRAMS {
            let path = directory.join(program);
            fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
            fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::canonicalize(directory).unwrap()
    }

    #[test]
    fn newest_first_links_resolved_and_unsupported_ones_skipped() {
        let root = tempfile::tempdir().unwrap();
        let old = install(root.path(), "13", "postgres (PostgreSQL) 13.9");
        let middle = install(root.path(), "9", "postgres (PostgreSQL) 15.3");
        let new = install(root.path(), "16", "postgres (PostgreSQL) 16.1 (Debian)");
        fs::create_dir_all(root.path().join("17/bin")).unwrap();

        let directories = list(None, &[(root.path(), "bin")]);
        let found = choose(&directories, |_| true).unwrap();
        assert_eq!((found.directory, found.version.to_string()), (new, "16.1".to_owned()));
        assert_eq!(choose(&directories, |version| version.major == 15).unwrap().directory, middle);

        let seen = choose(&directories, |version| version.major == 14).unwrap_err();
        let text = describe(&seen);
        assert!(text.contains("PostgreSQL 13.9 in ") && text.contains("16.1"), "{text}");

        let links = root.path().join("links");
        fs::create_dir(&links).unwrap();
        symlink(old.join("initdb"), links.join("initdb")).unwrap();
        assert_eq!(home_of_programs(&links), Some(old));
    }

    #[test]
    fn an_empty_place_says_how_to_install() {
        let error = nothing_found(&choose(&[PathBuf::from("/nonexistent")], |_| true).unwrap_err());
        assert_eq!(error.kind(), ErrorKind::Unreachable);
        assert!(error.hint().is_some_and(|hint| hint.contains("apt-get install postgresql")));
    }
}
