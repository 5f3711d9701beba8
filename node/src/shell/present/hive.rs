//! The hive as the page shows it: members, peers, agreement, proposals.

use ledger::state::{Proposal, ProposalStatus};
use protocol::operator::AlertCounts;
use protocol::{Address, Now, UnixMs};
use web::Time;
use web::view::{
    Finality, HiveView, InvitationStatus as ShownInvitation, IssuedInvitation, LedgerHead, LedgerPlace,
    MemberView, OperatorBuilding, PeerFault, PeerView, ProposalStatus as ShownStatus, ProposalView, Reason,
    Role, SeverityCounts,
};

use super::Facts;
use crate::core::{Core, InvitationStatus};

/// Of a member of which nothing bad is known.
const FULL_STANDING: u32 = 100;

pub(crate) fn hive(now: Now, core: &Core, facts: &Facts) -> HiveView {
    let ledger = core.ledger();
    let authorities = ledger.state().authorities();
    let progress = ledger.progress(now.tick);
    HiveView {
        chain: ledger.chain().to_string(),
        height: ledger.head().height.0,
        authorities: count(authorities.len()),
        authorities_online: count(progress.authorities_online),
        quorum: count(authorities.quorum()),
        faults_tolerated: count(authorities.faults_tolerated()),
        finality_ms: finality(core),
        halted: halted(now, core),
        mempool: count(ledger.mempool_len()),
        peers: peers(core, facts),
    }
}

/// Why no block can be agreed on, as far as this node can tell.
fn halted(now: Now, core: &Core) -> Option<Reason> {
    let ledger = core.ledger();
    let reason = |code: &str, text: String| Some(Reason { code: code.to_owned(), text });
    if let Some(text) = ledger.halted() {
        return reason("ledger_halted", format!("This node follows the ledger no longer: {text}."));
    }
    let authorities = ledger.state().authorities();
    let progress = ledger.progress(now.tick);
    let (heard, quorum) = (progress.authorities_online, authorities.quorum());
    let is_authority = ledger.role() == Some(protocol::Role::Authority);
    if is_authority && heard < quorum {
        let text = format!(
            "{heard} of {} authorities are heard, {quorum} are needed to agree on a block. Readings, rules and this page \
             go on.",
            authorities.len()
        );
        return reason("no_quorum", text);
    }
    let stalled = progress.stalled_ms?;
    reason("stalled", format!("The block in progress is not agreed on after {} s.", stalled / 1000))
}

fn finality(core: &Core) -> Option<Finality> {
    let finality = core.finality();
    let ms = |percent| finality.percentile_ms(percent).map(|ms| u32::try_from(ms).unwrap_or(u32::MAX));
    Some(Finality { p50: ms(50)?, p99: ms(99)?, transactions: count(finality.count()) })
}

fn peers(core: &Core, facts: &Facts) -> Vec<PeerView> {
    let (ledger, me) = (core.ledger(), core.ledger().address());
    let members = ledger.state().members().filter(|(address, member)| **address != me && !member.revoked);
    let view = |address: &Address| {
        let seen = core.peers().find(|(known, _)| *known == address).map(|(_, peer)| peer);
        PeerView {
            id: address.to_string(),
            name: name_of(core, facts, address),
            role: role(core, address),
            connected: seen.is_some_and(|peer| peer.connected),
            height: seen.and_then(|peer| peer.height).map(|height| height.0),
            latency_ms: facts.round_trips_ms.get(address).copied(),
            standing: facts.standing.get(address).map_or(FULL_STANDING, |standing| standing.points),
            faults: faults(facts, address),
            banned_s: facts.standing.get(address).and_then(|standing| standing.banned_s),
            wire: facts.standing.get(address).and_then(|standing| standing.wire),
        }
    };
    members.map(|(address, _)| view(address)).collect()
}

/// What a member did lately, most often first.
fn faults(facts: &Facts, address: &Address) -> Vec<PeerFault> {
    let faults = facts.standing.get(address).into_iter().flat_map(|standing| &standing.faults);
    let mut faults: Vec<PeerFault> =
        faults.map(|(kind, count)| PeerFault { kind: (*kind).to_owned(), count: *count }).collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.count));
    faults
}

