//! What anybody who holds the ledger may read of shared energy.

use std::ops::RangeInclusive;

use protocol::energy::{Coefficients, Settlement, SharingRule, SlotId, SlotLength, Tariff};
use protocol::{Address, Digest};

use super::entry::{
    Account, Books, Credits, Disputed, EnergyEntry, EnergyKey, Given, PairBooks, Period, SettledSlot, Week,
};
use crate::state::State;
use crate::state::entry::{Entry, Key};

impl State {
    /// What the hive decided and counts.
    pub fn books(&self) -> Books {
        self.opened_books().cloned().unwrap_or_default()
    }

    /// The same where it lies; none before anything was decided.
    pub fn opened_books(&self) -> Option<&Books> {
        match self.energy(EnergyKey::Books) {
            Some(EnergyEntry::Books(books)) => Some(books),
            Some(_) | None => None,
        }
    }

    /// How long the hive's slots are.
    pub fn slot_length(&self) -> SlotLength {
        self.opened_books().map_or_else(|| Books::default().length, |books| books.length)
    }

    /// The rule that holds for a slot.
    pub fn rule_at(&self, slot: SlotId) -> SharingRule {
        match self.energies(EnergyKey::Rule(SlotId(0))..=EnergyKey::Rule(slot)).next_back() {
            Some((_, EnergyEntry::Rule(rule))) => rule.clone(),
            Some(_) | None => SharingRule::DEFAULT,
        }
    }

    /// The parts that hold for a slot, and since which one: none unless the rule asks for them and whoever it names gave
    /// some since it began.
    pub fn coefficients_at(&self, slot: SlotId) -> Option<(SlotId, &Given)> {
        let (begins, rule) = self.rules_until(slot).next_back()?;
        let SharingRule::FullDynamic(rule) = rule else { return None };
        let (from, given) = self.coefficients(begins..SlotId(slot.0.saturating_add(1))).next_back()?;
        let holds = given.organiser == self.first_key(&rule.organiser) && given.whole == rule.whole;
        holds.then_some((from, given))
    }

    /// What organisers gave from slots of a range on, by slot, whether it holds or lapsed.
    pub fn coefficients(
        &self,
        slots: std::ops::Range<SlotId>,
    ) -> impl DoubleEndedIterator<Item = (SlotId, &Given)> {
        let keys = EnergyKey::Coefficients(slots.start)..=EnergyKey::Coefficients(slots.end.max(slots.start));
        self.energies(keys).filter_map(move |(key, entry)| match (key, entry) {
            (EnergyKey::Coefficients(from), EnergyEntry::Coefficients(given)) if slots.contains(&from) => {
                Some((from, given))
            }
            _ => None,
        })
    }

    /// The same parts with their members named by the last ones that `organiser` gave before them, if it gave those to the same
    /// members: that takes 21 bytes a member less.
    pub fn shortened(&self, given: Coefficients, organiser: &Address) -> Coefficients {
        let organiser = self.first_key(organiser);
        let Some((from, before)) = self.coefficients(SlotId(0)..*given.slots().start()).next_back() else {
            return given;
        };
        let members: Vec<Address> = before.parts.members().collect();
        if before.organiser == organiser { given.naming(from, &members) } else { given }
    }

    /// The tariff that holds for a slot; none before the first.
    pub fn tariff_at(&self, slot: SlotId) -> Option<Tariff> {
        match self.energies(EnergyKey::Tariff(SlotId(0))..=EnergyKey::Tariff(slot)).next_back() {
            Some((_, EnergyEntry::Tariff(tariff))) => Some(*tariff),
            Some(_) | None => None,
        }
    }

    /// Every rule that was ever decided, by its first slot.
    pub fn rules(&self) -> impl DoubleEndedIterator<Item = (SlotId, &SharingRule)> {
        self.rules_until(SlotId(u64::MAX))
    }

    fn rules_until(&self, slot: SlotId) -> impl DoubleEndedIterator<Item = (SlotId, &SharingRule)> {
        let all = EnergyKey::Rule(SlotId(0))..=EnergyKey::Rule(slot);
        self.energies(all).filter_map(|(key, entry)| match (key, entry) {
            (EnergyKey::Rule(from), EnergyEntry::Rule(rule)) => Some((from, rule)),
            _ => None,
        })
    }

