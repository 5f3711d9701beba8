//! Each option a hive may vote for, on slots small enough to follow.

use protocol::energy::{
    Factor, FullDynamic, Percent, Price, PriorityGroups, SharingKey, SharingRule, StaticKey, Terms,
    WattHours, Weights,
};

use super::{member, part, parts, setting};
use crate::energy::{Outcome, Part, Setting, SettleError, settle};

fn run(rule: &SharingRule, parts: &[Part]) -> Outcome {
    settle(&setting(rule), parts).unwrap()
}

fn alloc(outcome: &Outcome) -> Vec<i64> {
    outcome.lines.iter().map(|line| line.alloc.0).collect()
}

fn sold(outcome: &Outcome) -> Vec<i64> {
    outcome.lines.iter().map(|line| line.sold.0).collect()
}

fn weights(of: &[u32]) -> SharingKey {
    SharingKey::Weights(Weights::new(of.iter().enumerate().map(|(n, w)| (member(n), *w)).collect()).unwrap())
}

fn fixed(key: SharingKey) -> StaticKey {
    StaticKey { key, factor: Factor::HALF }
}

#[test]
fn supply_and_demand_place_the_price() {
    let price = |net: &[i64]| run(&SharingRule::SupplyDemand, &parts(net)).price.unwrap().0;
    assert_eq!(price(&[100, -100]), 40_000, "enough for all");
    assert_eq!(price(&[100, -500]), 40_000);
    assert_eq!(price(&[100]), 250_000, "nobody sells");
    // 250,000 × 40,000 × 100 / (210,000 × 50 + 40,000 × 100), rounded down.
    assert_eq!(price(&[100, -50]), 68_965);
    let free = |net: &[i64]| {
        let setting = Setting { feed_in: Price(0), ..setting(&SharingRule::SupplyDemand) };
        settle(&setting, &parts(net)).unwrap().price.unwrap().0
    };
    assert_eq!((free(&[100, -50]), free(&[100])), (0, 250_000), "no supplier pays for surplus");
}

#[test]
fn a_fixed_part_that_nobody_takes_is_lost_to_the_grid() {
    let outcome = run(&SharingRule::StaticFixed(fixed(SharingKey::Equal)), &parts(&[10, 90, -90]));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![10, 30, 0], vec![0, 0, 40]));
    let outcome = run(&SharingRule::StaticFixed(fixed(weights(&[1, 2, 0]))), &parts(&[10, 90, -90]));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![10, 60, 0], vec![0, 0, 70]));
}

#[test]
fn a_relative_part_leaves_the_producer_out() {
    let outcome = run(&SharingRule::StaticRelative(fixed(SharingKey::Equal)), &parts(&[10, 90, -90]));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![10, 45, 0], vec![0, 0, 55]));
    // Two producers: each divides among the three others, and the other producer's part is lost.
    let outcome = run(&SharingRule::StaticRelative(fixed(SharingKey::Equal)), &parts(&[50, 50, -30, -60]));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![30, 30, 0, 0], vec![0, 0, 20, 40]));
}

#[test]
fn an_iterated_part_serves_whoever_still_needs() {
    let rule = SharingRule::StaticIterated(fixed(SharingKey::Equal));
    let outcome = run(&rule, &parts(&[10, 90, 30, -90]));
    assert_eq!(alloc(&outcome), [10, 50, 30, 0]);
    // Who has no weight gets nothing, however much is left.
    let outcome =
        run(&SharingRule::StaticIterated(fixed(weights(&[1, 0, 0, 0]))), &parts(&[10, 90, 30, -90]));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![10, 0, 0, 0], vec![0, 0, 0, 10]));
}

