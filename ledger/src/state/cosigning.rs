//! Admissions that more than one authority has to sign, where the hive asks for it: as many that at least one of them is
//! honest. The invitation's nonce is taken by the first admission that names it, so two authorities that were asked at
//! the same time let one newcomer in.

use protocol::invitation::Grant;
use protocol::limits::ADMISSIONS_WAITING_MAX;
use protocol::{Address, AuthoritySet, Bounded, Digest, PublicKey, UnixMs};

use super::entry::{Admission, Entry, Key, Settings};
use super::execute::{BlockContext, Event};
use super::{Overlay, State, membership};
use crate::error::Reject;

impl State {
    /// What the hive agreed on for itself.
    pub fn settings(&self) -> Settings {
        match self.get(&Key::Settings) {
            Some(Entry::Settings(settings)) => *settings,
            Some(_) | None => Settings::default(),
        }
    }

    /// An admission that waits for the signatures of more authorities.
    pub fn admission(&self, nonce: &Digest) -> Option<&Admission> {
        match self.get(&Key::Admission(*nonce)) {
            Some(Entry::Admission(admission)) => Some(admission),
            Some(_) | None => None,
        }
    }

    /// Every admission that waits, by the invitation's nonce.
    pub fn admissions(&self) -> impl Iterator<Item = (Digest, &Admission)> {
        self.entries.range(admission_keys()).filter_map(|(key, entry)| match (key, entry) {
            (Key::Admission(nonce), Entry::Admission(admission)) => Some((*nonce, admission)),
            _ => None,
        })
    }
}

/// Lets a newcomer in whose grant holds, or notes what is missing.
pub(super) fn ask(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    signers: [Address; 2],
    grant: &Grant,
    member: PublicKey,
) -> Result<Vec<Event>, Reject> {
    let admission = Admission {
        member,
        role: grant.role,
        expires: grant.expires,
        signers: of_set(deciding, signers.into_iter()),
    };
    if !asks_cosignatures(overlay) || admission.signers.len() > deciding.faults_tolerated() {
        return Ok(vec![membership::enter(overlay, context, member, grant.role)]);
    }
    if overlay.range(admission_keys()).len() >= ADMISSIONS_WAITING_MAX {
        return Err(Reject::Full { what: "waiting admissions", max: ADMISSIONS_WAITING_MAX });
    }
    overlay.put(Key::Admission(grant.nonce), Entry::Admission(admission));
    Ok(vec![Event::AdmissionAsked(grant.nonce)])
}

/// One more authority signs.
pub(super) fn cosign(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    author: Address,
    nonce: &Digest,
) -> Result<Vec<Event>, Reject> {
    let Some(Entry::Admission(admission)) = overlay.get(&Key::Admission(*nonce)) else {
        return Err(Reject::Invitation { detail: "no admission waits for it" });
    };
    let mut admission = admission.clone();
    if admission.signers.contains(&author) {
        return Err(Reject::Known { what: "co-signature", key: *nonce });
    }
    // Those that left the set since they signed no longer count.
    admission.signers = of_set(deciding, admission.signers.iter().copied().chain([author]));
    if admission.signers.len() <= deciding.faults_tolerated() {
        overlay.put(Key::Admission(*nonce), Entry::Admission(admission));
        return Ok(vec![Event::AdmissionSigned(*nonce)]);
    }
    membership::check_room(overlay, &Address::of(&admission.member))?;
    overlay.remove(Key::Admission(*nonce));
    Ok(vec![membership::enter(overlay, context, admission.member, admission.role)])
}

/// Admissions end with their invitations.
pub(super) fn forget_expired(overlay: &mut Overlay<'_>, time: UnixMs) {
    for (key, entry) in overlay.range(admission_keys()) {
        if matches!(entry, Entry::Admission(admission) if admission.expires < time) {
            overlay.remove(key);
        }
    }
}

/// Changes what the hive asks for.
pub(super) fn ask_cosignatures(overlay: &mut Overlay<'_>, asks_cosignatures: bool) {
    overlay.put(Key::Settings, Entry::Settings(Settings { asks_cosignatures }));
}

pub(super) fn asks_cosignatures(overlay: &Overlay<'_>) -> bool {
    matches!(overlay.get(&Key::Settings), Some(Entry::Settings(settings)) if settings.asks_cosignatures)
}

/// Distinct addresses of the set, sorted.
fn of_set(
    deciding: &AuthoritySet,
    signers: impl Iterator<Item = Address>,
) -> Bounded<Address, { protocol::limits::AUTHORITIES_MAX }> {
    let mut signers: Vec<Address> = signers.filter(|address| deciding.key_of(address).is_some()).collect();
    signers.sort();
    signers.dedup();
    Bounded::new(signers).expect("invariant: no more signers than authorities of the set")
}

fn admission_keys() -> std::ops::RangeInclusive<Key> {
    Key::Admission(Digest::new([0; 32]))..=Key::Admission(Digest::new([255; 32]))
}
