//! What stands in the state of private sums, and under which keys.

use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use protocol::aggregate::{Cadence, Found, Measure, Period, Profile, Stratum, Task};
use protocol::energy::Rota;
use protocol::limits::{AGGREGATE_MEMBERS_MAX, AGGREGATE_SHARE_MAX, AGGREGATE_TASKS_MAX};
use protocol::{Address, Bounded, Digest, Height};

/// Where an entry stands. The order of the variants is the order of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AggregateKey {
    /// What the hive decided.
    Books,
    /// What a building says of itself, by its first key.
    Profile(Address),
    /// What holds in a month, by months since January 1970.
    Month(u64),
    /// A group of a month, by number.
    Group(u64, u16),
    /// What was found of a period, measure and group.
    Figure(Period, Measure, u16),
}

/// What stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateEntry {
    /// Under [`AggregateKey::Books`].
    Books(AggregateBooks),
    /// Under [`AggregateKey::Profile`].
    Profile(Profile),
    /// Under [`AggregateKey::Month`].
    Month(Month),
    /// Under [`AggregateKey::Group`].
    Group(Group),
    /// Under [`AggregateKey::Figure`].
    Figure(Figure),
}

/// What the hive decided; it holds from the next month on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize_tuple, Deserialize_tuple)]
pub struct AggregateBooks {
    /// What is asked, in order of measure and cadence.
    pub tasks: Bounded<Task, AGGREGATE_TASKS_MAX>,
    /// Who sums.
    pub desks: Option<Rota>,
    /// The last month that was fixed, or the one in which the first decision was made.
    pub month: Option<u64>,
}

/// What holds in a month, whatever is decided in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Month {
    /// What is asked.
    pub tasks: Bounded<Task, AGGREGATE_TASKS_MAX>,
    /// Who sums.
    pub desks: Rota,
    /// Groups, numbered from 0.
    pub groups: u16,
}

/// Buildings whose figures are summed. A building is in one group of a month at the most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Group {
    /// What they have in common.
    pub stratum: Stratum,
    /// Their first keys in ascending order, and their dwellings.
    pub members: Bounded<(Address, u16), AGGREGATE_MEMBERS_MAX>,
}

/// What was found, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Figure {
    /// What the buildings have in common.
    pub stratum: Stratum,
    /// The task.
    pub task: Task,
    /// What was found.
    pub found: Found,
    /// The two desks.
    pub desks: [Address; 2],
    /// Where it stands.
    pub height: Height,
}

impl AggregateBooks {
    /// What is asked of a measure and cadence.
    pub fn task(&self, measure: Measure, cadence: Cadence) -> Option<&Task> {
        self.tasks.iter().find(|task| (task.measure, task.cadence) == (measure, cadence))
    }
}

impl Month {
    /// A task by its hash.
    pub fn task(&self, id: &Digest) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id() == *id)
    }
}

impl Group {
    /// The place and the dwellings of a member, by its first key.
    pub fn place(&self, member: &Address) -> Option<(usize, u16)> {
        let at = self.members.binary_search_by_key(member, |(address, _)| *address).ok()?;
        Some((at, self.members[at].1))
    }

    /// All its dwellings.
    pub fn dwellings(&self) -> u64 {
        self.members.iter().map(|(_, dwellings)| u64::from(*dwellings)).sum()
    }
}

/// Whether a figure of these buildings may be published: enough of them, enough dwellings, none that stands out.
pub fn is_enough(task: &Task, dwellings: impl Iterator<Item = u16> + Clone) -> bool {
    let count = dwellings.clone().count() as u64;
    let all: u64 = dwellings.clone().map(u64::from).sum();
    let largest = dwellings.max().map_or(0, u64::from);
    count >= u64::from(task.buildings_min)
        && all >= u64::from(task.dwellings_min)
        && largest * AGGREGATE_SHARE_MAX <= all
}
