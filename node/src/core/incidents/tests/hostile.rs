//! Relays that spoil, members that lie, and whatever is sent again at another time.

use protocol::incident::{
    Batch, Card, CardRefusal, Contractor, Country, Facts, IncidentMessage, Offered, Rating, SignedBatch,
    SignedCard, When,
};
use protocol::limits::{CARDS_WAITING_MAX, SETTLEMENT_FRAME_BYTES_MAX};
use protocol::{SigningKey, decode};

use super::plumber;
use super::ring::{DAY_MS, Ring, draft, facts};
use crate::core::incidents::MESSAGES_PER_S_MAX;
use crate::core::incidents::act::Act;
use crate::core::incidents::stored::Told;

fn card(ring: &Ring, seed: u8, facts: Facts) -> SignedCard {
    Card::new(facts).unwrap().sign(&SigningKey::from_seed(&[seed; 32]), &ring.chain.id(), None)
}

fn three(ring: &Ring, from: u8) -> Vec<SignedCard> {
    let mut cards: Vec<SignedCard> = (from..from + 3).map(|seed| card(ring, seed, facts())).collect();
    cards.sort_by_key(SignedCard::key);
    cards
}

fn refusals(ring: &Ring) -> Vec<CardRefusal> {
    let refusal = |message: &IncidentMessage| {
        if let IncidentMessage::Receipt(receipt) = message { receipt.refused } else { None }
    };
    ring.heard.iter().filter_map(|(_, _, message)| refusal(message)).collect()
}

fn offer(ring: &mut Ring, from: usize, to: usize, week: u64, card: SignedCard) {
    ring.send(from, to, IncidentMessage::Offer(Box::new(Offered::Card(week, card))));
    ring.deliver();
}

#[test]
fn a_relay_keeps_only_what_is_for_it_and_now() {
    let mut ring = Ring::new(8);
    let (week, author) = (ring.week(), ring.others()[0]);
    let (relay, other) = (ring.relay(week), ring.relay(week + 1));
    let good = card(&ring, 50, facts());
    offer(&mut ring, author, other, week, good);
    offer(&mut ring, author, relay, week - 4, good);
    offer(&mut ring, author, relay, week + 4, good);
    let ahead = card(&ring, 51, Facts { when: When::Month(690), ..facts() });
    offer(&mut ring, author, relay, week, ahead);
    let elsewhere = Card::new(facts()).unwrap();
    let elsewhere = elsewhere.sign(&SigningKey::from_seed(&[52; 32]), &protocol::ChainId::new([1; 32]), None);
    offer(&mut ring, author, relay, week, elsewhere);
    let expected = [
        CardRefusal::NotRelay,
        CardRefusal::OtherWeek,
        CardRefusal::OtherWeek,
        CardRefusal::Future,
        CardRefusal::Signature,
    ];
    assert_eq!(refusals(&ring), expected);
    assert!(ring.houses[relay].incidents.relay().is_empty());
}

#[test]
fn a_building_fills_no_relay_and_rates_nobody_twice() {
    let mut ring = Ring::new(8);
    let (week, authors) = (ring.week(), ring.others());
    let relay = ring.relay(week);
    for seed in 0..20 {
        let card = card(&ring, 60 + seed, facts());
        offer(&mut ring, authors[0], relay, week, card);
    }
    assert_eq!(refusals(&ring), vec![CardRefusal::Quota; 20 - CARDS_WAITING_MAX]);
    let rated = |n: u8| {
        let draft = draft(authors[1], n, Some((plumber(), Rating::Good)));
        draft.card.sign(&SigningKey::from_seed(&[90 + n; 32]), &ring.chain.id(), draft.named)
    };
    let (first, second) = (rated(0), rated(1));
    ring.heard.clear();
    offer(&mut ring, authors[1], relay, week, first);
    offer(&mut ring, authors[1], relay, week, first);
    offer(&mut ring, authors[1], relay, week, second);
    // Another building cannot say that the card is its own.
    offer(&mut ring, authors[2], relay, week, first);
    assert_eq!(refusals(&ring), [CardRefusal::Rated, CardRefusal::Signature]);
}

#[test]
fn a_batch_holds_only_from_its_relay_whole_and_after_its_week() {
    let mut ring = Ring::new(8);
    let week = ring.week();
    let chain = ring.chain.id();
    let (relay, other) = (ring.relay(week), ring.relay(week + 1));
    let sign = |ring: &Ring, house: usize, week: u64| {
        let batch = Batch::new(week, three(ring, 50), Vec::new()).unwrap();
        batch.sign(&ring.houses[house].key, &chain)
    };
    let early = sign(&ring, relay, week);
    ring.send(relay, 7, IncidentMessage::Batch(Box::new(early.clone())));
    ring.deliver();
    assert_eq!((ring.known(7), ring.houses[7].incidents.shelf().spoilt()), (0, 1));
    ring.end_week();
    let wrong = [
        sign(&ring, other, week),
        sign(&ring, 7, week),
        SignedBatch { relay: ring.houses[relay].key.address(), ..sign(&ring, other, week) },
        sign(&ring, relay, u64::MAX),
    ];
    for signed in wrong {
        ring.send(other, 7, IncidentMessage::Batch(Box::new(signed)));
        ring.deliver();
    }
    assert_eq!(ring.known(7), 0);
    ring.send(other, 7, IncidentMessage::Batch(Box::new(early)));
    ring.deliver();
    assert_eq!(ring.known(7), 3, "from whomever it comes");
}

