//! A building under test: it remembers like a real one, loses its memory at a restart, and plays stories.

use expect_test::Expect;
use protocol::AssetKind;
use std::fmt::Write as _;

use super::*;
use crate::core::telemetry::Payload;

pub(super) const START: UnixMs = UnixMs(1_765_275_323_000);
const KINDS: [(&str, AssetKind, &str); 3] = [
    ("CAS-S1-HVAC_1", AssetKind::Hvac, "temp_supply_air vibration_level"),
    ("CAS-S1-CHILLER_1", AssetKind::Chiller, "water_temp_out run_hours"),
    ("CAS-S1-ELEVATOR_1", AssetKind::Elevator, "motor_temp door_cycles"),
];

/// A building with its disk: an index, a log of readings, and the steps it asked the ledger to take.
pub(super) struct Building {
    pub(super) index: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) rows: Vec<Row>,
    pub(super) telemetry: Telemetry,
    pub(super) maintenance: Maintenance,
    pub(super) now: UnixMs,
    pub(super) log: String,
}

pub(super) fn secret() -> Secret {
    Secret::new([7; 32])
}

impl Building {
    pub(super) fn new() -> Self {
        let mut catalogue = Catalogue::default();
        let site = catalogue.add_site(Code::new("CAS-S1").unwrap(), "Tour Alpha").unwrap();
        let assets = KINDS
            .map(|(code, kind, _)| catalogue.add_asset("CAS-S1", Code::new(code).unwrap(), kind).unwrap());
        let telemetry = Telemetry::new(catalogue);
        let (maintenance, changes) = Maintenance::open(START, secret(), &telemetry, Vec::new());
        let (index, rows, log) = (BTreeMap::new(), Vec::new(), String::new());
        let mut building = Self { index, rows, telemetry, maintenance, now: START, log };
        let definitions = site.into_iter().chain(assets.into_iter().flatten()).map(Change::PutDefinition);
        building.take(Outcome { changes: definitions.chain(changes).collect(), intents: Vec::new() });
        building.log.clear();
        building
    }

    /// Everything in memory is lost; index and log stay.
    pub(super) fn restart(&mut self) {
        let read = |(key, value): (&Vec<u8>, &Vec<u8>)| Change::read_back(key, value).unwrap();
        let entries: Vec<Change> = self.index.iter().map(read).collect();
        let mut catalogue = Catalogue::default();
        assert!(restore_catalogue(&mut catalogue, &entries, &[]).is_empty());
        self.telemetry = Telemetry::new(catalogue);
        for row in &self.rows {
            self.telemetry.apply(row);
        }
        let (maintenance, changes) = Maintenance::open(self.now, secret(), &self.telemetry, entries);
        self.maintenance = maintenance;
        assert!(changes.iter().all(|change| matches!(change, Change::PutCounterBase(_))), "{changes:?}");
        self.take(Outcome { changes, intents: Vec::new() });
    }

    /// Stores and logs what came of something.
    pub(super) fn take(&mut self, outcome: Outcome) {
        for change in outcome.changes {
            self.log_change(&change);
            match change.value() {
                Some(value) => {
                    assert_eq!(Change::read_back(&change.key(), &value).as_ref(), Ok(&change));
                    self.index.insert(change.key(), value);
                }
                None => drop(self.index.remove(&change.key())),
            }
        }
        for Intent { step, .. } in outcome.intents {
            let text = match step {
                Step::Open(open) => format!("open {} {}", open.kind, open.severity),
                Step::Advance(advance) => format!("advance {} to {}", advance.id, advance.status),
            };
            writeln!(self.log, "  ledger: {text}").unwrap();
        }
        self.check_invariants();
    }

