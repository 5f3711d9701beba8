//! What the core asks for, one output after the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::{Committed, Fault, Output as LedgerOutput};
use protocol::invitation::JoinResponse;
use protocol::message::TransactionsGossip;
use protocol::{Address, Bounded, Message, NetworkKey, Transaction, encode};
use web::Inserted;

use super::{Carrier, StoreError};
use crate::core::catalogue::Definition;
use crate::core::maintenance::Change;
use crate::core::telemetry::Refusal;
use crate::core::{Answer, Output, Refused, Ticket};
use crate::shell::clock::Stopwatch;
use crate::shell::commands;
use crate::shell::committer::Work;
use crate::shell::network::{Blame, Lane, NetworkCommand, Topic};
use crate::shell::own_keys;
use crate::shell::reader::Job;
use crate::shell::ready::Weight;
use crate::shell::secrets::SecretError;
use crate::shell::store::building_log::Changed;
use crate::shell::tickets::Waiter;

impl Carrier {
    /// Carries outputs out, in order. Answers to callers wait until the picture shows what they are about.
    pub(super) fn perform(&mut self, outputs: Vec<Output>) -> Result<(), StoreError> {
        for output in outputs {
            match output {
                Output::Ledger(output) => self.ledger(output)?,
                Output::StoreTelemetry { ticket, definitions, rows } => {
                    if !definitions.is_empty() {
                        self.committer.send(Work::Define(definitions));
                    }
                    self.committer.send(Work::Store(ticket, rows));
                }
                Output::AnswerTelemetry { ticket, stored } => {
                    let crate::core::Stored { points, duplicates, conflicts, quarantined } = stored;
                    self.answer_telemetry(ticket, Inserted { points, duplicates, conflicts, quarantined });
                }
                Output::RefuseTelemetry { ticket, payload, refusal } => {
                    metrics::counter!("symbiose_telemetry_refusals_total", "reason" => refusal.reason())
                        .increment(1);
                    self.refuse_telemetry(ticket, payload, &refusal);
                }
                Output::Persist(changes) => self.persist(changes)?,
                Output::Answer { ticket, answer } => self.answer(ticket, answer),
                Output::AnswerJoin { ticket, response } => self.answer_join(ticket, &response),
                Output::SendOperator { to, message } => {
                    if let Some(key) = self.members.keys.get(&to) {
                        let bytes: Arc<[u8]> = encode(&message).into();
                        self.network(NetworkCommand::Send { to: *key, lane: Lane::Operator, bytes });
                    }
                }
                Output::SendSettlement { to, message } => {
                    if let Some(key) = self.members.keys.get(&to) {
                        let bytes: Arc<[u8]> = encode(&*message).into();
                        self.network(NetworkCommand::Send { to: *key, lane: Lane::Settlement, bytes });
                    }
                }
                Output::Members(keys) => {
                    self.members.keys = keys.iter().map(|key| (Address::of(key), *key)).collect();
                    self.network(NetworkCommand::SetMembers(keys));
                    self.presenter.stale();
                }
                Output::MemberMoved { from, to } => self.network(NetworkCommand::Moved { from, to }),
                Output::StoreNetworkKeys(keys) => self.store_network_keys(&keys)?,
                Output::NetworkKeys(keys) => {
                    if let Some(newest) = keys.first() {
                        self.meeting.network_key = newest.clone();
                    }
                    self.network(NetworkCommand::SetSwarmKeys(keys));
                }
                Output::ForgetHistory => self.stores.building.restore(&self.stores.entries)?,
                Output::Event(event) => self.presenter.event(&self.core, &self.facts, &event),
            }
        }
        Ok(())
    }

