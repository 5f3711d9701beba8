//! From an alert or work order to a card: what is filled in, what is said less exactly, and what is refused.

use protocol::aggregate::{AggregateRecord, Built, Heating, Lots, Profile, Region, Stratum};
use protocol::incident::{Cause, Cost, Flow, Outcome, Rating, Remedy, Span, Symptom, System, When};
use protocol::{
    AdvanceWorkOrder, AssetKind, Digest, Invalid, OpenWorkOrder, Payload, Severity, UnixMs, WorkOrderId,
    WorkOrderStatus,
};

use super::plumber;
use super::ring::{DAY_MS, Ring};
use crate::core::Maintenance;
use crate::core::alerts::{Alert, AlertId, AlertStatus};
use crate::core::catalogue::{
    AssetId, Catalogue, Code, MetricDefinition, MetricKind, MetricName, MetricTraits,
};
use crate::core::incidents::draft::{Incident, guess};
use crate::core::incidents::{Choice, Draft, IncidentRefused, Own};
use crate::core::maintenance::Secret;
use crate::core::maintenance::{OnLedger, OrderCause, WorkOrder};
use crate::core::policy::{Condition, Criterion, PolicyId, RuleKind};
use crate::core::rules::{Evidence, Ground};
use crate::core::telemetry::Telemetry;

const CHOICE: Choice = Choice {
    system: System::WaterRiser,
    symptom: Symptom::Leak,
    cause: Cause::WornSeal,
    remedy: Remedy::PartReplaced,
    flow: Some(Flow::From5),
    cost: Cost::From100,
    span: Span::From1h,
    outcome: Outcome::Solved,
    contractor: None,
    rating: None,
};

pub(super) fn alert(at: UnixMs) -> Alert {
    let criterion = Criterion {
        metric: MetricName::new("water_flow").unwrap(),
        with: None,
        rule: RuleKind::Threshold,
        condition: Condition::Above,
        threshold: 5.0,
        clear_threshold: None,
        window_minutes: Some(60),
        samples: 5,
    };
    let evidence =
        Evidence { measured: 10.4, threshold: 5.0, readings: 5, from: at, to: at, last: Vec::new() };
    Alert {
        id: AlertId(Digest::new([0x21; 32])),
        asset: AssetId(0),
        policy: PolicyId(9),
        policy_code: Code::new("LEAK").unwrap(),
        opened: at,
        severity: Severity::Medium,
        status: AlertStatus::Closed,
        message: "Fuite chez Madame Peeters".to_owned(),
        evidence: evidence.clone(),
        work_order: None,
        acknowledged: None,
        closed: Some(at.plus(DAY_MS)),
        policy_version: 1,
        grounds: vec![Ground { group: 0, place: 0, criterion, evidence }],
        history: Vec::new(),
        acknowledged_by: Some("Amina".to_owned()),
        ending: None,
    }
}

pub(super) fn order(at: UnixMs) -> WorkOrder {
    WorkOrder {
        reference: Digest::new([0x22; 32]),
        cause: OrderCause::Alert {
            alert: AlertId(Digest::new([0x21; 32])),
            policy: PolicyId(9),
            policy_code: Code::new("LEAK").unwrap(),
        },
        asset: AssetId(0),
        kind: AssetKind::Meter,
        reason: Digest::new([0x24; 32]),
        severity: Severity::Medium,
        message: "Fuite chez Madame Peeters".to_owned(),
        status: WorkOrderStatus::Done,
        assigned_to: "Plomberie Dupont".to_owned(),
        notes: "appartement 3B, 0475 12 34 56".to_owned(),
        created: at,
        started: Some(at.plus(60_000)),
        closed: Some(at.plus(111 * 60_000)),
        ledger: OnLedger::default(),
    }
}

fn draft(ring: &Ring, order: Option<&WorkOrder>, profile: Option<Profile>) -> Result<Draft, IncidentRefused> {
    let alert = alert(ring.time);
    let incident = Incident { alert: Some(&alert), order };
    incident.draft(&ring.scene(0), &Own::default(), profile, &CHOICE)
}

