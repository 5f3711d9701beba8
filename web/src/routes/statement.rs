//! A month of this building as a statement, and the bookings of the ledger from which neighbours settle up.

use crate::app::{App, Shared};
use crate::extract::{Id, Query};
use crate::list::{Page, Paging, page};
use crate::problem::{Kind, Problem};
use crate::request::EnergyCall;
use crate::routes::csv::{field, file};
use crate::routes::energy::ask;
use crate::steps::{Edges, Step};
use crate::time::Time;
use crate::view::{BookedLine, BookingView, CreditStage, CreditView, MonthSums, StatementView};
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use protocol::UnixMs;
use protocol::time::civil_from_days;
use serde::Deserialize;
use utoipa::IntoParams;

/// A day, milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Months over which less than a cent is carried on, more than slots are kept.
const MONTHS_MAX: i32 = 24;
/// Micro-EUR of a cent.
const CENT: i64 = 10_000;

/// Whose clocks say where a month begins.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Place {
    /// Time zone by its IANA name; UTC when not given.
    #[param(example = "Europe/Brussels")]
    tz: Option<String>,
}

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month {
    year: i32,
    month: u8,
}

impl Month {
    fn parse(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::new(Kind::Invalid, "expected a month such as 2026-11").field("id");
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        let digits = |text: &str, len| text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(wrong());
        }
        let found =
            Self { year: year.parse().map_err(|_| wrong())?, month: month.parse().map_err(|_| wrong())? };
        let is_real = (1971..=9998).contains(&found.year) && (1..=12).contains(&found.month);
        if is_real { Ok(found) } else { Err(wrong()) }
    }

    /// First moment and first moment after it, by the clocks of a place.
    fn range(self, zone: Option<&str>) -> Result<(UnixMs, UnixMs), Problem> {
        let Self { year, month } = self;
        let middle = jiff::civil::date(year.try_into().unwrap_or(i16::MAX), month.cast_signed(), 15);
        let middle = middle.to_zoned(jiff::tz::TimeZone::UTC);
        let wrong = |_| Problem::new(Kind::Invalid, "expected a month such as 2026-11").field("id");
        let middle = middle.map_err(wrong)?.timestamp().as_millisecond();
        let edges = Edges::new(middle, middle + 1, Step::Month, zone.or(Some("UTC")), 2)?;
        Ok((UnixMs(edges.first()), UnixMs(edges.last())))
    }

    /// The months before it from the one of the oldest slot on, in UTC and one more for clocks elsewhere: a year's end is
    /// none of an account's.
    fn since(self, oldest: Option<Time>) -> impl Iterator<Item = Self> {
        let (end, most) = (self.index(), MONTHS_MAX);
        let first = oldest.map_or(end, |oldest| {
            let (year, month, _) = civil_from_days(oldest.ms().div_euclid(DAY_MS));
            let year = i32::try_from(year).unwrap_or(self.year);
            Self { year, month: u8::try_from(month).unwrap_or(1) }.index() - 1
        });
        (first.max(end - most)..end).map(|index| {
            let month = u8::try_from(index.rem_euclid(12) + 1).expect("invariant: a twelfth");
            Self { year: index.div_euclid(12), month }
        })
    }

    /// Months since the year 0.
    fn index(self) -> i32 {
        self.year * 12 + i32::from(self.month) - 1
    }

    fn name(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}

/// A month of this building: what came from the grid and from neighbours, each with its price, and what is owed. Amounts
/// are rounded to cents here and nowhere else; what a month leaves over is
/// carried to the next.
#[utoipa::path(
    get, path = "/api/v1/energy/statements/{id}", tag = "energy",
    params(("id" = String, Path, description = "Year and month", example = "2026-11"), Place),
    responses((status = 200, description = "As far as the month has come", body = StatementView))
)]
pub(crate) async fn statement(
    State(app): Shared,
    Id(id): Id,
    Query(place): Query<Place>,
) -> Result<Json<StatementView>, Problem> {
    drawn_up(&app, &id, &place).await.map(Json)
}

