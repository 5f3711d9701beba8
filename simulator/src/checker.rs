//! What must hold at every step. The first violation ends the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ledger::{Committed, Head};
use protocol::{Address, BlockId, Height, Message, Round, StateHash, TransactionId, VoteKind};

/// The rule that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Replay of the blocks gives the same state.
    Replay,
    /// No two different blocks at one height.
    Agreement,
    /// No authority signs two different things at one height, round and step.
    Equivocation,
    /// Nothing acknowledged is lost, and nothing leaves before it is on disk.
    Durability,
    /// An honest node is not blamed, and no evidence is found against one.
    Blame,
    /// A ledger of honest nodes never stops for good.
    Halt,
    /// A node does not wake itself without end.
    Spin,
    /// No assertion fails.
    Panic,
    /// When the faults stop, all agree and go on within the time.
    Liveness,
    /// One alert, one work order.
    WorkOrder,
    /// A final block keeps the rules, and every node holds what follows from the blocks.
    Model,
    /// What a node holds in memory keeps its bounds.
    Bounds,
    /// In a scripted schedule every honest node does what its line of the protocol says.
    Script,
    /// An authority leaves its lock for a later polka only.
    Lock,
    /// A node neither asks without end nor keeps without bound.
    Load,
    /// A transaction is carried out once.
    Once,
    /// Whoever was excluded learns no later network key.
    Keys,
    /// A building's energy of single slots is with itself and its desks alone.
    Privacy,
}

impl Rule {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replay => "replay",
            Self::Agreement => "agreement",
            Self::Equivocation => "equivocation",
            Self::Durability => "durability",
            Self::Blame => "blame",
            Self::Halt => "halt",
            Self::Spin => "spin",
            Self::Panic => "panic",
            Self::Liveness => "liveness",
            Self::WorkOrder => "work order",
            Self::Model => "model",
            Self::Bounds => "bounds",
            Self::Script => "script",
            Self::Lock => "lock",
            Self::Load => "load",
            Self::Once => "once",
            Self::Keys => "keys",
            Self::Privacy => "privacy",
        }
    }
}

/// A rule that was broken, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// How.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.name(), self.detail)
    }
}

impl Violation {
    /// A violation of `rule`.
    pub fn of(rule: Rule, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}

/// One of the three things an authority signs in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Proposal,
    Prevote,
    Precommit,
}

/// What it signed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Statement {
    block: Option<BlockId>,
    pol_round: Option<Round>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Final {
    block: BlockId,
    state: StateHash,
}

/// What the world has seen so far.
#[derive(Debug, Default)]
pub struct Checker {
    /// Final blocks by height, whoever announced them first.
    finals: BTreeMap<Height, Final>,
    /// Everything authorities said.
    signed: BTreeMap<(Address, Height, Round, Step), Statement>,
    /// The highest block each node has announced.
    announced: BTreeMap<Address, Height>,
    /// Transactions that some node called final.
    acknowledged: BTreeSet<TransactionId>,
}

impl Checker {
    /// A message leaves the node of `author`: what it signed there must not contradict what it signed before.
    pub fn left(&mut self, author: Address, message: &Message) -> Result<(), Violation> {
        let (height, round, step, statement) = match message {
            Message::Vote(signed) if signed.vote.address == author => {
                let step = match signed.vote.kind {
                    VoteKind::Prevote => Step::Prevote,
                    VoteKind::Precommit => Step::Precommit,
                };
                let statement = Statement { block: signed.vote.block, pol_round: None };
                (signed.vote.height, signed.vote.round, step, statement)
            }
            Message::Proposal(signed) if signed.proposal.address == author => {
                let proposal = &signed.proposal;
                let statement = Statement { block: Some(proposal.block), pol_round: proposal.pol_round };
                (proposal.height, proposal.round, Step::Proposal, statement)
            }
            Message::Vote(_)
            | Message::Proposal(_)
            | Message::Body(_)
            | Message::Polka(_)
            | Message::Round(_)
            | Message::Status(_)
            | Message::SyncRequest(_)
            | Message::SyncResponse(_)
            | Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => return Ok(()),
        };
        let before = self.signed.entry((author, height, round, step)).or_insert(statement);
        if *before == statement {
            return Ok(());
        }
        let detail = format!(
            "{author} at height {height}, round {}: {step:?} for {:?}, before for {:?}",
            round.0, statement, before
        );
        Err(Violation::of(Rule::Equivocation, detail))
    }

    /// A node announces a block as final.
    pub fn committed(&mut self, node: Address, committed: &Committed) -> Result<(), Violation> {
        let is = Final { block: committed.id, state: committed.state };
        self.agree(node, committed.height, is)?;
        let before = self.announced.insert(node, committed.height).unwrap_or(Height(0));
        if before.next() != committed.height {
            let detail = format!("{node} announces block {} after block {before}", committed.height);
            return Err(Violation::of(Rule::Replay, detail));
        }
        self.acknowledged.extend(&committed.transactions);
        Ok(())
    }

