//! A recorded year through the ledger itself: blocks of one authority, checked whole by a second chain, with everything
//! that reaches the ledger of shared energy. No process and no network.

use ledger::chain::{Chain, TimeBound};
use ledger::energy::{Bill, Line, Outcome, Part, Setting, settle, slot_result};
use protocol::energy::{
    DayCommitment, Desk, EnergyAction, MicroEuro, NetLine, PeriodStatus, PeriodStep, Rota, Salt,
    ScheduledRule, Settlement, SignedSettlement, SlotId, SlotLength, WattHours, WeekBooking,
};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, Address, Bounded, Digest, Genesis, Height, Payload, Sequence, SigningKey, UnixMs,
    VerifiedTransaction,
};
use serde::Serialize;

use super::figures::{Figures, Sums, parts};
use super::golden::Golden;
use super::year::{Slot, Year};
use crate::error::{Error, Result};
use crate::replay::SLOT_ZERO_MS;

pub(super) const LENGTH: SlotLength = SlotLength::Quarter;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Slots of a billing period: 30 days.
const PERIOD_SLOTS: u64 = 30 * 96;
/// Blocks in which a transaction may stand after it is signed.
const EXPIRES_IN: u64 = 1_000;
/// Authorities, two of each operator.
const AUTHORITIES: usize = 4;

/// What the ledger had to carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Carried {
    /// Blocks.
    pub blocks: u64,
    /// Transactions.
    pub transactions: u64,
    /// Bytes of all slot results.
    pub slot_bytes: usize,
    /// Bytes of commitments, bookings and periods.
    pub other_bytes: usize,
    /// Days of the record, begun ones included.
    pub days: u64,
    /// State hash after the last block, the same on both chains.
    pub state: String,
}

/// Settles every slot on the ledger and adds up what stands there at the end.
pub fn through_the_ledger(
    year: &Year,
    golden: &Golden,
    progress: &mut dyn FnMut(usize),
) -> Result<(Figures, Carried)> {
    let mut hive = Hive::found(year, golden)?;
    let mut sums = Sums::new(year.names.len());
    let rule = golden.rule(year);
    let setting = golden.setting(&rule);
    for (count, slot) in year.slots.iter().enumerate() {
        if count % 1_000 == 0 {
            progress(count);
        }
        let outcome = hive.settle(&setting, slot)?;
        sums.add(&setting, slot, &outcome).map_err(|error| differs(slot.number, &error))?;
    }
    hive.close()?;
    let balances: Vec<MicroEuro> =
        hive.addresses.iter().map(|address| hive.chain.state().account(address).balance).collect();
    let traded: i64 = hive
        .chain
        .state()
        .settled_slots(SlotId(0)..=SlotId(u64::MAX))
        .map(|settled| settled.result.traded.0)
        .sum();
    let figures = sums.with_ledger(traded, &balances);
    Ok((figures, hive.carried()?))
}

fn differs(slot: u64, reason: &dyn std::fmt::Display) -> Error {
    Error::Expectation(format!("slot {slot}: {reason}"))
}

/// The hive on two chains, and what is not booked yet.
pub(super) struct Hive {
    keys: Vec<SigningKey>,
    pub(super) addresses: Vec<Address>,
    sequences: Vec<u64>,
    rota: Rota,
    /// Of the authority that makes the blocks.
    pub(super) chain: Chain,
    /// Of another one that checks them, signatures included.
    checking: Chain,
    carried: Carried,
    /// Lines of the week that runs, by member.
    open_week: Vec<NetLine>,
    week: u64,
    day: u64,
    statements_of_day: blake3::Hasher,
    period: PeriodStep,
}

