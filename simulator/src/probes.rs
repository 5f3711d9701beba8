//! Probes: what chance alone seldom finds, said word by word. Each puts one real ledger among puppets and holds for
//! every correct ledger; the locking rule of the reference paper (Tendermint, arXiv:1807.04938) is in them, and what a
//! node must do with a liar's block, a flood, and a set of authorities that changes.

mod meetings;
mod sharing;
mod stage;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ledger::planted::Planted;
use protocol::limits::EARLY_MESSAGES_MAX;
use protocol::message::{Status, SyncBlock, SyncResponse};
use protocol::{
    Action, AssetKind, BlockId, Bounded, Bytes, Digest, Height, Message, OpenWorkOrder, Payload, Severity,
    VoteKind, encode,
};

use crate::checker::{Rule, Violation};
use VoteKind::{Precommit, Prevote};
use stage::{HEARTBEAT_MS, Stage};

/// One probe.
#[derive(Debug, Clone, Copy)]
pub struct Probe {
    /// Its name.
    pub name: &'static str,
    play: fn(Planted) -> Result<(), Violation>,
}

impl Probe {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self { name: "quorum", play: quorum },
        Self { name: "hidden-lock", play: hidden_lock },
        Self { name: "lock-after-restart", play: lock_after_restart },
        Self { name: "proposal-after-restart", play: proposal_after_restart },
        Self { name: "body-after-restart", play: body_after_restart },
        Self { name: "value-in-later-round", play: value_in_later_round },
        Self { name: "said-again", play: said_again },
        Self { name: "round-skip", play: round_skip },
        Self { name: "far-ahead", play: far_ahead },
        Self { name: "flood", play: flood },
        Self { name: "replayed-transaction", play: replayed_transaction },
        Self { name: "forged-block", play: forged_block },
        Self { name: "other-encoding", play: other_encoding },
        Self { name: "set-change", play: set_change },
        Self { name: "slot-settled-twice", play: sharing::settled_twice },
        Self { name: "forged-settlement", play: sharing::forged_signature },
        Self { name: "uneven-booking", play: sharing::uneven_booking },
        Self { name: "late-ballot", play: meetings::late_ballot },
        Self { name: "ballot-twice", play: meetings::ballot_twice },
        Self { name: "decision-twice", play: meetings::decision_twice },
    ];

    /// Plays it with a ledger that carries a bug, or none. A failed assertion is a finding like any other.
    pub fn play(self, planted: Planted) -> Result<(), Violation> {
        catch_unwind(AssertUnwindSafe(|| (self.play)(planted))).unwrap_or_else(|panic| {
            let words = crate::words_of(&*panic);
            Err(Violation::of(Rule::Panic, words))
        })
    }
}

fn expect(holds: bool, rule: Rule, detail: impl Into<String>) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation::of(rule, detail)) }
}

/// Three of five votes do not lock a block.
fn quorum(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(5, 0, planted);
    let block = stage.block(1, 0);
    stage.propose(1, 0, &block);
    [1, 2].into_iter().for_each(|by| stage.vote(by, Prevote, 0, Some(block.id())));
    let voted = stage.voted(Precommit, Height(1), 0);
    expect(voted.is_none(), Rule::Lock, format!("three of five prevotes lead to a precommit: {voted:?}"))
}

/// Locks authority 0 of four on a block in round 0 and brings it to round 1.
fn locked(planted: Planted) -> Result<(Stage, BlockId), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    let block = stage.block(1, 0);
    stage.propose(1, 0, &block);
    [1, 2].into_iter().for_each(|by| stage.vote(by, Prevote, 0, Some(block.id())));
    let voted = stage.voted(Precommit, Height(1), 0);
    expect(voted == Some(Some(block.id())), Rule::Liveness, format!("a polka, and {voted:?}"))?;
    [1, 2].into_iter().for_each(|by| stage.vote(by, Precommit, 0, None));
    stage.pass(600);
    Ok((stage, block.id()))
}

