//! Any bytes as a tar.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::read_tar(bytes));
