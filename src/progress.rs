//! How far a run has come: counted by those who work, read by one reporter.

mod counters;
mod machine;
mod timings;

pub(crate) use counters::add;
pub use counters::{Counters, Phase, Snapshot};
pub use machine::{MachineGlance, MachineUse};
pub use timings::{Stage, StageSeconds, Timings};
