//! Assemblies of this building: prepared and announced by the syndic, voted on by whoever has a key, counted for all to
//! see. Ballots are signed where the voter is; here they are only taken and promised.

use crate::actor::Actor;
use crate::app::{App, Shared, unknown, wrong_answer};
use crate::extract::{Id, Ids, Json as Body, Large};
use crate::list::Page;
use crate::problem::{Kind, Problem};
use crate::request::{
    AnnounceRequest, AssemblyDraft, HandInRequest, HandedIn, HomeAnswer, HomeCall, HomeCommand,
    MinutesSignatureRequest, ResultSignaturesRequest,
};
use crate::routes::energy::NotHere;
use crate::routes::registry::{act, ask};
use crate::view::{AssemblyView, MinutesView, TakenView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::Digest;
use protocol::assembly::{SignedBallot, SignedPaper, SignedProxy};
use protocol::hex::unhex;

/// Body of a draft, bytes.
const DRAFT_BODY_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The assemblies of this building, newest first.
#[utoipa::path(
    get, path = "/api/v1/assemblies", tag = "assemblies",
    responses((status = 200, description = "Drafts are for the syndic and operators", body = Page<AssemblyView>))
)]
pub(crate) async fn list(State(app): Shared, by: Actor) -> Result<Json<Page<AssemblyView>>, Problem> {
    let items = ask(&app, |reply| HomeCall::Assemblies { by, reply }).await?;
    Ok(Json(Page { items, next: None }))
}

/// Prepares an assembly.
#[utoipa::path(
    post, path = "/api/v1/assemblies", tag = "assemblies", request_body = AssemblyDraft,
    responses((status = 201, description = "A draft that nobody else is told of", body = AssemblyView), NotHere)
)]
pub(crate) async fn prepare(
    State(app): Shared,
    by: Actor,
    Large(draft): Large<AssemblyDraft, DRAFT_BODY_BYTES_MAX>,
) -> Result<(StatusCode, Json<AssemblyView>), Problem> {
    let command = HomeCommand::Prepare { number: None, draft: Box::new(draft) };
    let view = show(&app, by.clone(), act(&app, by, command).await?).await?;
    Ok((StatusCode::CREATED, view))
}

/// One assembly.
#[utoipa::path(
    get, path = "/api/v1/assemblies/{id}", tag = "assemblies", params(("id" = String, Path)),
    responses((status = 200, description = "By the building's number", body = AssemblyView))
)]
pub(crate) async fn one(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<AssemblyView>, Problem> {
    let number = number(&id)?;
    ask(&app, |reply| HomeCall::Assembly { by, number, reply }).await.map(Json)
}

/// Changes a draft.
#[utoipa::path(
    put, path = "/api/v1/assemblies/{id}", tag = "assemblies", params(("id" = String, Path)),
    request_body = AssemblyDraft, responses((status = 200, description = "As it is now", body = AssemblyView))
)]
pub(crate) async fn change(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Large(draft): Large<AssemblyDraft, DRAFT_BODY_BYTES_MAX>,
) -> Result<Json<AssemblyView>, Problem> {
    let command = HomeCommand::Prepare { number: Some(number(&id)?), draft: Box::new(draft) };
    show(&app, by.clone(), act(&app, by, command).await?).await
}

/// Drops a draft.
#[utoipa::path(
    delete, path = "/api/v1/assemblies/{id}", tag = "assemblies", params(("id" = String, Path)),
    responses((status = 204, description = "Gone"))
)]
pub(crate) async fn drop_draft(State(app): Shared, by: Actor, Id(id): Id) -> Result<StatusCode, Problem> {
    act(&app, by, HomeCommand::DropDraft(number(&id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Announces an assembly to the ledger. Nothing of it changes afterwards.
#[utoipa::path(
    post, path = "/api/v1/assemblies/{id}/announcement", tag = "assemblies", params(("id" = String, Path)),
    request_body = AnnounceRequest,
    responses((status = 200, description = "On its way to the ledger", body = AssemblyView))
)]
pub(crate) async fn announce(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(request): Body<AnnounceRequest>,
) -> Result<Json<AssemblyView>, Problem> {
    let command = HomeCommand::Announce { number: number(&id)?, blocks: request.blocks };
    show(&app, by.clone(), act(&app, by, command).await?).await
}

/// Takes a ballot, proxy or sheet, and promises in which block it will stand at the latest.
#[utoipa::path(
    post, path = "/api/v1/assemblies/{id}/ballots", tag = "assemblies", params(("id" = String, Path)),
    request_body = HandInRequest,
    responses((status = 200, description = "On this node's disk, and promised", body = TakenView))
)]
pub(crate) async fn hand_in(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(request): Body<HandInRequest>,
) -> Result<Json<TakenView>, Problem> {
    let number = number(&id)?;
    let (_, chain) = ask(&app, HomeCall::Place).await?;
    let wrong = |field: &'static str| {
        move |error: protocol::assembly::BallotError| {
            Problem::new(Kind::Invalid, error.to_string()).field(field)
        }
    };
    let read = |field: &'static str, text: &str| {
        let detail = "expected hex digits in pairs";
        unhex(text).ok_or_else(|| Problem::new(Kind::Invalid, detail).field(field))
    };
    let handed = match (&request.ballot, &request.proxy, &request.paper) {
        (Some(text), None, None) => {
            let opened = SignedBallot::open(&read("ballot", text)?, &chain).map_err(wrong("ballot"))?;
            HandedIn::Ballot(Box::new(opened.signed().clone()))
        }
        (None, Some(text), None) => {
            let opened = SignedProxy::open(&read("proxy", text)?, &chain).map_err(wrong("proxy"))?;
            HandedIn::Proxy(Box::new(opened.signed().clone()))
        }
        (None, None, Some(text)) => {
            let opened = SignedPaper::open(&read("paper", text)?, &chain).map_err(wrong("paper"))?;
            HandedIn::Paper(Box::new(opened))
        }
        (..) => return Err(Problem::new(Kind::Invalid, "expected one of ballot, proxy and paper")),
    };
    let HomeAnswer::Taken(found, commitment) = act(&app, by, HomeCommand::HandIn(handed)).await? else {
        return Err(wrong_answer());
    };
    if found != number {
        return Err(unknown("assembly", &id));
    }
    ask(&app, |reply| HomeCall::Taken { number, commitment, reply }).await.map(Json)
}

