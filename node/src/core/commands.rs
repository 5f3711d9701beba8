//! What people and scripts want done, each answered once.

use ledger::Reject;
use protocol::limits::{ENERGY_GAP_MS_MAX, READING_AHEAD_MS_MAX};
use protocol::{KeyChange, Now, Payload, Role, VerifiedTransaction};

use super::catalogue::{CatalogueError, Code, MetricDefinition, Swap, Unfit};
use super::hive::refused_at_once;
use super::input::{Actor, Command, Ticket};
use super::joining;
use super::maintenance::{Change, MaintenanceError};
use super::outbox::Purpose;
use super::output::{Answer, Outcome, Output, Submitted};
use super::policy::PolicyId;
use super::{Core, Issued, Refused};

impl Core {
    pub(super) fn command(&mut self, now: Now, ticket: Ticket, by: &Actor, command: Command) {
        let by = by.as_str();
        let answer = match command {
            Command::AcknowledgeAlert(id) => {
                let outcome = self.maintenance.acknowledge(now.time, id, by);
                self.maintained(now, outcome, Answer::Alert(id))
            }
            Command::CloseAlert { id, reason } => {
                let outcome = self.maintenance.close(now.time, id, by, &reason);
                self.maintained(now, outcome, Answer::Alert(id))
            }
            Command::OpenWorkOrder(id) => {
                let outcome = self.maintenance.open_work_order(now.time, self.telemetry.catalogue(), id);
                let reference = self.maintenance.alerts().get(id).and_then(|alert| alert.work_order);
                self.maintained(now, outcome, reference.map_or(Answer::Alert(id), Answer::WorkOrder))
            }
            Command::EditWorkOrder { reference, edit } => {
                let catalogue = self.telemetry.catalogue();
                let outcome = self.maintenance.edit_work_order(now.time, catalogue, reference, edit);
                self.maintained(now, outcome, Answer::WorkOrder(reference))
            }
            Command::CreatePolicy(terms) => {
                let added = self.maintenance.add_policy(now.time, &self.telemetry, terms, by);
                let id = added.as_ref().map_or(PolicyId(0), |(id, _)| *id);
                self.maintained(now, added.map(|(_, outcome)| outcome), Answer::Policy(id))
            }
            Command::ChangePolicy(id, terms) => {
                let outcome = self.maintenance.change_policy(now.time, &self.telemetry, id, terms, by);
                self.maintained(now, outcome, Answer::Policy(id))
            }
            Command::DeletePolicy(id) => {
                let outcome = self.maintenance.delete_policy(id);
                self.maintained(now, outcome, Answer::PolicyDeleted(id))
            }
            Command::ImportPolicies { terms, is_preview } => {
                let imported =
                    self.maintenance.import_policies(now.time, &self.telemetry, terms, by, is_preview);
                let answer = imported.as_ref().map(|(imported, _)| imported.clone()).unwrap_or_default();
                let outcome = imported.map(|(_, outcome)| outcome);
                self.maintained(now, outcome, Answer::PoliciesImported(answer))
            }
            Command::Invite { nonce, role, expires } => self.invite(now, by, nonce, role, expires),
            Command::RevokeInvitation(nonce) => return self.revoke_invitation(now, ticket, nonce),
            Command::ChangeKey(change) => self.change_key(now, change),
            Command::ChangeNetworkKey => return self.change_network_key(now, ticket),
            Command::Propose(action) => return self.govern(now, ticket, Payload::Propose(action)),
            Command::Approve(number) => return self.govern(now, ticket, Payload::Approve(number)),
            Command::Token(action) => return self.record(now, ticket, Payload::Token(action)),
            Command::GiveParts(given) => {
                let given = self.ledger.state().shortened(given, &self.ledger.address());
                return self.record(now, ticket, Payload::Coefficients(given));
            }
            Command::Submit { transactions, wait } => return self.submit(now, ticket, transactions, wait),
            Command::AddSite { code, name } => self.add_site(&code, &name),
            Command::AddAsset { site, code, kind } => self.add_asset(&site, &code, kind),
            Command::DefineMetric(definition) => self.define_metric(now, definition),
            Command::SwapMeter(swap) => self.swap_meter(now, swap),
            Command::PlanMeters(plan) => {
                self.plan_meters(now, plan).map(|()| Answer::Meters(now.time)).map_err(Refused::from)
            }
            Command::PlanDwellings(plan) => {
                self.plan_dwellings(plan).map(|()| Answer::Dwellings).map_err(Refused::from)
            }
            Command::SayTerms(terms) => self.say_terms(now, terms).map(|()| Answer::Terms),
            Command::TakePart(profile) => {
                self.take_part(now, profile).map(|()| Answer::TakingPart).map_err(Refused::from)
            }
            Command::HandInCard { source, choice, shown } => {
                let done = self.hand_in_card(now, source, &choice, shown);
                done.map(|()| Answer::HandedIn).map_err(Refused::from)
            }
            Command::HandInSurvival { alert, choice, shown } => {
                let done = self.hand_in_survival(now, alert, &choice, shown);
                done.map(|()| Answer::HandedInSurvival).map_err(Refused::from)
            }
            Command::WithdrawContractor(contractor) => {
                let done = self.withdraw_contractor(now, contractor);
                done.map(|()| Answer::HandedIn).map_err(Refused::from)
            }
            Command::Enquiry(order) => {
                self.obey_enquiry(now, order).map(|()| Answer::Enquired).map_err(Refused::from)
            }
            Command::Switch(purpose, is_on) => {
                self.switch(now, purpose, is_on);
                Ok(Answer::Switched)
            }
            Command::AnswerWish { id, yes } => {
                self.answer_wish(now, id, yes).then_some(Answer::Wish(id)).ok_or(Refused::NoWish)
            }
            Command::AtHome(who, act) => return self.act_at_home(now, ticket, &who, act),
            Command::Equip(equipment) => Ok(self.equip(now, equipment)),
            Command::ReleaseSlot { start, reason } => {
                self.release_slot(now, start, &reason, by).map(|()| Answer::Released).map_err(Refused::from)
            }
            Command::Recount { from, to } => {
                self.energy.recount(from, to.min(now.time));
                Ok(Answer::Recounting)
            }
        };
        self.out.push(Output::Answer { ticket, answer });
    }

