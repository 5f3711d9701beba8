//! Fuzzes the files of a day.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("day_file", bytes));