/// The same as CSV, a line for each item.
#[utoipa::path(
    get, path = "/api/v1/energy/statements/{id}/csv", tag = "energy",
    params(("id" = String, Path, description = "Year and month", example = "2026-11"), Place),
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`item,energy_wh,micro_eur`; amounts this building pays are positive"
    ))
)]
pub(crate) async fn statement_csv(
    State(app): Shared,
    Id(id): Id,
    Query(place): Query<Place>,
) -> Result<Response, Problem> {
    let statement = drawn_up(&app, &id, &place).await?;
    let StatementView { sums, .. } = &statement;
    let mut text = String::from("item,energy_wh,micro_eur\r\n");
    let mut row = |item: &str, energy: Option<i64>, money: i64| {
        let energy = energy.map(|energy| energy.to_string()).unwrap_or_default();
        text.push_str(&format!("{item},{energy},{money}\r\n"));
    };
    row("grid_import", Some(sums.grid_import.energy_wh), sums.grid_import.amount);
    row("grid_export", Some(sums.grid_export.energy_wh), -sums.grid_export.amount);
    row("bought_from_neighbours", Some(sums.bought.energy_wh), sums.bought.amount);
    row("sold_to_neighbours", Some(sums.sold.energy_wh), -sums.sold.amount);
    row("network_fee", None, sums.fee);
    row("total", None, sums.total);
    row("without_sharing", None, sums.alone);
    row("best_possible", None, sums.best);
    row("credit_notes", None, statement.credited);
    row("carried_in", None, statement.carried_in);
    row("owed_in_cents_times_10000", None, statement.cents.saturating_mul(CENT));
    row("carried_out", None, statement.carried_out);
    for note in &statement.credit_notes {
        let item = format!("credit_note_{}_of_period_{}", note.number, note.concerns);
        row(&item, Some(note.bought_wh - note.sold_wh), note.fee - note.balance);
    }
    Ok(file(&format!("statement-{}", statement.id), text))
}

async fn drawn_up(app: &App, id: &str, place: &Place) -> Result<StatementView, Problem> {
    let (month, zone) = (Month::parse(id)?, place.tz.as_deref());
    let (from, to) = month.range(zone)?;
    let sums = sums_of(app, month, zone).await?;
    let last_year = sums_of(app, Month { year: month.year - 1, ..month }, zone).await?;
    let credits = ask(app, EnergyCall::Credits).await?;
    let picture = app.picture();
    // A booking names a member by the key it had then.
    let mine = |line: &&BookedLine| credits.names.contains(&line.member);
    let credited_in = |(from, to): (UnixMs, UnixMs)| {
        let of_then = picture.bookings.iter().filter(|booking| booking.week.is_none());
        let of_then = of_then.filter(|booking| (from.0..to.0).contains(&booking.time.ms()));
        let lines = of_then.filter_map(|booking| booking.lines.iter().find(mine));
        lines.fold(0_i64, |sum, line| sum.saturating_add(line.fee).saturating_sub(line.balance))
    };
    let mut carried_in = 0;
    for earlier in month.since(credits.since) {
        let credited = credited_in(earlier.range(zone)?);
        let owed = owed(&sums_of(app, earlier, zone).await?).saturating_add(credited);
        carried_in = carry(carried_in, owed).1;
    }
    let credited = credited_in((from, to));
    let (cents, carried_out) = carry(carried_in, owed(&sums).saturating_add(credited));
    let check = |period: u64| {
        let found = credits.checks.iter().find(|(number, _)| *number == period);
        found.map_or(CreditStage::Forgotten, |(_, check)| *check)
    };
    let credit = |booking: &BookingView| {
        let line = booking.lines.iter().find(mine)?;
        Some(CreditView {
            concerns: booking.concerns?,
            booked_in: booking.booked_in?,
            number: booking.number,
            time: booking.time,
            bought_wh: line.bought_wh,
            sold_wh: line.sold_wh,
            balance: line.balance,
            fee: line.fee,
            check: check(booking.concerns?),
        })
    };
    let of_month = |booking: &&BookingView| (from.0..to.0).contains(&booking.time.ms());
    Ok(StatementView {
        id: month.name(),
        from: from.into(),
        to: to.into(),
        sums,
        last_year: (last_year.slots > 0).then_some(last_year),
        carried_in,
        credited,
        cents,
        carried_out,
        credit_notes: picture.bookings.iter().filter(of_month).filter_map(credit).collect(),
    })
}

/// What neighbours and network are owed.
const fn owed(sums: &MonthSums) -> i64 {
    sums.bought.amount.saturating_sub(sums.sold.amount).saturating_add(sums.fee)
}

/// Whole cents of what is owed together with what was carried in, rounded down, and what is left over.
const fn carry(carried_in: i64, owed: i64) -> (i64, i64) {
    let sum = owed.saturating_add(carried_in);
    (sum.div_euclid(CENT), sum.rem_euclid(CENT))
}

