//! The profiles: how hard each works, and on what it saves. The only place that knows.
//!
//! A table, no deeds: whoever works is given the numbers of a row. What a user asks for beside the profile goes before it
//! and is decided by the command line (docs/decisions/0014).

mod choice;
mod machine;

use serde::Serialize;

pub use choice::Choice;
pub use machine::Machine;

use crate::mapping::MapPolicy;
use crate::priority::{IoPriority, Priority};
use crate::storage::AccessPolicy;

/// How hard a run works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Beside other work, which it leaves the machine to.
    Conservative,
    /// On a machine that has nothing better to do, with disks without heads.
    #[default]
    Default,
    /// On a large machine, all of it.
    Aggressive,
    /// From storage that is slow to answer: other machines, disks that turn.
    Network,
}

/// A number that depends on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// One part in so many of what there is.
    pub of: usize,
    /// But at least this.
    pub least: usize,
    /// And at most this.
    pub most: usize,
}

impl Share {
    const fn just(number: usize) -> Self {
        Self { of: 1, least: number, most: number }
    }

    /// The number, where there is so much.
    #[must_use]
    pub fn out_of(self, all: usize) -> usize {
        (all / self.of.max(1)).clamp(self.least, self.most)
    }
}

/// What a profile means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfilePolicy {
    /// Tasks at once, of the cores.
    pub jobs: Share,
    /// Database connections that store batches and build indexes, of the cores.
    pub connections: Share,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Memory that entries and rows may hold, in MiB, of the memory.
    pub memory: Share,
    /// Which files are mapped.
    pub map: MapPolicy,
    /// How storage is read.
    pub access: AccessPolicy,
    /// What the threads that read and analyse insist on.
    pub priority: Priority,
}

/// Cores, all of them.
const ALL: Share = Share { of: 1, least: 1, most: 1_024 };

/// Storage without a head, of this machine.
const NEAR: AccessPolicy = AccessPolicy { depth: 0, spares_heads: true, piece: 1 << 20, by_inode: false };

impl Profile {
    /// The table of profiles.
    #[must_use]
    pub const fn policy(self) -> ProfilePolicy {
        match self {
            Self::Conservative => ProfilePolicy {
                jobs: Share { of: 2, ..ALL },
                connections: Share::just(1),
                batch_size: 3_200,
                memory: Share::just(128),
                map: MapPolicy::Auto,
                access: NEAR,
                priority: Priority { io: IoPriority::Idle, nice: 10 },
            },
            Self::Default => ProfilePolicy {
                jobs: ALL,
                connections: Share::just(2),
                batch_size: 3_200,
                memory: Share::just(512),
                map: MapPolicy::Auto,
                access: NEAR,
                priority: Priority { io: IoPriority::Normal, nice: 0 },
            },
            Self::Aggressive => ProfilePolicy {
                jobs: ALL,
                connections: Share { of: 1, least: 2, most: 8 },
                batch_size: 3_200,
                memory: Share { of: 4, least: 512, most: 4_096 },
                map: MapPolicy::Auto,
                access: NEAR,
                priority: Priority { io: IoPriority::High, nice: 0 },
            },
            Self::Network => ProfilePolicy {
                jobs: ALL,
                connections: Share::just(2),
                batch_size: 3_200,
                memory: Share::just(512),
                map: MapPolicy::Last,
                access: AccessPolicy { depth: 16, spares_heads: true, piece: 4 << 20, by_inode: true },
                priority: Priority { io: IoPriority::Normal, nice: 0 },
            },
        }
    }

    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Conservative => "conservative",
            Self::Default => "default",
            Self::Aggressive => "aggressive",
            Self::Network => "network",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_what_it_was() {
        let policy = Profile::Default.policy();
        assert_eq!(policy.jobs.out_of(2), 2);
        assert_eq!(policy.connections.out_of(64), 2);
        assert_eq!(policy.batch_size, crate::writer::BatchLimits::default().items);
        assert_eq!(policy.memory.out_of(256), 512);
        assert_eq!(policy.map, MapPolicy::default());
        assert_eq!(policy.access, AccessPolicy::default());
        assert_eq!(policy.priority, Priority::default());
    }

    #[test]
    fn shares_stay_within_their_bounds() {
        let half = Profile::Conservative.policy().jobs;
        assert_eq!([1, 2, 3, 8].map(|cores| half.out_of(cores)), [1, 1, 1, 4]);
        let connections = Profile::Aggressive.policy().connections;
        assert_eq!([1, 4, 64].map(|cores| connections.out_of(cores)), [2, 4, 8]);
        let memory = Profile::Aggressive.policy().memory;
        assert_eq!([1_024, 8_192, 65_536].map(|all| memory.out_of(all)), [512, 2_048, 4_096]);
    }
}
