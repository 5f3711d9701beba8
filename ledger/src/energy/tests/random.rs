//! Random slots: every rule keeps its promises, and the plain twin agrees.

use proptest::prelude::*;
use protocol::energy::{
    Factor, FullDynamic, Percent, Price, PriorityGroups, SharingKey, SharingRule, StaticKey, Terms,
    WattHours, Weights,
};

use super::{member, part, parts, setting, twin};
use crate::energy::{Outcome, Part, Setting, settle, share, write_line};

fn lines(outcome: &Outcome) -> twin::Lines {
    let column = |of: fn(&crate::energy::Line) -> i64| outcome.lines.iter().map(of).collect();
    [column(|l| l.alloc.0), column(|l| l.sold.0), column(|l| l.pay.0), column(|l| l.rev.0)]
}

fn factors() -> impl Strategy<Value = Factor> {
    (0u32..=7, 1u32..=7).prop_map(|(num, den)| Factor::new(num.min(den), den).unwrap())
}

fn terms(members: usize) -> impl Strategy<Value = Terms> {
    let price = || proptest::option::of((0i64..=300_000).prop_map(Price));
    (0u8..=100, 0i64..=60, price(), price(), proptest::option::weighted(0.2, 0..members + 1)).prop_map(
        |(percent, above, sell, buy, to)| Terms {
            participation: Percent::new(percent).unwrap(),
            sell_above: WattHours(above),
            sell_at_least: sell,
            buy_up_to: buy,
            give_to: to.map(member),
        },
    )
}

fn fixed() -> impl Strategy<Value = StaticKey> {
    let key = proptest::option::of(proptest::collection::vec(0u32..9, 1..12)).prop_map(|weights| {
        let listed =
            weights.map(|weights| weights.into_iter().enumerate().map(|(n, w)| (member(n), w)).collect());
        listed.and_then(|listed| Weights::new(listed).ok()).map_or(SharingKey::Equal, SharingKey::Weights)
    });
    (key, factors()).prop_map(|(key, factor)| StaticKey { key, factor })
}

fn rules() -> impl Strategy<Value = SharingRule> {
    let groups =
        (proptest::collection::btree_set(0usize..12, 0..8), factors()).prop_map(|(first, factor)| {
            PriorityGroups::new(vec![first.into_iter().map(member).collect()], factor).unwrap()
        });
    prop_oneof![
        factors().prop_map(SharingRule::Dynamic),
        factors().prop_map(SharingRule::Auction),
        Just(SharingRule::SupplyDemand),
        fixed().prop_map(SharingRule::StaticFixed),
        fixed().prop_map(SharingRule::StaticRelative),
        fixed().prop_map(SharingRule::StaticIterated),
        factors().prop_map(|factor| SharingRule::FullDynamic(FullDynamic {
            organiser: member(0),
            whole: 9_999,
            factor
        })),
        groups.prop_map(SharingRule::Priority),
    ]
}

fn slot() -> impl Strategy<Value = Vec<Part>> {
    (0usize..12).prop_flat_map(|members| {
        let one = (-90i64..=90, terms(members), any::<bool>());
        proptest::collection::vec(one, members).prop_map(|drawn| {
            let terms_of = |terms, plain| if plain { Terms::default() } else { terms };
            drawn
                .into_iter()
                .enumerate()
                .map(|(n, (net, terms, plain))| part(n, net, terms_of(terms, plain)))
                .collect()
        })
    })
}

