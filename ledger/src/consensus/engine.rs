//! One height of the core, from its start to its decision. A new one is made for each height.

use arc_malachitebft_core_consensus::{
    HIDDEN_LOCK_ROUND, Input, LocallyProposedValue, Params, ProposedValue, State, process,
};
use arc_malachitebft_core_types::{
    Context as _, ThresholdParam, ThresholdParams, Validator as _, Validity, ValueOrigin, ValuePayload,
    VoteExtensionPolicy,
};
use protocol::limits::BODIES_KEPT_MAX;
use protocol::{
    Address, AuthoritySet, Block, BlockId, Bytes, Certificate, ChainId, DecodeError, Evidence, Height,
    Message, Round, SigningKey, Tick, encode,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::context::{At, Authorities, Hive, Value, Who};
use super::host::{Body, Host, Turn};
use super::record::Entry;
use super::wire;
use crate::chain::Candidate;
use crate::error::BlockError;
use crate::ledger::Held;
use crate::output::Fault;
use crate::planted::{Bug, Planted};

/// Judges a block body against the chain.
pub(crate) type Judge<'a> = &'a dyn Fn(Block) -> Result<Candidate, BlockError>;

/// Bodies of one round: two are enough to hold on to what an equivocating proposer sent.
const BODIES_PER_ROUND_MAX: usize = 2;
/// How far ahead of ours a body's round may be; the core drops proposals beyond it too.
const BODY_ROUNDS_AHEAD_MAX: u32 = 10;

/// A decided height.
#[derive(Debug)]
pub(crate) struct Decision {
    pub(crate) candidate: Candidate,
    pub(crate) certificate: Certificate,
}

/// What a call to the engine led to, in the order in which it is to be carried out.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Framed records for the vote log.
    pub(crate) records: Vec<Vec<u8>>,
    /// Whether they have to be synced before the messages leave.
    pub(crate) sync: bool,
    /// To every other authority.
    pub(crate) messages: Vec<Message>,
    /// The height is decided; the engine is of no further use.
    pub(crate) decision: Option<Decision>,
    /// Double signing that came to light.
    pub(crate) evidence: Vec<Evidence>,
    /// Signatures that did not hold in what the caller passed on.
    pub(crate) bad_signatures: usize,
}

/// One height in progress.
pub(crate) struct Engine {
    core: State<Hive>,
    host: Host,
    height: Height,
    bodies_by_round: BTreeMap<Round, Vec<BlockId>>,
    /// Our own block of this height, proposed again in later rounds.
    own: Option<BlockId>,
    own_by_round: BTreeMap<Round, BlockId>,
    started: Tick,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine(height {}, round {})", self.height, self.host.round.0)
    }
}

impl Engine {
    /// Starts a height. Authorities that are absent are not waited for as long.
    pub(crate) fn start(
        now: Tick,
        chain: ChainId,
        key: SigningKey,
        (set, absent): (&AuthoritySet, BTreeSet<Address>),
        height: Height,
        planted: Planted,
    ) -> Self {
        let authorities = Authorities::new(set);
        let params = Params {
            address: Who(key.address()),
            threshold_params: thresholds(planted),
            value_payload: ValuePayload::ProposalAndParts,
            enabled: true,
        };
        let core = State::new(Hive, At(height), authorities.clone(), params, 10, 1_000);
        let host = Host {
            chain,
            key,
            now,
            timers: Default::default(),
            round: Round(0),
            absent,
            is_proposer_absent: false,
            wanted: None,
            replaying: false,
            bodies: BTreeMap::new(),
            recorded: Default::default(),
            vouched: Default::default(),
            planted,
            proposed: BTreeMap::new(),
            turn: Turn::default(),
        };
        let mut engine = Self {
            core,
            host,
            height,
            bodies_by_round: BTreeMap::new(),
            own: None,
            own_by_round: BTreeMap::new(),
            started: now,
        };
        engine.drive(Input::StartHeight(At(height), authorities, false, None, VoteExtensionPolicy::Disabled));
        engine
    }

