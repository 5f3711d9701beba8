//! Questions from hand to neighbours and back, with whatever goes wrong between.

mod hostile;
mod street;

use protocol::enquiry::{EnquiryMessage, ReplyRefusal};
use protocol::incident::Symptom;
use protocol::limits::{
    ENQUIRIES_OPEN_MAX, ENQUIRIES_PER_DAY_MAX, ENQUIRY_KEPT_MS, ENQUIRY_LIFE_MS, ENQUIRY_REPLIES_MAX,
};

use super::EnquiryRefused;
use super::stored::Told;
use crate::core::switch::Switch;
use street::{Street, detail};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const CLAES: &str = "Joint du 3e, demandez M. Claes";

#[test]
fn everybody_hears_a_question_and_only_the_asker_the_reply() {
    let mut street = Street::new(7);
    street.ask(5, Symptom::Leak).unwrap();
    street.pass(1);
    assert_eq!(street.held(), [1, 1, 1, 1, 1, 0, 1]);
    let id = street.asked(5);
    street.reply(6, id, CLAES).unwrap();
    street.pass(1);
    assert_eq!(street.words(5), [CLAES]);
    assert_eq!(street.told(6), [Told::Kept]);
    for (from, to, message) in &street.heard {
        let names = protocol::encode(message).windows(5).any(|window| window == b"Claes".as_slice());
        assert_eq!(
            names,
            matches!(message, EnquiryMessage::Reply(_)),
            "what was written is in the reply alone"
        );
        if let EnquiryMessage::Reply(reply) = message {
            assert_eq!((*from, *to), (6, 5));
            assert_eq!(reply.detail(), &detail(CLAES));
        }
    }
}

/// What a building says is the same whether it had the same or not, and whether its syndic looked or not.
#[test]
fn not_replying_is_not_seen() {
    let said = |aside: bool| {
        let mut street = Street::new(6);
        street.ask(5, Symptom::Leak).unwrap();
        street.pass(1);
        if aside {
            let id = street.asked(5);
            street.put_aside(4, id).unwrap();
        }
        street.pass(90);
        assert_eq!(street.held()[4], usize::from(!aside));
        street.heard
    };
    let quiet = said(false);
    assert_eq!(quiet, said(true));
    assert!(quiet.iter().all(|(_, _, message)| matches!(message, EnquiryMessage::Asked(_))));
}

#[test]
fn who_was_away_hears_it_later_and_a_reply_waits_for_its_asker() {
    let mut street = Street::new(6);
    street.cut.insert(4);
    street.ask(5, Symptom::Leak).unwrap();
    street.pass(2);
    assert_eq!(street.held(), [1, 1, 1, 1, 0, 0]);
    street.cut.clear();
    street.pass(31);
    assert_eq!(street.held(), [1, 1, 1, 1, 1, 0]);
    street.cut.insert(5);
    let id = street.asked(5);
    street.reply(4, id, CLAES).unwrap();
    street.start(4);
    street.pass(3);
    assert_eq!((street.told(4), street.words(5).len()), (vec![Told::Waiting], 0));
    street.cut.clear();
    street.start(4);
    street.pass(2);
    assert_eq!((street.told(4), street.words(5)), (vec![Told::Kept], vec![CLAES.to_owned()]));
}

#[test]
fn a_member_that_connects_is_told_what_is_asked() {
    let mut street = Street::new(6);
    street.cut.insert(4);
    street.ask(5, Symptom::Leak).unwrap();
    street.pass(2);
    street.cut.clear();
    let newcomer = street.houses[4].key.address();
    street.with(0, |part, scene, acts| part.greeting(scene, acts, newcomer));
    street.deliver();
    assert_eq!(street.held()[4], 1, "also by one who does not ask itself");
}

#[test]
fn measures_of_a_day_and_of_what_is_open_hold_over_a_restart() {
    let mut street = Street::new(5);
    let quota = Err(EnquiryRefused::Quota { max: ENQUIRIES_PER_DAY_MAX });
    let mut all = Symptom::ALL.iter();
    for day in 0..3 {
        let left = ENQUIRIES_OPEN_MAX - day * ENQUIRIES_PER_DAY_MAX;
        for symptom in all.by_ref().take(left.min(ENQUIRIES_PER_DAY_MAX)) {
            assert_eq!(street.ask(4, *symptom), Ok(()));
            assert_eq!(street.ask(4, *symptom), Err(EnquiryRefused::Asked));
            street.start(4);
        }
        assert_eq!(street.ask(4, Symptom::WrongFigures), quota);
        street.pass(1);
        street.at(street.time.plus(DAY_MS));
    }
    assert_eq!(street.ask(4, Symptom::WrongFigures), quota);
    // Closing one makes no room for another: the neighbours still keep it.
    let id = street.asked(4);
    street.put_aside(4, id).unwrap();
    street.start(4);
    assert_eq!(street.ask(4, Symptom::WrongFigures), quota);
    assert_eq!(street.held()[..4], [ENQUIRIES_OPEN_MAX; 4]);
    street.at(street.time.plus(ENQUIRY_LIFE_MS));
    street.pass(1);
    assert_eq!(street.held(), [0; 5]);
    assert_eq!(street.ask(4, Symptom::WrongFigures), Ok(()));
}

