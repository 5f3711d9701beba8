//! The reference workload of the telemetry store: 20 sites of 6 assets with 8 metrics each, one payload per asset
//! every 10 s, the same to the last bit wherever it runs. Benchmarks of different programs compare by it.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use protocol::UnixMs;

/// Sites of the workload.
pub const SITES: usize = 20;
/// Assets of each site.
pub const ASSETS_PER_SITE: usize = 6;
/// All assets.
pub const ASSETS: usize = SITES * ASSETS_PER_SITE;
/// Metrics of each asset, in the order of [`Row::values`].
pub const METRICS: [&str; 8] = [
    "temp_out_air",
    "temp_supply_air",
    "power_kw",
    "vibration_level",
    "humidity_pct",
    "energy_kwh",
    "water_l",
    "running",
];
/// Decimals of each metric.
const DECIMALS: [i32; 8] = [1, 1, 3, 2, 1, 3, 0, 0];
/// Where it starts: 2025-12-09T00:00:00Z, milliseconds.
pub const STARTS_MS: i64 = 1_765_238_400_000;
/// Seconds between two payloads of one asset.
pub const INTERVAL_S: i64 = 10;
/// Payloads of one bulk request.
pub const BATCH_ROWS: usize = 1_250;
/// Steps of one hour.
const STEPS_PER_HOUR: f64 = 360.0;

/// One payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which asset, below [`ASSETS`].
    pub asset: usize,
    /// When it was measured, whole seconds, as milliseconds since 1970.
    pub time_ms: i64,
    /// One value per metric.
    pub values: [f64; 8],
}

/// `S07` for site 7.
pub fn site_code(site: usize) -> String {
    format!("S{site:02}")
}

/// `S00-HVAC_3` for asset 3.
pub fn asset_code(asset: usize) -> String {
    format!("{}-HVAC_{}", site_code(asset / ASSETS_PER_SITE), asset % ASSETS_PER_SITE)
}

/// Marsaglia's xorshift64*.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn of(asset: usize) -> Self {
        let mut random = Self(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(asset as u64 + 1) | 1);
        (0..20).for_each(|_| {
            random.bits();
        });
        random
    }

    fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// In `[0, 1)`.
    fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normal, by Box and Muller's cosine branch.
    fn normal(&mut self) -> f64 {
        let (first, second) = (self.unit().max(1e-12), self.unit());
        (-2.0 * first.ln()).sqrt() * (TAU * second).cos()
    }

    /// `⌊most · f⌋`.
    fn below(&mut self, most: f64) -> f64 {
        (most * self.unit()).floor()
    }
}

/// One asset and what it is about to do.
#[derive(Debug, Clone)]
struct Equipment {
    random: Random,
    phase_s: f64,
    base: f64,
    supply: f64,
    on: bool,
    left: f64,
    nominal_kw: f64,
    humidity: f64,
    energy_kwh: f64,
    water_l: f64,
    flow: f64,
    drift: f64,
}

#[expect(clippy::suboptimal_flops, reason = "the workload is defined by these operations, each rounded")]
impl Equipment {
    fn of(asset: usize) -> Self {
        let mut random = Random::of(asset);
        let phase_s = random.below(10.0);
        let base = 5.0 + 2.0 * random.normal();
        let supply = 18.0 + random.normal();
        let left = random.below(90.0);
        let nominal_kw = 1.5 + 15.0 * random.unit();
        let humidity = 45.0 + 5.0 * random.normal();
        let energy_kwh = 10_000.0 * random.unit();
        let water_l = (1e6 * random.unit()).round();
        Self {
            random,
            phase_s,
            base,
            supply,
            on: true,
            left,
            nominal_kw,
            humidity,
            energy_kwh,
            water_l,
            flow: 0.0,
            drift: 0.0,
        }
    }

