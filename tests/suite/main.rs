//! The suite against a real PostgreSQL: one binary, one module per subject.
//!
//! A database that cannot be had is a failure, never a skip.

mod cluster;
mod harness;
mod library;
