//! Decisions about sums over many buildings, in words instead of bytes.

use crate::objects::within;
use crate::request::DeskDraft;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is summed over buildings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SumMeasure {
    /// Energy used, Wh.
    Consumption,
    /// Energy produced, Wh.
    Production,
    /// The highest mean power of one slot, W.
    Peak,
}

/// How often a sum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SumCadence {
    /// Each week, from Monday on.
    Week,
    /// Each calendar month.
    Month,
}

/// A decision about sums over many buildings. It counts from the next month on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum AggregateDecision {
    /// This is asked, in place of what was asked of the same measure and cadence.
    Ask {
        measure: SumMeasure,
        cadence: SumCadence,
        /// The most that one dwelling counts with, Wh or W.
        #[schema(minimum = 1, maximum = 100_000_000)]
        clip: u64,
        /// How much a release tells of one dwelling at the most, thousandths of epsilon.
        #[schema(minimum = 1, maximum = 1_000)]
        epsilon_milli: u32,
        /// Nothing is published of fewer buildings.
        #[schema(minimum = 10)]
        buildings_min: u16,
        /// Nothing is published of fewer dwellings.
        #[schema(minimum = 100)]
        dwellings_min: u16,
    },
    /// This is not asked any more.
    Stop { measure: SumMeasure, cadence: SumCadence },
    /// These desks find the sums, in turns; at least two of two operators.
    Desks {
        #[serde(deserialize_with = "within")]
        desks: Vec<DeskDraft>,
    },
}
