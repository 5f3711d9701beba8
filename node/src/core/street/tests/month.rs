//! A month of twenty buildings in which alerts come and go as they do: how often the hive is told without reason, and
//! whether it is told when there is one.

use std::collections::BTreeSet;

use protocol::Digest;
use protocol::street::StreetKind;

use super::row::Row;

const HOUSES: u8 = 20;
const HOURS: u64 = 30 * 24;
/// An alert is signalled for two hours, which touch three.
const FRESH_HOURS: u64 = 3;
/// In each building each kind of alert comes once in so many hours by chance: four times a month.
const CHANCE_ONE_IN: u64 = 180;

/// A number below `most` that follows from where and when.
fn draw(seed: u64, house: usize, kind: StreetKind, hour: u64, most: u64) -> u64 {
    let place = [seed, house as u64, kind as u64, hour].map(u64::to_be_bytes).concat();
    let digest = Digest::of("test street month", &[&place]);
    u64::from_be_bytes(digest.as_bytes()[..8].try_into().unwrap()) % most
}

/// What a house notices in an hour by chance alone.
fn by_chance(seed: u64, house: usize, hour: u64) -> BTreeSet<StreetKind> {
    let begins = |kind: StreetKind, hour| draw(seed, house, kind, hour, CHANCE_ONE_IN) == 0;
    let lasts = |kind: &StreetKind| (0..FRESH_HOURS).any(|ago| begins(*kind, hour + 10 - ago));
    StreetKind::ALL.iter().copied().filter(lasts).collect()
}

#[test]
fn a_month_of_chance_tells_the_hive_at_most_one_thing_and_five_real_ones_are_all_told() {
    let mut chance = 0;
    for seed in 0..3 {
        let mut row = Row::of(HOUSES);
        for hour in 0..HOURS {
            for house in 0..row.houses.len() {
                row.houses[house].sees = by_chance(seed, house, hour);
            }
            row.pass(2);
            row.at_the_next_hour();
            row.heard.clear();
        }
        let told = row.all_told().len();
        assert!(told <= 1, "seed {seed}: the hive was told {told} things that were nothing");
        chance += told;
    }
    assert!(chance <= 1, "{chance} in three months");

    let mut row = Row::of(HOUSES);
    let mut real = 0;
    for hour in 0..HOURS {
        let is_real = hour % 144 < FRESH_HOURS;
        real += usize::from(hour % 144 == 0);
        for house in 0..row.houses.len() {
            row.houses[house].sees = by_chance(0, house, hour);
            let is_hit = draw(9, house, StreetKind::Cold, hour / 144, 4) == 0 || house % 4 == 0;
            if is_real && is_hit {
                row.houses[house].sees.insert(StreetKind::Cold);
            }
        }
        row.pass(2);
        row.at_the_next_hour();
        row.heard.clear();
    }
    let cold = row.all_told().iter().filter(|kind| **kind == StreetKind::Cold).count();
    assert_eq!(cold, real, "each of them, once");
}
