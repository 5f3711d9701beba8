//! What leaves a node and what reaches one: messages, gossip, connections that come and go.

use std::cell::OnceCell;
use std::rc::Rc;

use ledger::{Committed, Event as LedgerEvent, Input};
use node::core::Ticket;
use protocol::energy::SettlementMessage;
use protocol::message::TransactionsGossip;
use protocol::{Address, Bounded, ChainId, Message, Transaction, VerifiedTransaction, encode};

use crate::building::{Departure, Left};
use crate::checker::{Rule, Violation};
use crate::trace::short;
use crate::witness::Quorum;
use crate::words::{about, list};
use crate::world::{Event, World};

/// How soon a client finds out what its building dropped, milliseconds.
const HAND_IN_AFTER_MS: u64 = 200;

/// What travels.
#[derive(Debug)]
pub(crate) enum Parcel {
    Message(Message),
    Transactions(Batch),
    Header(protocol::Height),
    Settlement(Box<SettlementMessage>),
}

/// Gossiped transactions, and those of them whose signatures hold, worked out once for everybody whom they reach.
#[derive(Debug)]
pub(crate) struct Batch {
    transactions: Vec<Transaction>,
    verified: OnceCell<Vec<VerifiedTransaction>>,
}

impl Batch {
    fn verified(&self, chain: &ChainId) -> &[VerifiedTransaction] {
        let verify = |transaction: &Transaction| transaction.clone().verify(chain).ok();
        self.verified.get_or_init(|| self.transactions.iter().filter_map(verify).collect())
    }
}

