//! The building's plans at work: closed slots become history, history and the owner's words become a plan at six in the
//! morning, every two hours and whenever the owner says something new. Forecasts and plans stay in the building.

mod base;
mod equipment;
mod memory;
mod shared;
mod shifting;
mod tariff;
mod work;

pub use equipment::{Consent, Equipment, First, OwnLoad, OwnStore, OwnTariff, Parts};
pub use memory::PlanMemory;
pub use shared::SharedPlan;
pub use shifting::{Wish, WishStage};
pub use work::{DayPlan, PlanSlot, PlanWork, Planned, PriceSource};

use std::collections::BTreeMap;

use ledger::State;
use protocol::limits::{PLAN_HISTORY_SLOTS_MAX, PLAN_SLOTS_MAX};
use protocol::{Now, UnixMs};

use super::Core;
use super::energy::{Book, DaySlots, Energy, Slot};
use super::maintenance::Change;
use super::output::{Answer, Event};
use super::plan::{Calendar, History, SlotLength, SlotNumber, Zone};
use memory::Course;
use shared::HiveNeeds;
use shifting::Shifting;
use work::{Pins, index, slot_of};

/// A plan is made anew after so many hours of the local clock, from midnight on: also at six.
const EVERY_HOURS: u16 = 2;
/// What loads have had is remembered for so many days.
const HAD_DAYS: i64 = 2;

/// What a building knows of its plans.
#[derive(Debug, Clone)]
pub struct Planning {
    calendar: Calendar,
    zone: Zone,
    equipment: Equipment,
    /// What the building used, and what its roof gave, slot by slot.
    load: History,
    sun: History,
    /// Grows with everything that makes plans under way worthless.
    generation: u64,
    /// For which generation and which two hours there is a plan, or was none to be had.
    done: Option<(u64, SlotNumber)>,
    plan: Option<DayPlan>,
    /// What loads have had by plans, Wh.
    had: BTreeMap<(usize, SlotNumber), i64>,
    /// From when on that is known.
    had_from: Option<SlotNumber>,
    /// What is held fast of loads because the hive was promised it.
    pins: Pins,
    shifting: Shifting,
    /// What was planned before a restart, until there is a plan again.
    remembered: Vec<Course>,
    /// Whether there is something to keep over a restart that is not stored.
    is_changed: bool,
}

impl Planning {
    /// Takes back what is stored, and the history out of the book of slots.
    pub(super) fn open(now: UnixMs, energy: &Energy, entries: &[Change]) -> Self {
        let length = length_of(energy.length());
        let zone = Zone::fixed(0).expect("invariant: UTC is a zone");
        let mut planning = Self {
            calendar: Calendar::new(length, zone.clone()),
            zone,
            equipment: Equipment::default(),
            load: History::default(),
            sun: History::default(),
            generation: 0,
            done: None,
            plan: None,
            had: BTreeMap::new(),
            had_from: None,
            pins: Pins::new(),
            shifting: Shifting::default(),
            remembered: Vec::new(),
            is_changed: false,
        };
        for entry in entries {
            if let Change::PutEquipment(equipment) = entry {
                planning.equipment = equipment.clone();
            }
        }
        for entry in entries {
            if let Change::PutPlanMemory(memory) = entry {
                planning.remember(memory);
            }
        }
        planning.look_back(now, energy.book());
        planning
    }

    /// What the owner says.
    pub const fn equipment(&self) -> &Equipment {
        &self.equipment
    }

    /// The plan in force; none before the first.
    pub const fn plan(&self) -> Option<&DayPlan> {
        self.plan.as_ref()
    }

    /// Slots and local days.
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Whether any slot was ever metered.
    pub fn has_history(&self) -> bool {
        self.load.oldest().is_some()
    }

    fn look_back(&mut self, now: UnixMs, book: &Book) {
        let slots = i64::try_from(PLAN_HISTORY_SLOTS_MAX).expect("invariant: the limit is small");
        let back_ms = slots * self.calendar.length().minutes() * 60_000;
        let kept: Vec<Slot> = book.slots(now.plus(-back_ms), now).copied().collect();
        kept.iter().for_each(|slot| self.note(slot));
    }

