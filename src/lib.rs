//! `loader` takes MIDI collections as they are, archives included, into a searchable PostgreSQL library.
//!
//! The modules follow the way of the data:
//!
//! ```text
//! discover ─▶ archive ─▶ digest ─▶ seen ─▶ midi ─▶ record ─▶ batch ─▶ sink ─▶ PostgreSQL
//!                     `pipeline` runs them side by side under one `budget`
//! ```
//!
//! An **entry is rejected** (recorded with a reason, the run goes on) or the **run fails** (it stops, and the same
//! command resumes it): the two are never mixed.

pub mod archive;
pub mod batch;
pub mod budget;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod digest;
pub mod discover;
pub mod duplicates;
pub mod entry;
pub mod error;
pub mod extract;
pub mod format;
mod heartbeat;
pub mod import;
pub mod ledger;
pub mod library;
pub mod mapping;
pub mod midi;
pub mod mode;
pub mod pipeline;
pub mod priority;
pub mod profile;
pub mod progress;
pub mod prune;
pub mod reanalysis;
pub mod record;
pub mod registry;
pub mod reject;
pub mod sample;
pub mod seen;
pub mod server;
pub mod sink;
pub mod songs;
pub mod state;
pub mod storage;
pub mod vanished;
mod verification;
pub mod watch;
pub mod writer;