/// A building opens work of this kind, as the ledger shows everybody.
pub(super) fn work(ring: &mut Ring, house: usize, kind: AssetKind, severity: Severity) {
    let reference = Digest::of(
        "test work",
        &[&[u8::try_from(house).unwrap(), kind as u8, severity as u8], &ring.time.0.to_be_bytes()],
    );
    let other = Digest::new([1; 32]);
    ring.put(
        house,
        Payload::OpenWorkOrder(OpenWorkOrder {
            reference,
            asset: other,
            kind,
            policy: other,
            severity,
            commitment: other,
        }),
    );
    let id = WorkOrderId(ring.chain.state().meta().work_orders);
    let status = WorkOrderStatus::Done;
    let started = AdvanceWorkOrder { id, status: WorkOrderStatus::InProgress, commitment: other };
    ring.put(house, Payload::AdvanceWorkOrder(started));
    ring.put(house, Payload::AdvanceWorkOrder(AdvanceWorkOrder { id, status, commitment: other }));
}

#[test]
fn what_the_building_knows_is_filled_in() {
    let at = UnixMs(1_785_844_800_000);
    let mut catalogue = Catalogue::new(10);
    let code = |text| Code::new(text).unwrap();
    catalogue.add_site(code("S1"), "Site").unwrap();
    catalogue.add_asset("S1", code("WATER"), AssetKind::Meter).unwrap();
    let traits = MetricTraits { unit: "L/h".to_owned(), kind: MetricKind::Gauge, ..MetricTraits::default() };
    let metric = MetricDefinition::new(MetricName::new("water_flow").unwrap(), traits).unwrap();
    catalogue.define_metric(metric).unwrap();
    let telemetry = Telemetry::new(catalogue.clone());
    let (maintenance, _) = Maintenance::open(at, Secret::new([1; 32]), &telemetry, Vec::new());
    let (alert, order) = (alert(at), order(at));
    let hint = Incident { alert: Some(&alert), order: Some(&order) }.hint(&catalogue, &maintenance);
    assert_eq!((hint.system, hint.symptom), (System::WaterRiser, Symptom::Leak));
    assert_eq!((hint.flow, hint.span), (Some(Flow::From5), Some(Span::From1h)));
    for (kind, metric, expected) in [
        (AssetKind::Elevator, "motor_temp", (System::Elevator, Symptom::Overheating)),
        (AssetKind::Elevator, "door_cycles", (System::Elevator, Symptom::Wear)),
        (AssetKind::Hvac, "vibration_level", (System::Ventilation, Symptom::Vibration)),
        (AssetKind::Chiller, "run_hours", (System::Cooling, Symptom::Wear)),
        (AssetKind::Meter, "energy_import", (System::Electricity, Symptom::HighUse)),
        (AssetKind::Meter, "xyz", (System::Electricity, Symptom::WrongFigures)),
    ] {
        assert_eq!(guess(kind, metric), expected, "{metric}");
    }
}

/// No byte of a name, note, dwelling, telephone number, day or of the building itself is in what leaves.
#[test]
fn nothing_that_somebody_typed_is_in_a_card() {
    let ring = Ring::new(6);
    let alert = alert(ring.time);
    let incident = Incident { alert: Some(&alert), order: None };
    let choice = Choice { contractor: Some(plumber()), rating: Some(Rating::Good), ..CHOICE };
    let draft = incident.draft(&ring.scene(0), &Own::default(), None, &choice).unwrap();
    let bytes = protocol::encode(&draft.sign(&ring.scene(0)));
    let (me, public) = (ring.houses[0].key.address(), ring.houses[0].key.public());
    let planted: [&[u8]; 7] = [
        b"Peeters",
        b"Amina",
        b"LEAK",
        &ring.time.0.to_be_bytes(),
        me.as_bytes(),
        alert.id.0.as_bytes(),
        public.as_bytes(),
    ];
    for secret in planted {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{secret:?}");
    }
    assert_eq!(draft.card.facts().unwrap().when, When::Month(679));
    // Hashes of every company number cannot be tried: the salt is the building's own.
    assert_eq!(draft.named.unwrap().hash(), draft.card.facts().unwrap().contractor.unwrap());
    let elsewhere = incident.draft(&ring.scene(1), &Own::default(), None, &choice).unwrap();
    assert_ne!(elsewhere.card.facts().unwrap().contractor, draft.card.facts().unwrap().contractor);
}

