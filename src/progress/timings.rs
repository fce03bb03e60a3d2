//! Where the time of a run goes: what each stage of the work has taken, summed over all threads.
//!
//! Always measured, for it costs two looks at the clock for each stage of a file, a thousandth of what the file takes. Waiting
//! is told apart from work where a thread knows that it waits.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde::Serialize;

/// Declares [`Stage`] and [`StageSeconds`] with the same names.
macro_rules! stages {
    ($($(#[doc = $doc:literal])+ $stage:ident $name:ident,)+) => {
        /// A stage of the work.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Stage { $($(#[doc = $doc])+ $stage,)+ }

        impl Stage {
            const COUNT: usize = [$(Self::$stage),+].len();
        }

        /// Seconds of each stage; of work on several threads their sum.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
        pub struct StageSeconds { $($(#[doc = $doc])+ pub $name: f64,)+ }

        impl StageSeconds {
            /// What has come to them since an earlier moment.
            #[must_use]
            pub fn since(&self, earlier: &Self) -> Self {
                Self { $($name: self.$name - earlier.$name,)+ }
            }
        }

        impl Timings {
            /// What each stage has taken so far.
            #[must_use]
            pub fn seconds(&self) -> StageSeconds {
                StageSeconds { $($name: self.of(Stage::$stage).as_secs_f64(),)+ }
            }
        }
    };
}

stages! {
    /// Finding the files: one thread, from its beginning to its end.
    Walk walk,
    /// Opening files and reading them into memory. What is mapped is read while it is unpacked.
    Read read,
    /// Taking entries out of archives: decompression, checksums, the formats' own structure.
    Unpack unpack,
    /// BLAKE3.
    Digest digest,
    /// Walking over the events of MIDI files, and pairing their notes.
    Parse parse,
    /// What the music says.
    Analyse analyse,
    /// Rows into the binary form in which they are sent, with their words.
    Encode encode,
    /// Connections waiting for the server to store what they have sent.
    Database database,
}

/// The stages of a run, added to from every thread.
#[derive(Debug, Default)]
pub struct Timings([AtomicU64; Stage::COUNT]);

impl Timings {
    /// Does this work, which belongs to a stage.
    pub(crate) fn time<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        self.add(stage, began.elapsed());
        result
    }

    /// A stage has taken so much more.
    pub(crate) fn add(&self, stage: Stage, took: Duration) {
        if let Some(sum) = self.0.get(stage as usize) {
            sum.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Relaxed);
        }
    }

    fn of(&self, stage: Stage) -> Duration {
        self.0.get(stage as usize).map_or(Duration::ZERO, |sum| Duration::from_nanos(sum.load(Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_summed_one_by_one() {
        let timings = Timings::default();
        assert_eq!(timings.time(Stage::Digest, || 7), 7);
        timings.add(Stage::Walk, Duration::from_millis(1_500));
        timings.add(Stage::Walk, Duration::from_millis(500));
        let seconds = timings.seconds();
        assert!((seconds.walk - 2.0).abs() < 1e-9 && seconds.database == 0.0 && seconds.digest < 1.0);
    }
}