impl Hive {
    pub(super) fn found(year: &Year, golden: &Golden) -> Result<Self> {
        let members = u8::try_from(year.names.len()).map_err(|_| differs(0, &"too many buildings"))?;
        let mut keys: Vec<SigningKey> = (0..members).map(|n| SigningKey::from_seed(&[n; 32])).collect();
        // Members stand in the order of their addresses, buildings in that of their names: keys are dealt accordingly.
        keys.sort_by_key(SigningKey::address);
        let addresses: Vec<Address> = keys.iter().map(SigningKey::address).collect();
        let public = |range: std::ops::Range<usize>| keys[range].iter().map(SigningKey::public).collect();
        let first = Self::slot_id(year.slots.first().map_or(0, |slot| slot.number));
        let begins = first.start(LENGTH).plus(-DAY_MS);
        let genesis = Genesis::new(
            begins,
            Digest::new([1; 32]),
            public(0..AUTHORITIES),
            public(AUTHORITIES..keys.len()),
        )
        .map_err(|error| differs(0, &error))?;
        let desk = |n: usize| Desk { authority: addresses[n], operator: operator(n) };
        let rota = Rota::new((0..AUTHORITIES).map(desk).collect()).map_err(|error| differs(0, &error))?;
        let step = PeriodStep { number: 1, status: PeriodStatus::Open, from: first, until: first };
        let mut hive = Self {
            sequences: vec![0; keys.len()],
            open_week: Vec::new(),
            rota: rota.clone(),
            chain: Chain::genesis(&genesis),
            checking: Chain::genesis(&genesis),
            carried: Carried::default(),
            week: ledger::state::energy::week_of(first, LENGTH),
            day: day_of(first),
            statements_of_day: blake3::Hasher::new(),
            period: PeriodStep { until: SlotId(first.0 + PERIOD_SLOTS), ..step },
            keys,
            addresses,
        };
        hive.decide(begins, EnergyAction::Settle(rota))?;
        hive.decide(begins, EnergyAction::Charge(golden.tariff(first)))?;
        hive.decide(begins, EnergyAction::Share(ScheduledRule { rule: golden.rule(year), from: first }))?;
        let opened = Settlement::Period(hive.period);
        hive.put(begins, opened)?;
        Ok(hive)
    }

    pub(super) fn slot_id(number: u64) -> SlotId {
        let zero = SlotId::at(UnixMs(SLOT_ZERO_MS), LENGTH).expect("invariant: the record begins after 1970");
        SlotId(zero.0 + number)
    }

    /// Both settlement authorities run the rule; one slot result goes into a block of its own.
    fn settle(&mut self, setting: &Setting<'_>, slot: &Slot) -> Result<Outcome> {
        let id = Self::slot_id(slot.number);
        self.turn(id)?;
        let mut parts = parts(slot);
        for (part, address) in parts.iter_mut().zip(&self.addresses) {
            part.member = *address;
        }
        self.bind(id, &parts);
        let salts = self.salts(id);
        let [first, second] = [(); 2].map(|()| {
            let outcome = settle(setting, &parts).map_err(|error| differs(slot.number, &error))?;
            let result = slot_result(id, 1, &outcome, &salts, Vec::new());
            Ok::<_, Error>((result.map_err(|error| differs(slot.number, &error))?, outcome))
        });
        let ((result, outcome), (other, _)) = (first?, second?);
        if result != other {
            return Err(differs(slot.number, &"the two settlement authorities disagree"));
        }
        let bytes = self.put(id.end(LENGTH), Settlement::Slot(result))?;
        self.carried.slot_bytes += bytes;
        self.carried.other_bytes -= bytes;
        self.note(&outcome.lines);
        Ok(outcome)
    }

    /// What ends before a slot begins: the day, the week, the period.
    fn turn(&mut self, slot: SlotId) -> Result<()> {
        let now = slot.start(LENGTH);
        if day_of(slot) != self.day {
            self.commit_day()?;
            self.day = day_of(slot);
        }
        let week = ledger::state::energy::week_of(slot, LENGTH);
        if week != self.week {
            self.book(now)?;
            self.week = week;
        }
        while slot >= self.period.until {
            self.end_period(now)?;
        }
        Ok(())
    }

