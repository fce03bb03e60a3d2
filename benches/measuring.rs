//! What the measurements share: times and their spread, ratios, the verdict, and the machine they ran on.
//!
//! Computes and prints; measures nothing itself, and knows nothing of MIDI or PostgreSQL. What is measured side by side is
//! run in turn (A B A B …), so that another program that takes the processor meanwhile slows all of it alike, and judged by
//! the median.
#![allow(dead_code, reason = "each measurement uses its own part")]

pub(crate) mod collection;
pub(crate) mod contents;
pub(crate) mod floor;
pub(crate) mod process;
pub(crate) mod server;

use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Seconds that `work` took, and what it returned.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let result = work();
    (began.elapsed().as_secs_f64(), result)
}

/// The same of work that waits.
pub(crate) async fn timed_async<T>(work: impl Future<Output = T>) -> (f64, T) {
    let began = Instant::now();
    let result = work.await;
    (began.elapsed().as_secs_f64(), result)
}

/// Seconds of a duration that was measured elsewhere.
pub(crate) const fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// The values of one measurement, repeated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series(Vec<f64>);

impl Series {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: f64) {
        self.0.push(value);
        self.0.sort_by(f64::total_cmp);
    }

    /// The middle value, of an even number the upper one of the two; NaN without values.
    pub(crate) fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The smallest value: of times, the one least disturbed.
    pub(crate) fn least(&self) -> f64 {
        self.0.first().copied().unwrap_or(f64::NAN)
    }

    /// The largest value.
    pub(crate) fn most(&self) -> f64 {
        self.0.last().copied().unwrap_or(f64::NAN)
    }
}

/// A count as a factor or a divisor.
#[expect(clippy::cast_precision_loss, reason = "figures for reading; counts stay far below 2^52")]
pub(crate) const fn real(count: u64) -> f64 {
    count as f64
}

/// Bytes as megabytes (10⁶).
pub(crate) fn megabytes(bytes: u64) -> f64 {
    real(bytes) / 1e6
}

/// Bytes as mebibytes (2²⁰).
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    real(bytes) / f64::from(1 << 20)
}

/// What must hold, and whether it does.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    failed: bool,
    /// What is said of each, below the tables.
    lines: Vec<String>,
}

impl Verdict {
    /// Notes whether `holds`.
    pub(crate) fn require(&mut self, holds: bool, what: &str) {
        self.lines.push(format!("{} {what}", if holds { "kept: " } else { "BROKEN:" }));
        self.failed |= !holds;
    }

    /// Notes what is not judged, and why.
    pub(crate) fn pass(&mut self, what: &str, why: &str) {
        self.lines.push(format!("NOT JUDGED: {what} ({why})"));
    }

    /// Prints what held and what did not; 0 if everything held, else 1.
    pub(crate) fn exit(&self) -> ExitCode {
        self.lines.iter().for_each(|line| println!("{line}"));
        if self.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

/// What came of it; ends the program where it failed, which a closure of criterion cannot tell otherwise.
pub(crate) fn or_stop<T>(result: Result<T, impl std::fmt::Debug>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:?}");
        std::process::exit(1)
    })
}

/// Prints the processor, its cores, and how busy others keep it.
pub(crate) fn print_machine() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']).trim());
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    println!("processor: {model}, {cores} cores; load before the start: {load}");
}
