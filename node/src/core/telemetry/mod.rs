//! Readings come in here: what is accepted, what is kept at hand, how it is written and read back. Pure: the shell
//! moves the bytes. A row is first accepted, then made durable by the shell, and only then applied; an answer to the
//! sender is given after that.

mod chunk;
mod codec;
mod codec_pack;
mod codec_pco;
mod codec_steps;
mod columns;
mod day;
mod day_file;
mod day_seg;
mod footer;
mod head;
mod increase;
mod range;
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
    read_header,
};
pub use columns::{Clashes, Columns, Keep, from_rows, merge};
pub use day::{DAY_MS, Day};
pub use day_file::{
    ChunkReader, DAY_HEADER_BYTES, DayFileError, FoundPart, OPEN_MAGIC, ROLL_MAGIC, SEG_MAGIC, open_header,
};
pub use day_seg::{SegWriter, read_footer, scan};
pub use footer::{DayFileCheck, FOOTER_MAGIC, Footer, FooterPart, Generations, Losses, TRAILER_BYTES};
pub use head::{Applied, HEAD_ROWS_MAX, HEAD_SPAN_MS_MAX, Head};
pub use increase::{Counting, Exchange};
pub use range::{
    ANSWER_ITEMS_MAX, Answer, Bucket, Collector, GATHERED_POINTS_MAX, Items, RangeError, RangeQuery,
};
pub use record::{
    Body, RECORD_DEFINITIONS_MAX, RECORD_HEADER_BYTES, RECORD_MAGIC, RECORD_ROWS_MAX, Record, RecordError,
    SEGMENT_HEADER_BYTES, SEGMENT_MAGIC, SegmentWriter, decode_record,
};
pub use refusal::Refusal;
pub use rollup::{AssetRollup, QUARTER_MS, Rise, Slot, merge_slots, roll_up, slot_of};
pub use rollup_file::{ROLLUP_MAGIC, RollWriter, SLOT_MS_MIN, decode_rollup, encode_rollup};
pub use segment::{Found, Gap, SegmentReader, TornTail, UnknownVersion};
pub use steps::{Progress, Steps, Summary};
pub use value::{Row, Value};
pub use window::{Over, Windows};

use protocol::UnixMs;
use protocol::limits::{METRICS_PER_PAYLOAD_MAX, READING_AGE_MS_MAX, READING_AHEAD_MS_MAX};

use super::catalogue::{Asset, AssetId, Catalogue, Column, Definition, MetricName};
use refusal::shorten;

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
}

/// The readings of this building: which are accepted, and the recent ones of each asset.
#[derive(Debug, Clone, Default)]
pub struct Telemetry {
    catalogue: Catalogue,
    heads: Vec<Head>,
    counts: Counts,
}

impl Telemetry {
    /// Starts with the sites and assets of the catalogue and no reading.
    pub fn new(catalogue: Catalogue) -> Self {
        Self { catalogue, heads: Vec::new(), counts: Counts::default() }
    }

    /// Sites, assets and series.
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The catalogue, to add sites and assets.
    pub const fn catalogue_mut(&mut self) -> &mut Catalogue {
        &mut self.catalogue
    }

    /// What became of everything so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// The recent readings of an asset.
    pub fn head(&self, asset: AssetId) -> Option<&Head> {
        self.heads.get(asset.0 as usize)
    }

    /// Checks a payload at the hive's time `now`: all of it or nothing is accepted. New series are in the catalogue
    /// from here on; no reading is until [`Self::apply`].
    pub fn accept(&mut self, now: UnixMs, payload: &Payload<'_>) -> Result<Accepted, Refusal> {
        let accepted = self.check(now, payload);
        self.counts.refused += u64::from(accepted.is_err());
        accepted
    }

