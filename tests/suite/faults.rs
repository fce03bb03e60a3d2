//! The fault matrix: in each mode, each fault at each moment of a run. Whatever happened, `loader restore` and the same
//! command leave what an undisturbed run would have left: every row, every index and foreign key, every setting.
//!
//! Moments are met from outside and exactly, by locks that the test holds: the program waits where it is wanted to, the
//! fault comes, the lock goes. A few cases always, which meet every mode, fault and moment; all of them with
//! `LOADER_LONG=1`; `LOADER_TEST_CASE="fast, ServerKilled, MidLoad"` chooses by name. What is left open is drawn from a
//! seed, which is printed; `LOADER_TEST_SEED` repeats it.

mod belongings;
mod dam;
mod injection;
mod matrix;
mod moments;
mod stage;
mod state;
mod verdict;

use std::fmt;

/// The modes.
const MODES: [&str; 3] = ["normal", "fast", "ludicrous"];

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `kill -9` of the loader.
    LoaderKilled,
    /// `kill -9` of PostgreSQL's first process.
    ServerKilled,
    /// PostgreSQL is told to stop, in an orderly way or at once.
    ServerStopped,
    /// An administrator ends every session of the loader.
    ConnectionCut,
    /// PostgreSQL's disk has no room left.
    DiskFull,
}

impl Fault {
    const ALL: [Self; 5] =
        [Self::LoaderKilled, Self::ServerKilled, Self::ServerStopped, Self::ConnectionCut, Self::DiskFull];
}

/// When it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No row is stored yet; indexes are gone where the mode suspends them.
    BeforeTheFirstBatch,
    /// Some rows are stored.
    MidLoad,
    /// The first index is about to be dropped.
    Suspending,
    /// Every row is stored, and indexes are being built again.
    Building,
    /// The same, by `loader restore` after a run that was killed.
    Restoring,
    /// Settings of the server are about to be written down, to be changed then.
    Planning,
    /// They are changed, which is about to be written down.
    Applying,
    /// Every row is stored, every index built, and the settings are as before, which is about to be written down.
    Returning,
    /// The same, by `loader restore` after a run that was killed.
    RestoringSettings,
}

impl Phase {
    /// Those that every mode has.
    const ALL: [Self; 5] =
        [Self::BeforeTheFirstBatch, Self::MidLoad, Self::Suspending, Self::Building, Self::Restoring];
    /// Those of the mode that changes settings.
    const OF_SETTINGS: [Self; 4] = [Self::Planning, Self::Applying, Self::Returning, Self::RestoringSettings];
}

/// A mode, what goes wrong in it, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Case {
    mode: &'static str,
    fault: Fault,
    phase: Phase,
}

impl Case {
    /// The whole matrix: every fault at every moment that every mode has.
    fn matrix() -> impl Iterator<Item = Self> {
        MODES.into_iter().flat_map(|mode| {
            let phases = move |fault| Phase::ALL.map(|phase| Self { mode, fault, phase });
            Fault::ALL.into_iter().flat_map(phases)
        })
    }

    /// What is tried beside it: faults while settings of the server are changed and put back. That takes no room on a disk.
    fn beside() -> impl Iterator<Item = Self> {
        let faults = Fault::ALL.into_iter().filter(|fault| *fault != Fault::DiskFull);
        faults.flat_map(|fault| Phase::OF_SETTINGS.map(|phase| Self { mode: "ludicrous", fault, phase }))
    }

    fn all() -> impl Iterator<Item = Self> {
        Self::matrix().chain(Self::beside())
    }

    /// Whether indexes are suspended in it: where it takes place in that, and in every mode but the careful one, which
    /// keeps them for the small collection.
    fn suspends(self) -> bool {
        self.mode != "normal" || !matches!(self.phase, Phase::BeforeTheFirstBatch | Phase::MidLoad)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?}, {:?}", self.mode, self.fault, self.phase)
    }
}
