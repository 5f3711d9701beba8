//! Signed-in browsers: looking, ending one, signing out everywhere.

use crate::access::{Caller, Session};
use crate::actor::SignedInAs;
use crate::app::{Shared, unknown};
use crate::extract::{Id, Query};
use crate::list::Page;
use crate::problem::{Kind, Problem};
use crate::time::Time;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Whose sessions.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// `true`: everybody's, for operators. By default one's own.
    everybody: Option<bool>,
    /// Said by pages for clearness: one's own sessions are ended all together in any case.
    #[allow(dead_code, reason = "accepted and documented, changes nothing")]
    all: Option<bool>,
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SignedIn {
    id: String,
    /// Who; `token` when it was opened with the operator token.
    name: String,
    role: SignedInAs,
    /// Such as `Firefox on Android`.
    device: String,
    created: Time,
    /// Used last, to the minute.
    seen: Time,
    expires: Time,
    /// Whether it is the one that asks.
    this: bool,
}

/// How many sessions ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Ended {
    ended: usize,
}

/// Open sessions, the one used last first.
#[utoipa::path(
    get, path = "/api/v1/sessions", tag = "session", params(Whose),
    responses((status = 200, description = "The one used last first", body = Page<SignedIn>))
)]
pub(crate) async fn list(
    State(app): Shared,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<Page<SignedIn>>, Problem> {
    let everybody = is_for_everybody(&whose, &caller)?;
    let (book, now) = (app.access.book(), app.access.now());
    let wanted = book.sessions(now).into_iter().filter(|session| everybody || caller.owns(session));
    let view = |session: &Session| {
        let (_, actor) = book.session(now, &session.key)?;
        Some(SignedIn {
            id: id(session),
            name: actor.name,
            role: actor.role,
            device: session.device.clone(),
            created: session.created.into(),
            seen: session.seen().into(),
            expires: session.expires().into(),
            this: caller.session == Some(session.key),
        })
    };
    Ok(Json(Page { items: wanted.filter_map(view).collect(), next: None }))
}

/// Signs out everywhere: ends all one's own sessions, this one too; for operators everybody's if wished.
#[utoipa::path(
    delete, path = "/api/v1/sessions", tag = "session", params(Whose),
    responses((status = 200, description = "Ended", body = Ended))
)]
pub(crate) async fn end_all(
    State(app): Shared,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<Ended>, Problem> {
    let everybody = is_for_everybody(&whose, &caller)?;
    let end = app.access.change(|book| Ok(book.end(|session| everybody || caller.owns(session))));
    end.await.map(|ended| Json(Ended { ended }))
}

/// Ends one session: one's own, or as operator anybody's.
#[utoipa::path(
    delete, path = "/api/v1/sessions/{id}", tag = "session", params(("id" = String, Path)),
    responses((status = 200, description = "Ended", body = Ended))
)]
pub(crate) async fn end_one(
    State(app): Shared,
    caller: Caller,
    Id(wanted): Id,
) -> Result<Json<Ended>, Problem> {
    let is_meant =
        |session: &Session| id(session) == wanted && (caller.is_operator() || caller.owns(session));
    let end = app.access.change(|book| match book.end(is_meant) {
        0 => Err(unknown("session", &wanted)),
        ended => Ok(ended),
    });
    end.await.map(|ended| Json(Ended { ended }))
}

fn is_for_everybody(whose: &Whose, caller: &Caller) -> Result<bool, Problem> {
    let everybody = whose.everybody == Some(true);
    if everybody && !caller.is_operator() {
        return Err(
            Problem::new(Kind::Forbidden, "the sessions of others are an operator's").field("everybody")
        );
    }
    Ok(everybody)
}

/// Short, and no secret: the cookie cannot be found from it.
fn id(session: &Session) -> String {
    session.key.to_string()[..16].to_owned()
}
