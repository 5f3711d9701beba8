//! The building at home: slots come in, plans come out when they are due, and nothing that is said makes them fail.

use protocol::energy::{SlotId, SlotLength as Length};
use protocol::{Digest, Genesis, SigningKey};

use super::equipment::tests::{battery, car};
use super::*;
use crate::core::energy::Flow;
use crate::core::plan::{LoadKind, Reason, Stage, StoreKind};

const QUARTER_MS: i64 = 900_000;
const DAY_MS: i64 = 96 * QUARTER_MS;
/// Midnight of a Monday.
const START: i64 = 20_454 * DAY_MS;

struct Cottage {
    planning: Planning,
    state: State,
    book: Book,
}

/// A family's day: 200 Wh a quarter, 800 in the evening; sun around noon.
fn flow(quarter: i64) -> Flow {
    let used = if (72..84).contains(&quarter) { 800 } else { 200 };
    let made = (1_600 - (quarter - 50) * (quarter - 50) * 6).max(0);
    Flow { import_wh: (used - made).max(0), export_wh: (made - used).max(0), production_wh: Some(made) }
}

fn slot(start: i64, flow: Option<Flow>) -> Slot {
    let id = SlotId::at(UnixMs(start), Length::Quarter).unwrap();
    Slot { id, length: Length::Quarter, flow, is_estimated: false, version: 1, held: None }
}

impl Cottage {
    /// After so many days of readings.
    fn new(days: i64) -> Self {
        Self::with_runs(days, |_, _| 0)
    }

    /// The same with loads that took so much in a quarter of a day besides, Wh.
    fn with_runs(days: i64, taken: impl Fn(i64, i64) -> i64) -> Self {
        let key = SigningKey::from_seed(&[5; 32]).public();
        let genesis = Genesis::new(UnixMs(0), Digest::new([0; 32]), vec![key], vec![]).unwrap();
        let mut book = Book::default();
        for quarter in 0..days * 96 {
            let (plain, taken) = (flow(quarter % 96), taken(quarter / 96, quarter % 96));
            let net = plain.import_wh - plain.export_wh + taken;
            let flow = Flow { import_wh: net.max(0), export_wh: (-net).max(0), ..plain };
            assert!(book.put(slot(START + quarter * QUARTER_MS, Some(flow))));
        }
        let mut planning = Planning::open(UnixMs(0), &Energy::default(), &[]);
        planning.look_back(UnixMs(START + days * DAY_MS), &book);
        Self { planning, state: State::genesis(&genesis), book }
    }

    fn equip(&mut self, parts: Parts) {
        self.planning.equip(Equipment::new(parts).unwrap());
    }

    fn work(&self, day: i64, minute: i64) -> Option<PlanWork> {
        self.planning.work(UnixMs(START + day * DAY_MS + minute * 60_000), &self.state, Some(9_000))
    }

    /// Plans if it is due.
    fn plan(&mut self, day: i64, minute: i64) -> bool {
        let Some(work) = self.work(day, minute) else { return false };
        assert_eq!(work.solve(), work.solve(), "the same work gives the same plan");
        self.planning.take(work.solve());
        true
    }

    fn slots(&self) -> &[PlanSlot] {
        &self.planning.plan().unwrap().slots
    }
}

fn two_prices() -> OwnTariff {
    OwnTariff::TwoPrices { high: 270_000, low: 200_000, export: 40_000, low_from: 1_320, low_until: 360 }
}

#[test]
fn a_plan_is_made_every_two_hours_and_when_the_owner_says_something_new() {
    let mut cottage = Cottage::new(14);
    assert!(cottage.plan(14, 345), "the first one at once");
    assert!(!cottage.plan(14, 359));
    assert!(cottage.plan(14, 360), "at six");
    assert!(!cottage.plan(14, 479));
    assert!(cottage.plan(14, 480));
    cottage.equip(Parts { stores: vec![battery()], ..Parts::default() });
    assert!(cottage.plan(14, 481));
    assert!(!cottage.plan(14, 482));
    assert!(!Cottage::new(0).plan(0, 0), "nothing to plan, nothing to plan with");
}

