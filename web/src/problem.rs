//! Errors as RFC 9457 problem documents: one stable kind each, the field at fault, a sentence saying what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Kinds are stable: scripts may rely on them. The full type is `urn:symbiose:problem:<kind>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// The request is not well formed.
    Malformed,
    /// Well formed, but a value cannot be accepted.
    Invalid,
    /// No operator token and no session.
    Unauthorized,
    /// Signed in, but this is for operators.
    Forbidden,
    /// A write by cookie which does not come from our own page.
    ForeignOrigin,
    /// There is no such thing.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// Against the present state, such as acknowledging a closed alert.
    Conflict,
    /// Body, batch or list over its limit.
    TooLarge,
    /// Not a content type this route reads.
    UnsupportedMediaType,
    /// A host name which is not ours.
    MisdirectedRequest,
    /// The ledger's rules say no.
    Refused,
    /// A limit on how much or how often; try again later.
    TooMany,
    /// The node cannot take this now; `/readyz` says why.
    Unavailable,
    /// No answer in time; it may still happen.
    Timeout,
    /// Our own fault.
    Internal,
}

impl Kind {
    /// The last part of the problem type.
    pub fn code(self) -> &'static str {
        self.parts().0
    }

    /// The HTTP status it is answered with.
    pub fn status(self) -> StatusCode {
        self.parts().1
    }

    fn parts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST, "The request is not well formed"),
            Self::Invalid => ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "A value cannot be accepted"),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED, "Sign in first"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "This is for operators"),
            Self::ForeignOrigin => ("foreign-origin", StatusCode::FORBIDDEN, "This comes from another page"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing"),
            Self::MethodNotAllowed => {
                ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "Not with this method")
            }
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "Not possible in the present state"),
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "Too large"),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "This route reads another format",
            ),
            Self::MisdirectedRequest => {
                ("misdirected-request", StatusCode::MISDIRECTED_REQUEST, "This is not a name of this node")
            }
            Self::Refused => ("refused", StatusCode::UNPROCESSABLE_ENTITY, "Refused by the ledger"),
            Self::TooMany => ("too-many", StatusCode::TOO_MANY_REQUESTS, "Too much at once"),
            Self::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "Not possible right now"),
            Self::Timeout => ("timeout", StatusCode::GATEWAY_TIMEOUT, "No answer in time"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "An error of this node"),
        }
    }
}

/// An error on its way to the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {detail}", kind.code())]
pub struct Problem {
    pub kind: Kind,
    /// What was expected and what was found, in plain English.
    pub detail: String,
    /// The field at fault, such as `metrics.motor_temp`.
    pub field: Option<String>,
    /// Seconds after which trying again makes sense, if that is known.
    pub retry_s: Option<u64>,
}

impl Problem {
    /// A problem without a field.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), field: None, retry_s: None }
    }

    /// The same, naming the field at fault.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// The same, naming when to try again.
    #[must_use]
    pub fn retry(self, seconds: u64) -> Self {
        Self { retry_s: Some(seconds), ..self }
    }

    /// The same for the `line`-th payload (from 1) of a batch.
    #[must_use]
    pub fn at_line(self, line: usize) -> Self {
        let field =
            self.field.map_or_else(|| format!("line {line}"), |field| format!("line {line}: {field}"));
        Self { field: Some(field), ..self }
    }

    /// The document as JSON.
    pub fn document(&self) -> ProblemDocument {
        let (code, status, title) = self.kind.parts();
        ProblemDocument {
            r#type: format!("urn:symbiose:problem:{code}"),
            status: status.as_u16(),
            title: title.to_owned(),
            detail: self.detail.clone(),
            field: self.field.clone(),
        }
    }
}

/// The JSON of a problem (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemDocument {
    #[schema(example = "urn:symbiose:problem:invalid")]
    pub r#type: String,
    pub status: u16,
    pub title: String,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body =
            serde_json::to_vec(&self.document()).expect("invariant: strings and numbers always serialise");
        let mut response = (self.kind.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.kind == Kind::TooMany || self.kind == Kind::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(self.retry_s.unwrap_or(1)));
        }
        if self.kind == Kind::Unauthorized {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
