//! People of this building: who they are, what they may do, and the one-time codes that let them in.

use crate::access::{ClaimCode, User, UserId};
use crate::actor::UserRole;
use crate::app::{Shared, unknown};
use crate::extract::{Id, Json as Body};
use crate::list::Page;
use crate::problem::{Kind, Problem};
use crate::time::Time;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use protocol::UnixMs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct UserView {
    id: String,
    name: String,
    role: UserRole,
    /// Whether this person has come in and chosen a password.
    active: bool,
    created: Time,
    /// When somebody signed in under this name was seen last, as far as sessions tell.
    seen: Option<Time>,
    /// The one-time code, shown in this answer and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The last moment of the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_expires: Option<Time>,
}

/// Somebody new.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    /// At most 64 bytes; nobody else's.
    name: String,
    role: UserRole,
}

/// A change; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserChange {
    name: Option<String>,
    role: Option<UserRole>,
    /// `true` makes a new one-time code: the password and all sessions of this person end.
    new_code: bool,
}

/// The people who may sign in.
#[utoipa::path(
    get, path = "/api/v1/users", tag = "users",
    responses((status = 200, description = "By name", body = Page<UserView>))
)]
pub(crate) async fn list(State(app): Shared) -> Json<Page<UserView>> {
    let (book, now) = (app.access.book(), app.access.now());
    let sessions = book.sessions(now);
    let seen = |user: &User| sessions.iter().find(|session| session.user == user.id).map(|s| s.seen().into());
    let mut items: Vec<_> = book.users().iter().map(|user| view(user, seen(user), None)).collect();
    items.sort_by_key(|user| user.name.to_lowercase());
    Json(Page { items, next: None })
}

/// Adds somebody, who comes in with the code of the answer.
#[utoipa::path(
    post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses((status = 201, description = "Added; the code is shown once", body = UserView))
)]
pub(crate) async fn create(
    State(app): Shared,
    Body(new): Body<NewUser>,
) -> Result<(StatusCode, Json<UserView>), Problem> {
    let now = app.access.now();
    let add = app.access.change(|book| {
        let (user, code, expires) = book.add(now, &new.name, new.role)?;
        Ok(view(user, None, Some((code, expires))))
    });
    add.await.map(|user| (StatusCode::CREATED, Json(user)))
}

/// Changes name or role, or makes a new code for somebody who forgot the password.
#[utoipa::path(
    patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)), request_body = UserChange,
    responses((status = 200, description = "Changed", body = UserView))
)]
pub(crate) async fn patch(
    State(app): Shared,
    Id(id): Id,
    Body(change): Body<UserChange>,
) -> Result<Json<UserView>, Problem> {
    if change == UserChange::default() {
        return Err(Problem::new(Kind::Invalid, "expected name, role or new_code"));
    }
    let (id, now) = (user_id(&id)?, app.access.now());
    let changed = app.access.change(|book| {
        if let Some(role) = change.role {
            book.set_role(id, role)?;
        }
        if let Some(name) = &change.name {
            book.rename(id, name)?;
        }
        let code = if change.new_code { Some(book.invite(now, id)?) } else { None };
        let user = book.user(id).ok_or_else(|| unknown("person", &id.0.to_string()))?;
        Ok(view(user, None, code))
    });
    changed.await.map(Json)
}

/// Removes somebody; all sessions of this person end.
#[utoipa::path(
    delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 204, description = "Removed"))
)]
pub(crate) async fn delete(State(app): Shared, Id(id): Id) -> Result<StatusCode, Problem> {
    let id = user_id(&id)?;
    app.access.change(|book| book.remove(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn user_id(text: &str) -> Result<UserId, Problem> {
    text.parse().map(UserId).map_err(|_| unknown("person", text))
}

fn view(user: &User, seen: Option<Time>, code: Option<(ClaimCode, UnixMs)>) -> UserView {
    UserView {
        id: user.id.0.to_string(),
        name: user.name.clone(),
        role: user.role,
        active: user.is_active(),
        created: user.created.into(),
        seen,
        code: code.map(|(code, _)| code.to_string()),
        code_expires: code.map(|(_, expires)| expires.into()),
    }
}
