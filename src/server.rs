//! The PostgreSQL server behind the library: reaching it, its schema, its indexes.
//!
//! Knows nothing of archives or MIDI.

pub mod indexes;
