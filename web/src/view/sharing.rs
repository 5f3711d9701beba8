//! Sharing with neighbours as JSON sees it: what this building says, what the hive decided, what became of each slot and
//! month. Prices are micro-EUR per kWh, amounts micro-EUR, energy Wh; all whole.

use crate::request::{DeskDraft, FeesDraft, Nearness, SharingRuleDraft, TermsDraft, WeightDraft};
use crate::time::Time;
use crate::view::SlotDoubt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What this building says of its own energy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TermsView {
    /// What was said last.
    pub said: TermsDraft,
    /// Start of the first slot it holds for; `null` while nothing was ever said.
    pub since: Option<Time>,
    /// What holds in the slot of the moment.
    pub now: TermsDraft,
}

/// A rule and when it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatedRule {
    pub rule: SharingRuleDraft,
    /// `null` for the rule of a hive that never decided.
    pub from: Option<Time>,
}

/// Parts that an organiser gave and when they begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatedCoefficients {
    /// By member, in order of address; who is not listed has none.
    pub parts: Vec<WeightDraft>,
    /// Parts of the whole; what nobody has goes to the grid.
    pub whole: u32,
    pub from: Time,
}

/// A tariff and when it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DatedTariff {
    /// What a supplier charges.
    pub retail: i64,
    /// What a supplier pays.
    pub feed_in: i64,
    /// What the network takes of energy that is shared, by how far it goes.
    pub fees: FeesDraft,
    /// The fee of this hive's class.
    pub fee: i64,
    pub from: Time,
}

/// How far a billing period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PeriodStage {
    Open,
    /// Members look at what it comes to; corrections are still possible.
    Preview,
    /// Immutable; what is found later is a credit note in the next.
    Final,
}

/// A billing period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PeriodView {
    /// Its number.
    pub id: String,
    pub stage: PeriodStage,
    pub from: Time,
    pub until: Time,
    /// Members look at it until then at least: no earlier does it become final.
    pub final_from: Time,
    /// Credit notes that concern it.
    pub credit_notes: u32,
}

/// What a member bought, sold, owes and is owed since it joined, as the ledger holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// Address: 40 hex digits.
    pub id: String,
    pub bought_wh: i64,
    pub sold_wh: i64,
    /// What neighbours owe it less what it owes them.
    pub balance: i64,
    /// What it owes the network.
    pub fee: i64,
}

/// What the hive decided about sharing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SharingView {
    pub time: Time,
    /// Address of this building.
    pub member: String,
    /// Whether this node may propose and approve.
    pub is_authority: bool,
    pub slot_minutes: u32,
    pub nearness: Nearness,
    /// The rule in force.
    pub rule: DatedRule,
    /// Those that begin later, and the ones before, newest first; at most 32.
    pub rules: Vec<DatedRule>,
    /// The parts in force where an organiser gives them; without any it is in proportion.
    pub coefficients: Option<DatedCoefficients>,
    /// Those that begin later, soonest first; at most 32.
    pub coefficients_ahead: Vec<DatedCoefficients>,
    /// Parts of the whole that this building gives, under the rule in force or the next that asks it; `null` where none does.
    pub gives: Option<u32>,
    /// The tariff in force; without one nothing is shared.
    pub tariff: Option<DatedTariff>,
    /// Those that begin later, and the ones before, newest first; at most 32.
    pub tariffs: Vec<DatedTariff>,
    /// Desks in the order they take turns; none until voted.
    pub desks: Vec<DeskDraft>,
    /// The two whose turn it is today.
    pub settlers: Vec<String>,
    /// Newest first, at most 32.
    pub periods: Vec<PeriodView>,
    /// Every member that ever bought or sold, by address.
    pub accounts: Vec<AccountView>,
}

/// How final a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStage {
    /// This building stated its figures; nothing is on the ledger yet.
    Stated,
    /// On the ledger; may be corrected.
    Provisional,
    Preview,
    Final,
}

