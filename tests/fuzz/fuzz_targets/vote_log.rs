//! Fuzzes the vote log, and a ledger that opens from it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("vote_log", bytes));
