//! Counting a poll: one head, one vote, the highest sequence. A hidden one with few voters shows nothing, as its totals
//! would tell who chose what.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Digest;
use protocol::assembly::{PersonId, Poll, VerifiedPollBallot};
use protocol::limits::POLL_HIDDEN_VOTERS_MIN;

use super::error::Refused;
use super::keys::{Entered, Keys};

/// What a poll came to. It decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollResult {
    /// Persons whose answer counts.
    pub voters: usize,
    /// Persons per answer; none while too few took part in a hidden poll.
    pub answers: Option<Vec<usize>>,
    /// Answers that do not count, with the reason.
    pub refused: BTreeMap<Digest, Refused>,
    /// Persons who gave different answers under one sequence: none of them counts.
    pub void: BTreeSet<PersonId>,
}

/// Counts a poll among those who may take part: owners and whoever lives there.
pub fn count_poll(
    poll: &Poll,
    invited: &BTreeSet<PersonId>,
    keys: &Keys,
    ballots: &[Entered<VerifiedPollBallot>],
) -> PollResult {
    let id = poll.id();
    let mut refused = BTreeMap::new();
    let mut latest: BTreeMap<PersonId, (u64, BTreeMap<Digest, u8>)> = BTreeMap::new();
    for entered in ballots {
        let (ballot, commitment) = (entered.value.ballot(), entered.value.commitment());
        match person(poll, id, invited, keys, entered) {
            Ok(person) => {
                let standing = latest.entry(person).or_insert((ballot.sequence, BTreeMap::new()));
                if ballot.sequence > standing.0 {
                    *standing = (ballot.sequence, BTreeMap::new());
                }
                if ballot.sequence == standing.0 {
                    standing.1.insert(commitment, ballot.answer);
                }
            }
            Err(why) => {
                refused.insert(commitment, why);
            }
        }
    }
    let is_void = |(_, (_, given)): &(&PersonId, &(u64, BTreeMap<Digest, u8>))| given.len() > 1;
    let void: BTreeSet<PersonId> = latest.iter().filter(is_void).map(|(person, _)| *person).collect();
    let mut answers = vec![0; poll.answers.len()];
    let counting = latest.iter().filter(|(person, _)| !void.contains(person));
    counting.flat_map(|(_, (_, given))| given.values()).for_each(|answer| answers[usize::from(*answer)] += 1);
    let voters = answers.iter().sum();
    let is_shown = !poll.is_hidden || voters >= POLL_HIDDEN_VOTERS_MIN;
    PollResult { voters, answers: is_shown.then_some(answers), refused, void }
}

fn person(
    poll: &Poll,
    id: Digest,
    invited: &BTreeSet<PersonId>,
    keys: &Keys,
    entered: &Entered<VerifiedPollBallot>,
) -> Result<PersonId, Refused> {
    let ballot = entered.value.ballot();
    if ballot.poll != id || usize::from(ballot.answer) >= poll.answers.len() {
        return Err(Refused::OtherText { found: ballot.poll });
    }
    if entered.at.height < poll.opens {
        return Err(Refused::Early);
    }
    if entered.at.height > poll.closes {
        return Err(Refused::Late);
    }
    let person = keys.person(&ballot.voter, entered.at, poll.opens)?;
    if invited.contains(&person) { Ok(person) } else { Err(Refused::UnknownKey) }
}
