//! Statements that may not count, desks that see something else, and where a building's figures can be found.

use protocol::energy::{
    Quality, Salt, SettlementMessage, SignedStatement, SlotId, SlotLength, Statement, StatementRefusal,
    Terms, WattHours,
};
use protocol::{Address, SigningKey};

use super::street::{LENGTH, Street};
use super::{NET, checked, meter_all};
use crate::core::catalogue::{AssetId, MetricName};
use crate::core::energy::{DwellingLabel, DwellingMeter, DwellingPlan};
use crate::core::maintenance::Change;

/// What house 4 might have said.
fn statement(street: &Street, slot: SlotId, import: i64) -> Statement {
    Statement {
        member: street.address(4),
        length: LENGTH,
        slot,
        import: WattHours(import),
        export: WattHours::ZERO,
        quality: Quality::Measured,
        version: 1,
        terms: Terms::default(),
        salt: Salt::new([1; 16]),
    }
}

fn signed(street: &Street, key: &SigningKey, statement: Statement) -> SignedStatement {
    let chain = street.core(0).ledger().chain();
    let bytes = protocol::encode(&statement);
    let signature = key.sign(protocol::Domain::Statement, &chain, &bytes);
    SignedStatement { statement, signature }
}

fn refusals(street: &Street, desk: usize) -> Vec<(Address, u32, StatementRefusal)> {
    let refusals = street.core(desk).energy().refusals();
    refusals.latest().map(|one| (one.member, one.version, one.reason)).collect()
}

#[test]
fn what_may_not_count_is_refused_with_its_reason_and_remembered() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let [desk, _] = street.pair(slot);
    street.until(slot.end(LENGTH).plus(2_000));
    let key = street.houses[4].key.clone();
    let stated = statement(&street, slot, 77);
    let scaled = {
        let mut one = signed(&street, &key, stated.clone());
        one.statement.import = WattHours(77_000);
        one
    };
    let of = |statement: Statement| signed(&street, &key, statement);
    let negative = of(Statement { import: WattHours(-77), ..stated });
    let both = of(Statement { export: WattHours(5), ..stated });
    let foreign = of(Statement { member: street.address(3), ..stated });
    let half = of(Statement { length: SlotLength::Half, ..stated });
    let early = of(Statement { slot: SlotId(slot.0 + 1), ..stated });
    let old = of(Statement { slot: SlotId(slot.0 - 50), ..stated });
    let second = of(Statement { version: 2, import: WattHours(78), ..stated });
    let first = of(stated.clone());
    let other = of(Statement { version: 2, import: WattHours(99), ..stated });
    use StatementRefusal::{
        Contradiction, Figures, Length, NotOver, OtherMember, Signature, Superseded, TooLate,
    };
    let expected = [
        (scaled, Some(Signature)),
        (negative, Some(Figures)),
        (both, Some(Figures)),
        (foreign, Some(OtherMember)),
        (half, Some(Length)),
        (early, Some(NotOver)),
        (old, Some(TooLate)),
        (second.clone(), None),
        (second, None),
        (first, Some(Superseded)),
        (other, Some(Contradiction)),
    ];
    let to = street.address(desk);
    let mut reasons = Vec::new();
    for (signed, refused) in expected {
        street.settlement(4, &to, SettlementMessage::Statement(Box::new(signed)));
        street.pass(10);
        reasons.extend(refused);
        let found: Vec<_> = refusals(&street, desk).into_iter().map(|(.., reason)| reason).collect();
        assert_eq!(found.last().copied(), reasons.last().copied());
    }
    let sent = street.address(4);
    assert!(refusals(&street, desk).iter().all(|(member, ..)| *member == sent));
    street.pass(15_000);
    street.stop(desk);
    street.start(desk);
    let kept: Vec<_> = refusals(&street, desk).into_iter().map(|(.., reason)| reason).collect();
    assert!(reasons.iter().all(|reason| kept.contains(reason)), "{kept:?} after a restart");
}

/// A node that lost its records says something else of a slot: it counts in neither way until it says a third thing,
/// under a version of its own, and both desks see it alike though each heard another half.
#[test]
fn whoever_contradicts_itself_is_left_out_until_it_says_better() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let pair = street.pair(slot);
    street.until(slot.end(LENGTH).plus(2_000));
    let key = street.houses[4].key.clone();
    for (desk, import) in pair.into_iter().zip([70, 90]) {
        let one = signed(&street, &key, statement(&street, slot, import));
        let to = street.address(desk);
        street.settlement(4, &to, SettlementMessage::Statement(Box::new(one)));
    }
    street.pass(10);
    meter_all(&mut street, slot);
    street.pass(60_000);
    let settled = street.core(0).ledger().state().settled(slot).unwrap();
    assert!(!settled.result.missing.contains(&street.address(4)));
    assert_eq!(street.core(4).energy().settled_slot(slot).unwrap().latest().version, 2);
    for house in 0..5 {
        assert!(checked(&street, house, slot).is_some(), "house {house}");
    }
}