#[test]
fn a_plan_for_an_older_word_is_not_taken() {
    let mut cottage = Cottage::new(14);
    let old = cottage.work(14, 360).unwrap().solve();
    cottage.equip(Parts { stores: vec![battery()], ..Parts::default() });
    cottage.planning.take(old);
    assert_eq!(cottage.planning.plan(), None);
    assert!(cottage.plan(14, 361));
    assert_eq!(cottage.slots()[0].stores.len(), 1);
}

#[test]
fn the_sun_fills_the_battery_and_the_night_the_car() {
    let mut cottage = Cottage::new(28);
    let parts =
        Parts { stores: vec![battery()], loads: vec![car()], tariff: two_prices(), ..Parts::default() };
    cottage.equip(parts);
    assert!(cottage.plan(28, 6 * 60));
    let plan = cottage.planning.plan().unwrap();
    assert_eq!((plan.stage, &plan.reasons[..]), (Stage::Exact, &[][..]));
    assert!(plan.cost < plan.cost_without, "{} {}", plan.cost, plan.cost_without);
    assert_eq!(plan.source, PriceSource::Own);
    // From quarter past six to the end of tomorrow, and each slot adds up.
    assert_eq!(plan.slots.len(), 2 * 96 - 25);
    let hour = |slot: &PlanSlot| slot.span.0.0.rem_euclid(DAY_MS) / 3_600_000;
    for slot in &plan.slots {
        let sums = slot.load_wh.unwrap() - slot.sun_wh.unwrap();
        let moved = slot.stores[0].0 + slot.loads[0];
        assert_eq!(slot.net_wh, sums + moved);
        assert!((1_000..=10_000).contains(&slot.stores[0].1), "the reserve stays: {slot:?}");
        assert!(
            slot.loads[0] == 0 || !(7..22).contains(&hour(slot)),
            "the car waits for cheap hours: {slot:?}"
        );
    }
    let car_wh: i64 = plan.slots.iter().map(|slot| slot.loads[0]).sum();
    // Of the night that is nearly over, of which nothing is known, three quarters in 52.
    assert_eq!(car_wh, 8_000 * 3 / 52 + 8_000);
    let of_sun = |slot: &&PlanSlot| slot.stores[0].0 > 0 && slot.net_wh <= 0 && (8..17).contains(&hour(slot));
    assert!(plan.slots.iter().filter(of_sun).count() > 0, "surplus goes into the battery");
}

/// A battery that neighbours share does not serve the house behind whose meter it stands: while nothing is known of the hive
/// it rests, and the house's own one works as ever.
#[test]
fn a_shared_battery_is_planned_for_the_hive_and_not_for_the_house() {
    let mut cottage = Cottage::new(28);
    let shared = OwnStore { kind: StoreKind::Hive, capacity_wh: 40_000, ..battery() };
    cottage.equip(Parts { stores: vec![shared, battery()], tariff: two_prices(), ..Parts::default() });
    assert!(cottage.plan(28, 6 * 60));
    let plan = cottage.planning.plan().unwrap();
    let common = plan.shared.as_ref().expect("it has a plan of its own");
    assert_eq!((common.stage, common.import_max_wh), (Stage::Greedy, None));
    assert!(matches!(common.reasons[..], [Reason::Unknown { .. }]), "{:?}", common.reasons);
    assert!(plan.slots.iter().all(|slot| slot.stores[0] == (0, 1_000) && slot.orders.len() == 2));
    assert!(plan.slots.iter().any(|slot| slot.stores[1].0 > 0), "the house's own battery is filled");
    assert_eq!(plan.stage, Stage::Exact);
    // With a past of the hive it works, and what it takes and gives goes through the house's meter.
    let mut work = cottage.work(28, 8 * 60).unwrap();
    let (first, needs) = (work.first, work.hive.as_mut().unwrap());
    for slot in first.0 - 28 * 96..first.0 {
        let quarter = slot.rem_euclid(96);
        let need = if (44..56).contains(&quarter) { -2_000 } else { 500 };
        needs.history.record(SlotNumber(slot), need).unwrap();
    }
    cottage.planning.take(work.solve());
    let plan = cottage.planning.plan().unwrap();
    assert_eq!(plan.shared.as_ref().unwrap().stage, Stage::Exact);
    let planned: Vec<&PlanSlot> = plan.slots.iter().filter(|slot| slot.slot >= plan.first).collect();
    assert!(planned.iter().map(|slot| slot.stores[0].0.max(0)).sum::<i64>() > 10_000);
    for slot in planned {
        let sums = slot.load_wh.unwrap() - slot.sun_wh.unwrap();
        assert_eq!(slot.net_wh, sums + slot.stores[0].0 + slot.stores[1].0);
    }
}

