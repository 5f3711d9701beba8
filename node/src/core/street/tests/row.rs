//! Buildings around one ledger that signal what they notice, with what each has on disk and a net that loses and changes
//! what it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::Chain;
use protocol::energy::SettlementMessage;
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::street::{Hour, StreetKind, StreetMessage};
use protocol::{Address, Digest, Genesis, Now, SigningKey, Tick, UnixMs, decode, encode};

use super::super::Street;
use super::super::act::{Act, Scene};
use crate::core::maintenance::Change;
use crate::core::switch::Switch;

pub(super) const MINUTE_MS: i64 = 60_000;
/// What a net does to a message: passes it on, changes it, or loses it.
pub(super) type Twist = fn(usize, usize, StreetMessage) -> Option<StreetMessage>;

/// One building, what it notices just now, and what is on its disk.
pub(super) struct House {
    pub(super) key: SigningKey,
    pub(super) street: Street,
    pub(super) notices: BTreeSet<StreetKind>,
    pub(super) entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The buildings. The first four are authorities.
pub(super) struct Row {
    pub(super) chain: Chain,
    pub(super) houses: Vec<House>,
    pub(super) time: UnixMs,
    tick: u64,
    queue: VecDeque<(usize, usize, StreetMessage)>,
    pub(super) twist: Twist,
    pub(super) cut: BTreeSet<usize>,
    /// Everything that went over the net.
    pub(super) heard: Vec<(usize, usize, StreetMessage)>,
    /// After so many messages this house is started again.
    pub(super) restart: Option<(usize, usize)>,
}

impl Row {
    /// Ten past an hour of August 2026; every house takes part.
    pub(super) fn new(count: u8) -> Self {
        let key = |n: u8| SigningKey::from_seed(&[n + 1; 32]);
        let keys = |range: std::ops::Range<u8>| range.map(|n| key(n).public()).collect::<Vec<_>>();
        let genesis = Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..4), keys(4..count)).unwrap();
        let house = |n: u8| House {
            key: key(n),
            street: Street::default(),
            notices: BTreeSet::new(),
            entries: BTreeMap::new(),
        };
        let mut row = Self {
            chain: Chain::genesis(&genesis),
            houses: (0..count).map(house).collect(),
            time: UnixMs(1_785_844_800_000 + 10 * MINUTE_MS),
            tick: 0,
            queue: VecDeque::new(),
            twist: |_, _, message| Some(message),
            cut: BTreeSet::new(),
            heard: Vec::new(),
            restart: None,
        };
        (0..row.houses.len()).for_each(|house| row.switch(house, true));
        row
    }

    pub(super) fn switch(&mut self, house: usize, is_on: bool) {
        let at = self.time;
        self.with(house, |street, _, acts| street.own.switch(Switch { is_on, at }, acts));
    }

    pub(super) fn hour(&self) -> Hour {
        Hour::at(self.time)
    }

    /// The house that watches in an hour.
    pub(super) fn watch(&self, hour: Hour) -> usize {
        let watch = self.scene(0).watch(hour);
        self.place(&watch)
    }

    fn place(&self, address: &Address) -> usize {
        self.houses.iter().position(|house| house.key.address() == *address).unwrap()
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

    fn with(&mut self, house: usize, then: impl FnOnce(&mut Street, &Scene<'_>, &mut Vec<Act>)) {
        let mut street = std::mem::take(&mut self.houses[house].street);
        let mut acts = Vec::new();
        then(&mut street, &self.scene(house), &mut acts);
        self.houses[house].street = street;
        for act in acts {
            self.perform(house, act);
        }
    }

    fn perform(&mut self, house: usize, act: Act) {
        match act {
            Act::Store(kept) => {
                let change = Change::PutStreet(Box::new(kept));
                self.houses[house].entries.insert(change.key(), change.value().unwrap());
            }
            Act::Forget(key) => {
                self.houses[house].entries.remove(&Change::DeleteStreet(key).key());
            }
            Act::Send(to, message) => self.send(house, self.place(&to), message),
            Act::Spread(message, but) => {
                let but = but.map(|but| self.place(&but));
                for to in (0..self.houses.len()).filter(|to| *to != house && Some(*to) != but) {
                    self.send(house, to, message.clone());
                }
            }
            Act::Tell => {}
        }
    }

    pub(super) fn send(&mut self, from: usize, to: usize, message: StreetMessage) {
        let told = encode(&SettlementMessage::Street(Box::new(message)));
        let Ok(SettlementMessage::Street(message)) = decode(&told, SETTLEMENT_FRAME_BYTES_MAX) else {
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
            self.with(to, |street, scene, acts| street.hear(scene, from, message, acts));
        }
    }

    /// Starts a house again from its disk.
    pub(super) fn start(&mut self, house: usize) {
        let entries = self.houses[house].entries.iter();
        let changes: Vec<Change> =
            entries.map(|(key, value)| Change::read_back(key, value).unwrap()).collect();
        self.houses[house].street = Street::open(&changes);
    }

    /// Lets some minutes pass: everybody does what is due until nothing more is said.
    pub(super) fn pass(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.tick += 60_000;
            self.time = self.time.plus(MINUTE_MS);
            for house in 0..self.houses.len() {
                let kinds = self.houses[house].notices.clone();
                self.with(house, |street, scene, acts| street.tend(scene, &kinds, acts));
                self.deliver();
            }
        }
    }

    /// The clock goes on to ten past the next hour.
    pub(super) fn at_the_next_hour(&mut self) {
        let next = self.hour().end().plus(10 * MINUTE_MS);
        self.tick += u64::try_from(next.since(self.time)).unwrap();
        self.time = next;
    }

    /// These houses notice something from now on.
    pub(super) fn notice(&mut self, houses: impl IntoIterator<Item = usize>, kind: StreetKind) {
        for house in houses {
            self.houses[house].notices.insert(kind);
        }
    }

    /// What a house knows that the hive was told.
    pub(super) fn told(&self, house: usize) -> Vec<StreetKind> {
        self.houses[house].street.board().episodes().iter().map(|one| one.kind).collect()
    }

    /// Whether every house knows the same, and what.
    pub(super) fn all_told(&self) -> Vec<StreetKind> {
        let told = self.told(0);
        assert!((0..self.houses.len()).all(|house| self.told(house) == told), "everybody knows the same");
        told
    }
}
