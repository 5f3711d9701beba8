//! What travels between a building and the desks that settle its slots, and between those desks, on an encrypted stream of
//! its own. Figures of a single building and slot travel here and nowhere else.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::dispute::SignedOpinion;
use super::settlement::Settlement;
use super::shift::ShiftMessage;
use super::slot::SlotId;
use super::statement::SignedStatement;
use super::units::{MicroEuro, WattHours};
use crate::aggregate::AggregateMessage;
use crate::bounded::Bounded;
use crate::crypto::Signature;
use crate::enquiry::EnquiryMessage;
use crate::ids::{Address, Digest};
use crate::incident::IncidentMessage;
use crate::limits::{HELD_MARKS_MAX, LINE_PATH_MAX, SHARED_STATEMENTS_MAX};
use crate::street::StreetMessage;

/// One message of the settlement stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettlementMessage {
    /// To a desk: what the sender states of a slot.
    Statement(Box<SignedStatement>),
    /// From a desk: what became of a statement.
    Receipt(Receipt),
    /// From a desk: it lacks the receiver's statement of a slot.
    Wanted(SlotId),
    /// Between desks: what the sender found, with its signature.
    Offer(Box<Offer>),
    /// Between desks: what the sender holds of a slot.
    Held(Held),
    /// Between desks: statements that the receiver does not hold.
    Share(Bounded<SignedStatement, SHARED_STATEMENTS_MAX>),
    /// To a desk: the sender asks for its line of a slot.
    AskLine(SlotId),
    /// From a desk: the receiver's line of a settled slot.
    Line(Box<ToldLine>),
    /// Between coordinator and member: using energy earlier.
    Shift(ShiftMessage),
    /// Between desks: what the sender found of a disputed slot.
    Opinion(Box<SignedOpinion>),
    /// About private sums over many buildings.
    Aggregate(Box<AggregateMessage>),
    /// About incident cards.
    Incident(Box<IncidentMessage>),
    /// About what several buildings notice at once.
    Street(Box<StreetMessage>),
    /// About what one building asks the others.
    Enquiry(Box<EnquiryMessage>),
}

/// What became of a statement at a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Receipt {
    /// The slot.
    pub slot: SlotId,
    /// Version of the statement.
    pub version: u32,
    /// Why it does not count; none when it is kept.
    pub refused: Option<StatementRefusal>,
}

/// Why a desk does not take a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StatementRefusal {
    /// The receiver does not settle this slot.
    NotHere,
    /// The building it names is not the one that sent it, or no member.
    OtherMember,
    /// The signature is not the member's.
    Signature,
    /// A figure, version or term outside its bounds.
    Figures,
    /// Slots of another length than the hive's.
    Length,
    /// The slot is not over.
    NotOver,
    /// The slot is final, before the first tariff, or too long ago.
    TooLate,
    /// A later version is held already.
    Superseded,
    /// Other figures were stated under the same version.
    Contradiction,
    /// The desk keeps no more.
    Full,
}

/// What a desk found and signs, offered to the other one of its pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Offer {
    /// What was found.
    pub settlement: Settlement,
    /// Hash over what it was found from: the statements of a slot, by member.
    pub basis: Digest,
    /// The desk's signature on the settlement.
    pub signature: Signature,
}

/// What a desk holds of a slot, one mark a member, in ascending order of member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Held {
    /// The slot.
    pub slot: SlotId,
    /// Its statements.
    pub marks: Bounded<Mark, HELD_MARKS_MAX>,
}

/// One member's statement as another desk may compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Mark {
    /// The member, under its first key.
    pub member: Address,
    /// The highest version held.
    pub version: u32,
    /// Hash of the statement, or of both that contradict each other.
    pub hash: Digest,
}

