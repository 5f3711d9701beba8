//! Heating, cooling and lifts as their controllers would report them: pure functions of seed and hive time,
//! healthy for weeks under rules R1 to R6, until a drift is forced on one of their metrics.

use std::collections::BTreeMap;

use protocol::AssetKind;

use crate::chance::Chance;
use crate::clock::{DAY_MS, whole};

/// Hive milliseconds between two reports of a healthy asset.
pub const REPORT_MS: i64 = 10_000;
/// Hive milliseconds between two reports while an asset drifts: a controller reports a change at once.
pub const DRIFT_REPORT_MS: i64 = 1_000;
/// Reports a drifting metric needs from its healthy value to its target.
const RAMP_REPORTS: u32 = 3;
const HOUR_MS: i64 = 3_600_000;

/// The metrics of an asset of this kind and, for each, the value a forced drift leads to: beyond the limit of the
/// rule that watches it.
pub fn metrics(kind: AssetKind) -> &'static [(&'static str, f64)] {
    match kind {
        AssetKind::Hvac => &[
            ("temp_out_air", 48.0),
            ("temp_supply_air", 27.0),
            ("power_kw", 38.0),
            ("vibration_level", 11.0),
            ("current_a", 62.0),
        ],
        AssetKind::Chiller => &[("water_temp_out", 19.0), ("power_kw", 130.0), ("run_hours", 640.0)],
        AssetKind::Elevator => {
            &[("motor_temp", 92.0), ("door_cycles", 120_000.0), ("current_a", 55.0), ("vibration_level", 9.0)]
        }
        AssetKind::Meter => &[],
    }
}

/// A metric on its way out of its healthy range.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Drift {
    target: f64,
    reports: u32,
}

/// One asset's controller.
#[derive(Debug, Clone)]
pub struct Equipment {
    kind: AssetKind,
    seed: u64,
    code: String,
    installed_ms: i64,
    drifts: BTreeMap<&'static str, Drift>,
}

impl Equipment {
    /// An asset in service since `installed_ms` of hive time; counters grow from there.
    pub fn new(kind: AssetKind, code: &str, seed: u64, installed_ms: i64) -> Self {
        Self { kind, seed, code: code.to_owned(), installed_ms, drifts: BTreeMap::new() }
    }

    /// The asset's code, such as `CAS-S1-HVAC_1`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether a drift is in force.
    pub fn is_drifting(&self) -> bool {
        !self.drifts.is_empty()
    }

