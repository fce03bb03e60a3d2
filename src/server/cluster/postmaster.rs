//! The running server of a data directory: whether there is one, and what a dead one has left behind.
//!
//! A process id alone proves nothing, because ids are used again: a server counts as alive where a process of that id
//! works in the data directory. Starts and stops nothing.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use fs_err as fs;

use super::layout::Layout;
use crate::error::{Error, ErrorKind, Result};

/// How long the processes of a killed server are given to notice it and end.
const ORPHANS_END_WITHIN: Duration = Duration::from_secs(10);

/// What a data directory's server is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// There is none.
    Stopped,
    /// It starts, recovers or stops.
    Busy {
        /// Its process id.
        pid: u32,
    },
    /// It says that it is ready, and yet its socket answers nobody.
    Unreachable {
        /// Its process id.
        pid: u32,
    },
    /// It takes connections.
    Running {
        /// Its process id.
        pid: u32,
    },
}

impl Activity {
    /// Looks at `postmaster.pid`, the process it names and the socket.
    ///
    /// # Errors
    /// Where the data directory may not be read.
    pub(super) fn of(layout: &Layout) -> Result<Self> {
        let file = layout.data.join("postmaster.pid");
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::Stopped),
            Err(error) => {
                return Err(Error::new(ErrorKind::Usage, format!("cannot look into the private cluster: {error}"))
                    .with_hint("run the command as the user who owns it, or choose another directory with LOADER_DATA_DIR"));
            }
        };
        let Some((pid, is_ready)) = process_and_state(&text) else { return Ok(Self::Stopped) };
        if !is_alive(pid, &layout.data) {
            return Ok(Self::Stopped);
        }
        Ok(match (is_ready, UnixStream::connect(layout.socket())) {
            (false, _) => Self::Busy { pid },
            (true, Ok(_)) => Self::Running { pid },
            (true, Err(_)) => Self::Unreachable { pid },
        })
    }
}

/// The first line of `postmaster.pid` is the process id, the eighth its state, padded with blanks.
fn process_and_state(text: &str) -> Option<(u32, bool)> {
    let pid = text.lines().next()?.trim().parse().ok()?;
    Some((pid, text.lines().nth(7).is_some_and(|state| state.trim() == "ready")))
}

/// Whether this process exists and works in the data directory; where `/proc` is missing, whether it exists.
fn is_alive(pid: u32, data: &Path) -> bool {
    if Path::new("/proc/self/cwd").exists() {
        return works_in(pid, data);
    }
    let asked = Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}

/// PostgreSQL's processes all have the data directory as their working directory.
fn works_in(pid: u32, data: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    let directory = fs::read_link(process.join("cwd"));
    name.trim() == "postgres"
        && directory.is_ok_and(|directory| fs::canonicalize(data).is_ok_and(|data| data == directory))
}

fn processes_in(data: &Path) -> Vec<u32> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| works_in(*pid, data))
        .collect()
}

/// Clears the way for a start after a server was killed: waits for its last processes, then removes its lock files,
/// which would stop the start where their process id belongs to another program by now.
///
/// Call it only for a [`Activity::Stopped`] server, holding the lock.
///
/// # Errors
/// Where processes of the dead server do not end; starting beside them would destroy the data.
pub(super) fn clear_remains(layout: &Layout) -> Result<()> {
    let since = Instant::now();
    loop {
        let left = processes_in(&layout.data);
        if left.is_empty() {
            break;
        }
        if since.elapsed() > ORPHANS_END_WITHIN {
            let pids: Vec<_> = left.iter().map(u32::to_string).collect();
            return Err(Error::new(
                ErrorKind::Run,
                format!(
                    "the server of {} was killed, and {} of its processes still run; starting another beside them would destroy the data",
                    layout.data.display(),
                    pids.len()
                ),
            )
            .with_hint(format!("kill {}", pids.join(" "))));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let socket = layout.socket();
    let mut socket_lock = socket.clone().into_os_string();
    socket_lock.push(".lock");
    for remains in [layout.data.join("postmaster.pid"), socket_lock.into(), socket] {
        match fs::remove_file(remains) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pid_file() {
        let file = |state| format!("4242\n/data\n1700000000\n5432\n/socket\n\n  1234  5\n{state}   \n");
        for (text, expected) in [
            (file("ready"), Some((4242, true))),
            (file("starting"), Some((4242, false))),
            ("4242\n".to_owned(), Some((4242, false))),
            (String::new(), None),
            ("-1\n".to_owned(), None),
        ] {
            assert_eq!(process_and_state(&text), expected);
        }
    }

    #[test]
    fn a_process_id_that_was_used_again_is_no_server() {
        let base = tempfile::tempdir().unwrap();
        let layout = Layout::at(base.path()).unwrap();
        fs::create_dir(&layout.data).unwrap();
        assert_eq!(Activity::of(&layout).unwrap(), Activity::Stopped);
        let own = std::process::id();
        fs::write(layout.data.join("postmaster.pid"), format!("{own}\n\n\n\n\n\n\nready\n")).unwrap();
        assert_eq!(Activity::of(&layout).unwrap(), Activity::Stopped);
        clear_remains(&layout).unwrap();
        assert!(!layout.data.join("postmaster.pid").exists());
    }
}
