//! Every maximum of what one building asks all the others, and of what they answer it.

use super::SETTLEMENT_FRAME_BYTES_MAX;

/// A question is asked and may be answered for so long from its hour, milliseconds.
pub const ENQUIRY_LIFE_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// A question that is over stays with what was answered, and so does a reply at home, for so long, milliseconds.
pub const ENQUIRY_KEPT_MS: i64 = 90 * 24 * 60 * 60 * 1000;
/// Questions of one building in a day.
pub const ENQUIRIES_PER_DAY_MAX: usize = 3;
/// Questions of one building that are not over.
pub const ENQUIRIES_OPEN_MAX: usize = 8;
/// Questions of others that a building keeps.
pub const ENQUIRIES_HELD_MAX: usize = 512;
/// Questions in one message.
pub const ENQUIRIES_TOLD_MAX: usize = 64;
/// Replies to one question that are kept, one a building.
pub const ENQUIRY_REPLIES_MAX: usize = 32;
/// Replies of its own that a building keeps; the oldest go first.
pub const ENQUIRY_REPLIES_KEPT: usize = 256;
/// Characters of what a person writes.
pub const ENQUIRY_WORDS_MAX: usize = 500;
/// Characters of whom to turn to.
pub const ENQUIRY_CONTACT_MAX: usize = 120;
/// The highest cost that is told, euro.
pub const ENQUIRY_COST_EUR_MAX: u32 = 10_000_000;
/// One question as it travels, bytes.
pub const ENQUIRY_BYTES_MAX: usize = 192;
/// One reply as it travels, bytes.
pub const ENQUIRY_REPLY_BYTES_MAX: usize = 3 * 1024;

const _: () = {
    assert!(ENQUIRIES_TOLD_MAX * ENQUIRY_BYTES_MAX + 64 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(ENQUIRY_REPLY_BYTES_MAX + 64 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!((ENQUIRY_WORDS_MAX + ENQUIRY_CONTACT_MAX) * 4 + 256 < ENQUIRY_REPLY_BYTES_MAX);
    assert!(ENQUIRIES_PER_DAY_MAX <= ENQUIRIES_OPEN_MAX && ENQUIRIES_OPEN_MAX < ENQUIRIES_HELD_MAX);
    assert!(ENQUIRY_LIFE_MS < ENQUIRY_KEPT_MS);
};
