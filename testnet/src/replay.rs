//! Recorded meters: a CSV file, plain or gzipped, with the columns `slot`, `Bnn_load_wh` and `Bnn_pv_wh`.
//!
//! Slot 0 begins at 2016-01-01T00:00+01:00 and slot n begins n × 15 minutes later. Slots ascend; a file may leave
//! some out. Everything is checked before the first process starts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use crate::clock::SLOT_MS;

/// Start of slot 0: 2016-01-01T00:00+01:00.
pub const SLOT_ZERO_MS: i64 = 1_451_602_800_000;
/// A line of 30 buildings is below 1 KiB.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Five years of slots.
const SLOTS_MAX: usize = 5 * 366 * 96;
/// More energy than any building's slot: 1 GWh.
const ENERGY_WH_MAX: u64 = 1_000_000_000;

/// What is wrong with a replay file.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("cannot read replay file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is not what the format asks for.
    #[error("replay file {path}, line {line}: expected {expected}, found {found}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What the format asks for.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The file has fewer buildings than the neighbourhood.
    #[error("replay file {path} records {found} buildings, the neighbourhood has {expected}")]
    TooFewBuildings {
        /// The file.
        path: PathBuf,
        /// Buildings of the neighbourhood.
        expected: usize,
        /// Buildings of the file.
        found: usize,
    },
}

/// One recorded building; copies share the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    building: String,
    has_pv: bool,
    slots: Arc<BTreeMap<i64, (u64, u64)>>,
}

impl Series {
    /// The building's name in the file, such as `B01`.
    pub fn building(&self) -> &str {
        &self.building
    }

    /// Load and, with PV, production of the slot which begins at `slot_ms`; none outside the record.
    pub fn energy(&self, slot_ms: i64) -> Option<(u64, Option<u64>)> {
        let (load_wh, pv_wh) = self.slots.get(&slot_ms)?;
        Some((*load_wh, self.has_pv.then_some(*pv_wh)))
    }

    /// Hive time at which the record begins.
    pub fn starts_ms(&self) -> i64 {
        self.slots.keys().next().copied().unwrap_or(SLOT_ZERO_MS)
    }

    /// Number in the file, load and production of every slot, Wh; without PV it produces nothing.
    pub fn slots(&self) -> impl Iterator<Item = (u64, (u64, u64))> {
        let number = |ms: i64| u64::try_from((ms - SLOT_ZERO_MS) / SLOT_MS).unwrap_or(0);
        self.slots.iter().map(move |(ms, energy)| (number(*ms), *energy))
    }

