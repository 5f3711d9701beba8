//! What metrics are, which meters were swapped, and which readings contradicted each other.

use crate::actor::Actor;
use crate::app::{Shared, asset, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{Page, Paging, page};
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Command, MetricChange, SwapDraft};
use crate::view::{ConflictView, MetricView, SwapView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// The metrics of this building: the standard ones, those an operator defined, and those that are only reported.
#[utoipa::path(
    get, path = "/api/v1/metrics", tag = "metrics", params(Paging),
    responses((status = 200, description = "Metrics by name", body = Page<MetricView>))
)]
pub(crate) async fn metrics(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<MetricView>>, Problem> {
    page(app.picture().metrics.iter(), |metric| &metric.id, &paging).map(Json)
}

/// Says what a metric is, whether it was reported yet or not.
#[utoipa::path(
    put, path = "/api/v1/metrics/{id}", tag = "metrics", request_body = MetricChange,
    params(("id" = String, Path, description = "Name of the metric")),
    responses((status = 200, description = "As it is now", body = MetricView))
)]
pub(crate) async fn define(
    State(app): Shared,
    by: Actor,
    Id(name): Id,
    Body(change): Body<MetricChange>,
) -> Result<Json<MetricView>, Problem> {
    let Answer::Metric(metric) = app.command(by, Command::DefineMetric { name, change }).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(metric))
}

/// The meters of an asset that were replaced.
#[utoipa::path(
    get, path = "/api/v1/assets/{id}/swaps", tag = "metrics",
    params(("id" = String, Path, description = "Code of the asset"), Paging),
    responses((status = 200, description = "Oldest first", body = Page<SwapView>))
)]
pub(crate) async fn swaps(
    State(app): Shared,
    Id(id): Id,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<SwapView>>, Problem> {
    let picture = app.picture();
    let asset = asset(&picture, &id)?;
    page(picture.swaps.iter().filter(|swap| swap.asset == asset.code), |swap| &swap.id, &paging).map(Json)
}

/// Takes note of a meter that was replaced, so that its use goes on without a leap. One of the same metric and time
/// takes the place of the earlier note.
#[utoipa::path(
    post, path = "/api/v1/assets/{id}/swaps", tag = "metrics", request_body = SwapDraft,
    params(("id" = String, Path, description = "Code of the asset")),
    responses((status = 201, description = "Noted", body = SwapView))
)]
pub(crate) async fn swap(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(swap): Body<SwapDraft>,
) -> Result<(StatusCode, Json<SwapView>), Problem> {
    let asset = asset(&app.picture(), &id)?.code.clone();
    for (field, reading) in [("end_reading", swap.end_reading), ("start_reading", swap.start_reading)] {
        if !reading.is_finite() || reading < 0.0 {
            return Err(Problem::new(Kind::Invalid, "expected a number of at least 0").field(field));
        }
    }
    let Answer::Swap(swap) = app.command(by, Command::SwapMeter { asset, swap }).await? else {
        return Err(wrong_answer());
    };
    Ok((StatusCode::CREATED, Json(swap)))
}

/// The newest readings that contradicted one of the same time, a few dozen since the start of the node.
#[utoipa::path(
    get, path = "/api/v1/telemetry/conflicts", tag = "metrics", params(Paging),
    responses((status = 200, description = "Newest first", body = Page<ConflictView>))
)]
pub(crate) async fn conflicts(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ConflictView>>, Problem> {
    page(app.picture().conflicts.iter(), |conflict| &conflict.id, &paging).map(Json)
}
