//! Authorities that lie. A liar runs the real core, and what leaves it goes through its tongue: said otherwise, to some,
//! late, again or not at all. Now and then it says things that its core never thought of.

mod act;
mod catch_up;
mod forge;

use std::collections::{BTreeMap, VecDeque};

use ledger::Chain;
use protocol::consensus::Round;
use protocol::message::Body;
use protocol::{
    BlockId, Bytes, Height, Message, Proposal, SignedProposal, SignedVote, SigningKey, UnixMs, Vote,
    VoteKind, encode,
};

use crate::chance::Chance;

/// Messages that a liar remembers to say again.
const HEARD_MAX: usize = 64;

/// What a liar does, of 1,000 times that it could. Each liar draws its own subset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lies {
    /// Votes for one thing to one half and for another to the other half.
    pub double_votes: u64,
    /// Proposes one block to one half and another to the other half.
    pub double_proposals: u64,
    /// Keeps votes back.
    pub withhold_votes: u64,
    /// Keeps proposals back.
    pub withhold_proposals: u64,
    /// Keeps bodies back.
    pub withhold_bodies: u64,
    /// Says things late.
    pub delay: u64,
    /// By that much at the most, milliseconds.
    pub delay_ms_max: u64,
    /// Says something again that it heard or said before.
    pub replay: u64,
    /// Claims an earlier round's polka with its proposals.
    pub old_polka: u64,
    /// Answers a laggard with something else.
    pub catch_up: u64,
    /// Claims another height.
    pub status: u64,
    /// Sends bytes that were changed.
    pub garbage: u64,
    /// Whether its restarts begin with an empty vote log.
    pub amnesia: bool,
    /// Whether it speaks unasked: proposals out of turn, floods, forged votes.
    pub speaks_unasked: bool,
    /// Whether a second copy of it runs.
    pub has_twin: bool,
}

/// One liar.
#[derive(Debug)]
pub(crate) struct Liar {
    pub(crate) lies: Lies,
    chance: Chance,
    /// Who is told the other thing.
    half: Vec<bool>,
    heard: VecDeque<Message>,
    /// The other block of a round that this liar proposes.
    others: BTreeMap<(Height, Round), BlockId>,
    /// The last block that came by.
    seen: Option<(Height, BlockId)>,
    /// It has stopped lying.
    pub(crate) is_reformed: bool,
}

/// What a liar knows when it opens its mouth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) key: &'a SigningKey,
    pub(crate) tip: &'a Chain,
    pub(crate) round: Option<u32>,
    pub(crate) now: UnixMs,
}

/// One thing said to one peer.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) to: usize,
    pub(crate) message: Message,
    pub(crate) after_ms: u64,
}

impl Lies {
    /// Draws what one liar does.
    pub fn draw(chance: &mut Chance) -> Self {
        let mut on = |share: u64, low: u64, high: u64| {
            let strength = chance.between(low, high);
            if chance.per_mille(share) { strength } else { 0 }
        };
        Self {
            double_votes: on(500, 100, 1_000),
            double_proposals: on(500, 200, 1_000),
            withhold_votes: on(300, 50, 800),
            withhold_proposals: on(300, 50, 800),
            withhold_bodies: on(300, 50, 800),
            delay: on(300, 50, 500),
            delay_ms_max: on(1_000, 100, 4_000),
            replay: on(400, 20, 300),
            old_polka: on(300, 100, 1_000),
            catch_up: on(500, 200, 1_000),
            status: on(400, 100, 1_000),
            garbage: on(300, 10, 200),
            amnesia: on(300, 1, 1) > 0,
            speaks_unasked: on(500, 1, 1) > 0,
            has_twin: on(300, 1, 1) > 0,
        }
    }
}

impl Liar {
    pub(crate) fn new(lies: Lies, places: usize, mut chance: Chance) -> Self {
        let half = (0..places).map(|_| chance.per_mille(500)).collect();
        Self {
            lies,
            chance,
            half,
            heard: VecDeque::new(),
            others: BTreeMap::new(),
            seen: None,
            is_reformed: false,
        }
    }

    /// Remembers a message that it got or sent.
    pub(crate) fn hear(&mut self, message: &Message) {
        match message {
            Message::Proposal(signed) => self.seen = Some((signed.proposal.height, signed.proposal.block)),
            Message::Vote(SignedVote { vote: Vote { height, block: Some(block), .. }, .. }) => {
                self.seen = Some((*height, *block));
            }
            Message::Vote(_)
            | Message::Body(_)
            | Message::Polka(_)
            | Message::Round(_)
            | Message::Status(_)
            | Message::SyncRequest(_)
            | Message::SyncResponse(_)
            | Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => {}
        }
        if message.is_consensus() && self.chance.per_mille(200) {
            if self.heard.len() >= HEARD_MAX {
                self.heard.pop_front();
            }
            self.heard.push_back(message.clone());
        }
    }

