//! One world under one seed: its time, its queue of events, its nodes and the net between them. One event after the
//! other; everything that can differ between two runs is drawn from the seed.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};
use std::rc::Rc;

use node::core::{Actor, Command, Input, Output, Ticket};
use protocol::{Address, ChainId, Height};

use crate::building::{Hive, Stop};
use crate::chance::Chance;
use crate::checker::{Checker, Rule, Violation};
use crate::disk::Crash;
use crate::faults::Weather;
use crate::gateway::caretake;
use crate::governing::Government;
use crate::lying::Twins;
use crate::model::Model;
use crate::mutants::Mutant;
use crate::network::Network;
use crate::place::Place;
use crate::report::Tally;
use crate::series::Series;
use crate::spared::Spared;
use crate::telling::Cards;
use crate::trace::{Trace, short};
use crate::traffic::Parcel;
use crate::witness::Witness;
use crate::workload::Client;

/// Wake-ups of one node in one millisecond before it counts as spinning.
const WAKES_PER_MS_MAX: u32 = 200;

/// How a world is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Nodes; the last ones follow, the others are authorities. Zero: 4 to 10 authorities and up to three followers,
    /// drawn by the seed.
    pub nodes: usize,
    /// Followers among them, if there is more than one node.
    pub followers: usize,
    /// How long faults last, milliseconds.
    pub faults_ms: u64,
    /// A long quiet world of that many hours in place of a stormy minute; `faults_ms` does not count then.
    pub hours: Option<u32>,
    /// Whether every seed has lying authorities, as many as the hive must bear. Otherwise a share of the seeds has.
    pub byzantine: bool,
    /// Whether every seed signs with Ed25519. Otherwise a share of them does.
    pub real_signatures: bool,
    /// What of the weather is left out.
    pub spared: Spared,
    /// A planted fault, if one is on.
    pub mutant: Option<Mutant>,
}

impl Settings {
    /// Five nodes and a stormy minute.
    pub const STORMY: Self = Self {
        nodes: 5,
        followers: 1,
        faults_ms: 60_000,
        hours: None,
        byzantine: false,
        real_signatures: false,
        spared: Spared::NOTHING,
        mutant: None,
    };

    /// What a seed draws where nothing is said.
    pub fn drawn(self, seed: u64) -> Self {
        if self.nodes > 0 {
            return self;
        }
        let mut chance = Chance::new(seed, "nodes");
        let (authorities, followers) = (4 + chance.index(7), 1 + chance.index(3));
        Self { nodes: authorities + followers, followers, ..self }
    }

    /// The weather of a seed, without what is spared.
    pub fn weather(&self, seed: u64) -> Weather {
        let drawn = match self.hours {
            Some(_) => Weather::draw_quiet(seed, self.nodes),
            None => Weather::draw(seed),
        };
        self.spared.of(drawn)
    }

    /// How many of the nodes are authorities: at least one.
    pub fn authorities(&self) -> usize {
        self.nodes.saturating_sub(self.followers).max(1)
    }

    /// How long faults last, milliseconds.
    pub fn faults_last_ms(&self) -> u64 {
        self.hours.map_or(self.faults_ms, |hours| u64::from(hours) * 3_600_000)
    }
}

/// What happens next.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Wake {
        node: usize,
        number: u64,
    },
    Deliver {
        from: usize,
        to: usize,
        session: u32,
        parcel: Rc<Parcel>,
    },
    Connect {
        a: usize,
        b: usize,
    },
    Notice {
        node: usize,
        peer: usize,
        session: Option<u32>,
    },
    Submit {
        client: usize,
    },
    Reading {
        node: usize,
    },
    Caretake {
        node: usize,
    },
    Card {
        node: usize,
    },
    Commit {
        node: usize,
        life: u64,
    },
    Start {
        node: usize,
    },
    CrashDue {
        node: usize,
        life: u64,
        crash: Crash,
    },
    Storm(Storm),
    Mend {
        number: u64,
    },
    Resume {
        node: usize,
    },
    Room {
        node: usize,
    },
    Lie {
        node: usize,
    },
    Change,
    Vote,
    /// Authorities put a question to several buildings.
    Ask,
    /// A client hands in again what its building dropped.
    HandIn {
        client: usize,
    },
    Operate {
        node: usize,
    },
    Knock {
        node: usize,
    },
    Lonely {
        node: usize,
        life: u64,
        looks: u8,
        height: Height,
    },
    Again {
        node: usize,
        life: u64,
    },
    HandKeys,
    Heal,
    Goal,
    TimeOut,
}

