//! Private sums from the meter to the ledger: once, of enough buildings, whatever is lost, repeated, forged or started
//! again in between.

mod circle;
mod hostile;
mod year;

use ledger::state::aggregate::Figure;
use protocol::aggregate::{Found, Measure, Period, Sum};

use super::Delivery;
use circle::{Circle, WEEK};

/// What a building of the circle uses in a week, Wh: 36 kWh a dwelling.
const BASE_WH: i64 = 432_000;

fn figure(circle: &Circle, period: Period) -> Option<&Figure> {
    circle.chain.state().figure(period, Measure::Consumption, 0)
}

fn sum(circle: &Circle, period: Period) -> Sum {
    let found = &figure(circle, period).expect("a figure").found;
    let Found::Sum(sum) = found else { panic!("{found:?}") };
    sum.clone()
}

/// The sum of a week in which everything goes well.
fn calm() -> Sum {
    let mut circle = Circle::asked(12);
    circle.measure(Circle::week(), BASE_WH);
    circle.whole(Circle::week());
    sum(&circle, Circle::week())
}

#[test]
fn a_week_is_reported_once_and_summed_with_noise() {
    let mut circle = Circle::asked(12);
    let week = Circle::week();
    circle.measure(week, BASE_WH);
    circle.at(week.end().plus(60_000));
    circle.pass(3);
    for house in &circle.houses {
        let own = house.aggregates.as_ref().unwrap().own();
        let reports: Vec<_> = own.reports().collect();
        assert_eq!(reports.len(), 1);
        assert_eq!((reports[0].told, reports[0].cost_micro), ([Delivery::Kept; 2], WEEK.cost_micro()));
        assert_eq!(own.spent_micro(Measure::Consumption, week.end()), 125_000);
    }
    let desks = circle.desks(week);
    assert!(desks.iter().all(|desk| circle.houses[*desk].aggregates.as_ref().unwrap().office().kept() == 12));
    assert_eq!(figure(&circle, week), None, "the window is open");
    let halves = circle.heard.len();
    circle.pass(60);
    assert_eq!(circle.heard.len(), halves, "what arrived is not sent again");
    circle.at(week.closes());
    circle.pass(2);
    let found = sum(&circle, week);
    assert_eq!((found.buildings, found.dwellings), (12, 144));
    let doubt = (found.amount - circle.truth(BASE_WH)).unsigned_abs();
    assert!(doubt > 0 && doubt < 8 * WEEK.deviation(), "{doubt} Wh of noise");
    circle.pass(2);
    assert!(circle.refused.is_empty(), "{:?}", circle.refused);
    for desk in desks {
        let house = &circle.houses[desk];
        assert_eq!(house.aggregates.as_ref().unwrap().office().kept(), 0);
        assert!(house.entries.keys().all(|key| key[1] < 2), "no half is left on disk");
    }
}

/// Whoever falls over, after whichever message: the same figure, once.
#[test]
fn a_restart_anywhere_loses_and_doubles_nothing() {
    let calm = calm();
    let desks = Circle::asked(12).desks(Circle::week());
    for house in [desks[0], desks[1], 11] {
        for after in (1..=90).step_by(if house == 11 { 7 } else { 3 }) {
            let mut circle = Circle::asked(12);
            circle.measure(Circle::week(), BASE_WH);
            circle.restart = Some((house, after));
            circle.whole(Circle::week());
            assert_eq!(sum(&circle, Circle::week()), calm, "house {house} after {after} messages");
            let of_house = circle.houses[11].aggregates.as_ref().unwrap().own().reports().count();
            assert_eq!(of_house, 1);
        }
    }
}

/// Readings that come late change what a building thinks of its week, and never what it reported.
#[test]
fn what_was_reported_stays_as_it_was() {
    let mut circle = Circle::asked(12);
    let week = Circle::week();
    circle.measure(week, BASE_WH);
    circle.cut.insert(7);
    circle.at(week.end().plus(60_000));
    circle.pass(2);
    let reported = circle.houses[7].aggregates.as_ref().unwrap().own().reports().next().unwrap().amount;
    circle.measure(week, 2 * BASE_WH);
    circle.start(7);
    circle.cut.clear();
    circle.pass(3);
    let again = circle.houses[7].aggregates.as_ref().unwrap().own().reports().next().unwrap().clone();
    assert_eq!((again.amount, again.told), (reported, [Delivery::Kept; 2]));
}

#[test]
fn a_building_that_is_down_or_leaves_is_not_counted() {
    let mut circle = Circle::asked(12);
    let week = Circle::week();
    circle.measure(week, BASE_WH);
    circle.consent(9, None);
    circle.cut.insert(10);
    circle.whole(week);
    assert_eq!(sum(&circle, week).buildings, 10);
    assert_eq!(circle.houses[9].aggregates.as_ref().unwrap().own().reports().count(), 0, "it stops at once");
    assert!(figure(&circle, week.next()).is_none());
}

/// Nine of twelve: nothing is published, for good.
#[test]
fn too_few_are_suppressed() {
    let mut circle = Circle::asked(12);
    let week = Circle::week();
    circle.measure(week, BASE_WH);
    circle.cut.extend([9, 10, 11]);
    circle.whole(week);
    assert_eq!(figure(&circle, week).expect("said").found, Found::Suppressed);
    circle.cut.clear();
    circle.pass(30);
    assert_eq!(figure(&circle, week).expect("said").found, Found::Suppressed);
}

/// Either desk fails in a phase of its own: nothing is published of that week, and the next pair sums the next one.
#[test]
fn the_stand_by_pair_takes_over_where_a_desk_is_down() {
    for which in 0..2 {
        for during_reports in [true, false] {
            let mut circle = Circle::asked(12);
            let week = Circle::week();
            let pair = circle.desks(week);
            circle.measure(week, BASE_WH);
            circle.measure(week.next(), BASE_WH);
            circle.at(week.end().plus(60_000));
            if during_reports {
                circle.cut.insert(pair[which]);
            }
            circle.pass(3);
            circle.cut.insert(pair[which]);
            circle.at(week.closes());
            circle.pass(12);
            assert_eq!(figure(&circle, week), None, "desk {which}");
            circle.at(week.next().end());
            let next = circle.desks(week.next());
            assert_ne!(next, pair);
            if !next.contains(&pair[which]) {
                circle.whole(week.next());
                let count = sum(&circle, week.next()).buildings;
                assert_eq!(count, 11, "all but the desk that is down");
            }
            assert_eq!(figure(&circle, week), None, "a late figure is none");
        }
    }
}

#[test]
fn each_measure_has_an_account_of_its_own_that_frees_itself_after_a_year() {
    let mut circle = Circle::asked(12);
    let week = Circle::week();
    circle.measure(week, BASE_WH);
    circle.whole(week);
    let own = circle.houses[5].aggregates.as_ref().unwrap().own();
    let spent = |measure, days| own.spent_micro(measure, week.end().plus(days * circle::DAY_MS));
    assert_eq!(spent(Measure::Consumption, 0), WEEK.cost_micro());
    assert_eq!((spent(Measure::Peak, 0), own.refused().count()), (0, 0));
    assert_eq!(spent(Measure::Consumption, 364), WEEK.cost_micro());
    assert_eq!(spent(Measure::Consumption, 365), 0);
}
