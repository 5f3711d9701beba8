//! Rows of one asset side by side: one column of times shared by all its metrics. Sorts rows in and merges what was
//! accepted at different times; of two readings of one time and metric one is kept, and the other is counted.

use protocol::UnixMs;
use protocol::limits::{CHUNK_CELLS_MAX, CHUNK_ROWS_MAX};

use super::value::{Row, Value};
use crate::core::catalogue::Column;

/// Which of two readings of the same time and metric stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// The one that was accepted first.
    #[default]
    First,
    /// The one that was accepted last.
    Last,
}

/// Readings of the same time and metric that were met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clashes {
    /// Equal, bit for bit.
    pub duplicates: u64,
    /// Contradicting.
    pub conflicts: u64,
}

/// Rows of one asset by strictly rising time, one column per metric by rising id. A missing value is a NaN, which no
/// [`Value`] is.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    times: Vec<i64>,
    columns: Vec<(Column, Vec<f64>)>,
}

impl PartialEq for Columns {
    /// Equal bit for bit, gaps included.
    fn eq(&self, other: &Self) -> bool {
        let cell = |value: &f64| Value::new(*value).map(|value| value.get().to_bits());
        let same = |a: &[f64], b: &[f64]| a.iter().map(cell).eq(b.iter().map(cell));
        self.times == other.times
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(a, b)| a.0 == b.0 && same(&a.1, &b.1))
    }
}

impl Columns {
    /// Takes columns that are in order already. `None` if times or ids do not rise, a column is not as long as the
    /// times, or a number is neither a [`Value`] nor a gap.
    pub fn new(times: Vec<i64>, columns: Vec<(Column, Vec<f64>)>) -> Option<Self> {
        let rising = times.windows(2).all(|pair| pair[0] < pair[1])
            && columns.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let fitting = columns.iter().all(|(_, values)| values.len() == times.len());
        let valid = columns.iter().all(|(_, values)| values.iter().all(|value| is_cell(*value)));
        (rising && fitting && valid).then_some(Self { times, columns })
    }

    /// Takes columns whose numbers were checked one by one. `None` if times do not rise or a length does not fit.
    pub(super) fn of_checked(times: Vec<i64>, columns: Vec<(Column, Vec<f64>)>) -> Option<Self> {
        let rising = times.windows(2).all(|pair| pair[0] < pair[1]);
        let fitting = columns.iter().all(|(_, values)| values.len() == times.len());
        (rising && fitting).then_some(Self { times, columns })
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Values, gaps not counted.
    pub fn points(&self) -> usize {
        self.columns.iter().map(|(_, values)| values.iter().filter(|value| !value.is_nan()).count()).sum()
    }

    /// The times, milliseconds since 1970, strictly rising.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// Time of the first row.
    pub fn first(&self) -> Option<UnixMs> {
        self.times.first().map(|time| UnixMs(*time))
    }

    /// Time of the last row.
    pub fn last(&self) -> Option<UnixMs> {
        self.times.last().map(|time| UnixMs(*time))
    }

    /// The columns, by rising id, each as long as the times; a gap is a NaN.
    pub fn columns(&self) -> &[(Column, Vec<f64>)] {
        &self.columns
    }

    /// The numbers of one column; a gap is a NaN.
    pub fn column(&self, column: Column) -> Option<&[f64]> {
        let at = self.columns.binary_search_by_key(&column, |(id, _)| *id).ok()?;
        Some(&self.columns[at].1)
    }

    /// The readings of one column, oldest first, gaps left out.
    pub fn readings(&self, column: Column) -> impl Iterator<Item = (UnixMs, Value)> + '_ {
        let values = self.column(column).unwrap_or_default();
        let pairs = self.times.iter().zip(values);
        pairs.filter_map(|(time, value)| Value::new(*value).map(|value| (UnixMs(*time), value)))
    }

    /// The rows in `[from, to)`.
    pub fn slice(&self, from: UnixMs, to: UnixMs) -> Self {
        let first = self.times.partition_point(|time| *time < from.0);
        let end = self.times.partition_point(|time| *time < to.0).max(first);
        self.rows(first, end)
    }

    /// Only the columns that are wanted, without rows that hold no value any more.
    #[must_use]
    pub fn keep_columns(mut self, wanted: impl Fn(Column) -> bool) -> Self {
        self.columns.retain(|(column, _)| wanted(*column));
        let held = |row: usize| self.columns.iter().any(|(_, values)| !values[row].is_nan());
        let kept: Vec<bool> = (0..self.times.len()).map(held).collect();
        if kept.iter().all(|kept| *kept) {
            return self;
        }
        retain(&mut self.times, &kept);
        self.columns.iter_mut().for_each(|(_, values)| retain(values, &kept));
        self
    }

