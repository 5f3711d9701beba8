//! Residents and their keys: coming to a key by a letter, coming in with it, objecting to one, losing one. Every key is
//! shown to everybody of the building.

use crate::access::{Caller, Visit};
use crate::actor::Actor;
use crate::app::{App, Shared, wrong_answer};
use crate::extract::{Id, Json as Body};
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::request::{BindRequest, EntryRequest, HomeAnswer, HomeCall, HomeCommand};
use crate::routes::energy::NotHere;
use crate::routes::registry::{act, ask, person};
use crate::routes::session::{WithCookie, own_page_only, welcome};
use crate::serve::Connection;
use crate::view::{CodeView, KeysView, LettersView, ResidentView};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use protocol::PublicKey;
use protocol::assembly::{Entry, SignedBinding};
use protocol::hex::unhex;
use qrcode::QrCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Text of a QR code, bytes.
const SQUARE_BYTES_MAX: usize = 500;

/// Something to sign, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ChallengeView {
    /// 32 hex digits.
    challenge: String,
    /// Address of the building's node.
    address: String,
    /// The hive's id.
    chain: String,
}

/// Who a letter was made for. The path carries the key of its code, which nobody can guess.
#[utoipa::path(
    get, path = "/api/v1/residents/codes/{id}", tag = "residents", security(()),
    params(("id" = String, Path, description = "Public key of the code: 64 hex digits")),
    responses((status = 200, description = "Is that you?", body = CodeView))
)]
pub(crate) async fn code(State(app): Shared, Id(id): Id) -> Result<Json<CodeView>, Problem> {
    let key = key(&id)?;
    ask(&app, |reply| HomeCall::Code { key, reply }).await.map(Json)
}

/// Binds a key to the person whom a code was made for, once.
#[utoipa::path(
    post, path = "/api/v1/residents/bindings", tag = "residents", security(()), request_body = BindRequest,
    responses((status = 200, description = "Bound; owners may object for a while", body = ResidentView), NotHere)
)]
pub(crate) async fn bind(
    State(app): Shared,
    headers: HeaderMap,
    Body(request): Body<BindRequest>,
) -> Result<Json<ResidentView>, Problem> {
    own_page_only(&headers)?;
    let wrong = |detail: String| Problem::new(Kind::Invalid, detail).field("binding");
    let bytes = unhex(&request.binding).ok_or_else(|| wrong("expected hex digits in pairs".to_owned()))?;
    let (_, chain) = ask(&app, HomeCall::Place).await?;
    let signed = SignedBinding::open(&bytes, &chain).map_err(|error| wrong(error.to_string()))?;
    act(&app, Actor::stranger(), HomeCommand::Bind(Box::new(signed))).await?;
    resident(&app, signed.binding.voter).await
}

/// Something for a key to sign, so that its owner comes in.
#[utoipa::path(
    post, path = "/api/v1/residents/challenge", tag = "residents", security(()),
    responses((status = 200, description = "Good for two minutes, once", body = ChallengeView), NotHere)
)]
pub(crate) async fn challenge(
    State(app): Shared,
    headers: HeaderMap,
) -> Result<Json<ChallengeView>, Problem> {
    own_page_only(&headers)?;
    let (address, chain) = ask(&app, HomeCall::Place).await?;
    let challenge = app.access.challenge().to_string();
    Ok(Json(ChallengeView { challenge, address: address.to_string(), chain: chain.to_string() }))
}

/// Comes in with a key.
#[utoipa::path(
    post, path = "/api/v1/residents/session", tag = "residents", security(()), request_body = EntryRequest,
    responses((status = 200, description = "Signed in", body = crate::SessionView), NotHere)
)]
pub(crate) async fn enter(
    State(app): Shared,
    connection: Connection,
    headers: HeaderMap,
    Body(request): Body<EntryRequest>,
) -> Result<WithCookie, Problem> {
    own_page_only(&headers)?;
    let wrong = |field: &'static str| {
        move |_| Problem::new(Kind::Invalid, "expected hexadecimal digits").field(field)
    };
    let voter: PublicKey = request.key.parse().map_err(wrong("key"))?;
    let challenge = request.challenge.parse().map_err(wrong("challenge"))?;
    let signature = request.signature.parse().map_err(wrong("signature"))?;
    let visit = Visit { headers: &headers, connection };
    app.access.spend(&challenge, &visit)?;
    let (building, chain) = ask(&app, HomeCall::Place).await?;
    let refused = |_| Problem::new(Kind::Unauthorized, "the key did not sign this").field("signature");
    Entry { building, voter, challenge }.verify(&signature, &chain).map_err(refused)?;
    let stranger = |_| Problem::new(Kind::Unauthorized, "no resident has this key").field("key");
    let known = ask(&app, |reply| HomeCall::Resident { key: voter, reply }).await.map_err(stranger)?;
    Ok(welcome(&app, connection, app.access.with_key(known.person, known.name, voter, &visit)))
}

/// Who I am in this building: lots, offices, keys.
#[utoipa::path(
    get, path = "/api/v1/residents/me", tag = "residents",
    responses(
        (status = 200, description = "As the registry has it today", body = ResidentView),
        (
            status = 409, description = "Not in with a resident's key", body = ProblemDocument,
            content_type = "application/problem+json"
        ), NotHere)
)]
pub(crate) async fn me(State(app): Shared, caller: Caller) -> Result<Json<ResidentView>, Problem> {
    let detail = "you came in without a resident's key";
    let key = app.access.key_of(&caller).ok_or_else(|| Problem::new(Kind::Conflict, detail))?;
    resident(&app, key).await
}

