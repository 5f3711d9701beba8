//! Six in the morning in a street: the evening's peak is seen, everybody is asked, answers by the owner's rules, and the
//! evening that is planned is flatter. Real keys, real bytes.

use std::collections::VecDeque;

use protocol::energy::SettlementMessage;
use protocol::limits::{PLAN_MEMORY_BYTES_MAX, SETTLEMENT_FRAME_BYTES_MAX};
use protocol::{Genesis, decode, encode};

use super::*;
use crate::core::energy::{Book, Energy, Flow, Slot};
use crate::core::maintenance::Change;
use crate::core::plan::LoadKind;
use crate::core::planning::{Consent, Equipment, OwnLoad, OwnTariff, Parts, PlanMemory};
use protocol::energy::{SlotId, SlotLength};

const QUARTER_MS: i64 = 900_000;
const DAY_MS: i64 = 96 * QUARTER_MS;
const DAYS: i64 = 28;
/// Midnight of the day of the story.
const TODAY: i64 = (20_454 + DAYS) * DAY_MS;
const SIX: i64 = TODAY + 6 * 3_600_000;

struct House {
    key: SigningKey,
    planning: Planning,
}

struct Street {
    state: State,
    chain: ChainId,
    houses: Vec<House>,
    /// From, to, bytes.
    post: VecDeque<(usize, usize, Vec<u8>)>,
    sent: usize,
}

/// A flat day, and heat for the evening that is cheapest from six to eight.
fn parts(consent: Consent) -> Parts {
    let heating = OwnLoad {
        kind: LoadKind::Heating,
        energy_wh: 4_000,
        power_w: 4_000,
        from_minute: 15 * 60,
        until_minute: 21 * 60,
        in_one_go: false,
    };
    let tariff =
        OwnTariff::TwoPrices { high: 300_000, low: 200_000, export: 0, low_from: 1_080, low_until: 1_200 };
    Parts { loads: vec![heating], tariff, consent, moved_max_wh: 3_000, ..Parts::default() }
}

impl Street {
    fn new(consents: &[Consent]) -> Self {
        let keys = (1..=consents.len()).map(|n| SigningKey::from_seed(&[u8::try_from(n).unwrap(); 32]));
        let mut keys: Vec<SigningKey> = keys.collect();
        keys.sort_by_key(SigningKey::address);
        let public = keys.iter().map(SigningKey::public).collect();
        let genesis = Genesis::new(UnixMs(0), Digest::new([0; 32]), public, vec![]).unwrap();
        let houses =
            keys.into_iter().zip(consents).map(|(key, consent)| House { key, planning: planning(*consent) });
        let (state, chain) = (State::genesis(&genesis), genesis.chain());
        Self { state, chain, houses: houses.collect(), post: VecDeque::new(), sent: 0 }
    }

    fn plan(&mut self, now: i64) {
        for house in &mut self.houses {
            if let Some(work) = house.planning.work(UnixMs(now), &self.state, None) {
                house.planning.take(work.solve());
            }
        }
    }

