//! The account a private cluster runs as: this user, or, because PostgreSQL refuses to run as root, another one.
//!
//! Finds and, as root, creates it, and starts programs under it. Owns no files and knows nothing of clusters.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use fs_err as fs;

use crate::error::{Error, ErrorKind, Result};

/// An account of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name, as peer authentication sees it.
    pub name: String,
    /// Its numeric user id.
    pub uid: u32,
    /// Its numeric group id.
    pub gid: u32,
    is_another: bool,
}

/// The account of Debian's and Red Hat's packages.
const PACKAGED: &str = "postgres";
/// The account that is created where there is none.
const CREATED: &str = "loader";

impl Account {
    /// The account this process runs as (its effective user).
    ///
    /// # Errors
    /// Where the user id has no name: PostgreSQL refuses to run for such a user.
    pub fn running() -> Result<Self> {
        let uid = running_user_id()?;
        let found = by_uid(uid).ok_or_else(|| {
            Error::new(
                ErrorKind::Usage,
                format!(
                    "the user id {uid} has no name on this system; PostgreSQL needs one to run a private cluster"
                ),
            )
            .with_hint(
                "add the user to /etc/passwd, or give a server with --database-url postgresql://USER@HOST/DATABASE",
            )
        })?;
        Ok(Self { is_another: false, ..found })
    }

    /// The account a private cluster runs as, given the owner of its files where there are any already.
    ///
    /// Root hands over to the owner, else to `postgres`, else to `loader`, which is created (`useradd --system`).
    ///
    /// # Errors
    /// Where the files belong to somebody else, or no account can be found or created.
    pub fn for_server(owner: Option<u32>) -> Result<Self> {
        let running = Self::running()?;
        match owner {
            Some(uid) if uid == running.uid && uid != 0 => Ok(running),
            Some(uid) if running.uid == 0 && uid != 0 => by_uid(uid).ok_or_else(|| {
                Error::new(
                    ErrorKind::Usage,
                    format!("the private cluster belongs to the user id {uid}, which has no name any more"),
                )
                .with_hint("give its files to another account with chown -R, or add the user to /etc/passwd")
            }),
            Some(uid) => Err(Error::new(
                ErrorKind::Usage,
                format!(
                    "the private cluster belongs to {}; this is {}",
                    by_uid(uid).map_or_else(|| format!("the user id {uid}"), |account| account.name),
                    running.name
                ),
            )
            .with_hint("run the command as that user, or choose another directory with LOADER_DATA_DIR")),
            None if running.uid != 0 => Ok(running),
            None => match by_name(PACKAGED).or_else(|| by_name(CREATED)) {
                Some(account) => Ok(account),
                None => create(),
            },
        }
    }

    /// Whether it is not the account this process runs as.
    #[must_use]
    pub const fn is_another(&self) -> bool {
        self.is_another
    }

    /// A command that will run under this account, without the surroundings that would change what PostgreSQL does:
    /// no `PG*` variables, untranslated messages, no input, a working directory everyone may enter.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").env_remove("LANGUAGE").current_dir("/").stdin(Stdio::null());
        if self.is_another {
            // Also drops root's supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }
}

/// The effective user id of this process, without the `unsafe` call for it.
fn running_user_id() -> Result<u32> {
    fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| effective_id(&status))
        .or_else(|| output("id", &["-u"])?.trim().parse().ok())
        .ok_or_else(|| {
            Error::new(ErrorKind::Run, "cannot tell which user runs this: /proc and `id -u` both failed")
        })
}

/// The second number of the line `Uid: real effective saved filesystem`.
fn effective_id(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn by_name(name: &str) -> Option<Account> {
    find(name, |account| account.name == name)
}

fn by_uid(uid: u32) -> Option<Account> {
    find(&uid.to_string(), |account| account.uid == uid)
}

/// Looks in `/etc/passwd`, then asks the system's other directories (LDAP and the like) through `getent`.
fn find(key: &str, is_it: impl Fn(&Account) -> bool) -> Option<Account> {
    let in_text = |text: &str| text.lines().filter_map(from_passwd_line).find(|account| is_it(account));
    fs::read_to_string("/etc/passwd")
        .ok()
        .and_then(|text| in_text(&text))
        .or_else(|| in_text(&output("getent", &["passwd", key])?))
}

fn from_passwd_line(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    Some(Account { name: name.to_owned(), uid, gid, is_another: true })
}

fn create() -> Result<Account> {
    let arguments = [
        "--system",
        "--user-group",
        "--no-create-home",
        "--home-dir",
        "/var/lib/loader",
        "--shell",
        "/bin/false",
    ];
    let problem = match Command::new("useradd").args(arguments).arg(CREATED).stdin(Stdio::null()).output() {
        Ok(done) if done.status.success() => match by_name(CREATED) {
            Some(account) => return Ok(account),
            None => "it did not appear in /etc/passwd".to_owned(),
        },
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => format!("useradd: {error}"),
    };
    Err(Error::new(
        ErrorKind::Run,
        format!("PostgreSQL does not run as root, and the account {CREATED} could not be created: {problem}"),
    )
    .with_hint("create an account named postgres or loader, or run the command as an ordinary user"))
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwd_lines() {
        for (line, expected) in [
            (
                "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash",
                Some(("postgres", 101, 104)),
            ),
            ("root:x:0:0:root:/root:/bin/bash", Some(("root", 0, 0))),
            ("+::::::", None),
            ("broken:x:no:1::/:", None),
            (":x:1:1::/:", None),
            ("", None),
        ] {
            let found = from_passwd_line(line).map(|account| (account.name, account.uid, account.gid));
            assert_eq!(found, expected.map(|(name, uid, gid)| (name.to_owned(), uid, gid)), "{line:?}");
        }
    }

    #[test]
    fn the_effective_id_counts() {
        assert_eq!(effective_id("Name:\tloader\nUid:\t1000\t0\t0\t0\nGid:\t5\t6\t7\t8\n"), Some(0));
        assert_eq!(effective_id("Name:\tloader\n"), None);
    }

    #[test]
    fn this_process_has_an_account_and_root_borrows_another() {
        let running = Account::running().unwrap();
        assert!(!running.is_another());
        let server = Account::for_server(None).unwrap();
        assert_ne!(server.uid, 0);
        assert_eq!(server.is_another(), running.uid == 0);
        assert_eq!(Account::for_server(Some(server.uid)).unwrap(), server);
        assert!(Account::for_server(Some(u32::MAX - 7)).is_err());
    }
}
