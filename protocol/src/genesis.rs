//! The first agreement of a hive: its authorities, its members and the time it starts. Its hash is the chain id.

use serde::{Deserialize, Deserializer};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::authority::AuthoritySet;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::PublicKey;
use crate::error::Invalid;
use crate::ids::{Address, BlockId, ChainId, Digest};
use crate::limits::MEMBERS_MAX;
use crate::time::UnixMs;

/// Version of the genesis format and of the ledger's rules.
pub const GENESIS_VERSION: u16 = 1;

/// The founding document of a hive. Names stay out of it: a member is its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple)]
pub struct Genesis {
    version: u16,
    time: UnixMs,
    salt: Digest,
    authorities: AuthoritySet,
    followers: Bounded<PublicKey, MEMBERS_MAX>,
}

impl Genesis {
    /// Founds a hive. `salt` tells two hives with the same founders apart. Followers are sorted by address; a key may
    /// stand only once in the whole document.
    pub fn new(
        time: UnixMs,
        salt: Digest,
        authorities: Vec<PublicKey>,
        mut followers: Vec<PublicKey>,
    ) -> Result<Self, Invalid> {
        let authorities = AuthoritySet::new(authorities)?;
        followers.sort_by_key(Address::of);
        let twice = followers.windows(2).any(|pair| pair[0] == pair[1])
            || followers.iter().any(|key| authorities.keys().contains(key));
        if twice {
            return Err(Invalid::Duplicate { field: "members" });
        }
        let found = authorities.len() + followers.len();
        if found > MEMBERS_MAX {
            return Err(Invalid::Count { field: "members", min: 1, max: MEMBERS_MAX, found });
        }
        Ok(Self { version: GENESIS_VERSION, time, salt, authorities, followers: Bounded::new(followers)? })
    }

    /// The hive's id: blake3 of the canonical bytes.
    pub fn chain(&self) -> ChainId {
        ChainId::new(*blake3::hash(&encode(self)).as_bytes())
    }

    /// What block 1 names as its predecessor.
    pub fn block(&self) -> BlockId {
        BlockId::new(*self.chain().as_bytes())
    }

    /// When the hive starts; no block lies before it.
    pub fn time(&self) -> UnixMs {
        self.time
    }

    /// The first authorities.
    pub fn authorities(&self) -> &AuthoritySet {
        &self.authorities
    }

    /// Founding members that are not authorities.
    pub fn followers(&self) -> &[PublicKey] {
        &self.followers
    }
}

#[derive(Deserialize_tuple)]
struct Wire {
    version: u16,
    time: UnixMs,
    salt: Digest,
    authorities: AuthoritySet,
    followers: Bounded<PublicKey, MEMBERS_MAX>,
}

impl<'de> Deserialize<'de> for Genesis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let wire = Wire::deserialize(deserializer)?;
        if wire.version != GENESIS_VERSION {
            return Err(D::Error::custom(format_args!(
                "genesis version {}, this node knows {GENESIS_VERSION}",
                wire.version
            )));
        }
        Self::new(wire.time, wire.salt, wire.authorities.keys().to_vec(), wire.followers.into_vec())
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeError, SigningKey, decode};

    fn keys(range: std::ops::Range<u8>) -> Vec<PublicKey> {
        range.map(|n| SigningKey::from_seed(&[n; 32]).public()).collect()
    }

    #[test]
    fn a_founding_document_reads_back_and_names_its_hive() {
        let genesis = Genesis::new(UnixMs(7), Digest::new([1; 32]), keys(0..4), keys(4..6)).unwrap();
        let bytes = encode(&genesis);
        assert_eq!(decode::<Genesis>(&bytes, 1_000), Ok(genesis.clone()));
        assert_eq!(genesis.block().as_bytes(), genesis.chain().as_bytes());
        assert_eq!(
            (genesis.time(), genesis.authorities().len(), genesis.followers().len()),
            (UnixMs(7), 4, 2)
        );
        let mut later = bytes;
        assert_eq!(later[1], 1, "the version comes first");
        later[1] = 2;
        let error = decode::<Genesis>(&later, 1_000).unwrap_err();
        assert!(error.to_string().contains("genesis version 2, this node knows 1"), "{error}");
    }

    #[test]
    fn nobody_stands_twice_and_not_too_many_at_all() {
        let of =
            |authorities, followers| Genesis::new(UnixMs(7), Digest::new([1; 32]), authorities, followers);
        let twice = Err(Invalid::Duplicate { field: "members" });
        assert_eq!(of(keys(0..4), keys(3..5)), twice);
        assert_eq!(of(keys(0..4), [keys(5..6), keys(5..6)].concat()), twice);
        assert!(of(keys(0..0), keys(0..1)).is_err(), "nobody would decide");
        assert!(of(keys(0..31), Vec::new()).is_err(), "too many decide");
        let many = (0..1_000u32).map(|n| {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&n.to_be_bytes());
            PublicKey::new(key)
        });
        let many: Vec<PublicKey> = many.collect();
        assert!(of(keys(0..1), many[1..].to_vec()).is_ok());
        let found = Invalid::Count { field: "members", min: 1, max: MEMBERS_MAX, found: 1_001 };
        assert_eq!(of(keys(0..1), many), Err(found));
        // What cannot be made is not read either.
        let one = encode(&of(keys(0..1), keys(1..2)).unwrap());
        let founder = keys(0..1)[0];
        let at = one.len() - 32;
        let doubled = [&one[..at], founder.as_bytes()].concat();
        assert!(matches!(decode::<Genesis>(&doubled, 1_000), Err(DecodeError::Malformed { .. })));
    }
}
