//! A battery in whole watt-hours: what it is, what is in it, and what a charge or a discharge makes of that. Energy is
//! only ever lost where the efficiencies say so.

use protocol::limits::{PLAN_STORE_POWER_W_MAX, PLAN_STORE_WH_MAX};
use serde::{Deserialize, Serialize};

use super::{PlanError, SlotLength};

/// Whose store it is. All kinds follow one model and differ in their limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreKind {
    /// The battery of a dwelling.
    Micro,
    /// The battery of a building.
    Building,
    /// The shared battery of a hive.
    Hive,
    /// A large and slow shared store that carries energy across weeks.
    Season,
}

/// What a store can do. Powers and energies are those at its terminals; what is stored is what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatterySpec {
    kind: StoreKind,
    capacity_wh: i64,
    charge_w: i64,
    discharge_w: i64,
    charge_per_mille: i64,
    discharge_per_mille: i64,
    idle_loss_ppm_day: i64,
}

impl BatterySpec {
    /// A store of a capacity, of a power in each direction and of an efficiency in each, per mille.
    pub fn new(
        kind: StoreKind,
        capacity_wh: i64,
        powers_w: (i64, i64),
        efficiencies_per_mille: (i64, i64),
    ) -> Result<Self, PlanError> {
        within("capacity of a store, Wh", capacity_wh, 0, PLAN_STORE_WH_MAX)?;
        within("charging power, W", powers_w.0, 0, PLAN_STORE_POWER_W_MAX)?;
        within("discharging power, W", powers_w.1, 0, PLAN_STORE_POWER_W_MAX)?;
        within("charging efficiency, per mille", efficiencies_per_mille.0, 1, 1000)?;
        within("discharging efficiency, per mille", efficiencies_per_mille.1, 1, 1000)?;
        Ok(Self {
            kind,
            capacity_wh,
            charge_w: powers_w.0,
            discharge_w: powers_w.1,
            charge_per_mille: efficiencies_per_mille.0,
            discharge_per_mille: efficiencies_per_mille.1,
            idle_loss_ppm_day: 0,
        })
    }

    /// The same store that loses so many millionths of its content in a day.
    pub fn losing(mut self, ppm_day: i64) -> Result<Self, PlanError> {
        within("loss of a store, millionths a day", ppm_day, 0, 1_000_000)?;
        self.idle_loss_ppm_day = ppm_day;
        Ok(self)
    }

    /// Whose store it is.
    pub fn kind(&self) -> StoreKind {
        self.kind
    }

    /// What it holds when full, Wh inside.
    pub fn capacity_wh(&self) -> i64 {
        self.capacity_wh
    }

    /// Most that can be charged in a slot, Wh at the terminals.
    pub fn charge_slot_wh(&self, length: SlotLength) -> i64 {
        length.energy_wh(self.charge_w)
    }

    /// Most that can be discharged in a slot, Wh at the terminals.
    pub fn discharge_slot_wh(&self, length: SlotLength) -> i64 {
        length.energy_wh(self.discharge_w)
    }

    /// Efficiencies of charging and discharging, per mille.
    pub fn efficiencies_per_mille(&self) -> (i64, i64) {
        (self.charge_per_mille, self.discharge_per_mille)
    }

    /// Share of the content that is left after a slot.
    pub(super) fn kept(&self, length: SlotLength) -> f64 {
        let slots = super::forecast::float(length.per_day());
        1.0 - super::forecast::float(self.idle_loss_ppm_day) / 1e6 / slots
    }
}

fn within(what: &'static str, found: i64, least: i64, most: i64) -> Result<(), PlanError> {
    if (least..=most).contains(&found) {
        Ok(())
    } else {
        Err(PlanError::OutOfRange { what, found, least, most })
    }
}

/// A store and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Battery {
    spec: BatterySpec,
    /// Thousandths of a Wh, so that an efficiency per mille loses nothing to rounding when charging.
    stored_mwh: i64,
}

