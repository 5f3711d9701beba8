//! The building's energy: what flows now, closed slots, their sums, what is missing, and the meters that tell it.

use crate::actor::Actor;
use crate::app::{App, Shared, asset, wrong_answer};
use crate::extract::{Json as Body, Query};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, Page, cut, limit};
use crate::payload::is_name;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{
    Answer, Command, EnergyCall, MeterTestRequest, MetersDraft, QueryCall, RecountRequest, Reply,
};
use crate::routes::csv::file;
use crate::routes::metrics::time;
use crate::steps::{Edges, Step};
use crate::view::{EnergyNowView, EnergyTotalsView, MeterTestView, MetersView, MissingView, SlotView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use protocol::UnixMs;
use protocol::limits::METERS_MAX;
use serde::Deserialize;
use utoipa::IntoParams;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A range of slots is at most this long, milliseconds: what a building keeps, and some.
const RANGE_MS_MAX: i64 = 800 * DAY_MS;
/// Slots of one CSV: what a building keeps.
const CSV_SLOTS_MAX: usize = 40_000;

/// Which stretch of time.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Stretch {
    /// A moment of the day wanted, RFC 3339; with it neither `from` nor `to`.
    day: Option<String>,
    /// Time zone of that day by its IANA name; UTC when not given. The day has 23 to 25 hours, as clocks there say.
    #[param(example = "Europe/Brussels")]
    tz: Option<String>,
    /// First moment, RFC 3339; 24 hours before `to` when not given.
    from: Option<String>,
    /// First moment after the range, RFC 3339; just after now when not given.
    to: Option<String>,
}

/// Which page of the slots.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part {
    /// Items wanted, 1 to 1,000; 100 when not given.
    pub(crate) limit: Option<usize>,
    /// `next` of the page before.
    cursor: Option<String>,
}

impl Stretch {
    pub(crate) fn range(&self, app: &App) -> Result<(UnixMs, UnixMs), Problem> {
        let now = UnixMs(app.picture().node.time.ms());
        if let Some(moment) = time("day", self.day.as_deref())? {
            if self.from.is_some() || self.to.is_some() {
                return Err(Problem::new(Kind::Invalid, "expected `day`, or `from` and `to`").field("day"));
            }
            let zone = self.tz.as_deref().unwrap_or("UTC");
            let edges = Edges::new(moment.0, moment.plus(1).0, Step::Milliseconds(DAY_MS), Some(zone), 2)?;
            return Ok((UnixMs(edges.first()), UnixMs(edges.last())));
        }
        let to = time("to", self.to.as_deref())?.unwrap_or(now.plus(1));
        let from = time("from", self.from.as_deref())?.unwrap_or(to.plus(-DAY_MS));
        if from > to || to.since(from) > RANGE_MS_MAX {
            let detail = "expected `from` not after `to`, and at most 800 days between them";
            return Err(Problem::new(Kind::Invalid, detail).field("from"));
        }
        Ok((from, to))
    }
}

impl Part {
    /// The first moment of this page.
    pub(crate) fn after(&self, from: UnixMs) -> Result<UnixMs, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(from) };
        let wrong = |_| Problem::new(Kind::Invalid, "expected `next` of an earlier page").field("cursor");
        Ok(from.max(UnixMs(cursor.parse::<i64>().map_err(wrong)?).plus(1)))
    }
}

/// What flows now: the mean power between the last readings of each counter.
#[utoipa::path(
    get, path = "/api/v1/energy", tag = "energy",
    responses((status = 200, description = "Power and how old it is", body = EnergyNowView))
)]
pub(crate) async fn now(State(app): Shared) -> Result<Json<EnergyNowView>, Problem> {
    ask(&app, EnergyCall::Now).await.map(Json)
}