    /// Pieces that each fit into one chunk, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Self> + '_ {
        let rows = (CHUNK_CELLS_MAX / self.columns.len().max(1)).clamp(1, CHUNK_ROWS_MAX);
        (0..self.len()).step_by(rows).map(move |first| self.rows(first, (first + rows).min(self.len())))
    }

    fn rows(&self, first: usize, end: usize) -> Self {
        let columns = self.columns.iter().map(|(id, values)| (*id, values[first..end].to_vec()));
        Self { times: self.times[first..end].to_vec(), columns: columns.collect() }
    }

    fn with_room(mut ids: Vec<Column>, rows: usize) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let columns = ids.into_iter().map(|id| (id, Vec::with_capacity(rows))).collect();
        Self { times: Vec::with_capacity(rows), columns }
    }

    /// Opens a row of gaps, unless the last one has this time.
    fn open_row(&mut self, time: i64) {
        if self.times.last() != Some(&time) {
            self.times.push(time);
            self.columns.iter_mut().for_each(|(_, values)| values.push(f64::NAN));
        }
    }

    /// Puts a number into the last row.
    fn put(&mut self, at: usize, number: f64, keep: &impl Fn(Column) -> Keep, clashes: &mut Clashes) {
        let (column, values) = &mut self.columns[at];
        let place = values.last_mut().expect("invariant: a row is open");
        if place.is_nan() {
            *place = number;
        } else if place.to_bits() == number.to_bits() {
            clashes.duplicates += 1;
        } else {
            clashes.conflicts += 1;
            match keep(*column) {
                Keep::First => {}
                Keep::Last => *place = number,
            }
        }
    }

    fn index(&self, column: Column) -> usize {
        let at = self.columns.binary_search_by_key(&column, |(id, _)| *id);
        at.expect("invariant: every column was announced")
    }
}

/// Puts rows of one asset, given in the order of acceptance, in the order of time. Rows without a value are left out.
pub fn from_rows<'a>(
    rows: impl IntoIterator<Item = &'a Row>,
    keep: impl Fn(Column) -> Keep,
) -> (Columns, Clashes) {
    let mut rows: Vec<&Row> = rows.into_iter().filter(|row| !row.values().is_empty()).collect();
    // Stable: rows of one time stay in the order of acceptance.
    rows.sort_by_key(|row| row.time());
    let mut ids: Vec<Column> = Vec::new();
    for row in &rows {
        ids.extend(row.values().iter().map(|(column, _)| *column));
        if ids.len() > 4 * CHUNK_ROWS_MAX {
            ids.sort_unstable();
            ids.dedup();
        }
    }
    let (mut sorted, mut clashes) = (Columns::with_room(ids, rows.len()), Clashes::default());
    for row in rows {
        sorted.open_row(row.time().0);
        for (column, value) in row.values() {
            sorted.put(sorted.index(*column), value.get(), &keep, &mut clashes);
        }
    }
    (sorted, clashes)
}

/// Merges parts of one asset, given in the order of acceptance.
pub fn merge(mut parts: Vec<Columns>, keep: impl Fn(Column) -> Keep) -> (Columns, Clashes) {
    parts.retain(|part| !part.is_empty());
    if parts.len() <= 1 {
        return (parts.pop().unwrap_or_default(), Clashes::default());
    }
    let ids = parts.iter().flat_map(|part| part.columns.iter().map(|(id, _)| *id)).collect();
    let rows = parts.iter().map(Columns::len).sum();
    let (mut merged, mut clashes) = (Columns::with_room(ids, rows), Clashes::default());
    let places: Vec<Vec<usize>> =
        parts.iter().map(|part| part.columns.iter().map(|(id, _)| merged.index(*id)).collect()).collect();
    for (part, row) in in_time_order(&parts) {
        merged.open_row(parts[part].times[row]);
        for ((_, values), at) in parts[part].columns.iter().zip(&places[part]) {
            if !values[row].is_nan() {
                merged.put(*at, values[row], &keep, &mut clashes);
            }
        }
    }
    (merged, clashes)
}

/// Part and row of every row by time; of one time, by part.
fn in_time_order(parts: &[Columns]) -> Vec<(usize, usize)> {
    let mut order: Vec<(usize, usize)> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, rows)| (0..rows.len()).map(move |row| (part, row)))
        .collect();
    // Parts that follow each other are in order already, which a stable sort finds out in one pass.
    order.sort_by_key(|(part, row)| parts[*part].times[*row]);
    order
}

fn retain<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    items.retain(|_| *kept.next().expect("invariant: one mark per row"));
}

/// Whether a number may stand in a column: a value or a gap.
fn is_cell(number: f64) -> bool {
    number.is_nan() || Value::new(number).is_some_and(|value| value.get().to_bits() == number.to_bits())
}
