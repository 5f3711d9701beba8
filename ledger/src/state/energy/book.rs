//! Bookings: what members bought, sold, owe and are owed. Energy and money come out even in every one of them.

use std::collections::BTreeMap;

use protocol::energy::{
    CreditNote, Fees, MicroEuro, NetLine, PeriodStatus, Price, SlotId, SlotLength, WattHours, WeekBooking,
};
use protocol::{Address, Digest, encode};

use super::entry::{Account, Books, EnergyEntry, EnergyKey, PairBooks, Period, Week};
use super::{EnergyEvent, slots_of_week};
use crate::energy::EnergyReject;
use crate::state::Overlay;
use crate::state::entry::{Entry, Key};

/// Books what slots of a week brought, or a part of it: large hives split a week into several bookings, of which each
/// comes out even.
pub(super) fn book(
    overlay: &mut Overlay<'_>,
    books: &Books,
    booking: &WeekBooking,
    settlers: [Address; 2],
) -> Result<EnergyEvent, EnergyReject> {
    let number = booking.week;
    let week = overlay.week(number);
    let expected = u64::from(week.bookings) + 1;
    if u64::from(booking.number) != expected {
        let found = booking.number.into();
        return Err(EnergyReject::Number { what: "booking of the week", expected, found });
    }
    let left = week.traded.0 - week.booked.0;
    if left == 0 && week.results == 0 {
        return Err(EnergyReject::NothingToBook { week: number });
    }
    let traded = check_sums(overlay, &booking.lines)?;
    // A correction that makes a week smaller is booked with the other sign.
    if !(left.min(0)..=left.max(0)).contains(&traded) {
        return Err(EnergyReject::Sum { what: "energy bought", expected: left, found: traded });
    }
    note_pair(overlay, books, booking, settlers)?;
    apply(overlay, books.clone(), &booking.lines)?;
    let booked = WattHours(week.booked.0 + traded);
    let results = if booked == week.traded { 0 } else { week.results };
    let week = Week { booked, bookings: booking.number, results, ..week };
    overlay.put_energy(EnergyKey::Week(number), EnergyEntry::Week(week));
    Ok(EnergyEvent::Booked { week: number })
}

/// Keeps what a pair has booked of a week, and its fees within what its energy may cost: two settlement authorities that
/// lie together make no fees of nothing.
fn note_pair(
    overlay: &mut Overlay<'_>,
    books: &Books,
    booking: &WeekBooking,
    settlers: [Address; 2],
) -> Result<(), EnergyReject> {
    let mut pair = settlers.map(|settler| overlay.origin(&settler));
    pair.sort_unstable();
    let key = EnergyKey::Pair(booking.week, pair[0], pair[1]);
    let before = match overlay.energy(key) {
        Some(EnergyEntry::Pair(books)) => Some(*books),
        Some(_) | None => None,
    };
    let sum = |of: fn(&NetLine) -> i64| booking.lines.iter().map(of).sum::<i64>();
    let bought = before.map_or(0, |pair| pair.bought.0).saturating_add(sum(|line| line.bought.0));
    let fee = before.map_or(0, |pair| pair.fee.0).saturating_add(sum(|line| line.fee.0));
    let dearest = Price(overlay.dearest_fee(booking.week, books.length));
    let most = dearest.value_of(WattHours(bought.max(0))).map_or(i64::MAX, |most| most.0);
    if !(0..=most).contains(&fee) {
        return Err(EnergyReject::Sum { what: "fees", expected: most, found: fee });
    }
    let bookings = before.map_or(0, |pair| pair.bookings) + 1;
    let (bought, fee) = (WattHours(bought), MicroEuro(fee));
    let last = digest_of_lines(&booking.lines);
    overlay.put_energy(key, EnergyEntry::Pair(PairBooks { bookings, last, bought, fee }));
    Ok(())
}

/// Hash of the lines of a booking.
pub fn digest_of_lines(lines: &[NetLine]) -> Digest {
    let lines: Vec<Vec<u8>> = lines.iter().map(encode).collect();
    let parts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    Digest::of("symbiose lines of a booking v1", &parts)
}

