//! Which series a question is about.

use web::question::{Label, Selection, SeriesName};

use super::Target;
use crate::core::Core;
use crate::core::catalogue::{Asset, AssetId, Catalogue, Column, MetricKind, OnConflict};
use crate::core::telemetry::{Counting, Keep};

/// A series that passed.
#[derive(Debug, Clone)]
pub(super) struct Chosen {
    pub(super) name: SeriesName,
    pub(super) asset: AssetId,
    pub(super) column: Column,
    pub(super) keep: Keep,
    pub(super) counting: Counting,
}

/// The series that pass, by asset and column.
pub(super) fn choose(core: &Core, selection: &Selection) -> Vec<Chosen> {
    let catalogue = core.telemetry().catalogue();
    let mut chosen = Vec::new();
    if selection.is_hopeless() {
        return chosen;
    }
    for asset in catalogue.assets() {
        let Some(site) = catalogue.site(asset.site).map(|site| site.code.as_str()) else { continue };
        let kind = web::view::AssetKind::from(asset.kind);
        let passes = selection.passes(Label::Site, site)
            && selection.passes(Label::Kind, kind.name())
            && selection.passes(Label::Asset, asset.code.as_str());
        if passes {
            chosen.extend(series_of(catalogue, asset, site, selection));
        }
    }
    chosen
}

fn series_of<'a>(
    catalogue: &'a Catalogue,
    asset: &'a Asset,
    site: &'a str,
    selection: &'a Selection,
) -> impl Iterator<Item = Chosen> + 'a {
    let columns = (0..).map(Column);
    let all = columns.zip(&asset.series).map(|(column, series)| (column, series.metric.as_str()));
    all.filter(|(_, name)| selection.passes(Label::Metric, name)).map(move |(column, name)| {
        let traits = catalogue.traits(name);
        Chosen {
            name: SeriesName {
                metric: name.to_owned(),
                unit: Some(traits.unit.clone()).filter(|unit| !unit.is_empty()),
                counter: traits.kind == MetricKind::Counter,
                asset: asset.code.to_string(),
                site: site.to_owned(),
                kind: asset.kind.into(),
            },
            asset: asset.id,
            column,
            keep: match traits.on_conflict {
                OnConflict::First => Keep::First,
                OnConflict::Last => Keep::Last,
            },
            counting: catalogue.counting(asset.id, name).unwrap_or_default(),
        }
    })
}

/// One target per asset, for series by asset and column.
pub(super) fn targets(chosen: &[Chosen]) -> Vec<Target> {
    let of_asset = |series: &[Chosen]| Target {
        asset: series[0].asset,
        columns: series.iter().map(|one| (one.column, one.keep)).collect(),
    };
    chosen.chunk_by(|a, b| a.asset == b.asset).map(of_asset).collect()
}
