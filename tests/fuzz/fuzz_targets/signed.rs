//! Fuzzes what residents sign.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("signed", bytes));