    /// Every tariff that was ever decided, by its first slot.
    pub fn tariffs(&self) -> impl DoubleEndedIterator<Item = Tariff> {
        let all = EnergyKey::Tariff(SlotId(0))..=EnergyKey::Tariff(SlotId(u64::MAX));
        self.energies(all).filter_map(|(_, entry)| {
            let EnergyEntry::Tariff(tariff) = entry else { return None };
            Some(*tariff)
        })
    }

    /// A settled slot in its last version.
    pub fn settled(&self, slot: SlotId) -> Option<&SettledSlot> {
        match self.energy(EnergyKey::Slot(slot)) {
            Some(EnergyEntry::Slot(settled)) => Some(settled),
            Some(_) | None => None,
        }
    }

    /// Settled slots of a range in order.
    pub fn settled_slots(
        &self,
        slots: RangeInclusive<SlotId>,
    ) -> impl DoubleEndedIterator<Item = &SettledSlot> {
        let keys = EnergyKey::Slot(*slots.start())..=EnergyKey::Slot(*slots.end().max(slots.start()));
        self.energies(keys).filter_map(move |(_, entry)| {
            let EnergyEntry::Slot(settled) = entry else { return None };
            slots.contains(&settled.result.slot).then_some(settled)
        })
    }

    /// The first key of whoever has, or had, this address: accounts, bookings and commitments stand under it.
    pub fn first_key(&self, address: &Address) -> Address {
        self.origin(&self.current(address))
    }

    /// A slot of a final period as it should have been, in its last version; what was settled stands beside it.
    pub fn corrected(&self, slot: SlotId) -> Option<&SettledSlot> {
        match self.energy(EnergyKey::Correction(slot)) {
            Some(EnergyEntry::Slot(corrected)) => Some(corrected),
            Some(_) | None => None,
        }
    }

    /// Corrected slots of a range in order.
    pub fn corrected_slots(
        &self,
        slots: std::ops::Range<SlotId>,
    ) -> impl DoubleEndedIterator<Item = &SettledSlot> {
        let keys = EnergyKey::Correction(slots.start)..=EnergyKey::Correction(slots.end.max(slots.start));
        self.energies(keys).filter_map(move |(_, entry)| {
            let EnergyEntry::Slot(corrected) = entry else { return None };
            slots.contains(&corrected.result.slot).then_some(corrected)
        })
    }

    /// What holds of a slot, whether its period is final or not: the last correction, else what was settled.
    pub fn latest_result(&self, slot: SlotId) -> Option<&SettledSlot> {
        self.corrected(slot).or_else(|| self.settled(slot))
    }

    /// What the corrected slots of a final period come to.
    pub fn credit_sums(&self, period: u64) -> Credits {
        match self.energy(EnergyKey::Credits(period)) {
            Some(EnergyEntry::Credits(credits)) => *credits,
            Some(_) | None => Credits::default(),
        }
    }

    /// What credit notes told of a final period: the two that signed them and the member, by first keys, and the sum.
    pub fn credited(&self, period: u64) -> impl Iterator<Item = ([Address; 2], Address, Account)> {
        let (lowest, highest) = (Address::new([0; 20]), Address::new([0xff; 20]));
        let from = EnergyKey::Credited(period, lowest, lowest, lowest);
        let all = self.energies(from..=EnergyKey::Credited(period, highest, highest, highest));
        all.filter_map(|(key, entry)| match (key, entry) {
            (EnergyKey::Credited(_, one, other, member), EnergyEntry::Account(account)) => {
                Some(([one, other], member, *account))
            }
            _ => None,
        })
    }

    /// The latest dispute of a slot, decided or not.
    pub fn disputed(&self, slot: SlotId) -> Option<&Disputed> {
        match self.energy(EnergyKey::Dispute(slot)) {
            Some(EnergyEntry::Disputed(disputed)) => Some(disputed),
            Some(_) | None => None,
        }
    }

    /// Disputes of slots of a range, by slot.
    pub fn disputes(
        &self,
        slots: std::ops::Range<SlotId>,
    ) -> impl DoubleEndedIterator<Item = (SlotId, &Disputed)> {
        let keys = EnergyKey::Dispute(slots.start)..=EnergyKey::Dispute(slots.end.max(slots.start));
        self.energies(keys).filter_map(move |(key, entry)| match (key, entry) {
            (EnergyKey::Dispute(slot), EnergyEntry::Disputed(disputed)) if slots.contains(&slot) => {
                Some((slot, &**disputed))
            }
            _ => None,
        })
    }

