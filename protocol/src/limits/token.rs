//! Every maximum of tokens and carbon credits.

use super::TRANSACTION_BYTES_MAX;

/// Tokens: transactions of one member in one UTC day.
pub const TOKEN_ACTIONS_PER_DAY_MAX: u32 = 200;
/// Tokens: members that one member lets move what is its own, each token counted by itself.
pub const ALLOWANCES_PER_MEMBER_MAX: u32 = 64;
/// Carbon credits: grams of CO₂e that a kWh of shared solar may be said to save.
pub const GRAMS_PER_KWH_MAX: u32 = 2_000;
/// Carbon credits: bytes of the words that say what the saving is measured against.
pub const BASELINE_BYTES_MAX: usize = 200;
/// Tokens: votes on minting that stand ahead.
pub const MINTINGS_AHEAD_MAX: usize = 4;

const _: () = assert!(BASELINE_BYTES_MAX + 512 < TRANSACTION_BYTES_MAX);
