//! Sums are exact without noise, nothing beyond its bound counts, and the noise is as large as it is said to be.

use proptest::prelude::*;
use protocol::aggregate::{Cadence, Measure, Period};

use super::*;

const CHAIN: ChainId = ChainId::new([7; 32]);
const SECRET: Digest = Digest::new([5; 32]);
const WEEK: Task = Task {
    measure: Measure::Consumption,
    cadence: Cadence::Week,
    clip: 150_000,
    epsilon_milli: 500,
    buildings_min: 10,
    dwellings_min: 100,
};
const MONTH: Task = Task { cadence: Cadence::Month, clip: 600_000, ..WEEK };

fn work() -> Work {
    Work { task: WEEK.id(), period: Period { cadence: Cadence::Week, number: 2_900 }, group: 0 }
}

fn address(n: u64) -> Address {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Address::new(bytes)
}

fn seed(n: u64) -> Digest {
    Digest::of("test seed", &[&n.to_be_bytes()])
}

/// Both desks check one report; what each counts, or nothing.
fn checked(vdaf: &Vdaf, halves: &[Vec<u8>; 2]) -> Option<[u64; 2]> {
    let first = vdaf.begin(0, &SECRET, &halves[0]).ok()?;
    let second = vdaf.begin(1, &SECRET, &halves[1]).ok()?;
    let (message, counted) = vdaf.check(second, &first.told().ok()?).ok()?;
    Some([vdaf.count(first, &message).ok()?, counted])
}

#[test]
fn sums_are_exact_before_noise() {
    let most = WEEK.most(18);
    for count in [20u64, 200, 2_000] {
        let amount = |n: u64| if n == 1 { most } else { n * 7_919 % most };
        let parts: Vec<[u64; 2]> = (0..count)
            .map(|n| {
                let vdaf = Vdaf::new(&CHAIN, &work(), &address(n), most);
                checked(&vdaf, &vdaf.cut(amount(n), &seed(n)).unwrap()).unwrap()
            })
            .collect();
        let sums = [0, 1].map(|desk| add(parts.iter().map(|part| part[desk])));
        let expected: u64 = (0..count).map(amount).sum();
        assert_eq!(open(sums), i64::try_from(expected).unwrap(), "{count} buildings");
        assert_ne!(sums[0], expected, "no desk has the sum by itself");
    }
}

/// Buildings of any size are added up together, each within its own bound.
#[test]
fn a_building_counts_with_no_more_than_its_dwellings_may() {
    for (dwellings, amount) in [(1, 150_000), (18, 0), (1_000, 150_000_000)] {
        let vdaf = Vdaf::new(&CHAIN, &work(), &address(1), WEEK.most(dwellings));
        assert!(checked(&vdaf, &vdaf.cut(amount, &seed(1)).unwrap()).is_some());
        assert_eq!(vdaf.cut(WEEK.most(dwellings) + 1, &seed(1)), Err(Unsound));
        // A liar cuts as if it were larger.
        let larger = Vdaf::new(&CHAIN, &work(), &address(1), WEEK.most(dwellings) * 4);
        let halves = larger.cut(WEEK.most(dwellings) * 3, &seed(1)).unwrap();
        assert_eq!(checked(&vdaf, &halves), None);
    }
}

#[test]
fn a_report_counts_for_one_building_work_and_hive() {
    let most = WEEK.most(18);
    let vdaf = Vdaf::new(&CHAIN, &work(), &address(1), most);
    let halves = vdaf.cut(1_000, &seed(1)).unwrap();
    assert_eq!(vdaf.cut(1_000, &seed(1)), Ok(halves.clone()), "the same seed gives the same halves");
    let next = Work { period: work().period.next(), ..work() };
    for other in [
        Vdaf::new(&CHAIN, &work(), &address(2), most),
        Vdaf::new(&CHAIN, &next, &address(1), most),
        Vdaf::new(&ChainId::new([8; 32]), &work(), &address(1), most),
        Vdaf::new(&CHAIN, &Work { group: 1, ..work() }, &address(1), most),
    ] {
        assert_eq!(checked(&other, &halves), None);
    }
    let swapped = [halves[0].clone(), vdaf.cut(1_001, &seed(2)).unwrap()[1].clone()];
    assert_eq!(checked(&vdaf, &swapped), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is changed in a half, the report does not count, and nothing panics.
    #[test]
    fn a_forged_half_does_not_count(at in any::<prop::sample::Index>(), flip in 1..=255u8, desk in 0..2usize) {
        let vdaf = Vdaf::new(&CHAIN, &work(), &address(1), WEEK.most(18));
        let mut halves = vdaf.cut(1_000_000, &seed(1)).unwrap();
        let at = at.index(halves[desk].len());
        halves[desk][at] ^= flip;
        prop_assert_eq!(checked(&vdaf, &halves), None);
        halves[desk].truncate(at);
        prop_assert_eq!(checked(&vdaf, &halves), None);
    }

    #[test]
    fn what_is_no_half_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let vdaf = Vdaf::new(&CHAIN, &work(), &address(1), WEEK.most(18));
        for desk in 0..2 {
            if let Ok(side) = vdaf.begin(desk, &SECRET, &bytes) {
                prop_assert!(vdaf.count(side.clone(), &bytes).is_err() || bytes.is_empty());
                prop_assert!(desk == 0 || vdaf.check(side, &bytes).is_err());
            }
        }
    }
}

