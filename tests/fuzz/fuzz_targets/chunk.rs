//! Fuzzes chunks of readings.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("chunk", bytes));
