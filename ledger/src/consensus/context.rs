//! Our types as Malachite's core wants them.

use arc_malachitebft_core_types as core;
use core::{NilOrVal, Round, SignedExtension, VoteType};
use protocol::{Address, AuthoritySet, BlockId, PublicKey, Signature, SigningKey};
use std::fmt;

/// The hive, to the core: it has no data of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Hive;

/// A height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct At(pub(crate) protocol::Height);

/// An authority's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who(pub(crate) Address);

/// What is voted on: a block, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) BlockId);

/// A vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) kind: VoteType,
    pub(crate) height: At,
    pub(crate) round: Round,
    pub(crate) value: NilOrVal<BlockId>,
    pub(crate) address: Who,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) height: At,
    pub(crate) round: Round,
    pub(crate) value: Value,
    pub(crate) pol_round: Round,
    pub(crate) address: Who,
}

/// Bodies travel whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole;

/// An authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    address: Who,
    key: PublicKey,
}

/// The set, sorted by address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorities(Vec<Authority>);

/// Strict Ed25519.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ed25519;

impl Authorities {
    pub(crate) fn new(set: &AuthoritySet) -> Self {
        let authority =
            |(key, address): (&PublicKey, &Address)| Authority { address: Who(*address), key: *key };
        Self(set.keys().iter().zip(set.addresses()).map(authority).collect())
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::Height for At {
    const ZERO: Self = Self(protocol::Height(0));
    const INITIAL: Self = Self(protocol::Height(1));

    fn increment_by(&self, n: u64) -> Self {
        Self(protocol::Height(self.0.0.checked_add(n).expect("invariant: a chain never reaches 2^64 blocks")))
    }

    fn decrement_by(&self, n: u64) -> Option<Self> {
        self.0.0.checked_sub(n).map(|height| Self(protocol::Height(height)))
    }

    fn as_u64(&self) -> u64 {
        self.0.0
    }
}

impl core::Address for Who {}

impl core::Value for Value {
    type Id = BlockId;

    fn id(&self) -> BlockId {
        self.0
    }
}

impl core::ProposalPart<Hive> for Whole {
    fn is_first(&self) -> bool {
        true
    }

    fn is_last(&self) -> bool {
        true
    }
}

impl core::Validator<Hive> for Authority {
    fn address(&self) -> &Who {
        &self.address
    }

    fn public_key(&self) -> &PublicKey {
        &self.key
    }

    fn voting_power(&self) -> u64 {
        1
    }
}

impl core::ValidatorSet<Hive> for Authorities {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn total_voting_power(&self) -> u64 {
        self.0.len() as u64
    }

    fn get_by_address(&self, address: &Who) -> Option<&Authority> {
        self.0.binary_search_by_key(address, |authority| authority.address).ok().map(|index| &self.0[index])
    }

    fn get_by_index(&self, index: usize) -> Option<&Authority> {
        self.0.get(index)
    }
}

impl core::Vote<Hive> for Vote {
    fn height(&self) -> At {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &NilOrVal<BlockId> {
        &self.value
    }

    fn take_value(self) -> NilOrVal<BlockId> {
        self.value
    }

    fn vote_type(&self) -> VoteType {
        self.kind
    }

    fn validator_address(&self) -> &Who {
        &self.address
    }

    fn extension(&self) -> Option<&SignedExtension<Hive>> {
        None
    }

    fn take_extension(&mut self) -> Option<SignedExtension<Hive>> {
        None
    }

    fn extend(self, _: SignedExtension<Hive>) -> Self {
        self
    }
}

impl core::Proposal<Hive> for Proposal {
    fn height(&self) -> At {
        self.height
    }

    fn round(&self) -> Round {
        self.round
    }

    fn value(&self) -> &Value {
        &self.value
    }

    fn take_value(self) -> Value {
        self.value
    }

    fn pol_round(&self) -> Round {
        self.pol_round
    }

    fn validator_address(&self) -> &Who {
        &self.address
    }
}

impl core::SigningScheme for Ed25519 {
    type DecodingError = protocol::Invalid;
    type Signature = Signature;
    type PublicKey = PublicKey;
    type PrivateKey = SigningKey;

    fn decode_signature(bytes: &[u8]) -> Result<Signature, protocol::Invalid> {
        fixed(bytes).map(Signature::new)
    }

    fn encode_signature(signature: &Signature) -> Vec<u8> {
        signature.as_bytes().to_vec()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, protocol::Invalid> {
        fixed(bytes).map(PublicKey::new)
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.as_bytes().to_vec()
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], protocol::Invalid> {
    bytes.try_into().map_err(|_| protocol::Invalid::Count {
        field: "bytes",
        min: N,
        max: N,
        found: bytes.len(),
    })
}

impl core::Context for Hive {
    type Address = Who;
    type Height = At;
    type ProposalPart = Whole;
    type Proposal = Proposal;
    type Validator = Authority;
    type ValidatorSet = Authorities;
    type Timeouts = core::LinearTimeouts;
    type Value = Value;
    type Vote = Vote;
    type Extension = bytes::Bytes;
    type SigningScheme = Ed25519;

    /// Authority (height + round) mod n.
    fn select_proposer<'a>(&self, set: &'a Authorities, height: At, round: Round) -> &'a Authority {
        let round = u64::from(round.as_u32().expect("invariant: a proposer is asked for in a round"));
        let turn = height.0.0.wrapping_add(round) % set.0.len() as u64;
        &set.0[usize::try_from(turn).expect("invariant: below the number of authorities")]
    }

    fn new_proposal(
        &self,
        height: At,
        round: Round,
        value: Value,
        pol_round: Round,
        address: Who,
    ) -> Proposal {
        Proposal { height, round, value, pol_round, address }
    }

    fn new_prevote(&self, height: At, round: Round, value: NilOrVal<BlockId>, address: Who) -> Vote {
        Vote { kind: VoteType::Prevote, height, round, value, address }
    }

    fn new_precommit(&self, height: At, round: Round, value: NilOrVal<BlockId>, address: Who) -> Vote {
        Vote { kind: VoteType::Precommit, height, round, value, address }
    }
}

#[cfg(test)]
mod tests {
    use super::core::{
        Context as _, Height as _, Proposal as _, ProposalPart as _, SigningScheme as _, Validator as _,
        ValidatorSet as _, Vote as _,
    };
    use super::*;

    fn set() -> Authorities {
        let keys = (0..4u8).map(|n| SigningKey::from_seed(&[n; 32]).public()).collect();
        Authorities::new(&AuthoritySet::new(keys).unwrap())
    }

    #[test]
    fn everybody_proposes_in_turn() {
        let set = set();
        let of = |height, round| {
            *Hive.select_proposer(&set, At(protocol::Height(height)), Round::new(round)).address()
        };
        let turns: Vec<Who> = (0..4).map(|round| of(7, round)).collect();
        assert!(turns.iter().all(|who| set.get_by_address(who).is_some()));
        assert_eq!(
            turns.iter().collect::<std::collections::BTreeSet<_>>().len(),
            4,
            "all of them, each once"
        );
        assert_eq!(of(8, 0), turns[1], "the next height begins with the next one");
        assert_eq!(of(u64::MAX, 1), of(0, 0), "and there is no end to heights");
        assert_eq!((set.count(), set.total_voting_power()), (4, 4));
        assert_eq!(set.get_by_index(0).map(|one| (one.voting_power(), *one.address())), Some((1, turns[1])));
        assert_eq!(set.get_by_index(4), None);
    }

    #[test]
    fn heights_end_at_their_ends() {
        let at = |height| At(protocol::Height(height));
        assert_eq!(
            (at(5).increment_by(2), at(5).decrement_by(5), at(5).decrement_by(6)),
            (at(7), Some(at(0)), None)
        );
        assert_eq!((At::ZERO.as_u64(), At::INITIAL.to_string()), (0, "1".to_owned()));
    }

    #[test]
    fn keys_and_signatures_are_their_bytes() {
        let key = SigningKey::from_seed(&[1; 32]).public();
        assert_eq!(Ed25519::decode_public_key(&Ed25519::encode_public_key(&key)), Ok(key));
        let signature = Signature::new([7; 64]);
        assert_eq!(Ed25519::decode_signature(&Ed25519::encode_signature(&signature)), Ok(signature));
        assert!(
            Ed25519::decode_signature(&[7; 63]).is_err() && Ed25519::decode_public_key(&[7; 33]).is_err()
        );
    }

    #[test]
    fn votes_and_proposals_say_what_they_were_made_of() {
        let who = Who(SigningKey::from_seed(&[1; 32]).address());
        let (height, round, block) = (At::INITIAL, Round::new(2), BlockId::new([3; 32]));
        let mut vote = Hive.new_prevote(height, round, NilOrVal::Val(block), who);
        assert_eq!((vote.height(), vote.round(), vote.vote_type()), (height, round, VoteType::Prevote));
        assert_eq!((vote.validator_address(), vote.value()), (&who, &NilOrVal::Val(block)));
        assert!(vote.extension().is_none() && vote.take_extension().is_none());
        assert_eq!(vote.take_value(), NilOrVal::Val(block));
        assert_eq!(Hive.new_precommit(height, round, NilOrVal::Nil, who).vote_type(), VoteType::Precommit);
        let proposal = Hive.new_proposal(height, round, Value(block), Round::Nil, who);
        assert_eq!((proposal.height(), proposal.round(), proposal.pol_round()), (height, round, Round::Nil));
        assert_eq!((proposal.validator_address(), proposal.value()), (&who, &Value(block)));
        assert_eq!(core::Value::id(&proposal.take_value()), block);
        assert!(Whole.is_first() && Whole.is_last());
        assert_eq!(who.to_string(), who.0.to_string());
    }
}