/// Where a ballot, proxy or sheet stands.
#[utoipa::path(
    get, path = "/api/v1/assemblies/{id}/ballots/{commitment}", tag = "assemblies",
    params(("id" = String, Path), ("commitment" = String, Path, description = "64 hex digits")),
    responses((status = 200, description = "As far as this node knows", body = TakenView))
)]
pub(crate) async fn find(State(app): Shared, Ids(id, commitment): Ids) -> Result<Json<TakenView>, Problem> {
    let number = number(&id)?;
    let commitment: Digest = commitment.parse().map_err(|_| unknown("ballot", &commitment))?;
    ask(&app, |reply| HomeCall::Taken { number, commitment, reply }).await.map(Json)
}

/// Takes what the chair or the syndic signed of the results. With both they go to the ledger.
#[utoipa::path(
    post, path = "/api/v1/assemblies/{id}/results", tag = "assemblies", params(("id" = String, Path)),
    request_body = ResultSignaturesRequest,
    responses((status = 200, description = "Signed", body = AssemblyView))
)]
pub(crate) async fn sign(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(request): Body<ResultSignaturesRequest>,
) -> Result<Json<AssemblyView>, Problem> {
    let wrong = |_| Problem::new(Kind::Invalid, "expected 128 hex digits each").field("signatures");
    let signatures = request.signatures.iter().map(|text| text.parse().map_err(wrong));
    let signatures = signatures.collect::<Result<Vec<_>, _>>()?;
    let command = HomeCommand::SignResults { number: number(&id)?, signatures };
    show(&app, by.clone(), act(&app, by, command).await?).await
}

/// The minutes of an assembly whose results stand on the ledger.
#[utoipa::path(
    get, path = "/api/v1/assemblies/{id}/minutes", tag = "assemblies", params(("id" = String, Path)),
    responses((status = 200, description = "With what chair and syndic sign", body = MinutesView), NotYet)
)]
pub(crate) async fn minutes(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<MinutesView>, Problem> {
    let number = number(&id)?;
    // Drafts and what is still open have none, whoever asks.
    ask(&app, |reply| HomeCall::Assembly { by, number, reply }).await?;
    ask(&app, |reply| HomeCall::Minutes { number, reply }).await.map(Json)
}

/// Takes what the chair or the syndic signed of the minutes. With both their hash goes to the ledger.
#[utoipa::path(
    post, path = "/api/v1/assemblies/{id}/minutes", tag = "assemblies", params(("id" = String, Path)),
    request_body = MinutesSignatureRequest,
    responses((status = 200, description = "Signed", body = MinutesView), NotYet)
)]
pub(crate) async fn sign_minutes(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(request): Body<MinutesSignatureRequest>,
) -> Result<Json<MinutesView>, Problem> {
    let number = number(&id)?;
    let wrong = |_| Problem::new(Kind::Invalid, "expected 128 hex digits").field("signature");
    let signature = request.signature.parse().map_err(wrong)?;
    act(&app, by, HomeCommand::SignMinutes { number, signature }).await?;
    ask(&app, |reply| HomeCall::Minutes { number, reply }).await.map(Json)
}

/// Its results are not on the ledger yet
#[derive(utoipa::IntoResponses)]
#[response(status = 409, content_type = "application/problem+json")]
pub(crate) struct NotYet(#[expect(dead_code, reason = "only described")] crate::problem::ProblemDocument);

pub(crate) async fn show(app: &App, by: Actor, answer: HomeAnswer) -> Result<Json<AssemblyView>, Problem> {
    let HomeAnswer::Assembly(number) = answer else { return Err(wrong_answer()) };
    ask(app, |reply| HomeCall::Assembly { by, number, reply }).await.map(Json)
}

pub(crate) fn number(id: &str) -> Result<u32, Problem> {
    id.parse().map_err(|_| unknown("assembly", id))
}
