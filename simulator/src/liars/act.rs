//! What a liar says unasked.

use protocol::consensus::{PolkaCertificate, RoundCertificate, RoundCertificateKind, RoundSignature};
use protocol::message::{Body, SyncRequest};
use protocol::{Address, Block, Bounded, Bytes, Height, Message, Proposal, Round, Vote, VoteKind, encode};

use super::{Facts, Liar, Said, plain};

/// Messages of one flood.
const FLOOD: u64 = 60;

impl Liar {
    /// One thing that nobody asked for. Answers nothing if this liar does not do such things.
    pub(crate) fn act(&mut self, peers: &[usize], facts: &Facts<'_>) -> Vec<Said> {
        self.turn();
        if self.is_reformed || !self.lies.speaks_unasked || peers.is_empty() {
            return Vec::new();
        }
        let height = facts.tip.height().next();
        match self.chance.below(8) {
            0 => self.propose_out_of_turn(peers, height, facts),
            1 => self.flood_votes(peers, height, facts),
            2 => self.flood_bodies(peers, height, facts),
            3 => self.forge_votes(peers, height, facts),
            4 => self.forge_certificates(peers, height, facts),
            5 => self.ask_for_nonsense(peers),
            6 => self.repeat(peers),
            _ => {
                let empty = protocol::message::SyncResponse { blocks: Bounded::default() };
                let answer = Message::SyncResponse(self.forged_answer(&empty, facts));
                plain(&answer, peers)
            }
        }
    }

    /// A proposal in a round that is another's, or of a block that breaks a rule, with a polka that may never have been.
    fn propose_out_of_turn(&mut self, peers: &[usize], height: Height, facts: &Facts<'_>) -> Vec<Said> {
        let is_good = self.chance.per_mille(400);
        let Some(block) = (if is_good { self.forged_block(facts) } else { self.bad_block(facts) }) else {
            return Vec::new();
        };
        let round = self.round_near(facts, 3);
        let pol_round = (round.0 > 0 && self.chance.per_mille(300)).then(|| Round(round.0 - 1));
        let proposal = Proposal { height, round, block: block.id(), pol_round, address: facts.key.address() };
        let signed = proposal.sign(facts.key, &facts.tip.id());
        let mut said = plain(&body(height, round, &block), peers);
        said.extend(plain(&Message::Proposal(signed), peers));
        said
    }

    /// Votes of rounds and heights far ahead, for blocks that nobody knows.
    fn flood_votes(&mut self, peers: &[usize], height: Height, facts: &Facts<'_>) -> Vec<Said> {
        let to = peers[self.chance.index(peers.len())];
        let mut said = Vec::new();
        for _ in 0..FLOOD {
            let height = Height(height.0 + self.chance.below(3));
            let round = self.round_near(facts, 1_000);
            let kind = if self.chance.per_mille(500) { VoteKind::Prevote } else { VoteKind::Precommit };
            let block = Some(protocol::BlockId::new([self.byte(); 32]));
            let message = self.vote(kind, height, round, block, facts);
            said.push(Said { to, message, after_ms: 0 });
        }
        said
    }

    fn flood_bodies(&mut self, peers: &[usize], height: Height, facts: &Facts<'_>) -> Vec<Said> {
        let to = peers[self.chance.index(peers.len())];
        let mut said = Vec::new();
        for _ in 0..FLOOD / 10 {
            let Some(block) = self.forged_block(facts) else { break };
            let round = self.round_near(facts, 20);
            said.push(Said { to, message: body(height, round, &block), after_ms: 0 });
        }
        said
    }

    /// Votes in the name of others, which it cannot sign.
    fn forge_votes(&mut self, peers: &[usize], height: Height, facts: &Facts<'_>) -> Vec<Said> {
        let block = self.seen.map(|(_, block)| block);
        let round = self.round_near(facts, 2);
        let mut said = Vec::new();
        for key in facts.tip.state().authorities().keys() {
            let vote = Vote { kind: VoteKind::Precommit, height, round, block, address: Address::of(key) };
            let signed = vote.sign(facts.key, &facts.tip.id());
            said.extend(plain(&Message::Vote(signed), peers));
        }
        said
    }

    fn forge_certificates(&mut self, peers: &[usize], height: Height, facts: &Facts<'_>) -> Vec<Said> {
        let block = self.seen.map_or(protocol::BlockId::new([7; 32]), |(_, block)| block);
        let round = self.round_near(facts, 5);
        let addresses: Vec<Address> =
            facts.tip.state().authorities().keys().iter().map(Address::of).collect();
        let sign = |kind, block, address| {
            Vote { kind, height, round, block, address }.sign(facts.key, &facts.tip.id()).signature
        };
        if self.chance.per_mille(500) {
            let signatures = addresses
                .iter()
                .map(|address| (*address, sign(VoteKind::Prevote, Some(block), *address)))
                .collect();
            let signatures = Bounded::new(signatures).expect("invariant: as many as authorities");
            return plain(&Message::Polka(PolkaCertificate { height, round, block, signatures }), peers);
        }
        let signatures = addresses.iter().map(|address| {
            let (kind, block) = (VoteKind::Precommit, None);
            RoundSignature { kind, block, address: *address, signature: sign(kind, block, *address) }
        });
        let signatures = Bounded::new(signatures.collect()).expect("invariant: as many as authorities");
        let kind = RoundCertificateKind::Precommit;
        plain(&Message::Round(RoundCertificate { height, round, kind, signatures }), peers)
    }

    fn ask_for_nonsense(&mut self, peers: &[usize]) -> Vec<Said> {
        let from = match self.chance.below(3) {
            0 => Height(0),
            1 => Height(u64::MAX),
            _ => Height(1),
        };
        let count = if self.chance.per_mille(500) { u16::MAX } else { 0 };
        let mut said = Vec::new();
        for _ in 0..FLOOD / 4 {
            said.extend(plain(&Message::SyncRequest(SyncRequest { from, count }), peers));
        }
        said
    }

    fn repeat(&mut self, peers: &[usize]) -> Vec<Said> {
        let mut said = Vec::new();
        for message in self.heard.clone() {
            let to = peers[self.chance.index(peers.len())];
            said.push(Said { to, message, after_ms: self.chance.between(0, 1_000) });
        }
        said
    }

    fn round_near(&mut self, facts: &Facts<'_>, ahead: u64) -> Round {
        let ahead = u32::try_from(self.chance.below(ahead)).expect("invariant: a thousand at the most");
        Round(facts.round.unwrap_or_default() + ahead)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.chance.below(256)).expect("invariant: below 256")
    }
}

fn body(height: Height, round: Round, block: &Block) -> Message {
    let block = Bytes::new(encode(block)).expect("invariant: a built block keeps its limit");
    Message::Body(Body { height, round, block })
}
