//! What the building remembers over a restart, entry by entry: each has one key and one canonical value in the index,
//! and entries that belong together are stored in one batch.

use protocol::energy::SlotId;
use protocol::limits::{BOOKED_LINES_MAX, PLAN_MEMORY_BYTES_MAX, WEEK_LINES_MAX};
use protocol::{Address, DecodeError, Digest, UnixMs};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::work_order::WorkOrder;
use crate::core::aggregates::{AggregateKept, AggregateKeptKey};
use crate::core::alerts::{Alert, AlertId};
use crate::core::assembly::{KEPT_BYTES_MAX, Kept, KeptKey};
use crate::core::catalogue::{Definition, MetricDefinition, Swap};
use crate::core::energy::{
    Booked, BookedByOthers, DaySlots, DwellingPlan, HeldStatement, MeterPlan, OwnSlot, OwnTerms, PastDay,
    Release, StoredRefusals,
};
use crate::core::enquiries::{EnquiryKept, EnquiryKeptKey};
use crate::core::incidents::{INCIDENT_BYTES_MAX, IncidentKept, IncidentKeptKey};
use crate::core::planning::{Equipment, PlanMemory};
use crate::core::policy::{self, Policy, PolicyId, PolicyVersion};
use crate::core::rules::{CounterBase, Extremes};
use crate::core::street::{StreetKept, StreetKeptKey};
use crate::core::telemetry::Day;
use crate::core::{Held, Issued};

/// Longest value of an entry, bytes.
pub const ENTRY_BYTES_MAX: usize = 16 * 1024;

/// Longest account of what desks booked of a week, bytes: a line takes 61, and every member may have one.
pub(super) const BOOKED_BYTES_MAX: usize = 80 * 1024;

const _: () = assert!((BOOKED_LINES_MAX + WEEK_LINES_MAX) * 61 + 256 < BOOKED_BYTES_MAX);

/// An entry to put or to delete.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A site, an asset or a series.
    PutDefinition(Definition),
    /// A policy, new or changed.
    PutPolicy(Policy),
    /// A policy that is gone.
    DeletePolicy(PolicyId),
    /// What a policy says from now on, for its history.
    PutPolicyVersion(PolicyVersion),
    /// A version of a policy that left the history.
    DeletePolicyVersion(PolicyId, u32),
    /// From where a counter is counted.
    PutCounterBase(CounterBase),
    /// A counter whose policy is gone or looks at something else now.
    DeleteCounterBase(CounterBase),
    /// The lowest and the highest reading.
    PutExtremes(Extremes),
    /// They are forgotten.
    DeleteExtremes(Extremes),
    /// An alert, new or changed.
    PutAlert(Alert),
    /// An alert that left the history.
    DeleteAlert(AlertId),
    /// A work order, new or changed.
    PutWorkOrder(WorkOrder),
    /// A work order that left the history.
    DeleteWorkOrder(Digest),
    /// Everything else.
    PutSettings(Settings),
    /// What a metric is, new or changed.
    PutMetric(MetricDefinition),
    /// A meter was replaced.
    PutSwap(Swap),
    /// Rows that wait for the clock.
    PutHeld(Held),
    /// Rows that no longer do.
    DeleteHeld(u64),
    /// An invitation of this node, made or taken back.
    PutInvitation(Issued),
    /// An invitation that left the list.
    DeleteInvitation(Digest),
    /// The building's secret, once it no longer follows from the node's key because that was changed.
    PutSecret(Digest),
    /// Which counters tell the building's energy.
    PutMeterPlan(MeterPlan),
    /// What the owner says the building has.
    PutEquipment(Equipment),
    /// What plans leave behind over a restart.
    PutPlanMemory(Box<PlanMemory>),
    /// Which counters tell the energy of its dwellings.
    PutDwellings(DwellingPlan),
    /// The closed slots of a day.
    PutSlots(DaySlots),
    /// A day of slots that left the books.
    DeleteSlots(Day),
    /// What the building says of sharing its energy.
    PutTerms(OwnTerms),
    /// What the building stated of a slot, and what it was told.
    PutOwnSlot(Box<OwnSlot>),
    /// A slot of its own that it no longer keeps.
    DeleteOwnSlot(SlotId),
    /// A member's statement that this node keeps as a desk.
    PutStatement(Box<HeldStatement>),
    /// A statement, by slot and member, that it no longer keeps.
    DeleteStatement(SlotId, Address),
    /// What it refused lately as a desk.
    PutRefusals(Box<StoredRefusals>),
    /// What it booked of a week with another desk.
    PutBooked(Box<Booked>),
    /// What two other desks booked of a week.
    PutBookedByOthers(Box<BookedByOthers>),
    /// A week, by those desks, of which it no longer keeps account.
    DeleteBookedByOthers(u64, [Address; 2]),
    /// A slot that was held back and that an operator let pass.
    PutRelease(Box<Release>),
    /// A release, by the start of its slot, that is no longer kept.
    DeleteRelease(UnixMs),
    /// This building's lines of a day whose slots it no longer keeps one by one.
    PutPastDay(Box<PastDay>),
    /// Such a day that is no longer kept.
    DeletePastDay(u64),
    /// A week, by desk, that it no longer keeps account of.
    DeleteBooked(u64, Address),
    /// Something of registry, keys or assemblies.
    PutKept(Box<Kept>),
    /// Something of them that is not kept any more.
    DeleteKept(KeptKey),
    /// Something of private sums.
    PutAggregate(Box<AggregateKept>),
    /// Something of them that is not kept any more.
    DeleteAggregate(AggregateKeptKey),
    /// Something of incident cards.
    PutIncident(Box<IncidentKept>),
    /// Something of them that is not kept any more.
    DeleteIncident(IncidentKeptKey),
    /// Something of what several buildings notice at once.
    PutStreet(Box<StreetKept>),
    /// Something of that which is not kept any more.
    DeleteStreet(StreetKeptKey),
    /// Something of what buildings ask each other.
    PutEnquiry(Box<EnquiryKept>),
    /// Something of that which is not kept any more.
    DeleteEnquiry(EnquiryKeptKey),
}

