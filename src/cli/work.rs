//! The flags that say how hard a run works, the same for every command that reads or writes much.
//!
//! Each may also stand in the environment and in the configuration file, so none has a default here: see
//! [`super::configuration`].

use clap::ValueEnum;

use crate::mapping::MapPolicy;
use crate::priority::IoPriority;
use crate::profile::Profile;
use crate::sink::WriterKind;

/// How much of the machine is used.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct EffortArguments {
    /// How hard to work, and on what to save [default: default]
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(super) profile: Option<ProfileArgument>,
    /// What is worked on at once; 1 does everything in order, on one thread [default: the number of cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub(super) jobs: Option<u16>,
    /// Which files are mapped instead of read [default: auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(super) mmap: Option<MapArgument>,
    /// Files of one device that are read at once, ahead of the work on them; 0 leaves reading to the jobs [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=256))]
    pub(super) read_ahead: Option<u16>,
    /// How urgently this program's own reads are served [default: normal]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) io_priority: Option<IoPriority>,
    /// How far its threads stand back from the processor, 0 to 19 [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=19))]
    pub(super) nice: Option<u8>,
}

/// How a run that fills the library works.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct WorkArguments {
    /// How rows travel to PostgreSQL [default: copy]
    #[arg(long, value_enum, value_name = "HOW")]
    pub(super) writer: Option<WriterArgument>,
    /// Rows in a batch, and so in a transaction [default: 3200]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) batch_size: Option<u32>,
    #[command(flatten)]
    pub(super) effort: EffortArguments,
    /// Database connections that store batches [default: 2, with --jobs 1 one]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) connections: Option<u16>,
    /// Memory that entries and rows may hold, in MiB [default: 512]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    pub(super) memory: Option<u32>,
}

/// A profile, or the one that suits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProfileArgument {
    /// Beside other work: half of the cores, one connection, little memory, the disk when nobody else wants it
    Conservative,
    /// All cores, two connections
    Default,
    /// All of a large machine
    Aggressive,
    /// From slow or network storage: many files read ahead, in large pieces, with few seeks
    Network,
    /// The one that suits this machine and what the paths lie on
    Auto,
}

impl ProfileArgument {
    /// The profile of that name; none for the one that is yet to be chosen.
    pub(super) const fn named(self) -> Option<Profile> {
        match self {
            Self::Conservative => Some(Profile::Conservative),
            Self::Default => Some(Profile::Default),
            Self::Aggressive => Some(Profile::Aggressive),
            Self::Network => Some(Profile::Network),
            Self::Auto => None,
        }
    }
}

/// How rows travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum WriterArgument {
    /// Binary COPY
    #[default]
    Copy,
    /// INSERT … SELECT FROM unnest(…), for poolers and servers that refuse COPY
    Unnest,
}

impl WriterArgument {
    /// As it is meant.
    pub(super) const fn kind(self) -> WriterKind {
        match self {
            Self::Copy => WriterKind::Copy,
            Self::Unnest => WriterKind::Unnest,
        }
    }
}

/// Which files are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MapArgument {
    /// Archives and large files
    Auto,
    /// Everything that can be
    Always,
    /// Nothing
    Never,
    /// What there is no memory for; the rest is read in large pieces
    Last,
}

impl MapArgument {
    /// As it is meant.
    pub(super) const fn policy(self) -> MapPolicy {
        match self {
            Self::Auto => MapPolicy::Auto,
            Self::Always => MapPolicy::Always,
            Self::Never => MapPolicy::Never,
            Self::Last => MapPolicy::Last,
        }
    }

    /// The other way round.
    pub(super) const fn of(policy: MapPolicy) -> Self {
        match policy {
            MapPolicy::Auto => Self::Auto,
            MapPolicy::Always => Self::Always,
            MapPolicy::Never => Self::Never,
            MapPolicy::Last => Self::Last,
        }
    }
}