pub(crate) fn head(core: &Core) -> LedgerHead {
    let ledger = core.ledger();
    let (head, log) = (ledger.head(), ledger.log());
    LedgerHead {
        chain: ledger.chain().to_string(),
        height: head.height.0,
        block: head.block.to_string(),
        state: head.state.to_string(),
        time: Time::from(head.time),
        log_root: log.root().to_string(),
        log_size: log.size(),
        authorities: ledger
            .state()
            .authorities()
            .keys()
            .iter()
            .map(|key| Address::of(key).to_string())
            .collect(),
    }
}

pub(crate) fn members(core: &Core, facts: &Facts) -> Vec<MemberView> {
    let view = |(address, member): (&Address, &ledger::state::MemberEntry)| MemberView {
        id: address.to_string(),
        name: name_of(core, facts, address),
        public_key: member.key.to_string(),
        role: role(core, address),
        since: member.since.0,
        revoked: member.revoked,
    };
    core.ledger().state().members().map(view).collect()
}

/// Newest first.
pub(crate) fn invitations(now: Now, core: &Core) -> Vec<IssuedInvitation> {
    let state = core.ledger().state();
    let mut issued: Vec<_> = core.invitations().collect();
    issued.sort_by_key(|one| std::cmp::Reverse((one.issued, one.nonce)));
    let view = |one: &crate::core::Issued| IssuedInvitation {
        id: one.nonce.to_string(),
        role: one.role.into(),
        issued: Time::from(one.issued),
        expires: Time::from(one.expires),
        by: one.by.clone(),
        status: match one.status(now.time, state) {
            InvitationStatus::Open => ShownInvitation::Open,
            InvitationStatus::Waiting => ShownInvitation::Waiting,
            InvitationStatus::Used => ShownInvitation::Used,
            InvitationStatus::Revoked => ShownInvitation::Revoked,
            InvitationStatus::Expired => ShownInvitation::Expired,
        },
    };
    issued.into_iter().map(view).collect()
}

/// Newest first.
pub(crate) fn proposals(core: &Core, facts: &Facts) -> Vec<ProposalView> {
    core.ledger().state().proposals().map(|(number, one)| proposal(core, facts, number, one)).collect()
}

pub(crate) fn proposal(core: &Core, facts: &Facts, number: u64, proposal: &Proposal) -> ProposalView {
    let transaction =
        usize::try_from(number).ok().and_then(|number| facts.noted.proposed.get(number.checked_sub(1)?));
    ProposalView {
        id: number.to_string(),
        action: proposal.action.clone().into(),
        status: match proposal.status {
            ProposalStatus::Open => ShownStatus::Open,
            ProposalStatus::Executed(_) => ShownStatus::Executed,
        },
        approvals: proposal.approvals.iter().map(Address::to_string).collect(),
        approvals_needed: count(core.ledger().state().authorities().quorum()),
        proposed: LedgerPlace {
            height: proposal.height.0,
            transaction: transaction.map(|id| id.to_string()).unwrap_or_default(),
        },
    }
}

/// What a member calls itself, or the first digits of its address.
pub(crate) fn name_of(core: &Core, facts: &Facts, address: &Address) -> String {
    // Work orders carry the address of a member's first key.
    let address = &core.ledger().state().current(address);
    if *address == core.ledger().address() {
        return facts.name.clone();
    }
    let said = core.peers().find(|(known, _)| *known == address).map(|(_, peer)| peer.name.clone());
    said.filter(|name| !name.is_empty()).unwrap_or_else(|| address.to_string()[..8].to_owned())
}

/// This building, then the others of its operator, as far as they have proven themselves.
pub(crate) fn operator_buildings(now: Now, core: &Core, facts: &Facts) -> Vec<OperatorBuilding> {
    let building = |address: &Address, is_here, open: Option<(AlertCounts, UnixMs)>| OperatorBuilding {
        id: address.to_string(),
        name: name_of(core, facts, address),
        this: *address == core.ledger().address(),
        online: is_here,
        as_of: open.map(|(_, time)| Time::from(time)),
        open_alerts: open.map(|(AlertCounts { low, medium, high }, _)| SeverityCounts { low, medium, high }),
    };
    let own = building(&core.ledger().address(), true, Some((core.open_alerts(), now.time)));
    let others = core.colleagues().map(|(address, one)| building(address, one.is_here, one.open));
    std::iter::once(own).chain(others).collect()
}

fn role(core: &Core, address: &Address) -> Role {
    match core.ledger().state().authorities().key_of(address) {
        Some(_) => Role::Authority,
        None => Role::Follower,
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
