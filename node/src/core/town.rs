//! Buildings around one ledger, each with one part of the core and what that part has on disk, and a net that loses and
//! changes what it is told to: what tests of such a part are played in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;

use ledger::Chain;
use protocol::energy::SettlementMessage;
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::transaction::TransactionBody;
use protocol::{
    Address, Digest, Genesis, Height, Now, Payload, Sequence, SigningKey, Tick, UnixMs, decode, encode,
};

use super::act::{Act, Ways};
use super::maintenance::Change;
use super::scene::Scene;

const MINUTE_MS: u64 = 60_000;
/// Midnight of the first Tuesday of August 2026.
const START: UnixMs = UnixMs(1_785_844_800_000);

/// A part of the core that stores and sends.
pub(super) trait Part: Default {
    type Kept;
    type Key;
    type Message: Clone + PartialEq + Debug;
    /// What a house notices by itself.
    type Sees: Default;

    fn ways() -> Ways<Self::Kept, Self::Key, Self::Message>;
    fn unwrap(message: SettlementMessage) -> Option<Self::Message>;
    fn open(entries: &[Change]) -> Self;
    fn tend(&mut self, scene: &Scene<'_>, sees: &Self::Sees, acts: &mut Acts<Self>);
    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: Self::Message, acts: &mut Acts<Self>);
}

pub(super) type Acts<P> = Vec<Act<<P as Part>::Kept, <P as Part>::Key, <P as Part>::Message>>;
/// What a net does to a message: passes it on, changes it, or loses it.
pub(super) type Twist<P> = fn(usize, usize, <P as Part>::Message) -> Option<<P as Part>::Message>;

/// One building and what is on its disk.
pub(super) struct House<P: Part> {
    pub(super) key: SigningKey,
    pub(super) part: P,
    pub(super) sees: P::Sees,
    pub(super) entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The buildings. The first four are authorities.
pub(super) struct Town<P: Part> {
    pub(super) chain: Chain,
    pub(super) houses: Vec<House<P>>,
    pub(super) time: UnixMs,
    tick: u64,
    queue: VecDeque<(usize, usize, P::Message)>,
    pub(super) twist: Twist<P>,
    pub(super) cut: BTreeSet<usize>,
    /// Everything that went over the net.
    pub(super) heard: Vec<(usize, usize, P::Message)>,
    /// After so many messages this house is started again.
    pub(super) restart: Option<(usize, usize)>,
}

impl<P: Part> Town<P> {
    pub(super) fn new(count: u8) -> Self {
        let key = |n: u8| SigningKey::from_seed(&[n + 1; 32]);
        let keys = |range: std::ops::Range<u8>| range.map(|n| key(n).public()).collect::<Vec<_>>();
        let genesis = Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..4), keys(4..count)).unwrap();
        let house = |n: u8| House {
            key: key(n),
            part: P::default(),
            sees: P::Sees::default(),
            entries: BTreeMap::new(),
        };
        Self {
            chain: Chain::genesis(&genesis),
            houses: (0..count).map(house).collect(),
            time: START,
            tick: 0,
            queue: VecDeque::new(),
            twist: |_, _, message| Some(message),
            cut: BTreeSet::new(),
            heard: Vec::new(),
            restart: None,
        }
    }

    pub(super) fn place(&self, address: &Address) -> usize {
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

    pub(super) fn with<T>(
        &mut self,
        house: usize,
        then: impl FnOnce(&mut P, &Scene<'_>, &mut Acts<P>) -> T,
    ) -> T {
        let mut part = std::mem::take(&mut self.houses[house].part);
        let mut acts = Vec::new();
        let answer = then(&mut part, &self.scene(house), &mut acts);
        self.houses[house].part = part;
        for act in acts {
            self.perform(house, act);
        }
        answer
    }

    fn perform(&mut self, house: usize, act: Act<P::Kept, P::Key, P::Message>) {
        match act {
            Act::Store(kept) => {
                let change = (P::ways().put)(Box::new(kept));
                self.houses[house].entries.insert(change.key(), change.value().unwrap());
            }
            Act::Forget(key) => {
                self.houses[house].entries.remove(&(P::ways().delete)(key).key());
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

    pub(super) fn send(&mut self, from: usize, to: usize, message: P::Message) {
        let told = encode(&(P::ways().wrap)(Box::new(message)));
        let told = decode(&told, SETTLEMENT_FRAME_BYTES_MAX).expect("a message reads back");
        let message = P::unwrap(told).expect("as what it was");
        if self.cut.contains(&from) || self.cut.contains(&to) {
            return;
        }
        let Some(message) = (self.twist)(from, to, message) else { return };
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
            self.with(to, |part, scene, acts| part.hear(scene, from, message, acts));
        }
    }

    /// Starts a house again from its disk.
    pub(super) fn start(&mut self, house: usize) {
        let entries = self.houses[house].entries.iter();
        let changes: Vec<Change> =
            entries.map(|(key, value)| Change::read_back(key, value).unwrap()).collect();
        self.houses[house].part = P::open(&changes);
    }

    /// Lets some minutes pass: everybody does what is due until nothing more is said.
    pub(super) fn pass(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.at(self.time.plus(MINUTE_MS.cast_signed()));
            for house in 0..self.houses.len() {
                let sees = std::mem::take(&mut self.houses[house].sees);
                self.with(house, |part, scene, acts| part.tend(scene, &sees, acts));
                self.houses[house].sees = sees;
                self.deliver();
            }
        }
    }

    /// The clock jumps.
    pub(super) fn at(&mut self, time: UnixMs) {
        self.tick += u64::try_from(time.since(self.time)).unwrap();
        self.time = time;
    }

    /// A block with one transaction.
    pub(super) fn put(&mut self, house: usize, payload: Payload) {
        let key = self.houses[house].key.clone();
        let member = self.chain.state().member(&key.address()).unwrap();
        let (sequence, expires) = (Sequence(member.sequence.0 + 1), Height(self.chain.height().0 + 9));
        let body = TransactionBody { author: key.public(), sequence, expires, payload };
        let transaction = body.sign(&key, &self.chain.id());
        let proposer = self.houses[0].key.address();
        let (candidate, refused) = self.chain.build(proposer, self.time, std::iter::once(transaction));
        assert!(refused.is_empty(), "{refused:?}");
        self.chain.commit(candidate);
    }
}
