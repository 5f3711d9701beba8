//! A stage: four authorities at their first height, some of them played by the script, and every message in the
//! script's hands. Nothing arrives unless the script lets it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ledger::Chain;
use node::core::Input;
use protocol::consensus::PolkaCertificate;
use protocol::message::Body;
use protocol::{
    Address, Block, BlockId, Bounded, Bytes, Digest, Genesis, Height, Message, Proposal, Round, SigningKey,
    UnixMs, Vote, VoteKind, encode,
};

use super::Cast;
use crate::building::{Building, Departure, EPOCH_MS, Hive, HiveClock, Left};
use crate::chance::Chance;
use crate::checker::{Checker, Rule, Violation};
use crate::disk::{Crash, Disk, Habits};
use crate::keys::draw_key;
use crate::mutants::Mutant;
use crate::trace::{Trace, short};

/// Authorities on a stage, by the round of the first height in which each proposes.
pub(super) const ACTORS: usize = 4;
/// How long everybody gets to agree once nothing is held back, milliseconds. A lock that only one honest authority holds
/// is shown to the others from round 10 on, which takes a minute.
pub(super) const AGREE_MS_MAX: u64 = 120_000;
/// Messages that are let through without time passing before a script counts as running in circles.
const DELIVERIES_MAX: usize = 100_000;
/// How fine time passes on a stage, milliseconds.
const STEP_MS: u64 = 10;

const SOUND: Habits = Habits { unsynced_lost_per_mille: 1_000, ..Habits::SOUND };

/// A message on its way.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) message: Message,
}

/// The stage.
pub(super) struct Stage<'s, 't> {
    pub(super) now: u64,
    keys: Vec<SigningKey>,
    /// `None` where the script plays the authority itself. Behind the four stand second copies of some.
    actors: Vec<Option<Building>>,
    /// Which key each actor signs with.
    role: Vec<usize>,
    pub(super) hive: Hive,
    pub(super) pending: Vec<Wire>,
    /// Blocks of the first height that came by.
    blocks: BTreeMap<BlockId, Block>,
    said: Vec<(usize, Message)>,
    decided: BTreeMap<usize, BlockId>,
    checker: Checker,
    trace: &'s mut Trace<'t>,
    mutant: Option<Mutant>,
    /// Messages flow by themselves.
    is_free: bool,
}

impl<'s, 't> Stage<'s, 't> {
    /// Raises the curtain: `liars` are played by the script.
    pub(super) fn new(
        cast: Cast,
        mutant: Option<Mutant>,
        liars: &[usize],
        trace: &'s mut Trace<'t>,
    ) -> Result<Self, Violation> {
        let Cast { seed, is_real } = cast;
        let mut chance = Chance::new(seed, "stage");
        let mut keys: Vec<SigningKey> = (0..ACTORS).map(|_| draw_key(&mut chance, is_real)).collect();
        keys.sort_by_key(SigningKey::address);
        // The proposer of height 1 and round 0 is the second in order of address.
        keys.rotate_left(1);
        let public = keys.iter().map(SigningKey::public).collect();
        let salt = Digest::of("symbiose simulator stage v1", &[&seed.to_be_bytes()]);
        let genesis = Genesis::new(UnixMs(EPOCH_MS - 3_600_000), salt, public, Vec::new())
            .expect("invariant: four keys drawn at random differ");
        let (clock, carried_out) = (HiveClock::STEADY, RefCell::default());
        let hive = Hive { genesis, clock, heartbeat_ms: 1, key_overlap_ms: 0, carried_out };
        let mut stage = Self {
            now: 0,
            keys,
            actors: Vec::new(),
            role: (0..ACTORS).collect(),
            hive,
            pending: Vec::new(),
            blocks: BTreeMap::new(),
            said: Vec::new(),
            decided: BTreeMap::new(),
            checker: Checker::default(),
            trace,
            mutant,
            is_free: false,
        };
        for actor in 0..ACTORS {
            let building = (!liars.contains(&actor)).then(|| stage.building(actor, actor));
            stage.actors.push(building);
        }
        stage.raise()?;
        Ok(stage)
    }

