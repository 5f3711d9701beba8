//! Bookings of the ledger as they pass: weeks and credit notes with a line for each member, the newest of them.

use std::sync::Arc;

use protocol::energy::{NetLine, Settlement};
use protocol::{Block, Payload, UnixMs};
use web::Time;
use web::view::{BookedLine, BookingView};

/// Bookings that are held, some years of weeks.
const BOOKINGS_MAX: usize = 520;
const WEEK_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Week 0 begins on Monday, 1969-12-29.
const WEEK_ZERO_MS: i64 = -3 * 24 * 60 * 60 * 1000;

/// The newest bookings, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bookings(Arc<Vec<BookingView>>);

impl Bookings {
    /// Takes note of those in a final block.
    pub(crate) fn note(&mut self, block: &Block) {
        for transaction in &*block.transactions {
            let Payload::Settle(signed) = &transaction.body.payload else { continue };
            let booked = |lines: &[NetLine]| BookingView {
                id: transaction.id().to_string(),
                height: block.header.height.0,
                time: Time::from(block.header.time),
                week: None,
                concerns: None,
                booked_in: None,
                number: 0,
                lines: lines.iter().map(line).collect(),
            };
            let booking = match &signed.settlement {
                Settlement::Week(week) => BookingView {
                    week: week_start(week.week).map(Time::from),
                    number: week.number,
                    ..booked(&week.lines)
                },
                Settlement::Credit(note) => BookingView {
                    concerns: Some(note.concerns),
                    booked_in: Some(note.booked_in),
                    number: note.number,
                    ..booked(&note.lines)
                },
                Settlement::Slot(_)
                | Settlement::Period(_)
                | Settlement::Correction(_)
                | Settlement::Ruling(_) => continue,
            };
            let bookings = Arc::make_mut(&mut self.0);
            if bookings.len() == BOOKINGS_MAX {
                bookings.remove(0);
            }
            bookings.push(booking);
        }
    }

    /// All of them, shared rather than copied.
    pub(crate) fn all(&self) -> Arc<Vec<BookingView>> {
        Arc::clone(&self.0)
    }
}

fn week_start(week: u64) -> Option<UnixMs> {
    let week = i64::try_from(week).ok()?;
    week.checked_mul(WEEK_MS)?.checked_add(WEEK_ZERO_MS).map(UnixMs)
}

fn line(line: &NetLine) -> BookedLine {
    BookedLine {
        member: line.member.to_string(),
        bought_wh: line.bought.0,
        sold_wh: line.sold.0,
        balance: line.balance.0,
        fee: line.fee.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays() {
        // 2026-11-16, a Monday.
        assert_eq!(week_start(2_968), Some(UnixMs(1_794_787_200_000)));
        assert_eq!(week_start(u64::MAX), None);
    }
}
