//! Readings that wait for the node's clock: they lie ahead of a clock that cannot be right. They are on disk and nowhere
//! else; when the clock is right again each is stored like any other, or refused.

use std::collections::BTreeMap;

use protocol::limits::{METRICS_PER_PAYLOAD_MAX, QUARANTINE_ROWS_MAX, ROWS_PER_COMMIT_MAX};
use protocol::{Tick, UnixMs};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use thiserror::Error;

use super::catalogue::{AssetId, Column};
use super::telemetry::{Row, Value};

/// Rows of one entry: sixteen of 64 values stay within an entry's length.
const HELD_ROWS_MAX: usize = 16;
/// A release that was not heard of again is tried anew after so long, milliseconds.
const RELEASE_RETRY_MS: u64 = 60_000;

/// Rows that wait, as one entry of the building's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Held {
    /// Number of the entry.
    pub number: u64,
    rows: Vec<Row>,
}

impl Held {
    /// At most sixteen rows.
    pub fn new(number: u64, rows: Vec<Row>) -> Result<Self, NoRow> {
        if rows.len() > HELD_ROWS_MAX { Err(NoRow) } else { Ok(Self { number, rows }) }
    }
}

/// A row that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("rows that wait have finite values, one per column, and are at most {HELD_ROWS_MAX}")]
pub struct NoRow;

#[derive(Serialize_tuple, Deserialize_tuple)]
struct Stored {
    number: u64,
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, HELD_ROWS_MAX>")]
    rows: Vec<StoredRow>,
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct StoredRow {
    asset: AssetId,
    time: UnixMs,
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, METRICS_PER_PAYLOAD_MAX>")]
    values: Vec<(Column, f64)>,
}

impl From<Held> for Stored {
    fn from(held: Held) -> Self {
        let rows = held.rows.iter().map(|row| StoredRow {
            asset: row.asset(),
            time: row.time(),
            values: row.values().iter().map(|(column, value)| (*column, value.get())).collect(),
        });
        Self { number: held.number, rows: rows.collect() }
    }
}

impl TryFrom<Stored> for Held {
    type Error = NoRow;

    fn try_from(stored: Stored) -> Result<Self, NoRow> {
        if stored.rows.len() > HELD_ROWS_MAX {
            return Err(NoRow);
        }
        let row = |row: StoredRow| {
            let values = row.values.into_iter().take(METRICS_PER_PAYLOAD_MAX + 1);
            let values: Option<Vec<(Column, Value)>> =
                values.map(|(column, number)| Some((column, Value::new(number)?))).collect();
            Row::new(row.asset, row.time, values.ok_or(NoRow)?).ok_or(NoRow)
        };
        let rows: Result<Vec<Row>, NoRow> = stored.rows.into_iter().map(row).collect();
        Ok(Self { number: stored.number, rows: rows? })
    }
}

/// What became of readings that had to wait, since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waited {
    /// Rows put aside.
    pub held: u64,
    /// Rows stored after all.
    pub released: u64,
    /// Rows refused when the clock was right again.
    pub refused: u64,
}

/// Everything that waits.
#[derive(Debug, Clone, Default)]
pub(super) struct Quarantine {
    held: BTreeMap<u64, Vec<Row>>,
    rows: usize,
    next: u64,
    leaving: Option<Leaving>,
    waited: Waited,
}

/// Entries whose rows are on their way to the log.
#[derive(Debug, Clone)]
struct Leaving {
    numbers: Vec<u64>,
    retry: Tick,
}

impl Quarantine {
    /// Takes back what waited before a restart.
    pub(super) fn restore(&mut self, held: Held) {
        self.next = self.next.max(held.number.saturating_add(1));
        self.rows += held.rows.len();
        self.held.insert(held.number, held.rows);
    }

    /// Rows that wait.
    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    pub(super) const fn waited(&self) -> Waited {
        self.waited
    }

