//! Buildings that lie, repeat and stand out, and desks that spoil: what they reach, and what not.

use protocol::aggregate::{AggregateMessage, AggregateRefusal, Batch, Half, Reveal, Work};
use protocol::limits::AGGREGATE_HALF_BYTES_MAX;
use protocol::{Bytes, Digest};

use super::super::vdaf::Vdaf;
use super::circle::{Circle, DWELLINGS, WEEK};
use super::{BASE_WH, figure, sum};

fn work() -> Work {
    Work { task: WEEK.id(), period: Circle::week(), group: 0 }
}

/// Reports are in, the window is open.
fn reported() -> Circle {
    let mut circle = Circle::asked(12);
    circle.measure(Circle::week(), BASE_WH);
    circle.at(Circle::week().end().plus(60_000));
    circle.pass(3);
    circle
}

/// What a desk answers to a half.
fn answer(circle: &mut Circle, from: usize, desk: usize, half: Half) -> Option<AggregateRefusal> {
    let before = circle.heard.len();
    let to = circle.houses[desk].key.address();
    circle.send(from, &to, AggregateMessage::Half(half));
    circle.deliver();
    let receipt = circle.heard[before..].iter().find_map(|(_, to, message)| {
        let AggregateMessage::Receipt(receipt) = message else { return None };
        (*to == from).then_some(receipt.refused)
    });
    receipt.expect("a half is answered")
}

fn halves(circle: &Circle, house: usize, work: Work, most: u64, amount: u64) -> [Half; 2] {
    let vdaf = Vdaf::new(&circle.chain.id(), &work, &circle.houses[house].key.address(), most);
    let cut = vdaf.cut(amount, &Digest::of("test seed", &[&work.group.to_be_bytes()])).unwrap();
    cut.map(|share| Half { work, share: Bytes::new(share).unwrap() })
}

#[test]
fn every_half_that_does_not_fit_is_refused_with_its_reason() {
    let mut circle = Circle::asked(13);
    circle.measure(Circle::week(), BASE_WH);
    let desks = circle.desks(Circle::week());
    let most = WEEK.most(DWELLINGS);
    let [first, second] = halves(&circle, 5, work(), most, 1_000);
    circle.at(Circle::week().end().plus(-60_000));
    assert_eq!(
        answer(&mut circle, 5, desks[0], first.clone()),
        Some(AggregateRefusal::NotNow),
        "it is not over"
    );
    circle.cut.insert(5);
    circle.at(Circle::week().end().plus(60_000));
    circle.pass(3);
    circle.cut.clear();
    let stranger = (0..4).find(|house| !desks.contains(house)).unwrap();
    let with = |work: Work| Half { work, ..first.clone() };
    let too_long = Bytes::new(vec![0; AGGREGATE_HALF_BYTES_MAX]).unwrap();
    for (half, reason) in [
        (with(Work { task: Digest::new([1; 32]), ..work() }), AggregateRefusal::NotHere),
        (with(Work { group: 1, ..work() }), AggregateRefusal::NotHere),
        (Half { share: too_long, ..first.clone() }, AggregateRefusal::Malformed),
        (Half { share: Bytes::new(Vec::new()).unwrap(), ..first.clone() }, AggregateRefusal::Malformed),
    ] {
        assert_eq!(answer(&mut circle, 5, desks[0], half), Some(reason));
    }
    assert_eq!(answer(&mut circle, 5, stranger, first.clone()), Some(AggregateRefusal::NotHere));
    assert_eq!(answer(&mut circle, 5, desks[0], first.clone()), None);
    assert_eq!(answer(&mut circle, 5, desks[0], first.clone()), None, "the same once more");
    let [other, _] = halves(&circle, 5, work(), most, 2_000);
    assert_eq!(answer(&mut circle, 5, desks[0], other), Some(AggregateRefusal::Contradiction));
    assert_eq!(answer(&mut circle, 5, desks[1], second), None);
    circle.at(Circle::week().closes());
    circle.pass(3);
    assert_eq!(sum(&circle, Circle::week()).buildings, 13);
}

/// More than its dwellings can use, and halves that do not belong together: the others are summed without it.
#[test]
fn a_lying_building_is_left_out() {
    for amount in [WEEK.most(DWELLINGS) * 2, 1_000] {
        let mut circle = Circle::asked(12);
        circle.measure(Circle::week(), BASE_WH);
        circle.cut.insert(8);
        circle.at(Circle::week().end().plus(60_000));
        circle.pass(3);
        circle.cut.clear();
        let desks = circle.desks(Circle::week());
        let most = if amount == 1_000 { WEEK.most(DWELLINGS) } else { amount * 2 };
        let cut = halves(&circle, 8, work(), most, amount);
        let other = halves(&circle, 8, Work { group: 7, ..work() }, most, amount);
        let second = if amount == 1_000 { Half { work: work(), ..other[1].clone() } } else { cut[1].clone() };
        // It says so before its own node does; the first one counts.
        answer(&mut circle, 8, desks[0], cut[0].clone());
        answer(&mut circle, 8, desks[1], second);
        circle.at(Circle::week().closes());
        circle.pass(12);
        let found = sum(&circle, Circle::week());
        assert_eq!((found.buildings, found.dwellings), (11, 132), "{amount} Wh");
    }
}

