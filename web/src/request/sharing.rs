//! What may be said of sharing with neighbours. Prices are micro-EUR per kWh.

use crate::objects::within;
use protocol::limits::{COEFFICIENT_ROWS_MAX, SHARING_KEYS_MAX};
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

/// Where the price lies between feed-in and retail less fee: `num` parts of `den`. 1 of 2 shares the gain evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorDraft {
    #[schema(maximum = 1_000_000)]
    pub num: u32,
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub den: u32,
}

/// A member's weight in a fixed key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightDraft {
    /// Address: 40 hex digits.
    pub member: String,
    pub weight: u32,
}

/// Parts of the surplus that this building gives as the organiser the hive voted for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoefficientsDraft {
    /// Their first slot; they hold until others begin, or another rule.
    pub from_slot: u64,
    /// Parts by member, together at most the rule's whole; who is not listed has none.
    #[schema(min_items = 1, max_items = 256)]
    pub parts: Vec<WeightDraft>,
    /// Other parts for later slots, in ascending order. All of it has room in one transaction: with 24 members a day of quarters of
    /// an hour. What was given before for a slot from the first to the last of these does not hold any more.
    #[serde(default, deserialize_with = "protocol::bounded::list::<_, _, COEFFICIENT_ROWS_MAX>")]
    #[schema(max_items = 671)]
    pub then: Vec<LaterParts>,
}

/// Parts of the same members from a later slot on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LaterParts {
    /// Their first slot.
    pub from_slot: u64,
    /// As many as `parts`, in its order.
    #[schema(min_items = 1, max_items = 256)]
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, SHARING_KEYS_MAX>")]
    pub weights: Vec<u32>,
}

/// A rule of sharing. In fixed keys no weights are equal weights.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum SharingRuleDraft {
    /// In proportion to each member's metered energy, one price for all.
    Dynamic {
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
    /// Price limits cross; one price for all who trade.
    Auction {
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
    /// As `dynamic`; the price falls as supply grows against demand.
    SupplyDemand,
    /// Fixed parts of all surplus; what a member cannot use goes to the grid.
    StaticFixed {
        #[serde(deserialize_with = "within")]
        weights: Vec<WeightDraft>,
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
    /// Each producer's surplus by fixed parts among the others.
    StaticRelative {
        #[serde(deserialize_with = "within")]
        weights: Vec<WeightDraft>,
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
    /// Fixed parts, again and again among those who still need energy.
    StaticIterated {
        #[serde(deserialize_with = "within")]
        weights: Vec<WeightDraft>,
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
    /// An organiser gives the parts of each slot; without them as `dynamic`.
    FullDynamic {
        organiser: String,
        whole: u32,
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
    /// Groups of members are served one after the other, each as in `dynamic`.
    Priority {
        groups: Vec<Vec<String>>,
        #[serde(deserialize_with = "within")]
        factor: FactorDraft,
    },
}

/// Network fee and tax on a kWh shared, by how far it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeesDraft {
    pub building: i64,
    pub cabin: i64,
    pub substation: i64,
    pub region: i64,
}

/// How near to each other the members of a hive are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nearness {
    #[default]
    Building,
    Cabin,
    Substation,
    Region,
}

/// An authority that may settle.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskDraft {
    /// Address: 40 hex digits.
    pub authority: String,
    /// Pseudonym of its operator: 64 hex digits, or a name, of which only a hash is written down.
    pub operator: String,
}

/// A decision about sharing in words instead of bytes. `from_slot` is milliseconds since 1970 over those of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum EnergyDecision {
    /// Another rule from a slot on.
    Share {
        #[serde(deserialize_with = "within")]
        rule: SharingRuleDraft,
        from_slot: u64,
    },
    /// Another tariff from a slot on.
    Charge {
        retail: i64,
        feed_in: i64,
        #[serde(deserialize_with = "within")]
        fees: FeesDraft,
        from_slot: u64,
    },
    /// Another slot length, before anything else is decided: 15, 30 or 60.
    Cut { minutes: u32 },
    /// How far apart the least local pair of members is.
    Place { nearness: Nearness },
    /// Who settles, in turns; at least two desks of two operators.
    Settle {
        #[serde(deserialize_with = "within")]
        desks: Vec<DeskDraft>,
    },
    /// What shared solar is worth in tokens and carbon credits, from a week on.
    Mint { grams_per_kwh: u32, baseline: String, from_week: u64 },
}
