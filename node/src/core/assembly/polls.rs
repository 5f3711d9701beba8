//! Polls: one head, one vote, and nothing is decided by them. Who may take part owns or lives in the building on the day
//! it was asked. What came in is brought to the ledger like ballots; totals are known when the poll is closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use ledger::Reject;
use ledger::assembly::{Entered, Place, PollResult, count_poll};
use ledger::state::assembly::{AssemblyEvent, AssemblyReject};
use protocol::assembly::{
    AssemblyAction, AssemblyId, Commitments, Day, PersonId, Poll, PollNotice, PollRecord, PollText,
    SignedPollBallot, VerifiedPollBallot,
};
use protocol::energy::Salt;
use protocol::limits::{
    COMMITMENTS_PER_TRANSACTION_MAX, POLL_ANSWERS_MAX, POLLS_KEPT_MAX, REVOTES_MAX, TAKEN_PER_ASSEMBLY_MAX,
    VOTE_HEIGHTS_MAX, VOTES_OPEN_PER_BUILDING_MAX,
};
use protocol::{Bounded, ChainId, Digest, Height, Invalid, Now};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::announce::{ROOM_FIRST, ROOM_MAX};
use super::{Done, HomeError, Kept, Who};
use crate::core::Core;
use crate::core::outbox::Purpose;

/// A question as it is put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is asked.
    pub question: PollText,
    /// What one may choose.
    pub answers: Bounded<PollText, POLL_ANSWERS_MAX>,
    /// Whether nobody is shown who chose what.
    pub is_hidden: bool,
    /// Blocks for which it stays open.
    pub blocks: u64,
    /// Keeps the question from being found by trying.
    pub salt: Salt,
}

/// A poll's own entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct StoredPoll {
    /// The building's number for it, never given twice.
    pub number: u32,
    /// The poll.
    pub poll: Poll,
    /// The day on which it was asked: who owns or lives there then takes part.
    pub day: Day,
    /// The newest block when it was asked: keys that came later do not count.
    pub asked: Height,
}

/// An answer that came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PollAnswer {
    /// The poll's number.
    pub number: u32,
    /// What was signed.
    pub signed: SignedPollBallot,
    /// What the ledger knows it by.
    pub commitment: Digest,
    /// Where it stands on the ledger, once it does.
    pub stands: Option<(Height, u32)>,
}

/// A poll that the ledger did not take. It was never open, and is not brought again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PollRefused {
    /// The poll's number.
    pub number: u32,
    /// Why.
    pub why: NotPut,
}

/// Why a poll was not put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotPut {
    /// As many of the building's polls as may be were open.
    TooMany,
    /// The ledger does not take it as it is.
    Refused,
}

/// A poll with everything of it.
#[derive(Debug)]
pub struct Asking {
    /// Its own entry.
    pub stored: StoredPoll,
    /// What came in.
    pub answers: BTreeMap<Digest, PollAnswer>,
    /// Why the ledger did not take it, if it did not.
    pub refused: Option<NotPut>,
    /// Answers whose signatures were checked, which happens once; none where they do not hold.
    checked: BTreeMap<Digest, Option<VerifiedPollBallot>>,
    /// What it comes to, until anything changes.
    pub(super) count: OnceLock<Arc<PollResult>>,
}

impl Asking {
    pub(super) fn new(stored: StoredPoll) -> Self {
        let (answers, checked) = (BTreeMap::new(), BTreeMap::new());
        Self { stored, answers, refused: None, checked, count: OnceLock::new() }
    }

    /// Checks the signatures of what was stored before a restart, at most `room` of them; says how many.
    pub(super) fn check_stored(&mut self, chain: &ChainId, room: usize) -> usize {
        if self.checked.len() == self.answers.len() {
            return 0;
        }
        let unchecked = self.answers.iter().filter(|(key, _)| !self.checked.contains_key(*key)).take(room);
        let checked = unchecked.map(|(key, one)| (*key, one.signed.clone().verify(chain).ok()));
        let checked: Vec<_> = checked.collect();
        let count = checked.len();
        self.checked.extend(checked);
        count
    }

    /// What commitments name it by.
    pub fn vote(&self) -> AssemblyId {
        AssemblyId::new(*self.stored.poll.id().as_bytes())
    }
}