/// An event of the queue: the first is the greatest, as a heap has it.
#[derive(Debug)]
pub(crate) struct Due {
    at: u64,
    /// In the order in which they came into the queue.
    number: u64,
    event: Event,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Due {}

/// A fault class whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storm {
    Crash,
    Partition,
    Clog,
    Pause,
    Clock,
    Step,
    Full,
}

impl Storm {
    /// All of them.
    pub(crate) const ALL: [Self; 7] =
        [Self::Crash, Self::Partition, Self::Clog, Self::Pause, Self::Clock, Self::Step, Self::Full];
}

/// Everything there is.
pub(crate) struct World<'a> {
    pub(crate) now: u64,
    pub(crate) queue: BinaryHeap<Due>,
    pub(crate) number: u64,
    pub(crate) hive: Hive,
    pub(crate) chain: ChainId,
    pub(crate) places: Vec<Place>,
    pub(crate) clients: Vec<Client>,
    pub(crate) network: Network,
    pub(crate) weather: Weather,
    pub(crate) chance: Chance,
    pub(crate) checker: Checker,
    pub(crate) model: Model,
    pub(crate) witness: Witness,
    pub(crate) trace: Trace<'a>,
    pub(crate) tally: Tally,
    /// Authorities, at most a third of them, that get faults which no quorum survives.
    pub(crate) unlucky: BTreeSet<usize>,
    pub(crate) healed_at: Option<u64>,
    pub(crate) goals_set: bool,
    pub(crate) is_over: bool,
    pub(crate) partition: u64,
    pub(crate) tickets: u64,
    /// Whether keys are Ed25519 or stubs.
    pub(crate) is_real: bool,
    /// Who lies.
    pub(crate) liars: BTreeSet<Address>,
    /// Second copies of liars that run beside them.
    pub(crate) twins: Vec<Twins>,
    pub(crate) government: Government,
    /// What buildings stated of their slots.
    pub(crate) series: Series,
    /// What people let out about incidents.
    pub(crate) cards: Cards,
    pub(crate) settings: Settings,
}

