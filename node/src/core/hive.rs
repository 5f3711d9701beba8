//! The building's half of the hive: what the ledger answers is passed on, and what became final is taken in.

use std::collections::BTreeMap;

use ledger::{Committed, Event as LedgerEvent, Reject};
use protocol::aggregate::AggregateRecord;
use protocol::invitation::{JoinRefusal, JoinResponse};
use protocol::{JoinRequest, Message, Now, Payload, Role, TransactionId};

use super::input::Ticket;
use super::joining;
use super::outbox::{Purpose, Settled};
use super::output::{Answer, Event, Output};
use super::{Core, Refused};

/// An authority waits this long per place in the set before it puts evidence on record, so that one does it first.
const EVIDENCE_TURN_MS: u64 = 1_500;

impl Core {
    /// Passes something on to the ledger.
    pub(super) fn ledger_input(&mut self, now: Now, input: ledger::Input) {
        if let ledger::Input::Message { from, message: Message::Status(status) } = &input {
            self.peers.status(*from, status);
        } else if let ledger::Input::Message { from, message: Message::NetworkKeyRequest(epoch) } = &input {
            self.hand_network_key(*from, *epoch);
        } else if let ledger::Input::Message { from, message: Message::NetworkKey(handed) } = &input {
            self.hear_network_key(now, *from, handed);
        } else if let ledger::Input::Message { from, message: Message::QuestionTextRequest(text) } = &input {
            self.hand_question_text(now, *from, text);
        } else if let ledger::Input::Message { from, message: Message::QuestionText(text) } = &input {
            self.hear_question_text(*from, text.as_slice());
        } else if let ledger::Input::Connected(address) = &input {
            self.peers.connected(*address, true);
            self.greet(*address);
            self.greet_desk(address);
            self.greet_aggregates();
            self.greet_incidents(address);
            self.greet_street(now, address);
            self.greet_enquiries(now, *address);
        } else if let ledger::Input::Disconnected(address) = &input {
            self.peers.connected(*address, false);
            self.operator.gone(address);
        }
        let outputs = self.ledger.handle(now, input);
        self.take_ledger_outputs(now, outputs);
    }

    /// Takes the ledger's outputs in where they concern the building and passes them on, in order.
    pub(super) fn take_ledger_outputs(&mut self, now: Now, outputs: Vec<ledger::Output>) {
        for output in outputs {
            if let ledger::Output::Committed(committed) = &output {
                let committed = committed.clone();
                self.out.push(Output::Ledger(output));
                self.committed(now, &committed);
                continue;
            }
            if let ledger::Output::Rejected { id, reason, .. } = &output {
                self.rejected(now, *id, reason);
            } else if let ledger::Output::Evidence(evidence) = &output {
                self.put_evidence(now, Payload::Evidence(evidence.clone()));
            }
            self.out.push(Output::Ledger(output));
        }
    }

    /// Signs what waits and hands it to the ledger.
    pub(super) fn flush_outbox(&mut self, now: Now) {
        if self.outbox.next_due().is_none_or(|due| due > now.tick) {
            return;
        }
        self.drop_fulfilled();
        if let Some(from) = self.outbox.take_withdrawal() {
            let withdraw = ledger::Input::Withdraw { author: self.ledger.address(), from };
            self.ledger_input(now, withdraw);
        }
        let transactions = self.outbox.sign_due(now.tick, &self.ledger, &self.key);
        if !transactions.is_empty() {
            self.ledger_input(now, ledger::Input::Submit { transactions, local: true });
        }
    }

    /// A newcomer asks to be let in; it is answered when its admission is final.
    pub(super) fn join(&mut self, now: Now, ticket: Ticket, request: &JoinRequest) {
        let refuse = |refusal| Output::AnswerJoin { ticket, response: JoinResponse::Refused(refusal) };
        match joining::admission(now, &self.ledger, request) {
            // It has proven that it owns a member's key: a newcomer that missed its answer.
            Err(JoinRefusal::AlreadyMember) => {
                let response = JoinResponse::Accepted(self.genesis.clone());
                self.out.push(Output::AnswerJoin { ticket, response });
            }
            // It asks again while its admission waits for the signatures of more authorities.
            Err(JoinRefusal::NotNow) if self.is_being_signed(request) && self.waiting.has_room() => {
                self.waiting.join(now.tick, ticket, protocol::Address::of(&request.member));
            }
            Err(refusal) => self.out.push(refuse(refusal)),
            Ok(_) if !self.waiting.has_room() => self.out.push(refuse(JoinRefusal::NotNow)),
            Ok(payload) => match self.outbox.push(payload, Purpose::Join(ticket), now.tick) {
                Ok(()) => self.waiting.join(now.tick, ticket, protocol::Address::of(&request.member)),
                Err(_) => self.out.push(refuse(JoinRefusal::NotNow)),
            },
        }
    }

