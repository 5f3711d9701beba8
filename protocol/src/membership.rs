//! Who belongs to the hive and how that changes: admission by invitation, governed actions, evidence of double
//! signing.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::aggregate::AggregateAction;
use crate::assembly::JointQuestion;
use crate::consensus::{SignedProposal, SignedVote};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::EnergyAction;
use crate::error::SignatureError;
use crate::ids::{Address, ChainId, Digest};
use crate::invitation::Grant;

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Follows the ledger and signs transactions.
    Follower,
    /// Also votes on blocks.
    Authority,
}

impl Role {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Follower => "follower",
            Self::Authority => "authority",
        }
    }
}

/// Admits a newcomer that holds an authority's invitation. Any authority may put it on the ledger; the grant counts
/// once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Admit {
    /// What the inviting authority granted.
    pub grant: Grant,
    /// The authority that signed the grant.
    pub inviter: PublicKey,
    /// Its signature over the grant.
    pub grant_signature: Signature,
    /// The newcomer's key, made on its own device.
    pub member: PublicKey,
    /// The newcomer's signature over the grant's digest: proof that it owns the key.
    pub proof: Signature,
}

/// What governance may do, and nothing else. It takes effect when more than two thirds of the authorities approve;
/// a new authority set two heights later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Makes a member an authority.
    AddAuthority(Address),
    /// Takes the vote from an authority; it stays a follower.
    RemoveAuthority(Address),
    /// Shuts a follower out.
    RevokeMember(Address),
    /// Shuts a follower out and asks for a new network key, which it does not learn.
    Exclude(Address),
    /// Gives an authority another key, because it wants one or because the old one was stolen.
    ChangeKey(KeyChange),
    /// Whether an admission needs signatures of more authorities than may fail, or one is enough.
    AskCosignatures(bool),
    /// Decides how energy is shared, priced and settled.
    Energy(EnergyAction),
    /// Puts one question to several buildings and fixes how many of them have to adopt it.
    AskJointly(Box<JointQuestion>),
    /// Decides which private sums over many buildings are made, and by whom.
    Aggregate(AggregateAction),
}

/// A member goes on under another key: its sequence, its work orders and its roles stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct KeyChange {
    /// The member under its old key.
    pub member: Address,
    /// Its new key, made on its own device and never used in this hive before.
    pub key: PublicKey,
    /// Proof of the new key over both.
    pub proof: Signature,
}

impl KeyChange {
    /// What `member` signs with its new key.
    pub fn prove(chain: &ChainId, member: Address, key: &SigningKey) -> Self {
        let proof = key.sign(Domain::KeyChange, chain, member.as_bytes());
        Self { member, key: key.public(), proof }
    }

    /// Checks that the new key's owner agreed.
    pub fn verify(&self, chain: &ChainId) -> Result<(), SignatureError> {
        self.key.verify(Domain::KeyChange, chain, self.member.as_bytes(), &self.proof)
    }
}

/// Two different things signed by one authority where only one is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Evidence {
    /// Two votes of one kind in one round.
    Votes(SignedVote, SignedVote),
    /// Two proposals in one round.
    Proposals(SignedProposal, SignedProposal),
}

impl Evidence {
    /// The authority that signed twice.
    pub fn culprit(&self) -> Address {
        match self {
            Self::Votes(first, _) => first.vote.address,
            Self::Proposals(first, _) => first.proposal.address,
        }
    }

    /// A digest that tells pieces of evidence apart: culprit, height, round and kind.
    pub fn key(&self) -> Digest {
        let (height, round, kind) = match self {
            Self::Votes(first, _) => (first.vote.height, first.vote.round, first.vote.kind.code()),
            Self::Proposals(first, _) => (first.proposal.height, first.proposal.round, 0),
        };
        Digest::of(
            "symbiose evidence v1",
            &[self.culprit().as_bytes(), &height.0.to_be_bytes(), &round.0.to_be_bytes(), &[kind]],
        )
    }
}