    /// Leads `metric` away from its healthy value, to `target` or to the kind's own value beyond the rule.
    pub fn drift(&mut self, metric: &str, target: Option<f64>) -> Result<f64, String> {
        let known = metrics(self.kind);
        let Some((name, usual)) = known.iter().find(|(name, _)| *name == metric) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            return Err(format!("{} expects one of {}, found \"{metric}\"", self.code, names.join(", ")));
        };
        let target = target.unwrap_or(*usual);
        if !target.is_finite() {
            return Err(format!("{metric} expects a finite target, found {target}"));
        }
        self.drifts.insert(name, Drift { target, reports: 0 });
        Ok(target)
    }

    /// Ends every drift of this asset; gauges return to their healthy values.
    pub fn calm(&mut self) {
        self.drifts.clear();
    }

    /// What the controller reports at `time_ms`.
    pub fn report(&mut self, time_ms: i64) -> BTreeMap<&'static str, f64> {
        let mut metrics = self.healthy(time_ms);
        for (name, drift) in &mut self.drifts {
            drift.reports = (drift.reports + 1).min(RAMP_REPORTS);
            let share = f64::from(drift.reports) / f64::from(RAMP_REPORTS);
            if let Some(value) = metrics.get_mut(name) {
                let shifted = (drift.target - *value).mul_add(share, *value);
                *value = rounded(shifted, 2);
            }
        }
        metrics
    }

    fn healthy(&self, time_ms: i64) -> BTreeMap<&'static str, f64> {
        match self.kind {
            AssetKind::Hvac => self.hvac(time_ms),
            AssetKind::Chiller => self.chiller(time_ms),
            AssetKind::Elevator => self.elevator(time_ms),
            AssetKind::Meter => BTreeMap::new(),
        }
    }

    fn hvac(&self, time_ms: i64) -> BTreeMap<&'static str, f64> {
        let outdoor = outdoor_celsius(self.seed, time_ms);
        let supply =
            17.6 + 0.6 * self.wave("supply", time_ms, HOUR_MS) + 0.1 * self.jitter("supply", time_ms);
        let load = activity(time_ms).mul_add(0.6, 0.4);
        let power = (0.35f64.mul_add((outdoor - 14.0).abs(), 7.0) * load
            + 0.2 * self.jitter("power", time_ms))
        .max(0.8);
        BTreeMap::from([
            ("temp_out_air", rounded(outdoor, 1)),
            ("temp_supply_air", rounded(supply, 1)),
            ("power_kw", rounded(power, 2)),
            ("vibration_level", rounded(2.5 + 0.4 * self.wave("vibration", time_ms, HOUR_MS / 4), 2)),
            ("current_a", rounded(amperes(power), 1)),
        ])
    }

    fn chiller(&self, time_ms: i64) -> BTreeMap<&'static str, f64> {
        let water = 9.2 + 1.4 * self.wave("water", time_ms, HOUR_MS) + 0.1 * self.jitter("water", time_ms);
        let running = activity(time_ms).mul_add(0.7, 0.3);
        let power = (46.0 * running + 2.0 * self.wave("power", time_ms, HOUR_MS / 3)).max(3.0);
        BTreeMap::from([
            ("water_temp_out", rounded(water, 1)),
            ("power_kw", rounded(power, 2)),
            ("run_hours", rounded(self.run_hours(time_ms), 1)),
        ])
    }

    fn elevator(&self, time_ms: i64) -> BTreeMap<&'static str, f64> {
        let busy = activity(time_ms);
        let motor = 48.0 + 7.0 * busy + 2.5 * self.wave("motor", time_ms, HOUR_MS / 2);
        BTreeMap::from([
            ("motor_temp", rounded(motor.clamp(45.0, 60.0), 1)),
            ("door_cycles", self.door_cycles(time_ms)),
            ("current_a", rounded(6.0 + 9.0 * busy + 1.5 * self.jitter("current", time_ms), 1)),
            ("vibration_level", rounded(1.6 + 0.3 * self.wave("vibration", time_ms, HOUR_MS / 4), 2)),
        ])
    }

    /// Between 40 and 200 hours at installation, then 9 hours a day: below R4's 500 for a month.
    fn run_hours(&self, time_ms: i64) -> f64 {
        let start = self.chance("run_hours").between(0, 40.0, 200.0);
        let in_service = (time_ms - self.installed_ms).max(0) as f64 / DAY_MS as f64;
        in_service.mul_add(9.0, start)
    }

    /// Between 20,000 and 60,000 cycles at installation, then about 600 a day: below R6's 100,000 for two months.
    fn door_cycles(&self, time_ms: i64) -> f64 {
        let start = self.chance("door_cycles").between(0, 20_000.0, 60_000.0);
        let in_service = (time_ms - self.installed_ms).max(0) as f64 / DAY_MS as f64;
        in_service.mul_add(600.0, start).floor()
    }

    fn wave(&self, metric: &str, time_ms: i64, period_ms: i64) -> f64 {
        self.chance(metric).wave(time_ms, period_ms)
    }

    fn jitter(&self, metric: &str, time_ms: i64) -> f64 {
        self.chance(metric).signed(time_ms / 1000)
    }

    fn chance(&self, metric: &str) -> Chance {
        Chance::new(self.seed, &format!("{}/{metric}", self.code))
    }
}

/// How busy a tertiary building is, 0 to 1: nearly empty at night, full from nine to six (UTC+1).
pub fn activity(time_ms: i64) -> f64 {
    let hour = (time_ms + HOUR_MS).rem_euclid(DAY_MS) as f64 / HOUR_MS as f64;
    let rise = ((hour - 6.5) / 2.5).clamp(0.0, 1.0);
    let fall = ((20.0 - hour) / 2.5).clamp(0.0, 1.0);
    rise.min(fall)
}

