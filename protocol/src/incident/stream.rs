//! What travels about incident cards: from a building to the relay of the week, and batches from member to member.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::batch::SignedBatch;
use super::card::SignedCard;
use super::contractor::Contractor;
use crate::bounded::Bounded;
use crate::crypto::PublicKey;
use crate::limits::CARD_WEEKS_LISTED_MAX;

/// One message about incident cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IncidentMessage {
    /// To the relay: something to be let out.
    Offer(Box<Offered>),
    /// From the relay: what became of it.
    Receipt(CardReceipt),
    /// Weeks of which the sender holds what was let out.
    Known(Bounded<u64, CARD_WEEKS_LISTED_MAX>),
    /// What was let out of a week.
    Batch(Box<SignedBatch>),
}

/// Something to be let out with the batch of a week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Offered {
    /// A card.
    Card(u64, SignedCard),
    /// A contractor that is to be forgotten.
    Withdrawal(u64, Contractor),
}

/// What became of something that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct CardReceipt {
    /// The week.
    pub week: u64,
    /// What was handed in.
    pub item: Item,
    /// Why it is not let out; none when it is kept.
    pub refused: Option<CardRefusal>,
}

/// Which thing was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Item {
    /// The card of this key.
    Card(PublicKey),
    /// This contractor's withdrawal.
    Withdrawal(Contractor),
}

/// Why a relay does not take something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum CardRefusal {
    /// The receiver is not the relay of this week.
    NotRelay,
    /// The week is over or has not begun.
    OtherWeek,
    /// The signature is not that of its key, or another card has the same key.
    Signature,
    /// The building handed in as many as it may.
    Quota,
    /// The building rated this contractor already.
    Rated,
    /// The relay keeps no more.
    Full,
    /// It tells of a time that has not come.
    Future,
}

impl Offered {
    /// The week it is handed in for.
    pub const fn week(&self) -> u64 {
        match self {
            Self::Card(week, _) | Self::Withdrawal(week, _) => *week,
        }
    }

    /// Which thing it is.
    pub const fn item(&self) -> Item {
        match self {
            Self::Card(_, card) => Item::Card(card.key()),
            Self::Withdrawal(_, contractor) => Item::Withdrawal(*contractor),
        }
    }
}

impl CardRefusal {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotRelay => "not_relay",
            Self::OtherWeek => "other_week",
            Self::Signature => "signature",
            Self::Quota => "quota",
            Self::Rated => "rated",
            Self::Full => "full",
            Self::Future => "future",
        }
    }
}
