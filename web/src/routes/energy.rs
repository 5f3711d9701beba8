//! The building's energy: what flows now, closed slots, their sums, what is missing, and the meters that tell it.

use crate::actor::Actor;
use crate::app::{App, Shared, asset, wrong_answer};
use crate::extract::{Id, Json as Body, Query};
use crate::list::{LIMIT_DEFAULT, LIMIT_MAX, Page, Paging, cut, limit, page};
use crate::payload::named;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{
    Answer, Command, EnergyCall, MeterTestRequest, MetersDraft, QueryCall, RecountRequest, ReleaseRequest,
    Reply,
};
use crate::routes::csv::file;
use crate::routes::metrics::time;
use crate::steps::{Edges, Step};
use crate::view::{
    DisputeView, EnergyNowView, EnergyTotalsView, MeterTestView, MetersView, MissingView, ReleaseView,
    SlotView,
};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use protocol::UnixMs;
use protocol::limits::{METERS_MAX, RELEASE_REASON_BYTES_MAX};
use serde::Deserialize;
use utoipa::{IntoParams, IntoResponses};

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

/// A word of a closed vocabulary as JSON spells it; empty where there is none.
pub(crate) fn put_words(value: serde_json::Result<serde_json::Value>) -> String {
    match value {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => String::new(),
    }
}

fn put_row(text: &mut String, slot: &SlotView) {
    let figures = [slot.import_wh, slot.export_wh, slot.production_wh, slot.consumption_wh]
        .map(|wh| wh.map(|wh| wh.to_string()).unwrap_or_default());
    let quality = put_words(serde_json::to_value(slot.quality));
    let held = put_words(serde_json::to_value(slot.held));
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
        NoCounter,
    )
)]
pub(crate) async fn plan(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<MetersDraft>,
) -> Result<Json<MetersView>, Problem> {
    let picture = app.picture();
    for meter in draft.meters.iter().flatten() {
        named("asset", &meter.asset)?;
        named("metric", &meter.metric)?;
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
        NoCounter,
    )
)]
pub(crate) async fn test(
    State(app): Shared,
    Body(MeterTestRequest { asset: code, metric }): Body<MeterTestRequest>,
) -> Result<Json<MeterTestView>, Problem> {
    named("asset", &code)?;
    named("metric", &metric)?;
    let asset = asset(&app.picture(), &code)?.code.clone();
    ask(&app, |reply| EnergyCall::Test { asset, metric, reply }).await.map(Json)
}

/// Lets a slot pass that was held back because it cannot be true by the building's own limits. It is stated and settled from
/// then on, where its period is final as a correction; other figures of the same slot are held back anew.
#[utoipa::path(
    post, path = "/api/v1/energy/slots/{id}/release", tag = "energy", request_body = ReleaseRequest,
    params(("id" = String, Path, description = "Start of the slot in milliseconds since 1970", example = "1794787200000")),
    responses(
        (status = 204, description = "It is stated from now on"),
        (
            status = 404, description = "No slot of this building starts then",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
        (
            status = 409, description = "It is not held back, or has more energy than any slot may state",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn release(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(ReleaseRequest { reason }): Body<ReleaseRequest>,
) -> Result<StatusCode, Problem> {
    let wrong = |_| Problem::new(Kind::Invalid, "expected the `id` of a slot").field("id");
    let start = UnixMs(id.parse::<i64>().map_err(wrong)?);
    if !(1..=RELEASE_REASON_BYTES_MAX).contains(&reason.trim().len()) {
        let detail = format!("expected a reason of 1 to {RELEASE_REASON_BYTES_MAX} bytes");
        return Err(Problem::new(Kind::Invalid, detail).field("reason"));
    }
    let Answer::Released = app.command(by, Command::ReleaseSlot { start, reason }).await? else {
        return Err(wrong_answer());
    };
    Ok(StatusCode::NO_CONTENT)
}

/// Slots that an operator let pass, with the reasons.
#[utoipa::path(
    get, path = "/api/v1/energy/releases", tag = "energy", params(Paging),
    responses((status = 200, description = "Newest slot first", body = Page<ReleaseView>))
)]
pub(crate) async fn releases(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<ReleaseView>>, Problem> {
    let all = ask(&app, EnergyCall::Releases).await?;
    page(all.iter(), |release| &release.id, &paging).map(Json)
}

/// Slots that somebody found settled wrong, or that two desks did not agree on, with what most desks found.
#[utoipa::path(
    get, path = "/api/v1/energy/disputes", tag = "energy", params(Stretch),
    responses((status = 200, description = "Newest slot first, 1,000 at the most", body = Vec<DisputeView>))
)]
pub(crate) async fn disputes(
    State(app): Shared,
    Query(stretch): Query<Stretch>,
) -> Result<Json<Vec<DisputeView>>, Problem> {
    let (from, to) = stretch.range(&app)?;
    ask(&app, |reply| EnergyCall::Disputes { from, to, reply }).await.map(Json)
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

/// There is no such asset, or it has not reported this metric
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
pub(crate) struct NoCounter(#[expect(dead_code, reason = "only described")] ProblemDocument);

/// There is no such person, key, code, dwelling or assembly here
#[derive(IntoResponses)]
#[response(status = 404, content_type = "application/problem+json")]
pub(crate) struct NotHere(#[expect(dead_code, reason = "only described")] ProblemDocument);

pub(crate) async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> EnergyCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Energy(call(reply))).await
}
