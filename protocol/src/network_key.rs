//! The hive's pre-shared network key as it changes hands: made by an authority after an exclusion, named on the ledger by
//! its hash, handed from member to member on authenticated streams. It keeps strangers out and is never identity.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::crypto::SigningKey;
use crate::ids::{ChainId, Digest};

/// 32 secret bytes that every member knows and nobody else. They are wiped when they are not needed any more.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(from = "Digest", into = "Digest")]
pub struct NetworkKey([u8; 32]);

impl From<Digest> for NetworkKey {
    fn from(secret: Digest) -> Self {
        Self(*secret.as_bytes())
    }
}

impl From<NetworkKey> for Digest {
    fn from(key: NetworkKey) -> Self {
        Self::new(key.0)
    }
}

impl NetworkKey {
    /// From the bytes of a file.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// The key that an authority gives the hive at an epoch. It follows from the authority's own key, so that an
    /// authority that crashed between naming it and handing it on still has it.
    pub fn made_by(authority: &SigningKey, chain: &ChainId, epoch: u64) -> Self {
        let secret = Zeroizing::new(authority.derive("symbiose network key secret v1"));
        let parts: [&[u8]; 3] = [&*secret, chain.as_bytes(), &epoch.to_be_bytes()];
        Self::from(Digest::of("symbiose network key v1", &parts))
    }

    /// What the ledger knows of it.
    pub fn hash(&self, chain: &ChainId) -> Digest {
        Digest::of("symbiose network key hash v1", &[&self.0, chain.as_bytes()])
    }

    /// The bytes, for the file and the sockets.
    pub const fn secret(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for NetworkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NetworkKey(…)")
    }
}

/// Names the hive's next network key. The first one of an epoch counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct NameNetworkKey {
    /// One more than the epoch before; the key of the invitation or genesis is of epoch 0.
    pub epoch: u64,
    /// [`NetworkKey::hash`] of the key.
    pub hash: Digest,
}

/// Hands a network key to a member that asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct HandNetworkKey {
    /// Its epoch.
    pub epoch: u64,
    /// The key.
    pub key: NetworkKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_its_maker_hive_and_epoch_and_is_never_shown() {
        let (one, two) = (SigningKey::from_seed(&[1; 32]), SigningKey::from_seed(&[2; 32]));
        let (here, there) = (ChainId::new([3; 32]), ChainId::new([4; 32]));
        let key = NetworkKey::made_by(&one, &here, 1);
        assert_eq!(key, NetworkKey::made_by(&one, &here, 1));
        let others = [(&two, &here, 1), (&one, &there, 1), (&one, &here, 2)];
        for (maker, chain, epoch) in others {
            assert_ne!(key, NetworkKey::made_by(maker, chain, epoch));
        }
        assert_ne!(key.hash(&here), key.hash(&there));
        assert_eq!(format!("{key:?}"), "NetworkKey(…)");
    }
}