/// What this building finds wrong with its part of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultDoubt {
    /// The line does not stand under the root on the ledger.
    Proof,
    /// It rests on other figures than this building's latest statement.
    OtherFigures,
    /// This building stated a figure, and the result names it as missing.
    LeftOut,
    TooMuch,
    /// Less was shared with it, or sold of what it offers, than its part.
    TooLittle,
    /// What is paid does not follow from energy, price and tariff.
    Payment,
    /// This building's own rules were not kept.
    Terms,
}

/// This building's line of a settled slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnLine {
    /// Net energy it took from outside, Wh, and what of it came from neighbours.
    pub demand_wh: i64,
    pub bought_wh: i64,
    /// Net energy it gave, Wh, and what of it went to neighbours.
    pub surplus_wh: i64,
    pub sold_wh: i64,
    /// To neighbours and from them, micro-EUR.
    pub pay: i64,
    pub revenue: i64,
    /// To the network.
    pub fee: i64,
    /// What is wrong with it; `null` when this building checked it and it holds.
    pub doubt: Option<ResultDoubt>,
}

/// One slot: what the hive shared, and this building's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultView {
    /// Number of the slot: milliseconds since 1970 over those of a slot.
    pub id: String,
    pub start: Time,
    pub end: Time,
    pub stage: ResultStage,
    /// 1 for the first result; a correction has the next one; 0 while there is none.
    pub version: u32,
    /// `null` where none was made.
    pub price: Option<i64>,
    /// The supplier's prices and the network's fee in that slot.
    pub retail: Option<i64>,
    pub feed_in: Option<i64>,
    pub fee: Option<i64>,
    /// Of all who took part.
    pub demand_wh: i64,
    pub surplus_wh: i64,
    pub traded_wh: i64,
    pub given_wh: i64,
    /// Addresses of members without a figure.
    pub missing: Vec<String>,
    pub settlers: Vec<String>,
    /// Block of the result.
    pub height: Option<u64>,
    /// `null` while this building does not know its part, or took none.
    pub own: Option<OwnLine>,
}

/// What a browser needs to check one slot by itself, besides the transaction's proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultProof {
    pub result: ResultView,
    /// Address under which this building stated its figures.
    pub member: String,
    /// Keeps others from finding the line by trying: 64 hex digits. It never leaves the building but here.
    pub salt: String,
    /// Place of the line among those of the slot, and how many there are.
    pub index: u64,
    pub size: u64,
    /// Hashes beside the line's path to the root, leaf first.
    pub path: Vec<String>,
}

/// Energy and money of one kind over a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Amount {
    pub energy_wh: i64,
    pub amount: i64,
}

/// What a building's energy came to over a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthSums {
    /// From the supplier and to it, neighbours' energy not among it.
    pub grid_import: Amount,
    pub grid_export: Amount,
    /// From neighbours and to them.
    pub bought: Amount,
    pub sold: Amount,
    /// To the network for energy from neighbours.
    pub fee: i64,
    /// What the building pays in all; negative when it receives.
    pub total: i64,
    /// What it would pay if nobody shared.
    pub alone: i64,
    /// What it would pay if neighbours always had enough to give and need for all it has, at the prices that were made.
    pub best: i64,
    /// Slots that are in these sums.
    pub slots: u32,
    /// Of those, settled with neighbours and checked.
    pub settled: u32,
    /// Not in these sums: not metered, held back, or without a tariff.
    pub missing: u32,
    /// Settled, but in doubt: counted as if nothing had been shared.
    pub doubtful: u32,
}

/// A credit note of this building.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditView {
    /// The final period that was wrong, and the one this is booked in.
    pub concerns: u64,
    pub booked_in: u64,
    pub number: u32,
    pub time: Time,
    pub bought_wh: i64,
    pub sold_wh: i64,
    pub balance: i64,
    pub fee: i64,
    /// What this building finds itself from the slots that were corrected.
    pub check: CreditStage,
}

/// What a building makes of the credit notes of a final period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreditStage {
    /// They come to what its corrected slots come to, each of which it checked.
    Checked,
    /// Corrections wait for a note, or for this building's line of them.
    Waiting,
    /// They do not come to that.
    Doubtful,
    /// The slots are longer ago than this building keeps.
    Forgotten,
}

