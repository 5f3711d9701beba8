//! What members ask the ledger to record of assemblies and polls. The ledger holds hashes under salts, totals and the
//! keys of those who count: no name, no lot, no answer of anybody.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::agenda::Opening;
use super::conclusion::{PaperEntry, SignedConclusion, SignedMinutes};
use super::ids::AssemblyId;
use super::promise::SignedPromise;
use crate::bounded::Bounded;
use crate::error::Invalid;
use crate::ids::{Address, Digest, Height};
use crate::limits::{
    COMMITMENTS_PER_TRANSACTION_MAX, POLL_ANSWERS_MAX, POLL_HIDDEN_VOTERS_MIN, VOTE_HEIGHTS_MAX,
};

/// What a member asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssemblyAction {
    /// Announces an assembly of the author's building.
    Announce(Box<Opening>),
    /// Brings commitments to ballots and proxies. Any member may bring them.
    Commit(Commitments),
    /// Brings the commitment to a sheet of paper that syndic and assessor entered. Any member may bring it.
    EnterPaper(PaperEntry),
    /// Brings what the votes came to. Any member may bring it.
    Conclude(Box<SignedConclusion>),
    /// Brings the hash of the minutes. Any member may bring it.
    Minutes(SignedMinutes),
    /// Proves that a node did not keep its promise. Any member may.
    Accuse(SignedPromise),
    /// Announces a poll of the author's building, which decides nothing.
    AnnouncePoll(PollNotice),
    /// Tells what a poll of the author's building came to.
    ConcludePoll(PollRecord),
}

/// Commitments to what came in for an assembly or a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Commitments {
    /// The assembly, or the poll under [`PollNotice::vote`].
    pub vote: AssemblyId,
    /// In the order in which they came, at least one.
    pub commitments: Bounded<Digest, COMMITMENTS_PER_TRANSACTION_MAX>,
}

/// A poll as the ledger is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PollNotice {
    /// The building's node.
    pub building: Address,
    /// The poll's id, a salted hash of question and answers.
    pub poll: Digest,
    /// Whether only totals are shown, and only when enough took part.
    pub is_hidden: bool,
    /// The first height at which an answer counts.
    pub opens: Height,
    /// The last one.
    pub closes: Height,
}

/// What a poll came to. It decides nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PollRecord {
    /// The poll.
    pub poll: Digest,
    /// Root over the commitments of everything that came in.
    pub ballots: Digest,
    /// Persons whose answer counts.
    pub voters: u32,
    /// Persons per answer; none where too few took part in a hidden poll.
    pub answers: Option<Bounded<u32, POLL_ANSWERS_MAX>>,
}

impl Commitments {
    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.commitments.is_empty() {
            let max = COMMITMENTS_PER_TRANSACTION_MAX;
            return Err(Invalid::Count { field: "commitments", min: 1, max, found: 0 });
        }
        Ok(())
    }
}

impl PollNotice {
    /// What commitments and promises name it by.
    pub fn vote(&self) -> AssemblyId {
        AssemblyId::new(*self.poll.as_bytes())
    }

    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        let heights = self.closes.0.checked_sub(self.opens.0).unwrap_or(u64::MAX);
        if heights > VOTE_HEIGHTS_MAX {
            let field = "heights of a vote";
            return Err(Invalid::Range { field, max: VOTE_HEIGHTS_MAX, found: heights });
        }
        Ok(())
    }
}

impl PollRecord {
    /// Checks that the answers are those of the voters, and that a hidden poll of few shows none.
    pub fn check(&self, is_hidden: bool) -> Result<(), Invalid> {
        let Some(answers) = &self.answers else { return Ok(()) };
        let voters: u64 = answers.iter().copied().map(u64::from).sum();
        if voters != self.voters.into() {
            return Err(Invalid::Range { field: "answers", max: self.voters.into(), found: voters });
        }
        if is_hidden && (self.voters as usize) < POLL_HIDDEN_VOTERS_MIN {
            let (field, min) = ("voters of a hidden poll that shows its answers", POLL_HIDDEN_VOTERS_MIN);
            return Err(Invalid::Count { field, min, max: usize::MAX, found: self.voters as usize });
        }
        Ok(())
    }
}
