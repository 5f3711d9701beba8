//! One entry of each kind that a building keeps in its own log: catalogue, policy, counter, alert, work order, settings,
//! metric, swap of a meter, rows that wait for the clock, plan of the energy meters, slots of a day, own terms of sharing.

use node::core::alerts::{Alert, AlertId, AlertStatus, EndedBy, Ending, Passage};
use node::core::catalogue::{
    AssetDefinition, AssetId, Code, Column, Definition, MetricDefinition, MetricKind, MetricName,
    MetricTraits, OnConflict, Retention, SeriesDefinition, SeriesId, SiteDefinition, SiteId, Swap,
};
use node::core::energy::Role as MeterRole;
use node::core::energy::{
    Book, DatedTerms, DaySlots, Doubt, DwellingLabel, DwellingMeter, DwellingPlan, Flow, Limits, Meter,
    MeterPlan, OwnTerms, Slot,
};
use node::core::maintenance::{OnLedger, OrderCause, Settings, WorkOrder};
use node::core::plan::{LoadKind, StoreKind};
use node::core::planning::{Consent, Equipment, First, OwnLoad, OwnStore, OwnTariff, Parts};
use node::core::policy::{
    Condition, Criterion, Escalation, Operator, Policy, PolicyId, PolicyVersion, RuleKind, Terms,
};
use node::core::rules::{CounterBase, Evidence, Extremes, Ground};
use node::core::telemetry::{Day, Exchange, Row, Value};
use node::core::{Change, Held, Issued};
use protocol::energy::{self, Percent, Price, SlotId, SlotLength, WattHours};
use protocol::{Address, AssetKind, Digest, Role, Severity, WorkOrderId, WorkOrderStatus};

use crate::enquiry_samples::enquiry_entries;
use crate::incident_samples::incident_entries;
use crate::learning_samples::learning_entries;
use crate::samples::TIME;

/// Every kind of entry, with its name in the golden file.
pub(crate) fn building_entries() -> Vec<(&'static str, Change)> {
    let site = SiteDefinition { id: SiteId(0), code: code("CAS-S1"), name: "Tour Alpha".to_owned() };
    let asset = AssetDefinition {
        id: AssetId(2),
        code: code("CAS-S1-ELEVATOR_1"),
        kind: AssetKind::Elevator,
        site: SiteId(0),
    };
    let series = SeriesDefinition { id: SeriesId(9), asset: AssetId(2), column: Column(1), metric: metric() };
    let base =
        CounterBase { asset: AssetId(1), policy: PolicyId(4), base: Some(120.5), carried: 3.25, since: TIME };
    let extremes = Extremes {
        asset: AssetId(1),
        policy: PolicyId(4),
        lowest: -3.5,
        highest: 41.25,
        readings: 1_440,
        since: TIME,
        until: TIME.plus(86_400_000),
    };
    vec![
        ("site", Change::PutDefinition(Definition::Site(site))),
        ("asset", Change::PutDefinition(Definition::Asset(asset))),
        ("series", Change::PutDefinition(Definition::Series(series))),
        ("policy", Change::PutPolicy(policy())),
        ("policy of groups", Change::PutPolicy(rich_policy())),
        (
            "policy version",
            Change::PutPolicyVersion(PolicyVersion { policy: policy(), at: TIME, by: "Amina".to_owned() }),
        ),
        ("counter base", Change::PutCounterBase(base)),
        ("extremes", Change::PutExtremes(extremes)),
        ("alert", Change::PutAlert(alert())),
        ("alert that is over", Change::PutAlert(ended_alert())),
        ("work order", Change::PutWorkOrder(work_order())),
        ("settings", Change::PutSettings(Settings { version: 1, policy_next: PolicyId(7) })),
        ("metric", Change::PutMetric(energy())),
        ("swap", Change::PutSwap(swap())),
        ("held rows", Change::PutHeld(held())),
        ("invitation", Change::PutInvitation(issued())),
        ("building secret", Change::PutSecret(Digest::new([3; 32]))),
        ("meter plan", Change::PutMeterPlan(meter_plan())),
        ("slots of a day", Change::PutSlots(day_of_slots())),
        ("own terms", Change::PutTerms(own_terms())),
        ("equipment", Change::PutEquipment(equipment())),
        ("dwellings", Change::PutDwellings(dwellings())),
    ]
    .into_iter()
    .chain(incident_entries())
    .chain(enquiry_entries())
    .chain(learning_entries())
    .collect()
}

