//! Credit notes: what the corrected slots of a final period come to less what was settled, booked in a later period. Desks
//! find the lines again from what counted then and what counts now; every member compares its own part with what it was
//! told slot by slot.

use std::collections::BTreeMap;

use ledger::energy::Outcome;
use ledger::state::energy::Account;
use protocol::energy::{
    CreditNote, MicroEuro, NetLine, PeriodStatus, PeriodStep, SlotId, ToldLine, WattHours,
};
use protocol::{Address, Bounded};

use super::Energy;
use super::booking::{added, is_zero, zero};
use super::desk::Office;
use super::hall::Hall;
use super::own::OwnSlot;
use super::part::first_credit;
use crate::core::Core;

/// What a building makes of the credit notes of a final period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreditCheck {
    /// They come to what its corrected slots come to, each of which it checked.
    Holds,
    /// Corrections wait for a note, or for this building's line of them.
    Waits,
    /// They do not.
    Doubtful,
    /// The slots are longer ago than this building keeps.
    Forgotten,
}

/// The notes that this desk and a partner owe the ledger.
pub(super) fn due(hall: &Hall<'_>, office: &Office, partner: Address) -> Vec<CreditNote> {
    let Some(booked_in) = running(hall) else { return Vec::new() };
    let periods = (1..booked_in).rev().filter_map(|number| hall.state.period(number));
    let recent = periods.take_while(|period| period.step.until > hall.kept());
    recent
        .filter(|period| period.step.status == PeriodStatus::Final)
        .filter(|period| hall.state.credit_sums(period.step.number).results > 0)
        .filter_map(|period| note(hall, office, partner, &period.step, period.notes, booked_in))
        .collect()
}

/// The latest period, if it is not final.
fn running(hall: &Hall<'_>) -> Option<u64> {
    let number = hall.books.periods;
    hall.state.period(number).filter(|period| period.step.status != PeriodStatus::Final).map(|_| number)
}

fn note(
    hall: &Hall<'_>,
    office: &Office,
    partner: Address,
    step: &PeriodStep,
    notes: u32,
    booked_in: u64,
) -> Option<CreditNote> {
    let concerns = step.number;
    let net = net_of(hall, office, partner, step)?;
    let sums = hall.state.credit_sums(concerns);
    let left = sums.corrected.0 - sums.credited.0;
    let lines = first_credit(&added(&net, &told(hall, concerns, partner), -1), left)?;
    let lines = Bounded::new(lines).expect("invariant: a part keeps the limit");
    // An empty note says that corrections came to nothing; one desk of the last to correct has to see that.
    let is_due = !lines.is_empty() || (left == 0 && is_whole(hall, partner, step));
    is_due.then_some(CreditNote { concerns, booked_in, number: notes + 1, lines })
}

/// Whether every correction of a period is of this desk and a partner.
fn is_whole(hall: &Hall<'_>, partner: Address, step: &PeriodStep) -> bool {
    let mut corrected = hall.state.corrected_slots(step.from..step.until);
    corrected.all(|corrected| of_pair(hall, &corrected.settlers, partner))
}

fn of_pair(hall: &Hall<'_>, settlers: &[Address; 2], partner: Address) -> bool {
    let settlers = settlers.map(|settler| hall.state.current(&settler));
    settlers.contains(&hall.me) && settlers.contains(&partner)
}

/// What notes of this desk and a partner told already.
fn told(hall: &Hall<'_>, period: u64, partner: Address) -> Vec<NetLine> {
    let pair = [hall.first_key(&hall.me), hall.first_key(&partner)];
    let of_pair = hall.state.credited(period).filter(|(by, ..)| by.iter().all(|one| pair.contains(one)));
    of_pair.map(|(_, member, sum)| net_line(member, &sum)).collect()
}

const fn net_line(member: Address, sum: &Account) -> NetLine {
    NetLine { member, bought: sum.bought, sold: sum.sold, balance: sum.balance, fee: sum.fee }
}

