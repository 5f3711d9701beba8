//! Admission by invitation and evidence of double signing.

use protocol::limits::{
    EVIDENCE_PER_AUTHORITY_MAX, INVITATION_LIFE_MS_MAX, INVITATIONS_KEPT_MAX, MEMBERS_MAX,
};
use protocol::membership::Admit;
use protocol::{Address, AuthoritySet, ChainId, Digest, Evidence, PublicKey, UnixMs};

use super::entry::{Entry, Evidenced, Key, MemberEntry};
use super::execute::{BlockContext, Event};
use super::{Overlay, cosigning};
use crate::error::Reject;

/// How far the clocks of inviter and proposer may differ before a full-length invitation is refused, milliseconds.
const SKEW_MS_MAX: i64 = 5 * 60 * 1000;

/// Admits a newcomer: the grant is an authority's, holds now, and counts once.
pub(super) fn admit(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    author: Address,
    admit: &Admit,
) -> Result<Vec<Event>, Reject> {
    let refused = |detail| Err(Reject::Invitation { detail });
    let grant = &admit.grant;
    if grant.chain != context.chain {
        return refused("it is for another hive");
    }
    if deciding.key_of(&Address::of(&admit.inviter)).is_none() {
        return refused("its inviter is not an authority");
    }
    if grant.expires < context.time {
        return refused("it has expired");
    }
    if grant.expires.since(context.time) > INVITATION_LIFE_MS_MAX + SKEW_MS_MAX {
        return refused("it lives longer than 24 hours");
    }
    let nonce = Key::Invitation(grant.nonce);
    if overlay.has(&nonce) {
        return Err(Reject::Known { what: "invitation", key: grant.nonce });
    }
    check_room(overlay, &Address::of(&admit.member))?;
    if overlay.range(invitation_keys()).len() >= INVITATIONS_KEPT_MAX {
        return Err(Reject::Full { what: "used invitations", max: INVITATIONS_KEPT_MAX });
    }
    if grant.verify(&admit.inviter, &admit.grant_signature).is_err() {
        return refused("its inviter did not sign it");
    }
    if grant.verify_proof(&admit.member, &admit.proof).is_err() {
        return refused("the newcomer does not own its key");
    }
    overlay.put(nonce, Entry::Invitation(grant.expires));
    let inviter = Address::of(&admit.inviter);
    cosigning::ask(overlay, context, deciding, [inviter, author], grant, admit.member)
}

/// Whether there is room for a newcomer that was never a member before.
pub(super) fn check_room(overlay: &Overlay<'_>, address: &Address) -> Result<(), Reject> {
    if overlay.is_known(address) {
        let key = Digest::of("symbiose member v1", &[address.as_bytes()]);
        return Err(Reject::Known { what: "member", key });
    }
    if overlay.range(member_keys()).len() >= MEMBERS_MAX {
        return Err(Reject::Full { what: "members", max: MEMBERS_MAX });
    }
    Ok(())
}

/// Makes a newcomer a member.
pub(super) fn enter(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    member: PublicKey,
    role: protocol::Role,
) -> Event {
    let address = Address::of(&member);
    overlay.put_member(address, MemberEntry::new(member, context.height, role));
    Event::Admitted(address)
}

/// Takes an invitation back that was not used. Its grant is not on the ledger, so it is remembered for as long as any
/// invitation made by now may live; an admission that waits for more signatures ends.
pub(super) fn revoke_invitation(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    nonce: &Digest,
) -> Result<Vec<Event>, Reject> {
    let (known, waiting) = (Key::Invitation(*nonce), Key::Admission(*nonce));
    if overlay.has(&known) && !overlay.has(&waiting) {
        return Err(Reject::Known { what: "invitation", key: *nonce });
    }
    if !overlay.has(&known) && overlay.range(invitation_keys()).len() >= INVITATIONS_KEPT_MAX {
        return Err(Reject::Full { what: "used invitations", max: INVITATIONS_KEPT_MAX });
    }
    overlay.remove(waiting);
    overlay.put(known, Entry::Invitation(context.time.plus(INVITATION_LIFE_MS_MAX + SKEW_MS_MAX)));
    Ok(vec![Event::InvitationRevoked(*nonce)])
}

/// Forgets used invitations that could no longer be used anyway.
pub(super) fn forget_expired_invitations(overlay: &mut Overlay<'_>, time: UnixMs) {
    for (key, entry) in overlay.range(invitation_keys()) {
        if matches!(entry, Entry::Invitation(expires) if expires < time) {
            overlay.remove(key);
        }
    }
}

/// Puts a double signing on record. What follows from it is for the authorities to decide.
pub(super) fn record_evidence(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    evidence: &Evidence,
) -> Result<Vec<Event>, Reject> {
    let culprit = evidence.culprit();
    let Some(signer) = overlay.key_of(&culprit) else {
        return Err(Reject::Evidence { detail: "the signer is not a member" });
    };
    let signed = check_evidence(evidence, &signer, &context.chain)?;
    let key = Key::Evidence(culprit, evidence.key());
    if overlay.has(&key) {
        return Err(Reject::Known { what: "evidence", key: evidence.key() });
    }
    let known = Key::Evidence(culprit, Digest::new([0; 32]))..=Key::Evidence(culprit, Digest::new([255; 32]));
    if overlay.range(known).len() >= EVIDENCE_PER_AUTHORITY_MAX {
        return Err(Reject::Full { what: "evidence of one authority", max: EVIDENCE_PER_AUTHORITY_MAX });
    }
    overlay.put(key, Entry::Evidence(Evidenced { culprit, signed, recorded: context.height }));
    Ok(vec![Event::Evidenced(culprit)])
}

/// Whether two signed messages prove a double signing; answers the height at which it happened.
fn check_evidence(evidence: &Evidence, key: &PublicKey, chain: &ChainId) -> Result<protocol::Height, Reject> {
    let wrong = |detail| Err(Reject::Evidence { detail });
    match evidence {
        Evidence::Votes(first, second) => {
            let (a, b) = (&first.vote, &second.vote);
            if (a.kind, a.height, a.round, a.address) != (b.kind, b.height, b.round, b.address) {
                return wrong("the votes are for different steps");
            }
            if a.block >= b.block {
                return wrong("two different votes, the lower block first, are needed");
            }
            if first.verify(key, chain).is_err() || second.verify(key, chain).is_err() {
                return wrong("a vote is not signed by the authority");
            }
            Ok(a.height)
        }
        Evidence::Proposals(first, second) => {
            let (a, b) = (&first.proposal, &second.proposal);
            if (a.height, a.round, a.address) != (b.height, b.round, b.address) {
                return wrong("the proposals are for different rounds");
            }
            if (a.block, a.pol_round) >= (b.block, b.pol_round) {
                return wrong("two different proposals, the lower block first, are needed");
            }
            if first.verify(key, chain).is_err() || second.verify(key, chain).is_err() {
                return wrong("a proposal is not signed by the authority");
            }
            Ok(a.height)
        }
    }
}

fn member_keys() -> std::ops::RangeInclusive<Key> {
    Key::Member(Address::new([0; 20]))..=Key::Member(Address::new([255; 20]))
}

fn invitation_keys() -> std::ops::RangeInclusive<Key> {
    Key::Invitation(Digest::new([0; 32]))..=Key::Invitation(Digest::new([255; 32]))
}
