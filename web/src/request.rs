//! What the web asks of the shell: telemetry to store, commands for the core, questions for the store. Each call
//! carries the place for its answer; every channel is bounded and a full one is answered 429 or 503, never waited for
//! without end.

mod aggregate;
mod assembly;
mod dwelling;
mod energy;
mod enquiry;
mod home;
mod incident;
mod metric;
mod plan;
mod sharing;
mod token;

pub use aggregate::{AggregateDecision, SumCadence, SumMeasure};
pub use assembly::{
    AnnounceRequest, AssemblyDraft, EffectDraft, HandInRequest, ItemDraft, MinutesSignatureRequest,
    PollAnswerRequest, PollDraft, PresencesRequest, PromiseRequest, ResultSignaturesRequest, SheetRequest,
    SlipRequest,
};
pub use dwelling::{Apportionment, DwellingCall, DwellingMeterDraft, DwellingsDraft};
pub use energy::{EnergyCall, MeterDraft, MeterTestRequest, MetersDraft, RecountRequest, ReleaseRequest};
pub use enquiry::{EnquiryCall, EnquiryCommand};
pub use home::{
    BindRequest, EntryRequest, HandedIn, HomeAnswer, HomeCall, HomeCommand, HomeLook, LettersRequest,
    ObjectionRequest,
};
pub use incident::IncidentCall;
pub use metric::{MetricChange, SwapDraft};
pub use plan::{PlanCall, ShiftAnswer};
pub use sharing::{
    CoefficientsDraft, DeskDraft, EnergyDecision, FactorDraft, FeesDraft, LaterParts, Nearness,
    SharingRuleDraft, TermsDraft, WeightDraft,
};
pub use token::{ApproveRequest, MintingRequest, RetireRequest, TokenCall, TransferRequest};

use crate::actor::Actor;
use crate::objects::within;
use crate::problem::Problem;
use crate::question::{
    Buckets, LabelledValues, Samples, Selection, SeriesName, SeriesSteps, StepsQuestion, WindowsQuestion,
};
use crate::time::Time;
use crate::view::{
    AggregatesView, AlertView, AssetKind, AssetView, BlockSummary, BlockView, Condition, DryRunView,
    DwellingPlanView, EnquiriesView, EquipmentView, EscalationStep, HandInDraft, ImportView, InvitationView,
    LeavingView, MetersView, MetricView, OwnCardsView, OwnSurvivalsView, PolicyCondition, PolicyVersionView,
    PolicyView, ProofView, ProposalView, Role, RuleKind, Severity, ShiftView, SiteView, StoreView,
    SurvivalHandIn, SwapView, TermsView, TransactionView, WorkOrderStatus, WorkOrderView,
};
use bytes::Bytes;
use protocol::token::TokenAction;
use protocol::{BlockId, TransactionId, UnixMs};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// Where an answer goes. The caller may be gone by then; that is no error.
pub type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// The readings of one asset at one time, as a gateway sent them. Names are within their limits and differ from each
/// other, values are finite and never `-0.0`; whether site and asset exist is for the core to say.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetryPayload {
    pub site_code: String,
    pub asset_code: String,
    pub timestamp: UnixMs,
    /// Name and value of each metric; none is a gap.
    pub metrics: Vec<(String, Option<f64>)>,
}

/// Payloads to be stored together: all of them or none. Answered after they are on disk. A problem's `field` may start
/// with `line N` for the N-th payload, counted from 1.
#[derive(Debug)]
pub struct TelemetryCall {
    pub payloads: Vec<TelemetryPayload>,
    pub reply: Reply<Inserted>,
}

/// What became of the points of a telemetry call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Points now on disk that were not before.
    pub points: u64,
    /// Points already there with the same value.
    pub duplicates: u64,
    /// Points already there with another value; which one holds is for the metric to say.
    pub conflicts: u64,
    /// Points put aside until the node's clock can be believed.
    pub quarantined: u64,
}