/// Books in an open period what a final one should have been less what it was.
pub(super) fn credit(overlay: &mut Overlay<'_>, note: &CreditNote) -> Result<EnergyEvent, EnergyReject> {
    let period = overlay.period(note.concerns);
    let Some(period) = period.filter(|period| period.step.status == PeriodStatus::Final) else {
        let found = period.map(|period| period.step.status);
        return Err(EnergyReject::period(note.concerns, found, "a credit note concerns a final one"));
    };
    let booked_in = overlay.period(note.booked_in).map(|period| period.step.status);
    match booked_in {
        Some(PeriodStatus::Open | PeriodStatus::Preview) if note.booked_in > note.concerns => {}
        found @ (Some(_) | None) => {
            return Err(EnergyReject::period(
                note.booked_in,
                found,
                "it is booked in a later one that is not final",
            ));
        }
    }
    let expected = u64::from(period.notes) + 1;
    if u64::from(note.number) != expected {
        let found = note.number.into();
        return Err(EnergyReject::Number { what: "credit note", expected, found });
    }
    check_sums(overlay, &note.lines)?;
    let books = overlay.books();
    apply(overlay, books, &note.lines)?;
    let period = Period { notes: note.number, ..period };
    overlay.put_energy(EnergyKey::Period(note.concerns), EnergyEntry::Period(period));
    Ok(EnergyEvent::Credited { concerns: note.concerns })
}

/// Energy bought is energy sold, balances sum to zero, everybody is a member. The energy bought, Wh.
fn check_sums(overlay: &Overlay<'_>, lines: &[NetLine]) -> Result<i64, EnergyReject> {
    if let Some(stranger) = lines.iter().find(|line| !overlay.is_known(&line.member)) {
        return Err(EnergyReject::Stranger { found: stranger.member });
    }
    let sum = |of: fn(&NetLine) -> i64| lines.iter().map(of).sum::<i64>();
    let (bought, sold) = (sum(|line| line.bought.0), sum(|line| line.sold.0));
    if bought != sold {
        return Err(EnergyReject::Sum { what: "energy sold", expected: bought, found: sold });
    }
    match sum(|line| line.balance.0) {
        0 => Ok(bought),
        found => Err(EnergyReject::Sum { what: "balances", expected: 0, found }),
    }
}

fn apply(overlay: &mut Overlay<'_>, books: Books, lines: &[NetLine]) -> Result<(), EnergyReject> {
    let full = || EnergyReject::Full { what: "an account", max: i64::MAX };
    let mut grid = books.grid;
    // A member that changed its key has one account, under the first.
    let mut accounts: BTreeMap<Address, Account> = BTreeMap::new();
    for line in lines {
        let member = overlay.origin(&line.member);
        let before = accounts.get(&member).copied().unwrap_or_else(|| overlay.account(&member));
        accounts.insert(member, before.added(line).ok_or_else(full)?);
        grid = grid.checked_add(line.fee).ok_or_else(full)?;
    }
    for (member, account) in accounts {
        overlay.put_energy(EnergyKey::Account(member), EnergyEntry::Account(account));
    }
    overlay.put_books(Books { grid, ..books });
    overlay.assert_even();
    Ok(())
}

impl Account {
    fn added(self, line: &NetLine) -> Option<Self> {
        Some(Self {
            bought: self.bought.checked_add(line.bought)?,
            sold: self.sold.checked_add(line.sold)?,
            balance: self.balance.checked_add(line.balance)?,
            fee: self.fee.checked_add(line.fee)?,
        })
    }
}

impl Overlay<'_> {
    fn account(&self, member: &Address) -> Account {
        match self.energy(EnergyKey::Account(*member)) {
            Some(EnergyEntry::Account(account)) => *account,
            Some(_) | None => Account::default(),
        }
    }

    /// The highest fee of any class in a tariff that holds in a week, micro-EUR per kWh.
    fn dearest_fee(&self, week: u64, length: SlotLength) -> i64 {
        let slots = slots_of_week(week, length);
        let all = Key::Energy(EnergyKey::Tariff(SlotId(0)))..=Key::Energy(EnergyKey::Tariff(slots.end));
        let mut dearest = 0;
        for (key, entry) in self.range(all).into_iter().rev() {
            let Entry::Energy(EnergyEntry::Tariff(tariff)) = entry else { continue };
            let Fees { building, cabin, substation, region } = tariff.fees;
            dearest = [building, cabin, substation, region].iter().map(|fee| fee.0).fold(dearest, i64::max);
            if matches!(key, Key::Energy(EnergyKey::Tariff(from)) if from <= slots.start) {
                break;
            }
        }
        dearest
    }

    /// All accounts together, that of the network among them, are even whatever was booked.
    fn assert_even(&self) {
        let (lowest, highest) = (Address::new([0; 20]), Address::new([0xff; 20]));
        let accounts = Key::Energy(EnergyKey::Account(lowest))..=Key::Energy(EnergyKey::Account(highest));
        let (mut energy, mut money) = (0i128, i128::from(self.books().grid.0));
        for (_, entry) in self.range(accounts) {
            let Entry::Energy(EnergyEntry::Account(account)) = entry else { continue };
            energy += i128::from(account.bought.0) - i128::from(account.sold.0);
            money += i128::from(account.balance.0) - i128::from(account.fee.0);
        }
        assert_eq!(
            (energy, money),
            (0, 0),
            "invariant: nothing is bought that nobody sold, no euro comes from nowhere"
        );
    }
}
