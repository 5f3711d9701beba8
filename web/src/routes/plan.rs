//! The building's plan of the day, and what the owner says it is made of. Nothing of it leaves the building.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::Json as Body;
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Command, PlanCall, QueryCall, Reply};
use crate::view::{EquipmentView, PlanView};
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

async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> PlanCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Plan(call(reply))).await
}
