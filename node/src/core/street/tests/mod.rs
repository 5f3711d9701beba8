//! Signals from what is noticed to what the hive is told, with whatever goes wrong between.

mod month;
mod row;

use super::stored::Heed;
use protocol::street::{Hour, Noticed, SignalRefusal, StreetKind, StreetMessage};
use protocol::{Bounded, encode};
use row::{MINUTE_MS, Row};

use crate::core::town::House;

use StreetKind::{Heat, PowerDip, WaterLoss, WaterPressure};

#[test]
fn five_of_twenty_are_told_of_within_minutes_and_nobody_is_named() {
    let mut row = Row::of(20);
    let affected = [5, 7, 11, 13, 19];
    row.notice(affected, WaterPressure);
    row.pass(2);
    assert_eq!(row.all_told(), [WaterPressure]);
    let watch = row.watch(row.hour());
    let secrets = affected.map(|house| *row.houses[house].key.address().as_bytes());
    for (from, to, message) in &row.heard {
        let bytes = encode(message);
        let names = |secret: &[u8; 20]| bytes.windows(20).any(|window| window == secret);
        assert!(!secrets.iter().any(names), "a message names a building");
        if matches!(message, StreetMessage::Signal(_)) {
            assert_eq!(*to, watch, "house {from} tells the watch alone");
        }
    }
    let notices = row.heard.iter().filter(|(_, _, message)| matches!(message, StreetMessage::Notices(_)));
    let told: std::collections::BTreeSet<Vec<u8>> = notices.map(|(_, _, message)| encode(message)).collect();
    assert_eq!(told.len(), 1, "whoever is affected, everybody hears the same words");
}

#[test]
fn fewer_than_enough_publish_nothing_at_all() {
    let mut row = Row::of(20);
    row.notice([5, 7, 11, 13], WaterPressure);
    row.notice([4, 6, 8, 9], PowerDip);
    row.pass(180);
    assert_eq!(row.all_told(), []);
    let is_notice = |message: &StreetMessage| matches!(message, StreetMessage::Notices(_));
    assert!(!row.heard.iter().any(|(_, _, message)| is_notice(message)));
    for house in &mut row.houses {
        house.sees.clear();
    }
    row.pass(120);
    let is_empty = |house: &House<super::Street>| house.part.watch().is_empty();
    assert!(row.houses.iter().all(is_empty), "a watch forgets who it was");
    let letters = row.houses[0].entries.values().chain(row.houses[1].entries.values());
    let heard = row.houses[7].key.address();
    let names = |bytes: &Vec<u8>| bytes.windows(20).any(|window| window == heard.as_bytes());
    assert!(!letters.into_iter().any(names), "also on its disk");
}

#[test]
fn in_a_hive_of_four_nothing_is_told_and_in_one_of_five_three_are_enough() {
    let mut row = Row::of(4);
    row.notice(0..4, Heat);
    row.pass(3);
    assert_eq!(row.all_told(), [], "three of four would tell the fourth who they are");
    let mut row = Row::of(5);
    row.notice([0, 2], Heat);
    row.pass(3);
    assert_eq!(row.all_told(), []);
    row.notice([4], Heat);
    row.pass(3);
    assert_eq!(row.all_told(), [Heat]);
}

#[test]
fn who_does_not_take_part_signals_nothing_and_still_hears() {
    let mut row = Row::of(20);
    row.switch(9, false);
    row.notice([5, 6, 7, 8, 9], Heat);
    row.pass(3);
    assert_eq!(row.all_told(), []);
    assert_eq!(row.houses[9].part.own().said().count(), 0);
    row.start(9);
    row.pass(3);
    assert!(
        !row.heard
            .iter()
            .any(|(from, _, message)| { *from == 9 && matches!(message, StreetMessage::Signal(_)) })
    );
    row.switch(9, true);
    row.pass(2);
    assert_eq!(row.all_told(), [Heat]);
}

/// Four liars that signal everything all day never make a notice, and a fifth does not count twice.
#[test]
fn lying_buildings_count_once_each() {
    let mut row = Row::of(20);
    for _ in 0..6 {
        let (hour, watch) = (row.hour(), row.watch(row.hour()));
        for _ in 0..10 {
            for liar in [4, 5, 6, 7] {
                for kind in StreetKind::ALL {
                    row.send(liar, watch, StreetMessage::Signal(Noticed { hour, kind: *kind }));
                }
            }
        }
        row.deliver();
        row.pass(60);
    }
    assert_eq!(row.all_told(), []);
}

