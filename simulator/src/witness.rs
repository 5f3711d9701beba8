//! What only shows over several messages: an authority that leaves its lock, a node that asks without end or keeps
//! without bound, a transaction that is carried out twice.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ledger::{Committed, Held};
use protocol::limits::{BODIES_KEPT_MAX, EARLY_MESSAGES_MAX};
use protocol::{Address, BlockId, Height, Message, Round, TransactionId, Vote, VoteKind};

use crate::checker::{Rule, Violation};

/// Requests of one node in one second beyond those that were answered: one may be out, and one more for each peer whose
/// connection went away while it was asked.
const REQUESTS_SPARE: usize = 3;
/// Heights whose votes are remembered, the latest ones.
const HEIGHTS_KEPT: usize = 2_000;

/// The votes of one height.
#[derive(Debug, Default)]
struct Votes {
    prevotes: BTreeMap<(Round, BlockId), BTreeSet<Address>>,
    /// What each authority precommitted last.
    locks: BTreeMap<Address, (Round, BlockId)>,
}

/// How many votes decide, and how many may come from liars that nobody counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quorum {
    /// Votes that decide.
    pub votes: usize,
    /// Authorities that may vote for anything at any time.
    pub liars: usize,
}

/// What was seen so far.
#[derive(Debug)]
pub struct Witness {
    heights: BTreeMap<Height, Votes>,
    /// Requests without an answer of each node in the current second.
    asked: BTreeMap<Address, (u64, usize)>,
    asked_max: usize,
    /// The last block whose transactions were looked at, and all of them.
    seen: (Height, BTreeSet<TransactionId>),
}

impl Witness {
    /// Of a world with that many nodes.
    pub fn new(nodes: usize) -> Self {
        Self {
            heights: BTreeMap::new(),
            asked: BTreeMap::new(),
            asked_max: nodes + REQUESTS_SPARE,
            seen: (Height(0), BTreeSet::new()),
        }
    }

    /// A message leaves an honest node.
    pub fn left(
        &mut self,
        now: u64,
        author: Address,
        message: &Message,
        quorum: Option<Quorum>,
    ) -> Result<(), Violation> {
        match message {
            Message::Vote(signed) if signed.vote.address == author => self.voted(&signed.vote, quorum),
            Message::SyncRequest(_) => self.asks(now, author),
            Message::Vote(_)
            | Message::Proposal(_)
            | Message::Body(_)
            | Message::Polka(_)
            | Message::Round(_)
            | Message::Status(_)
            | Message::SyncResponse(_)
            | Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => Ok(()),
        }
    }

    /// Blocks arrive at a node: it may ask again.
    pub fn answered(&mut self, node: Address) {
        if let Some((_, count)) = self.asked.get_mut(&node) {
            *count = count.saturating_sub(1);
        }
    }

    /// What a node keeps after it was told something.
    pub fn keeps(&self, name: &str, held: &Held) -> Result<(), Violation> {
        let Held { early, bodies, .. } = *held;
        if early <= EARLY_MESSAGES_MAX && bodies <= BODIES_KEPT_MAX {
            return Ok(());
        }
        let detail = format!("{name} keeps {early} messages of the next height and {bodies} blocks");
        Err(Violation::of(Rule::Load, detail))
    }

    /// A block is final somewhere.
    pub fn committed(&mut self, committed: &Committed) -> Result<(), Violation> {
        let (height, seen) = &mut self.seen;
        if committed.height <= *height {
            return Ok(());
        }
        *height = committed.height;
        match committed.transactions.iter().find(|id| !seen.insert(**id)) {
            Some(id) => {
                let detail = format!("transaction {id} stands in block {} again", committed.height);
                Err(Violation::of(Rule::Once, detail))
            }
            None => Ok(()),
        }
    }

    fn asks(&mut self, now: u64, node: Address) -> Result<(), Violation> {
        let second = now / 1_000;
        let (of, count) = self.asked.entry(node).or_insert((second, 0));
        if *of != second {
            (*of, *count) = (second, 0);
        }
        *count += 1;
        if *count > self.asked_max {
            let detail = format!("{node} asks for blocks {count} times in a second without an answer");
            return Err(Violation::of(Rule::Load, detail));
        }
        Ok(())
    }

    fn voted(&mut self, vote: &Vote, quorum: Option<Quorum>) -> Result<(), Violation> {
        let Some(block) = vote.block else { return Ok(()) };
        let is_forgotten = self.heights.keys().next().is_some_and(|oldest| vote.height < *oldest);
        if is_forgotten && self.heights.len() >= HEIGHTS_KEPT {
            return Ok(());
        }
        let votes = self.heights.entry(vote.height).or_default();
        let verdict = match vote.kind {
            VoteKind::Prevote => {
                votes.prevotes.entry((vote.round, block)).or_default().insert(vote.address);
                quorum.map_or(Ok(()), |quorum| votes.may_prevote(vote, block, quorum))
            }
            VoteKind::Precommit => {
                let lock = votes.locks.entry(vote.address).or_insert((vote.round, block));
                if lock.0 < vote.round {
                    *lock = (vote.round, block);
                }
                quorum.map_or(Ok(()), |quorum| votes.may_precommit(vote, block, quorum))
            }
        };
        while self.heights.len() > HEIGHTS_KEPT {
            self.heights.pop_first();
        }
        verdict
    }
}

