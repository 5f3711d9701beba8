//! `losses.log`: what was lost, once and for good. A loss is put on record before what holds its traces goes, so that
//! no reading that was acknowledged is ever missing in silence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ledger::record::{Frame, frame, read_frame};
use protocol::{UnixMs, decode, encode};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::super::written::Kind;
use super::super::{StoreError, file};
use super::disk::Disk;
use super::view::FileKind;
use crate::core::telemetry::{Day, Losses};

/// Magic of a record.
const MAGIC: [u8; 4] = *b"SyL1";
/// Its longest body, bytes.
const BODY_BYTES_MAX: usize = 256;
/// Losses remembered one by one; older ones are summed up.
const LOSSES_MAX: usize = 4_096;
/// The log is never longer, bytes.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What was damaged or is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum What {
    /// A place in a segment of the write-ahead log.
    Wal,
    /// A place in the file of a day in progress.
    Open,
    /// A place in a merged day.
    Seg,
    /// A place in a file of sums. Nothing is missing while readings are there to sum up.
    Roll,
    /// A whole file that the index knew.
    Gone,
    /// Older losses of any kind, summed up.
    Earlier,
}

impl From<FileKind> for What {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::Open => Self::Open,
            FileKind::Seg => Self::Seg,
            FileKind::Roll => Self::Roll,
        }
    }
}

/// Tells one loss from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize_tuple, Deserialize_tuple)]
pub struct Place {
    /// What was damaged.
    pub what: What,
    /// Day of the file, 0 for the write-ahead log.
    pub day: i32,
    /// Number of the segment, or what tells the file from others of its name.
    pub incarnation: u64,
    /// Where in it.
    pub offset: u64,
}

/// What was lost there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Loss {
    /// Where.
    pub place: Place,
    /// Places; 1 unless it is a sum.
    pub gaps: u64,
    /// Bytes.
    pub bytes: u64,
    /// Records of the write-ahead log, as far as their numbers tell; rows of a file that is gone.
    pub records: u64,
    /// Chunks of a day file.
    pub chunks: u64,
    /// When it was found, hive time.
    pub found: UnixMs,
}

/// The log.
#[derive(Debug)]
pub(super) struct LossLog {
    path: PathBuf,
    losses: BTreeMap<Place, Loss>,
    len: u64,
}

impl LossLog {
    /// Reads the log, and the copy of it: what one of them lost the other has. What cannot be read of both is a loss
    /// itself.
    pub(super) fn open(path: PathBuf, disk: &mut Disk, now: UnixMs) -> Result<Self, StoreError> {
        let copy = copied(&bytes_of(&copy_of(&path))?);
        let mut log = match &copy {
            Some(_) => Self::read(path)?,
            None => Self::read_alone(path, disk, now)?,
        };
        let known = log.losses.len();
        log.losses.extend(copy.clone().unwrap_or_default());
        if log.losses.len() > known {
            log.rewrite(disk)?;
        } else if copy.as_ref() != Some(&log.losses) && !log.losses.is_empty() {
            log.write_copy(disk)?;
        }
        Ok(log)
    }

    /// The log as far as it reads, beside a whole copy.
    fn read(path: PathBuf) -> Result<Self, StoreError> {
        let Read { losses, len, .. } = read(&bytes_of(&path)?);
        Ok(Self { path, losses, len })
    }

    /// The log without a copy to help.
    fn read_alone(path: PathBuf, disk: &mut Disk, now: UnixMs) -> Result<Self, StoreError> {
        let bytes = bytes_of(&path)?;
        let Read { losses, len, damaged } = read(&bytes);
        let mut log = Self { path, losses, len };
        let torn = bytes.len() as u64 - log.len;
        if damaged > u64::from(torn > 0) {
            let place = Place { what: What::Earlier, day: 0, incarnation: 0, offset: 0 };
            let mut sum = log.losses.remove(&place).unwrap_or(none(place, now));
            sum.gaps += damaged;
            log.losses.insert(place, sum);
            log.rewrite(disk)?;
        }
        Ok(log)
    }

