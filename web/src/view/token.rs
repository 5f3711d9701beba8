//! Tokens and carbon credits as the page and the ERC-20-shaped façade see them.

use super::LedgerPlace;
use crate::time::Time;
use protocol::token::{Amount, Asset, RetirementReason, Token};
use protocol::{Address, BlockId, TransactionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member holds and what there is. Accounting units of this hive: not money, redeemable for nothing, on no
/// public chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokensView {
    /// Address of the account: that of the member's first key, 40 hex digits.
    pub account: String,
    pub name: Option<String>,
    /// Accounting tokens it holds: 1 NRG is 1 kWh of solar that somebody sold to neighbours.
    #[schema(example = "12.345")]
    pub nrg: String,
    /// All there are.
    pub nrg_supply: String,
    /// By month.
    pub credits: Vec<CreditsView>,
    /// What the member lets others move.
    pub allowances: Vec<AllowanceView>,
    /// What others let the member move.
    pub allowed: Vec<AllowanceView>,
    /// Every account that holds something, by address.
    pub accounts: Vec<TokenAccountView>,
    /// What was decided about minting, in order; the last one whose week has begun holds.
    pub mintings: Vec<MintingView>,
}

/// Carbon credits of one month, kg CO₂e.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditsView {
    /// The month, as in `2026-11`.
    pub id: String,
    /// Held by the member, free to move.
    pub held: String,
    /// Used up by the member, for good.
    pub retired: String,
    /// Held by anybody.
    pub supply: String,
    /// Used up by anybody.
    pub supply_retired: String,
}

/// What one member lets another move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AllowanceView {
    /// The token, and the other account.
    pub id: String,
    pub token: TokenName,
    /// The other one: 40 hex digits.
    pub account: String,
    pub name: Option<String>,
    /// How much is left of it.
    pub amount: String,
}

/// What an account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenAccountView {
    /// 40 hex digits.
    pub id: String,
    pub name: Option<String>,
    pub nrg: String,
    /// Carbon credits it holds, of any month.
    pub carbon: String,
}

/// What shared solar is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MintingView {
    /// The first week whose bookings count, as text.
    pub id: String,
    /// When that week begins.
    pub from: Time,
    /// Grams of CO₂e that a kWh is said to save; with 0 there are no credits.
    pub grams_per_kwh: u32,
    /// What that is measured against.
    pub baseline: String,
}

/// Something that happened to tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenMoveView {
    /// Height and place in the block, as in `120.0`.
    pub id: String,
    pub kind: TokenMoveKind,
    pub token: TokenName,
    /// The month of credits.
    pub vintage: Option<String>,
    /// None for what was minted.
    pub from: Option<String>,
    pub from_name: Option<String>,
    /// None for what was retired. The spender, where a member lets another one move.
    pub to: Option<String>,
    pub to_name: Option<String>,
    pub amount: String,
    /// Of what was retired.
    pub reason: Option<RetirementWord>,
    pub place: LedgerPlace,
    /// Time of its block.
    pub time: Time,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenMoveKind {
    Minted,
    Moved,
    Approved,
    Retired,
}

/// What is counted: `nrg` in kWh, `carbon` in kg CO₂e.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenName {
    Nrg,
    Carbon,
}

/// What credits were used up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetirementWord {
    /// Against what the building itself emits.
    OwnFootprint,
    /// For a report that names them.
    Report,
    /// On behalf of somebody else.
    OnBehalf,
    /// They should not be used by anybody.
    Withdrawn,
}

/// A transaction about tokens that is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenDoneView {
    /// The transaction: 64 hex digits.
    pub id: String,
}

/// Something that happened to tokens, with all that a log entry names. Accounts are addresses of first keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    pub height: u64,
    /// Place among all that happened to tokens in the block.
    pub place: u32,
    pub block: BlockId,
    pub transaction: TransactionId,
    /// Place of the transaction in the block.
    pub index: u32,
    pub movement: TokenMovement,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenMovement {
    Minted { asset: Asset, to: Address, amount: Amount },
    Moved { asset: Asset, from: Address, to: Address, amount: Amount },
    Approved { token: Token, owner: Address, spender: Address, amount: Amount },
    Retired { asset: Asset, owner: Address, amount: Amount, reason: RetirementReason },
}
