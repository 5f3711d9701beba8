//! Fuzzes the building's log.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("building_log", bytes));
