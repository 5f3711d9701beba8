//! In the room: for whom somebody may speak, who is there, and paper, which two persons enter, each with the own key.

use crate::actor::Actor;
use crate::app::{App, Shared, unknown, wrong_answer};
use crate::extract::{Id, Ids, Json as Body, Large};
use crate::list::Page;
use crate::problem::{Kind, Problem};
use crate::request::{HomeAnswer, HomeCall, HomeCommand, PresencesRequest, SheetRequest};
use crate::routes::assemblies::{number, show};
use crate::routes::energy::NotHere;
use crate::routes::registry::{act, ask};
use crate::view::{AssemblyView, SheetView, VoiceView};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::Digest;
use protocol::assembly::Paper;
use protocol::hex::unhex;
use protocol::limits::PRESENCES_MAX;

/// Body with everybody who is there, bytes.
const PRESENCES_BODY_BYTES_MAX: usize = 512 * 1024;

/// For whom I may speak: own lots, proxies given and held, and whom I may name.
#[utoipa::path(
    get, path = "/api/v1/assemblies/{id}/voice", tag = "assemblies", params(("id" = String, Path)),
    responses((status = 200, description = "Of an assembly that was announced; empty without a resident's key", body = VoiceView))
)]
pub(crate) async fn voice(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<VoiceView>, Problem> {
    let number = number(&id)?;
    ask(&app, |reply| HomeCall::Voice { by, number, reply }).await.map(Json)
}

/// Says who is there: the syndic does.
#[utoipa::path(
    put, path = "/api/v1/assemblies/{id}/presences", tag = "assemblies", params(("id" = String, Path)),
    request_body = PresencesRequest,
    responses((status = 200, description = "In place of what was said before", body = AssemblyView))
)]
pub(crate) async fn attend(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Large(request): Large<PresencesRequest, PRESENCES_BODY_BYTES_MAX>,
) -> Result<Json<AssemblyView>, Problem> {
    let found = request.presences.len();
    if found > PRESENCES_MAX {
        let detail = format!("expected at most {PRESENCES_MAX}, found {found}");
        return Err(Problem::new(Kind::Invalid, detail).field("presences"));
    }
    let command = HomeCommand::Attend { number: number(&id)?, presences: request.presences };
    show(&app, by.clone(), act(&app, by, command).await?).await
}

/// Sheets of paper that wait for the second signature: for the syndic, the assessors and operators.
#[utoipa::path(
    get, path = "/api/v1/assemblies/{id}/sheets", tag = "assemblies", params(("id" = String, Path)),
    responses((status = 200, description = "In the order in which they were entered", body = Page<SheetView>))
)]
pub(crate) async fn list(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
) -> Result<Json<Page<SheetView>>, Problem> {
    waiting(&app, by, number(&id)?).await
}

async fn waiting(app: &App, by: Actor, number: u32) -> Result<Json<Page<SheetView>>, Problem> {
    let items = ask(app, |reply| HomeCall::Sheets { by, number, reply }).await?;
    Ok(Json(Page { items, next: None }))
}

/// Takes a signature under a sheet. With those of syndic and assessor it is handed in like a ballot.
#[utoipa::path(
    post, path = "/api/v1/assemblies/{id}/sheets", tag = "assemblies", params(("id" = String, Path)),
    request_body = SheetRequest,
    responses((status = 200, description = "What still waits", body = Page<SheetView>), NotHere)
)]
pub(crate) async fn sign(
    State(app): Shared,
    by: Actor,
    Id(id): Id,
    Body(request): Body<SheetRequest>,
) -> Result<Json<Page<SheetView>>, Problem> {
    let number = number(&id)?;
    let wrong = |detail: String| Problem::new(Kind::Invalid, detail).field("paper");
    let bytes = unhex(&request.paper).ok_or_else(|| wrong("expected hex digits in pairs".to_owned()))?;
    let paper = Paper::open(&bytes).map_err(|error| wrong(error.to_string()))?;
    let signature = request.signature.parse();
    let signature =
        signature.map_err(|_| Problem::new(Kind::Invalid, "expected 128 hex digits").field("signature"))?;
    let answer = act(&app, by.clone(), HomeCommand::SignSheet { paper: Box::new(paper), signature }).await?;
    let (HomeAnswer::Assembly(found) | HomeAnswer::Taken(found, _)) = answer else {
        return Err(wrong_answer());
    };
    if found != number {
        return Err(unknown("assembly", &id));
    }
    waiting(&app, by, number).await
}

/// Takes a sheet away that waits: the syndic or the assessor does.
#[utoipa::path(
    delete, path = "/api/v1/assemblies/{id}/sheets/{sheet}", tag = "assemblies",
    params(("id" = String, Path), ("sheet" = String, Path, description = "64 hex digits")),
    responses((status = 204, description = "Gone"))
)]
pub(crate) async fn drop_sheet(
    State(app): Shared,
    by: Actor,
    Ids(id, sheet): Ids,
) -> Result<StatusCode, Problem> {
    number(&id)?;
    let sheet: Digest = sheet.parse().map_err(|_| unknown("sheet", &sheet))?;
    act(&app, by, HomeCommand::DropSheet(sheet)).await?;
    Ok(StatusCode::NO_CONTENT)
}
