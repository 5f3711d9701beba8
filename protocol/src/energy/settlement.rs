//! What of sharing reaches the ledger: a salted commitment per building and day, and what two settlement authorities
//! signed together. No building's figure of a single slot is among it.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::dispute::Ruling;
use super::slot::SlotId;
use super::terms::check_range;
use super::units::{MicroEuro, Price, WattHours};
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::crypto::{Domain, Signature};
use crate::error::Invalid;
use crate::ids::{Address, Digest};
use crate::limits::{
    SETTLED_MEMBERS_MAX, SLOT_ENERGY_WH_MAX, SLOT_MISSING_MAX, STATEMENT_VERSIONS_MAX, WEEK_LINES_MAX,
};
use crate::signed::signed_beside;

/// A building binds itself to what it stated of one UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct DayCommitment {
    /// Days since 1970 in UTC.
    pub day: u64,
    /// Salted hash over the day's statements.
    pub commitment: Digest,
}

/// What two settlement authorities found, signed by both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Settlement {
    /// One slot.
    Slot(SlotResult),
    /// What the slots of a week that are not booked yet come to, per building.
    Week(WeekBooking),
    /// A billing period begins, is shown, or ends for good.
    Period(PeriodStep),
    /// What a final period should have been, booked in the one that is open.
    Credit(CreditNote),
    /// One slot of a final period as it should have been. The period stays as it is; credit notes make the difference good.
    Correction(SlotResult),
    /// What most desks found of a disputed slot.
    Ruling(Box<Ruling>),
}

/// Totals of one slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SlotResult {
    /// The slot.
    pub slot: SlotId,
    /// 1 for the first; a correction has the next one, until its period is final.
    pub version: u32,
    /// Energy needed by those who took part, Wh.
    pub demand: WattHours,
    /// Energy offered by those who took part, Wh.
    pub surplus: WattHours,
    /// Energy shared, gifts included, Wh.
    pub traded: WattHours,
    /// The part of it that was given free of charge, Wh.
    pub given: WattHours,
    /// Energy offered, gifts apart, by those who found the price too low, Wh: they sell none of it.
    pub declined: WattHours,
    /// Price of the rest; none where none was made.
    pub price: Option<Price>,
    /// Root of a Merkle tree over salted lines, one a member.
    pub lines: Digest,
    /// Members whose statement did not come before the deadline, or said that it is missing, in ascending order.
    pub missing: Bounded<Address, SLOT_MISSING_MAX>,
}

/// What slots of one week come to, as far as no earlier booking of that week told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct WeekBooking {
    /// Weeks since Monday, 1969-12-29, in UTC.
    pub week: u64,
    /// 1 for the first booking of the week; corrections follow as bookings of their own.
    pub number: u32,
    /// A line for each member that bought or sold, in ascending order of member.
    pub lines: Bounded<NetLine, WEEK_LINES_MAX>,
}

/// Net amounts of one member. In a correction they are differences and may have either sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct NetLine {
    /// Who.
    pub member: Address,
    /// Energy from neighbours, Wh.
    pub bought: WattHours,
    /// Energy to neighbours, Wh.
    pub sold: WattHours,
    /// What neighbours pay it less what it pays them.
    pub balance: MicroEuro,
    /// What it owes the network for energy from neighbours.
    pub fee: MicroEuro,
}

/// A step in the life of a billing period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct PeriodStep {
    /// Periods are numbered from 1.
    pub number: u64,
    /// What happens.
    pub status: PeriodStatus,
    /// Its first slot; the first period begins where it likes, each later one where the one before ends.
    pub from: SlotId,
    /// The first slot after it.
    pub until: SlotId,
}

/// How far a billing period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PeriodStatus {
    /// Slots are settled and corrected.
    Open,
    /// Members look at what it comes to; corrections are still possible.
    Preview,
    /// Immutable.
    Final,
}

/// What a final period should have been less what it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct CreditNote {
    /// The final period that was wrong.
    pub concerns: u64,
    /// The period it is booked in, which is not final.
    pub booked_in: u64,
    /// Notes of one period are numbered from 1, so that none counts twice.
    pub number: u32,
    /// Differences by member, in ascending order of member.
    pub lines: Bounded<NetLine, WEEK_LINES_MAX>,
}

/// A settlement with the signatures of two authorities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct SignedSettlement {
    /// What was found.
    pub settlement: Settlement,
    /// Who signed, and what; two different authorities.
    pub signatures: [(Address, Signature); 2],
}

impl PeriodStatus {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Preview => "preview",
            Self::Final => "final",
        }
    }
}

signed_beside!(Settlement, Domain::Settlement, encode);

