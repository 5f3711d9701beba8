//! Cables that are cut between real processes in network namespaces: packets are lost without a word, in both directions
//! or in one. No minority writes anything final, and what was parted is one again within 30 seconds.

use super::overheat_again;
use crate::harness::island::Islands;
use crate::harness::wait::{ensure, within};
use crate::harness::{pass_over, until};

/// How long the cables are cut, seconds.
const CUT_S: u64 = 20;
/// How long healing may take, seconds.
const HEALED_S: u64 = 30;

#[test]
fn cut_cables_make_no_second_history_and_heal() {
    let islands = match Islands::start("partitions") {
        Ok(islands) => islands,
        Err(reason) => {
            return pass_over(&format!("partitions between network namespaces, which need root: {reason}"));
        }
    };
    overheat(&islands, 0);
    let begun = agreed(&islands, 1);

    // Two against two: nobody has a quorum.
    islands.part(&[0, 1], &[2, 3]);
    let before = heights(&islands);
    overheat(&islands, 0);
    overheat(&islands, 2);
    within(CUT_S, || {
        let now = heights(&islands);
        // What was decided before the cut may still arrive.
        assert!(
            now.iter().all(|height| *height <= before.iter().max().unwrap() + 1),
            "{before:?}, then {now:?}"
        );
        false
    });
    islands.heal();
    let two = agreed(&islands, begun + 1);

    // One against three: the three go on, the one waits.
    islands.part(&[3], &[0, 1, 2]);
    let alone = islands.height(3).unwrap();
    overheat(&islands, 0);
    until("three of four go on", HEALED_S, || {
        let now = islands.height(0)?;
        ensure(now > two, || format!("still {now}"))
    });
    assert!(islands.height(3).unwrap() <= alone + 1, "the one that is alone writes nothing final");
    islands.heal();
    let three = agreed(&islands, two + 1);

    // One hears everybody and is heard by nobody.
    for other in 0..3 {
        islands.cut(3, other);
    }
    overheat(&islands, 1);
    until("the others go on without the one they do not hear", HEALED_S, || {
        let now = islands.height(0)?;
        ensure(now > three, || format!("still {now}"))
    });
    islands.heal();
    let last = agreed(&islands, three + 1);
    for height in 1..=last {
        let expected = islands.block(0, height);
        assert!(!expected.to_string().contains("evidence"), "somebody signed twice: {expected}");
        for node in 1..4 {
            let found = islands.block(node, height);
            assert_eq!((&found["block"], &found["state"]), (&expected["block"], &expected["state"]));
        }
    }
}

/// All four reach one height of at least `least`.
fn agreed(islands: &Islands, least: u64) -> u64 {
    until("all four have the same height", HEALED_S, || {
        let now = heights(islands);
        ensure(now.iter().all(|height| *height == now[0] && now[0] >= least), || format!("{now:?}"))
            .map(|()| now[0])
    })
}

fn heights(islands: &Islands) -> Vec<u64> {
    (0..4).map(|index| islands.height(index).unwrap()).collect()
}

/// A work order: something to decide.
fn overheat(islands: &Islands, index: usize) {
    islands.inside(index, |api| overheat_again(api, &format!("CAS-S{}", index + 1)));
}
