//! Electricity demand of a building's dwellings and common parts per settlement slot.

use crate::chance::Chance;
use crate::clock::{DAY_MS, SLOT_MS, whole};

/// Share of a dwelling's daily energy in each hour of the day (standard shape: breakfast, noon, evening).
const HOUR_SHARES: [f64; 24] = [
    0.022, 0.018, 0.016, 0.015, 0.016, 0.020, 0.034, 0.046, 0.046, 0.042, 0.040, 0.044, 0.052, 0.048, 0.040,
    0.038, 0.040, 0.050, 0.066, 0.080, 0.082, 0.070, 0.048, 0.027,
];

/// The dwellings of one building.
#[derive(Debug, Clone)]
pub struct Household {
    dwellings: u32,
    daily_wh: f64,
    chance: Chance,
}

impl Household {
    /// `dwellings` homes of building `code`, each of 6 to 9 kWh a day.
    pub fn new(seed: u64, code: &str, dwellings: u32) -> Self {
        let chance = Chance::new(seed, &format!("household/{code}"));
        Self { dwellings, daily_wh: chance.between(-1, 6_000.0, 9_000.0), chance }
    }

    /// Energy of the slot which begins at `slot_start_ms`.
    pub fn energy_wh(&self, slot_start_ms: i64) -> u64 {
        let slot = slot_start_ms.div_euclid(SLOT_MS);
        let local_ms = slot_start_ms + 3_600_000;
        let hour =
            usize::try_from(local_ms.rem_euclid(DAY_MS) / 3_600_000).expect("invariant: an hour of the day");
        let weekday = local_ms.div_euclid(DAY_MS).rem_euclid(7);
        let weekend = if weekday == 2 || weekday == 3 { 1.15 } else { 1.0 };
        let homes = f64::from(self.dwellings) * self.daily_wh * HOUR_SHARES[hour] / 4.0;
        let spread = 0.5 / f64::from(self.dwellings.max(1)).sqrt();
        let common_wh = 60.0;
        let energy = (homes * weekend).mul_add(spread.mul_add(self.chance.signed(slot), 1.0), common_wh);
        whole(energy).unsigned_abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_ten_dwellings_is_between_55_and_115_kwh() {
        let homes = Household::new(42, "CAS-S1", 10);
        let day: u64 = (0..96).map(|slot| homes.energy_wh(1_765_238_400_000 + slot * SLOT_MS)).sum();
        assert!((55_000..115_000).contains(&day), "{day} Wh");
    }

    #[test]
    fn evenings_are_heavier_than_nights() {
        let homes = Household::new(42, "CAS-S1", 10);
        let start = 1_765_238_400_000;
        assert!(homes.energy_wh(start + 19 * 3_600_000) > 2 * homes.energy_wh(start + 2 * 3_600_000));
    }

    #[test]
    fn the_hours_of_a_day_add_up() {
        assert!((HOUR_SHARES.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