    /// Feeds the records of an earlier run of this height: the core comes to the same votes and reuses their
    /// signatures. Where it does not, somebody else signs with our key: the inner error says so, and this engine is of no
    /// further use.
    pub(crate) fn replay(
        &mut self,
        records: &[Vec<u8>],
        judge: Judge<'_>,
    ) -> Result<Result<(), String>, DecodeError> {
        let entries = records.iter().map(|bytes| Entry::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
        for entry in &entries {
            self.restore_body(entry, judge);
        }
        entries.iter().try_for_each(|entry| self.check_value(entry))?;
        let inputs: Vec<_> =
            entries.iter().filter(|entry| self.remembers(entry)).map(Entry::to_input).collect();
        self.host.replaying = true;
        self.core.index_wal_entries(&inputs);
        inputs.into_iter().for_each(|input| self.drive(input));
        self.core.reset_entries_index();
        self.host.replaying = false;
        Ok(self.host.turn.divergence.take().map_or(Ok(()), Err))
    }

    /// The round.
    pub(crate) fn round(&self) -> Round {
        self.host.round
    }

    /// When it started.
    pub(crate) fn started(&self) -> Tick {
        self.started
    }

    /// When it wants to be woken.
    pub(crate) fn next_timeout(&self) -> Option<Tick> {
        self.host.timers.next()
    }

    /// What it holds, counted.
    pub(crate) fn held(&self) -> Held {
        let rounds = self.core.driver.votes().all_rounds();
        Held {
            bodies: self.host.bodies.len(),
            vote_rounds: rounds.len(),
            votes: rounds.values().map(|round| round.received_votes().len()).sum(),
            ..Held::default()
        }
    }

    /// Whether a block is wanted from us, and our block of an earlier round of this height is not there to repeat.
    pub(crate) fn wants_new_block(&self) -> bool {
        self.host.wanted.is_some() && self.own.is_none()
    }

    /// Takes in the new block that was wanted.
    pub(crate) fn own_block(&mut self, candidate: Candidate) {
        let id = candidate.id;
        let bytes = Bytes::new(encode(&*candidate.block)).expect("invariant: a built block keeps its limit");
        self.host.bodies.insert(id, Body { bytes, candidate: Some(candidate) });
        self.own = Some(id);
    }

    /// Proposes our block if one is wanted.
    pub(crate) fn serve(&mut self, now: Tick) {
        self.host.now = now;
        let Some(round) = self.host.wanted else { return };
        if round > Round(0) && self.host.planted.is(Bug::ValueAtStartOnly) {
            return;
        }
        let Some(id) = self.own_by_round.get(&round).or(self.own.as_ref()).copied() else { return };
        self.host.wanted = None;
        self.own_by_round.insert(round, id);
        self.host.stream_body(round, &id);
        let value = LocallyProposedValue::new(At(self.height), wire::round_in(round), Value(id));
        self.drive(Input::Propose(value));
    }

    /// A message of this height from an authority.
    pub(crate) fn message(
        &mut self,
        now: Tick,
        from: Address,
        message: Message,
        judge: Judge<'_>,
    ) -> Result<(), Fault> {
        self.host.now = now;
        if self.host.planted.is(Bug::NoRoundSkip) && is_of_later_round(&message, self.host.round) {
            return Ok(());
        }
        match message {
            Message::Vote(vote) => self.drive(Input::Vote(wire::vote_in(&vote))),
            Message::Proposal(proposal) => self.drive(Input::Proposal(wire::proposal_in(&proposal))),
            Message::Polka(certificate) => self.drive(Input::PolkaCertificate(wire::polka_in(&certificate))),
            Message::Round(certificate) => {
                self.drive(Input::RoundCertificate(wire::round_certificate_in(&certificate)));
            }
            Message::Body(body) => self.body(from, body, judge)?,
            Message::Status(_)
            | Message::SyncRequest(_)
            | Message::SyncResponse(_)
            | Message::NetworkKeyRequest(_)
            | Message::NetworkKey(_)
            | Message::QuestionTextRequest(_)
            | Message::QuestionText(_) => {
                unreachable!("invariant: the ledger passes consensus messages on")
            }
        }
        Ok(())
    }

    /// Lets timeouts elapse that are due.
    pub(crate) fn tick(&mut self, now: Tick) {
        self.host.now = now;
        while let Some(timeout) = self.host.timers.due(now) {
            self.drive(Input::TimeoutElapsed(timeout));
        }
    }

    /// Whether there is anything to carry out.
    pub(crate) fn has_outcome(&self) -> bool {
        let turn = &self.host.turn;
        turn.decision.is_some()
            || turn.bad_signatures > 0
            || !(turn.records.is_empty() && turn.messages.is_empty() && turn.evidence.is_empty())
    }

    /// What there is to carry out.
    pub(crate) fn outcome(&mut self) -> Outcome {
        let turn = std::mem::take(&mut self.host.turn);
        let decision = turn.decision.map(|certificate| {
            let body = self.host.bodies.remove(&certificate.block);
            let candidate = body
                .and_then(|body| body.candidate)
                .expect("invariant: the core decides on values judged valid");
            Decision { candidate, certificate }
        });
        Outcome {
            records: turn.records,
            sync: turn.signed,
            messages: turn.messages,
            decision,
            evidence: turn.evidence,
            bad_signatures: turn.bad_signatures,
        }
    }

    fn drive(&mut self, input: Input<Hive>) {
        if self.host.turn.decision.is_some() || self.host.turn.divergence.is_some() {
            return;
        }
        let host = &mut self.host;
        let result: Result<(), arc_malachitebft_core_consensus::Error<Hive>> =
            process!(input: input, state: &mut self.core, metrics: &(), with: effect => host.effect(effect));
        if let Err(error) = result {
            use arc_malachitebft_core_consensus::Error;
            match error {
                Error::ReplayDivergence(..) if host.replaying => {
                    host.turn.divergence = Some(error.to_string());
                }
                Error::ReplayDivergence(..) | Error::UnexpectedResume(..) | Error::DecisionNotFound(..) => {
                    panic!("invariant: consensus is deterministic and every effect is answered: {error}")
                }
                Error::DriverProcess(_)
                | Error::InvalidCommitCertificate(..)
                | Error::MissingPolkaCertificate(..)
                | Error::VoteExtensionRequired(..)
                | Error::WalCorrupted(_) => {
                    tracing::warn!(height = self.height.0, %error, "consensus refused an input");
                }
            }
        }
    }

    fn body(&mut self, from: Address, body: protocol::message::Body, judge: Judge<'_>) -> Result<(), Fault> {
        let round = body.round;
        let proposer =
            Hive.select_proposer(self.core.validator_set(), At(self.height), wire::round_in(round));
        let proposer = proposer.address().0;
        // In late rounds authorities that lock a block repeat its polka, body and proposal (hidden locks).
        let is_repeated = proposer != from;
        if is_repeated && wire::round_in(round) < HIDDEN_LOCK_ROUND {
            return Err(Fault::Block);
        }
        if round.0 > self.host.round.0.saturating_add(BODY_ROUNDS_AHEAD_MAX) {
            return Ok(());
        }
        let decoded = self.host.planted.decode_block(body.block.as_slice());
        let block = decoded.map_err(|_| Fault::Malformed)?;
        if block.header.height != self.height || block.header.chain != self.host.chain {
            return Err(Fault::Block);
        }
        if !block.is_whole() {
            return Err(Fault::Block);
        }
        let id = block.id();
        if is_repeated && !self.host.vouched.contains(&id) {
            return Ok(());
        }
        let of_round = self.bodies_by_round.entry(round).or_default();
        if !of_round.contains(&id) {
            if of_round.len() >= BODIES_PER_ROUND_MAX {
                return Err(Fault::Block);
            }
            of_round.push(id);
        }
        let mut fault = None;
        if !self.host.bodies.contains_key(&id) {
            if self.host.bodies.len() >= BODIES_KEPT_MAX {
                return Ok(());
            }
            let candidate = judge(block)
                .inspect_err(|error| {
                    tracing::warn!(height = self.height.0, %from, %error, "a proposed block is refused");
                    // A clock that runs ahead is bad luck, not malice.
                    fault = (!matches!(error, BlockError::Time { .. })).then_some(Fault::Block);
                })
                .ok();
            self.host.bodies.insert(id, Body { bytes: body.block, candidate });
        }
        let valid = self.host.bodies.get(&id).is_some_and(|body| body.candidate.is_some());
        let value = ProposedValue {
            height: At(self.height),
            round: wire::round_in(round),
            valid_round: arc_malachitebft_core_types::Round::Nil,
            proposer: Who(proposer),
            value: Value(id),
            validity: Validity::from_bool(valid),
        };
        self.drive(Input::ProposedValue(value, ValueOrigin::Consensus));
        fault.map_or(Ok(()), Err)
    }

    /// Whether a record is fed: each is, unless a bug is planted.
    fn remembers(&self, entry: &Entry) -> bool {
        let me = self.host.address();
        let (is_own, is_value) = match entry {
            Entry::Vote(signed) => (signed.vote.address == me, false),
            Entry::Proposal(signed) => (signed.proposal.address == me, false),
            Entry::Value(value) => (value.proposer == me, true),
            Entry::Polka(_) => (false, true),
            Entry::Timeout(..) => (false, false),
        };
        let planted = self.host.planted;
        !(planted.is(Bug::Amnesia) && is_value || planted.is(Bug::NewValueAfterRestart) && is_own)
    }

    /// A block that was judged stands on record with its body, and is judged as it was. Anything else was not written
    /// by this node, or not in this order, and the core must not decide on it.
    fn check_value(&self, entry: &Entry) -> Result<(), DecodeError> {
        let Entry::Value(entry) = entry else { return Ok(()) };
        let body = self.host.bodies.get(&entry.block);
        let holds = body.is_some_and(|body| match &body.candidate {
            Some(candidate) => candidate.id == entry.block,
            None => !entry.valid,
        });
        let detail = || format!("block {} is not on record as it was judged", entry.block);
        if holds { Ok(()) } else { Err(DecodeError::Malformed { expected: "ValueEntry", detail: detail() }) }
    }

    /// Puts a recorded body and our own blocks back in place before the records are fed.
    fn restore_body(&mut self, entry: &Entry, judge: Judge<'_>) {
        let Entry::Value(entry) = entry else { return };
        if let Some(bytes) = &entry.body {
            let candidate = self
                .host
                .planted
                .decode_block(bytes.as_slice())
                .map_err(BlockError::from)
                .and_then(judge)
                .ok()
                .filter(|_| entry.valid);
            self.host.bodies.insert(entry.block, Body { bytes: bytes.clone(), candidate });
            self.host.recorded.insert(entry.block);
        }
        if entry.proposer == self.host.address() && !self.host.planted.is(Bug::NewValueAfterRestart) {
            self.own = Some(entry.block);
            self.own_by_round.insert(entry.round, entry.block);
        }
        self.bodies_by_round.entry(entry.round).or_default().push(entry.block);
    }
}

/// More than two thirds decide, more than one third moves a round on.
fn thresholds(planted: Planted) -> ThresholdParams {
    let mut thresholds = ThresholdParams::default();
    if planted.is(Bug::QuorumHalf) {
        thresholds.quorum = ThresholdParam::new(1, 2);
    }
    thresholds
}

fn is_of_later_round(message: &Message, ours: Round) -> bool {
    match message {
        Message::Vote(signed) => signed.vote.round > ours,
        Message::Proposal(signed) => signed.proposal.round > ours,
        Message::Round(_) => true,
        Message::Body(_)
        | Message::Polka(_)
        | Message::Status(_)
        | Message::SyncRequest(_)
        | Message::SyncResponse(_)
        | Message::NetworkKeyRequest(_)
        | Message::NetworkKey(_)
        | Message::QuestionTextRequest(_)
        | Message::QuestionText(_) => false,
    }
}