    /// The last day, week and period end.
    fn close(&mut self) -> Result<()> {
        let ends = self.period.until.start(LENGTH);
        let now = ends.max(UnixMs(self.chain.time().0 + DAY_MS));
        self.commit_day()?;
        self.end_period(now)
    }

    /// Every building binds itself as soon as the day is over.
    fn commit_day(&mut self) -> Result<()> {
        let now = UnixMs((i64::try_from(self.day).unwrap_or(0) + 1) * DAY_MS);
        let hash = *self.statements_of_day.finalize().as_bytes();
        self.statements_of_day = blake3::Hasher::new();
        let day = self.day;
        let bound = |place: usize, hive: &mut Self| {
            let salt = hive.keys[place].derive("symbiose market salt of a day v1");
            let commitment = Digest::of("symbiose market day v1", &[&salt, &hash, &day.to_be_bytes()]);
            hive.sign(place, Payload::CommitDay(DayCommitment { day, commitment }))
        };
        let transactions = (0..self.keys.len()).map(|place| bound(place, self)).collect();
        self.carried.days += 1;
        self.block(now, transactions).map(|_| ())
    }

    fn book(&mut self, now: UnixMs) -> Result<()> {
        let lines: Vec<NetLine> = std::mem::take(&mut self.open_week);
        let number = self.chain.state().energy_week(self.week).bookings + 1;
        if self.chain.state().energy_week(self.week).results == 0 {
            return Ok(());
        }
        let lines = Bounded::new(lines).map_err(|error| differs(0, &error))?;
        self.put(now, Settlement::Week(WeekBooking { week: self.week, number, lines })).map(|_| ())
    }

    fn end_period(&mut self, now: UnixMs) -> Result<()> {
        self.book(now)?;
        for status in [PeriodStatus::Preview, PeriodStatus::Final] {
            self.put(now, Settlement::Period(PeriodStep { status, ..self.period }))?;
        }
        let from = self.period.until;
        let (number, until) = (self.period.number + 1, SlotId(from.0 + PERIOD_SLOTS));
        self.period = PeriodStep { number, status: PeriodStatus::Open, from, until };
        self.put(now, Settlement::Period(self.period)).map(|_| ())
    }

    /// Adds a slot's lines to the week that runs.
    fn note(&mut self, lines: &[Line]) {
        if self.open_week.is_empty() {
            let zero = |member: &Address| NetLine {
                member: *member,
                bought: WattHours::ZERO,
                sold: WattHours::ZERO,
                balance: MicroEuro::ZERO,
                fee: MicroEuro::ZERO,
            };
            self.open_week = self.addresses.iter().map(zero).collect();
        }
        for (net, line) in self.open_week.iter_mut().zip(lines) {
            net.bought.0 += line.alloc.0;
            net.sold.0 += line.sold.0;
            net.balance.0 += line.rev.0 - line.pay.0;
            net.fee.0 += line.fee.0;
        }
    }

    /// What the buildings measured becomes part of what they bind themselves to.
    fn bind(&mut self, slot: SlotId, parts: &[Part]) {
        self.statements_of_day.update(&slot.0.to_be_bytes());
        for part in parts {
            self.statements_of_day.update(&part.demand.0.to_be_bytes());
            self.statements_of_day.update(&part.surplus.0.to_be_bytes());
        }
    }

    fn salts(&self, slot: SlotId) -> Vec<Salt> {
        let salt = |address: &Address| {
            let digest = Digest::of("symbiose market salt v1", &[address.as_bytes(), &slot.0.to_be_bytes()]);
            let mut bytes = [0; Salt::LEN];
            bytes.copy_from_slice(&digest.as_bytes()[..Salt::LEN]);
            Salt::new(bytes)
        };
        self.addresses.iter().map(salt).collect()
    }

