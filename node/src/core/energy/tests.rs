//! The building as a whole: readings in, slots and flow out.

use super::*;
use crate::core::catalogue::{Code, MetricName};
use crate::core::telemetry::{Payload, Value};
use proptest::prelude::*;
use protocol::energy::Quality;
use protocol::{AssetKind, Tick};

const SLOT: i64 = 900_000;
const MINUTE: i64 = 60_000;
/// Midnight of a day.
const START: i64 = 20_400 * DAY_MS;

/// A building with one meter, which has not sent anything.
fn one_meter() -> Catalogue {
    let mut catalogue = Catalogue::default();
    catalogue.add_site(Code::new("S1").unwrap(), "Tour").unwrap();
    catalogue.add_asset("S1", Code::new("MAIN").unwrap(), AssetKind::Meter).unwrap();
    catalogue
}

/// A building with one meter whose readings are all at hand.
struct Tower {
    energy: Energy,
    telemetry: Telemetry,
    rows: Vec<Row>,
    changes: Vec<Change>,
}

impl Tower {
    fn new() -> Self {
        let mut catalogue = one_meter();
        for metric in ["import_wh", "export_wh", "pv_wh"] {
            catalogue.add_series(AssetId(0), MetricName::new(metric).unwrap()).unwrap();
        }
        let energy = Energy::open(UnixMs(START), &catalogue, &[]);
        Self { energy, telemetry: Telemetry::new(catalogue), rows: Vec::new(), changes: Vec::new() }
    }

    /// Minutes after the start, import, export, production.
    fn read(&mut self, minute: i64, values: [f64; 3]) {
        let metrics = ["import_wh", "export_wh", "pv_wh"].into_iter().zip(values);
        let time = UnixMs(START + minute * MINUTE);
        let columns = metrics.map(|(metric, value)| {
            let column = self.telemetry.catalogue().asset(AssetId(0)).unwrap().column(metric).unwrap();
            (column, Value::new(value).unwrap())
        });
        let row = Row::new(AssetId(0), time, columns.collect()).unwrap();
        self.telemetry.apply(&row);
        self.energy.observe(self.telemetry.catalogue(), &row);
        self.rows.push(row);
        self.rows.sort_by_key(Row::time);
    }

    /// Does what the shell does until nothing is left to do.
    fn settle(&mut self, minute: i64) {
        let now = UnixMs(START + minute * MINUTE);
        let mut last = None;
        while let Some(work) = self.energy.work(now, &self.telemetry) {
            if last.as_ref() == Some(&work) {
                return;
            }
            last = Some(work.clone());
            let (from, to) = work.grid.reach();
            let courses = work.counters.iter().map(|counter| {
                let mut cutter = Cutter::new(counter.gauge.clone(), work.grid);
                for row in self.rows.iter().filter(|row| (from..to).contains(&row.time())) {
                    let value = row.values().iter().find(|(column, _)| *column == counter.column);
                    value.into_iter().for_each(|(_, value)| cutter.read(row.time(), value.get()));
                }
                cutter.finish()
            });
            let cut = Cut { courses: courses.collect(), work };
            let clock = patience(now, &self.telemetry);
            self.changes.extend(self.energy.take(clock, cut));
        }
    }

    fn slots(&self) -> Vec<(i64, Option<[i64; 2]>, Quality, u32)> {
        let all = self.energy.book().slots(UnixMs(0), UnixMs(i64::MAX / 2));
        all.map(|slot| {
            let flow = slot.flow.map(|flow| [flow.import_wh, flow.export_wh]);
            ((slot.start().0 - START) / SLOT, flow, slot.quality(), slot.version)
        })
        .collect()
    }
}

use Quality::{Estimated, Measured, Missing};

#[test]
fn readings_become_slots_as_soon_as_they_tell_their_end() {
    let mut tower = Tower::new();
    tower.read(0, [1_000.0, 500.0, 2_000.0]);
    tower.settle(1);
    assert_eq!(tower.slots(), []);
    tower.read(15, [1_100.0, 500.0, 2_000.0]);
    tower.read(30, [1_100.0, 550.0, 2_300.0]);
    tower.settle(31);
    assert_eq!(tower.slots(), [(0, Some([100, 0]), Measured, 1), (1, Some([0, 50]), Measured, 1)]);
    let slot = tower.energy.book().newest().unwrap();
    assert_eq!(slot.flow.unwrap().consumption_wh(), Some(250));
    assert_eq!(tower.energy.frontier(), Some(UnixMs(START + 2 * SLOT)));
}

