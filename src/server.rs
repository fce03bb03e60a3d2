//! The PostgreSQL server: where it comes from, how it is reached, and whether it holds a library.
//!
//! ```text
//! account ─▶ binaries ─▶ cluster ─▶ connect ─▶ schema ─▶ lock
//! whose      which        the        whichever   tables     one import
//! rights     PostgreSQL   private    server is   as this    at a time
//!                         cluster    configured  build wants
//! ```
//!
//! Stores no rows (see the sinks) and changes no setting of a server that was given to it.

pub mod account;
pub mod binaries;
pub mod cluster;
pub mod connect;
pub mod indexes;
pub mod lock;
pub mod schema;
pub mod settings;
pub mod unlogged;
pub mod version;
