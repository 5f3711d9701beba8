//! Commands of the page in the core's words, and the core's answers in the page's.

use protocol::invitation::Particulars;
use protocol::limits::{INVITATION_ADDRESSES_MAX, INVITATION_LIFE_MS_MAX};
use protocol::{Bounded, Bytes, Digest, Invitation, KeyChange, NetworkKey, Now, UnixMs};
use tokio::sync::watch;
use web::request::{InvitationRequest, Outcome as ShownOutcome, SubmittedTransaction, WorkOrderChange};
use web::view::{ImportView, InvitationView, Role};
use web::{Kind, Problem, Time};

use super::present::{
    Facts, aggregates, alerts, building, dwellings, energy, enquiries, hive, incidents, metric, plan,
    policies, sharing, street, survivals,
};
use super::secrets;
use super::tickets::Context;
use super::{certificate, drafts};
use crate::core::catalogue::CatalogueError;
use crate::core::energy::ReleaseRefused;
use crate::core::maintenance::{MaintenanceError, WorkOrderEdit};
use crate::core::policy::Policy;
use crate::core::telemetry::Refusal;
use crate::core::{Answer, Command, Core, Outcome, Payload, Refused, Submitted};

/// Where newcomers meet the hive.
pub(super) struct Meeting {
    /// Multiaddresses with peer id that this node listens on.
    pub(super) addresses: Vec<String>,
    /// The hive's newest network key.
    pub(super) network_key: NetworkKey,
    /// SHA-256 of the page's certificate, as browsers show it.
    pub(super) fingerprint: watch::Receiver<Option<String>>,
}

