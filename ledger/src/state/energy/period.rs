//! Billing periods: open, shown to members, final for good.

use protocol::energy::{PeriodStatus, PeriodStep};

use super::entry::{Books, EnergyEntry, EnergyKey, Period};
use super::{EnergyEvent, week_of};
use crate::energy::EnergyReject;
use crate::state::Overlay;
use crate::state::execute::BlockContext;

/// Moves a period on.
pub(super) fn step(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    books: Books,
    step: &PeriodStep,
) -> Result<EnergyEvent, EnergyReject> {
    let number = step.number;
    let period = match step.status {
        PeriodStatus::Open => open(overlay, &books, step)?,
        PeriodStatus::Preview => advance(overlay, context, &books, step, PeriodStatus::Open)?,
        PeriodStatus::Final => {
            let period = advance(overlay, context, &books, step, PeriodStatus::Preview)?;
            check_booked(overlay, &books, step)?;
            period
        }
    };
    overlay.put_energy(EnergyKey::Period(number), EnergyEntry::Period(period));
    overlay.put_books(match step.status {
        PeriodStatus::Open => Books { periods: number, ..books },
        PeriodStatus::Preview => books,
        PeriodStatus::Final => Books { final_until: step.until, ..books },
    });
    Ok(EnergyEvent::Period { number })
}

fn open(overlay: &Overlay<'_>, books: &Books, step: &PeriodStep) -> Result<Period, EnergyReject> {
    let expected = books.periods + 1;
    if step.number != expected {
        return Err(EnergyReject::Number { what: "period", expected, found: step.number });
    }
    if let Some(before) = overlay.period(books.periods)
        && before.step.until != step.from
    {
        let (expected, found) = (before.step.until.0, step.from.0);
        return Err(EnergyReject::Number { what: "first slot of the period", expected, found });
    }
    Ok(Period { step: *step, notes: 0 })
}

/// The same bounds, one step on, when the last slot is over. Periods become final one after the other.
fn advance(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    books: &Books,
    step: &PeriodStep,
    from: PeriodStatus,
) -> Result<Period, EnergyReject> {
    let number = step.number;
    let before = overlay.period(number);
    let Some(period) = before.filter(|period| period.step.status == from) else {
        let found = before.map(|period| period.step.status);
        if found == Some(PeriodStatus::Final) {
            return Err(EnergyReject::Final { number });
        }
        return Err(EnergyReject::period(number, found, "it is opened, then shown, then final"));
    };
    if (period.step.from, period.step.until) != (step.from, step.until) {
        let (expected, found) = (period.step.until.0, step.until.0);
        return Err(EnergyReject::Number { what: "end of the period", expected, found });
    }
    let ends = step.until.start(books.length);
    if ends > context.time {
        return Err(EnergyReject::NotOver { ends, now: context.time });
    }
    let earlier = overlay.period(number - 1).map(|period| period.step.status);
    if step.status == PeriodStatus::Final && earlier.is_some_and(|status| status != PeriodStatus::Final) {
        return Err(EnergyReject::period(number - 1, earlier, "an earlier period is final first"));
    }
    Ok(Period { step: *step, ..period })
}

/// What was shared in the period is on members' accounts.
fn check_booked(overlay: &Overlay<'_>, books: &Books, step: &PeriodStep) -> Result<(), EnergyReject> {
    let last = protocol::energy::SlotId(step.until.0 - 1);
    for week in week_of(step.from, books.length)..=week_of(last, books.length) {
        let found = overlay.week(week);
        if found.traded != found.booked || found.results > 0 {
            return Err(EnergyReject::NotBooked { week });
        }
    }
    Ok(())
}