    fn with<T>(&mut self, house: usize, now: i64, of: impl FnOnce(&mut Planning, &Town<'_>) -> T) -> T {
        let House { key, planning } = &mut self.houses[house];
        let me = key.address();
        of(planning, &Town { state: &self.state, chain: self.chain, key, me, now: UnixMs(now) })
    }

    fn send(&mut self, from: usize, letters: Vec<Letter>) {
        for (to, message) in letters {
            let to = self.houses.iter().position(|house| house.key.address() == to).unwrap();
            let bytes = encode(&SettlementMessage::Shift(message));
            assert!(bytes.len() <= SETTLEMENT_FRAME_BYTES_MAX);
            self.post.push_back((from, to, bytes));
        }
    }

    /// Delivers all there is and what comes of it.
    fn deliver(&mut self, now: i64) {
        while let Some((from, to, bytes)) = self.post.pop_front() {
            self.sent += 1;
            let SettlementMessage::Shift(message) = decode(&bytes, SETTLEMENT_FRAME_BYTES_MAX).unwrap()
            else {
                panic!("another message");
            };
            let sender = self.houses[from].key.address();
            let letters = self.with(to, now, |planning, town| planning.hear_shift(town, sender, message));
            self.send(to, letters);
        }
    }

    fn tend(&mut self, now: i64) {
        for house in 0..self.houses.len() {
            let letters = self.with(house, now, |planning, town| planning.tend_shifts(town));
            self.send(house, letters);
        }
        self.deliver(now);
    }

    /// What the street's plans import together in each slot of the evening.
    fn evening(&self) -> Vec<i64> {
        let first = SlotNumber((TODAY + 15 * 3_600_000) / QUARTER_MS);
        let net = |slot: SlotNumber| {
            let plans = self.houses.iter().filter_map(|house| house.planning.plan());
            plans.flat_map(|plan| &plan.slots).filter(|at| at.slot == slot).map(|at| at.net_wh).sum()
        };
        (0..24).map(|at| net(first.plus(at))).collect()
    }

    /// Every node is as its disk says.
    fn restart_all(&mut self, now: i64) {
        for house in &mut self.houses {
            let memory = encode(&house.planning.memory().unwrap());
            let memory = decode::<PlanMemory>(&memory, PLAN_MEMORY_BYTES_MAX).unwrap();
            let equipment = Change::PutEquipment(house.planning.equipment().clone());
            let entries = [equipment, Change::PutPlanMemory(Box::new(memory))];
            house.planning = Planning::open(UnixMs(now), &Energy::default(), &entries);
            house.planning.look_back(UnixMs(now), &book());
        }
    }

    fn heat(&self, house: usize) -> i64 {
        let plan = self.houses[house].planning.plan().unwrap();
        let today = plan.slots.iter().filter(|slot| slot.span.0.0 < TODAY + DAY_MS);
        today.map(|slot| slot.loads[0]).sum()
    }

    fn stage(&self, house: usize) -> WishStage {
        self.houses[house].planning.wishes().next().unwrap().stage
    }

    fn wish(&self, house: usize) -> Digest {
        self.houses[house].planning.wishes().next().unwrap().id
    }
}

/// What was metered before.
fn book() -> Book {
    let mut book = Book::default();
    for quarter in 0..DAYS * 96 {
        let id =
            SlotId::at(UnixMs(TODAY - DAYS * DAY_MS + quarter * QUARTER_MS), SlotLength::Quarter).unwrap();
        let flow = Flow { import_wh: 200, export_wh: 0, production_wh: Some(0) };
        book.put(Slot {
            id,
            length: SlotLength::Quarter,
            flow: Some(flow),
            is_estimated: false,
            version: 1,
            held: None,
        });
    }
    book
}

fn planning(consent: Consent) -> Planning {
    let mut planning = Planning::open(UnixMs(0), &Energy::default(), &[]);
    for quarter in 0..DAYS * 96 {
        // What was settled of all of them.
        let number = SlotNumber((TODAY - DAYS * DAY_MS) / QUARTER_MS + quarter);
        let peak = if (72..80).contains(&(quarter % 96)) { 2_000 } else { 0 };
        planning.shifting.hive.record(number, 800 + peak).unwrap();
    }
    planning.look_back(UnixMs(TODAY), &book());
    planning.equip(Equipment::new(parts(consent)).unwrap());
    planning
}

#[test]
fn at_six_the_hive_asks_and_the_evening_is_flatter() {
    the_evening_is_flatter(false);
}

/// Who started anew knows what it asked, was asked and promised.
#[test]
fn the_same_where_every_node_starts_anew_in_between() {
    the_evening_is_flatter(true);
}

fn the_evening_is_flatter(with_restarts: bool) {
    let mut street = Street::new(&[Consent::Always, Consent::Always, Consent::Ask, Consent::Never]);
    street.plan(SIX);
    let before = street.evening();
    assert_eq!(before.iter().max(), Some(&2_800), "everybody heats at the cheap hours: {before:?}");
    street.tend(SIX);
    let stages: Vec<WishStage> = (0..4).map(|house| street.stage(house)).collect();
    assert_eq!(stages, [WishStage::Offered, WishStage::Offered, WishStage::Waiting, WishStage::Declined]);
    // Nothing happens until the third has made up its mind; plans made meanwhile keep what was offered.
    let later = SIX + 3_600_000;
    if with_restarts {
        street.restart_all(SIX + AGAIN_MS / 2);
    }
    street.tend(later);
    assert_eq!(street.stage(0), WishStage::Offered);
    let id = street.wish(2);
    let letters = street.with(2, later, |planning, town| planning.decide_wish(town, id, true)).unwrap();
    street.send(2, letters);
    street.deliver(later);
    let stages: Vec<WishStage> = (0..4).map(|house| street.stage(house)).collect();
    assert_eq!(stages, [WishStage::Agreed, WishStage::Agreed, WishStage::Agreed, WishStage::Declined]);
    if with_restarts {
        let told = |street: &Street| -> Vec<Wish> {
            street.houses.iter().flat_map(|house| house.planning.wishes().cloned()).collect()
        };
        let before = told(&street);
        street.restart_all(later);
        assert_eq!(told(&street), before);
    }
    for now in [later, SIX + 2 * 3_600_000, SIX + 8 * 3_600_000] {
        street.plan(now);
        let after = street.evening();
        assert!(after.iter().max() < before.iter().max(), "{after:?}");
        assert_eq!(after.iter().sum::<i64>(), before.iter().sum::<i64>(), "nothing is lost on the way");
        assert!(after[8..12].iter().sum::<i64>() > before[8..12].iter().sum::<i64>(), "the hour before");
        (0..4).for_each(|house| assert_eq!(street.heat(house), 4_000));
    }
}

#[test]
fn who_does_not_answer_does_not_keep_the_others_waiting() {
    let mut street = Street::new(&[Consent::Always, Consent::Ask, Consent::Always, Consent::Always]);
    street.plan(SIX);
    street.tend(SIX);
    street.tend(SIX + 2 * 3_600_000);
    assert_eq!((street.stage(0), street.stage(1)), (WishStage::Agreed, WishStage::Lapsed));
    let id = street.wish(1);
    let late = street.with(1, SIX + 2 * 3_600_000, |planning, town| planning.decide_wish(town, id, true));
    assert_eq!(late, None, "too late");
}

#[test]
fn an_agreement_that_got_lost_is_asked_for_again() {
    let mut street = Street::new(&[Consent::Always; 4]);
    street.plan(SIX);
    for house in 0..4 {
        let letters = street.with(house, SIX, |planning, town| planning.tend_shifts(town));
        street.send(house, letters);
    }
    // Requests arrive, answers too; of the agreements none.
    while let Some((from, to, bytes)) = street.post.pop_front() {
        let Ok(SettlementMessage::Shift(message)) = decode(&bytes, SETTLEMENT_FRAME_BYTES_MAX) else {
            panic!()
        };
        if !matches!(message, ShiftMessage::Agreement(_)) {
            let sender = street.houses[from].key.address();
            let letters = street.with(to, SIX, |planning, town| planning.hear_shift(town, sender, message));
            street.send(to, letters);
        }
    }
    assert_eq!(street.stage(1), WishStage::Offered);
    street.tend(SIX + AGAIN_MS);
    (0..4).for_each(|house| assert_eq!(street.stage(house), WishStage::Agreed));
}

#[test]
fn nobody_but_the_coordinator_asks_and_nobody_answers_for_another() {
    let mut street = Street::new(&[Consent::Always; 4]);
    street.plan(SIX);
    let letters = street.with(0, SIX, |planning, town| planning.tend_shifts(town));
    let (_, ShiftMessage::Request(signed)) = letters[0].clone() else { panic!() };
    // The same request from another member, under another's name, with another's signature, or too late.
    let thief = street.houses[3].key.address();
    let forged = |change: &dyn Fn(&mut ShiftRequest)| {
        let mut request = signed.request.clone();
        change(&mut request);
        request.sign(&SigningKey::from_seed(&[77; 32]), &street.chain)
    };
    let wrong = [
        (thief, (*signed).clone()),
        (thief, forged(&|request| request.coordinator = thief)),
        (street.houses[0].key.address(), forged(&|_| ())),
    ];
    for (from, request) in wrong {
        let message = ShiftMessage::Request(Box::new(request));
        let answers = street.with(1, SIX, |planning, town| planning.hear_shift(town, from, message));
        assert!(answers.is_empty());
    }
    let from = street.houses[0].key.address();
    let message = ShiftMessage::Request(signed);
    let late = SIX + 3 * 3_600_000;
    assert!(
        street.with(1, late, |planning, town| planning.hear_shift(town, from, message.clone())).is_empty()
    );
    assert_eq!(street.houses[1].planning.wishes().count(), 0);
    // An answer in another's name.
    let answers = street.with(1, SIX, |planning, town| planning.hear_shift(town, from, message));
    let (_, ShiftMessage::Answer(answer)) = answers[0].clone() else { panic!() };
    street.with(0, SIX, |planning, town| {
        planning.hear_shift(town, thief, ShiftMessage::Answer(answer));
        assert_eq!(planning.shifting.asked.as_ref().unwrap().answered(), 0);
    });
    // More than was offered is never carried out.
    let id = street.wish(1);
    let offer = street.houses[1].planning.wishes().next().unwrap().offer.clone().unwrap();
    let more: Vec<WattHours> = offer.change_wh().iter().map(|wh| WattHours(wh * 2)).collect();
    let taken = Some(ShiftChange::new(more).unwrap());
    let agreement = protocol::energy::ShiftAgreement { request: id, taken, moved: WattHours(1) };
    street.with(1, SIX, |planning, town| planning.hear_shift(town, from, ShiftMessage::Agreement(agreement)));
    assert_eq!(street.stage(1), WishStage::Offered);
}