    /// Closed slots of a day, new or corrected.
    pub(super) fn note_day(&mut self, day: &DaySlots) {
        day.slots().iter().for_each(|slot| self.note(slot));
    }

    /// A slot without figures, or with doubtful ones, says nothing.
    fn note(&mut self, slot: &Slot) {
        if length_of(slot.length) != self.calendar.length() {
            return;
        }
        let number = self.calendar.slot_at(slot.start());
        let flow = slot.flow.filter(|_| slot.held.is_none());
        // Without a counter of production the course at the connection is all there is.
        let used = flow.and_then(|flow| match flow.production_wh {
            Some(_) => flow.consumption_wh(),
            None => flow.import_wh.checked_sub(flow.export_wh),
        });
        put(&mut self.load, number, used);
        put(&mut self.sun, number, flow.and_then(|flow| flow.production_wh));
    }

    /// The next plan to be made, if one is due.
    fn work(&self, now: UnixMs, state: &State, connection_w: Option<u32>) -> Option<PlanWork> {
        let turn = self.turn(now);
        let needs_none = !self.has_history() && *self.equipment.parts() == Parts::default();
        if needs_none || self.done == Some((self.generation, turn)) {
            return None;
        }
        let first = self.calendar.slot_at(now).plus(1);
        // To the end of tomorrow.
        let (_, end) = self.calendar.day(self.calendar.local(first).day + 1);
        let count = usize::try_from(end.since(first)).unwrap_or(0).min(PLAN_SLOTS_MAX);
        let slots: Vec<SlotNumber> = (0..count).map(|at| first.plus(index(at))).collect();
        let (prices, source) = tariff::prices(&self.equipment, &self.calendar, state, &slots);
        let own_w = self.equipment.parts().import_max_w;
        let has_shared = self.equipment.parts().stores.iter().any(OwnStore::is_shared);
        let hive = has_shared.then(|| {
            let (prices, _) = tariff::voted(&self.calendar, state, &slots);
            HiveNeeds::of(state, first, prices, self.wishes())
        });
        Some(PlanWork {
            generation: self.generation,
            turn,
            made: now,
            first,
            count,
            calendar: self.calendar.clone(),
            load: self.load.clone(),
            sun: self.sun.clone(),
            prices,
            source,
            equipment: self.equipment.clone(),
            stored_wh: self.stored_wh(first),
            had: self.had(first),
            known_from: self.had_from.unwrap_or(first),
            pins: self.pins.clone(),
            hive,
            import_max_w: [connection_w, own_w].into_iter().flatten().min().map(i64::from),
        })
    }

    /// First slot of the two hours of the local clock that hold a moment.
    fn turn(&self, now: UnixMs) -> SlotNumber {
        let slot = self.calendar.slot_at(now);
        let local = self.calendar.local(slot);
        let every = i64::from(EVERY_HOURS) * 60;
        let minute = u16::try_from(local.minute / every * every).expect("invariant: minutes of a day");
        slot_of(&self.calendar, local.day, minute).unwrap_or(slot)
    }

    /// What the stores hold when a slot begins, by the plan before; without one, their reserve.
    fn stored_wh(&self, first: SlotNumber) -> Vec<i64> {
        let before = self.plan.iter().flat_map(|plan| &plan.slots).rfind(|slot| slot.slot < first);
        let remembered = self.remembered.iter().rfind(|course| course.slot < first.0);
        let stores = self.equipment.parts().stores.iter().enumerate();
        let held = |place: usize| match before {
            Some(slot) => slot.stores.get(place).map(|(_, stored)| *stored),
            None => remembered.and_then(|course| course.stored.get(place)).copied(),
        };
        stores.map(|(place, store)| held(place).unwrap_or(store.reserve_wh).min(store.capacity_wh)).collect()
    }

    /// What loads have had before a slot.
    fn had(&self, first: SlotNumber) -> Vec<(usize, SlotNumber, i64)> {
        let past = self.plan.iter().flat_map(|plan| &plan.slots).filter(|slot| slot.slot < first);
        let planned =
            past.flat_map(|slot| slot.loads.iter().enumerate().map(|(place, wh)| ((place, slot.slot), *wh)));
        let remembered = self.remembered.iter().filter(|course| course.slot < first.0);
        let remembered = remembered.flat_map(|course| {
            course.loads.iter().enumerate().map(|(place, wh)| ((place, SlotNumber(course.slot)), *wh))
        });
        let mut had = self.had.clone();
        had.extend(remembered);
        had.extend(planned);
        had.into_iter().filter(|(_, wh)| *wh > 0).map(|((place, slot), wh)| (place, slot, wh)).collect()
    }

