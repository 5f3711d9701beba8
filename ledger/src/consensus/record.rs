//! Entries of the vote log: the inputs of the core that decide what it may sign, with the block bodies it has seen, so
//! that after a crash it comes to the same signatures.

use arc_malachitebft_core_consensus::Input;
use arc_malachitebft_core_types::{Timeout, TimeoutKind, Validity, ValueOrigin};
use protocol::consensus::PolkaCertificate;
use protocol::limits::{BLOCK_BYTES_MAX, VOTE_RECORD_BYTES_MAX};
use protocol::{
    Address, BlockId, Bytes, DecodeError, Height, Round, SignedProposal, SignedVote, decode, encode,
};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::context::Hive;
use super::wire;

/// One entry. Kinds that need no record (start of a height, round certificates, catch-up) have none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Entry {
    Vote(SignedVote),
    Proposal(SignedProposal),
    Timeout(TimeoutStep, Round),
    Value(ValueEntry),
    Polka(PolkaCertificate),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum TimeoutStep {
    Propose,
    Prevote,
    Precommit,
}

/// A proposed block that was judged. The body stands in the first entry that names the block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub(super) struct ValueEntry {
    pub(super) height: Height,
    pub(super) round: Round,
    pub(super) valid_round: Option<Round>,
    pub(super) proposer: Address,
    pub(super) block: BlockId,
    pub(super) valid: bool,
    pub(super) body: Option<Bytes<BLOCK_BYTES_MAX>>,
}

/// The entry for an input the core wants on record; `body` gives a block's bytes if they are not on record yet.
pub(super) fn entry_of(
    input: &Input<Hive>,
    body: impl FnOnce(&BlockId) -> Option<Bytes<BLOCK_BYTES_MAX>>,
) -> Option<Entry> {
    match input {
        Input::Vote(vote) => Some(Entry::Vote(wire::vote_out(vote))),
        Input::Proposal(proposal) => Some(Entry::Proposal(wire::proposal_out(proposal))),
        Input::PolkaCertificate(certificate) => Some(Entry::Polka(wire::polka_out(certificate))),
        Input::TimeoutElapsed(timeout) => {
            let step = match timeout.kind {
                TimeoutKind::Propose => TimeoutStep::Propose,
                TimeoutKind::Prevote => TimeoutStep::Prevote,
                TimeoutKind::Precommit => TimeoutStep::Precommit,
                TimeoutKind::Rebroadcast | TimeoutKind::FinalizeHeight(_) => return None,
            };
            Some(Entry::Timeout(step, wire::round_out(timeout.round)))
        }
        Input::ProposedValue(value, _) => Some(Entry::Value(ValueEntry {
            height: value.height.0,
            round: wire::round_out(value.round),
            valid_round: value.valid_round.as_u32().map(Round),
            proposer: value.proposer.0,
            block: value.value.0,
            valid: value.validity.is_valid(),
            body: body(&value.value.0),
        })),
        Input::StartHeight(..)
        | Input::RoundCertificate(_)
        | Input::Propose(_)
        | Input::SyncValueResponse(_) => None,
    }
}

impl Entry {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        encode(self)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        decode(bytes, VOTE_RECORD_BYTES_MAX)
    }

    /// The input it records.
    pub(super) fn to_input(&self) -> Input<Hive> {
        match self {
            Self::Vote(vote) => Input::Vote(wire::vote_in(vote)),
            Self::Proposal(proposal) => Input::Proposal(wire::proposal_in(proposal)),
            Self::Polka(certificate) => Input::PolkaCertificate(wire::polka_in(certificate)),
            Self::Timeout(step, round) => {
                let round = wire::round_in(*round);
                Input::TimeoutElapsed(match step {
                    TimeoutStep::Propose => Timeout::propose(round),
                    TimeoutStep::Prevote => Timeout::prevote(round),
                    TimeoutStep::Precommit => Timeout::precommit(round),
                })
            }
            Self::Value(entry) => Input::ProposedValue(entry.to_value(), ValueOrigin::Consensus),
        }
    }
}

impl ValueEntry {
    fn to_value(&self) -> arc_malachitebft_core_consensus::ProposedValue<Hive> {
        arc_malachitebft_core_consensus::ProposedValue {
            height: super::context::At(self.height),
            round: wire::round_in(self.round),
            valid_round: self.valid_round.map_or(arc_malachitebft_core_types::Round::Nil, wire::round_in),
            proposer: super::context::Who(self.proposer),
            value: super::context::Value(self.block),
            validity: Validity::from_bool(self.valid),
        }
    }
}
