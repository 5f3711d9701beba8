//! What no crate can say alone, as one test binary: frozen bytes, hostile bytes, the house's own rules, and stories
//! with real processes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there, with the place")]
#![expect(clippy::wildcard_enum_match_arm, reason = "a story looks for the outputs it is about")]

mod advisories;
mod ai4i;
#[path = "../node/benches/detection/score.rs"]
mod anomalies;
mod architecture;
mod assembly_samples;
mod building_samples;
mod decoding;
mod energy_samples;
mod enquiry_samples;
mod golden;
mod harness;
mod hostile;
mod hostile_telemetry;
mod incident_samples;
mod learning_samples;
mod licences;
mod nab;
mod samples;
mod source;
mod stories;
mod telemetry_samples;
mod tidy;
mod token_samples;
mod vectors;
