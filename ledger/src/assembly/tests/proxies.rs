//! Proxies: who may hold them, how many, for how long.

use protocol::assembly::{
    Duty, ItemNumber, LotId, Mandate, Matter, Meeting, PersonId, Proxy, ProxyAct, Registry, RuleSet, Votes,
};
use protocol::energy::Salt;
use protocol::{Bounded, Digest};

use super::{AssemblyId, CHAIN, House, at, key, other_assembly, registry, resolution, serve};
use crate::assembly::{Entered, Hall, Place, Proxies, ProxyPaper, ProxyRefused, Refused, proxy_limit};

fn house(building: &Registry, meeting: Meeting) -> House {
    House::new(building, meeting, vec![resolution(Matter::Ordinary)])
}

fn signed(principal: u32, assembly: AssemblyId, act: ProxyAct) -> ProxyPaper {
    let salt = Salt::new([u8::try_from(principal).unwrap(); 16]);
    let proxy = Proxy { assembly, principal: key(principal).public(), act, salt };
    ProxyPaper::Signed(proxy.sign(&key(principal), &CHAIN).verify(&CHAIN).unwrap())
}

fn mandate(lots: &[u32], holder: u32) -> Mandate {
    let lots = Bounded::new(lots.iter().copied().map(LotId).collect()).unwrap();
    Mandate { lots, holder: PersonId(holder), items: Bounded::default(), covers_second: true }
}

/// Person n gives lot n to `holder`.
fn give(house: &House, principal: u32, holder: u32) -> ProxyPaper {
    signed(principal, house.opening.id(), ProxyAct::Give(mandate(&[principal], holder)))
}

fn admit(hall: &Hall<'_>, came: Vec<ProxyPaper>) -> Proxies {
    let entered = came.into_iter().zip(0..).map(|(value, index)| Entered { value, at: at(12, index) });
    Proxies::admit(hall, entered.collect())
}

fn why(proxies: &Proxies) -> Vec<ProxyRefused> {
    proxies.refused().iter().map(|(_, why)| *why).collect()
}

#[test]
fn three_proxies_or_a_tenth_of_all_votes() {
    for law in RuleSet::ALL {
        // Four proxies of 20 and an own lot of 20 are exactly a tenth of 1,000; at 21 they are more.
        for (own, fourth_counts) in [(20, true), (21, false)] {
            let building = registry(law, &[own, 20, 20, 20, 20, 900 - (own - 20)]);
            let house = house(&building, Meeting::First);
            let came = (2..=5).map(|principal| give(&house, principal, 1)).collect();
            let proxies = admit(&house.hall(), came);
            let expected = ProxyRefused::TooMany { proxies: 4, carried: Votes(101) };
            assert_eq!(proxies.held().count(), 3 + usize::from(fourth_counts));
            assert_eq!(why(&proxies), if fourth_counts { vec![] } else { vec![expected] });
        }
        // Three are allowed however large.
        let house = house(&registry(law, &[100, 300, 300, 300]), Meeting::First);
        let came = (2..=4).map(|principal| give(&house, principal, 1)).collect();
        assert_eq!(admit(&house.hall(), came).held().count(), 3);
        let worked = proxy_limit(&house.roll, 4, Votes(1_000)).to_string();
        assert_eq!(worked, "4 ≤ 3, or 10 × 1000 ≤ 1000");
    }
}

#[test]
fn several_lots_of_one_principal_are_one_proxy() {
    let mut building = registry(RuleSet::Belgium2020, &[100; 8]);
    for lot in [3, 4, 5] {
        super::own(&mut building, lot, super::sole(2));
    }
    let house = house(&building, Meeting::First);
    let part = |lots: &[u32], salt: u8| {
        let act = ProxyAct::Give(mandate(lots, 1));
        let (assembly, principal) = (house.opening.id(), key(2).public());
        let proxy = Proxy { assembly, principal, act, salt: Salt::new([salt; 16]) };
        ProxyPaper::Signed(proxy.sign(&key(2), &CHAIN).verify(&CHAIN).unwrap())
    };
    let came = vec![part(&[2], 1), part(&[3], 2), part(&[4, 5], 3), give(&house, 6, 1), give(&house, 7, 1)];
    let proxies = admit(&house.hall(), came);
    assert_eq!((proxies.held().count(), why(&proxies)), (5, vec![]));
}

#[test]
fn who_is_barred_from_standing_for_others() {
    for (law, duty, is_barred) in [
        (RuleSet::Belgium2020, Duty::Syndic, true),
        (RuleSet::Belgium2020, Duty::SyndicPartner, false),
        (RuleSet::Belgium2020, Duty::Council, false),
        (RuleSet::France2020, Duty::Syndic, true),
        (RuleSet::France2020, Duty::SyndicPartner, true),
        (RuleSet::France2020, Duty::SyndicRelative, true),
        (RuleSet::France2020, Duty::SyndicStaff, true),
        (RuleSet::France2020, Duty::Council, false),
    ] {
        let mut building = registry(law, &[100, 100, 100]);
        serve(&mut building, 9, duty);
        let house = house(&building, Meeting::First);
        let proxies = admit(&house.hall(), vec![give(&house, 1, 9)]);
        let expected = if is_barred { vec![ProxyRefused::Barred] } else { vec![] };
        assert_eq!(why(&proxies), expected, "{law:?} {duty:?}");
    }
}