    /// What its core says, as it leaves. Answers how many lies are in it, too.
    pub(crate) fn say(&mut self, message: &Message, to: &[usize], facts: &Facts<'_>) -> (Vec<Said>, u64) {
        self.hear(message);
        if self.is_reformed {
            return (plain(message, to), 0);
        }
        let mut lies = 0;
        if self.keeps_back(message) {
            return (Vec::new(), 1);
        }
        let other = self.other_than(message, facts);
        let mut said = Vec::new();
        for to in to.iter().copied() {
            let is_other = self.half.get(to).copied().unwrap_or_default();
            let message = match &other {
                Some(other) if is_other => {
                    lies += 1;
                    other.clone()
                }
                Some(_) | None => message.clone(),
            };
            let late = self.chance.per_mille(self.lies.delay);
            let after_ms = if late { self.chance.between(1, self.lies.delay_ms_max) } else { 0 };
            said.push(Said { to, message, after_ms });
        }
        if self.chance.per_mille(self.lies.replay)
            && !self.heard.is_empty()
            && let Some(to) = to.get(self.chance.index(to.len().max(1)))
        {
            lies += 1;
            let message = self.heard[self.chance.index(self.heard.len())].clone();
            said.push(Said { to: *to, message, after_ms: self.chance.between(0, 2_000) });
        }
        (said, lies)
    }

    /// Another half from now on.
    pub(crate) fn turn(&mut self) {
        for is_other in &mut self.half {
            *is_other = self.chance.per_mille(500);
        }
        self.others.retain(|(height, _), _| Some(*height) >= self.seen.map(|(height, _)| height));
    }

    /// Bytes that were changed on the way; what a decoder makes of them.
    pub(crate) fn garble(&mut self, message: &Message) -> Option<Option<Message>> {
        if self.is_reformed || !self.chance.per_mille(self.lies.garbage) {
            return None;
        }
        let mut bytes = encode(message);
        for _ in 0..self.chance.between(1, 8) {
            let at = self.chance.index(bytes.len());
            bytes[at] = u8::try_from(self.chance.below(256)).expect("invariant: below 256");
        }
        if self.chance.per_mille(200) {
            bytes.truncate(self.chance.index(bytes.len() + 1));
        }
        Some(protocol::decode(&bytes, protocol::limits::SYNC_FRAME_BYTES_MAX).ok())
    }

    fn keeps_back(&mut self, message: &Message) -> bool {
        let share = match message {
            Message::Vote(_) => self.lies.withhold_votes,
            Message::Proposal(_) => self.lies.withhold_proposals,
            Message::Body(_) => self.lies.withhold_bodies,
            Message::SyncResponse(_) => self.lies.catch_up / 4,
            Message::Polka(_)
            | Message::Round(_)
            | Message::Status(_)
            | Message::SyncRequest(_)
            | Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => 0,
        };
        self.chance.per_mille(share)
    }

    /// What the other half is told in place of a message; `None` if it is told the same.
    fn other_than(&mut self, message: &Message, facts: &Facts<'_>) -> Option<Message> {
        match message {
            Message::Vote(signed) => self.other_vote(&signed.vote, facts),
            Message::Body(body) => self.other_body(body, facts),
            Message::Proposal(signed) => self.other_proposal(&signed.proposal, facts),
            Message::Status(status) if self.chance.per_mille(self.lies.status) => {
                Some(Message::Status(self.forged_status(status)))
            }
            Message::SyncResponse(response) if self.chance.per_mille(self.lies.catch_up) => {
                Some(Message::SyncResponse(self.forged_answer(response, facts)))
            }
            Message::Status(_)
            | Message::SyncResponse(_)
            | Message::Polka(_)
            | Message::Round(_)
            | Message::SyncRequest(_)
            | Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => None,
        }
    }

    fn other_vote(&mut self, vote: &Vote, facts: &Facts<'_>) -> Option<Message> {
        let other = self.others.get(&(vote.height, vote.round)).copied();
        if other.is_none() && !self.chance.per_mille(self.lies.double_votes) {
            return None;
        }
        let seen = self.seen.filter(|(height, _)| *height == vote.height).map(|(_, block)| block);
        let block = match (vote.block, other) {
            (_, Some(other)) => Some(other),
            (Some(_), None) => None,
            (None, None) => seen,
        };
        (block != vote.block).then(|| self.vote(vote.kind, vote.height, vote.round, block, facts))
    }

    fn other_body(&mut self, body: &Body, facts: &Facts<'_>) -> Option<Message> {
        if !self.chance.per_mille(self.lies.double_proposals) {
            return None;
        }
        let block = self.forged_block(facts)?;
        self.others.insert((body.height, body.round), block.id());
        let bytes = Bytes::new(encode(&block)).expect("invariant: a built block keeps its limit");
        Some(Message::Body(Body { height: body.height, round: body.round, block: bytes }))
    }

    fn other_proposal(&mut self, proposal: &Proposal, facts: &Facts<'_>) -> Option<Message> {
        let mut forged = proposal.clone();
        if let Some(block) = self.others.get(&(proposal.height, proposal.round)) {
            forged.block = *block;
        }
        if self.chance.per_mille(self.lies.old_polka) && proposal.round.0 > 0 {
            let round = self.chance.below(u64::from(proposal.round.0));
            forged.pol_round = u32::try_from(round).ok().map(Round);
        }
        let signed: Option<SignedProposal> =
            (forged != *proposal).then(|| forged.sign(facts.key, &facts.tip.id()));
        signed.map(Message::Proposal)
    }

    fn vote(
        &self,
        kind: VoteKind,
        height: Height,
        round: Round,
        block: Option<BlockId>,
        facts: &Facts<'_>,
    ) -> Message {
        let vote = Vote { kind, height, round, block, address: facts.key.address() };
        Message::Vote(vote.sign(facts.key, &facts.tip.id()))
    }
}

/// To everybody the same, at once.
fn plain(message: &Message, to: &[usize]) -> Vec<Said> {
    to.iter().map(|to| Said { to: *to, message: message.clone(), after_ms: 0 }).collect()
}

#[cfg(test)]
mod tests;
