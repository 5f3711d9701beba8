//! Shared energy a second time: decisions, slots, weeks, accounts and periods as they follow from the blocks. Figures of
//! single buildings are in none of it.

use std::collections::{BTreeMap, BTreeSet};

use ledger::State;
use protocol::energy::{
    CreditNote, DayCommitment, Desk, Dispute, EnergyAction, Locality, NetLine, PeriodStatus, PeriodStep,
    Ruling, Settlement, SharingRule, SignedSettlement, SlotId, SlotLength, SlotResult, Tariff, WeekBooking,
};
use protocol::{Address, Digest, UnixMs};

use super::{Context, Model, Set, expect};

const DAY_MS: i64 = 86_400_000;
/// A slot that is this late may be settled by any two desks, milliseconds.
const OVERDUE_MS: i64 = 15 * 60_000;
/// A dispute that nobody decided is dropped after three days, milliseconds.
const DISPUTE_MS: i64 = 3 * DAY_MS;

/// A week: what its bookings come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Week {
    booked: i64,
    bookings: u32,
}

/// What a member bought, sold, is owed and owes in fees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Account {
    bought: i64,
    sold: i64,
    balance: i64,
    fee: i64,
}

/// Everything of shared energy.
#[derive(Debug, Default)]
pub(super) struct Sharing {
    length: SlotLength,
    /// None is one building.
    locality: Option<Locality>,
    desks: Vec<Desk>,
    had_desks: BTreeSet<Address>,
    rules: BTreeMap<u64, SharingRule>,
    tariffs: BTreeMap<u64, Tariff>,
    slots: BTreeMap<u64, SlotResult>,
    /// Final slots as they should have been.
    corrected: BTreeMap<u64, SlotResult>,
    /// Slots in dispute, and since when.
    disputed: BTreeMap<u64, UnixMs>,
    /// Energy that two desks booked of a week together, Wh.
    pairs: BTreeMap<(u64, [Address; 2]), i64>,
    /// Energy of credit notes by the period they concern, Wh.
    credited: BTreeMap<u64, i64>,
    weeks: BTreeMap<u64, Week>,
    accounts: BTreeMap<Address, Account>,
    grid: i64,
    periods: Vec<(PeriodStep, u32)>,
    days: BTreeMap<(u64, Address), Digest>,
}

impl Sharing {
    fn day_of(&self, slot: u64) -> i64 {
        SlotId(slot).start(self.length).0.div_euclid(DAY_MS)
    }

    /// Weeks begin on Monday; day 0 was a Thursday.
    fn week_of(&self, slot: u64) -> u64 {
        u64::try_from((self.day_of(slot) + 3).div_euclid(7)).expect("invariant: after 1970")
    }

    fn traded_in(&self, week: u64) -> i64 {
        let slots = self.slots.iter().filter(|(slot, _)| self.week_of(**slot) == week);
        slots.map(|(_, result)| result.traded.0).sum()
    }

    fn is_disputed(&self, slot: u64, now: UnixMs) -> bool {
        self.disputed.get(&slot).is_some_and(|opened| now.since(*opened) < DISPUTE_MS)
    }

    /// What corrections of slots of a period add to what was settled, Wh.
    fn corrected_in(&self, step: &PeriodStep) -> i64 {
        let corrected = self.corrected.range(step.from.0..step.until.0);
        let settled = |slot| self.slots.get(slot).map_or(0, |settled| settled.traded.0);
        corrected.map(|(slot, result)| result.traded.0 - settled(slot)).sum()
    }

    fn final_until(&self) -> u64 {
        let done = self.periods.iter().filter(|(step, _)| step.status == PeriodStatus::Final);
        done.map(|(step, _)| step.until.0).max().unwrap_or(0)
    }

