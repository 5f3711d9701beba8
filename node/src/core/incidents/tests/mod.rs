//! Cards from hand to shelf, with whatever goes wrong between.

mod hostile;
mod making;
mod ring;
mod survival;

use super::search::Question;
use super::stored::Told;
use protocol::incident::{Contractor, Flow, IncidentMessage, Rating, Remedy, Symptom, System};
use protocol::limits::{CARD_WEEKS_KEPT, CARD_WEEKS_WAITING, CARDS_PER_WEEK_MAX, CARDS_WAITING_MAX};
use protocol::{Digest, encode};
use ring::{DAY_MS, Ring};

use super::IncidentRefused;
use crate::core::switch::Switch;

fn plumber() -> Contractor {
    "BE0202239951".parse().unwrap()
}

fn told(ring: &Ring, house: usize) -> Vec<Told> {
    ring.houses[house].incidents.own().cards().map(|own| own.told).collect()
}

#[test]
fn three_cards_of_three_buildings_reach_everybody_and_nobody_knows_whose() {
    let mut ring = Ring::new(8);
    let (week, authors) = (ring.week(), ring.others());
    for house in &authors[..3] {
        ring.hand_in(*house, 0, Some((plumber(), Rating::Good))).unwrap();
    }
    ring.pass(3);
    assert_eq!(told(&ring, authors[0]), [Told::Kept(week)]);
    assert_eq!(
        (0..8).map(|house| ring.known(house)).sum::<usize>(),
        0,
        "nothing leaves before the week is over"
    );
    ring.end_week();
    ring.pass(3);
    assert!((0..8).all(|house| ring.known(house) == 3));
    assert_eq!(told(&ring, authors[1]), [Told::LetOut(week)]);
    assert!((0..8).all(|house| ring.houses[house].incidents.relay().is_empty()));

    let relay = ring.relay(week);
    let secrets: Vec<[u8; 20]> =
        authors[..3].iter().map(|house| *ring.houses[*house].key.address().as_bytes()).collect();
    for (from, to, message) in &ring.heard {
        let bytes = encode(message);
        let names = |secret: &[u8; 20]| bytes.windows(20).any(|window| window == secret);
        assert!(!secrets.iter().any(names), "a message names a building");
        if matches!(message, IncidentMessage::Offer(_)) {
            assert_eq!(*to, relay, "house {from} hands its card to the relay alone");
        }
    }
    let answer = ring.houses[7].incidents.shelf().ask(&Question {
        system: Some(System::WaterRiser),
        symptom: Some(Symptom::Leak),
        flow: Some(Flow::of(10)),
    });
    assert_eq!((answer.cards.len(), answer.alike, answer.cards[0].score), (3, Some(3), 10));
    assert_eq!(answer.remedies, [(Remedy::PartReplaced, 3)]);
    assert_eq!(answer.contractors[0].contractor, plumber());
    assert_eq!((answer.contractors[0].ratings, answer.contractors[0].good_permille), (3, 1_000));
}

#[test]
fn too_few_buildings_wait_for_more_and_are_let_out_by_a_later_relay() {
    let mut ring = Ring::new(8);
    let authors = ring.others();
    ring.hand_in(authors[0], 0, None).unwrap();
    ring.hand_in(authors[0], 1, None).unwrap();
    ring.hand_in(authors[1], 0, None).unwrap();
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    assert_eq!(ring.known(7), 0, "three cards of two buildings are too few");
    ring.at(ring.time.plus(3 * DAY_MS));
    ring.hand_in(authors[2], 0, None).unwrap();
    ring.pass(2);
    let week = ring.week();
    assert_eq!(told(&ring, authors[0]), [Told::Kept(week); 2]);
    ring.end_week();
    ring.pass(3);
    assert!((0..8).all(|house| ring.known(house) == 4));
}

#[test]
fn what_nobody_joins_is_given_up() {
    let mut ring = Ring::new(6);
    let author = ring.others()[0];
    ring.hand_in(author, 0, None).unwrap();
    for _ in 0..=CARD_WEEKS_WAITING {
        ring.pass(2);
        ring.end_week();
        ring.at(ring.time.plus(3 * DAY_MS));
    }
    ring.pass(1);
    assert_eq!(told(&ring, author), [Told::GivenUp]);
    assert_eq!(ring.known(author), 0);
}

