//! The door: which host names are ours, who is signed in, where a write by cookie comes from, and the headers that go
//! with every answer (strict content policy, no sniffing, no framing, no referrer).

use crate::actor::SignedInAs;
use crate::app::{ANSWER_TIMEOUT, App};
use crate::pace::{Pace, REQUESTS_PER_S_MAX};
use crate::problem::{Kind, Problem};
use crate::roles::{self, Need};
use crate::serve::Connection;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A request may not take longer than the shell's answer and the reading of its body.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(ANSWER_TIMEOUT.as_secs() + 10);

const HEADERS: [(HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types svelte-trusted-html",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Around every request: host name first, then the route within its time, then headers and counters.
pub(crate) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let host = request.uri().host().or_else(|| host_header(request.headers())).map(str::to_owned);
    let mut response = match host {
        Some(host) if is_ours(&host, &app.host_names) => {
            if let Err(problem) = in_time(&app, &request) {
                problem.into_response()
            } else if Connection::of(request.extensions()).is_misled {
                to_https(&request)
            } else {
                within(request, next).await
            }
        }
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

/// Whether whoever asks may ask now: with the operator token always, everybody else at the pace of their network.
fn in_time(app: &App, request: &Request) -> Result<(), Problem> {
    let connection = Connection::of(request.extensions());
    // Who it is is found out later anyway; here only where it matters, because gateways on this machine ask most.
    if !Pace::counts(connection.peer) {
        return Ok(());
    }
    let headers = request.headers();
    if headers.contains_key(header::AUTHORIZATION) && app.access.identify(headers, connection).is_some() {
        return Ok(());
    }
    app.pace.take(Instant::now(), connection.peer).map_err(|wait| {
        let detail = format!("more than {REQUESTS_PER_S_MAX} requests per second came from your network");
        Problem::new(Kind::TooMany, detail).retry(wait.as_secs() + 1)
    })
}

async fn within(request: Request, next: Next) -> Response {
    let late = |_| Problem::new(Kind::Timeout, "the request took too long").into_response();
    tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await.unwrap_or_else(late)
}

/// For plain http where https is expected: reading is sent on, and whatever carries something is refused, because it
/// has been seen on the way already.
fn to_https(request: &Request) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match host {
        Some(host) if request.method().is_safe() && path.starts_with('/') => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("https://{host}{path}"))])
                .into_response()
        }
        Some(_) | None => {
            Problem::new(Kind::Malformed, "this port speaks https; ask again with https://").into_response()
        }
    }
}

/// In front of the routes that need somebody signed in: who it is, where a write comes from, and whether it is theirs to
/// do. The route finds the [`crate::Actor`] and the [`crate::access::Caller`] in the request.
pub(crate) async fn signed_in(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(caller) = app.access.identify(headers, Connection::of(request.extensions())) else {
        let detail = "expected the operator token as `Authorization: Bearer`, or a session";
        return Problem::new(Kind::Unauthorized, detail).into_response();
    };
    if caller.session.is_some() && !request.method().is_safe() && !is_own_page(headers) {
        return foreign_origin().into_response();
    }
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str).unwrap_or_default();
    match (roles::need(request.method(), path), caller.actor.role) {
        (_, SignedInAs::Operator)
        | (Need::Staff, SignedInAs::Technician)
        | (Need::Anybody, SignedInAs::Technician | SignedInAs::Resident)
        | (Need::Resident, SignedInAs::Resident) => {}
        (Need::Operator | Need::Resident, SignedInAs::Technician)
        | (Need::Operator | Need::Staff, SignedInAs::Resident) => {
            let detail = "this is not for your role; ask an operator of this building";
            return Problem::new(Kind::Forbidden, detail).into_response();
        }
    }
    request.extensions_mut().insert(caller.actor.clone());
    request.extensions_mut().insert(caller);
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

/// The name in `Host`, if there is exactly one and behind it nothing but a port.
fn host_header(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::HOST).iter();
    let host = all.next().filter(|_| all.next().is_none())?.to_str().ok()?;
    let (name, behind) = match host.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_port = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    (behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port)).then_some(name)
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
        "PUT" => "PUT",
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
    fn reads_a_host_only_where_there_is_one() {
        let name = |hosts: &[&'static str]| {
            let all = hosts.iter().map(|host| (header::HOST, HeaderValue::from_static(host)));
            let mut headers = HeaderMap::new();
            for (name, value) in all {
                headers.append(name, value);
            }
            host_header(&headers).map(str::to_owned)
        };
        for (host, expected) in [
            ("127.0.0.1:8080", "127.0.0.1"),
            ("pi.local", "pi.local"),
            ("[::1]:8443", "::1"),
            ("[::1]", "::1"),
            ("evil.example:443", "evil.example"),
        ] {
            assert_eq!(name(&[host]).as_deref(), Some(expected), "{host}");
        }
        for wrong in ["[::1]evil.example", "127.0.0.1:8080@evil.example", "[::1", "127.0.0.1:80:80"] {
            assert_eq!(name(&[wrong]), None, "{wrong}");
        }
        assert_eq!(name(&[]), None);
        assert_eq!(name(&["127.0.0.1", "evil.example"]), None, "two of them");
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
