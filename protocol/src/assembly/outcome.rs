//! What everybody is told of a vote: totals, the rule and its arithmetic, the outcome. No lot and no name stands here;
//! who was for and against is the building's to know.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::Choice;
use super::comparison::Arithmetic;
use super::ids::{AssemblyId, ItemNumber, Votes};
use super::law::RuleId;
use crate::ids::Digest;

/// Votes by answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Totals {
    /// In favour.
    pub in_favour: Votes,
    /// Against.
    pub against: Votes,
    /// Abstentions.
    pub abstained: Votes,
    /// Blank ballots.
    pub blank: Votes,
    /// Ballots that cannot be read as an answer.
    pub null: Votes,
    /// Present or represented without an answer.
    pub silent: Votes,
}

/// How a vote ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// The assembly may not decide: too few are there.
    NoQuorum,
    /// Adopted.
    Adopted,
    /// Refused.
    Refused,
    /// Refused at this majority; a second vote at that one follows at once.
    SecondVote(RuleId),
    /// Unanimity was missed because somebody was absent; another assembly may decide among those present.
    Again,
}

/// A vote's result as the ledger holds it. Every node of the building comes to the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct TallyRecord {
    /// The assembly.
    pub assembly: AssemblyId,
    /// The resolution's number.
    pub item: ItemNumber,
    /// Its salted hash.
    pub resolution: Digest,
    /// The majority.
    pub rule: RuleId,
    /// Votes as they are held.
    pub held: Totals,
    /// Votes after what the law takes off large owners and holders of proxies.
    pub counted: Totals,
    /// Owners in favour with everything they voted for.
    pub owners_in_favour: u32,
    /// Owners present, represented or voting by post.
    pub owners_present: u32,
    /// All owners.
    pub owners: u32,
    /// Votes present, represented or by post.
    pub votes_present: Votes,
    /// Votes of all who could vote on this.
    pub votes: Votes,
    /// The rule with its figures.
    pub arithmetic: Arithmetic,
    /// The rule of the law's bridge with its figures, where the majority was missed.
    pub bridge: Option<Arithmetic>,
    /// How it ended.
    pub outcome: Outcome,
    /// Root over the commitments of everything that came in.
    pub ballots: Digest,
}

impl Totals {
    /// Votes cast: abstentions, blank and null ballots are none.
    pub fn cast(&self) -> Votes {
        [self.in_favour, self.against].into_iter().sum()
    }

    /// Adds votes to an answer; none is silence.
    pub fn add(&mut self, choice: Option<Choice>, votes: Votes) {
        let total = match choice {
            Some(Choice::For) => &mut self.in_favour,
            Some(Choice::Against) => &mut self.against,
            Some(Choice::Abstain) => &mut self.abstained,
            Some(Choice::Blank) => &mut self.blank,
            Some(Choice::Null) => &mut self.null,
            None => &mut self.silent,
        };
        *total = [*total, votes].into_iter().sum();
    }
}

impl Outcome {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoQuorum => "no-quorum",
            Self::Adopted => "adopted",
            Self::Refused => "refused",
            Self::SecondVote(_) => "second-vote",
            Self::Again => "again",
        }
    }
}