#[test]
fn quotas_hold_over_a_restart() {
    let mut ring = Ring::new(6);
    let author = ring.others()[0];
    for n in 0..u8::try_from(CARDS_PER_WEEK_MAX).unwrap() {
        ring.hand_in(author, n, None).unwrap();
    }
    ring.start(author);
    let quota = IncidentRefused::Quota { max: CARDS_PER_WEEK_MAX };
    assert_eq!(ring.hand_in(author, 9, None), Err(quota.clone()));
    assert_eq!(ring.hand_in(author, 0, None), Err(IncidentRefused::Sent));
    for n in 0..u8::try_from(2 * CARDS_WAITING_MAX).unwrap() {
        if n % 3 == 0 {
            ring.end_week();
        }
        drop(ring.hand_in(author, 10 + n, None));
        ring.start(author);
    }
    assert_eq!(ring.houses[author].incidents.own().cards().count(), CARDS_WAITING_MAX);
    ring.end_week();
    assert_eq!(ring.hand_in(author, 99, None), Err(quota));
}

#[test]
fn while_cards_are_switched_off_none_leaves() {
    let mut ring = Ring::new(6);
    let author = ring.others()[0];
    let at = ring.time;
    ring.hand_in(author, 0, None).unwrap();
    ring.with(author, |incidents, _, acts| incidents.own.switch(Switch { is_on: false, at }, acts));
    assert_eq!(ring.hand_in(author, 1, None), Err(IncidentRefused::SwitchedOff));
    ring.start(author);
    ring.pass(3);
    assert!(
        !ring
            .heard
            .iter()
            .any(|(from, _, message)| { *from == author && matches!(message, IncidentMessage::Offer(_)) })
    );
    assert_eq!(told(&ring, author), [Told::Waiting]);
    ring.with(author, |incidents, _, acts| incidents.own.switch(Switch { is_on: true, at }, acts));
    ring.pass(2);
    assert_eq!(told(&ring, author), [Told::Kept(ring.week())]);
}

/// Whatever house starts again after whatever message, each card arrives once.
#[test]
fn a_restart_in_any_phase_loses_and_doubles_nothing() {
    let clean = {
        let mut ring = Ring::new(6);
        run(&mut ring);
        ring.heard.len()
    };
    for house in 0..6 {
        for after in 1..=clean {
            let mut ring = Ring::new(6);
            ring.restart = Some((house, after));
            run(&mut ring);
            for at in 0..6 {
                assert_eq!(ring.known(at), 4, "house {house} started again after message {after}");
                ring.start(at);
                assert_eq!(ring.known(at), 4, "and from disk");
            }
        }
    }
}

fn run(ring: &mut Ring) {
    let authors: Vec<usize> = (0..4).collect();
    for house in authors {
        ring.hand_in(house, 0, None).unwrap();
    }
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    for house in 0..6 {
        ring.start(house);
    }
    ring.pass(2);
}

#[test]
fn a_relay_that_is_away_is_replaced_by_the_next_one() {
    let mut ring = Ring::new(8);
    let authors = ring.others();
    let relay = ring.relay(ring.week());
    for house in &authors[..3] {
        ring.hand_in(*house, 0, None).unwrap();
    }
    ring.cut.insert(relay);
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    let week = ring.week();
    assert_eq!(told(&ring, authors[0]), [Told::Kept(week)]);
    ring.end_week();
    ring.pass(2);
    assert_eq!((ring.known(authors[0]), ring.known(relay)), (3, 0));
    ring.cut.clear();
    ring.pass(31);
    assert_eq!(ring.known(relay), 3, "it is handed what it missed");
}