    /// No more is shared than there is, at a price that pays for both.
    fn check_sums_of(&self, result: &SlotResult) -> Result<(), String> {
        let slot = result.slot.0;
        let at = |what: &str| format!("slot {slot}: {what}");
        let most = result.demand.0.min(result.surplus.0);
        if !(0..=most).contains(&result.traded.0) || !(0..=result.traded.0).contains(&result.given.0) {
            return Err(at("more is shared than there is"));
        }
        let (low, high) = self.band(slot).ok_or(at("settled without a tariff"))?;
        match result.price {
            Some(price) if !(low..=high).contains(&price.0) => return Err(at("a price outside the band")),
            None if result.traded > result.given => return Err(at("sold without a price")),
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Lowest and highest price of a slot.
    fn band(&self, slot: u64) -> Option<(i64, i64)> {
        let (_, tariff) = self.tariffs.range(..=slot).next_back()?;
        let fee = match self.locality.unwrap_or(Locality::Building) {
            Locality::Building => tariff.fees.building,
            Locality::Cabin => tariff.fees.cabin,
            Locality::Substation => tariff.fees.substation,
            Locality::Region => tariff.fees.region,
        };
        Some((tariff.feed_in.0, tariff.retail.0 - fee.0))
    }
}

impl Model {
    /// Whether an authority settles now, under whatever key.
    pub fn has_desk(&self, address: &Address) -> bool {
        self.sharing.desks.iter().any(|desk| self.origin(&desk.authority) == self.origin(address))
    }

    /// Whether two addresses are of one member.
    pub fn is_same(&self, one: &Address, other: &Address) -> bool {
        self.origin(one) == self.origin(other)
    }

    /// Whether it ever did.
    pub fn ever_had_desk(&self, address: &Address) -> bool {
        self.sharing.had_desks.contains(&self.origin(address))
    }

    pub(super) fn decide_energy(&mut self, action: &EnergyAction) -> Result<(), String> {
        let (time, length) = (self.time, self.sharing.length);
        let begins = |from: SlotId| {
            if from.start(length) > time {
                Ok(from.0)
            } else {
                Err(format!("slot {from} has begun: {action:?}"))
            }
        };
        match action {
            EnergyAction::Share(rule) => {
                self.sharing.rules.insert(begins(rule.from)?, rule.rule.clone());
            }
            EnergyAction::Charge(tariff) => {
                self.sharing.tariffs.insert(begins(tariff.valid_from)?, *tariff);
            }
            EnergyAction::Cut(length) => {
                if !self.sharing.tariffs.is_empty() || !self.sharing.rules.is_empty() {
                    return Err("slots change their length after they were decided on".to_owned());
                }
                self.sharing.length = *length;
            }
            EnergyAction::Place(locality) => self.sharing.locality = Some(*locality),
            EnergyAction::Settle(rota) => {
                self.sharing.desks = rota.desks().to_vec();
                let desks = rota.desks().iter().map(|desk| self.origin(&desk.authority));
                let desks: Vec<Address> = desks.collect();
                self.sharing.had_desks.extend(desks);
            }
            EnergyAction::Mint(_) => return Err(format!("nobody in this world asked for {action:?}")),
        }
        Ok(())
    }

    pub(super) fn commit_day(&mut self, context: &Context, commitment: &DayCommitment) -> Result<(), String> {
        let today = self.time.0.div_euclid(DAY_MS);
        if i64::try_from(commitment.day).unwrap_or(i64::MAX) >= today {
            return Err(format!("{} is bound to day {}, on day {today}", context.author, commitment.day));
        }
        let building = self.origin(&context.author);
        match self.sharing.days.insert((commitment.day, building), commitment.commitment) {
            None => Ok(()),
            Some(_) => Err(format!("{building} is bound to day {} twice", commitment.day)),
        }
    }

    pub(super) fn settle_energy(&mut self, deciding: &Set, signed: &SignedSettlement) -> Result<(), String> {
        self.check_settlers(deciding, signed)?;
        match &signed.settlement {
            Settlement::Slot(result) if self.sharing.is_disputed(result.slot.0, self.time) => {
                Err(format!("slot {} is settled by two while it is in dispute", result.slot))
            }
            Settlement::Slot(result) => self.settle_slot(result),
            Settlement::Correction(result) => self.correct(result),
            Settlement::Ruling(ruling) => self.rule(deciding, ruling),
            Settlement::Week(booking) => {
                let mut pair = signed.signatures.map(|(signer, _)| self.origin(&signer));
                pair.sort_unstable();
                self.book_week(booking, pair)
            }
            Settlement::Period(step) => self.step_period(step),
            Settlement::Credit(note) => self.credit(note),
        }
    }

    /// Two desks of two operators, each with a signature that holds; a slot's own pair until it is overdue.
    fn check_settlers(&self, deciding: &Set, signed: &SignedSettlement) -> Result<(), String> {
        let mut operators = Vec::new();
        let own = |slot: SlotId| {
            let day = usize::try_from(self.sharing.day_of(slot.0)).expect("invariant: after 1970");
            let desks = &self.sharing.desks;
            let first = desks[day % desks.len()];
            let others = (1..desks.len()).map(|step| desks[(day + step) % desks.len()]);
            let second = others.into_iter().find(|desk| desk.operator != first.operator);
            [Some(first), second]
                .into_iter()
                .flatten()
                .map(|desk| self.current(&desk.authority))
                .collect::<Vec<_>>()
        };
        for (signer, signature) in &signed.signatures {
            let desk = self.sharing.desks.iter().find(|desk| self.current(&desk.authority) == *signer);
            let desk = desk.ok_or(format!("{signer} settles and has no desk"))?;
            let key = deciding.get(signer).ok_or(format!("{signer} settles and is no authority"))?;
            signed
                .settlement
                .verify(key, &self.chain, signature)
                .map_err(|error| format!("the signature of {signer} under a settlement: {error}"))?;
            if let Settlement::Slot(result) = &signed.settlement {
                let late = self.time.since(result.slot.end(self.sharing.length));
                if late < OVERDUE_MS && !own(result.slot).contains(signer) {
                    return Err(format!("{signer} settles slot {} out of turn", result.slot));
                }
            }
            operators.push(desk.operator);
        }
        if operators[0] == operators[1] {
            return Err("one operator settles alone".to_owned());
        }
        Ok(())
    }

    /// Each slot once, its corrections one after the other; no more than there is, at a price that pays for both.
    fn settle_slot(&mut self, result: &SlotResult) -> Result<(), String> {
        let sharing = &mut self.sharing;
        let slot = result.slot.0;
        let at = |what: &str| format!("slot {slot}: {what}");
        if result.slot.end(sharing.length) > self.time {
            return Err(at("settled before it is over"));
        }
        if slot < sharing.final_until() {
            return Err(at("settled in a final period"));
        }
        let before = sharing.slots.get(&slot).map_or(0, |before| before.version);
        expect(&at("version"), result.version, before + 1)?;
        sharing.check_sums_of(result)?;
        sharing.slots.insert(slot, result.clone());
        Ok(())
    }

    /// A final slot as it should have been, after what was settled and corrected before.
    fn correct(&mut self, result: &SlotResult) -> Result<(), String> {
        let sharing = &mut self.sharing;
        let slot = result.slot.0;
        if slot >= sharing.final_until() {
            return Err(format!("slot {slot} is corrected and not final"));
        }
        let before = sharing.corrected.get(&slot).or(sharing.slots.get(&slot));
        expect("version of a correction", result.version, before.map_or(0, |before| before.version) + 1)?;
        sharing.check_sums_of(result)?;
        sharing.corrected.insert(slot, result.clone());
        Ok(())
    }

    /// Somebody names the version that stands, of a slot that is over and not final.
    pub(super) fn dispute_energy(&mut self, context: &Context, dispute: &Dispute) -> Result<(), String> {
        let has_desk = self.has_desk(&context.author);
        let (now, sharing) = (self.time, &mut self.sharing);
        let slot = dispute.slot.0;
        let stands = sharing.slots.get(&slot).map_or(0, |settled| settled.version);
        expect("version in dispute", dispute.version, stands)?;
        if !has_desk && stands == 0 {
            return Err(format!("{} disputes slot {slot}, which nobody settled", context.author));
        }
        if dispute.slot.end(sharing.length) > now || slot < sharing.final_until() {
            return Err(format!("slot {slot} is in dispute before its end, or final"));
        }
        if sharing.is_disputed(slot, now) {
            return Err(format!("slot {slot} is in dispute twice"));
        }
        sharing.disputed.insert(slot, now);
        Ok(())
    }

    /// More than half of the desks signed one result of a slot in dispute; what stands already is not written again.
    fn rule(&mut self, deciding: &Set, ruling: &Ruling) -> Result<(), String> {
        let slot = ruling.result.slot.0;
        if !self.sharing.is_disputed(slot, self.time) {
            return Err(format!("a ruling on slot {slot}, which nobody disputes"));
        }
        let opinion = ruling.opinion();
        let mut agreed = BTreeSet::new();
        for (desk, signature) in &ruling.agreed {
            let key = deciding.get(desk).filter(|_| self.has_desk(desk));
            let key = key.ok_or(format!("{desk} decides a dispute and has no desk"))?;
            opinion
                .verify(key, &self.chain, signature)
                .map_err(|error| format!("opinion of {desk}: {error}"))?;
            agreed.insert(*desk);
        }
        if agreed.len() * 2 <= self.sharing.desks.len() {
            return Err(format!("{} desks decide a dispute", agreed.len()));
        }
        self.sharing.disputed.remove(&slot);
        if self.sharing.slots.get(&slot) == Some(&ruling.result) {
            return Ok(());
        }
        self.settle_slot(&ruling.result)
    }

    fn book_week(&mut self, booking: &WeekBooking, pair: [Address; 2]) -> Result<(), String> {
        let traded = self.sharing.traded_in(booking.week);
        let week = self.sharing.weeks.entry(booking.week).or_default();
        expect("booking of a week", booking.number, week.bookings + 1)?;
        let bought: i64 = booking.lines.iter().map(|line| line.bought.0).sum();
        let left = traded - week.booked;
        let of_pair = self.sharing.pairs.entry((booking.week, pair)).or_default();
        let takes_back = bought < 0 && -bought <= *of_pair && week.booked + bought >= 0;
        if !(left.min(0)..=left.max(0)).contains(&bought) && !takes_back {
            return Err(format!("week {}: {bought} Wh booked of {left}", booking.week));
        }
        *of_pair += bought;
        (week.bookings, week.booked) = (booking.number, week.booked + bought);
        self.add_lines(&booking.lines)
    }

    fn credit(&mut self, note: &CreditNote) -> Result<(), String> {
        let status = |number: u64| {
            let place = usize::try_from(number).ok()?.checked_sub(1)?;
            self.sharing.periods.get(place).map(|(step, _)| step.status)
        };
        let is_due = status(note.concerns) == Some(PeriodStatus::Final)
            && matches!(status(note.booked_in), Some(PeriodStatus::Open | PeriodStatus::Preview))
            && note.booked_in > note.concerns;
        if !is_due {
            return Err(format!("a credit note for period {} in {}", note.concerns, note.booked_in));
        }
        let place = usize::try_from(note.concerns - 1).expect("invariant: it was found above");
        let notes = &mut self.sharing.periods[place].1;
        expect("credit note", note.number, *notes + 1)?;
        *notes = note.number;
        let bought: i64 = note.lines.iter().map(|line| line.bought.0).sum();
        let corrected = self.sharing.corrected_in(&self.sharing.periods[place].0);
        let credited = self.sharing.credited.entry(note.concerns).or_default();
        let left = corrected - *credited;
        if !(left.min(0)..=left.max(0)).contains(&bought) {
            return Err(format!("a credit note of {bought} Wh, {left} are left"));
        }
        *credited += bought;
        self.add_lines(&note.lines)
    }

    /// What somebody buys somebody sells, and no euro comes from nowhere.
    fn add_lines(&mut self, lines: &[NetLine]) -> Result<(), String> {
        let mut sum = Account::default();
        for line in lines {
            if self.any_key(&line.member).is_none() {
                return Err(format!("a stranger is booked: {}", line.member));
            }
            let member = self.origin(&line.member);
            for account in [self.sharing.accounts.entry(member).or_default(), &mut sum] {
                account.bought += line.bought.0;
                account.sold += line.sold.0;
                account.balance += line.balance.0;
                account.fee += line.fee.0;
            }
        }
        self.sharing.grid += sum.fee;
        expect("energy sold", sum.sold, sum.bought)?;
        expect("sum of net amounts", sum.balance, 0)
    }

    fn step_period(&mut self, step: &PeriodStep) -> Result<(), String> {
        let place = usize::try_from(step.number).unwrap_or(0).checked_sub(1).ok_or("period 0")?;
        let periods = &mut self.sharing.periods;
        let before = periods.get(place).map(|(before, _)| *before);
        let follows = match (before.map(|before| before.status), step.status) {
            (None, PeriodStatus::Open) => {
                place == periods.len() && periods.last().is_none_or(|(last, _)| last.until == step.from)
            }
            (Some(PeriodStatus::Open), PeriodStatus::Preview)
            | (Some(PeriodStatus::Preview), PeriodStatus::Final) => {
                before.is_some_and(|before| (before.from, before.until) == (step.from, step.until))
                    && step.until.start(self.sharing.length) <= self.time
            }
            _ => false,
        };
        if !follows {
            return Err(format!("period {} goes from {before:?} to {step:?}", step.number));
        }
        match periods.get_mut(place) {
            Some(period) => period.0 = *step,
            None => periods.push((*step, 0)),
        }
        Ok(())
    }

    pub(super) fn compare_sharing(&self, state: &State) -> Result<(), String> {
        let (sharing, books) = (&self.sharing, state.books());
        expect("length of slots", books.length, sharing.length)?;
        expect("nearness", books.locality, sharing.locality.unwrap_or(Locality::Building))?;
        let desks = books.rota.as_ref().map_or(&[][..], |rota| rota.desks());
        expect("desks", desks, sharing.desks.as_slice())?;
        let tariffs: Vec<Tariff> = state.tariffs().collect();
        expect("tariffs", tariffs, sharing.tariffs.values().copied().collect())?;
        let rules: Vec<SharingRule> = state.rules().map(|(_, rule)| rule.clone()).collect();
        expect("rules", rules, sharing.rules.values().cloned().collect())?;
        let slots = state.settled_slots(SlotId(0)..=SlotId(u64::MAX)).map(|settled| &settled.result);
        expect("settled slots", slots.collect::<Vec<_>>(), sharing.slots.values().collect())?;
        let everything = SlotId(0)..SlotId(u64::MAX);
        let corrected = state.corrected_slots(everything).map(|corrected| &corrected.result);
        expect("corrected slots", corrected.collect::<Vec<_>>(), sharing.corrected.values().collect())?;
        let weeks: BTreeSet<u64> = sharing.slots.keys().map(|slot| sharing.week_of(*slot)).collect();
        for week in weeks {
            let found = state.energy_week(week);
            let booked = sharing.weeks.get(&week).copied().unwrap_or_default();
            expect("energy shared in a week", found.traded.0, sharing.traded_in(week))?;
            expect(
                "energy booked of a week",
                (found.booked.0, found.bookings),
                (booked.booked, booked.bookings),
            )?;
        }
        let accounts = state.accounts().map(|(member, account)| {
            let (bought, sold) = (account.bought.0, account.sold.0);
            (member, Account { bought, sold, balance: account.balance.0, fee: account.fee.0 })
        });
        expect("accounts", accounts.collect(), sharing.accounts.clone())?;
        expect("account of the network", books.grid.0, sharing.grid)?;
        expect("slots that are final", books.final_until.0, sharing.final_until())?;
        let periods = (1..=books.periods).filter_map(|number| state.period(number));
        let periods: Vec<_> = periods.map(|period| (period.step, period.notes)).collect();
        expect("billing periods", &periods, &sharing.periods)?;
        for ((day, building), commitment) in &sharing.days {
            expect("what a building is bound to", state.day_commitment(*day, *building), Some(*commitment))?;
        }
        Ok(())
    }
}
