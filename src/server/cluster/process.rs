//! Runs a data directory's server: `pg_ctl start` and `pg_ctl stop`, and what the log says where that fails.
//!
//! Call it holding the cluster's lock, for a directory that has been looked at: it decides nothing.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use super::create::{held_by_program, output, text_of};
use super::layout::Layout;
use crate::error::{Error, ErrorKind, Result};
use crate::server::account::Account;
use crate::server::binaries::Binaries;

/// How long a start may take; recovery after a crash replays up to `max_wal_size`.
pub(super) const STARTS_WITHIN: Duration = Duration::from_mins(5);
/// How long open transactions may take to roll back at a stop.
const STOPS_WITHIN: Duration = Duration::from_mins(2);
/// At this size the server's log makes way for a new one at the next start; one old one is kept.
const LARGEST_LOG: u64 = 16 << 20;
/// How much of the log a failed start shows.
const LINES_SHOWN: usize = 12;

/// Starts the server and waits until it takes connections.
///
/// # Errors
/// Where it does not start: with the last lines of its log.
pub(super) fn start(layout: &Layout, account: &Account, binaries: &Binaries, lock: &fs::File) -> Result<()> {
    let log = layout.log();
    let mut log_size = fs::metadata(&log).map_or(0, |found| found.len());
    if log_size > LARGEST_LOG {
        fs::rename(&log, log.with_extension("log.1"))?;
        log_size = 0;
    }
    let mut command = account.command(binaries.program("pg_ctl"));
    command.args(["start", "-w", "-s", "-t"]).arg(STARTS_WITHIN.as_secs().to_string());
    if is_plain_in_shell(&layout.data) {
        command.arg("-D").arg(&layout.data).arg("-l").arg(&log);
    } else {
        command.current_dir(&layout.data).args(["-D", "."]).arg("-l").args(log.file_name());
    }
    let done = output(command.stdin(held_by_program(lock)?), account)?;
    if done.status.success() {
        return Ok(());
    }
    let said = last_lines(&log, log_size, LINES_SHOWN).unwrap_or_else(|| text_of(&done));
    Err(Error::new(
        ErrorKind::Unreachable,
        format!(
            "the private cluster in {} does not start; its log ends:\n{}",
            layout.base.display(),
            said.trim_end()
        ),
    )
    .with_hint(format!("look into {}", log.display())))
}

/// Stops the server and waits until it is gone; open transactions are rolled back.
///
/// # Errors
/// Where it does not stop in time.
pub(super) fn stop(layout: &Layout, account: &Account, binaries: &Binaries) -> Result<()> {
    let mut command = account.command(binaries.program("pg_ctl"));
    command.arg("stop").arg("-D").arg(&layout.data).args(["-m", "fast", "-w", "-s", "-t"]);
    let done = output(command.arg(STOPS_WITHIN.as_secs().to_string()), account)?;
    if done.status.success() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Run, format!("the private cluster does not stop: {}", text_of(&done).trim()))
        .with_hint(format!("look into {}", layout.log().display())))
}

/// Whether a path stands for itself between double quotes of the shell: `pg_ctl` hands it to one. The whole path is only
/// preferred because it tells which server it is in a list of processes.
fn is_plain_in_shell(path: &Path) -> bool {
    !path.as_os_str().as_encoded_bytes().iter().any(|byte| b"\"$`\\!\n".contains(byte))
}

/// The last lines of a file behind `from`; none where there are none.
fn last_lines(path: &Path, from: u64, count: usize) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_new_end_of_a_log_is_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_path_buf();
        fs::write(&path, "old\none\n\ntwo\nthree\n").unwrap();
        assert_eq!(last_lines(&path, 4, 2).unwrap(), "two\nthree");
        assert_eq!(last_lines(&path, 0, 9).unwrap(), "old\none\ntwo\nthree");
        assert_eq!(last_lines(&path, 99, 9), None);
        assert_eq!(last_lines(Path::new("/nonexistent"), 0, 9), None);
    }
}
