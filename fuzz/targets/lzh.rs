//! Any bytes as an LZH archive.

#![no_main]

use loader::format::Container;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| loader_fuzz::read_directory(Container::Lzh, bytes));
