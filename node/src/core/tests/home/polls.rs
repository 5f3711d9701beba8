//! A poll in one house: asked, answered, closed; it decides nothing and tells nothing of few.

use protocol::assembly::{Poll, PollBallot, SignedPollBallot};

use super::*;
use crate::core::assembly::{NotPut, Question, StoredPoll};

impl House {
    fn ask(&mut self, by: Option<u32>, is_hidden: bool) -> Result<Done, HomeError> {
        self.ask_for(by, is_hidden, 8)
    }

    fn ask_for(&mut self, by: Option<u32>, is_hidden: bool, blocks: u64) -> Result<Done, HomeError> {
        let answers = list(vec![text("In the yard"), text("In the cellar")]);
        let salt = Salt::new([u8::try_from(self.core.home().polls().len()).unwrap(); 16]);
        let question =
            Question { question: text("Where do bicycles stand?"), answers, is_hidden, blocks, salt };
        self.act(who(by, false), Act::AskPoll(Box::new(question)))
    }

    fn answer(&self, number: u32, person: u32, answer: u8, sequence: u64) -> SignedPollBallot {
        let poll = self.core.home().polls()[&number].stored.poll.id();
        let salt = Salt::new([u8::try_from(sequence).unwrap(); 16]);
        let ballot = PollBallot { poll, voter: own(person).public(), answer, sequence, salt };
        ballot.sign(&own(person), &self.core.ledger().chain())
    }

    fn say(&mut self, signed: SignedPollBallot) -> Result<Done, HomeError> {
        self.act(who(None, false), Act::AnswerPoll(Box::new(signed)))
    }
}

#[test]
fn a_poll_counts_heads_and_hides_what_few_chose() {
    let mut house = House::enrolled();
    let refused = house.ask(Some(1), true);
    assert!(matches!(refused, Err(HomeError::NotYours { .. })), "{refused:?}");
    let blocks = house.blocks.clone();
    assert_eq!(house.ask(Some(2), true), Ok(Done::Poll(1)), "the syndic");
    // The node dies before a block holds the announcement, and brings it again.
    house.blocks = blocks;
    house.restart();
    let early = house.answer(1, 1, 0, 1);
    assert!(matches!(house.say(early), Err(HomeError::Stage { .. })));
    house.pass(5_000);
    assert_eq!(house.ask(Some(2), false), Ok(Done::Poll(2)));
    let opens = house.core.home().polls()[&2].stored.poll.opens;
    house.until(opens.0);
    for (number, person, answer) in [(1, 1, 0), (1, 2, 1), (2, 1, 0), (2, 2, 1), (2, 3, 1)] {
        let signed = house.answer(number, person, answer, 1);
        assert_eq!(house.say(signed.clone()), Ok(Done::Poll(number)));
        assert_eq!(house.say(signed), Ok(Done::Poll(number)), "twice is once");
    }
    let stranger = house.answer(2, 9, 0, 1);
    assert!(matches!(house.say(stranger), Err(HomeError::Refused(_))));
    let nowhere = house.answer(2, 4, 7, 1);
    assert!(matches!(house.say(nowhere), Err(HomeError::Refused(_))), "there is no such answer");
    let thought = house.answer(2, 1, 1, 2);
    assert!(house.say(thought).is_ok());
    house.pass(5_000);
    house.restart();
    let closes = house.core.home().polls()[&2].stored.poll.closes;
    house.until(closes.0 + 1);
    house.pass(10_000);
    let result = |house: &House, number: u32| {
        let vote = house.core.home().polls()[&number].vote();
        let (record, _) = house.core.ledger().state().poll(&vote).unwrap().result.clone().expect("a result");
        (record.voters, record.answers.map(|answers| answers.to_vec()))
    };
    assert_eq!(result(&house, 1), (2, None), "two would tell who chose what");
    assert_eq!(result(&house, 2), (3, Some(vec![0, 3])));
    let late = house.answer(2, 4, 0, 3);
    assert!(matches!(house.say(late), Err(HomeError::Stage { .. })));
}

/// More polls than may be open are not asked; one that the ledger refuses all the same ends, and says so.
#[test]
fn a_poll_too_many_ends_with_a_reason_and_is_not_brought_again() {
    let mut house = House::enrolled();
    for number in 1..=16 {
        assert_eq!(house.ask_for(Some(2), false, 30), Ok(Done::Poll(number)));
    }
    let full = Err(HomeError::Full { field: "polls that are not closed", max: 16 });
    assert_eq!(house.ask(Some(2), false), full);
    house.pass(10_000);
    let is_there = |house: &House, number: u32| {
        house.core.ledger().state().poll(&house.core.home().polls()[&number].vote()).is_some()
    };
    assert!((1..=16).all(|number| is_there(&house, number)));
    // One that was asked before anybody counted.
    let before = house.core.home().polls()[&16].stored.clone();
    let poll = Poll { salt: Salt::new([99; 16]), ..before.poll.clone() };
    house.stored([Kept::Poll(Box::new(StoredPoll { number: 17, poll, ..before }))]);
    house.restart();
    house.pass(30_000);
    let asking = |house: &House| {
        let asking = &house.core.home().polls()[&17];
        (asking.refused, asking.stored.poll.opens)
    };
    let (refused, opens) = asking(&house);
    assert_eq!(refused, Some(NotPut::TooMany));
    house.restart();
    let height = house.core.ledger().head().height;
    house.until(height.0 + 3);
    house.pass(30_000);
    assert_eq!(asking(&house), (Some(NotPut::TooMany), opens), "also after a restart, and nothing moves");
    assert!(!is_there(&house, 17));
    // Room comes with the first one that closes.
    let closes = house.core.home().polls()[&1].stored.poll.closes;
    house.until(closes.0 + 1);
    house.pass(20_000);
    assert_eq!(house.ask(Some(2), false), Ok(Done::Poll(18)));
}

#[test]
fn a_poll_opens_with_the_next_block() {
    let mut house = House::enrolled();
    house.ask(Some(2), false).unwrap();
    house.pass(2_000);
    let opens = house.core.home().polls()[&1].stored.poll.opens;
    assert_eq!(
        house.core.ledger().head().height.next(),
        opens,
        "nobody waits for blocks that a quiet hive does not make"
    );
    let answer = house.answer(1, 1, 0, 1);
    assert_eq!(house.say(answer), Ok(Done::Poll(1)));
}
