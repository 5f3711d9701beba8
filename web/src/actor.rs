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

/// As what somebody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignedInAs {
    Operator,
    Technician,
    /// With the own key: sees what the building decides together, and takes part in it.
    Resident,
}

impl From<UserRole> for SignedInAs {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Operator => Self::Operator,
            UserRole::Technician => Self::Technician,
        }
    }
}

/// Who wants something done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person's name, at most `ACTOR_BYTES_MAX` bytes; `token` for a script.
    pub name: String,
    pub role: SignedInAs,
    /// The person of the building's registry, for a resident.
    pub person: Option<u32>,
}

impl Actor {
    /// Somebody whom only what they bring can let do anything.
    pub(crate) fn stranger() -> Self {
        Self { name: String::new(), role: SignedInAs::Resident, person: None }
    }

    /// A script with the operator token.
    pub(crate) fn token() -> Self {
        Self { name: TOKEN_NAME.to_owned(), role: SignedInAs::Operator, person: None }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let missing = || Problem::new(Kind::Unauthorized, "sign in first");
        parts.extensions.get::<Self>().cloned().ok_or_else(missing)
    }
}