#[test]
fn a_relay_that_comes_back_too_late_lets_nothing_out_twice() {
    let mut ring = Ring::new(8);
    let (week, authors) = (ring.week(), ring.others());
    for house in &authors[..3] {
        ring.hand_in(*house, 0, None).unwrap();
    }
    ring.pass(2);
    let relay = ring.relay(week);
    ring.cut.insert(relay);
    let away = std::mem::take(&mut ring.houses[relay].incidents);
    ring.end_week();
    ring.at(ring.time.plus(3 * DAY_MS));
    ring.pass(3);
    ring.end_week();
    ring.pass(3);
    assert_eq!(ring.known(authors[0]), 3);
    ring.houses[relay].incidents = away;
    ring.cut.clear();
    ring.pass(31);
    assert!((0..8).all(|house| ring.known(house) == 3));
    assert_eq!(told(&ring, authors[0]), [Told::LetOut(week + 1)]);
}

#[test]
fn a_withdrawn_contractor_disappears_from_page_and_disk() {
    let mut ring = Ring::new(8);
    let authors = ring.others();
    for house in &authors[..3] {
        ring.hand_in(*house, 0, Some((plumber(), Rating::Good))).unwrap();
    }
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    assert!(names(&ring, 7, &plumber()));
    ring.with(authors[3], |incidents, scene, acts| {
        incidents.own.withdraw(scene.now.time, plumber(), acts).unwrap();
    });
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    let withdrawn = ring.houses[authors[3]].incidents.own().withdrawals().next().unwrap().told;
    assert!(matches!(withdrawn, Told::LetOut(_)), "{withdrawn:?}");
    for house in (0..8).filter(|house| !authors[..3].contains(house)) {
        let answer = ring.houses[house].incidents.shelf().ask(&Question::default());
        assert!(answer.contractors.is_empty());
        assert!(answer.cards.iter().all(|found| found.contractor.is_none()) && answer.cards.len() == 3);
        ring.start(house);
        assert!(ring.houses[house].incidents.shelf().cards().all(|card| card.contractor().is_none()));
    }
    // Who comes later is told of the cards without the company.
    ring.houses[7].entries.clear();
    ring.start(7);
    ring.pass(32);
    assert_eq!((ring.known(7), names(&ring, 7, &plumber())), (3, false));
}

fn names(ring: &Ring, house: usize, contractor: &Contractor) -> bool {
    ring.houses[house].incidents.shelf().cards().any(|card| card.contractor().as_ref() == Some(contractor))
}

#[test]
fn counts_of_few_and_ratings_by_few_are_not_shown() {
    let mut ring = Ring::new(8);
    let authors = ring.others();
    for house in &authors[..2] {
        ring.hand_in(*house, 0, Some((plumber(), Rating::Poor))).unwrap();
    }
    ring.hand_in(authors[2], 0, None).unwrap();
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    let shelf = ring.houses[7].incidents.shelf();
    let answer = shelf.ask(&Question { symptom: Some(Symptom::Leak), ..Question::default() });
    assert_eq!((answer.alike, answer.contractors.len()), (Some(3), 0));
    let nothing = shelf.ask(&Question { symptom: Some(Symptom::Noise), ..Question::default() });
    assert_eq!((nothing.cards.len(), nothing.alike), (0, None));
    let far = shelf.ask(&Question { flow: Some(Flow::From100), ..Question::default() });
    let near = shelf.ask(&Question { flow: Some(Flow::From20), ..Question::default() });
    assert!(far.cards[0].score < near.cards[0].score);
}

#[test]
fn two_years_of_cards_are_kept_and_no_more() {
    let mut ring = Ring::new(6);
    for week in 0..CARD_WEEKS_KEPT + 6 {
        let n = u8::try_from(week).unwrap();
        for house in 0..3 {
            ring.hand_in(house, n, None).unwrap();
        }
        ring.pass(2);
        ring.end_week();
        ring.pass(2);
    }
    let kept = ring.known(5);
    assert!(kept <= 3 * usize::try_from(CARD_WEEKS_KEPT).unwrap() && kept > 290, "{kept}");
    let stored = ring.houses[5].entries.len();
    assert!(stored <= usize::try_from(CARD_WEEKS_KEPT).unwrap(), "{stored}");
    let digests: std::collections::BTreeSet<Digest> =
        ring.houses[5].incidents.shelf().cards().map(protocol::incident::SignedCard::digest).collect();
    assert_eq!(digests.len(), kept);
}