    /// A second running copy of an authority, on a disk of its own. Answers who it is.
    pub(super) fn twin(&mut self, of: usize) -> Result<usize, Violation> {
        let actor = self.actors.len();
        let mut building = self.building(actor, of);
        // Its clock differs, so that it does not build the same block by chance.
        building.clock_off_ms = 7;
        self.actors.push(Some(building));
        self.role.push(of);
        self.start(actor)?;
        Ok(actor)
    }

    fn building(&self, actor: usize, key: usize) -> Building {
        let disk = Disk::new(SOUND, Chance::new(actor as u64, "stage disk"));
        let name = if actor < ACTORS { format!("P{actor}") } else { format!("P{key}_2") };
        Building::new(name, self.keys[key].clone(), disk, self.mutant)
    }

    fn raise(&mut self) -> Result<(), Violation> {
        for actor in 0..ACTORS {
            if self.actors[actor].is_some() {
                self.start(actor)?;
            }
        }
        self.wait(5)
    }

    fn start(&mut self, actor: usize) -> Result<(), Violation> {
        let hive = self.hive.clone();
        let now = self.now;
        let building = self.actors[actor].as_mut().expect("invariant: only the honest start");
        let (_, outputs) = building.start(now, &hive).map_err(|error| Violation::of(Rule::Replay, error))?;
        self.note("start", actor, &[], || "starts".to_owned());
        self.perform(actor, outputs)?;
        let role = self.role[actor];
        for peer in (0..ACTORS).filter(|peer| *peer != role) {
            let peer = self.keys[peer].address();
            self.tell(actor, ledger::Input::Connected(peer))?;
        }
        Ok(())
    }

    /// The process of an honest authority dies and starts again from its disk.
    pub(super) fn restart(&mut self, actor: usize) -> Result<(), Violation> {
        let building = self.actors[actor].as_mut().expect("invariant: only the honest restart");
        building.crash(Crash::Process);
        self.note("crash", actor, &[], || "dies".to_owned());
        self.start(actor)
    }

    /// Lets time pass; what is sent meanwhile waits.
    pub(super) fn wait(&mut self, ms: u64) -> Result<(), Violation> {
        let until = self.now + ms;
        while self.now < until {
            self.now = (self.now + STEP_MS).min(until);
            for actor in 0..self.actors.len() {
                let due = self.actors[actor].as_ref().and_then(Building::wake_at);
                if due.is_some_and(|due| due <= self.now) {
                    let outputs = self.act(actor, Input::Tick);
                    self.perform(actor, outputs)?;
                }
            }
            if self.is_free {
                self.pass(|_| true)?;
            }
        }
        Ok(())
    }

    /// Lets time pass until every honest authority of `who` is in that round or has decided.
    pub(super) fn until_round(&mut self, round: u32, who: &[usize]) -> Result<(), Violation> {
        let until = self.now + 15_000;
        while self.now < until {
            if who.iter().all(|actor| self.is_decided(*actor) || self.round(*actor) >= Some(round)) {
                return Ok(());
            }
            self.wait(STEP_MS)?;
        }
        let rounds: Vec<String> =
            who.iter().map(|actor| format!("P{actor} {:?}", self.round(*actor))).collect();
        Err(self.broken(format!("not in round {round}: {}", rounds.join(", "))))
    }

    pub(super) fn round(&self, actor: usize) -> Option<u32> {
        let building = self.actors[actor].as_ref()?;
        building.ledger()?.progress(building.now(self.now).tick).round
    }

