//! The life of a slot in one node: what the building states, what desks make of it, and what comes back. Pure: the shell
//! stores what is to be stored before anything leaves.

mod act;
mod booking;
mod carry;
mod check;
mod credit;
mod desk;
mod dispute;
mod drawer;
mod exchange;
mod hall;
mod left;
mod memo;
mod own;
mod part;
mod past;
mod period;
mod post;
mod refusals;
mod stored;
mod sums;
mod tray;

pub use booking::Booked;
pub use credit::CreditCheck;
pub use left::BookedByOthers;
pub use own::{LineDoubt, OwnOutcome, OwnSlot, SlotStage};
pub use past::{PastDay, PastLine};
pub use period::PREVIEW_MS;
pub use refusals::{Refusals, RefusedStatement, StoredRefusals};
pub use tray::{Counted, HeldStatement};

use ledger::state::State;
use protocol::energy::{PeriodStatus, SlotId, SlotLength};
use protocol::{Tick, UnixMs};

use super::Energy;
use crate::core::Core;
use crate::core::heard::Heard;
use crate::core::maintenance::Change;
use booking::Bookings;
use desk::Office;
use hall::Hall;
use past::Past;
use post::Post;

/// Messages of one member that are listened to in a second; what is lost is sent again.
const MESSAGES_PER_S_MAX: u32 = 256;
/// Two desks that find something else in the same statements for this long disagree, milliseconds.
const DISPUTE_AFTER_MS: u64 = 30_000;

/// What a building stated and was told, and what a desk holds.
#[derive(Debug, Clone, Default)]
pub(super) struct Settling {
    post: Post,
    office: Office,
    bookings: Bookings,
    past: Past,
    is_resumed: bool,
    /// What each member said in the second that runs.
    heard: Heard,
    /// When what is too old was let go last.
    swept: Option<Tick>,
}

impl Settling {
    /// Takes back what is stored.
    pub(super) fn open(entries: &[Change]) -> Self {
        let mut settling = Self::default();
        for entry in entries {
            if let Change::PutOwnSlot(own) = entry {
                settling.post.restore((**own).clone());
            } else if let Change::PutStatement(held) = entry {
                settling.office.restore((**held).clone());
            } else if let Change::PutRefusals(stored) = entry {
                settling.office.refusals.restore(stored);
            } else if let Change::PutBooked(booked) = entry {
                settling.bookings.restore((**booked).clone());
            } else if let Change::PutBookedByOthers(booked) = entry {
                settling.bookings.restore_others((**booked).clone());
            } else if let Change::PutPastDay(day) = entry {
                settling.past.restore((**day).clone());
            }
        }
        settling.post.stale();
        settling
    }

    /// Slots of the book changed.
    pub(super) const fn stale(&mut self) {
        self.post.stale();
    }
}

impl Energy {
    /// What the building stated of its slots and what came of it, by slot.
    pub fn settled(&self) -> impl DoubleEndedIterator<Item = &OwnSlot> {
        self.settling.post.own.values()
    }

    /// The same of one slot.
    pub fn settled_slot(&self, slot: SlotId) -> Option<&OwnSlot> {
        self.settling.post.own.get(&slot)
    }

    /// The building's checked line of a slot whose statements it no longer keeps.
    pub fn past_line(&self, slot: SlotId) -> Option<&PastLine> {
        self.settling.past.line(slot)
    }

    /// The same of slots that start in `[from, to)`.
    pub fn settled_between(&self, from: UnixMs, to: UnixMs) -> impl DoubleEndedIterator<Item = &OwnSlot> {
        let range = slots_between(from, to, self.length);
        range.into_iter().flat_map(|range| self.settling.post.own.range(range)).map(|(_, own)| own)
    }

    /// Slots whose line did not come yet, or does not hold.
    pub fn unsettled_slots(&self) -> usize {
        self.settling.post.open_slots().len()
    }

    /// Statements that this node keeps as a desk, at most `STATEMENTS_KEPT_MAX`.
    pub const fn statements_held(&self) -> usize {
        self.settling.office.count()
    }

    /// What this node refused of others as a desk.
    pub const fn refusals(&self) -> &Refusals {
        &self.settling.office.refusals
    }

    /// Slots on which this desk and the other of its pair disagree though both hold the same statements.
    pub fn disputed_slots(&self, now: Tick) -> Vec<SlotId> {
        self.settling.office.disputed(now, DISPUTE_AFTER_MS).collect()
    }
}

/// The slots that start in `[from, to)`.
fn slots_between(from: UnixMs, to: UnixMs, length: SlotLength) -> Option<std::ops::Range<SlotId>> {
    let from = UnixMs(from.0.max(0));
    let first_from = |time: UnixMs| SlotId::at(time.plus(length.ms() - 1), length);
    (from < to).then(|| Some(first_from(from)?..first_from(to)?)).flatten()
}

impl Core {
    /// What is wrong with settling, in words: lines that do not hold, desks that disagree, weeks that were booked otherwise
    /// than this desk remembers.
    pub fn settlement_trouble(&self) -> Option<String> {
        let hall = Hall::open(self.ledger.state(), self.ledger.chain(), self.ledger.address(), self.clock)?;
        let Settling { post, office, bookings, .. } = &self.energy.settling;
        let is_wrong = |doubt| match doubt {
            LineDoubt::Proof
            | LineDoubt::TooMuch
            | LineDoubt::TooLittle
            | LineDoubt::Payment
            | LineDoubt::Terms => true,
            // A correction is on its way.
            LineDoubt::OtherFigures | LineDoubt::LeftOut => false,
        };
        let doubts = post.own.values().filter_map(|own| own.outcome()?.doubt);
        let lines = doubts.filter(|doubt| is_wrong(*doubt)).count();
        let disputed = office.disputed(self.clock.tick, DISPUTE_AFTER_MS).count();
        let weeks = bookings.broken(&hall).len();
        let told = [
            (lines, "lines of this building do not hold"),
            (disputed, "slots are in dispute between two desks"),
            (self.doubtful_credits(), "months have credit notes that do not hold"),
            (weeks, "weeks were booked otherwise than this desk remembers"),
        ];
        let told: Vec<String> = told
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!told.is_empty()).then(|| format!("Shared energy: {}.", told.join(", ")))
    }

    /// How final a slot is on the ledger.
    pub fn slot_stage(&self, slot: SlotId) -> SlotStage {
        stage(self.ledger().state(), slot)
    }
}

fn stage(state: &State, slot: SlotId) -> SlotStage {
    if state.settled(slot).is_none() {
        return SlotStage::Stated;
    }
    let books = state.books();
    let mut periods = (1..=books.periods).rev().filter_map(|number| state.period(number));
    let period = periods.find(|period| period.step.from <= slot && slot < period.step.until);
    match period.map(|period| period.step.status) {
        None | Some(PeriodStatus::Open) => SlotStage::Provisional,
        Some(PeriodStatus::Preview) => SlotStage::Preview,
        Some(PeriodStatus::Final) => SlotStage::Final,
    }
}

#[cfg(test)]
mod tests;