/// Another block is proposed in round 1: who is locked prevotes nil.
fn keeps_lock(mut stage: Stage, locked: BlockId) -> Result<(), Violation> {
    let round = stage.ledger().progress(protocol::Tick(0)).round;
    expect(round == Some(1), Rule::Liveness, format!("in round {round:?}, round 1 is due"))?;
    let other = stage.block(2, 1);
    stage.propose(2, 1, &other);
    let voted = stage.voted(Prevote, Height(1), 1);
    let detail = format!("locked on {locked}, prevotes {voted:?} when {} is proposed", other.id());
    expect(voted == Some(None), Rule::Lock, detail)
}

fn hidden_lock(planted: Planted) -> Result<(), Violation> {
    let (stage, block) = locked(planted)?;
    keeps_lock(stage, block)
}

fn lock_after_restart(planted: Planted) -> Result<(), Violation> {
    let (mut stage, block) = locked(planted)?;
    stage.restart();
    keeps_lock(stage, block)
}

/// A proposer that comes back stands by its block.
fn proposal_after_restart(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 1, planted);
    stage.pass(HEARTBEAT_MS);
    stage.restart();
    stage.pass(HEARTBEAT_MS);
    let mut blocks = stage.proposed(0);
    blocks.dedup();
    expect(blocks.len() == 1, Rule::Equivocation, format!("blocks of one round: {blocks:?}"))
}

/// A block that was judged before a crash can be decided after it.
fn body_after_restart(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    let block = stage.block(1, 0);
    stage.propose(1, 0, &block);
    [1, 2].into_iter().for_each(|by| stage.vote(by, Prevote, 0, Some(block.id())));
    stage.restart();
    [1, 2].into_iter().for_each(|by| stage.vote(by, Precommit, 0, Some(block.id())));
    let head = stage.ledger().head();
    expect(
        head.block == block.id(),
        Rule::Durability,
        format!("three precommitted, and the head is {head:?}"),
    )
}

/// The proposer of round 1 proposes in round 1.
fn value_in_later_round(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 2, planted);
    [0, 3].into_iter().for_each(|by| stage.vote(by, Prevote, 0, None));
    stage.pass(1_100);
    [0, 3].into_iter().for_each(|by| stage.vote(by, Precommit, 0, None));
    stage.pass(600);
    let blocks = stage.proposed(1);
    expect(!blocks.is_empty(), Rule::Liveness, "the proposer of round 1 proposes nothing")
}

/// A vote that may be lost is sent again.
fn said_again(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    let block = stage.block(1, 0);
    stage.propose(1, 0, &block);
    stage.pass(5_000);
    let is_vote =
        |message: &&Message| matches!(message, Message::Vote(signed) if signed.vote.block.is_some());
    let count = stage.said.iter().filter(is_vote).count();
    expect(count > 1, Rule::Liveness, format!("a prevote was sent {count} times in 5 s without an answer"))
}

/// More than a third in a later round, one of them honest: that round is entered.
fn round_skip(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    [1, 2].into_iter().for_each(|by| stage.vote(by, Prevote, 3, None));
    let round = stage.ledger().progress(protocol::Tick(0)).round;
    expect(round == Some(3), Rule::Liveness, format!("two of four are in round 3, this one in {round:?}"))
}

/// Messages of a far height are a reason to ask once, not once each.
fn far_ahead(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    for round in 0..20 {
        [1, 2, 3].into_iter().for_each(|by| stage.vote_at(by, Prevote, Height(9), round, None));
    }
    let count = stage.requests();
    expect(count <= 3, Rule::Load, format!("60 messages of a far height led to {count} requests"))
}

/// An authority that floods the next height fills nobody's memory.
fn flood(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    for round in 0..2_000 {
        stage.vote_at(3, Prevote, Height(2), round, None);
    }
    let early = stage.ledger().held().early;
    expect(early <= EARLY_MESSAGES_MAX, Rule::Load, format!("{early} messages of the next height are kept"))
}

