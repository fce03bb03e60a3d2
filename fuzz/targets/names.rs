//! Any bytes as the names of members, one in a line.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::decode_names(bytes));
