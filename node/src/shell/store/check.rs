//! Reads every file of a data folder from beginning to end and changes nothing, for whoever wants to know whether the
//! disk still gives back what was written. A running node may write meanwhile: the end of a file that grows is not
//! held against it.

use std::fs;
use std::path::Path;

use ledger::record::read_vote_log;
use protocol::{ChainId, Genesis};

use super::block_log::Scan;
use super::photos::Photos;
use super::{StoreError, building_log, file, telemetry_read};
use crate::core::telemetry::{ChunkReader, Day, DayFileCheck, FoundPart, read_footer};

/// A day file is never longer, bytes.
const DAY_FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// A vote log is never longer, bytes.
const VOTE_LOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Files of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// How many there are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong, one sentence each.
    pub wrong: Vec<String>,
}

impl Checked {
    fn take(&mut self, name: &str, bytes: u64, damaged: Result<Option<String>, StoreError>) {
        self.files += 1;
        self.bytes += bytes;
        match damaged {
            Ok(None) => {}
            Ok(Some(detail)) => self.wrong.push(format!("{name}: {detail}")),
            Err(error) => self.wrong.push(error.to_string()),
        }
    }
}

/// The ledger: every frame, and that each block is of its height.
pub fn blocks(dir: &Path, genesis: &Genesis) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    for (name, bytes) in files(dir, ".log")? {
        checked.take(&name, bytes, Ok(None));
    }
    if checked.files > 0 {
        let mut scan = Scan::open(dir, genesis)?;
        let blocks = scan.by_ref().count();
        if let (_, Some(damage)) = scan.ended()? {
            let detail = format!("damaged at block {} of {blocks} ({})", damage.height, damage.detail);
            checked.wrong.push(detail);
        }
    }
    Ok(checked)
}

/// What this node signed at the height in progress.
pub fn votes(path: &Path, chain: &ChainId) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    if path.exists() {
        let bytes = file::read(path, VOTE_LOG_BYTES_MAX)?;
        let damaged = read_vote_log(&bytes, chain).err().map(|error| error.to_string());
        checked.take("wal", bytes.len() as u64, Ok(damaged));
    }
    Ok(checked)
}

/// The building's own records.
pub fn building(path: &Path) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    if path.exists() {
        let bytes = fs::metadata(path).map_err(StoreError::at("look at", path))?.len();
        let gaps =
            building_log::gaps(path).map(|gaps| (gaps > 0).then(|| format!("damaged in {gaps} places")));
        checked.take("building.log", bytes, gaps);
    }
    Ok(checked)
}

/// The telemetry log.
pub fn telemetry_log(dir: &Path) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    for (name, bytes) in files(dir, ".log")? {
        let number = name.strip_prefix("telemetry-").and_then(|name| name.strip_suffix(".log")?.parse().ok());
        let Some(number) = number else { continue };
        let gaps = telemetry_read::gaps(&dir.join(&name), number);
        checked.take(&name, bytes, gaps.map(|gaps| (gaps > 0).then(|| format!("damaged in {gaps} places"))));
    }
    Ok(checked)
}

/// Day files: those being filled and those that are finished.
pub fn days(dir: &Path) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    for ending in [".open", ".seg", ".roll"] {
        for (name, bytes) in files(dir, ending)? {
            let Some(day) = name.strip_suffix(ending).and_then(Day::parse) else { continue };
            checked.take(&name, bytes, day_file(&dir.join(&name), day, ending != ".open"));
        }
    }
    Ok(checked)
}

fn day_file(path: &Path, day: Day, is_finished: bool) -> Result<Option<String>, StoreError> {
    let bytes = file::read(path, DAY_FILE_BYTES_MAX)?;
    if is_finished {
        return Ok(finished(&bytes, day));
    }
    Ok(match ChunkReader::open_file(day, &bytes) {
        Ok(parts) => {
            let places = parts.filter(|part| matches!(part, FoundPart::Damaged { .. })).count();
            (places > 0).then(|| format!("damaged in {places} places"))
        }
        Err(error) => Some(error.to_string()),
    })
}

/// A file that is never changed carries a hash of itself.
fn finished(bytes: &[u8], day: Day) -> Option<String> {
    let footer = match read_footer(bytes.len() as u64, bytes) {
        Ok(footer) => footer,
        Err(error) => return Some(error.to_string()),
    };
    let mut check = DayFileCheck::new(bytes.len() as u64);
    check.update(bytes);
    (footer.day != day || !check.holds(&footer)).then(|| "is not what was written".to_owned())
}

/// Photos of work orders.
pub fn photos(dir: &Path) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    for (name, bytes, is_whole) in Photos::look_through(dir)? {
        checked.take(
            &name,
            bytes,
            Ok((!is_whole).then(|| "is not the picture that was handed in".to_owned())),
        );
    }
    Ok(checked)
}

/// Names and lengths of the files of a folder that end so, sorted; none when there is no folder.
fn files(dir: &Path, ending: &str) -> Result<Vec<(String, u64)>, StoreError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StoreError::at("read", dir))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::at("read", dir))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        if name.ends_with(ending) && metadata.is_file() {
            found.push((name, metadata.len()));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::building_log::BuildingLog;
    use super::super::scratch::Scratch;
    use super::*;

    #[test]
    fn a_flipped_record_is_found_and_nothing_is_changed() {
        let scratch = Scratch::new("check");
        let path = scratch.path().join("building.log");
        assert_eq!(building(&path).unwrap(), Checked::default());
        let mut log = BuildingLog::open(&path).unwrap().log;
        for key in ["a", "b", "c"] {
            log.append(&[(key.into(), Some(b"value".to_vec()))]).unwrap();
        }
        drop(log);
        assert_eq!((building(&path).unwrap().files, building(&path).unwrap().wrong.len()), (1, 0));
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let checked = building(&path).unwrap();
        assert!(checked.wrong[0].contains("damaged in 1 places"), "{checked:?}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "looking changes nothing");
        assert_eq!(days(scratch.path()).unwrap(), Checked::default());
        assert_eq!(telemetry_log(&scratch.path().join("nowhere")).unwrap(), Checked::default());
    }
}