impl Battery {
    /// A store with so much in it, Wh inside.
    pub fn new(spec: BatterySpec, stored_wh: i64) -> Result<Self, PlanError> {
        within("energy in a store, Wh", stored_wh, 0, spec.capacity_wh)?;
        Ok(Self { spec, stored_mwh: stored_wh * 1000 })
    }

    /// A store with nothing in it.
    pub fn empty(spec: BatterySpec) -> Self {
        Self { spec, stored_mwh: 0 }
    }

    /// One store that stands for many: sums of what they can do, and the worst of their efficiencies.
    pub fn together(batteries: &[Self]) -> Result<Self, PlanError> {
        let sum =
            |of: fn(&BatterySpec) -> i64| batteries.iter().map(|battery| of(&battery.spec)).sum::<i64>();
        let worst = |of: fn(&BatterySpec) -> i64| batteries.iter().map(|battery| of(&battery.spec)).min();
        let spec = BatterySpec::new(
            StoreKind::Hive,
            sum(|spec| spec.capacity_wh),
            (sum(|spec| spec.charge_w), sum(|spec| spec.discharge_w)),
            (
                worst(|spec| spec.charge_per_mille).unwrap_or(1000),
                worst(|spec| spec.discharge_per_mille).unwrap_or(1000),
            ),
        )?
        .losing(batteries.iter().map(|battery| battery.spec.idle_loss_ppm_day).max().unwrap_or(0))?;
        Ok(Self { spec, stored_mwh: batteries.iter().map(|battery| battery.stored_mwh).sum() })
    }

    /// What it can do.
    pub fn spec(&self) -> &BatterySpec {
        &self.spec
    }

    /// What is in it, thousandths of a Wh.
    pub fn stored_mwh(&self) -> i64 {
        self.stored_mwh
    }

    /// What is in it, whole Wh.
    pub fn stored_wh(&self) -> i64 {
        self.stored_mwh / 1000
    }

    /// Most that can be charged in the next slot, Wh at the terminals.
    pub fn room_wh(&self, length: SlotLength) -> i64 {
        self.room_to_wh(self.spec.capacity_wh, length)
    }

    /// Most that can be charged without storing more than `level_wh`.
    pub fn room_to_wh(&self, level_wh: i64, length: SlotLength) -> i64 {
        let inside_mwh = (level_wh.min(self.spec.capacity_wh) * 1000 - self.stored_mwh).max(0);
        (inside_mwh / self.spec.charge_per_mille).min(self.spec.charge_slot_wh(length))
    }

    /// Most that can be discharged in the next slot, Wh at the terminals.
    pub fn available_wh(&self, length: SlotLength) -> i64 {
        self.available_above_wh(0, length)
    }

    /// Most that can be discharged without falling below `level_wh` inside.
    pub fn available_above_wh(&self, level_wh: i64, length: SlotLength) -> i64 {
        let inside_mwh = (self.stored_mwh - level_wh.max(0) * 1000).max(0);
        (inside_mwh * self.spec.discharge_per_mille / 1_000_000).min(self.spec.discharge_slot_wh(length))
    }

    /// Charges, Wh at the terminals, at most [`Self::room_wh`].
    pub fn charge(&mut self, energy_wh: i64, length: SlotLength) {
        assert!((0..=self.room_wh(length)).contains(&energy_wh), "charging {energy_wh} Wh of {self:?}");
        self.stored_mwh += energy_wh * self.spec.charge_per_mille;
        assert!(self.stored_mwh <= self.spec.capacity_wh * 1000, "overfull: {self:?}");
    }

    /// Discharges, Wh at the terminals, at most [`Self::available_wh`]. What a rounding leaves over is lost, not made.
    pub fn discharge(&mut self, energy_wh: i64, length: SlotLength) {
        assert!(
            (0..=self.available_wh(length)).contains(&energy_wh),
            "discharging {energy_wh} Wh of {self:?}"
        );
        let per_mille = self.spec.discharge_per_mille;
        self.stored_mwh -= (energy_wh * 1_000_000 + per_mille - 1) / per_mille;
        assert!(self.stored_mwh >= 0, "overdrawn: {self:?}");
    }