    /// Delivers everything that waits and matches, and what comes of it that matches too.
    pub(super) fn pass(&mut self, matches: impl Fn(&Wire) -> bool) -> Result<(), Violation> {
        for _ in 0..DELIVERIES_MAX {
            let Some(index) = self.pending.iter().position(&matches) else { return Ok(()) };
            let Wire { from, to, message } = self.pending.remove(index);
            if self.actors[to].is_none() {
                continue;
            }
            let ends = [byte(from), byte(to)];
            self.trace
                .note(self.now, "message", &[&ends], || format!("P{to} <- P{from}  {}", words(&message)));
            let from = self.keys[self.role[from]].address();
            self.tell(to, ledger::Input::Message { from, message })?;
        }
        Err(self.broken("messages run in circles".to_owned()))
    }

    /// Forgets everything that waits and matches.
    pub(super) fn lose(&mut self, matches: impl Fn(&Wire) -> bool) {
        self.pending.retain(|wire| !matches(wire));
    }

    /// The script speaks for a liar.
    pub(super) fn say(&mut self, liar: usize, to: &[usize], message: &Message) -> Result<(), Violation> {
        for to in to.iter().copied().filter(|to| *to != liar) {
            self.pending.push(Wire { from: liar, to, message: message.clone() });
        }
        let from = liar;
        self.pass(|wire| wire.from == from)
    }

    /// A liar votes, to those named.
    pub(super) fn vote(
        &mut self,
        liar: usize,
        to: &[usize],
        kind: VoteKind,
        round: u32,
        block: Option<BlockId>,
    ) -> Result<(), Violation> {
        let address = self.keys[liar].address();
        let vote = Vote { kind, height: Height(1), round: Round(round), block, address };
        let signed = vote.sign(&self.keys[liar], &self.hive.genesis.chain());
        self.say(liar, to, &Message::Vote(signed))
    }

    /// A liar proposes a block, body first.
    pub(super) fn propose(
        &mut self,
        liar: usize,
        to: &[usize],
        round: u32,
        block: BlockId,
        pol_round: Option<u32>,
    ) -> Result<(), Violation> {
        let address = self.keys[liar].address();
        let bytes =
            Bytes::new(encode(&self.blocks[&block])).expect("invariant: a built block keeps its limit");
        let (height, round) = (Height(1), Round(round));
        let body = Message::Body(Body { height, round, block: bytes });
        let proposal = Proposal { height, round, block, pol_round: pol_round.map(Round), address };
        let signed = proposal.sign(&self.keys[liar], &self.hive.genesis.chain());
        self.say(liar, to, &body)?;
        self.say(liar, to, &Message::Proposal(signed))
    }

    /// A block that a liar could propose; another one for each `nonce`.
    pub(super) fn forge(&mut self, liar: usize, nonce: i64) -> BlockId {
        let chain = Chain::genesis(&self.hive.genesis);
        let time = UnixMs(EPOCH_MS).plus(nonce);
        let (candidate, _) = chain.build(self.keys[liar].address(), time, std::iter::empty());
        let block = candidate.block.as_ref().clone();
        self.blocks.insert(candidate.id, block);
        candidate.id
    }

    /// A certificate of prevotes, as far as votes of the honest came by, with those the liars add.
    pub(super) fn polka(&self, round: u32, block: BlockId, liars: &[usize]) -> Message {
        let mut signatures: BTreeMap<Address, _> = BTreeMap::new();
        for (_, message) in &self.said {
            if let Message::Vote(signed) = message
                && (signed.vote.kind, signed.vote.round, signed.vote.block)
                    == (VoteKind::Prevote, Round(round), Some(block))
            {
                signatures.insert(signed.vote.address, signed.signature);
            }
        }
        for liar in liars {
            let address = self.keys[*liar].address();
            let (kind, height, round) = (VoteKind::Prevote, Height(1), Round(round));
            let vote = Vote { kind, height, round, block: Some(block), address };
            let signed = vote.sign(&self.keys[*liar], &self.hive.genesis.chain());
            signatures.insert(address, signed.signature);
        }
        let signatures =
            Bounded::new(signatures.into_iter().collect()).expect("invariant: four authorities at the most");
        Message::Polka(PolkaCertificate { height: Height(1), round: Round(round), block, signatures })
    }

