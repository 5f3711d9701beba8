//! The metrics whose unit and kind are fixed (F2.2). Any other name is a gauge without unit unless it is defined.

use serde::{Deserialize, Serialize};

/// How the values of a metric behave over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum MetricKind {
    /// Goes up and down: a temperature.
    #[default]
    Gauge,
    /// Only grows, until a reset or a swap of the meter: operating hours.
    Counter,
    /// One of a few numbers: running or not.
    State,
}

/// What is known of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// `temp_supply_air`.
    pub name: &'static str,
    /// `°C`; empty for plain numbers.
    pub unit: &'static str,
    /// How it behaves.
    pub kind: MetricKind,
}

const fn gauge(name: &'static str, unit: &'static str) -> Metric {
    Metric { name, unit, kind: MetricKind::Gauge }
}

const fn counter(name: &'static str, unit: &'static str) -> Metric {
    Metric { name, unit, kind: MetricKind::Counter }
}

/// The metrics with a fixed unit, sorted by name.
pub const METRICS_KNOWN: &[Metric] = &[
    gauge("current_a", "A"),
    counter("door_cycles", ""),
    counter("energy_kwh", "kWh"),
    counter("export_wh", "Wh"),
    gauge("humidity_pct", "%"),
    counter("import_wh", "Wh"),
    counter("load_wh", "Wh"),
    gauge("motor_temp", "°C"),
    gauge("power_kw", "kW"),
    counter("pv_wh", "Wh"),
    counter("run_hours", "h"),
    Metric { name: "running", unit: "", kind: MetricKind::State },
    gauge("temp_out_air", "°C"),
    gauge("temp_supply_air", "°C"),
    gauge("vibration_level", "mm/s"),
    counter("water_l", "L"),
    gauge("water_temp_out", "°C"),
];

/// Unit and kind of a metric; `None` means a gauge without unit.
pub fn metric(name: &str) -> Option<&'static Metric> {
    let at = METRICS_KNOWN.binary_search_by(|known| known.name.cmp(name)).ok()?;
    METRICS_KNOWN.get(at)
}
