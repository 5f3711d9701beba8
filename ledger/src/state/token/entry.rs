//! What stands in the state of tokens, and under which keys.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use protocol::energy::WattHours;
use protocol::token::{Amount, Asset, Minting, RetirementReason, Token, Vintage};
use protocol::{Address, Height, TransactionId};

/// Where an entry stands. The order of the variants is the order of the state. Members stand under the address of
/// their first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TokenKey {
    /// How much there is.
    Supply,
    /// What was decided about minting, from a week on.
    Minting(u64),
    /// A member.
    Holder(Address),
    /// A member's credits of a month.
    Credits(Address, Vintage),
    /// All credits of a month.
    Vintage(Vintage),
    /// What a member lets another one move: owner, what, spender.
    Allowance(Address, Token, Address),
    /// Something that happened, by height and place in the block.
    Record(Height, u32),
}

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenEntry {
    /// Under [`TokenKey::Supply`].
    Supply(Supply),
    /// Under [`TokenKey::Minting`].
    Minting(Minting),
    /// Under [`TokenKey::Holder`].
    Holder(Holder),
    /// Under [`TokenKey::Credits`] and [`TokenKey::Vintage`].
    Credits(Credits),
    /// Under [`TokenKey::Allowance`].
    Allowance(Amount),
    /// Under [`TokenKey::Record`].
    Record(Record),
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Supply {
    /// Accounting tokens; none is ever taken away.
    pub nrg: Amount,
    /// Credits, held and retired.
    pub credits: Credits,
    /// Height of the newest record.
    pub recorded: Height,
    /// Records of that height.
    pub records: u32,
}

/// What a member holds and what was minted for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Holder {
    /// Accounting tokens.
    pub nrg: Amount,
    /// Energy it sold to neighbours as booked since minting began; a correction may lower it.
    pub sold: WattHours,
    /// The most that `sold` ever was, which is what was minted for: a correction takes no unit away, later sales make
    /// up for it first.
    pub minted: WattHours,
    /// The UTC day of its last transaction with tokens.
    pub day: u64,
    /// Its transactions with tokens on that day.
    pub actions: u32,
    /// Members it lets move what is its own.
    pub allowances: u32,
}

/// Credits that can move and those that never will again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct Credits {
    /// Held, and free to move.
    pub held: Amount,
    /// Used up.
    pub retired: Amount,
}

/// Something that happened to tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Record {
    /// The transaction that did it.
    pub transaction: TransactionId,
    /// What.
    pub movement: Movement,
}

/// What happened. Members stand under the address of their first key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Movement {
    /// Units that were not there before: what, to whom, how many.
    Minted(Asset, Address, Amount),
    /// Units went on: what, from whom, to whom, how many.
    Moved(Asset, Address, Address, Amount),
    /// A member lets another one move so many: owner, what, spender, how many in all.
    Approved(Address, Token, Address, Amount),
    /// Credits were used up: whose, of which month, how many, what for.
    Retired(Address, Vintage, Amount, RetirementReason),
}