    fn is_being_signed(&self, request: &JoinRequest) -> bool {
        let admission = self.ledger.state().admission(&request.signed.grant.nonce);
        admission.is_some_and(|waiting| waiting.member == request.member)
    }

    pub(super) fn announce_members(&mut self) {
        self.out.push(Output::Members(self.ledger.state().member_keys().collect()));
    }

    fn committed(&mut self, now: Now, committed: &Committed) {
        for event in &committed.events {
            self.ledger_event(now, event);
        }
        self.take_bookings(now, &committed.block);
        let deciding = self.ledger.state().authorities().hash();
        if deciding != committed.block.header.authorities {
            // An authority that changed its key may connect with the old one until its last height is decided.
            self.announce_members();
        }
        for settled in self.outbox.committed(now.tick, &committed.transactions) {
            self.finality.note(settled.waited_ms);
            self.settled(now, settled);
        }
        let answers = self.waiting.committed(committed.height, &committed.transactions);
        self.out.extend(answers);
    }

    fn ledger_event(&mut self, now: Now, event: &LedgerEvent) {
        let me = self.origin();
        match event {
            LedgerEvent::Admitted(address) => {
                self.announce_members();
                let response = JoinResponse::Accepted(self.genesis.clone());
                let answer = self.waiting.admitted(address, &response);
                self.out.extend(answer);
                self.event(Event::Hive);
            }
            LedgerEvent::Revoked(_) => {
                self.announce_members();
                self.event(Event::Hive);
            }
            LedgerEvent::AdmissionAsked(nonce) => self.cosign(now, *nonce),
            LedgerEvent::InvitationRevoked(nonce) => {
                let change = self.invitations.revoked(nonce);
                self.persist(change.into_iter().collect());
            }
            LedgerEvent::KeyChanged { from, to } => self.member_moved(from, to),
            LedgerEvent::NetworkKeyDue | LedgerEvent::NetworkKeyNamed(_) => {
                self.learn_network_key(now);
                self.event(Event::Hive);
            }
            LedgerEvent::Proposed(_)
            | LedgerEvent::Approved(_)
            | LedgerEvent::Executed(..)
            | LedgerEvent::AdmissionSigned(_)
            | LedgerEvent::Token(_)
            | LedgerEvent::Evidenced(_) => self.event(Event::Hive),
            LedgerEvent::Assembly(event) => self.hear_assembly(event),
            LedgerEvent::Energy(event) => self.hear_energy(now, event),
            LedgerEvent::Aggregate(event) => self.hear_aggregate_event(event),
            LedgerEvent::WorkOrderOpened { id, building, reference } if *building == me => {
                let order =
                    self.ledger.state().work_order(*id).expect("invariant: it was opened in this block");
                let commitment = order.commitment;
                let catalogue = self.telemetry.catalogue();
                let outcome = self.maintenance.opened_on_ledger(catalogue, *reference, *id, commitment);
                self.carry_out(now, outcome);
                if let Some(outcome) = self.commission(*id) {
                    self.carry_out(now, outcome);
                }
            }
            LedgerEvent::WorkOrderAdvanced { id, building, status, .. } if *building == me => {
                let order =
                    self.ledger.state().work_order(*id).expect("invariant: it was changed in this block");
                let commitment = order.commitment;
                let catalogue = self.telemetry.catalogue();
                let outcome = self.maintenance.advanced_on_ledger(catalogue, *id, *status, commitment);
                self.carry_out(now, outcome);
            }
            LedgerEvent::WorkOrderOpened { reference, .. }
            | LedgerEvent::WorkOrderAdvanced { reference, .. } => {
                self.event(Event::WorkOrder(*reference));
            }
        }
    }

    fn rejected(&mut self, now: Now, id: TransactionId, reason: &Reject) {
        let answers = self.waiting.rejected(id, reason);
        self.out.extend(answers);
        if let Some(settled) = self.outbox.rejected(now.tick, id, reason) {
            self.settled(now, settled);
        }
    }

