//! Minutes between the signatures of chair and syndic, who sign on two phones and on two days.

use ledger::state::assembly::MinutesHeld;

use super::*;

impl House {
    fn sign_minutes(&mut self, number: u32, text: &str, by: u32) -> Result<Done, HomeError> {
        let gathering = &self.core.home().gatherings()[&number];
        let minutes = gathering.minutes_hash(text);
        let notice = self.core.minutes_notice(gathering, minutes)?;
        let signature = notice.sign(&own(by), &self.core.ledger().chain());
        self.act(who(Some(by), false), Act::SignMinutes { number, minutes, signature })
    }

    fn minutes_on_ledger(&self, number: u32) -> Option<MinutesHeld> {
        let id = self.core.home().gatherings()[&number].id().unwrap();
        self.core.ledger().state().assembly(&id).unwrap().minutes
    }
}

#[test]
fn minutes_wait_for_the_second_signature_over_a_restart() {
    let (mut house, number, opening) = House::open_assembly();
    for person in 1..=4 {
        let body = house.ballot(number, person, Choice::For, 1);
        house.act(who(None, false), Act::HandIn(Box::new(body))).unwrap();
    }
    house.until(opening.closes.0);
    let early = house.sign_minutes(number, "minutes", 1);
    assert!(matches!(early, Err(HomeError::Stage { .. })), "nothing is decided yet: {early:?}");
    house.concluded(number);
    let stranger = house.sign_minutes(number, "minutes", 3);
    assert!(matches!(stranger, Err(HomeError::NotYours { .. })), "neither chair nor syndic: {stranger:?}");

    assert_eq!(house.sign_minutes(number, "minutes", 1), Ok(Done::Gathering(number)), "the chair");
    house.restart();
    house.pass(5_000);
    let signed = house.core.home().gatherings()[&number].minutes.expect("it was kept");
    assert!(signed.by_chair.is_some() && signed.by_syndic.is_none());
    assert_eq!(house.minutes_on_ledger(number), None, "one signature is not enough");

    assert_eq!(house.sign_minutes(number, "altered", 2), Ok(Done::Gathering(number)), "the syndic");
    house.pass(5_000);
    assert_eq!(house.minutes_on_ledger(number), None, "two texts with one signature each");
    assert_eq!(house.sign_minutes(number, "minutes", 1), Ok(Done::Gathering(number)));
    house.restart();
    // The node dies again after the second signature and before a block holds the minutes.
    let blocks = house.blocks.clone();
    assert_eq!(house.sign_minutes(number, "minutes", 2), Ok(Done::Gathering(number)));
    house.blocks = blocks;
    house.restart();
    house.pass(5_000);
    let held = house.minutes_on_ledger(number).expect("both signed");
    let minutes = house.core.home().gatherings()[&number].minutes_hash("minutes");
    assert_eq!((held.minutes, held.version), (minutes, 1));
}
