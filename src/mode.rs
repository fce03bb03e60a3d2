//! The modes: what each gives up for speed, and what that was measured to bring. The only place that knows.
//!
//! Tables, no deeds: the sinks, the indexes and the [settings](crate::server::settings) do what stands here.

use serde::Serialize;

/// How much safety a run trades for speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything stays as it is; indexes and foreign keys are suspended only where that pays
    #[default]
    Normal,
    /// Indexes and foreign keys suspended, commits not waited for; nothing is lost if anything is killed
    Fast,
    /// As fast, and the server does not wait for its disk; if the power fails meanwhile, its data may be ruined
    Ludicrous,
}

/// What a run does about the secondary indexes and the foreign keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexPolicy {
    /// Suspend them only where the new rows are many beside the old.
    WhereItPays,
    /// Suspend them.
    Suspend,
}

/// What a mode means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModePolicy {
    /// The secondary indexes and the foreign keys.
    pub indexes: IndexPolicy,
    /// Whether the loader's own connections wait for each commit to be on disk.
    pub synchronous_commit: bool,
    /// Whether settings of the whole server are changed for the time of the run.
    pub changes_server: bool,
    /// What is at stake, in a sentence.
    pub risk: &'static str,
}

impl Mode {
    /// The table of modes.
    #[must_use]
    pub const fn policy(self) -> ModePolicy {
        match self {
            Self::Normal => ModePolicy {
                indexes: IndexPolicy::WhereItPays,
                synchronous_commit: true,
                changes_server: false,
                risk: "nothing is lost, whatever is killed",
            },
            Self::Fast => ModePolicy {
                indexes: IndexPolicy::Suspend,
                synchronous_commit: false,
                changes_server: false,
                risk: "if the server is killed, the same command redoes its last commits",
            },
            Self::Ludicrous => ModePolicy {
                indexes: IndexPolicy::Suspend,
                synchronous_commit: false,
                changes_server: true,
                risk: "as fast; if the power fails while fsync is off, the server's data may be ruined",
            },
        }
    }

    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Fast => "fast",
            Self::Ludicrous => "ludicrous",
        }
    }
}

/// Where a setting is given its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the connections that store rows.
    Writers,
    /// In the connections that build indexes.
    Builders,
    /// For the whole server, with `ALTER SYSTEM`.
    Server,
    /// Nowhere: it is only told why.
    Nowhere,
}

/// Whom it concerns when a setting of the server is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nobody but this run: it costs others nothing but a longer recovery.
    Harmless,
    /// Every database of the server is served worse meanwhile.
    EveryDatabase,
    /// Every database of the server may be ruined if its machine fails meanwhile.
    EveryByte,
}

/// One thing that makes a load faster or slower, and what each mode does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lever {
    /// The setting's name in PostgreSQL.
    pub name: &'static str,
    /// Where it is set.
    pub scope: Scope,
    /// Whom that concerns.
    pub reach: Reach,
    /// What `normal`, `fast` and `ludicrous` set it to; none leaves it alone.
    pub wanted: [Option<&'static str>; 3],
    /// Whether a larger value is as good.
    pub at_least: bool,
    /// Whether a value that somebody has chosen is left alone, because it fits his machine.
    pub is_choice: bool,
    /// What it was measured to bring, or why it is left alone (docs/benchmarks.md, docs/decisions/0010).
    pub gain: &'static str,
}

impl Lever {
    /// What a mode sets it to.
    #[must_use]
    pub const fn wanted_by(&self, mode: Mode) -> Option<&'static str> {
        let [normal, fast, ludicrous] = self.wanted;
        match mode {
            Mode::Normal => normal,
            Mode::Fast => fast,
            Mode::Ludicrous => ludicrous,
        }
    }
}

