//! The command line's own part: turns what was typed into calls of the library, and prints.
//!
//! Only the modules below it write to the terminal: data on stdout, everything else on stderr.

pub mod db;
