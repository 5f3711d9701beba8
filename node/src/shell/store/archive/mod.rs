//! The readings of past hours and years, one set of files per UTC day: what is sealed from the write-ahead log lies in
//! `YYYY-MM-DD.open`; a day that is over is merged into `YYYY-MM-DD.seg` and summed up in `YYYY-MM-DD.roll`. Every
//! step can be cut short anywhere and done again: files are named by day and segment number, never by the clock, and
//! what is done already is found to be done.

mod disk;
mod files;
mod losses;
mod merge;
mod night;
mod opening;
pub mod read;
pub mod rows;
pub mod rules;
mod seal;
pub mod view;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::UnixMs;

use super::index::Index;
use super::written::Written;
use crate::core::telemetry::{Day, Losses};
use disk::Disk;
use losses::LossLog;
pub use losses::{Loss, What, read_back as read_losses};
pub use opening::definitions_of;
use rows::FileRow;
use view::{ArchiveView, Damage, DayView, FileKind, FileView, Places, RollView};

/// The archive. One thread owns it.
#[derive(Debug)]
pub struct Archive {
    dir: PathBuf,
    disk: Disk,
    index: Index,
    losses: LossLog,
    days: BTreeMap<Day, DayState>,
    /// By day a digest of what was let go of it.
    notes: BTreeMap<Day, u64>,
    sealed_to: u64,
    /// The number that the next record of the write-ahead log should have.
    next_seq: Option<u64>,
    /// Digest of the catalogue as it was written last.
    catalogue: Option<[u8; 32]>,
    /// Files that no newer view names.
    released: Vec<PathBuf>,
}

/// The files of a day.
#[derive(Debug, Default)]
struct DayState {
    open: Option<Held>,
    seg: Option<Held>,
    roll: Option<Held>,
}

/// A file of a day.
#[derive(Debug, Clone)]
struct Held {
    row: FileRow,
    /// Its chunks: always of an open file, of a merged one only if its index is damaged.
    places: Option<Arc<Places>>,
    /// Whether its index is damaged, so that it has to be written again.
    mend: bool,
}

/// A day as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayFigures {
    /// Which.
    pub day: Day,
    /// The files that there are.
    pub open: bool,
    /// See there.
    pub seg: bool,
    /// Their bytes.
    pub bytes: u64,
    /// Rows of readings that are still there.
    pub rows: u64,
    /// Values in them.
    pub points: u64,
    /// What was lost of it.
    pub lost: Losses,
}

impl Archive {
    /// The archive as it is now.
    pub fn view(&self) -> Arc<ArchiveView> {
        let days =
            self.days.iter().map(|(day, state)| (*day, Arc::new(self.day_view(*day, state)))).collect();
        Arc::new(ArchiveView { sealed_to: self.sealed_to, days })
    }

    /// Everything that was ever lost.
    pub fn lost(&self) -> Losses {
        self.losses.total()
    }

    /// When the newest loss was found, hive time.
    pub fn newest_loss(&self) -> Option<UnixMs> {
        self.losses.newest()
    }

    /// Every day, oldest first.
    pub fn figures(&self) -> Vec<DayFigures> {
        let of = |(day, state): (&Day, &DayState)| {
            let rows = |held: &Option<Held>| held.as_ref().map(|held| held.row);
            let (open, seg, roll) = (rows(&state.open), rows(&state.seg), rows(&state.roll));
            let readings = || [open, seg].into_iter().flatten();
            DayFigures {
                day: *day,
                open: open.is_some(),
                seg: seg.is_some(),
                bytes: [open, seg, roll].into_iter().flatten().map(|row| row.bytes).sum(),
                rows: readings().map(|row| row.rows).sum(),
                points: readings().map(|row| row.points).sum(),
                lost: self.losses.of_day(*day),
            }
        };
        self.days.iter().map(of).collect()
    }

    /// The newest segment of the write-ahead log that any file knows.
    pub fn newest_generation(&self) -> u64 {
        let held = self.days.values().flat_map(|state| [&state.open, &state.seg, &state.roll]);
        held.flatten().map(|held| held.row.generation).max().unwrap_or(0)
    }

    /// Segments of the write-ahead log up to `number` are sealed: none of them is there any more.
    pub fn sealed_before(&mut self, number: u64) {
        self.sealed_to = self.sealed_to.max(number);
    }

