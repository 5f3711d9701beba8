//! Fuzzes many readings as JSON, one per line.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("readings", bytes));