/// One member's line of a settled slot, with its way to the root that the ledger holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct ToldLine {
    /// The slot.
    pub slot: SlotId,
    /// Version of the slot's result.
    pub version: u32,
    /// Whose line, as its statement names it.
    pub member: Address,
    /// Net energy it took, Wh.
    pub demand: WattHours,
    /// Net energy it gave, Wh.
    pub surplus: WattHours,
    /// Energy from neighbours, Wh.
    pub bought: WattHours,
    /// Energy to neighbours, Wh.
    pub sold: WattHours,
    /// What it pays its neighbours.
    pub pay: MicroEuro,
    /// What its neighbours pay it.
    pub revenue: MicroEuro,
    /// What it pays the network.
    pub fee: MicroEuro,
    /// Its place among the lines, from 0.
    pub index: u64,
    /// Lines of the slot.
    pub size: u64,
    /// Hashes beside its path to the root, leaf first.
    pub path: Bounded<Digest, LINE_PATH_MAX>,
}

impl SettlementMessage {
    /// The name in counters.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Statement(_) => "statement",
            Self::Receipt(_) => "receipt",
            Self::Wanted(_) => "wanted",
            Self::Offer(_) => "offer",
            Self::Held(_) => "held",
            Self::Share(_) => "share",
            Self::AskLine(_) => "ask_line",
            Self::Line(_) => "line",
            Self::Shift(_) => "shift",
            Self::Opinion(_) => "opinion",
            Self::Aggregate(_) => "aggregate",
            Self::Incident(_) => "incident",
            Self::Street(_) => "street",
            Self::Enquiry(_) => "enquiry",
        }
    }
}

impl StatementRefusal {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotHere => "not_here",
            Self::OtherMember => "other_member",
            Self::Signature => "signature",
            Self::Figures => "figures",
            Self::Length => "length",
            Self::NotOver => "not_over",
            Self::TooLate => "too_late",
            Self::Superseded => "superseded",
            Self::Contradiction => "contradiction",
            Self::Full => "full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SigningKey;
    use crate::energy::{Quality, Salt, SlotLength, Statement, Terms};
    use crate::ids::ChainId;
    use crate::limits::SETTLEMENT_FRAME_BYTES_MAX;
    use crate::{decode, encode};

    fn statement() -> SignedStatement {
        let key = SigningKey::from_seed(&[3; 32]);
        let statement = Statement {
            member: key.address(),
            length: SlotLength::Quarter,
            slot: SlotId(u64::MAX),
            import: WattHours(crate::limits::SLOT_ENERGY_WH_MAX),
            export: WattHours::ZERO,
            quality: Quality::Measured,
            version: crate::limits::STATEMENT_VERSIONS_MAX,
            terms: Terms { give_to: Some(Address::new([255; 20])), ..Terms::default() },
            salt: Salt::new([4; 16]),
        };
        statement.sign(&key, &ChainId::new([1; 32]))
    }

    #[test]
    fn the_longest_messages_fit_a_frame() {
        let mark = Mark { member: Address::new([9; 20]), version: u32::MAX, hash: Digest::new([7; 32]) };
        let marks = Bounded::new(vec![mark; HELD_MARKS_MAX]).unwrap();
        let share = Bounded::new(vec![statement(); SHARED_STATEMENTS_MAX]).unwrap();
        for message in [
            SettlementMessage::Held(Held { slot: SlotId(u64::MAX), marks }),
            SettlementMessage::Share(share),
            SettlementMessage::Statement(Box::new(statement())),
        ] {
            let bytes = encode(&message);
            assert!(bytes.len() <= SETTLEMENT_FRAME_BYTES_MAX, "{}: {} bytes", message.name(), bytes.len());
            assert_eq!(decode(&bytes, SETTLEMENT_FRAME_BYTES_MAX), Ok(message));
        }
    }

    #[test]
    fn more_than_a_message_holds_is_refused() {
        let share = vec![statement(); SHARED_STATEMENTS_MAX + 1];
        let long = encode(&("x", &share));
        assert!(decode::<SettlementMessage>(&long, long.len()).is_err());
        assert!(Bounded::<_, SHARED_STATEMENTS_MAX>::new(share).is_err());
    }
}