#[test]
fn a_meter_that_stands_still_is_told_of_unless_the_sun_explains_it() {
    let still = |course: &[[f64; 3]]| -> Vec<String> {
        let mut tower = Tower::new();
        (0..).zip(course).for_each(|(quarter, values)| tower.read(15 * quarter, *values));
        let now = UnixMs(START + 15 * MINUTE * course.len() as i64);
        let meters = tower.energy.meters().to_vec();
        let stands = |meter: &&Meter| {
            tower.energy.probe(&tower.telemetry, now, meter).findings.contains(&Finding::Still)
        };
        meters.iter().filter(stands).map(|meter| meter.metric.to_string()).collect()
    };
    let nothing = [[7.0, 3.0, 5.0]; 4];
    assert_eq!(
        still(&nothing),
        ["import_wh"],
        "at night a roof makes nothing, but a building uses something"
    );
    let noon = [0.0, 10.0, 20.0, 30.0].map(|made| [7.0, made, 2.0 * made]);
    assert_eq!(still(&noon), [""; 0]);
    let own_sun = [0.0, 10.0, 20.0, 30.0].map(|made| [7.0, 3.0, made]);
    assert_eq!(still(&own_sun), [""; 0]);
    let dead_inverter_meter = [0.0, 10.0, 20.0, 30.0].map(|made| [7.0, made, 5.0]);
    assert_eq!(still(&dead_inverter_meter), ["pv_wh"]);
}

#[test]
fn another_slot_length_begins_with_its_next_slot_and_nothing_is_counted_twice() {
    let mut tower = Tower::new();
    for minute in (0..=75).step_by(15) {
        tower.read(minute, [minute as f64, 0.0, 0.0]);
    }
    tower.settle(75);
    tower.energy.follow(SlotLength::Hour);
    for minute in (90..=240).step_by(15) {
        tower.read(minute, [minute as f64, 0.0, 0.0]);
        tower.settle(minute);
    }
    let lengths = |tower: &Tower| -> Vec<(i64, u32, Option<i64>)> {
        let all = tower.energy.book().slots(UnixMs(0), UnixMs(i64::MAX / 2));
        all.map(|slot| {
            let minute = slot.start().0 - START;
            (minute / MINUTE, slot.length.minutes(), slot.flow.map(|flow| flow.import_wh))
        })
        .collect()
    };
    let quarters = [0, 15, 30, 45, 60].map(|minute| (minute, 15, Some(15)));
    let hours = [120, 180].map(|minute| (minute, 60, Some(60)));
    assert_eq!(lengths(&tower), [&quarters[..], &hours].concat());
    tower.energy.follow(SlotLength::Quarter);
    for minute in [255, 270] {
        tower.read(minute, [minute as f64, 0.0, 0.0]);
        tower.settle(minute);
    }
    let again = [240, 255].map(|minute| (minute, 15, Some(15)));
    assert_eq!(lengths(&tower), [&quarters[..], &hours, &again].concat());
}

#[test]
fn a_meter_that_was_put_in_within_a_slot_has_no_missing_slot_before() {
    let mut tower = Tower::new();
    for minute in [7, 22, 37] {
        tower.read(minute, [minute as f64, 0.0, 0.0]);
        tower.settle(minute);
    }
    assert_eq!(tower.slots(), [(1, Some([15, 0]), Measured, 1)]);
}

#[test]
fn a_gap_is_an_estimate_that_late_readings_correct() {
    let mut tower = Tower::new();
    tower.read(0, [0.0; 3]);
    tower.read(15, [10.0, 0.0, 0.0]);
    tower.read(75, [130.0, 0.0, 0.0]);
    tower.settle(75);
    let guess = |at| (at, Some([30, 0]), Estimated, 1);
    assert_eq!(tower.slots(), [(0, Some([10, 0]), Measured, 1), guess(1), guess(2), guess(3), guess(4)]);
    for (minute, register) in [(45, 100.0), (30, 20.0), (60, 110.0)] {
        tower.read(minute, [register, 0.0, 0.0]);
    }
    tower.settle(76);
    let fixed = |at, wh| (at, Some([wh, 0]), Measured, 2);
    assert_eq!(tower.slots()[1..], [fixed(1, 10), fixed(2, 80), fixed(3, 10), fixed(4, 20)]);
    assert_eq!(tower.slots()[0].3, 1, "what did not change has no new version");
}