    /// Puts rows aside and answers the entries to store; `None` if there is no room for all of them.
    pub(super) fn hold(&mut self, rows: &[Row]) -> Option<Vec<Held>> {
        if self.rows + rows.len() > QUARANTINE_ROWS_MAX {
            return None;
        }
        self.waited.held += rows.len() as u64;
        let entries = rows.chunks(HELD_ROWS_MAX).map(|rows| {
            let held = Held { number: self.next, rows: rows.to_vec() };
            self.restore(held.clone());
            held
        });
        Some(entries.collect())
    }

    /// The oldest rows, to be stored or refused now that the clock is right: as many as one commit takes. `None` while
    /// nothing waits or others are on their way.
    pub(super) fn release(&mut self, now: Tick) -> Option<Vec<Row>> {
        if self.held.is_empty() || self.leaving.as_ref().is_some_and(|leaving| now < leaving.retry) {
            return None;
        }
        let (mut numbers, mut rows) = (Vec::new(), Vec::new());
        for (number, held) in &self.held {
            if rows.len() + held.len() > ROWS_PER_COMMIT_MAX {
                break;
            }
            numbers.push(*number);
            rows.extend(held.iter().cloned());
        }
        self.leaving = Some(Leaving { numbers, retry: now.plus(RELEASE_RETRY_MS) });
        Some(rows)
    }

    /// What left is on disk, or refused: answers the entries to delete.
    pub(super) fn left(&mut self, released: usize) -> Vec<u64> {
        let numbers = self.leaving.take().map(|leaving| leaving.numbers).unwrap_or_default();
        let gone: usize =
            numbers.iter().filter_map(|number| self.held.remove(number)).map(|rows| rows.len()).sum();
        self.rows -= gone;
        self.waited.released += released as u64;
        self.waited.refused += gone.saturating_sub(released) as u64;
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize) -> Vec<Row> {
        let row = |i: usize| {
            let value = Value::new(1.5).unwrap();
            let time = UnixMs(i64::try_from(i).unwrap());
            Row::new(AssetId(3), time, vec![(Column(0), value), (Column(7), value)]).unwrap()
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn what_waits_is_bounded_and_leaves_in_order() {
        let mut quarantine = Quarantine::default();
        let entries = quarantine.hold(&rows(40)).unwrap();
        assert_eq!(entries.iter().map(|held| held.rows.len()).collect::<Vec<_>>(), [16, 16, 8]);
        assert_eq!(quarantine.hold(&rows(QUARANTINE_ROWS_MAX)), None);
        let mut again = Quarantine::default();
        entries.into_iter().for_each(|held| again.restore(held));
        assert_eq!(again.release(Tick(0)).unwrap(), rows(40));
        assert_eq!(again.release(Tick(1)), None, "they are on their way");
        assert_eq!(
            again.release(Tick(RELEASE_RETRY_MS)).unwrap().len(),
            40,
            "nobody heard of them: once more"
        );
        assert_eq!((again.left(30), again.len()), (vec![0, 1, 2], 0));
        assert_eq!((again.waited().released, again.waited().refused), (30, 10));
        assert_eq!(again.release(Tick(u64::MAX)), None);
    }

    #[test]
    fn the_longest_entry_fits_and_a_wrong_one_is_refused() {
        let values = |_| (0u16..64).map(|i| (Column(200 + i), Value::new(f64::MAX).unwrap())).collect();
        let row = |i| Row::new(AssetId(u32::MAX), UnixMs(i64::MAX), values(i)).unwrap();
        let held = Held { number: u64::MAX, rows: (0..HELD_ROWS_MAX).map(row).collect() };
        let bytes = protocol::encode(&held);
        assert!(bytes.len() <= super::super::maintenance::ENTRY_BYTES_MAX, "{}", bytes.len());
        assert_eq!(protocol::decode::<Held>(&bytes, bytes.len()).unwrap(), held);
        let twice = Stored {
            number: 0,
            rows: vec![StoredRow { asset: AssetId(0), time: UnixMs(0), values: vec![(Column(0), 1.0); 2] }],
        };
        assert!(protocol::decode::<Held>(&protocol::encode(&twice), 1_000).is_err());
    }
}