/// A command for the core, and what its answer will need.
pub(super) fn read(
    now: Now,
    core: &Core,
    meeting: &Meeting,
    by: &web::Actor,
    command: web::Command,
) -> Result<(Command, Context), Problem> {
    let plain = |command| Ok((command, Context::None));
    match command {
        web::Command::AcknowledgeAlert { alert } => plain(Command::AcknowledgeAlert(id("alert", &alert)?)),
        web::Command::CloseAlert { alert, reason } => {
            plain(Command::CloseAlert { id: id("alert", &alert)?, reason })
        }
        web::Command::OpenWorkOrder { alert } => plain(Command::OpenWorkOrder(id("alert", &alert)?)),
        web::Command::AdvanceWorkOrder { work_order, change } => {
            let reference = id("work order", &work_order)?;
            plain(Command::EditWorkOrder { reference, edit: edit(change) })
        }
        web::Command::CreatePolicy(draft) => {
            plain(Command::CreatePolicy(drafts::terms(drafts::free_code(core), draft)?))
        }
        web::Command::PatchPolicy { policy, change } => {
            let known = known_policy(core, &policy)?;
            plain(Command::ChangePolicy(known.id(), drafts::changed(known.terms(), change)?))
        }
        web::Command::DeletePolicy { policy } => {
            plain(Command::DeletePolicy(known_policy(core, &policy)?.id()))
        }
        web::Command::ImportPolicies { policies, is_preview } => {
            let terms = drafts::import(core, policies)?;
            plain(Command::ImportPolicies { terms, is_preview })
        }
        web::Command::Invite(request) => invite(now, core, meeting, request),
        web::Command::RevokeInvitation { invitation } => {
            plain(Command::RevokeInvitation(id("invitation", &invitation)?))
        }
        web::Command::ChangeKey { public_key, proof } => {
            let wrong =
                |field| move |_| Problem::new(Kind::Invalid, "expected hexadecimal digits").field(field);
            plain(Command::ChangeKey(KeyChange {
                member: core.ledger().address(),
                key: public_key.parse().map_err(wrong("public_key"))?,
                proof: proof.parse().map_err(wrong("proof"))?,
            }))
        }
        web::Command::ChangeNetworkKey => plain(Command::ChangeNetworkKey),
        web::Command::Propose { action } => {
            let action = protocol::Action::try_from(&action)?;
            Ok((Command::Propose(action.clone()), Context::Proposal(action)))
        }
        web::Command::Token(action) => plain(Command::Token(action)),
        web::Command::Approve { proposal } => {
            let number = proposal.parse().map_err(|_| unknown("proposal", &proposal))?;
            Ok((Command::Approve(number), Context::Approval(number)))
        }
        web::Command::AddSite(draft) => plain(Command::AddSite { code: draft.code, name: draft.name }),
        web::Command::AddAsset { site, asset } => {
            plain(Command::AddAsset { site, code: asset.code, kind: asset.kind.into() })
        }
        web::Command::DefineMetric { name, change } => {
            plain(Command::DefineMetric(metric::defined(core, &name, change)?))
        }
        web::Command::SwapMeter { asset, swap } => {
            plain(Command::SwapMeter(metric::swapped(core, &asset, swap)?))
        }
        web::Command::PlanMeters(draft) => plain(Command::PlanMeters(energy::planned(core, draft)?)),
        web::Command::PlanDwellings(draft) => plain(Command::PlanDwellings(dwellings::planned(core, draft)?)),
        web::Command::SayTerms(terms) => plain(Command::SayTerms(terms)),
        web::Command::GiveParts(given) => plain(Command::GiveParts(given)),
        web::Command::TakePart(profile) => plain(Command::TakePart(profile)),
        web::Command::HandInCard(draft) => {
            let (source, choice) = incidents::chosen(&draft.draft)?;
            plain(Command::HandInCard { source, choice, shown: incidents::shown(&draft.shown)? })
        }
        web::Command::HandInSurvival(handed) => {
            let (alert, choice) = survivals::chosen(&handed.draft)?;
            plain(Command::HandInSurvival { alert, choice, shown: incidents::shown(&handed.shown)? })
        }
        web::Command::Enquiry(command) => plain(Command::Enquiry(enquiries::order(&command)?)),
        web::Command::SwitchLeaving { kind, on } => plain(Command::Switch(street::purpose(&kind)?, on)),
        web::Command::WithdrawContractor { contractor } => {
            plain(Command::WithdrawContractor(incidents::company(&contractor)?))
        }
        web::Command::AnswerShift { shift, yes } => {
            plain(Command::AnswerWish { id: id("request", &shift)?, yes })
        }
        web::Command::Equip(view) => plain(Command::Equip(plan::equipped(*view)?)),
        web::Command::Home(command) => super::home::read(now, core, by, *command),
        web::Command::RecountSlots { from, to } => plain(Command::Recount { from, to }),
        web::Command::ReleaseSlot { start, reason } => plain(Command::ReleaseSlot { start, reason }),
        web::Command::SubmitTransactions { .. } => {
            Err(Problem::new(Kind::Internal, "transactions take another way to the core"))
        }
    }
}

/// Readings in the core's words.
pub(super) fn payloads(payloads: Vec<web::TelemetryPayload>) -> Vec<Payload> {
    let payload = |payload: web::TelemetryPayload| Payload {
        site_code: payload.site_code,
        asset_code: payload.asset_code,
        time: payload.timestamp,
        metrics: payload.metrics,
    };
    payloads.into_iter().map(payload).collect()
}