#[test]
fn what_a_load_has_had_is_not_given_twice() {
    let mut cottage = Cottage::new(28);
    cottage.equip(Parts { loads: vec![car()], tariff: two_prices(), ..Parts::default() });
    for minute in (16 * 60..24 * 60).step_by(120) {
        assert!(cottage.plan(28, minute));
    }
    for minute in (0..=8 * 60).step_by(120) {
        assert!(cottage.plan(29, minute));
    }
    // What was planned for slots that are over, and what still is.
    let night = START + 28 * DAY_MS + 18 * 3_600_000..START + 29 * DAY_MS + 7 * 3_600_000;
    let number = |ms: i64| SlotNumber(ms / QUARTER_MS);
    let had = cottage.planning.had(number(night.end));
    let in_the_night =
        had.iter().filter(|(_, slot, _)| (number(night.start)..number(night.end)).contains(slot));
    assert_eq!(in_the_night.map(|(.., wh)| wh).sum::<i64>(), 8_000);
}

#[test]
fn who_goes_first_gets_the_sun() {
    let night_for_day = |first| {
        let mut cottage = Cottage::new(28);
        let noon_car = OwnLoad { from_minute: 9 * 60, until_minute: 17 * 60, ..car() };
        let tariff = OwnTariff::Flat { import: 250_000, export: 40_000 };
        cottage.equip(Parts {
            stores: vec![battery()],
            loads: vec![noon_car],
            first,
            tariff,
            ..Parts::default()
        });
        assert!(cottage.plan(28, 6 * 60));
        let today =
            cottage.slots().iter().take_while(|slot| slot.span.0.0 < START + 28 * DAY_MS + 11 * 3_600_000);
        today.map(|slot| slot.stores[0].0.max(0)).sum::<i64>()
    };
    assert!(night_for_day(First::Stores) > night_for_day(First::Loads));
}

#[test]
fn a_wish_that_cannot_be_is_cut_and_said() {
    let mut cottage = Cottage::new(28);
    let hasty = OwnLoad { until_minute: 19 * 60, energy_wh: 50_000, ..car() };
    cottage.equip(Parts { loads: vec![hasty], import_max_w: Some(100), ..Parts::default() });
    assert!(cottage.plan(28, 6 * 60));
    let plan = cottage.planning.plan().unwrap();
    let short = |reason: &Reason| matches!(reason, Reason::TooLittleTime(s) if (s.kind, s.asked_wh, s.possible_wh) == (LoadKind::Car, 50_000, 7_400));
    assert!(plan.reasons.iter().any(short), "{:?}", plan.reasons);
    assert!(
        plan.reasons.iter().any(|reason| matches!(reason, Reason::AboveCap { .. })),
        "{:?}",
        plan.reasons
    );
    assert_eq!(plan.source, PriceSource::Assumed);
    // Without a past there is a plan too: at once, and why.
    let mut new = Cottage::new(0);
    new.equip(Parts { loads: vec![car()], ..Parts::default() });
    assert!(new.plan(0, 60));
    let plan = new.planning.plan().unwrap();
    assert_eq!(plan.stage, Stage::Greedy);
    assert!(plan.reasons.iter().any(|reason| matches!(reason, Reason::Unknown { .. })));
}

