//! Fuzzes the entries of a building.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("entry", bytes));