#[test]
fn silence_is_missing_and_never_zero_and_is_mended_when_the_meter_speaks() {
    let mut tower = Tower::new();
    tower.read(0, [0.0; 3]);
    tower.read(15, [10.0, 0.0, 0.0]);
    tower.settle(15);
    // Another asset goes on reporting, so the building is not deaf.
    let other = tower.telemetry.catalogue_mut();
    other.add_asset("S1", Code::new("LIFT").unwrap(), AssetKind::Elevator).unwrap();
    other.add_series(AssetId(1), MetricName::new("motor_temp").unwrap()).unwrap();
    let row = Row::new(
        AssetId(1),
        UnixMs(START + 65 * MINUTE),
        vec![(crate::core::catalogue::Column(0), Value::new(1.0).unwrap())],
    );
    tower.telemetry.apply(&row.unwrap());
    tower.settle(65);
    assert_eq!(tower.slots()[1..], [(1, None, Missing, 1)], "30 minutes after its end");
    tower.settle(600);
    assert_eq!(tower.slots().len(), 2, "nobody reports: the clock alone closes nothing");
    tower.read(75, [50.0, 0.0, 0.0]);
    tower.settle(76);
    let expected = [(1, Some([10, 0]), Estimated, 2), (2, Some([10, 0]), Estimated, 1)];
    assert_eq!(tower.slots()[1..3], expected);
}

#[test]
fn a_slot_beyond_the_buildings_limits_is_held_back() {
    let mut tower = Tower::new();
    let limits = Limits::new(Some(10_000), None, None).unwrap();
    let plan = MeterPlan::new(None, limits).unwrap();
    tower.energy.replace(UnixMs(START), tower.telemetry.catalogue(), plan);
    tower.read(0, [0.0; 3]);
    tower.read(15, [2_000.0, 0.0, 0.0]);
    // 16 kW through a connection of 10: believed of a reading, not of a slot.
    tower.read(30, [6_000.0, 0.0, 0.0]);
    tower.settle(31);
    let held: Vec<Option<Doubt>> =
        tower.energy.book().slots(UnixMs(START), UnixMs(START + DAY_MS)).map(|slot| slot.held).collect();
    assert_eq!(held, [None, Some(Doubt::ImportAboveConnection)]);
    let totals = Totals::of(tower.energy.book(), UnixMs(START), UnixMs(START + DAY_MS));
    assert_eq!((totals.import_wh, totals.slots, totals.held), (2_000, 2, 1));
    let gap = gaps(tower.energy.book(), UnixMs(START), UnixMs(START + DAY_MS));
    assert_eq!(gap.iter().map(|gap| (gap.slots, gap.held)).collect::<Vec<_>>(), [(1, held[1])]);
}

#[test]
fn what_is_stored_comes_back_and_damage_is_cut_again() {
    let mut tower = Tower::new();
    for quarter in 0..=96 {
        tower.read(quarter * 15, [quarter as f64 * 25.0, 0.0, 0.0]);
    }
    tower.settle(24 * 60 + 1);
    assert_eq!(tower.slots().len(), 96);
    let stored: BTreeMap<Vec<u8>, Vec<u8>> =
        tower.changes.iter().filter_map(|change| Some((change.key(), change.value()?))).collect();
    let entries: Vec<Change> =
        stored.iter().map(|(key, value)| Change::read_back(key, value).unwrap()).collect();
    let slots = tower.slots();
    let now = UnixMs(START + DAY_MS + MINUTE);
    tower.energy = Energy::open(now, tower.telemetry.catalogue(), &entries);
    assert_eq!(tower.slots(), slots);
    tower.settle(24 * 60 + 1);
    assert_eq!(tower.slots(), slots, "looking again changes nothing, no version either");
    tower.energy = Energy::open(now, tower.telemetry.catalogue(), &[]);
    assert_eq!(tower.slots(), []);
    tower.settle(24 * 60 + 1);
    assert_eq!(tower.slots(), slots, "all of it out of the readings");
}

#[test]
fn a_clock_a_year_ahead_makes_no_missing_slots() {
    let mut tower = Tower::new();
    tower.read(0, [0.0; 3]);
    tower.read(15, [10.0, 0.0, 0.0]);
    tower.settle(365 * 24 * 60);
    assert_eq!(tower.slots().len(), 1);
}

#[test]
fn what_flows_is_the_mean_between_the_last_readings() {
    let mut tower = Tower::new();
    tower.read(0, [0.0; 3]);
    tower.read(15, [0.0, 100.0, 400.0]);
    let now = UnixMs(START + 16 * MINUTE);
    let flow = flow::flow_now(now, &tower.energy, &tower.telemetry);
    let watts = [flow.import, flow.export, flow.production, flow.load].map(|power| power.unwrap().watts);
    assert_eq!(watts, [0.0, 400.0, 1_600.0, 1_200.0]);
    let later = flow::flow_now(now.plus(60 * MINUTE), &tower.energy, &tower.telemetry);
    assert_eq!(later, FlowNow::default(), "an hour-old reading says nothing about now");
}