impl Settlement {
    /// Checks figures against their bounds, and what one record can say of itself.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Slot(result) | Self::Correction(result) => result.check(),
            Self::Ruling(ruling) => ruling.result.check().and_then(|()| ruling.check()),
            Self::Week(booking) => check_lines(&booking.lines),
            Self::Credit(note) => check_lines(&note.lines),
            Self::Period(step) => {
                if step.from < step.until {
                    return Ok(());
                }
                let (max, found) = (step.until.0, step.from.0);
                Err(Invalid::Range { field: "first slot of a period before its end", max, found })
            }
        }
    }
}

impl SlotResult {
    /// q ≤ min(D, S), gifts within it, everything within what a hive can do.
    fn check(&self) -> Result<(), Invalid> {
        let most =
            SLOT_ENERGY_WH_MAX * i64::try_from(SETTLED_MEMBERS_MAX).expect("invariant: a small number");
        check_range("demand of a slot", self.demand.0, most)?;
        check_range("surplus of a slot", self.surplus.0, most)?;
        check_range("energy declined", self.declined.0, self.surplus.0)?;
        let offered = self.surplus.0 - self.declined.0;
        check_range("energy shared", self.traded.0, self.demand.0.min(offered))?;
        check_range("energy given", self.given.0, self.traded.0)?;
        if !(1..=STATEMENT_VERSIONS_MAX).contains(&self.version) {
            let (max, found) = (STATEMENT_VERSIONS_MAX.into(), self.version.into());
            return Err(Invalid::Range { field: "version, from 1", max, found });
        }
        if !self.missing.is_sorted_by(|a, b| a < b) {
            return Err(Invalid::Duplicate { field: "missing members in ascending order" });
        }
        Ok(())
    }
}

impl NetLine {
    /// Largest amount of one line, either way: a week of slots at the highest price.
    const MOST: i64 = i64::MAX / (4 * WEEK_LINES_MAX as i64);
}