    fn maintained(
        &mut self,
        now: Now,
        outcome: Result<super::maintenance::Outcome, MaintenanceError>,
        answer: Answer,
    ) -> Result<Answer, Refused> {
        let outcome = outcome?;
        self.carry_out(now, outcome);
        Ok(answer)
    }

    /// Answered when it is final or refused.
    fn govern(&mut self, now: Now, ticket: Ticket, payload: Payload) {
        self.authority_wish(now, ticket, payload, Purpose::Governance(ticket));
    }

    /// Any member's to do; answered when it is final or refused.
    fn record(&mut self, now: Now, ticket: Ticket, payload: Payload) {
        if let Err(full) = self.outbox.push(payload, Purpose::Record(ticket), now.tick) {
            self.out.push(Output::Answer { ticket, answer: Err(full.into()) });
        }
    }

    fn authority_wish(&mut self, now: Now, ticket: Ticket, payload: Payload, purpose: Purpose) {
        let refused = if self.ledger.role() != Some(Role::Authority) {
            Some(Refused::NotAuthority)
        } else {
            self.outbox.push(payload, purpose, now.tick).err().map(Refused::from)
        };
        if let Some(refused) = refused {
            self.out.push(Output::Answer { ticket, answer: Err(refused) });
        }
    }

    fn invite(
        &mut self,
        now: Now,
        by: &str,
        nonce: protocol::Digest,
        role: Role,
        expires: protocol::UnixMs,
    ) -> Result<Answer, Refused> {
        let signed = joining::grant(now, &self.ledger, &self.key, nonce, role, expires)?;
        let (issued, by) = (now.time, by.to_owned());
        let changes = self.invitations.note(Issued { nonce, role, issued, expires, by, is_revoked: false });
        self.persist(changes);
        Ok(Answer::Invitation(Box::new(signed)))
    }

    /// Answered when it is final or refused.
    fn revoke_invitation(&mut self, now: Now, ticket: Ticket, nonce: protocol::Digest) {
        let purpose = Purpose::Revocation(ticket, nonce);
        self.authority_wish(now, ticket, Payload::RevokeInvitation(nonce), purpose);
    }

    fn change_network_key(&mut self, now: Now, ticket: Ticket) {
        let payload = self.next_network_key();
        self.authority_wish(now, ticket, payload, Purpose::ChangeNetworkKey(ticket));
    }