    #[expect(clippy::approx_constant, reason = "the definition says 6.283, not a full turn")]
    fn step(&mut self, step: i64) -> (i64, [f64; 8]) {
        let hours = step as f64 / STEPS_PER_HOUR;
        let late_s = if self.random.unit() < 0.1 { 1.0 } else { 0.0 };
        let second = (step * INTERVAL_S) as f64 + self.phase_s + late_s;
        self.left -= 1.0;
        if self.left <= 0.0 {
            self.on = !self.on;
            let (least, spread) = if self.on { (30.0, 120.0) } else { (20.0, 60.0) };
            self.left = least + self.random.below(spread);
        }
        self.drift += 0.004 * self.random.normal();
        self.base += 0.01 * self.random.normal();
        let outdoor =
            self.base + 4.0 * (hours / 24.0 * 6.283 - 2.0).sin() + self.drift + 0.05 * self.random.normal();
        let target = if self.on { 17.5 } else { 21.0 };
        self.supply += (target - self.supply) * 0.03 + 0.04 * self.random.normal();
        self.humidity += 0.06 * self.random.normal();
        let power = if self.on {
            self.nominal_kw * (1.0 + 0.02 * self.random.normal())
        } else {
            0.045 + 0.002 * self.random.normal()
        };
        let power = rounded(power.max(0.0), 3);
        self.energy_kwh += power / STEPS_PER_HOUR;
        let (level, spread) = if self.on { (2.5, 0.35) } else { (0.12, 0.03) };
        let vibration = (level + spread * self.random.normal()).max(0.0);
        if self.flow == 0.0 && self.random.unit() < 0.004 {
            self.flow = 6.0 + self.random.below(30.0);
        }
        if self.flow > 0.0 {
            self.flow -= 1.0;
            self.water_l += 1.0 + self.random.below(3.0);
        }
        let running = f64::from(u8::from(self.on));
        let mut values =
            [outdoor, self.supply, power, vibration, self.humidity, self.energy_kwh, self.water_l, running];
        values.iter_mut().zip(DECIMALS).for_each(|(value, decimals)| *value = rounded(*value, decimals));
        (crate::clock::whole(second), values)
    }
}

/// Half away from zero; never a negative zero.
fn rounded(value: f64, decimals: i32) -> f64 {
    let power = 10f64.powi(decimals);
    (value * power).round() / power + 0.0
}

/// The rows in their order: by time, then by asset. It never ends.
#[derive(Debug, Clone)]
pub struct Workload {
    equipment: Vec<Equipment>,
    step: i64,
    /// Rows of steps that are drawn, in order; those before the next step's start may be handed out.
    waiting: std::collections::VecDeque<Row>,
}

impl Default for Workload {
    fn default() -> Self {
        Self {
            equipment: (0..ASSETS).map(Equipment::of).collect(),
            step: 0,
            waiting: std::collections::VecDeque::new(),
        }
    }
}

impl Workload {
    fn draw(&mut self) {
        let step = self.step;
        self.step += 1;
        let drawn = self.equipment.iter_mut().enumerate().map(|(asset, equipment)| {
            let (second, values) = equipment.step(step);
            Row { asset, time_ms: STARTS_MS + second * 1000, values }
        });
        self.waiting.extend(drawn);
        self.waiting.make_contiguous().sort_by_key(|row| (row.time_ms, row.asset));
    }
}

impl Iterator for Workload {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        // The earliest row of a step that is not drawn yet.
        while self.waiting.front().is_none_or(|row| row.time_ms >= STARTS_MS + self.step * INTERVAL_S * 1000)
        {
            self.draw();
        }
        self.waiting.pop_front()
    }
}

impl Row {
    /// Writes the payload as one line of JSON.
    pub fn write_json(&self, out: &mut String) {
        let (site, asset) = (site_code(self.asset / ASSETS_PER_SITE), asset_code(self.asset));
        let time = UnixMs(self.time_ms);
        let head = format_args!(
            r#"{{"site_code":"{site}","asset_code":"{asset}","timestamp":"{time}","metrics":{{"#
        )
        .to_string();
        out.push_str(&head);
        for (i, (name, value)) in METRICS.iter().zip(self.values).enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(out, r#"{comma}"{name}":{value}"#).expect("invariant: a string takes everything");
        }
        out.push_str("}}\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_hours_have_the_rows_they_should_and_in_order() {
        let end = STARTS_MS + 6 * 3_600_000;
        let rows: Vec<Row> = Workload::default().take_while(|row| row.time_ms < end + 20_000).collect();
        assert!(
            rows.windows(2).all(|pair| (pair[0].time_ms, pair[0].asset) < (pair[1].time_ms, pair[1].asset))
        );
        let of_first_steps = rows.iter().filter(|row| row.asset == 7).take(2_160).count();
        assert_eq!(of_first_steps, 2_160);
        assert_eq!(rows.iter().take(259_200).count(), 259_200);
    }

    #[test]
    fn values_have_the_decimals_they_should() {
        for row in Workload::default().take(10_000) {
            for (value, decimals) in row.values.into_iter().zip(DECIMALS) {
                assert_eq!(rounded(value, decimals).to_bits(), value.to_bits());
                assert!(value.to_bits() != (-0.0f64).to_bits());
            }
        }
    }

    #[test]
    fn a_payload_is_about_245_bytes_of_json() {
        let mut text = String::new();
        Workload::default().take(BATCH_ROWS).for_each(|row| row.write_json(&mut text));
        assert!((280_000..330_000).contains(&text.len()), "{}", text.len());
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(first["metrics"].as_object().unwrap().len(), METRICS.len());
    }
}
