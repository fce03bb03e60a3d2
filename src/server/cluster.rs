//! The private cluster: a PostgreSQL server of the loader's own, on this machine, started when it is needed.
//!
//! Creates, starts, stops, describes and destroys it. Every change happens under a file lock, so that commands started at
//! the same moment agree. Opens no database connection and does not touch any other server.

mod create;
mod layout;
mod machine;
mod postmaster;
mod process;
mod settings;

pub use layout::{Layout, VARIABLE};

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
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
        // In this order: a cluster that another command creates meanwhile is marked before it appears.
        if self.layout.data.exists() && !self.layout.is_ours() {
            return Err(self.layout.foreign(&self.layout.data));
        }
        self.check_reachable(&Account::for_server(self.owner())?)?;
        let lock = self.lock()?;
        let owner = self.owner();
        let account = Account::for_server(owner)?;
        if let Some(Activity::Running { .. }) = self.settled(process::STARTS_WITHIN)? {
            return Ok(Started::AlreadyRunning);
        }
        let binaries = self.binaries()?;
        if owner.is_none() {
            create::create(&self.layout, &account, &binaries, &lock)?;
        } else {
            create::write_settings(&self.layout.data, &self.layout, &account)?;
        }
        postmaster::clear_remains(&self.layout)?;
        self.layout.make_socket_directory(&account)?;
        process::start(&self.layout, &account, &binaries, &lock)?;
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
        process::stop(&self.layout, &account, &binaries)?;
        Ok(true)
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

    /// The user id its files belong to; none while there are none.
    fn owner(&self) -> Option<u32> {
        fs::metadata(&self.layout.data).ok().map(|data| data.uid())
    }

    /// Where another account runs the server, every directory above must let it pass.
    fn check_reachable(&self, account: &Account) -> Result<()> {
        if !account.is_another() {
            return Ok(());
        }
        // What is still missing will be made passable.
        let Some(there) = self.layout.base.ancestors().find_map(|path| fs::canonicalize(path).ok()) else {
            return Ok(());
        };
        for directory in there.ancestors() {
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
}
