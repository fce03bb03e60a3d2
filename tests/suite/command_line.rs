//! The command line as a person and as a script meet it: help, errors, statuses, streams, progress from outside.

mod extract;
mod help;
mod outside;
mod streams;
