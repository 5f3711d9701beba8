//! The life table against numbers worked out by hand, and what is refused because it is too few.

use super::*;

const PUMP: Survival = Survival {
    when: When::Unsaid,
    part: Part::Pump,
    age: Age::Unknown,
    hours: Hours::Unknown,
    sign: Sign::VibrationFrom7_1,
    after: After::From60,
    fate: Fate::Runs,
};

fn machines(told: &[(After, Fate, usize)]) -> Vec<Survival> {
    let each = |(after, fate, times): &(After, Fate, usize)| {
        std::iter::repeat_n(Survival { after: *after, fate: *fate, ..PUMP }, *times)
    };
    told.iter().flat_map(each).collect()
}

fn numbers(table: &[Horizon]) -> Vec<(u16, u32, u32, u16)> {
    table.iter().map(|one| (one.days, one.failed, one.known, one.runs_permille)).collect()
}

/// Four of twelve: 11/12, then 10/12, then 8/12 still run. After that only seven are known, and nothing is said.
#[test]
fn four_of_twelve_failed_within_two_months() {
    let table = life_table(&machines(&[
        (After::Under7, Fate::Failed, 1),
        (After::From7, Fate::Failed, 1),
        (After::From30, Fate::Failed, 2),
        (After::From60, Fate::Failed, 1),
        (After::From60, Fate::Runs, 5),
        (After::From120, Fate::Runs, 2),
    ]));
    assert_eq!(numbers(&table), [(7, 1, 12, 917), (30, 2, 12, 833), (60, 4, 12, 667)]);
    // Wilson's interval for 8 of 12.
    assert_eq!((table[2].least_permille, table[2].most_permille), (391, 862));
}

/// Twenty machines, of which four were replaced in the first month and two in the second: they count for half of it.
/// 20 enter, 2 fail: 18/20. 18 enter the month, 4 leave, 4 fail: of 16, so 18/20 · 12/16 = 0.675. 10 enter the second
/// month, 2 leave and none fails. By then 6 have failed of 6 + 8 that are known. Of the 8, 2 fail in the next two months
/// and 4 are seen beyond: 2 leave, so of 7, and 0.675 · 5/7 = 0.482.
#[test]
fn whoever_is_lost_from_sight_counts_for_as_long_as_it_was_seen() {
    let table = life_table(&machines(&[
        (After::Under7, Fate::Failed, 2),
        (After::From7, Fate::Failed, 4),
        (After::From7, Fate::Replaced, 4),
        (After::From30, Fate::Replaced, 2),
        (After::From60, Fate::Failed, 2),
        (After::From60, Fate::Runs, 2),
        (After::From120, Fate::Runs, 4),
    ]));
    assert_eq!(numbers(&table), [(7, 2, 20, 900), (30, 6, 16, 675), (60, 6, 14, 675), (120, 8, 12, 482)]);
    // Greenwood: 0.675² · (2/(20·18) + 4/(16·12)) = 0.01202, as if of 18.2 machines.
    assert_eq!((table[1].least_permille, table[1].most_permille), (447, 842));
    assert!(table.windows(2).all(|pair| pair[1].runs_permille <= pair[0].runs_permille));
}

#[test]
fn none_and_all_have_an_interval_too() {
    let none = life_table(&machines(&[(After::From365, Fate::Runs, 10)]));
    assert_eq!(numbers(&none).last(), Some(&(365, 0, 10, 1_000)));
    assert_eq!((none[0].least_permille, none[0].most_permille), (722, 1_000));
    let all = life_table(&machines(&[(After::Under7, Fate::Failed, 10)]));
    assert_eq!((all[0].runs_permille, all[0].least_permille, all[0].most_permille), (0, 0, 278));
    assert_eq!(all.last().map(|one| (one.days, one.failed, one.known)), Some((365, 10, 10)));
}

#[test]
fn a_group_widens_by_age_then_by_band_and_never_to_another_quantity() {
    let asked =
        SurvivalQuestion { part: Part::Pump, sign: Some(Sign::VibrationFrom7_1), age: Some(Age::From10) };
    let said: Vec<_> = Group::widening(&asked).iter().map(|one| (one.quantity, one.sign, one.age)).collect();
    let (vibration, band) = (Some(Quantity::Vibration), asked.sign);
    assert_eq!(said, [(vibration, band, asked.age), (vibration, band, None), (vibration, None, None)]);
    let anything = SurvivalQuestion { sign: None, age: None, ..asked };
    assert_eq!(Group::widening(&anything).len(), 1);
    let hot = Survival { sign: Sign::TemperatureFrom80, ..PUMP };
    assert!(Group::widening(&asked).iter().all(|group| !group.holds(&hot)));
}

#[test]
fn running_hours_are_told_of_where_enough_are_known() {
    let mut all = machines(&[(After::From30, Fate::Failed, 4), (After::From60, Fate::Runs, 9)]);
    all.iter_mut().take(12).for_each(|one| one.hours = Hours::From10000);
    all[12].hours = Hours::From2000;
    let group = Group { part: Part::Pump, quantity: None, sign: None, age: None };
    let told = survived(group, &all);
    assert_eq!(told.hours, [OfHours { hours: Hours::From10000, failed: 4, known: 12 }]);
    assert_eq!((told.horizons[told.headline].days, told.machines, told.years), (60, 13, None));
    for (place, one) in all.iter_mut().enumerate() {
        one.when = When::Year(2025 + u16::from(place % 2 == 0));
    }
    assert_eq!(survived(group, &all).years, Some((2025, 2026)));
}
