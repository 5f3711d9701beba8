//! Fuzzes policies as TOML.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("policies", bytes));