impl Core {
    pub(super) fn ask_poll(&mut self, now: Now, who: &Who, question: Question) -> Result<Done, HomeError> {
        self.office(who)?;
        if self.home.registry().is_none() {
            return Err(HomeError::NoRegistry);
        }
        if self.home.polls.len() >= POLLS_KEPT_MAX {
            return Err(HomeError::Full { field: "polls", max: POLLS_KEPT_MAX });
        }
        let Question { question, answers, is_hidden, blocks, salt } = question;
        if !(1..=VOTE_HEIGHTS_MAX).contains(&blocks) {
            return Err(Invalid::Range { field: "blocks", max: VOTE_HEIGHTS_MAX, found: blocks }.into());
        }
        let max = VOTES_OPEN_PER_BUILDING_MAX;
        if self.home.polls.values().filter(|asking| self.is_poll_open(asking)).count() >= max {
            return Err(HomeError::Full { field: "polls that are not closed", max });
        }
        let asked = self.ledger.head().height;
        let opens = Height(asked.0 + ROOM_FIRST);
        let poll = Poll { question, answers, is_hidden, opens, closes: Height(opens.0 + blocks), salt };
        poll.check()?;
        let number = self.home.polls.last_key_value().map_or(0, |(number, _)| *number) + 1;
        let stored = StoredPoll { number, poll, day: who.today, asked };
        self.home.polls.insert(number, Asking::new(stored.clone()));
        self.keep([Kept::Poll(Box::new(stored))]);
        self.bring_poll(now, number);
        Ok(Done::Poll(number))
    }

    pub(super) fn answer_poll(&mut self, now: Now, signed: SignedPollBallot) -> Result<Done, HomeError> {
        let verified = signed.clone().verify(&self.ledger.chain())?;
        let commitment = verified.commitment();
        let mut all = self.home.polls.values();
        let asking = all.find(|asking| asking.stored.poll.id() == verified.ballot().poll);
        let asking = asking.ok_or(HomeError::NoPoll)?;
        let number = asking.stored.number;
        if asking.answers.contains_key(&commitment) {
            return Ok(Done::Poll(number));
        }
        let (poll, head) = (&asking.stored.poll, self.ledger.head().height);
        let is_known = self.ledger.state().poll(&asking.vote()).is_some();
        if !is_known || head.next() < poll.opens || head >= poll.closes {
            return Err(HomeError::Stage { expected: "is open" });
        }
        let of_key = |one: &&PollAnswer| one.signed.ballot.voter == signed.ballot.voter;
        if asking.answers.values().filter(of_key).count() >= REVOTES_MAX {
            return Err(HomeError::Full { field: "answers of one key to one poll", max: REVOTES_MAX });
        }
        if asking.answers.len() >= TAKEN_PER_ASSEMBLY_MAX {
            return Err(HomeError::Full { field: "answers to one poll", max: TAKEN_PER_ASSEMBLY_MAX });
        }
        let at = Place { height: head.next(), index: u32::MAX };
        let alone = self.counted_among(asking, &[Entered { value: verified.clone(), at }]);
        if let Some(why) = alone.refused.get(&commitment) {
            return Err(HomeError::Refused(*why));
        }
        let answer = PollAnswer { number, signed, commitment, stands: None };
        let asking = self.home.polls.get_mut(&number).expect("invariant: it was just seen");
        asking.answers.insert(commitment, answer.clone());
        asking.checked.insert(commitment, Some(verified));
        self.keep([Kept::PollAnswer(Box::new(answer))]);
        self.bring_poll(now, number);
        Ok(Done::Poll(number))
    }

    /// Who takes part in a poll: owners and whoever lives there, on the day it was asked.
    pub fn invited(&self, asking: &Asking) -> BTreeSet<PersonId> {
        let day = asking.stored.day;
        let lots = self.home.registry().into_iter().flat_map(|registry| registry.lots.iter());
        let mut invited = BTreeSet::new();
        for lot in lots {
            let owners = lot.title_on(day).into_iter().flat_map(|title| title.owners.iter());
            invited.extend(owners.map(|owner| owner.person));
            let lives = lot
                .occupants
                .iter()
                .filter(|one| one.from <= day && one.until.is_none_or(|until| until >= day));
            invited.extend(lives.map(|one| one.person));
        }
        invited
    }

    /// What stands on the ledger, counted once and again when anything changed. Signatures are checked once.
    pub fn count_poll(&self, asking: &Asking) -> Arc<PollResult> {
        let count = || {
            let chain = self.ledger.chain();
            let standing = asking.answers.values().filter_map(|one| Some((one, one.stands?)));
            let ballots: Vec<Entered<VerifiedPollBallot>> = standing
                .filter_map(|(one, (height, index))| {
                    let value = match asking.checked.get(&one.commitment) {
                        Some(checked) => checked.clone()?,
                        None => one.signed.clone().verify(&chain).ok()?,
                    };
                    Some(Entered { value, at: Place { height, index } })
                })
                .collect();
            Arc::new(self.counted_among(asking, &ballots))
        };
        Arc::clone(asking.count.get_or_init(count))
    }

    fn counted_among(&self, asking: &Asking, ballots: &[Entered<VerifiedPollBallot>]) -> PollResult {
        let keys = self.home.residents.for_counting(asking.stored.asked);
        count_poll(&asking.stored.poll, &self.invited(asking), &keys, ballots)
    }

    /// Wishes for the ledger what it does not have yet of every poll.
    pub(super) fn bring_polls(&mut self, now: Now) {
        let all: Vec<u32> = self.home.polls.keys().copied().collect();
        all.into_iter().for_each(|number| self.bring_poll(now, number));
    }

