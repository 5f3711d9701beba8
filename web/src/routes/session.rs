//! Signing in and out: with name and password, with the operator token, or for the first time with a one-time code.

use crate::access::{Caller, Opened, SESSION_LIFE_MS, Visit};
use crate::actor::SignedInAs;
use crate::app::{App, Shared};
use crate::extract::Json as Body;
use crate::guard::{foreign_origin, is_own_page};
use crate::problem::{Kind, Problem};
use crate::serve::Connection;
use crate::time::Time;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::AppendHeaders;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody signs in with: `name` and `password`, or the operator `token` alone.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The operator token of this node.
    token: Option<String>,
    name: Option<String>,
    password: Option<String>,
}

/// A first sign-in with a one-time code.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// The code of the box, or the one an operator gave; 12 letters and digits, dashes do not matter.
    code: String,
    /// With the code of the box the name of the new operator, or of the one who forgot the password. With another code
    /// the name it was made for; may be left out.
    #[serde(default)]
    name: String,
    /// At least 10 characters.
    password: String,
}

/// A change of one's own password.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    old: String,
    /// At least 10 characters.
    password: String,
}

/// Who this browser or script is, and what should be known before signing in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    pub signed_in: bool,
    /// `token` when signed in with the operator token.
    pub name: Option<String>,
    pub role: Option<SignedInAs>,
    /// The person of the building's registry, for a resident.
    pub person: Option<u32>,
    /// Nobody has become operator of this node yet: the code of the box makes the first one.
    pub needs_claim: bool,
    /// Whether this very connection is encrypted.
    pub https: bool,
    /// SHA-256 of this node's certificate, as browsers show it.
    pub fingerprint: Option<String>,
    /// When this session ends.
    pub expires: Option<Time>,
    /// Seconds a new session lasts.
    pub life_s: i64,
}

pub(crate) type WithCookie = (AppendHeaders<[(header::HeaderName, String); 1]>, Json<SessionView>);

/// Opens a session. Its id is a cookie which scripts on the page cannot read.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SignIn, security(()),
    responses((status = 200, description = "Signed in", body = SessionView))
)]
pub(crate) async fn sign_in(
    State(app): Shared,
    connection: Connection,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<WithCookie, Problem> {
    own_page_only(&headers)?;
    let visit = Visit { headers: &headers, connection };
    let opened = match (sign_in.token, sign_in.name, sign_in.password) {
        (Some(token), None, None) => app.access.with_token(&token, &visit).await?,
        (None, Some(name), Some(password)) => app.access.with_password(&name, password, &visit).await?,
        (Some(_), _, _) | (None, _, _) => {
            return Err(Problem::new(Kind::Invalid, "expected `name` and `password`, or `token` alone"));
        }
    };
    Ok(welcome(&app, connection, opened))
}

/// Comes in for the first time, with a one-time code, and chooses a password.
#[utoipa::path(
    post, path = "/api/v1/claim", tag = "session", request_body = Claim, security(()),
    responses((status = 200, description = "Signed in", body = SessionView))
)]
pub(crate) async fn claim(
    State(app): Shared,
    connection: Connection,
    headers: HeaderMap,
    Body(claim): Body<Claim>,
) -> Result<WithCookie, Problem> {
    own_page_only(&headers)?;
    let visit = Visit { headers: &headers, connection };
    let opened = app.access.claim(&claim.code, &claim.name, claim.password, &visit).await?;
    Ok(welcome(&app, connection, opened))
}

/// Says who the caller is; never an error.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session", security(()),
    responses((status = 200, description = "Signed in or not", body = SessionView))
)]
pub(crate) async fn look(
    State(app): Shared,
    connection: Connection,
    headers: HeaderMap,
) -> Json<SessionView> {
    let Some(caller) = app.access.identify(&headers, connection) else {
        return Json(stranger(&app, connection));
    };
    let (book, now) = (app.access.book(), app.access.now());
    let session = caller.session.and_then(|key| Some(book.session(now, &key)?.0.expires()));
    Json(SessionView {
        signed_in: true,
        name: Some(caller.actor.name),
        role: Some(caller.actor.role),
        person: caller.actor.person,
        expires: session.map(Time::from),
        ..stranger(&app, connection)
    })
}

/// Ends the session.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", security(()),
    responses((status = 204, description = "Signed out, or not signed in"))
)]
pub(crate) async fn sign_out(
    State(app): Shared,
    connection: Connection,
    headers: HeaderMap,
) -> Result<(StatusCode, AppendHeaders<[(header::HeaderName, String); 1]>), Problem> {
    let caller = app.access.identify(&headers, connection);
    if caller.is_some_and(|caller| caller.session.is_some()) && !is_own_page(&headers) {
        return Err(foreign_origin());
    }
    let cookie = app.access.sign_out(&headers, connection).await?;
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

/// Changes one's own password. All one's sessions end, and a new one begins here.
#[utoipa::path(
    put, path = "/api/v1/session/password", tag = "session", request_body = NewPassword,
    responses((status = 200, description = "Changed", body = SessionView))
)]
pub(crate) async fn new_password(
    State(app): Shared,
    caller: Caller,
    connection: Connection,
    headers: HeaderMap,
    Body(change): Body<NewPassword>,
) -> Result<WithCookie, Problem> {
    let Some(user) = caller.user else {
        return Err(Problem::new(Kind::Conflict, "the operator token has no password"));
    };
    let visit = Visit { headers: &headers, connection };
    let opened = app.access.new_password(user, change.old, change.password, &visit).await?;
    Ok(welcome(&app, connection, opened))
}

/// A browser must be on our own page; scripts say nothing of pages.
pub(crate) fn own_page_only(headers: &HeaderMap) -> Result<(), Problem> {
    let from_browser = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if from_browser && !is_own_page(headers) { Err(foreign_origin()) } else { Ok(()) }
}

pub(crate) fn welcome(app: &App, connection: Connection, opened: Opened) -> WithCookie {
    let view = SessionView {
        signed_in: true,
        name: Some(opened.actor.name),
        role: Some(opened.actor.role),
        person: opened.actor.person,
        expires: Some(opened.expires.into()),
        ..stranger(app, connection)
    };
    (AppendHeaders([(header::SET_COOKIE, opened.cookie)]), Json(view))
}

fn stranger(app: &App, connection: Connection) -> SessionView {
    SessionView {
        signed_in: false,
        name: None,
        role: None,
        person: None,
        needs_claim: app.access.book().needs_claim(),
        https: connection.https,
        fingerprint: app.fingerprint.borrow().clone(),
        expires: None,
        life_s: SESSION_LIFE_MS / 1000,
    }
}
