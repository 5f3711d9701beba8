//! What travels between a building and the two desks of a period, and between those desks, on the encrypted stream that
//! statements take. Each desk is sent one half of a report; a half tells nothing without the other.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::period::Period;
use crate::bounded::Bounded;
use crate::bytes::Bytes;
use crate::crypto::Signature;
use crate::ids::{Address, Digest};
use crate::limits::{
    AGGREGATE_BATCH_BYTES_MAX, AGGREGATE_CHECK_BYTES_MAX, AGGREGATE_CHECKS_MAX, AGGREGATE_HALF_BYTES_MAX,
};

/// One message about private sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateMessage {
    /// To a desk: its half of the sender's report.
    Half(Half),
    /// From a desk: what became of a half.
    Receipt(AggregateReceipt),
    /// From the first desk to the second: its side of the check of some reports.
    Check(Check),
    /// Back: what the second desk makes of them.
    Checked(Checked),
    /// From the first desk: which reports count, and a hash that binds it to its part of the sum.
    Batch(Batch),
    /// From the second desk: it agrees, and is bound to its own part.
    Bound(Work, Digest),
    /// Both ways: the part of the sum with its noise.
    Reveal(Reveal),
    /// Both ways: the signature on what both found.
    Offered(Offered),
}

/// One task in one period and group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Work {
    /// Hash of the task.
    pub task: Digest,
    /// The period.
    pub period: Period,
    /// Number of the group.
    pub group: u16,
}

/// One half of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Half {
    /// What it is for.
    pub work: Work,
    /// The half.
    pub share: Bytes<AGGREGATE_HALF_BYTES_MAX>,
}

/// What became of a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct AggregateReceipt {
    /// What it was for.
    pub work: Work,
    /// Why it does not count; none when it is kept.
    pub refused: Option<AggregateRefusal>,
}

/// Why a desk does not take a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AggregateRefusal {
    /// The receiver does not sum this.
    NotHere,
    /// The sender is not of that group.
    NotOfGroup,
    /// The period is not over, or its window is closed.
    NotNow,
    /// Another report of the sender is held; the first one counts.
    Contradiction,
    /// It cannot be read.
    Malformed,
    /// The desk keeps no more.
    Full,
}

/// The first desk's side of the check of some reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Check {
    /// Whose task.
    pub work: Work,
    /// The secret with which these reports are checked, known to the two desks alone.
    pub secret: Digest,
    /// By building, in ascending order, under its first key.
    pub reports: Bounded<(Address, Bytes<AGGREGATE_CHECK_BYTES_MAX>), AGGREGATE_CHECKS_MAX>,
}

/// What the second desk makes of some reports: what both have to know to count it, or nothing where it does not count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Checked {
    /// Whose task.
    pub work: Work,
    /// By building, in ascending order.
    pub reports: Bounded<(Address, Option<Bytes<AGGREGATE_CHECK_BYTES_MAX>>), AGGREGATE_CHECKS_MAX>,
}

/// Which reports count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Batch {
    /// Whose task.
    pub work: Work,
    /// A bit for each building of the group, in its order, lowest bit first.
    pub members: Bytes<AGGREGATE_BATCH_BYTES_MAX>,
    /// Hash that binds the sender to its part; none where the group is too small.
    pub bound: Option<Digest>,
}

/// A part of the sum with its noise: without the other part it is a random number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Reveal {
    /// Whose task.
    pub work: Work,
    /// The part, an element of the field of 2⁶⁴ − 2³² + 1.
    pub part: u64,
    /// What hid it in the hash.
    pub salt: Digest,
}

/// A desk's signature on what both found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Offered {
    /// Whose task.
    pub work: Work,
    /// Over the outcome that both work out by themselves.
    pub signature: Signature,
}

impl AggregateRefusal {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotHere => "not_here",
            Self::NotOfGroup => "not_of_group",
            Self::NotNow => "not_now",
            Self::Contradiction => "contradiction",
            Self::Malformed => "malformed",
            Self::Full => "full",
        }
    }
}

impl Reveal {
    /// The hash that binds to it.
    pub fn bound(&self, desk: &Address) -> Digest {
        let part = self.part.to_be_bytes();
        Digest::of(
            "symbiose aggregate part v1",
            &[desk.as_bytes(), &crate::encode(&self.work), &part, self.salt.as_bytes()],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Cadence;
    use crate::energy::SettlementMessage;
    use crate::limits::SETTLEMENT_FRAME_BYTES_MAX;
    use crate::{decode, encode};

    #[test]
    fn the_longest_messages_fit_a_frame() {
        let period = Period { cadence: Cadence::Month, number: u64::MAX };
        let work = Work { task: Digest::new([9; 32]), period, group: u16::MAX };
        let share = Bytes::new(vec![7; AGGREGATE_HALF_BYTES_MAX]).unwrap();
        let check = Bytes::new(vec![7; AGGREGATE_CHECK_BYTES_MAX]).unwrap();
        let report = (Address::new([255; 20]), check.clone());
        let reports = Bounded::new(vec![report; AGGREGATE_CHECKS_MAX]).unwrap();
        let checked =
            Bounded::new(vec![(Address::new([255; 20]), Some(check)); AGGREGATE_CHECKS_MAX]).unwrap();
        let members = Bytes::new(vec![255; AGGREGATE_BATCH_BYTES_MAX]).unwrap();
        for message in [
            AggregateMessage::Half(Half { work, share }),
            AggregateMessage::Check(Check { work, secret: Digest::new([1; 32]), reports }),
            AggregateMessage::Checked(Checked { work, reports: checked }),
            AggregateMessage::Batch(Batch { work, members, bound: Some(Digest::new([2; 32])) }),
        ] {
            let message = SettlementMessage::Aggregate(Box::new(message));
            let bytes = encode(&message);
            assert!(bytes.len() <= SETTLEMENT_FRAME_BYTES_MAX, "{} bytes", bytes.len());
            assert_eq!(decode(&bytes, SETTLEMENT_FRAME_BYTES_MAX), Ok(message));
        }
    }
}
