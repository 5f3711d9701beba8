//! What flows now: the mean power between the last readings of each counter, and how old they are.

use protocol::UnixMs;

use super::meters::{Counter, Role};
use super::{Core, Energy};
use crate::core::telemetry::Telemetry;

/// Older readings say nothing about now, milliseconds.
const FRESH_MS_MAX: i64 = 45 * 60 * 1000;
/// Power is the mean over at least this long where readings come often, milliseconds.
const MEAN_MS_MIN: i64 = 30_000;

/// Power between two readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// Mean, W.
    pub watts: f64,
    /// Time of the earlier reading.
    pub from: UnixMs,
    /// Time of the later one.
    pub to: UnixMs,
}

/// Power of the building; what is not metered or too old is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FlowNow {
    /// From the grid.
    pub import: Option<Power>,
    /// To the grid.
    pub export: Option<Power>,
    /// Made in the building.
    pub production: Option<Power>,
    /// Used in the building.
    pub load: Option<Power>,
}

impl Core {
    /// What flows at the node's time `now`.
    pub fn flow_now(&self, now: UnixMs) -> FlowNow {
        flow_now(now, &self.energy, &self.telemetry)
    }
}

pub(super) fn flow_now(now: UnixMs, energy: &Energy, telemetry: &Telemetry) -> FlowNow {
    let counters = energy.counters(telemetry.catalogue());
    let sum = |role| {
        let mut powers =
            counters.iter().filter(|counter| counter.role == role).map(|counter| power(telemetry, counter));
        let first = powers.next()??;
        let all = powers.try_fold(first, |sum, one| {
            let one = one?;
            Some(Power { watts: sum.watts + one.watts, from: sum.from.min(one.from), to: sum.to.min(one.to) })
        });
        all.filter(|all| now.since(all.to) <= FRESH_MS_MAX)
    };
    let (import, export, production) = (sum(Role::Import), sum(Role::Export), sum(Role::Production));
    let span =
        |a: Power, b: Option<Power>| b.map_or((a.from, a.to), |b| (a.from.min(b.from), a.to.min(b.to)));
    let watts = |power: Option<Power>| power.map_or(0.0, |power| power.watts);
    if let Some(load) = sum(Role::Load) {
        let (from, to) = span(load, production);
        let net = load.watts - watts(production);
        let power = |watts: f64| Some(Power { watts: watts.max(0.0), from, to });
        return FlowNow { import: power(net), export: power(-net), production, load: Some(load) };
    }
    let has = |role| counters.iter().any(|counter| counter.role == role);
    let is_known =
        (export.is_some() || !has(Role::Export)) && (production.is_some() || !has(Role::Production));
    let load = import.filter(|_| is_known).map(|import| {
        let (from, to) = span(import, production);
        Power { watts: (import.watts + watts(production) - watts(export)).max(0.0), from, to }
    });
    FlowNow { import, export, production, load }
}

/// The mean power over the last readings that are far enough apart.
fn power(telemetry: &Telemetry, counter: &Counter) -> Option<Power> {
    let head = telemetry.head(counter.asset)?;
    let (to, last) = head.latest(counter.column)?;
    let earlier = head.readings(counter.column, to.plus(-FRESH_MS_MAX), to.plus(-MEAN_MS_MIN + 1));
    let (from, first) = earlier.last()?;
    let counted = counter.gauge.counting.between((from, first.get()), (to, last.get()));
    #[expect(clippy::cast_precision_loss, reason = "spans of time far below 2^53 ms")]
    let hours = to.since(from) as f64 / 3_600_000.0;
    Some(Power { watts: counted * counter.gauge.unit_mwh / 1_000.0 / hours, from, to })
}
