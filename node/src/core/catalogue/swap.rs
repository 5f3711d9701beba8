//! A meter was replaced: what the old one said last and the new one first, so that no use is lost or invented.

use protocol::UnixMs;
use protocol::limits::SWAP_NOTE_BYTES_MAX;
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::traits::Unfit;
use super::{AssetId, MetricName};
use crate::core::telemetry::Exchange;

/// The swap of one meter, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Swap {
    asset: AssetId,
    metric: MetricName,
    exchange: Exchange,
    note: String,
}

impl Swap {
    /// Checks a swap: both readings are finite and not negative, the note is at most `SWAP_NOTE_BYTES_MAX` bytes.
    pub fn new(asset: AssetId, metric: MetricName, exchange: Exchange, note: String) -> Result<Self, Unfit> {
        for (field, reading) in [("end_reading", exchange.end), ("start_reading", exchange.start)] {
            if !reading.is_finite() || reading < 0.0 {
                return Err(Unfit { field, expected: "a number of at least 0" });
            }
        }
        if note.len() > SWAP_NOTE_BYTES_MAX || note.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Unfit { field: "note", expected: "at most 256 bytes without control characters" });
        }
        let exchange = Exchange { end: exchange.end + 0.0, start: exchange.start + 0.0, ..exchange };
        Ok(Self { asset, metric, exchange, note })
    }

    /// Whose meter.
    pub const fn asset(&self) -> AssetId {
        self.asset
    }

    /// What it measures.
    pub const fn metric(&self) -> &MetricName {
        &self.metric
    }

    /// When, and both readings.
    pub const fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// For people.
    pub fn note(&self) -> &str {
        &self.note
    }
}

const _: () = assert!(SWAP_NOTE_BYTES_MAX == 256);

/// The swap as it is stored.
#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    asset: AssetId,
    metric: MetricName,
    at: UnixMs,
    end: f64,
    start: f64,
    note: String,
}

impl From<Swap> for Stored {
    fn from(swap: Swap) -> Self {
        let Swap { asset, metric, exchange: Exchange { at, end, start }, note } = swap;
        Self { asset, metric, at, end, start, note }
    }
}

impl TryFrom<Stored> for Swap {
    type Error = Unfit;

    fn try_from(stored: Stored) -> Result<Self, Unfit> {
        let Stored { asset, metric, at, end, start, note } = stored;
        Self::new(asset, metric, Exchange { at, end, start }, note)
    }
}