/// What there is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Settings {
    /// Version of the entries: 1.
    pub version: u32,
    /// Number of the next policy.
    pub policy_next: PolicyId,
}

/// An entry that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryError {
    /// No entry has such a key.
    #[error("no entry has a key that starts with {found:?}")]
    Key {
        /// First byte of the key.
        found: Option<u8>,
    },
    /// The value does not decode.
    #[error(transparent)]
    Value(#[from] DecodeError),
    /// The value belongs to another key.
    #[error("an entry lies under the key of another")]
    Misplaced,
}

impl Change {
    /// Where the entry lies. Sites sort before assets, assets before series.
    pub fn key(&self) -> Vec<u8> {
        match self {
            Self::PutDefinition(Definition::Site(site)) => key(b'c', &[&[0], &site.id.0.to_be_bytes()]),
            Self::PutDefinition(Definition::Asset(asset)) => key(b'c', &[&[1], &asset.id.0.to_be_bytes()]),
            Self::PutDefinition(Definition::Series(series)) => key(b'c', &[&[2], &series.id.0.to_be_bytes()]),
            Self::PutPolicy(policy) => key(b'p', &[&policy.id().0.to_be_bytes()]),
            Self::DeletePolicy(id) => key(b'p', &[&id.0.to_be_bytes()]),
            Self::PutPolicyVersion(version) => version_key(version.policy.id(), version.policy.version()),
            Self::DeletePolicyVersion(id, version) => version_key(*id, *version),
            Self::PutCounterBase(base) | Self::DeleteCounterBase(base) => {
                key(b'b', &[&base.asset.0.to_be_bytes(), &base.policy.0.to_be_bytes()])
            }
            Self::PutExtremes(known) | Self::DeleteExtremes(known) => {
                key(b'z', &[&known.asset.0.to_be_bytes(), &known.policy.0.to_be_bytes()])
            }
            Self::PutAlert(alert) => key(b'a', &[alert.id.0.as_bytes()]),
            Self::DeleteAlert(id) => key(b'a', &[id.0.as_bytes()]),
            Self::PutWorkOrder(order) => key(b'w', &[order.reference.as_bytes()]),
            Self::DeleteWorkOrder(reference) => key(b'w', &[reference.as_bytes()]),
            Self::PutSettings(_) => key(b's', &[]),
            Self::PutMetric(metric) => key(b'm', &[metric.name().as_str().as_bytes()]),
            Self::PutSwap(swap) => {
                let (asset, at) = (swap.asset().0.to_be_bytes(), swap.exchange().at.0.to_be_bytes());
                key(b'x', &[&asset, &at, swap.metric().as_str().as_bytes()])
            }
            Self::PutHeld(Held { number, .. }) | Self::DeleteHeld(number) => {
                key(b'q', &[&number.to_be_bytes()])
            }
            Self::PutInvitation(Issued { nonce, .. }) | Self::DeleteInvitation(nonce) => {
                key(b'i', &[nonce.as_bytes()])
            }
            Self::PutSecret(_) => key(b'k', &[]),
            Self::PutMeterPlan(_) => key(b'n', &[]),
            Self::PutEquipment(_) => key(b'g', &[]),
            Self::PutPlanMemory(_) => key(b'f', &[]),
            Self::PutDwellings(_) => key(b'h', &[]),
            Self::PutSlots(DaySlots { day, .. }) | Self::DeleteSlots(day) => {
                key(b'e', &[&day.0.to_be_bytes()])
            }
            Self::PutTerms(_) => key(b't', &[]),
            Self::PutOwnSlot(own) => key(b'o', &[&own.slot().0.to_be_bytes()]),
            Self::DeleteOwnSlot(slot) => key(b'o', &[&slot.0.to_be_bytes()]),
            Self::PutStatement(held) => statement_key(held.signed.statement.slot, &held.member),
            Self::DeleteStatement(slot, member) => statement_key(*slot, member),
            Self::PutRefusals(_) => key(b'r', &[]),
            Self::PutBooked(booked) => booked_key(booked.week, &booked.partner),
            Self::PutBookedByOthers(booked) => others_key(booked.week, &booked.pair),
            Self::DeleteBookedByOthers(week, pair) => others_key(*week, pair),
            Self::PutRelease(release) => release_key(release.start),
            Self::DeleteRelease(start) => release_key(*start),
            Self::PutPastDay(past) => key(b'l', &[&past.day.to_be_bytes()]),
            Self::DeletePastDay(day) => key(b'l', &[&day.to_be_bytes()]),
            Self::DeleteBooked(week, partner) => booked_key(*week, partner),
            Self::PutKept(kept) => key(b'u', &[&kept.key().bytes()]),
            Self::DeleteKept(at) => key(b'u', &[&at.bytes()]),
            Self::PutAggregate(kept) => key(b'A', &[&kept.key().bytes()]),
            Self::DeleteAggregate(at) => key(b'A', &[&at.bytes()]),
            Self::PutIncident(kept) => key(b'C', &[&kept.key().bytes()]),
            Self::DeleteIncident(at) => key(b'C', &[&at.bytes()]),
            Self::PutStreet(kept) => key(b'S', &[&kept.key().bytes()]),
            Self::DeleteStreet(at) => key(b'S', &[&at.bytes()]),
            Self::PutEnquiry(kept) => key(b'Q', &[&kept.key().bytes()]),
            Self::DeleteEnquiry(at) => key(b'Q', &[&at.bytes()]),
        }
    }

