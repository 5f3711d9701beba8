//! Billing periods by the calendar: a month of UTC is open while it runs, shown to members when it is over, and final
//! ten days later, once every week in it is booked.

use ledger::state::energy::week_of;
use protocol::energy::{PeriodStatus, PeriodStep, SlotId, SlotLength};
use protocol::time::civil_from_days;

use super::hall::{Hall, day_of};
use crate::core::telemetry::DAY_MS;

/// How long members look at a period before it is final, milliseconds.
pub const PREVIEW_MS: i64 = 10 * DAY_MS;

/// The steps that are due now, at most one of each period.
pub(super) fn due(hall: &Hall<'_>) -> Vec<PeriodStep> {
    let mut steps = Vec::new();
    let length = hall.length();
    let mut are_final = true;
    for number in 1..=hall.books.periods {
        let Some(period) = hall.state.period(number) else { continue };
        let over_ms = hall.now.time.since(period.step.until.start(length));
        let next = match period.step.status {
            PeriodStatus::Open if over_ms >= 0 => Some(PeriodStatus::Preview),
            PeriodStatus::Preview if over_ms >= PREVIEW_MS && are_final && is_booked(hall, &period.step) => {
                Some(PeriodStatus::Final)
            }
            PeriodStatus::Open | PeriodStatus::Preview | PeriodStatus::Final => None,
        };
        steps.extend(next.map(|status| PeriodStep { status, ..period.step }));
        are_final &= period.step.status == PeriodStatus::Final;
    }
    steps.extend(opening(hall));
    steps
}

/// The next period: the first one holds the first slot that was settled, each later one begins where the one before ends.
fn opening(hall: &Hall<'_>) -> Option<PeriodStep> {
    let (state, length) = (hall.state, hall.length());
    let number = hall.books.periods + 1;
    let from = match state.period(hall.books.periods) {
        Some(last) => last.step.until,
        None => {
            let first = state.settled_slots(SlotId(0)..=SlotId(u64::MAX)).next()?;
            first_of_month(day_of(first.result.slot, length), length)
        }
    };
    let until = first_of_next_month(day_of(from, length), length);
    let has_begun = from.start(length) <= hall.now.time;
    has_begun.then_some(PeriodStep { number, status: PeriodStatus::Open, from, until })
}

/// Whether all that was shared in a period is on members' accounts.
fn is_booked(hall: &Hall<'_>, step: &PeriodStep) -> bool {
    let last = SlotId(step.until.0.saturating_sub(1));
    (week_of(step.from, hall.length())..=week_of(last, hall.length())).all(|week| {
        let week = hall.state.energy_week(week);
        week.traded == week.booked && week.results == 0
    })
}

fn first_of_month(day: u64, length: SlotLength) -> SlotId {
    let (.., of_month) = civil_from_days(i64::try_from(day).unwrap_or(0));
    let before = u64::try_from(of_month - 1).unwrap_or(0);
    SlotId(day.saturating_sub(before) * u64::from(length.slots_per_day()))
}

fn first_of_next_month(day: u64, length: SlotLength) -> SlotId {
    let month = |day: u64| civil_from_days(i64::try_from(day).unwrap_or(0)).1;
    let next = (day..).find(|later| month(*later) != month(day)).unwrap_or(day);
    SlotId(next * u64::from(length.slots_per_day()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_the_calendar() {
        let quarter = SlotLength::Quarter;
        // 2024-02-10 is day 19763; February of that year has 29 days.
        assert_eq!(first_of_month(19_763, quarter), SlotId(19_754 * 96));
        assert_eq!(first_of_next_month(19_763, quarter), SlotId(19_783 * 96));
        assert_eq!(first_of_next_month(19_754, SlotLength::Hour), SlotId(19_783 * 24));
        assert_eq!(first_of_month(19_754, quarter), SlotId(19_754 * 96));
    }
}
