//! The private cluster: a PostgreSQL server of the loader's own, on this machine, started when it is needed.
//!
//! Creates, starts, stops, describes and destroys it. Every change happens under a file lock, so that commands started at
//! the same moment agree. Opens no database connection and does not touch any other server.

mod create;
mod layout;
mod machine;
mod postmaster;
mod settings;

pub use layout::{Layout, VARIABLE};

use std::fmt::Write as _;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fs_err as fs;

use crate::error::{Error, ErrorKind, Result};
use crate::server::account::Account;
use crate::server::binaries::Binaries;
use postmaster::Activity;

/// The superuser the cluster is made for, and the only role it has.
pub const ROLE: &str = "loader";
/// The database the library lies in.
pub const DATABASE: &str = "loader";

/// How long a start may take; recovery after a crash replays up to `max_wal_size`.
const STARTS_WITHIN: Duration = Duration::from_mins(5);
/// How long open transactions may take to roll back at a stop.
const STOPS_WITHIN: Duration = Duration::from_mins(2);
/// At this size the server's log makes way for a new one at the next start; one old one is kept.
const LARGEST_LOG: u64 = 16 << 20;
/// How much of the log a failed start shows.
const LINES_SHOWN: usize = 12;

/// A private cluster, whether it exists yet or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrivateCluster {
    layout: Layout,
}

/// What a start found or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// It was created first.
    Created,
    /// It was there and is running now.
    Started,
    /// It was running already.
    AlreadyRunning,
}

/// What a private cluster is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not exist yet.
    Absent,
    /// It exists and does not run.
    Stopped,
    /// It starts, recovers, stops, or has lost its socket.
    Busy,
    /// It takes connections.
    Running,
}

impl State {
    /// The state as one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Stopped => "stopped",
            Self::Busy => "busy",
            Self::Running => "running",
        }
    }
}

/// A description of a private cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// Its files.
    pub layout: Layout,
    /// The major version that made its data directory; none while absent.
    pub major: Option<u32>,
    /// The server's process id while there is one.
    pub pid: Option<u32>,
}

impl PrivateCluster {
    /// The cluster this process is configured for: `LOADER_DATA_DIR`, else `/var/lib/loader` for root and
    /// `~/.local/share/loader` for a user.
    ///
    /// # Errors
    /// Where no such place can be told.
    pub fn configured() -> Result<Self> {
        Ok(Self { layout: Layout::configured()? })
    }

    /// The cluster under a directory of its own.
    ///
    /// # Errors
    /// Where the path is relative or no UTF-8.
    pub fn at(base: &Path) -> Result<Self> {
        Ok(Self { layout: Layout::at(base)? })
    }

