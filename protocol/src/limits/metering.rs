//! Maxima of meters and slots inside a building.

/// Counters that may have a role in the energy of one building.
pub const METERS_MAX: usize = 64;
/// More power than this is not believed of any building, W.
pub const ENERGY_POWER_W_MAX: u32 = 10_000_000;
/// Two readings of a counter that lie further apart than this say nothing about the slots between them, milliseconds.
pub const ENERGY_GAP_MS_MAX: i64 = 6 * 60 * 60 * 1000;
/// How long after its end a slot waits for readings before it is closed as missing, milliseconds.
pub const METERING_WINDOW_MS: i64 = 30 * 60 * 1000;
/// Days of slots that a building keeps, newest first.
pub const SLOT_DAYS_KEPT_MAX: usize = 400;
/// Slots that are cut in one go: two days and the hours around them.
pub const SLOTS_PER_CUT_MAX: usize = 192;
/// Counters of dwellings that one building may have.
pub const DWELLING_METERS_MAX: usize = 128;
/// Bytes of a dwelling's label.
pub const DWELLING_LABEL_BYTES_MAX: usize = 40;
/// Slots that are shared out among dwellings in one answer: a month of quarters of an hour.
pub const DWELLING_SLOTS_MAX: usize = 31 * 96 + 4;

const _: () = {
    assert!(ENERGY_GAP_MS_MAX < 24 * 60 * 60 * 1000);
    assert!(SLOTS_PER_CUT_MAX >= 96);
};
