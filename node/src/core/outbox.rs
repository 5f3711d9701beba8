//! What this building wants on the ledger: signed in order, repeated until it is final, signed anew when its place was
//! taken. It holds no truth of its own: after a restart the same wishes follow from the building's records.

use std::collections::{BTreeSet, VecDeque};

use ledger::{Ledger, Reject};
use protocol::energy::SlotId;
use protocol::limits::{EXPIRY_HEIGHTS_MAX, OUTBOX_MAX};
use protocol::transaction::TransactionBody;
use protocol::{Digest, Height, Payload, Sequence, SigningKey, Tick, TransactionId, VerifiedTransaction};
use thiserror::Error;

use super::input::Ticket;

/// How long to wait before a wish is signed anew after its place was taken, milliseconds.
const AGAIN_MS: u64 = 250;

/// Why something is to be put on the ledger, and who waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A work order of this building, by reference.
    WorkOrder(Digest),
    /// A newcomer waits to be let in.
    Join(Ticket),
    /// Somebody proposed or approved an action.
    Governance(Ticket),
    /// An authority signed twice.
    Evidence,
    /// An admission waits for this authority's signature.
    Cosign,
    /// The hive wants another network key.
    NetworkKey,
    /// Somebody wants another network key.
    ChangeNetworkKey(Ticket),
    /// Somebody took an invitation back.
    Revocation(Ticket, Digest),
    /// This node wants another key.
    KeyChange,
    /// Two desks found the same; the hash of it.
    Settlement(Digest),
    /// The building is bound to what it stated of a day.
    Commitment(u64),
    /// A slot is to be opened to all desks.
    Dispute(SlotId),
    /// An assembly of the building, by the building's number.
    Announcement(u32),
    /// What came in for an assembly; the first of it.
    Ballots(Digest),
    /// A promise that a node did not keep, by its place among those watched.
    Accusation(Digest),
    /// The hash of an assembly's minutes.
    Minutes(u32),
    /// What the votes of an assembly came to.
    Results(u32),
    /// A poll of the building, asked or closed.
    Poll(u32),
    /// Somebody moves the building's tokens, or gives parts of the surplus for it.
    Record(Ticket),
    /// What the building says of itself to be compared with similar ones.
    Profile,
    /// What two desks found of many buildings; the hash of it.
    Figure(Digest),
}

/// The outbox takes no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{OUTBOX_MAX} transactions of this building wait for the ledger already")]
pub struct OutboxFull;

#[derive(Debug)]
struct Wish {
    payload: Payload,
    purpose: Purpose,
    not_before: Tick,
    signed: Option<Signed>,
}

#[derive(Debug, Clone, Copy)]
struct Signed {
    id: TransactionId,
    sequence: Sequence,
    at: Tick,
}

/// A wish that came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    /// Why it was there.
    pub(super) purpose: Purpose,
    /// The transaction it became.
    pub(super) id: TransactionId,
    /// Milliseconds from signing to the end.
    pub(super) waited_ms: u64,
    /// Why it will never be final; `None` if it is.
    pub(super) refused: Option<Reject>,
}

/// Wishes in the order they came.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    wishes: VecDeque<Wish>,
    /// What we signed from this sequence on is obsolete and has to leave the ledger's queue first.
    withdraw: Option<Sequence>,
    again: Option<Tick>,
}

impl Outbox {
    /// Wishes that wait.
    pub(super) fn len(&self) -> usize {
        self.wishes.len()
    }

    /// Whether a work order's wish waits.
    pub(super) fn holds(&self, purpose: Purpose) -> bool {
        self.wishes.iter().any(|wish| wish.purpose == purpose)
    }

    /// Adds a wish, to be signed from `not_before` on.
    pub(super) fn push(
        &mut self,
        payload: Payload,
        purpose: Purpose,
        not_before: Tick,
    ) -> Result<(), OutboxFull> {
        if self.wishes.len() >= OUTBOX_MAX {
            return Err(OutboxFull);
        }
        self.wishes.push_back(Wish { payload, purpose, not_before, signed: None });
        Ok(())
    }

