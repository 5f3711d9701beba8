//! What the web makes of bytes that strangers send, each reader for itself, without a socket: the doors at which tests
//! and fuzzers knock. Nothing is kept and nothing is asked.

use crate::problem::{Kind, Problem};
use crate::request::{
    AssemblyDraft, CodedDraft, CoefficientsDraft, GovernanceAction, HandInRequest, TelemetryPayload,
};
use crate::routes::rpc;
use crate::view::{EquipmentView, RegistryView};
use crate::{objects, payload, policies_text, promql, question, registry_csv};

/// The body of one reading.
pub fn telemetry(json: &[u8]) -> Result<TelemetryPayload, Problem> {
    payload::single(json)
}

/// The body of many readings, one per line.
pub fn telemetry_lines(ndjson: &[u8]) -> Result<Vec<TelemetryPayload>, Problem> {
    payload::lines(ndjson)
}

/// Policies as one text.
pub fn policies(toml: &str) -> Result<Vec<CodedDraft>, Problem> {
    policies_text::read(toml).map(|(drafts, _)| drafts)
}

/// A question in Prometheus' language; the error is a sentence for whoever wrote it.
pub fn promql(text: &str) -> Result<(), String> {
    promql::plan(text).map(drop)
}

/// A selector in Prometheus' language.
pub fn selector(text: &str) -> Result<(), String> {
    promql::selection(text).map(drop)
}

/// A regular expression in a question.
pub fn pattern(text: &str) -> Result<(), String> {
    question::pattern(text).map(drop)
}

/// The body of `/rpc`: how many of its requests ask for a method, and how many are none.
pub fn rpc(json: &[u8]) -> Result<(usize, usize), Problem> {
    rpc::requests(json)
}

/// A decision that is proposed.
pub fn decision(json: &[u8]) -> Result<GovernanceAction, Problem> {
    object(json)
}

/// What a building has to store and move energy with.
pub fn equipment(json: &[u8]) -> Result<EquipmentView, Problem> {
    object(json)
}

/// Parts of the surplus that an organiser gives.
pub fn coefficients(json: &[u8]) -> Result<CoefficientsDraft, Problem> {
    object(json)
}

/// An assembly that is prepared.
pub fn assembly(json: &[u8]) -> Result<AssemblyDraft, Problem> {
    object(json)
}

/// Something signed that a resident hands in.
pub fn handed_in(json: &[u8]) -> Result<HandInRequest, Problem> {
    object(json)
}

/// A building's registry.
pub fn registry(json: &[u8]) -> Result<RegistryView, Problem> {
    object(json)
}

/// A building's registry as a table.
pub fn registry_table(csv: &str) -> Result<RegistryView, Problem> {
    registry_csv::read(csv)
}

/// A registry as the page has it.
pub fn shown(registry: &protocol::assembly::Registry) -> RegistryView {
    crate::convert::registry::shown(0, registry)
}

/// The table of a registry.
pub fn table_of(registry: &RegistryView) -> String {
    registry_csv::write(registry)
}

fn object<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    objects::from_slice(json).map_err(|error| Problem::new(Kind::Malformed, error.to_string()))
}
