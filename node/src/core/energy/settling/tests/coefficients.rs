//! Parts that an organiser gives: from the voted slot on the desks settle by them, and every member checks its own.

use ledger::energy::{Part, Setting, settle, slot_result};
use protocol::Payload;
use protocol::energy::{
    Coefficients, EnergyAction, Factor, FullDynamic, Salt, ScheduledRule, Settlement, SettlementMessage,
    SharingRule, SignedSettlement, SlotId, Statement, WattHours, Weights,
};

use super::super::own::LineDoubt;
use super::super::tray::Found;
use super::street::{LENGTH, Lie, Street};
use super::{NET, checked, meter_all};
use crate::core::{Command, Input};

/// The house whose operator gives the parts; it has no desk and no vote.
const ORGANISER: usize = 4;

fn share(rule: SharingRule, from: SlotId) -> EnergyAction {
    EnergyAction::Share(ScheduledRule { rule, from })
}

fn give(street: &mut Street, house: usize, from: SlotId, of: &[(usize, u32)]) {
    let mut parts: Vec<_> = of.iter().map(|(house, part)| (street.address(*house), *part)).collect();
    parts.sort_unstable();
    let given = Coefficients::new(&[(from, Weights::new(parts).unwrap())]).unwrap();
    street.command(house, Command::GiveParts(given));
    street.pass(5_000);
}

/// What each metered house bought and sold in a slot, checked by itself.
fn settled(street: &mut Street, slot: SlotId) -> (Vec<(i64, i64)>, i64) {
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(street, slot);
    street.pass(10_000);
    let lines = (0..NET.len()).map(|house| {
        assert_eq!(street.core(house).settlement_trouble(), None, "house {house}");
        checked(street, house, slot).expect("its line holds")
    });
    let lines = lines.collect();
    (lines, street.core(0).ledger().state().settled(slot).unwrap().result.traded.0)
}

#[test]
fn desks_settle_by_an_organisers_parts_from_its_slot_on_until_the_next_rule() {
    let mut street = Street::sharing(6);
    let first = street.slot();
    let after = |slots: u64| SlotId(first.0 + slots);
    let organiser = street.address(ORGANISER);
    let rule = FullDynamic { organiser, whole: 100, factor: Factor::HALF };
    street.decide(share(SharingRule::FullDynamic(rule), after(1)));
    street.decide(share(SharingRule::DEFAULT, after(4)));
    give(&mut street, ORGANISER, after(2), &[(0, 50), (2, 10), (ORGANISER, 20)]);
    give(&mut street, ORGANISER, after(3), &[(3, 100)]);
    // Somebody else's parts, and parts of more than there is, are refused and change nothing.
    give(&mut street, 3, after(2), &[(3, 100)]);
    give(&mut street, ORGANISER, after(2), &[(0, 60), (2, 41)]);
    give(&mut street, ORGANISER, after(4), &[(0, 100)]);
    let proportional = vec![(215, 0), (0, 500), (144, 0), (86, 0), (55, 0)];
    for (slot, lines, traded) in [
        (first, proportional.clone(), 500),
        // Nobody gave any yet.
        (after(1), proportional.clone(), 500),
        // Of 100 Wh the organiser's house uses 77; what is not given away goes to the grid.
        (after(2), vec![(250, 0), (0, 377), (50, 0), (0, 0), (77, 0)], 377),
        (after(3), vec![(0, 0), (0, 120), (0, 0), (120, 0), (0, 0)], 120),
        (after(4), proportional, 500),
    ] {
        assert_eq!(settled(&mut street, slot), (lines, traded), "slot {slot}");
    }
    // A late figure is settled by the parts that held.
    street.meter(ORGANISER, after(2), 177, 0);
    street.pass(60_000);
    let corrected = street.core(0).ledger().state().settled(after(2)).unwrap();
    assert_eq!((corrected.result.version, corrected.result.traded), (2, WattHours(400)));
    assert_eq!(checked(&street, ORGANISER, after(2)), Some((100, 0)));
}

/// What two desks settle together as they like.
struct Wrong {
    /// Parts that nobody gave, of 100.
    parts: Vec<(usize, u32)>,
    /// Energy of which they say that its owner declined the price, Wh.
    declined_wh: i64,
}

