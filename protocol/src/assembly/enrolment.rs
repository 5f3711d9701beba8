//! How a resident's key comes to its person: a code from a letter, or from a device that counts already, vouches for it
//! once. The code is the seed of a key; only its public half is ever told to the node.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::BallotError;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::Salt;
use crate::ids::{Address, ChainId};
use crate::limits::BINDING_BYTES_MAX;

/// What a code's key is derived for.
const INVITE_CONTEXT: &str = "symbiose invite v1";

/// A resident's own key and the key of the code that vouches for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Binding {
    /// The building's node.
    pub building: Address,
    /// The code's key.
    pub invitation: PublicKey,
    /// The resident's.
    pub voter: PublicKey,
}

/// A binding that both keys agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedBinding {
    /// What is bound.
    pub binding: Binding,
    /// The code's, over its canonical bytes.
    pub by_invitation: Signature,
    /// The resident's, over the same: nobody binds a key that is not theirs.
    pub by_voter: Signature,
}

/// A resident comes in: signed over a challenge of the node, so that nothing heard on the way opens the door again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Entry {
    /// The building's node.
    pub building: Address,
    /// The resident's key.
    pub voter: PublicKey,
    /// What the node asked to be signed.
    pub challenge: Salt,
}

/// The key of a code. Its letters are told apart by nothing but their order.
pub fn invitation_key(code: &str) -> SigningKey {
    SigningKey::from_seed(&blake3::derive_key(INVITE_CONTEXT, code.as_bytes()))
}

impl Binding {
    /// Both signatures for one hive.
    pub fn sign(self, invitation: &SigningKey, voter: &SigningKey, chain: &ChainId) -> SignedBinding {
        let body = encode(&self);
        let sign = |key: &SigningKey| key.sign(Domain::Binding, chain, &body);
        SignedBinding { binding: self, by_invitation: sign(invitation), by_voter: sign(voter) }
    }
}

impl SignedBinding {
    /// Reads a binding of at most [`BINDING_BYTES_MAX`] bytes and checks both signatures.
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<Self, BallotError> {
        let signed: Self = decode(bytes, BINDING_BYTES_MAX)?;
        let body = encode(&signed.binding);
        signed.binding.invitation.verify(Domain::Binding, chain, &body, &signed.by_invitation)?;
        signed.binding.voter.verify(Domain::Binding, chain, &body, &signed.by_voter)?;
        Ok(signed)
    }
}

impl Entry {
    /// The resident's signature for one hive.
    pub fn sign(&self, key: &SigningKey, chain: &ChainId) -> Signature {
        key.sign(Domain::Entry, chain, &encode(self))
    }

    /// Whether the resident signed it.
    pub fn verify(&self, signature: &Signature, chain: &ChainId) -> Result<(), BallotError> {
        Ok(self.voter.verify(Domain::Entry, chain, &encode(self), signature)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: ChainId = ChainId::new([7; 32]);

    #[test]
    fn a_binding_needs_both_keys() {
        let (code, own) = (invitation_key("7K3MP0QX9T2A"), SigningKey::from_seed(&[3; 32]));
        let binding =
            Binding { building: Address::new([1; 20]), invitation: code.public(), voter: own.public() };
        let signed = binding.sign(&code, &own, &CHAIN);
        assert_eq!(SignedBinding::open(&encode(&signed), &CHAIN), Ok(signed));
        let other = SigningKey::from_seed(&[4; 32]);
        for wrong in [binding.sign(&other, &own, &CHAIN), binding.sign(&code, &other, &CHAIN)] {
            assert!(SignedBinding::open(&encode(&wrong), &CHAIN).is_err());
        }
        assert!(SignedBinding::open(&encode(&signed), &ChainId::new([8; 32])).is_err());
        assert_ne!(invitation_key("7K3MP0QX9T2B").public(), code.public());
    }

    #[test]
    fn an_entry_answers_one_challenge_at_one_building() {
        let key = SigningKey::from_seed(&[3; 32]);
        let entry =
            Entry { building: Address::new([1; 20]), voter: key.public(), challenge: Salt::new([9; 16]) };
        let signature = entry.sign(&key, &CHAIN);
        assert_eq!(entry.verify(&signature, &CHAIN), Ok(()));
        for other in [
            Entry { challenge: Salt::new([8; 16]), ..entry },
            Entry { building: Address::new([2; 20]), ..entry },
            Entry { voter: SigningKey::from_seed(&[4; 32]).public(), ..entry },
        ] {
            assert!(other.verify(&signature, &CHAIN).is_err());
        }
    }
}
