//! One question put to several buildings: each votes in its own assembly by its own law, and the hive counts buildings
//! by a rule that was fixed with the question. It is decided when the last one is closed.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::agenda::Effect;
use super::comparison::{Comparison, Quantity, Relation};
use crate::bounded::Bounded;
use crate::codec::encode;
use crate::error::Invalid;
use crate::ids::{Address, Digest};
use crate::limits::BUILDINGS_ASKED_MAX;

/// A question to several buildings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct JointQuestion {
    /// Hash of the question's text, which every building's resolution repeats.
    pub question: Digest,
    /// The buildings in ascending order, at least two.
    pub buildings: Bounded<Address, BUILDINGS_ASKED_MAX>,
    /// How many have to adopt.
    pub needed: Needed,
    /// The one for which it is carried out, where that is one building's to do.
    pub lead: Address,
    /// What is carried out when enough have adopted.
    pub effect: Effect,
}

/// How many of the buildings asked have to adopt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Needed {
    /// All of them.
    All,
    /// More than half.
    Majority,
    /// Two thirds.
    TwoThirds,
    /// Four fifths.
    FourFifths,
}

impl Needed {
    /// The predicate over buildings.
    pub const fn comparison(self) -> Comparison {
        use Quantity::{BuildingsAsked, BuildingsFor};
        match self {
            Self::All => Comparison::new(1, BuildingsFor, Relation::Equal, 1, BuildingsAsked),
            Self::Majority => Comparison::new(2, BuildingsFor, Relation::More, 1, BuildingsAsked),
            Self::TwoThirds => Comparison::new(3, BuildingsFor, Relation::AtLeast, 2, BuildingsAsked),
            Self::FourFifths => Comparison::new(5, BuildingsFor, Relation::AtLeast, 4, BuildingsAsked),
        }
    }

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Majority => "majority",
            Self::TwoThirds => "two-thirds",
            Self::FourFifths => "four-fifths",
        }
    }
}

impl JointQuestion {
    /// What each building's agenda names it by.
    pub fn id(&self) -> Digest {
        Digest::of("symbiose joint question v1", &[&encode(self)])
    }

    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        let found = self.buildings.len();
        if found < 2 {
            return Err(Invalid::Count { field: "buildings asked", min: 2, max: BUILDINGS_ASKED_MAX, found });
        }
        if !self.buildings.is_sorted_by(|a, b| a < b) {
            return Err(Invalid::Duplicate { field: "buildings in ascending order" });
        }
        if !self.buildings.contains(&self.lead) {
            let expected = "one of the buildings asked";
            return Err(Invalid::Text { field: "lead", expected, found: Address::LEN });
        }
        self.effect.check()
    }
}