/// Something a person or a script wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    AcknowledgeAlert {
        alert: String,
    },
    CloseAlert {
        alert: String,
        /// Why; empty for no reason given.
        reason: String,
    },
    /// The caretaker's click on an alert which did not open one by itself.
    OpenWorkOrder {
        alert: String,
    },
    AdvanceWorkOrder {
        work_order: String,
        change: WorkOrderChange,
    },
    CreatePolicy(PolicyDraft),
    PatchPolicy {
        policy: String,
        change: PolicyChange,
    },
    DeletePolicy {
        policy: String,
    },
    /// All or none. A problem's `field` starts with `policy N: ` for the N-th of them, counted from 0.
    ImportPolicies {
        policies: Vec<CodedDraft>,
        is_preview: bool,
    },
    Invite(InvitationRequest),
    /// By id: the hash of its secret, 64 hex digits.
    RevokeInvitation {
        invitation: String,
    },
    /// In hex: the key this node is to go on with, and its signature over this node's address.
    ChangeKey {
        public_key: String,
        proof: String,
    },
    ChangeNetworkKey,
    Propose {
        action: GovernanceAction,
    },
    Approve {
        proposal: String,
    },
    /// Moves this member's tokens.
    Token(TokenAction),
    /// Canonical bytes of signed transactions. With `wait`, answered when each is final or refused.
    SubmitTransactions {
        transactions: Vec<Bytes>,
        wait: bool,
    },
    AddSite(SiteDraft),
    AddAsset {
        site: String,
        asset: AssetDraft,
    },
    DefineMetric {
        name: String,
        change: MetricChange,
    },
    /// Of an asset, by code.
    SwapMeter {
        asset: String,
        swap: SwapDraft,
    },
    /// Which counters tell the building's energy.
    PlanMeters(MetersDraft),
    /// Which counters tell the energy of dwellings.
    PlanDwellings(DwellingsDraft),
    /// How the building shares its energy.
    SayTerms(protocol::energy::Terms),
    /// Parts of the surplus that this building gives as the organiser.
    GiveParts(protocol::energy::Coefficients),
    /// Whether the building takes part in sums over many, and as what.
    TakePart(Option<protocol::aggregate::Profile>),
    /// Hands a card in that was shown.
    HandInCard(Box<HandInDraft>),
    /// Hands a card of what became of a machine in that was shown.
    HandInSurvival(Box<SurvivalHandIn>),
    /// Asks the neighbours, or replies to one of them.
    Enquiry(EnquiryCommand),
    /// Whether something of a kind may leave.
    SwitchLeaving {
        kind: String,
        on: bool,
    },
    /// Asks that a contractor be forgotten, by company number.
    WithdrawContractor {
        contractor: String,
    },
    /// Yes or no to a request to use energy earlier, by its name: 64 hex digits.
    AnswerShift {
        shift: String,
        yes: bool,
    },
    /// What the building has and what its plans are to reckon with.
    Equip(Box<EquipmentView>),
    /// Something about registry, keys or assemblies.
    Home(Box<HomeCommand>),
    /// Cuts the slots in `[from, to)` again.
    /// Lets a slot pass that was held back, by its start.
    ReleaseSlot {
        /// Start of the slot.
        start: UnixMs,
        /// Why it is right.
        reason: String,
    },
    /// Cuts slots again.
    RecountSlots {
        from: UnixMs,
        to: UnixMs,
    },
}

/// A command, whose it is, and the place for its answer.
#[derive(Debug)]
pub struct CommandCall {
    pub command: Command,
    /// Who wants it done.
    pub by: Actor,
    pub reply: Reply<Answer>,
}

/// What a command answers, one variant per kind of command.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Alert(AlertView),
    WorkOrder(WorkOrderView),
    Policy(PolicyView),
    /// To [`Command::DeletePolicy`].
    Deleted,
    /// To [`Command::ImportPolicies`].
    Imported(ImportView),
    Invitation(InvitationView),
    /// To what has nothing more to tell.
    Done,
    Proposal(ProposalView),
    /// One per transaction, in the order given.
    Submitted(Vec<SubmittedTransaction>),
    Site(SiteView),
    Asset(AssetView),
    Metric(MetricView),
    Swap(SwapView),
    Meters(MetersView),
    Dwellings(DwellingPlanView),
    Terms(TermsView),
    Equipment(Box<EquipmentView>),
    Shift(ShiftView),
    /// To [`Command::Home`].
    Home(Box<HomeAnswer>),
    /// To [`Command::TakePart`].
    Aggregates(Box<AggregatesView>),
    /// To [`Command::HandInCard`] and [`Command::WithdrawContractor`].
    Incidents(Box<OwnCardsView>),
    /// To [`Command::HandInSurvival`].
    Survivals(Box<OwnSurvivalsView>),
    /// To [`Command::Enquiry`].
    Enquiries(Box<EnquiriesView>),
    /// To [`Command::SwitchLeaving`].
    Leaving(Box<LeavingView>),
    /// To [`Command::RecountSlots`].
    Recounting,
    /// To [`Command::ReleaseSlot`].
    Released,
    /// To [`Command::Token`] and [`Command::GiveParts`]: the transaction, which is final.
    Recorded(TransactionId),
}