    /// Tells whoever waited for a wish of ours.
    fn settled(&mut self, now: Now, settled: Settled) {
        let Settled { purpose, id, refused, .. } = settled;
        match (purpose, refused) {
            (Purpose::WorkOrder(reference), Some(reason)) => {
                tracing::warn!(%reference, %reason, "the ledger refuses a work order's step");
                self.settle_again_soon(now);
            }
            (Purpose::Announcement(number), Some(reason)) => {
                tracing::warn!(number, %reason, "the ledger refuses an assembly's announcement");
                self.announcement_refused(number, &reason);
            }
            (Purpose::Results(number) | Purpose::Minutes(number), Some(reason)) => {
                tracing::warn!(number, %reason, "the ledger refuses an assembly's results or minutes");
            }
            (Purpose::Accusation(key), Some(reason)) => {
                tracing::warn!(%reason, "a promise that was not kept cannot go on record");
                self.accusation_refused(&key);
            }
            (Purpose::Poll(number), Some(reason)) => {
                tracing::warn!(number, %reason, "the ledger refuses a poll");
                self.poll_refused(now, number, &reason);
            }
            (Purpose::KeyChange, Some(reason)) => {
                tracing::warn!(%reason, "the hive refuses the change of this node's key");
            }
            (Purpose::Settlement(_) | Purpose::Commitment(_) | Purpose::Dispute(_), Some(reason)) => {
                tracing::debug!(%reason, "the ledger does not take a settlement");
            }
            (
                Purpose::WorkOrder(_)
                | Purpose::Evidence
                | Purpose::Cosign
                | Purpose::NetworkKey
                | Purpose::Settlement(_)
                | Purpose::Commitment(_)
                | Purpose::Dispute(_)
                | Purpose::Announcement(_)
                | Purpose::Accusation(_)
                | Purpose::Results(_)
                | Purpose::Minutes(_)
                | Purpose::Poll(_)
                | Purpose::Profile
                | Purpose::Figure(_)
                | Purpose::KeyChange,
                _,
            ) => {}
            (Purpose::Ballots(first), refused) => {
                self.home_settled(&first);
                if let Some(reason) = refused {
                    tracing::warn!(%reason, "the ledger refuses ballots; they are brought again");
                }
            }
            (Purpose::ChangeNetworkKey(ticket), refused) => {
                let answer = refused.map_or(Ok(Answer::NetworkKey), |reason| Err(Refused::Ledger(reason)));
                self.out.push(Output::Answer { ticket, answer });
            }
            (Purpose::Revocation(ticket, nonce), refused) => {
                let done = Ok(Answer::InvitationRevoked(nonce));
                let answer = refused.map_or(done, |reason| Err(Refused::Ledger(reason)));
                self.out.push(Output::Answer { ticket, answer });
            }
            // It waits for the signatures of more authorities; see the event of its admission.
            (Purpose::Join(ticket), None) if self.waiting.is_outside(ticket, self.ledger.state()) => {}
            (Purpose::Join(ticket), refused) => {
                let response = match refused {
                    None => JoinResponse::Accepted(self.genesis.clone()),
                    Some(reason) => JoinResponse::Refused(join_refusal(&reason)),
                };
                let answer = self.waiting.joined(ticket, response);
                self.out.extend(answer);
            }
            (Purpose::Record(ticket), refused) => {
                let answer = refused.map_or(Ok(Answer::Recorded(id)), |reason| Err(Refused::Ledger(reason)));
                self.out.push(Output::Answer { ticket, answer });
            }
            (Purpose::Governance(ticket), refused) => {
                let answer = match refused {
                    None => Ok(Answer::Governance(id)),
                    Some(reason) => Err(Refused::Ledger(reason)),
                };
                self.out.push(Output::Answer { ticket, answer });
            }
        }
    }

    /// Evidence goes on record once: authorities take turns by their place in the set.
    fn put_evidence(&mut self, now: Now, payload: Payload) {
        if self.ledger.role() != Some(Role::Authority) {
            return;
        }
        let me = self.ledger.address();
        let keys = self.ledger.state().authorities().keys();
        let place = keys.iter().position(|key| protocol::Address::of(key) == me).unwrap_or(0) as u64;
        let not_before = now.tick.plus(place * EVIDENCE_TURN_MS);
        if self.outbox.push(payload, Purpose::Evidence, not_before).is_err() {
            tracing::warn!("the outbox is full; another authority will put the evidence on record");
        }
    }