fn check_lines(lines: &[NetLine]) -> Result<(), Invalid> {
    if !lines.is_sorted_by(|a, b| a.member < b.member) {
        return Err(Invalid::Duplicate { field: "lines in ascending order of member" });
    }
    for line in lines {
        for (field, amount) in [
            ("energy bought", line.bought.0),
            ("energy sold", line.sold.0),
            ("balance", line.balance.0),
            ("fee", line.fee.0),
        ] {
            if amount.unsigned_abs() > NetLine::MOST.unsigned_abs() {
                let (max, found) = (NetLine::MOST.unsigned_abs(), amount.unsigned_abs());
                return Err(Invalid::Range { field, max, found });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::dispute::{Opinion, SignedOpinion};
    use super::*;
    use crate::crypto::SigningKey;
    use crate::error::SignatureError;
    use crate::ids::ChainId;
    use crate::limits::TRANSACTION_BYTES_MAX;

    fn result() -> SlotResult {
        SlotResult {
            slot: SlotId(1_612_892),
            version: 1,
            demand: WattHours(200),
            surplus: WattHours(151),
            traded: WattHours(151),
            given: WattHours(0),
            declined: WattHours(0),
            price: Some(Price(145_000)),
            lines: Digest::new([1; 32]),
            missing: Bounded::default(),
        }
    }

    fn line(n: u16, amount: i64) -> NetLine {
        let mut member = [0xff; 20];
        member[..2].copy_from_slice(&n.to_be_bytes());
        let (energy, money) = (WattHours(amount), MicroEuro(amount));
        NetLine { member: Address::new(member), bought: energy, sold: energy, balance: money, fee: money }
    }

    fn week(lines: Vec<NetLine>) -> Settlement {
        Settlement::Week(WeekBooking { week: 2_400, number: 1, lines: Bounded::new(lines).unwrap() })
    }

    #[test]
    fn more_than_there_is_cannot_be_shared() {
        let slot = |result| Settlement::Slot(result).check();
        assert_eq!(slot(result()), Ok(()));
        let wh = WattHours;
        for wrong in [
            SlotResult { traded: wh(152), ..result() },
            SlotResult { demand: wh(150), ..result() },
            SlotResult { given: wh(152), ..result() },
            SlotResult { given: wh(-1), ..result() },
            SlotResult { declined: wh(1), ..result() },
            SlotResult { declined: wh(-1), ..result() },
            SlotResult { traded: wh(-1), ..result() },
            SlotResult { surplus: wh(i64::MAX), ..result() },
            SlotResult { version: 0, ..result() },
            SlotResult {
                missing: Bounded::new(vec![line(2, 0).member, line(1, 0).member]).unwrap(),
                ..result()
            },
        ] {
            assert!(slot(wrong.clone()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn lines_stand_once_in_their_order() {
        assert_eq!(week(vec![line(1, 5), line(2, -5)]).check(), Ok(()));
        for wrong in [vec![line(2, 5), line(1, -5)], vec![line(1, 5), line(1, -5)], vec![line(1, i64::MIN)]] {
            assert!(week(wrong).check().is_err());
        }
    }

    /// A week of as many members as it may have, with the largest figures, is a transaction.
    #[test]
    fn the_longest_week_fits_a_transaction() {
        let lines: Vec<NetLine> =
            (0..u16::try_from(WEEK_LINES_MAX).unwrap()).map(|n| line(n, NetLine::MOST)).collect();
        let bytes = encode(&week(lines.clone())).len();
        assert!(bytes + 512 < TRANSACTION_BYTES_MAX, "{bytes} bytes");
        let sum: i64 = lines.iter().map(|line| line.balance.0).sum();
        assert!(sum > 0, "sums of a booking fit an i64");
    }

    fn ruling(members: u16, desks: u8, others: u8) -> Ruling {
        let key = |n: u8| SigningKey::from_seed(&[n; 32]);
        let chain = ChainId::new([1; 32]);
        let mut missing: Vec<Address> = (0..members).map(|n| line(n, 0).member).collect();
        missing.sort_unstable();
        let result = SlotResult { missing: Bounded::new(missing).unwrap(), ..result() };
        let basis = Digest::new([7; 32]);
        let opinion = Opinion::new(&result, basis);
        let mut agreed: Vec<_> =
            (0..desks).map(|n| (key(n).address(), opinion.sign(&key(n), &chain))).collect();
        agreed.sort_unstable_by_key(|(desk, _)| *desk);
        let other = Opinion { result: Digest::new([9; 32]), ..opinion };
        let mut others: Vec<SignedOpinion> = (desks..desks + others)
            .map(|n| SignedOpinion {
                desk: key(n).address(),
                opinion: other,
                signature: other.sign(&key(n), &chain),
            })
            .collect();
        others.sort_unstable_by_key(|one| one.desk);
        let (agreed, others) = (Bounded::new(agreed).unwrap(), Bounded::new(others).unwrap());
        Ruling { result, basis, agreed, others }
    }

    #[test]
    fn the_longest_ruling_fits_a_transaction_and_names_every_desk_once() {
        let longest = ruling(256, 16, 4);
        let settlement = Settlement::Ruling(Box::new(longest));
        let bytes = encode(&settlement);
        assert!(bytes.len() + 512 < TRANSACTION_BYTES_MAX, "{} bytes", bytes.len());
        assert_eq!((settlement.check(), crate::decode(&bytes, bytes.len())), (Ok(()), Ok(settlement)));
        let one = ruling(1, 3, 1);
        let chain = ChainId::new([1; 32]);
        let (desk, signature) = one.agreed[0];
        let key = (0..3).map(|n| SigningKey::from_seed(&[n; 32])).find(|key| key.address() == desk).unwrap();
        assert_eq!(one.opinion().verify(&key.public(), &chain, &signature), Ok(()));
        let mut twice = one.agreed.clone().into_vec();
        twice.push(twice[0]);
        let agreeing = SignedOpinion { opinion: one.opinion(), ..one.others[0] };
        let elsewhere = Opinion { slot: SlotId(1), ..one.others[0].opinion };
        let elsewhere = SignedOpinion { opinion: elsewhere, ..one.others[0] };
        let on_both_sides = SignedOpinion { desk, ..one.others[0] };
        let with = |other| Ruling { others: Bounded::new(vec![other]).unwrap(), ..one.clone() };
        let wrong = [
            Ruling { agreed: Bounded::new(twice).unwrap(), ..one.clone() },
            with(agreeing),
            with(elsewhere),
            with(on_both_sides),
        ];
        for wrong in wrong {
            assert!(Settlement::Ruling(Box::new(wrong.clone())).check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_signature_is_for_one_record_of_one_hive() {
        let (key, chain) = (SigningKey::from_seed(&[3; 32]), ChainId::new([1; 32]));
        let settlement = Settlement::Slot(result());
        let signature = settlement.sign(&key, &chain);
        assert_eq!(settlement.verify(&key.public(), &chain, &signature), Ok(()));
        let other = Settlement::Slot(SlotResult { version: 2, ..result() });
        assert_eq!(other.verify(&key.public(), &chain, &signature), Err(SignatureError::Signature));
        let elsewhere = ChainId::new([2; 32]);
        assert_eq!(settlement.verify(&key.public(), &elsewhere, &signature), Err(SignatureError::Signature));
    }
}
