//! What anybody may ask about a ballot, also of another building, without being known here: whether it stands on the
//! ledger; and what anybody may leave here: a ballot's commitment that its own node does not take, a promise to watch.

use crate::actor::Actor;
use crate::app::{Shared, unknown, wrong_answer};
use crate::extract::{Id, Json as Body};
use crate::problem::{Kind, Problem};
use crate::request::{HomeAnswer, HomeCall, HomeCommand, PromiseRequest, QueryCall, SlipRequest};
use crate::routes::energy::NotHere;
use crate::routes::registry::{act, ask};
use crate::routes::session::own_page_only;
use crate::view::{FoundView, PromiseView, WatchedView};
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use protocol::assembly::SignedPromise;
use protocol::hex::unhex;

/// Hex digits of the words of a receipt: 88 bits.
const DIGITS_MIN: usize = 22;

/// Looks for a ballot by the first digits of its commitment, which its tracker words name.
#[utoipa::path(
    get, path = "/api/v1/receipts/{id}", tag = "receipts", security(()),
    params(("id" = String, Path, description = "22 to 64 hex digits")),
    responses((status = 200, description = "With the proof of each; empty when there is none", body = FoundView))
)]
pub(crate) async fn find(State(app): Shared, Id(id): Id) -> Result<Json<FoundView>, Problem> {
    let is_prefix = (DIGITS_MIN..=64).contains(&id.len()) && id.len().is_multiple_of(2);
    let prefix = unhex(&id).filter(|_| is_prefix).ok_or_else(|| unknown("ballot", &id))?;
    let mut found = ask(&app, |reply| HomeCall::Find { prefix, reply }).await?;
    let picture = app.picture();
    let name = |address: &str| {
        let member = picture.members.iter().find(|member| member.id == address);
        member.map_or_else(|| address.to_owned(), |member| member.name.clone())
    };
    found.building = name(&found.building);
    for ballot in &mut found.ballots {
        ballot.building = name(&ballot.building);
        let id = ballot.transaction.clone();
        ballot.proof = app.query(|reply| QueryCall::Proof { id, reply }).await.ok();
    }
    Ok(Json(found))
}

/// Takes the commitment to a ballot of another building and promises that it will stand on the ledger.
#[utoipa::path(
    post, path = "/api/v1/receipts/ballots", tag = "receipts", security(()), request_body = SlipRequest,
    responses((status = 200, description = "Promised", body = PromiseView), NotHere)
)]
pub(crate) async fn carry(
    State(app): Shared,
    headers: HeaderMap,
    Body(request): Body<SlipRequest>,
) -> Result<Json<PromiseView>, Problem> {
    own_page_only(&headers)?;
    let wrong = |field: &'static str| {
        move |_| Problem::new(Kind::Invalid, "expected 64 hexadecimal digits").field(field)
    };
    let vote = request.vote.parse().map_err(wrong("vote"))?;
    let commitment = request.commitment.parse().map_err(wrong("commitment"))?;
    let command = HomeCommand::Carry { vote, commitment };
    let HomeAnswer::Promised(promised) = act(&app, Actor::stranger(), command).await? else {
        return Err(wrong_answer());
    };
    Ok(Json(promised))
}

/// Hands in a node's promise: one that was not kept goes on record, others are watched.
#[utoipa::path(
    post, path = "/api/v1/receipts/promises", tag = "receipts", security(()), request_body = PromiseRequest,
    responses((status = 200, description = "How it stands", body = WatchedView), NotHere)
)]
pub(crate) async fn watch(
    State(app): Shared,
    headers: HeaderMap,
    Body(request): Body<PromiseRequest>,
) -> Result<Json<WatchedView>, Problem> {
    own_page_only(&headers)?;
    let wrong = |detail: String| Problem::new(Kind::Invalid, detail).field("promise");
    let bytes = unhex(&request.promise).ok_or_else(|| wrong("expected hex digits in pairs".to_owned()))?;
    let (_, chain) = ask(&app, HomeCall::Place).await?;
    let promise = SignedPromise::open(&bytes, &chain).map_err(|error| wrong(error.to_string()))?;
    let by = promise.promise.by.0;
    let answer = act(&app, Actor::stranger(), HomeCommand::Watch(Box::new(promise))).await?;
    let HomeAnswer::Standing(state) = answer else { return Err(wrong_answer()) };
    Ok(Json(WatchedView { state, by }))
}
