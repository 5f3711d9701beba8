//! What tests and fuzzers share: every reader of bytes from outside, with what must hold whatever the bytes are.

#![expect(clippy::unwrap_used, reason = "a check that cannot go on fails there, with the place")]

mod assembly_samples;
mod building_samples;
pub mod decoders;
mod energy_samples;
mod enquiry_samples;
mod incident_samples;
mod learning_samples;
mod samples;
mod telemetry_samples;
mod token_samples;
