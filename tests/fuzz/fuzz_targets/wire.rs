//! Fuzzes everything that travels between nodes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("wire", bytes));
