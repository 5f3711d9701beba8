//! Every maximum of metering, sharing and settlement.

use super::{AUTHORITIES_MAX, MEMBERS_MAX, TRANSACTION_BYTES_MAX};

/// Largest message on a settlement stream, bytes.
pub const SETTLEMENT_FRAME_BYTES_MAX: usize = 96 * 1024;
/// Statements in one message between desks.
pub const SHARED_STATEMENTS_MAX: usize = 128;
/// Members whose statements one desk compares with another: all of a hive.
pub const HELD_MARKS_MAX: usize = MEMBERS_MAX;
/// Hashes beside the way of a line to its root: one for each halving of 5,000 lines, rounded up.
pub const LINE_PATH_MAX: usize = 16;
/// Versions of one slot's statement that a building makes.
pub const OWN_VERSIONS_MAX: usize = 16;
/// Days for which a building keeps what it stated and was told, and for which desks take statements: a month and its
/// preview.
pub const SETTLING_DAYS_MAX: u64 = 62;
/// Statements that a desk keeps; of the oldest slots first it lets go.
pub const STATEMENTS_KEPT_MAX: usize = 200_000;
/// Refused statements that a desk keeps to be shown; the oldest go first.
pub const REFUSALS_KEPT_MAX: usize = 128;
/// How long after its end a slot waits for statements before it is settled without those that are missing, milliseconds.
pub const SETTLE_DEADLINE_MS: i64 = 10 * 60 * 1000;

/// Energy of one building in one slot, either way, Wh: 1 GWh.
pub const SLOT_ENERGY_WH_MAX: i64 = 1_000_000_000;
/// Price per kWh, micro-EUR: 100 EUR.
pub const PRICE_MAX: i64 = 100_000_000;
/// Members settled in one slot: buildings, or flats of the buildings of one hive.
pub const SETTLED_MEMBERS_MAX: usize = 5_000;
/// Members with a weight of their own in a sharing key, and members named in priority groups.
pub const SHARING_KEYS_MAX: usize = 256;
/// Priority groups.
pub const PRIORITY_GROUPS_MAX: usize = 8;
/// Denominator of the factor that places the price.
pub const FACTOR_PARTS_MAX: u32 = 1_000_000;
/// Versions of one statement.
pub const STATEMENT_VERSIONS_MAX: u32 = 1_000;
/// Largest signed statement, bytes.
pub const STATEMENT_BYTES_MAX: usize = 512;
/// Members named as missing in one slot; a slot with more of them is not settled.
pub const SLOT_MISSING_MAX: usize = 256;
/// Members in one booking of a week or one credit note. The largest amounts take 61 bytes a member.
pub const WEEK_LINES_MAX: usize = 120;
/// Members in what two desks booked of a week, over all their bookings of it.
pub const BOOKED_LINES_MAX: usize = MEMBERS_MAX;
/// Desks named in a ruling that agree: more than half of all there may be.
pub const RULING_AGREED_MAX: usize = AUTHORITIES_MAX / 2 + 1;
/// Desks named in a ruling that found something else.
pub const RULING_OTHERS_MAX: usize = 4;
/// Reason for which an operator releases a slot that was held back, bytes.
pub const RELEASE_REASON_BYTES_MAX: usize = 400;
/// Released slots that a building remembers.
pub const RELEASES_KEPT_MAX: usize = 4_096;
/// Disputes of one slot.
pub const DISPUTES_PER_SLOT_MAX: u32 = 4;
/// Disputes that one member opens in a UTC day.
pub const DISPUTES_PER_DAY_MAX: u32 = 16;
/// A dispute that no majority of desks has decided by then is dropped, milliseconds.
pub const DISPUTE_LAPSES_MS: i64 = 3 * 24 * 60 * 60 * 1000;
/// Rules, and tariffs, that a hive has decided on and that have not begun.
pub const DECIDED_AHEAD_MAX: usize = 16;
/// Days ahead, from the one that runs, for whose slots an organiser may give parts.
pub const COEFFICIENTS_AHEAD_DAYS_MAX: u64 = 31;
/// Members named in all that an organiser gives for the slots of one UTC day: 200 in each of its quarters of an hour, or 256 in
/// each half-hour.
pub const COEFFICIENTS_A_DAY_MAX: usize = 96 * 200;
/// Slots from which an organiser gives parts in one transaction.
pub const COEFFICIENT_ROWS_MAX: usize = 672;
/// Largest encoding of what an organiser gives in one transaction, bytes.
pub const COEFFICIENTS_BYTES_MAX: usize = TRANSACTION_BYTES_MAX - 256;
/// Days for which the ledger keeps parts that lapsed: longer than anybody settles or corrects a slot.
pub const COEFFICIENTS_KEPT_DAYS: u64 = 93;
/// Changes of its own terms that a building remembers, so that late statements say what held in their slot.
pub const TERMS_KEPT_MAX: usize = 64;
/// Time after the end of a slot from which stand-by desks may settle it, milliseconds.
pub const STAND_BY_AFTER_MS: i64 = 15 * 60 * 1000;

const _: () = {
    assert!(SETTLE_DEADLINE_MS < STAND_BY_AFTER_MS);
    assert!(1 << LINE_PATH_MAX >= SETTLED_MEMBERS_MAX);
    // A mark takes 62 bytes.
    assert!(HELD_MARKS_MAX * 64 + 64 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(SHARED_STATEMENTS_MAX * (STATEMENT_BYTES_MAX + 8) < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(MEMBERS_MAX <= SETTLED_MEMBERS_MAX);
    // What a slot is worth, and what a member pays in a year of quarters, fits an i64.
    assert!(
        SLOT_ENERGY_WH_MAX as i128 * SETTLED_MEMBERS_MAX as i128 * PRICE_MAX as i128 / 1_000
            < i64::MAX as i128
    );
    assert!(SLOT_ENERGY_WH_MAX as i128 * PRICE_MAX as i128 / 1_000 * 366 * 96 < i64::MAX as i128);
    assert!(COEFFICIENTS_KEPT_DAYS > SETTLING_DAYS_MAX);
    assert!(COEFFICIENTS_A_DAY_MAX >= 48 * SHARING_KEYS_MAX);
    // What an organiser gives once a day has room for every member of a key.
    assert!(COEFFICIENTS_A_DAY_MAX >= SHARING_KEYS_MAX);
    assert!(COEFFICIENT_ROWS_MAX <= u16::MAX as usize && SHARING_KEYS_MAX * 27 + 64 < COEFFICIENTS_BYTES_MAX);
    // A member with its weight takes 27 bytes.
    assert!(SHARING_KEYS_MAX * 27 + 512 < TRANSACTION_BYTES_MAX);
};
