//! What the catalogue says about the keeping of readings, as the archive needs it.

use super::store::archive::rules::{ColumnRule, Retention, Rules};
use crate::core::catalogue::{Asset, Catalogue, ColumnTraits, OnConflict};
use crate::core::telemetry::Keep;

/// What holds for every column, with `retention` for metrics that say nothing else.
pub(super) fn rules(catalogue: &Catalogue, retention: Retention) -> Rules {
    let column = |traits: ColumnTraits| {
        let ColumnTraits { column, metric, on_conflict, retention: own, counting, .. } = traits;
        let keep = match on_conflict {
            OnConflict::First => Keep::First,
            OnConflict::Last => Keep::Last,
        };
        let retention = Retention {
            raw_days: own.raw_days.unwrap_or(retention.raw_days),
            quarter_days: own.quarter_days.unwrap_or(retention.quarter_days),
            day_days: own.day_days.or(retention.day_days),
        };
        (column, ColumnRule { metric: metric.to_string(), keep, counting, retention })
    };
    let asset =
        |asset: &Asset| (asset.id, catalogue.column_traits(asset.id).into_iter().map(column).collect());
    Rules { retention, assets: catalogue.assets().iter().map(asset).collect() }
}