/// What each mode does to PostgreSQL's settings, in the order in which a plan shows them.
///
/// Values are constants, whatever the server: so two libraries of one server that are loaded at the same time want the
/// same, and neither takes the other's change for what was there before.
pub const LEVERS: [Lever; 11] = [
    Lever {
        name: "synchronous_commit",
        scope: Scope::Writers,
        reach: Reach::Harmless,
        wanted: [None, Some("off"), Some("off")],
        at_least: false,
        is_choice: false,
        gain: "up to 4 % of loading",
    },
    Lever {
        name: "maintenance_work_mem",
        scope: Scope::Builders,
        reach: Reach::Harmless,
        wanted: [Some("512MB"), Some("512MB"), Some("512MB")],
        at_least: true,
        is_choice: false,
        gain: "12 % of building indexes",
    },
    Lever {
        name: "max_parallel_maintenance_workers",
        scope: Scope::Builders,
        reach: Reach::Harmless,
        wanted: [Some("0"), Some("0"), Some("0")],
        at_least: false,
        is_choice: false,
        gain: "indexes side by side instead: 20 % of building",
    },
    Lever {
        name: "fsync",
        scope: Scope::Server,
        reach: Reach::EveryByte,
        wanted: [None, None, Some("off")],
        at_least: false,
        is_choice: false,
        gain: "0 to 12 % of loading",
    },
    Lever {
        name: "full_page_writes",
        scope: Scope::Server,
        reach: Reach::EveryByte,
        wanted: [None, None, Some("off")],
        at_least: false,
        is_choice: false,
        gain: "less log where indexes are kept",
    },
    Lever {
        name: "autovacuum",
        scope: Scope::Server,
        reach: Reach::EveryDatabase,
        wanted: [None, None, Some("off")],
        at_least: false,
        is_choice: false,
        gain: "no vacuum beside the load; one at its end",
    },
    Lever {
        name: "max_wal_size",
        scope: Scope::Server,
        reach: Reach::Harmless,
        wanted: [None, None, Some("8GB")],
        at_least: true,
        is_choice: true,
        gain: "fewer checkpoints",
    },
    Lever {
        name: "checkpoint_timeout",
        scope: Scope::Server,
        reach: Reach::Harmless,
        wanted: [None, None, Some("30min")],
        at_least: true,
        is_choice: true,
        gain: "fewer checkpoints",
    },
    Lever {
        name: "wal_level",
        scope: Scope::Nowhere,
        reach: Reach::EveryDatabase,
        wanted: [None, None, Some("minimal")],
        at_least: false,
        is_choice: false,
        gain: "indexes built without log: 10 % of building",
    },
    Lever {
        name: "wal_buffers",
        scope: Scope::Nowhere,
        reach: Reach::Harmless,
        wanted: [None, None, Some("16MB")],
        at_least: true,
        is_choice: false,
        gain: "the default does from 512 MB of shared_buffers on",
    },
    Lever {
        name: "work_mem",
        scope: Scope::Nowhere,
        reach: Reach::Harmless,
        wanted: [None; 3],
        at_least: false,
        is_choice: false,
        gain: "nothing: neither COPY nor CREATE INDEX uses it",
    },
];

/// What a plan says of unlogged tables, which no mode makes.
pub const UNLOGGED: &str =
    "no mode makes tables unlogged: making them logged again takes longer than it saves";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ludicrous_touches_the_server() {
        for lever in LEVERS.iter().filter(|lever| lever.scope == Scope::Server) {
            for mode in [Mode::Normal, Mode::Fast] {
                assert_eq!(lever.wanted_by(mode), None, "{}", lever.name);
                assert!(!mode.policy().changes_server);
            }
            assert!(lever.wanted_by(Mode::Ludicrous).is_some(), "{}", lever.name);
        }
        assert!(Mode::Ludicrous.policy().changes_server);
    }

    #[test]
    fn no_mode_waits_less_than_its_table_says() {
        let lever = LEVERS.iter().find(|lever| lever.name == "synchronous_commit").unwrap();
        for mode in [Mode::Normal, Mode::Fast, Mode::Ludicrous] {
            assert_eq!(lever.wanted_by(mode).is_none(), mode.policy().synchronous_commit, "{mode:?}");
        }
    }
}
