//! Signatures of simulated hives: a checksum under a key in place of Ed25519, so that a bulk run spends its time on the
//! nodes. Keys are told apart by a reserved beginning of their public bytes, so both kinds live in one program. Compiled for the
//! simulator alone: such a key protects nothing.

use crate::crypto::{Domain, PublicKey, Signature};
use crate::error::SignatureError;
use crate::ids::ChainId;

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

    pub(crate) fn sign(&self, domain: Domain, chain: &ChainId, body: &[u8]) -> Signature {
        expected(&self.public, domain, chain, body)
    }
}

/// Whether a public key is one of a simulated hive.
pub(crate) fn is_stub(key: &PublicKey) -> bool {
    key.as_bytes().starts_with(&MARKER)
}

/// Checks a signature as strictly as the other kind: each message has one.
pub(crate) fn verify(
    key: &PublicKey,
    domain: Domain,
    chain: &ChainId,
    body: &[u8],
    signature: &Signature,
) -> Result<(), SignatureError> {
    if *signature == expected(key, domain, chain, body) { Ok(()) } else { Err(SignatureError::Signature) }
}

fn expected(key: &PublicKey, domain: Domain, chain: &ChainId, body: &[u8]) -> Signature {
    let mut mix = Mix { left: 0x243F_6A88_85A3_08D3, right: 0x1319_8A2E_0370_7344 };
    for part in [key.as_bytes(), domain.tag(), chain.as_bytes(), body] {
        mix.absorb(part);
    }
    Signature::new(mix.squeeze())
}

/// 128 bits that every byte has a part in. Nobody is kept from forging: two halves are multiplied and folded, as in
/// wyhash, which takes a tenth of the time of a cryptographic hash.
struct Mix {
    left: u64,
    right: u64,
}

impl Mix {
    /// Takes a part in, and where it ends.
    fn absorb(&mut self, part: &[u8]) {
        let (words, rest) = part.as_chunks::<8>();
        words.iter().for_each(|word| self.stir(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.stir(u64::from_le_bytes(last));
        self.stir(part.len() as u64);
    }

    fn stir(&mut self, word: u64) {
        let folded = fold(self.left ^ word, 0x9E37_79B9_7F4A_7C15 ^ self.right.rotate_left(23));
        (self.left, self.right) = (self.right.rotate_left(31) ^ word, folded);
    }

    fn squeeze(mut self) -> [u8; 64] {
        let mut bytes = [0; 64];
        for (number, word) in (1..).zip(bytes.as_chunks_mut::<8>().0) {
            self.stir(number);
            *word = (self.left ^ self.right.rotate_left(32)).to_le_bytes();
        }
        bytes
    }
}

/// The product of both, its halves laid over each other.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let low = u64::try_from(product & u128::from(u64::MAX)).expect("invariant: the lower half");
    low ^ u64::try_from(product >> 64).expect("invariant: the upper half")
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
            (&other, Domain::Vote, &here, &b"body"[..]),
            (&key, Domain::Proposal, &here, b"body"),
            (&key, Domain::Vote, &there, b"body"),
            (&key, Domain::Vote, &here, b"bodx"),
            (&key, Domain::Vote, &here, b"body\0"),
            (&key, Domain::Vote, &here, b""),
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
    fn each_bit_of_what_is_signed_counts() {
        let (key, chain) = (SigningKey::stub(&[1; 32]), ChainId::new([1; 32]));
        let body = [0x5A; 66];
        let mut seen = std::collections::BTreeSet::from([*key.sign(Domain::Vote, &chain, &body).as_bytes()]);
        for bit in 0..body.len() * 8 {
            let mut other = body;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(*key.sign(Domain::Vote, &chain, &other).as_bytes()), "bit {bit}");
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
