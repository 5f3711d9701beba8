//! What a settlement desk keeps of a large hive: two real desks settle a month of slots of 200 members, and the memory of
//! this process is read before and after. `cargo bench -p node --bench desk`, with `DAYS` and `MEMBERS` for other hives.

#![expect(clippy::wildcard_enum_match_arm, reason = "a bench looks for the outputs it is about")]

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};

use ledger::{Config, Ledger, VoteLog};
use node::core::{Actor, Change, Command, Core, CoreConfig, Input, Output, Ticket, catalogue};
use protocol::energy::{
    Desk, EnergyAction, Fees, Price, Quality, Rota, Salt, SettlementMessage, SlotId, SlotLength, Statement,
    Tariff, Terms, WattHours,
};
use protocol::{Action, Address, Bytes, ChainId, Digest, Genesis, Now, SigningKey, Tick, UnixMs, encode};

const LENGTH: SlotLength = SlotLength::Quarter;
/// Midnight before a Thursday.
const EPOCH: i64 = 20_397 * 86_400_000;

fn main() -> io::Result<()> {
    let asked = |name: &str, usual: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual).clamp(3, 1_000)
    };
    // `cargo test` only wants to know that it runs; `cargo bench` says so itself.
    let (usual, month) = if std::env::args().any(|word| word == "--bench") { (200, 30) } else { (5, 3) };
    let (members, days) = (asked("MEMBERS", usual), asked("DAYS", month));
    let mut hive = Hive::new(usize::try_from(members).expect("invariant: at most 1,000"));
    hive.begin();
    let before = resident_kib();
    for _ in 0..days * 96 {
        hive.slot();
    }
    let grown = resident_kib().saturating_sub(before);
    let mut out = io::stdout();
    let [first, second] = hive.desks.each_ref().map(|desk| desk.core.energy().statements_held());
    let settled = hive.desks[0].core.ledger().state().settled_slots(SlotId(0)..=SlotId(u64::MAX)).count();
    let booked = hive.desks[0].core.ledger().state().accounts().filter(|(_, one)| one.bought.0 > 0).count();
    let disk: usize = hive.desks[0].kept.values().map(|(count, bytes)| count * bytes).sum();
    writeln!(out, "{members} members, {days} days: {settled} slots settled, {booked} members booked")?;
    writeln!(out, "statements held: {first} and {second} of {}", days * 96 * members)?;
    writeln!(out, "memory of one desk: {:.1} MiB, its ledger among it", kib_as_mib(grown / 2))?;
    let held = u64::try_from(first.max(1)).unwrap_or(1);
    writeln!(out, "a statement held: {} bytes in memory", grown * 512 / held)?;
    writeln!(out, "on disk: {:.1} MiB of statements", kib_as_mib(u64::try_from(disk / 1_024).unwrap_or(0)))
}

fn kib_as_mib(kib: u64) -> f64 {
    f64::from(u32::try_from(kib).unwrap_or(u32::MAX)) / 1_024.0
}

/// Resident memory of this process, KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

struct House {
    core: Core,
    /// Statements on its disk by slot: how many, and bytes of one.
    kept: BTreeMap<Vec<u8>, (usize, usize)>,
}

struct Hive {
    desks: [House; 2],
    keys: Vec<SigningKey>,
    chain: ChainId,
    now: u64,
    post: VecDeque<(usize, Input)>,
}

impl Hive {
    fn new(members: usize) -> Self {
        let seed = |n: usize| Digest::of("symbiose bench member", &[&n.to_be_bytes()]);
        let mut keys: Vec<SigningKey> =
            (0..members).map(|n| SigningKey::from_seed(seed(n).as_bytes())).collect();
        keys[..2].sort_by_key(SigningKey::address);
        let public = |keys: &[SigningKey]| keys.iter().map(SigningKey::public).collect::<Vec<_>>();
        let genesis =
            Genesis::new(UnixMs(EPOCH - 1_000), Digest::new([0; 32]), public(&keys[..2]), public(&keys[2..]))
                .expect("invariant: two authorities and other members");
        let mut post = VecDeque::new();
        let desks = [0, 1].map(|place| opened(place, &keys[place], &genesis, &mut post));
        let mut hive = Self { desks, keys, chain: genesis.chain(), now: 0, post };
        for place in 0..2 {
            let other = hive.keys[1 - place].address();
            hive.post.push_back((place, Input::Ledger(ledger::Input::Connected(other))));
        }
        hive.pass(2_000);
        hive
    }

    /// Two desks and a tariff are voted.
    fn begin(&mut self) {
        let desk = |place: usize| Desk {
            authority: self.keys[place].address(),
            operator: Digest::new([u8::try_from(place).expect("invariant: two"); 32]),
        };
        let rota = Rota::new(vec![desk(0), desk(1)]).expect("invariant: two operators");
        let valid_from = SlotId(self.current().0 + 1);
        let fees = Fees::flat(Price(86_000));
        let tariff = Tariff { retail: Price(250_000), feed_in: Price(40_000), fees, valid_from };
        for (number, action) in [(1, EnergyAction::Settle(rota)), (2, EnergyAction::Charge(tariff))] {
            self.command(0, Command::Propose(Action::Energy(action)));
            self.pass(5_000);
            self.command(1, Command::Approve(number));
            self.pass(5_000);
        }
        self.until(valid_from.start(LENGTH));
        assert!(self.desks[0].core.ledger().state().tariff_at(valid_from).is_some(), "sharing is voted");
    }

    fn command(&mut self, place: usize, command: Command) {
        self.tell(place, Input::Command { ticket: Ticket(0), by: Actor::default(), command });
    }

