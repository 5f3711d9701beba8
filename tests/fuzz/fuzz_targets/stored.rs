//! Fuzzes entries of the ledger's state.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("stored", bytes));
