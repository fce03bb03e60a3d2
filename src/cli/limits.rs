//! The flags that say what is too much for one archive, with their defaults.
//!
//! One flag for each of the [`Limits`], the same for every command that reads archives.

use std::time::Duration;

use crate::archive::Limits;

/// What an archive may demand.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Limits of one archive (a hit limit is a reject; the rest goes on)")]
pub(super) struct LimitArguments {
    /// How deep archives may be nested
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=16))]
    max_depth: u8,
    /// Largest file that is taken, in MiB
    #[arg(long, default_value_t = 16, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=1_024))]
    max_entry_size: u32,
    /// Largest nested archive, in MiB, with those around it and their decoders' windows
    #[arg(long, default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_nested_size: u32,
    /// Most entries in one file on disk
    #[arg(long, default_value_t = 5_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=900_000_000))]
    max_entries: u64,
    /// Most GiB that one file on disk may yield
    #[arg(long, default_value_t = 256, value_name = "GIB", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    max_output: u32,
    /// Most that it may yield beyond 1 GiB, in multiples of its size
    #[arg(long, default_value_t = 250, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_output_ratio: u32,
    /// Most that one entry or stream may grow beyond 1 MiB, in multiples of its compressed size
    #[arg(long, default_value_t = 1_032, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_ratio: u32,
    /// Longest name, in bytes
    #[arg(long, default_value_t = 4_096, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=65_535))]
    max_name: u32,
    /// Longest extension header of a tar, in KiB
    #[arg(long, default_value_t = 1_024, value_name = "KIB", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    max_tar_header: u32,
    /// Most memory for one decoder's window or dictionary, in MiB
    #[arg(long, default_value_t = 128, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..=4_096))]
    decoder_memory: u32,
    /// Longest time without a byte of progress, in seconds
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    stall_timeout: u32,
}

impl LimitArguments {
    /// What was typed, as it is meant.
    pub(super) fn resolve(&self) -> Limits {
        Limits {
            depth: u32::from(self.max_depth),
            entry_size: u64::from(self.max_entry_size) << 20,
            nested_size: u64::from(self.max_nested_size) << 20,
            entries: self.max_entries,
            output: u64::from(self.max_output) << 30,
            output_ratio: u64::from(self.max_output_ratio),
            ratio: u64::from(self.max_ratio),
            name: usize::try_from(self.max_name).unwrap_or(usize::MAX),
            extension_header: u64::from(self.max_tar_header) << 10,
            decoder_memory: u64::from(self.decoder_memory) << 20,
            stall: Duration::from_secs(u64::from(self.stall_timeout)),
            ..Limits::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        limits: LimitArguments,
    }

    #[test]
    fn the_defaults_of_the_flags_are_those_of_the_limits() {
        let typed = Typed::try_parse_from(["loader"]).unwrap();
        assert_eq!(typed.limits.resolve(), Limits::default());
    }

    #[test]
    fn each_flag_sets_its_limit() {
        let flags = "--max-depth 1 --max-entry-size 2 --max-nested-size 3 --max-entries 4 --max-output 5 \
            --max-output-ratio 6 --max-ratio 7 --max-name 8 --max-tar-header 9 --decoder-memory 10 --stall-timeout 11";
        let typed = Typed::try_parse_from(["loader"].into_iter().chain(flags.split_whitespace())).unwrap();
        let expected = Limits {
            depth: 1,
            entry_size: 2 << 20,
            nested_size: 3 << 20,
            entries: 4,
            output: 5 << 30,
            output_ratio: 6,
            ratio: 7,
            name: 8,
            extension_header: 9 << 10,
            decoder_memory: 10 << 20,
            stall: Duration::from_secs(11),
            ..Limits::default()
        };
        assert_eq!(typed.limits.resolve(), expected);
    }
}
