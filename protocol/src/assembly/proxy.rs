//! Proxies: an owner lets somebody vote for some lots at one assembly, signed by the owner's own key, and may take that
//! back until the vote.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::{BallotError, Lots, check_lots};
use super::ids::{AssemblyId, ItemNumber, PersonId};
use crate::bounded::Bounded;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::energy::Salt;
use crate::ids::{ChainId, Digest};
use crate::limits::{PROXY_BYTES_MAX, RESOLUTIONS_MAX};

/// What an owner lets somebody do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Mandate {
    /// The lots.
    pub lots: Lots,
    /// Who votes for them.
    pub holder: PersonId,
    /// The resolutions it covers; none means all.
    pub items: Bounded<ItemNumber, RESOLUTIONS_MAX>,
    /// Whether it also covers the assembly held again for lack of quorum.
    pub covers_second: bool,
}

/// What an owner says about a proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProxyAct {
    /// Gives one.
    Give(Mandate),
    /// Takes one back.
    TakeBack(Digest),
}

/// An owner's word about a proxy, for one assembly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Proxy {
    /// The assembly.
    pub assembly: AssemblyId,
    /// The owner's key.
    pub principal: PublicKey,
    /// What it says.
    pub act: ProxyAct,
    /// Another for each.
    pub salt: Salt,
}

/// A proxy with its principal's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedProxy {
    /// What is signed.
    pub proxy: Proxy,
    /// Over its canonical bytes.
    pub signature: Signature,
}

/// A proxy whose form and signature were checked, and what the ledger and ballots know it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProxy {
    signed: SignedProxy,
    commitment: Digest,
}

impl Mandate {
    /// Whether it covers a resolution.
    pub fn covers(&self, item: ItemNumber) -> bool {
        self.items.is_empty() || self.items.contains(&item)
    }
}

impl Proxy {
    /// Signs it for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedProxy {
        assert_eq!(self.principal, key.public(), "invariant: an owner signs with the key it names");
        let signature = key.sign(Domain::Proxy, chain, &encode(&self));
        SignedProxy { proxy: self, signature }
    }
}

impl SignedProxy {
    /// Reads a proxy of at most [`PROXY_BYTES_MAX`] bytes and checks form and signature.
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<VerifiedProxy, BallotError> {
        decode::<Self>(bytes, PROXY_BYTES_MAX)?.verify(chain)
    }

    /// Checks form and signature. Whether the law lets it count is the assembly's to say.
    pub fn verify(self, chain: &ChainId) -> Result<VerifiedProxy, BallotError> {
        match &self.proxy.act {
            ProxyAct::Give(mandate) => check_lots(&mandate.lots)?,
            ProxyAct::TakeBack(_) => {}
        }
        self.proxy.principal.verify(Domain::Proxy, chain, &encode(&self.proxy), &self.signature)?;
        let commitment = self.commitment();
        Ok(VerifiedProxy { signed: self, commitment })
    }

    /// What the ledger holds of it.
    pub fn commitment(&self) -> Digest {
        Digest::of("symbiose proxy v1", &[&encode(self)])
    }
}

impl VerifiedProxy {
    /// What was said.
    pub fn proxy(&self) -> &Proxy {
        &self.signed.proxy
    }

    /// As it was signed.
    pub fn signed(&self) -> &SignedProxy {
        &self.signed
    }

    /// What the ledger and ballots know it by.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}
