//! Letting newcomers in: an authority signs grants, checks who comes back with one, and puts the admission on the
//! ledger, where the grant counts once whatever happens at two authorities at the same time.

use ledger::Ledger;
use protocol::invitation::{Grant, JoinRefusal};
use protocol::limits::{INVITATION_LIFE_MS_MAX, MEMBERS_MAX};
use protocol::membership::Admit;
use protocol::{
    Address, Digest, Invitation, JoinRequest, Now, Payload, Role, SignedInvitation, SigningKey, UnixMs,
};
use thiserror::Error;

/// Why an invitation cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InviteError {
    /// Only authorities invite.
    #[error("only an authority can invite; ask one of the hive's authorities")]
    NotAuthority,
    /// It would live too long, or not at all.
    #[error("expires: it lies between now and 24 hours from now")]
    Expiry,
}

/// Signs a grant.
pub(super) fn grant(
    now: Now,
    ledger: &Ledger,
    key: &SigningKey,
    nonce: Digest,
    role: Role,
    expires: UnixMs,
) -> Result<SignedInvitation, InviteError> {
    if ledger.role() != Some(Role::Authority) {
        return Err(InviteError::NotAuthority);
    }
    let life = expires.since(now.time);
    if life <= 0 || life > INVITATION_LIFE_MS_MAX {
        return Err(InviteError::Expiry);
    }
    let head = ledger.head();
    let grant = Grant { chain: ledger.chain(), nonce, role, expires, height: head.height, block: head.block };
    let signature = grant.sign(key);
    Ok(SignedInvitation { grant, inviter: key.public(), signature })
}

/// Checks a newcomer's request; what comes out may be put on the ledger.
pub(super) fn admission(now: Now, ledger: &Ledger, request: &JoinRequest) -> Result<Payload, JoinRefusal> {
    let SignedInvitation { grant, inviter, signature } = &request.signed;
    let state = ledger.state();
    if grant.chain != ledger.chain() {
        return Err(JoinRefusal::OtherHive);
    }
    let invited = state.authorities().key_of(&Address::of(inviter)).is_some()
        && grant.verify(inviter, signature).is_ok()
        && Invitation::nonce_of(&request.secret) == grant.nonce
        && grant.verify_proof(&request.member, &request.proof).is_ok();
    if !invited {
        return Err(JoinRefusal::NotInvited);
    }
    if grant.expires < now.time {
        return Err(JoinRefusal::Expired);
    }
    match state.member(&Address::of(&request.member)) {
        // Whoever was shut out stays outside, whatever invitation it holds.
        Some(member) if member.revoked => return Err(JoinRefusal::NotInvited),
        Some(_) => return Err(JoinRefusal::AlreadyMember),
        None => {}
    }
    if state.admission(&grant.nonce).is_some_and(|waiting| waiting.member == request.member) {
        return Err(JoinRefusal::NotNow);
    }
    if state.invitation_used(&grant.nonce) {
        return Err(JoinRefusal::Used);
    }
    if state.moved(&Address::of(&request.member)).is_some() {
        return Err(JoinRefusal::NotInvited);
    }
    if state.members().count() >= MEMBERS_MAX {
        return Err(JoinRefusal::Full);
    }
    if ledger.role() != Some(Role::Authority) {
        return Err(JoinRefusal::NotNow);
    }
    Ok(Payload::Admit(Admit {
        grant: grant.clone(),
        inviter: *inviter,
        grant_signature: *signature,
        member: request.member,
        proof: request.proof,
    }))
}