/// Everything that was ever said is said again in the week after: nothing of it counts.
#[test]
fn what_is_repeated_in_another_week_counts_for_nothing() {
    let mut circle = reported();
    circle.at(Circle::week().closes());
    circle.pass(3);
    let said = circle.heard.clone();
    let before = sum(&circle, Circle::week());
    circle.at(Circle::week().next().end().plus(60_000));
    for (from, to, message) in said {
        let to = circle.houses[to].key.address();
        circle.send(from, &to, message);
        circle.deliver();
    }
    circle.at(Circle::week().next().closes());
    circle.pass(12);
    assert_eq!(sum(&circle, Circle::week()), before);
    let next = figure(&circle, Circle::week().next()).expect("said");
    assert_eq!(next.found, protocol::aggregate::Found::Suppressed, "nobody measured that week");
}

/// A first desk that asks for a second sum without one of the buildings gets no part for it: the difference of the two would
/// be that building.
#[test]
fn a_second_batch_of_nearly_the_same_buildings_is_refused() {
    let mut circle = reported();
    circle.twist = |_, _, message| match message {
        AggregateMessage::Reveal(_) => None,
        AggregateMessage::Half(_)
        | AggregateMessage::Receipt(_)
        | AggregateMessage::Check(_)
        | AggregateMessage::Checked(_)
        | AggregateMessage::Batch(_)
        | AggregateMessage::Bound(..)
        | AggregateMessage::Offered(_) => Some(message),
    };
    circle.at(Circle::week().closes());
    circle.pass(1);
    let desks = circle.desks(Circle::week());
    let batch = circle.heard.iter().rev().find_map(|(_, _, message)| {
        let AggregateMessage::Batch(batch) = message else { return None };
        Some(batch.clone())
    });
    let batch = batch.expect("a batch was named");
    let answers = |circle: &mut Circle, batch: Batch| {
        let before = circle.heard.len();
        let to = circle.houses[desks[1]].key.address();
        circle.send(desks[0], &to, AggregateMessage::Batch(batch));
        circle.deliver();
        let bound = |(_, to, message): &&(usize, usize, AggregateMessage)| {
            *to == desks[0] && matches!(message, AggregateMessage::Bound(..))
        };
        circle.heard[before..].iter().filter(bound).count()
    };
    assert_eq!(answers(&mut circle, batch.clone()), 1, "the same batch has the same answer");
    let mut fewer = batch.members.as_slice().to_vec();
    fewer[0] &= !1;
    let fewer = Batch { members: Bytes::new(fewer).unwrap(), ..batch };
    assert_eq!(answers(&mut circle, fewer), 0);
    let other_bound = Batch { bound: Some(Digest::new([1; 32])), ..batch.clone() };
    assert_eq!(answers(&mut circle, other_bound), 0);
    let suppressed = Batch { bound: None, ..batch };
    assert_eq!(answers(&mut circle, suppressed), 0);
    circle.start(desks[1]);
    circle.twist = |_, _, message| Some(message);
    circle.pass(6);
    assert_eq!(sum(&circle, Circle::week()).buildings, 12);
}

/// A desk that reveals another part than it was bound to spoils the week, and no wrong figure comes of it.
#[test]
fn a_spoiling_desk_makes_no_wrong_figure() {
    let mut circle = reported();
    circle.twist = |from, _, message| match message {
        AggregateMessage::Reveal(told) if from < 4 => {
            Some(AggregateMessage::Reveal(Reveal { part: told.part ^ 1, ..told }))
        }
        AggregateMessage::Reveal(_)
        | AggregateMessage::Half(_)
        | AggregateMessage::Receipt(_)
        | AggregateMessage::Check(_)
        | AggregateMessage::Checked(_)
        | AggregateMessage::Batch(_)
        | AggregateMessage::Bound(..)
        | AggregateMessage::Offered(_) => Some(message),
    };
    circle.at(Circle::week().closes());
    circle.pass(12);
    assert_eq!(figure(&circle, Circle::week()), None);
    assert!(circle.refused.is_empty());
}

/// The figure of a building is on its own disk and nowhere else: neither in what is said, nor on a desk's disk, nor in the
/// ledger.
#[test]
fn no_figure_of_a_building_leaves_it() {
    let circle = reported();
    let own = circle.houses[7].aggregates.as_ref().unwrap().own().reports().next().unwrap().amount;
    assert_eq!(own, u64::try_from(BASE_WH + 7_000).unwrap());
    let short = u32::try_from(own).unwrap();
    let planted = [short.to_be_bytes(), short.to_le_bytes()];
    let has = |bytes: &[u8]| bytes.windows(4).any(|window| planted.iter().any(|one| one == window));
    assert!(circle.houses[7].entries.values().any(|value| has(value)), "the search finds what is there");
    for (_, _, message) in &circle.heard {
        assert!(!has(&protocol::encode(message)));
    }
    for house in circle.houses.iter().enumerate().filter(|(n, _)| *n != 7).map(|(_, house)| house) {
        assert!(!house.entries.values().any(|value| has(value)));
    }
}
