//! Every maximum of incident cards, and the least sizes below which nothing is let out or shown.

use super::{AGGREGATE_BUILDINGS_MIN, SETTLEMENT_FRAME_BYTES_MAX};

/// One card as it travels, bytes.
pub const CARD_BYTES_MAX: usize = 640;
/// Cards in one batch.
pub const CARD_BATCH_MAX: usize = 64;
/// The least number of cards in a batch, and of buildings they come from.
pub const CARD_BATCH_MIN: usize = 3;
/// Contractors that are taken back in one batch.
pub const CARD_WITHDRAWN_MAX: usize = 16;
/// Bytes of a batch, with its signature.
pub const CARD_BATCH_BYTES_MAX: usize = 48 * 1024;
/// Cards that a building lets out in a week.
pub const CARDS_PER_WEEK_MAX: usize = 3;
/// Cards of one building that wait to be let out.
pub const CARDS_WAITING_MAX: usize = 8;
/// Weeks after which a card that was never let out is given up.
pub const CARD_WEEKS_WAITING: u64 = 8;
/// Weeks for which batches are kept.
pub const CARD_WEEKS_KEPT: u64 = 104;
/// The same, as the length of a list of weeks.
pub const CARD_WEEKS_LISTED_MAX: usize = 104;
/// How long after the end of a week its batch may be let out and is waited for, milliseconds.
pub const CARD_RELEASE_MS: i64 = 48 * 60 * 60 * 1000;
/// The least number of buildings that have in common what a card says of its building.
pub const CARD_STRATUM_MIN: u16 = AGGREGATE_BUILDINGS_MIN;
/// The least number of buildings with the same kind of work on the ledger in the time that a card names.
pub const CARD_LOOKALIKES_MIN: usize = 3;
/// The least number of cards behind a count that is shown, and of ratings behind a contractor's.
pub const CARD_COUNT_MIN: u32 = 3;
/// Cards of one building that tell of the same part, in one week's batch.
pub const SURVIVALS_PER_PART_MAX: usize = 1;
/// Days after an alert before a machine is said to run still.
pub const SURVIVAL_LOOK_DAYS: u64 = 60;
/// The least number of machines behind a statistic of what became of them, and behind each number in it.
pub const SURVIVAL_RECORDS_MIN: usize = 10;
/// The least number of batches, and so of weeks, that they come from.
pub const SURVIVAL_BATCHES_MIN: usize = 3;
/// Cards in one answer.
pub const CARDS_ANSWERED_MAX: usize = 20;
/// Largest number of a company, which has at most ten digits.
pub const CONTRACTOR_NUMBER_MAX: u64 = 9_999_999_999;

const _: () = {
    assert!(CARD_BATCH_MAX * CARD_BYTES_MAX + CARD_WITHDRAWN_MAX * 32 + 512 < CARD_BATCH_BYTES_MAX);
    assert!(CARD_BATCH_BYTES_MAX + 64 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(CARD_WEEKS_LISTED_MAX as u64 == CARD_WEEKS_KEPT);
    assert!(SURVIVAL_RECORDS_MIN >= AGGREGATE_BUILDINGS_MIN as usize && SURVIVAL_BATCHES_MIN > 1);
    assert!(CARD_WEEKS_LISTED_MAX * 10 + 64 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(CARDS_PER_WEEK_MAX <= CARDS_WAITING_MAX && CARDS_WAITING_MAX < CARD_BATCH_MAX);
};
