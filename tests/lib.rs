//! What tests and fuzzers share: every reader of bytes from outside, with what must hold whatever the bytes are.

#![expect(clippy::unwrap_used, reason = "a check that cannot go on fails there, with the place")]

#[allow(dead_code, reason = "the tests use all of it, the fuzzers some")]
mod building_samples;
pub mod decoders;
#[allow(dead_code, reason = "the tests use all of it, the fuzzers some")]
mod energy_samples;
#[allow(dead_code, reason = "the tests use all of it, the fuzzers some")]
mod samples;
#[allow(dead_code, reason = "the tests use all of it, the fuzzers some")]
mod telemetry_samples;
#[allow(dead_code, reason = "the tests use all of it, the fuzzers some")]
mod token_samples;
