//! What plans leave behind over a restart: what stores hold and loads had, what was promised the hive, what it asked. The plan
//! itself is made anew. It stays on the building's own disk.

use protocol::energy::{ShiftChange, ShiftRequest, SignedShiftRequest, WattHours};
use protocol::limits::{
    MEMBERS_MAX, PLAN_MEMORY_BYTES_MAX, PLAN_OWN_LOADS_MAX, PLAN_OWN_STORES_MAX, PLAN_PINS_MAX,
    PLAN_SLOTS_MAX, SHIFT_SLOTS_MAX, SHIFTS_KEPT_MAX,
};
use protocol::{Address, Bounded, UnixMs, encode};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::shifting::WishStage;
use super::work::{Pin, Pins};
use super::{PlanSlot, Planning};
use crate::core::Core;
use crate::core::maintenance::Change;
use crate::core::plan::SlotNumber;

/// What loads had in two days, slot by slot.
const HAD_MAX: usize = PLAN_OWN_LOADS_MAX * PLAN_SLOTS_MAX;

/// All of it, as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PlanMemory {
    /// From when on it is known what loads have had.
    had_from: Option<i64>,
    /// What was planned, from the slot before the plan on.
    planned: Bounded<Course, PLAN_SLOTS_MAX>,
    /// Load, slot and Wh.
    had: Bounded<(u8, i64, i64), HAD_MAX>,
    pins: Bounded<StoredPin, PLAN_PINS_MAX>,
    /// Requests this building was asked, oldest first.
    pub(super) wishes: Bounded<StoredWish, SHIFTS_KEPT_MAX>,
    /// The local day for which it looked whether to ask.
    pub(super) looked: Option<i64>,
    /// What it asks itself.
    pub(super) asked: Option<StoredAsked>,
}

/// What stores hold and loads take in a slot, as it was planned, Wh.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub(super) struct Course {
    pub(super) slot: i64,
    pub(super) stored: Bounded<i64, PLAN_OWN_STORES_MAX>,
    pub(super) loads: Bounded<i64, PLAN_OWN_LOADS_MAX>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
struct StoredPin {
    load: u8,
    from: i64,
    until: i64,
    /// Slot and Wh.
    energies: Bounded<(i64, i64), PLAN_SLOTS_MAX>,
    is_moved: bool,
}

/// A request that this building was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub(super) struct StoredWish {
    pub(super) request: ShiftRequest,
    pub(super) stage: WishStage,
    pub(super) offer: Option<ShiftChange>,
    pub(super) taken: Option<ShiftChange>,
    pub(super) moved: Option<WattHours>,
    pub(super) from: Address,
    pub(super) sent: UnixMs,
}

/// A request of this building, and the answers once all are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub(super) struct StoredAsked {
    pub(super) signed: SignedShiftRequest,
    pub(super) needs: Bounded<i64, SHIFT_SLOTS_MAX>,
    pub(super) sent: UnixMs,
    /// None while members are still asked: they answer again.
    pub(super) answers: Option<Bounded<Offered, MEMBERS_MAX>>,
}

/// What one member offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offered(pub(super) Address, pub(super) Option<ShiftChange>);

impl Course {
    fn of(slot: &PlanSlot) -> Option<Self> {
        let stored = slot.stores.iter().map(|(_, stored)| *stored).collect();
        let (stored, loads) = (Bounded::new(stored).ok()?, Bounded::new(slot.loads.clone()).ok()?);
        Some(Self { slot: slot.slot.0, stored, loads })
    }
}

/// As many as fit, the latest.
fn latest<T, const MAX: usize>(mut all: Vec<T>) -> Bounded<T, MAX> {
    let many = all.len().saturating_sub(MAX);
    all.drain(..many);
    Bounded::new(all).expect("invariant: cut to its bound")
}

impl Planning {
    /// What is to be kept; none where even the least does not fit.
    pub(super) fn memory(&self) -> Option<PlanMemory> {
        let (wishes, looked, asked) = self.shifting.memory();
        let number = |place: usize| u8::try_from(place).ok();
        let had = self.had.iter().filter_map(|((load, slot), wh)| Some((number(*load)?, slot.0, *wh)));
        let pins = self.pins.iter().filter_map(|((load, from), pin)| {
            let energies = pin.energies.iter().map(|(slot, wh)| (slot.0, *wh)).collect();
            let (until, is_moved) = (pin.until.0, pin.is_moved);
            Some(StoredPin {
                load: number(*load)?,
                from: from.0,
                until,
                energies: latest(energies),
                is_moved,
            })
        });
        let memory = PlanMemory {
            had_from: self.had_from.map(|slot| slot.0),
            planned: latest(self.courses()),
            had: latest(had.collect()),
            pins: latest(pins.collect()),
            wishes: latest(wishes),
            looked,
            asked,
        };
        let fits = |memory: &PlanMemory| encode(memory).len() <= PLAN_MEMORY_BYTES_MAX;
        if fits(&memory) {
            return Some(memory);
        }
        Some(PlanMemory { asked: None, ..memory }).filter(fits)
    }

    /// What is planned, or was before a restart, from the slot before the plan on.
    fn courses(&self) -> Vec<Course> {
        let Some(plan) = &self.plan else { return self.remembered.clone() };
        let begins = plan.first.plus(-1);
        plan.slots.iter().filter(|slot| slot.slot >= begins).filter_map(Course::of).collect()
    }

    /// What each load takes by slot, as it is planned or was before a restart.
    pub(super) fn planned_loads(&self) -> Vec<(SlotNumber, &[i64])> {
        match &self.plan {
            Some(plan) => plan.slots.iter().map(|slot| (slot.slot, slot.loads.as_slice())).collect(),
            None => {
                self.remembered.iter().map(|course| (SlotNumber(course.slot), &course.loads[..])).collect()
            }
        }
    }

    /// Takes back what is stored. What belongs to stores and loads that are not there any more is passed over.
    pub(super) fn remember(&mut self, memory: &PlanMemory) {
        let (stores, loads) = (self.equipment.parts().stores.len(), self.equipment.parts().loads.len());
        let is_of_now = |course: &&Course| course.stored.len() == stores && course.loads.len() == loads;
        self.remembered = memory.planned.iter().filter(is_of_now).cloned().collect();
        self.had_from = memory.had_from.map(SlotNumber);
        let is_there = |load: u8| usize::from(load) < loads;
        let had = memory.had.iter().filter(|(load, ..)| is_there(*load));
        self.had = had.map(|(load, slot, wh)| ((usize::from(*load), SlotNumber(*slot)), *wh)).collect();
        let pin = |pin: &StoredPin| {
            let energies = pin.energies.iter().map(|(slot, wh)| (SlotNumber(*slot), *wh)).collect();
            let held = Pin { until: SlotNumber(pin.until), energies, is_moved: pin.is_moved };
            ((usize::from(pin.load), SlotNumber(pin.from)), held)
        };
        self.pins = memory.pins.iter().filter(|pin| is_there(pin.load)).map(pin).collect::<Pins>();
        self.shifting.remember(memory);
    }
}

impl Core {
    /// Stores what plans leave behind, where that changed; before anything that follows from it leaves the node.
    pub(super) fn keep_plans(&mut self) {
        if !std::mem::take(&mut self.planning.is_changed) {
            return;
        }
        match self.planning.memory() {
            Some(memory) => self.persist(vec![Change::PutPlanMemory(Box::new(memory))]),
            None => tracing::warn!("plans are too large to be kept over a restart"),
        }
    }
}
