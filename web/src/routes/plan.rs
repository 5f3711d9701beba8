//! The building's plan of the day, and what the owner says it is made of. Nothing of it leaves the building.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body};
use crate::list::Page;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{Answer, Command, PlanCall, QueryCall, Reply, ShiftAnswer};
use crate::view::{EquipmentView, PlanView, ShiftView};
use axum::Json;
use axum::extract::State;
use protocol::limits::{PLAN_OWN_LOADS_MAX, PLAN_OWN_STORES_MAX};

/// The plan in force: what each slot to the end of tomorrow will probably bring, and what stores and loads that can wait
/// are to do about it.
#[utoipa::path(
    get, path = "/api/v1/energy/plan", tag = "energy",
    responses((status = 200, description = "Slots with forecast, stores, loads, grid and price", body = PlanView))
)]
pub(crate) async fn plan(State(app): Shared) -> Result<Json<PlanView>, Problem> {
    ask(&app, PlanCall::Plan).await.map(Json)
}

/// What the building has and what its plans are to reckon with.
#[utoipa::path(
    get, path = "/api/v1/energy/equipment", tag = "energy",
    responses((status = 200, description = "Stores, loads that can wait, prices, limits", body = EquipmentView))
)]
pub(crate) async fn equipment(State(app): Shared) -> Result<Json<EquipmentView>, Problem> {
    ask(&app, PlanCall::Equipment).await.map(Json)
}

/// Says what the building has. A new plan is made at once.
#[utoipa::path(
    put, path = "/api/v1/energy/equipment", tag = "energy", request_body = EquipmentView,
    responses((status = 200, description = "As it is now", body = EquipmentView))
)]
pub(crate) async fn equip(
    State(app): Shared,
    by: Actor,
    Body(wanted): Body<EquipmentView>,
) -> Result<Json<EquipmentView>, Problem> {
    let counts = [
        ("stores", wanted.stores.len(), PLAN_OWN_STORES_MAX),
        ("loads", wanted.loads.len(), PLAN_OWN_LOADS_MAX),
    ];
    for (field, found, most) in counts {
        if found > most {
            return Err(Problem::new(Kind::Invalid, format!("expected at most {most}")).field(field));
        }
    }
    let Answer::Equipment(equipment) = app.command(by, Command::Equip(Box::new(wanted))).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(*equipment))
}

/// What the hive's coordinator asked of this building's loads, and what was answered. Offers of whole Wh are all that
/// ever leaves; the forecast they rest on does not.
#[utoipa::path(
    get, path = "/api/v1/energy/shifts", tag = "energy",
    responses((status = 200, description = "Newest first, at most 16", body = Page<ShiftView>))
)]
pub(crate) async fn shifts(State(app): Shared) -> Result<Json<Page<ShiftView>>, Problem> {
    let items = ask(&app, PlanCall::Shifts).await?;
    Ok(Json(Page { items, next: None }))
}

/// Answers a request that waits for a person.
#[utoipa::path(
    post, path = "/api/v1/energy/shifts/{id}", tag = "energy", request_body = ShiftAnswer,
    params(("id" = String, Path, description = "64 hex digits")),
    responses(
        (status = 200, description = "As it is now", body = ShiftView),
        (
            status = 404, description = "No such request waits for an answer",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn answer_shift(
    State(app): Shared,
    by: Actor,
    Id(shift): Id,
    Body(ShiftAnswer { accept }): Body<ShiftAnswer>,
) -> Result<Json<ShiftView>, Problem> {
    let Answer::Shift(shift) = app.command(by, Command::AnswerShift { shift, yes: accept }).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(shift))
}

async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> PlanCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Plan(call(reply))).await
}