    /// Signs an admission that other authorities signed before: that its grant holds was checked by the ledger.
    /// Authorities take turns, so that no more sign than are needed.
    fn cosign(&mut self, now: Now, nonce: protocol::Digest) {
        let (me, state) = (self.ledger.address(), self.ledger.state());
        let Some(admission) = state.admission(&nonce) else { return };
        let keys = state.authorities().keys().iter().map(protocol::Address::of);
        let unsigned = keys.filter(|address| !admission.signers.contains(address)).collect::<Vec<_>>();
        let Some(place) = unsigned.iter().position(|address| *address == me) else { return };
        let missing = (state.authorities().faults_tolerated() + 1).saturating_sub(admission.signers.len());
        let turn = (place / missing.max(1)) as u64;
        let not_before = now.tick.plus(turn * EVIDENCE_TURN_MS);
        if self.outbox.push(Payload::Cosign(nonce), Purpose::Cosign, not_before).is_err() {
            tracing::warn!("the outbox is full; another authority will sign the admission");
        }
    }

    /// A member goes on under another key.
    fn member_moved(&mut self, from: &protocol::Address, to: &protocol::Address) {
        let state = self.ledger.state();
        let keys = (state.moved(from).map(|moved| moved.key), state.member(to).map(|member| member.key));
        if let (Some(from), Some(to)) = keys {
            self.out.push(Output::MemberMoved { from, to });
        }
        self.announce_members();
        self.event(Event::Hive);
    }

    /// Wishes that the state fulfils already are not signed.
    fn drop_fulfilled(&mut self) {
        let (state, sender, me) = (self.ledger.state(), self.ledger.address(), self.origin());
        self.outbox.retain(|payload, _| match payload {
            Payload::Evidence(evidence) => !state.has_evidence(evidence),
            Payload::OpenWorkOrder(open) => state.work_order_of(&me, &open.reference).is_none(),
            Payload::Cosign(nonce) => {
                state.admission(nonce).is_some_and(|admission| !admission.signers.contains(&sender))
            }
            Payload::NameNetworkKey(named) => {
                state.network_key().is_none_or(|known| known.epoch < named.epoch)
            }
            Payload::CommitDay(commitment) => state.day_commitment(commitment.day, me).is_none(),
            Payload::Settle(signed) => !state.has_settlement(&signed.settlement),
            Payload::Dispute(dispute) => {
                let version = state.settled(dispute.slot).map_or(0, |settled| settled.result.version);
                let is_open = state.disputed(dispute.slot).is_some_and(|one| one.verdict.is_none());
                version == dispute.version && !is_open
            }
            Payload::Admit(_)
            | Payload::Propose(_)
            | Payload::Approve(_)
            | Payload::RevokeInvitation(_)
            | Payload::ChangeKey(_)
            | Payload::AdvanceWorkOrder(_)
            | Payload::Token(_)
            | Payload::Coefficients(_) => true,
            Payload::Assembly(action) => !state.has_assembly_action(action),
            Payload::Aggregate(AggregateRecord::Profile(profile)) => state.profile(&me) != *profile,
            Payload::Aggregate(AggregateRecord::Outcome(signed)) => !state.knows_outcome(&signed.outcome),
        });
    }
}

/// Transactions handed in by a caller that were refused at once.
pub(super) fn refused_at_once(outputs: &[ledger::Output]) -> BTreeMap<TransactionId, Reject> {
    outputs
        .iter()
        .filter_map(|output| {
            let ledger::Output::Rejected { id, reason, .. } = output else { return None };
            Some((*id, reason.clone()))
        })
        .collect()
}

fn join_refusal(reason: &Reject) -> JoinRefusal {
    match reason {
        Reject::Known { what: "invitation", .. } => JoinRefusal::Used,
        Reject::Known { .. } => JoinRefusal::AlreadyMember,
        Reject::Full { .. } | Reject::Busy { .. } => JoinRefusal::Full,
        Reject::Invitation { detail } if detail.contains("expired") => JoinRefusal::Expired,
        Reject::NotMember { .. } | Reject::NotAuthority { .. } | Reject::Sequence { .. } => {
            JoinRefusal::NotNow
        }
        Reject::Invitation { .. }
        | Reject::Expired { .. }
        | Reject::Unknown { .. }
        | Reject::NotYours { .. }
        | Reject::Transition { .. }
        | Reject::Action { .. }
        | Reject::Key { .. }
        | Reject::NetworkKey { .. }
        | Reject::Energy(_)
        | Reject::Token(_)
        | Reject::Assembly(_)
        | Reject::Aggregate(_)
        | Reject::Evidence { .. } => JoinRefusal::NotInvited,
    }
}
