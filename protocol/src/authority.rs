//! The authorities of a hive: who may vote on blocks, in one order that every node agrees on.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bounded::Bounded;
use crate::crypto::PublicKey;
use crate::error::Invalid;
use crate::ids::{Address, Digest};
use crate::limits::AUTHORITIES_MAX;

/// 1 to 30 distinct authorities, sorted by address. Each has one vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthoritySet {
    keys: Bounded<PublicKey, AUTHORITIES_MAX>,
    /// The address of each key, worked out once: a key is looked up with every message.
    addresses: Vec<Address>,
    /// What a header commits to, worked out once: each header names two sets.
    hash: Digest,
}

impl AuthoritySet {
    /// Sorts the keys; refuses none, too many, or one key twice.
    pub fn new(mut keys: Vec<PublicKey>) -> Result<Self, Invalid> {
        let found = keys.len();
        if found == 0 || found > AUTHORITIES_MAX {
            return Err(Invalid::Count { field: "authorities", min: 1, max: AUTHORITIES_MAX, found });
        }
        keys.sort_by_key(Address::of);
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Invalid::Duplicate { field: "authorities" });
        }
        let addresses = keys.iter().map(Address::of).collect();
        let parts: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes().as_slice()).collect();
        let hash = Digest::of("symbiose authority set v1", &parts);
        Ok(Self { keys: Bounded::new(keys)?, addresses, hash })
    }

    /// The keys in order of address.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Their addresses, in the same order.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Number of authorities.
    #[expect(clippy::len_without_is_empty, reason = "a set is never empty")]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// The key of one authority, if it is in the set.
    pub fn key_of(&self, address: &Address) -> Option<&PublicKey> {
        self.addresses.binary_search(address).ok().map(|place| &self.keys[place])
    }

    /// Votes that decide: more than two thirds.
    pub fn quorum(&self) -> usize {
        self.len() * 2 / 3 + 1
    }

    /// Authorities that may fail without harm: (n − 1) / 3.
    pub fn faults_tolerated(&self) -> usize {
        (self.len() - 1) / 3
    }

    /// What a header commits to.
    pub fn hash(&self) -> Digest {
        self.hash
    }
}

impl Serialize for AuthoritySet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.keys.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AuthoritySet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys = Bounded::<PublicKey, AUTHORITIES_MAX>::deserialize(deserializer)?;
        Self::new(keys.into_vec()).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;

    #[test]
    fn quorum_is_more_than_two_thirds() {
        let keys = |n: u8| (0..n).map(|i| SigningKey::from_seed(&[i; 32]).public()).collect::<Vec<_>>();
        for (n, quorum, faults) in
            [(1, 1, 0), (2, 2, 0), (3, 3, 0), (4, 3, 1), (5, 4, 1), (7, 5, 2), (30, 21, 9)]
        {
            let set = AuthoritySet::new(keys(n)).unwrap();
            assert_eq!((set.quorum(), set.faults_tolerated()), (quorum, faults), "{n} authorities");
        }
        assert!(AuthoritySet::new(vec![]).is_err());
        assert!(AuthoritySet::new(keys(31)).is_err());
        assert!(AuthoritySet::new([keys(2), keys(1)].concat()).is_err());
    }
}