/// Each desk misses what the other has heard: they exchange statements and agree.
#[test]
fn desks_that_heard_different_halves_agree() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let pair = street.pair(slot);
    for (house, desk) in [(3, pair[0]), (4, pair[1]), (5, pair[0])] {
        street.cut.insert((house.min(desk), house.max(desk)));
    }
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(10_000);
    let settled = street.core(0).ledger().state().settled(slot).unwrap();
    assert_eq!((settled.result.version, settled.result.traded), (1, WattHours(500)));
    assert!(checked(&street, 4, slot).is_some() && checked(&street, 3, slot).is_some());
}

/// When the pair is gone the next pair takes over, and is told what it needs by the members themselves.
#[test]
fn the_stand_by_pair_settles_what_is_overdue() {
    let mut street = Street::sharing(6);
    let slot = street.slot();
    let [desk, _] = street.pair(slot);
    street.until(slot.end(LENGTH).plus(2_000));
    street.stop(desk);
    for house in (0..5).filter(|house| *house != desk) {
        street.meter(house, slot, NET[house].max(0), (-NET[house]).max(0));
    }
    street.until(slot.end(LENGTH).plus(14 * 60_000));
    assert!(street.core(4).ledger().state().settled(slot).is_none());
    street.until(slot.end(LENGTH).plus(35 * 60_000));
    let settled = street.core(4).ledger().state().settled(slot).unwrap();
    assert!(!settled.settlers.contains(&street.address(desk)));
    assert!(settled.result.missing.contains(&street.address(desk)));
    assert!(checked(&street, 4, slot).is_some());
}

/// A series with figures that occur nowhere else is found with its owner and its two desks, and nowhere else: not in a
/// block, not in gossip, not on another member's disk, not in a message to anybody else.
#[test]
fn a_series_is_known_to_its_owner_and_two_desks_alone() {
    let mut street = Street::sharing(6);
    let first = street.slot();
    let pair = street.pair(first);
    let series = [7_654_321i64, 5_432_109, 6_543_210, 4_321_098];
    for (step, planted) in series.into_iter().enumerate() {
        let slot = SlotId(first.0 + step as u64);
        street.until(slot.end(LENGTH).plus(2_000));
        for house in [0, 1, 2, 3] {
            street.meter(house, slot, NET[house].max(0), (-NET[house]).max(0));
        }
        street.meter(4, slot, planted, 0);
        street.pass(10_000);
        assert_eq!(checked(&street, 4, slot).map(|(bought, _)| bought > 0), Some(true));
    }
    let holds = |bytes: &[u8], figure: i64| {
        let needle = u32::try_from(figure).unwrap().to_be_bytes();
        bytes.windows(4).any(|window| window == needle)
    };
    let mut seen = 0;
    for figure in series {
        for (from, to, bytes) in &street.heard {
            if holds(bytes, figure) {
                seen += 1;
                let insiders = [4, pair[0], pair[1]];
                assert!(insiders.contains(from) && insiders.contains(to), "{from} told {to}");
            }
        }
        assert!(!street.said.iter().any(|bytes| holds(bytes, figure)), "in a block or in gossip");
        for (house, home) in street.houses.iter().enumerate() {
            let found = home.entries.values().any(|value| holds(value, figure));
            assert_eq!(found, house == 4 || pair.contains(&house), "on the disk of house {house}");
        }
    }
    assert!(seen >= 2 * series.len(), "each figure went to both desks");
}

/// What an operator calls a dwelling stays on the building's own disk, through a day of settling and a restart.
#[test]
fn a_dwellings_label_never_leaves_its_building() {
    const LABEL: &str = "Dachwohnung 7b";
    let mut street = Street::sharing(6);
    let (asset, metric) = (AssetId(1), MetricName::new("import_wh").unwrap());
    let meter = DwellingMeter { dwelling: DwellingLabel::new(LABEL).unwrap(), asset, metric };
    let plan = DwellingPlan::new(vec![meter], true).unwrap();
    let change = Change::PutDwellings(plan.clone());
    let home = &mut street.houses[4];
    home.entries.insert(change.key(), change.value().unwrap());
    home.core.as_mut().unwrap().energy.dwellings = plan;
    let slot = street.slot();
    street.until(slot.end(LENGTH).plus(2_000));
    meter_all(&mut street, slot);
    street.pass(10_000);
    assert!(checked(&street, 4, slot).is_some());
    let holds = |bytes: &[u8]| bytes.windows(LABEL.len()).any(|window| window == LABEL.as_bytes());
    assert!(!street.heard.is_empty() && !street.said.is_empty());
    assert!(!street.heard.iter().any(|(_, _, bytes)| holds(bytes)), "told to a desk");
    assert!(!street.said.iter().any(|bytes| holds(bytes)), "in a block or in gossip");
    for (house, home) in street.houses.iter().enumerate() {
        assert_eq!(
            home.entries.values().any(|value| holds(value)),
            house == 4,
            "on the disk of house {house}"
        );
    }
    street.stop(4);
    street.start(4);
    let labels = street.core(4).energy().dwelling_plan().dwellings();
    assert_eq!(labels.iter().map(DwellingLabel::as_str).collect::<Vec<_>>(), [LABEL]);
}
