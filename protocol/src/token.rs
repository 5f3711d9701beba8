//! The words of tokens: whole units of the hive's accounting token and of carbon credits, who moves how many to whom.
//! Neither is money; what stands behind a unit is solar energy that was shared and settled.

mod vintage;

pub use vintage::Vintage;

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;

use crate::bytes::Bytes;
use crate::error::Invalid;
use crate::ids::Address;
use crate::limits::{BASELINE_BYTES_MAX, GRAMS_PER_KWH_MAX};

/// Whole units: of [`Token::Nrg`] one is 1 Wh, of [`Token::Carbon`] one is 1 mg of CO₂e.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub u64);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Token {
    /// The accounting token: 1 NRG for each kWh of solar that a member sold to neighbours.
    Nrg,
    /// Carbon credits: CO₂e that this energy is said to have saved.
    Carbon,
}

/// Units that stand for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Asset {
    /// The accounting token.
    Nrg,
    /// Carbon credits of one month.
    Carbon(Vintage),
}

/// What a member does with tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenAction {
    /// Moves units of the author.
    Transfer(Transfer),
    /// Lets another member move units of the author.
    Approve(Approval),
    /// Moves units of a member that lets the author do so.
    TransferFrom(TransferFrom),
    /// Uses credits of the author up, for good.
    Retire(Retirement),
}

/// Moves units of the author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Transfer {
    /// Of what.
    pub asset: Asset,
    /// To which member.
    pub to: Address,
    /// How many, at least one.
    pub amount: Amount,
}

/// Lets another member move units of the author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Approval {
    /// Of what; for credits, of any month.
    pub token: Token,
    /// Who may.
    pub spender: Address,
    /// How many in all, in place of what it might move before; zero takes the leave back.
    pub amount: Amount,
}

/// Moves units of a member that lets the author do so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct TransferFrom {
    /// Of what.
    pub asset: Asset,
    /// Whose.
    pub owner: Address,
    /// To which member.
    pub to: Address,
    /// How many, at least one.
    pub amount: Amount,
}

/// Uses credits up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Retirement {
    /// Of which month.
    pub vintage: Vintage,
    /// How many, at least one.
    pub amount: Amount,
    /// What for.
    pub reason: RetirementReason,
}

/// What credits were used up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RetirementReason {
    /// Against what the building itself emits.
    OwnFootprint,
    /// For a report that names them.
    Report,
    /// On behalf of somebody else.
    OnBehalf,
    /// They should not be used by anybody.
    Withdrawn,
}

/// What the authorities decide about minting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Minting {
    /// Grams of CO₂e that a kWh of shared solar saves; zero mints no credits.
    pub grams_per_kwh: u32,
    /// What that is measured against, in words.
    pub baseline: Bytes<BASELINE_BYTES_MAX>,
    /// The first week whose bookings count, weeks since Monday, 1969-12-29, in UTC.
    pub from_week: u64,
}

impl Token {
    /// Digits behind the point: units of NRG are thousandths, those of credits are millionths of a kg.
    pub const fn decimals(self) -> u8 {
        match self {
            Self::Nrg => 3,
            Self::Carbon => 6,
        }
    }

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nrg => "nrg",
            Self::Carbon => "carbon",
        }
    }
}

impl Asset {
    /// What it is counted as.
    pub const fn token(self) -> Token {
        match self {
            Self::Nrg => Token::Nrg,
            Self::Carbon(_) => Token::Carbon,
        }
    }

    /// The month of credits.
    pub const fn vintage(self) -> Option<Vintage> {
        match self {
            Self::Nrg => None,
            Self::Carbon(vintage) => Some(vintage),
        }
    }
}

impl RetirementReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::OwnFootprint, Self::Report, Self::OnBehalf, Self::Withdrawn];

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnFootprint => "own_footprint",
            Self::Report => "report",
            Self::OnBehalf => "on_behalf",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Both together; `None` beyond what an account holds.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// What is left; `None` if it is too little.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl TokenAction {
    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        let amount = match self {
            Self::Transfer(Transfer { amount, .. })
            | Self::TransferFrom(TransferFrom { amount, .. })
            | Self::Retire(Retirement { amount, .. }) => *amount,
            Self::Approve(_) => return Ok(()),
        };
        if amount == Amount::ZERO {
            return Err(Invalid::Count { field: "units", min: 1, max: usize::MAX, found: 0 });
        }
        Ok(())
    }
}

impl Minting {
    /// Checks the factor against its bound, and that it says in words what it is measured against.
    pub fn check(&self) -> Result<(), Invalid> {
        if self.grams_per_kwh > GRAMS_PER_KWH_MAX {
            let (max, found) = (GRAMS_PER_KWH_MAX.into(), self.grams_per_kwh.into());
            return Err(Invalid::Range { field: "grams of CO2e per kWh", max, found });
        }
        let bytes = self.baseline.as_slice();
        let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(char::is_control));
        if !is_text || (bytes.is_empty() && self.grams_per_kwh > 0) {
            let expected = "words that say what the saving is measured against";
            return Err(Invalid::Text { field: "baseline", expected, found: bytes.len() });
        }
        Ok(())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nrg => f.write_str(Token::Nrg.name()),
            Self::Carbon(vintage) => write!(f, "{} {vintage}", Token::Carbon.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{decode, encode};

    #[test]
    fn nothing_is_no_amount_to_move() {
        let (to, vintage) = (Address::new([1; 20]), Vintage::of_day(0));
        let actions = |amount| {
            let (asset, reason) = (Asset::Carbon(vintage), RetirementReason::Report);
            [
                TokenAction::Transfer(Transfer { asset, to, amount }),
                TokenAction::TransferFrom(TransferFrom { asset: Asset::Nrg, owner: to, to, amount }),
                TokenAction::Retire(Retirement { vintage, amount, reason }),
            ]
        };
        for (nothing, one) in actions(Amount(0)).into_iter().zip(actions(Amount(1))) {
            assert!(nothing.check().is_err());
            assert_eq!(one.check(), Ok(()));
            assert_eq!(decode(&encode(&one), 200), Ok(one));
        }
        let leave = Approval { token: Token::Nrg, spender: to, amount: Amount(0) };
        assert_eq!(TokenAction::Approve(leave).check(), Ok(()), "a leave is taken back");
    }

    #[test]
    fn a_factor_says_what_it_is_measured_against() {
        let minting = |grams_per_kwh, words: &[u8]| {
            let baseline = Bytes::new(words.to_vec()).unwrap();
            Minting { grams_per_kwh, baseline, from_week: 2_900 }.check()
        };
        assert_eq!(minting(180, "réseau belge 2025".as_bytes()), Ok(()));
        assert_eq!(minting(0, b""), Ok(()), "without credits there is nothing to measure");
        assert_eq!(minting(GRAMS_PER_KWH_MAX, b"x"), Ok(()));
        for (grams, words) in [(GRAMS_PER_KWH_MAX + 1, &b"x"[..]), (180, b""), (180, b"\xff"), (180, b"a\nb")]
        {
            assert!(minting(grams, words).is_err(), "{grams} {words:?}");
        }
    }

    #[test]
    fn what_passes_the_most_an_account_holds_is_no_amount() {
        assert_eq!(Amount(u64::MAX).checked_add(Amount(1)), None);
        assert_eq!(Amount(1).checked_sub(Amount(2)), None);
        assert_eq!(Amount(5).checked_sub(Amount(2)), Some(Amount(3)));
        assert_eq!(Asset::Carbon(Vintage::of_day(31)).to_string(), "carbon 1970-02");
    }
}