    pub(super) fn decide(&mut self, now: UnixMs, action: EnergyAction) -> Result<()> {
        let proposed = self.sign(0, Payload::Propose(Action::Energy(action)));
        self.block(now, vec![proposed])?;
        let number = self.chain.state().meta().proposals;
        let approved = [1, 2].map(|place| self.sign(place, Payload::Approve(number)));
        self.block(now, approved.to_vec()).map(|_| ())
    }

    /// The pair whose turn it is signs, and its first authority brings it. Bytes of the transaction.
    fn put(&mut self, now: UnixMs, settlement: Settlement) -> Result<usize> {
        let day = match &settlement {
            Settlement::Slot(result) => day_of(result.slot),
            Settlement::Week(_)
            | Settlement::Period(_)
            | Settlement::Credit(_)
            | Settlement::Correction(_)
            | Settlement::Ruling(_) => self.day,
        };
        let pair = self.rota.pair(day);
        let place = |authority: &Address| self.addresses.binary_search(authority).unwrap_or(0);
        let chain = self.chain.id();
        let signatures =
            pair.map(|authority| (authority, settlement.sign(&self.keys[place(&authority)], &chain)));
        let author = place(&pair[0]);
        let payload = Payload::Settle(Box::new(SignedSettlement { settlement, signatures }));
        let transaction = self.sign(author, payload);
        self.block(now, vec![transaction])
    }

    pub(super) fn sign(&mut self, place: usize, payload: Payload) -> VerifiedTransaction {
        self.sequences[place] += 1;
        let body = TransactionBody {
            author: self.keys[place].public(),
            sequence: Sequence(self.sequences[place]),
            expires: Height(self.chain.height().0 + EXPIRES_IN),
            payload,
        };
        body.sign(&self.keys[place], &self.chain.id())
    }

    /// Makes a block, and checks it on the other chain as any authority would. Bytes of its transactions.
    pub(super) fn block(&mut self, now: UnixMs, transactions: Vec<VerifiedTransaction>) -> Result<usize> {
        let bytes = transactions.iter().map(VerifiedTransaction::bytes_len).sum();
        self.carried.transactions += transactions.len() as u64;
        let (candidate, refused) = self.chain.build(self.addresses[0], now, transactions.into_iter());
        if let Some((_, reason)) = refused.first() {
            return Err(Error::Expectation(format!("the ledger refuses at {now}: {reason}")));
        }
        let block = (*candidate.block).clone();
        self.chain.commit(candidate);
        let checked = self.checking.check(block, TimeBound::Certified, &|_| false);
        self.checking.commit(checked.map_err(|error| Error::Expectation(error.to_string()))?);
        self.carried.blocks += 1;
        self.carried.other_bytes += bytes;
        Ok(bytes)
    }

    fn carried(self) -> Result<Carried> {
        let (made, checked) = (self.chain.state().hash(), self.checking.state().hash());
        if made != checked {
            return Err(Error::Expectation(format!("the chains differ: {made} and {checked}")));
        }
        Ok(Carried { state: made.to_string(), ..self.carried })
    }
}

impl Sums {
    /// The sums with what the ledger says was shared and owed in the place of what the settlement said.
    fn with_ledger(mut self, traded: i64, balances: &[MicroEuro]) -> Figures {
        self.traded = traded;
        for (bill, balance) in self.bills.iter_mut().zip(balances) {
            *bill = Bill {
                shared: MicroEuro(bill.shared.0 + bill.balance.0 - balance.0),
                balance: *balance,
                ..*bill
            };
        }
        self.figures()
    }
}

fn operator(place: usize) -> Digest {
    Digest::of("symbiose market operator v1", &[&[u8::try_from(place / 2).unwrap_or(0)]])
}

fn day_of(slot: SlotId) -> u64 {
    u64::try_from(slot.start(LENGTH).0.div_euclid(DAY_MS)).unwrap_or(0)
}
