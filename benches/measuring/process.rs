//! What a process takes: memory and processor time, as Linux counts them under `/proc`.
//!
//! Reads; starts nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Clock ticks to a second in `/proc/PID/stat`: 100 on every Linux there is (`USER_HZ`).
const TICKS: f64 = 100.0;

/// What a process has taken so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// The most bytes of memory it ever had resident.
    pub(crate) peak: u64,
    /// Seconds of processor time, in the program and in the kernel for it.
    pub(crate) processor: f64,
}

impl Usage {
    /// Of a running process; none once it has ended.
    fn of(process: u32) -> Option<Self> {
        let directory = PathBuf::from(format!("/proc/{process}"));
        let times = Times::of(&directory)?;
        Some(Self { peak: status(&directory, "VmHWM:")?, processor: times.own })
    }

    /// Watches a process until it has ended: what it had taken when last seen, a hundredth of a second before.
    pub(crate) fn watch(
        child: &mut std::process::Child,
    ) -> std::io::Result<(std::process::ExitStatus, Self)> {
        let mut last = Self::default();
        loop {
            if let Some(usage) = Self::of(child.id()) {
                last = usage;
            }
            if let Some(status) = child.try_wait()? {
                return Ok((status, last));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Seconds of processor time that this thread has taken.
pub(crate) fn thread_processor() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times
        .split(' ')
        .next()
        .and_then(|nanoseconds| nanoseconds.parse::<f64>().ok())
        .map_or(f64::NAN, |time| time / 1e9)
}

/// Processor time of a process, in seconds.
struct Times {
    parent: u32,
    own: f64,
    /// Of its children that have ended, and theirs.
    ended_children: f64,
}

impl Times {
    fn of(directory: &Path) -> Option<Self> {
        let stat = std::fs::read_to_string(directory.join("stat")).ok()?;
        // The name, in brackets, may itself hold spaces and brackets; the parent is field 4, the times are 14 to 17.
        let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let seconds = |field: usize| fields.get(field - 3)?.parse::<f64>().ok().map(|ticks| ticks / TICKS);
        Some(Self {
            parent: fields.get(1)?.parse().ok()?,
            own: seconds(14)? + seconds(15)?,
            ended_children: seconds(16)? + seconds(17)?,
        })
    }
}

/// Seconds of processor time that a process and its children, also those that have ended, have taken so far.
pub(crate) fn family_processor(parent: u32) -> f64 {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = all.filter_map(|entry| Times::of(&entry.path())).filter(|times| times.parent == parent);
    let own = Times::of(Path::new(&format!("/proc/{parent}")));
    own.map_or(0.0, |times| times.own + times.ended_children) + children.map(|times| times.own).sum::<f64>()
}

/// Bytes of memory that this process has resident now, and the most it ever had.
pub(crate) fn own_memory() -> (u64, u64) {
    let own = Path::new("/proc/self");
    (status(own, "VmRSS:").unwrap_or(0), status(own, "VmHWM:").unwrap_or(0))
}

/// A size in `/proc/PID/status`, which gives it in KiB.
fn status(directory: &Path, field: &str) -> Option<u64> {
    let text = std::fs::read_to_string(directory.join("status")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(field))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|size| size << 10)
}
