//! Buildings around one ledger that hand each other cards, with what each has on disk and a net that loses and changes what
//! it is told to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ledger::Chain;
use protocol::aggregate::Stratum;
use protocol::energy::SettlementMessage;
use protocol::incident::{
    Card, Cause, Contractor, Cost, Facts, Flow, IncidentMessage, Named, Outcome, Rating, Remedy, Span,
    Symptom, System, When,
};
use protocol::limits::SETTLEMENT_FRAME_BYTES_MAX;
use protocol::transaction::TransactionBody;
use protocol::{
    Address, Digest, Genesis, Height, Now, Payload, Sequence, Severity, SigningKey, Tick, UnixMs, decode,
    encode,
};

use super::super::act::{Act, Scene, end_of, week_at};
use super::super::{Draft, IncidentRefused, Incidents};
use crate::core::maintenance::Change;

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// What a net does to a message: passes it on, changes it, or loses it.
pub(super) type Twist = fn(usize, usize, IncidentMessage) -> Option<IncidentMessage>;

/// One building and what is on its disk.
pub(super) struct House {
    pub(super) key: SigningKey,
    pub(super) incidents: Incidents,
    pub(super) entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The buildings. The first four are authorities.
pub(super) struct Ring {
    pub(super) chain: Chain,
    pub(super) houses: Vec<House>,
    pub(super) time: UnixMs,
    tick: u64,
    queue: VecDeque<(usize, usize, IncidentMessage)>,
    pub(super) twist: Twist,
    pub(super) cut: BTreeSet<usize>,
    /// Everything that went over the net.
    pub(super) heard: Vec<(usize, usize, IncidentMessage)>,
    /// After so many messages this house is started again.
    pub(super) restart: Option<(usize, usize)>,
}

impl Ring {
    /// On the first Tuesday of August 2026.
    pub(super) fn new(count: u8) -> Self {
        let key = |n: u8| SigningKey::from_seed(&[n + 1; 32]);
        let keys = |range: std::ops::Range<u8>| range.map(|n| key(n).public()).collect::<Vec<_>>();
        let genesis = Genesis::new(UnixMs(1_000), Digest::new([9; 32]), keys(0..4), keys(4..count)).unwrap();
        let house = |n: u8| House { key: key(n), incidents: Incidents::default(), entries: BTreeMap::new() };
        Self {
            chain: Chain::genesis(&genesis),
            houses: (0..count).map(house).collect(),
            time: UnixMs(1_785_844_800_000),
            tick: 0,
            queue: VecDeque::new(),
            twist: |_, _, message| Some(message),
            cut: BTreeSet::new(),
            heard: Vec::new(),
            restart: None,
        }
    }

    pub(super) fn week(&self) -> u64 {
        week_at(self.time)
    }

    /// The house that relays in a week.
    pub(super) fn relay(&self, week: u64) -> usize {
        let relay = self.scene(0).relay(week);
        self.place(&relay)
    }

    fn place(&self, address: &Address) -> usize {
        self.houses.iter().position(|house| house.key.address() == *address).unwrap()
    }

    /// Houses that do not relay in this week or the next.
    pub(super) fn others(&self) -> Vec<usize> {
        let relays = [self.relay(self.week()), self.relay(self.week() + 1)];
        (0..self.houses.len()).filter(|house| !relays.contains(house)).collect()
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
        then: impl FnOnce(&mut Incidents, &Scene<'_>, &mut Vec<Act>) -> T,
    ) -> T {
        let mut incidents = std::mem::take(&mut self.houses[house].incidents);
        let mut acts = Vec::new();
        let answer = then(&mut incidents, &self.scene(house), &mut acts);
        self.houses[house].incidents = incidents;
        self.perform(house, acts);
        answer
    }

    fn perform(&mut self, house: usize, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Store(kept) => {
                    let change = Change::PutIncident(Box::new(kept));
                    self.houses[house].entries.insert(change.key(), change.value().unwrap());
                }
                Act::Forget(key) => {
                    self.houses[house].entries.remove(&Change::DeleteIncident(key).key());
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
    }

    pub(super) fn send(&mut self, from: usize, to: usize, message: IncidentMessage) {
        let told = encode(&SettlementMessage::Incident(Box::new(message)));
        let Ok(SettlementMessage::Incident(message)) = decode(&told, SETTLEMENT_FRAME_BYTES_MAX) else {
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
            self.with(to, |incidents, scene, acts| incidents.hear(scene, from, message, acts));
        }
    }

    /// Starts a house again from its disk.
    pub(super) fn start(&mut self, house: usize) {
        let entries = self.houses[house].entries.iter();
        let changes: Vec<Change> =
            entries.map(|(key, value)| Change::read_back(key, value).unwrap()).collect();
        self.houses[house].incidents = Incidents::open(&changes);
    }

    /// Lets some minutes pass: everybody does what is due until nothing more is said.
    pub(super) fn pass(&mut self, minutes: u64) {
        for _ in 0..minutes {
            self.tick += 60_000;
            self.time = self.time.plus(60_000);
            for house in 0..self.houses.len() {
                self.with(house, |incidents, scene, acts| incidents.tend(scene, acts));
                self.deliver();
            }
        }
    }

    /// The clock jumps to just after the end of the week.
    pub(super) fn end_week(&mut self) {
        self.at(end_of(self.week()).plus(60_000));
    }

    /// The clock jumps.
    pub(super) fn at(&mut self, time: UnixMs) {
        self.tick += u64::try_from(time.since(self.time)).unwrap();
        self.time = time;
    }

    /// A house hands in its nth card, of a leak unless changed.
    pub(super) fn hand_in(
        &mut self,
        house: usize,
        n: u8,
        contractor: Option<(Contractor, Rating)>,
    ) -> Result<(), IncidentRefused> {
        let draft = draft(house, n, contractor);
        self.with(house, |incidents, scene, acts| incidents.own.hand_in(scene, &draft, acts))
    }

    /// How many cards a house knows.
    pub(super) fn known(&self, house: usize) -> usize {
        self.houses[house].incidents.shelf().cards().count()
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

pub(super) fn facts() -> Facts {
    Facts {
        when: When::Month(679),
        system: System::WaterRiser,
        symptom: Symptom::Leak,
        cause: Cause::WornSeal,
        remedy: Remedy::PartReplaced,
        severity: Severity::Medium,
        flow: Some(Flow::of(10)),
        cost: Cost::of(150),
        span: Span::of(110),
        outcome: Outcome::Solved,
        stratum: Stratum { region: None, built: None, lots: None, heating: None },
        contractor: None,
        rating: None,
    }
}

pub(super) fn draft(house: usize, n: u8, contractor: Option<(Contractor, Rating)>) -> Draft {
    let source = Digest::of("test incident", &[&[u8::try_from(house).unwrap(), n]]);
    let named = contractor.map(|(contractor, _)| Named { contractor, salt: source });
    let facts = Facts {
        contractor: named.as_ref().map(Named::hash),
        rating: contractor.map(|(_, rating)| rating),
        ..facts()
    };
    Draft { source, card: Card::new(facts).unwrap(), named, is_rated_before: false }
}
