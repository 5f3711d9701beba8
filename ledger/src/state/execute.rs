//! One transaction on top of a state: checked whole, then written whole.

use protocol::limits::EXPIRY_HEIGHTS_MAX;
use protocol::{
    Action, Address, AuthoritySet, ChainId, Digest, Height, Payload, Sequence, UnixMs, VerifiedTransaction,
    WorkOrderId, WorkOrderStatus,
};

use super::aggregate::{self, AggregateEvent};
use super::assembly::{self, AssemblyEvent};
use super::energy::{self, EnergyEvent};
use super::entry::{Entry, Key, MemberEntry, Meta};
use super::token::{self, Movement};
use super::{Delta, Overlay, cosigning, governance, identity, maintenance, membership, network_key};
use crate::error::Reject;
use crate::planted::{Bug, Planted};

/// The block a transaction stands in.
#[derive(Debug, Clone, Copy)]
pub struct BlockContext {
    /// The hive.
    pub chain: ChainId,
    /// Height of the block.
    pub height: Height,
    /// Time of the block.
    pub time: UnixMs,
    /// A bug of the ledger it is executed by; none but in the simulator.
    pub planted: Planted,
}

/// What a transaction changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A newcomer is a member.
    Admitted(Address),
    /// A member was shut out.
    Revoked(Address),
    /// A governed action was proposed.
    Proposed(u64),
    /// A proposal has one more approval.
    Approved(u64),
    /// A proposal was carried out.
    Executed(u64, Action),
    /// An authority signed twice.
    Evidenced(Address),
    /// An admission waits for the signatures of more authorities, by the invitation's nonce.
    AdmissionAsked(Digest),
    /// Another authority signed an admission that waits.
    AdmissionSigned(Digest),
    /// An invitation was taken back, by its nonce.
    InvitationRevoked(Digest),
    /// A member goes on under another key.
    KeyChanged {
        /// Its address before.
        from: Address,
        /// Its address now.
        to: Address,
    },
    /// The hive wants another network key.
    NetworkKeyDue,
    /// The hive has another network key, of this epoch.
    NetworkKeyNamed(u64),
    /// A work order was opened.
    WorkOrderOpened {
        /// Its number.
        id: WorkOrderId,
        /// Its building.
        building: Address,
        /// The building's reference.
        reference: Digest,
    },
    /// A work order of a building moved or changed.
    WorkOrderAdvanced {
        /// Its number.
        id: WorkOrderId,
        /// Its building.
        building: Address,
        /// The building's reference.
        reference: Digest,
        /// Its status now.
        status: WorkOrderStatus,
    },
    /// Something happened to shared energy.
    Energy(EnergyEvent),
    /// Something happened to tokens.
    Token(Movement),
    /// Something happened to an assembly or a poll.
    Assembly(AssemblyEvent),
    /// Something happened to private sums.
    Aggregate(AggregateEvent),
}

/// Begins a block: the authority sets move on by one height, expired invitations are forgotten, decisions that waited
/// are carried out.
pub(crate) fn begin_block(overlay: &mut Overlay<'_>, context: &BlockContext) -> Vec<Event> {
    let meta = overlay.meta().clone();
    assert_eq!(meta.height.next(), context.height, "invariant: blocks are executed one after the other");
    overlay.put_meta(Meta {
        height: context.height,
        time: context.time,
        authorities: meta.next_authorities.clone(),
        ..meta
    });
    membership::forget_expired_invitations(overlay, context.time);
    cosigning::forget_expired(overlay, context.time);
    let mut events = aggregate::begin(overlay, context);
    events.extend(assembly::carry_out_due(overlay, context));
    events
}

/// Ends a block: what must hold of every block is asserted before anybody sees what it changes.
pub(crate) fn end_block(overlay: Overlay<'_>) -> Delta {
    token::assert_kept(&overlay);
    overlay.into_delta()
}

