//! Fuzzes a reading as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("reading", bytes));
