//! What a machine has for this process: cores and memory, as far as its limits leave them.

use std::fs;
use std::path::Path;

/// A machine, as this process may use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Cores that it may run on, by affinity and the quota of its control group.
    pub cores: usize,
    /// Memory in MiB: the machine's, or what its control groups leave of it. 0 where nothing tells.
    pub memory: usize,
}

impl Machine {
    /// Looks at this machine.
    #[must_use]
    pub fn look() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { cores, memory: memory(Path::new("/")) }
    }
}

/// Memory in MiB, by the files below `root`.
fn memory(root: &Path) -> usize {
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let total = total(&read("proc/meminfo"));
    let groups = read("proc/self/cgroup");
    let limits = groups.lines().filter_map(|line| limit(root, line));
    let bytes = total.into_iter().chain(limits).min().unwrap_or_default();
    usize::try_from(bytes >> 20).unwrap_or(usize::MAX)
}

/// `MemTotal:        8167708 kB`
fn total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

/// What the control group of a line of `/proc/self/cgroup`, and those around it, leave: `0::/user.slice`, or with version 1
/// `4:memory:/user.slice`. In a container the group itself may lie outside of what can be seen: then the root is its own.
fn limit(root: &Path, line: &str) -> Option<u64> {
    let (controllers, group) = line.split_once(':')?.1.split_once(':')?;
    let (base, file) = match controllers {
        "" => ("sys/fs/cgroup", "memory.max"),
        "memory" => ("sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        _ => return None,
    };
    let folder = root.join(base);
    let places = Path::new(group.trim_start_matches('/')).ancestors();
    // "max", and with version 1 a number beyond all memory, is no limit.
    places
        .filter_map(|place| fs::read_to_string(folder.join(place).join(file)).ok()?.trim().parse().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> usize {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        memory(root.path())
    }

    const MEMORY: (&str, &str) = ("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");

    #[test]
    fn the_least_of_machine_and_groups_counts() {
        assert_eq!(machine(&[]), 0);
        assert_eq!(machine(&[MEMORY]), 8_192);
        let second = ("proc/self/cgroup", "0::/a/b\n");
        let outer = ("sys/fs/cgroup/a/memory.max", "1073741824\n");
        let unlimited = ("sys/fs/cgroup/a/b/memory.max", "max\n");
        assert_eq!(machine(&[MEMORY, second, outer, unlimited]), 1_024, "the group around it has the limit");
        let first = ("proc/self/cgroup", "9:name=systemd:/\n4:memory:/docker/x\n");
        let inside = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "536870912\n");
        assert_eq!(machine(&[MEMORY, first, inside]), 512, "a container sees its own group as the root");
        let boundless = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(machine(&[MEMORY, first, boundless]), 8_192);
    }

    #[test]
    fn this_machine_has_something() {
        let machine = Machine::look();
        assert!(machine.cores > 0 && machine.memory > 0, "{machine:?}");
    }
}
