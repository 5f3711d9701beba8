//! What became of machines, from an alert to a sentence at every other building, with whatever goes wrong between.

use protocol::incident::{
    After, Age, Card, CardRefusal, Fate, Hours, IncidentMessage, Offered, Part, Quantity, Sign, Survival,
    When,
};
use protocol::limits::CARD_WEEKS_KEPT;
use protocol::{AssetKind, Digest, Severity, SigningKey, UnixMs, encode};

use super::making::{alert, order, work};
use super::ring::{DAY_MS, Ring};
use super::told;
use crate::core::alerts::Alert;
use crate::core::catalogue::{Catalogue, Code};
use crate::core::incidents::draft::Incident;
use crate::core::incidents::{
    Draft, IncidentRefused, Question, SurvivalAnswer, SurvivalChoice, SurvivalHint, SurvivalQuestion,
    Survived, Told,
};
use crate::core::maintenance::{Maintenance, Secret};
use crate::core::switch::Switch;
use crate::core::telemetry::Telemetry;

const PUMP: Survival = Survival {
    when: When::Year(2026),
    part: Part::Pump,
    age: Age::From10,
    hours: Hours::From10000,
    sign: Sign::VibrationFrom7_1,
    after: After::From30,
    fate: Fate::Failed,
};

const ASKED: SurvivalQuestion =
    SurvivalQuestion { part: Part::Pump, sign: Some(Sign::VibrationFrom7_1), age: None };

fn tell(ring: &mut Ring, house: usize, n: u8, survival: Survival) -> Result<(), IncidentRefused> {
    let source = Digest::of("test machine", &[&[u8::try_from(house).unwrap(), n]]);
    let card = Card::of_survival(survival).unwrap();
    let draft = Draft { source, card, named: None, is_rated_before: false };
    ring.with(house, |incidents, scene, acts| incidents.own.hand_in(scene, &draft, acts))
}

fn pass_week(ring: &mut Ring) {
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
}

fn survived(ring: &Ring, house: usize) -> Option<Survived> {
    match ring.houses[house].incidents.shelf().survived(&ASKED) {
        SurvivalAnswer::TooFew => None,
        SurvivalAnswer::Told(told) => Some(told),
    }
}

/// Three weeks of four buildings' pumps, four of which failed within two months.
fn three_weeks(ring: &mut Ring) {
    for week in 0..3 {
        for house in 0..4 {
            let is_failed = house == usize::from(week) || (week, house) == (0, 3);
            let seen = Survival { after: After::From60, fate: Fate::Runs, ..PUMP };
            tell(ring, house, week, if is_failed { PUMP } else { seen }).unwrap();
        }
        pass_week(ring);
    }
}

#[test]
fn four_of_twelve_similar_pumps_failed_within_two_months() {
    let mut ring = Ring::new(8);
    three_weeks(&mut ring);
    for house in 0..8 {
        let told = survived(&ring, house).expect("twelve pumps of three weeks");
        let headline = told.horizons[told.headline];
        assert_eq!((headline.failed, headline.known, headline.days), (4, 12, 60));
        assert_eq!((headline.runs_permille, told.machines, told.years), (667, 12, Some((2026, 2026))));
        assert_eq!(told.group.sign, Some(Sign::VibrationFrom7_1));
        ring.start(house);
        assert_eq!(survived(&ring, house), Some(told), "and from disk");
        let other = SurvivalQuestion { part: Part::Fan, ..ASKED };
        let answer = ring.houses[house].incidents.shelf().survived(&other);
        assert_eq!(answer, SurvivalAnswer::TooFew);
    }
    // They are no cards of incidents, and say nothing of who they are from.
    assert!(ring.houses[7].incidents.shelf().ask(&Question::default()).cards.is_empty());
    let secrets: Vec<[u8; 20]> = ring.houses.iter().map(|house| *house.key.address().as_bytes()).collect();
    for (_, _, message) in &ring.heard {
        let IncidentMessage::Batch(signed) = message else { continue };
        let bytes = encode(&signed.batch);
        assert!(!secrets.iter().any(|secret| bytes.windows(20).any(|window| window == secret)));
    }
}

#[test]
fn few_machines_or_few_batches_tell_no_number() {
    let mut ring = Ring::new(14);
    for house in 0..12 {
        tell(&mut ring, house, 0, PUMP).unwrap();
    }
    pass_week(&mut ring);
    assert_eq!((ring.known(13), survived(&ring, 13)), (12, None), "twelve of one week");
    let mut ring = Ring::new(8);
    for week in 0..3 {
        for house in 0..3 {
            tell(&mut ring, house, week, PUMP).unwrap();
        }
        pass_week(&mut ring);
    }
    assert_eq!((ring.known(7), survived(&ring, 7)), (9, None), "nine of three weeks");
    // A tenth that vibrates less brings an answer about all of them, and says so.
    for house in 0..3 {
        tell(&mut ring, house, 9, Survival { sign: Sign::VibrationFrom4_5, ..PUMP }).unwrap();
    }
    pass_week(&mut ring);
    let told = survived(&ring, 7).unwrap();
    assert_eq!((told.machines, told.group.sign, told.group.quantity), (12, None, Some(Quantity::Vibration)));
}