#[test]
fn doubtful_and_missing_slots_say_nothing() {
    let mut cottage = Cottage::new(28);
    let at = START + 27 * DAY_MS;
    let number = SlotNumber(at / QUARTER_MS);
    assert_eq!(cottage.planning.load.get(number), Some(200));
    let doubtful = Slot { held: Some(crate::core::energy::Doubt::BeyondAnySlot), ..slot(at, Some(flow(0))) };
    cottage.planning.note(&doubtful);
    assert_eq!((cottage.planning.load.get(number), cottage.planning.sun.get(number)), (None, None));
    cottage.planning.note(&slot(at, Some(flow(0))));
    assert_eq!(cottage.planning.load.get(number), Some(200));
    cottage.planning.note(&slot(at, None));
    assert_eq!(cottage.planning.load.get(number), None);
    // A building that gives more than it takes and makes, which nobody believes, and one whose roof is not metered.
    cottage.planning.note(&slot(at, Some(Flow { import_wh: 0, export_wh: 9, production_wh: Some(0) })));
    assert_eq!(cottage.planning.load.get(number), None);
    cottage.planning.note(&slot(at, Some(Flow { import_wh: 0, export_wh: 9, production_wh: None })));
    assert_eq!(cottage.planning.load.get(number), Some(-9));
    let kept = cottage.book.slots(UnixMs(at), UnixMs(at + DAY_MS)).count();
    assert_eq!(kept, 96, "what is booked stays booked");
}

#[test]
fn clocks_that_change_leave_no_gap_between_plans() {
    let mut cottage = Cottage::new(28);
    // Clocks go forward at one in the morning of the last day.
    let change = UnixMs(START + 28 * DAY_MS + 3_600_000);
    let zone = Zone::new(60, vec![(change, 120)]).unwrap();
    cottage.planning.calendar = Calendar::new(SlotLength::Quarter, zone);
    cottage.equip(Parts {
        loads: vec![OwnLoad { from_minute: 150, until_minute: 150, ..car() }],
        ..Parts::default()
    });
    for minute in (-180..240).step_by(15) {
        cottage.plan(28, minute);
        let slots = cottage.slots();
        assert!(slots.windows(2).all(|pair| pair[0].slot.plus(1) == pair[1].slot), "{minute}");
    }
}

/// What stores hold and loads had by the plans before is known after a restart, whatever is planned then.
#[test]
fn a_restart_forgets_neither_what_stores_hold_nor_what_loads_had() {
    let mut cottage = Cottage::new(28);
    cottage.equip(Parts {
        stores: vec![battery()],
        loads: vec![car()],
        tariff: two_prices(),
        ..Parts::default()
    });
    assert!(cottage.plan(28, 360) && cottage.plan(28, 480));
    let later = cottage.work(28, 1_020).unwrap();
    assert!(later.stored_wh[0] != battery().reserve_wh && !later.had.is_empty(), "it matters");
    let memory = protocol::encode(&cottage.planning.memory().unwrap());
    let memory = protocol::decode::<PlanMemory>(&memory, protocol::limits::PLAN_MEMORY_BYTES_MAX).unwrap();
    let entries = |equipment: &Equipment| {
        [Change::PutPlanMemory(Box::new(memory.clone())), Change::PutEquipment(equipment.clone())]
    };
    let now = UnixMs(START + 28 * DAY_MS + 15 * 3_600_000);
    let mut planning = Planning::open(now, &Energy::default(), &entries(cottage.planning.equipment()));
    planning.look_back(now, &cottage.book);
    let again = planning.work(later.made, &cottage.state, Some(9_000)).unwrap();
    assert_eq!((&again.stored_wh, &again.had), (&later.stored_wh, &later.had));
    assert_eq!((again.known_from, &again.pins), (later.known_from, &later.pins));
    // Of stores and loads that are not there any more nothing is known.
    let other = Equipment::new(Parts { loads: vec![car()], ..Parts::default() }).unwrap();
    let planning = Planning::open(now, &Energy::default(), &entries(&other));
    assert!(planning.remembered.is_empty() && planning.stored_wh(later.first).is_empty());
}

