//! What this machine has: memory, processors, free disk. Measures, decides nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use fs_err as fs;

/// One mebibyte.
const MIB: u64 = 1 << 20;

/// The resources a server may count on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    /// Memory in MiB: the machine's, or the container's limit where that is lower.
    pub(super) memory: u64,
    /// Processors this process may use.
    pub(super) cores: u64,
    /// Free disk at the place asked about, in MiB; none where it cannot be told.
    pub(super) free_disk: Option<u64>,
}

impl Machine {
    /// Measures; where a figure cannot be had, a modest machine is assumed (2 GiB, one processor).
    pub(super) fn measure(place: &Path) -> Self {
        let installed = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_memory(&text));
        let limit = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .iter()
            .find_map(|file| fs::read_to_string(file).ok()?.trim().parse::<u64>().ok())
            .map(|bytes| bytes / MIB);
        Self {
            memory: installed.into_iter().chain(limit).min().unwrap_or(2048),
            cores: std::thread::available_parallelism()
                .map_or(1, |cores| u64::try_from(cores.get()).unwrap_or(1)),
            free_disk: free_disk(place),
        }
    }
}

/// `MemTotal:       24683744 kB`, in MiB.
fn total_memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
}

/// Asks `df`, whose `-P` output is the same everywhere: the fourth field of the last line is free space in KiB.
fn free_disk(place: &Path) -> Option<u64> {
    let done =
        Command::new("df").arg("-Pk").arg(place).env("LC_ALL", "C").stdin(Stdio::null()).output().ok()?;
    free_in(&String::from_utf8_lossy(&done.stdout))
}

fn free_in(text: &str) -> Option<u64> {
    Some(text.lines().nth(1)?.split_ascii_whitespace().nth(3)?.parse::<u64>().ok()? / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_system_prints() {
        assert_eq!(total_memory("MemTotal:       24683744 kB\nMemFree: 1 kB\n"), Some(24_105));
        assert_eq!(total_memory("nothing"), None);
        let printed =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 1000 900 204800 90% /\n";
        assert_eq!(free_in(printed), Some(200));
        assert_eq!(free_in(""), None);
    }

    #[test]
    fn this_machine_has_something_of_each() {
        let machine = Machine::measure(Path::new("/"));
        assert!(machine.memory > 0 && machine.cores > 0 && machine.free_disk.is_some(), "{machine:?}");
    }
}
