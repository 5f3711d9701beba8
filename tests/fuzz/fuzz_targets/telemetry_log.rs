//! Fuzzes the write-ahead log of readings.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("telemetry_log", bytes));