/// The relay lets other words out than were handed in: a card's own key did not sign them.
#[test]
fn a_relay_cannot_change_a_card() {
    let mut ring = Ring::new(8);
    let (week, authors) = (ring.week(), ring.others());
    ring.end_week();
    let relay = ring.relay(week);
    let chain = ring.chain.id();
    let mut bytes = protocol::encode(&three(&ring, 50)[0]);
    let place = bytes.windows(8).position(|window| window == b"WornSeal").unwrap();
    bytes[place..place + 8].copy_from_slice(b"WornPart");
    let changed: SignedCard = decode(&bytes, SETTLEMENT_FRAME_BYTES_MAX).unwrap();
    let mut cards = three(&ring, 50);
    cards[0] = changed;
    let batch = Batch::new(week, cards, Vec::new()).unwrap().sign(&ring.houses[relay].key, &chain);
    ring.send(relay, authors[0], IncidentMessage::Batch(Box::new(batch)));
    ring.deliver();
    assert_eq!((ring.known(authors[0]), ring.houses[authors[0]].incidents.shelf().spoilt()), (0, 1));
}

/// The relay takes cards and lets out nothing, or only its own: the next relay is handed them.
#[test]
fn what_a_relay_drops_is_handed_to_the_next() {
    let mut ring = Ring::new(8);
    let (week, authors) = (ring.week(), ring.others());
    for house in &authors[..3] {
        ring.hand_in(*house, 0, None).unwrap();
    }
    ring.pass(2);
    let relay = ring.relay(week);
    ring.houses[relay].incidents = super::super::Incidents::default();
    ring.houses[relay].entries.clear();
    ring.end_week();
    let batch = Batch::new(week, three(&ring, 50), Vec::new()).unwrap();
    let batch = batch.sign(&ring.houses[relay].key, &ring.chain.id());
    ring.with(relay, |incidents, scene, acts| incidents.shelf.take(scene, None, batch, acts));
    ring.deliver();
    assert_eq!(
        (ring.known(7), ring.houses[authors[0]].incidents.own().cards().next().unwrap().told),
        (3, Told::Kept(week))
    );
    ring.at(ring.time.plus(3 * DAY_MS));
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    assert!((0..8).all(|house| ring.known(house) == 6));
}

/// Two batches of one week: each member keeps the one that came first, and one week never has two.
#[test]
fn a_relay_that_says_two_things_is_kept_to_the_first() {
    let mut ring = Ring::new(8);
    let week = ring.week();
    ring.end_week();
    let relay = ring.relay(week);
    let chain = ring.chain.id();
    for from in [50, 60, 50] {
        let batch = Batch::new(week, three(&ring, from), Vec::new()).unwrap();
        let signed = batch.sign(&ring.houses[relay].key, &chain);
        ring.send(relay, 7, IncidentMessage::Batch(Box::new(signed)));
        ring.deliver();
    }
    assert_eq!(ring.known(7), 3);
    ring.start(7);
    assert_eq!(ring.known(7), 3);
}

/// A card that was let out is handed in again, by its building or by whoever read it, now or weeks later: it counts once.
#[test]
fn a_card_said_again_in_another_week_counts_once() {
    let mut ring = Ring::new(8);
    let authors = ring.others();
    for house in &authors[..3] {
        ring.hand_in(*house, 0, None).unwrap();
    }
    ring.pass(2);
    ring.end_week();
    ring.pass(2);
    let cards: Vec<SignedCard> = ring.houses[7].incidents.shelf().cards().copied().collect();
    let (week, relay) = (ring.week(), ring.relay(ring.week()));
    for (place, card) in cards.iter().enumerate() {
        offer(&mut ring, authors[place], relay, week, *card);
    }
    assert!(ring.houses[relay].incidents.relay().is_empty());
    // A relay that lets them out all the same.
    ring.end_week();
    let batch = Batch::new(week, cards, Vec::new()).unwrap().sign(&ring.houses[relay].key, &ring.chain.id());
    ring.send(relay, 7, IncidentMessage::Batch(Box::new(batch)));
    ring.deliver();
    assert!((0..8).all(|house| ring.known(house) == 3));
    ring.start(7);
    assert_eq!(ring.known(7), 3);
}

#[test]
fn a_stranger_is_not_heard_and_a_shouter_not_for_long() {
    let ring = Ring::new(8);
    let (week, relay) = (ring.week(), ring.relay(ring.week()));
    let stranger = SigningKey::from_seed(&[77; 32]).address();
    let message = IncidentMessage::Offer(Box::new(Offered::Card(week, card(&ring, 50, facts()))));
    let scene = ring.scene(relay);
    let (mut incidents, mut acts) = (super::super::Incidents::default(), Vec::new());
    incidents.hear(&scene, stranger, message, &mut acts);
    assert_eq!(acts, Vec::<Act>::new());
    let heard =
        (0..1_000).filter(|_| incidents.heard.listens(scene.now.tick, stranger, MESSAGES_PER_S_MAX)).count();
    assert_eq!(heard, 64);
}

#[test]
fn withdrawals_have_a_quota_of_their_own() {
    let mut ring = Ring::new(8);
    let (week, authors) = (ring.week(), ring.others());
    let relay = ring.relay(week);
    for number in 1..=10 {
        let contractor = Contractor::new(Country::Luxembourg, number).unwrap();
        let offered = Offered::Withdrawal(week, contractor);
        ring.send(authors[0], relay, IncidentMessage::Offer(Box::new(offered)));
        ring.deliver();
    }
    assert_eq!(refusals(&ring), vec![CardRefusal::Quota; 7]);
    let mut own = super::super::Own::default();
    for number in 1..=4 {
        let contractor = Contractor::new(Country::Luxembourg, number).unwrap();
        assert_eq!(own.withdraw(ring.time, contractor, &mut Vec::new()).is_ok(), number <= 3);
    }
}
