//! What the shell shows to the web: one [`Picture`] of the building and the hive, and its parts as JSON sees them.
//! The picture is only ever written by the shell and read by the routes; nothing here flows back.

mod aggregate;
mod alert;
mod assembly;
mod dwelling;
mod energy;
mod enquiry;
mod hive;
mod incident;
mod metric;
mod minutes;
mod plan;
mod policy;
mod poll;
mod receipt;
mod registry;
mod sharing;
mod store;
mod street;
mod survival;
mod token;
mod upkeep;
mod voice;

pub use aggregate::{
    AggregatesView, BudgetView, ComparisonState, ComparisonView, LeavingKind, LeavingView, LeftView,
    ProfileDraft, StratumView, TakePartDraft, TaskView,
};
pub use alert::{
    AlertStatus, AlertView, Ending, EndingKind, Evidence, EvidenceCondition, EvidenceReading, Severity,
    SeverityChange,
};
pub use assembly::{
    AssemblyStage, AssemblyView, BreachName, BreachView, BridgeView, BrokenPromiseView, CameInView,
    CarriedState, CarriedView, DeadlineView, DocumentView, FollowView, ItemResultView, ItemView,
    JointBuildingView, JointQuestionView, KeptDocumentView, MatterView, QuorumView, RecordView, RuleSetView,
    TakenView,
};
pub use dwelling::{
    DwellingAgreement, DwellingMeterView, DwellingPlanView, DwellingSlotView, DwellingSums, DwellingsView,
};
pub use energy::{
    EnergyLimits, EnergyNowView, EnergyTotalsView, MeterFinding, MeterPlace, MeterReading, MeterRole,
    MeterTestView, MeterView, MetersView, MissingView, PowerView, SlotDoubt, SlotQuality, SlotView,
};
pub use enquiry::{
    AlikeView, EnquiriesView, EnquiryDraft, EnquiryView, GotReplyView, HeldEnquiryView, OwnEnquiryView,
    OwnReplyView, ReplyView,
};
pub use hive::{
    BlockSummary, BlockView, CertificateView, Finality, HiveView, InvitationStatus, InvitationView,
    IssuedInvitation, LedgerHead, MemberView, OperatorBuilding, PeerFault, PeerView, ProofView,
    ProposalStatus, ProposalView, SignatureView, TransactionView,
};
pub use incident::{
    CardDraft, CardPreview, CardView, ContractorView, FoundCardView, HandInDraft, HintView, LearntView,
    OwnCardView, OwnCardsView, RemedyView, WithdrawalDraft, WithdrawalView,
};
pub use metric::{ConflictView, MetricKind, MetricView, OnConflict, SwapView};
pub use minutes::{MinutesItem, MinutesText, MinutesView, NamedText, PresentText, ProxyText, ReducedText};
pub use plan::{
    Consent, DayPlanView, EquipmentView, ForecastError, LoadDraft, LoadKind, OwnTariff, PlanReason,
    PlanSlotView, PlanStage, PlanView, PlannedStore, PriceSource, ServedFirst, SharedPlanView, ShiftStage,
    ShiftView, StoreDraft, StoreKind,
};
pub use policy::{
    Condition, DryRunAsset, DryRunFiring, DryRunView, EscalationStep, ImportView, Operator, PolicyCondition,
    PolicyVersionView, PolicyView, RuleKind,
};
pub use poll::{PollChoice, PollNotPut, PollStage, PollView};
pub use receipt::{FoundBallot, FoundView, PromiseState, PromiseView, WatchedView};
pub use registry::{
    ChargePart, ChargeView, CodeView, DutyName, KeyStageName, KeyView, KeysView, LawView, LetterView,
    LettersView, LookView, LossView, LotKindName, LotView, OccupantView, OfficeView, OwnLot, OwnerView,
    PersonData, PersonView, RegistryView, ResidentView, RightName, TitleView, WaitingLetter,
};
pub use sharing::{
    Absence, AccountView, Amount, BookedLine, BookingView, CreditStage, CreditView, DatedCoefficients,
    DatedRule, DatedTariff, DisputeView, HiveEnergyView, HiveStretch, MonthSums, OwnCredits, OwnLine,
    PeriodStage, PeriodView, ReleaseView, ResultDoubt, ResultProof, ResultStage, ResultView, SharingView,
    StatementView, TermsView, VerdictView,
};
pub use store::{LostView, StoreDay, StoreDayState, StoreView};
pub use street::{StreetNoticeView, StreetView, SwitchDraft};
pub use survival::{
    HorizonView, OfHoursView, OwnSurvivalView, OwnSurvivalsView, SurvivalCardView, SurvivalDraft,
    SurvivalHandIn, SurvivalHintView, SurvivalPreview, SurvivalView,
};
pub use token::{
    AllowanceView, CreditsView, MintingView, RetirementWord, TokenAccountView, TokenDoneView, TokenMoveKind,
    TokenMoveView, TokenMovement, TokenName, TokenRecord, TokensView,
};
pub use upkeep::{HealthItem, HealthState, HealthView, HealthWeight, PhotoType, PhotoView};
pub use voice::{
    HolderView, PresenceView, ProxyStage, ProxyView, SheetAnswer, SheetView, StandView, VoiceView,
};