    /// What lies there; `None` deletes the entry.
    pub fn value(&self) -> Option<Vec<u8>> {
        match self {
            Self::PutDefinition(definition) => Some(protocol::encode(definition)),
            Self::PutPolicy(policy) => Some(protocol::encode(policy)),
            Self::PutPolicyVersion(version) => Some(protocol::encode(version)),
            Self::PutCounterBase(base) => Some(protocol::encode(base)),
            Self::PutExtremes(known) => Some(protocol::encode(known)),
            Self::PutAlert(alert) => Some(protocol::encode(alert)),
            Self::PutWorkOrder(order) => Some(order.encode()),
            Self::PutSettings(settings) => Some(protocol::encode(settings)),
            Self::PutMetric(metric) => Some(protocol::encode(metric)),
            Self::PutSwap(swap) => Some(protocol::encode(swap)),
            Self::PutHeld(held) => Some(protocol::encode(held)),
            Self::PutInvitation(issued) => Some(protocol::encode(issued)),
            Self::PutSecret(secret) => Some(protocol::encode(secret)),
            Self::PutMeterPlan(plan) => Some(protocol::encode(plan)),
            Self::PutEquipment(equipment) => Some(protocol::encode(equipment)),
            Self::PutPlanMemory(memory) => Some(protocol::encode(memory)),
            Self::PutDwellings(plan) => Some(protocol::encode(plan)),
            Self::PutSlots(day) => Some(protocol::encode(day)),
            Self::PutTerms(terms) => Some(protocol::encode(terms)),
            Self::PutOwnSlot(own) => Some(protocol::encode(own)),
            Self::PutStatement(held) => Some(protocol::encode(held)),
            Self::PutRefusals(refusals) => Some(protocol::encode(refusals)),
            Self::PutBooked(booked) => Some(protocol::encode(booked)),
            Self::PutBookedByOthers(booked) => Some(protocol::encode(booked)),
            Self::PutRelease(release) => Some(protocol::encode(release)),
            Self::PutPastDay(past) => Some(protocol::encode(past)),
            Self::PutKept(kept) => Some(protocol::encode(kept)),
            Self::PutAggregate(kept) => Some(protocol::encode(kept)),
            Self::PutIncident(kept) => Some(protocol::encode(kept)),
            Self::PutStreet(kept) => Some(protocol::encode(kept)),
            Self::PutEnquiry(kept) => Some(protocol::encode(kept)),
            Self::DeletePolicy(_)
            | Self::DeletePolicyVersion(..)
            | Self::DeleteHeld(_)
            | Self::DeleteInvitation(_)
            | Self::DeleteSlots(_)
            | Self::DeleteOwnSlot(_)
            | Self::DeleteStatement(..)
            | Self::DeleteBooked(..)
            | Self::DeleteBookedByOthers(..)
            | Self::DeleteRelease(_)
            | Self::DeletePastDay(_)
            | Self::DeleteKept(_)
            | Self::DeleteAggregate(_)
            | Self::DeleteIncident(_)
            | Self::DeleteStreet(_)
            | Self::DeleteEnquiry(_)
            | Self::DeleteCounterBase(_)
            | Self::DeleteExtremes(_)
            | Self::DeleteAlert(_)
            | Self::DeleteWorkOrder(_) => None,
        }
    }

