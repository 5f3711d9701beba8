//! Sharing with neighbours as JSON sees it: what this building says of its own energy. Prices are micro-EUR per kWh.

use crate::request::TermsDraft;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What this building says of its own energy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TermsView {
    /// What was said last.
    pub said: TermsDraft,
    /// Start of the first slot it holds for; `null` while nothing was ever said.
    pub since: Option<Time>,
    /// What holds in the slot of the moment.
    pub now: TermsDraft,
}
