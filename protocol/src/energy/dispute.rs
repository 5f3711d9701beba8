//! Disputes: whoever finds a slot settled wrong, or cannot agree on it, names it on the ledger. Its statements are then
//! opened to all desks, each of which settles it anew, and what most of them find holds.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::settlement::SlotResult;
use super::slot::SlotId;
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, Signature};
use crate::error::Invalid;
use crate::ids::{Address, Digest};
use crate::limits::{RULING_AGREED_MAX, RULING_OTHERS_MAX};
use crate::signed::signed_beside;

/// Names a slot whose statements are to be opened to all desks: that slot's and no other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Dispute {
    /// The slot.
    pub slot: SlotId,
    /// The version of its result on the ledger; 0 where there is none, which desks alone may dispute.
    pub version: u32,
    /// What is wrong with it.
    pub reason: DisputeReason,
}

/// What whoever disputes a slot finds wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DisputeReason {
    /// Two desks find something else in it.
    Desks,
    /// A member stated a figure, and the result names it as missing or rests on another one.
    LeftOut,
    /// A member's line does not follow from rule, tariff and its terms.
    Line,
    /// A member is not shown a line that stands under the result.
    NoLine,
}

/// What a desk found of a disputed slot, by hash, as it signs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Opinion {
    /// The slot.
    pub slot: SlotId,
    /// Hash of the result it found.
    pub result: Digest,
    /// Hash over the statements it was found from.
    pub basis: Digest,
}

/// A desk's opinion with its signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedOpinion {
    /// The desk.
    pub desk: Address,
    /// What it found.
    pub opinion: Opinion,
    /// Its signature on that.
    pub signature: Signature,
}

/// What most desks found of a disputed slot, and who found something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Ruling {
    /// What holds.
    pub result: SlotResult,
    /// Hash over the statements it was found from.
    pub basis: Digest,
    /// More than half of the desks, in ascending order, with their signatures on that opinion.
    pub agreed: Bounded<(Address, Signature), RULING_AGREED_MAX>,
    /// Desks that signed another one, in ascending order.
    pub others: Bounded<SignedOpinion, RULING_OTHERS_MAX>,
}

impl DisputeReason {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desks => "desks",
            Self::LeftOut => "left_out",
            Self::Line => "line",
            Self::NoLine => "no_line",
        }
    }
}

signed_beside!(Opinion, Domain::Settlement, Opinion::signed_bytes);

impl Opinion {
    /// What was found, from which statements.
    pub fn new(result: &SlotResult, basis: Digest) -> Self {
        let found = Digest::of("symbiose slot result v1", &[&encode(result)]);
        Self { slot: result.slot, result: found, basis }
    }

    /// A list that begins with a word: no settlement has these bytes, as those are maps.
    fn signed_bytes(&self) -> Vec<u8> {
        encode(&("opinion", self))
    }
}

impl Ruling {
    /// The opinion that holds.
    pub fn opinion(&self) -> Opinion {
        Opinion::new(&self.result, self.basis)
    }

    /// Every desk stands there once, on one side; the others found something else in the same slot.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let agreed = self.agreed.is_sorted_by(|(a, _), (b, _)| a < b);
        let others = self.others.is_sorted_by(|a, b| a.desk < b.desk);
        let in_two = |other: &SignedOpinion| self.agreed.iter().any(|(desk, _)| *desk == other.desk);
        if !agreed || !others || self.others.iter().any(in_two) {
            return Err(Invalid::Duplicate { field: "desks of a ruling in ascending order" });
        }
        let held = self.opinion();
        let is_same =
            |other: &SignedOpinion| other.opinion.slot != held.slot || other.opinion.result == held.result;
        if self.others.iter().any(is_same) {
            return Err(Invalid::Duplicate { field: "opinions of a ruling" });
        }
        Ok(())
    }
}