/// Signals of another hour, to somebody else, and of strangers' making do not count, and the sender hears why.
#[test]
fn replays_and_strays_do_not_count() {
    let mut row = Row::of(20);
    let hour = row.hour();
    row.notice([4, 5, 6, 7], WaterLoss);
    row.pass(1);
    let before: Vec<_> =
        row.heard.iter().filter(|one| matches!(one.2, StreetMessage::Signal(_))).cloned().collect();
    row.houses.iter_mut().for_each(|house| house.sees.clear());
    row.pass(60);
    assert_ne!(row.hour(), hour);
    let watch = row.watch(row.hour());
    for (from, _, message) in before {
        row.send(from, watch, message.clone());
        row.send(8, watch, message);
    }
    let elsewhere = (watch + 1) % 4;
    row.send(8, elsewhere, StreetMessage::Signal(Noticed { hour: row.hour(), kind: WaterLoss }));
    for wrong in [Hour(0), Hour(row.hour().0 + 2), Hour(u64::MAX)] {
        row.send(8, watch, StreetMessage::Signal(Noticed { hour: wrong, kind: WaterLoss }));
    }
    row.heard.clear();
    row.deliver();
    let refused = row.heard.iter().filter_map(|(_, _, message)| match message {
        StreetMessage::Heeded(_, refused) => *refused,
        StreetMessage::Signal(_) | StreetMessage::Notices(_) => None,
    });
    let refused: Vec<SignalRefusal> = refused.collect();
    assert_eq!(refused.len(), 4 * 2 + 1 + 3, "each of them: {refused:?}");
    assert_eq!(refused.iter().filter(|one| **one == SignalRefusal::NotWatch).count(), 1);
    row.pass(3);
    assert_eq!(row.all_told(), []);
}

/// Whoever does not watch in an hour cannot tell the hive anything of it, and nobody of an hour to come.
#[test]
fn only_the_watch_of_the_hour_is_believed() {
    let mut row = Row::of(20);
    let (hour, chain) = (row.hour(), row.chain.id());
    let watch = row.watch(hour);
    let liar = (watch + 1) % 4;
    let forged = [
        Noticed { hour, kind: Heat }.sign(&row.houses[liar].key, &chain),
        Noticed { hour, kind: Heat }.sign(&row.houses[9].key, &chain),
        Noticed { hour: Hour(hour.0 + 4), kind: Heat }.sign(&row.houses[watch].key, &chain),
        Noticed { hour: Hour(hour.0 - 400), kind: Heat }.sign(&row.houses[watch].key, &chain),
    ];
    let true_one = Noticed { hour, kind: Heat }.sign(&row.houses[watch].key, &chain);
    let changed = protocol::street::SignedNotice { noticed: Noticed { hour, kind: PowerDip }, ..true_one };
    for signed in forged.into_iter().chain([changed]) {
        row.send(9, 12, StreetMessage::Notices(Bounded::new(vec![signed]).unwrap()));
    }
    row.deliver();
    assert_eq!(row.told(12), []);
    assert_eq!(row.houses[12].part.board().refused(), 4, "the one of long ago is passed over");
    row.send(9, 12, StreetMessage::Notices(Bounded::new(vec![true_one; 3]).unwrap()));
    row.deliver();
    assert_eq!(row.all_told(), [Heat], "from whomever it comes, and on to everybody");
}

/// Whatever house starts again after whatever message, the hive is told once.
#[test]
fn a_restart_in_any_phase_loses_and_doubles_nothing() {
    let run = |restart: Option<(usize, usize)>| {
        let mut row = Row::of(8);
        row.restart = restart;
        row.notice([2, 4, 6], PowerDip);
        row.pass(3);
        row
    };
    let clean = run(None).heard.len();
    for house in 0..8 {
        for after in 1..=clean {
            let mut row = run(Some((house, after)));
            for at in 0..8 {
                assert_eq!(row.told(at), [PowerDip], "house {house} started again after message {after}");
                row.start(at);
                assert_eq!(row.told(at), [PowerDip], "and from disk");
            }
            for at in [2, 4, 6] {
                let said: Vec<Heed> = row.houses[at].part.own().said().map(|said| said.heed).collect();
                assert_eq!(said, [Heed::Kept]);
            }
        }
    }
}

/// A watch that is away costs an hour: the next one is told, while the matter is fresh.
#[test]
fn the_next_watch_hears_what_the_last_one_missed() {
    let mut row = Row::of(20);
    row.cut.insert(row.watch(row.hour()));
    row.notice(4..9, WaterPressure);
    row.pass(10);
    assert_eq!(row.told(12), []);
    row.pass(60);
    assert_eq!(row.told(12), [WaterPressure]);
    row.cut.clear();
    let (from, to) = (12, row.watch(Hour(row.hour().0 - 1)));
    let lately = row.houses[from].part.board().lately(row.time).unwrap();
    row.send(from, to, lately);
    row.deliver();
    assert_eq!(row.all_told(), [WaterPressure], "whoever was away is told when it is back");
}

#[test]
fn what_lasts_is_told_once_and_what_is_lost_is_said_again() {
    let mut row = Row::of(20);
    row.twist = |from, _, message| match message {
        StreetMessage::Signal(_) if from % 2 == 0 => None,
        other @ (StreetMessage::Signal(_) | StreetMessage::Heeded(..) | StreetMessage::Notices(_)) => {
            Some(other)
        }
    };
    row.notice(4..10, Heat);
    row.pass(2);
    assert_eq!(row.all_told(), [], "half of it is lost");
    row.twist = |_, _, message| Some(message);
    row.pass(8 * 60);
    assert_eq!(row.all_told(), [Heat]);
    let episode = row.houses[0].part.board().episodes()[0];
    let lasted = row.time.since(episode.first.start()) / MINUTE_MS;
    assert!((8 * 60..10 * 60).contains(&lasted), "{lasted} minutes");
    let signals = row.houses[4].part.own().said().count();
    assert_eq!(signals, 9, "one for each hour");
}