    fn bring_poll(&mut self, now: Now, number: u32) {
        let Some(asking) = self.home.polls.get(&number).filter(|asking| asking.refused.is_none()) else {
            return;
        };
        let (vote, head, poll) = (asking.vote(), self.ledger.head().height, &asking.stored.poll);
        match self.ledger.state().poll(&vote).map(|state| state.result.is_some()) {
            None if head.next() < poll.opens => {
                let Poll { is_hidden, opens, closes, .. } = *poll;
                let notice =
                    PollNotice { building: self.origin(), poll: poll.id(), is_hidden, opens, closes };
                self.wish(now, AssemblyAction::AnnouncePoll(notice), Purpose::Poll(number));
            }
            None => self.ask_later(now, number),
            Some(false) if head < poll.closes => self.bring_answers(now, number),
            Some(false) => {
                let Some(intake) = self.ledger.state().intake(&vote) else { return };
                let result = self.count_poll(asking);
                let answers = result.answers.clone().map(|answers| {
                    let persons = answers.into_iter().map(|n| u32::try_from(n).unwrap_or(u32::MAX)).collect();
                    Bounded::new(persons).expect("invariant: as many as the poll's")
                });
                let voters = u32::try_from(result.voters).unwrap_or(u32::MAX);
                let record = PollRecord { poll: poll.id(), ballots: intake.frontier.root(), voters, answers };
                self.wish(now, AssemblyAction::ConcludePoll(record), Purpose::Poll(number));
            }
            Some(true) => {}
        }
    }

    /// Whether it takes one of the places that the ledger has for a building's polls.
    fn is_poll_open(&self, asking: &Asking) -> bool {
        let is_concluded = self.ledger.state().poll(&asking.vote()).is_some_and(|poll| poll.result.is_some());
        asking.refused.is_none() && !is_concluded
    }

    /// The ledger does not take a poll. Where only its height was too early it is put later; otherwise that is the end of
    /// it, and the page says why.
    pub(in crate::core) fn poll_refused(&mut self, now: Now, number: u32, reason: &Reject) {
        let Some(asking) = self.home.polls.get_mut(&number) else { return };
        if self.ledger.state().poll(&asking.vote()).is_some() {
            return;
        }
        if matches!(reason, Reject::Assembly(AssemblyReject::Opens { .. })) {
            return self.ask_later(now, number);
        }
        let is_full = matches!(reason, Reject::Assembly(AssemblyReject::Full { .. }));
        let why = if is_full { NotPut::TooMany } else { NotPut::Refused };
        asking.refused = Some(why);
        self.keep([Kept::PollRefused(PollRefused { number, why })]);
    }

    /// The ledger did not hear of it in time: it opens later. Nobody has answered yet, as nobody could.
    fn ask_later(&mut self, now: Now, number: u32) {
        if self.outbox.holds(Purpose::Poll(number)) {
            return;
        }
        let head = self.ledger.head().height;
        let asking = self.home.polls.get_mut(&number).expect("invariant: it was just seen");
        let poll = &mut asking.stored.poll;
        let open_for = poll.closes.0 - poll.opens.0;
        let room = (poll.opens.0.saturating_sub(asking.stored.asked.0) * 2).clamp(ROOM_FIRST, ROOM_MAX);
        poll.opens = Height(head.0 + room);
        poll.closes = Height(poll.opens.0 + open_for);
        let stored = asking.stored.clone();
        self.keep([Kept::Poll(Box::new(stored))]);
        self.bring_poll(now, number);
    }

    fn bring_answers(&mut self, now: Now, number: u32) {
        let asking = &self.home.polls[&number];
        let vote = asking.vote();
        let flying = self.home.flying();
        let waiting = asking.answers.values().filter(|one| one.stands.is_none()).map(|one| one.commitment);
        let waiting: Vec<Digest> = waiting.filter(|one| !flying.contains(one)).collect();
        for batch in waiting.chunks(COMMITMENTS_PER_TRANSACTION_MAX) {
            let commitments = Bounded::new(batch.to_vec()).expect("invariant: cut to its bound");
            let action = AssemblyAction::Commit(Commitments { vote, commitments });
            if self.wish(now, action, Purpose::Ballots(batch[0])) {
                self.home.in_flight.insert(batch[0], batch.to_vec());
            }
        }
    }

    /// An answer stands on the ledger.
    pub(super) fn hear_poll(&mut self, event: &AssemblyEvent) {
        let AssemblyEvent::Entered { vote, commitment, index } = event else { return };
        let Some(height) = self.ledger.state().entered(vote, commitment).map(|entered| entered.height) else {
            return;
        };
        let mut all = self.home.polls.values_mut();
        let Some(asking) = all.find(|asking| asking.vote() == *vote) else { return };
        let Some(answer) = asking.answers.get_mut(commitment) else { return };
        let index = u32::try_from(*index).expect("invariant: what comes in is bounded");
        answer.stands = Some((height, index));
        let answer = answer.clone();
        self.keep([Kept::PollAnswer(Box::new(answer))]);
    }
}
