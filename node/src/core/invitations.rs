//! The invitations this node made: named by their nonces, never by their secrets, so that one that went astray can be
//! taken back before it is used.

use std::collections::BTreeMap;

use protocol::limits::INVITATIONS_LISTED_MAX;
use protocol::{Digest, Role, UnixMs};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::maintenance::Change;

/// An invitation that this node signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Issued {
    /// Its nonce.
    pub nonce: Digest,
    /// The highest role it grants.
    pub role: Role,
    /// When it was made.
    pub issued: UnixMs,
    /// Its last moment.
    pub expires: UnixMs,
    /// Who asked for it, as far as known.
    pub by: String,
    /// Whether it was taken back.
    pub is_revoked: bool,
}

/// How far an invitation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationStatus {
    /// It opens the door.
    Open,
    /// Its newcomer waits for the signatures of more authorities.
    Waiting,
    /// Somebody joined with it.
    Used,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

/// Those remembered.
#[derive(Debug, Default)]
pub(super) struct Invitations(BTreeMap<Digest, Issued>);

impl Invitations {
    /// Takes one back in that was remembered over a restart.
    pub(super) fn restore(&mut self, issued: Issued) {
        self.0.insert(issued.nonce, issued);
    }

    /// Remembers one; the oldest goes where there are too many.
    pub(super) fn note(&mut self, issued: Issued) -> Vec<Change> {
        let mut changes = vec![Change::PutInvitation(issued.clone())];
        self.0.insert(issued.nonce, issued);
        if self.0.len() > INVITATIONS_LISTED_MAX
            && let Some(oldest) =
                self.0.values().min_by_key(|one| (one.issued, one.nonce)).map(|one| one.nonce)
        {
            self.0.remove(&oldest);
            changes.push(Change::DeleteInvitation(oldest));
        }
        changes
    }

    /// One was taken back, here or elsewhere.
    pub(super) fn revoked(&mut self, nonce: &Digest) -> Option<Change> {
        let issued = self.0.get_mut(nonce)?;
        issued.is_revoked = true;
        Some(Change::PutInvitation(issued.clone()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Issued> {
        self.0.values()
    }
}

impl Issued {
    /// How far it is, by what the ledger knows.
    pub fn status(&self, now: UnixMs, state: &ledger::State) -> InvitationStatus {
        if self.is_revoked {
            return InvitationStatus::Revoked;
        }
        match (state.admission(&self.nonce), state.invitation_used(&self.nonce), self.expires < now) {
            (Some(_), ..) => InvitationStatus::Waiting,
            (None, true, _) => InvitationStatus::Used,
            (None, false, true) => InvitationStatus::Expired,
            (None, false, false) => InvitationStatus::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_where_there_are_too_many() {
        let mut invitations = Invitations::default();
        let issued = |i: u64| Issued {
            nonce: Digest::of("test", &[&i.to_be_bytes()]),
            role: Role::Follower,
            issued: UnixMs(i.cast_signed()),
            expires: UnixMs(0),
            by: String::new(),
            is_revoked: false,
        };
        for i in 0..INVITATIONS_LISTED_MAX as u64 {
            assert_eq!(invitations.note(issued(i)).len(), 1);
        }
        let changes = invitations.note(issued(9_999));
        assert_eq!(changes[1], Change::DeleteInvitation(issued(0).nonce));
        assert_eq!(invitations.iter().count(), INVITATIONS_LISTED_MAX);
        assert!(invitations.revoked(&issued(0).nonce).is_none());
        assert!(invitations.revoked(&issued(5).nonce).is_some());
    }
}