#[test]
fn an_organiser_gives_parts_of_each_slot() {
    let rule =
        SharingRule::FullDynamic(FullDynamic { organiser: member(0), whole: 100, factor: Factor::HALF });
    let given = |of: &[u32]| match weights(of) {
        SharingKey::Weights(weights) => weights,
        SharingKey::Equal => unreachable!("invariant: weights were asked for"),
    };
    let net = parts(&[10, 90, -90]);
    let with = |parts: &[u32]| {
        let parts = given(parts);
        settle(&Setting { coefficients: Some(&parts), ..setting(&rule) }, &net)
    };
    let outcome = with(&[50, 30]).unwrap();
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![10, 27, 0], vec![0, 0, 37]), "a fifth is for nobody");
    assert_eq!(with(&[50, 60]), Err(SettleError::Parts { whole: 100, found: 110 }));
    assert_eq!(run(&rule, &net), run(&SharingRule::DEFAULT, &net), "none came: in proportion to consumption");
    // The part of a member that is not in the slot goes to nobody else.
    let outcome = settle(&Setting { coefficients: Some(&given(&[0, 50, 0, 50])), ..setting(&rule) }, &net);
    assert_eq!(alloc(&outcome.unwrap()), [0, 45, 0]);
}

#[test]
fn groups_are_served_in_order() {
    let groups = PriorityGroups::new(vec![vec![member(2)], vec![member(0)]], Factor::HALF).unwrap();
    let outcome = run(&SharingRule::Priority(groups), &parts(&[40, 30, 25, 30, -80]));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![40, 8, 25, 7, 0], vec![0, 0, 0, 0, 80]));
}

#[test]
fn limits_cross_and_the_last_pair_makes_the_price() {
    let rule = SharingRule::Auction(Factor::HALF);
    let buys = |n, wh, limit| part(n, wh, Terms { buy_up_to: Some(Price(limit)), ..Terms::default() });
    let sells =
        |n, wh: i64, limit| part(n, -wh, Terms { sell_at_least: Some(Price(limit)), ..Terms::default() });
    let orders = [
        buys(0, 50, 200_000),
        buys(1, 30, 150_000),
        buys(2, 60, 150_000),
        buys(3, 40, 90_000),
        sells(4, 60, 50_000),
        sells(5, 40, 140_000),
        sells(6, 70, 160_000),
    ];
    let outcome = run(&rule, &orders);
    // 60 + 40 Wh sell below 150,000; the last pair is 150,000 against 140,000.
    assert_eq!((outcome.traded.0, outcome.price), (100, Some(Price(145_000))));
    assert_eq!(alloc(&outcome), [50, 17, 33, 0, 0, 0, 0], "the marginal buyers share 50 Wh as 30 to 60");
    assert_eq!(sold(&outcome), [0, 0, 0, 0, 60, 40, 0]);
    // A fee of 20,000 is subtracted once: 150,000 no longer reaches 140,000.
    let with_fee = settle(&Setting { fee: Price(20_000), ..setting(&rule) }, &orders).unwrap();
    assert_eq!((with_fee.traded.0, with_fee.price), (60, Some(Price(90_000))));
    assert_eq!(alloc(&with_fee), [50, 3, 7, 0, 0, 0, 0]);
    // Nobody crosses.
    let apart = run(&rule, &[buys(0, 50, 60_000), sells(1, 50, 70_000)]);
    assert_eq!((apart.traded.0, apart.price), (0, None));
}

/// Who says nothing has the full range as its limits, so that an auction of silent members is the default rule.
#[test]
fn an_auction_without_limits_is_the_default_rule() {
    for fee in [0, 86_000, 210_000, 210_001] {
        for net in
            [vec![34, 80, -69, 22, -263, 100], vec![5, -500, -3], vec![-1, -2], vec![9], vec![7, 7, -7]]
        {
            let parts = parts(&net);
            let by =
                |rule: &SharingRule| settle(&Setting { fee: Price(fee), ..setting(rule) }, &parts).unwrap();
            let (auction, default) = (by(&SharingRule::Auction(Factor::HALF)), by(&SharingRule::DEFAULT));
            assert_eq!(auction.lines, default.lines, "fee {fee}, {net:?}");
            assert_eq!(auction.traded, default.traded);
        }
    }
}

#[test]
fn limits_beyond_the_band_are_worth_its_ends() {
    let rule = SharingRule::Auction(Factor::new(1, 1).unwrap());
    let greedy = [
        part(0, 50, Terms { buy_up_to: Some(Price(9_000_000)), ..Terms::default() }),
        part(1, -50, Terms { sell_at_least: Some(Price(0)), ..Terms::default() }),
    ];
    assert_eq!(run(&rule, &greedy).price, Some(Price(250_000)));
    let rule = SharingRule::Auction(Factor::new(0, 1).unwrap());
    assert_eq!(run(&rule, &greedy).price, Some(Price(40_000)));
}

