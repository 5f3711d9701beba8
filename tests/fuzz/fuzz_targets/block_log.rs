//! Fuzzes `blocks.log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("block_log", bytes));
