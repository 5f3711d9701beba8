//! A node's promise that what it took will stand in a block by a height. Signed before anything else happens, so that a
//! node which drops a ballot has signed the proof of it.

use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::ballot::BallotError;
use super::ids::AssemblyId;
use crate::codec::{decode, encode};
use crate::crypto::{Domain, PublicKey, Signature, SigningKey};
use crate::error::Invalid;
use crate::ids::{ChainId, Digest, Height};
use crate::limits::{PROMISE_BYTES_MAX, PROMISE_HEIGHTS_MAX};

/// What a node promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Promise {
    /// The assembly.
    pub assembly: AssemblyId,
    /// The ballot, proxy or sheet.
    pub commitment: Digest,
    /// The node's height when it took it.
    pub taken: Height,
    /// The last height at which the promise is kept.
    pub by: Height,
    /// The node's key.
    pub node: PublicKey,
}

/// A promise with the node's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedPromise {
    /// What is promised.
    pub promise: Promise,
    /// Over its canonical bytes.
    pub signature: Signature,
}

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// There is time left.
    Pending,
    /// It stood in a block in time.
    Yes,
    /// It did not. The promise and the blocks up to its height prove it.
    Broken,
}

impl Promise {
    /// Signs it for one hive.
    pub fn sign(self, key: &SigningKey, chain: &ChainId) -> SignedPromise {
        assert_eq!(self.node, key.public(), "invariant: a node promises with its own key");
        let signature = key.sign(Domain::Promise, chain, &encode(&self));
        SignedPromise { promise: self, signature }
    }

    /// How it stands at a height, with the height at which the commitment stood in a block.
    pub fn at(&self, tip: Height, found: Option<Height>) -> Kept {
        match found {
            Some(height) if height <= self.by => Kept::Yes,
            Some(_) => Kept::Broken,
            None if tip < self.by => Kept::Pending,
            None => Kept::Broken,
        }
    }
}

impl SignedPromise {
    /// Reads a promise of at most [`PROMISE_BYTES_MAX`] bytes and checks it.
    pub fn open(bytes: &[u8], chain: &ChainId) -> Result<Self, BallotError> {
        let signed: Self = decode(bytes, PROMISE_BYTES_MAX)?;
        signed.verify(chain)?;
        Ok(signed)
    }

    /// Checks heights and signature.
    pub fn verify(&self, chain: &ChainId) -> Result<(), BallotError> {
        let Promise { taken, by, node, .. } = &self.promise;
        let ahead = by.0.checked_sub(taken.0).unwrap_or(u64::MAX);
        if !(1..=PROMISE_HEIGHTS_MAX).contains(&ahead) {
            let field = "heights of a promise, from 1";
            return Err(Invalid::Range { field, max: PROMISE_HEIGHTS_MAX, found: ahead }.into());
        }
        Ok(node.verify(Domain::Promise, chain, &encode(&self.promise), &self.signature)?)
    }
}
