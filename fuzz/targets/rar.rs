//! Any bytes as a RAR archive.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::read_rar(bytes));
