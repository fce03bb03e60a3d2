//! The command line: what was typed, turned into calls of the library, and what is shown of them.
//!
//! Only the modules below it write to the terminal: data on stdout, everything else on stderr.

pub mod db;
pub mod sample;
