//! All policies as one text: to keep it, to edit it, and to take it to another building.

use crate::actor::Actor;
use crate::app::{Shared, wrong_answer};
use crate::extract::{Query, Raw};
use crate::policies_text;
use crate::problem::{Kind, Problem};
use crate::request::{Answer, Command};
use crate::view::ImportView;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use protocol::limits::POLICIES_TEXT_BYTES_MAX;
use serde::Deserialize;
use utoipa::IntoParams;

/// What is to become of the text.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only say what would change.
    preview: Option<bool>,
}

/// The policies as TOML, with units in comments.
#[utoipa::path(
    get, path = "/api/v1/policies.toml", tag = "policies",
    responses((status = 200, description = "All policies", body = String, content_type = "application/toml"))
)]
pub(crate) async fn export(State(app): Shared) -> impl IntoResponse {
    let picture = app.picture();
    let text = policies_text::write(&picture.node.building, &picture.policies);
    let kind = "application/toml; charset=utf-8";
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CONTENT_DISPOSITION, "attachment; filename=\"policies.toml\""),
        ],
        text,
    )
}

/// Takes policies over from TOML: known codes get new terms, others are added, policies that the text does not name
/// stay. All or nothing; a problem names line and field.
#[utoipa::path(
    put, path = "/api/v1/policies.toml", tag = "policies", params(Wanted),
    request_body(content = String, content_type = "application/toml"),
    responses((status = 200, description = "What changed, or would", body = ImportView))
)]
pub(crate) async fn import(
    State(app): Shared,
    by: Actor,
    Query(wanted): Query<Wanted>,
    Raw(body): Raw<POLICIES_TEXT_BYTES_MAX>,
) -> Result<Json<ImportView>, Problem> {
    if body.is_empty() {
        return Err(Problem::new(Kind::Malformed, "expected policies as TOML, found nothing").field("body"));
    }
    let text = std::str::from_utf8(&body)
        .map_err(|error| Problem::new(Kind::Malformed, format!("expected UTF-8: {error}")).field("body"))?;
    let (policies, places) = policies_text::read(text)?;
    let is_preview = wanted.preview.unwrap_or(false);
    let answer = app.command(by, Command::ImportPolicies { policies, is_preview }).await;
    let Answer::Imported(imported) = answer.map_err(|problem| places.locate(text, problem))? else {
        return Err(wrong_answer());
    };
    Ok(Json(imported))
}