/// A question for the store thread. It reads, and never touches the core.
#[derive(Debug)]
pub enum QueryCall {
    /// Readings one by one.
    Samples {
        range: MetricsRange,
        reply: Reply<Samples>,
    },
    /// The same in steps. Steps start at multiples of `step_ms` since 1970.
    Buckets {
        range: MetricsRange,
        step_ms: i64,
        reply: Reply<Buckets>,
    },
    /// The series that pass one of the selections, ordered by metric and asset.
    Series {
        selections: Vec<Selection>,
        reply: Reply<Vec<SeriesName>>,
    },
    /// Many series in steps.
    Steps {
        question: StepsQuestion,
        reply: Reply<Vec<SeriesSteps>>,
    },
    /// Many series in windows.
    Windows {
        question: WindowsQuestion,
        reply: Reply<Vec<LabelledValues>>,
    },
    /// What a policy would have done on the readings in `[from, to)`.
    DryRun {
        policy: Box<PolicyDraft>,
        from: UnixMs,
        to: UnixMs,
        reply: Reply<DryRunView>,
    },
    /// What a policy said before, newest first.
    PolicyVersions {
        policy: String,
        reply: Reply<Vec<PolicyVersionView>>,
    },
    /// Final blocks below `before` (or the newest), newest first, at most `limit`.
    Blocks {
        before: Option<u64>,
        limit: usize,
        reply: Reply<Vec<BlockSummary>>,
    },
    Block {
        height: u64,
        reply: Reply<BlockView>,
    },
    /// By its id.
    BlockOf {
        id: BlockId,
        reply: Reply<BlockView>,
    },
    /// By id: 64 lower-case hex digits.
    Transaction {
        id: String,
        reply: Reply<TransactionView>,
    },
    Proof {
        id: String,
        reply: Reply<ProofView>,
    },
    /// How readings are stored.
    Store(Reply<StoreView>),
    /// The building's energy.
    Energy(EnergyCall),
    /// Dwellings inside the building.
    Dwellings(DwellingCall),
    /// The building's plans.
    Plan(PlanCall),
    /// What buildings tell each other of incidents.
    Incident(IncidentCall),
    /// What buildings ask each other.
    Enquiry(EnquiryCall),
    /// Tokens and carbon credits.
    Token(TokenCall),
    /// Registry, keys and assemblies.
    Home(HomeCall),
}

/// Readings of one asset in `[from, to)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricsRange {
    /// Code of an asset which exists.
    pub asset: String,
    /// All metrics of the asset when none.
    pub metric: Option<String>,
    pub from: UnixMs,
    pub to: UnixMs,
    /// Only what comes strictly after this time and metric.
    pub after: Option<(UnixMs, String)>,
    pub limit: usize,
}

/// A change of a work order; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkOrderChange {
    pub status: Option<WorkOrderStatus>,
    /// Stays in the building. At most 4,000 bytes; empty removes it.
    pub notes: Option<String>,
    /// Stays in the building. At most 64 bytes; empty removes it.
    pub assignee: Option<String>,
}

/// A new policy: either `groups`, or one condition written out in `metric` to `samples`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyDraft {
    pub asset_kind: AssetKind,
    /// It is broken when every condition of any one group is met. 1 to 8 groups of 1 to 8 conditions.
    #[serde(default)]
    pub groups: Option<Vec<Vec<PolicyCondition>>>,
    #[serde(default)]
    pub metric: Option<String>,
    #[serde(default)]
    pub rule: Option<RuleKind>,
    #[serde(default)]
    pub condition: Option<Condition>,
    #[serde(default)]
    pub threshold: Option<f64>,
    pub window_minutes: Option<u32>,
    /// How many readings the rule needs.
    pub samples: Option<u32>,
    pub severity: Severity,
    pub message: String,
    #[serde(default)]
    pub description: String,
    /// By default high and medium severities open a work order and low ones wait.
    pub work_order: Option<bool>,
    pub enabled: Option<bool>,
    /// Quiet minutes after which its alert closes by itself; none leaves that to a person.
    #[serde(default)]
    pub clear_after_minutes: Option<u32>,
    /// How its alert becomes more severe while it lasts; each step later and more severe.
    #[serde(default)]
    pub escalate: Vec<EscalationStep>,
    /// Quiet minutes after each of which its alert loses a step of its severity.
    #[serde(default)]
    pub downgrade_after_minutes: Option<u32>,
}