    /// What the slots of a week come to and how much of it is booked.
    pub fn energy_week(&self, week: u64) -> Week {
        match self.energy(EnergyKey::Week(week)) {
            Some(EnergyEntry::Week(week)) => *week,
            Some(_) | None => Week::default(),
        }
    }

    /// What two settlement authorities booked of a week together, under whatever keys.
    pub fn pair_books(&self, week: u64, pair: [Address; 2]) -> Option<PairBooks> {
        let mut pair = pair.map(|settler| self.first_key(&settler));
        pair.sort_unstable();
        match self.energy(EnergyKey::Pair(week, pair[0], pair[1])) {
            Some(EnergyEntry::Pair(books)) => Some(*books),
            Some(_) | None => None,
        }
    }

    /// What every pair of settlement authorities booked of a week, by first keys in order.
    pub fn pairs_of_week(&self, week: u64) -> impl Iterator<Item = ([Address; 2], PairBooks)> + '_ {
        let (lowest, highest) = (Address::new([0; 20]), Address::new([0xff; 20]));
        let all = EnergyKey::Pair(week, lowest, lowest)..=EnergyKey::Pair(week, highest, highest);
        self.energies(all).filter_map(|(key, entry)| match (key, entry) {
            (EnergyKey::Pair(_, first, second), EnergyEntry::Pair(books)) => Some(([first, second], *books)),
            _ => None,
        })
    }

    /// What a member bought, sold, owes and is owed, under whatever key.
    pub fn account(&self, member: &Address) -> Account {
        match self.energy(EnergyKey::Account(self.first_key(member))) {
            Some(EnergyEntry::Account(account)) => *account,
            Some(_) | None => Account::default(),
        }
    }

    /// Every account, in order of member.
    pub fn accounts(&self) -> impl Iterator<Item = (Address, Account)> {
        let all = EnergyKey::Account(Address::new([0; 20]))..=EnergyKey::Account(Address::new([0xff; 20]));
        self.energies(all).filter_map(|(key, entry)| match (key, entry) {
            (EnergyKey::Account(member), EnergyEntry::Account(account)) => Some((member, *account)),
            _ => None,
        })
    }

    /// A billing period.
    pub fn period(&self, number: u64) -> Option<Period> {
        match self.energy(EnergyKey::Period(number)) {
            Some(EnergyEntry::Period(period)) => Some(*period),
            Some(_) | None => None,
        }
    }

    /// What a building is bound to of a UTC day.
    pub fn day_commitment(&self, day: u64, building: Address) -> Option<Digest> {
        match self.energy(EnergyKey::Day(day, self.first_key(&building))) {
            Some(EnergyEntry::Day(commitment)) => Some(*commitment),
            Some(_) | None => None,
        }
    }

    /// Whether a settlement, or a later one in its place, stands on the ledger.
    pub fn has_settlement(&self, settlement: &Settlement) -> bool {
        match settlement {
            Settlement::Slot(result) => {
                self.settled(result.slot).is_some_and(|settled| settled.result.version >= result.version)
            }
            Settlement::Week(booking) => self.energy_week(booking.week).bookings >= booking.number,
            Settlement::Period(step) => {
                self.period(step.number).is_some_and(|period| period.step.status >= step.status)
            }
            Settlement::Credit(note) => {
                self.period(note.concerns).is_some_and(|period| period.notes >= note.number)
            }
            Settlement::Correction(result) => self
                .latest_result(result.slot)
                .is_some_and(|corrected| corrected.result.version >= result.version),
            Settlement::Ruling(ruling) => {
                self.disputed(ruling.result.slot).is_none_or(|disputed| disputed.verdict.is_some())
            }
        }
    }

    fn energy(&self, key: EnergyKey) -> Option<&EnergyEntry> {
        match self.get(&Key::Energy(key)) {
            Some(Entry::Energy(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }

    fn energies(
        &self,
        range: RangeInclusive<EnergyKey>,
    ) -> impl DoubleEndedIterator<Item = (EnergyKey, &EnergyEntry)> {
        self.entries.range(Key::Energy(*range.start())..=Key::Energy(*range.end())).filter_map(
            |(key, entry)| match (key, entry) {
                (Key::Energy(key), Entry::Energy(entry)) => Some((*key, entry)),
                _ => None,
            },
        )
    }
}
