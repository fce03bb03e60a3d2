//! The modes: what each gives up for speed. The only place that knows.

use serde::Serialize;

/// How much safety a run trades for speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Everything stays as it is; indexes are suspended only where that pays
    #[default]
    Normal,
    /// Indexes suspended, commits not waited for; nothing is lost if anything is killed
    Fast,
    /// For now the same as fast: giving up more has not been shown to gain anything
    Ludicrous,
}

/// What a run does about the secondary indexes.
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
    /// The secondary indexes.
    pub indexes: IndexPolicy,
    /// Whether the loader's own connections wait for each commit to be on disk.
    pub synchronous_commit: bool,
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
                risk: "nothing is lost, whatever is killed",
            },
            Self::Fast => ModePolicy {
                indexes: IndexPolicy::Suspend,
                synchronous_commit: false,
                risk: "if the server is killed, the same command redoes its last commits",
            },
            Self::Ludicrous => ModePolicy {
                indexes: IndexPolicy::Suspend,
                synchronous_commit: false,
                risk: "for now the same as fast: if the server is killed, the same command redoes its last commits",
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
