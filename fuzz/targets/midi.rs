//! Any bytes as a Standard MIDI File.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::analyse(bytes));