    fn log_change(&mut self, change: &Change) {
        let at = self.now.since(START) / 1000;
        let line = match change {
            Change::PutAlert(alert) => {
                let order = if alert.work_order.is_some() { " with work order" } else { "" };
                format!(
                    "{at} s: alert {} {} {} « {} »{order}",
                    alert.policy_code, alert.severity, alert.status, alert.message
                )
            }
            Change::PutWorkOrder(order) => {
                let known = order.ledger.status.map_or("nothing".to_owned(), |status| status.to_string());
                let OrderCause::Alert { policy_code, .. } = &order.cause else { return };
                format!("{at} s: work order {policy_code} {}, ledger knows {known}", order.status)
            }
            Change::PutCounterBase(base) => {
                format!("{at} s: counter from {:?} + {}", base.base, base.carried)
            }
            Change::PutDefinition(_)
            | Change::PutPolicy(_)
            | Change::DeletePolicy(_)
            | Change::PutPolicyVersion(_)
            | Change::DeletePolicyVersion(..)
            | Change::DeleteCounterBase(_)
            | Change::PutExtremes(_)
            | Change::DeleteExtremes(_)
            | Change::DeleteAlert(_)
            | Change::DeleteWorkOrder(_)
            | Change::PutMetric(_)
            | Change::PutSwap(_)
            | Change::PutHeld(_)
            | Change::DeleteHeld(_)
            | Change::PutInvitation(_)
            | Change::DeleteInvitation(_)
            | Change::PutSecret(_)
            | Change::PutMeterPlan(_)
            | Change::PutTerms(_)
            | Change::PutOwnSlot(_)
            | Change::DeleteOwnSlot(_)
            | Change::PutStatement(_)
            | Change::DeleteStatement(..)
            | Change::PutRefusals(_)
            | Change::PutBooked(_)
            | Change::PutRelease(_)
            | Change::DeleteRelease(_)
            | Change::PutPastDay(_)
            | Change::DeletePastDay(_)
            | Change::DeleteBooked(..)
            | Change::PutKept(_)
            | Change::DeleteKept(_)
            | Change::PutAggregate(_)
            | Change::DeleteAggregate(_)
            | Change::PutIncident(_)
            | Change::DeleteIncident(_)
            | Change::PutStreet(_)
            | Change::DeleteStreet(_)
            | Change::PutEnquiry(_)
            | Change::DeleteEnquiry(_)
            | Change::PutSlots(_)
            | Change::DeleteSlots(_)
            | Change::PutEquipment(_)
            | Change::PutPlanMemory(_)
            | Change::PutBookedByOthers(_)
            | Change::DeleteBookedByOthers(..)
            | Change::PutDwellings(_)
            | Change::PutSettings(_) => return,
        };
        writeln!(self.log, "{line}").unwrap();
    }

    fn check_invariants(&self) {
        let maintenance = &self.maintenance;
        let mut places = BTreeSet::new();
        for alert in maintenance.alerts.iter().filter(|alert| alert.closed.is_none()) {
            assert!(places.insert((alert.asset, alert.policy)), "two alerts stand in one place");
        }
        places.clear();
        for order in maintenance.orders.values().filter(|order| order.closed.is_none()) {
            assert!(
                order.place().is_none_or(|place| places.insert(place)),
                "two work orders are open in one place"
            );
        }
        for alert in maintenance.alerts.iter() {
            assert!(alert.work_order.is_none_or(|reference| maintenance.orders.contains_key(&reference)));
            assert_eq!(alert.status == AlertStatus::Closed, alert.closed.is_some());
        }
        let stored = |kind: u8| self.index.keys().filter(|key| key[0] == kind).count();
        assert_eq!(stored(b'a'), maintenance.alerts.iter().count());
        assert_eq!(stored(b'w'), maintenance.orders.len());
    }

    fn reading(&mut self, metric: &str, value: f64) {
        let (asset_code, ..) = KINDS.into_iter().find(|(.., metrics)| metrics.contains(metric)).unwrap();
        let metrics = vec![(metric, Some(value))];
        let payload = Payload { site_code: "CAS-S1", asset_code, time: self.now, metrics };
        let accepted = self.telemetry.accept(self.now, &payload).unwrap();
        let changes = accepted.definitions.into_iter().map(Change::PutDefinition).collect();
        self.take(Outcome { changes, intents: Vec::new() });
        self.rows.push(accepted.row.clone());
        self.apply(&accepted.row);
    }