#[test]
fn a_report_is_small() {
    let vdaf = Vdaf::new(&CHAIN, &work(), &address(1), MONTH.most(1_000));
    let halves = vdaf.cut(1, &seed(1)).unwrap();
    let told = vdaf.begin(0, &SECRET, &halves[0]).unwrap().told().unwrap();
    let all = halves[0].len() + halves[1].len() + told.len();
    assert!(all <= 10 * 1024, "{all} bytes");
    assert!(halves.iter().all(|half| half.len() <= protocol::limits::AGGREGATE_HALF_BYTES_MAX));
    assert!(told.len() <= protocol::limits::AGGREGATE_CHECK_BYTES_MAX);
}

/// Noise of both desks in a sum of nothing, drawn often.
fn noises(task: &Task, count: u64) -> Vec<i64> {
    (0..count)
        .map(|n| open([with_noise(0, task, &seed(2 * n)), with_noise(0, task, &seed(2 * n + 1))]))
        .collect()
}

/// One dwelling changes a sum by `clip` at the most, so each desk's noise alone has to be of scale clip / epsilon: twice
/// as likely at the most for e^epsilon at any two sums that far apart.
#[test]
fn each_desk_alone_hides_one_dwelling() {
    let scale = 300_000.0;
    let count = 6_000u64;
    let alone: Vec<i64> = (0..count).map(|n| open([with_noise(0, &WEEK, &seed(n)), 0])).collect();
    // P(|x| > t) = exp(-t / scale) of a Laplace distribution; four standard errors of leave.
    for t in [0.25, 0.5, 1.0, 2.0, 3.0] {
        let beyond = alone.iter().filter(|noise| noise.unsigned_abs() as f64 > t * scale).count() as f64;
        let expected = (-t).exp();
        let error = (expected * (1.0 - expected) / count as f64).sqrt();
        let found = beyond / count as f64;
        assert!((found - expected).abs() < 4.0 * error, "beyond {t}: {found}, {expected} expected");
    }
    let positive = alone.iter().filter(|noise| **noise > 0).count() as f64 / count as f64;
    assert!((positive - 0.5).abs() < 4.0 * 0.5 / (count as f64).sqrt(), "{positive} are positive");
}

/// The relative error of weekly and monthly totals, by number of buildings, stays within 1.3 times of what the design
/// reckons with: 18 dwellings and 112 kWh a day to a building.
#[test]
fn relative_errors_are_as_designed() {
    for (task, days, designed) in [(WEEK, 7.0, [7.6, 3.8, 1.5, 0.4]), (MONTH, 30.0, [7.0, 3.5, 1.4, 0.4])] {
        let noises = noises(&task, 2_000);
        let square: f64 =
            noises.iter().map(|noise| (*noise as f64).powi(2)).sum::<f64>() / noises.len() as f64;
        let deviation = task.deviation() as f64;
        assert!((square.sqrt() / deviation - 1.0).abs() < 0.1, "{} against {deviation}", square.sqrt());
        for (buildings, designed) in [10.0, 20.0, 50.0, 200.0].into_iter().zip(designed) {
            let percent = 100.0 * square.sqrt() / (buildings * 112_000.0 * days);
            assert!(percent <= 1.3 * designed, "{buildings} buildings: {percent:.2} %, {designed} designed");
        }
    }
}

#[test]
fn noise_is_drawn_once_for_a_seed_and_wraps_round() {
    assert_eq!(with_noise(5, &WEEK, &seed(1)), with_noise(5, &WEEK, &seed(1)));
    assert_ne!(with_noise(5, &WEEK, &seed(1)), with_noise(5, &WEEK, &seed(2)));
    assert_eq!(open([0, 0]), 0);
    assert_eq!(open([5, Field64::modulus() - 7]), -2);
    assert!(is_element(0) && !is_element(Field64::modulus()));
}
