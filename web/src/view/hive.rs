//! The hive and its ledger as the page sees them: peers, members, decisions, blocks, transactions and their proofs.

use super::{LedgerPlace, Reason, Role, SeverityCounts};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The neighbourhood as this node sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HiveView {
    /// Chain id: 64 hex digits, hash of the genesis.
    pub chain: String,
    pub height: u64,
    pub authorities: u32,
    /// Authorities which this node can hear, itself included.
    pub authorities_online: u32,
    /// Signatures a block needs.
    pub quorum: u32,
    /// Authorities which may fail with the hive going on; 0 for hives of 1 to 3.
    pub faults_tolerated: u32,
    /// From submission to final, over the last transactions of this node.
    pub finality_ms: Option<Finality>,
    /// Set while no block can be agreed on.
    pub halted: Option<Reason>,
    /// Transactions waiting for a block.
    pub mempool: u32,
    pub peers: Vec<PeerView>,
}

/// How long transactions take to become final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Finality {
    pub p50: u32,
    pub p99: u32,
    pub transactions: u32,
}

/// Another member of the hive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PeerView {
    /// Address: 40 hex digits.
    pub id: String,
    pub name: String,
    pub role: Role,
    pub connected: bool,
    pub height: Option<u64>,
    pub latency_ms: Option<u32>,
    /// 100 is a full standing; faults lower it, time mends it, at 0 the member is cut off for a while.
    pub standing: u32,
    /// What it did wrong lately, most often first.
    pub faults: Vec<PeerFault>,
    /// How long it is still cut off, seconds.
    pub banned_s: Option<u64>,
    /// Version of the wire spoken with it.
    pub wire: Option<u32>,
}

/// Something a member did wrong, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeerFault {
    /// One word, as in the metric `symbiose_network_faults_total`.
    pub kind: String,
    pub count: u32,
}

/// The last final block. The same height gives the same block and state on every node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerHead {
    pub chain: String,
    pub height: u64,
    /// Block id: 64 hex digits.
    pub block: String,
    /// State hash after it: 64 hex digits.
    pub state: String,
    pub time: Time,
    /// Root of the Merkle log of all transactions: 64 hex digits.
    pub log_root: String,
    /// Transactions in the log.
    pub log_size: u64,
    /// Addresses of the authorities.
    pub authorities: Vec<String>,
}

/// A block in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockSummary {
    /// The height as text.
    pub id: String,
    pub height: u64,
    pub block: String,
    pub state: String,
    pub time: Time,
    pub transactions: u32,
    /// Address of the authority which proposed it.
    pub proposer: String,
}

/// A block with its transactions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlockView {
    pub id: String,
    pub height: u64,
    pub block: String,
    pub previous: String,
    pub state: String,
    pub time: Time,
    pub proposer: String,
    pub round: u32,
    pub log_root: String,
    pub log_size: u64,
    pub transactions: Vec<TransactionView>,
    pub certificate: CertificateView,
}

/// A transaction as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionView {
    /// 64 hex digits.
    pub id: String,
    /// None while it waits for a block.
    pub height: Option<u64>,
    /// Place in the block.
    pub index: Option<u32>,
    /// Such as `maintenance.open`.
    pub kind: String,
    /// Address of the signer.
    pub author: String,
    pub author_name: Option<String>,
    pub sequence: u64,
    pub size_bytes: u32,
    /// What it says, field by field.
    pub fields: BTreeMap<String, String>,
    /// Time of its block.
    pub time: Option<Time>,
}

/// The signatures of more than two thirds of the authorities under a block.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CertificateView {
    pub height: u64,
    pub round: u32,
    pub block: String,
    pub signatures: Vec<SignatureView>,
}

/// One authority's signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignatureView {
    pub authority: String,
    pub name: Option<String>,
    /// 64 hex digits.
    pub public_key: String,
    /// 128 hex digits.
    pub signature: String,
}

/// All a phone needs to check by itself that a transaction is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProofView {
    /// Transaction id.
    pub id: String,
    /// Canonical bytes of the transaction, in hex: the leaf of the log.
    pub leaf: String,
    pub leaf_index: u64,
    /// The log as the header commits to it.
    pub log_size: u64,
    pub log_root: String,
    /// Sibling hashes from leaf to root (RFC 6962 shape over blake3), in hex.
    pub path: Vec<String>,
    pub height: u64,
    /// Canonical bytes of the block header, in hex.
    pub header: String,
    pub certificate: CertificateView,
}

/// A building admitted to the hive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// Address: 40 hex digits.
    pub id: String,
    pub name: String,
    /// 64 hex digits.
    pub public_key: String,
    pub role: Role,
    /// Height of its admission.
    pub since: u64,
    pub revoked: bool,
}

/// A change of the hive which the authorities are deciding on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProposalView {
    pub id: String,
    pub action: crate::request::GovernanceAction,
    pub status: ProposalStatus,
    /// Addresses of the authorities which approved.
    pub approvals: Vec<String>,
    pub approvals_needed: u32,
    pub proposed: LedgerPlace,
}

/// Where a proposal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalStatus {
    Open,
    Executed,
    Expired,
}

/// A freshly made invitation. It is shown once and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InvitationView {
    /// Names it when it is to be taken back: 64 hex digits.
    pub id: String,
    /// The text to hand to the newcomer.
    pub invitation: String,
    pub expires: Time,
    /// SHA-256 of the certificate of this node's page, as browsers show it; to be compared by whoever opens it.
    pub fingerprint: Option<String>,
}

/// An invitation that this node made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedInvitation {
    /// The hash of its secret: 64 hex digits.
    pub id: String,
    pub role: Role,
    pub issued: Time,
    pub expires: Time,
    /// Who asked for it.
    pub by: String,
    pub status: InvitationStatus,
}

/// How far an invitation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStatus {
    /// It opens the door.
    Open,
    /// Its newcomer waits for the signatures of more authorities.
    Waiting,
    Used,
    Revoked,
    Expired,
}

/// A building of this node's operator: how many alerts are open there, and nothing else of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OperatorBuilding {
    /// Address: 40 hex digits.
    pub id: String,
    pub name: String,
    /// Whether it is this node's own building.
    pub this: bool,
    /// Whether it is connected now.
    pub online: bool,
    /// When it counted, in hive time; none if it has not said yet.
    pub as_of: Option<Time>,
    /// Open alerts, acknowledged ones not counted; none if it has not said yet.
    pub open_alerts: Option<SeverityCounts>,
}
