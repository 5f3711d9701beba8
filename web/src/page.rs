//! The page's files, embedded when the crate was built: compressed once, then served as they are. Names under
//! `assets/` carry a hash of their content and may be kept for ever; the page itself is asked for each time.

use crate::app::App;
use crate::problem::{Kind, Problem};
use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::sync::Arc;

#[derive(RustEmbed)]
#[folder = "$SYMBIOSE_WEB_OUT"]
struct Files;

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// `/` and the files beside it.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(|headers: HeaderMap| async move { serve("index.html", &headers) }))
        .route("/index.html", get(|headers: HeaderMap| async move { serve("index.html", &headers) }))
        .route("/favicon.svg", get(|headers: HeaderMap| async move { serve("favicon.svg", &headers) }))
        .route(
            "/assets/{*name}",
            get(|Path(name): Path<String>, headers: HeaderMap| async move {
                serve(&format!("assets/{name}"), &headers)
            }),
        )
}

fn serve(name: &str, headers: &HeaderMap) -> Response {
    let packed = if accepts_gzip(headers) { Files::get(&format!("{name}.gz")) } else { None };
    let is_packed = packed.is_some();
    let Some(file) = packed.or_else(|| Files::get(name)) else {
        return Problem::new(Kind::NotFound, "the page has no such file").into_response();
    };
    let etag = etag(&file);
    let mut response = if headers.get(header::IF_NONE_MATCH) == Some(&etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    out.insert(header::ETAG, etag);
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let cache = if name.starts_with("assets/") { IMMUTABLE } else { ASK_AGAIN };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if is_packed {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accept =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|encoding| encoding.trim().split(';').next() == Some("gzip"))
}

fn etag(file: &EmbeddedFile) -> HeaderValue {
    let hash = blake3::Hash::from_bytes(file.metadata.sha256_hash()).to_hex();
    HeaderValue::from_str(&format!("\"{}\"", &hash[..16])).expect("invariant: hex digits make a header value")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
