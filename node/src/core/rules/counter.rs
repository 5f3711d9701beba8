//! What a counter has counted since it was served, seen through resets.

use protocol::UnixMs;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::super::catalogue::AssetId;
use super::super::policy::PolicyId;

/// From where a counter is counted. It moves when the work order is done that served it, and when the counter is
/// reset; both are stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct CounterBase {
    /// The asset.
    pub asset: AssetId,
    /// The policy that watches it.
    pub policy: PolicyId,
    /// Reading from which is counted; `None` means the next one to arrive.
    pub base: Option<f64>,
    /// What was counted before the last reset.
    pub carried: f64,
    /// Time of the reading, or of the service, from which this holds: earlier readings are counted already, also
    /// when they are read back from the log.
    pub since: UnixMs,
}

/// A counter under watch. A reading below the last one is a reset only if the next one stays below too: a single low
/// reading is a fault of the sensor.
#[derive(Debug, Clone)]
pub(super) struct Counter {
    base: Option<f64>,
    carried: f64,
    since: i64,
    last: Option<(i64, f64)>,
    suspect: Option<(i64, f64)>,
}

impl Counter {
    /// A counter that was never served counts from zero.
    pub(super) fn new(base: Option<&CounterBase>) -> Self {
        let unserved = (Some(0.0), 0.0, i64::MIN);
        let (base, carried, since) =
            base.map_or(unserved, |stored| (stored.base, stored.carried, stored.since.0));
        Self { base, carried, since, last: None, suspect: None }
    }

    pub(super) const fn last(&self) -> Option<(i64, f64)> {
        self.last
    }

    /// What was counted since the last service, as far as readings tell.
    pub(super) fn total(&self) -> Option<f64> {
        Some(self.carried + (self.last?.1 - self.base?))
    }

    /// What is to be stored.
    pub(super) const fn stored(&self, asset: AssetId, policy: PolicyId) -> CounterBase {
        CounterBase { asset, policy, base: self.base, carried: self.carried, since: UnixMs(self.since) }
    }

    /// Takes a reading; older ones than the last are nothing to a counter. Answers whether the base moved.
    pub(super) fn insert(&mut self, time: i64, value: f64) -> bool {
        let is_known = self.suspect.or(self.last).is_some_and(|(newest, _)| time <= newest);
        if is_known || time < self.since {
            return false;
        }
        let Some(base) = self.base else {
            (self.base, self.last, self.since) = (Some(value), Some((time, value)), time);
            return true;
        };
        let before = self.last.map_or(base, |(_, value)| value);
        if value >= before {
            (self.last, self.suspect) = (Some((time, value)), None);
            return false;
        }
        match self.suspect.replace((time, value)) {
            Some((_, low)) if value >= low => {
                self.restart(before - base, (time, value));
                true
            }
            Some(_) | None => false,
        }
    }

    fn restart(&mut self, counted: f64, reading: (i64, f64)) {
        (self.base, self.carried) = (Some(0.0), self.carried + counted);
        (self.last, self.suspect, self.since) = (Some(reading), None, reading.0);
    }

    /// The equipment was served: counting starts at the last reading, or at the next one if there is none.
    pub(super) fn serve(&mut self, now: i64) {
        (self.base, self.carried) = (self.last.map(|(_, value)| value), 0.0);
        (self.since, self.suspect) = (self.last.map_or(now, |(time, _)| time), None);
    }
}