    /// The block an honest authority proposed in a round, with the round of its polka.
    pub(super) fn proposal(&self, actor: usize, round: u32) -> Result<(BlockId, Option<u32>), Violation> {
        let found = self.said.iter().find_map(|(by, message)| {
            let Message::Proposal(signed) = message else { return None };
            let proposal = &signed.proposal;
            let is_it = *by == actor && proposal.round == Round(round);
            is_it.then(|| (proposal.block, proposal.pol_round.map(|round| round.0)))
        });
        found.ok_or_else(|| self.broken(format!("P{actor} proposes nothing in round {round}")))
    }

    /// An honest authority cast exactly this vote.
    pub(super) fn must_have_voted(
        &self,
        actor: usize,
        kind: VoteKind,
        round: u32,
        block: Option<BlockId>,
    ) -> Result<(), Violation> {
        let found = self.said.iter().find_map(|(by, message)| {
            let Message::Vote(signed) = message else { return None };
            let vote = &signed.vote;
            (*by == actor && vote.kind == kind && vote.round == Round(round)).then_some(vote.block)
        });
        let word = |block: Option<BlockId>| block.map_or_else(|| "nil".to_owned(), |id| short(&id));
        match found {
            Some(found) if found == block => Ok(()),
            Some(found) => Err(self.broken(format!(
                "the {kind:?} of P{actor} in round {round} is for {}, expected {}",
                word(found),
                word(block)
            ))),
            None => Err(self.broken(format!("P{actor} casts no {kind:?} in round {round}"))),
        }
    }

    pub(super) fn is_decided(&self, actor: usize) -> bool {
        self.decided.contains_key(&actor)
    }

    /// An honest authority decided this block at the first height.
    pub(super) fn must_have_decided(&self, actor: usize, block: BlockId) -> Result<(), Violation> {
        match self.decided.get(&actor) {
            Some(found) if *found == block => Ok(()),
            Some(found) => {
                Err(self.broken(format!("P{actor} decides {}, expected {}", short(found), short(&block))))
            }
            None => Err(self.broken(format!("P{actor} does not decide"))),
        }
    }

    /// Nothing is held back any more: all honest authorities have to decide the same.
    pub(super) fn free(&mut self) -> Result<(), Violation> {
        self.is_free = true;
        self.note("free", 0, &[], || "nothing is held back any more".to_owned());
        self.pass(|_| true)?;
        let until = self.now + AGREE_MS_MAX;
        let honest: Vec<usize> = (0..ACTORS).filter(|actor| self.actors[*actor].is_some()).collect();
        while !honest.iter().all(|actor| self.is_decided(*actor)) {
            if self.now >= until {
                let late: Vec<String> = honest
                    .iter()
                    .filter(|actor| !self.is_decided(**actor))
                    .map(|actor| format!("P{actor} in round {:?}", self.round(*actor)))
                    .collect();
                let detail = format!("nothing is held back and yet not decided: {}", late.join(", "));
                return Err(Violation::of(Rule::Liveness, detail));
            }
            self.wait(STEP_MS)?;
        }
        Ok(())
    }

    pub(super) fn broken(&self, detail: String) -> Violation {
        Violation::of(Rule::Script, detail)
    }

    fn act(&mut self, actor: usize, input: Input) -> Vec<node::core::Output> {
        let now = self.now;
        self.actors[actor].as_mut().map_or_else(Vec::new, |building| building.handle(now, input))
    }

    fn tell(&mut self, actor: usize, input: ledger::Input) -> Result<(), Violation> {
        let outputs = self.act(actor, Input::Ledger(input));
        self.perform(actor, outputs)
    }

    fn perform(&mut self, actor: usize, outputs: Vec<node::core::Output>) -> Result<(), Violation> {
        let Some(building) = self.actors[actor].as_mut() else { return Ok(()) };
        let (left, stop) = building.perform(outputs);
        assert_eq!(stop, None, "invariant: disks on a stage are sound");
        left.into_iter().try_for_each(|left| self.depart(actor, left))
    }

