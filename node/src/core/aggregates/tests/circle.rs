//! Buildings around one ledger, with what each has on disk and a net that loses, repeats and changes what it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::Chain;
use protocol::aggregate::{
    AggregateAction, AggregateMessage, AggregateRecord, Built, Cadence, Heating, Measure, Period, Profile,
    Region, Task,
};
use protocol::energy::{Desk, Rota, SettlementMessage, SlotId, SlotLength};
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::transaction::TransactionBody;
use protocol::{
    Action, Address, Digest, Genesis, Height, Now, Payload, Sequence, SigningKey, Tick, UnixMs, decode,
    encode,
};

use super::super::Aggregates;
use super::super::act::{Act, Scene};
use crate::core::energy::{Book, Flow, Slot};
use crate::core::maintenance::Change;

const LENGTH: SlotLength = SlotLength::Hour;
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
pub(super) const DWELLINGS: u16 = 12;
pub(super) const WEEK: Task = Task {
    measure: Measure::Consumption,
    cadence: Cadence::Week,
    clip: 150_000,
    epsilon_milli: 500,
    buildings_min: 10,
    dwellings_min: 100,
};
pub(super) const PROFILE: Profile =
    Profile { region: Region::Brussels, built: Built::From1971, heating: Heating::Gas, dwellings: DWELLINGS };

/// One building and what is on its disk.
pub(super) struct House {
    pub(super) key: SigningKey,
    pub(super) aggregates: Option<Aggregates>,
    pub(super) entries: BTreeMap<Vec<u8>, Vec<u8>>,
    pub(super) book: Book,
}

/// What a net does to a message: passes it on, changes it, or loses it.
pub(super) type Twist = fn(usize, usize, AggregateMessage) -> Option<AggregateMessage>;

/// The buildings. The first four are authorities, of which the first two have one operator.
pub(super) struct Circle {
    pub(super) chain: Chain,
    pub(super) houses: Vec<House>,
    pub(super) time: UnixMs,
    pub(super) tick: u64,
    queue: VecDeque<(usize, usize, AggregateMessage)>,
    pub(super) twist: Twist,
    pub(super) cut: BTreeSet<usize>,
    /// Everything that went over the net.
    pub(super) heard: Vec<(usize, usize, AggregateMessage)>,
    /// After so many messages this house is started again.
    pub(super) restart: Option<(usize, usize)>,
    /// Figures that were brought to the ledger and refused there.
    pub(super) refused: Vec<String>,
}

