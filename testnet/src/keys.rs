//! Keys of a testnet, all derived from its seed: the same seed gives the same keys, so they protect nothing.

use protocol::hex::hex;
use protocol::{PublicKey, SigningKey};

/// The secrets of one seed.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    seed: u64,
}

impl Keys {
    /// The secrets of `seed`.
    pub fn of(seed: u64) -> Self {
        Self { seed }
    }

    /// Key of the node with this index, from 0.
    pub fn node_secret(self, index: usize) -> [u8; 32] {
        self.secret("node", index)
    }

    /// Key of a member that runs no node and only signs transactions.
    pub fn load(self, index: usize) -> SigningKey {
        SigningKey::from_seed(&self.load_secret(index))
    }

    /// The seed of that key.
    pub fn load_secret(self, index: usize) -> [u8; 32] {
        self.secret("load", index)
    }

    /// Operator token of the node with this index, 64 hex digits.
    pub fn token(self, index: usize) -> String {
        hex(&self.secret("token", index))
    }

    /// The swarm's pre-shared key, 64 hex digits.
    pub fn swarm(self) -> String {
        hex(&self.secret("swarm", 0))
    }

    /// What the buildings of the operator with this index know.
    pub fn operator(self, index: usize) -> [u8; 32] {
        self.secret("operator", index)
    }

    /// What tells the genesis of two seeds apart.
    pub fn salt(self) -> [u8; 32] {
        self.secret("salt", 0)
    }

    fn secret(self, purpose: &str, index: usize) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("symbiose testnet keys v1");
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&(index as u64).to_le_bytes());
        hasher.update(purpose.as_bytes());
        *hasher.finalize().as_bytes()
    }
}

/// The libp2p peer id of an Ed25519 key: base58 of the identity multihash of its protobuf form
/// (libp2p specs, peer-ids).
pub fn peer_id(key: &PublicKey) -> String {
    let mut bytes = vec![0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
    bytes.extend_from_slice(key.as_bytes());
    base58(&bytes)
}

/// Base58 with the Bitcoin alphabet.
fn base58(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = u8::try_from(carry % 58).expect("invariant: below 58");
            carry /= 58;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 58).expect("invariant: below 58"));
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).map(|_| '1');
    zeros.chain(digits.iter().rev().map(|digit| char::from(ALPHABET[usize::from(*digit)]))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_differs_and_repeats_with_its_seed() {
        let keys = Keys::of(42);
        let secrets = [keys.node_secret(0), keys.node_secret(1), keys.load(0).derive("x"), keys.salt()];
        for (index, secret) in secrets.iter().enumerate() {
            assert!(!secrets[..index].contains(secret));
        }
        assert_eq!(keys.node_secret(3), Keys::of(42).node_secret(3));
        assert_ne!(keys.swarm(), Keys::of(43).swarm());
        assert_eq!(keys.token(0).len(), 64);
    }

    #[test]
    fn base58_matches_published_vectors() {
        // draft-msporny-base58-03, section 5.
        assert_eq!(base58(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(base58(&[0x00, 0x00, 0x28, 0x7f, 0xb4, 0xcd]), "11233QC4");
    }

    #[test]
    fn an_ed25519_peer_id_has_its_usual_start() {
        assert!(peer_id(&Keys::of(42).load(0).public()).starts_with("12D3KooW"));
    }
}
