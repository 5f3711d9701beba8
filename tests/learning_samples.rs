//! Private sums and notices to the street as they travel, as they stand on the ledger, and as a building stores them.

use node::core::Change;
use node::core::aggregates::{AggregateKept, Consent, Delivery, HeldBatch, HeldHalf, OwnReport};
use node::core::street::{Heed, Said, StreetKept};
use node::core::switch::Switch;
use protocol::aggregate::{
    AggregateAction, AggregateMessage, AggregateReceipt, AggregateRecord, AggregateRefusal, Batch, Built,
    Cadence, Check, Checked, Found, Half, Heating, Measure, Offered, Outcome, Period, Profile, Region,
    Reveal, SignedOutcome, Sum, Task, Work,
};
use protocol::energy::SettlementMessage;
use protocol::limits::{SETTLEMENT_FRAME_BYTES_MAX, TRANSACTION_BYTES_MAX};
use protocol::street::{Hour, Noticed, SignalRefusal, SignedNotice, StreetKind, StreetMessage};
use protocol::{Action, Bounded, Bytes, Digest, Payload};

use crate::samples::{TIME, Wire, chain, key, wire};

const HOUR: Hour = Hour(496_068);

/// Every message and record.
pub(crate) fn learning_types() -> Vec<Wire> {
    [records(), sums(), signals()].into_iter().flatten().collect()
}

fn records() -> Vec<Wire> {
    let record = |name, record| wire(name, &Payload::Aggregate(record), TRANSACTION_BYTES_MAX);
    let action = |name, action| wire(name, &Action::Aggregate(action), TRANSACTION_BYTES_MAX);
    let sum = Sum { amount: -5, buildings: 20, dwellings: 360, batch: Digest::new([0x61; 32]) };
    vec![
        record("Payload aggregate profile", AggregateRecord::Profile(Some(profile()))),
        record("Payload aggregate profile, no longer", AggregateRecord::Profile(None)),
        record("Payload aggregate sum", AggregateRecord::Outcome(signed(Found::Sum(sum)))),
        record("Payload aggregate suppressed", AggregateRecord::Outcome(signed(Found::Suppressed))),
        action("Action aggregate ask", AggregateAction::Ask(task())),
        action("Action aggregate stop", AggregateAction::Stop(Measure::Peak, Cadence::Month)),
    ]
}

fn sums() -> Vec<Wire> {
    let lane = |name, message| {
        wire(name, &SettlementMessage::Aggregate(Box::new(message)), SETTLEMENT_FRAME_BYTES_MAX)
    };
    let (address, share) = (key(5).address(), Bytes::new(vec![7; 9]).unwrap());
    let receipt = |refused| AggregateMessage::Receipt(AggregateReceipt { work: work(), refused });
    let check = Bytes::new(vec![8; 9]).unwrap();
    let secret = Digest::new([0x62; 32]);
    let reports = Bounded::new(vec![(address, check.clone())]).unwrap();
    let checked = Bounded::new(vec![(address, Some(check)), (key(6).address(), None)]).unwrap();
    let members = Bytes::new(vec![0b101]).unwrap();
    let bound = Digest::new([0x63; 32]);
    let reveal = Reveal { work: work(), part: u64::MAX - 5, salt: Digest::new([0x64; 32]) };
    let signature = outcome(Found::Suppressed).sign(&key(1), &chain());
    vec![
        lane("SettlementMessage aggregate half", AggregateMessage::Half(Half { work: work(), share })),
        lane("SettlementMessage aggregate receipt", receipt(None)),
        lane("SettlementMessage aggregate receipt refused", receipt(Some(AggregateRefusal::Contradiction))),
        lane(
            "SettlementMessage aggregate check",
            AggregateMessage::Check(Check { work: work(), secret, reports }),
        ),
        lane(
            "SettlementMessage aggregate checked",
            AggregateMessage::Checked(Checked { work: work(), reports: checked }),
        ),
        lane(
            "SettlementMessage aggregate batch",
            AggregateMessage::Batch(Batch { work: work(), members, bound: Some(bound) }),
        ),
        lane("SettlementMessage aggregate bound", AggregateMessage::Bound(work(), bound)),
        lane("SettlementMessage aggregate reveal", AggregateMessage::Reveal(reveal)),
        lane(
            "SettlementMessage aggregate offered",
            AggregateMessage::Offered(Offered { work: work(), signature }),
        ),
    ]
}

