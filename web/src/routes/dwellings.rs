//! Dwellings inside the building: whose counter is whose, what each used, and its part of what neighbours shared. For
//! operators only, since presence can be read out of it; nothing of it is in any message to others.

use crate::actor::Actor;
use crate::app::{App, Shared, asset, wrong_answer};
use crate::extract::{Json as Body, Query};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, Page, limit};
use crate::payload::named;
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Apportionment, Command, DwellingCall, DwellingsDraft, QueryCall};
use crate::routes::csv::{field, file};
use crate::routes::energy::{NoCounter, NotHere, Part, Stretch, put_words};
use crate::view::{DwellingPlanView, DwellingSlotView, DwellingSums, DwellingsView};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use protocol::UnixMs;
use protocol::limits::DWELLING_METERS_MAX;
use serde::Deserialize;
use utoipa::IntoParams;

/// A month whose clocks went back.
const RANGE_MS_MAX: i64 = (31 * 24 + 1) * 60 * 60 * 1000;

/// Which dwelling.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Its label.
    #[param(example = "3B")]
    dwelling: String,
}

/// Which counters tell the energy of dwellings.
#[utoipa::path(
    get, path = "/api/v1/energy/dwellings", tag = "energy",
    responses((status = 200, description = "Counters with their dwellings", body = DwellingPlanView))
)]
pub(crate) async fn dwellings(State(app): Shared) -> Result<Json<DwellingPlanView>, Problem> {
    app.query(|reply| QueryCall::Dwellings(DwellingCall::Plan(reply))).await.map(Json)
}

/// Says whose counter is whose. What was used before is shared out anew by it.
#[utoipa::path(
    put, path = "/api/v1/energy/dwellings", tag = "energy", request_body = DwellingsDraft,
    responses((status = 200, description = "As it is now", body = DwellingPlanView), NoCounter)
)]
pub(crate) async fn plan(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<DwellingsDraft>,
) -> Result<Json<DwellingPlanView>, Problem> {
    if draft.meters.len() > DWELLING_METERS_MAX {
        let detail = format!("expected at most {DWELLING_METERS_MAX} counters");
        return Err(Problem::new(Kind::Invalid, detail).field("meters"));
    }
    let picture = app.picture();
    for meter in &draft.meters {
        named("asset", &meter.asset)?;
        named("metric", &meter.metric)?;
        asset(&picture, &meter.asset)?;
    }
    let Answer::Dwellings(plan) = app.command(by, Command::PlanDwellings(draft)).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(plan))
}

/// What each dwelling used in a day or range of at most 31 days, and its part of what the building bought from and sold to
/// neighbours: by its use in each slot, rounded so that the parts add up.
#[utoipa::path(
    get, path = "/api/v1/energy/dwellings/sums", tag = "energy", params(Stretch),
    responses((status = 200, description = "Sums by dwelling, held against the main meter", body = DwellingsView))
)]
pub(crate) async fn sums(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Json<DwellingsView>, Problem> {
    apportioned(&app, &stretch, None).await.map(|known| Json(known.sums))
}

/// The same as CSV, the common parts last.
#[utoipa::path(
    get, path = "/api/v1/energy/dwellings/sums.csv", tag = "energy", params(Stretch),
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`dwelling,used_wh,bought_wh,pay_micro_eur,fee_micro_eur,sold_wh,revenue_micro_eur,missing,estimated`; \
                       the common parts have no dwelling"
    ))
)]
pub(crate) async fn sums_csv(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Response, Problem> {
    let DwellingsView { from, items, common, .. } = apportioned(&app, &stretch, None).await?.sums;
    let mut text = String::from(
        "dwelling,used_wh,bought_wh,pay_micro_eur,fee_micro_eur,sold_wh,revenue_micro_eur,missing,estimated\r\n",
    );
    for one in items.iter().chain([&common]) {
        let DwellingSums { used_wh, bought_wh, pay, fee, sold_wh, revenue, missing, estimated, .. } = one;
        let name = field(&one.id);
        text.push_str(&format!(
            "{name},{used_wh},{bought_wh},{pay},{fee},{sold_wh},{revenue},{missing},{estimated}\r\n"
        ));
    }
    Ok(file(&format!("dwellings-{}", from.ms()), text))
}

/// The slots of one dwelling.
#[utoipa::path(
    get, path = "/api/v1/energy/dwellings/slots", tag = "energy", params(Which, Stretch, Part),
    responses((status = 200, description = "Slots by start", body = Page<DwellingSlotView>), NotHere)
)]
pub(crate) async fn slots(
    State(app): Shared,
    Query(which): Query<Which>,
    Query(stretch): Query<Stretch>,
    Query(part): Query<Part>,
) -> Result<Json<Page<DwellingSlotView>>, Problem> {
    let limit = limit(part.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let after = part.after(UnixMs(i64::MIN))?;
    let slots = apportioned(&app, &stretch, Some(which.dwelling)).await?.slots;
    let rest = slots.into_iter().filter(|slot| slot.start.ms() >= after.0).take(limit + 1).collect();
    Ok(Json(crate::list::cut(rest, limit, |slot: &DwellingSlotView| slot.id.clone())))
}

/// The same as CSV.
#[utoipa::path(
    get, path = "/api/v1/energy/dwellings/slots.csv", tag = "energy", params(Which, Stretch),
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`start,end,used_wh,quality,bought_wh,pay_micro_eur,fee_micro_eur,sold_wh,revenue_micro_eur`; empty is \
                       missing"
    ), NotHere)
)]
pub(crate) async fn slots_csv(
    State(app): Shared,
    Query(which): Query<Which>,
    Query(stretch): Query<Stretch>,
) -> Result<Response, Problem> {
    let known = apportioned(&app, &stretch, Some(which.dwelling)).await?;
    let mut text = String::from(
        "start,end,used_wh,quality,bought_wh,pay_micro_eur,fee_micro_eur,sold_wh,revenue_micro_eur\r\n",
    );
    for slot in &known.slots {
        let DwellingSlotView { start, end, bought_wh, pay, fee, sold_wh, revenue, .. } = slot;
        let used = slot.used_wh.map(|wh| wh.to_string()).unwrap_or_default();
        let quality = put_words(serde_json::to_value(slot.quality));
        text.push_str(&format!(
            "{start},{end},{used},{quality},{bought_wh},{pay},{fee},{sold_wh},{revenue}\r\n"
        ));
    }
    Ok(file(&format!("dwelling-{}", known.sums.from.ms()), text))
}

async fn apportioned(app: &App, stretch: &Stretch, only: Option<String>) -> Result<Apportionment, Problem> {
    let (from, to) = stretch.range(app)?;
    if to.since(from) > RANGE_MS_MAX {
        let detail = "expected at most 31 days between `from` and `to`";
        return Err(Problem::new(Kind::Invalid, detail).field("from"));
    }
    app.query(|reply| QueryCall::Dwellings(DwellingCall::Apportion { from, to, only, reply })).await
}
