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
pub mod digest;
pub mod entry;
pub mod error;
pub mod format;
pub mod mapping;
pub mod record;
pub mod reject;