#[test]
fn a_proxy_is_for_one_assembly_and_its_second() {
    let building = registry(RuleSet::Belgium2020, &[100, 100, 100]);
    let given = |covers_second| {
        let act = ProxyAct::Give(Mandate { covers_second, ..mandate(&[1], 3) });
        signed(1, other_assembly(), act)
    };
    let other = vec![ProxyRefused::OtherAssembly { found: other_assembly() }];
    for (meeting, covers_second, expected) in [
        (Meeting::WithoutQuorum(other_assembly()), true, vec![]),
        (Meeting::WithoutQuorum(other_assembly()), false, other.clone()),
        (Meeting::WithoutQuorum(AssemblyId::new([6; 32])), true, other.clone()),
        (Meeting::ForUnanimity(other_assembly()), true, other.clone()),
        (Meeting::First, true, other),
    ] {
        let house = house(&building, meeting);
        assert_eq!(why(&admit(&house.hall(), vec![given(covers_second)])), expected, "{meeting:?}");
    }
}

#[test]
fn what_was_taken_back_makes_room() {
    let house = house(&registry(RuleSet::Belgium2020, &[200; 6]), Meeting::First);
    let first = give(&house, 2, 1);
    let back = |by| signed(by, house.opening.id(), ProxyAct::TakeBack(first.commitment()));
    let full = || vec![first.clone(), give(&house, 3, 1), give(&house, 4, 1)];
    let mut came = full();
    came.extend([give(&house, 5, 1), back(3), back(2), give(&house, 6, 1)]);
    let proxies = admit(&house.hall(), came);
    let expected =
        vec![ProxyRefused::TooMany { proxies: 4, carried: Votes(1_000) }, ProxyRefused::NothingToTakeBack];
    assert_eq!(why(&proxies), expected);
    let principals: std::collections::BTreeSet<u32> = proxies.held().map(|held| held.principal.0).collect();
    assert_eq!(principals, [3, 4, 6].into());
    assert_eq!(proxies.get(&first.commitment()), None);
    // The same again is no new proxy.
    let mut twice = full();
    twice.extend([back(2), first.clone()]);
    assert_eq!(why(&admit(&house.hall(), twice)), [ProxyRefused::Replayed]);
}

#[test]
fn a_later_proxy_takes_the_place_of_the_earlier() {
    let house = house(&registry(RuleSet::Belgium2020, &[100; 4]), Meeting::First);
    let (earlier, later) = (give(&house, 1, 2), give(&house, 1, 3));
    let proxies = admit(&house.hall(), vec![earlier.clone(), later.clone()]);
    assert_eq!((proxies.get(&earlier.commitment()), why(&proxies)), (None, vec![]));
    let held = proxies.get(&later.commitment()).unwrap();
    assert!(held.lets(PersonId(3), LotId(1), ItemNumber(1)));
    assert!(
        !held.lets(PersonId(2), LotId(1), ItemNumber(1)) && !held.lets(PersonId(3), LotId(2), ItemNumber(1))
    );
    // The order of blocks decides, not the order of telling.
    let told = |value: &ProxyPaper, index| Entered { value: value.clone(), at: at(12, index) };
    let proxies = Proxies::admit(&house.hall(), vec![told(&later, 1), told(&earlier, 0)]);
    assert!(proxies.get(&later.commitment()).is_some() && proxies.held().count() == 1);
}

#[test]
fn what_is_nobodys_to_give() {
    let house = house(&registry(RuleSet::Belgium2020, &[100; 4]), Meeting::First);
    let stolen = signed(1, house.opening.id(), ProxyAct::Give(mandate(&[1, 2], 3)));
    let unknown = signed(99, house.opening.id(), ProxyAct::Give(mandate(&[1], 3)));
    let proxies = admit(&house.hall(), vec![stolen, give(&house, 2, 2), unknown]);
    let expected = [
        ProxyRefused::NotTheirs { lot: LotId(2) },
        ProxyRefused::Own,
        ProxyRefused::Key(Refused::UnknownKey),
    ];
    assert_eq!(why(&proxies), expected);
    let late = Entered { value: give(&house, 1, 3), at: Place { height: super::CLOSES.next(), index: 0 } };
    assert_eq!(why(&Proxies::admit(&house.hall(), vec![late])), [ProxyRefused::Late]);
    assert_eq!(Proxies::default().get(&Digest::new([0; 32])), None);
}
