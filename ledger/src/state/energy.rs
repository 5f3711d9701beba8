//! Shared energy on the ledger: what the hive decided, what two settlement authorities found, what members owe each
//! other. No building's figure of a single slot is ever here.

mod book;
mod coefficients;
mod correct;
mod decide;
mod dispute;
mod entry;
mod period;
mod slot;
mod view;

pub use book::digest_of_lines;
pub use entry::{
    Account, Books, Credits, Disputed, EnergyEntry, EnergyKey, Given, PairBooks, Period, SettledSlot,
    Verdict, Week,
};

pub(super) use coefficients::give;
pub(super) use decide::{carry_out, check_action};
pub(super) use dispute::dispute;

use protocol::energy::{DayCommitment, Settlement, SignedSettlement, SlotId, SlotLength};
use protocol::{Address, AuthoritySet, UnixMs};

use super::Overlay;
use super::entry::{Entry, Key};
use super::execute::{BlockContext, Event};
use crate::energy::EnergyReject;
use crate::error::Reject;
use crate::planted::Bug;

/// Milliseconds of a UTC day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days after which a building cannot bind itself to a day's figures any more.
const COMMIT_WITHIN_DAYS: u64 = 31;

/// Something happened to shared energy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnergyEvent {
    /// A building is bound to its figures of a day.
    Committed {
        /// The building.
        building: Address,
        /// The day.
        day: u64,
    },
    /// A slot was settled, or settled again.
    Settled {
        /// The slot.
        slot: SlotId,
        /// Which version.
        version: u32,
    },
    /// Amounts of a week were booked.
    Booked {
        /// The week.
        week: u64,
    },
    /// A billing period moved on.
    Period {
        /// The period.
        number: u64,
    },
    /// A slot of a final period was found to be another.
    Corrected {
        /// The slot.
        slot: SlotId,
        /// Which version.
        version: u32,
    },
    /// A slot is open to all desks.
    Disputed {
        /// The slot.
        slot: SlotId,
    },
    /// A dispute is decided.
    Ruled {
        /// The slot.
        slot: SlotId,
        /// The version that holds.
        version: u32,
        /// Whether something else stood there before.
        is_changed: bool,
    },
    /// A final period was made good in the one that is open.
    Credited {
        /// The period that was wrong.
        concerns: u64,
    },
    /// An organiser gave the parts that hold from a slot on.
    PartsGiven {
        /// The slot.
        from: SlotId,
    },
}

/// Binds a building to its figures of a day that is over.
pub(super) fn commit(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    building: Address,
    commitment: &DayCommitment,
) -> Result<Vec<Event>, Reject> {
    let DayCommitment { day, commitment } = *commitment;
    let today = day_of(context.time);
    if day >= today {
        let ends = UnixMs(i64::try_from(day).unwrap_or(i64::MAX).saturating_add(1).saturating_mul(DAY_MS));
        return Err(EnergyReject::NotOver { ends, now: context.time }.into());
    }
    if today - day > COMMIT_WITHIN_DAYS {
        return Err(EnergyReject::TooLate { day, max: COMMIT_WITHIN_DAYS }.into());
    }
    let key = EnergyKey::Day(day, overlay.first_key(&building));
    if overlay.energy(key).is_some() {
        return Err(EnergyReject::Committed { member: building, day }.into());
    }
    overlay.put_energy(key, EnergyEntry::Day(commitment));
    Ok(vec![Event::Energy(EnergyEvent::Committed { building, day })])
}

/// Takes in what two settlement authorities found.
pub(super) fn settle(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    signed: &SignedSettlement,
) -> Result<Vec<Event>, Reject> {
    signed.settlement.check().map_err(EnergyReject::from)?;
    let books = overlay.books();
    let settlers = check_settlers(overlay, context, deciding, &books, signed)?;
    dispute::check_undisputed(overlay, context, signed)?;
    let event = match &signed.settlement {
        Settlement::Slot(result) => slot::record(overlay, context, &books, result, settlers)?,
        Settlement::Week(booking) => book::book(overlay, context, &books, booking, settlers)?,
        Settlement::Period(step) => period::step(overlay, context, books, step)?,
        Settlement::Credit(note) => book::credit(overlay, context, note, settlers)?,
        Settlement::Correction(result) => correct::correct(overlay, context, &books, result, settlers)?,
        Settlement::Ruling(ruling) => dispute::rule(overlay, context, deciding, &books, ruling, settlers)?,
    };
    Ok(vec![Event::Energy(event)])
}

