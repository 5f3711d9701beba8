//! Governed actions: proposed and approved by authorities, carried out once when more than two thirds of the set
//! approve. A new authority set decides from two heights later, so that every header can name the next one.

use protocol::limits::{AUTHORITIES_MAX, PROPOSALS_OPEN_MAX};
use protocol::{Action, Address, AuthoritySet, Bounded, Digest, PublicKey, Role};

use super::entry::{Entry, Key, Meta, Proposal, ProposalStatus};
use super::execute::{BlockContext, Event};
use super::{Overlay, aggregate, assembly, cosigning, energy, identity, network_key};
use crate::error::Reject;

/// Proposes an action; the proposer approves it.
pub(super) fn propose(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    author: Address,
    action: &Action,
) -> Result<Vec<Event>, Reject> {
    let number = number_of(overlay, context, action)?;
    let proposal = Proposal {
        action: action.clone(),
        height: context.height,
        approvals: approvals_of(vec![author]),
        status: ProposalStatus::Open,
    };
    let mut events = vec![Event::Proposed(number)];
    events.extend(settle(overlay, context, deciding, number, proposal));
    Ok(events)
}

/// A building's assembly asks the authorities for an action: proposed, and approved by the building if it is one of them.
/// It needs their approval like any other.
pub(super) fn suggest(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    action: &Action,
) -> Result<Vec<Event>, Reject> {
    let number = number_of(overlay, context, action)?;
    let deciding = overlay.base.authorities();
    let is_authority = deciding.key_of(&author).is_some();
    let approvals = approvals_of(if is_authority { vec![author] } else { Vec::new() });
    let (action, height, status) = (action.clone(), context.height, ProposalStatus::Open);
    let proposal = Proposal { action, height, approvals, status };
    let mut events = vec![Event::Proposed(number)];
    events.extend(settle(overlay, context, deciding, number, proposal));
    Ok(events)
}

/// Carries an action out to which the authorities agreed when they put the question it follows from.
pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    action: &Action,
) -> Result<Vec<Event>, Reject> {
    let number = number_of(overlay, context, action)?;
    let status = ProposalStatus::Executed(context.height);
    let (height, approvals) = (context.height, approvals_of(Vec::new()));
    let proposal = Proposal { action: action.clone(), height, approvals, status };
    overlay.put(Key::Proposal(number), Entry::Proposal(proposal));
    let mut events = vec![Event::Executed(number, action.clone())];
    events.extend(carry_out(overlay, context, action));
    Ok(events)
}

/// The next proposal's number, if the action makes sense and nobody proposed it.
fn number_of(overlay: &mut Overlay<'_>, context: &BlockContext, action: &Action) -> Result<u64, Reject> {
    check_action(overlay, context, action)?;
    let open = open_proposals(overlay);
    if open.iter().any(|(_, proposal)| proposal.action == *action) {
        let key = Digest::of("symbiose action v1", &[&protocol::encode(action)]);
        return Err(Reject::Known { what: "proposal", key });
    }
    if open.len() >= PROPOSALS_OPEN_MAX {
        return Err(Reject::Full { what: "open proposals", max: PROPOSALS_OPEN_MAX });
    }
    let meta = overlay.meta().clone();
    let number = meta.proposals + 1;
    overlay.put_meta(Meta { proposals: number, ..meta });
    Ok(number)
}

/// Approves a proposal.
pub(super) fn approve(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    author: Address,
    number: u64,
) -> Result<Vec<Event>, Reject> {
    let Some(Entry::Proposal(proposal)) = overlay.get(&Key::Proposal(number)) else {
        return Err(Reject::Unknown { what: "proposal", number });
    };
    let mut proposal = proposal.clone();
    if proposal.status != ProposalStatus::Open {
        return Err(Reject::Action { detail: "the proposal was carried out already" });
    }
    if proposal.approvals.contains(&author) {
        let key = Digest::of("symbiose approval v1", &[author.as_bytes(), &number.to_be_bytes()]);
        return Err(Reject::Known { what: "approval", key });
    }
    // An authority that approved and left the set no longer counts, and makes room for the others.
    let mut approvals: Vec<Address> =
        proposal.approvals.iter().copied().filter(|address| deciding.key_of(address).is_some()).collect();
    approvals.push(author);
    approvals.sort();
    proposal.approvals = approvals_of(approvals);
    check_action(overlay, context, &proposal.action)?;
    let mut events = vec![Event::Approved(number)];
    events.extend(settle(overlay, context, deciding, number, proposal));
    Ok(events)
}

/// Carries the proposal out if a quorum approves, and writes it.
fn settle(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    number: u64,
    mut proposal: Proposal,
) -> Vec<Event> {
    let approving = proposal.approvals.iter().filter(|address| deciding.key_of(address).is_some()).count();
    let mut events = Vec::new();
    if approving >= deciding.quorum() {
        proposal.status = ProposalStatus::Executed(context.height);
        events.push(Event::Executed(number, proposal.action.clone()));
        events.extend(carry_out(overlay, context, &proposal.action));
    }
    overlay.put(Key::Proposal(number), Entry::Proposal(proposal));
    events
}

