//! Readings come in here: what is accepted, what is kept at hand, how it is written and read back. Pure: the shell
//! moves the bytes. A row is first accepted, then made durable by the shell, and only then applied; an answer to the
//! sender is given after that.

mod accept;
mod backfill;
mod chunk;
mod codec;
mod codec_pack;
mod codec_pco;
mod codec_steps;
mod columns;
mod conflict;
mod day;
mod day_file;
mod day_seg;
mod footer;
mod head;
mod increase;
mod moment;
mod record;
mod refusal;
mod rollup;
mod rollup_file;
mod segment;
mod steps;
mod value;
mod window;
mod wire;

pub use chunk::{
    CHUNK_MAGIC, ChunkError, ChunkHeader, ColumnHeader, FRAME_HEADER_BYTES, decode_chunk, encode_chunk,
    encode_chunk_quickly, read_header,
};
pub use columns::{Clashes, Columns, Keep, from_rows, merge};
pub use conflict::{Conflict, Tally};
pub use day::{DAY_MS, Day};
pub use day_file::{
    ChunkReader, DAY_HEADER_BYTES, DayFileError, FoundPart, OPEN_MAGIC, ROLL_MAGIC, SEG_MAGIC, open_header,
};
pub use day_seg::{SegWriter, read_footer, scan};
pub use footer::{DayFileCheck, FOOTER_MAGIC, Footer, FooterPart, Generations, Losses, TRAILER_BYTES};
pub use head::{Applied, HEAD_ROWS_MAX, HEAD_SPAN_MS_MAX, Head};
pub(in crate::core) use increase::Piece;
pub use increase::{Counting, Exchange};
pub use moment::Moment;
pub use record::{
    Body, RECORD_DEFINITIONS_MAX, RECORD_HEADER_BYTES, RECORD_MAGIC, RECORD_ROWS_MAX, Record, RecordError,
    SEGMENT_HEADER_BYTES, SEGMENT_MAGIC, SegmentWriter, decode_record,
};
pub use refusal::Refusal;
pub use rollup::{AssetRollup, QUARTER_MS, Rise, Slot, merge_slots, roll_up, slot_of};
pub use rollup_file::{ROLLUP_MAGIC, RollWriter, SLOT_MS_MIN, decode_rollup, encode_rollup};
pub use segment::{Found, Gap, SegmentReader, TornTail, UnknownVersion};
pub use steps::{Cuts, Progress, Steps, Summary};
pub use value::{Row, Value};
pub use window::{Over, Windows};

use protocol::UnixMs;
use protocol::limits::READING_AHEAD_MS_MAX;

use super::catalogue::{AssetId, Catalogue, Column, Definition, OnConflict};
use backfill::Lane;
use conflict::Conflicts;

/// What a gateway sends: the readings of one asset at one time (the payload of `POST /api/v1/telemetry`).
#[derive(Debug, Clone, PartialEq)]
pub struct Payload<'a> {
    /// Code of the site.
    pub site_code: &'a str,
    /// Code of the asset.
    pub asset_code: &'a str,
    /// When it was measured.
    pub time: UnixMs,
    /// Names and values; `None` is a gap the sender knows of.
    pub metrics: Vec<(&'a str, Option<f64>)>,
}

/// A payload that passed, not yet durable.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// Catalogue entries for series not seen before. They have to be written before the row.
    pub definitions: Vec<Definition>,
    /// The row to write, and to apply once it is durable.
    pub row: Row,
    /// Which way it goes.
    pub way: Way,
}

/// Which way an accepted payload goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// To the log and the readings at hand.
    Live,
    /// To the log only, at the rate of late readings.
    Late,
    /// Aside, until the node's clock can be believed.
    Quarantine,
}