impl Votes {
    /// Whether enough prevoted, `by` among them: an authority may publish what its own prevote led to ahead of it.
    fn has_polka(&self, by: Address, round: Round, block: BlockId, quorum: Quorum) -> bool {
        let others = self.prevotes.get(&(round, block));
        let others = others.map_or(0, |prevotes| prevotes.iter().filter(|other| **other != by).count());
        others + 1 + quorum.liars >= quorum.votes
    }

    fn had_polka(&self, by: Address, rounds: Range<u32>, block: BlockId, quorum: Quorum) -> bool {
        rounds.into_iter().any(|round| self.has_polka(by, Round(round), block, quorum))
    }

    /// Who precommitted a block prevotes another one in a later round only if that one had a polka since (Tendermint,
    /// arXiv:1807.04938, lines 28 to 30).
    fn may_prevote(&self, vote: &Vote, block: BlockId, quorum: Quorum) -> Result<(), Violation> {
        let Some((round, locked)) = self.locks.get(&vote.address).copied() else { return Ok(()) };
        let is_free = vote.round <= round || block == locked;
        if is_free || self.had_polka(vote.address, round.0..vote.round.0, block, quorum) {
            return Ok(());
        }
        let detail = format!(
            "{} precommitted {locked} at {}/{} and prevotes {block} in round {} without a reason",
            vote.address, vote.height, round.0, vote.round.0
        );
        Err(Violation::of(Rule::Lock, detail))
    }

    fn may_precommit(&self, vote: &Vote, block: BlockId, quorum: Quorum) -> Result<(), Violation> {
        if self.has_polka(vote.address, vote.round, block, quorum) {
            return Ok(());
        }
        let detail = format!(
            "{} precommits {block} at {}/{} without a polka",
            vote.address, vote.height, vote.round.0
        );
        Err(Violation::of(Rule::Lock, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::message::SyncRequest;
    use protocol::{ChainId, SigningKey};

    const QUORUM: Option<Quorum> = Some(Quorum { votes: 3, liars: 0 });

    fn vote(by: u8, kind: VoteKind, round: u32, block: u8) -> (Address, Message) {
        let key = SigningKey::from_seed(&[by; 32]);
        let address = key.address();
        let block = Some(BlockId::new([block; 32]));
        let vote = Vote { kind, height: Height(1), round: Round(round), block, address };
        (address, Message::Vote(vote.sign(&key, &ChainId::new([1; 32]))))
    }

    fn rules(steps: &[(u8, VoteKind, u32, u8)]) -> Vec<Option<Rule>> {
        let mut witness = Witness::new(4);
        let mut left = |(by, kind, round, block): &(u8, VoteKind, u32, u8)| {
            let (address, message) = vote(*by, *kind, *round, *block);
            witness.left(0, address, &message, QUORUM).err().map(|found| found.rule)
        };
        steps.iter().map(&mut left).collect()
    }

    #[test]
    fn a_lock_is_left_for_a_later_polka_only() {
        use VoteKind::{Precommit, Prevote};
        let polka = [(1, Prevote, 0, 7), (2, Prevote, 0, 7), (3, Prevote, 0, 7), (1, Precommit, 0, 7)];
        let with = |last: &[(u8, VoteKind, u32, u8)]| rules(&[&polka, last].concat()).pop().unwrap();
        assert_eq!(with(&[]), None);
        assert_eq!(with(&[(1, Prevote, 1, 7)]), None);
        assert_eq!(with(&[(1, Prevote, 1, 8)]), Some(Rule::Lock));
        let others = [(2, Prevote, 1, 8), (3, Prevote, 1, 8), (4, Prevote, 1, 8)];
        assert_eq!(with(&[&others[..], &[(1, Prevote, 2, 8)]].concat()), None);
    }

    #[test]
    fn a_precommit_needs_a_polka() {
        use VoteKind::{Precommit, Prevote};
        let steps = [(2, Prevote, 0, 7), (1, Precommit, 0, 7), (3, Prevote, 0, 7), (1, Precommit, 0, 7)];
        assert_eq!(rules(&steps), [None, Some(Rule::Lock), None, None]);
    }

    #[test]
    fn asking_again_and_again_is_noticed_and_answers_count() {
        let node = SigningKey::from_seed(&[1; 32]).address();
        let request = Message::SyncRequest(SyncRequest { from: Height(1), count: 1 });
        let mut witness = Witness::new(4);
        for _ in 0..100 {
            assert_eq!(witness.left(10, node, &request, None), Ok(()));
            witness.answered(node);
        }
        let refused = (0..20).filter(|_| witness.left(10, node, &request, None).is_err()).count();
        assert_eq!(refused, 13);
    }
}
