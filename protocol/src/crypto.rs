//! Ed25519 keys and signatures. Everything signed starts with a domain tag and the chain, so that a signature for one
//! purpose or one hive never counts for another. Verification is always strict (small-order keys and malleable
//! signatures are refused), one by one, so that every verifier agrees.

use ed25519_dalek::Signer as _;
use std::fmt;

use crate::bytes::fixed_bytes;
use crate::error::SignatureError;
use crate::ids::{Address, ChainId};

fixed_bytes! {
    /// An Ed25519 public key, 32 bytes. Whether it is a point is found out when a signature is checked with it.
    PublicKey, 32
}
fixed_bytes! {
    /// An Ed25519 signature, 64 bytes.
    Signature, 64
}

/// What a signature is for. The tag is the first thing signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// A consensus vote.
    Vote,
    /// A consensus proposal.
    Proposal,
    /// A ledger transaction.
    Transaction,
    /// An invitation to join.
    Invitation,
    /// A newcomer's proof that it owns its key.
    Join,
    /// A sign of life of one run of a node.
    Run,
    /// A member's proof that it owns the key it changes to.
    KeyChange,
    /// A building's statement of its energy in one slot.
    Statement,
    /// What settlement authorities found.
    Settlement,
    /// A resident's ballot.
    Ballot,
    /// A proxy that a resident gives or takes back.
    Proxy,
    /// What syndic and assessor entered from paper before the ledger checked their signatures. Signed no more.
    Paper,
    /// A node's promise that a ballot will stand in a block.
    Promise,
    /// A resident's answer in a poll.
    Poll,
    /// What a hive asks of its members' loads, and what they answer.
    Shift,
    /// Syndic and assessor put a sheet of paper on the ledger.
    PaperEntry,
    /// Chair and syndic say what the votes of an assembly came to.
    Conclusion,
    /// Chair and syndic sign an assembly's minutes.
    Minutes,
    /// A resident's key and the code that vouches for it.
    Binding,
    /// A resident who comes in at the page of the own building.
    Entry,
    /// A figure about many buildings that two desks found together.
    Aggregate,
    /// An incident card, by a key that is used once.
    Incident,
    /// Cards that a relay lets out together.
    IncidentBatch,
    /// That enough buildings noticed the same at once.
    Street,
    /// What one building asks all the others.
    Enquiry,
}

impl Domain {
    /// The tag that is signed first.
    pub const fn tag(self) -> &'static [u8] {
        match self {
            Self::Vote => b"symbiose/vote/v1",
            Self::Proposal => b"symbiose/prop/v1",
            Self::Transaction => b"symbiose/transaction/v1",
            Self::Invitation => b"symbiose/invitation/v1",
            Self::Join => b"symbiose/join/v1",
            Self::Run => b"symbiose/run/v1",
            Self::KeyChange => b"symbiose/key-change/v1",
            Self::Statement => b"symbiose/statement/v1",
            Self::Settlement => b"symbiose/settlement/v1",
            Self::Ballot => b"symbiose/ballot/v1",
            Self::Proxy => b"symbiose/proxy/v1",
            Self::Paper => b"symbiose/paper/v1",
            Self::Promise => b"symbiose/promise/v1",
            Self::Poll => b"symbiose/poll/v1",
            Self::Shift => b"symbiose/shift/v1",
            Self::PaperEntry => b"symbiose/paper-entry/v1",
            Self::Conclusion => b"symbiose/conclusion/v1",
            Self::Minutes => b"symbiose/minutes/v1",
            Self::Binding => b"symbiose/binding/v1",
            Self::Entry => b"symbiose/entry/v1",
            Self::Aggregate => b"symbiose/aggregate/v1",
            Self::Incident => b"symbiose/incident/v1",
            Self::IncidentBatch => b"symbiose/incident-batch/v1",
            Self::Street => b"symbiose/street/v1",
            Self::Enquiry => b"symbiose/enquiry/v1",
        }
    }

    /// Tag, a zero byte, chain and body: the bytes that are signed.
    fn message(self, chain: &ChainId, body: &[u8]) -> Vec<u8> {
        let tag = self.tag();
        let mut message = Vec::with_capacity(tag.len() + 1 + ChainId::LEN + body.len());
        message.extend_from_slice(tag);
        message.push(0);
        message.extend_from_slice(chain.as_bytes());
        message.extend_from_slice(body);
        message
    }
}

