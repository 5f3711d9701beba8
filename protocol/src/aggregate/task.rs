//! What the hive asks of its buildings: one sum of one kind of figure by week or by month, how much of a dwelling counts,
//! and how much noise hides it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::period::Cadence;
use crate::codec::encode;
use crate::energy::Rota;
use crate::error::Invalid;
use crate::ids::Digest;
use crate::limits::{
    AGGREGATE_BUILDINGS_MIN, AGGREGATE_CLIP_MAX, AGGREGATE_DWELLINGS_MIN, AGGREGATE_MEMBERS_MAX,
    EPSILON_MILLI_MAX,
};

/// What is summed over buildings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// Energy used, Wh.
    Consumption,
    /// Energy produced, Wh.
    Production,
    /// The highest mean power of one slot, W.
    Peak,
}

/// One sum that is made again and again. At most one of each measure and cadence runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Task {
    /// What is summed.
    pub measure: Measure,
    /// How often.
    pub cadence: Cadence,
    /// The most that one dwelling counts with, Wh or W.
    pub clip: u64,
    /// How much a release tells of one dwelling at the most (pure differential privacy), thousandths.
    pub epsilon_milli: u32,
    /// Nothing is published of fewer buildings.
    pub buildings_min: u16,
    /// Nothing is published of fewer dwellings.
    pub dwellings_min: u16,
}

/// What governance decides about figures of many buildings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateAction {
    /// From the next month on this is asked, in place of what was asked of the same measure and cadence.
    Ask(Task),
    /// From the next month on it is not asked any more.
    Stop(Measure, Cadence),
    /// From the next month on these desks find the sums, in turns, two of different operators at a time.
    Desks(Rota),
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Consumption, Self::Production, Self::Peak];

    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Consumption => "consumption",
            Self::Production => "production",
            Self::Peak => "peak",
        }
    }
}

impl Task {
    /// Checks that it keeps its bounds: the least sizes may be raised, never lowered.
    pub fn check(&self) -> Result<(), Invalid> {
        let range = |field, found: u64, min: u64, max: u64| {
            if (min..=max).contains(&found) { Ok(()) } else { Err(Invalid::Range { field, max, found }) }
        };
        let members = AGGREGATE_MEMBERS_MAX as u64;
        range("amount of one dwelling, from 1", self.clip, 1, AGGREGATE_CLIP_MAX)?;
        range("epsilon in thousandths, from 1", self.epsilon_milli.into(), 1, EPSILON_MILLI_MAX.into())?;
        range(
            "least buildings, from 10",
            self.buildings_min.into(),
            AGGREGATE_BUILDINGS_MIN.into(),
            members,
        )?;
        let (least, most) = (AGGREGATE_DWELLINGS_MIN.into(), u16::MAX.into());
        range("least dwellings, from 100", self.dwellings_min.into(), least, most)
    }

    /// Its name: hash of its canonical bytes.
    pub fn id(&self) -> Digest {
        Digest::of("symbiose aggregate task v1", &[&encode(self)])
    }

    /// What one release takes of a dwelling's budget, millionths of rho: epsilon² / 2, rounded up.
    pub fn cost_micro(&self) -> u64 {
        u64::from(self.epsilon_milli).pow(2).div_ceil(2)
    }

    /// The most that a building of so many dwellings counts with.
    pub fn most(&self, dwellings: u16) -> u64 {
        self.clip.saturating_mul(dwellings.into()).max(1)
    }

    /// Standard deviation of the noise in a sum: two discrete Laplace draws of scale clip / epsilon, rounded up.
    pub fn deviation(&self) -> u64 {
        self.clip.saturating_mul(2_000).div_ceil(u64::from(self.epsilon_milli).max(1))
    }
}

impl AggregateAction {
    /// Checks what no constructor checks.
    pub fn check(&self) -> Result<(), Invalid> {
        match self {
            Self::Ask(task) => task.check(),
            Self::Stop(..) | Self::Desks(_) => Ok(()),
        }
    }
}

impl fmt::Display for AggregateAction {
    /// One line of English for those who decide.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(task) => write!(
                f,
                "sum of {} by {}: a dwelling counts up to {}, epsilon {}/1000, at least {} buildings and {} dwellings",
                task.measure.name(),
                task.cadence.name(),
                task.clip,
                task.epsilon_milli,
                task.buildings_min,
                task.dwellings_min
            ),
            Self::Stop(measure, cadence) => {
                write!(f, "no sum of {} by {} any more", measure.name(), cadence.name())
            }
            Self::Desks(rota) => {
                f.write_str("sums are found in turns by")?;
                rota.desks().iter().try_for_each(|desk| write!(f, " {}", desk.authority))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: Task = Task {
        measure: Measure::Consumption,
        cadence: Cadence::Week,
        clip: 150_000,
        epsilon_milli: 500,
        buildings_min: 20,
        dwellings_min: 100,
    };

    #[test]
    fn least_sizes_may_be_raised_and_never_lowered() {
        assert_eq!(TASK.check(), Ok(()));
        for wrong in [
            Task { buildings_min: 9, ..TASK },
            Task { dwellings_min: 99, ..TASK },
            Task { clip: 0, ..TASK },
            Task { clip: AGGREGATE_CLIP_MAX + 1, ..TASK },
            Task { epsilon_milli: 0, ..TASK },
            Task { epsilon_milli: EPSILON_MILLI_MAX + 1, ..TASK },
        ] {
            assert!(AggregateAction::Ask(wrong).check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn costs_and_noise_are_whole_numbers_rounded_up() {
        assert_eq!((TASK.cost_micro(), TASK.deviation(), TASK.most(18)), (125_000, 600_000, 2_700_000));
        let odd = Task { epsilon_milli: 3, clip: 7, ..TASK };
        assert_eq!((odd.cost_micro(), odd.deviation()), (5, 4_667));
        assert_ne!(odd.id(), TASK.id());
    }
}
