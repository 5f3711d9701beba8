//! Neighbours who ask in another's name, too much, or of another time, and who reply to what nobody asked.

use protocol::enquiry::{Enquiry, EnquiryMessage, Reply, ReplyRefusal};
use protocol::incident::Symptom;
use protocol::limits::{ENQUIRIES_OPEN_MAX, ENQUIRIES_PER_DAY_MAX, ENQUIRY_LIFE_MS};
use protocol::street::Hour;
use protocol::{ChainId, Digest, KeyChange, Payload, SigningKey};

use super::super::EnquiryRefused;
use super::super::stored::Told;
use super::CLAES;
use super::street::{Street, asks, detail};

#[test]
fn a_question_in_anothers_name_or_of_another_time_is_refused_and_goes_no_further() {
    let mut street = Street::new(6);
    let victim = street.houses[4].key.address();
    let elsewhere = {
        let signed = street.signed(5, |_| ());
        signed.enquiry.sign(&street.houses[5].key, &ChainId::new([7; 32]))
    };
    let forged = [
        street.signed(5, |enquiry| enquiry.asker = victim),
        street.signed(5, |enquiry| enquiry.asker = protocol::Address::new([8; 20])),
        street.signed(5, |enquiry| enquiry.hour = Hour(enquiry.hour.0 + 1)),
        street.signed(5, |enquiry| enquiry.hour = Hour(u64::MAX)),
        elsewhere,
    ];
    for signed in forged {
        street.says(5, 0, asks(signed));
    }
    assert_eq!((street.held()[0], street.houses[0].part.held().refused()), (0, forged.len() as u64));
    let old = street.signed(5, |enquiry| enquiry.hour = Hour(enquiry.hour.0 - 24 * 14));
    street.says(5, 0, asks(old));
    assert_eq!(street.held(), [0; 6]);
    assert!(street.heard.iter().all(|(from, ..)| *from == 5), "nobody hands it on");
}

#[test]
fn a_flood_by_one_member_leaves_room_for_the_others() {
    let mut street = Street::new(6);
    let hour = Hour::at(street.time).0;
    for back in 0..12 * 24 {
        let signed = street.signed(5, |enquiry| enquiry.hour = Hour(hour - back));
        street.says(5, 0, asks(signed));
    }
    assert_eq!(street.held(), [ENQUIRIES_OPEN_MAX; 5].into_iter().chain([0]).collect::<Vec<_>>());
    let days: Vec<u64> = street.houses[0].part.held().open().map(|held| held.signed.enquiry.day()).collect();
    let most = days.iter().map(|day| days.iter().filter(|other| *other == day).count()).max();
    assert_eq!(most, Some(ENQUIRIES_PER_DAY_MAX));
    street.ask(4, Symptom::Leak).unwrap();
    street.pass(1);
    assert_eq!(street.held()[0], ENQUIRIES_OPEN_MAX + 1);
    let known = street.signed(5, |_| ());
    let before = street.heard.len();
    street.says(5, 0, asks(known));
    assert_eq!(street.heard.len(), before + 1, "what is known is not handed on again");
}

#[test]
fn a_reply_to_what_nobody_asked_or_a_second_one_is_not_kept() {
    let mut street = Street::new(6);
    let reply = |id, words| EnquiryMessage::Reply(Box::new(Reply::new(id, detail(words)).unwrap()));
    street.says(5, 4, reply(Digest::new([7; 32]), CLAES));
    assert!(street.houses[4].entries.is_empty());
    street.ask(4, Symptom::Leak).unwrap();
    street.pass(1);
    let id = street.asked(4);
    street.says(5, 4, reply(id, CLAES));
    street.says(5, 4, reply(id, CLAES));
    street.says(5, 4, reply(id, "and something else"));
    street.says(5, 3, reply(id, CLAES));
    assert_eq!(street.words(4), [CLAES]);
    let refusals: Vec<Option<ReplyRefusal>> = street
        .heard
        .iter()
        .filter_map(
            |(_, _, message)| {
                if let EnquiryMessage::Heard(_, refused) = message { Some(*refused) } else { None }
            },
        )
        .collect();
    let (not_asked, another) = (Some(ReplyRefusal::NotAsked), Some(ReplyRefusal::Another));
    assert_eq!(refusals, [not_asked, None, None, another, not_asked]);
}

#[test]
fn only_the_asker_says_what_became_of_a_reply() {
    let mut street = Street::new(6);
    street.ask(4, Symptom::Leak).unwrap();
    street.pass(1);
    let id = street.asked(4);
    street.cut.insert(4);
    street.reply(5, id, CLAES).unwrap();
    street.says(3, 5, EnquiryMessage::Heard(id, None));
    street.says(3, 5, EnquiryMessage::Heard(Digest::new([7; 32]), None));
    assert_eq!(street.told(5), [Told::Waiting]);
    assert_eq!(street.reply(5, id, "again"), Err(EnquiryRefused::Replied));
    assert_eq!(street.reply(5, Digest::new([7; 32]), CLAES), Err(EnquiryRefused::Unknown));
}

#[test]
fn who_was_shut_out_asks_and_replies_no_more() {
    let mut street = Street::new(7);
    street.ask(5, Symptom::Leak).unwrap();
    street.ask(6, Symptom::Noise).unwrap();
    street.pass(1);
    let (of_5, of_6) = (street.asked(5), street.asked(6));
    street.reply(6, of_5, "too late").unwrap();
    street.reply(4, of_6, "to nobody").unwrap();
    street.shut_out(6);
    street.pass(1);
    assert_eq!(street.held()[..6], [1, 1, 1, 1, 1, 0]);
    assert_eq!(street.words(5), [""; 0]);
    assert_eq!(street.told(4), [Told::Lapsed]);
    let again = street.signed(6, |_| ());
    street.says(6, 0, asks(again));
    street.says(3, 0, asks(again));
    let reply = Reply::new(of_5, detail("still here")).unwrap();
    street.says(6, 5, EnquiryMessage::Reply(Box::new(reply)));
    assert_eq!((street.held()[0], street.words(5).len()), (1, 0));
}

#[test]
fn a_question_outlives_a_change_of_its_askers_key() {
    let mut street = Street::new(6);
    street.ask(5, Symptom::Leak).unwrap();
    street.pass(1);
    let (id, old) = (street.asked(5), street.houses[5].key.clone());
    let new = SigningKey::from_seed(&[77; 32]);
    let change = KeyChange::prove(&street.chain.id(), old.address(), &new);
    street.put(5, Payload::ChangeKey(change));
    street.houses[5].key = new;
    street.reply(4, id, CLAES).unwrap();
    street.pass(1);
    assert_eq!((street.words(5), street.told(4)), (vec![CLAES.to_owned()], vec![Told::Kept]));
    street.houses[3].entries.clear();
    street.start(3);
    street.pass(31);
    assert_eq!(street.held(), [1, 1, 1, 1, 1, 0], "it is signed anew");
    let enquiry: Enquiry = street.houses[3].part.held().open().next().unwrap().signed.enquiry;
    assert_eq!((enquiry.asker, enquiry.id()), (old.address(), id));
    street.at(street.time.plus(ENQUIRY_LIFE_MS));
    street.pass(1);
    assert_eq!(street.held(), [0; 6]);
}
