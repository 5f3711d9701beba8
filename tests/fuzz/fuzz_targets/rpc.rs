//! Fuzzes questions in Prometheus' language.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("rpc", bytes));
