//! Fuzzes the small files beside others.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("books", bytes));
