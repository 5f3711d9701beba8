//! Figures that nobody should send, and slots as large as they may be.

use protocol::energy::{
    Factor, MicroEuro, Percent, Price, Quality, Salt, SharingKey, SharingRule, SlotId, SlotLength, Statement,
    StaticKey, Terms, WattHours,
};
use protocol::limits::{PRICE_MAX, SETTLED_MEMBERS_MAX, SLOT_ENERGY_WH_MAX};

use super::{member, part, parts, setting};
use crate::energy::{Bill, Line, Part, Setting, SettleError, settle, share};

#[test]
fn extremes_are_errors() {
    let slot = |demand, surplus| {
        let wrong =
            Part { demand: WattHours(demand), surplus: WattHours(surplus), ..part(1, 0, Terms::default()) };
        settle(&setting(&SharingRule::DEFAULT), &[part(0, 5, Terms::default()), wrong])
    };
    for (demand, surplus) in
        [(i64::MAX, 0), (i64::MIN, 0), (0, i64::MAX), (0, i64::MIN), (-1, 0), (0, SLOT_ENERGY_WH_MAX + 1)]
    {
        assert!(matches!(slot(demand, surplus), Err(SettleError::Energy { .. })), "{demand}, {surplus}");
    }
    assert!(matches!(slot(1, 1), Err(SettleError::BothWays { .. })));
    assert!(slot(SLOT_ENERGY_WH_MAX, 0).is_ok() && slot(0, SLOT_ENERGY_WH_MAX).is_ok());
    let rule = SharingRule::DEFAULT;
    for wrong in [
        Setting { retail: Price(i64::MAX), ..setting(&rule) },
        Setting { feed_in: Price(i64::MIN), ..setting(&rule) },
        Setting { fee: Price(-1), ..setting(&rule) },
        Setting { fee: Price(PRICE_MAX + 1), ..setting(&rule) },
    ] {
        assert!(matches!(settle(&wrong, &parts(&[5, -5])), Err(SettleError::Invalid(_))), "{wrong:?}");
    }
    let terms = Terms { sell_above: WattHours(i64::MIN), ..Terms::default() };
    let found = settle(&setting(&rule), &[part(0, -5, terms)]);
    assert!(matches!(found, Err(SettleError::Invalid(_))), "{found:?}");
}

#[test]
fn a_surplus_is_sold_once() {
    let rule = SharingRule::DEFAULT;
    let twice = [part(0, 5, Terms::default()), part(1, -9, Terms::default()), part(1, -9, Terms::default())];
    assert_eq!(settle(&setting(&rule), &twice), Err(SettleError::Twice { member: member(1) }));
    let other_figure =
        [part(1, -9, Terms::default()), part(0, 5, Terms::default()), part(1, -8, Terms::default())];
    assert_eq!(settle(&setting(&rule), &other_figure), Err(SettleError::Twice { member: member(1) }));
}

/// Every rule, with as many members as there may be and the highest figures and prices: nothing wraps.
#[test]
fn the_largest_slot_is_exact() {
    let highest = |factor| Factor::new(factor, 1).unwrap();
    let key = StaticKey { key: SharingKey::Equal, factor: highest(1) };
    let rules = [
        SharingRule::Dynamic(highest(1)),
        SharingRule::Auction(highest(1)),
        SharingRule::SupplyDemand,
        SharingRule::StaticFixed(key.clone()),
        SharingRule::StaticIterated(key),
    ];
    let half = SETTLED_MEMBERS_MAX / 2;
    let net: Vec<i64> = (0..SETTLED_MEMBERS_MAX)
        .map(|n| if n < half { SLOT_ENERGY_WH_MAX } else { -SLOT_ENERGY_WH_MAX })
        .collect();
    let parts = parts(&net);
    for rule in &rules {
        let setting = Setting { retail: Price(PRICE_MAX), feed_in: Price(0), ..setting(rule) };
        let outcome = settle(&setting, &parts).unwrap();
        assert!(outcome.traded.0 > 0 && outcome.lines.len() == SETTLED_MEMBERS_MAX, "{}", rule.name());
    }
    let more = [parts, vec![part(SETTLED_MEMBERS_MAX, 1, Terms::default())]].concat();
    let (max, found) = (SETTLED_MEMBERS_MAX, SETTLED_MEMBERS_MAX + 1);
    assert_eq!(settle(&setting(&SharingRule::DEFAULT), &more), Err(SettleError::TooMany { max, found }));
}

#[test]
fn two_hundred_members_and_one_watt_hour() {
    let net: Vec<i64> = (0..200).map(|n| if n == 150 { -1 } else { 10 }).collect();
    let outcome = settle(&setting(&SharingRule::DEFAULT), &parts(&net)).unwrap();
    let got: Vec<usize> = (0..200).filter(|n| outcome.lines[*n].alloc.0 == 1).collect();
    assert_eq!((outcome.traded.0, got), (1, vec![0]), "of equal remainders the lowest member's comes first");
}

#[test]
fn shares_of_the_largest_numbers() {
    assert_eq!(share(i64::MAX, &[i64::MAX, i64::MAX]), [i64::MAX / 2 + 1, i64::MAX / 2]);
    assert_eq!(share(i64::MAX, &[1]), [i64::MAX]);
    assert_eq!((share(5, &[0, 0]), share(0, &[3, 4]), share(7, &[])), (vec![0, 0], vec![0, 0], vec![]));
}

#[test]
fn a_bill_beyond_its_account_is_an_error() {
    let rule = SharingRule::DEFAULT;
    let setting = setting(&rule);
    let zero = (WattHours::ZERO, MicroEuro::ZERO);
    let line = Line {
        member: member(0),
        demand: WattHours(1_000),
        surplus: zero.0,
        alloc: zero.0,
        sold: zero.0,
        pay: zero.1,
        rev: zero.1,
        fee: zero.1,
    };
    let mut full = Bill { shared: MicroEuro(i64::MAX - 249_999), ..Bill::default() };
    let before = full;
    assert_eq!(full.add(&setting, &line), Err(SettleError::Overflow { max: MicroEuro(i64::MAX) }));
    assert_eq!(full, before);
    assert_eq!(Bill { shared: MicroEuro(i64::MAX), alone: MicroEuro(-1), ..before }.change(), None);
}

/// What a meter did not say is not zero: the member is not in the slot.
#[test]
fn a_missing_figure_takes_no_part() {
    let statement = Statement {
        member: member(0),
        length: SlotLength::Quarter,
        slot: SlotId(7),
        import: WattHours(12),
        export: WattHours(0),
        quality: Quality::Estimated,
        version: 1,
        terms: Terms { participation: Percent::new(50).unwrap(), ..Terms::default() },
        salt: Salt::new([0; 16]),
    };
    assert_eq!(Part::of(&statement), Some(part(0, 12, statement.terms)));
    let missing = Statement { import: WattHours(0), quality: Quality::Missing, ..statement };
    assert_eq!(Part::of(&missing), None);
}
