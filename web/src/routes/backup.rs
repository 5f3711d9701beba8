//! A backup of the node as one file, taken while it runs.

use crate::app::Shared;
use crate::extract::Query;
use crate::files::FileCall;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

/// What belongs into a backup.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wish {
    /// `false` leaves keys and tokens out; the node cannot be restored without them then.
    keys: Option<bool>,
}

/// Everything the node needs to live on another machine, but for its votes: a gzipped tar. With its keys it is worth as
/// much as the node itself: keep it like them.
#[utoipa::path(
    get, path = "/api/v1/backup", tag = "node", params(Wish),
    responses((status = 200, description = "A gzipped tar", content_type = "application/gzip"))
)]
pub(crate) async fn backup(State(app): Shared, Query(wish): Query<Wish>) -> Result<Response, Problem> {
    let with_keys = wish.keys.unwrap_or(true);
    let pieces = app.file(|reply| FileCall::Backup { with_keys, reply }).await?;
    let mut response = Body::from_stream(ReceiverStream::new(pieces)).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/gzip"));
    let named = format!("attachment; filename=\"{}\"", file_name(&app.picture().node.time.to_string()));
    if let Ok(named) = HeaderValue::from_str(&named) {
        out.insert(header::CONTENT_DISPOSITION, named);
    }
    Ok(response)
}

fn file_name(time: &str) -> String {
    let day: String = time.chars().take(10).filter(|one| one.is_ascii_digit() || *one == '-').collect();
    format!("symbiose-{day}.tar.gz")
}
