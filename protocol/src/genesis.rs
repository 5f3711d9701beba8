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