impl Circle {
    /// In January 1970; nothing is asked yet.
    pub(super) fn new(count: u8) -> Self {
        let key = |n: u8| SigningKey::from_seed(&[n + 1; 32]);
        let keys = |range: std::ops::Range<u8>| range.map(|n| key(n).public()).collect::<Vec<_>>();
        let genesis = Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..4), keys(4..count)).unwrap();
        let house = |n: u8| House {
            key: key(n),
            aggregates: Some(Aggregates::default()),
            entries: BTreeMap::new(),
            book: Book::default(),
        };
        Self {
            chain: Chain::genesis(&genesis),
            houses: (0..count).map(house).collect(),
            time: UnixMs(DAY_MS),
            tick: 0,
            queue: VecDeque::new(),
            twist: |_, _, message| Some(message),
            cut: BTreeSet::new(),
            heard: Vec::new(),
            restart: None,
            refused: Vec::new(),
        }
    }

    /// The same in February, with the weekly sum asked and every building in one group.
    pub(super) fn asked(count: u8) -> Self {
        let mut circle = Self::new(count);
        let desk = |n: usize, operator: u8| Desk {
            authority: circle.houses[n].key.address(),
            operator: Digest::new([operator; 32]),
        };
        let rota = Rota::new(vec![desk(0, 1), desk(1, 1), desk(2, 2), desk(3, 3)]).unwrap();
        circle.decide(AggregateAction::Desks(rota));
        circle.decide(AggregateAction::Ask(WEEK));
        (0..circle.houses.len()).for_each(|house| circle.consent(house, Some(PROFILE)));
        circle.at(Period { cadence: Cadence::Month, number: 1 }.start().plus(1_000));
        assert_eq!(circle.chain.state().aggregate_group(1, 0).unwrap().members.len(), circle.houses.len());
        circle
    }

    /// The first whole week of February.
    pub(super) fn week() -> Period {
        Period::at(Cadence::Week, UnixMs(34 * DAY_MS)).next()
    }

    pub(super) fn decide(&mut self, action: AggregateAction) {
        self.put(0, Payload::Propose(Action::Aggregate(action))).unwrap();
        let number = self.chain.state().meta().proposals;
        self.put(1, Payload::Approve(number)).unwrap();
        self.put(2, Payload::Approve(number)).unwrap();
    }

    pub(super) fn consent(&mut self, house: usize, profile: Option<Profile>) {
        let mut acts = Vec::new();
        let time = self.time;
        self.houses[house].aggregates.as_mut().unwrap().own.say(profile, time, &mut acts);
        self.perform(house, acts);
        self.put(house, Payload::Aggregate(AggregateRecord::Profile(profile))).unwrap();
    }

    /// A block with one transaction.
    pub(super) fn put(&mut self, house: usize, payload: Payload) -> Result<(), String> {
        let key = self.houses[house].key.clone();
        let member = self.chain.state().member(&key.address()).unwrap();
        let (sequence, expires) = (Sequence(member.sequence.0 + 1), Height(self.chain.height().0 + 9));
        let body = TransactionBody { author: key.public(), sequence, expires, payload };
        let transaction = body.sign(&key, &self.chain.id());
        let proposer = self.houses[0].key.address();
        let (candidate, refused) = self.chain.build(proposer, self.time, std::iter::once(transaction));
        if let Some((_, reason)) = refused.first() {
            return Err(reason.to_string());
        }
        self.chain.commit(candidate);
        Ok(())
    }

    /// The clock jumps to a time, and a block says so.
    pub(super) fn at(&mut self, time: UnixMs) {
        self.time = time;
        self.tick += 60 * 60 * 1000;
        let proposer = self.houses[0].key.address();
        let (candidate, _) = self.chain.build(proposer, self.time, std::iter::empty());
        self.chain.commit(candidate);
    }

    /// Each building uses so many Wh a week, spread evenly; house n one kWh more than the one before.
    pub(super) fn measure(&mut self, period: Period, base_wh: i64) {
        let hours = period.end().since(period.start()) / LENGTH.ms();
        for (n, house) in self.houses.iter_mut().enumerate() {
            let total = base_wh + 1_000 * i64::try_from(n).unwrap();
            let first = SlotId::at(period.start(), LENGTH).unwrap();
            for hour in 0..hours {
                let import_wh = total / hours + i64::from(hour < total % hours);
                let flow = Some(Flow { import_wh, export_wh: 0, production_wh: None });
                let id = SlotId(first.0 + u64::try_from(hour).unwrap());
                house.book.put(Slot {
                    id,
                    length: LENGTH,
                    flow,
                    is_estimated: false,
                    version: 1,
                    held: None,
                });
            }
        }
    }

    /// What all buildings together use in a week of [`Self::measure`].
    pub(super) fn truth(&self, base_wh: i64) -> i64 {
        let count = i64::try_from(self.houses.len()).unwrap();
        count * base_wh + 1_000 * count * (count - 1) / 2
    }

    /// Lets some minutes pass: everybody does what is due until nothing more is said.
    pub(super) fn pass(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.tick += 60_000;
            self.time = self.time.plus(60_000);
            for house in 0..self.houses.len() {
                self.with(house, |aggregates, scene, book, acts| aggregates.tend(scene, book, acts));
            }
            self.deliver();
        }
    }

    /// A week is reported, and summed when its window is closed.
    pub(super) fn whole(&mut self, period: Period) {
        self.at(period.end().plus(60_000));
        self.pass(3);
        self.at(period.closes());
        self.pass(12);
    }

    pub(super) fn start(&mut self, house: usize) {
        let changes: Vec<Change> = self.houses[house]
            .entries
            .iter()
            .map(|(key, value)| Change::read_back(key, value).unwrap())
            .collect();
        self.houses[house].aggregates = Some(Aggregates::open(&changes));
    }

    pub(super) fn scene(&self, house: usize) -> Scene<'_> {
        let House { key, .. } = &self.houses[house];
        Scene {
            state: self.chain.state(),
            chain: self.chain.id(),
            me: key.address(),
            now: Now { tick: Tick(self.tick), time: self.time },
            key,
            secret: Digest::of("test house", &[key.address().as_bytes()]),
        }
    }

    fn with(&mut self, house: usize, then: impl FnOnce(&mut Aggregates, &Scene<'_>, &Book, &mut Vec<Act>)) {
        let Some(mut aggregates) = self.houses[house].aggregates.take() else { return };
        let mut acts = Vec::new();
        then(&mut aggregates, &self.scene(house), &self.houses[house].book, &mut acts);
        self.houses[house].aggregates = Some(aggregates);
        self.perform(house, acts);
    }

    fn perform(&mut self, house: usize, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Store(kept) => {
                    let change = Change::PutAggregate(Box::new(kept));
                    self.houses[house].entries.insert(change.key(), change.value().unwrap());
                }
                Act::Forget(key) => {
                    self.houses[house].entries.remove(&Change::DeleteAggregate(key).key());
                }
                Act::Send(to, message) => self.send(house, &to, message),
                // As in a building's outbox: what the ledger knows is not signed.
                Act::Publish(signed, _) if self.chain.state().knows_outcome(&signed.outcome) => {}
                Act::Publish(signed, _) => {
                    let known = self.put(house, Payload::Aggregate(AggregateRecord::Outcome(signed)));
                    self.refused.extend(known.err());
                }
                Act::Tell => {}
            }
        }
    }

    pub(super) fn send(&mut self, from: usize, to: &Address, message: AggregateMessage) {
        let to = self.houses.iter().position(|house| house.key.address() == *to).unwrap();
        let told = encode(&SettlementMessage::Aggregate(Box::new(message)));
        let Ok(SettlementMessage::Aggregate(message)) = decode(&told, SETTLEMENT_FRAME_BYTES_MAX) else {
            panic!("a message reads back")
        };
        if self.cut.contains(&from) || self.cut.contains(&to) {
            return;
        }
        let Some(message) = (self.twist)(from, to, *message) else { return };
        self.heard.push((from, to, message.clone()));
        self.queue.push_back((from, to, message));
    }

    pub(super) fn deliver(&mut self) {
        while let Some((from, to, message)) = self.queue.pop_front() {
            if let Some((house, after)) = self.restart
                && self.heard.len() >= after
            {
                self.restart = None;
                self.start(house);
            }
            let from = self.houses[from].key.address();
            self.with(to, |aggregates, scene, _, acts| aggregates.hear(scene, from, message, acts));
        }
    }

    /// The desks of a period, by house.
    pub(super) fn desks(&self, period: Period) -> [usize; 2] {
        let pair = self.chain.state().aggregate_desks(period).unwrap();
        pair.map(|desk| self.houses.iter().position(|house| house.key.address() == desk).unwrap())
    }
}
