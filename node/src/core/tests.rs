//! One building alone in its hive: from a reading to a final work order, and over restarts.

mod courier;
mod door;
mod home;
mod odd;

use std::collections::BTreeMap;

use ledger::{Config, Ledger, VoteLog};
use protocol::{Bytes, Digest, Genesis, Now, SigningKey, Tick, UnixMs, WorkOrderStatus};

use super::maintenance::WorkOrderEdit;
use super::*;

struct House {
    core: Core,
    now: u64,
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
    wal: Vec<Replayed>,
    blocks: Vec<ledger::StoredBlock>,
    outputs: Vec<Output>,
    accept_rows: bool,
    stop_after_alert: bool,
    entries_at_alert: Option<BTreeMap<Vec<u8>, Vec<u8>>>,
}

fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32])
}

fn genesis() -> Genesis {
    Genesis::new(UnixMs(0), Digest::new([0; 32]), vec![key().public()], vec![]).unwrap()
}

fn config() -> CoreConfig {
    let asset = AssetConfig { code: "CAS-S1-ELEVATOR_1".into(), kind: protocol::AssetKind::Elevator };
    let site = SiteConfig { code: "CAS-S1".into(), name: "Tour Alpha".into(), assets: vec![asset] };
    CoreConfig {
        sites: vec![site],
        series_max: 100,
        ahead_ms: 300_000,
        retention: catalogue::Retention::default(),
        clock_speed_millis: 1_000,
        operator: None,
    }
}

fn start(
    now: Now,
    entries: &BTreeMap<Vec<u8>, Vec<u8>>,
    wal: &[Replayed],
    blocks: &[ledger::StoredBlock],
) -> (Core, Vec<Output>) {
    start_as(&key(), &genesis(), now, entries, wal, blocks)
}

fn start_as(
    key: &SigningKey,
    genesis: &Genesis,
    now: Now,
    entries: &BTreeMap<Vec<u8>, Vec<u8>>,
    wal: &[Replayed],
    blocks: &[ledger::StoredBlock],
) -> (Core, Vec<Output>) {
    let ledger_config = Config {
        heartbeat_ms: 60_000,
        time_ahead_ms: 1_000,
        name: Bytes::new(b"house".to_vec()).unwrap(),
        await_alone: false,
        checkpoint: None,
    };
    let stored = blocks.iter().cloned();
    let (ledger, first) =
        Ledger::open(now, ledger_config, key.clone(), genesis, stored, Ok(VoteLog::default())).unwrap();
    assert!(first.iter().all(|output| matches!(output, ledger::Output::VoteReset(_))));
    let entries = entries.clone().into_iter();
    let (core, outputs, unreadable) =
        Core::open(now, &config(), key.clone(), genesis.clone(), ledger, entries, wal.iter().cloned())
            .unwrap();
    assert!(unreadable.is_empty());
    (core, outputs)
}

impl House {
    fn new() -> Self {
        let (core, outputs) = start(Now::default(), &BTreeMap::new(), &[], &[]);
        let mut house = Self {
            core,
            now: 0,
            entries: BTreeMap::new(),
            wal: Vec::new(),
            blocks: Vec::new(),
            outputs: Vec::new(),
            accept_rows: true,
            stop_after_alert: false,
            entries_at_alert: None,
        };
        house.perform(outputs);
        house
    }

    fn restart(&mut self) {
        let (core, outputs) = start(self.time(), &self.entries, &self.wal, &self.blocks);
        self.core = core;
        self.perform(outputs);
    }

    fn time(&self) -> Now {
        Now { tick: Tick(self.now), time: UnixMs(1_000_000 + i64::try_from(self.now).unwrap()) }
    }

    fn tell(&mut self, input: Input) {
        let outputs = self.core.handle(self.time(), input);
        self.perform(outputs);
    }

