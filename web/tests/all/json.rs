//! Bodies that are almost JSON, or JSON at its edges (nst/JSONTestSuite): no route that takes JSON falls over one, and
//! none takes what is no JSON.

use crate::fake;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use protocol::UnixMs;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tower::ServiceExt as _;

/// Routes that take JSON by the document, with an id of the fake's world in each path.
fn routes() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&web::openapi()).expect("JSON");
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let takes = &operation["requestBody"]["content"];
            if takes.get("application/json").is_some() || takes.get("application/x-ndjson").is_some() {
                let path: Vec<_> =
                    path.split('/').map(|part| if part.starts_with('{') { "1" } else { part }).collect();
                routes.push((method.to_uppercase(), path.join("/")));
            }
        }
    }
    routes
}

fn vectors() -> Option<Vec<(String, Vec<u8>)>> {
    let folder = PathBuf::from(std::env::var_os("SYMBIOSE_DATA")?).join("vectors/json");
    let read =
        |path: &Path| (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(path));
    let entries = std::fs::read_dir(folder).ok()?;
    let files = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"));
    Some(files.map(|path| read(&path)).map(|(name, bytes)| (name, bytes.expect("readable"))).collect())
}

#[tokio::test]
async fn no_route_falls_over_a_body_and_none_takes_what_is_no_json() {
    let routes = routes();
    assert!(routes.len() >= 16, "{routes:?}");
    let Some(vectors) = vectors() else {
        println!(
            "passed over: SYMBIOSE_DATA names no folder with vectors/json, so bodies are not held against JSONTestSuite"
        );
        return;
    };
    assert!(vectors.len() > 250, "{} files", vectors.len());
    let fake = fake::Fake::start(fake::picture(UnixMs(1_765_275_330_000)));
    let router = web::router(fake.handles.clone(), fake::settings("secret", &[]));
    for (method, path) in &routes {
        for (name, body) in &vectors {
            let request = Request::builder()
                .method(method.as_str())
                .uri(path)
                .header(header::HOST, "127.0.0.1:8080")
                .header(header::AUTHORIZATION, "Bearer secret")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.clone()))
                .expect("a request");
            let status = router.clone().oneshot(request).await.expect("infallible").status();
            let at = format!("{method} {path} with {name}: {status}");
            assert!(!status.is_server_error(), "{at}");
            if name.starts_with("n_") {
                assert!(status.is_client_error() && status != StatusCode::UNAUTHORIZED, "{at}");
            }
        }
    }
}
