//! A reading's value and a row of them.

use protocol::UnixMs;
use protocol::limits::METRICS_PER_PAYLOAD_MAX;

use crate::core::catalogue::{AssetId, Column};

/// A finite number without a negative zero, so that equal values have equal bits.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Value(f64);

impl Value {
    /// Takes a finite number; `-0.0` becomes `0.0`. NaN and infinities are refused.
    pub fn new(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(number + 0.0))
    }

    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// What one asset reported at one time: at most `METRICS_PER_PAYLOAD_MAX` values, by rising column, each column at
/// most once.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    asset: AssetId,
    time: UnixMs,
    values: Vec<(Column, Value)>,
}

impl Row {
    /// Puts the values in order. `None` if there are too many or two of one column.
    pub fn new(asset: AssetId, time: UnixMs, mut values: Vec<(Column, Value)>) -> Option<Self> {
        values.sort_unstable_by_key(|(column, _)| *column);
        let distinct = values.windows(2).all(|pair| pair[0].0 < pair[1].0);
        (distinct && values.len() <= METRICS_PER_PAYLOAD_MAX).then_some(Self { asset, time, values })
    }

    /// The asset that reported.
    pub const fn asset(&self) -> AssetId {
        self.asset
    }

    /// When, by the asset's own clock.
    pub const fn time(&self) -> UnixMs {
        self.time
    }

    /// The values, by rising column.
    pub fn values(&self) -> &[(Column, Value)] {
        &self.values
    }

    /// The value of one column if it is among the `fresh` ones, bit i for value i.
    pub fn fresh_value(&self, column: Column, fresh: u64) -> Option<Value> {
        let at = self.values.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        (fresh >> at & 1 == 1).then(|| self.values[at].1)
    }
}