    fn ledger(&mut self, output: LedgerOutput) -> Result<(), StoreError> {
        match output {
            LedgerOutput::VoteAppend(record) => self.stores.votes.append(&record),
            LedgerOutput::VoteSync => {
                let watch = Stopwatch::start();
                self.stores.votes.sync()?;
                metrics::histogram!("symbiose_sync_seconds", "file" => "wal")
                    .record(watch.elapsed().as_secs_f64());
            }
            LedgerOutput::VoteReset(height) => self.stores.votes.reset(height)?,
            LedgerOutput::BlockAppend { height, record } => {
                let place = self.stores.blocks.append(height, &record)?;
                self.stores.placed.push(place);
            }
            LedgerOutput::BlockSync => {
                let watch = Stopwatch::start();
                self.stores.blocks.sync()?;
                let elapsed = watch.elapsed().as_secs_f64();
                metrics::histogram!("symbiose_sync_seconds", "file" => "blocks.log").record(elapsed);
                for place in std::mem::take(&mut self.stores.placed) {
                    self.reader.send_blocking(Job::Placed(place));
                }
            }
            LedgerOutput::Send { to, message } => self.send(&to, &message),
            LedgerOutput::Broadcast(message) => self.broadcast(&message),
            LedgerOutput::Announce(message) => self.announce(&message),
            LedgerOutput::GossipTransactions(transactions) => self.gossip(transactions),
            LedgerOutput::GossipHeader(header) => {
                self.network(NetworkCommand::Gossip { topic: Topic::Headers, bytes: encode(&header) });
            }
            LedgerOutput::ServeBlocks { to, from, last } => {
                if let Some(to) = self.members.keys.get(&to).copied() {
                    self.reader.send_blocking(Job::Serve { to, from, last });
                }
            }
            LedgerOutput::Committed(committed) => self.committed(&committed),
            LedgerOutput::Rejected { id, author, reason } => {
                metrics::counter!("symbiose_transactions_rejected_total").increment(1);
                tracing::debug!(%id, %author, %reason, "a transaction is refused");
            }
            LedgerOutput::Evidence(evidence) => {
                metrics::counter!("symbiose_evidence_total").increment(1);
                tracing::warn!(culprit = %evidence.culprit(), "an authority signed twice");
            }
            LedgerOutput::Blame { peer, fault } => self.blame(&peer, fault),
            LedgerOutput::Halt { reason } => {
                tracing::error!(reason, "the ledger is halted on this node");
                self.facts.health.set("ledger_halted", Weight::NotReady, reason);
                self.presenter.stale();
            }
        }
        Ok(())
    }

    fn committed(&mut self, committed: &Committed) {
        let count = committed.transactions.len() as u64;
        metrics::counter!("symbiose_transactions_final_total").increment(count);
        tracing::debug!(height = committed.height.0, transactions = count, block = %committed.id, "a block is final");
        self.reader.send_blocking(Job::Index(committed.height, committed.id, committed.transactions.clone()));
        self.facts.note_block(&committed.block);
        self.presenter.block(committed);
        let ledger = self.core.ledger();
        // On its way to the checkpoint of its invitation a node knows nobody whose signature makes a header final.
        let authorities = (!ledger.is_on_its_way()).then(|| ledger.state().authorities());
        self.authorities.send_if_modified(|known| {
            let changed = known.as_deref() != authorities;
            if changed {
                *known = authorities.cloned().map(Arc::new);
            }
            changed
        });
    }

    fn store_network_keys(&self, keys: &BTreeMap<u64, NetworkKey>) -> Result<(), StoreError> {
        match own_keys::write_network_keys(&self.data_dir, keys) {
            Ok(()) => Ok(()),
            Err(SecretError::Store(error)) => Err(error),
            Err(error) => unreachable!("invariant: writing fails by the disk alone: {error}"),
        }
    }

    /// The building's own log, synced; the index, which is derived from it, follows later.
    fn persist(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        let watch = Stopwatch::start();
        let entries: Vec<Changed> = changes.iter().map(|change| (change.key(), change.value())).collect();
        self.stores.building.append(&entries)?;
        metrics::histogram!("symbiose_sync_seconds", "file" => "building.log")
            .record(watch.elapsed().as_secs_f64());
        for (key, value) in &entries {
            match value {
                Some(value) => drop(self.stores.entries.insert(key.clone(), value.clone())),
                None => drop(self.stores.entries.remove(key)),
            }
        }
        self.stores.building.rewrite_if_grown(&self.stores.entries)?;
        if self.stores.lagging.note(entries) {
            self.keep_index();
        }
        self.forget_photos(&changes);
        if !self.is_open {
            // The committer was given the whole catalogue.
            return Ok(());
        }
        let definitions: Vec<Definition> = changes.into_iter().filter_map(of_the_catalogue).collect();
        if !definitions.is_empty() {
            self.committer.send(Work::Define(definitions));
        }
        Ok(())
    }

    /// Writes to the index what it does not have yet.
    pub(super) fn keep_index(&mut self) {
        let changes = self.stores.lagging.take();
        if changes.is_empty() {
            return;
        }
        if let Err(error) = self.stores.index.change(&changes, self.stores.building.mark()) {
            tracing::error!(%error, "the index is behind; it is derived again at the next start");
            let text = "The index on disk is behind; it is derived again at the next start.";
            self.facts.health.set("index_behind", Weight::Notice, text);
        }
    }

    /// Those of work orders that left the history. What does not get through goes at the next start.
    fn forget_photos(&mut self, changes: &[Change]) {
        for change in changes {
            if let Change::DeleteWorkOrder(order) = change {
                self.facts.photos.remove(order);
                if self.forgotten.try_send(*order).is_err() {
                    tracing::debug!(%order, "photos of a forgotten work order stay until the next start");
                }
            }
        }
    }