    fn perform(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            self.outputs.push(output.clone());
            match output {
                Output::Persist(changes) => {
                    for change in changes {
                        match change.value() {
                            Some(value) => self.entries.insert(change.key(), value),
                            None => self.entries.remove(&change.key()),
                        };
                    }
                    if self.stop_after_alert && self.entries_at_alert.is_none() {
                        self.entries_at_alert = Some(self.entries.clone());
                    }
                }
                Output::StoreTelemetry { ticket, definitions, rows } if self.accept_rows => {
                    self.wal.push(Replayed::Definitions(definitions));
                    self.wal.push(Replayed::Rows(rows.clone()));
                    self.tell(Input::TelemetryStored(vec![(ticket, rows)]));
                }
                Output::Ledger(ledger::Output::Committed(committed)) => {
                    let block = (*committed.block).clone();
                    self.blocks.push(ledger::StoredBlock { block, certificate: committed.certificate });
                }
                Output::Ledger(_)
                | Output::StoreTelemetry { .. }
                | Output::AnswerTelemetry { .. }
                | Output::RefuseTelemetry { .. }
                | Output::Answer { .. }
                | Output::AnswerJoin { .. }
                | Output::SendOperator { .. }
                | Output::SendSettlement { .. }
                | Output::Members(_)
                | Output::MemberMoved { .. }
                | Output::ForgetHistory
                | Output::StoreNetworkKeys(_)
                | Output::NetworkKeys(_)
                | Output::Event(_) => {}
            }
        }
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            let next = self.core.poll_timeout().map_or(end, |tick| tick.0.clamp(self.now + 1, end));
            self.now = next;
            self.tell(Input::Tick);
        }
    }

    fn motor(&mut self, celsius: f64) {
        let payload = Payload {
            site_code: "CAS-S1".into(),
            asset_code: "CAS-S1-ELEVATOR_1".into(),
            time: self.time().time,
            metrics: vec![("motor_temp".into(), Some(celsius))],
        };
        self.tell(Input::Telemetry { ticket: Ticket(self.now), payloads: vec![payload] });
        self.pass(10_000);
    }

    fn counts(&self) -> (usize, usize, usize) {
        (
            self.core.maintenance().alerts().iter().count(),
            self.core.maintenance().work_orders().len(),
            self.core.ledger().state().work_orders().count(),
        )
    }
}

#[test]
fn five_hot_readings_become_one_alert_one_work_order_and_one_entry_on_the_ledger() {
    let mut house = House::new();
    for _ in 0..4 {
        house.motor(81.0);
    }
    assert_eq!(house.counts(), (0, 0, 0));
    house.motor(81.0);
    assert_eq!(house.counts(), (1, 1, 1));
    let alert = house.core.maintenance().alerts().iter().next().unwrap();
    assert_eq!(alert.message, "Surchauffe moteur ascenseur");
    for _ in 0..10 {
        house.motor(90.0);
    }
    assert_eq!(house.counts(), (1, 1, 1), "a standing alert is not raised again");
    for _ in 0..3 {
        house.restart();
        house.motor(90.0);
    }
    assert_eq!(house.counts(), (1, 1, 1), "nor after a restart");
}

#[test]
fn a_work_order_goes_to_its_end_on_the_ledger_and_the_alert_with_it() {
    let mut house = House::new();
    (0..5).for_each(|_| house.motor(85.0));
    let reference = *house.core.maintenance().work_orders().keys().next().unwrap();
    for status in [WorkOrderStatus::InProgress, WorkOrderStatus::Done] {
        let edit =
            WorkOrderEdit { status: Some(status), notes: Some("roulements".into()), assigned_to: None };
        let command = Command::EditWorkOrder { reference, edit };
        house.tell(Input::Command { ticket: Ticket(1), by: Actor::new("Amina"), command });
        house.pass(1_000);
    }
    let (_, order) = house.core.ledger().state().work_orders().next().unwrap();
    assert_eq!(order.status, WorkOrderStatus::Done);
    let alert = house.core.maintenance().alerts().iter().next().unwrap();
    assert!(alert.closed.is_some());
    let on_ledger =
        house.blocks.iter().flat_map(|stored| protocol::encode(&stored.block)).collect::<Vec<u8>>();
    let text = String::from_utf8_lossy(&on_ledger).into_owned();
    for secret in ["roulements", "Surchauffe", "ELEVATOR_1", "CAS-S1"] {
        assert!(!text.contains(secret), "{secret} left the building");
    }
}