    /// Puts losses on record, synced, unless they are already. Answers those that were not.
    pub(super) fn note(&mut self, found: &[Loss], disk: &mut Disk) -> Result<Vec<Loss>, StoreError> {
        let mut fresh: Vec<Loss> = Vec::new();
        for loss in found.iter().filter(|loss| !self.losses.contains_key(&loss.place)) {
            if fresh.iter().all(|one| one.place != loss.place) {
                fresh.push(*loss);
            }
        }
        if fresh.is_empty() {
            return Ok(fresh);
        }
        let bytes: Vec<u8> = fresh.iter().flat_map(|loss| frame(MAGIC, &encode(loss))).collect();
        let file = disk.open(&self.path, false)?;
        disk.write((&file, &self.path), self.len, &bytes, Kind::Books)?;
        disk.cut((&file, &self.path), self.len + bytes.len() as u64)?;
        disk.sync((&file, &self.path))?;
        if self.len == 0 {
            disk.sync_dir(self.path.parent().unwrap_or(Path::new(".")))?;
        }
        self.len += bytes.len() as u64;
        let known = fresh.iter().map(|loss| (loss.place, *loss));
        self.losses.extend(known);
        self.write_copy(disk)?;
        for loss in &fresh {
            tracing::error!(?loss, "readings are lost");
            metrics::counter!("symbiose_telemetry_losses_total").increment(loss.gaps);
        }
        if self.losses.len() > LOSSES_MAX {
            self.sum_up();
            self.rewrite(disk)?;
        }
        Ok(fresh)
    }

    /// Everything that was ever lost.
    pub(super) fn total(&self) -> Losses {
        sum(self.losses.values())
    }

    /// What was lost of a day's files.
    pub(super) fn of_day(&self, day: Day) -> Losses {
        sum(self.losses.values().filter(|loss| {
            loss.place.day == day.0 && matches!(loss.place.what, What::Open | What::Seg | What::Gone)
        }))
    }

    /// When the newest loss was found.
    pub(super) fn newest(&self) -> Option<UnixMs> {
        self.losses.values().map(|loss| loss.found).max()
    }

    /// Sums the older half up.
    fn sum_up(&mut self) {
        let mut by_age: Vec<Loss> = self.losses.values().copied().collect();
        by_age.sort_by_key(|loss| (loss.found, loss.place));
        let place = Place { what: What::Earlier, day: 0, incarnation: 0, offset: 0 };
        let mut earlier = none(place, UnixMs(i64::MIN));
        for loss in by_age.drain(..LOSSES_MAX / 2) {
            earlier.gaps += loss.gaps;
            earlier.bytes += loss.bytes;
            earlier.records += loss.records;
            earlier.chunks += loss.chunks;
            earlier.found = earlier.found.max(loss.found);
            self.losses.remove(&loss.place);
        }
        if let Some(before) = self.losses.remove(&place) {
            earlier.gaps += before.gaps;
            earlier.bytes += before.bytes;
            earlier.records += before.records;
            earlier.chunks += before.chunks;
        }
        self.losses.insert(place, earlier);
    }

    fn rewrite(&mut self, disk: &mut Disk) -> Result<(), StoreError> {
        let bytes = self.encoded();
        file::replace(&self.path, &bytes, 0o600)?;
        disk.written.add(Kind::Books, bytes.len() as u64);
        self.len = bytes.len() as u64;
        self.write_copy(disk)
    }

    fn write_copy(&self, disk: &mut Disk) -> Result<(), StoreError> {
        let bytes = self.encoded();
        file::replace(&copy_of(&self.path), &bytes, 0o600)?;
        disk.written.add(Kind::Books, bytes.len() as u64);
        Ok(())
    }

    fn encoded(&self) -> Vec<u8> {
        self.losses.values().flat_map(|loss| frame(MAGIC, &encode(loss))).collect()
    }
}

/// Where the copy is.
fn copy_of(path: &Path) -> PathBuf {
    path.with_extension("copy")
}

