//! Signing in and out with a browser: the operator token once, a cookie afterwards.

use crate::app::Shared;
use crate::extract::Json as Body;
use crate::guard::{foreign_origin, is_own_page};
use crate::problem::{Kind, Problem};
use crate::session::{Identity, SESSION_LIFE};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::AppendHeaders;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an operator signs in with.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    /// The operator token of this node.
    token: String,
}

/// Whether this browser or script is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    pub signed_in: bool,
    /// Seconds a new session lasts.
    pub life_s: u64,
}

type WithCookie = (AppendHeaders<[(header::HeaderName, String); 1]>, Json<SessionView>);

/// Exchanges the operator token for a session cookie.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SignIn, security(()),
    responses((status = 200, description = "Signed in", body = SessionView))
)]
pub(crate) async fn sign_in(
    State(app): Shared,
    headers: HeaderMap,
    Body(sign_in): Body<SignIn>,
) -> Result<WithCookie, Problem> {
    let from_browser = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if from_browser && !is_own_page(&headers) {
        return Err(foreign_origin());
    }
    if !app.sessions.is_token(sign_in.token.trim()) {
        return Err(
            Problem::new(Kind::Unauthorized, "this is not the operator token of this node").field("token")
        );
    }
    Ok((AppendHeaders([(header::SET_COOKIE, app.sessions.sign_in())]), view(true)))
}

/// Says whether the caller is signed in; never an error.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session", security(()),
    responses((status = 200, description = "Signed in or not", body = SessionView))
)]
pub(crate) async fn look(State(app): Shared, headers: HeaderMap) -> Json<SessionView> {
    view(app.sessions.identify(&headers).is_some())
}

/// Ends the session.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session", responses((status = 204, description = "Signed out"))
)]
pub(crate) async fn sign_out(
    State(app): Shared,
    headers: HeaderMap,
) -> Result<(StatusCode, AppendHeaders<[(header::HeaderName, String); 1]>), Problem> {
    if app.sessions.identify(&headers) == Some(Identity::Session) && !is_own_page(&headers) {
        return Err(foreign_origin());
    }
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, app.sessions.sign_out(&headers))])))
}

fn view(signed_in: bool) -> Json<SessionView> {
    Json(SessionView { signed_in, life_s: SESSION_LIFE.as_secs() })
}
