//! What a report to the private sums costs a building and the two desks: milliseconds of CPU, and bytes on the wire.

use std::hint::black_box;
use std::io::{self, Write as _};

use node::core::aggregates::vdaf::{Vdaf, add, with_noise};
use protocol::aggregate::{Cadence, Measure, Period, Task, Work};
use protocol::{Address, ChainId, Digest};

const TASK: Task = Task {
    measure: Measure::Consumption,
    cadence: Cadence::Month,
    clip: 600_000,
    epsilon_milli: 500,
    buildings_min: 20,
    dwellings_min: 100,
};
const SECRET: Digest = Digest::new([5; 32]);

fn report() -> Vdaf {
    let period = Period { cadence: Cadence::Month, number: 671 };
    let work = Work { task: TASK.id(), period, group: 0 };
    Vdaf::new(&ChainId::new([7; 32]), &work, &Address::new([3; 20]), TASK.most(18))
}

fn main() -> io::Result<()> {
    let vdaf = report();
    let halves = vdaf.cut(3_360_000, &SECRET).expect("within its bound");
    let told = vdaf.begin(0, &SECRET, &halves[0]).and_then(|side| side.told()).expect("a right half");
    let all = halves[0].len() + halves[1].len();
    writeln!(
        io::stdout(),
        "one report: {} + {} = {all} bytes from the building, {} bytes between the desks",
        halves[0].len(),
        halves[1].len(),
        told.len()
    )?;
    divan::main();
    Ok(())
}

/// At the building.
#[divan::bench]
fn cut(bencher: divan::Bencher<'_, '_>) {
    let vdaf = report();
    bencher.bench(|| vdaf.cut(black_box(3_360_000), &SECRET));
}

/// At the first desk.
#[divan::bench]
fn first_desk(bencher: divan::Bencher<'_, '_>) {
    let vdaf = report();
    let halves = vdaf.cut(3_360_000, &SECRET).expect("within its bound");
    bencher.bench(|| {
        let side = vdaf.begin(0, &SECRET, black_box(&halves[0])).expect("a right half");
        let told = side.told();
        (vdaf.count(side, &[]), told)
    });
}

/// At the second desk.
#[divan::bench]
fn second_desk(bencher: divan::Bencher<'_, '_>) {
    let vdaf = report();
    let halves = vdaf.cut(3_360_000, &SECRET).expect("within its bound");
    let told = vdaf.begin(0, &SECRET, &halves[0]).and_then(|side| side.told()).expect("a right half");
    bencher.bench(|| {
        let side = vdaf.begin(1, &SECRET, black_box(&halves[1])).expect("a right half");
        vdaf.check(side, &told)
    });
}

/// At a desk, once for each group.
#[divan::bench]
fn sum_and_noise() -> u64 {
    with_noise(add(black_box(0..2_000)), &TASK, &SECRET)
}
