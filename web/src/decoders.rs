//! What the web makes of bytes that strangers send, each reader for itself, without a socket: the doors at which tests
//! and fuzzers knock. Nothing is kept and nothing is asked.

use crate::problem::Problem;
use crate::request::{CodedDraft, TelemetryPayload};
use crate::{payload, policies_text, promql, question};

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
