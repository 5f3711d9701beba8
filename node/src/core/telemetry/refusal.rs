//! Why a payload is not accepted. A refused payload leaves nothing behind.

use protocol::UnixMs;
use protocol::limits::{METRICS_PER_PAYLOAD_MAX, QUARANTINE_ROWS_MAX};
use thiserror::Error;

/// What is wrong with a payload, with the field it is in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No site has this code.
    #[error("site_code: no site is called {found:?}")]
    UnknownSite {
        /// The code, shortened.
        found: String,
    },
    /// No asset has this code.
    #[error("asset_code: no asset is called {found:?}")]
    UnknownAsset {
        /// The code, shortened.
        found: String,
    },
    /// The asset stands on another site.
    #[error("asset_code: {asset} belongs to site {expected}, not to {found}")]
    ForeignAsset {
        /// The asset.
        asset: String,
        /// Its site.
        expected: String,
        /// The site named in the payload.
        found: String,
    },
    /// The reading lies too far ahead of the building's clock.
    #[error("timestamp: {found} is {ahead_ms} ms ahead of this node's clock, {allowed_ms} ms allowed")]
    Future {
        /// Time of the reading.
        found: UnixMs,
        /// How far ahead it is.
        ahead_ms: i64,
        /// How far ahead it may be.
        allowed_ms: i64,
    },
    /// The reading is older than what is kept.
    #[error("timestamp: {found} is older than the {days} days that raw readings of {metric} are kept")]
    TooOld {
        /// Time of the reading.
        found: UnixMs,
        /// The metric that is not kept that long.
        metric: String,
        /// How long it is kept.
        days: i64,
    },
    /// Late rows come faster than they are taken.
    #[error("timestamp: {rows} late rows are more than is taken now; try again in {retry_after_s} s")]
    Backfill {
        /// Late rows of the request.
        rows: usize,
        /// When to try again, seconds.
        retry_after_s: u32,
    },
    /// The clock is in doubt, and more readings wait for it than are kept.
    #[error(
        "timestamp: this node's clock is in doubt and {QUARANTINE_ROWS_MAX} rows wait for it already; try again later"
    )]
    QuarantineFull,
    /// No metric at all, or too many.
    #[error("metrics: {found} found, 1 to {METRICS_PER_PAYLOAD_MAX} allowed")]
    MetricCount {
        /// Metrics in the payload.
        found: usize,
    },
    /// A metric's name that is not allowed.
    #[error("metrics.{found}: a name is 1 to 64 bytes of a-z, 0-9 and _")]
    MetricName {
        /// The name, shortened.
        found: String,
    },
    /// A metric that occurs twice.
    #[error("metrics.{metric}: occurs twice")]
    MetricTwice {
        /// Its name.
        metric: String,
    },
    /// NaN or an infinity.
    #[error("metrics.{metric}: {found} is not a finite number")]
    NotFinite {
        /// Its name.
        metric: String,
        /// `NaN`, `inf` or `-inf`.
        found: &'static str,
    },
    /// The payload would start more series than there is room for.
    #[error("metrics: {needed} new series, room for {room}")]
    SeriesLimit {
        /// Series it would start.
        needed: usize,
        /// Series that may still be started.
        room: usize,
    },
}

impl Refusal {
    /// The field of the payload that is wrong: `timestamp`, `metrics.motor_temp`.
    pub fn field(&self) -> String {
        match self {
            Self::UnknownSite { .. } => "site_code".to_owned(),
            Self::UnknownAsset { .. } | Self::ForeignAsset { .. } => "asset_code".to_owned(),
            Self::Future { .. } | Self::TooOld { .. } | Self::Backfill { .. } | Self::QuarantineFull => {
                "timestamp".to_owned()
            }
            Self::MetricCount { .. } | Self::SeriesLimit { .. } => "metrics".to_owned(),
            Self::MetricName { found: metric }
            | Self::MetricTwice { metric }
            | Self::NotFinite { metric, .. } => {
                format!("metrics.{metric}")
            }
        }
    }

    /// A short, fixed name for counters.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownSite { .. } => "unknown_site",
            Self::UnknownAsset { .. } => "unknown_asset",
            Self::ForeignAsset { .. } => "foreign_asset",
            Self::Future { .. } => "future",
            Self::TooOld { .. } => "too_old",
            Self::Backfill { .. } => "backfill",
            Self::QuarantineFull => "quarantine_full",
            Self::MetricCount { .. } => "metric_count",
            Self::MetricName { .. } => "metric_name",
            Self::MetricTwice { .. } => "metric_twice",
            Self::NotFinite { .. } => "not_finite",
            Self::SeriesLimit { .. } => "series_limit",
        }
    }

    /// Whether the sender did nothing wrong but asked for more than this node keeps (429 rather than 422).
    pub const fn is_limit(&self) -> bool {
        matches!(self, Self::SeriesLimit { .. } | Self::Backfill { .. } | Self::QuarantineFull)
    }

    /// When it is worth trying again, seconds.
    pub const fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Backfill { retry_after_s, .. } => Some(*retry_after_s),
            Self::QuarantineFull | Self::SeriesLimit { .. } => Some(60),
            Self::UnknownSite { .. }
            | Self::UnknownAsset { .. }
            | Self::ForeignAsset { .. }
            | Self::Future { .. }
            | Self::TooOld { .. }
            | Self::MetricCount { .. }
            | Self::MetricName { .. }
            | Self::MetricTwice { .. }
            | Self::NotFinite { .. } => None,
        }
    }
}

/// At most 64 bytes of a text from outside, cut at a character.
pub(super) fn shorten(text: &str) -> String {
    text.chars()
        .scan(0, |len, c| {
            *len += c.len_utf8();
            (*len <= 64).then_some(c)
        })
        .collect()
}