impl<'a> World<'a> {
    /// Runs until all is well after the faults, or a rule is broken.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        let weather = self.weather.to_string();
        self.trace.note(0, "weather", &[weather.as_bytes()], || format!("weather: {weather}"));
        for node in 0..self.places.len() {
            if !self.places[node].is_gone {
                let at = self.chance.between(0, 300);
                self.at(at, Event::Start { node });
            }
        }
        self.lie_later();
        self.govern_later();
        self.vote_later();
        self.ask_later();
        self.tell_later();
        for client in 0..self.clients.len() {
            self.submit_later(client);
            self.read_later(client);
            self.caretake_later(client);
        }
        self.raise_storms();
        self.at(self.settings.faults_last_ms(), Event::Heal);
        while !self.is_over {
            let Some(Due { at, event, .. }) = self.queue.pop() else {
                return Err(Violation::of(Rule::Liveness, "nothing is left to happen"));
            };
            self.now = at;
            self.happen(event)?;
        }
        self.finish()
    }

    /// What happened so far.
    pub(crate) fn sum_up(&self) -> Tally {
        Tally {
            virtual_ms: self.now,
            node_ms: self.now * self.places.len() as u64,
            real_signatures: u64::from(self.is_real),
            events: self.trace.events(),
            blocks: self.checker.height().0,
            transactions: self.checker.acknowledged() as u64,
            messages: self.network.sent,
            messages_lost: self.network.lost,
            ..self.tally
        }
    }

    /// Puts an event into the queue.
    pub(crate) fn at(&mut self, at: u64, event: Event) {
        self.number += 1;
        self.queue.push(Due { at, number: self.number, event });
    }

    pub(crate) fn after(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        if let Some(until) = self.is_waiting(&event) {
            self.at(until, event);
            return Ok(());
        }
        match event {
            Event::Wake { node, number } => self.wake(node, number),
            Event::Deliver { from, to, session, parcel } => self.deliver(from, to, session, &parcel),
            Event::Connect { a, b } => self.connect(a, b),
            Event::Notice { node, peer, session } => self.notice(node, peer, session),
            Event::Submit { client } => self.submit(client),
            Event::Reading { node } => self.read(node),
            Event::Caretake { node } => self.caretake(node),
            Event::Card { node } => self.let_card_out(node),
            Event::Commit { node, life } => self.commit_telemetry(node, life),
            Event::Start { node } => self.start(node),
            Event::CrashDue { node, life, crash } => {
                if self.places[node].life == life && self.is_up(node) {
                    self.crash(node, crash);
                }
                Ok(())
            }
            Event::Storm(storm) => {
                self.storm(storm);
                Ok(())
            }
            Event::Mend { number } => {
                if self.partition == number {
                    self.network.mend();
                    self.trace.note(self.now, "mend", &[], || "the net is whole again".to_owned());
                }
                Ok(())
            }
            // Time has passed for it as for everybody; what waited is behind this event.
            Event::Resume { node } => self.tell(node, Input::Tick),
            Event::Room { node } => {
                self.places[node].building.disk.is_full = false;
                Ok(())
            }
            Event::Lie { node } => self.lie(node),
            Event::Change => self.change(),
            Event::Vote => self.vote(),
            Event::Ask => self.ask(),
            Event::HandIn { client } => self.ask_again(client),
            Event::Operate { node } => self.operate(node),
            Event::Knock { node } => self.knock(node),
            Event::Lonely { node, life, looks, height } => {
                self.look_around(node, life, looks, height);
                Ok(())
            }
            Event::Again { node, life } => {
                self.again(node, life);
                Ok(())
            }
            Event::HandKeys => {
                self.hand_network_keys();
                Ok(())
            }
            Event::Heal => self.heal(),
            Event::Goal => self.set_goals(),
            Event::TimeOut => Err(self.not_live()),
        }
    }

    /// Until when an event has to wait because its node is frozen.
    fn is_waiting(&self, event: &Event) -> Option<u64> {
        let node = match event {
            Event::Wake { node, .. } | Event::Notice { node, .. } => *node,
            Event::Lonely { node, .. } | Event::Again { node, .. } | Event::Card { node } => *node,
            Event::Deliver { to, .. } => *to,
            Event::Submit { client } | Event::HandIn { client } => *client,
            Event::Reading { node } | Event::Caretake { node } | Event::Commit { node, .. } => *node,
            Event::Connect { .. }
            | Event::Start { .. }
            | Event::CrashDue { .. }
            | Event::Storm(_)
            | Event::Mend { .. }
            | Event::Resume { .. }
            | Event::Room { .. }
            | Event::Lie { .. }
            | Event::Change
            | Event::Vote
            | Event::Ask
            | Event::Operate { .. }
            | Event::Knock { .. }
            | Event::HandKeys
            | Event::Heal
            | Event::Goal
            | Event::TimeOut => return None,
        };
        let until = self.places[node].paused_until;
        (until > self.now).then_some(until)
    }

    pub(crate) fn is_up(&self, node: usize) -> bool {
        self.places[node].building.ledger().is_some()
    }

    pub(crate) fn name(&self, node: usize) -> String {
        self.places[node].building.name.clone()
    }

    fn wake(&mut self, node: usize, number: u64) -> Result<(), Violation> {
        let place = &mut self.places[node];
        if place.wake.is_none_or(|(_, due)| due != number) {
            return Ok(());
        }
        place.wake = None;
        let count = if place.wakes.0 == self.now { place.wakes.1 + 1 } else { 1 };
        place.wakes = (self.now, count);
        if count > WAKES_PER_MS_MAX {
            let detail = format!("{} wants to be woken at a time that has passed", self.name(node));
            return Err(Violation::of(Rule::Spin, detail));
        }
        if self.places[node].is_held() {
            let building = &self.places[node].building;
            building.ledger().map_or(Ok(()), |ledger| self.witness.keeps(&building.name, &ledger.held()))?;
        }
        self.tell(node, Input::Tick)?;
        self.check_bounds(node)
    }

    pub(crate) fn submit(&mut self, client: usize) -> Result<(), Violation> {
        if self.healed_at.is_none() {
            self.submit_later(client);
        }
        if !self.is_up(client) {
            return Ok(());
        }
        // At the end each asks for something that is taken whenever it comes.
        let ledger = self.places[client].building.ledger().filter(|_| self.healed_at.is_none());
        let state = ledger.map(ledger::Ledger::state);
        let Some(transaction) = self.clients[client].next(&self.chain, state) else { return Ok(()) };
        self.tally.submitted += 1;
        let (name, id) = (self.name(client), transaction.id());
        self.trace.note(self.now, "submit", &[id.as_bytes()], || {
            format!("{name}     is handed transaction {}", short(&id))
        });
        let command = Command::Submit { transactions: vec![transaction], wait: false };
        let ticket = self.ticket();
        self.tell(client, Input::Command { ticket, by: Actor::default(), command })
    }

    /// A gateway hands a reading in. Its own clock is right.
    fn read(&mut self, node: usize) -> Result<(), Violation> {
        self.read_later(node);
        if !self.is_up(node) {
            return Ok(());
        }
        let ticket = self.ticket();
        let time = self.hive.clock.at(self.now);
        let place = &mut self.places[node];
        let (site, asset) = (place.building.site(), place.building.elevator());
        let meter = place.building.metered.is_some().then(|| place.building.meter());
        let input = place.gateway.hand_in(site, asset, meter, time, ticket);
        self.tally.readings += 1;
        self.tell(node, input)?;
        self.cut_slots(node)?;
        self.is_over |= self.is_live_again();
        Ok(())
    }

    fn caretake(&mut self, node: usize) -> Result<(), Violation> {
        if self.healed_at.is_some() {
            return Ok(());
        }
        self.caretake_later(node);
        let ticket = self.ticket();
        let Some(core) = self.places[node].building.core() else { return Ok(()) };
        let Some(input) = caretake(core, &mut self.chance, ticket) else { return Ok(()) };
        self.tell(node, input)
    }

    /// The committer's turn: rows go to disk, then count.
    fn commit_telemetry(&mut self, node: usize, life: u64) -> Result<(), Violation> {
        if self.places[node].life != life || !self.is_up(node) {
            return Ok(());
        }
        match self.places[node].building.commit_telemetry() {
            Ok(stored) if stored.is_empty() => Ok(()),
            Ok(stored) => {
                self.places[node].stored.extend(stored.iter().cloned());
                if let Some(metered) = &mut self.places[node].building.metered {
                    stored.iter().for_each(|(_, rows)| metered.take(rows));
                }
                self.tell(node, Input::TelemetryStored(stored))?;
                self.cut_slots(node)
            }
            Err(stop) => {
                self.stopped(node, stop);
                Ok(())
            }
        }
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn read_later(&mut self, node: usize) {
        let wait = match self.next_slot_read_ms() {
            Some(wait) => wait,
            None => self.chance.wait(self.weather.reading_every_ms),
        };
        self.after(wait, Event::Reading { node });
    }

    fn caretake_later(&mut self, node: usize) {
        let wait = self.chance.wait(self.weather.caretake_every_ms);
        self.after(wait, Event::Caretake { node });
    }

    fn submit_later(&mut self, client: usize) {
        let wait = self.chance.wait(self.weather.submit_every_ms);
        self.after(wait, Event::Submit { client });
    }

    /// Passes an input to the ledger of a node.
    pub(crate) fn tell_ledger(&mut self, node: usize, input: ledger::Input) -> Result<(), Violation> {
        self.tell(node, Input::Ledger(input))
    }

    /// Passes an input to a node and carries out what it answers.
    pub(crate) fn tell(&mut self, node: usize, input: Input) -> Result<(), Violation> {
        let outputs = self.places[node].building.handle(self.now, input);
        self.carry_out(node, outputs)
    }

    pub(crate) fn carry_out(&mut self, node: usize, outputs: Vec<Output>) -> Result<(), Violation> {
        let (left, stop) = self.places[node].building.perform(outputs);
        for left in left {
            self.depart(node, left)?;
        }
        match stop {
            None => {
                self.schedule_wake(node);
                Ok(())
            }
            Some(stop) => {
                self.stopped(node, stop);
                Ok(())
            }
        }
    }

    fn stopped(&mut self, node: usize, stop: Stop) {
        match stop {
            Stop::Crash(crash) => self.crash(node, crash),
            Stop::SyncFailed => {
                self.tally.sync_failures += 1;
                self.crash(node, Crash::Power);
            }
        }
    }

    fn schedule_wake(&mut self, node: usize) {
        let Some(due) = self.places[node].building.wake_at() else { return };
        let late = self.places[node].slow_ms;
        let due = due.max(self.now) + late;
        // A slow node that is called upon all the time gets its turn all the same.
        if self.places[node].wake.is_some_and(|(at, _)| at == due || (late > 0 && at < due)) {
            return;
        }
        let number = self.number + 1;
        self.at(due, Event::Wake { node, number });
        self.places[node].wake = Some((due, number));
    }
}
