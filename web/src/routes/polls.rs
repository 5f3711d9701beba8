//! Polls: one head, one vote, and nothing is decided by them.

use crate::actor::Actor;
use crate::app::{App, Shared, unknown, wrong_answer};
use crate::extract::{Id, Json as Body};
use crate::list::Page;
use crate::problem::{Kind, Problem};
use crate::request::{HomeAnswer, HomeCall, HomeCommand, PollAnswerRequest, PollDraft};
use crate::routes::energy::NotHere;
use crate::routes::registry::{act, ask};
use crate::view::{JointQuestionView, PollView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::assembly::SignedPollBallot;
use protocol::hex::unhex;

/// The polls of this building, newest first.
#[utoipa::path(
    get, path = "/api/v1/polls", tag = "assemblies",
    responses((status = 200, description = "Totals once a poll is closed", body = Page<PollView>), NotHere)
)]
pub(crate) async fn list(State(app): Shared, by: Actor) -> Result<Json<Page<PollView>>, Problem> {
    let items = ask(&app, |reply| HomeCall::Polls { by, reply }).await?;
    Ok(Json(Page { items, next: None }))
}

/// Questions that the authorities put to several buildings, with how each decided.
#[utoipa::path(
    get, path = "/api/v1/assemblies/joint", tag = "assemblies",
    responses((status = 200, description = "As the ledger has it", body = Page<JointQuestionView>), NotHere)
)]
pub(crate) async fn joint(State(app): Shared) -> Result<Json<Page<JointQuestionView>>, Problem> {
    let items = ask(&app, HomeCall::JointQuestions).await?;
    Ok(Json(Page { items, next: None }))
}

/// Puts a question to everybody of the building: the syndic does.
#[utoipa::path(
    post, path = "/api/v1/polls", tag = "assemblies", request_body = PollDraft,
    responses((status = 201, description = "On its way to the ledger, which is told no text", body = PollView), NotHere)
)]
pub(crate) async fn begin(
    State(app): Shared,
    by: Actor,
    Body(draft): Body<PollDraft>,
) -> Result<(StatusCode, Json<PollView>), Problem> {
    let answer = act(&app, by.clone(), HomeCommand::AskPoll(Box::new(draft))).await?;
    Ok((StatusCode::CREATED, one(&app, by, answer).await?))
}

/// Answers a poll. A later answer of the same person counts instead of an earlier one.
#[utoipa::path(
    post, path = "/api/v1/polls/{id}/answers", tag = "assemblies",
    params(("id" = String, Path, description = "By the building's number")), request_body = PollAnswerRequest,
    responses((status = 200, description = "On this node's disk", body = PollView))
)]
pub(crate) async fn answer(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(request): Body<PollAnswerRequest>,
) -> Result<Json<PollView>, Problem> {
    let number: u32 = id.parse().map_err(|_| unknown("poll", &id))?;
    let polls = ask(&app, |reply| HomeCall::Polls { by: by.clone(), reply }).await?;
    if !polls.iter().any(|poll| poll.number == number) {
        return Err(unknown("poll", &id));
    }
    let wrong = |detail: String| Problem::new(Kind::Invalid, detail).field("ballot");
    let bytes = unhex(&request.ballot).ok_or_else(|| wrong("expected hex digits in pairs".to_owned()))?;
    let (_, chain) = ask(&app, HomeCall::Place).await?;
    let opened = SignedPollBallot::open(&bytes, &chain).map_err(|error| wrong(error.to_string()))?;
    let signed = Box::new(opened.signed().clone());
    let answered = act(&app, by.clone(), HomeCommand::AnswerPoll(signed)).await?;
    one(&app, by, answered).await
}

async fn one(app: &App, by: Actor, answer: HomeAnswer) -> Result<Json<PollView>, Problem> {
    let HomeAnswer::Poll(number) = answer else { return Err(wrong_answer()) };
    let polls = ask(app, |reply| HomeCall::Polls { by, reply }).await?;
    polls.into_iter().find(|poll| poll.number == number).map(Json).ok_or_else(wrong_answer)
}
