//! What may be asked and done about tokens and carbon credits.

use crate::request::Reply;
use crate::view::{RetirementWord, TokenMoveView, TokenName, TokenRecord, TokensView};
use protocol::token::{Amount, Token};
use protocol::{Address, Height};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use utoipa::ToSchema;

/// A question about tokens.
#[derive(Debug)]
pub enum TokenCall {
    /// What a member holds; this node's own when none is named.
    Holdings { member: Option<Address>, reply: Reply<TokensView> },
    /// What happened, newest first, before a height and place; to one member, or to anybody.
    History {
        member: Option<Address>,
        before: Option<(Height, u32)>,
        limit: usize,
        reply: Reply<Vec<TokenMoveView>>,
    },
    /// Units there are that can move.
    Supply { token: Token, reply: Reply<Amount> },
    /// Units of a member that can move; of the one that the address belongs to now.
    Balance { token: Token, owner: Address, reply: Reply<Amount> },
    /// Units of `owner` that `spender` may move.
    Allowance { token: Token, owner: Address, spender: Address, reply: Reply<Amount> },
    /// What happened in blocks of these heights, in order; refused when it is more than `limit`.
    Records { heights: RangeInclusive<u64>, limit: usize, reply: Reply<Vec<TokenRecord>> },
}

/// Units to be sent to another member.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    pub token: TokenName,
    /// The month of credits, as in `2026-11`; not for `nrg`.
    #[serde(default)]
    pub vintage: Option<String>,
    /// The account that gets it: a member's address, 40 hex digits.
    pub to: String,
    /// In kWh or kg CO₂e, with up to 3 or 6 digits behind the point.
    #[schema(example = "1.5")]
    pub amount: String,
    /// The account it is taken from when it is not this member's own; its owner has to allow it.
    #[serde(default)]
    pub from: Option<String>,
}

/// Another member that may move units of this one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    pub token: TokenName,
    /// A member's address: 40 hex digits.
    pub spender: String,
    /// How much in all, in place of what it might move before; `0` takes the leave back.
    #[schema(example = "10")]
    pub amount: String,
}

/// Credits to be used up, for good.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetireRequest {
    /// The month, as in `2026-11`.
    pub vintage: String,
    /// In kg CO₂e, with up to 6 digits behind the point.
    #[schema(example = "0.25")]
    pub amount: String,
    pub reason: RetirementWord,
}

/// What shared solar is to be worth from a week on. 1 NRG per kWh is fixed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MintingRequest {
    /// Grams of CO₂e that a kWh saves, at most 2,000; 0 mints no credits.
    pub grams_per_kwh: u32,
    /// What that is measured against, in at most 200 bytes.
    #[schema(example = "Belgian grid mix 2025")]
    pub baseline: String,
    /// The first week whose bookings count: weeks since Monday, 1969-12-29, in UTC.
    pub from_week: u64,
}
