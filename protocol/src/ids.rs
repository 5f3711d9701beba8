//! Identifiers. Each is a newtype, so that a block id can never be used where a transaction id is meant.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::bytes::fixed_bytes;
use crate::crypto::PublicKey;

fixed_bytes! {
    /// A hive: blake3 of its canonical genesis. Part of everything that is signed.
    ChainId, 32
}
fixed_bytes! {
    /// A block: blake3 of its canonical header.
    BlockId, 32
}
fixed_bytes! {
    /// A transaction: blake3 of its canonical bytes, signature included. Also its leaf in the Merkle log.
    TransactionId, 32
}
fixed_bytes! {
    /// The whole ledger state after a block.
    StateHash, 32
}
fixed_bytes! {
    /// Root of the Merkle log (RFC 6962 hashing over blake3).
    LogRoot, 32
}
fixed_bytes! {
    /// Any other blake3 digest: commitments, references, pseudonyms.
    Digest, 32
}
fixed_bytes! {
    /// A member of the hive: the first 20 bytes of blake3 of its public key.
    Address, 20
}

impl Address {
    /// The address that belongs to a key.
    pub fn of(key: &PublicKey) -> Self {
        let hash = blake3::hash(key.as_bytes());
        let mut bytes = [0; 20];
        bytes.copy_from_slice(&hash.as_bytes()[..20]);
        Self::new(bytes)
    }
}

impl Digest {
    /// blake3 of `parts`, each preceded by its length, under a domain of its own.
    pub fn of(domain: &'static str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(domain);
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self::new(*hasher.finalize().as_bytes())
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// Height of a block. Genesis is 0, the first block 1.
    Height
}
number! {
    /// Sequence of a member's transactions: the first is 1, each block takes them without a gap.
    Sequence
}
number! {
    /// A work order, numbered by the ledger from 1 in the order of opening.
    WorkOrderId
}

impl Height {
    /// The height after this one.
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("invariant: a chain never reaches 2^64 blocks"))
    }
}

impl Sequence {
    /// The sequence after this one.
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("invariant: a member never signs 2^64 transactions"))
    }
}
