//! Any bytes as a 7z archive.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::read_seven_zip(bytes));