fn signals() -> Vec<Wire> {
    let lane =
        |name, message| wire(name, &SettlementMessage::Street(Box::new(message)), SETTLEMENT_FRAME_BYTES_MAX);
    let heeded = |refused| StreetMessage::Heeded(noticed(), refused);
    let notices = Bounded::new(vec![notice()]).unwrap();
    vec![
        lane("SettlementMessage street signal", StreetMessage::Signal(noticed())),
        lane("SettlementMessage street heeded", heeded(None)),
        lane("SettlementMessage street heeded, refused", heeded(Some(SignalRefusal::OtherHour))),
        lane("SettlementMessage street notices", StreetMessage::Notices(notices)),
    ]
}

/// Every kind of entry.
pub(crate) fn learning_entries() -> Vec<(&'static str, Change)> {
    let sum = |kept| Change::PutAggregate(Box::new(kept));
    let street = |kept| Change::PutStreet(Box::new(kept));
    let building = key(5).address();
    let consent = Consent { profile: Some(profile()), at: TIME };
    let report = OwnReport {
        work: work(),
        task: task(),
        desks: [key(1).address(), key(2).address()],
        amount: 784_000,
        most: 2_700_000,
        cost_micro: 125_000,
        at: TIME,
        told: [Delivery::Kept, Delivery::Refused(AggregateRefusal::NotOfGroup)],
    };
    let half = HeldHalf { work: work(), building, share: Bytes::new(vec![7; 9]).unwrap() };
    let members = Bytes::new(vec![0b101]).unwrap();
    let batch = HeldBatch { work: work(), members, other: Some(Digest::new([0x65; 32])) };
    let heed = Heed::Refused(SignalRefusal::NotWatch);
    let said = Said { noticed: noticed(), watch: key(1).address(), at: TIME, heed };
    vec![
        ("sums: consent", sum(AggregateKept::Consent(consent))),
        ("sums: own report", sum(AggregateKept::Report(report))),
        ("sums: half held", sum(AggregateKept::Half(half))),
        ("sums: batch settled", sum(AggregateKept::Batch(batch))),
        ("street: switch", street(StreetKept::Switch(Switch { is_on: true, at: TIME }))),
        ("street: signal", street(StreetKept::Said(said))),
        ("street: signal heard", street(StreetKept::Heard(noticed(), building))),
        ("street: notice", street(StreetKept::Notice(notice()))),
    ]
}

fn profile() -> Profile {
    Profile { region: Region::Brussels, built: Built::From1971, heating: Heating::Gas, dwellings: 18 }
}

fn task() -> Task {
    Task {
        measure: Measure::Consumption,
        cadence: Cadence::Week,
        clip: 150_000,
        epsilon_milli: 500,
        buildings_min: 20,
        dwellings_min: 100,
    }
}

fn work() -> Work {
    Work { task: task().id(), period: Period { cadence: Cadence::Week, number: 2_952 }, group: 3 }
}

fn outcome(found: Found) -> Outcome {
    Outcome { task: work().task, period: work().period, group: work().group, found }
}

fn signed(found: Found) -> Box<SignedOutcome> {
    let outcome = outcome(found);
    let by = |n| (key(n).address(), outcome.sign(&key(n), &chain()));
    let signatures = [by(1), by(2)];
    Box::new(SignedOutcome { outcome, signatures })
}

fn noticed() -> Noticed {
    Noticed { hour: HOUR, kind: StreetKind::WaterPressure }
}

fn notice() -> SignedNotice {
    noticed().sign(&key(1), &chain())
}
