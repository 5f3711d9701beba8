//! A year and more of reports: no budget is ever overrun, and no two figures can be subtracted to find a building.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use protocol::aggregate::{AggregateAction, AggregateMessage, Cadence, Measure, Period, Task, Work};
use protocol::limits::{BUDGET_YEAR_MICRO, BUDGET_YEAR_MS};
use protocol::{Address, UnixMs};

use super::circle::{Circle, DAY_MS, PROFILE, WEEK};

/// Periods whose end lies in days `[first, last)`, by end.
fn periods(first: i64, last: i64) -> Vec<Period> {
    let mut all = Vec::new();
    for cadence in Cadence::ALL {
        let mut period = Period::at(cadence, UnixMs(first * DAY_MS));
        while period.end() < UnixMs(last * DAY_MS) {
            all.push(period);
            period = period.next();
        }
    }
    all.sort_by_key(|period| period.end());
    all
}

/// What one building reported of each period over so many days, with what it cost.
fn reports_of(circle: &mut Circle, days: i64) -> BTreeMap<(Period, Measure), u64> {
    let mut reports = BTreeMap::new();
    for period in periods(35, 35 + days) {
        let measured = Period { cadence: period.cadence, number: period.number };
        circle.measure(measured, 432_000);
        circle.at(period.end().plus(60_000));
        circle.cut.extend(0..12);
        circle.pass(1);
        let own = circle.houses[11].aggregates.as_ref().unwrap().own();
        reports.extend(own.reports().map(|one| ((one.work.period, one.task.measure), one.cost_micro)));
    }
    reports
}

fn most_of_any_year(reports: &BTreeMap<(Period, Measure), u64>) -> u64 {
    let spent = |end: UnixMs| -> u64 {
        let in_year = |period: &Period| (0..BUDGET_YEAR_MS).contains(&end.since(period.end()));
        reports.iter().filter(|((period, _), _)| in_year(period)).map(|(_, cost)| cost).sum()
    };
    reports.keys().map(|(period, _)| spent(period.end())).max().unwrap_or(0)
}

/// Weeks and months at the usual epsilon use the year's budget to the last bit, for two years; a week in 53 is left out.
#[test]
fn two_years_at_the_usual_epsilon_use_what_there_is_and_no_more() {
    let mut circle = Circle::asked(12);
    circle.decide(AggregateAction::Ask(Task { cadence: Cadence::Month, clip: 600_000, ..WEEK }));
    let reports = reports_of(&mut circle, 700);
    assert_eq!(most_of_any_year(&reports), BUDGET_YEAR_MICRO);
    let weeks = reports.keys().filter(|(period, _)| period.cadence == Cadence::Week).count();
    assert!((94..=100).contains(&weeks), "{weeks} of 100 weeks");
    let own = circle.houses[11].aggregates.as_ref().unwrap().own();
    let refused: Vec<(Period, Measure)> = own.refused().collect();
    assert!(!refused.is_empty() && refused.iter().all(|one| !reports.contains_key(one)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Whatever the hive asks, with whatever changes, no building's year comes to more than its budget; a building that
    /// is started again remembers what it spent.
    #[test]
    fn no_year_is_overrun(
        epsilons in prop::collection::vec((1..=1_000u32, 1..=1_000u32), 1..4),
        restart in any::<bool>(),
    ) {
        let mut circle = Circle::asked(12);
        let mut all = BTreeMap::new();
        let mut day = 35;
        for (week, month) in epsilons {
            circle.decide(AggregateAction::Ask(Task { epsilon_milli: week, ..WEEK }));
            circle.decide(AggregateAction::Ask(Task { epsilon_milli: month, cadence: Cadence::Month, ..WEEK }));
            for period in periods(day, day + 150) {
                circle.measure(period, 432_000);
                circle.at(period.end().plus(60_000));
                circle.cut.extend(0..12);
                circle.pass(1);
                if restart {
                    circle.start(11);
                }
                let own = circle.houses[11].aggregates.as_ref().unwrap().own();
                all.extend(own.reports().map(|one| ((one.work.period, one.task.measure), one.cost_micro)));
                prop_assert!(own.spent_micro(Measure::Consumption, period.end()) <= BUDGET_YEAR_MICRO);
            }
            day += 150;
        }
        prop_assert!(most_of_any_year(&all) <= BUDGET_YEAR_MICRO);
    }
}

/// Over a simulated year of joining and leaving: in each period a building is counted in one figure at the most, a building
/// reports to one work of a measure and period alone, and every figure has noise of its own, so that the difference of any
/// two figures is hidden by at least the noise of one dwelling from each desk.
#[test]
fn no_two_figures_of_a_year_isolate_a_building() {
    let mut circle = Circle::asked(14);
    let mut noises = BTreeSet::new();
    let mut works: BTreeMap<(Period, Address), BTreeSet<Work>> = BTreeMap::new();
    for (n, period) in
        periods(35, 35 + 364).into_iter().filter(|one| one.cadence == Cadence::Week).enumerate()
    {
        circle.houses.iter_mut().for_each(|house| house.book = Default::default());
        circle.measure(period, 432_000);
        let house = 4 + n / 2 % 10;
        let leaves = circle.chain.state().profile(&circle.houses[house].key.address()).is_some();
        circle.consent(house, (!leaves).then_some(PROFILE));
        circle.heard.clear();
        circle.whole(period);
        for (from, _, message) in &circle.heard {
            if let AggregateMessage::Half(half) = message {
                let building = circle.houses[*from].key.address();
                works.entry((half.work.period, building)).or_default().insert(half.work);
            }
        }
        let state = circle.chain.state();
        let groups = state.aggregate_month(period.month()).map_or(0, |month| month.groups);
        let mut counted = BTreeSet::new();
        for group in 0..groups {
            let members = &state.aggregate_group(period.month(), group).unwrap().members;
            assert!(members.iter().all(|(member, _)| counted.insert(*member)), "in two groups of {period:?}");
        }
    }
    assert!(works.values().all(|works| works.len() == 1));
    let mut figures = 0;
    for (_, _, _, figure) in circle.chain.state().figures(Cadence::Week) {
        if let protocol::aggregate::Found::Sum(sum) = &figure.found {
            figures += 1;
            assert!(
                noises.insert(sum.amount),
                "two figures of almost the same sum never have the same noise"
            );
        }
    }
    assert!(figures >= 20, "{figures} figures");
}