#[test]
fn what_is_closed_or_over_is_forgotten_and_a_late_reply_is_told_so() {
    let mut street = Street::new(6);
    street.ask(5, Symptom::Leak).unwrap();
    street.pass(1);
    let id = street.asked(5);
    street.reply(4, id, CLAES).unwrap();
    street.pass(1);
    street.put_aside(5, id).unwrap();
    assert!(street.houses[5].part.asked().replies(id).next().is_none());
    assert_eq!(street.put_aside(5, id), Err(EnquiryRefused::Unknown));
    street.start(5);
    street.reply(3, id, "late").unwrap();
    street.pass(2);
    assert_eq!(street.told(3), [Told::Refused(ReplyRefusal::NotAsked)]);
    assert!(street.houses[5].part.asked().replies(id).next().is_none());

    street.cut.insert(5);
    street.reply(2, id, "nobody there").unwrap();
    street.at(street.time.plus(ENQUIRY_LIFE_MS));
    street.pass(1);
    assert_eq!(street.told(2), [Told::Lapsed]);
    assert_eq!(street.reply(1, id, "over"), Err(EnquiryRefused::Unknown));
    street.at(street.time.plus(ENQUIRY_KEPT_MS));
    street.pass(1);
    for house in &street.houses {
        assert!(house.entries.is_empty(), "after some months nothing is left on disk");
    }
}

#[test]
fn while_it_is_switched_off_nothing_leaves() {
    let mut street = Street::new(6);
    let at = street.time;
    let off = Switch { is_on: false, at };
    street.with(5, |part, _, acts| part.asked.switch(off, acts));
    assert_eq!(street.ask(5, Symptom::Leak), Err(EnquiryRefused::SwitchedOff));
    street.ask(4, Symptom::Leak).unwrap();
    street.pass(1);
    let id = street.asked(4);
    street.reply(5, id, CLAES).unwrap();
    street.switch_replies(5, false);
    street.start(5);
    street.pass(3);
    assert_eq!(street.told(5), [Told::Waiting]);
    assert!(!street.heard.iter().any(|(_, _, message)| matches!(message, EnquiryMessage::Reply(_))));
    street.switch_replies(3, false);
    assert_eq!(street.reply(3, id, CLAES), Err(EnquiryRefused::SwitchedOff));
    street.switch_replies(5, true);
    street.pass(1);
    assert_eq!(street.told(5), [Told::Kept]);
    street.with(4, |part, _, acts| part.asked.switch(off, acts));
    let before = street.heard.len();
    street.pass(60);
    assert_eq!(street.heard.len(), before, "what is asked is not said again either");
}

/// Whatever house starts again after whatever message, each question and each reply arrives once.
#[test]
fn a_restart_in_any_phase_loses_and_doubles_nothing() {
    let run = |restart| {
        let mut street = Street::new(5);
        street.restart = restart;
        street.ask(4, Symptom::Leak).unwrap();
        street.pass(1);
        let id = street.asked(4);
        street.reply(0, id, "first").unwrap();
        street.reply(3, id, CLAES).unwrap();
        street.pass(2);
        street
    };
    let clean = run(None).heard.len();
    for (house, after) in (0..5).flat_map(|house| (1..=clean).map(move |after| (house, after))) {
        let mut street = run(Some((house, after)));
        for _ in 0..2 {
            let mut words = street.words(4);
            words.sort();
            assert_eq!(words, ["Joint du 3e, demandez M. Claes", "first"], "house {house}, message {after}");
            assert_eq!((street.told(0), street.told(3)), (vec![Told::Kept], vec![Told::Kept]));
            assert_eq!(street.held(), [1, 1, 1, 1, 0]);
            (0..5).for_each(|house| street.start(house));
        }
    }
}

#[test]
fn a_question_takes_so_many_replies_and_no_more() {
    let count = u8::try_from(ENQUIRY_REPLIES_MAX).unwrap() + 3;
    let mut street = Street::new(count);
    street.ask(0, Symptom::Leak).unwrap();
    street.pass(1);
    let id = street.asked(0);
    for house in 1..usize::from(count) {
        street.reply(house, id, "me too").unwrap();
    }
    street.pass(1);
    assert_eq!(street.words(0).len(), ENQUIRY_REPLIES_MAX);
    let full =
        (1..usize::from(count)).filter(|house| street.told(*house) == [Told::Refused(ReplyRefusal::Full)]);
    assert_eq!(full.count(), 2);
}