/// A private key. Signing is deterministic (RFC 8032), so the core may do it.
#[derive(Clone)]
pub struct SigningKey(Secret);

#[derive(Clone)]
enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    #[cfg(feature = "simulation")]
    Stub(crate::stub::Secret),
}

impl SigningKey {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)))
    }

    /// A key of a simulated hive, whose signatures cost a hash. It protects nothing: who knows the public half can sign.
    #[cfg(feature = "simulation")]
    pub fn stub(seed: &[u8; 32]) -> Self {
        Self(Secret::Stub(crate::stub::Secret::from_seed(seed)))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        match &self.0 {
            Secret::Ed25519(key) => PublicKey::new(key.verifying_key().to_bytes()),
            #[cfg(feature = "simulation")]
            Secret::Stub(key) => key.public(),
        }
    }

    /// The address that belongs to this key.
    pub fn address(&self) -> Address {
        Address::of(&self.public())
    }

    /// Signs `body` for one purpose in one hive.
    pub fn sign(&self, domain: Domain, chain: &ChainId, body: &[u8]) -> Signature {
        match &self.0 {
            Secret::Ed25519(key) => Signature::new(key.sign(&domain.message(chain, body)).to_bytes()),
            #[cfg(feature = "simulation")]
            Secret::Stub(key) => key.sign(domain, chain, body),
        }
    }

    /// Derives secret bytes for a local purpose (salts, pseudonyms) that reveal nothing of the key.
    pub fn derive(&self, context: &'static str) -> [u8; 32] {
        match &self.0 {
            Secret::Ed25519(key) => blake3::derive_key(context, key.as_bytes()),
            #[cfg(feature = "simulation")]
            Secret::Stub(key) => blake3::derive_key(context, key.seed()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public())
    }
}

impl PublicKey {
    /// Checks strictly that `signature` is this key's over `body` for one purpose in one hive.
    pub fn verify(
        &self,
        domain: Domain,
        chain: &ChainId,
        body: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        #[cfg(feature = "simulation")]
        if crate::stub::is_stub(self) {
            return crate::stub::verify(self, domain, chain, body, signature);
        }
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(self.as_bytes()).map_err(|_| SignatureError::Key)?;
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        key.verify_strict(&domain.message(chain, body), &signature).map_err(|_| SignatureError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_a_point_and_a_secret_that_is_not_shown() {
        let chain = ChainId::new([1; 32]);
        let key = SigningKey::from_seed(&[7; 32]);
        let signature = key.sign(Domain::Join, &chain, b"body");
        // No point has this y.
        let none = PublicKey::new([2; 32]);
        assert_eq!(none.verify(Domain::Join, &chain, b"body", &signature), Err(SignatureError::Key));
        assert_eq!(format!("{key:?}"), format!("SigningKey({:?})", key.public()));
        assert_ne!(key.derive("one"), key.derive("other"));
        assert_eq!(key.address(), Address::of(&key.public()));
    }

    #[test]
    fn a_signature_counts_for_one_purpose_and_one_hive() {
        let key = SigningKey::from_seed(&[7; 32]);
        let (here, there) = (ChainId::new([1; 32]), ChainId::new([2; 32]));
        let signature = key.sign(Domain::Vote, &here, b"body");
        let public = key.public();
        assert_eq!(public.verify(Domain::Vote, &here, b"body", &signature), Ok(()));
        for (domain, chain, body) in [
            (Domain::Proposal, &here, b"body"),
            (Domain::Vote, &there, b"body"),
            (Domain::Vote, &here, b"bodx"),
        ] {
            assert_eq!(public.verify(domain, chain, body, &signature), Err(SignatureError::Signature));
        }
    }
}
