//! The sums of days that are over, kept open for the questions that can do with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::UnixMs;

use crate::core::catalogue::AssetId;
use crate::core::telemetry::{AssetRollup, DAY_MS, Day, QUARTER_MS};
use crate::shell::store::archive::read::RollFile;
use crate::shell::store::archive::view::{ArchiveView, Damage, DayView, RollView};

/// Files that are kept open: a year of days.
const ROLLS_MAX: usize = 370;

/// Slots of sums kept read, about 80 bytes each: those of a day of 1,300 series.
const SLOTS_MAX: usize = 128 * 1024;

/// Slots of an asset that do instead of its readings.
#[derive(Debug)]
pub(super) struct Sums {
    pub(super) rollup: Arc<AssetRollup>,
    /// The stretch of time they tell of, from the border of a slot to another.
    pub(super) from: UnixMs,
    pub(super) to: UnixMs,
}

/// Files of sums in use lately.
#[derive(Debug, Default)]
pub(super) struct Rolls {
    files: BTreeMap<(Day, u64), Arc<RollFile>>,
    /// What was read lately: a page that refreshes asks for the same again and again.
    read: BTreeMap<(Day, u64, AssetId, i64), Arc<AssetRollup>>,
    /// Slots in `read`.
    slots: usize,
}

impl Rolls {
    /// Forgets the files that a view does not name.
    pub(super) fn retain(&mut self, view: &ArchiveView) {
        let is_named = |day: &Day, incarnation: u64| {
            let roll = view.days.get(day).and_then(|day| day.roll.as_ref());
            roll.is_some_and(|roll| roll.incarnation == incarnation)
        };
        self.files.retain(|(day, incarnation), _| is_named(day, *incarnation));
        self.read.retain(|(day, incarnation, ..), _| is_named(day, *incarnation));
        self.slots = self.read.values().map(|rollup| slots_of(rollup)).sum();
    }

    /// The sums of an asset that tell of most of `[from, to)`, which lies within one day. None if its readings have to
    /// be read: there are no sums, or it has readings that are not in them.
    pub(super) fn sums(
        &mut self,
        day: &DayView,
        asset: AssetId,
        slot_ms: i64,
        (from, to): (UnixMs, UnixMs),
    ) -> Result<Option<Sums>, Damage> {
        let has_more = day.open.as_ref().is_some_and(|open| {
            // An open file whose chunks are not at hand may hold anything.
            open.places.as_ref().is_none_or(|places| places.contains_key(&asset))
        });
        let Some(roll) = day.roll.as_ref().filter(|_| !has_more) else { return Ok(None) };
        let is_whole = roll.day.start() == from && roll.day.end() == to;
        let width = if slot_ms == DAY_MS && is_whole { DAY_MS } else { QUARTER_MS };
        let inner_from = UnixMs(from.0.saturating_add(width - 1).div_euclid(width) * width);
        let inner_to = UnixMs(to.0.div_euclid(width) * width);
        if inner_from >= inner_to {
            return Ok(None);
        }
        let rollup = self.rollup(roll, asset, width)?;
        Ok(rollup.map(|rollup| Sums { rollup, from: inner_from, to: inner_to }))
    }

    fn rollup(
        &mut self,
        view: &Arc<RollView>,
        asset: AssetId,
        width: i64,
    ) -> Result<Option<Arc<AssetRollup>>, Damage> {
        let key = (view.day, view.incarnation, asset, width);
        if let Some(known) = self.read.get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(file) = self.open(view)? else { return Ok(None) };
        let Some(rollup) = file.asset(asset, width)?.map(Arc::new) else { return Ok(None) };
        self.slots += slots_of(&rollup);
        self.read.insert(key, Arc::clone(&rollup));
        while self.slots > SLOTS_MAX && self.read.len() > 1 {
            // The oldest day first; within the day that is asked for, whatever comes first.
            let Some((_, gone)) = self.read.pop_first() else { break };
            self.slots -= slots_of(&gone);
        }
        Ok(Some(rollup))
    }

    fn open(&mut self, view: &Arc<RollView>) -> Result<Option<Arc<RollFile>>, Damage> {
        let key = (view.day, view.incarnation);
        if let Some(file) = self.files.get(&key) {
            return Ok(Some(Arc::clone(file)));
        }
        let file = match RollFile::open(view) {
            Ok(opened) => Arc::new(opened?),
            Err(error) => {
                tracing::error!(%error, "the sums of a day cannot be read; its readings are");
                return Ok(None);
            }
        };
        if self.files.len() >= ROLLS_MAX {
            self.files.pop_first();
        }
        self.files.insert(key, Arc::clone(&file));
        Ok(Some(file))
    }
}

fn slots_of(rollup: &AssetRollup) -> usize {
    rollup.columns.iter().map(|(_, slots)| slots.len()).sum()
}
