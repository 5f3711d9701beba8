//! What became of machines after an alert, here and in other buildings.

use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Json as Body, Query};
use crate::problem::{Problem, ProblemDocument};
use crate::request::{Answer, Command, IncidentCall, QueryCall, Reply};
use crate::view::{
    OwnSurvivalsView, SurvivalDraft, SurvivalHandIn, SurvivalHintView, SurvivalPreview, SurvivalView,
};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

/// Of which machines.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machines {
    /// `pump` and so on.
    part: String,
    /// `vibration_7_1_11_2` and so on; anything where it is not said.
    sign: Option<String>,
    /// Years, `10_15` and so on; any where it is not said.
    age: Option<String>,
}

/// Of what.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    /// Id of an alert.
    alert: String,
}

/// How many similar machines failed how soon after such an alert, from the cards that are here. Nobody learns that it was
/// asked, and no number is told that rests on few.
#[utoipa::path(
    get, path = "/api/v1/survivals", tag = "incidents", params(Machines),
    responses(
        (status = 200, description = "What became of them, or that they are too few", body = SurvivalView),
        (
            status = 422, description = "A word that is not on its list", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn learn(
    State(app): Shared,
    Query(Machines { part, sign, age }): Query<Machines>,
) -> Result<Json<SurvivalView>, Problem> {
    ask(&app, |reply| IncidentCall::Survived { part, sign, age, reply }).await.map(Json)
}

/// What this building can tell by itself of the machine behind an alert, and what became of similar ones.
#[utoipa::path(
    get, path = "/api/v1/survivals/hint", tag = "incidents", params(About),
    responses(
        (status = 200, description = "Words to begin with", body = SurvivalHintView),
        (
            status = 404, description = "There is no such alert, or it tells nothing of a machine",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn hint(
    State(app): Shared,
    Query(About { alert }): Query<About>,
) -> Result<Json<SurvivalHintView>, Problem> {
    ask(&app, |reply| IncidentCall::SurvivalHint { alert, reply }).await.map(Json)
}

/// Exactly what would leave. Nothing leaves.
#[utoipa::path(
    post, path = "/api/v1/survivals/preview", tag = "incidents", request_body = SurvivalDraft,
    responses(
        (status = 200, description = "The card", body = SurvivalPreview),
        (
            status = 404, description = "There is no such alert, or it tells nothing of a machine",
            body = ProblemDocument, content_type = "application/problem+json"
        ),
        (
            status = 409, description = "It is too early to tell, or it would tell which building this is",
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
    Body(draft): Body<SurvivalDraft>,
) -> Result<Json<SurvivalPreview>, Problem> {
    ask(&app, |reply| IncidentCall::SurvivalPreview { draft, reply }).await.map(Json)
}

/// Hands the card in that was shown. It is let out when the week is over, together with those of other buildings.
#[utoipa::path(
    post, path = "/api/v1/survivals", tag = "incidents", request_body = SurvivalHandIn,
    responses(
        (status = 202, description = "It waits for the relay", body = OwnSurvivalsView),
        (
            status = 404, description = "There is no such alert, or it tells nothing of a machine",
            body = ProblemDocument, content_type = "application/problem+json"
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
    Body(draft): Body<SurvivalHandIn>,
) -> Result<(StatusCode, Json<OwnSurvivalsView>), Problem> {
    let answer = app.command(by, Command::HandInSurvival(Box::new(draft))).await?;
    let Answer::Survivals(view) = answer else { return Err(wrong_answer()) };
    Ok((StatusCode::ACCEPTED, Json(*view)))
}

/// Cards of machines that this building handed in, and how far they are.
#[utoipa::path(
    get, path = "/api/v1/survivals/own", tag = "incidents",
    responses((status = 200, description = "Newest first", body = OwnSurvivalsView))
)]
pub(crate) async fn own(State(app): Shared) -> Result<Json<OwnSurvivalsView>, Problem> {
    ask(&app, IncidentCall::OwnSurvivals).await.map(Json)
}

async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> IncidentCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Incident(call(reply))).await
}