fn dwellings() -> DwellingPlan {
    let meter = |label: &str, asset| DwellingMeter {
        dwelling: DwellingLabel::new(label).unwrap(),
        asset: AssetId(asset),
        metric: MetricName::new("energy_kwh").unwrap(),
    };
    DwellingPlan::new(vec![meter("1er gauche", 4), meter("rez", 2), meter("rez", 3)], true).unwrap()
}

fn equipment() -> Equipment {
    let store = OwnStore {
        kind: StoreKind::Building,
        capacity_wh: 10_000,
        charge_w: 5_000,
        discharge_w: 4_600,
        round_trip_percent: 90,
        reserve_wh: 1_000,
        loss_ppm_day: 500,
    };
    let load = OwnLoad {
        kind: LoadKind::Car,
        energy_wh: 8_000,
        power_w: 7_400,
        from_minute: 1_080,
        until_minute: 420,
        in_one_go: true,
    };
    let tariff =
        OwnTariff::TwoPrices { high: 320_000, low: 180_000, export: 40_000, low_from: 1_320, low_until: 360 };
    Equipment::new(Parts {
        stores: vec![store],
        loads: vec![load],
        first: First::Loads,
        import_max_w: Some(9_200),
        tariff,
        consent: Consent::Always,
        moved_max_wh: 4_000,
    })
    .unwrap()
}

fn energy() -> MetricDefinition {
    let traits = MetricTraits {
        unit: "kWh".to_owned(),
        kind: MetricKind::Counter,
        decimals: Some(3),
        rollover: Some(100_000.0),
        on_conflict: OnConflict::Last,
        retention: Retention { raw_days: Some(30), quarter_days: Some(365), day_days: None },
    };
    MetricDefinition::new(MetricName::new("energy_kwh").unwrap(), traits).unwrap()
}

fn swap() -> Swap {
    let exchange = Exchange { at: TIME, end: 99_120.5, start: 0.25 };
    let metric = MetricName::new("energy_kwh").unwrap();
    Swap::new(AssetId(2), metric, exchange, "plombs refaits".to_owned()).unwrap()
}

fn issued() -> Issued {
    Issued {
        nonce: Digest::new([2; 32]),
        role: Role::Follower,
        issued: TIME,
        expires: TIME.plus(3_600_000),
        by: "operator".to_owned(),
        is_revoked: false,
    }
}

fn held() -> Held {
    let values = vec![(Column(1), Value::new(95.5).unwrap()), (Column(4), Value::new(-0.25).unwrap())];
    Held::new(7, vec![Row::new(AssetId(2), TIME, values).unwrap()]).unwrap()
}

fn meter_plan() -> MeterPlan {
    let meter = |metric, role| Meter { asset: AssetId(2), metric: MetricName::new(metric).unwrap(), role };
    let meters = vec![meter("import_wh", MeterRole::Import), meter("pv_wh", MeterRole::Production)];
    MeterPlan::new(Some(meters), Limits::new(Some(36_000), Some(20_000), None).unwrap()).unwrap()
}

/// Half of the energy for a while, then everything with a price and a gift.
fn own_terms() -> OwnTerms {
    let half = energy::Terms { participation: Percent::new(50).unwrap(), ..energy::Terms::default() };
    let priced = energy::Terms {
        sell_above: WattHours(500),
        sell_at_least: Some(Price(90_000)),
        buy_up_to: Some(Price(240_000)),
        give_to: Some(Address::new([7; 20])),
        ..energy::Terms::default()
    };
    let dated = |from, terms| DatedTerms { from, terms };
    OwnTerms::new(vec![dated(TIME, half), dated(TIME.plus(900_000), priced)]).unwrap()
}

/// One that is measured, one that is an estimate and held back, one that is missing.
fn day_of_slots() -> DaySlots {
    let mut book = Book::default();
    let flow = Some(Flow { import_wh: 320, export_wh: 0, production_wh: Some(7) });
    let first = SlotId::at(TIME, SlotLength::Quarter).unwrap();
    let measured =
        Slot { id: first, length: SlotLength::Quarter, flow, is_estimated: false, version: 1, held: None };
    let held = Some(Doubt::ImportAboveConnection);
    book.put(measured);
    book.put(Slot { id: first.next(), is_estimated: true, held, ..measured });
    book.put(Slot { id: first.next().next(), flow: None, ..measured });
    book.day(Day::of(TIME)).unwrap()
}

