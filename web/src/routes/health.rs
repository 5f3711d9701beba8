//! Is it alive, is it ready, what does it count: for supervisors and Prometheus, without signing in.

use crate::app::Shared;
use crate::view::{HealthView, Readiness};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The process answers.
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain"))
)]
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The node can be trusted with work. As text or, with `Accept: application/json`, as JSON.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses(
        (status = 200, description = "Ready; reasons may still tell what was repaired", body = Readiness),
        (status = 503, description = "Not ready, and why", body = Readiness),
    )
)]
pub(crate) async fn readyz(State(app): Shared, headers: HeaderMap) -> Response {
    let readiness = app.picture().readiness.clone();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accept.contains("text/plain") {
        (status, as_text(&readiness)).into_response()
    } else {
        (status, Json(readiness)).into_response()
    }
}

/// How the node is doing: what it noticed, how much it matters, and what to do about it.
#[utoipa::path(
    get, path = "/api/v1/health", tag = "health",
    responses((status = 200, description = "Most serious first", body = HealthView))
)]
pub(crate) async fn health(State(app): Shared) -> Json<HealthView> {
    Json(app.picture().health.clone())
}

/// Counters and gauges in the Prometheus text format.
#[utoipa::path(
    get, path = "/metrics", tag = "health", security(()),
    responses((status = 200, description = "Prometheus text", body = String, content_type = "text/plain"))
)]
pub(crate) async fn metrics(State(app): Shared) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.handles.metrics.render())
        .into_response()
}

fn as_text(readiness: &Readiness) -> String {
    let mut text = String::from(if readiness.ready { "ready\n" } else { "not ready\n" });
    for reason in &readiness.reasons {
        text.push_str(&format!("{}: {}\n", reason.code, reason.text));
    }
    text
}
