//! The profile that suits a machine and what is read on it: what `auto` chooses, and why.

use std::path::{Path, PathBuf};

use super::{Machine, Profile};
use crate::storage::Storage;

/// Memory from which a machine is not small, in MiB.
const SMALL_MEMORY: usize = 1 << 10;

/// Cores and MiB from which a machine is large.
const MANY_CORES: usize = 8;
const MUCH_MEMORY: usize = 16 << 10;

/// A profile, chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which one.
    pub profile: Profile,
    /// Because of what, for people.
    pub why: String,
}

impl Choice {
    /// Chooses for what lies at these paths.
    #[must_use]
    pub fn for_paths(machine: Machine, paths: &[PathBuf]) -> Self {
        let storages: Vec<_> =
            paths.iter().filter_map(|path| Some((path.as_path(), Storage::of(path)?))).collect();
        Self::new(machine, &storages)
    }

    /// Slow storage is what a run would wait for, so that decides first.
    fn new(machine: Machine, storages: &[(&Path, Storage)]) -> Self {
        let has = format!("{} cores, {} MiB of memory", machine.cores, machine.memory);
        let slow = |wanted: fn(&Storage) -> bool| storages.iter().find(|(_, storage)| wanted(storage));
        if let Some((path, Storage::Remote(name))) = slow(|storage| matches!(storage, Storage::Remote(_))) {
            return Self {
                profile: Profile::Network,
                why: format!("'{}' lies on {name}; {has}", path.display()),
            };
        }
        if let Some((path, _)) = slow(|storage| *storage == Storage::Rotational) {
            return Self {
                profile: Profile::Network,
                why: format!("'{}' lies on a disk that turns; {has}", path.display()),
            };
        }
        if machine.memory > 0 && machine.memory < SMALL_MEMORY {
            return Self { profile: Profile::Conservative, why: format!("a small machine: {has}") };
        }
        if machine.cores >= MANY_CORES && machine.memory >= MUCH_MEMORY {
            return Self { profile: Profile::Aggressive, why: format!("a large machine: {has}") };
        }
        Self { profile: Profile::Default, why: format!("nothing that is read is slow to answer; {has}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_first_then_the_machine() {
        use Profile::{Aggressive, Conservative, Default, Network};
        let (disk, turns, nfs) = (Storage::Quick, Storage::Rotational, Storage::Remote("NFS"));
        for (cores, memory, storages, expected, why) in [
            (2, 8_192, &[disk][..], Default, "nothing"),
            (2, 8_192, &[], Default, "2 cores"),
            (2, 8_192, &[disk, turns], Network, "disk that turns"),
            (64, 65_536, &[turns, nfs], Network, "'/1' lies on NFS"),
            (64, 65_536, &[disk], Aggressive, "64 cores"),
            (64, 8_192, &[disk], Default, "nothing"),
            (64, 512, &[disk], Conservative, "512 MiB"),
            (2, 0, &[disk], Default, "nothing"),
        ] {
            let paths = ["/0", "/1"].map(Path::new);
            let storages: Vec<_> = paths.into_iter().zip(storages.iter().copied()).collect();
            let chosen = Choice::new(Machine { cores, memory }, &storages);
            assert_eq!(chosen.profile, expected, "{chosen:?}");
            assert!(chosen.why.contains(why), "{chosen:?}");
        }
    }

    #[test]
    fn paths_that_tell_nothing_decide_nothing() {
        let machine = Machine { cores: 2, memory: 4_096 };
        assert_eq!(Choice::for_paths(machine, &[PathBuf::from("/no/such/path")]).profile, Profile::Default);
    }
}
