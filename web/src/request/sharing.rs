//! What may be said of sharing with neighbours. Prices are micro-EUR per kWh.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A building's own rules. Without any of them it takes part with everything, at whatever price the hive's rule makes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TermsDraft {
    /// The part of demand and surplus that takes part, percent; 0 is a pause.
    #[schema(maximum = 100)]
    pub participation: u8,
    /// Only surplus above this much in a slot is offered, Wh.
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    pub sell_above_wh: i64,
    /// The lowest price it sells at; `null` is any.
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub sell_at_least: Option<i64>,
    /// The highest price it buys at, the local fee included; `null` is any.
    #[schema(minimum = 0, maximum = 100_000_000)]
    pub buy_up_to: Option<i64>,
    /// Address of a member that gets the offered surplus free of charge, as far as it needs it: 40 hex digits.
    pub give_to: Option<String>,
}

impl Default for TermsDraft {
    fn default() -> Self {
        Self { participation: 100, sell_above_wh: 0, sell_at_least: None, buy_up_to: None, give_to: None }
    }
}
