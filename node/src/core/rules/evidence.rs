//! What an alert rests on.

use protocol::UnixMs;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::core::policy::Criterion;

/// Readings shown with an alert.
pub const EVIDENCE_READINGS_MAX: usize = 5;

/// What a condition found.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Evidence {
    /// The number that was compared: a mean, a rate, a total, how many readings, minutes of silence, or the newest
    /// reading.
    pub measured: f64,
    /// With what it was compared.
    pub threshold: f64,
    /// On how many readings it rests.
    pub readings: u32,
    /// The oldest of them.
    pub from: UnixMs,
    /// The newest of them.
    pub to: UnixMs,
    /// The last few readings, oldest first.
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, EVIDENCE_READINGS_MAX>")]
    pub last: Vec<(UnixMs, f64)>,
}

/// One of the conditions that were met together when an alert was raised, and what it found.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Ground {
    /// Its group, from 0.
    pub group: u8,
    /// Its place there, from 0.
    pub place: u8,
    /// The condition as it was then.
    pub criterion: Criterion,
    /// What it found.
    pub evidence: Evidence,
}