async fn sums_of(app: &App, month: Month, zone: Option<&str>) -> Result<MonthSums, Problem> {
    let (from, to) = month.range(zone)?;
    ask(app, |reply| EnergyCall::Sums { from, to, reply }).await
}

/// Bookings of the ledger: what members bought, sold, owe and are owed by week, and credit notes.
#[utoipa::path(
    get, path = "/api/v1/energy/bookings", tag = "energy", params(Paging),
    responses((status = 200, description = "Oldest first, the newest 520", body = Page<BookingView>))
)]
pub(crate) async fn bookings(
    State(app): Shared,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<BookingView>>, Problem> {
    page(app.picture().bookings.iter(), |booking| &booking.id, &paging).map(Json)
}

/// The same as CSV, a line for each member of each booking: the lines of invoices and credit notes.
#[utoipa::path(
    get, path = "/api/v1/energy/bookings/csv", tag = "energy",
    responses((
        status = 200, content_type = "text/csv", body = String,
        description = "`kind,week,concerns,booked_in,number,height,transaction,member,name,bought_wh,sold_wh,\
                       balance_micro_eur,fee_micro_eur`"
    ))
)]
pub(crate) async fn bookings_csv(State(app): Shared) -> Response {
    let picture = app.picture();
    let mut text = String::from(
        "kind,week,concerns,booked_in,number,height,transaction,member,name,bought_wh,sold_wh,balance_micro_eur,\
         fee_micro_eur\r\n",
    );
    let shown = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    for booking in picture.bookings.iter() {
        let kind = if booking.week.is_some() { "week" } else { "credit_note" };
        let week = booking.week.map(|week| week.to_string()).unwrap_or_default();
        let (concerns, booked_in) = (shown(booking.concerns), shown(booking.booked_in));
        for BookedLine { member, bought_wh, sold_wh, balance, fee } in &booking.lines {
            let name =
                picture.members.iter().find(|known| known.id == *member).map(|known| field(&known.name));
            text.push_str(&format!(
                "{kind},{week},{concerns},{booked_in},{},{},{},{member},{},{bought_wh},{sold_wh},{balance},{fee}\r\n",
                booking.number,
                booking.height,
                booking.id,
                name.unwrap_or_default(),
            ));
        }
    }
    file("bookings", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_a_place() {
        let november = Month::parse("2026-11").expect("a month");
        let hours =
            |zone| november.range(zone).map(|(from, to)| (from.0 / 3_600_000, to.since(from) / 3_600_000));
        assert_eq!(hours(None).expect("UTC").1, 30 * 24);
        let (utc, brussels) =
            (hours(None).expect("UTC").0, hours(Some("Europe/Brussels")).expect("a zone").0);
        assert_eq!(utc - brussels, 1);
        let march = Month::parse("2026-03").expect("a month").range(Some("Europe/Brussels")).expect("a zone");
        assert_eq!(march.1.since(march.0), (31 * 24 - 1) * 3_600_000, "an hour is skipped");
        let since = |text: &str| november.since(Some(Time::from_ms(text.parse().expect("a time"))));
        // 2025-10-31: from September of that year, over the turn of the year.
        let months: Vec<String> = since("1761868800000").map(Month::name).collect();
        assert_eq!((months.len(), months[0].as_str(), months[13].as_str()), (14, "2025-09", "2026-10"));
        assert!(months.contains(&"2025-12".to_owned()) && months.contains(&"2026-01".to_owned()));
        assert_eq!((november.since(None).count(), since("0").count()), (0, 24));
        for wrong in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "26-11",
            "2026-1",
            "+026-11",
            "2026-11-01",
            "0000-01",
            "9999-12",
        ] {
            assert!(Month::parse(wrong).is_err(), "{wrong}");
        }
        assert!(november.range(Some("Mars/Base")).is_err());
    }

    #[test]
    fn cents_are_rounded_once_and_what_is_left_is_carried() {
        assert_eq!(carry(0, 62_000), (6, 2_000));
        assert_eq!(carry(2_000, 8_000), (1, 0));
        assert_eq!(
            carry(0, -1),
            (-1, 9_999),
            "received amounts are rounded against the receiver and carried"
        );
        let months = [12_345, 67_890, -55_555, 9];
        let (mut cents, mut left) = (0, 0);
        for owed in months {
            let (more, next) = carry(left, owed);
            (cents, left) = (cents + more, next);
        }
        assert_eq!(cents * CENT + left, months.iter().sum::<i64>(), "no micro-EUR is lost");
    }
}
