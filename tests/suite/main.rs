//! The suite against a real PostgreSQL: one binary, a fresh database for each test.

mod harness;
mod indexes;