#[test]
fn a_load_meter_tells_net_energy_with_the_panels() {
    let readings = [(0, [0.0, 0.0]), (15, [100.0, 30.0]), (30, [200.0, 330.0])];
    let (energy, telemetry) = metered(["load_wh", "pv_wh"], &readings);
    let grid = Grid { from: UnixMs(START), slot_ms: SLOT, count: 2 };
    let counters = energy.counters(telemetry.catalogue());
    let roles: Vec<Role> = counters.iter().map(|counter| counter.role).collect();
    assert_eq!(roles, [Role::Load, Role::Production]);
    let courses = courses(&telemetry, &counters, grid);
    let flows: Vec<(i64, i64)> = (0..2).map(|at| add_up(&counters, &courses, at).net()).collect();
    assert_eq!(flows, [(70, 0), (0, 200)]);
}

/// A building whose one meter sent these readings, by minute, under these names.
fn metered(metrics: [&str; 2], readings: &[(i64, [f64; 2])]) -> (Energy, Telemetry) {
    let mut telemetry = Telemetry::new(one_meter());
    let mut energy = Energy::open(UnixMs(START), telemetry.catalogue(), &[]);
    for (minute, values) in readings {
        let time = UnixMs(START + minute * MINUTE);
        let moment =
            crate::core::telemetry::Moment { now: time, tick: Tick(0), founded: UnixMs(0), block: UnixMs(0) };
        let metrics = metrics.into_iter().zip(values.map(Some)).collect();
        let payload = Payload { site_code: "S1", asset_code: "MAIN", time, metrics };
        let row = telemetry.accept(moment, &payload).unwrap().row;
        telemetry.apply(&row);
        energy.observe(telemetry.catalogue(), &row);
    }
    (energy, telemetry)
}

/// What counters counted in the slots of a grid.
fn courses(telemetry: &Telemetry, counters: &[Counter], grid: Grid) -> Vec<Course> {
    let head = telemetry.head(AssetId(0)).unwrap();
    let course = |counter: &Counter| {
        let mut cutter = Cutter::new(counter.gauge.clone(), grid);
        head.readings(counter.column, UnixMs(START), UnixMs(START + DAY_MS))
            .for_each(|(time, value)| cutter.read(time, value.get()));
        cutter.finish()
    };
    counters.iter().map(course).collect()
}

proptest! {
    /// Whatever the order in which readings arrive, the slots say the same in the end.
    #[test]
    fn the_order_of_arrival_changes_nothing(
        steps in prop::collection::vec((1i64..50, 0u32..900), 2..24),
        order in prop::collection::vec(any::<u32>(), 24),
        pauses in prop::collection::vec(any::<bool>(), 24),
    ) {
        let mut readings = Vec::new();
        let (mut minute, mut register) = (0, 0.0);
        for (apart, wh) in steps {
            minute += apart;
            register += f64::from(wh) / 7.0;
            readings.push((minute, register));
        }
        let end = minute + 1;
        let mut straight = Tower::new();
        readings.iter().for_each(|(minute, register)| straight.read(*minute, [*register, 0.0, 0.0]));
        straight.settle(end);
        let mut shuffled: Vec<usize> = (0..readings.len()).collect();
        shuffled.sort_by_key(|at| order[*at]);
        let mut crooked = Tower::new();
        for at in shuffled {
            let (minute, register) = readings[at];
            crooked.read(minute, [register, 0.0, 0.0]);
            if pauses[at] {
                crooked.settle(end);
            }
        }
        crooked.settle(end);
        let say = |tower: &Tower| -> Vec<_> {
            let known = tower.slots().into_iter().filter(|(_, flow, ..)| flow.is_some());
            known.map(|(at, flow, quality, _)| (at, flow, quality)).collect()
        };
        prop_assert_eq!(say(&straight), say(&crooked));
    }
}

#[test]
fn slots_for_dwellings_lie_in_stretches_of_one_length_without_holes() {
    let mut tower = Tower::new();
    for minute in (0..=75).step_by(15) {
        tower.read(minute, [minute as f64, 0.0, 0.0]);
    }
    tower.settle(75);
    tower.energy.follow(SlotLength::Hour);
    for minute in (90..=240).step_by(15) {
        tower.read(minute, [minute as f64, 0.0, 0.0]);
        tower.settle(minute);
    }
    let stretches = |from: i64, to: i64, max| {
        let (from, to) = (UnixMs(START + from * MINUTE), UnixMs(START + to * MINUTE));
        let found = tower.energy.stretches(from, to, max);
        assert!(found.iter().all(|stretch| stretch.slots.len() == stretch.grid.count));
        let told = |stretch: &Stretch| {
            ((stretch.grid.from.0 - START) / MINUTE, stretch.grid.slot_ms / MINUTE, stretch.grid.count)
        };
        found.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(stretches(0, 300, 100), [(0, 15, 5), (120, 60, 2)]);
    assert_eq!(stretches(15, 121, 100), [(15, 15, 4), (120, 60, 1)]);
    assert_eq!(stretches(0, 300, 2), [(0, 15, 2)]);
    assert_eq!(stretches(300, 0, 2), []);
}