/// What became of all rows and payloads since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows applied.
    pub rows: u64,
    /// Values stored.
    pub points: u64,
    /// Values that were there already.
    pub duplicates: u64,
    /// Values that contradicted a stored one.
    pub conflicts: u64,
    /// Rows older than the head of their asset.
    pub late_rows: u64,
    /// Payloads refused.
    pub refused: u64,
    /// Series refused because there is no more room.
    pub series_refused: u64,
    /// Late rows refused because they came too fast.
    pub backfill_refused: u64,
}

/// The readings of this building: which are accepted, and the recent ones of each asset.
#[derive(Debug, Clone)]
pub struct Telemetry {
    catalogue: Catalogue,
    heads: Vec<Head>,
    counts: Counts,
    conflicts: Conflicts,
    lane: Lane,
    /// Time of the newest reading stored.
    newest: Option<UnixMs>,
    ahead_ms: i64,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self::new(Catalogue::default())
    }
}

impl Telemetry {
    /// Starts with the sites and assets of the catalogue and no reading.
    pub fn new(catalogue: Catalogue) -> Self {
        Self {
            catalogue,
            heads: Vec::new(),
            counts: Counts::default(),
            conflicts: Conflicts::default(),
            lane: Lane::default(),
            newest: None,
            ahead_ms: READING_AHEAD_MS_MAX,
        }
    }

    /// The same, taking readings up to `ahead_ms` ahead of the node's clock.
    #[must_use]
    pub fn with_ahead_ms(self, ahead_ms: i64) -> Self {
        Self { ahead_ms: ahead_ms.max(0), ..self }
    }

    /// The newest readings that contradicted another, newest first.
    pub fn conflicts(&self) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter()
    }

    /// What came twice in a series.
    pub fn tally(&self, asset: AssetId, column: Column) -> Tally {
        self.head(asset).map_or(Tally::default(), |head| head.tally(column))
    }

    /// Sites, assets and series.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The catalogue, to add sites and assets.
    pub const fn catalogue_mut(&mut self) -> &mut Catalogue {
        &mut self.catalogue
    }

    /// Time of the newest reading stored.
    pub const fn newest(&self) -> Option<UnixMs> {
        self.newest
    }

    /// What became of everything so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The recent readings of an asset.
    pub fn head(&self, asset: AssetId) -> Option<&Head> {
        self.heads.get(asset.0 as usize)
    }

    /// Takes over a row that is durable, or one that was read back. Rows of assets the catalogue does not know are
    /// nothing to this building and count as late.
    pub fn apply(&mut self, row: &Row) -> Applied {
        self.apply_at(row.time(), row)
    }

    /// The same at the node's time `now`.
    pub fn apply_at(&mut self, now: UnixMs, row: &Row) -> Applied {
        let asset = row.asset().0 as usize;
        let Some(owner) = self.catalogue.asset(row.asset()) else {
            return Applied { late: true, ..Applied::default() };
        };
        if self.heads.len() <= asset {
            self.heads.resize_with(asset + 1, Head::default);
        }
        let last_wins = |column| {
            let metric = owner.metric(column);
            metric
                .is_some_and(|metric| self.catalogue.traits(metric.as_str()).on_conflict == OnConflict::Last)
        };
        let conflicts = &mut self.conflicts;
        let applied = self.heads[asset].insert(row, last_wins, |column, holds, dropped| {
            let (asset, time) = (row.asset(), row.time());
            conflicts.note(Conflict { number: 0, asset, column, time, holds, dropped, seen: now });
        });
        self.newest = self.newest.max(Some(row.time()));
        self.counts.rows += 1;
        self.counts.points += u64::from(applied.points);
        self.counts.duplicates += u64::from(applied.duplicates);
        self.counts.conflicts += u64::from(applied.conflicts);
        self.counts.late_rows += u64::from(applied.late);
        applied
    }
}

#[cfg(test)]
mod chunk_tests;
#[cfg(test)]
mod columns_tests;
#[cfg(test)]
mod files_tests;
#[cfg(test)]
mod log_tests;
#[cfg(test)]
mod rollup_tests;
#[cfg(test)]
mod sizes_tests;
#[cfg(test)]
mod tests;