#[test]
fn only_what_is_over_becomes_a_card_and_only_words_that_fit() {
    let ring = Ring::new(6);
    let mut open = order(ring.time);
    open.status = WorkOrderStatus::InProgress;
    assert_eq!(draft(&ring, Some(&open), None), Err(IncidentRefused::NotOver));
    let standing = Alert { status: AlertStatus::Ack, ..alert(ring.time) };
    let incident = Incident { alert: Some(&standing), order: None };
    let made = incident.draft(&ring.scene(0), &Own::default(), None, &CHOICE);
    assert_eq!(made, Err(IncidentRefused::NotOver));
    let closed = alert(ring.time);
    let incident = Incident { alert: Some(&closed), order: None };
    for wrong in
        [Choice { symptom: Symptom::Noise, ..CHOICE }, Choice { rating: Some(Rating::Good), ..CHOICE }]
    {
        let made = incident.draft(&ring.scene(0), &Own::default(), None, &wrong);
        assert!(matches!(made, Err(IncidentRefused::Invalid(Invalid::Range { .. }))), "{made:?}");
    }
}

/// The ledger shows whose work was of which kind when: a card says only as much as three buildings share.
#[test]
fn a_card_that_would_single_out_its_building_is_coarser_or_refused() {
    let mut ring = Ring::new(8);
    let last_year = ring.time;
    let is_refused = |ring: &Ring| {
        let made = draft(ring, Some(&order(ring.time)), None);
        assert_eq!(made, Err(IncidentRefused::SingledOut { min: 3 }));
    };
    is_refused(&ring);
    for house in [0, 0, 1] {
        work(&mut ring, house, AssetKind::Meter, Severity::Medium);
        ring.at(ring.time.plus(1_000));
    }
    for house in 2..6 {
        work(&mut ring, house, AssetKind::Elevator, Severity::Medium);
        work(&mut ring, house, AssetKind::Meter, Severity::High);
        ring.at(ring.time.plus(1_000));
    }
    is_refused(&ring);
    ring.at(last_year.plus(200 * DAY_MS));
    work(&mut ring, 2, AssetKind::Meter, Severity::Medium);
    let when = |ring: &Ring, at: UnixMs| {
        let alert = alert(at);
        let order = order(at);
        let incident = Incident { alert: Some(&alert), order: Some(&order) };
        incident.draft(&ring.scene(0), &Own::default(), None, &CHOICE).unwrap().card.facts().unwrap().when
    };
    assert_eq!(when(&ring, last_year), When::Unsaid);
    assert_eq!(when(&ring, ring.time), When::Unsaid);
    ring.at(ring.time.plus(60 * DAY_MS));
    work(&mut ring, 3, AssetKind::Meter, Severity::Medium);
    work(&mut ring, 4, AssetKind::Meter, Severity::Medium);
    assert_eq!(when(&ring, ring.time), When::Year(2027));
    work(&mut ring, 5, AssetKind::Meter, Severity::Medium);
    assert_eq!(when(&ring, ring.time), When::Month(687));
}

#[test]
fn a_card_says_of_its_building_what_ten_have_in_common() {
    let mut ring = Ring::new(14);
    let profile =
        Profile { region: Region::Brussels, built: Built::From1971, heating: Heating::Gas, dwellings: 18 };
    let everybody = Stratum { region: None, built: None, lots: None, heating: None };
    let group = |ring: &Ring| draft(ring, None, Some(profile)).unwrap().card.facts().unwrap().stratum;
    for house in 0..9 {
        ring.put(house, Payload::Aggregate(AggregateRecord::Profile(Some(profile))));
    }
    assert_eq!(group(&ring), everybody);
    ring.put(
        9,
        Payload::Aggregate(AggregateRecord::Profile(Some(Profile { heating: Heating::Oil, ..profile }))),
    );
    let wider = Stratum { heating: None, ..Stratum::of(&profile) };
    assert_eq!(group(&ring), wider);
    assert_eq!(wider.lots, Some(Lots::UpTo20));
    ring.put(10, Payload::Aggregate(AggregateRecord::Profile(Some(profile))));
    assert_eq!(group(&ring), Stratum::of(&profile));
    assert_eq!(draft(&ring, None, None).unwrap().card.facts().unwrap().stratum, everybody);
}

/// A building rates a contractor once: a second rating stays at home, and the person sees that.
#[test]
fn a_second_rating_of_a_contractor_stays_at_home() {
    let mut ring = Ring::new(6);
    ring.hand_in(0, 7, Some((plumber(), Rating::Good))).unwrap();
    let alert = alert(ring.time);
    let choice = Choice { contractor: Some(plumber()), rating: Some(Rating::Good), ..CHOICE };
    let incident = Incident { alert: Some(&alert), order: None };
    let own = ring.houses[0].incidents.own();
    let draft = incident.draft(&ring.scene(0), own, None, &choice).unwrap();
    assert_eq!((draft.is_rated_before, draft.card.facts().unwrap().rating), (true, None));
}