    fn is_twin(&self, actor: usize) -> bool {
        self.role.iter().filter(|role| **role == self.role[actor]).count() > 1
    }

    fn depart(&mut self, actor: usize, left: Left) -> Result<(), Violation> {
        let address = self.keys[self.role[actor]].address();
        match left.departure {
            Departure::Send(to, message) => {
                let to = self.keys.iter().position(|key| key.address() == to);
                self.post(actor, to.into_iter().collect(), message)
            }
            Departure::Broadcast(message) => {
                let to = (0..ACTORS).filter(|to| *to != self.role[actor]).collect();
                self.post(actor, to, message)
            }
            Departure::Announce(message) if self.is_free => {
                let to = (0..ACTORS).filter(|to| *to != self.role[actor]).collect();
                self.post(actor, to, message)
            }
            Departure::Committed(committed) => {
                let (height, id) = (committed.height, committed.id);
                self.note("final", actor, &[id.as_bytes()], || format!("decides {} at {height}", short(&id)));
                if height == Height(1) {
                    self.decided.insert(actor, id);
                }
                if self.is_twin(actor) { Ok(()) } else { self.checker.committed(address, &committed) }
            }
            Departure::Blame(peer, fault) => {
                let peer = self.keys.iter().position(|key| key.address() == peer);
                let is_liar = peer.is_some_and(|peer| self.actors[peer].is_none() || self.is_twin(peer));
                if is_liar {
                    return Ok(());
                }
                Err(Violation::of(Rule::Blame, format!("P{actor} blames P{peer:?}: {}", fault.name())))
            }
            Departure::Evidence(evidence) => {
                let culprit = self.keys.iter().position(|key| key.address() == evidence.culprit());
                let is_liar =
                    culprit.is_some_and(|actor| self.actors[actor].is_none() || self.is_twin(actor));
                if is_liar {
                    return Ok(());
                }
                Err(Violation::of(Rule::Blame, format!("evidence against P{culprit:?}, who is honest")))
            }
            Departure::Halt(reason) => Err(Violation::of(Rule::Halt, format!("P{actor}: {reason}"))),
            Departure::Announce(_)
            | Departure::Settlement(..)
            | Departure::Transactions(_)
            | Departure::Header(_)
            | Departure::Rejected(..)
            | Departure::StoreTelemetry
            | Departure::Acknowledged(_)
            | Departure::Answered(..)
            | Departure::Joined(..)
            | Departure::Refused(..) => Ok(()),
        }
    }

    fn post(&mut self, actor: usize, to: Vec<usize>, message: Message) -> Result<(), Violation> {
        if !self.is_twin(actor) {
            self.checker.left(self.keys[actor].address(), &message)?;
        }
        if let Message::Body(body) = &message
            && let Ok(block) =
                protocol::decode::<Block>(body.block.as_slice(), protocol::limits::BLOCK_BYTES_MAX)
        {
            self.blocks.insert(block.id(), block);
        }
        let bytes = encode(&message);
        self.note("send", actor, &[&bytes], || format!("says {}", words(&message)));
        self.said.push((actor, message.clone()));
        self.pending.extend(to.into_iter().map(|to| Wire { from: actor, to, message: message.clone() }));
        Ok(())
    }

    fn note(&mut self, what: &'static str, actor: usize, detail: &[&[u8]], line: impl FnOnce() -> String) {
        let mut all: Vec<&[u8]> = detail.to_vec();
        let who = [byte(actor)];
        all.push(&who);
        self.trace.note(self.now, what, &all, || format!("P{actor}     {}", line()));
    }
}

#[cfg(test)]
impl Stage<'_, '_> {
    /// Blocks that honest authorities decided at the first height.
    pub(super) fn decisions(&self) -> std::collections::BTreeSet<BlockId> {
        self.decided.values().copied().collect()
    }
}

fn byte(actor: usize) -> u8 {
    u8::try_from(actor).expect("invariant: a stage is small")
}

fn words(message: &Message) -> String {
    crate::words::about(message)
}
