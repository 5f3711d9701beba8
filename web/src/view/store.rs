//! How readings are stored, as JSON sees it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the store holds, what became of what was sent, and what it costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StoreView {
    /// Rows stored: what one asset reported at one time.
    pub rows: u64,
    /// Values in them.
    pub points: u64,
    /// Values that were there already, since the node started.
    pub duplicates: u64,
    /// Values that contradicted a stored one, since the node started.
    pub conflicts: u64,
    /// Rows older than what the node has at hand, since it started.
    pub late: u64,
    /// Payloads refused since the node started.
    pub refused: u64,
    /// Rows held back because they lie in the future.
    pub quarantined: u64,
    /// Everything that was ever lost to damage.
    pub lost: LostView,
    /// Bytes on disk.
    pub bytes: u64,
    /// Bytes of day files with readings per value in them; `null` while there is none.
    pub bytes_per_point: Option<f64>,
    /// Bytes that wait in the write-ahead log.
    pub wal_bytes: u64,
    /// Bytes written since the start of the day, or of the node.
    pub written_today_bytes: u64,
    /// Bytes written per day; `null` in the first hour of the node.
    pub written_per_day_bytes: Option<u64>,
    pub disk_free_bytes: u64,
    pub disk_total_bytes: u64,
    /// Oldest first.
    pub days: Vec<StoreDay>,
}

/// What was lost to damage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LostView {
    /// Places with damage.
    pub gaps: u64,
    /// Records of the write-ahead log, as far as their numbers tell.
    pub records: u64,
    pub bytes: u64,
    /// Chunks of day files.
    pub chunks: u64,
}

/// The files of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoreDay {
    #[schema(example = "2026-11-20")]
    pub id: String,
    pub state: StoreDayState,
    pub bytes: u64,
    /// Rows whose readings are still there.
    pub rows: u64,
    pub points: u64,
    pub lost_chunks: u64,
}

/// What there is of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreDayState {
    /// Readings that are not merged yet.
    #[default]
    Open,
    /// The whole day, merged.
    Sealed,
    /// Sums only; the readings are past their time.
    Rollups,
}
