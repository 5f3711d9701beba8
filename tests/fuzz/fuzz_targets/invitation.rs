//! Fuzzes the text of an invitation.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::decoders::check("invitation", bytes));
