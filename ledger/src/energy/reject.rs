//! Why the ledger refuses a record of shared energy.

use protocol::energy::{PeriodStatus, Price, SlotId};
use protocol::{Address, Invalid, SignatureError, UnixMs};
use thiserror::Error;

/// A record that may not stand in a block.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EnergyReject {
    /// A figure outside its bounds: among them more energy shared than there is.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A rule or tariff that would begin in the past.
    #[error("slot {from} has begun; a decision holds from a later one")]
    Begun {
        /// The slot it was to begin with.
        from: SlotId,
    },
    /// The slot length is part of every decision and every result so far.
    #[error("slots cannot be cut anew once a tariff is decided")]
    Cut,
    /// No tariff holds for the slot.
    #[error("no tariff holds for slot {slot}")]
    NoTariff {
        /// The slot.
        slot: SlotId,
    },
    /// No desks were voted.
    #[error("nobody was voted to settle")]
    NoRota,
    /// The slot, or the day, is not over.
    #[error("it ends at {ends}, the block is at {now}")]
    NotOver {
        /// When it ends.
        ends: UnixMs,
        /// Time of the block.
        now: UnixMs,
    },
    /// A commitment comes too late to bind anybody.
    #[error("day {day} is more than {max} days ago")]
    TooLate {
        /// The day.
        day: u64,
        /// Days allowed.
        max: u64,
    },
    /// A building binds itself to one set of figures a day.
    #[error("{member} is bound to other figures of day {day} already")]
    Committed {
        /// The building.
        member: Address,
        /// The day.
        day: u64,
    },
    /// Who signed may not settle this.
    #[error("{signer} may not settle this: {detail}")]
    NotSettler {
        /// Who signed.
        signer: Address,
        /// Why.
        detail: &'static str,
    },
    /// Parts of a slot come from whoever its rule names, and from nobody else.
    #[error("{found} gives no parts of slot {slot}: its rule names somebody else, or nobody")]
    NotOrganiser {
        /// Who gave some.
        found: Address,
        /// The first slot they were to hold for.
        slot: SlotId,
    },
    /// Parts name their members by what was given before, and that is not there any more, another's, or of others.
    #[error("what was given from slot {from} on is not of the members that are meant")]
    Holders {
        /// The slot from which on they were named.
        from: SlotId,
    },
    /// A signature does not hold.
    #[error("signature of {signer}: {error}")]
    Signature {
        /// Who is said to have signed.
        signer: Address,
        /// What is wrong.
        error: SignatureError,
    },
    /// Another version, booking or note is due: each counts once.
    #[error("{what} {found}, {expected} is due")]
    Number {
        /// What is numbered.
        what: &'static str,
        /// The number that is due.
        expected: u64,
        /// The number found.
        found: u64,
    },
    /// The price is not the one the rule makes, or lies outside its band.
    #[error("price {found:?} in slot {slot}, expected {expected}")]
    Price {
        /// The slot.
        slot: SlotId,
        /// What the rule asks for.
        expected: PriceExpected,
        /// The price found.
        found: Option<Price>,
    },
    /// Nothing may be shared under this tariff.
    #[error("slot {slot} shares energy though its fee leaves no gain")]
    NoGain {
        /// The slot.
        slot: SlotId,
    },
    /// Somebody is named that is no member.
    #[error("{found} is not a member")]
    Stranger {
        /// Who.
        found: Address,
    },
    /// A period that is final does not change.
    #[error("period {number} is final")]
    Final {
        /// The period.
        number: u64,
    },
    /// A period cannot go there now.
    #[error("period {number} is {found}, {expected}")]
    Period {
        /// The period.
        number: u64,
        /// Where it is.
        found: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// Sums of a booking that do not come out.
    #[error("{what} adds up to {found}, expected {expected}")]
    Sum {
        /// Which column.
        what: &'static str,
        /// What it has to be.
        expected: i64,
        /// What it is.
        found: i64,
    },
    /// A slot in dispute is settled by most desks, and disputed once at a time.
    #[error("slot {slot} is in dispute; most desks decide on it")]
    Disputed {
        /// The slot.
        slot: SlotId,
    },
    /// A ruling on a slot that nobody disputes.
    #[error("slot {slot} is not in dispute")]
    NotDisputed {
        /// The slot.
        slot: SlotId,
    },
    /// A correction of a slot that can still be settled.
    #[error("slot {slot} is not final; its next version is settled")]
    NotFinal {
        /// The slot.
        slot: SlotId,
    },
    /// A booking of what no slot brought.
    #[error("nothing of week {week} is left to book")]
    NothingToBook {
        /// The week.
        week: u64,
    },
    /// Energy of a week that is not booked when its period is to be final.
    #[error("week {week} is not booked whole")]
    NotBooked {
        /// The week.
        week: u64,
    },
    /// More decisions ahead, or an account beyond what it holds.
    #[error("{what}: {max} at the most")]
    Full {
        /// Which table.
        what: &'static str,
        /// Its maximum.
        max: i64,
    },
}

/// What a slot's price has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PriceExpected {
    /// Exactly this: rule, tariff and totals give it.
    #[error("{0}")]
    Exactly(Price),
    /// Anything in the band: limits that the ledger does not see make it.
    #[error("{0} to {1}")]
    Between(Price, Price),
    /// None: nothing was sold.
    #[error("none")]
    None,
}

impl EnergyReject {
    /// A period that is elsewhere than it has to be.
    pub(crate) fn period(number: u64, found: Option<PeriodStatus>, expected: &'static str) -> Self {
        Self::Period { number, found: found.map_or("not there", PeriodStatus::name), expected }
    }
}
