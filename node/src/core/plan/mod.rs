//! The building plans: what its slots will bring, what its batteries and its patient loads should do about it, and how
//! it answers the hive. Floats live here and go nowhere: only whole watt-hours leave.

mod battery;
mod calendar;
mod control;
mod day;
mod flexibility;
mod forecast;
mod history;
mod hive;
mod load;
mod model;

mod rehearsal;

use thiserror::Error;

pub use battery::{Battery, BatterySpec, StoreKind};
pub use calendar::{Calendar, LocalSlot, SlotLength, SlotNumber, Zone};
pub use control::{Action, Order, act, decide, decide_together};
pub use day::{Plan, Reason, Stage, Step, Wishes, plan_building, plan_hive, without_plan};
pub use flexibility::{Agreed, Answer, Cut, Movable, OwnerRules, Refusal, Shift, ShiftRequest};
pub use forecast::{Errors, Forecast, MEASURED_DAYS, Method, errors, predict, spread, values};
pub use history::History;
pub use hive::{Guide, guide};
pub use load::{Load, LoadKind, Shortfall};
pub use model::Prices;
pub use rehearsal::{Figures, Member, Rehearsal, Thinking};

/// What cannot be planned with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// More than are looked at.
    #[error("{found} {what}, at most {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many at the most.
        limit: usize,
    },
    /// A zone that no place on earth has.
    #[error("{minutes} minutes from UTC")]
    OffsetTooFar {
        /// Minutes east.
        minutes: i32,
    },
    /// Times that do not ascend.
    #[error("{what} do not ascend")]
    NotAscending {
        /// Of what.
        what: &'static str,
    },
    /// Needs and prices of different spans.
    #[error("{needs} slots of needs and {prices} of prices")]
    Uneven {
        /// Slots of needs.
        needs: usize,
        /// Slots of prices.
        prices: usize,
    },
    /// A request or a shift that does not add up.
    #[error(
        "expected a shift of as many slots as the request, more before and less after, that sums to nothing"
    )]
    NoShift,
    /// An energy no building has in a slot.
    #[error("{found_wh} Wh in one slot, at most {limit_wh}")]
    EnergyTooLarge {
        /// What was said.
        found_wh: i64,
        /// The most.
        limit_wh: i64,
    },
    /// A figure outside what is possible.
    #[error("{what} is {found}, expected {least} to {most}")]
    OutOfRange {
        /// Of what.
        what: &'static str,
        /// What was said.
        found: i64,
        /// The least.
        least: i64,
        /// The most.
        most: i64,
    },
}
