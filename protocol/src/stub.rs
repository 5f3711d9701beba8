//! Signatures of simulated hives: a keyed hash in place of Ed25519, so that a bulk run spends its time on the nodes. Keys
//! are told apart by a reserved beginning of their public bytes, so both kinds live in one program. Compiled for the
//! simulator alone: such a key protects nothing.

use crate::crypto::{PublicKey, Signature};
use crate::error::SignatureError;

/// What the public bytes of such a key begin with.
const MARKER: [u8; 16] = *b"simulated key v1";

/// A key: what it was made from, and its public bytes.
#[derive(Clone)]
pub(crate) struct Secret {
    seed: [u8; 32],
    public: PublicKey,
}

impl Secret {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        let mut public = [0; 32];
        let (marker, own) = public.split_at_mut(MARKER.len());
        marker.copy_from_slice(&MARKER);
        let digest = blake3::derive_key("symbiose simulated key v1", seed);
        own.copy_from_slice(&digest[..16]);
        Self { seed: *seed, public: PublicKey::new(public) }
    }

    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    pub(crate) fn public(&self) -> PublicKey {
        self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        expected(&self.public, message)
    }
}

/// Whether a public key is one of a simulated hive.
pub(crate) fn is_stub(key: &PublicKey) -> bool {
    key.as_bytes().starts_with(&MARKER)
}

/// Checks a signature as strictly as the other kind: each message has one.
pub(crate) fn verify(key: &PublicKey, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
    if *signature == expected(key, message) { Ok(()) } else { Err(SignatureError::Signature) }
}

fn expected(key: &PublicKey, message: &[u8]) -> Signature {
    let mut bytes = [0; 64];
    blake3::Hasher::new_keyed(key.as_bytes()).update(message).finalize_xof().fill(&mut bytes);
    Signature::new(bytes)
}

#[cfg(test)]
mod tests {
    use crate::{ChainId, Domain, Signature, SignatureError, SigningKey};

    #[test]
    fn a_stub_counts_for_one_key_one_message_one_purpose_and_one_hive() {
        let (key, other) = (SigningKey::stub(&[1; 32]), SigningKey::stub(&[2; 32]));
        let (here, there) = (ChainId::new([1; 32]), ChainId::new([2; 32]));
        let signature = key.sign(Domain::Vote, &here, b"body");
        assert_eq!(key.public().verify(Domain::Vote, &here, b"body", &signature), Ok(()));
        for (key, domain, chain, body) in [
            (&other, Domain::Vote, &here, b"body"),
            (&key, Domain::Proposal, &here, b"body"),
            (&key, Domain::Vote, &there, b"body"),
            (&key, Domain::Vote, &here, b"bodx"),
        ] {
            let verdict = key.public().verify(domain, chain, body, &signature);
            assert_eq!(verdict, Err(SignatureError::Signature));
        }
    }

    #[test]
    fn a_forged_stub_is_refused_bit_by_bit() {
        let (key, chain) = (SigningKey::stub(&[1; 32]), ChainId::new([1; 32]));
        let signature = key.sign(Domain::Vote, &chain, b"body");
        for bit in 0..Signature::LEN * 8 {
            let mut forged = *signature.as_bytes();
            forged[bit / 8] ^= 1 << (bit % 8);
            let verdict = key.public().verify(Domain::Vote, &chain, b"body", &Signature::new(forged));
            assert_eq!(verdict, Err(SignatureError::Signature), "bit {bit}");
        }
    }

    #[test]
    fn both_kinds_live_side_by_side() {
        let (stub, real) = (SigningKey::stub(&[1; 32]), SigningKey::from_seed(&[1; 32]));
        let chain = ChainId::new([1; 32]);
        assert_ne!(stub.public(), real.public());
        for (key, other) in [(&stub, &real), (&real, &stub)] {
            let signature = key.sign(Domain::Join, &chain, b"body");
            assert_eq!(key.public().verify(Domain::Join, &chain, b"body", &signature), Ok(()));
            assert!(other.public().verify(Domain::Join, &chain, b"body", &signature).is_err());
        }
        assert_ne!(stub.derive("a purpose"), SigningKey::stub(&[2; 32]).derive("a purpose"));
    }
}
