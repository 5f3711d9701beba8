//! Fuzzes a building's registry.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("registry", bytes));