    /// Its paths.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The URL of its database for libpq and sqlx; holds no password, there is none.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    /// The URL of another of its databases.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        let directory = percent_encoded(&self.layout.socket_directory, b"/");
        format!("postgresql:///{}?host={directory}&port=5432&user={ROLE}", percent_encoded(database, b""))
    }

    /// What it is and does.
    ///
    /// # Errors
    /// Where its files may not be read.
    pub fn status(&self) -> Result<Status> {
        let (state, pid) = match (self.layout.data.exists(), Activity::of(&self.layout)?) {
            (false, _) => (State::Absent, None),
            (true, Activity::Stopped) => (State::Stopped, None),
            (true, Activity::Running { pid }) => (State::Running, Some(pid)),
            (true, Activity::Busy { pid } | Activity::Unreachable { pid }) => (State::Busy, Some(pid)),
        };
        Ok(Status { state, layout: self.layout.clone(), major: self.major(), pid })
    }

    /// Makes it run, creating it first where need be. Blocks, for minutes where the server recovers from a crash.
    ///
    /// # Errors
    /// No PostgreSQL on the machine, a data directory of another major version or of somebody else, or a server that
    /// does not start: then with the last lines of its log.
    pub fn start(&self) -> Result<Started> {
        if self.layout.is_ours() && matches!(Activity::of(&self.layout)?, Activity::Running { .. }) {
            return Ok(Started::AlreadyRunning);
        }
        let _lock = self.lock()?;
        let owner = fs::metadata(&self.layout.data).ok().map(|data| data.uid());
        let account = Account::for_server(owner)?;
        self.check_reachable(&account)?;
        if let Some(Activity::Running { .. }) = self.settled(STARTS_WITHIN)? {
            return Ok(Started::AlreadyRunning);
        }
        let binaries = self.binaries()?;
        if owner.is_none() {
            create::create(&self.layout, &account, &binaries)?;
        } else {
            create::write_settings(&self.layout.data, &self.layout, &account)?;
        }
        postmaster::clear_remains(&self.layout)?;
        self.layout.make_socket_directory(&account)?;
        self.run_server(&account, &binaries)?;
        Ok(if owner.is_none() { Started::Created } else { Started::Started })
    }

    /// Makes it stop: open transactions are rolled back. Returns whether it ran.
    ///
    /// # Errors
    /// Where it is not ours, or does not stop in time.
    pub fn stop(&self) -> Result<bool> {
        if !self.layout.is_ours() {
            return if self.layout.data.exists() {
                Err(self.layout.foreign(&self.layout.data))
            } else {
                Ok(false)
            };
        }
        let _lock = self.lock()?;
        self.stop_locked()
    }

    /// Removes it with everything in it, once `is_confirmed`.
    ///
    /// # Errors
    /// Where it is not confirmed, not ours, or cannot be stopped or removed.
    pub fn destroy(&self, is_confirmed: bool) -> Result<()> {
        let base = self.layout.base.display();
        if !self.layout.is_ours() {
            return Err(if self.layout.data.symlink_metadata().is_ok() {
                self.layout.foreign(&self.layout.data)
            } else {
                Error::new(ErrorKind::Usage, format!("there is no private cluster of loader in {base}"))
                    .with_hint(format!("name its directory with {VARIABLE}"))
            });
        }
        if !is_confirmed {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("this would delete the private cluster in {base} and every library in it"),
            )
            .with_hint("loader db destroy --yes"));
        }
        let _lock = self.lock()?;
        self.stop_locked()?;
        self.layout.remove()
    }

    fn stop_locked(&self) -> Result<bool> {
        let (Activity::Busy { .. } | Activity::Running { .. } | Activity::Unreachable { .. }) =
            Activity::of(&self.layout)?
        else {
            return Ok(false);
        };
        let owner = fs::metadata(&self.layout.data)?.uid();
        let account = Account::for_server(Some(owner))?;
        let binaries = self.binaries()?;
        let mut command = account.command(binaries.program("pg_ctl"));
        command.arg("stop").arg("-D").arg(&self.layout.data).args(["-m", "fast", "-w", "-s", "-t"]);
        let done = create::output(command.arg(STOPS_WITHIN.as_secs().to_string()), &account)?;
        if done.status.success() {
            return Ok(true);
        }
        Err(Error::new(
            ErrorKind::Run,
            format!("the private cluster does not stop: {}", create::text_of(&done).trim()),
        )
        .with_hint(format!("look into {}", self.layout.log().display())))
    }

    /// Waits for a server that is starting or stopping; none where there is no server.
    fn settled(&self, within: Duration) -> Result<Option<Activity>> {
        let since = Instant::now();
        loop {
            let (pid, advice) = match Activity::of(&self.layout)? {
                Activity::Stopped => return Ok(None),
                running @ Activity::Running { .. } => return Ok(Some(running)),
                Activity::Busy { pid } => (pid, "is still starting or stopping"),
                Activity::Unreachable { pid } => (pid, "runs, but its socket is gone"),
            };
            let is_lost = advice.contains("gone") && since.elapsed() > Duration::from_secs(2);
            if is_lost || since.elapsed() > within {
                return Err(Error::new(
                    ErrorKind::Unreachable,
                    format!(
                        "the private cluster's server (process {pid}) {advice}: {}",
                        self.layout.socket().display()
                    ),
                )
                .with_hint(if is_lost {
                    "loader db stop, then the same command again"
                } else {
                    "loader db status"
                }));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn run_server(&self, account: &Account, binaries: &Binaries) -> Result<()> {
        let log = self.layout.log();
        let mut log_size = fs::metadata(&log).map_or(0, |found| found.len());
        if log_size > LARGEST_LOG {
            fs::rename(&log, log.with_extension("log.1"))?;
            log_size = 0;
        }
        let mut command = account.command(binaries.program("pg_ctl"));
        command.args(["start", "-w", "-s", "-t"]).arg(STARTS_WITHIN.as_secs().to_string());
        if is_plain_in_shell(&self.layout.data) {
            command.arg("-D").arg(&self.layout.data).arg("-l").arg(&log);
        } else {
            command.current_dir(&self.layout.data).args(["-D", "."]).arg("-l").args(log.file_name());
        }
        let done = create::output(&mut command, account)?;
        if done.status.success() {
            return Ok(());
        }
        let said = last_lines(&log, log_size, LINES_SHOWN).unwrap_or_else(|| create::text_of(&done));
        Err(Error::new(
            ErrorKind::Unreachable,
            format!(
                "the private cluster in {} does not start; its log ends:\n{}",
                self.layout.base.display(),
                said.trim_end()
            ),
        )
        .with_hint(format!("look into {}", log.display())))
    }

    /// The programs for this data directory: of its own major version where it exists.
    fn binaries(&self) -> Result<Binaries> {
        let Some(major) = self.major() else { return Binaries::find() };
        Binaries::find_major(major).map_err(|found| {
            Error::new(
                ErrorKind::Usage,
                format!(
                    "the private cluster in {} was made by PostgreSQL {major}, which only that version can open; found {found}",
                    self.layout.base.display()
                ),
            )
            .with_hint(format!(
                "apt-get install postgresql-{major}, or set LOADER_PG_BIN to its programs, or begin anew: loader db destroy --yes"
            ))
        })
    }

    fn major(&self) -> Option<u32> {
        fs::read_to_string(self.layout.data.join("PG_VERSION")).ok()?.trim().parse().ok()
    }

    /// Where another account runs the server, every directory above must let it pass.
    fn check_reachable(&self, account: &Account) -> Result<()> {
        if !account.is_another() {
            return Ok(());
        }
        let base = fs::canonicalize(&self.layout.base)?;
        for directory in base.ancestors() {
            let found = fs::metadata(directory)?;
            let needed = if found.uid() == account.uid {
                0o100
            } else if found.gid() == account.gid {
                0o010
            } else {
                0o001
            };
            if found.mode() & needed == 0 {
                return Err(Error::new(
                    ErrorKind::Usage,
                    format!(
                        "PostgreSQL does not run as root but as {}, who may not enter {}",
                        account.name,
                        directory.display()
                    ),
                )
                .with_hint(format!(
                    "set {VARIABLE} to a directory outside of it, or leave it unset for /var/lib/loader"
                )));
            }
        }
        Ok(())
    }

    /// Takes the lock, making its directory first; it is held until the file is closed, also by a kill.
    fn lock(&self) -> Result<fs::File> {
        let path = self.layout.lock();
        loop {
            self.layout.claim()?;
            let file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(|error| {
                Error::new(ErrorKind::Run, format!("cannot lock the private cluster: {error}")).with_hint(
                    format!("run the command as its owner, or choose another directory with {VARIABLE}"),
                )
            })?;
            file.file().lock()?;
            // Whoever destroyed the cluster meanwhile removed the file that is locked now.
            let held = file.metadata()?;
            if fs::metadata(&path).is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino())) {
                return Ok(file);
            }
        }
    }
}

