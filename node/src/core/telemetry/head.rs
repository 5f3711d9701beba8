//! The recent readings of one asset, by time: enough for range reads of the last hours. Bounded in rows and in time;
//! what falls out is still in the log.

use protocol::UnixMs;
use std::collections::VecDeque;

use super::columns::Columns;
use super::conflict::Tally;
use super::value::{Row, Value};
use crate::core::catalogue::Column;

/// Rows kept per asset: two hours at one row every 10 s.
pub const HEAD_ROWS_MAX: usize = 720;
/// How far back rows are kept, counted from the newest one, milliseconds.
pub const HEAD_SPAN_MS_MAX: i64 = 2 * 60 * 60 * 1000;

/// What became of the values of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Values that are new.
    pub points: u32,
    /// Values that were there already, bit for bit.
    pub duplicates: u32,
    /// Values that contradict one of the same time; which of them stays is for the metric to say.
    pub conflicts: u32,
    /// Whether the row is older than what the head covers: it is in the log only, and a value of the same time
    /// there is found out when it is read.
    pub late: bool,
    /// Which of the row's values are new, bit i for value i.
    pub fresh: u64,
}

/// Rows sorted by time with one column per metric. A missing value is a NaN, which no [`Value`] is.
#[derive(Debug, Clone, Default)]
pub struct Head {
    times: VecDeque<i64>,
    columns: Vec<VecDeque<f64>>,
    tallies: Vec<Tally>,
}

impl Head {
    /// Rows in the head.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// From when on the head holds every reading that was accepted; `None` while it is empty.
    pub fn covers_from(&self) -> Option<UnixMs> {
        self.times.front().map(|time| UnixMs(*time))
    }

    /// The newest value of a column and its time.
    pub fn latest(&self, column: Column) -> Option<(UnixMs, Value)> {
        let values = self.columns.get(usize::from(column.0))?;
        self.times.iter().zip(values).rev().find_map(|(time, value)| reading(*time, *value))
    }

    /// The readings of a column in `[from, to)`, oldest first.
    pub fn readings(
        &self,
        column: Column,
        from: UnixMs,
        to: UnixMs,
    ) -> impl Iterator<Item = (UnixMs, Value)> + '_ {
        let first = self.times.partition_point(|time| *time < from.0);
        let end = self.times.partition_point(|time| *time < to.0).max(first);
        let values = self.columns.get(usize::from(column.0));
        let pairs = values.map(|values| self.times.range(first..end).zip(values.range(first..end)));
        pairs.into_iter().flatten().filter_map(|(time, value)| reading(*time, *value))
    }

    /// The rows in `[from, to)` with the columns wanted, by rising id.
    pub fn rows(&self, wanted: &[Column], from: UnixMs, to: UnixMs) -> Columns {
        let first = self.times.partition_point(|time| *time < from.0);
        let end = self.times.partition_point(|time| *time < to.0).max(first);
        let times = self.times.range(first..end).copied().collect();
        let columns = wanted.iter().filter_map(|column| {
            let values = self.columns.get(usize::from(column.0))?;
            Some((*column, values.range(first..end).copied().collect()))
        });
        Columns::of_checked(times, columns.collect()).expect("invariant: a head keeps its rows in order")
    }

    /// What came twice in a column.
    pub(super) fn tally(&self, column: Column) -> Tally {
        self.tallies.get(usize::from(column.0)).copied().unwrap_or_default()
    }

    /// Sorts a row in. Of two values of one time the first stays unless the last one wins in its column; of each such
    /// pair is told which holds and which does not.
    pub(super) fn insert(
        &mut self,
        row: &Row,
        last_wins: impl Fn(Column) -> bool,
        conflict: impl FnMut(Column, Value, Value),
    ) -> Applied {
        let time = row.time().0;
        let count = u32::try_from(row.values().len()).expect("invariant: a row has at most 64 values");
        if self.is_too_late(row.time()) {
            return Applied { points: count, late: true, fresh: u64::MAX, ..Applied::default() };
        }
        let at = match self.times.back() {
            Some(newest) if *newest < time => self.times.len(),
            Some(_) | None => self.times.partition_point(|known| *known < time),
        };
        if self.times.get(at) != Some(&time) {
            insert(&mut self.times, at, time);
            self.columns.iter_mut().for_each(|column| insert(column, at, f64::NAN));
        }
        let applied = self.fill(at, row, last_wins, conflict);
        self.trim();
        applied
    }

    /// Whether a reading of this time is older than what the head covers.
    pub(super) fn is_too_late(&self, time: UnixMs) -> bool {
        let time = time.0;
        let full =
            self.times.len() >= HEAD_ROWS_MAX && self.times.front().is_some_and(|oldest| time < *oldest);
        full || self.times.back().is_some_and(|newest| time < newest.saturating_sub(HEAD_SPAN_MS_MAX))
    }

    fn fill(
        &mut self,
        at: usize,
        row: &Row,
        last_wins: impl Fn(Column) -> bool,
        mut conflict: impl FnMut(Column, Value, Value),
    ) -> Applied {
        let mut applied = Applied::default();
        for (i, (column, value)) in row.values().iter().enumerate() {
            let place = self.place(*column, at);
            let Some(known) = Value::new(*place) else {
                *place = value.get();
                applied.points += 1;
                applied.fresh |= 1 << i;
                continue;
            };
            if known == *value {
                applied.duplicates += 1;
                self.tallies[usize::from(column.0)].duplicates += 1;
                continue;
            }
            applied.conflicts += 1;
            if last_wins(*column) {
                *place = value.get();
                conflict(*column, *value, known);
            } else {
                conflict(*column, known, *value);
            }
            self.tallies[usize::from(column.0)].conflicts += 1;
        }
        applied
    }

    fn place(&mut self, column: Column, at: usize) -> &mut f64 {
        let (index, rows) = (usize::from(column.0), self.times.len());
        if self.columns.len() <= index {
            self.columns.resize_with(index + 1, || std::iter::repeat_n(f64::NAN, rows).collect());
            self.tallies.resize(index + 1, Tally::default());
        }
        self.columns[index].get_mut(at).expect("invariant: every column has one place per row")
    }

    fn trim(&mut self) {
        let horizon = self.times.back().map_or(i64::MIN, |newest| newest.saturating_sub(HEAD_SPAN_MS_MAX));
        while self.times.len() > HEAD_ROWS_MAX || self.times.front().is_some_and(|oldest| *oldest < horizon) {
            self.times.pop_front();
            self.columns.iter_mut().for_each(|column| {
                column.pop_front();
            });
        }
    }
}

/// Room is taken for what a head may hold, not for the next power of two.
fn insert<T>(items: &mut VecDeque<T>, at: usize, item: T) {
    let len = items.len();
    if len == items.capacity() {
        let left = (HEAD_ROWS_MAX + 1).saturating_sub(len).max(1);
        items.reserve_exact((len / 2).max(16).min(left));
    }
    items.insert(at, item);
}

fn reading(time: i64, value: f64) -> Option<(UnixMs, Value)> {
    Value::new(value).map(|value| (UnixMs(time), value))
}