/// One building of many pumps is one pump a week: the others wait, and are let out one by one.
#[test]
fn a_building_that_floods_counts_once_a_week() {
    let mut ring = Ring::new(8);
    let authors = ring.others();
    for n in 0..3 {
        tell(&mut ring, authors[0], n, PUMP).unwrap();
    }
    assert_eq!(tell(&mut ring, authors[0], 3, PUMP), Err(IncidentRefused::Quota { max: 3 }));
    tell(&mut ring, authors[1], 0, PUMP).unwrap();
    tell(&mut ring, authors[2], 0, PUMP).unwrap();
    ring.pass(2);
    let week = ring.week();
    let mut states = told(&ring, authors[0]);
    states.sort_by_key(|one| format!("{one:?}"));
    let refused = Told::Refused(week, CardRefusal::Quota);
    assert_eq!(states, [Told::Kept(week), refused, refused]);
    ring.end_week();
    ring.pass(2);
    assert_eq!(ring.known(7), 3);
    ring.end_week();
    ring.pass(2);
    assert_eq!(ring.known(7), 3, "two more of one building stay until others have some");
    tell(&mut ring, authors[1], 1, PUMP).unwrap();
    tell(&mut ring, authors[2], 1, PUMP).unwrap();
    pass_week(&mut ring);
    assert_eq!(ring.known(7), 6);
}

#[test]
fn what_was_said_once_counts_once_and_is_not_said_otherwise() {
    let mut ring = Ring::new(8);
    three_weeks(&mut ring);
    let before = survived(&ring, 7).unwrap();
    let otherwise = Survival { after: After::From180, fate: Fate::Runs, ..PUMP };
    assert_eq!(tell(&mut ring, 0, 0, otherwise), Err(IncidentRefused::Sent));
    // Its own card of three weeks ago, handed in anew by another building.
    let card = ring.houses[0].incidents.own().cards().next().unwrap().card;
    let (week, relay) = (ring.week(), ring.relay(ring.week()));
    for from in (0..8).filter(|house| *house != relay) {
        ring.send(from, relay, IncidentMessage::Offer(Box::new(Offered::Card(week, card))));
    }
    ring.deliver();
    pass_week(&mut ring);
    assert_eq!((ring.known(7), survived(&ring, 7)), (12, Some(before)));
    // The same key under other words: the relay keeps the first.
    let key = SigningKey::from_seed(&[77; 32]);
    let relay = ring.relay(ring.week());
    let author = ring.others()[0];
    for survival in [PUMP, otherwise] {
        let card = Card::of_survival(survival).unwrap().sign(&key, &ring.chain.id(), None);
        ring.send(author, relay, IncidentMessage::Offer(Box::new(Offered::Card(ring.week(), card))));
    }
    ring.deliver();
    let mut refusals = ring.heard.iter().filter_map(|(_, to, message)| match message {
        IncidentMessage::Receipt(receipt) if *to == author => receipt.refused,
        IncidentMessage::Receipt(_)
        | IncidentMessage::Offer(_)
        | IncidentMessage::Known(_)
        | IncidentMessage::Batch(_) => None,
    });
    assert_eq!(refusals.next_back(), Some(CardRefusal::Signature));
    assert_eq!(ring.houses[relay].incidents.relay().len(), 1);
}

/// Whenever a house is started again from its disk, nothing is lost and nothing counts twice.
#[test]
fn a_restart_at_any_moment_loses_and_doubles_nothing() {
    for house in 0..4 {
        for after in (0..60).step_by(4) {
            let mut ring = Ring::new(6);
            ring.restart = Some((house, after));
            for author in 0..4 {
                tell(&mut ring, author, 0, PUMP).unwrap();
            }
            pass_week(&mut ring);
            for at in 0..6 {
                ring.start(at);
                assert_eq!(ring.known(at), 4, "house {house} started again after message {after}");
            }
        }
    }
}

#[test]
fn each_purpose_has_its_switch_and_it_outlives_a_restart() {
    let mut ring = Ring::new(8);
    let author = ring.others()[0];
    tell(&mut ring, author, 0, PUMP).unwrap();
    let off = Switch { is_on: false, at: ring.time };
    ring.with(author, |incidents, _, acts| incidents.own.switch_survival(off, acts));
    ring.start(author);
    assert_eq!(tell(&mut ring, author, 1, PUMP), Err(IncidentRefused::SwitchedOff));
    ring.hand_in(author, 0, None).unwrap();
    ring.pass(2);
    let offers = ring.heard.iter().filter_map(|(_, _, message)| match message {
        IncidentMessage::Offer(offered) => Some(offered),
        IncidentMessage::Receipt(_) | IncidentMessage::Known(_) | IncidentMessage::Batch(_) => None,
    });
    let machines =
        offers.filter(|offered| matches!(***offered, Offered::Card(_, card) if card.survival().is_some()));
    assert_eq!(machines.count(), 0, "what waits stays here");
    assert!(ring.houses[author].incidents.own().is_on());
    let on = Switch { is_on: true, at: ring.time };
    ring.with(author, |incidents, _, acts| incidents.own.switch_survival(on, acts));
    ring.pass(2);
    assert!(told(&ring, author).iter().all(|one| *one == Told::Kept(ring.week())));
}

