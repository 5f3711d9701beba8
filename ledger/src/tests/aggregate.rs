//! Private sums on the ledger: groups stay as they are for a month, and a figure is said once, by the two desks whose turn
//! it is, of enough buildings.

use protocol::aggregate::{
    AggregateAction, AggregateRecord, Built, Cadence, Found, Heating, Measure, Outcome, Period, Profile,
    Region, SignedOutcome, Sum, Task,
};
use protocol::energy::{Desk, Rota};
use protocol::{Action, Digest, Genesis, Payload, UnixMs};

use super::energy::{address, key, put};
use crate::chain::Chain;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const TASK: Task = Task {
    measure: Measure::Consumption,
    cadence: Cadence::Week,
    clip: 150_000,
    epsilon_milli: 500,
    buildings_min: 10,
    dwellings_min: 100,
};

fn day(n: i64) -> UnixMs {
    UnixMs(n * DAY_MS + 1_000)
}

/// Authorities 0 to 3, of which 0 and 1 have one operator, and eight followers, in January 1970.
fn chain() -> Chain {
    let keys = |range: std::ops::Range<u8>| range.map(|n| key(n).public()).collect::<Vec<_>>();
    let genesis = Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..4), keys(4..12)).unwrap();
    Chain::genesis(&genesis)
}

fn decide(chain: &mut Chain, now: UnixMs, action: AggregateAction) -> Result<(), String> {
    put(chain, now, 0, Payload::Propose(Action::Aggregate(action)))?;
    let number = chain.state().meta().proposals;
    put(chain, now, 1, Payload::Approve(number))?;
    put(chain, now, 2, Payload::Approve(number))
}

fn profile(dwellings: u16) -> Profile {
    Profile { region: Region::Brussels, built: Built::From1971, heating: Heating::Gas, dwellings }
}

fn say(chain: &mut Chain, now: UnixMs, n: u8, profile: Option<Profile>) -> Result<(), String> {
    put(chain, now, n, Payload::Aggregate(AggregateRecord::Profile(profile)))
}

fn rota() -> Rota {
    let desk = |n, operator| Desk { authority: address(n), operator: Digest::new([operator; 32]) };
    Rota::new(vec![desk(0, 1), desk(1, 1), desk(2, 2), desk(3, 2)]).unwrap()
}

/// Twelve buildings of twelve dwellings and one task, fixed for February 1970.
fn asked() -> Chain {
    let mut chain = chain();
    decide(&mut chain, day(1), AggregateAction::Desks(rota())).unwrap();
    decide(&mut chain, day(1), AggregateAction::Ask(TASK)).unwrap();
    for n in 0..12 {
        say(&mut chain, day(2), n, Some(profile(12))).unwrap();
    }
    assert!(chain.state().aggregate_month(1).is_none());
    put(&mut chain, day(32), 5, Payload::Aggregate(AggregateRecord::Profile(None))).unwrap();
    chain
}

/// The first week that begins in February 1970.
fn week() -> Period {
    Period::at(Cadence::Week, day(33))
}

fn found(buildings: u32, dwellings: u32) -> Outcome {
    let sum = Sum { amount: -5, buildings, dwellings, batch: Digest::new([3; 32]) };
    Outcome { task: TASK.id(), period: week(), group: 0, found: Found::Sum(sum) }
}

fn signed(chain: &Chain, outcome: &Outcome, signers: [u8; 2]) -> Payload {
    let signatures = signers.map(|n| (address(n), outcome.sign(&key(n), &chain.id())));
    let outcome = outcome.clone();
    Payload::Aggregate(AggregateRecord::Outcome(Box::new(SignedOutcome { outcome, signatures })))
}

fn desks(chain: &Chain, period: Period) -> [u8; 2] {
    let pair = chain.state().aggregate_desks(period).unwrap();
    pair.map(|desk| (0..4).find(|n| address(*n) == desk).unwrap())
}

#[test]
fn groups_stay_for_the_month_whoever_leaves() {
    let mut chain = asked();
    let group = chain.state().aggregate_group(1, 0).unwrap().clone();
    assert_eq!(group.members.len(), 12, "who leaves in February left after February was fixed");
    assert_eq!((group.stratum.heating, group.dwellings()), (Some(Heating::Gas), 144));
    say(&mut chain, day(40), 7, Some(profile(900))).unwrap();
    decide(&mut chain, day(41), AggregateAction::Stop(Measure::Consumption, Cadence::Week)).unwrap();
    assert_eq!(chain.state().aggregate_group(1, 0), Some(&group));
    assert_eq!(chain.state().aggregate_month(1).unwrap().tasks.as_slice(), [TASK]);
    decide(&mut chain, day(42), AggregateAction::Ask(TASK)).unwrap();
    say(&mut chain, day(60), 5, Some(profile(12))).unwrap();
    let march = chain.state().aggregate_month(2).unwrap();
    assert_eq!(march.groups, 1);
    // One building of 900 dwellings stands out wherever it is counted, and who came back on the same day is too late.
    assert_eq!(chain.state().aggregate_group(2, 0).unwrap().members.len(), 10);
    assert!(chain.state().aggregate_group_of(2, &address(7)).is_none());
    assert!(say(&mut chain, day(60), 5, Some(profile(12))).unwrap_err().contains("already"));
    assert!(say(&mut chain, day(60), 5, Some(profile(0))).is_err());
}

