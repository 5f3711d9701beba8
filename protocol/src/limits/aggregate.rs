//! Every maximum of private aggregates, and the least sizes below which nothing is published.

use super::{MEMBERS_MAX, SETTLEMENT_FRAME_BYTES_MAX};

/// The least number of buildings a task may ask for. The ledger may only ask for more.
pub const AGGREGATE_BUILDINGS_MIN: u16 = 10;
/// The least number of dwellings a task may ask for.
pub const AGGREGATE_DWELLINGS_MIN: u16 = 100;
/// No building has more than one part in so many of the dwellings of a figure.
pub const AGGREGATE_SHARE_MAX: u64 = 4;
/// Dwellings of one building.
pub const PROFILE_DWELLINGS_MAX: u16 = 1_000;
/// Tasks that run beside each other: three measures, each by week and by month.
pub const AGGREGATE_TASKS_MAX: usize = 6;
/// Largest amount that one dwelling counts with, Wh or W: 100 MWh.
pub const AGGREGATE_CLIP_MAX: u64 = 100_000_000;
/// Largest epsilon of one release, thousandths.
pub const EPSILON_MILLI_MAX: u32 = 1_000;
/// What one dwelling may lose of its privacy in a year by one measure, millionths of rho (zero-concentrated differential
/// privacy): 8, of which 52 weeks and 12 months at an epsilon of 0.5 use all.
pub const BUDGET_YEAR_MICRO: u64 = 8_000_000;
/// The year over which it is counted, milliseconds.
pub const BUDGET_YEAR_MS: i64 = 365 * 24 * 60 * 60 * 1000;
/// How long after the end of a period its reports are taken, milliseconds.
pub const AGGREGATE_WINDOW_MS: i64 = 48 * 60 * 60 * 1000;
/// How long after that its figures may still be put on the ledger, milliseconds.
pub const AGGREGATE_RELEASE_MS: i64 = 48 * 60 * 60 * 1000;
/// Periods looked back on for desks that did not do their work.
pub const AGGREGATE_LOOK_BACK: u64 = 4;
/// Months for which cohorts stay on the ledger.
pub const AGGREGATE_MONTHS_KEPT: u64 = 3;
/// Months for which figures stay in the state.
pub const AGGREGATE_FIGURES_KEPT: u64 = 24;
/// Groups of buildings in one month.
pub const AGGREGATE_GROUPS_MAX: usize = 1_000;
/// Buildings in one group.
pub const AGGREGATE_MEMBERS_MAX: usize = MEMBERS_MAX;
/// Bytes of the list of a group's buildings that a figure counts: a bit for each.
pub const AGGREGATE_BATCH_BYTES_MAX: usize = AGGREGATE_MEMBERS_MAX.div_ceil(8);
/// One half of a building's report, bytes.
pub const AGGREGATE_HALF_BYTES_MAX: usize = 8 * 1024;
/// What one desk tells the other to check a report, bytes.
pub const AGGREGATE_CHECK_BYTES_MAX: usize = 512;
/// Reports checked in one message between desks.
pub const AGGREGATE_CHECKS_MAX: usize = 64;
/// Halves of reports that a desk keeps; of more it takes none until some are released.
pub const AGGREGATE_HALVES_KEPT_MAX: usize = 50_000;

const _: () = {
    assert!(AGGREGATE_CHECKS_MAX * (AGGREGATE_CHECK_BYTES_MAX + 64) + 512 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(AGGREGATE_HALF_BYTES_MAX + 512 < SETTLEMENT_FRAME_BYTES_MAX);
    assert!(BUDGET_YEAR_MICRO == (52 + 12) * 500 * 500 / 2);
};
