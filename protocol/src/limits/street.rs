//! Every maximum of what buildings signal to each other, and the least sizes below which nothing is told.

use super::SETTLEMENT_FRAME_BYTES_MAX;

/// The least number of buildings that signal the same before the hive is told.
pub const STREET_BUILDINGS_MIN: usize = 3;
/// The hive is told when one building in so many signals the same: 5 of 20.
pub const STREET_ONE_IN: usize = 4;
/// In a hive of fewer members nothing is told: of four buildings, a notice of three would tell the fourth who they are.
pub const STREET_MEMBERS_MIN: usize = 5;
/// An alert is signalled for so long from its beginning, milliseconds.
pub const STREET_FRESH_MS: i64 = 2 * 60 * 60 * 1000;
/// After a notice nothing more of its kind is told for so many hours.
pub const STREET_QUIET_HOURS: u64 = 6;
/// Notices are taken and handed on for so many hours, and by whoever watched then.
pub const STREET_TAKEN_HOURS: u64 = 48;
/// Notices that are kept for people to see; the oldest go first.
pub const STREET_NOTICES_KEPT: usize = 256;
/// Signals of its own that a building remembers; the oldest go first.
pub const STREET_SAID_KEPT: usize = 256;
/// Notices in one message.
pub const STREET_NOTICES_TOLD_MAX: usize = 16;

const _: () = {
    assert!(STREET_BUILDINGS_MIN < STREET_MEMBERS_MIN);
    assert!(STREET_NOTICES_TOLD_MAX * 128 + 64 < SETTLEMENT_FRAME_BYTES_MAX);
};