/// Outdoor air on the Atlantic coast: mild winters, summers near 27 °C, coolest before dawn.
pub fn outdoor_celsius(seed: u64, time_ms: i64) -> f64 {
    let year_share = time_ms.rem_euclid(365 * DAY_MS) as f64 / (365 * DAY_MS) as f64;
    let day_share = time_ms.rem_euclid(DAY_MS) as f64 / DAY_MS as f64;
    let season = -6.0 * (std::f64::consts::TAU * (year_share - 0.06)).cos();
    let day = -4.0 * (std::f64::consts::TAU * (day_share - 0.17)).cos();
    let weather = 2.5 * Chance::new(seed, "weather").wave(time_ms, DAY_MS / 2);
    18.5 + season + day + weather
}

/// Line current of a three-phase load at 400 V and cos φ 0.9.
fn amperes(power_kw: f64) -> f64 {
    power_kw * 1000.0 / (400.0 * 1.732 * 0.9)
}

/// `value` with `decimals` places, and never a negative zero.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    whole(value * scale) as f64 / scale
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: i64 = 1_765_200_000_000;

    fn report(kind: AssetKind, at_ms: i64) -> BTreeMap<&'static str, f64> {
        Equipment::new(kind, "CAS-S1-X_1", 42, START_MS).report(at_ms)
    }

    #[test]
    fn two_weeks_of_healthy_reports_trip_no_rule() {
        for minute in 0..14 * 24 * 60 {
            let at_ms = START_MS + minute * 60_000;
            let hvac = report(AssetKind::Hvac, at_ms);
            assert!((16.0..19.5).contains(&hvac["temp_supply_air"]), "{hvac:?}");
            assert!(hvac["vibration_level"] < 4.0 && hvac["power_kw"] > 0.0, "{hvac:?}");
            let chiller = report(AssetKind::Chiller, at_ms);
            assert!((7.0..12.0).contains(&chiller["water_temp_out"]), "{chiller:?}");
            assert!(chiller["run_hours"] < 500.0, "{chiller:?}");
            let lift = report(AssetKind::Elevator, at_ms);
            assert!((45.0..=60.0).contains(&lift["motor_temp"]), "{lift:?}");
            assert!(lift["door_cycles"] < 100_000.0, "{lift:?}");
        }
    }

    #[test]
    fn each_kind_reports_exactly_its_metrics() {
        for kind in [AssetKind::Hvac, AssetKind::Chiller, AssetKind::Elevator, AssetKind::Meter] {
            let reported: Vec<&str> = report(kind, START_MS).into_keys().collect();
            let mut expected: Vec<&str> = metrics(kind).iter().map(|(name, _)| *name).collect();
            expected.sort_unstable();
            assert_eq!(reported, expected);
        }
    }

    #[test]
    fn a_resumed_asset_goes_on_where_it_was() {
        let later = START_MS + 5 * DAY_MS;
        assert_eq!(report(AssetKind::Chiller, later), report(AssetKind::Chiller, later));
        assert!(
            report(AssetKind::Chiller, later)["run_hours"]
                > report(AssetKind::Chiller, START_MS)["run_hours"]
        );
    }

    #[test]
    fn a_drift_breaches_within_three_reports_and_calms_again() {
        let mut lift = Equipment::new(AssetKind::Elevator, "CAS-S1-ELEVATOR_1", 42, START_MS);
        lift.drift("motor_temp", None).unwrap();
        assert!(lift.is_drifting());
        let values: Vec<f64> =
            (0..5).map(|step| lift.report(START_MS + step * DRIFT_REPORT_MS)["motor_temp"]).collect();
        assert!(values[0] < 80.0, "{values:?}");
        assert!(values[2..].iter().all(|value| *value > 85.0), "{values:?}");
        lift.calm();
        assert!(lift.report(START_MS + 60_000)["motor_temp"] < 61.0);
        assert!(!lift.is_drifting());
    }

    #[test]
    fn an_unknown_metric_is_refused_with_the_known_ones() {
        let mut hvac = Equipment::new(AssetKind::Hvac, "CAS-S1-HVAC_1", 42, START_MS);
        let refusal = hvac.drift("motor_temp", None).unwrap_err();
        assert!(refusal.contains("temp_supply_air") && refusal.contains("motor_temp"), "{refusal}");
        assert!(hvac.drift("power_kw", Some(f64::NAN)).is_err());
    }
}
