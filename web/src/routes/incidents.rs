//! What buildings tell each other of incidents that are over.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Json as Body, Query};
use crate::problem::{Problem, ProblemDocument};
use crate::request::{Answer, Command, IncidentCall, QueryCall, Reply};
use crate::view::{CardDraft, CardPreview, HandInDraft, HintView, LearntView, OwnCardsView, WithdrawalDraft};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

/// What is looked for; what is not said may be anything.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// `water_riser` and so on.
    system: Option<String>,
    /// `leak` and so on.
    symptom: Option<String>,
    /// Litres an hour: `under_5`, `5_20`, `20_100` or `from_100`.
    flow: Option<String>,
}

/// Of what.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// Id of an alert; either this or `work_order`.
    alert: Option<String>,
    /// Id of a work order of this building.
    work_order: Option<String>,
}

/// What other buildings did, from the cards that are here. Nobody learns that it was asked.
#[utoipa::path(
    get, path = "/api/v1/incidents", tag = "incidents", params(Wanted),
    responses((status = 200, description = "The most alike first", body = LearntView))
)]
pub(crate) async fn learn(
    State(app): Shared,
    Query(Wanted { system, symptom, flow }): Query<Wanted>,
) -> Result<Json<LearntView>, Problem> {
    ask(&app, |reply| IncidentCall::Learn { system, symptom, flow, reply }).await.map(Json)
}

/// What this building can tell by itself of an alert or a work order, and what others did about the same.
#[utoipa::path(
    get, path = "/api/v1/incidents/hint", tag = "incidents", params(About),
    responses(
        (status = 200, description = "Words to begin with", body = HintView),
        (
            status = 404, description = "There is no such alert or work order", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn hint(
    State(app): Shared,
    Query(About { alert, work_order }): Query<About>,
) -> Result<Json<HintView>, Problem> {
    ask(&app, |reply| IncidentCall::Hint { alert, work_order, reply }).await.map(Json)
}

/// Exactly what would leave. Nothing leaves.
#[utoipa::path(
    post, path = "/api/v1/incidents/preview", tag = "incidents", request_body = CardDraft,
    responses(
        (status = 200, description = "The card", body = CardPreview),
        (
            status = 404, description = "There is no such alert or work order", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
        (
            status = 409, description = "It is not over, or it would tell which building this is",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
        (
            status = 422, description = "A word that is not on its list", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn preview(
    State(app): Shared,
    Body(draft): Body<CardDraft>,
) -> Result<Json<CardPreview>, Problem> {
    ask(&app, |reply| IncidentCall::Preview { draft: Box::new(draft), reply }).await.map(Json)
}

/// Hands the card in that was shown. It is let out when the week is over, together with those of other buildings.
#[utoipa::path(
    post, path = "/api/v1/incidents", tag = "incidents", request_body = HandInDraft,
    responses(
        (status = 202, description = "It waits for the relay", body = OwnCardsView),
        (
            status = 404, description = "There is no such alert or work order", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
        (
            status = 409, description = "It was handed in before, or has changed since it was shown",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
        (
            status = 429, description = "As many as a building may hand in", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn hand_in(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<HandInDraft>,
) -> Result<(StatusCode, Json<OwnCardsView>), Problem> {
    order(&app, by, Command::HandInCard(Box::new(draft))).await
}

/// Cards that this building handed in, and how far they are.
#[utoipa::path(
    get, path = "/api/v1/incidents/own", tag = "incidents",
    responses((status = 200, description = "Newest first", body = OwnCardsView))
)]
pub(crate) async fn own(State(app): Shared) -> Result<Json<OwnCardsView>, Problem> {
    ask(&app, IncidentCall::Own).await.map(Json)
}

/// Asks that a contractor who objects be taken off every card, on every node.
#[utoipa::path(
    post, path = "/api/v1/incidents/withdrawals", tag = "incidents", request_body = WithdrawalDraft,
    responses(
        (status = 202, description = "It waits for the relay", body = OwnCardsView),
        (
            status = 422, description = "Not a company number", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn withdraw(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<WithdrawalDraft>,
) -> Result<(StatusCode, Json<OwnCardsView>), Problem> {
    order(&app, by, Command::WithdrawContractor { contractor: draft.contractor }).await
}

async fn order(app: &App, by: Actor, command: Command) -> Result<(StatusCode, Json<OwnCardsView>), Problem> {
    let Answer::Incidents(view) = app.command(by, command).await? else { return Err(wrong_answer()) };
    Ok((StatusCode::ACCEPTED, Json(*view)))
}

async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> IncidentCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Incident(call(reply))).await
}