/// What the core answers, as the page shows it.
pub(super) fn answer(
    core: &Core,
    facts: &Facts,
    context: Context,
    answer: Result<Answer, Refused>,
) -> Result<web::Answer, Problem> {
    let gone = || Problem::new(Kind::Internal, "it is gone again");
    match answer.map_err(|refused| problem(&refused))? {
        Answer::Alert(id) => {
            let alert = core.maintenance().alerts().get(id).ok_or_else(gone)?;
            Ok(web::Answer::Alert(alerts::alert(core, alert)))
        }
        Answer::WorkOrder(reference) => {
            building::work_order(core, facts, &reference).map(web::Answer::WorkOrder).ok_or_else(gone)
        }
        Answer::Policy(id) => {
            let policy = core.maintenance().policies().get(&id).ok_or_else(gone)?;
            Ok(web::Answer::Policy(policies::policy(core, policy)))
        }
        Answer::PolicyDeleted(_) => Ok(web::Answer::Deleted),
        Answer::PoliciesImported(imported) => Ok(web::Answer::Imported(ImportView {
            created: imported.created,
            changed: imported.changed,
            unchanged: imported.unchanged,
        })),
        Answer::Invitation(signed) => invitation(*signed, context).map(web::Answer::Invitation),
        Answer::InvitationRevoked(_) | Answer::KeyChange | Answer::NetworkKey => Ok(web::Answer::Done),
        Answer::Recorded(id) => Ok(web::Answer::Recorded(id)),
        Answer::Governance(_) => {
            let number = proposal_number(core, &context).ok_or_else(gone)?;
            let found = core.ledger().state().proposals().find(|(other, _)| *other == number);
            let (number, proposal) = found.ok_or_else(gone)?;
            Ok(web::Answer::Proposal(hive::proposal(core, facts, number, proposal)))
        }
        Answer::Submitted(submitted) => Ok(web::Answer::Submitted(merged(submitted, context))),
        Answer::Site(id) => {
            let site = core.telemetry().catalogue().site(id).ok_or_else(gone)?;
            Ok(web::Answer::Site(building::site(core, site)))
        }
        Answer::Asset(id) => {
            let asset = core.telemetry().catalogue().asset(id).ok_or_else(gone)?;
            Ok(web::Answer::Asset(building::asset(core, asset)))
        }
        Answer::Metric(name) => Ok(web::Answer::Metric(metric::metric(core, &name))),
        Answer::Swap(asset, name, at) => {
            metric::one_swap(core, asset, &name, at).map(web::Answer::Swap).ok_or_else(gone)
        }
        Answer::Meters(at) => Ok(web::Answer::Meters(energy::meters(core, at))),
        Answer::Dwellings => Ok(web::Answer::Dwellings(dwellings::plan(core))),
        Answer::Terms => Ok(web::Answer::Terms(sharing::terms(core, core.now()))),
        Answer::Wish(id) => plan::wish(core, &id).map(web::Answer::Shift).ok_or_else(gone),
        Answer::Equipment(_) => Ok(web::Answer::Equipment(Box::new(plan::equipment(core)))),
        Answer::Home(done) => Ok(web::Answer::Home(Box::new(super::home::answer(core, context, &done)))),
        Answer::Recounting => Ok(web::Answer::Recounting),
        Answer::Released => Ok(web::Answer::Released),
        Answer::HandedIn => Ok(web::Answer::Incidents(Box::new(incidents::own(core)))),
        Answer::HandedInSurvival => Ok(web::Answer::Survivals(Box::new(survivals::own(core)))),
        Answer::Enquired => Ok(web::Answer::Enquiries(Box::new(enquiries::enquiries(core)))),
        Answer::Switched => Ok(web::Answer::Leaving(Box::new(aggregates::leaving(core, core.now())))),
        Answer::TakingPart => Ok(web::Answer::Aggregates(Box::new(aggregates::aggregates(core, core.now())))),
    }
}

/// Why readings are not accepted.
pub(super) fn refusal(refusal: &Refusal, payload: usize, payloads: usize) -> Problem {
    let kind = if refusal.is_limit() { Kind::TooMany } else { Kind::Invalid };
    let text = refusal.to_string();
    let detail = text.strip_prefix(&format!("{}: ", refusal.field())).unwrap_or(&text).to_owned();
    let problem = Problem::new(kind, detail).field(refusal.field());
    let problem = match refusal.retry_after_s() {
        Some(seconds) => problem.retry(u64::from(seconds)),
        None => problem,
    };
    if payloads > 1 { problem.at_line(payload + 1) } else { problem }
}

