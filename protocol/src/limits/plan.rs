//! Every maximum of forecasts, stores and plans.

/// Slots of history a forecast looks back at: 42 days of quarters.
pub const PLAN_HISTORY_SLOTS_MAX: usize = 42 * 96;
/// Energy of one slot, either way, Wh: 1 GWh.
pub const PLAN_SLOT_WH_MAX: i64 = 1_000_000_000;
/// Changes of the clock a zone may know: two a year for a century.
pub const PLAN_ZONE_CHANGES_MAX: usize = 200;
/// Capacity of one store, Wh: 1 GWh.
pub const PLAN_STORE_WH_MAX: i64 = 1_000_000_000;
/// Power of one store, W: 100 MW.
pub const PLAN_STORE_POWER_W_MAX: i64 = 100_000_000;
/// Stores in one plan.
pub const PLAN_STORES_MAX: usize = 64;
/// Loads that can wait in one plan.
pub const PLAN_LOADS_MAX: usize = 32;
/// Of these, loads that run in one go.
pub const PLAN_RUNS_MAX: usize = 4;
/// Slots of one plan: two days of quarters and the hour of a change of the clock.
pub const PLAN_SLOTS_MAX: usize = 2 * 96 + 4;
/// Slots of one request to use energy earlier: three hours of quarters, and some.
pub const SHIFT_SLOTS_MAX: usize = 16;
/// Requests a building remembers; the oldest go first.
pub const SHIFTS_KEPT_MAX: usize = 16;
/// What plans leave behind over a restart, bytes.
pub const PLAN_MEMORY_BYTES_MAX: usize = 80 * 1024;
/// Times of loads that are held fast because the hive was promised them.
pub const PLAN_PINS_MAX: usize = 64;
/// Stores an owner may enter.
pub const PLAN_OWN_STORES_MAX: usize = 4;
/// Loads that can wait an owner may enter; each comes at most three times in one plan.
pub const PLAN_OWN_LOADS_MAX: usize = 8;
/// Of these, loads that run in one go.
pub const PLAN_OWN_RUNS_MAX: usize = 2;

const _: () = {
    assert!(PLAN_OWN_STORES_MAX <= PLAN_STORES_MAX && PLAN_OWN_LOADS_MAX * 3 <= PLAN_LOADS_MAX);
    // A power held for a year stays far below an i64, also in thousandths.
    assert!(PLAN_STORE_POWER_W_MAX as i128 * 24 * 366 * 1000 < i64::MAX as i128);
    assert!(PLAN_STORE_WH_MAX as i128 * PLAN_STORES_MAX as i128 * 1_000_000 < i64::MAX as i128);
    // Sums of a plan are exact as floats.
    assert!((PLAN_SLOT_WH_MAX as i128 * PLAN_SLOTS_MAX as i128) < 1 << 53);
};