#[test]
fn two_years_are_kept_and_then_forgotten() {
    let mut ring = Ring::new(8);
    three_weeks(&mut ring);
    assert!(survived(&ring, 7).is_some());
    ring.at(ring.time.plus(7 * DAY_MS * i64::try_from(CARD_WEEKS_KEPT).unwrap()));
    ring.pass(2);
    assert_eq!((ring.known(7), survived(&ring, 7)), (0, None));
    assert!(ring.houses[7].entries.is_empty());
}

fn hint() -> SurvivalHint {
    SurvivalHint {
        part: Part::Fan,
        sign: PUMP.sign,
        hours: Hours::Unknown,
        after: After::Under7,
        may_still_run: false,
    }
}

fn draft(ring: &Ring, at: UnixMs, fate: Fate, after: After) -> Result<Draft, IncidentRefused> {
    let (alert, order) = (alert(at), order(at));
    let incident = Incident { alert: Some(&alert), order: Some(&order) };
    let choice = SurvivalChoice { part: Part::Pump, age: Age::From10, hours: Hours::Unknown, after, fate };
    incident.survival_draft(&ring.scene(0), &hint(), AssetKind::Meter, &choice)
}

/// Nobody says that a machine still runs before two months, or what happened later than now; a machine of a kind that
/// fewer than three buildings had work on stays at home, and no month is ever told.
#[test]
fn what_is_early_or_would_single_the_building_out_is_refused() {
    let mut ring = Ring::new(8);
    let at = ring.time;
    ring.at(at.plus(20 * DAY_MS));
    assert_eq!(draft(&ring, at, Fate::Failed, After::From7), Err(IncidentRefused::SingledOut { min: 3 }));
    for house in 0..3 {
        work(&mut ring, house, AssetKind::Meter, Severity::Medium);
        ring.at(ring.time.plus(1_000));
    }
    let made = draft(&ring, at, Fate::Failed, After::From7).unwrap();
    let survival = *made.card.survival().unwrap();
    assert_eq!((survival.when, survival.sign), (When::Year(2026), PUMP.sign));
    assert_ne!(made.source, alert(at).id.0, "an incident and its machine have a card each");
    assert_eq!(draft(&ring, at, Fate::Failed, After::From30), Err(IncidentRefused::TooEarly { days: 20 }));
    assert_eq!(draft(&ring, at, Fate::Runs, After::From7), Err(IncidentRefused::TooEarly { days: 20 }));
    let nothing = draft(&ring, at, Fate::Replaced, After::Under7);
    assert!(matches!(nothing, Err(IncidentRefused::Invalid(_))), "{nothing:?}");
    ring.at(at.plus(60 * DAY_MS));
    assert!(draft(&ring, at, Fate::Runs, After::From60).is_ok());
}

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::new(10);
    let code = |text| Code::new(text).unwrap();
    catalogue.add_site(code("S1"), "Site").unwrap();
    catalogue.add_asset("S1", code("S1-POMPE_1"), AssetKind::Hvac).unwrap();
    catalogue
}

/// The band comes from the readings an alert rests on, and only of metrics whose meaning is fixed.
#[test]
fn what_was_measured_is_known_and_not_typed() {
    let at = UnixMs(1_785_844_800_000);
    let telemetry = Telemetry::new(catalogue());
    let (maintenance, _) = Maintenance::open(at, Secret::new([1; 32]), &telemetry, Vec::new());
    let hint = |metric: &str, readings: &[f64]| {
        let mut alert: Alert = alert(at);
        alert.grounds[0].criterion.metric = crate::core::catalogue::MetricName::new(metric).unwrap();
        alert.grounds[0].evidence.last = readings.iter().map(|value| (at, *value)).collect();
        let incident = Incident { alert: Some(&alert), order: None };
        incident.survival_hint(at.plus(61 * DAY_MS), &telemetry, &maintenance)
    };
    let seen = hint("vibration_level", &[7.0, 7.6, 8.0]).unwrap();
    assert_eq!((seen.part, seen.sign, seen.hours), (Part::Pump, Sign::VibrationFrom7_1, Hours::Unknown));
    assert_eq!((seen.after, seen.may_still_run), (After::Under7, true), "it was over after a day");
    assert_eq!(hint("motor_temp", &[84.0, 90.0]).unwrap().sign, Sign::TemperatureFrom80);
    assert_eq!(seen.question(), ASKED);
    for (metric, readings) in [
        ("water_flow", &[10.0][..]),
        ("temp_supply_air", &[30.0]),
        ("vibration_level", &[]),
        ("vibration_level", &[-1.0]),
        ("vibration_level", &[f64::INFINITY]),
        ("motor_temp", &[f64::NAN]),
    ] {
        assert_eq!(hint(metric, readings), Err(IncidentRefused::NoSign), "{metric} {readings:?}");
    }
}
