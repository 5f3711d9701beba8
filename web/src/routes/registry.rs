//! The building's registry: read, changed, taken away as a table, with a log of who did. The registry itself says who the
//! syndic is, so the core decides who may.

use crate::actor::Actor;
use crate::app::{App, Shared, unknown, wrong_answer};
use crate::convert::registry::shown;
use crate::extract::{Id, Json as Body, Large, Raw};
use crate::list::Page;
use crate::problem::{Kind, Problem};
use crate::registry_csv;
use crate::request::{
    Answer, Command, HomeAnswer, HomeCall, HomeCommand, HomeLook, LettersRequest, ObjectionRequest,
    QueryCall, Reply,
};
use crate::routes::energy::NotHere;
use crate::view::{LettersView, LookView, PersonData, RegistryView};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::assembly::{PersonId, Registry};
use protocol::limits::LETTERS_PER_REQUEST_MAX;

/// Body of a registry, bytes.
const REGISTRY_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(crate) async fn act(app: &App, by: Actor, command: HomeCommand) -> Result<HomeAnswer, Problem> {
    let Answer::Home(answer) = app.command(by, Command::Home(Box::new(command))).await? else {
        return Err(wrong_answer());
    };
    Ok(*answer)
}

pub(crate) async fn ask<T>(app: &App, call: impl FnOnce(Reply<T>) -> HomeCall) -> Result<T, Problem> {
    app.query(|reply| QueryCall::Home(call(reply))).await
}

pub(crate) fn person(id: &str) -> Result<PersonId, Problem> {
    id.parse().map(PersonId).map_err(|_| unknown("person", id))
}

async fn read(app: &App) -> Result<RegistryView, Problem> {
    let (revision, registry) = ask(app, HomeCall::Registry).await?;
    Ok(registry.map_or_else(RegistryView::default, |registry| shown(revision, &registry)))
}

/// The whole registry: for the syndic and operators. Without one, an empty one of revision 0.
#[utoipa::path(
    get, path = "/api/v1/registry", tag = "registry",
    responses((status = 200, description = "As it stands; the look is written down", body = RegistryView))
)]
pub(crate) async fn registry(State(app): Shared, by: Actor) -> Result<Json<RegistryView>, Problem> {
    act(&app, by, HomeCommand::Look(HomeLook::Registry)).await?;
    read(&app).await.map(Json)
}

/// Takes a registry in place of the one there is, whole or not at all.
#[utoipa::path(
    put, path = "/api/v1/registry", tag = "registry", request_body = RegistryView,
    responses((status = 200, description = "As it stands now", body = RegistryView), NotHere)
)]
pub(crate) async fn put(
    State(app): Shared,
    by: Actor,
    Large(view): Large<RegistryView, REGISTRY_BODY_BYTES_MAX>,
) -> Result<Json<RegistryView>, Problem> {
    replace(&app, by, view).await
}

async fn replace(app: &App, by: Actor, view: RegistryView) -> Result<Json<RegistryView>, Problem> {
    let revision = view.revision;
    let registry = Box::new(Registry::try_from(view)?);
    act(app, by, HomeCommand::PutRegistry { revision, registry }).await?;
    read(app).await.map(Json)
}

/// The whole registry as a table.
#[utoipa::path(
    get, path = "/api/v1/registry/csv", tag = "registry",
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`record,id,name,kind,votes,lot,person,right,parts,whole,from,until`, one line per fact"
    ))
)]
pub(crate) async fn export(State(app): Shared, by: Actor) -> Result<Response, Problem> {
    act(&app, by, HomeCommand::Look(HomeLook::Export)).await?;
    let text = registry_csv::write(&read(&app).await?);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"registry.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// Takes a registry from a table, in place of the one there is, whole or not at all.
#[utoipa::path(
    put, path = "/api/v1/registry/csv", tag = "registry", request_body(content = String, content_type = "text/csv"),
    responses((status = 200, description = "As it stands now", body = RegistryView), NotHere)
)]
pub(crate) async fn import(
    State(app): Shared,
    by: Actor,
    Raw(body): Raw<REGISTRY_BODY_BYTES_MAX>,
) -> Result<Json<RegistryView>, Problem> {
    let text = std::str::from_utf8(&body)
        .map_err(|_| Problem::new(Kind::Malformed, "expected text in UTF-8").field("body"))?;
    let view = registry_csv::read(text)?;
    let (revision, _) = ask(&app, HomeCall::Registry).await?;
    replace(&app, by, RegistryView { revision, ..view }).await
}