/// A transaction that comes by gossip once more is not carried out once more.
fn replayed_transaction(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(1, 0, planted);
    let order = Payload::OpenWorkOrder(OpenWorkOrder {
        reference: Digest::new([1; 32]),
        asset: Digest::new([2; 32]),
        kind: AssetKind::Elevator,
        policy: Digest::new([3; 32]),
        severity: Severity::High,
        commitment: Digest::new([4; 32]),
    });
    let opened = stage.transaction(1, 1, order);
    stage.gossip(opened);
    let (id, order) = stage
        .ledger()
        .state()
        .work_orders()
        .next()
        .ok_or_else(|| Violation::of(Rule::Liveness, "a hive of one does not carry a transaction out"))?;
    let advance = protocol::AdvanceWorkOrder { id, status: order.status, commitment: Digest::new([5; 32]) };
    let advanced = stage.transaction(1, 2, Payload::AdvanceWorkOrder(advance));
    for _ in 0..3 {
        stage.gossip(advanced.clone());
        stage.pass(HEARTBEAT_MS);
    }
    let blocks = stage.committed.iter().filter(|block| block.transactions.contains(&advanced.id()));
    let count = blocks.count();
    expect(count == 1, Rule::Once, format!("a transaction stands in {count} blocks"))
}

/// A peer brings a block that nobody else signed.
fn forged_block(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 4, planted);
    let block = stage.block(3, 0);
    let name = Bytes::new(Vec::new()).expect("invariant: nothing is short");
    stage.hear(3, Message::Status(Status { height: Height(1), block: block.id(), name }));
    let certificate = stage.certificate(&[3], &block);
    let block = Bytes::new(encode(&block)).expect("invariant: an empty block is small");
    let blocks = Bounded::new(vec![SyncBlock { block, certificate }]).expect("invariant: one");
    stage.hear(3, Message::SyncResponse(SyncResponse { blocks }));
    let height = stage.ledger().head().height;
    expect(height == Height(0), Rule::Agreement, "a block with one signature of four is final here")
}

/// A block in bytes that are not its own encoding: two nodes could store different bytes for one block.
fn other_encoding(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 0, planted);
    let block = stage.block(1, 0);
    let canonical = encode(&block);
    // The list of two that a block is, with its length in a byte of its own.
    let other = [&[0x98, 0x02], canonical.get(1..).unwrap_or_default()].concat();
    stage.propose_as(1, 0, &block, other);
    let voted = stage.voted(Prevote, Height(1), 0);
    expect(
        voted.is_none() && !stage.blamed.is_empty(),
        Rule::Blame,
        format!("foreign bytes lead to {voted:?}"),
    )
}

/// The set of authorities that three of four decide at height 1 decides from height 3 on, not before.
fn set_change(planted: Planted) -> Result<(), Violation> {
    let mut stage = Stage::new(4, 3, planted);
    let removal = Payload::Propose(Action::RemoveAuthority(stage.address(0)));
    let transactions = [
        stage.transaction(0, 1, removal),
        stage.transaction(1, 1, Payload::Approve(1)),
        stage.transaction(2, 1, Payload::Approve(1)),
    ];
    let first = stage.block_of(1, 0, &transactions);
    stage.propose(1, 0, &first);
    for kind in [Prevote, Precommit] {
        [0, 1, 2].into_iter().for_each(|by| stage.vote(by, kind, 0, Some(first.id())));
    }
    let next = stage.ledger().state().meta().next_authorities.len();
    expect(next == 3, Rule::Liveness, format!("three of four agree, and the next set has {next}"))?;
    let second = stage.block(2, 1);
    stage.propose(2, 0, &second);
    [0, 1].into_iter().for_each(|by| stage.vote_at(by, Prevote, Height(2), 0, Some(second.id())));
    let voted = stage.voted(Precommit, Height(2), 0);
    let detail = format!("the old set decides height 2, and with its polka this one says {voted:?}");
    expect(voted == Some(Some(second.id())), Rule::Agreement, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_holds_for_a_ledger_without_a_bug() {
        for probe in Probe::ALL {
            assert_eq!(probe.play(Planted::default()), Ok(()), "{}", probe.name);
        }
    }

    #[cfg(feature = "simulation")]
    #[test]
    fn every_bug_of_the_ledger_breaks_a_probe() {
        for bug in crate::mutants::Mutant::ALL.into_iter().filter_map(crate::mutants::Mutant::bug) {
            let found = Probe::ALL.into_iter().find(|probe| probe.play(Planted::bug(bug)).is_err());
            assert!(found.is_some(), "{bug:?} lives");
        }
    }
}
