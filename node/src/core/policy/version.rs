//! What a policy said once, since when, and who wrote it.

use protocol::UnixMs;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::Policy;

/// One version of a policy.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct PolicyVersion {
    /// The policy as it was then, with its number and version.
    pub policy: Policy,
    /// Since when; for what was there before versions were kept, when that began.
    pub at: UnixMs,
    /// Who wrote it, up to 64 bytes.
    pub by: String,
}