/// Two authorities of the rota, of two operators, whose signatures hold. A slot's own pair settles it; once it is
/// overdue, so may the others. A desk stays with an authority that changed its key.
fn check_settlers(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    books: &Books,
    signed: &SignedSettlement,
) -> Result<[Address; 2], EnergyReject> {
    let rota = books.rota.as_ref().ok_or(EnergyReject::NoRota)?;
    let settlers = [signed.signatures[0].0, signed.signatures[1].0];
    let mut operators = Vec::new();
    for (signer, signature) in &signed.signatures {
        let refuse = |detail| EnergyReject::NotSettler { signer: *signer, detail };
        let desk = rota.desks().iter().find(|desk| overlay.current(&desk.authority) == *signer);
        let desk = desk.ok_or(refuse("it has no desk"))?;
        let key = deciding.key_of(signer).ok_or(refuse("it is not an authority"))?;
        if let Settlement::Slot(result) = &signed.settlement {
            let pair = rota.pair(day_of(result.slot.start(books.length)));
            let pair = pair.map(|authority| overlay.current(&authority));
            let overdue =
                context.time.since(result.slot.end(books.length)) >= protocol::limits::STAND_BY_AFTER_MS;
            if !pair.contains(signer) && !overdue {
                return Err(refuse("it stands by and the slot is not overdue"));
            }
        }
        let is_passed_over = context.planted.is(Bug::OneSignature) && !operators.is_empty();
        let verified =
            if is_passed_over { Ok(()) } else { signed.settlement.verify(key, &context.chain, signature) };
        verified.map_err(|error| EnergyReject::Signature { signer: *signer, error })?;
        operators.push(desk.operator);
    }
    if operators[0] == operators[1] {
        let detail = "both signatures are of one operator";
        return Err(EnergyReject::NotSettler { signer: settlers[1], detail });
    }
    Ok(settlers)
}

/// The UTC day of a time; 0 before 1970.
pub(super) fn day_of(time: UnixMs) -> u64 {
    u64::try_from(time.0.div_euclid(DAY_MS)).unwrap_or(0)
}

/// The week of a slot, from Monday on in UTC; week 0 holds 1970-01-01, a Thursday.
pub fn week_of(slot: SlotId, length: SlotLength) -> u64 {
    week_of_day(day_of(slot.start(length)))
}

/// The week of a UTC day since 1970-01-01.
pub fn week_of_day(day: u64) -> u64 {
    day.saturating_add(3) / 7
}

/// The slots of a week.
pub fn slots_of_week(week: u64, length: SlotLength) -> std::ops::Range<SlotId> {
    let first = |week: u64| {
        let days = week.saturating_mul(7).saturating_sub(3);
        SlotId(days.saturating_mul(u64::from(length.slots_per_day())))
    };
    first(week)..first(week.saturating_add(1))
}

impl Overlay<'_> {
    fn energy(&self, key: EnergyKey) -> Option<&EnergyEntry> {
        match self.get(&Key::Energy(key)) {
            Some(Entry::Energy(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }

    fn put_energy(&mut self, key: EnergyKey, entry: EnergyEntry) {
        self.put(Key::Energy(key), Entry::Energy(entry));
    }

    fn books(&self) -> Books {
        match self.energy(EnergyKey::Books) {
            Some(EnergyEntry::Books(books)) => books.clone(),
            Some(_) | None => Books::default(),
        }
    }

    fn put_books(&mut self, books: Books) {
        self.put_energy(EnergyKey::Books, EnergyEntry::Books(books));
    }

    /// The first key of whoever has, or had, this address.
    fn first_key(&self, address: &Address) -> Address {
        self.origin(&self.current(address))
    }

    fn settled(&self, slot: SlotId) -> Option<&SettledSlot> {
        match self.energy(EnergyKey::Slot(slot)) {
            Some(EnergyEntry::Slot(settled)) => Some(settled),
            Some(_) | None => None,
        }
    }

    fn week(&self, week: u64) -> Week {
        match self.energy(EnergyKey::Week(week)) {
            Some(EnergyEntry::Week(week)) => *week,
            Some(_) | None => Week::default(),
        }
    }

    fn period(&self, number: u64) -> Option<Period> {
        match self.energy(EnergyKey::Period(number)) {
            Some(EnergyEntry::Period(period)) => Some(*period),
            Some(_) | None => None,
        }
    }

    /// The first slot of a period.
    pub(super) fn period_begin(&self, number: u64) -> Option<SlotId> {
        self.period(number).map(|period| period.step.from)
    }

    /// How long the hive's slots are.
    pub(super) fn slot_length(&self) -> SlotLength {
        self.books().length
    }

    /// The last entry of a range, changes included. Nothing in the ranges asked for is ever removed.
    fn last_energy(&self, from: EnergyKey, to: EnergyKey) -> Option<&EnergyEntry> {
        let range = Key::Energy(from)..=Key::Energy(to);
        let stored = self.base.entries.range(range.clone()).next_back();
        let changed =
            self.delta.range(range).next_back().and_then(|(key, entry)| Some((key, entry.as_ref()?)));
        let last = stored.into_iter().chain(changed).max_by_key(|(key, _)| **key);
        match last {
            Some((_, Entry::Energy(entry))) => Some(entry),
            Some(_) | None => None,
        }
    }
}