fn carry_out(overlay: &mut Overlay<'_>, context: &BlockContext, action: &Action) -> Vec<Event> {
    match action {
        Action::AddAuthority(address) => {
            let address = overlay.current(address);
            let key = overlay.member(&address).expect("invariant: the action was checked").key;
            change_set(overlay, |keys| keys.push(key));
            Vec::new()
        }
        Action::RemoveAuthority(address) => {
            let address = overlay.current(address);
            change_set(overlay, |keys| keys.retain(|key| Address::of(key) != address));
            Vec::new()
        }
        Action::RevokeMember(address) => vec![revoke(overlay, address)],
        Action::Exclude(address) => {
            vec![revoke(overlay, address), network_key::want_another(overlay, context)]
        }
        Action::ChangeKey(change) => {
            change_set(overlay, |keys| {
                keys.retain(|key| Address::of(key) != change.member);
                keys.push(change.key);
            });
            vec![identity::carry_out(overlay, context, change)]
        }
        Action::AskCosignatures(asks) => {
            cosigning::ask_cosignatures(overlay, *asks);
            Vec::new()
        }
        Action::Energy(action) => {
            energy::carry_out(overlay, action);
            Vec::new()
        }
        Action::AskJointly(question) => vec![assembly::ask(overlay, context, question)],
        Action::Aggregate(action) => {
            aggregate::carry_out(overlay, context, action);
            Vec::new()
        }
    }
}

fn revoke(overlay: &mut Overlay<'_>, address: &Address) -> Event {
    let address = overlay.current(address);
    let mut member = overlay.member(&address).expect("invariant: the action was checked").clone();
    member.revoked = true;
    overlay.put_member(address, member);
    Event::Revoked(address)
}

fn change_set(overlay: &mut Overlay<'_>, change: impl FnOnce(&mut Vec<PublicKey>)) {
    let meta = overlay.meta().clone();
    let mut keys = meta.next_authorities.keys().to_vec();
    change(&mut keys);
    let next_authorities =
        AuthoritySet::new(keys).expect("invariant: the action was checked against the set");
    overlay.put_meta(Meta { next_authorities, ..meta });
}

/// Whether an action makes sense on top of the sets that are already decided. A member that changed its key since it was
/// named is still meant.
fn check_action(overlay: &Overlay<'_>, context: &BlockContext, action: &Action) -> Result<(), Reject> {
    let wrong = |detail| Err(Reject::Action { detail });
    let next = &overlay.meta().next_authorities;
    match action {
        Action::AddAuthority(address) => {
            let address = &overlay.current(address);
            let Some(member) = overlay.member(address).filter(|member| !member.revoked) else {
                return wrong("only a member can become an authority");
            };
            if member.role_max != Role::Authority {
                return wrong("its invitation does not let it become an authority");
            }
            if next.key_of(address).is_some() {
                return wrong("it is an authority already");
            }
            if next.len() >= AUTHORITIES_MAX {
                return Err(Reject::Full { what: "authorities", max: AUTHORITIES_MAX });
            }
            Ok(())
        }
        Action::RemoveAuthority(address) => {
            let address = &overlay.current(address);
            if next.key_of(address).is_none() {
                return wrong("it is not an authority");
            }
            if next.len() == 1 { wrong("the last authority cannot leave") } else { Ok(()) }
        }
        Action::RevokeMember(address) | Action::Exclude(address) => {
            let address = &overlay.current(address);
            if overlay.member(address).is_none_or(|member| member.revoked) {
                return wrong("it is not a member");
            }
            let sets = [&overlay.meta().authorities, next];
            if sets.iter().any(|set| set.key_of(address).is_some()) {
                return wrong("an authority is removed from the set first");
            }
            Ok(())
        }
        Action::ChangeKey(change) => {
            if next.key_of(&change.member).is_none() {
                return wrong("a follower changes its key by itself");
            }
            identity::check(overlay, context, change)
        }
        Action::AskCosignatures(asks) => {
            if *asks == cosigning::asks_cosignatures(overlay) {
                wrong("it is so already")
            } else {
                Ok(())
            }
        }
        Action::Energy(action) => energy::check_action(overlay, context, action),
        Action::AskJointly(question) => assembly::check_question(overlay, question),
        Action::Aggregate(action) => aggregate::check_action(overlay, action),
    }
}

fn open_proposals(overlay: &Overlay<'_>) -> Vec<(Key, Proposal)> {
    overlay
        .range(Key::Proposal(0)..=Key::Proposal(u64::MAX))
        .into_iter()
        .filter_map(|(key, entry)| {
            let Entry::Proposal(proposal) = entry else { return None };
            (proposal.status == ProposalStatus::Open).then_some((key, proposal))
        })
        .collect()
}

fn approvals_of(addresses: Vec<Address>) -> Bounded<Address, AUTHORITIES_MAX> {
    Bounded::new(addresses).expect("invariant: only authorities of the deciding set approve")
}