fn policy() -> Policy {
    let terms = Terms {
        code: code("R5"),
        asset_kind: AssetKind::Elevator,
        groups: vec![vec![criterion(None)]],
        severity: Severity::High,
        message: "Surchauffe moteur ascenseur".to_owned(),
        description: String::new(),
        enabled: true,
        opens_work_order: true,
        clear_after_minutes: None,
        escalate: Vec::new(),
        downgrade_after_minutes: None,
    };
    Policy::new(PolicyId(5), 2, terms).unwrap()
}

/// A policy that uses everything a policy may use.
fn rich_policy() -> Policy {
    let hot = Criterion { clear_threshold: Some(75.5), window_minutes: Some(15), ..criterion(None) };
    let silent = Criterion { rule: RuleKind::NoData, window_minutes: Some(30), ..criterion(None) };
    let quotient = criterion(Some((Operator::Over, MetricName::new("current_a").unwrap())));
    let terms = Terms {
        code: code("R8"),
        groups: vec![vec![hot, quotient], vec![silent]],
        severity: Severity::Low,
        clear_after_minutes: Some(20),
        escalate: vec![Escalation { after_minutes: 60, severity: Severity::High }],
        downgrade_after_minutes: Some(10),
        ..policy().terms().clone()
    };
    Policy::new(PolicyId(8), 3, terms).unwrap()
}

fn criterion(with: Option<(Operator, MetricName)>) -> Criterion {
    Criterion {
        metric: metric(),
        with,
        rule: RuleKind::Consecutive,
        condition: Condition::Above,
        threshold: 80.0,
        clear_threshold: None,
        window_minutes: None,
        samples: 5,
    }
}

fn alert() -> Alert {
    let evidence = Evidence {
        measured: 95.5,
        threshold: 80.0,
        readings: 5,
        from: TIME,
        to: TIME.plus(40_000),
        last: vec![(TIME.plus(30_000), 95.25), (TIME.plus(40_000), 95.5)],
    };
    Alert {
        id: AlertId(Digest::new([0x21; 32])),
        asset: AssetId(2),
        policy: PolicyId(5),
        policy_code: code("R5"),
        opened: TIME.plus(40_000),
        severity: Severity::High,
        status: AlertStatus::Ack,
        message: "Surchauffe moteur ascenseur".to_owned(),
        evidence: evidence.clone(),
        work_order: Some(Digest::new([0x22; 32])),
        acknowledged: Some(TIME.plus(60_000)),
        closed: None,
        policy_version: 2,
        grounds: vec![Ground { group: 0, place: 0, criterion: criterion(None), evidence }],
        history: vec![Passage { at: TIME.plus(40_000), severity: Severity::High }],
        acknowledged_by: Some("Amina".to_owned()),
        ending: None,
    }
}

fn ended_alert() -> Alert {
    let ending = Ending { how: EndedBy::Person, by: "Amina".to_owned(), reason: "capteur".to_owned() };
    Alert { status: AlertStatus::Closed, closed: Some(TIME.plus(80_000)), ending: Some(ending), ..alert() }
}

fn work_order() -> WorkOrder {
    let ledger = OnLedger {
        id: Some(WorkOrderId(3)),
        status: Some(WorkOrderStatus::Open),
        commitment: Some(Digest::new([0x23; 32])),
    };
    WorkOrder {
        reference: Digest::new([0x22; 32]),
        cause: OrderCause::Alert {
            alert: AlertId(Digest::new([0x21; 32])),
            policy: PolicyId(5),
            policy_code: code("R5"),
        },
        asset: AssetId(2),
        kind: AssetKind::Elevator,
        reason: Digest::new([0x24; 32]),
        severity: Severity::High,
        message: "Surchauffe moteur ascenseur".to_owned(),
        status: WorkOrderStatus::InProgress,
        assigned_to: "N. B.".to_owned(),
        notes: "palier 3".to_owned(),
        created: TIME.plus(40_000),
        started: Some(TIME.plus(90_000)),
        closed: None,
        ledger,
    }
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn metric() -> MetricName {
    MetricName::new("motor_temp").unwrap()
}

/// What entries of the first release's form read as: nothing is lost, and what was not noted then is empty.
pub(crate) fn first_release_entries() -> Vec<(&'static str, Change)> {
    let alert =
        Alert { policy_version: 0, grounds: Vec::new(), acknowledged_by: None, ending: None, ..alert() };
    vec![("policy", Change::PutPolicy(policy())), ("alert", Change::PutAlert(alert))]
}
