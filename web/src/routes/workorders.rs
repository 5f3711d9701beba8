//! Work orders: looking, opening one for an alert, starting, finishing, notes and assignee.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{Page, Paging, page};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{Answer, Command, WorkOrderChange};
use crate::view::{WorkOrderStatus, WorkOrderView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::limits::{NAME_BYTES_MAX, NOTES_BYTES_MAX};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which work orders.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filter {
    status: Option<WorkOrderStatus>,
    /// Code of an asset.
    asset: Option<String>,
    /// `true`: of this building only; `false`: of the others only.
    local: Option<bool>,
    /// Items wanted, 1 to 1,000; 100 when not given.
    limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// Which alert wants a work order.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWorkOrder {
    /// Id of the alert.
    alert: String,
}

/// Work orders of this building and, without names and notes, of the others; newest first.
#[utoipa::path(
    get, path = "/api/v1/workorders", tag = "workorders", params(Filter),
    responses((status = 200, description = "Newest first", body = Page<WorkOrderView>))
)]
pub(crate) async fn list(
    State(app): Shared,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<WorkOrderView>>, Problem> {
    let picture = app.picture();
    let wanted = |order: &&WorkOrderView| {
        filter.status.is_none_or(|status| order.status == status)
            && filter.local.is_none_or(|local| order.local == local)
            && filter.asset.as_ref().is_none_or(|asset| order.asset.as_ref() == Some(asset))
    };
    let paging = Paging { limit: filter.limit, cursor: filter.cursor.clone() };
    page(picture.work_orders.iter().filter(wanted), |order| &order.id, &paging).map(Json)
}

/// Opens a work order for an alert which did not open one by itself.
#[utoipa::path(
    post, path = "/api/v1/workorders", tag = "workorders", request_body = NewWorkOrder,
    responses(
        (status = 201, description = "Opened", body = WorkOrderView),
        (
            status = 404, description = "There is no such alert", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn open(
    State(app): Shared,
    by: Actor,
    Body(new): Body<NewWorkOrder>,
) -> Result<(StatusCode, Json<WorkOrderView>), Problem> {
    Ok((StatusCode::CREATED, ask(&app, by, Command::OpenWorkOrder { alert: new.alert }).await?))
}

/// Changes status, notes or assignee. Notes and assignee stay in the building.
#[utoipa::path(
    patch, path = "/api/v1/workorders/{id}", tag = "workorders", params(("id" = String, Path)),
    request_body = WorkOrderChange, responses((status = 200, description = "Changed", body = WorkOrderView))
)]
pub(crate) async fn advance(
    State(app): Shared,
    by: Actor,
    Id(work_order): Id,
    Body(change): Body<WorkOrderChange>,
) -> Result<Json<WorkOrderView>, Problem> {
    if change == WorkOrderChange::default() {
        return Err(Problem::new(Kind::Invalid, "expected status, notes or assignee"));
    }
    at_most("notes", change.notes.as_deref(), NOTES_BYTES_MAX)?;
    at_most("assignee", change.assignee.as_deref(), NAME_BYTES_MAX)?;
    ask(&app, by, Command::AdvanceWorkOrder { work_order, change }).await
}

async fn ask(app: &App, by: Actor, command: Command) -> Result<Json<WorkOrderView>, Problem> {
    let Answer::WorkOrder(order) = app.command(by, command).await? else { return Err(wrong_answer()) };
    Ok(Json(order))
}

fn at_most(field: &str, text: Option<&str>, max: usize) -> Result<(), Problem> {
    match text.map(str::len) {
        Some(found) if found > max => {
            Err(Problem::new(Kind::Invalid, format!("expected at most {max} bytes, found {found}"))
                .field(field))
        }
        Some(_) | None => Ok(()),
    }
}
