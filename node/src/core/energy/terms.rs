//! The building's own rules of sharing: how much takes part, from which price on, and who is given some. What is said
//! holds from the next slot on, so that nobody chooses a slot's rules after its figures are known.

use protocol::bounded::list;
use protocol::energy::Terms;
use protocol::limits::TERMS_KEPT_MAX;
use protocol::{Invalid, Now, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use crate::core::maintenance::Change;
use crate::core::output::Event;
use crate::core::{Core, Refused};

/// Terms and the start of the first slot they hold for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct DatedTerms {
    /// Start of their first slot.
    pub from: UnixMs,
    /// What holds from then on.
    pub terms: Terms,
}

/// Everything the building said of its sharing lately, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct OwnTerms(Vec<DatedTerms>);

impl OwnTerms {
    /// At most `TERMS_KEPT_MAX`, each within its bounds, in the order of their slots.
    pub fn new(dated: Vec<DatedTerms>) -> Result<Self, Invalid> {
        if dated.len() > TERMS_KEPT_MAX {
            return Err(Invalid::Count { field: "terms", min: 0, max: TERMS_KEPT_MAX, found: dated.len() });
        }
        dated.iter().try_for_each(|dated| dated.terms.check())?;
        if !dated.is_sorted_by(|a, b| a.from < b.from) {
            return Err(Invalid::Duplicate { field: "terms in the order of their slots" });
        }
        Ok(Self(dated))
    }

    /// What was said last; it may hold only from the next slot on.
    pub fn latest(&self) -> Terms {
        self.0.last().map_or_else(Terms::default, |dated| dated.terms)
    }

    /// From when on the latest holds; none when nothing was ever said.
    pub fn since(&self) -> Option<UnixMs> {
        self.0.last().map(|dated| dated.from)
    }

    /// What holds for the slot that starts at `start`. Of a slot so long ago that it is forgotten, the oldest known.
    pub fn at(&self, start: UnixMs) -> Terms {
        let held = self.0.iter().rev().find(|dated| dated.from <= start);
        let is_full = self.0.len() == TERMS_KEPT_MAX;
        let oldest = self.0.first().filter(|_| is_full);
        held.or(oldest).map_or_else(Terms::default, |dated| dated.terms)
    }

    /// Says something else, from a slot on that has not begun. Answers whether anything changed.
    fn say(&mut self, from: UnixMs, terms: Terms) -> bool {
        if self.latest() == terms {
            return false;
        }
        // What has not begun yet never held.
        self.0.retain(|dated| dated.from < from);
        if self.latest() != terms {
            if self.0.len() == TERMS_KEPT_MAX {
                self.0.remove(0);
            }
            self.0.push(DatedTerms { from, terms });
        }
        true
    }
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    #[serde(deserialize_with = "list::<_, _, TERMS_KEPT_MAX>")]
    dated: Vec<DatedTerms>,
}

impl From<OwnTerms> for Stored {
    fn from(own: OwnTerms) -> Self {
        Self { dated: own.0 }
    }
}

impl TryFrom<Stored> for OwnTerms {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        Self::new(stored.dated)
    }
}

impl Core {
    /// Takes what an operator says of the building's sharing, from the next slot on.
    pub(in crate::core) fn say_terms(&mut self, now: Now, terms: Terms) -> Result<(), Refused> {
        terms.check()?;
        if let Some(to) = terms.give_to {
            let me = self.ledger.address();
            let member = self.ledger.state().member(&to).filter(|member| !member.revoked);
            if to == me || member.is_none() {
                return Err(Refused::NoNeighbour { found: to });
            }
        }
        let slot_ms = self.energy.length.ms();
        let next = UnixMs(super::grid::floor(now.time, slot_ms).0.saturating_add(slot_ms));
        if self.energy.terms.say(next, terms) {
            self.persist(vec![Change::PutTerms(self.energy.terms.clone())]);
            self.event(Event::Energy);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::energy::{Percent, Price};
    use protocol::{decode, encode};

    fn part(percent: u8) -> Terms {
        Terms { participation: Percent::new(percent).unwrap(), ..Terms::default() }
    }

    #[test]
    fn what_is_said_holds_from_its_slot_on() {
        let mut own = OwnTerms::default();
        assert_eq!(
            (own.at(UnixMs(0)), own.latest(), own.since()),
            (Terms::default(), Terms::default(), None)
        );
        assert!(!own.say(UnixMs(100), Terms::default()), "nothing new");
        assert!(own.say(UnixMs(100), part(40)));
        assert_eq!([99, 100, 500].map(|at| own.at(UnixMs(at))), [Terms::default(), part(40), part(40)]);
        // A second thought within the same slot stands in place of the first.
        assert!(own.say(UnixMs(100), part(50)));
        assert_eq!((own.at(UnixMs(100)), own.0.len()), (part(50), 1));
        assert!(own.say(UnixMs(100), Terms::default()));
        assert_eq!((own.0.len(), own.since()), (0, None));
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_order_is_kept() {
        let mut own = OwnTerms::default();
        let many = i64::try_from(TERMS_KEPT_MAX).unwrap() + 3;
        for n in 0..many {
            own.say(UnixMs(n * 10), part(u8::try_from(n).unwrap()));
        }
        assert_eq!((own.0.len(), own.0[0].from), (TERMS_KEPT_MAX, UnixMs(30)));
        assert_eq!((own.at(UnixMs(0)), own.at(UnixMs(45))), (part(3), part(4)), "nothing better is known");
        let bytes = encode(&own);
        assert_eq!(decode::<OwnTerms>(&bytes, bytes.len()), Ok(own.clone()));
        let mut reversed = Stored::from(own.clone());
        reversed.dated.reverse();
        let mut wrong = own;
        wrong.0[0].terms.buy_up_to = Some(Price(-1));
        for bytes in [encode(&reversed), encode(&Stored::from(wrong))] {
            assert!(decode::<OwnTerms>(&bytes, bytes.len()).is_err());
        }
    }
}
