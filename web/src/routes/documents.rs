//! Documents that owners read before they vote. They stay in the building; resolutions name them by their hash, so that
//! none can be exchanged afterwards.

use crate::actor::Actor;
use crate::app::{Shared, unknown};
use crate::extract::{Id, Raw};
use crate::problem::{Kind, Problem};
use crate::request::{HomeCall, HomeCommand};
use crate::routes::energy::NotHere;
use crate::routes::registry::{act, ask};
use crate::view::KeptDocumentView;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::Digest;
use protocol::limits::DOCUMENT_BYTES_MAX;

/// Nothing of a document is run or shown by the browser: it is saved.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Keeps a document, for resolutions to name. The same one handed in twice is kept once.
#[utoipa::path(
    post, path = "/api/v1/documents", tag = "assemblies",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "At most 2 MiB"),
    responses((status = 201, description = "Kept under its hash", body = KeptDocumentView), NotHere)
)]
pub(crate) async fn keep(
    State(app): Shared,
    by: Actor,
    Raw(bytes): Raw<DOCUMENT_BYTES_MAX>,
) -> Result<(StatusCode, Json<KeptDocumentView>), Problem> {
    if bytes.is_empty() {
        return Err(Problem::new(Kind::Invalid, "expected a document, found nothing").field("body"));
    }
    let hash = Digest::new(*blake3::hash(&bytes).as_bytes());
    let view = KeptDocumentView { hash: hash.to_string(), bytes: bytes.len() as u64 };
    act(&app, by, HomeCommand::KeepDocument { hash, bytes }).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// A document: for who prepares, and for everybody of the building once a resolution with it was announced.
#[utoipa::path(
    get, path = "/api/v1/documents/{id}", tag = "assemblies",
    params(("id" = String, Path, description = "BLAKE3 of the file: 64 hex digits")),
    responses((status = 200, description = "As it was handed in", content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(crate) async fn one(State(app): Shared, by: Actor, Id(id): Id) -> Result<Response, Problem> {
    let hash: Digest = id.parse().map_err(|_| unknown("document", &id))?;
    let bytes = ask(&app, |reply| HomeCall::Document { by, hash, reply }).await?;
    let mut response = Body::from(bytes).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    out.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    out.insert(header::CONTENT_SECURITY_POLICY, NOTHING);
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}
