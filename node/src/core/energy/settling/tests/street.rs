//! A street of buildings in one process: real cores and ledgers, a net that is told whom to reach, a clock that jumps.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Config, Ledger, StoredBlock, VoteLog};
use protocol::energy::{
    Desk, EnergyAction, Fees, Price, Rota, Settlement, SettlementMessage, SlotId, SlotLength, Tariff,
};
use protocol::invitation::Grant;
use protocol::limits::{SETTLEMENT_FRAME_BYTES_MAX, SYNC_FRAME_BYTES_MAX};
use protocol::membership::Admit;
use protocol::message::{SyncBlock, SyncResponse};
use protocol::transaction::TransactionBody;
use protocol::{
    Action, Address, Bounded, Bytes, Digest, Genesis, Height, Message, Now, Payload, Role, SigningKey, Tick,
    UnixMs, decode, encode,
};

use super::super::act::Act;
use super::super::hall::Hall;
use crate::core::catalogue::{self, AssetId, MetricName};
use crate::core::energy::{self, Doubt, Flow, Meter, ReleaseRefused, Slot};
use crate::core::maintenance::Change;
use crate::core::telemetry::Day;
use crate::core::{Actor, Command, Core, CoreConfig, Input, Output, Refused, Ticket};

pub(super) const LENGTH: SlotLength = SlotLength::Quarter;
/// Authorities; the first three have desks, of three operators.
pub(super) const AUTHORITIES: usize = 4;
const LATENCY_MS: u64 = 5;
/// Noon of a day.
const EPOCH: i64 = 20_400 * 86_400_000 + 12 * 3_600_000;

/// One building and what is on its disk.
pub(super) struct House {
    pub(super) core: Option<Core>,
    pub(super) key: SigningKey,
    pub(super) entries: BTreeMap<Vec<u8>, Vec<u8>>,
    blocks: Vec<StoredBlock>,
    has_meters: bool,
}

/// The street.
pub(super) struct Street {
    pub(super) houses: Vec<House>,
    pub(super) now: u64,
    genesis: Genesis,
    wires: BTreeMap<(u64, u64), (usize, usize, Parcel)>,
    sent: u64,
    /// Pairs that cannot reach each other on the settlement stream.
    pub(super) cut: BTreeSet<(usize, usize)>,
    /// One half of a street in two halves: nothing passes between the two.
    pub(super) half: BTreeSet<usize>,
    /// What a house does wrong on the settlement stream.
    pub(super) lies: BTreeMap<usize, Lie>,
    /// Why the last command was refused, if it was.
    refused: Option<Refused>,
    /// Everything that went over the settlement stream: from, to, bytes.
    pub(super) heard: Vec<(usize, usize, Vec<u8>)>,
    /// Everything else that left a house.
    pub(super) said: Vec<Vec<u8>>,
}

/// How a desk does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    /// It signs another root than its statements give.
    AboutLines,
    /// It never takes a statement of this house.
    Drops(usize),
    /// It says nothing to other houses.
    Silent,
}

enum Parcel {
    Ledger(Box<ledger::Input>),
    Settlement(Box<SettlementMessage>),
}

impl Street {
    /// Houses with meters, and one without.
    pub(super) fn new(count: usize) -> Self {
        Self::built(count, AUTHORITIES, count - 1)
    }

    fn built(count: usize, authorities: usize, metered: usize) -> Self {
        let mut keys: Vec<SigningKey> =
            (0..count).map(|n| SigningKey::from_seed(&[u8::try_from(n + 1).unwrap(); 32])).collect();
        keys[..authorities].sort_by_key(SigningKey::address);
        let public = |range: std::ops::Range<usize>| keys[range].iter().map(SigningKey::public).collect();
        let genesis = Genesis::new(
            UnixMs(EPOCH - 1_000),
            Digest::new([0; 32]),
            public(0..authorities),
            public(authorities..count),
        );
        let house = |(n, key): (usize, &SigningKey)| House {
            core: None,
            key: key.clone(),
            entries: BTreeMap::new(),
            blocks: Vec::new(),
            has_meters: n < metered,
        };
        let mut street = Self {
            houses: keys.iter().enumerate().map(house).collect(),
            now: 0,
            genesis: genesis.unwrap(),
            wires: BTreeMap::new(),
            sent: 0,
            cut: BTreeSet::new(),
            half: BTreeSet::new(),
            lies: BTreeMap::new(),
            refused: None,
            heard: Vec::new(),
            said: Vec::new(),
        };
        (0..count).for_each(|house| street.start(house));
        street
    }

