//! Energy of a roof's photovoltaic plant per settlement slot, from the sun's height and a seeded sky.

use std::f64::consts::TAU;

use crate::chance::Chance;
use crate::clock::{DAY_MS, SLOT_MS, whole};

/// Latitude of the neighbourhood, degrees north (Casablanca).
const LATITUDE: f64 = 33.6;
/// Minutes the local sun runs behind UTC (longitude 7.6° west).
const SUN_BEHIND_UTC_MINUTES: f64 = 30.0;

/// A roof's plant.
#[derive(Debug, Clone)]
pub struct Roof {
    peak_w: f64,
    sky: Chance,
}

impl Roof {
    /// A plant of `peak_w` watts under the sky of `seed`; neighbours share most of their clouds.
    pub fn new(seed: u64, peak_w: u32) -> Self {
        Self { peak_w: f64::from(peak_w), sky: Chance::new(seed, "sky") }
    }

    /// Energy of the slot which begins at `slot_start_ms`.
    pub fn energy_wh(&self, slot_start_ms: i64) -> u64 {
        let middle_ms = slot_start_ms + SLOT_MS / 2;
        let height = sine_of_elevation(middle_ms).max(0.0);
        let overcast = 0.5f64.mul_add(self.sky.wave(middle_ms, DAY_MS / 2), 0.5);
        let passing = 0.5f64.mul_add(self.sky.wave(middle_ms, 4 * SLOT_MS), 0.5);
        let clear = 0.25f64.mul_add(-passing, 0.55f64.mul_add(-overcast, 1.0));
        let watts = self.peak_w * 0.85 * height.powf(1.15) * clear.max(0.08);
        whole(watts / 4.0).unsigned_abs()
    }
}

/// Sine of the sun's elevation, negative at night (declination after Cooper 1969).
fn sine_of_elevation(time_ms: i64) -> f64 {
    let day = time_ms.div_euclid(DAY_MS).rem_euclid(365) as f64;
    let declination = (23.45f64).to_radians() * (TAU * (284.0 + day) / 365.0).sin();
    let utc_hours = time_ms.rem_euclid(DAY_MS) as f64 / 3_600_000.0;
    let hour_angle = TAU * (utc_hours - SUN_BEHIND_UTC_MINUTES / 60.0 - 12.0) / 24.0;
    let latitude = LATITUDE.to_radians();
    latitude.sin() * declination.sin() + latitude.cos() * declination.cos() * hour_angle.cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-06-21T00:00Z and 2025-12-21T00:00Z.
    const SUMMER_MS: i64 = 1_750_464_000_000;
    const WINTER_MS: i64 = 1_766_275_200_000;

    fn day_wh(start_ms: i64) -> u64 {
        let roof = Roof::new(42, 10_000);
        (0..96).map(|slot| roof.energy_wh(start_ms + slot * SLOT_MS)).sum()
    }

    #[test]
    fn nights_are_dark_and_noon_stays_under_the_peak() {
        let roof = Roof::new(42, 10_000);
        assert_eq!(roof.energy_wh(SUMMER_MS), 0);
        for slot in 0..96 {
            assert!(roof.energy_wh(SUMMER_MS + slot * SLOT_MS) <= 2_500);
        }
    }

    #[test]
    fn a_summer_brings_more_than_a_winter() {
        let summer: u64 = (0..10).map(|day| day_wh(SUMMER_MS + day * DAY_MS)).sum();
        let winter: u64 = (0..10).map(|day| day_wh(WINTER_MS + day * DAY_MS)).sum();
        assert!(summer > winter, "{summer} Wh against {winter} Wh");
        assert!(winter > 0);
    }
}