/// Bytes of a file that may not be there.
fn bytes_of(path: &Path) -> Result<Vec<u8>, StoreError> {
    match file::read(path, LOG_BYTES_MAX) {
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// What a copy says, if it is whole.
fn copied(bytes: &[u8]) -> Option<BTreeMap<Place, Loss>> {
    let (mut losses, mut at) = (BTreeMap::new(), 0);
    while at < bytes.len() {
        let (loss, end) = whole(bytes, at)?;
        losses.insert(loss.place, loss);
        at = end;
    }
    (!losses.is_empty()).then_some(losses)
}

/// The losses in the bytes of a log, and how many places of it cannot be read.
pub fn read_back(bytes: &[u8]) -> (Vec<Loss>, u64) {
    let Read { losses, damaged, .. } = read(bytes);
    (losses.into_values().collect(), damaged)
}

struct Read {
    losses: BTreeMap<Place, Loss>,
    /// Up to the end of the last whole record.
    len: u64,
    /// Places, a torn end among them.
    damaged: u64,
}

fn read(bytes: &[u8]) -> Read {
    let mut found = Read { losses: BTreeMap::new(), len: 0, damaged: 0 };
    let mut at = 0;
    while at < bytes.len() {
        match whole(bytes, at) {
            Some((loss, end)) => {
                found.losses.insert(loss.place, loss);
                (at, found.len) = (end, end as u64);
            }
            None => {
                found.damaged += u64::from(found.len == at as u64);
                at += 1;
            }
        }
    }
    found
}

fn whole(bytes: &[u8], at: usize) -> Option<(Loss, usize)> {
    match read_frame(bytes, at, MAGIC, BODY_BYTES_MAX)? {
        Frame::Record { body, end } => Some((decode(body, BODY_BYTES_MAX).ok()?, end)),
        Frame::Torn | Frame::Damaged { .. } => None,
    }
}

const fn none(place: Place, found: UnixMs) -> Loss {
    Loss { place, gaps: 0, bytes: 0, records: 0, chunks: 0, found }
}

fn sum<'a>(losses: impl Iterator<Item = &'a Loss>) -> Losses {
    let mut sum = Losses::default();
    for loss in losses {
        let Loss { gaps, bytes, records, chunks, .. } = *loss;
        sum += Losses { gaps, records, bytes, chunks };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::super::scratch::Scratch;
    use super::*;

    fn loss(offset: u64) -> Loss {
        let place = Place { what: What::Seg, day: 3, incarnation: 7, offset };
        Loss { place, gaps: 1, bytes: 10, records: 0, chunks: 1, found: UnixMs(offset.cast_signed()) }
    }

    fn open(scratch: &Scratch) -> LossLog {
        LossLog::open(scratch.path().join("losses.log"), &mut Disk::default(), UnixMs(9)).unwrap()
    }

    #[test]
    fn a_loss_counts_once_and_outlives_the_process() {
        let scratch = Scratch::new("losses");
        let mut log = open(&scratch);
        assert_eq!(log.note(&[loss(1), loss(2), loss(1)], &mut Disk::default()).unwrap().len(), 2);
        let mut log = open(&scratch);
        assert_eq!(log.note(&[loss(2), loss(3)], &mut Disk::default()).unwrap(), [loss(3)]);
        let three = Losses { gaps: 3, records: 0, bytes: 30, chunks: 3 };
        assert_eq!((open(&scratch).total(), open(&scratch).of_day(Day(3))), (three, three));
        assert_eq!(
            (open(&scratch).of_day(Day(4)), open(&scratch).newest()),
            (Losses::default(), Some(UnixMs(3)))
        );
    }

    #[test]
    fn a_torn_end_is_cut_and_damage_is_a_loss_of_its_own() {
        let scratch = Scratch::new("losses-damaged");
        open(&scratch).note(&[loss(1), loss(2)], &mut Disk::default()).unwrap();
        let path = scratch.path().join("losses.log");
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(open(&scratch).total().gaps, 2, "the copy has it: cut at {cut}");
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        for cut in whole.len() / 2 + 1..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            std::fs::remove_file(copy_of(&path)).unwrap();
            let mut log = open(&scratch);
            assert_eq!(log.total().gaps, 1, "cut at {cut}");
            log.note(&[loss(3)], &mut Disk::default()).unwrap();
            assert_eq!(open(&scratch).total().gaps, 2, "cut at {cut}");
        }
        for at in 0..whole.len() / 2 {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            std::fs::remove_file(copy_of(&path)).unwrap();
            assert_eq!(open(&scratch).total().gaps, 2, "flip at {at}");
            assert_eq!(open(&scratch).total().gaps, 2, "once");
        }
    }

    #[test]
    fn old_losses_are_summed_up() {
        let scratch = Scratch::new("losses-many");
        let mut log = open(&scratch);
        let many: Vec<Loss> = (0..=LOSSES_MAX as u64).map(loss).collect();
        log.note(&many, &mut Disk::default()).unwrap();
        let total = log.total();
        assert_eq!(total.gaps, LOSSES_MAX as u64 + 1);
        assert_eq!(open(&scratch).total(), total);
        assert!(open(&scratch).losses.len() <= LOSSES_MAX);
    }
}
