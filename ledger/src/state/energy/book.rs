//! Bookings: what members bought, sold, owe and are owed. Energy and money come out even in every one of them.

use std::collections::BTreeMap;

use protocol::energy::{
    CreditNote, Fees, MicroEuro, NetLine, PeriodStatus, Price, SlotId, SlotLength, WattHours, WeekBooking,
};
use protocol::{Address, Digest, encode};

use super::entry::{Account, Books, EnergyEntry, EnergyKey, PairBooks, Period, Week};
use super::{EnergyEvent, correct, slots_of_week};
use crate::energy::EnergyReject;
use crate::planted::Bug;
use crate::state::Overlay;
use crate::state::entry::{Entry, Key};
use crate::state::execute::BlockContext;

/// Books what slots of a week brought, or a part of it: large hives split a week into several bookings, of which each
/// comes out even.
pub(super) fn book(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
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
    let traded = check_sums(overlay, context, &booking.lines)?;
    let before = pair_books(overlay, number, settlers).map_or(0, |pair| pair.bought.0);
    // A correction that makes a week smaller is booked with the other sign. A pair takes back what it booked itself where
    // another one has settled the slot since.
    let takes_back = traded < 0 && traded.saturating_neg() <= before && week.booked.0 + traded >= 0;
    if !(left.min(0)..=left.max(0)).contains(&traded) && !takes_back {
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
    let before = pair_books(overlay, booking.week, settlers);
    let sum = |of: fn(&NetLine) -> i64| booking.lines.iter().map(of).sum::<i64>();
    let bought = before.map_or(0, |pair| pair.bought.0).saturating_add(sum(|line| line.bought.0));
    let fee = before.map_or(0, |pair| pair.fee.0).saturating_add(sum(|line| line.fee.0));
    let dearest = Price(overlay.dearest_fee(booking.week, books.length));
    let most = dearest.value_of(WattHours(bought.max(0))).map_or(i64::MAX, |most| most.0);
    let key = pair_key(overlay, booking.week, settlers);
    // Who books in place of a pair that is gone takes back its fees with its energy: then the week as a whole counts.
    let whole = || {
        let others = overlay.pairs_of(booking.week).filter(|(other, _)| *other != key);
        let (bought, fee) = others.fold((bought, fee), |(bought, fee), (_, one)| {
            (bought.saturating_add(one.bought.0), fee.saturating_add(one.fee.0))
        });
        let most = dearest.value_of(WattHours(bought.max(0))).map_or(i64::MAX, |most| most.0);
        (0..=most).contains(&fee)
    };
    if !(0..=most).contains(&fee) && !whole() {
        return Err(EnergyReject::Sum { what: "fees", expected: most, found: fee });
    }
    let bookings = before.map_or(0, |pair| pair.bookings) + 1;
    let (bought, fee) = (WattHours(bought), MicroEuro(fee));
    let last = digest_of_lines(&booking.lines);
    overlay.put_energy(key, EnergyEntry::Pair(PairBooks { bookings, last, bought, fee }));
    Ok(())
}

fn pair_key(overlay: &Overlay<'_>, week: u64, settlers: [Address; 2]) -> EnergyKey {
    let mut pair = settlers.map(|settler| overlay.first_key(&settler));
    pair.sort_unstable();
    EnergyKey::Pair(week, pair[0], pair[1])
}

fn pair_books(overlay: &Overlay<'_>, week: u64, settlers: [Address; 2]) -> Option<PairBooks> {
    match overlay.energy(pair_key(overlay, week, settlers)) {
        Some(EnergyEntry::Pair(books)) => Some(*books),
        Some(_) | None => None,
    }
}

/// Hash of the lines of a booking.
pub fn digest_of_lines(lines: &[NetLine]) -> Digest {
    let lines: Vec<Vec<u8>> = lines.iter().map(encode).collect();
    let parts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    Digest::of("symbiose lines of a booking v1", &parts)
}

/// Books in an open period what a final one should have been less what it was.
pub(super) fn credit(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    note: &CreditNote,
    settlers: [Address; 2],
) -> Result<EnergyEvent, EnergyReject> {
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
    let bought = check_sums(overlay, context, &note.lines)?;
    correct::credit(overlay, note, bought, settlers)?;
    let books = overlay.books();
    apply(overlay, books, &note.lines)?;
    let period = Period { notes: note.number, ..period };
    overlay.put_energy(EnergyKey::Period(note.concerns), EnergyEntry::Period(period));
    Ok(EnergyEvent::Credited { concerns: note.concerns })
}

/// Energy bought is energy sold, balances sum to zero, everybody is a member. The energy bought, Wh.
fn check_sums(overlay: &Overlay<'_>, context: &BlockContext, lines: &[NetLine]) -> Result<i64, EnergyReject> {
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
        _ if context.planted.is(Bug::UnevenBooking) => Ok(bought),
        found => Err(EnergyReject::Sum { what: "balances", expected: 0, found }),
    }
}

fn apply(overlay: &mut Overlay<'_>, books: Books, lines: &[NetLine]) -> Result<(), EnergyReject> {
    let full = || EnergyReject::Full { what: "an account", max: i64::MAX };
    let mut grid = books.grid;
    // A member that changed its key has one account, under the first.
    let mut accounts: BTreeMap<Address, Account> = BTreeMap::new();
    for line in lines {
        let member = overlay.first_key(&line.member);
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
    pub(super) fn added(self, line: &NetLine) -> Option<Self> {
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

    /// What every pair booked of a week.
    fn pairs_of(&self, week: u64) -> impl Iterator<Item = (EnergyKey, PairBooks)> {
        let (lowest, highest) = (Address::new([0; 20]), Address::new([0xff; 20]));
        let from = Key::Energy(EnergyKey::Pair(week, lowest, lowest));
        let to = Key::Energy(EnergyKey::Pair(week, highest, highest));
        self.range(from..=to).into_iter().filter_map(|(key, entry)| match (key, entry) {
            (Key::Energy(key), Entry::Energy(EnergyEntry::Pair(books))) => Some((key, books)),
            _ => None,
        })
    }

    /// The highest fee of any class in a tariff that holds in a week, micro-EUR per kWh.
    fn dearest_fee(&self, week: u64, length: SlotLength) -> i64 {
        self.dearest_fee_in(&slots_of_week(week, length))
    }

    /// The same of any slots.
    pub(super) fn dearest_fee_in(&self, slots: &std::ops::Range<SlotId>) -> i64 {
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