/// The closed slots of a day or range.
#[utoipa::path(
    get, path = "/api/v1/energy/slots", tag = "energy", params(Stretch, Part),
    responses((status = 200, description = "Slots by start, those that are missing among them", body = Page<SlotView>))
)]
pub(crate) async fn slots(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
    Query(part): Query<Part>,
) -> Result<Json<Page<SlotView>>, Problem> {
    let limit = limit(part.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let (from, to) = stretch.range(&app)?;
    let from = part.after(from)?;
    let slots = ask(&app, |reply| EnergyCall::Slots { from, to, limit: limit + 1, reply }).await?;
    Ok(Json(cut(slots, limit, |slot| slot.id.clone())))
}

/// The same as CSV.
#[utoipa::path(
    get, path = "/api/v1/energy/slots.csv", tag = "energy", params(Stretch),
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`start,end,import_wh,export_wh,production_wh,consumption_wh,quality,version,held`; empty is missing"
    ))
)]
pub(crate) async fn slots_csv(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Response, Problem> {
    let (from, to) = stretch.range(&app)?;
    let slots = ask(&app, |reply| EnergyCall::Slots { from, to, limit: CSV_SLOTS_MAX, reply }).await?;
    let mut text =
        String::from("start,end,import_wh,export_wh,production_wh,consumption_wh,quality,version,held\r\n");
    slots.iter().for_each(|slot| put_row(&mut text, slot));
    Ok(file(&format!("energy-{}", from.0), text))
}

fn put_row(text: &mut String, slot: &SlotView) {
    let words = |value: serde_json::Result<serde_json::Value>| match value {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    };
    let figures = [slot.import_wh, slot.export_wh, slot.production_wh, slot.consumption_wh]
        .map(|wh| wh.map(|wh| wh.to_string()).unwrap_or_default());
    let quality = words(serde_json::to_value(slot.quality));
    let held = words(serde_json::to_value(slot.held));
    let (start, end, version) = (slot.start, slot.end, slot.version);
    text.push_str(&format!("{start},{end},{},{quality},{version},{held}\r\n", figures.join(",")));
}

/// Sums over the closed slots of a day or range.
#[utoipa::path(
    get, path = "/api/v1/energy/totals", tag = "energy", params(Stretch),
    responses((status = 200, description = "Sums, and how many slots are not in them", body = EnergyTotalsView))
)]
pub(crate) async fn totals(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Json<EnergyTotalsView>, Problem> {
    let (from, to) = stretch.range(&app)?;
    ask(&app, |reply| EnergyCall::Totals { from, to, reply }).await.map(Json)
}

/// What is missing or held back in a day or range.
#[utoipa::path(
    get, path = "/api/v1/energy/missing", tag = "energy", params(Stretch),
    responses((status = 200, description = "Newest first, at most 1,000", body = Page<MissingView>))
)]
pub(crate) async fn missing(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Json<Page<MissingView>>, Problem> {
    let (from, to) = stretch.range(&app)?;
    let items = ask(&app, |reply| EnergyCall::Missing { from, to, reply }).await?;
    Ok(Json(Page { items, next: None }))
}

/// Which counters tell the building's energy, and how they are doing.
#[utoipa::path(
    get, path = "/api/v1/energy/meters", tag = "energy",
    responses((status = 200, description = "Counters with their roles", body = MetersView))
)]
pub(crate) async fn meters(State(app): Shared) -> Result<Json<MetersView>, Problem> {
    ask(&app, EnergyCall::Meters).await.map(Json)
}

/// Says which counters tell the building's energy, and what the building can do at the most. Slots of the last two days
/// are cut again.
#[utoipa::path(
    put, path = "/api/v1/energy/meters", tag = "energy", request_body = MetersDraft,
    responses(
        (status = 200, description = "As it is now", body = MetersView),
        (
            status = 404, description = "There is no such asset, or it has not reported this metric",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn plan(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<MetersDraft>,
) -> Result<Json<MetersView>, Problem> {
    let picture = app.picture();
    for meter in draft.meters.iter().flatten() {
        known(&meter.asset, &meter.metric)?;
        asset(&picture, &meter.asset)?;
    }
    if draft.meters.as_ref().is_some_and(|meters| meters.len() > METERS_MAX) {
        let detail = format!("expected at most {METERS_MAX} meters");
        return Err(Problem::new(Kind::Invalid, detail).field("meters"));
    }
    let Answer::Meters(meters) = app.command(by, Command::PlanMeters(draft)).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(meters))
}

/// What a counter last sent and whether that can be true. Changes nothing.
#[utoipa::path(
    post, path = "/api/v1/energy/meters/test", tag = "energy", request_body = MeterTestRequest,
    responses(
        (status = 200, description = "What was found", body = MeterTestView),
        (
            status = 404, description = "There is no such asset, or it has not reported this metric",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn test(
    State(app): Shared,
    Body(MeterTestRequest { asset: code, metric }): Body<MeterTestRequest>,
) -> Result<Json<MeterTestView>, Problem> {
    known(&code, &metric)?;
    let asset = asset(&app.picture(), &code)?.code.clone();
    ask(&app, |reply| EnergyCall::Test { asset, metric, reply }).await.map(Json)
}

/// Cuts slots again out of the readings there are: after damage, or when late readings were taken from another system.
#[utoipa::path(
    post, path = "/api/v1/energy/recount", tag = "energy", request_body = RecountRequest,
    responses((status = 202, description = "Will be done; what changes has a new version"))
)]
pub(crate) async fn recount(
    State(app): Shared,
    by: Actor,
    Body(RecountRequest { from, to }): Body<RecountRequest>,
) -> Result<StatusCode, Problem> {
    if from > to {
        return Err(Problem::new(Kind::Invalid, "expected `from` not after `to`").field("from"));
    }
    let command = Command::RecountSlots { from: from.into(), to: to.into() };
    let Answer::Recounting = app.command(by, command).await? else {
        return Err(wrong_answer());
    };
    Ok(StatusCode::ACCEPTED)
}

fn known(asset: &str, metric: &str) -> Result<(), Problem> {
    let detail = "expected 1 to 64 bytes without control characters";
    for (field, name) in [("asset", asset), ("metric", metric)] {
        if !is_name(name) {
            return Err(Problem::new(Kind::Invalid, detail).field(field));
        }
    }
    Ok(())
}

pub(crate) async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> EnergyCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Energy(call(reply))).await
}
