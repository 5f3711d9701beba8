//! The door: which host names are ours, who is signed in, where a write by cookie comes from, and the headers that go
//! with every answer (strict content policy, no sniffing, no framing, no referrer).

use crate::actor::Actor;
use crate::app::{ANSWER_TIMEOUT, App};
use crate::problem::{Kind, Problem};
use crate::session::Identity;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

/// A request may not take longer than the shell's answer and the reading of its body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(ANSWER_TIMEOUT.as_secs() + 10);

const HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Around every request: host name first, then the route within its time, then headers and counters.
pub(crate) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let host = request.uri().host().or_else(|| host_header(request.headers())).map(str::to_owned);
    let mut response = match host {
        Some(host) if is_ours(&host, &app.host_names) => within(request, next).await,
        Some(_) | None => {
            Problem::new(Kind::MisdirectedRequest, "expected this node's name or address in `Host`")
                .into_response()
        }
    };
    let status = response.status().as_str().to_owned();
    metrics::counter!("symbiose_http_requests_total", "method" => method_name(&method), "status" => status)
        .increment(1);
    for (name, value) in HEADERS {
        // A route may be stricter than the page.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn within(request: Request, next: Next) -> Response {
    let late = |_| Problem::new(Kind::Timeout, "the request took too long").into_response();
    tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await.unwrap_or_else(late)
}

/// In front of the routes that need an operator.
pub(crate) async fn signed_in(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    match app.sessions.identify(headers) {
        Some(Identity::Token) => {}
        Some(Identity::Session) if request.method().is_safe() || is_own_page(headers) => {}
        Some(Identity::Session) => return foreign_origin().into_response(),
        None => {
            let detail = "expected the operator token as `Authorization: Bearer`, or a session";
            return Problem::new(Kind::Unauthorized, detail).into_response();
        }
    }
    request.extensions_mut().insert(Actor::token());
    next.run(request).await
}

/// Whether a browser says that the request comes from a page of ours. Old browsers send neither header and may not
/// write.
pub(crate) fn is_own_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match (origin.and_then(|origin| origin.split_once("://")), host) {
        (Some((_, authority)), Some(host)) => authority.eq_ignore_ascii_case(host),
        (Some(_) | None, _) => false,
    }
}

/// A write which another page sent.
pub(crate) fn foreign_origin() -> Problem {
    Problem::new(Kind::ForeignOrigin, "expected a request from this node's own page")
}

fn host_header(headers: &HeaderMap) -> Option<&str> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    if let Some(bracketed) = host.strip_prefix('[') {
        return bracketed.split_once(']').map(|(address, _)| address);
    }
    Some(host.rsplit_once(':').map_or(host, |(name, _)| name))
}

/// Loopback, any IP address, `.local` names and the configured ones: a name somebody else's DNS points at us is none
/// of these (DNS rebinding).
fn is_ours(host: &str, names: &[String]) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
    let lower = host.to_ascii_lowercase();
    let is_address = host.parse::<IpAddr>().is_ok() || host.parse::<Ipv6Addr>().is_ok();
    is_address
        || lower == "localhost"
        || lower.ends_with(".localhost")
        || lower.ends_with(".local")
        || names.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// A bounded label: clients may send any word as a method.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_names() {
        let names = vec!["tour-alpha.example".to_owned()];
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "192.168.1.7",
            "symbiose.local",
            "LOCALHOST.",
            "Tour-Alpha.example",
        ] {
            assert!(is_ours(host, &names), "{host}");
        }
        for host in ["evil.example", "local", "localhost.evil.example", "127.0.0.1.nip.io", ""] {
            assert!(!is_ours(host, &names), "{host}");
        }
    }

    #[test]
    fn only_our_page_may_write_by_cookie() {
        let own = |pairs: &[(&'static str, &'static str)]| {
            is_own_page(
                &pairs
                    .iter()
                    .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                    .collect(),
            )
        };
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("sec-fetch-site", "same-site"), ("origin", "http://a:1"), ("host", "a:1")]));
        assert!(own(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!own(&[("origin", "http://127.0.0.1:8081"), ("host", "127.0.0.1:8080")]));
        assert!(!own(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
        assert!(!own(&[]));
    }
}
