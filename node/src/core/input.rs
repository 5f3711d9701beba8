//! Everything that can happen to a building.

use protocol::aggregate::Profile;
use protocol::energy::{Coefficients, SettlementMessage};
use protocol::incident::Contractor;
use protocol::limits::ACTOR_BYTES_MAX;
use protocol::operator::OperatorMessage;
use protocol::token::TokenAction;
use protocol::{
    Action, Address, AssetKind, Digest, JoinRequest, KeyChange, Role, UnixMs, VerifiedTransaction,
};

use super::alerts::AlertId;
use super::assembly::{Act, Who};
use super::catalogue::{MetricDefinition, Swap};
use super::energy::{Cut, DwellingPlan, MeterPlan};
use super::enquiries::EnquiryOrder;
use super::incidents::{Choice, Source, SurvivalChoice};
use super::maintenance::WorkOrderEdit;
use super::planning::{Equipment, Planned};
use super::policy::{PolicyId, Terms};
use super::switch::Purpose;
use super::telemetry::{self, Row};

/// Whom an answer is for. The shell makes tickets up; the core hands them back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Who wants something done: the name of a person's account, or a word for the program that asks. It stays in the
/// building's own records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor(String);

impl Actor {
    /// The first `ACTOR_BYTES_MAX` bytes of a name, without control characters.
    pub fn new(name: &str) -> Self {
        let mut kept = String::new();
        for letter in name.chars().filter(|letter| !letter.is_control()) {
            if kept.len() + letter.len_utf8() > ACTOR_BYTES_MAX {
                break;
            }
            kept.push(letter);
        }
        Self(kept)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The readings of one asset at one time, as a gateway sent them.
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    /// Code of the site.
    pub site_code: String,
    /// Code of the asset.
    pub asset_code: String,
    /// When it was measured.
    pub time: UnixMs,
    /// Names and values; `None` is a gap the sender knows of.
    pub metrics: Vec<(String, Option<f64>)>,
}

impl Payload {
    pub(super) fn borrow(&self) -> telemetry::Payload<'_> {
        telemetry::Payload {
            site_code: &self.site_code,
            asset_code: &self.asset_code,
            time: self.time,
            metrics: self.metrics.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
        }
    }
}

/// What the core is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// Payloads of one request, to be stored all together or not at all.
    Telemetry {
        /// For the answer.
        ticket: Ticket,
        /// The payloads, at most `TELEMETRY_BULK_PAYLOADS_MAX`.
        payloads: Vec<Payload>,
    },
    /// Rows of earlier [`super::Output::StoreTelemetry`] that are on disk now, with their tickets, in order.
    TelemetryStored(Vec<(Ticket, Vec<Row>)>),
    /// Something for the ledger.
    Ledger(ledger::Input),
    /// A newcomer asks to be let in.
    Join {
        /// For the answer.
        ticket: Ticket,
        /// Its request, decoded.
        request: Box<JoinRequest>,
    },
    /// A person or a script wants something done.
    Command {
        /// For the answer.
        ticket: Ticket,
        /// Who.
        by: Actor,
        /// What.
        command: Command,
    },
    /// Another member says something on the operators' stream.
    Operator {
        /// Who, as the connection was authenticated.
        from: Address,
        /// What.
        message: OperatorMessage,
    },
    /// Slots of the building's energy were cut out of its readings.
    SlotsCut(Box<Cut>),
    /// Another member says something on the settlement stream.
    Settlement {
        /// Who, as the connection was authenticated.
        from: Address,
        /// What.
        message: Box<SettlementMessage>,
    },
    /// A plan that was asked for by [`super::Core::plan_work`] is made.
    Planned(Box<Planned>),
    /// Time has passed; deadlines may be due.
    Tick,
}