impl World<'_> {
    pub(crate) fn deliver(
        &mut self,
        from: usize,
        to: usize,
        session: u32,
        parcel: &Parcel,
    ) -> Result<(), Violation> {
        if !self.is_up(to) || !self.network.arrives(from, to, session) {
            return Ok(());
        }
        if let (Parcel::Message(message), Some(liar)) = (parcel, &mut self.places[to].liar) {
            liar.hear(message);
        }
        let ends = [index_byte(from), index_byte(to)];
        let (now, sender) = (self.now, self.places[from].building.address());
        let (a, b) = (&self.places[from].building.name, &self.places[to].building.name);
        let input = match parcel {
            Parcel::Message(message) => {
                self.trace.note(now, "message", &[&ends], || format!("{b} <- {a}  {}", about(message)));
                if matches!(message, Message::SyncResponse(_)) {
                    self.witness.answered(self.places[to].building.address());
                }
                Input::Message { from: sender, message: message.clone() }
            }
            Parcel::Transactions(batch) => {
                let verified = batch.verified(&self.chain).to_vec();
                let count = verified.len();
                self.trace.note(now, "gossip", &[&ends], || format!("{b} <- {a}  {count} transactions"));
                if count < batch.transactions.len() {
                    return Err(Violation::of(Rule::Blame, format!("{a} gossips a forged transaction")));
                }
                Input::Submit { transactions: verified, local: false }
            }
            Parcel::Header(height) => {
                self.trace.note(now, "header", &[&ends], || format!("{b} <- {a}  header {height}"));
                Input::Hint { from: sender, height: *height }
            }
            Parcel::Settlement(message) => {
                let name = message.name();
                self.trace.note(now, "settlement", &[&ends], || format!("{b} <- {a}  {name}"));
                let message = message.clone();
                return self.tell(to, node::core::Input::Settlement { from: sender, message });
            }
        };
        self.tell_ledger(to, input)
    }

    pub(crate) fn connect(&mut self, a: usize, b: usize) -> Result<(), Violation> {
        if !self.is_up(a) || !self.is_up(b) || self.network.session(a, b).is_some() || !self.reaches(a, b) {
            return Ok(());
        }
        let opens = self.places[a].building.shares_door(&self.places[b].building);
        if !opens || !self.welcomes(a, b) || !self.welcomes(b, a) {
            if !self.places[a].is_gone && !self.places[b].is_gone {
                self.after(1_000, Event::Connect { a, b });
            }
            return Ok(());
        }
        let frozen = [a, b].iter().any(|node| self.places[*node].paused_until > self.now);
        if frozen || self.network.is_cut(a, b) {
            self.after(1_000, Event::Connect { a, b });
            return Ok(());
        }
        for (node, peer) in [(a, b), (b, a)] {
            if self.network.sees(node, peer) {
                self.network.forget(node, peer);
                self.tell_ledger(node, Input::Disconnected(self.places[peer].building.address()))?;
            }
        }
        if !self.is_up(a) || !self.is_up(b) {
            return Ok(());
        }
        self.network.connect(a, b);
        for (node, peer) in [(a, b), (b, a)] {
            if self.network.session(a, b).is_some() {
                self.tell_ledger(node, Input::Connected(self.places[peer].building.address()))?;
            }
        }
        Ok(())
    }

    /// A node finds out that a connection is gone.
    pub(crate) fn notice(&mut self, node: usize, peer: usize, session: Option<u32>) -> Result<(), Violation> {
        if self.network.session(node, peer) != session || !self.network.sees(node, peer) {
            return Ok(());
        }
        if session.is_some() {
            if !self.network.is_cut(node, peer) {
                return Ok(());
            }
            self.network.disconnect(node, peer);
            self.after(1_000, Event::Notice { node: peer, peer: node, session: None });
            self.after(1_500, Event::Connect { a: node, b: peer });
        }
        self.network.forget(node, peer);
        self.tell_ledger(node, Input::Disconnected(self.places[peer].building.address()))
    }

    pub(crate) fn depart(&mut self, node: usize, left: Left) -> Result<(), Violation> {
        match left.departure {
            Departure::Send(to, message) => {
                let to: Vec<usize> = self.route(node, &to).into_iter().collect();
                self.speak(node, &to, message)
            }
            Departure::Broadcast(message) => {
                self.check_barrier(node, &message, left.votes_synced)?;
                let to = self.authorities_of(node);
                self.speak(node, &to, message)
            }
            Departure::Announce(message) => {
                let to: Vec<usize> = (0..self.places.len()).filter(|to| *to != node).collect();
                self.speak(node, &to, message)
            }
            Departure::Settlement(to, message) => {
                self.check_settlement(node, &to, &message)?;
                let bytes = encode(&*message);
                let to: Vec<usize> = self.route(node, &to).into_iter().collect();
                self.post(node, &to, Parcel::Settlement(message), &bytes, 0);
                Ok(())
            }
            Departure::Transactions(transactions) => self.gossip(node, transactions),
            Departure::Header(header) => {
                let bytes = encode(&*header);
                self.check_privacy(node, &bytes, "a header")?;
                let to: Vec<usize> = (0..self.places.len()).collect();
                self.post(node, &to, Parcel::Header(header.header.height), &bytes, 0);
                Ok(())
            }
            Departure::Committed(committed) => self.committed(node, &committed, left.blocks_synced),
            Departure::Rejected(id, author, reason) => {
                self.tally.rejected += 1;
                let name = self.name(node);
                self.trace.note(self.now, "rejected", &[id.as_bytes(), author.as_bytes()], || {
                    format!("{name}     drops transaction {}: {reason}", short(&id))
                });
                let client = self.clients.get_mut(node).filter(|client| client.address() == author);
                if client.is_some_and(|client| client.dropped(&self.chain, &id, &reason)) {
                    self.after(HAND_IN_AFTER_MS, Event::HandIn { client: node });
                }
                Ok(())
            }
            Departure::Evidence(evidence) if self.is_liar(&evidence.culprit()) => Ok(()),
            Departure::Blame(peer, _) if self.is_liar(&peer) => Ok(()),
            Departure::Evidence(_) | Departure::Blame(..) | Departure::Halt(_)
                if self.places[node].liar.is_some() =>
            {
                Ok(())
            }
            Departure::Evidence(evidence) => {
                Err(Violation::of(Rule::Blame, format!("{} found evidence: {evidence:?}", self.name(node))))
            }
            Departure::Blame(peer, fault) => {
                let peer = self.index_of(&peer).map_or_else(|| peer.to_string(), |peer| self.name(peer));
                let detail = format!("{} blames {peer}: {}", self.name(node), fault.name());
                Err(Violation::of(Rule::Blame, detail))
            }
            Departure::Halt(reason) => {
                Err(Violation::of(Rule::Halt, format!("{}: {reason}", self.name(node))))
            }
            Departure::StoreTelemetry => {
                let wait = self.chance.between(0, 20);
                let life = self.places[node].life;
                self.after(wait, Event::Commit { node, life });
                Ok(())
            }
            Departure::Acknowledged(ticket) => self.acknowledge(node, ticket, left.telemetry_synced),
            Departure::Refused(ticket, refusal) => {
                self.tally.readings_refused += 1;
                self.places[node].gateway.answered(ticket);
                let name = self.name(node);
                self.trace.note(self.now, "refused", &[name.as_bytes()], || {
                    format!("{name}     refuses a reading: {refusal}")
                });
                Ok(())
            }
            Departure::Answered(ticket, answer) => {
                self.answered(ticket, *answer);
                Ok(())
            }
            Departure::Joined(ticket, response) => self.joined(ticket, *response),
        }
    }

    fn acknowledge(&mut self, node: usize, ticket: Ticket, is_synced: bool) -> Result<(), Violation> {
        let name = self.name(node);
        if !is_synced && self.settings.mutant.is_none() {
            let detail = format!("{name} acknowledges a reading before it is on disk");
            return Err(Violation::of(Rule::Durability, detail));
        }
        self.tally.readings_acknowledged += 1;
        self.trace
            .note(self.now, "stored", &[name.as_bytes()], || format!("{name}     acknowledges a reading"));
        let place = &mut self.places[node];
        let rows = place.stored.remove(&ticket).unwrap_or_default();
        place.gateway.acknowledged(ticket, rows);
        Ok(())
    }

    /// Store before send. With a planted fault the consequence has to be found instead.
    fn check_barrier(&self, node: usize, message: &Message, votes_synced: bool) -> Result<(), Violation> {
        let is_signed = matches!(message, Message::Vote(_) | Message::Proposal(_));
        let is_signed = is_signed && self.places[node].liar.is_none();
        if is_signed && !votes_synced && self.settings.mutant.is_none() {
            let detail =
                format!("{} sends {} before its vote log is synced", self.name(node), about(message));
            return Err(Violation::of(Rule::Durability, detail));
        }
        Ok(())
    }

    fn committed(&mut self, node: usize, committed: &Committed, is_synced: bool) -> Result<(), Violation> {
        let name = self.name(node);
        let (height, count) = (committed.height, committed.transactions.len());
        let detail = [index_byte(node)];
        self.trace.note(
            self.now,
            "final",
            &[&detail, committed.id.as_bytes(), committed.state.as_bytes()],
            || {
                let (id, state) = (short(&committed.id), short(&committed.state));
                format!("{name}     block {height} is final: {id}, state {state}, {count} transactions")
            },
        );
        if !is_synced && self.settings.mutant.is_none() {
            let detail = format!("{name} announces block {height} before it is on disk");
            return Err(Violation::of(Rule::Durability, detail));
        }
        if let Some(client) = self.clients.get_mut(node) {
            client.settle(committed);
        }
        if self.places[node].liar.is_some() {
            return Ok(());
        }
        self.checker.committed(self.places[node].building.address(), committed)?;
        self.follow(node, committed)?;
        self.witness.committed(committed)?;
        for (at, event) in committed.events.iter().enumerate() {
            if let LedgerEvent::Revoked(address) = event {
                self.shut_out(node, address, &committed.events[at + 1..])?;
            }
        }
        self.check_work_orders(node, committed)?;
        self.follow_keys(node, committed)?;
        self.is_over |= self.is_live_again();
        Ok(())
    }

    /// A work order that a building opened on the ledger is one it knows of.
    fn check_work_orders(&self, node: usize, committed: &Committed) -> Result<(), Violation> {
        let place = &self.places[node];
        let Some(core) = place.building.core().filter(|_| !place.was_wiped) else { return Ok(()) };
        for event in &committed.events {
            if let LedgerEvent::WorkOrderOpened { id, building, reference } = event
                && *building == core.origin()
                && !core.maintenance().work_orders().contains_key(reference)
            {
                let detail = format!("{} opened work order {id} and forgot it", place.building.name);
                return Err(Violation::of(Rule::WorkOrder, detail));
            }
        }
        Ok(())
    }

    fn gossip(&mut self, node: usize, transactions: Vec<Transaction>) -> Result<(), Violation> {
        let to: Vec<usize> = (0..self.places.len()).collect();
        let gossip = Bounded::new(transactions)
            .map_err(|error| Violation::of(Rule::Panic, format!("gossip over its limit: {error}")))?;
        let bytes = encode(&TransactionsGossip(gossip.clone()));
        self.check_privacy(node, &bytes, "gossip")?;
        let batch = Batch { transactions: gossip.into_vec(), verified: OnceCell::new() };
        self.post(node, &to, Parcel::Transactions(batch), &bytes, 0);
        Ok(())
    }

    /// A message leaves a node: an honest one must not contradict itself, a liar may say something else.
    fn speak(&mut self, node: usize, to: &[usize], message: Message) -> Result<(), Violation> {
        if self.places[node].liar.is_some() {
            self.lie_to(node, to, &message);
            return Ok(());
        }
        let address = self.places[node].building.address();
        self.checker.left(address, &message)?;
        let quorum = self.quorum_at(node, &message);
        self.witness.left(self.now, address, &message, quorum)?;
        self.send(node, to, message)
    }

    fn send(&mut self, node: usize, to: &[usize], message: Message) -> Result<(), Violation> {
        let bytes = encode(&message);
        self.check_privacy(node, &bytes, "a message")?;
        let message = if self.weather.by_bytes {
            protocol::decode(&bytes, protocol::limits::SYNC_FRAME_BYTES_MAX).map_err(|error| {
                Violation::of(Rule::Panic, format!("own message does not decode: {error}"))
            })?
        } else {
            message
        };
        self.post(node, to, Parcel::Message(message), &bytes, 0);
        Ok(())
    }

    /// Hands a parcel to the net, `after_ms` late.
    pub(crate) fn post(&mut self, node: usize, to: &[usize], parcel: Parcel, bytes: &[u8], after_ms: u64) {
        let parcel = Rc::new(parcel);
        let name = &self.places[node].building.name;
        self.trace.note(self.now, "send", &[&[index_byte(node)], bytes], || match &*parcel {
            Parcel::Message(message) => format!("{name} ->    {}", about(message)),
            Parcel::Transactions(batch) => format!("{name} ->    {}", list(&batch.transactions)),
            Parcel::Header(height) => format!("{name} ->    header {height}"),
            Parcel::Settlement(message) => format!("{name} ->    {}", message.name()),
        });
        for peer in to.iter().copied().filter(|peer| *peer != node) {
            if !self.network.sees(node, peer) {
                continue;
            }
            let late = self.places[peer].slow_ms;
            for passage in self.network.post(self.now, node, peer).into_iter().flatten() {
                let parcel = Rc::clone(&parcel);
                let (from, to, session) = (node, peer, passage.session);
                let due = passage.due + late + after_ms;
                self.at(due, Event::Deliver { from, to, session, parcel });
            }
        }
    }

    /// How many votes decide at the height of a vote, while its author is at that height.
    fn quorum_at(&self, node: usize, message: &Message) -> Option<Quorum> {
        let ledger = self.places[node].building.ledger()?;
        let Message::Vote(signed) = message else { return None };
        let set = ledger.state().authorities();
        let is_now = ledger.head().height.next() == signed.vote.height;
        is_now.then(|| Quorum { votes: set.quorum(), liars: self.liars.len() })
    }

    fn authorities_of(&self, node: usize) -> Vec<usize> {
        let Some(ledger) = self.places[node].building.ledger() else { return Vec::new() };
        let set = ledger.state().authorities();
        set.addresses().iter().filter_map(|address| self.route(node, address)).collect()
    }

    fn index_of(&self, address: &Address) -> Option<usize> {
        self.places.iter().position(|place| place.building.address() == *address)
    }
}

fn index_byte(node: usize) -> u8 {
    u8::try_from(node).expect("invariant: a world has few nodes")
}
