//! Any bytes as a stream of lz4.

#![no_main]

use loader::format::Compression;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::decode(Compression::Lz4, bytes));