/// What a building needs to find its credit notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnCredits {
    /// Every address it ever had.
    pub names: Vec<String>,
    /// What it makes of the notes of each final period.
    pub checks: Vec<(u64, CreditStage)>,
    /// The start of the oldest slot it knows.
    pub since: Option<Time>,
}

/// A slot that was held back and that an operator let pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseView {
    /// Start in milliseconds since 1970, as in the slot.
    pub id: String,
    pub start: Time,
    /// Why it was held back.
    pub held: SlotDoubt,
    /// Why it is right all the same.
    pub reason: String,
    /// Who said so.
    pub by: String,
    pub at: Time,
}

/// A slot that somebody found settled wrong, or that two desks did not agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisputeView {
    /// Number of the slot.
    pub id: String,
    pub start: Time,
    /// Who opened it.
    pub by: String,
    pub opened: Time,
    /// What is said to be wrong: `desks`, `left_out`, `line` or `no_line`.
    pub reason: String,
    /// The version in dispute; 0 where nothing was settled.
    pub version: u32,
    /// What most desks found; `null` while it is open, or if it lapsed.
    pub verdict: Option<VerdictView>,
}

/// What most desks found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerdictView {
    pub height: u64,
    /// Version of the result that holds.
    pub version: u32,
    /// Whether something else stood on the ledger before.
    pub is_changed: bool,
    /// Desks that agreed.
    pub agreed: u32,
    /// Desks that found something else in the same statements.
    pub wrong: Vec<String>,
    /// Desks that went by other statements.
    pub otherwise: Vec<String>,
}

/// A month of this building.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementView {
    /// Such as `2026-11`.
    pub id: String,
    pub from: Time,
    pub to: Time,
    pub sums: MonthSums,
    /// The same month a year before, as far as there are figures.
    pub last_year: Option<MonthSums>,
    /// Less than a cent, carried over from the months before, micro-EUR.
    pub carried_in: i64,
    /// What the credit notes of the month come to, micro-EUR; negative is received.
    pub credited: i64,
    /// What neighbours and network are owed, credit notes included, in cents; negative is received.
    pub cents: i64,
    /// Carried over to the month after, micro-EUR.
    pub carried_out: i64,
    /// Credit notes that were booked in the month, whichever earlier one they concern.
    pub credit_notes: Vec<CreditView>,
}

/// Slots in which a member had no figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Absence {
    /// Address: 40 hex digits.
    pub id: String,
    pub slots: u32,
}

/// What the whole hive shared, from the ledger's totals alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HiveEnergyView {
    pub from: Time,
    pub to: Time,
    /// Settled slots of the range.
    pub slots: u32,
    pub demand_wh: i64,
    pub surplus_wh: i64,
    pub traded_wh: i64,
    pub given_wh: i64,
    /// Members of the hive that are not shut out.
    pub members: u32,
    /// Slot with the largest demand, and how much that was.
    pub peak: Option<Time>,
    pub peak_wh: i64,
    /// Most often first, at most 256.
    pub missing: Vec<Absence>,
    /// The course of it: up to 96 stretches of equal length.
    pub course: Vec<HiveStretch>,
}

/// A piece of the course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HiveStretch {
    pub start: Time,
    pub slots: u32,
    pub demand_wh: i64,
    pub surplus_wh: i64,
    pub traded_wh: i64,
}

/// One member's amounts of a booking on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookedLine {
    /// Address: 40 hex digits.
    pub member: String,
    pub bought_wh: i64,
    pub sold_wh: i64,
    /// What neighbours owe it less what it owes them; in a correction a difference.
    pub balance: i64,
    pub fee: i64,
}

/// A booking of a week, or a credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookingView {
    /// Transaction id: 64 hex digits.
    pub id: String,
    pub height: u64,
    pub time: Time,
    /// Start of the week that is booked, in UTC; `null` for a credit note.
    pub week: Option<Time>,
    /// The final period that a credit note concerns, and the one it is booked in.
    pub concerns: Option<u64>,
    pub booked_in: Option<u64>,
    /// 1 for the first booking of the week or the first note of the period.
    pub number: u32,
    pub lines: Vec<BookedLine>,
}