fn id<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| unknown(what, text))
}

fn unknown(what: &str, id: &str) -> Problem {
    let shown: String = id.chars().take(80).collect();
    Problem::new(Kind::NotFound, format!("there is no {what} `{shown}`")).field("id")
}

fn edit(change: WorkOrderChange) -> WorkOrderEdit {
    let status = change.status.map(Into::into);
    WorkOrderEdit { status, assigned_to: change.assignee, notes: change.notes }
}

pub(super) fn known_policy<'a>(core: &'a Core, code: &str) -> Result<&'a Policy, Problem> {
    let mut policies = core.maintenance().policies().values();
    policies.find(|policy| policy.terms().code.as_str() == code).ok_or_else(|| unknown("policy", code))
}

/// The secret is made here, because the core has no chance of its own.
fn invite(
    now: Now,
    core: &Core,
    meeting: &Meeting,
    request: InvitationRequest,
) -> Result<(Command, Context), Problem> {
    let random = secrets::random().map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    let secret = Digest::new(random);
    let addresses = if request.addresses.is_empty() { meeting.addresses.clone() } else { request.addresses };
    let wrong = |error: String| Problem::new(Kind::Invalid, error).field("addresses");
    let mut bounded = Vec::new();
    for address in addresses.into_iter().take(INVITATION_ADDRESSES_MAX) {
        super::network::check_address(&address).map_err(|error| wrong(error.to_string()))?;
        bounded.push(Bytes::new(address.into_bytes()).map_err(|error| wrong(error.to_string()))?);
    }
    let addresses = Bounded::new(bounded).expect("invariant: at most as many were taken");
    let life_ms = request.expires_s.map_or(INVITATION_LIFE_MS_MAX, |s| i64::from(s) * 1000);
    let role = protocol::Role::from(request.role.unwrap_or(Role::Follower));
    let expires: UnixMs = now.time.plus(life_ms.min(INVITATION_LIFE_MS_MAX));
    let command = Command::Invite { nonce: Invitation::nonce_of(&secret), role, expires };
    let particulars = Particulars {
        authorities: core.ledger().state().authorities().hash(),
        epoch: core.network_key().map_or(0, |(epoch, _)| epoch),
        page: meeting.fingerprint.borrow().as_deref().and_then(|text| text.replace(':', "").parse().ok()),
    };
    let swarm_key = Digest::new(*meeting.network_key.secret());
    Ok((command, Context::Invitation { secret, swarm_key, addresses, particulars }))
}

fn invitation(signed: protocol::SignedInvitation, context: Context) -> Result<InvitationView, Problem> {
    let Context::Invitation { secret, swarm_key, addresses, particulars } = context else {
        return Err(Problem::new(Kind::Internal, "an invitation without a secret"));
    };
    let expires = Time::from(signed.grant.expires);
    let id = signed.grant.nonce.to_string();
    let fingerprint = particulars.page.map(certificate::shown);
    let invitation = Invitation { signed, secret, swarm_key, addresses, particulars: Some(particulars) };
    Ok(InvitationView { id, invitation: invitation.to_text(), expires, fingerprint })
}

fn proposal_number(core: &Core, context: &Context) -> Option<u64> {
    match context {
        Context::Approval(number) => Some(*number),
        Context::Proposal(action) => {
            let mut proposals = core.ledger().state().proposals();
            proposals.find(|(_, proposal)| proposal.action == *action).map(|(number, _)| number)
        }
        Context::None | Context::Invitation { .. } | Context::Letters(_) | Context::Submission(_) => None,
    }
}