/// Who saw or changed what of the registry, newest first.
#[utoipa::path(
    get, path = "/api/v1/registry/log", tag = "registry",
    responses((status = 200, description = "One line per person, day and kind of look", body = Page<LookView>))
)]
pub(crate) async fn log(State(app): Shared, by: Actor) -> Result<Json<Page<LookView>>, Problem> {
    act(&app, by, HomeCommand::Look(HomeLook::Registry)).await?;
    let items = ask(&app, HomeCall::Looks).await?;
    Ok(Json(Page { items, next: None }))
}

/// Everything that is known of one person: for that person, the syndic and operators.
#[utoipa::path(
    get, path = "/api/v1/registry/persons/{id}", tag = "registry", params(("id" = String, Path)),
    responses((status = 200, description = "To be read or kept", body = PersonData))
)]
pub(crate) async fn one(State(app): Shared, by: Actor, Id(id): Id) -> Result<Json<PersonData>, Problem> {
    let person = person(&id)?;
    act(&app, by, HomeCommand::Look(HomeLook::Person(person))).await?;
    ask(&app, |reply| HomeCall::Person { person, reply }).await.map(Json)
}

/// Takes a person's name out for good, where the law does not need it any more.
#[utoipa::path(
    delete, path = "/api/v1/registry/persons/{id}", tag = "registry", params(("id" = String, Path)),
    responses((status = 204, description = "The name is gone; the number stays"))
)]
pub(crate) async fn erase(State(app): Shared, by: Actor, Id(id): Id) -> Result<StatusCode, Problem> {
    act(&app, by, HomeCommand::Erase(person(&id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes letters with codes, to be printed. An earlier letter of the same person that nobody answered ends.
#[utoipa::path(
    post, path = "/api/v1/registry/letters", tag = "registry", request_body = LettersRequest,
    responses((status = 201, description = "Each code is shown this once", body = LettersView), NotHere)
)]
pub(crate) async fn letters(
    State(app): Shared,
    by: Actor,
    Body(request): Body<LettersRequest>,
) -> Result<(StatusCode, Json<LettersView>), Problem> {
    let found = request.persons.len();
    if found > LETTERS_PER_REQUEST_MAX {
        let detail = format!("expected at most {LETTERS_PER_REQUEST_MAX}, found {found}");
        return Err(Problem::new(Kind::Invalid, detail).field("persons"));
    }
    let persons = request.persons.into_iter().map(PersonId).collect();
    match act(&app, by, HomeCommand::Write(persons)).await? {
        HomeAnswer::Letters(letters) => Ok((StatusCode::CREATED, Json(letters))),
        HomeAnswer::Done
        | HomeAnswer::Assembly(_)
        | HomeAnswer::Poll(_)
        | HomeAnswer::Taken(..)
        | HomeAnswer::Promised(_)
        | HomeAnswer::Standing(_) => Err(wrong_answer()),
    }
}

/// Says how long owners may object to a key.
#[utoipa::path(
    put, path = "/api/v1/registry/objection", tag = "registry", request_body = ObjectionRequest,
    responses((status = 200, description = "Holds for keys that come from now on", body = ObjectionRequest), NotHere)
)]
pub(crate) async fn objection(
    State(app): Shared,
    by: Actor,
    Body(request): Body<ObjectionRequest>,
) -> Result<Json<ObjectionRequest>, Problem> {
    act(&app, by, HomeCommand::SetObjection(request.objection_hours)).await?;
    Ok(Json(request))
}