#[test]
fn a_crash_between_the_alert_and_the_ledger_loses_and_doubles_nothing() {
    for block_was_stored in [false, true] {
        let mut house = House::new();
        (0..4).for_each(|_| house.motor(85.0));
        house.stop_after_alert = true;
        house.motor(85.0);
        let crashed = house.entries_at_alert.take().expect("the alert was stored first");
        house.entries = crashed;
        if !block_was_stored {
            house.blocks.clear();
        }
        house.restart();
        house.pass(10_000);
        assert_eq!(house.counts(), (1, 1, 1));
        house.restart();
        house.pass(10_000);
        assert_eq!(house.counts(), (1, 1, 1));
    }
}

#[test]
fn a_request_is_taken_whole_or_not_at_all() {
    let mut house = House::new();
    let payload = |asset: &str, metric: &str| Payload {
        site_code: "CAS-S1".into(),
        asset_code: asset.into(),
        time: UnixMs(1_000_000),
        metrics: vec![(metric.into(), Some(1.0))],
    };
    let payloads = vec![payload("CAS-S1-ELEVATOR_1", "fresh"), payload("CAS-S1-NOTHING", "motor_temp")];
    house.tell(Input::Telemetry { ticket: Ticket(7), payloads });
    let refused = house.outputs.iter().any(|output| {
        matches!(output, Output::RefuseTelemetry { ticket: Ticket(7), payload: 1, refusal } if refusal.field() == "asset_code")
    });
    assert!(refused);
    assert_eq!(house.core.telemetry().catalogue().series_count(), 0);
    assert!(house.wal.is_empty());
}

#[test]
fn nothing_is_acknowledged_before_it_is_stored() {
    let mut house = House::new();
    house.accept_rows = false;
    house.motor(20.0);
    assert!(!house.outputs.iter().any(|output| matches!(output, Output::AnswerTelemetry { .. })));
    assert_eq!(house.core.telemetry().counts().rows, 0);
}

#[test]
fn terms_of_sharing_hold_from_the_next_slot_on_and_over_a_restart() {
    use protocol::energy::{Percent, Price, Terms};
    let mut house = House::new();
    let quarter_ms = 900_000;
    let pause = Terms { participation: Percent::NONE, buy_up_to: Some(Price(240_000)), ..Terms::default() };
    let say =
        |terms| Input::Command { ticket: Ticket(3), by: Actor::default(), command: Command::SayTerms(terms) };
    house.tell(say(pause));
    let is_taken = |output: &Output| matches!(output, Output::Answer { answer: Ok(Answer::Terms), .. });
    assert!(house.outputs.iter().any(is_taken));
    house.restart();
    let own = house.core.energy().terms();
    let next = UnixMs((house.time().time.0 / quarter_ms + 1) * quarter_ms);
    assert_eq!((own.latest(), own.since()), (pause, Some(next)));
    assert_eq!((own.at(next.plus(-1)), own.at(next)), (Terms::default(), pause));

    for to in [house.core.ledger().address(), protocol::Address::new([9; 20])] {
        house.outputs.clear();
        house.tell(say(Terms { give_to: Some(to), ..Terms::default() }));
        let refused = house.outputs.iter().any(|output| {
            matches!(output, Output::Answer { answer: Err(Refused::NoNeighbour { found }), .. } if *found == to)
        });
        assert!(refused);
        assert_eq!(house.core.energy().terms().latest(), pause);
    }
}