/// A change of a policy; what is not given stays as it is. Without `groups`, `condition` to `samples` change the first
/// condition.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyChange {
    pub groups: Option<Vec<Vec<PolicyCondition>>>,
    pub condition: Option<Condition>,
    pub threshold: Option<f64>,
    pub window_minutes: Option<u32>,
    pub samples: Option<u32>,
    pub severity: Option<Severity>,
    pub message: Option<String>,
    pub description: Option<String>,
    pub work_order: Option<bool>,
    pub enabled: Option<bool>,
    /// `null` leaves closing to a person again.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub clear_after_minutes: Option<Option<u32>>,
    pub escalate: Option<Vec<EscalationStep>>,
    /// `null` leaves the severity as it is.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub downgrade_after_minutes: Option<Option<u32>>,
}

/// A field that is there, if only as `null`.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A policy that may not exist yet, and the readings to try it on.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DryRunRequest {
    pub policy: PolicyDraft,
    /// First time that counts.
    pub from: Time,
    /// First time that does not; at most a year later.
    pub to: Time,
}

/// Why an alert is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseRequest {
    /// At most 500 bytes.
    pub reason: Option<String>,
}

/// A policy from a text, under its code.
#[derive(Clone, Debug, PartialEq)]
pub struct CodedDraft {
    /// Short name: `R1`.
    pub code: String,
    pub draft: PolicyDraft,
}

/// Wish for an invitation.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvitationRequest {
    /// Seconds until it expires, at most 24 h; 24 h when none.
    pub expires_s: Option<u32>,
    /// Highest role the newcomer may have; follower when none.
    pub role: Option<Role>,
    /// Addresses (multiaddr) under which the newcomer finds the hive; those this node listens on when empty.
    pub addresses: Vec<String>,
}

/// What the authorities can decide about the hive. Closed: nothing else can be executed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum GovernanceAction {
    /// Makes a member (an address of 40 hex digits) an authority two heights after the decision.
    AddAuthority { member: String },
    /// Takes the vote from an authority; it stays a follower.
    RemoveAuthority { member: String },
    /// Shuts a follower out for good.
    RevokeMember { member: String },
    /// Shuts a follower out for good and gives the hive a new network key, which it does not learn.
    Exclude { member: String },
    /// Lets an authority go on under another key: 64 hex digits, and 128 of that key's signature over the address.
    ChangeKey { member: String, public_key: String, proof: String },
    /// Whether newcomers need the signatures of more authorities than may fail.
    AskCosignatures { asks: bool },
    /// How energy is shared, priced and settled: in words under `what`, or the hex digits of the decision in the
    /// ledger's own encoding, which count where both are given. What it says is told in English by the node; that is
    /// not read when something is proposed.
    Energy {
        #[serde(default)]
        decision: String,
        #[serde(default)]
        says: String,
        #[serde(default, deserialize_with = "within")]
        what: Option<EnergyDecision>,
    },
    /// Puts one question to several buildings: the hex digits of the question in the ledger's own encoding. Its id, who is
    /// asked, how many have to adopt it, the BLAKE3 of its text and what is carried out then, for how many micro-EUR at the
    /// most, are told by the node; they are not read when something is proposed.
    AskJointly {
        question: String,
        #[serde(default)]
        id: String,
        #[serde(default)]
        buildings: Vec<String>,
        #[serde(default)]
        needed: String,
        #[serde(default)]
        text: String,
        #[serde(default)]
        effect: String,
        #[serde(default)]
        most: Option<i64>,
    },
    /// Which private sums over many buildings are made, and by which desks: in words under `what`, or the hex digits of the
    /// decision in the ledger's own encoding, which count where both are given. What it says is told in English by the
    /// node; that is not read when something is proposed.
    Aggregate {
        #[serde(default)]
        decision: String,
        #[serde(default)]
        says: String,
        #[serde(default, deserialize_with = "within")]
        what: Option<AggregateDecision>,
    },
}

/// Another key for this node, made on its own device.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// 64 hex digits.
    pub public_key: String,
    /// Its signature over this node's address, 128 hex digits.
    pub proof: String,
}

/// A new site.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteDraft {
    pub code: String,
    pub name: String,
}

/// A new asset.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetDraft {
    pub code: String,
    pub kind: AssetKind,
}

/// What became of one submitted transaction.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub struct SubmittedTransaction {
    /// 64 hex digits; empty when the bytes are no transaction.
    pub id: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How far a transaction got.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Outcome {
    /// In the mempool, not yet in a block.
    Accepted,
    /// Final in the block of this height.
    Committed { height: u64 },
    /// Will never be in a block.
    Refused { reason: String },
}
