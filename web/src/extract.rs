//! Parts of a request, each refused with a problem document when it is wrong: axum's own refusals are plain text.

use crate::objects;
use crate::problem::{Kind, Problem};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::de::DeserializeOwned;

/// Body of a JSON request that is not telemetry, bytes.
pub(crate) const JSON_BODY_BYTES_MAX: usize = 64 * 1024;
/// How much of a body over its limit is read and thrown away, so that the sender gets to see the answer.
const DISCARD_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Characters of an id in a path.
const ID_BYTES_MAX: usize = 128;

/// The whole body, at most `MAX` bytes.
#[derive(Debug)]
pub(crate) struct Raw<const MAX: usize>(pub(crate) Bytes);

impl<S: Sync, const MAX: usize> FromRequest<S> for Raw<MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let headers = request.headers();
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if headers.contains_key(header::EXPECT) && announced.is_some_and(|length: u64| length > MAX as u64) {
            return Err(too_large(MAX));
        }
        read(request.into_body(), MAX).await.map(Self)
    }
}

/// A JSON body of one of our types.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Raw(body) = Raw::<JSON_BODY_BYTES_MAX>::from_request(request, state).await?;
        json(&body).map(Self)
    }
}

/// A JSON body of up to `MAX` bytes.
#[derive(Debug)]
pub(crate) struct Large<T, const MAX: usize>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync, const MAX: usize> FromRequest<S> for Large<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Raw(body) = Raw::<MAX>::from_request(request, state).await?;
        json(&body).map(Self)
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Without this an array of the fields' values would pass for the object which the document promises.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(Problem::new(Kind::Malformed, "expected an object, found an array").field("body"));
    }
    objects::from_slice(body).map_err(|error| Problem::new(Kind::Malformed, error.to_string()))
}

/// The query string.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query.map(|query| Self(query.0)).map_err(|error| Problem::new(Kind::Malformed, error.body_text()))
    }
}

/// The one id in the path.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<String>::from_request_parts(parts, state).await;
        let id = path.map_err(|error| Problem::new(Kind::Malformed, error.body_text()).field("id"))?.0;
        if id.len() > ID_BYTES_MAX {
            let detail = format!("expected at most {ID_BYTES_MAX} bytes, found {}", id.len());
            return Err(Problem::new(Kind::NotFound, detail).field("id"));
        }
        Ok(Self(id))
    }
}

/// The two ids in the path.
#[derive(Debug)]
pub(crate) struct Ids(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Ids {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<(String, String)>::from_request_parts(parts, state).await;
        let (first, second) =
            path.map_err(|error| Problem::new(Kind::Malformed, error.body_text()).field("id"))?.0;
        if first.len().max(second.len()) > ID_BYTES_MAX {
            let detail = format!("expected at most {ID_BYTES_MAX} bytes in each id");
            return Err(Problem::new(Kind::NotFound, detail).field("id"));
        }
        Ok(Self(first, second))
    }
}

async fn read(body: Body, max: usize) -> Result<Bytes, Problem> {
    let mut stream = body.into_data_stream();
    let Some(first) = stream.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(|_| broken())?;
    // Most telemetry comes in one piece: no copy then.
    let Some(second) = stream.next().await else { return within(first, max) };
    let mut whole = BytesMut::from(first);
    let mut total = whole.len();
    let mut next = Some(second);
    while let Some(piece) = next {
        let piece = piece.map_err(|_| broken())?;
        total = total.saturating_add(piece.len());
        if total <= max {
            whole.extend_from_slice(&piece);
        } else if total > DISCARD_BYTES_MAX {
            break;
        }
        next = stream.next().await;
    }
    if total > max { Err(too_large(max)) } else { Ok(whole.freeze()) }
}

fn within(body: Bytes, max: usize) -> Result<Bytes, Problem> {
    if body.len() > max { Err(too_large(max)) } else { Ok(body) }
}

fn too_large(max: usize) -> Problem {
    Problem::new(Kind::TooLarge, format!("expected a body of at most {max} bytes")).field("body")
}

fn broken() -> Problem {
    Problem::new(Kind::Malformed, "the body ended early").field("body")
}