proptest! {
    #[test]
    fn sharing_is_what_the_twin_does(total in 0i64..5_000, weights in proptest::collection::vec(0i64..40, 0..20)) {
        let expected = if weights.iter().sum::<i64>() == 0 { vec![0; weights.len()] } else { twin::share(total, &weights) };
        prop_assert_eq!(share(total, &weights), expected);
    }

    #[test]
    fn the_default_rule_is_what_the_twin_does(
        net in proptest::collection::vec(-300i64..300, 0..30), factor in factors(), fee in 0i64..210_000,
    ) {
        let rule = SharingRule::Dynamic(factor);
        let outcome = settle(&Setting { fee: Price(fee), ..setting(&rule) }, &parts(&net)).unwrap();
        prop_assert_eq!(lines(&outcome), twin::dynamic(&net, 40_000, 250_000 - fee, factor));
    }

    #[test]
    fn an_auction_is_what_the_twin_does(
        orders in proptest::collection::vec((-60i64..60, 4i64..26), 0..14), factor in factors(), fee in 0i64..9,
    ) {
        let rule = SharingRule::Auction(factor);
        let fee = fee * 10_000;
        let (net, limits): (Vec<i64>, Vec<Price>) = orders.into_iter().map(|(n, p)| (n, Price(p * 10_000))).unzip();
        let terms = |place: usize| {
            let limit = Some(limits[place]);
            Terms { buy_up_to: limit, sell_at_least: limit, ..Terms::default() }
        };
        let parts: Vec<Part> = net.iter().enumerate().map(|(n, net)| part(n, *net, terms(n))).collect();
        let outcome = settle(&Setting { fee: Price(fee), ..setting(&rule) }, &parts).unwrap();
        prop_assert_eq!(lines(&outcome), twin::auction(&net, &limits, fee, factor));
    }

    /// Whatever an organiser gives: what is bought is sold to the watt-hour, nobody gets more than it uses or than its part
    /// rounded up, and what nobody was given or could use stays out of it.
    #[test]
    fn parts_of_an_organiser_add_up_and_give_nobody_more_than_it_uses(
        net in proptest::collection::vec((-900i64..900, 0u32..500), 1..20), spare in 0u32..2_000,
    ) {
        let given: Vec<_> = net.iter().enumerate().map(|(n, (_, part))| (member(n), *part)).collect();
        let total: u32 = given.iter().map(|(_, part)| *part).sum();
        prop_assume!(total > 0);
        let (whole, coefficients) = (total + spare, Weights::new(given.clone()).unwrap());
        let rule = FullDynamic { organiser: member(0), whole, factor: Factor::HALF };
        let rule = SharingRule::FullDynamic(rule);
        let net: Vec<i64> = net.into_iter().map(|(net, _)| net).collect();
        let outcome = settle(&Setting { coefficients: Some(&coefficients), ..setting(&rule) }, &parts(&net)).unwrap();
        let surplus: i64 = net.iter().map(|net| (-net).max(0)).sum();
        let bought: i64 = outcome.lines.iter().map(|line| line.alloc.0).sum();
        prop_assert_eq!(bought, outcome.lines.iter().map(|line| line.sold.0).sum::<i64>());
        prop_assert_eq!(bought, outcome.traded.0);
        for (line, (_, part)) in outcome.lines.iter().zip(&given) {
            let exact = surplus * i64::from(*part) / i64::from(whole);
            let need = line.demand.0;
            prop_assert!(line.alloc.0 >= need.min(exact) && line.alloc.0 <= need.min(exact + 1), "{:?}", line);
            prop_assert!(line.sold.0 <= line.surplus.0);
        }
    }

    /// Sums, bounds and prices are asserted by `settle` itself; here every rule meets every kind of terms, and the
    /// order of arrival changes no byte.
    #[test]
    fn every_rule_keeps_its_promises_in_any_order(
        rule in rules(), slot in slot(), fee in 0i64..250_000, seed in any::<u64>(),
    ) {
        let setting = Setting { fee: Price(fee), ..setting(&rule) };
        let outcome = settle(&setting, &slot).unwrap();
        let mut shuffled = slot;
        shuffled.sort_by_key(|part| blake3::hash(&[part.member.as_bytes().as_slice(), &seed.to_be_bytes()].concat()).as_bytes()[0]);
        shuffled.reverse();
        let again = settle(&setting, &shuffled).unwrap();
        let text = |outcome| {
            let mut text = String::new();
            write_line(1, outcome, &mut text);
            text
        };
        prop_assert_eq!(text(&again), text(&outcome));
        prop_assert_eq!(again, outcome);
    }

    /// Under the default rule, and no terms of their own, everybody is at least as well off as alone, but for what
    /// rounding moves in one slot.
    #[test]
    fn nobody_loses_by_the_default_rule(net in proptest::collection::vec(-300i64..300, 0..30), fee in 0i64..210_000) {
        let rule = SharingRule::DEFAULT;
        let setting = Setting { fee: Price(fee), ..setting(&rule) };
        for line in settle(&setting, &parts(&net)).unwrap().lines {
            let mut bill = crate::energy::Bill::default();
            bill.add(&setting, &line).unwrap();
            prop_assert!(bill.change().unwrap().0 <= 3, "{line:?} changes by {:?}", bill.change());
        }
    }

    /// Who serves nobody first serves everybody alike, and the factor of the price moves money only.
    #[test]
    fn rules_that_come_to_the_same(net in proptest::collection::vec(-300i64..300, 0..20)) {
        let parts = parts(&net);
        let by = |rule: SharingRule| lines(&settle(&setting(&rule), &parts).unwrap());
        let default = by(SharingRule::DEFAULT);
        let nobody_first = PriorityGroups::new(vec![], Factor::HALF).unwrap();
        prop_assert_eq!(&by(SharingRule::Priority(nobody_first)), &default);
        prop_assert_eq!(&by(SharingRule::Auction(Factor::HALF)), &default);
        prop_assert_eq!(&by(SharingRule::SupplyDemand)[..2], &default[..2]);
        let iterated = by(SharingRule::StaticIterated(StaticKey { key: SharingKey::Equal, factor: Factor::HALF }));
        prop_assert_eq!(iterated[0].iter().sum::<i64>(), default[0].iter().sum::<i64>());
    }
}