#[test]
fn a_member_shares_as_much_as_it_says() {
    let terms = |percent| Terms { participation: Percent::new(percent).unwrap(), ..Terms::default() };
    let outcome =
        run(&SharingRule::DEFAULT, &[part(0, 99, terms(50)), part(1, -99, terms(33)), part(2, 60, terms(0))]);
    assert_eq!((outcome.demand.0, outcome.surplus.0), (49, 32));
    assert_eq!((alloc(&outcome), sold(&outcome)), (vec![32, 0, 0], vec![0, 32, 0]));
    let keeps = Terms { sell_above: WattHours(70), ..Terms::default() };
    let outcome = run(&SharingRule::DEFAULT, &[part(0, 99, Terms::default()), part(1, -99, keeps)]);
    assert_eq!(sold(&outcome), [0, 29]);
    let outcome = run(&SharingRule::DEFAULT, &[part(0, 99, Terms::default()), part(1, -69, keeps)]);
    assert_eq!(sold(&outcome), [0, 0]);
}

/// Under a rule with one price for all, a limit says whether a member takes part, never what others pay.
#[test]
fn who_finds_the_price_wrong_stays_out() {
    let buys = |limit| Terms { buy_up_to: Some(Price(limit)), ..Terms::default() };
    let sells = |limit| Terms { sell_at_least: Some(Price(limit)), ..Terms::default() };
    let slot = |buyer, seller| {
        run(
            &SharingRule::DEFAULT,
            &[part(0, 50, buys(buyer)), part(1, 50, Terms::default()), part(2, -60, sells(seller))],
        )
    };
    assert_eq!(alloc(&slot(145_000, 145_000)), [30, 30, 0], "a limit that is met exactly counts");
    assert_eq!(alloc(&slot(144_999, 0)), [0, 50, 0]);
    assert_eq!(alloc(&slot(250_000, 145_001)), [0, 0, 0]);
    assert_eq!(slot(144_999, 0).price, slot(250_000, 0).price);
    let declined = |buyer, seller| slot(buyer, seller).declined.0;
    assert_eq!((declined(250_000, 145_001), declined(250_000, 145_000), declined(144_999, 0)), (60, 0, 0));
    // A limit includes the fee.
    let setting = Setting { fee: Price(10_000), ..setting(&SharingRule::DEFAULT) };
    for (limit, got) in [(150_000, 30), (149_999, 0)] {
        let parts = [part(0, 30, buys(limit)), part(1, -60, Terms::default())];
        assert_eq!(alloc(&settle(&setting, &parts).unwrap()), [got, 0], "{limit}");
    }
}

#[test]
fn a_gift_comes_first_and_costs_nothing() {
    let gives = |to| Terms { give_to: Some(member(to)), ..Terms::default() };
    let slot = [
        part(0, 40, Terms::default()),
        part(1, 50, Terms::default()),
        part(2, -30, gives(0)),
        part(3, -60, gives(0)),
        part(4, -20, Terms::default()),
    ];
    let outcome = run(&SharingRule::DEFAULT, &slot);
    // 40 of the 90 Wh offered as gifts are needed: 13 and 27. The rest is shared like any surplus.
    assert_eq!((outcome.traded.0, outcome.given.0), (90, 40));
    assert_eq!(alloc(&outcome), [40, 50, 0, 0, 0]);
    assert_eq!(sold(&outcome), [0, 0, 13 + 12, 27 + 24, 14]);
    assert_eq!(outcome.lines[0].pay.0, 0);
    assert_eq!(outcome.lines[1].pay.0, 50 * 145);
    // A gift to who is not there, to oneself or to who sells is sold like the rest.
    for to in [2, 4, 9] {
        let slot = [part(0, 40, Terms::default()), part(2, -30, gives(to)), part(4, -20, Terms::default())];
        let outcome = run(&SharingRule::DEFAULT, &slot);
        assert_eq!((outcome.given.0, outcome.traded.0), (0, 40), "to {to}");
    }
}