/// Executes one transaction. On an error nothing was written.
pub fn execute(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    deciding: &AuthoritySet,
    transaction: &VerifiedTransaction,
) -> Result<Vec<Event>, Reject> {
    let author = transaction.author();
    let body = transaction.body();
    let member = check_author(overlay, context, transaction)?;
    let authority = || match deciding.key_of(&author) {
        Some(_) => Ok(()),
        None => Err(Reject::NotAuthority { author }),
    };
    let events = match &body.payload {
        Payload::Admit(admit) => {
            authority()?;
            membership::admit(overlay, context, deciding, author, admit)?
        }
        Payload::Propose(action) => {
            authority()?;
            governance::propose(overlay, context, deciding, author, action)?
        }
        Payload::Approve(number) => {
            authority()?;
            governance::approve(overlay, context, deciding, author, *number)?
        }
        Payload::Evidence(evidence) => {
            authority()?;
            membership::record_evidence(overlay, context, evidence)?
        }
        Payload::OpenWorkOrder(open) => {
            maintenance::open(overlay, context, author, &member, open, transaction.id())?
        }
        Payload::AdvanceWorkOrder(advance) => {
            maintenance::advance(overlay, context, author, advance, transaction.id())?
        }
        Payload::Cosign(nonce) => {
            authority()?;
            cosigning::cosign(overlay, context, deciding, author, nonce)?
        }
        Payload::RevokeInvitation(nonce) => {
            authority()?;
            membership::revoke_invitation(overlay, context, nonce)?
        }
        Payload::ChangeKey(change) => identity::change_own(overlay, context, author, change)?,
        Payload::NameNetworkKey(named) => {
            authority()?;
            network_key::name(overlay, context, named)?
        }
        Payload::CommitDay(commitment) => energy::commit(overlay, context, author, commitment)?,
        Payload::Settle(signed) => {
            let mut events = energy::settle(overlay, context, deciding, signed)?;
            events.extend(token::mint(overlay, context, signed, transaction.id()));
            events
        }
        Payload::Token(action) => token::act(overlay, context, author, action, transaction.id())?,
        Payload::Assembly(action) => assembly::act(overlay, context, author, action, transaction.id())?,
        Payload::Dispute(dispute) => {
            vec![Event::Energy(energy::dispute(overlay, context, author, dispute)?)]
        }
        Payload::Aggregate(record) => aggregate::record(overlay, context, deciding, author, record)?,
        Payload::Coefficients(given) => {
            vec![Event::Energy(energy::give(overlay, context, author, given)?)]
        }
    };
    // Whoever changed its key goes on counting under the new one.
    count_sequence(overlay, overlay.current(&author), body.sequence);
    Ok(events)
}

/// Membership, sequence and expiry; what every transaction is asked first.
fn check_author(
    overlay: &Overlay<'_>,
    context: &BlockContext,
    transaction: &VerifiedTransaction,
) -> Result<MemberEntry, Reject> {
    let (author, body) = (transaction.author(), transaction.body());
    let member =
        overlay.member(&author).filter(|member| !member.revoked).ok_or(Reject::NotMember { author })?.clone();
    let expected = member.sequence.next();
    if body.sequence != expected && !context.planted.is(Bug::ReplayAccepted) {
        return Err(Reject::Sequence { expected, found: body.sequence });
    }
    let ahead = body.expires.0.checked_sub(context.height.0);
    if ahead.is_none_or(|ahead| ahead > EXPIRY_HEIGHTS_MAX) {
        return Err(Reject::Expired {
            expires: body.expires,
            height: context.height,
            max: EXPIRY_HEIGHTS_MAX,
        });
    }
    Ok(member)
}

fn count_sequence(overlay: &mut Overlay<'_>, author: Address, sequence: Sequence) {
    let mut member = overlay.member(&author).expect("invariant: the author was checked").clone();
    member.sequence = member.sequence.max(sequence);
    overlay.put(Key::Member(author), Entry::Member(member));
}