#[test]
fn a_figure_is_said_once_by_the_two_desks_in_time_and_of_enough_buildings() {
    let mut chain = asked();
    let pair = desks(&chain, week());
    let now = week().closes();
    let right = found(11, 132);
    let mut refused = |now, payload| put(&mut chain, now, 3, payload).unwrap_err();
    let on = |outcome: &Outcome| signed(&asked(), outcome, pair);
    for (outcome, reason) in [
        (found(9, 132), "9 buildings, 10 to 12"),
        (found(13, 132), "13 buildings"),
        (found(11, 99), "99 dwellings, 100 to 144"),
        (found(11, 145), "145 dwellings"),
        (Outcome { group: 1, ..right.clone() }, "not asked of group 1"),
        (Outcome { task: Digest::new([1; 32]), ..right.clone() }, "not asked"),
        (Outcome { period: Period { cadence: Cadence::Month, number: 1 }, ..right.clone() }, "not asked"),
    ] {
        let told = refused(now, on(&outcome));
        assert!(told.contains(reason), "{told}");
    }
    assert!(refused(now.plus(-1), on(&right)).contains("taken from"));
    assert!(refused(week().lapses(), on(&right)).contains("taken from"));
    let other = (0..4).find(|n| !pair.contains(n)).unwrap();
    for signers in [[pair[0], pair[0]], [pair[1], pair[0]], [pair[0], other]] {
        assert!(refused(now, signed(&asked(), &right, signers)).contains("another desk's turn"));
    }
    let Payload::Aggregate(AggregateRecord::Outcome(mut forged)) = on(&right) else { panic!("an outcome") };
    forged.outcome = found(12, 144);
    assert!(refused(now, Payload::Aggregate(AggregateRecord::Outcome(forged))).contains("signature"));
    put(&mut chain, now, 3, on(&right)).unwrap();
    let figure = chain.state().figure(week(), Measure::Consumption, 0).unwrap();
    assert_eq!(figure.found, right.found);
    let again = Outcome { found: Found::Suppressed, ..right };
    assert!(put(&mut chain, now.plus(5), 3, on(&again)).unwrap_err().contains("already"));
}

/// The next pair takes over after a period that nobody summed, and a group that is suppressed is no such period.
#[test]
fn the_next_pair_takes_over_where_desks_do_nothing() {
    let mut chain = asked();
    let pair = desks(&chain, week());
    let next = week().next();
    assert_ne!(desks(&chain, next), pair, "nobody summed the week before");
    let suppressed = Outcome { found: Found::Suppressed, ..found(0, 0) };
    let payload = signed(&chain, &suppressed, pair);
    put(&mut chain, week().closes(), 3, payload).unwrap();
    assert_eq!(desks(&chain, next), pair);
}

#[test]
fn cohorts_and_figures_are_let_go_when_they_are_old() {
    let mut chain = asked();
    let pair = desks(&chain, week());
    let payload = signed(&chain, &found(11, 132), pair);
    put(&mut chain, week().closes(), 3, payload).unwrap();
    for month in 2..5u64 {
        let first = Period { cadence: Cadence::Month, number: month }.start().plus(1_000);
        let dwellings = 12 + u16::try_from(month).unwrap();
        say(&mut chain, first, 1, Some(profile(dwellings))).unwrap();
    }
    assert!(chain.state().aggregate_month(1).is_some());
    let may = Period { cadence: Cadence::Month, number: 5 }.start().plus(1_000);
    say(&mut chain, may, 1, Some(profile(20))).unwrap();
    assert!(chain.state().aggregate_month(1).is_none() && chain.state().aggregate_group(1, 0).is_none());
    assert!(chain.state().aggregate_month(2).is_some());
    assert_eq!(chain.state().figures(Cadence::Week).count(), 1);
    let later = Period { cadence: Cadence::Month, number: 27 }.start().plus(1_000);
    say(&mut chain, later, 1, Some(profile(21))).unwrap();
    assert_eq!(chain.state().figures(Cadence::Week).count(), 0);
}