    fn time(&self) -> Now {
        let ms = i64::try_from(self.now).expect("invariant: a few months");
        Now { tick: Tick(self.now), time: UnixMs(EPOCH + ms) }
    }

    fn current(&self) -> SlotId {
        SlotId::at(self.time().time, LENGTH).expect("invariant: after 1970")
    }

    /// Every member states the slot that runs when it is over: a third of them sell by day, everybody else buys.
    fn slot(&mut self) {
        let slot = self.current();
        self.until(slot.end(LENGTH).plus(2_000));
        let is_day = (28..68).contains(&(slot.0 % 96));
        for (n, key) in self.keys.iter().enumerate().skip(2) {
            let amount =
                i64::try_from((n * 37 + usize::try_from(slot.0 % 96).unwrap_or(0) * 11) % 700).unwrap_or(0);
            let is_seller = is_day && n % 3 == 0;
            let (import, export) = if is_seller { (0, amount) } else { (amount, 0) };
            let salt = Digest::of("symbiose bench salt", &[key.address().as_bytes(), &slot.0.to_be_bytes()]);
            let statement = Statement {
                member: key.address(),
                length: LENGTH,
                slot,
                import: WattHours(import),
                export: WattHours(export),
                quality: Quality::Measured,
                version: 1,
                terms: Terms::default(),
                salt: Salt::new(std::array::from_fn(|byte| salt.as_bytes()[byte])),
            };
            let signed = statement.sign(key, &self.chain);
            for place in 0..2 {
                let message = Box::new(SettlementMessage::Statement(Box::new(signed.clone())));
                self.post.push_back((place, Input::Settlement { from: key.address(), message }));
            }
        }
        self.pass(3_000);
    }

    fn until(&mut self, time: UnixMs) {
        let ms = u64::try_from(time.since(self.time().time)).unwrap_or(0);
        // A desk looks at its clock often enough in the last seconds before.
        self.now += ms.saturating_sub(3_000);
        self.pass(ms.min(3_000));
    }

    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            while let Some((place, input)) = self.post.pop_front() {
                self.tell(place, input);
            }
            let wake = self.desks.iter().filter_map(|desk| desk.core.poll_timeout()).min();
            let next = wake.map_or(end, |wake| wake.0).max(self.now + 1);
            if next > end {
                self.now = end;
                return;
            }
            self.now = next;
            (0..2).for_each(|place| self.tell(place, Input::Tick));
        }
    }

    fn tell(&mut self, place: usize, input: Input) {
        let now = self.time();
        let outputs = self.desks[place].core.handle(now, input);
        perform(place, outputs, &mut self.desks[place].kept, &mut self.post, &self.chain, &self.keys);
    }
}

fn opened(place: usize, key: &SigningKey, genesis: &Genesis, post: &mut VecDeque<(usize, Input)>) -> House {
    let config = Config {
        heartbeat_ms: 60_000,
        time_ahead_ms: 1_000,
        name: Bytes::new(b"desk".to_vec()).expect("invariant: a short name"),
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
    let now = Now { tick: Tick(0), time: UnixMs(EPOCH) };
    let (ledger, first) =
        Ledger::open(now, config, key.clone(), genesis, std::iter::empty(), Ok(VoteLog::default()))
            .expect("invariant: a new ledger opens");
    let (core, outputs, _) = Core::open(
        now,
        &core_config,
        key.clone(),
        genesis.clone(),
        ledger,
        std::iter::empty(),
        std::iter::empty(),
    )
    .expect("invariant: an empty building opens");
    let mut kept = BTreeMap::new();
    let first = first.into_iter().map(Output::Ledger).chain(outputs).collect();
    perform(place, first, &mut kept, post, &genesis.chain(), &[]);
    House { core, kept }
}

/// Carries out what a desk asks for: everything of the ledger goes to the other desk, statements are counted.
fn perform(
    place: usize,
    outputs: Vec<Output>,
    kept: &mut BTreeMap<Vec<u8>, (usize, usize)>,
    post: &mut VecDeque<(usize, Input)>,
    chain: &ChainId,
    keys: &[SigningKey],
) {
    let address = |place: usize| keys.get(place).map_or(Address::new([0; 20]), SigningKey::address);
    let other = 1 - place;
    for output in outputs {
        match output {
            Output::Persist(changes) => changes.iter().for_each(|change| count(change, kept)),
            Output::SendSettlement { to, message } if to == address(other) => {
                post.push_back((other, Input::Settlement { from: address(place), message }));
            }
            Output::Ledger(
                ledger::Output::Send { message, .. }
                | ledger::Output::Broadcast(message)
                | ledger::Output::Announce(message),
            ) => {
                let input = ledger::Input::Message { from: address(place), message };
                post.push_back((other, Input::Ledger(input)));
            }
            Output::Ledger(ledger::Output::GossipTransactions(transactions)) => {
                let verified = transactions.into_iter().filter_map(|one| one.verify(chain).ok()).collect();
                let input = ledger::Input::Submit { transactions: verified, local: false };
                post.push_back((other, Input::Ledger(input)));
            }
            _ => {}
        }
    }
}

fn count(change: &Change, kept: &mut BTreeMap<Vec<u8>, (usize, usize)>) {
    let slot = |key: &[u8]| key[..9].to_vec();
    match change {
        Change::PutStatement(held) => {
            let entry = kept.entry(slot(&change.key())).or_insert((0, 0));
            *entry = (entry.0 + 1, encode(held).len() + change.key().len());
        }
        Change::DeleteStatement(..) => {
            let key = slot(&change.key());
            if let Some(entry) = kept.get_mut(&key) {
                entry.0 -= 1;
                if entry.0 == 0 {
                    kept.remove(&key);
                }
            }
        }
        _ => {}
    }
}
