//! What comes through the door: a payload is checked against the catalogue and the clock, whole or not at all.

use protocol::UnixMs;
use protocol::limits::METRICS_PER_PAYLOAD_MAX;

use super::moment::Moment;
use super::refusal::{Refusal, shorten};
use super::value::{Row, Value};
use super::{Accepted, Lane, Payload, Telemetry, Way};
use crate::core::catalogue::{Asset, Catalogue, Column, Definition, MetricName, SERIES_PER_ASSET_MAX};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Telemetry {
    /// Checks a payload: all of it or nothing is accepted. New series are in the catalogue from here on; no reading is
    /// until [`Self::apply`].
    pub fn accept(&mut self, moment: impl Into<Moment>, payload: &Payload<'_>) -> Result<Accepted, Refusal> {
        let accepted = self.check(moment.into(), payload);
        self.counts.refused += u64::from(accepted.is_err());
        accepted
    }

    fn check(&mut self, moment: Moment, payload: &Payload<'_>) -> Result<Accepted, Refusal> {
        let asset = find_asset(&self.catalogue, payload)?;
        let way = self.way(moment, asset, payload.time)?;
        let id = asset.id;
        let age_ms = moment.at_least().since(payload.time);
        let Parts { mut values, fresh } = take_apart(asset, &payload.metrics)?;
        if age_ms > self.catalogue.raw_ms_min() {
            check_age(&self.catalogue, age_ms, payload)?;
        }
        let room = self.catalogue.series_room();
        let room = room.min(SERIES_PER_ASSET_MAX.saturating_sub(asset.series.len()));
        if fresh.len() > room {
            self.counts.series_refused += fresh.len() as u64;
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
        Ok(Accepted { definitions, row, way })
    }

    /// Undoes what accepted payloads of a refused request added to the catalogue.
    pub(in crate::core) fn take_back(&mut self, definitions: &[Definition]) {
        self.catalogue.take_back(definitions);
    }

    /// Takes so many late rows of a request, or says when to try again.
    pub(in crate::core) fn take_late(&mut self, moment: Moment, rows: usize) -> Result<(), Refusal> {
        let lane: &mut Lane = &mut self.lane;
        let taken = lane.take(moment.tick, rows);
        self.counts.backfill_refused += if taken.is_err() { rows as u64 } else { 0 };
        taken.map_err(|retry_after_s| Refusal::Backfill { rows, retry_after_s })
    }

    /// Whether the clock is in doubt, see [`Moment`].
    pub fn is_clock_doubtful(&self, moment: Moment) -> bool {
        moment.is_doubtful(self.newest)
    }

    /// Whether a reading of this time may be stored, as far as the future is concerned.
    pub(in crate::core) fn has_come(&self, moment: Moment, time: UnixMs) -> bool {
        time.since(moment.at_least()) <= self.ahead_ms
    }

    /// Whether a row that waited may be stored: it has come, its asset is known, and it is still kept.
    pub(in crate::core) fn may_be_stored(&self, moment: Moment, row: &Row) -> bool {
        let Some(asset) = self.catalogue.asset(row.asset()) else { return false };
        let age_ms = moment.at_least().since(row.time());
        let is_kept = |column| {
            let metric = asset.metric(column);
            metric.is_some_and(|metric| age_ms <= self.catalogue.retention(metric.as_str()).raw_ms())
        };
        self.has_come(moment, row.time()) && row.values().iter().all(|(column, _)| is_kept(*column))
    }

    fn way(&self, moment: Moment, asset: &Asset, time: UnixMs) -> Result<Way, Refusal> {
        if !self.has_come(moment, time) {
            if moment.is_doubtful(self.newest) {
                return Ok(Way::Quarantine);
            }
            let ahead_ms = time.since(moment.at_least());
            return Err(Refusal::Future { found: time, ahead_ms, allowed_ms: self.ahead_ms });
        }
        let is_late = self.heads.get(asset.id.0 as usize).is_some_and(|head| head.is_too_late(time));
        Ok(if is_late { Way::Late } else { Way::Live })
    }
}

/// The values of a payload: those of known series, and those that need a new one.
struct Parts {
    values: Vec<(Column, Value)>,
    fresh: Vec<(MetricName, Value)>,
}

/// A payload older than what any of its metrics keeps is refused: half of it would be lost at once.
fn check_age(catalogue: &Catalogue, age_ms: i64, payload: &Payload<'_>) -> Result<(), Refusal> {
    for (metric, _) in &payload.metrics {
        let kept_ms = catalogue.retention(metric).raw_ms();
        if age_ms > kept_ms {
            let days = kept_ms / DAY_MS;
            return Err(Refusal::TooOld { found: payload.time, metric: shorten(metric), days });
        }
    }
    Ok(())
}

fn find_asset<'a>(catalogue: &'a Catalogue, payload: &Payload<'_>) -> Result<&'a Asset, Refusal> {
    let asset = catalogue.asset_by_code(payload.asset_code);
    if let Some(asset) = asset
        && catalogue.site(asset.site).is_some_and(|site| site.code.as_str() == payload.site_code)
    {
        return Ok(asset);
    }
    let unknown = || Refusal::UnknownSite { found: shorten(payload.site_code) };
    let site = catalogue.site_by_code(payload.site_code).ok_or_else(unknown)?;
    let unknown = || Refusal::UnknownAsset { found: shorten(payload.asset_code) };
    let asset = asset.ok_or_else(unknown)?;
    let expected = catalogue.site(asset.site).map(|site| site.code.to_string()).unwrap_or_default();
    Err(Refusal::ForeignAsset { asset: asset.code.to_string(), expected, found: site.code.to_string() })
}

fn take_apart(asset: &Asset, metrics: &[(&str, Option<f64>)]) -> Result<Parts, Refusal> {
    if metrics.is_empty() || metrics.len() > METRICS_PER_PAYLOAD_MAX {
        return Err(Refusal::MetricCount { found: metrics.len() });
    }
    let mut parts = Parts { values: Vec::with_capacity(metrics.len()), fresh: Vec::new() };
    let mut seen = [0u64; SERIES_PER_ASSET_MAX / 64];
    let mut strangers: Vec<&str> = Vec::new();
    // A gateway names its metrics in the same order every time, and the catalogue has them in the order they came in.
    let mut expected = 0u16;
    for (name, number) in metrics {
        let value =
            number.map(|number| Value::new(number).ok_or_else(|| not_finite(name, number))).transpose()?;
        let Some(column) = asset.column_near(expected, name) else {
            if strangers.contains(name) {
                return Err(Refusal::MetricTwice { metric: shorten(name) });
            }
            strangers.push(name);
            let name = check_name(name)?;
            parts.fresh.extend(value.map(|value| (name, value)));
            continue;
        };
        let (word, bit) = (usize::from(column.0 / 64), 1u64 << (column.0 % 64));
        if seen[word] & bit != 0 {
            return Err(Refusal::MetricTwice { metric: shorten(name) });
        }
        seen[word] |= bit;
        expected = column.0 + 1;
        parts.values.extend(value.map(|value| (column, value)));
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