/// Both desks of the pair sign what is wrong, put it on the ledger, and show everybody its line.
fn settle_wrong(street: &mut Street, slot: SlotId, wrong: &Wrong) {
    let pair = street.pair(slot);
    let own =
        |house: usize| street.core(house).energy().settled_slot(slot).unwrap().signed().statement.clone();
    let mut statements: Vec<Statement> = (0..street.houses.len()).map(own).collect();
    statements.sort_by_key(|statement| statement.member);
    let salts: Vec<Salt> = statements.iter().map(|statement| statement.salt).collect();
    let members: Vec<Part> = statements.iter().map(|statement| Part::of(statement).unwrap()).collect();
    let mut parts: Vec<_> = wrong.parts.iter().map(|(house, part)| (street.address(*house), *part)).collect();
    parts.sort_unstable();
    let parts = Weights::new(parts).unwrap();
    let state = street.core(0).ledger().state();
    let (rule, tariff) = (state.rule_at(slot), state.tariff_at(slot).unwrap());
    let (retail, feed_in, fee) = (tariff.retail, tariff.feed_in, tariff.fees.of(state.books().locality));
    let mut outcome =
        settle(&Setting { rule: &rule, retail, feed_in, fee, coefficients: Some(&parts) }, &members).unwrap();
    outcome.declined = WattHours(wrong.declined_wh);
    let result = slot_result(slot, 1, &outcome, &salts, Vec::new()).unwrap();
    let settlement = Settlement::Slot(result.clone());
    let chain = street.core(0).ledger().chain();
    let sign = |house: usize| (street.address(house), settlement.sign(&street.houses[house].key, &chain));
    let signatures = pair.map(sign);
    street.slip_in(pair[0], Payload::Settle(Box::new(SignedSettlement { settlement, signatures })));
    street.pass(2_000);
    assert_eq!(street.core(5).ledger().state().settled(slot).unwrap().result, result);
    let from = street.address(pair[0]);
    for told in (Found { outcome, salts, result }).lines() {
        let house = (0..street.houses.len()).find(|house| street.address(*house) == told.member).unwrap();
        let message = Box::new(SettlementMessage::Line(Box::new(told)));
        street.tell(house, Input::Settlement { from, message });
    }
}

/// Five desks, of which the pair whose turn it is lies; every house but the seller has a part. Houses that find their line wrong,
/// before all desks settle the slot by the parts that the organiser gave.
fn found_wrong(wrong: &Wrong) -> Vec<(usize, LineDoubt)> {
    let mut street = Street::sharing_with(6, 5);
    let slot = SlotId(street.slot().0 + 1);
    let rule = FullDynamic { organiser: street.address(ORGANISER), whole: 100, factor: Factor::HALF };
    street.decide(share(SharingRule::FullDynamic(rule), slot));
    give(&mut street, ORGANISER, slot, &[(0, 40), (2, 20), (3, 20), (ORGANISER, 10), (5, 10)]);
    for desk in street.pair(slot) {
        street.lies.insert(desk, Lie::AboutLines);
    }
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.meter(5, slot, 60, 0);
    street.pass(500);
    settle_wrong(&mut street, slot, wrong);
    let doubt = |house: usize| {
        let own = street.core(house).energy().settled_slot(slot).unwrap();
        own.outcome().and_then(|outcome| outcome.doubt).map(|doubt| (house, doubt))
    };
    let doubts: Vec<_> = (0..6).filter_map(doubt).collect();
    for (house, _) in &doubts {
        let trouble = street.core(*house).settlement_trouble().unwrap();
        assert!(trouble.contains("lines of this building do not hold"), "house {house}: {trouble}");
    }
    street.pass(14 * 60_000);
    let state = street.core(5).ledger().state();
    let verdict = state.disputed(slot).expect("a dispute").verdict.clone().expect("a verdict");
    assert!(verdict.is_changed, "{verdict:?}");
    let liars: Vec<_> = street.pair(slot).map(|desk| street.address(desk)).into();
    assert!(liars.iter().all(|liar| verdict.wrong.contains(liar)), "{verdict:?}");
    let right = [(200, 0), (0, 500), (100, 0), (100, 0), (50, 0), (50, 0)];
    let lines = (0..6).map(|house| checked(&street, house, slot));
    assert_eq!(lines.collect::<Vec<_>>(), right.map(Some));
    doubts
}

/// Two desks that give one member another's part: whoever got less finds it wrong as much as whoever got more.
#[test]
fn a_member_that_gets_another_part_than_its_own_disputes_it() {
    let parts = vec![(0, 40), (2, 8), (3, 32), (ORGANISER, 10), (5, 10)];
    let doubts = found_wrong(&Wrong { parts, declined_wh: 0 });
    assert_eq!(doubts, [(2, LineDoubt::TooLittle), (3, LineDoubt::TooMuch)]);
}

/// The same where nobody gets more, as what is taken from a member goes to the grid.
#[test]
fn a_member_that_gets_less_disputes_it_alone() {
    let parts = vec![(0, 40), (2, 8), (3, 20), (ORGANISER, 10), (5, 10)];
    assert_eq!(found_wrong(&Wrong { parts, declined_wh: 0 }), [(2, LineDoubt::TooLittle)]);
}

/// Everybody's part would be right if half of the surplus had been declined: its owner knows that it was not.
#[test]
fn a_seller_knows_what_it_did_not_decline() {
    let parts = vec![(0, 20), (2, 10), (3, 10), (ORGANISER, 5), (5, 5)];
    assert_eq!(found_wrong(&Wrong { parts, declined_wh: 250 }), [(1, LineDoubt::TooLittle)]);
}
