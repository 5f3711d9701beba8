//! What travels between members: consensus on direct streams, catch-up on direct streams, transactions and decided
//! headers by gossip.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::block::{BlockHeader, Certificate};
use crate::bounded::Bounded;
use crate::bytes::Bytes;
use crate::consensus::{PolkaCertificate, Round, RoundCertificate, SignedProposal, SignedVote};
use crate::ids::{BlockId, Digest, Height};
use crate::limits::{
    BLOCK_BYTES_MAX, GOSSIP_TRANSACTIONS_MAX, NAME_BYTES_MAX, QUESTION_TEXT_BYTES_MAX, SYNC_BLOCKS_MAX,
};
use crate::network_key::HandNetworkKey;
use crate::transaction::Transaction;

/// The body of a proposed block, beside its proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Body {
    /// At which height.
    pub height: Height,
    /// In which round it is proposed.
    pub round: Round,
    /// Canonical bytes of the block.
    pub block: Bytes<BLOCK_BYTES_MAX>,
}

/// How far a member is. A hint, never proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Status {
    /// Its last final height.
    pub height: Height,
    /// The block there.
    pub block: BlockId,
    /// What its building calls itself, UTF-8. Shown to people, never trusted.
    pub name: Bytes<NAME_BYTES_MAX>,
}

/// Asks for final blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SyncRequest {
    /// The first height wanted.
    pub from: Height,
    /// How many blocks at the most.
    pub count: u16,
}

/// A final block with its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SyncBlock {
    /// Canonical bytes of the block.
    pub block: Bytes<BLOCK_BYTES_MAX>,
    /// Proof that it is final.
    pub certificate: Certificate,
}

/// Answers a catch-up request with consecutive blocks; empty when there is nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SyncResponse {
    /// The blocks from the height asked for.
    pub blocks: Bounded<SyncBlock, SYNC_BLOCKS_MAX>,
}

/// A message on a direct stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A vote.
    Vote(SignedVote),
    /// A proposal.
    Proposal(SignedProposal),
    /// A proposed block.
    Body(Body),
    /// Proof of a polka.
    Polka(PolkaCertificate),
    /// Proof that a round may be entered.
    Round(RoundCertificate),
    /// How far the sender is.
    Status(Status),
    /// Asks for blocks.
    SyncRequest(SyncRequest),
    /// Brings blocks.
    SyncResponse(SyncResponse),
    /// Asks for the network key of an epoch that the ledger names.
    NetworkKeyRequest(u64),
    /// Hands a network key over. Never gossiped.
    NetworkKey(HandNetworkKey),
    /// Asks for the text of a question to several buildings, by its BLAKE3 hash, which stands on the ledger.
    QuestionTextRequest(Digest),
    /// Brings the text of a question to several buildings, which its hash tells.
    QuestionText(Bytes<QUESTION_TEXT_BYTES_MAX>),
}

impl Message {
    /// Whether it belongs on the consensus stream; the others go on the sync stream.
    pub fn is_consensus(&self) -> bool {
        match self {
            Self::Vote(_) | Self::Proposal(_) | Self::Body(_) | Self::Polka(_) | Self::Round(_) => true,
            Self::Status(_)
            | Self::SyncRequest(_)
            | Self::SyncResponse(_)
            | Self::NetworkKeyRequest(_)
            | Self::NetworkKey(_)
            | Self::QuestionTextRequest(_)
            | Self::QuestionText(_) => false,
        }
    }
}

/// Gossip: transactions that wait to be ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionsGossip(pub Bounded<Transaction, GOSSIP_TRANSACTIONS_MAX>);

/// Gossip: a block became final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HeaderGossip {
    /// Its header.
    pub header: BlockHeader,
    /// Proof that it is final.
    pub certificate: Certificate,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consensus::{Proposal, RoundCertificateKind, Vote, VoteKind};
    use crate::{Address, Role, SigningKey, Transaction};

    /// What decides goes on one stream and what catches up on another, so that neither waits for the other.
    #[test]
    fn each_message_has_its_stream() {
        let (key, chain) = (SigningKey::from_seed(&[1; 32]), crate::ChainId::new([2; 32]));
        let (height, round, block) = (Height(1), Round(0), BlockId::new([3; 32]));
        let address: Address = key.address();
        let vote = Vote { kind: VoteKind::Prevote, height, round, block: None, address };
        let proposal = Proposal { height, round, block, pol_round: None, address };
        let kind = RoundCertificateKind::Skip;
        let consensus = [
            Message::Vote(vote.sign(&key, &chain)),
            Message::Proposal(proposal.sign(&key, &chain)),
            Message::Body(Body { height, round, block: Bytes::default() }),
            Message::Polka(PolkaCertificate { height, round, block, signatures: Bounded::default() }),
            Message::Round(RoundCertificate { height, round, kind, signatures: Bounded::default() }),
        ];
        assert!(consensus.iter().all(Message::is_consensus));
        let sync = [
            Message::Status(Status { height, block, name: Bytes::default() }),
            Message::SyncRequest(SyncRequest { from: height, count: 1 }),
            Message::SyncResponse(SyncResponse { blocks: Bounded::default() }),
        ];
        assert!(!sync.iter().any(Message::is_consensus));
    }

    #[test]
    fn roles_have_names_and_transactions_a_limit() {
        assert_eq!([Role::Follower, Role::Authority].map(Role::name), ["follower", "authority"]);
        let long = vec![0; crate::limits::TRANSACTION_BYTES_MAX + 1];
        assert!(matches!(Transaction::from_bytes(&long), Err(crate::DecodeError::TooLong { .. })));
    }
}