/// Every key of this building's residents, and what waits for two persons.
#[utoipa::path(
    get, path = "/api/v1/residents/keys", tag = "residents",
    responses((status = 200, description = "By person and time", body = KeysView))
)]
pub(crate) async fn keys(State(app): Shared) -> Result<Json<KeysView>, Problem> {
    ask(&app, HomeCall::Keys).await.map(Json)
}

/// A code for another device of one's own.
#[utoipa::path(
    post, path = "/api/v1/residents/devices", tag = "residents",
    responses((status = 201, description = "The code is shown this once", body = LettersView), NotHere)
)]
pub(crate) async fn add_device(
    State(app): Shared,
    by: Actor,
) -> Result<(StatusCode, Json<LettersView>), Problem> {
    letter(act(&app, by, HomeCommand::AddDevice).await?)
}

/// Objects to a key while there is time.
#[utoipa::path(
    post, path = "/api/v1/residents/keys/{id}/objection", tag = "residents", params(("id" = String, Path)),
    responses((status = 200, description = "It signs nothing until that is settled", body = KeysView))
)]
pub(crate) async fn object(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<KeysView>, Problem> {
    act(&app, by, HomeCommand::Object(key(&id)?)).await?;
    ask(&app, HomeCall::Keys).await.map(Json)
}

/// Sets an objection aside: a member of the council does.
#[utoipa::path(
    delete, path = "/api/v1/residents/keys/{id}/objection", tag = "residents", params(("id" = String, Path)),
    responses((status = 200, description = "The time for objections begins anew", body = KeysView))
)]
pub(crate) async fn set_aside(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<KeysView>, Problem> {
    act(&app, by, HomeCommand::SetAside(key(&id)?)).await?;
    ask(&app, HomeCall::Keys).await.map(Json)
}

/// Ends a key of one's own.
#[utoipa::path(
    delete, path = "/api/v1/residents/keys/{id}", tag = "residents", params(("id" = String, Path)),
    responses((status = 204, description = "It signs nothing from the next block on"))
)]
pub(crate) async fn end(State(app): Shared, by: Actor, Id(id): Id) -> Result<StatusCode, Problem> {
    let key = key(&id)?;
    act(&app, by, HomeCommand::End(key)).await?;
    app.access.end_key(&key);
    Ok(StatusCode::NO_CONTENT)
}

/// Says that a person lost every key: the syndic does.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/loss", tag = "residents", params(("id" = String, Path)),
    responses((status = 200, description = "Waits for a member of the council", body = KeysView))
)]
pub(crate) async fn lose(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<KeysView>, Problem> {
    act(&app, by, HomeCommand::Lose(person(&id)?)).await?;
    ask(&app, HomeCall::Keys).await.map(Json)
}

/// The council agrees: earlier keys end, and there is a code for another one.
#[utoipa::path(
    post, path = "/api/v1/residents/{id}/loss/agreed", tag = "residents", params(("id" = String, Path)),
    responses((status = 201, description = "The code is shown this once", body = LettersView))
)]
pub(crate) async fn agree(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
) -> Result<(StatusCode, Json<LettersView>), Problem> {
    letter(act(&app, by, HomeCommand::Agree(person(&id)?)).await?)
}

/// A text for a camera.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SquareRequest {
    /// At most 500 bytes.
    text: String,
}

/// A square for a camera, without its white border.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SquareView {
    /// Rows of `1` for black and `0` for white.
    rows: Vec<String>,
}

/// A text as a QR code. Nothing is kept of it.
#[utoipa::path(
    post, path = "/api/v1/residents/qr", tag = "residents", request_body = SquareRequest,
    responses((status = 200, description = "To be drawn", body = SquareView), NotHere)
)]
pub(crate) async fn square(Body(request): Body<SquareRequest>) -> Result<Json<SquareView>, Problem> {
    let found = request.text.len();
    if found > SQUARE_BYTES_MAX {
        let detail = format!("expected at most {SQUARE_BYTES_MAX} bytes, found {found}");
        return Err(Problem::new(Kind::Invalid, detail).field("text"));
    }
    let wrong = |error: qrcode::types::QrError| Problem::new(Kind::Invalid, error.to_string()).field("text");
    let code = QrCode::new(request.text).map_err(wrong)?;
    let cell = |colour: &qrcode::Color| if *colour == qrcode::Color::Dark { '1' } else { '0' };
    let rows = code.to_colors().chunks(code.width()).map(|row| row.iter().map(cell).collect()).collect();
    Ok(Json(SquareView { rows }))
}

async fn resident(app: &App, key: PublicKey) -> Result<Json<ResidentView>, Problem> {
    ask(app, |reply| HomeCall::Resident { key, reply }).await.map(Json)
}

fn letter(answer: HomeAnswer) -> Result<(StatusCode, Json<LettersView>), Problem> {
    match answer {
        HomeAnswer::Letters(letters) => Ok((StatusCode::CREATED, Json(letters))),
        HomeAnswer::Done
        | HomeAnswer::Assembly(_)
        | HomeAnswer::Poll(_)
        | HomeAnswer::Taken(..)
        | HomeAnswer::Promised(_)
        | HomeAnswer::Standing(_) => Err(wrong_answer()),
    }
}

fn key(text: &str) -> Result<PublicKey, Problem> {
    text.parse().map_err(|_| crate::app::unknown("key", text))
}
