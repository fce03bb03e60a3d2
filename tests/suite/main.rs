//! The suite against a real PostgreSQL: one binary, one module per subject.
//!
//! A database that cannot be had is a failure, never a skip.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod analyze;
mod catalog;
mod check;
mod cluster;
mod command_line;
mod concurrency;
mod contracts;
mod corpus;
mod dice;
mod duplicates;
mod faults;
mod figures;
mod harness;
mod hostile;
mod import;
mod indexes;
mod killed;
mod library;
mod listings;
mod modes;
mod oddities;
mod profiles;
mod program;
mod queries;
mod refusals;
mod rescan;
mod rows;
mod scripts;
mod small_disk;
mod songs;
mod timings;
mod watch;
mod words;