    /// What a slot takes from what is stored, without anybody using it.
    pub fn rest(&mut self, length: SlotLength) {
        let lost = i128::from(self.stored_mwh) * i128::from(self.spec.idle_loss_ppm_day);
        let lost_mwh = lost / (1_000_000 * i128::from(length.per_day()));
        self.stored_mwh -= i64::try_from(lost_mwh).expect("invariant: no more is lost than is stored");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const QUARTER: SlotLength = SlotLength::Quarter;

    fn spec(capacity_wh: i64, power_w: i64, efficiencies: (i64, i64)) -> BatterySpec {
        BatterySpec::new(StoreKind::Micro, capacity_wh, (power_w, power_w), efficiencies).unwrap()
    }

    #[test]
    fn a_round_trip_loses_what_the_efficiencies_say() {
        let mut battery = Battery::empty(spec(10_000, 40_000, (950, 950)));
        assert_eq!(battery.room_wh(QUARTER), 10_000);
        battery.charge(10_000, QUARTER);
        assert_eq!(battery.stored_mwh(), 9_500_000);
        assert_eq!(battery.available_wh(QUARTER), 9_025);
        battery.discharge(9_025, QUARTER);
        assert_eq!(battery.stored_mwh(), 0);
    }

    #[test]
    fn a_season_store_loses_by_the_day() {
        let spec = BatterySpec::new(StoreKind::Season, 1_000_000, (1_000, 1_000), (600, 500)).unwrap();
        let mut store = Battery::new(spec.losing(10_000).unwrap(), 1_000_000).unwrap();
        (0..96).for_each(|_| store.rest(QUARTER));
        assert!((989_000..=991_000).contains(&store.stored_wh()), "{}", store.stored_wh());
    }

    #[test]
    fn what_no_battery_is_is_refused() {
        let new = |capacity, powers, efficiencies| {
            BatterySpec::new(StoreKind::Building, capacity, powers, efficiencies).is_ok()
        };
        assert!(new(0, (0, 0), (1, 1000)));
        assert!(!new(-1, (1, 1), (950, 950)) && !new(i64::MAX, (1, 1), (950, 950)));
        assert!(!new(1, (-1, 1), (950, 950)) && !new(1, (1, i64::MAX), (950, 950)));
        assert!(!new(1, (1, 1), (0, 950)) && !new(1, (1, 1), (950, 1001)));
        assert!(Battery::new(spec(5, 1, (950, 950)), 6).is_err());
        assert!(spec(5, 1, (950, 950)).losing(1_000_001).is_err());
    }

    proptest! {
        /// Whatever is done, no more comes out than went in, level and power stay within bounds, and what is missing is
        /// what the efficiencies and at most one rounding a slot took.
        #[test]
        fn no_energy_is_made(
            capacity in 0..50_000i64,
            power in 0..50_000i64,
            charge in 1..=1000i64,
            discharge in 1..=1000i64,
            steps in prop::collection::vec((any::<bool>(), 0..=1000i64), 1..60),
        ) {
            let mut battery = Battery::empty(spec(capacity, power, (charge, discharge)));
            let (mut into_mwh, mut out_mwh) = (0, 0);
            for (charges, share) in &steps {
                let most = if *charges { battery.room_wh(QUARTER) } else { battery.available_wh(QUARTER) };
                prop_assert!(most <= QUARTER.energy_wh(power));
                let energy = most * share / 1000;
                if *charges {
                    battery.charge(energy, QUARTER);
                    into_mwh += energy * charge;
                } else {
                    battery.discharge(energy, QUARTER);
                    out_mwh += energy * 1_000_000 / discharge;
                }
                prop_assert!((0..=capacity * 1000).contains(&battery.stored_mwh()));
            }
            let missing = into_mwh - out_mwh - battery.stored_mwh();
            prop_assert!((0..=steps.len() as i64).contains(&missing), "{missing} mWh");
        }
    }
}
