//! The flags that say how hard a run works, the same for every command that fills the library.

use clap::ValueEnum;

use super::limits::LimitArguments;
use crate::mapping::MapPolicy;
use crate::pipeline::{Asked, PipelineSettings};
use crate::sink::WriterKind;
use crate::writer::BatchLimits;

/// How a run works.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct WorkArguments {
    /// How rows travel to PostgreSQL
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    writer: WriterArgument,
    /// Rows in a batch, and so in a transaction
    #[arg(long, default_value_t = 3_200, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batch_size: u32,
    /// Tasks that extract and analyse at once [default: the number of cores]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    jobs: Option<u16>,
    /// Database connections that store batches
    #[arg(long, default_value_t = 2, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    connections: u16,
    /// Memory that entries and rows may hold, in MiB
    #[arg(long, default_value_t = 512, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    memory: u32,
    /// Which files are mapped instead of read
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    mmap: MapArgument,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum WriterArgument {
    /// Binary COPY
    #[default]
    Copy,
    /// INSERT … SELECT FROM unnest(…), for poolers and servers that refuse COPY
    Unnest,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum MapArgument {
    /// Archives and large files
    #[default]
    Auto,
    /// Everything that can be
    Always,
    /// Nothing
    Never,
}

impl WorkArguments {
    /// How rows travel.
    pub(super) fn writer(&self) -> WriterKind {
        match self.writer {
            WriterArgument::Copy => WriterKind::Copy,
            WriterArgument::Unnest => WriterKind::Unnest,
        }
    }

    /// Connections that store batches.
    pub(super) fn connections(&self) -> usize {
        usize::from(self.connections)
    }

    /// How the pipeline works, for a run whose id is not known yet.
    pub(super) fn resolve(&self, asked: Asked, limits: &LimitArguments) -> PipelineSettings {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        PipelineSettings {
            run_id: 0,
            jobs: self.jobs.map_or(cores, usize::from),
            memory: usize::try_from(u64::from(self.memory) << 20).unwrap_or(usize::MAX),
            batch: BatchLimits {
                items: usize::try_from(self.batch_size).unwrap_or(usize::MAX),
                ..BatchLimits::default()
            },
            map_policy: match self.mmap {
                MapArgument::Auto => MapPolicy::Auto,
                MapArgument::Always => MapPolicy::Always,
                MapArgument::Never => MapPolicy::Never,
            },
            access: crate::storage::AccessPolicy::default(),
            priority: crate::priority::Priority::default(),
            asked,
            limits: limits.resolve(),
        }
    }
}