    /// Takes a plan in. What is over stays as it was planned.
    fn take(&mut self, planned: Planned) {
        let Planned { generation, turn, plan } = planned;
        if generation != self.generation {
            return;
        }
        self.done = Some((generation, turn));
        self.is_changed = true;
        let mut plan = match plan {
            Ok(plan) => plan,
            Err(error) => {
                tracing::warn!(%error, "no plan can be made of what the owner says");
                self.plan = None;
                self.remembered.clear();
                return;
            }
        };
        self.had_from = self.had_from.or(Some(plan.first));
        let day = HAD_DAYS * self.calendar.length().per_day();
        self.had = self.had(plan.first).into_iter().map(|(load, slot, wh)| ((load, slot), wh)).collect();
        self.had.retain(|(_, slot), _| plan.first.since(*slot) <= day);
        self.pins.retain(|_, pin| plan.first.since(pin.until) <= day);
        let (midnight, _) = self.calendar.day(self.calendar.local(plan.first).day);
        let before = self.plan.take().map(|old| old.slots).unwrap_or_default();
        let mut slots: Vec<PlanSlot> =
            before.into_iter().filter(|slot| (midnight..plan.first).contains(&slot.slot)).collect();
        slots.append(&mut plan.slots);
        plan.slots = slots;
        self.plan = Some(plan);
        self.remembered.clear();
    }

    /// Stores and loads change places with new words, so what they held and had is not known any more.
    fn equip(&mut self, equipment: Equipment) {
        let (old, new) = (self.equipment.parts(), equipment.parts());
        if old.loads != new.loads {
            self.had.clear();
            self.had_from = None;
            // What was promised of loads that are no more cannot be kept.
            self.pins.clear();
        }
        if old.stores != new.stores || old.loads != new.loads {
            self.plan = None;
            self.remembered.clear();
        }
        self.is_changed = true;
        self.equipment = equipment;
        self.generation += 1;
    }
}

fn put(history: &mut History, slot: SlotNumber, energy_wh: Option<i64>) {
    match energy_wh {
        // What no slot can hold says nothing either.
        Some(energy_wh) if history.record(slot, energy_wh).is_ok() => {}
        Some(_) | None => history.forget(slot),
    }
}

/// The slots of the hive in the words of plans.
pub(super) const fn length_of(length: protocol::energy::SlotLength) -> SlotLength {
    match length {
        protocol::energy::SlotLength::Quarter => SlotLength::Quarter,
        protocol::energy::SlotLength::Half => SlotLength::Half,
        protocol::energy::SlotLength::Hour => SlotLength::Hour,
    }
}

impl Core {
    /// The building's plans, to look at.
    pub fn planning(&self) -> &Planning {
        &self.planning
    }

    /// By which clock the people of the building live; UTC unless it is said.
    #[must_use]
    pub fn with_zone(mut self, zone: Zone) -> Self {
        let length = self.planning.calendar.length();
        self.planning.calendar = Calendar::new(length, zone.clone());
        self.planning.zone = zone;
        self
    }

    /// The plan that is to be made now, if any.
    pub fn plan_work(&self, now: UnixMs) -> Option<PlanWork> {
        self.planning.work(now, self.ledger.state(), self.energy.plan().limits().connection_w())
    }

    pub(super) fn take_plan(&mut self, planned: Planned) {
        self.planning.take(planned);
        self.keep_plans();
        self.event(Event::Energy);
    }

    pub(super) fn equip(&mut self, now: Now, equipment: Equipment) -> Answer {
        if equipment != *self.planning.equipment() {
            self.planning.equip(equipment.clone());
            self.persist(vec![Change::PutEquipment(equipment)]);
            self.keep_plans();
            self.event(Event::Energy);
        }
        Answer::Equipment(now.time)
    }
}

#[cfg(test)]
mod tests;
