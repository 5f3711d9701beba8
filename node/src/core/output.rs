//! Everything a building asks of the world. Outputs are carried out strictly in order: what stands before a barrier is
//! on disk before anything behind it leaves the node.

use std::collections::{BTreeMap, BTreeSet};

use protocol::energy::SettlementMessage;
use protocol::invitation::JoinResponse;
use protocol::operator::OperatorMessage;
use protocol::{Address, Digest, NetworkKey, PublicKey, SignedInvitation, TransactionId, UnixMs};

use super::alerts::AlertId;
use super::catalogue::{AssetId, Definition, MetricName, SiteId};
use super::input::Ticket;
use super::maintenance::{Change, Imported};
use super::policy::PolicyId;
use super::telemetry::{Refusal, Row};

/// What the shell has to do.
#[derive(Debug, Clone)]
pub enum Output {
    /// One of the ledger's outputs; [`ledger::Output::Committed`] among them is for index and page only, the core has
    /// taken it in already.
    Ledger(ledger::Output),
    /// Append definitions and then rows to the telemetry log, `fdatasync`, then feed
    /// [`super::Input::TelemetryStored`] back. Several of these may share one sync. Where it fails, the shell answers the
    /// ticket itself and stops accepting.
    StoreTelemetry {
        /// For the answer.
        ticket: Ticket,
        /// New entries of the catalogue that the rows need.
        definitions: Vec<Definition>,
        /// The rows, in order.
        rows: Vec<Row>,
    },
    /// Answer a telemetry ticket: everything of it is stored.
    AnswerTelemetry {
        /// For whom.
        ticket: Ticket,
        /// What became of it.
        stored: Stored,
    },
    /// Answer a telemetry ticket: nothing of it was stored.
    RefuseTelemetry {
        /// For the answer.
        ticket: Ticket,
        /// Position of the payload at fault.
        payload: usize,
        /// What is wrong with it.
        refusal: Refusal,
    },
    /// Write these changes to the index as one batch and flush it. Barrier.
    Persist(Vec<Change>),
    /// Answer a command.
    Answer {
        /// For whom.
        ticket: Ticket,
        /// What became of it.
        answer: Result<Answer, super::Refused>,
    },
    /// Answer a newcomer.
    AnswerJoin {
        /// For whom.
        ticket: Ticket,
        /// Let in or not.
        response: JoinResponse,
    },
    /// Send a message on the operators' stream; it is lost when the member is not connected.
    SendOperator {
        /// To whom.
        to: Address,
        /// What.
        message: OperatorMessage,
    },
    /// Send a message on the settlement stream, to this member alone; it is lost when the member is not connected.
    SendSettlement {
        /// To whom.
        to: Address,
        /// What.
        message: Box<SettlementMessage>,
    },
    /// Who may connect from now on.
    Members(BTreeSet<PublicKey>),
    /// A member goes on under another key: where the old one was found, the new one is.
    MemberMoved {
        /// The key before.
        from: PublicKey,
        /// The key now.
        to: PublicKey,
    },
    /// Write the network keys, by epoch, to their file and sync it. Barrier.
    StoreNetworkKeys(BTreeMap<u64, NetworkKey>),
    /// The network keys that open the door from now on, newest first.
    NetworkKeys(Vec<NetworkKey>),
    /// Write the building's log anew, so that nothing stays in it that was taken out.
    ForgetHistory,
    /// Something people may want to see at once; the page picks the details up from the core.
    Event(Event),
}

/// What became of the values of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stored {
    /// Values that are new.
    pub points: u64,
    /// Values that were there already.
    pub duplicates: u64,
    /// Values that contradict a stored one; which of them holds is for the metric to say.
    pub conflicts: u64,
    /// Values put aside until the node's clock can be believed.
    pub quarantined: u64,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The alert after the change.
    Alert(AlertId),
    /// The work order after the change, by reference.
    WorkOrder(Digest),
    /// The policy after the change.
    Policy(PolicyId),
    /// The policy is gone.
    PolicyDeleted(PolicyId),
    /// What came of policies from a text, or would.
    PoliciesImported(Imported),
    /// The signed grant.
    Invitation(Box<SignedInvitation>),
    /// The invitation that was taken back.
    InvitationRevoked(Digest),
    /// The change of this node's key is on its way.
    KeyChange,
    /// The hive has another network key.
    NetworkKey,
    /// The transaction that proposes or approves.
    Governance(TransactionId),
    /// The transaction that is final: it moved tokens, retired credits, let somebody move them, or gave parts of the surplus.
    Recorded(TransactionId),
    /// What became of each transaction, in order.
    Submitted(Vec<Submitted>),
    /// The new site.
    Site(SiteId),
    /// The new asset.
    Asset(AssetId),
    /// The metric as it is defined now.
    Metric(MetricName),
    /// The swap of a meter, by asset, metric and time.
    Swap(AssetId, MetricName, UnixMs),
    /// The building's meters are planned so now, at this time.
    Meters(UnixMs),
    /// The building's dwellings are planned so now.
    Dwellings,
    /// The building's terms of sharing are said.
    Terms,
    /// Something about registry, keys or assemblies.
    Home(super::assembly::Done),
    /// What the building has was said at this time.
    Equipment(UnixMs),
    /// A request of the hive was answered.
    Wish(Digest),
    /// Slots will be cut again.
    Recounting,
    /// A slot that was held back is stated from now on.
    Released,
    /// Whether the building takes part in private sums is said.
    TakingPart,
    /// A card or the withdrawal of a contractor waits for the relay.
    HandedIn,
    /// A card of what became of a machine waits for the relay.
    HandedInSurvival,
    /// Whether something may leave is said.
    Switched,
    /// A question was asked, replied to or put aside.
    Enquired,
}

/// What became of a transaction that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// Which.
    pub id: TransactionId,
    /// How far it got.
    pub outcome: Outcome,
}

/// How far a transaction got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It waits in the mempool.
    Accepted,
    /// It is final.
    Committed(protocol::Height),
    /// It will not be final.
    Refused(ledger::Reject),
    /// It was not final in time; it may still become so.
    Pending,
}

/// Something people may want to see at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An alert opened or changed.
    Alert(AlertId),
    /// A work order changed, of this building or another, by reference.
    WorkOrder(Digest),
    /// New readings of an asset are on disk.
    Samples(AssetId),
    /// Policies changed.
    Policies,
    /// Sites or assets changed.
    Catalogue,
    /// Who belongs to the hive, or its authorities, changed.
    Hive,
    /// Slots were closed or corrected, or meters planned anew.
    Energy,
    /// Registry, keys or assemblies changed.
    Assembly,
}