use crate::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Everything the page shows without asking the store. The shell replaces it whole, at most a few times a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    pub node: NodeView,
    pub readiness: Readiness,
    pub health: HealthView,
    pub sites: Vec<SiteView>,
    pub assets: Vec<AssetView>,
    /// Newest first; every alert not yet closed, and as many closed ones as the shell keeps.
    pub alerts: Vec<AlertView>,
    /// Newest first; those of this building and those the ledger tells of the others.
    pub work_orders: Vec<WorkOrderView>,
    pub policies: Vec<PolicyView>,
    /// By name.
    pub metrics: Vec<MetricView>,
    /// By asset and time.
    pub swaps: Vec<SwapView>,
    /// Newest first, a few dozen.
    pub conflicts: Vec<ConflictView>,
    pub hive: HiveView,
    pub head: LedgerHead,
    /// Newest first, a few dozen.
    pub blocks: Vec<BlockSummary>,
    pub members: Vec<MemberView>,
    pub proposals: Vec<ProposalView>,
    /// Weeks and credit notes of shared energy, oldest first, some years of them.
    pub bookings: std::sync::Arc<Vec<BookingView>>,
    /// Those of this node, newest first.
    pub invitations: Vec<IssuedInvitation>,
    /// This building first.
    pub operator_buildings: Vec<OperatorBuilding>,
}

/// This node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeView {
    /// Address: 40 hex digits.
    pub id: String,
    pub name: String,
    pub building: String,
    pub role: Role,
    pub version: String,
    /// Hive time when this picture was made.
    pub time: Time,
}

/// What a member of the hive may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Orders blocks and signs certificates.
    Authority,
    /// Follows the ledger and writes transactions.
    #[default]
    Follower,
}

/// May this node be trusted with work right now, and if not why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    pub ready: bool,
    /// What is wrong or was repaired, most serious first. A ready node may still have something to say.
    pub reasons: Vec<Reason>,
}

/// One sentence about the node's health.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// Stable and lower case with underscores, such as `index_rebuilt`.
    pub code: String,
    /// A plain English sentence.
    pub text: String,
}

/// A building, or a part of one which is managed by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteView {
    /// The same as `code`.
    pub id: String,
    #[schema(example = "CAS-S1")]
    pub code: String,
    pub name: String,
    pub assets: u32,
    /// Open alerts, acknowledged ones not counted.
    pub open_alerts: SeverityCounts,
    pub states: StateCounts,
}

/// Open alerts by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeverityCounts {
    pub low: u32,
    pub medium: u32,
    pub high: u32,
}

/// Assets by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StateCounts {
    pub ok: u32,
    pub watch: u32,
    pub alert: u32,
}

/// A piece of equipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssetView {
    /// The same as `code`.
    pub id: String,
    #[schema(example = "CAS-S1-HVAC_1")]
    pub code: String,
    /// Code of its site.
    pub site: String,
    pub kind: AssetKind,
    pub state: AssetState,
    /// The last value of each metric, by metric name.
    pub last: Vec<LastValue>,
}

/// What an asset is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum AssetKind {
    Hvac,
    Chiller,
    Elevator,
    Meter,
}

impl AssetKind {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hvac => "HVAC",
            Self::Chiller => "CHILLER",
            Self::Elevator => "ELEVATOR",
            Self::Meter => "METER",
        }
    }
}

/// How an asset is doing: `alert` has an open alert; `watch` an acknowledged one, or a value beyond 90 % of a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetState {
    #[default]
    Ok,
    Watch,
    Alert,
}

/// The most recent value of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LastValue {
    pub metric: String,
    /// Unit as written beside the number, such as `°C`; none when the catalogue does not know the metric.
    pub unit: Option<String>,
    pub t: Time,
    /// `null` is a gap: the sensor said that it does not know.
    pub v: Option<f64>,
}

/// Life of a work order: `open` → `in_progress` → `done`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkOrderStatus {
    Open,
    InProgress,
    Done,
}

/// Something a technician has to do. Notes and assignee never leave the building; the ledger carries a hash of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkOrderView {
    pub id: String,
    /// Id of the alert; none for a work order of another building, and for one that owners decided.
    pub alert: Option<String>,
    /// The decision of this building's owners that opened it, if one did.
    #[serde(default)]
    pub decision: Option<OrderDecisionView>,
    /// Name of the building which opened it.
    pub building: String,
    /// Opened by this building, so that it can be advanced here.
    pub local: bool,
    pub site: Option<String>,
    /// Code of the asset; none for a work order of another building, whose equipment has no name outside it.
    pub asset: Option<String>,
    pub asset_kind: AssetKind,
    /// What the rule says; none when this building does not know the rule.
    #[schema(example = "Surchauffe moteur ascenseur")]
    pub title: Option<String>,
    pub severity: Severity,
    pub status: WorkOrderStatus,
    pub created: Time,
    pub started: Option<Time>,
    pub closed: Option<Time>,
    pub assignee: Option<String>,
    pub notes: Option<String>,
    /// Oldest first; none for a work order of another building.
    #[serde(default)]
    pub photos: Vec<PhotoView>,
    /// Where its last change stands in the ledger; none while it is not final.
    pub ledger: Option<LedgerPlace>,
}

/// The decision that opened a work order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderDecisionView {
    /// The building's number of the assembly; none where several buildings decided together.
    pub assembly: Option<u32>,
    /// The item on its agenda.
    pub item: Option<u16>,
    /// The most it may cost, micro-EUR. Money moves only by a person.
    pub most: i64,
}

/// A transaction's place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LedgerPlace {
    pub height: u64,
    /// Transaction id: 64 hex digits.
    pub transaction: String,
}

/// One reading of a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Sample {
    pub metric: String,
    pub t: Time,
    /// `null` is a gap.
    pub v: Option<f64>,
}