    /// How many slots are recorded.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

/// Reads every building of `path`, of which there have to be at least `buildings`.
pub fn read(path: &Path, buildings: usize) -> Result<Vec<Series>, ReplayError> {
    let unreadable = |source| ReplayError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    parse(path, BufReader::new(bytes), buildings)
}

fn parse(path: &Path, mut lines: impl BufRead, buildings: usize) -> Result<Vec<Series>, ReplayError> {
    let header = next_line(path, &mut lines, 1)?.unwrap_or_default();
    let columns = Columns::parse(path, &header)?;
    if columns.buildings.len() < buildings {
        let found = columns.buildings.len();
        return Err(ReplayError::TooFewBuildings { path: path.to_owned(), expected: buildings, found });
    }
    let mut series: Vec<Series> = columns.buildings.iter().map(Building::series).collect();
    let mut number = 1;
    let mut last_slot = None;
    while let Some(line) = next_line(path, &mut lines, number + 1)? {
        number += 1;
        let row = Row { path, number, fields: line.split(',').collect() };
        let slot = row.number_in(0, "slot")?;
        if last_slot.is_some_and(|last| slot <= last) || number > SLOTS_MAX {
            return Err(row.malformed("ascending slots, at most five years of them", &format!("slot {slot}")));
        }
        if row.fields.len() != columns.count {
            let expected = format!("{} fields", columns.count);
            return Err(row.malformed(&expected, &row.fields.len().to_string()));
        }
        last_slot = Some(slot);
        let start_ms = SLOT_ZERO_MS + i64::try_from(slot).unwrap_or(i64::MAX / SLOT_MS / 2) * SLOT_MS;
        for (series, building) in series.iter_mut().zip(&columns.buildings) {
            Arc::make_mut(&mut series.slots).insert(start_ms, building.energy(&row)?);
        }
    }
    if last_slot.is_none() {
        let (expected, found) = ("at least one slot".to_owned(), "the end of the file".to_owned());
        return Err(ReplayError::Malformed { path: path.to_owned(), line: 2, expected, found });
    }
    Ok(series)
}

fn next_line(path: &Path, lines: &mut impl BufRead, number: usize) -> Result<Option<String>, ReplayError> {
    let mut line = String::new();
    let read = lines.by_ref().take(LINE_BYTES_MAX).read_line(&mut line);
    let read = read.map_err(|source| ReplayError::Unreadable { path: path.to_owned(), source })?;
    if read as u64 == LINE_BYTES_MAX {
        let expected = format!("a line below {LINE_BYTES_MAX} bytes");
        return Err(ReplayError::Malformed {
            path: path.to_owned(),
            line: number,
            expected,
            found: "more".to_owned(),
        });
    }
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

/// Where each building stands in a line.
struct Columns {
    count: usize,
    buildings: Vec<Building>,
}

struct Building {
    name: String,
    load: usize,
    pv: Option<usize>,
}

impl Columns {
    fn parse(path: &Path, header: &str) -> Result<Self, ReplayError> {
        let names: Vec<&str> = header.split(',').collect();
        let header_row = Row { path, number: 1, fields: names.clone() };
        if names.first() != Some(&"slot") {
            return Err(header_row.malformed("the columns slot, B01_load_wh, …", header));
        }
        let mut buildings: Vec<Building> = Vec::new();
        for (column, name) in names.iter().enumerate().skip(1) {
            if let Some(building) = name.strip_suffix("_load_wh") {
                buildings.push(Building { name: building.to_owned(), load: column, pv: None });
            } else if let Some(building) = name.strip_suffix("_pv_wh") {
                let owner = buildings.last_mut().filter(|last| last.name == building && last.pv.is_none());
                let owner =
                    owner.ok_or_else(|| header_row.malformed("a _pv_wh column after its _load_wh", name))?;
                owner.pv = Some(column);
            } else {
                return Err(header_row.malformed("a column named Bnn_load_wh or Bnn_pv_wh", name));
            }
        }
        Ok(Self { count: names.len(), buildings })
    }
}

impl Building {
    fn series(&self) -> Series {
        Series { building: self.name.clone(), has_pv: self.pv.is_some(), slots: Arc::default() }
    }

    fn energy(&self, row: &Row<'_>) -> Result<(u64, u64), ReplayError> {
        let load_wh = row.number_in(self.load, &format!("{}_load_wh", self.name))?;
        let pv_wh = match self.pv {
            Some(column) => row.number_in(column, &format!("{}_pv_wh", self.name))?,
            None => 0,
        };
        Ok((load_wh, pv_wh))
    }
}

struct Row<'a> {
    path: &'a Path,
    number: usize,
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn number_in(&self, column: usize, name: &str) -> Result<u64, ReplayError> {
        let text = self.fields.get(column).copied().unwrap_or("nothing");
        let value = text.parse::<u64>().ok().filter(|value| *value <= ENERGY_WH_MAX);
        value.ok_or_else(|| self.malformed(&format!("whole watt-hours in {name}"), text))
    }

    fn malformed(&self, expected: &str, found: &str) -> ReplayError {
        let found: String = found.chars().take(60).collect();
        ReplayError::Malformed {
            path: self.path.to_owned(),
            line: self.number,
            expected: expected.to_owned(),
            found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "slot,B01_load_wh,B01_pv_wh,B02_load_wh\n2688,78,0,62\n2689,59,7,65\n15456,5,6,7\n";

    fn parsed(text: &str, buildings: usize) -> Result<Vec<Series>, String> {
        parse(Path::new("small.csv"), text.as_bytes(), buildings).map_err(|error| error.to_string())
    }

    #[test]
    fn slots_become_times_and_buildings_keep_their_order() {
        let series = parsed(SMALL, 2).unwrap();
        let first_ms = SLOT_ZERO_MS + 2688 * SLOT_MS;
        assert_eq!(series[0].building(), "B01");
        assert_eq!(series[0].starts_ms(), first_ms);
        assert_eq!(series[0].energy(first_ms + SLOT_MS), Some((59, Some(7))));
        assert_eq!(series[1].energy(first_ms), Some((62, None)));
        assert_eq!(series[1].energy(first_ms + 2 * SLOT_MS), None, "the file leaves this slot out");
        assert_eq!(series[1].len(), 3);
        assert_eq!(series[0].slots().map(|(slot, _)| slot).collect::<Vec<_>>(), [2688, 2689, 15456]);
        assert_eq!(
            series[1].slots().map(|(_, energy)| energy).collect::<Vec<_>>(),
            [(62, 0), (65, 0), (7, 0)]
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases = [
            ("", "line 1: expected the columns slot"),
            ("slot,B01_load_wh\n", "line 2: expected at least one slot"),
            ("slot,B01_power\n1,2\n", "line 1: expected a column named Bnn_load_wh"),
            ("slot,B01_pv_wh\n1,2\n", "line 1: expected a _pv_wh column after its _load_wh"),
            ("slot,B01_load_wh\n5,1\n5,2\n", "line 3: expected ascending slots"),
            ("slot,B01_load_wh\n5,-1\n", "line 2: expected whole watt-hours in B01_load_wh, found -1"),
            ("slot,B01_load_wh\n5\n", "line 2: expected 2 fields, found 1"),
            ("slot,B01_load_wh\n5,1,2\n", "line 2: expected 2 fields, found 3"),
            ("slot,B01_load_wh\n5,99999999999\n", "line 2: expected whole watt-hours"),
        ];
        for (text, expected) in cases {
            let found = parsed(text, 1).unwrap_err();
            assert!(found.contains(expected), "{text:?} gives {found:?}");
        }
    }

    #[test]
    fn a_neighbourhood_larger_than_the_record_is_refused() {
        assert!(parsed(SMALL, 3).unwrap_err().contains("records 2 buildings, the neighbourhood has 3"));
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let endless = format!("slot,{}", "x".repeat(200_000));
        assert!(parsed(&endless, 1).unwrap_err().contains("a line below"));
    }

    #[test]
    fn a_gzipped_file_reads_like_a_plain_one() {
        use std::io::Write;
        let path = std::env::temp_dir().join(format!("symbiose-replay-{}.csv.gz", std::process::id()));
        let mut encoder =
            flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        encoder.write_all(SMALL.as_bytes()).unwrap();
        encoder.finish().unwrap();
        let series = read(&path, 2);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(series.unwrap(), parsed(SMALL, 2).unwrap());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Path::new("/nowhere/x.csv"), 1).unwrap_err().to_string();
        assert!(error.contains("/nowhere/x.csv"), "{error}");
    }
}