/// Answers in the order in which transactions were handed in, those that do not hold among them.
fn merged(submitted: Vec<Submitted>, context: Context) -> Vec<SubmittedTransaction> {
    let malformed = match context {
        Context::Submission(malformed) => malformed,
        Context::None
        | Context::Invitation { .. }
        | Context::Letters(_)
        | Context::Proposal(_)
        | Context::Approval(_) => Vec::new(),
    };
    let mut all: Vec<SubmittedTransaction> = submitted.into_iter().map(shown).collect();
    for (position, reason) in malformed {
        let refused = SubmittedTransaction { id: String::new(), outcome: ShownOutcome::Refused { reason } };
        all.insert(position.min(all.len()), refused);
    }
    all
}

fn shown(submitted: Submitted) -> SubmittedTransaction {
    let outcome = match submitted.outcome {
        Outcome::Accepted | Outcome::Pending => ShownOutcome::Accepted,
        Outcome::Committed(height) => ShownOutcome::Committed { height: height.0 },
        Outcome::Refused(reason) => ShownOutcome::Refused { reason: reason.to_string() },
    };
    SubmittedTransaction { id: submitted.id.to_string(), outcome }
}

fn problem(refused: &Refused) -> Problem {
    let detail = refused.to_string();
    match refused {
        Refused::Maintenance(error) => {
            let kind = match (error.is_unknown(), error.is_conflict()) {
                (true, _) => Kind::NotFound,
                (false, true) => Kind::Conflict,
                (false, false) => Kind::Invalid,
            };
            let problem = Problem::new(kind, detail);
            let field = error.field();
            match error {
                MaintenanceError::Imported { at, .. } => {
                    problem.field(format!("policy {at}: {}", field.unwrap_or_default()))
                }
                MaintenanceError::Alert(_)
                | MaintenanceError::Policy(_)
                | MaintenanceError::Invalid(_)
                | MaintenanceError::UnknownPolicy { .. }
                | MaintenanceError::CodeTaken { .. }
                | MaintenanceError::Full { .. }
                | MaintenanceError::UnknownWorkOrder { .. }
                | MaintenanceError::HasWorkOrder { .. }
                | MaintenanceError::Transition { .. } => {
                    field.map_or(problem.clone(), |field| problem.field(field))
                }
            }
        }
        Refused::Catalogue(CatalogueError::Full { field, .. }) => {
            Problem::new(Kind::TooMany, detail).field(*field)
        }
        Refused::Catalogue(CatalogueError::Unknown { field, .. }) => {
            Problem::new(Kind::NotFound, detail).field(*field)
        }
        Refused::Catalogue(CatalogueError::Invalid(_) | CatalogueError::OutOfOrder { .. }) => {
            Problem::new(Kind::Invalid, detail)
        }
        Refused::Catalogue(CatalogueError::Unfit(unfit)) => metric::unfit_problem(unfit),
        Refused::Catalogue(CatalogueError::Fixed { .. } | CatalogueError::NotACounter { .. }) => {
            Problem::new(Kind::Conflict, detail).field("kind")
        }
        Refused::Invite(_) | Refused::Ledger(_) => Problem::new(Kind::Refused, detail),
        Refused::Invalid(_) => Problem::new(Kind::Invalid, detail),
        Refused::NoNeighbour { .. } => Problem::new(Kind::Invalid, detail).field("give_to"),
        Refused::NoWish => Problem::new(Kind::NotFound, detail).field("id"),
        Refused::Release(ReleaseRefused::Unknown { .. }) => Problem::new(Kind::NotFound, detail).field("id"),
        Refused::Release(ReleaseRefused::Reason) => Problem::new(Kind::Invalid, detail).field("reason"),
        Refused::Release(
            ReleaseRefused::NotHeld { .. } | ReleaseRefused::Beyond { .. } | ReleaseRefused::Full,
        ) => Problem::new(Kind::Refused, detail),
        Refused::Home(error) => super::home::problem(error),
        Refused::Incident(refused) => incidents::problem(refused),
        Refused::Enquiry(refused) => enquiries::problem(refused),
        Refused::NotAuthority => Problem::new(Kind::Refused, detail),
        Refused::Outbox(_) | Refused::Busy => Problem::new(Kind::TooMany, detail),
    }
}