    /// Reads an entry back as the change that put it.
    pub fn read_back(key: &[u8], value: &[u8]) -> Result<Self, EntryError> {
        let change = match key.first() {
            Some(b'c') => Self::PutDefinition(decode(value)?),
            Some(b'p') => Self::PutPolicy(policy::decode_stored(value, ENTRY_BYTES_MAX)?),
            Some(b'v') => Self::PutPolicyVersion(decode(value)?),
            Some(b'b') => Self::PutCounterBase(decode(value)?),
            Some(b'z') => Self::PutExtremes(decode(value)?),
            Some(b'a') => Self::PutAlert(Alert::decode(value, ENTRY_BYTES_MAX)?),
            Some(b'w') => Self::PutWorkOrder(WorkOrder::decode(value, ENTRY_BYTES_MAX)?),
            Some(b's') => Self::PutSettings(decode(value)?),
            Some(b'm') => Self::PutMetric(decode(value)?),
            Some(b'x') => Self::PutSwap(decode(value)?),
            Some(b'q') => Self::PutHeld(decode(value)?),
            Some(b'i') => Self::PutInvitation(decode(value)?),
            Some(b'k') => Self::PutSecret(decode(value)?),
            Some(b'n') => Self::PutMeterPlan(decode(value)?),
            Some(b'g') => Self::PutEquipment(decode(value)?),
            Some(b'f') => Self::PutPlanMemory(Box::new(protocol::decode(value, PLAN_MEMORY_BYTES_MAX)?)),
            Some(b'h') => Self::PutDwellings(decode(value)?),
            Some(b'e') => Self::PutSlots(decode(value)?),
            Some(b't') => Self::PutTerms(decode(value)?),
            Some(b'o') => Self::PutOwnSlot(Box::new(decode(value)?)),
            Some(b'd') => Self::PutStatement(Box::new(decode(value)?)),
            Some(b'r') => Self::PutRefusals(Box::new(decode(value)?)),
            Some(b'y') => Self::PutBooked(Box::new(protocol::decode(value, BOOKED_BYTES_MAX)?)),
            Some(b'B') => Self::PutBookedByOthers(Box::new(protocol::decode(value, BOOKED_BYTES_MAX)?)),
            Some(b'j') => Self::PutRelease(Box::new(decode(value)?)),
            Some(b'l') => Self::PutPastDay(Box::new(decode(value)?)),
            Some(b'u') => Self::PutKept(Box::new(protocol::decode(value, KEPT_BYTES_MAX)?)),
            Some(b'A') => Self::PutAggregate(Box::new(decode(value)?)),
            Some(b'C') => Self::PutIncident(Box::new(protocol::decode(value, INCIDENT_BYTES_MAX)?)),
            Some(b'S') => Self::PutStreet(Box::new(decode(value)?)),
            Some(b'Q') => Self::PutEnquiry(Box::new(decode(value)?)),
            found => return Err(EntryError::Key { found: found.copied() }),
        };
        if change.key() == key { Ok(change) } else { Err(EntryError::Misplaced) }
    }
}

fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

fn statement_key(slot: SlotId, member: &Address) -> Vec<u8> {
    key(b'd', &[&slot.0.to_be_bytes(), member.as_bytes()])
}

fn release_key(start: UnixMs) -> Vec<u8> {
    key(b'j', &[&start.0.to_be_bytes()])
}

fn booked_key(week: u64, partner: &Address) -> Vec<u8> {
    key(b'y', &[&week.to_be_bytes(), partner.as_bytes()])
}

fn others_key(week: u64, pair: &[Address; 2]) -> Vec<u8> {
    key(b'B', &[&week.to_be_bytes(), pair[0].as_bytes(), pair[1].as_bytes()])
}

fn version_key(policy: PolicyId, version: u32) -> Vec<u8> {
    key(b'v', &[&policy.0.to_be_bytes(), &version.to_be_bytes()])
}

fn decode<T: Serialize + DeserializeOwned>(value: &[u8]) -> Result<T, DecodeError> {
    protocol::decode(value, ENTRY_BYTES_MAX)
}
