//! What anybody who holds the ledger may read of private sums.

use protocol::Address;
use protocol::aggregate::{Cadence, Measure, Outcome, Period, Profile};
use protocol::limits::AGGREGATE_LOOK_BACK;

use super::entry::{AggregateBooks, AggregateEntry, AggregateKey, Figure, Group, Month};
use crate::state::State;
use crate::state::entry::{Entry, Key};

impl State {
    /// What the hive decided; it holds from the next month on.
    pub fn aggregate_books(&self) -> AggregateBooks {
        match self.aggregate(AggregateKey::Books) {
            Some(AggregateEntry::Books(books)) => books.clone(),
            Some(_) | None => AggregateBooks::default(),
        }
    }

    /// What a building says of itself, under whatever key.
    pub fn profile(&self, building: &Address) -> Option<Profile> {
        match self.aggregate(AggregateKey::Profile(self.origin(&self.current(building)))) {
            Some(AggregateEntry::Profile(profile)) => Some(*profile),
            Some(_) | None => None,
        }
    }

    /// What holds in a month.
    pub fn aggregate_month(&self, month: u64) -> Option<&Month> {
        match self.aggregate(AggregateKey::Month(month)) {
            Some(AggregateEntry::Month(month)) => Some(month),
            Some(_) | None => None,
        }
    }

    /// A group of a month.
    pub fn aggregate_group(&self, month: u64, number: u16) -> Option<&Group> {
        match self.aggregate(AggregateKey::Group(month, number)) {
            Some(AggregateEntry::Group(group)) => Some(group),
            Some(_) | None => None,
        }
    }

    /// The group of a building in a month, by number.
    pub fn aggregate_group_of(&self, month: u64, building: &Address) -> Option<(u16, &Group)> {
        let origin = self.origin(&self.current(building));
        let groups = self.aggregate_month(month)?.groups;
        (0..groups)
            .filter_map(|number| Some((number, self.aggregate_group(month, number)?)))
            .find(|(_, group)| group.place(&origin).is_some())
    }

    /// What was found of a period, measure and group.
    pub fn figure(&self, period: Period, measure: Measure, group: u16) -> Option<&Figure> {
        match self.aggregate(AggregateKey::Figure(period, measure, group)) {
            Some(AggregateEntry::Figure(figure)) => Some(figure),
            Some(_) | None => None,
        }
    }

    /// Whether what became of a task, period and group stands here already.
    pub fn knows_outcome(&self, outcome: &Outcome) -> bool {
        let month = self.aggregate_month(outcome.period.month());
        let task = month.and_then(|month| month.task(&outcome.task));
        task.is_some_and(|task| self.figure(outcome.period, task.measure, outcome.group).is_some())
    }

    /// Every figure of a cadence that is kept, oldest first.
    pub fn figures(
        &self,
        cadence: Cadence,
    ) -> impl DoubleEndedIterator<Item = (Period, Measure, u16, &Figure)> {
        let first = Period { cadence, number: 0 };
        let last = Period { cadence, number: u64::MAX };
        self.figures_between(first, last)
    }

    /// The two desks of a period whose end has come, under their keys of today. After a period that nobody summed the next
    /// pair takes its turn early.
    pub fn aggregate_desks(&self, period: Period) -> Option<[Address; 2]> {
        let month = self.aggregate_month(period.month())?;
        let before = std::iter::successors(Some(period.previous()), |one| Some(one.previous()));
        let missed =
            before.take(usize::try_from(AGGREGATE_LOOK_BACK).unwrap_or(0)).filter(|one| self.missed(*one));
        let turn = period.month().saturating_add(missed.count() as u64);
        Some(month.desks.pair(turn).map(|desk| self.current(&desk)))
    }

    /// Whether figures were asked of a period and none was found.
    fn missed(&self, period: Period) -> bool {
        let asked = self.aggregate_month(period.month()).is_some_and(|month| {
            month.groups > 0 && month.tasks.iter().any(|task| task.cadence == period.cadence)
        });
        asked && self.figures_between(period, period).next().is_none()
    }

    fn figures_between(
        &self,
        first: Period,
        last: Period,
    ) -> impl DoubleEndedIterator<Item = (Period, Measure, u16, &Figure)> {
        let range = AggregateKey::Figure(first, Measure::Consumption, 0)
            ..=AggregateKey::Figure(last, Measure::Peak, u16::MAX);
        let keys = Key::Aggregate(*range.start())..=Key::Aggregate(*range.end());
        self.entries.range(keys).filter_map(|(key, entry)| match (key, entry) {
            (
                Key::Aggregate(AggregateKey::Figure(period, measure, group)),
                Entry::Aggregate(AggregateEntry::Figure(figure)),
            ) => Some((*period, *measure, *group, figure)),
            _ => None,
        })
    }

    fn aggregate(&self, key: AggregateKey) -> Option<&AggregateEntry> {
        match self.get(&Key::Aggregate(key)) {
            Some(Entry::Aggregate(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }
}
