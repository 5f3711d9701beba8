//! Photos of work orders: handing one in, looking at it, removing it. They stay in the building: no message carries
//! them out. What a picture is, its first bytes say; it is never decoded here and never shown as anything else.

use crate::actor::Actor;
use crate::app::{App, Shared, unknown};
use crate::extract::{Id, Ids, Raw};
use crate::files::FileCall;
use crate::problem::{Kind, Problem, ProblemDocument};
use crate::view::{PhotoType, PhotoView};
use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use protocol::limits::PHOTO_BYTES_MAX;

/// Even opened by itself, a picture may load, run and frame nothing.
const PICTURE_ONLY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// Keeps a photo with a work order of this building. The same picture handed in twice is kept once. A page should draw
/// it anew before (at most about 2,000 pixels wide), which leaves place and camera out.
#[utoipa::path(
    post, path = "/api/v1/workorders/{id}/photos", tag = "workorders", params(("id" = String, Path)),
    request_body(content(("image/jpeg"), ("image/png"), ("image/webp")), description = "At most 4 MiB"),
    responses(
        (status = 201, description = "Kept", body = PhotoView),
        (
            status = 415, description = "No picture of these kinds", body = ProblemDocument,
            content_type = "application/problem+json"
        ),
    )
)]
pub(crate) async fn keep(
    State(app): Shared,
    by: Actor,
    Id(work_order): Id,
    request: Request,
) -> Result<(StatusCode, Json<PhotoView>), Problem> {
    is_local(&app, &work_order)?;
    let place = app.uploads.acquire().await.map_err(|_| crate::app::stopping())?;
    let Raw(bytes) = Raw::<PHOTO_BYTES_MAX>::from_request(request, &()).await?;
    if PhotoType::of(&bytes).is_none() {
        let detail = "expected a picture: JPEG, PNG or WebP";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail).field("body"));
    }
    let photo = app.file(|reply| FileCall::KeepPhoto { work_order, bytes, by: by.name, reply }).await?;
    drop(place);
    Ok((StatusCode::CREATED, Json(photo)))
}

/// A photo.
#[utoipa::path(
    get, path = "/api/v1/workorders/{id}/photos/{photo}", tag = "workorders",
    params(("id" = String, Path), ("photo" = String, Path)),
    responses(
        (status = 200, description = "The picture", content(("image/jpeg"), ("image/png"), ("image/webp"))),
        (status = 304, description = "Not changed"),
    )
)]
pub(crate) async fn look(
    State(app): Shared,
    Ids(work_order, photo): Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (photo, bytes) = app.file(|reply| FileCall::Photo { work_order, photo, reply }).await?;
    let etag =
        HeaderValue::from_str(&format!("\"{}\"", photo.id)).map_err(|_| unknown("photo", &photo.id))?;
    let is_known = headers.get(header::IF_NONE_MATCH) == Some(&etag);
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(bytes).into_response() };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(photo.r#type.content_type()));
    out.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
    out.insert(header::CONTENT_SECURITY_POLICY, PICTURE_ONLY);
    // Asked again each time, so that it is gone from a browser whose user is signed out.
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    out.insert(header::ETAG, etag);
    Ok(response)
}

/// Removes a photo.
#[utoipa::path(
    delete, path = "/api/v1/workorders/{id}/photos/{photo}", tag = "workorders",
    params(("id" = String, Path), ("photo" = String, Path)),
    responses((status = 204, description = "Removed"))
)]
pub(crate) async fn remove(State(app): Shared, Ids(work_order, photo): Ids) -> Result<StatusCode, Problem> {
    app.file(|reply| FileCall::DropPhoto { work_order, photo, reply }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Photos are kept with work orders of this building only.
fn is_local(app: &App, id: &str) -> Result<(), Problem> {
    let picture = app.picture();
    let order = picture.work_orders.iter().find(|order| order.id == id);
    if order.ok_or_else(|| unknown("work order", id))?.local {
        return Ok(());
    }
    let detail =
        "this is a work order of another building; photos stay in the building where they were taken";
    Err(Problem::new(Kind::Conflict, detail).field("id"))
}