    /// A street in which sharing is voted for: tariff from the next slot on, three desks.
    pub(super) fn sharing(count: usize) -> Self {
        Self::sharing_of(Self::new(count), 3)
    }

    /// The same with so many desks, each an authority, and meters in every house.
    pub(super) fn sharing_with(count: usize, desks: usize) -> Self {
        Self::sharing_of(Self::built(count, desks, count), desks)
    }

    fn sharing_of(mut street: Self, desks: usize) -> Self {
        street.pass(2_000);
        let desk = |n: usize| {
            let operator = u8::try_from(n).unwrap();
            Desk { authority: street.address(n), operator: Digest::new([operator; 32]) }
        };
        let rota = Rota::new((0..desks).map(desk).collect()).unwrap();
        let valid_from = SlotId(street.slot().0 + 1);
        let fees = Fees::flat(Price(86_000));
        let tariff = Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from };
        street.decide(EnergyAction::Settle(rota));
        street.decide(EnergyAction::Charge(tariff));
        street.until(valid_from.start(LENGTH));
        let state = street.core(0).ledger().state();
        assert!(state.tariff_at(valid_from).is_some() && state.books().rota.is_some());
        street
    }

    pub(super) fn decide(&mut self, action: EnergyAction) {
        self.vote(Action::Energy(action));
    }

    /// The authorities want something.
    pub(super) fn vote(&mut self, action: Action) {
        self.command(0, Command::Propose(action));
        self.pass(5_000);
        let number = self.core(0).ledger().state().meta().proposals;
        self.command(1, Command::Approve(number));
        self.command(2, Command::Approve(number));
        self.command(3, Command::Approve(number));
        self.pass(5_000);
    }

    pub(super) fn command(&mut self, house: usize, command: Command) {
        self.tell(house, Input::Command { ticket: Ticket(0), by: Actor::default(), command });
    }

    pub(super) fn core(&self, house: usize) -> &Core {
        self.houses[house].core.as_ref().unwrap()
    }

    pub(super) fn address(&self, house: usize) -> Address {
        self.houses[house].key.address()
    }

    /// An authority without a desk admits a newcomer, which has no house: every authority hears of it now. Its address.
    pub(super) fn admit(&mut self, seed: u8) -> Address {
        let newcomer = SigningKey::from_seed(&[seed; 32]);
        let inviter = self.houses[AUTHORITIES - 1].key.clone();
        let ledger = self.core(AUTHORITIES - 1).ledger();
        let head = ledger.head();
        let grant = Grant {
            chain: ledger.chain(),
            nonce: Digest::new([seed; 32]),
            role: Role::Follower,
            expires: self.time().time.plus(3_600_000),
            height: head.height,
            block: head.block,
        };
        let admit = Admit {
            grant_signature: grant.sign(&inviter),
            proof: grant.prove(&newcomer),
            inviter: inviter.public(),
            member: newcomer.public(),
            grant,
        };
        self.slip_in(AUTHORITIES - 1, Payload::Admit(admit));
        newcomer.address()
    }

    /// A house signs a transaction that its node knows nothing of; every authority hears of it now.
    pub(super) fn slip_in(&mut self, house: usize, payload: Payload) {
        let key = self.houses[house].key.clone();
        let ledger = self.core(house).ledger();
        let sequence = ledger.state().member(&key.address()).unwrap().sequence.next();
        let (author, expires) = (key.public(), Height(ledger.head().height.0 + 100));
        let signed = TransactionBody { author, sequence, expires, payload }.sign(&key, &self.genesis.chain());
        for house in 0..AUTHORITIES {
            let input = ledger::Input::Submit { transactions: vec![signed.clone()], local: false };
            self.tell(house, Input::Ledger(input));
        }
    }

    fn index(&self, address: &Address) -> Option<usize> {
        self.houses.iter().position(|house| house.key.address() == *address)
    }

    pub(super) fn time(&self) -> Now {
        let time = UnixMs(EPOCH + i64::try_from(self.now).unwrap());
        Now { tick: Tick(self.now), time }
    }

    /// The slot that runs.
    pub(super) fn slot(&self) -> SlotId {
        SlotId::at(self.time().time, LENGTH).unwrap()
    }

    /// The two desks of the running day, by house.
    pub(super) fn pair(&self, slot: SlotId) -> [usize; 2] {
        let rota = self.core(0).ledger().state().books().rota.unwrap();
        rota.pair(super::super::hall::day_of(slot, LENGTH)).map(|desk| self.index(&desk).unwrap())
    }

    pub(super) fn start(&mut self, house: usize) {
        let config = Config {
            heartbeat_ms: 60_000,
            time_ahead_ms: 1_000,
            name: Bytes::new(b"house".to_vec()).unwrap(),
            await_alone: false,
            checkpoint: None,
        };
        let core_config = CoreConfig {
            sites: Vec::new(),
            series_max: 100,
            ahead_ms: 300_000,
            retention: catalogue::Retention::default(),
            clock_speed_millis: 1_000,
            operator: None,
        };
        let now = self.time();
        let (key, genesis) = (self.houses[house].key.clone(), self.genesis.clone());
        let blocks = self.houses[house].blocks.clone();
        // Whoever has lived before does not sign at the height it may have signed at.
        let votes = if blocks.is_empty() {
            Ok(VoteLog::default())
        } else {
            Err(ledger::RecordError::Damaged { offset: 0, height: Height(blocks.len() as u64 + 1) })
        };
        let (ledger, first) =
            Ledger::open(now, config, key.clone(), &genesis, blocks.into_iter(), votes).unwrap();
        let entries = self.houses[house].entries.clone().into_iter();
        let (mut core, outputs, unreadable) =
            Core::open(now, &core_config, key, genesis, ledger, entries, std::iter::empty()).unwrap();
        assert!(unreadable.is_empty(), "{unreadable:?}");
        if self.houses[house].has_meters {
            let metric = MetricName::new("import_wh").unwrap();
            core.energy.meters.2 = vec![Meter { asset: AssetId(0), metric, role: energy::Role::Import }];
        }
        self.houses[house].core = Some(core);
        self.perform(house, first.into_iter().map(Output::Ledger).collect());
        self.perform(house, outputs);
        for other in (0..self.houses.len()).filter(|other| *other != house) {
            if self.houses[other].core.is_some() {
                let (a, b) = (self.address(house), self.address(other));
                self.tell(house, Input::Ledger(ledger::Input::Connected(b)));
                self.tell(other, Input::Ledger(ledger::Input::Connected(a)));
            }
        }
    }

    /// The house goes dark in the middle of whatever it does.
    pub(super) fn stop(&mut self, house: usize) {
        self.houses[house].core = None;
        self.wires.retain(|_, (from, to, _)| *from != house && *to != house);
        let gone = self.address(house);
        for other in 0..self.houses.len() {
            self.tell(other, Input::Ledger(ledger::Input::Disconnected(gone)));
        }
    }

    pub(super) fn tell(&mut self, house: usize, input: Input) {
        let now = self.time();
        let Some(core) = self.houses[house].core.as_mut() else { return };
        let outputs = core.handle(now, input);
        self.perform(house, outputs);
    }

    /// A desk that keeps no more lets go of a slot before this one, if it may.
    pub(super) fn makes_room(&mut self, house: usize, before: SlotId) -> bool {
        let now = self.time();
        let home = &mut self.houses[house];
        let core = home.core.as_mut().unwrap();
        let (state, chain, me) = (core.ledger.state(), core.ledger.chain(), core.ledger.address());
        let hall = Hall::open(state, chain, me, now).unwrap();
        let mut acts = Vec::new();
        let has_room = core.energy.settling.office.make_room(&hall, before, &mut acts);
        for act in acts {
            let Act::Store(change) = act else { panic!("{act:?}") };
            home.entries.remove(&change.key());
        }
        has_room
    }

    /// A house's operator lets a slot pass.
    pub(super) fn release(
        &mut self,
        house: usize,
        start: UnixMs,
        reason: &str,
    ) -> Result<(), ReleaseRefused> {
        self.refused = None;
        self.command(house, Command::ReleaseSlot { start, reason: reason.to_owned() });
        match self.refused.take() {
            None => Ok(()),
            Some(Refused::Release(reason)) => Err(reason),
            Some(other) => panic!("{other}"),
        }
    }

    /// A house has measured a slot.
    pub(super) fn meter(&mut self, house: usize, slot: SlotId, import_wh: i64, export_wh: i64) {
        self.put_slot(house, slot, Flow { import_wh, export_wh, production_wh: None }, None);
    }

    /// The same, which it does not believe.
    pub(super) fn meter_held(&mut self, house: usize, slot: SlotId, import_wh: i64, doubt: Doubt) {
        self.put_slot(house, slot, Flow { import_wh, export_wh: 0, production_wh: None }, Some(doubt));
    }

    fn put_slot(&mut self, house: usize, slot: SlotId, flow: Flow, held: Option<Doubt>) {
        let found =
            Slot { id: slot, length: LENGTH, flow: Some(flow), is_estimated: false, version: 1, held };
        let home = &mut self.houses[house];
        let Some(core) = home.core.as_mut() else { return };
        assert!(core.energy.book.put(found));
        let day = core.energy.book.day(Day::of(found.start())).unwrap();
        let change = Change::PutSlots(day);
        home.entries.insert(change.key(), change.value().unwrap());
        core.energy.settling.stale();
        self.tell(house, Input::Tick);
    }

    fn perform(&mut self, house: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Persist(changes) => {
                    let entries = &mut self.houses[house].entries;
                    for change in changes {
                        match change.value() {
                            Some(value) => entries.insert(change.key(), value),
                            None => entries.remove(&change.key()),
                        };
                    }
                }
                Output::SendSettlement { to, message } => self.settlement(house, &to, *message),
                Output::Ledger(output) => self.ledger(house, output),
                Output::Answer { answer, .. } => self.refused = answer.err(),
                Output::StoreTelemetry { .. }
                | Output::AnswerTelemetry { .. }
                | Output::RefuseTelemetry { .. }
                | Output::AnswerJoin { .. }
                | Output::SendOperator { .. }
                | Output::Members(_)
                | Output::MemberMoved { .. }
                | Output::ForgetHistory
                | Output::StoreNetworkKeys(_)
                | Output::NetworkKeys(_)
                | Output::Event(_) => {}
            }
        }
    }

    pub(super) fn settlement(&mut self, from: usize, to: &Address, message: SettlementMessage) {
        let Some(to) = self.index(to) else { return };
        let Some(message) = self.told(from, to, message) else { return };
        let bytes = encode(&message);
        let message = decode::<SettlementMessage>(&bytes, SETTLEMENT_FRAME_BYTES_MAX).unwrap();
        if self.cut.contains(&(from.min(to), from.max(to))) {
            return;
        }
        self.heard.push((from, to, bytes));
        self.post(from, to, Parcel::Settlement(Box::new(message)));
    }

    fn ledger(&mut self, house: usize, output: ledger::Output) {
        use ledger::Output;
        let all: Vec<usize> = (0..self.houses.len()).filter(|to| *to != house).collect();
        match output {
            Output::Send { to, message } => {
                let to = self.index(&to);
                self.message(house, to.into_iter().collect(), &message);
            }
            Output::Broadcast(message) => {
                self.message(house, all.into_iter().filter(|to| *to < AUTHORITIES).collect(), &message);
            }
            Output::Announce(message) => self.message(house, all, &message),
            Output::GossipTransactions(transactions) => {
                self.said.push(encode(&transactions));
                let chain = self.genesis.chain();
                let verified: Vec<_> =
                    transactions.into_iter().map(|one| one.verify(&chain).unwrap()).collect();
                for to in all {
                    let input = ledger::Input::Submit { transactions: verified.clone(), local: false };
                    self.post(house, to, Parcel::Ledger(Box::new(input)));
                }
            }
            Output::GossipHeader(header) => {
                self.said.push(encode(&header));
                let from = self.address(house);
                for to in all {
                    let input = ledger::Input::Hint { from, height: header.header.height };
                    self.post(house, to, Parcel::Ledger(Box::new(input)));
                }
            }
            Output::ServeBlocks { to, from, last } => {
                let range = usize::try_from(from.0 - 1).unwrap()..usize::try_from(last.0).unwrap();
                let blocks = self.houses[house].blocks[range].iter().take(64).map(|stored| SyncBlock {
                    block: Bytes::new(encode(&stored.block)).unwrap(),
                    certificate: stored.certificate.clone(),
                });
                let blocks = Bounded::new(blocks.collect()).unwrap();
                let to = self.index(&to);
                let message = Message::SyncResponse(SyncResponse { blocks });
                self.message(house, to.into_iter().collect(), &message);
            }
            Output::Committed(committed) => {
                let block = (*committed.block).clone();
                self.said.push(encode(&block));
                let stored = StoredBlock { block, certificate: committed.certificate };
                self.houses[house].blocks.push(stored);
            }
            Output::Evidence(_) | Output::Blame { .. } | Output::Halt { .. } => panic!("{output:?}"),
            Output::Rejected { .. }
            | Output::VoteAppend(_)
            | Output::VoteSync
            | Output::VoteReset(_)
            | Output::BlockAppend { .. }
            | Output::BlockSync => {}
        }
    }

    fn message(&mut self, from: usize, to: Vec<usize>, message: &Message) {
        let bytes = encode(message);
        self.said.push(bytes.clone());
        let sender = self.address(from);
        for to in to {
            let message = decode(&bytes, SYNC_FRAME_BYTES_MAX).unwrap();
            let input = ledger::Input::Message { from: sender, message };
            self.post(from, to, Parcel::Ledger(Box::new(input)));
        }
    }

    /// What comes of a message where one of the two does wrong.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other message passes as it is, those to come too"
    )]
    fn told(&self, from: usize, to: usize, message: SettlementMessage) -> Option<SettlementMessage> {
        let message = match self.lies.get(&from) {
            Some(Lie::AboutLines) => self.lied(from, message),
            Some(Lie::Silent) => return None,
            Some(Lie::Drops(_)) | None => message,
        };
        let dropped = match self.lies.get(&to) {
            // Whoever lies does not come round.
            Some(Lie::AboutLines) => match message {
                SettlementMessage::Offer(_) | SettlementMessage::Opinion(_) => return None,
                other => return Some(other),
            },
            Some(Lie::Drops(house)) => self.address(*house),
            Some(Lie::Silent) | None => return Some(message),
        };
        match message {
            SettlementMessage::Statement(signed) if signed.statement.member == dropped => None,
            SettlementMessage::Share(some) => {
                let kept = some.into_vec().into_iter().filter(|signed| signed.statement.member != dropped);
                Some(SettlementMessage::Share(Bounded::new(kept.collect()).unwrap()))
            }
            other => Some(other),
        }
    }

    /// Another root, signed with the liar's own key.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "every other message passes as it is, those to come too"
    )]
    fn lied(&self, house: usize, message: SettlementMessage) -> SettlementMessage {
        let (key, chain) = (&self.houses[house].key, self.genesis.chain());
        let other = Digest::new([0xee; 32]);
        match message {
            SettlementMessage::Offer(mut offer) => {
                if let Settlement::Slot(result) = &mut offer.settlement {
                    result.lines = other;
                }
                offer.signature = offer.settlement.sign(key, &chain);
                SettlementMessage::Offer(offer)
            }
            SettlementMessage::Opinion(mut told) => {
                told.opinion.result = other;
                told.signature = told.opinion.sign(key, &chain);
                SettlementMessage::Opinion(told)
            }
            right => right,
        }
    }

    fn post(&mut self, from: usize, to: usize, parcel: Parcel) {
        self.sent += 1;
        if self.houses[to].core.is_some() && self.half.contains(&from) == self.half.contains(&to) {
            self.wires.insert((self.now + LATENCY_MS, self.sent), (from, to, parcel));
        }
    }

    /// Lets time pass.
    pub(super) fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let wakes = self.houses.iter().filter_map(|house| house.core.as_ref()?.poll_timeout());
            let wake = wakes.map(|tick| tick.0).min().unwrap_or(end);
            let arrives = self.wires.first_key_value().map_or(end, |((due, _), _)| *due);
            let next = wake.min(arrives).clamp(self.now, end);
            self.now = next;
            if arrives <= next
                && let Some((_, (from, to, parcel))) = self.wires.pop_first()
            {
                let from = self.address(from);
                self.tell(
                    to,
                    match parcel {
                        Parcel::Ledger(input) => Input::Ledger(*input),
                        Parcel::Settlement(message) => Input::Settlement { from, message },
                    },
                );
                continue;
            }
            if next >= end {
                return;
            }
            let due: Vec<usize> = (0..self.houses.len())
                .filter(|house| {
                    let core = self.houses[*house].core.as_ref();
                    core.and_then(Core::poll_timeout).is_some_and(|tick| tick.0 <= next)
                })
                .collect();
            if due.is_empty() {
                self.now += 1;
            }
            for house in due {
                self.tell(house, Input::Tick);
            }
        }
    }

    /// Lets days pass in which nothing is measured: the clocks of all jump from minute to minute.
    pub(super) fn pass_coarse(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            self.pass(200);
            self.now = (self.now + 10 * 60_000).min(end);
        }
        self.pass(2_000);
    }

    /// The same for many days, from quarter to quarter of one.
    pub(super) fn pass_days(&mut self, days: u64) {
        let end = self.now + days * 86_400_000;
        while self.now < end {
            self.pass(1_500);
            self.now = (self.now + 6 * 3_600_000).min(end);
        }
        self.pass(60_000);
    }

    /// Lets time pass up to a moment of the hive's clock.
    pub(super) fn until(&mut self, time: UnixMs) {
        let ms = time.since(self.time().time);
        self.pass(u64::try_from(ms).unwrap_or(0));
    }
}