    fn check(&mut self, now: UnixMs, payload: &Payload<'_>) -> Result<Accepted, Refusal> {
        check_time(now, payload.time)?;
        let asset = find_asset(&self.catalogue, payload)?;
        let id = asset.id;
        let Parts { mut values, fresh } = take_apart(asset, &payload.metrics)?;
        let room = self.catalogue.series_room();
        let room = room.min(super::catalogue::SERIES_PER_ASSET_MAX.saturating_sub(asset.series.len()));
        if fresh.len() > room {
            return Err(Refusal::SeriesLimit { needed: fresh.len(), room });
        }
        let mut definitions = Vec::with_capacity(fresh.len());
        for (name, value) in fresh {
            let definition = self.catalogue.add_series(id, name);
            let definition =
                definition.expect("invariant: room was counted").expect("invariant: the name is new");
            if let Definition::Series(series) = &definition {
                values.push((series.column, value));
            }
            definitions.push(definition);
        }
        let row = Row::new(id, payload.time, values).expect("invariant: columns are distinct and few");
        Ok(Accepted { definitions, row })
    }

    /// Takes over a row that is durable, or one that was read back. Rows of assets the catalogue does not know are
    /// nothing to this building and count as late.
    pub fn apply(&mut self, row: &Row) -> Applied {
        let asset = row.asset().0 as usize;
        if asset >= self.catalogue.assets().len() {
            return Applied { late: true, ..Applied::default() };
        }
        if self.heads.len() <= asset {
            self.heads.resize_with(asset + 1, Head::default);
        }
        let applied = self.heads[asset].insert(row);
        self.counts.rows += 1;
        self.counts.points += u64::from(applied.points);
        self.counts.duplicates += u64::from(applied.duplicates);
        self.counts.conflicts += u64::from(applied.conflicts);
        self.counts.late_rows += u64::from(applied.late);
        applied
    }
}

/// The values of a payload: those of known series, and those that need a new one.
struct Parts {
    values: Vec<(Column, Value)>,
    fresh: Vec<(MetricName, Value)>,
}

fn check_time(now: UnixMs, time: UnixMs) -> Result<(), Refusal> {
    let ahead_ms = time.since(now);
    if ahead_ms > READING_AHEAD_MS_MAX {
        return Err(Refusal::Future { found: time, ahead_ms });
    }
    if now.since(time) > READING_AGE_MS_MAX {
        return Err(Refusal::TooOld { found: time });
    }
    Ok(())
}

fn find_asset<'a>(catalogue: &'a Catalogue, payload: &Payload<'_>) -> Result<&'a Asset, Refusal> {
    let unknown = || Refusal::UnknownSite { found: shorten(payload.site_code) };
    let site = catalogue.site_by_code(payload.site_code).ok_or_else(unknown)?;
    let unknown = || Refusal::UnknownAsset { found: shorten(payload.asset_code) };
    let asset = catalogue.asset_by_code(payload.asset_code).ok_or_else(unknown)?;
    if asset.site != site.id {
        let expected = catalogue.site(asset.site).map(|site| site.code.to_string()).unwrap_or_default();
        let (asset, found) = (asset.code.to_string(), site.code.to_string());
        return Err(Refusal::ForeignAsset { asset, expected, found });
    }
    Ok(asset)
}

fn take_apart(asset: &Asset, metrics: &[(&str, Option<f64>)]) -> Result<Parts, Refusal> {
    if metrics.is_empty() || metrics.len() > METRICS_PER_PAYLOAD_MAX {
        return Err(Refusal::MetricCount { found: metrics.len() });
    }
    let mut parts = Parts { values: Vec::with_capacity(metrics.len()), fresh: Vec::new() };
    for (i, (name, number)) in metrics.iter().enumerate() {
        if metrics[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(Refusal::MetricTwice { metric: shorten(name) });
        }
        let value =
            number.map(|number| Value::new(number).ok_or_else(|| not_finite(name, number))).transpose()?;
        match asset.column(name) {
            Some(column) => parts.values.extend(value.map(|value| (column, value))),
            None => {
                let name = check_name(name)?;
                parts.fresh.extend(value.map(|value| (name, value)));
            }
        }
    }
    Ok(parts)
}

fn check_name(name: &str) -> Result<MetricName, Refusal> {
    MetricName::new(name).map_err(|_| Refusal::MetricName { found: shorten(name) })
}

fn not_finite(name: &str, number: f64) -> Refusal {
    let found = match number {
        number if number.is_nan() => "NaN",
        number if number > 0.0 => "inf",
        _ => "-inf",
    };
    Refusal::NotFinite { metric: shorten(name), found }
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