    /// A node is up again: all it ever announced is there, and replay led to the same state.
    /// `stored` is the last block that was on its disk; replayed votes may have made one more final, which it announces.
    pub fn started(&mut self, node: Address, head: &Head, stored: Height) -> Result<(), Violation> {
        let announced = self.announced.get(&node).copied().unwrap_or(Height(0));
        if stored < announced {
            let detail = format!("{node} announced block {announced} and is back with {stored}");
            return Err(Violation::of(Rule::Durability, detail));
        }
        self.excused(node, head, stored)
    }

    /// A node's disk lost blocks through no fault of its own: it starts again from `stored`.
    pub fn excused(&mut self, node: Address, head: &Head, stored: Height) -> Result<(), Violation> {
        self.announced.insert(node, stored);
        self.at(node, head)
    }

    /// A node goes on under another key, with everything it announced.
    pub fn moved(&mut self, from: Address, to: Address) {
        if let Some(height) = self.announced.get(&from).copied() {
            let known = self.announced.entry(to).or_insert(height);
            *known = height.max(*known);
        }
    }

    /// What a replay of a node's disk gave.
    pub fn at(&mut self, node: Address, head: &Head) -> Result<(), Violation> {
        if head.height == Height(0) {
            return Ok(());
        }
        self.agree(node, head.height, Final { block: head.block, state: head.state })
    }

    /// Every transaction that was called final is among those of the chain.
    pub fn all_kept(&self, chain: &BTreeSet<TransactionId>) -> Result<(), Violation> {
        match self.acknowledged.iter().find(|id| !chain.contains(id)) {
            Some(id) => {
                let detail = format!("transaction {id} was called final and is not on the chain");
                Err(Violation::of(Rule::Durability, detail))
            }
            None => Ok(()),
        }
    }

    /// The highest final block.
    pub fn height(&self) -> Height {
        self.finals.keys().next_back().copied().unwrap_or(Height(0))
    }

    /// Transactions that were called final.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    fn agree(&mut self, node: Address, height: Height, is: Final) -> Result<(), Violation> {
        let first = *self.finals.entry(height).or_insert(is);
        if first.block != is.block {
            let detail =
                format!("height {height}: {node} has block {}, others have {}", is.block, first.block);
            return Err(Violation::of(Rule::Agreement, detail));
        }
        if first.state != is.state {
            let detail =
                format!("height {height}: {node} has state {}, others have {}", is.state, first.state);
            return Err(Violation::of(Rule::Replay, detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Digest, Genesis, SignedVote, SigningKey, UnixMs, Vote};

    fn vote(key: &SigningKey, kind: VoteKind, block: Option<u8>) -> Message {
        let genesis = Genesis::new(UnixMs(1), Digest::new([1; 32]), vec![key.public()], vec![]).unwrap();
        let block = block.map(|byte| BlockId::new([byte; 32]));
        let vote = Vote { kind, height: Height(1), round: Round(0), block, address: key.address() };
        let signed: SignedVote = vote.sign(key, &genesis.chain());
        Message::Vote(signed)
    }

    #[test]
    fn saying_the_same_again_is_no_equivocation_and_saying_another_thing_is() {
        let key = SigningKey::from_seed(&[1; 32]);
        let mut checker = Checker::default();
        let mut left = |message: Message| checker.left(key.address(), &message).map_err(|found| found.rule);
        assert_eq!(left(vote(&key, VoteKind::Prevote, Some(1))), Ok(()));
        assert_eq!(left(vote(&key, VoteKind::Prevote, Some(1))), Ok(()));
        assert_eq!(left(vote(&key, VoteKind::Precommit, None)), Ok(()));
        assert_eq!(left(vote(&key, VoteKind::Prevote, None)), Err(Rule::Equivocation));
    }

    #[test]
    fn a_message_of_another_is_not_held_against_the_one_who_passes_it_on() {
        let (key, other) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let mut checker = Checker::default();
        for block in [1, 2] {
            assert_eq!(checker.left(other.address(), &vote(&key, VoteKind::Prevote, Some(block))), Ok(()));
        }
    }

    fn head(height: u64, block: u8, state: u8) -> Head {
        Head {
            height: Height(height),
            block: BlockId::new([block; 32]),
            state: StateHash::new([state; 32]),
            time: UnixMs(0),
        }
    }

    #[test]
    fn another_block_another_state_and_a_lost_block_are_told_apart() {
        let node = SigningKey::from_seed(&[1; 32]).address();
        let other = SigningKey::from_seed(&[2; 32]).address();
        let mut checker = Checker::default();
        assert_eq!(checker.started(node, &head(2, 1, 1), Height(2)), Ok(()));
        let rule = |result: Result<(), Violation>| result.map_err(|found| found.rule);
        assert_eq!(rule(checker.started(other, &head(2, 9, 1), Height(2))), Err(Rule::Agreement));
        assert_eq!(rule(checker.started(other, &head(2, 1, 9), Height(2))), Err(Rule::Replay));
        assert_eq!(rule(checker.started(node, &head(1, 1, 1), Height(1))), Err(Rule::Durability));
        assert_eq!(checker.excused(node, &head(2, 1, 1), Height(2)), Ok(()));
    }
}