fn heater() -> OwnLoad {
    let (from_minute, until_minute) = (22 * 60, 6 * 60);
    OwnLoad {
        kind: LoadKind::WaterHeater,
        energy_wh: 3_000,
        power_w: 2_000,
        from_minute,
        until_minute,
        ..car()
    }
}

/// What a load took in a quarter of a day that began its runs so many quarters after the midnights of its nights, Wh: full slots,
/// then the rest.
fn ran(load: &OwnLoad, begins: &[i64], day: i64, quarter: i64) -> i64 {
    let slot_wh = load.power_w / 4;
    let of_night = |night: i64| {
        let place = usize::try_from(night.rem_euclid(begins.len() as i64)).unwrap();
        let since = (day - night) * 96 + quarter - begins[place];
        if since < 0 { 0 } else { (load.energy_wh - since * slot_wh).clamp(0, slot_wh) }
    };
    (day - 1..=day).map(of_night).sum()
}

/// A history that holds the car and the water heater, now at one time of the night and now at another: the plan counts each of
/// them once, so that its peak is that of the building, and what else is used is what else was used.
#[test]
fn loads_that_the_history_holds_are_counted_once() {
    let taken = |day: i64, quarter: i64| {
        ran(&car(), &[72, 88, 104, 92], day, quarter) + ran(&heater(), &[106, 90, 100], day, quarter)
    };
    let mut cottage = Cottage::with_runs(28, taken);
    let parts = Parts { loads: vec![heater(), car()], tariff: two_prices(), ..Parts::default() };
    let had = cottage.planning.load.clone();
    cottage.equip(parts.clone());
    assert!(cottage.plan(28, 6 * 60));
    let quarter = |slot: &PlanSlot| slot.slot.0.rem_euclid(96);
    let made = |slot: &PlanSlot| flow(quarter(slot)).production_wh.unwrap();
    let used = |slot: &PlanSlot| flow(quarter(slot)).consumption_wh().unwrap();
    let true_net = |slot: &PlanSlot| used(slot) - made(slot) + slot.loads.iter().sum::<i64>();
    let planned = cottage.slots().iter().map(|slot| slot.net_wh).max().unwrap();
    let true_peak = cottage.slots().iter().map(true_net).max().unwrap();
    assert!((planned - true_peak).abs() * 100 <= true_peak * 3, "{planned} Wh planned, {true_peak} Wh true");
    for slot in cottage.slots() {
        let (load, used) = (slot.load_wh.unwrap(), used(slot));
        assert!((load - used).abs() <= 60, "{load} Wh beside the loads, {used} Wh true: {slot:?}");
    }
    // What was metered stays as it is: another word of the owner makes another plan of it.
    assert_eq!(cottage.planning.load, had);
    cottage.equip(Parts { loads: vec![], ..parts });
    assert!(cottage.plan(28, 8 * 60));
    let doubled = cottage.slots().iter().filter(|slot| slot.load_wh.unwrap() > used(slot) + 200).count();
    assert!(doubled > 8, "the history does hold them: {doubled}");
}

/// A building that has such loads only from today on loses nothing of what it used.
#[test]
fn what_else_is_used_is_not_taken_for_a_load() {
    let cottage = Cottage::new(28);
    let metered = &cottage.planning.load;
    assert_eq!(base::without_loads(metered, &cottage.planning.calendar, &[car()]), *metered);
    assert_eq!(
        base::without_loads(&History::default(), &cottage.planning.calendar, &[car()]),
        History::default()
    );
}
