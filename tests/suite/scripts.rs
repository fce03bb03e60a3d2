//! The scripts that work with psql alone, against a real server.

mod indexes;
mod system;
