//! What stands in the ledger's state, and under which keys.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use protocol::limits::AUTHORITIES_MAX;
use protocol::{
    Action, Address, AssetKind, AuthoritySet, Bounded, Digest, Height, PublicKey, Role, Sequence, Severity,
    TransactionId, UnixMs, WorkOrderId, WorkOrderStatus,
};

use super::aggregate::{AggregateEntry, AggregateKey};
use super::assembly::{AssemblyEntry, AssemblyKey};
use super::energy::{EnergyEntry, EnergyKey};
use super::token::{TokenEntry, TokenKey};

/// Where an entry stands. The order of the variants is the order of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Key {
    /// Counters and authority sets.
    Meta,
    /// A member.
    Member(Address),
    /// A governed proposal, numbered from 1.
    Proposal(u64),
    /// A used invitation, by its nonce, kept until it would have expired.
    Invitation(Digest),
    /// A work order.
    WorkOrder(WorkOrderId),
    /// A building's reference of a work order: makes opening single.
    Reference(Digest),
    /// Double signing of one authority at one height, round and step.
    Evidence(Address, Digest),
    /// What the hive agreed on for itself; absent while it is all as it was at the start.
    Settings,
    /// An admission that waits for more authorities, by the invitation's nonce.
    Admission(Digest),
    /// A former key of a member.
    Moved(Address),
    /// A member that changed its key: the address under which it was admitted, which its work orders carry.
    Origin(Address),
    /// The network key, once it is another than the first.
    NetworkKey,
    /// Shared energy.
    Energy(EnergyKey),
    /// Tokens and carbon credits.
    Token(TokenKey),
    /// Assemblies and polls.
    Assembly(AssemblyKey),
    /// Private sums.
    Aggregate(AggregateKey),
}

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// Under [`Key::Meta`].
    Meta(Meta),
    /// Under [`Key::Member`].
    Member(MemberEntry),
    /// Under [`Key::Proposal`].
    Proposal(Proposal),
    /// Under [`Key::Invitation`]: when it would have expired, be it used or taken back.
    Invitation(UnixMs),
    /// Under [`Key::WorkOrder`].
    WorkOrder(WorkOrder),
    /// Under [`Key::Reference`].
    Reference(WorkOrderId),
    /// Under [`Key::Evidence`].
    Evidence(Evidenced),
    /// Under [`Key::Settings`].
    Settings(Settings),
    /// Under [`Key::Admission`].
    Admission(Admission),
    /// Under [`Key::Moved`].
    Moved(Moved),
    /// Under [`Key::Origin`].
    Origin(Origin),
    /// Under [`Key::NetworkKey`].
    NetworkKey(NamedNetworkKey),
    /// Under [`Key::Energy`].
    Energy(EnergyEntry),
    /// Under [`Key::Token`].
    Token(TokenEntry),
    /// Under [`Key::Assembly`].
    Assembly(AssemblyEntry),
    /// Under [`Key::Aggregate`].
    Aggregate(AggregateEntry),
}

/// What the hive agreed on for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Settings {
    /// Whether an admission needs the signatures of more authorities than may fail.
    pub asks_cosignatures: bool,
}

/// An admission that waits for the signatures of more authorities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Admission {
    /// The newcomer's key.
    pub member: PublicKey,
    /// The highest role it may have.
    pub role: Role,
    /// Last moment of the invitation.
    pub expires: UnixMs,
    /// Authorities that signed, the inviter among them, sorted.
    pub signers: Bounded<Address, AUTHORITIES_MAX>,
}

/// A former key of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Moved {
    /// The key that no longer counts; what it signed before may still be evidence.
    pub key: PublicKey,
    /// Where the member went.
    pub to: Address,
    /// Height of the change.
    pub height: Height,
}

/// Where a member that changed its key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Origin {
    /// The address of its first key.
    pub address: Address,
    /// How often it changed its key.
    pub changes: u32,
}

/// What the ledger knows of the network key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct NamedNetworkKey {
    /// How many there were before it.
    pub epoch: u64,
    /// Its hash; `None` while the first key, of which the ledger knows nothing, has only been found wanting.
    pub hash: Option<Digest>,
    /// Time of the block that named it.
    pub since: UnixMs,
    /// Whether somebody who knows it was shut out since.
    pub is_due: bool,
}

/// Counters and authority sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Meta {
    /// Height of the last block.
    pub height: Height,
    /// Its time.
    pub time: UnixMs,
    /// The set that decides the next block.
    pub authorities: AuthoritySet,
    /// The set that decides the block after that.
    pub next_authorities: AuthoritySet,
    /// Work orders opened so far.
    pub work_orders: u64,
    /// Proposals made so far.
    pub proposals: u64,
}

/// A member of the hive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct MemberEntry {
    /// Its key.
    pub key: PublicKey,
    /// Sequence of its last transaction.
    pub sequence: Sequence,
    /// Height of its admission; 0 for founders.
    pub since: Height,
    /// The highest role it may have.
    pub role_max: Role,
    /// Whether it was shut out.
    pub revoked: bool,
    /// Its work orders that are not done.
    pub open_work_orders: u32,
}

impl MemberEntry {
    pub(crate) fn new(key: PublicKey, since: Height, role_max: Role) -> Self {
        Self { key, sequence: Sequence(0), since, role_max, revoked: false, open_work_orders: 0 }
    }
}

/// A governed action that authorities decide on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Proposal {
    /// What is to be done.
    pub action: Action,
    /// Height at which it was proposed.
    pub height: Height,
    /// Authorities that approve, sorted.
    pub approvals: Bounded<Address, AUTHORITIES_MAX>,
    /// How far it is.
    pub status: ProposalStatus,
}

/// How far a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProposalStatus {
    /// Collects approvals.
    Open,
    /// Carried out in the block of this height.
    Executed(Height),
}

/// A work order as the hive sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct WorkOrder {
    /// The building that opened it.
    pub building: Address,
    /// That building's reference.
    pub reference: Digest,
    /// Pseudonym of the asset.
    pub asset: Digest,
    /// What the asset is.
    pub kind: AssetKind,
    /// Hash of the policy that fired.
    pub policy: Digest,
    /// How urgent.
    pub severity: Severity,
    /// How far it is.
    pub status: WorkOrderStatus,
    /// Salted hash of the building's own record.
    pub commitment: Digest,
    /// Where it was opened.
    pub opened: Place,
    /// Where it was changed last.
    pub changed: Place,
}

/// A place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Place {
    /// Height of the block.
    pub height: Height,
    /// Time of the block.
    pub time: UnixMs,
    /// The transaction.
    pub transaction: TransactionId,
}

/// An authority signed twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Evidenced {
    /// Who.
    pub culprit: Address,
    /// At which height it signed twice.
    pub signed: Height,
    /// At which height it was put on record.
    pub recorded: Height,
}
