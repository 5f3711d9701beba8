//! Alerts: looking, acknowledging, closing.

use crate::actor::Actor;
use crate::app::{App, Shared, unknown, wrong_answer};
use crate::extract::{Id, JSON_BODY_BYTES_MAX, Query, Raw};
use crate::list::{Page, Paging, page};
use crate::problem::{Kind, Problem};
use crate::request::{Answer, CloseRequest, Command};
use crate::view::{AlertStatus, AlertView};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which alerts.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    status: Option<AlertStatus>,
    /// Code of an asset.
    asset: Option<String>,
    /// Code of a site.
    site: Option<String>,
    /// Items wanted, 1 to 1,000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Alerts, newest first.
#[utoipa::path(
    get, path = "/api/v1/alerts", tag = "alerts", params(Filter),
    responses((status = 200, description = "Newest first", body = Page<AlertView>))
)]
pub(crate) async fn list(
    State(app): Shared,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<AlertView>>, Problem> {
    let picture = app.picture();
    let wanted = |alert: &&AlertView| {
        filter.status.is_none_or(|status| alert.status == status)
            && filter.asset.as_ref().is_none_or(|asset| alert.asset == *asset)
            && filter.site.as_ref().is_none_or(|site| alert.site == *site)
    };
    let paging = Paging { limit: filter.limit, cursor: filter.cursor.clone() };
    page(picture.alerts.iter().filter(wanted), |alert| &alert.id, &paging).map(Json)
}

/// Says that somebody has seen it.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/ack", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, description = "Acknowledged", body = AlertView))
)]
pub(crate) async fn ack(State(app): Shared, by: Actor, Id(alert): Id) -> Result<Json<AlertView>, Problem> {
    change(&app, by, Command::AcknowledgeAlert { alert }).await
}

/// Closes it, and notes why if a reason is given. Counters such as running hours start again from here.
#[utoipa::path(
    post, path = "/api/v1/alerts/{id}/close", tag = "alerts", params(("id" = String, Path)),
    request_body = Option<CloseRequest>,
    responses((status = 200, description = "Closed", body = AlertView))
)]
pub(crate) async fn close(
    State(app): Shared,
    by: Actor,
    Id(alert): Id,
    Raw(body): Raw<JSON_BODY_BYTES_MAX>,
) -> Result<Json<AlertView>, Problem> {
    let request: CloseRequest = match body.is_empty() {
        true => CloseRequest::default(),
        false => serde_json::from_slice(&body)
            .map_err(|error| Problem::new(Kind::Malformed, error.to_string()).field("body"))?,
    };
    let reason = request.reason.unwrap_or_default();
    change(&app, by, Command::CloseAlert { alert, reason }).await
}

/// One alert, with what it rests on.
#[utoipa::path(
    get, path = "/api/v1/alerts/{id}", tag = "alerts", params(("id" = String, Path)),
    responses((status = 200, description = "The alert", body = AlertView))
)]
pub(crate) async fn one(State(app): Shared, Id(alert): Id) -> Result<Json<AlertView>, Problem> {
    let picture = app.picture();
    let found = picture.alerts.iter().find(|known| known.id == alert);
    found.cloned().map(Json).ok_or_else(|| unknown("alert", &alert))
}

async fn change(app: &App, by: Actor, command: Command) -> Result<Json<AlertView>, Problem> {
    let Answer::Alert(alert) = app.command(by, command).await? else { return Err(wrong_answer()) };
    Ok(Json(alert))
}
