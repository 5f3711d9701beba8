//! The nouns of Symbiose: ids, units, keys, canonical CBOR, wire and stored types, and every limit. It never reads
//! a clock, a file or a random source, and holds no float.
#![warn(missing_docs)]
#![deny(clippy::float_arithmetic)]

mod bands;
pub mod bounded;
mod bytes;

pub mod aggregate;
pub mod assembly;
pub mod authority;
pub mod block;
pub mod codec;
pub mod consensus;
pub mod crypto;
pub mod energy;
pub mod enquiry;
pub mod error;
pub mod genesis;
pub mod greeting;
pub mod hex;
pub mod ids;
pub mod incident;
pub mod invitation;
pub mod limits;
pub mod maintenance;
pub mod membership;
pub mod message;
pub mod network_key;
pub mod operator;
mod signed;
pub mod street;
#[cfg(feature = "simulation")]
mod stub;
pub mod time;
pub mod token;
pub mod transaction;

pub use authority::AuthoritySet;
pub use block::{Block, BlockHeader, Certificate, CertificateSignature};
pub use bounded::Bounded;
pub use bytes::Bytes;
pub use codec::{decode, encode};
pub use consensus::{Proposal, Round, SignedProposal, SignedVote, Vote, VoteKind};
pub use crypto::{Domain, PublicKey, Signature, SigningKey};
pub use error::{DecodeError, Invalid, SignatureError};
pub use genesis::Genesis;
pub use ids::{
    Address, BlockId, ChainId, Digest, Height, LogRoot, Sequence, StateHash, TransactionId, WorkOrderId,
};
pub use invitation::{Checkpoint, Invitation, JoinRequest, JoinResponse, SignedInvitation};
pub use maintenance::{AdvanceWorkOrder, AssetKind, OpenWorkOrder, Severity, WorkOrderStatus};
pub use membership::{Action, Evidence, KeyChange, Role};
pub use message::Message;
pub use network_key::NetworkKey;
pub use time::{Now, Tick, UnixMs};
pub use transaction::{Payload, Transaction, VerifiedTransaction};