    /// Puts damage on record that a reader met. Damage to sums that can be made again is mended, not recorded. Answers
    /// whether the archive is another one now.
    pub fn damaged(&mut self, damage: &Damage, now: UnixMs) -> Result<bool, super::StoreError> {
        if self.find_gone(damage.day, now)? {
            return Ok(true);
        }
        let Some(state) = self.days.get_mut(&damage.day) else { return Ok(false) };
        let held = match damage.kind {
            FileKind::Open => &mut state.open,
            FileKind::Seg => &mut state.seg,
            FileKind::Roll => &mut state.roll,
        };
        let Some(held) = held.as_mut().filter(|held| held.row.incarnation() == damage.incarnation) else {
            return Ok(false);
        };
        let is_index = damage.bytes == 0;
        held.mend |= is_index || damage.kind == FileKind::Roll;
        if is_index || (damage.kind == FileKind::Roll && state.seg.is_some()) {
            return Ok(true);
        }
        self.losses.note(&[loss(damage, now)], &mut self.disk).map(|_| false)
    }

    /// Whether files of a day went away while the process runs; they are a loss like those missed at a start.
    fn find_gone(&mut self, day: Day, now: UnixMs) -> Result<bool, super::StoreError> {
        let mut gone = Vec::new();
        for kind in [FileKind::Open, FileKind::Seg, FileKind::Roll] {
            let held = self.days.get(&day).and_then(|state| state.get(kind));
            if let Some(held) = held.filter(|_| !self.path(day, kind).exists()) {
                gone.push((kind, held.row));
            }
        }
        for (kind, _) in &gone {
            self.put_none(day, *kind);
        }
        let mut losses = Vec::new();
        for (kind, row) in &gone {
            self.miss(day, *kind, row, now, &mut losses);
        }
        self.losses.note(&losses, &mut self.disk)?;
        Ok(!gone.is_empty())
    }

    /// Removes files that no view names any more. Call it once the newest view is with everybody.
    pub fn remove_released(&mut self) -> Result<(), super::StoreError> {
        if self.released.is_empty() {
            return Ok(());
        }
        self.rest();
        while let Some(path) = self.released.last() {
            self.disk.remove(path)?;
            self.released.pop();
        }
        self.disk.sync_dir(&self.dir)
    }

    /// Writes out what the index has in memory.
    pub fn rest(&self) {
        if let Err(error) = self.index.flush() {
            tracing::warn!(%error, "the index is not flushed; day files are read at the next start");
        }
    }

    /// Bytes written since the process started.
    pub const fn written(&self) -> &Written {
        &self.disk.written
    }

    fn day_view(&self, day: Day, state: &DayState) -> DayView {
        let file = |held: &Held, kind| {
            let (path, bytes) = (files::path(&self.dir, day, kind), held.row.bytes);
            let incarnation = held.row.incarnation();
            Arc::new(FileView { day, kind, path, bytes, incarnation, places: held.places.clone() })
        };
        let roll = |held: &Held| {
            let (path, bytes) = (files::path(&self.dir, day, FileKind::Roll), held.row.bytes);
            Arc::new(RollView { day, path, bytes, incarnation: held.row.incarnation() })
        };
        DayView {
            open: state.open.as_ref().map(|held| file(held, FileKind::Open)),
            seg: state.seg.as_ref().map(|held| file(held, FileKind::Seg)),
            roll: state.roll.as_ref().filter(|held| !held.mend).map(roll),
        }
    }

    fn path(&self, day: Day, kind: FileKind) -> PathBuf {
        files::path(&self.dir, day, kind)
    }
}

/// A chunk or another place of a day file, as a loss.
const fn loss(damage: &Damage, found: UnixMs) -> Loss {
    let what = match damage.kind {
        FileKind::Open => What::Open,
        FileKind::Seg => What::Seg,
        FileKind::Roll => What::Roll,
    };
    let Damage { day, incarnation, offset, bytes, .. } = *damage;
    let place = losses::Place { what, day: day.0, incarnation, offset };
    let chunks = match damage.kind {
        FileKind::Open | FileKind::Seg => 1,
        FileKind::Roll => 0,
    };
    Loss { place, gaps: 1, bytes, records: 0, chunks, found }
}

/// The folder of day files in the folder of the telemetry log.
pub fn dir_in(telemetry: &Path) -> PathBuf {
    telemetry.join("days")
}

#[cfg(test)]
mod tests;
