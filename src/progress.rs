//! How far a run has come: counted by those who work, read by one reporter.

mod counters;

pub(crate) use counters::add;
pub use counters::{Counters, Phase, Snapshot};
