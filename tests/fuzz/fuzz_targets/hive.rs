//! Fuzzes an authority by what its neighbours send.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("hive", bytes));