    fn apply(&mut self, row: &Row) {
        let applied = self.telemetry.apply(row);
        let outcome = self.maintenance.observe(self.now, self.telemetry.catalogue(), row, &applied);
        self.take(outcome);
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self.now.plus(seconds * 1000);
        let outcome = self.maintenance.evaluate(self.now, self.telemetry.catalogue());
        self.take(outcome);
    }

    fn newest_alert(&self) -> Option<AlertId> {
        self.maintenance.alerts.iter().max_by_key(|alert| alert.opened).map(|alert| alert.id)
    }

    pub(super) fn newest_order(&self) -> Option<Digest> {
        self.maintenance.orders.values().max_by_key(|order| order.created).map(|order| order.reference)
    }

    /// The ledger takes every step it was asked for until there is none left.
    fn settle(&mut self) {
        let mut id = self.maintenance.orders_by_id.keys().next_back().map_or(0, |id| id.0);
        let mut intents = self.maintenance.unsettled(self.telemetry.catalogue());
        while let Some(Intent { reference, step }) = intents.pop() {
            let catalogue = self.telemetry.catalogue();
            let mut outcome = match step {
                Step::Open(open) => {
                    id += 1;
                    self.maintenance.opened_on_ledger(catalogue, reference, WorkOrderId(id), open.commitment)
                }
                Step::Advance(step) => {
                    self.maintenance.advanced_on_ledger(catalogue, step.id, step.status, step.commitment)
                }
            };
            intents.append(&mut outcome.intents);
            self.take(outcome);
        }
    }

    fn command(&mut self, result: Result<Outcome, MaintenanceError>) {
        match result {
            Ok(outcome) => self.take(outcome),
            Err(error) => writeln!(self.log, "refused: {}", blank_ids(&error.to_string())).unwrap(),
        }
    }

    fn edit(&mut self, edit: WorkOrderEdit) {
        let Some(reference) = self.newest_order() else { return };
        let result = self.maintenance.edit_work_order(self.now, self.telemetry.catalogue(), reference, edit);
        self.command(result);
    }

    pub(super) fn step(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let now = self.now;
        match words.as_slice() {
            ["wait", seconds, "s"] => self.wait(seconds.parse().unwrap()),
            ["restart"] => self.restart(),
            ["settle"] => self.settle(),
            ["replay"] => {
                // Everything arrives a second time.
                self.rows.clone().iter().for_each(|row| self.apply(row));
            }
            ["ack"] => {
                let id = self.newest_alert().unwrap();
                let result = self.maintenance.acknowledge(now, id, "Amina");
                self.command(result);
            }
            ["close"] => {
                let Some(id) = self.newest_alert() else { return };
                let result = self.maintenance.close(now, id, "Amina", "");
                self.command(result);
            }
            ["click"] => {
                let id = self.newest_alert().unwrap();
                let result = self.maintenance.open_work_order(now, self.telemetry.catalogue(), id);
                self.command(result);
            }
            ["start"] => {
                self.edit(WorkOrderEdit { status: Some(WorkOrderStatus::InProgress), ..Default::default() });
            }
            ["done"] => {
                self.edit(WorkOrderEdit { status: Some(WorkOrderStatus::Done), ..Default::default() });
            }
            ["note", text] => {
                self.edit(WorkOrderEdit { notes: Some((*text).to_owned()), ..Default::default() });
            }
            [metric, values @ ..] => {
                for value in values {
                    self.reading(metric, value.parse().unwrap());
                    self.wait(10);
                }
            }
            [] => panic!("an empty step"),
        }
    }
}

/// Names of 64 digits differ with every story.
pub(super) fn blank_ids(text: &str) -> String {
    let blank = |word: &str| if word.len() == 64 { "…".to_owned() } else { word.to_owned() };
    text.split(' ').map(blank).collect::<Vec<_>>().join(" ")
}

pub(super) fn check(story: &str, expect: &Expect) -> Building {
    let mut building = Building::new();
    story.split(';').for_each(|line| building.step(line));
    expect.assert_eq(&building.log);
    building
}
