//! Who asks: the person behind a session or the script behind the operator token. The door finds out, routes hand it
//! on with every command, and the building writes the name beside what was done.

use crate::problem::{Kind, Problem};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The name written beside what a script did with the operator token.
const TOKEN_NAME: &str = "token";

/// What somebody may do. A technician reads everything, sees to alerts and work orders, and changes nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserRole {
    Operator,
    Technician,
}

/// Who wants something done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person's name, at most `ACTOR_BYTES_MAX` bytes; `token` for a script.
    pub name: String,
    pub role: UserRole,
}

impl Actor {
    /// A script with the operator token.
    pub(crate) fn token() -> Self {
        Self { name: TOKEN_NAME.to_owned(), role: UserRole::Operator }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(Kind::Unauthorized, "sign in first");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