/// Something a person or a script wants done.
#[derive(Debug, Clone)]
pub enum Command {
    /// Takes note of an alert.
    AcknowledgeAlert(AlertId),
    /// Closes an alert.
    CloseAlert {
        /// Which.
        id: AlertId,
        /// Why, up to `CLOSE_REASON_BYTES_MAX` bytes.
        reason: String,
    },
    /// Opens a work order for an alert that did not open one by itself.
    OpenWorkOrder(AlertId),
    /// Changes a work order.
    EditWorkOrder {
        /// Its reference.
        reference: Digest,
        /// What changes; notes and assignee stay in the building.
        edit: WorkOrderEdit,
    },
    /// Adds a policy.
    CreatePolicy(Terms),
    /// Gives a policy new terms.
    ChangePolicy(PolicyId, Terms),
    /// Removes a policy.
    DeletePolicy(PolicyId),
    /// Takes policies over from a text: all or none.
    ImportPolicies {
        /// What they say.
        terms: Vec<Terms>,
        /// Whether to say only what would come of it.
        is_preview: bool,
    },
    /// Signs a grant for an invitation whose secret the shell made.
    Invite {
        /// blake3 of the secret.
        nonce: Digest,
        /// Highest role the newcomer may have.
        role: Role,
        /// Last moment of validity.
        expires: UnixMs,
    },
    /// Takes an invitation back, by its nonce.
    RevokeInvitation(Digest),
    /// Asks the hive to go on with another key of this node. An authority's change is proposed to the others.
    ChangeKey(KeyChange),
    /// Gives the hive another network key.
    ChangeNetworkKey,
    /// Proposes a governed action.
    Propose(Action),
    /// Approves an open proposal.
    Approve(u64),
    /// Moves the building's tokens.
    Token(TokenAction),
    /// Hands in transactions signed elsewhere. With `wait`, answered when each is final or refused.
    Submit {
        /// The transactions, verified.
        transactions: Vec<VerifiedTransaction>,
        /// Whether to wait.
        wait: bool,
    },
    /// Adds a site or renames one.
    AddSite {
        /// Its code.
        code: String,
        /// For people.
        name: String,
    },
    /// Adds an asset to a site, or gives a known one its new kind and site.
    AddAsset {
        /// Code of the site.
        site: String,
        /// Its code.
        code: String,
        /// What it is.
        kind: AssetKind,
    },
    /// Says what a metric is.
    DefineMetric(MetricDefinition),
    /// Takes note of a meter that was replaced.
    SwapMeter(Swap),
    /// Says which counters tell the building's energy, and what it can do at the most.
    PlanMeters(MeterPlan),
    /// Says which counters tell the energy of the building's dwellings.
    PlanDwellings(DwellingPlan),
    /// Says how much of the building's energy is shared, from which price on, and who is given some.
    SayTerms(protocol::energy::Terms),
    /// Gives parts of the surplus, as the organiser that the hive voted for.
    GiveParts(Coefficients),
    /// Says what the building has and what its plans are to reckon with.
    Equip(Equipment),
    /// A person's answer to the hive's request to use energy earlier, by its name.
    AnswerWish {
        /// Which.
        id: Digest,
        /// Yes or no.
        yes: bool,
    },
    /// Lets a slot pass that was held back.
    ReleaseSlot {
        /// Its start.
        start: UnixMs,
        /// Why it is right.
        reason: String,
    },
    /// Says whether the building takes part in private sums, and as what.
    TakePart(Option<Profile>),
    /// Lets a card about something that is over out.
    HandInCard {
        /// What it is about.
        source: Source,
        /// What a person says of it.
        choice: Choice,
        /// Hash of the card as it was shown.
        shown: Digest,
    },
    /// Lets a card of what became of a machine out.
    HandInSurvival {
        /// The alert it is about.
        alert: AlertId,
        /// What a person says of it.
        choice: SurvivalChoice,
        /// Hash of the card as it was shown.
        shown: Digest,
    },
    /// Asks that a contractor be forgotten everywhere.
    WithdrawContractor(Contractor),
    /// Asks the neighbours, or replies to one of them.
    Enquiry(EnquiryOrder),
    /// Says whether something may leave.
    Switch(Purpose, bool),
    /// Something about registry, keys or assemblies.
    AtHome(Who, Act),
    /// Cuts slots again out of the readings that there are.
    Recount {
        /// First time that counts.
        from: UnixMs,
        /// First time that does not.
        to: UnixMs,
    },
}
