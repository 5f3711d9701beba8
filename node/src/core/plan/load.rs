//! Loads that can wait: a car that must be charged by a time, a water heater with the heat of a day, a machine that runs
//! in one go. A wish that cannot be met is cut down to what can, and the difference is said.

use protocol::limits::PLAN_STORE_POWER_W_MAX;
use serde::{Deserialize, Serialize};

use super::{PlanError, SlotLength};

/// What kind of load waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadKind {
    /// A car.
    Car,
    /// A water heater.
    WaterHeater,
    /// A heat pump or other heating that can run ahead.
    Heating,
    /// A machine: dishwasher, washing machine, dryer.
    Machine,
}

/// So much energy within so many slots of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    kind: LoadKind,
    energy_wh: i64,
    slot_max_wh: i64,
    from: usize,
    until: usize,
    one_go: bool,
}

/// A wish and what of it cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// Of what.
    pub kind: LoadKind,
    /// What was asked for, Wh.
    pub asked_wh: i64,
    /// What can be had in the time at the power, Wh.
    pub possible_wh: i64,
}

impl Load {
    /// So many Wh at no more than a power, from one slot of the plan until before another; in one go or as it suits.
    pub fn new(
        kind: LoadKind,
        energy_wh: i64,
        power_w: i64,
        (from, until): (usize, usize),
        one_go: bool,
        length: SlotLength,
    ) -> Result<Self, PlanError> {
        let energy_max_wh = PLAN_STORE_POWER_W_MAX.saturating_mul(24);
        if !(0..=energy_max_wh).contains(&energy_wh) {
            let what = "energy of a load, Wh";
            return Err(PlanError::OutOfRange { what, found: energy_wh, least: 0, most: energy_max_wh });
        }
        if !(1..=PLAN_STORE_POWER_W_MAX).contains(&power_w) {
            let what = "power of a load, W";
            return Err(PlanError::OutOfRange {
                what,
                found: power_w,
                least: 1,
                most: PLAN_STORE_POWER_W_MAX,
            });
        }
        Ok(Self { kind, energy_wh, slot_max_wh: length.energy_wh(power_w).max(1), from, until, one_go })
    }

    /// What kind of load waits.
    pub fn kind(&self) -> LoadKind {
        self.kind
    }

    /// What it needs, Wh.
    pub fn energy_wh(&self) -> i64 {
        self.energy_wh
    }

    /// Most it takes in a slot, Wh.
    pub fn slot_max_wh(&self) -> i64 {
        self.slot_max_wh
    }

    /// Whether it must not be interrupted.
    pub fn runs_in_one_go(&self) -> bool {
        self.one_go
    }

    /// Whether it may take energy in a slot of the plan.
    pub fn may_run(&self, slot: usize) -> bool {
        (self.from..self.until).contains(&slot)
    }

    /// Whether a run in one go may begin in a slot and still end in time.
    pub fn may_start(&self, slot: usize) -> bool {
        slot >= self.from && slot.saturating_add(self.run_slots()) <= self.until
    }

    /// What a run takes in its n-th slot, Wh: full power, and the rest in the last.
    pub fn run_wh(&self, nth: usize) -> i64 {
        let before = i64::try_from(nth).unwrap_or(i64::MAX).saturating_mul(self.slot_max_wh);
        (self.energy_wh - before.min(self.energy_wh)).min(self.slot_max_wh)
    }

    /// Slots of a run at full power, at least one.
    pub fn run_slots(&self) -> usize {
        let slots = (self.energy_wh + self.slot_max_wh - 1) / self.slot_max_wh;
        usize::try_from(slots.max(1)).unwrap_or(usize::MAX)
    }

    /// The load cut down to what a plan of so many slots can give it, and what is missing.
    pub(super) fn within(mut self, slots: usize) -> (Self, Option<Shortfall>) {
        self.until = self.until.min(slots);
        self.from = self.from.min(self.until);
        let room = i64::try_from(self.until - self.from).unwrap_or(i64::MAX);
        let possible_wh = room.saturating_mul(self.slot_max_wh);
        if possible_wh >= self.energy_wh {
            return (self, None);
        }
        let missing = Shortfall { kind: self.kind, asked_wh: self.energy_wh, possible_wh };
        self.energy_wh = possible_wh;
        (self, Some(missing))
    }

    /// Full power from the first slot on: what is done where nothing else can be.
    pub(super) fn at_once(&self, slots: usize) -> Vec<i64> {
        let run = |slot: usize| {
            let nth = slot.checked_sub(self.from);
            nth.filter(|_| slot < self.until).map_or(0, |nth| self.run_wh(nth))
        };
        (0..slots).map(run).collect()
    }
}