    /// Drops wishes that the state fulfils already or that make no sense any more.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Payload, Purpose) -> bool) {
        self.wishes.retain(|wish| wish.signed.is_some() || keep(&wish.payload, wish.purpose));
    }

    /// The sequence from which on what waits at the ledger has to be withdrawn before anything is signed.
    pub(super) fn take_withdrawal(&mut self) -> Option<Sequence> {
        self.withdraw.take()
    }

    /// Signs what is due, in order, with sequences that follow the account.
    pub(super) fn sign_due(
        &mut self,
        now: Tick,
        ledger: &Ledger,
        key: &SigningKey,
    ) -> Vec<VerifiedTransaction> {
        if self.again.is_some_and(|again| now < again) {
            return Vec::new();
        }
        self.again = None;
        let state = ledger.state();
        let Some(member) = state.member(&ledger.address()).filter(|member| !member.revoked) else {
            // Whoever is no member (any more) signs nothing, and looks again later.
            self.again = Some(now.plus(AGAIN_MS));
            return Vec::new();
        };
        let in_flight = self.wishes.iter().filter_map(|wish| wish.signed).map(|signed| signed.sequence).max();
        let mut sequence = in_flight.map_or(member.sequence, |last| last.max(member.sequence));
        let expires = Height(ledger.head().height.0 + EXPIRY_HEIGHTS_MAX / 2);
        let mut signed = Vec::new();
        for wish in self.wishes.iter_mut().filter(|wish| wish.signed.is_none() && wish.not_before <= now) {
            sequence = sequence.next();
            let payload = wish.payload.clone();
            let body = TransactionBody { author: key.public(), sequence, expires, payload };
            let transaction = body.sign(key, &ledger.chain());
            wish.signed = Some(Signed { id: transaction.id(), sequence, at: now });
            signed.push(transaction);
        }
        signed
    }

    /// Transactions of a final block: ours among them came to their end.
    pub(super) fn committed(&mut self, now: Tick, ids: &[TransactionId]) -> Vec<Settled> {
        let mut settled = Vec::new();
        if self.wishes.is_empty() {
            return settled;
        }
        let ids: BTreeSet<&TransactionId> = ids.iter().collect();
        self.wishes.retain(|wish| match wish.signed {
            Some(signed) if ids.contains(&signed.id) => {
                let waited_ms = now.since(signed.at);
                settled.push(Settled { purpose: wish.purpose, id: signed.id, waited_ms, refused: None });
                false
            }
            Some(_) | None => true,
        });
        settled
    }

    /// A transaction of ours was refused. Where only its place was taken it is signed anew, and so is what follows;
    /// where the ledger says no for good it ends.
    pub(super) fn rejected(&mut self, now: Tick, id: TransactionId, reason: &Reject) -> Option<Settled> {
        let at = self.wishes.iter().position(|wish| wish.signed.is_some_and(|signed| signed.id == id))?;
        let signed = self.wishes[at].signed?;
        for wish in self
            .wishes
            .iter_mut()
            .filter(|wish| wish.signed.is_some_and(|other| other.sequence >= signed.sequence))
        {
            wish.signed = None;
        }
        self.withdraw = Some(self.withdraw.map_or(signed.sequence, |from| from.min(signed.sequence)));
        self.again = Some(now.plus(AGAIN_MS));
        if is_passing(reason) {
            return None;
        }
        let wish = self.wishes.remove(at)?;
        let waited_ms = now.since(signed.at);
        Some(Settled { purpose: wish.purpose, id, waited_ms, refused: Some(reason.clone()) })
    }

    /// When something may be signed.
    pub(super) fn next_due(&self) -> Option<Tick> {
        let unsigned = self.wishes.iter().filter(|wish| wish.signed.is_none());
        let due = unsigned.map(|wish| wish.not_before).min()?;
        Some(self.again.map_or(due, |again| due.max(again)))
    }
}

/// Whether the same wish may be granted later.
fn is_passing(reason: &Reject) -> bool {
    match reason {
        Reject::Sequence { .. } | Reject::Expired { .. } | Reject::Busy { .. } | Reject::NotMember { .. } => {
            true
        }
        Reject::NotAuthority { .. }
        | Reject::Known { .. }
        | Reject::Unknown { .. }
        | Reject::NotYours { .. }
        | Reject::Transition { .. }
        | Reject::Full { .. }
        | Reject::Invitation { .. }
        | Reject::Action { .. }
        | Reject::Key { .. }
        | Reject::NetworkKey { .. }
        | Reject::Energy(_)
        | Reject::Token(_)
        | Reject::Assembly(_)
        | Reject::Aggregate(_)
        | Reject::Evidence { .. } => false,
    }
}