/// Whether a path stands for itself between double quotes of the shell: `pg_ctl` hands it to one. The whole path is only
/// preferred because it tells which server it is in a list of processes.
fn is_plain_in_shell(path: &Path) -> bool {
    !path.as_os_str().as_encoded_bytes().iter().any(|byte| b"\"$`\\!\n".contains(byte))
}

/// The last lines of a file behind `from`; none where there are none.
fn last_lines(path: &PathBuf, from: u64, count: usize) -> Option<String> {
    /// More than this is not read, whatever the server wrote.
    const MOST_READ: u64 = 64 << 10;
    let mut file = fs::File::open(path).ok()?;
    let end = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(from.max(end.saturating_sub(MOST_READ)))).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_READ).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let shown = lines.get(lines.len().saturating_sub(count)..)?;
    (!shown.is_empty()).then(|| shown.join("\n"))
}

/// Encodes everything but letters, digits, `-_.~` and `also_plain` for a URL.
fn percent_encoded(text: &str, also_plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || also_plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_survives_odd_directories() {
        let cluster = PrivateCluster::at(Path::new("/data/my music/ü")).unwrap();
        assert_eq!(
            cluster.url(),
            "postgresql:///loader?host=/data/my%20music/%C3%BC/socket&port=5432&user=loader"
        );
    }

    #[test]
    fn only_the_new_end_of_a_log_is_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_path_buf();
        fs::write(&path, "old\none\n\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(&path, 4, 2).unwrap(), "two\nthree");
        assert_eq!(last_lines(&path, 0, 9).unwrap(), "old\none\ntwo\nthree");
        assert_eq!(last_lines(&path, 99, 9), None);
        assert_eq!(last_lines(&PathBuf::from("/nonexistent"), 0, 9), None);
    }
}
