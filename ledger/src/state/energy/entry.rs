//! What stands in the state of shared energy, and under which keys.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use protocol::energy::{
    DisputeReason, Locality, MicroEuro, PeriodStep, Rota, SharingRule, SlotId, SlotLength, SlotResult,
    Tariff, WattHours, Weights,
};
use protocol::limits::{DISPUTE_LAPSES_MS, RULING_OTHERS_MAX};
use protocol::{Address, Bounded, Digest, Height, UnixMs};

/// Where an entry stands. The order of the variants is the order of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EnergyKey {
    /// What the hive decided and counts.
    Books,
    /// The rule from a slot on.
    Rule(SlotId),
    /// The tariff from a slot on.
    Tariff(SlotId),
    /// What a building is bound to, by UTC day.
    Day(u64, Address),
    /// A settled slot.
    Slot(SlotId),
    /// What the slots of a week come to.
    Week(u64),
    /// What a member bought, sold, owes and is owed.
    Account(Address),
    /// A billing period.
    Period(u64),
    /// What two settlement authorities booked of a week together: their first keys, in order.
    Pair(u64, Address, Address),
    /// A slot of a final period as it should have been.
    Correction(SlotId),
    /// What the corrected slots of a final period come to, by number.
    Credits(u64),
    /// What credit notes of two settlement authorities, by first keys in order, told of a final period and a member.
    Credited(u64, Address, Address, Address),
    /// The latest dispute of a slot.
    Dispute(SlotId),
    /// Disputes that a member, by first key, opened on a UTC day.
    DisputesOf(u64, Address),
    /// What an organiser gave from a slot on.
    Coefficients(SlotId),
}

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnergyEntry {
    /// Under [`EnergyKey::Books`].
    Books(Books),
    /// Under [`EnergyKey::Rule`].
    Rule(SharingRule),
    /// Under [`EnergyKey::Tariff`].
    Tariff(Tariff),
    /// Under [`EnergyKey::Day`].
    Day(Digest),
    /// Under [`EnergyKey::Slot`] and [`EnergyKey::Correction`].
    Slot(SettledSlot),
    /// Under [`EnergyKey::Week`].
    Week(Week),
    /// Under [`EnergyKey::Account`] and [`EnergyKey::Credited`].
    Account(Account),
    /// Under [`EnergyKey::Period`].
    Period(Period),
    /// Under [`EnergyKey::Pair`].
    Pair(PairBooks),
    /// Under [`EnergyKey::Credits`].
    Credits(Credits),
    /// Under [`EnergyKey::Dispute`].
    Disputed(Box<Disputed>),
    /// Under [`EnergyKey::DisputesOf`].
    Count(u32),
    /// Under [`EnergyKey::Coefficients`].
    Coefficients(Given),
}

/// What the hive decided and counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Books {
    /// How long slots are.
    pub length: SlotLength,
    /// The class of its least local pair of members.
    pub locality: Locality,
    /// Who settles; none until voted.
    pub rota: Option<Rota>,
    /// The last period begun, 0 before the first.
    pub periods: u64,
    /// Slots before this one are final.
    pub final_until: SlotId,
    /// The network's account: fees of energy shared.
    pub grid: MicroEuro,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            length: SlotLength::Quarter,
            locality: Locality::Building,
            rota: None,
            periods: 0,
            final_until: SlotId(0),
            grid: MicroEuro::ZERO,
        }
    }
}

/// A settled slot in its last version; earlier ones stand in their blocks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SettledSlot {
    /// What was found.
    pub result: SlotResult,
    /// By whom.
    pub settlers: [Address; 2],
    /// Height of its block.
    pub height: Height,
}

/// What the slots of a week come to and how much of it is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Week {
    /// Energy shared in its slots as they stand, Wh.
    pub traded: WattHours,
    /// Energy booked to members, Wh.
    pub booked: WattHours,
    /// Bookings so far.
    pub bookings: u32,
    /// Results that came since the last booking.
    pub results: u32,
}

/// What two settlement authorities booked of a week together, over all their bookings of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PairBooks {
    /// Their bookings so far.
    pub bookings: u32,
    /// Hash of the lines of the last one.
    pub last: Digest,
    /// Energy bought in all of them, Wh; corrections come off.
    pub bought: WattHours,
    /// Fees in all of them.
    pub fee: MicroEuro,
}

/// What a member bought, sold, owes and is owed since it joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Account {
    /// Energy from neighbours, Wh.
    pub bought: WattHours,
    /// Energy to neighbours, Wh.
    pub sold: WattHours,
    /// What neighbours owe it less what it owes them.
    pub balance: MicroEuro,
    /// What it owes the network.
    pub fee: MicroEuro,
}

/// A billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Period {
    /// Its bounds and how far it is.
    pub step: PeriodStep,
    /// Credit notes that concern it.
    pub notes: u32,
}

/// What the corrected slots of a final period come to, less what was settled, and how much of it credit notes told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Credits {
    /// Energy that was shared more, or less if negative, Wh.
    pub corrected: WattHours,
    /// Energy of credit notes, Wh.
    pub credited: WattHours,
    /// Corrections since a note told all there was.
    pub results: u32,
}

/// A dispute, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Disputed {
    /// Who opened it, by first key.
    pub by: Address,
    /// The version in dispute; 0 where nothing was settled.
    pub version: u32,
    /// What is said to be wrong.
    pub reason: DisputeReason,
    /// Time of the block that opened it.
    pub opened: UnixMs,
    /// Disputes of one slot are numbered from 1.
    pub number: u32,
    /// What most desks found; none while it is open, or if it lapsed.
    pub verdict: Option<Verdict>,
}

/// What most desks found of a disputed slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Verdict {
    /// Height of its block.
    pub height: Height,
    /// Version of the result that holds.
    pub version: u32,
    /// Whether something else stood on the ledger before: if not, whoever disputed it was wrong.
    pub is_changed: bool,
    /// Desks that agreed.
    pub agreed: u32,
    /// Desks that found something else in the same statements, by first key: they were wrong.
    pub wrong: Bounded<Address, RULING_OTHERS_MAX>,
    /// Desks that went by other statements, by first key.
    pub otherwise: Bounded<Address, RULING_OTHERS_MAX>,
}

/// Parts of the surplus that an organiser gave, and under which rule: they hold while that names the same organiser and
/// the same whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Given {
    /// Who gave them, by first key.
    pub organiser: Address,
    /// Parts of the whole.
    pub whole: u32,
    /// Parts by member, together at most the whole.
    pub parts: Weights,
}

impl Disputed {
    /// Whether desks still look at it.
    pub fn is_open(&self, now: UnixMs) -> bool {
        self.verdict.is_none() && now.since(self.opened) < DISPUTE_LAPSES_MS
    }
}
