//! Fuzzes assemblies as they are prepared.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("assembly", bytes));