    /// The building's secret goes on as it is, so that nothing it named changes its name.
    fn change_key(&mut self, now: Now, change: KeyChange) -> Result<Answer, Refused> {
        let me = self.ledger.address();
        if change.member != me || change.verify(&self.ledger.chain()).is_err() {
            let detail = "the new key's owner did not agree to go on for this node";
            return Err(Refused::Ledger(Reject::Key { detail }));
        }
        let payload = match self.ledger.role() {
            Some(Role::Authority) => Payload::Propose(protocol::Action::ChangeKey(change)),
            Some(Role::Follower) => Payload::ChangeKey(change),
            None => return Err(Refused::Ledger(Reject::NotMember { author: me })),
        };
        let secret = self.maintenance.secret();
        self.persist(vec![Change::PutSecret(secret)]);
        self.outbox.push(payload, Purpose::KeyChange, now.tick)?;
        Ok(Answer::KeyChange)
    }

    /// Transactions signed elsewhere: queued here, and followed to their end if the caller waits.
    fn submit(&mut self, now: Now, ticket: Ticket, transactions: Vec<VerifiedTransaction>, wait: bool) {
        if wait && !self.waiting.has_room() {
            self.out.push(Output::Answer { ticket, answer: Err(Refused::Busy) });
            return;
        }
        let order: Vec<_> = transactions.iter().map(VerifiedTransaction::id).collect();
        if wait {
            // They may become final within this very turn, so the waiter stands ready before.
            let answer = self.waiting.submit(now.tick, ticket, order);
            self.out.extend(answer);
            self.ledger_input(now, ledger::Input::Submit { transactions, local: true });
            return;
        }
        let outputs = self.ledger.handle(now, ledger::Input::Submit { transactions, local: true });
        let refused = refused_at_once(&outputs);
        self.take_ledger_outputs(now, outputs);
        let outcome = |id| match refused.get(id) {
            Some(reason) => Outcome::Refused(Reject::clone(reason)),
            None => Outcome::Accepted,
        };
        let submitted = order.iter().map(|id| Submitted { id: *id, outcome: outcome(id) }).collect();
        self.out.push(Output::Answer { ticket, answer: Ok(Answer::Submitted(submitted)) });
    }

    fn add_site(&mut self, code: &str, name: &str) -> Result<Answer, Refused> {
        let code = Code::new(code).map_err(CatalogueError::from)?;
        let added = self.telemetry.catalogue_mut().add_site(code.clone(), name)?;
        self.persist(added.map(Change::PutDefinition).into_iter().collect());
        let site = self.telemetry.catalogue().site_by_code(code.as_str());
        Ok(Answer::Site(site.expect("invariant: it was added").id))
    }

    fn add_asset(&mut self, site: &str, code: &str, kind: protocol::AssetKind) -> Result<Answer, Refused> {
        let code = Code::new(code).map_err(CatalogueError::from)?;
        let added = self.telemetry.catalogue_mut().add_asset(site, code.clone(), kind)?;
        self.persist(added.map(Change::PutDefinition).into_iter().collect());
        let asset = self.telemetry.catalogue().asset_by_code(code.as_str());
        Ok(Answer::Asset(asset.expect("invariant: it was added").id))
    }

    fn define_metric(&mut self, now: Now, definition: MetricDefinition) -> Result<Answer, Refused> {
        let name = definition.name().clone();
        let changed = self.telemetry.catalogue_mut().define_metric(definition)?;
        if changed.is_some() {
            self.energy.recount_all(now.time);
        }
        self.persist(changed.map(Change::PutMetric).into_iter().collect());
        Ok(Answer::Metric(name))
    }

    fn swap_meter(&mut self, now: Now, swap: Swap) -> Result<Answer, Refused> {
        let at = swap.exchange().at;
        if at.since(now.time) > READING_AHEAD_MS_MAX {
            let unfit = Unfit { field: "at", expected: "a time that has come" };
            return Err(CatalogueError::from(unfit).into());
        }
        self.telemetry.catalogue_mut().swap(swap.clone())?;
        self.energy.recount(at.plus(-ENERGY_GAP_MS_MAX), at.plus(ENERGY_GAP_MS_MAX));
        let answer = Answer::Swap(swap.asset(), swap.metric().clone(), at);
        self.persist(vec![Change::PutSwap(swap)]);
        Ok(answer)
    }
}
