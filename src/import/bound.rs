//! What a run spends its time on, and what keeps it from being quicker.
//!
//! Judges by what the processor did meanwhile and by how long the connections waited for the server; a judgement is a hint, and is
//! not made of a run that was over at once.

use std::time::Duration;

use serde::Serialize;

use super::ImportSettings;
use crate::midi::AnalysisLevel;
use crate::mode::Mode;
use crate::progress::{MachineUse, StageSeconds};

/// Below this many seconds of loading nothing is judged.
const SHORTEST: f64 = 0.5;

/// Share of all cores from which on the processor is what is short.
const BUSY: f64 = 0.85;

/// Share of the time in which cores wait for a disk from which on that is.
const WAITING: f64 = 0.2;

/// Share of their time in which connections wait for the server from which on that is.
const STORING: f64 = 0.8;

/// Share of the processor time that a flag must be able to save to be named.
const WORTH_A_FLAG: f64 = 0.1;

/// What keeps a run from being quicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// All cores are busy.
    Processor,
    /// Cores wait for files.
    Disk,
    /// Connections wait for the server, which waits for something else than this machine's processor.
    Database,
    /// None of these for long enough.
    Nothing,
}

/// How the work was done.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// What was traded for speed.
    pub mode: Mode,
    /// How much was found out.
    pub level: AnalysisLevel,
    /// Connections that stored.
    pub connections: usize,
}

impl Way {
    /// As it was asked for.
    #[must_use]
    pub const fn of(settings: &ImportSettings) -> Self {
        Self { mode: settings.mode, level: settings.pipeline.asked.level, connections: settings.connections }
    }
}

/// Where the time of a run went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimeSpent {
    /// Seconds of each stage, summed over all threads.
    pub stages: StageSeconds,
    /// What the processor did; none where the system does not tell.
    pub machine: Option<MachineUse>,
    /// What kept it from being quicker; none where it was over at once.
    pub bound: Option<Bound>,
    /// What would help: flags, or a better machine.
    pub advice: Option<String>,
}

impl TimeSpent {
    /// Judges a stretch of loading.
    #[must_use]
    pub fn of(stages: StageSeconds, machine: Option<MachineUse>, loading: Duration, way: Way) -> Self {
        let loading = loading.as_secs_f64();
        let bound =
            (loading >= SHORTEST).then(|| bound(&stages, machine, loading, way.connections)).flatten();
        let advice = bound.and_then(|bound| advice(bound, &stages, machine, way));
        Self { stages, machine, bound, advice }
    }
}

fn bound(
    stages: &StageSeconds,
    machine: Option<MachineUse>,
    loading: f64,
    connections: usize,
) -> Option<Bound> {
    let machine = machine?;
    let storing = stages.database / (loading * whole(connections));
    Some(if machine.busy >= BUSY {
        Bound::Processor
    } else if storing >= STORING {
        Bound::Database
    } else if machine.waiting_for_disk >= WAITING {
        Bound::Disk
    } else {
        Bound::Nothing
    })
}

fn advice(bound: Bound, stages: &StageSeconds, machine: Option<MachineUse>, way: Way) -> Option<String> {
    let quicker_mode =
        (way.mode == Mode::Normal).then(|| "--mode fast builds the indexes afterwards".to_owned());
    match bound {
        Bound::Processor => {
            let own =
                stages.read + stages.unpack + stages.digest + stages.parse + stages.analyse + stages.encode;
            let server = machine.map_or(0.0, |machine| (machine.busy - machine.own).max(0.0) / machine.busy);
            let saved = if own > 0.0 { (1.0 - server) * stages.analyse / own } else { 0.0 };
            if server > 0.5 && quicker_mode.is_some() {
                return quicker_mode;
            }
            let less = match way.level {
                AnalysisLevel::Full => "--analysis standard",
                AnalysisLevel::Standard => "--analysis basic",
                AnalysisLevel::Basic => return Some("more cores".to_owned()),
            };
            Some(if saved >= WORTH_A_FLAG {
                format!("more cores, or {less}, which saves up to {:.0} % of the work", saved * 100.0)
            } else {
                "more cores".to_owned()
            })
        }
        Bound::Disk => Some("--profile network reads more files at once, in larger pieces".to_owned()),
        Bound::Database => {
            Some(quicker_mode.unwrap_or_else(|| format!("--connections {}", way.connections + 2)))
        }
        Bound::Nothing => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of connections")]
const fn whole(connections: usize) -> f64 {
    connections as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAY: Way = Way { mode: Mode::Fast, level: AnalysisLevel::Standard, connections: 2 };

    fn judged(machine: (f64, f64, f64), database: f64, way: Way) -> (Option<Bound>, Option<String>) {
        let (busy, waiting_for_disk, own) = machine;
        let stages =
            StageSeconds { unpack: 4.0, parse: 8.0, analyse: 8.0, database, ..StageSeconds::default() };
        let machine = Some(MachineUse { busy, waiting_for_disk, own });
        let spent = TimeSpent::of(stages, machine, Duration::from_secs(10), way);
        (spent.bound, spent.advice)
    }

    #[test]
    fn what_is_short_is_named_with_what_helps() {
        for (machine, database, way, bound, word) in [
            ((0.97, 0.0, 0.7), 12.0, WAY, Bound::Processor, "--analysis basic"),
            (
                (0.97, 0.0, 0.7),
                12.0,
                Way { level: AnalysisLevel::Full, ..WAY },
                Bound::Processor,
                "--analysis standard",
            ),
            (
                (0.97, 0.0, 0.7),
                12.0,
                Way { level: AnalysisLevel::Basic, ..WAY },
                Bound::Processor,
                "more cores",
            ),
            ((0.97, 0.0, 0.2), 19.0, Way { mode: Mode::Normal, ..WAY }, Bound::Processor, "--mode fast"),
            ((0.4, 0.5, 0.3), 2.0, WAY, Bound::Disk, "--profile network"),
            ((0.4, 0.5, 0.3), 19.0, WAY, Bound::Database, "--connections 4"),
        ] {
            let (found, advice) = judged(machine, database, way);
            assert_eq!(found, Some(bound));
            assert!(advice.as_deref().unwrap().contains(word), "{advice:?}");
        }
        assert_eq!(judged((0.3, 0.0, 0.2), 2.0, WAY), (Some(Bound::Nothing), None));
        let short = TimeSpent::of(StageSeconds::default(), None, Duration::from_millis(20), WAY);
        assert_eq!((short.bound, short.advice), (None, None));
    }
}
