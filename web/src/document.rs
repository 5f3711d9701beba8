//! The OpenAPI 3.1 document: what the routes say of themselves, and what holds for all of them.

use crate::live;
use crate::problem::ProblemDocument;
use axum::http::StatusCode;
use std::collections::BTreeSet;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{self, OpenApi, RefOr};
use utoipa::{OpenApi as _, ToSchema};

/// The answer that every problem is.
const PROBLEM: &str = "Problem";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Symbiose node",
        description = "What a building's node tells and takes. Errors are problem documents (RFC 9457); lists answer \
                       `{items, next}`; times are RFC 3339 in UTC.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemDocument, live::SampleBatch, live::EnergyNews)),
    security(("operator_token" = []), ("session" = [])),
)]
struct Document;

/// The document of these routes, as JSON with two spaces of indent and a newline at the end.
pub(crate) fn write(routes: OpenApi) -> String {
    let mut document = Document::openapi();
    document.merge(routes);
    describe_problems(&mut document);
    describe_security(&mut document);
    let mut text = document.to_pretty_json().expect("invariant: the document is plain data");
    text.push('\n');
    text
}

/// Which problems an operation may answer follows from what it takes; saying so here keeps the handlers readable. What
/// a handler says itself stays.
fn describe_problems(document: &mut OpenApi) {
    let content = openapi::ContentBuilder::new()
        .schema(Some(openapi::Ref::from_schema_name(ProblemDocument::name())))
        .build();
    let response = openapi::ResponseBuilder::new()
        .description("A problem document (RFC 9457)")
        .content("application/problem+json", content)
        .build();
    let components = document.components.get_or_insert_default();
    components.responses.insert(PROBLEM.to_owned(), RefOr::T(response));
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            for status in problems(&method, path, operation) {
                let problem = RefOr::Ref(openapi::Ref::from_response_name(PROBLEM));
                operation.responses.responses.entry(status.as_str().to_owned()).or_insert(problem);
            }
        }
    }
}

fn problems(method: &HttpMethod, path: &str, operation: &Operation) -> BTreeSet<StatusCode> {
    let takes_body = operation.request_body.is_some();
    let takes_words = takes_body || operation.parameters.as_ref().is_some_and(|all| !all.is_empty());
    let is_open =
        operation.security.as_ref().is_some_and(|ways| ways.iter().all(|way| *way == Default::default()));
    let is_write = *method != HttpMethod::Get;
    let rules: [(bool, &[StatusCode]); 6] = [
        (
            true,
            &[
                StatusCode::MISDIRECTED_REQUEST,
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ],
        ),
        (!is_open, &[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]),
        (takes_words, &[StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY]),
        (takes_body, &[StatusCode::PAYLOAD_TOO_LARGE]),
        (path.contains('{'), &[StatusCode::NOT_FOUND]),
        // A write by cookie from another page is refused everywhere; signing in may be wrong.
        (is_write, &[StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::CONFLICT]),
    ];
    rules.into_iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| statuses.iter().copied()).collect()
}

fn describe_security(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let token =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The operator token")).build();
    components.add_security_scheme("operator_token", SecurityScheme::Http(token));
    let of_session = "From POST /api/v1/session. NODE stands for eight digits that differ per node; over https \
                      `__Host-` stands before the name";
    let cookie = ApiKeyValue::with_description("symbiose_NODE", of_session);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
}
