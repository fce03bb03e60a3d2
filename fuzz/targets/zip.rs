//! Any bytes as a zip.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::read_zip(bytes));