/// Sums over the slots that this desk and a partner corrected. None where one of them cannot be found again, because
/// another correction is on its way or statements of then are lost.
fn net_of(hall: &Hall<'_>, office: &Office, partner: Address, step: &PeriodStep) -> Option<Vec<NetLine>> {
    let mut net = Vec::new();
    for corrected in hall.state.corrected_slots(step.from..step.until) {
        if !of_pair(hall, &corrected.settlers, partner) {
            continue;
        }
        net = added(&net, &office.lines(hall, corrected)?, 1);
        if let Some(settled) = hall.state.settled(corrected.result.slot) {
            net = added(&net, &office.lines(hall, settled)?, -1);
        }
    }
    Some(net)
}

/// The lines of a slot by first key.
pub(super) fn lines_of(hall: &Hall<'_>, outcome: &Outcome) -> Vec<NetLine> {
    let mut sums: BTreeMap<Address, NetLine> = BTreeMap::new();
    for line in &outcome.lines {
        let member = hall.first_key(&line.member);
        let sum = sums.entry(member).or_insert_with(|| zero(member));
        sum.bought.0 += line.alloc.0;
        sum.sold.0 += line.sold.0;
        sum.balance.0 += line.rev.0 - line.pay.0;
        sum.fee.0 += line.fee.0;
    }
    sums.into_values().filter(|line| !is_zero(line)).collect()
}

/// A told line as an amount; nothing where there is none.
fn amount(member: Address, told: Option<&ToldLine>) -> NetLine {
    told.map_or(zero(member), |told| NetLine {
        member,
        bought: told.bought,
        sold: told.sold,
        balance: MicroEuro(told.revenue.0 - told.pay.0),
        fee: told.fee,
    })
}

impl Energy {
    /// What corrections of `slots` come to for this building; none where one of them is not checked yet.
    fn corrected(&self, member: Address, slots: impl Iterator<Item = SlotId>) -> Option<NetLine> {
        let mut sum = zero(member);
        for slot in slots {
            let Some(own) = self.settled_slot(slot) else { continue };
            let now = own.correction().filter(|outcome| outcome.doubt.is_none())?;
            let then = own.outcome().and_then(|outcome| outcome.line.as_ref());
            let (now, then) = (amount(member, now.line.as_ref()), amount(member, then));
            sum.bought = WattHours(sum.bought.0 + now.bought.0 - then.bought.0);
            sum.sold = WattHours(sum.sold.0 + now.sold.0 - then.sold.0);
            sum.balance = MicroEuro(sum.balance.0 + now.balance.0 - then.balance.0);
            sum.fee = MicroEuro(sum.fee.0 + now.fee.0 - then.fee.0);
        }
        Some(sum)
    }

    fn has_forgotten(&self, slots: &std::ops::Range<SlotId>) -> bool {
        let oldest = self.settled().next().map(OwnSlot::slot);
        oldest.is_none_or(|oldest| slots.start < oldest)
    }
}

impl Core {
    /// Whether the credit notes of a final period come to what this building finds itself.
    pub fn check_credits(&self, period: u64) -> CreditCheck {
        let state = self.ledger().state();
        let Some(step) = state.period(period).map(|period| period.step) else { return CreditCheck::Waits };
        let me = state.first_key(&self.ledger().address());
        let mut told = zero(me);
        for (.., sum) in state.credited(period).filter(|(_, member, _)| *member == me) {
            let line = net_line(me, &sum);
            told = added(&[told], &[line], 1).first().copied().unwrap_or(zero(me));
        }
        let slots = state.corrected_slots(step.from..step.until).map(|corrected| corrected.result.slot);
        match self.energy().corrected(me, slots) {
            None => CreditCheck::Waits,
            Some(found) if found == told => CreditCheck::Holds,
            Some(_) if self.energy().has_forgotten(&(step.from..step.until)) => CreditCheck::Forgotten,
            Some(_) if state.credit_sums(period).results > 0 => CreditCheck::Waits,
            Some(_) => CreditCheck::Doubtful,
        }
    }

    /// Final periods of which this building's credit notes do not hold.
    pub(super) fn doubtful_credits(&self) -> usize {
        let periods = self.ledger().state().books().periods;
        let recent = (1..=periods).rev().take(RECENT_PERIODS);
        recent.filter(|number| self.check_credits(*number) == CreditCheck::Doubtful).count()
    }
}

/// Periods whose notes are looked at again.
const RECENT_PERIODS: usize = 4;