    fn send(&self, to: &Address, message: &Message) {
        if let Some(key) = self.members.keys.get(to) {
            let bytes: Arc<[u8]> = encode(message).into();
            self.network(NetworkCommand::Send { to: *key, lane: lane(message), bytes });
        }
    }

    /// To every other authority that is connected.
    fn broadcast(&self, message: &Message) {
        let bytes: Arc<[u8]> = encode(message).into();
        for key in self.core.ledger().state().authorities().keys() {
            if self.members.connected.contains(&Address::of(key)) {
                self.network(NetworkCommand::Send {
                    to: *key,
                    lane: lane(message),
                    bytes: Arc::clone(&bytes),
                });
            }
        }
    }

    /// To every member that is connected.
    fn announce(&self, message: &Message) {
        let bytes: Arc<[u8]> = encode(message).into();
        for key in self.members.connected.iter().filter_map(|member| self.members.keys.get(member)) {
            self.network(NetworkCommand::Send { to: *key, lane: lane(message), bytes: Arc::clone(&bytes) });
        }
    }

    fn gossip(&self, transactions: Vec<Transaction>) {
        let transactions =
            Bounded::new(transactions).expect("invariant: the ledger keeps the limit of gossip");
        let bytes = encode(&TransactionsGossip(transactions));
        self.network(NetworkCommand::Gossip { topic: Topic::Transactions, bytes });
    }

    fn blame(&self, peer: &Address, fault: Fault) {
        metrics::counter!("symbiose_blames_total", "fault" => fault.name()).increment(1);
        tracing::warn!(%peer, fault = fault.name(), "a member broke a rule");
        let severity = match fault {
            Fault::Transaction => Blame::Minor,
            Fault::Signature | Fault::Malformed | Fault::Certificate | Fault::Block => Blame::Major,
        };
        if let Some(key) = self.members.keys.get(peer) {
            self.network(NetworkCommand::Blame { peer: *key, severity, fault: fault.name() });
        }
    }

    fn network(&self, command: NetworkCommand) {
        if self.network.send_blocking(command).is_err() {
            tracing::debug!("the network is gone");
        }
    }

    fn answer_telemetry(&mut self, ticket: Ticket, inserted: Inserted) {
        if let Some(Waiter::Telemetry(reply, _)) = self.tickets.redeem(ticket) {
            // The caller may be gone.
            drop(reply.send(Ok(inserted)));
        }
    }

    fn refuse_telemetry(&mut self, ticket: Ticket, payload: usize, refusal: &Refusal) {
        if let Some(Waiter::Telemetry(reply, payloads)) = self.tickets.redeem(ticket) {
            drop(reply.send(Err(commands::refusal(refusal, payload, payloads))));
        }
    }

    /// The picture is made anew before the caller is answered, so that what it asks next shows what it did.
    fn answer(&mut self, ticket: Ticket, answer: Result<Answer, Refused>) {
        let Some(Waiter::Command(reply, context)) = self.tickets.redeem(ticket) else { return };
        let changes_the_picture = match &answer {
            Ok(Answer::Submitted(_)) | Err(_) => false,
            Ok(
                Answer::Alert(_)
                | Answer::Invitation(_)
                | Answer::WorkOrder(_)
                | Answer::Policy(_)
                | Answer::PolicyDeleted(_)
                | Answer::PoliciesImported(_)
                | Answer::Governance(_)
                | Answer::Recorded(_)
                | Answer::InvitationRevoked(_)
                | Answer::KeyChange
                | Answer::NetworkKey
                | Answer::Site(_)
                | Answer::Asset(_)
                | Answer::Metric(_)
                | Answer::Swap(..)
                | Answer::Meters(_)
                | Answer::Dwellings
                | Answer::Terms
                | Answer::Equipment(_)
                | Answer::Wish(_)
                | Answer::Home(_)
                | Answer::TakingPart
                | Answer::HandedIn
                | Answer::HandedInSurvival
                | Answer::Switched
                | Answer::Enquired
                | Answer::Recounting
                | Answer::Released,
            ) => true,
        };
        if changes_the_picture {
            self.present(self.clock.now(), true);
        }
        drop(reply.send(commands::answer(&self.core, &self.facts, context, answer)));
    }

    fn answer_join(&mut self, ticket: Ticket, response: &JoinResponse) {
        if let Some(Waiter::Join(ticket)) = self.tickets.redeem(ticket) {
            self.network(NetworkCommand::AnswerJoin { ticket, bytes: encode(response) });
        }
    }
}

/// Sites and assets, for the telemetry log. Series come with the rows that need them.
fn of_the_catalogue(change: Change) -> Option<Definition> {
    if let Change::PutDefinition(definition @ (Definition::Site(_) | Definition::Asset(_))) = change {
        return Some(definition);
    }
    None
}

fn lane(message: &Message) -> Lane {
    if message.is_consensus() { Lane::Consensus } else { Lane::Sync }
}
