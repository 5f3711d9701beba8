//! Metrics, swaps of meters and contradicting readings as the page shows them, and what a page may change of them.

use std::collections::BTreeMap;

use protocol::UnixMs;
use web::request::{MetricChange, SwapDraft};
use web::view::{self, ConflictView, MetricView, SwapView};
use web::{Kind, Problem, Time};

use crate::core::Core;
use crate::core::catalogue::{
    AssetId, Catalogue, Column, MetricDefinition, MetricKind, MetricName, OnConflict, QUARTER_DAYS_DEFAULT,
    RAW_DAYS_DEFAULT, Swap, Unfit,
};
use crate::core::telemetry::{Exchange, Tally};

/// How many series a metric has and what came twice in them.
#[derive(Default)]
struct Reported {
    series: u32,
    tally: Tally,
}

impl Reported {
    fn add(&mut self, tally: Tally) {
        self.series += 1;
        self.tally.duplicates += tally.duplicates;
        self.tally.conflicts += tally.conflicts;
    }
}

/// Every metric that is defined or reported, by name.
pub(crate) fn metrics(core: &Core) -> Vec<MetricView> {
    let catalogue = core.telemetry().catalogue();
    let mut reported: BTreeMap<&MetricName, Reported> =
        catalogue.metrics().map(|one| (one.name(), Reported::default())).collect();
    for (name, tally) in series(core) {
        reported.entry(name).or_default().add(tally);
    }
    reported.into_iter().map(|(name, reported)| shown(catalogue, name, &reported)).collect()
}

/// One metric.
pub(crate) fn metric(core: &Core, name: &MetricName) -> MetricView {
    let mut reported = Reported::default();
    series(core).filter(|(known, _)| *known == name).for_each(|(_, tally)| reported.add(tally));
    shown(core.telemetry().catalogue(), name, &reported)
}

fn series(core: &Core) -> impl Iterator<Item = (&MetricName, Tally)> {
    core.telemetry().catalogue().assets().iter().flat_map(|asset| {
        let columns = (0u16..).map(Column).zip(&asset.series);
        columns.map(|(column, series)| (&series.metric, core.telemetry().tally(asset.id, column)))
    })
}

/// The newest readings that contradicted another, newest first.
pub(crate) fn conflicts(core: &Core) -> Vec<ConflictView> {
    let catalogue = core.telemetry().catalogue();
    let shown = core.telemetry().conflicts().filter_map(|conflict| {
        let asset = catalogue.asset(conflict.asset)?;
        Some(ConflictView {
            id: conflict.number.to_string(),
            asset: asset.code.to_string(),
            metric: asset.metric(conflict.column)?.to_string(),
            t: Time::from(conflict.time),
            holds: conflict.holds.get(),
            dropped: conflict.dropped.get(),
            seen: Time::from(conflict.seen),
        })
    });
    shown.collect()
}

fn shown(catalogue: &Catalogue, name: &MetricName, reported: &Reported) -> MetricView {
    let traits = catalogue.traits(name.as_str());
    let retention = catalogue.retention(name.as_str());
    MetricView {
        id: name.to_string(),
        name: name.to_string(),
        unit: traits.unit.clone(),
        kind: match traits.kind {
            MetricKind::Gauge => view::MetricKind::Gauge,
            MetricKind::Counter => view::MetricKind::Counter,
            MetricKind::State => view::MetricKind::State,
        },
        decimals: traits.decimals,
        rollover: traits.rollover,
        on_conflict: match traits.on_conflict {
            OnConflict::First => view::OnConflict::First,
            OnConflict::Last => view::OnConflict::Last,
        },
        raw_days: retention.raw_days.unwrap_or(RAW_DAYS_DEFAULT),
        quarter_days: retention.quarter_days.unwrap_or(QUARTER_DAYS_DEFAULT),
        day_days: retention.day_days,
        standard: MetricDefinition::standard(name.clone()).is_standard(),
        series: reported.series,
        duplicates: reported.tally.duplicates,
        conflicts: reported.tally.conflicts,
    }
}

/// Every swap, by asset and time.
pub(crate) fn swaps(core: &Core) -> Vec<SwapView> {
    let catalogue = core.telemetry().catalogue();
    let of = |asset| catalogue.swaps(asset).iter().map(|one| swap(catalogue, one));
    catalogue.assets().iter().flat_map(|asset| of(asset.id)).collect()
}

/// The swap of one meter at one time.
pub(crate) fn one_swap(core: &Core, asset: AssetId, metric: &MetricName, at: UnixMs) -> Option<SwapView> {
    let catalogue = core.telemetry().catalogue();
    let mut swaps = catalogue.swaps(asset).iter();
    let found = swaps.find(|one| one.metric() == metric && one.exchange().at == at)?;
    Some(swap(catalogue, found))
}

fn swap(catalogue: &Catalogue, swap: &Swap) -> SwapView {
    let Exchange { at, end, start } = swap.exchange();
    let asset = catalogue.asset(swap.asset()).map(|asset| asset.code.to_string()).unwrap_or_default();
    SwapView {
        id: format!("{}-{asset}-{}", at.0, swap.metric()),
        asset,
        metric: swap.metric().to_string(),
        at: Time::from(at),
        end_reading: end,
        start_reading: start,
        note: swap.note().to_owned(),
    }
}

/// The definition that a metric has after a change.
pub(crate) fn defined(core: &Core, name: &str, change: MetricChange) -> Result<MetricDefinition, Problem> {
    let wrong = |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field("name");
    let name = MetricName::new(name).map_err(wrong)?;
    let mut traits = core.telemetry().catalogue().traits(name.as_str()).clone();
    let MetricChange { unit, kind, decimals, rollover, on_conflict, raw_days, quarter_days, day_days } =
        change;
    traits.unit = unit.unwrap_or(traits.unit);
    traits.kind = kind.map_or(traits.kind, |kind| match kind {
        view::MetricKind::Gauge => MetricKind::Gauge,
        view::MetricKind::Counter => MetricKind::Counter,
        view::MetricKind::State => MetricKind::State,
    });
    traits.decimals = decimals.unwrap_or(traits.decimals);
    traits.rollover = rollover.unwrap_or(traits.rollover);
    traits.on_conflict = on_conflict.map_or(traits.on_conflict, |policy| match policy {
        view::OnConflict::First => OnConflict::First,
        view::OnConflict::Last => OnConflict::Last,
    });
    traits.retention.raw_days = raw_days.unwrap_or(traits.retention.raw_days);
    traits.retention.quarter_days = quarter_days.unwrap_or(traits.retention.quarter_days);
    traits.retention.day_days = day_days.unwrap_or(traits.retention.day_days);
    MetricDefinition::new(name, traits).map_err(|unfit| unfit_problem(&unfit))
}

/// The swap a page describes.
pub(crate) fn swapped(core: &Core, asset: &str, draft: SwapDraft) -> Result<Swap, Problem> {
    let catalogue = core.telemetry().catalogue();
    let unknown = || Problem::new(Kind::NotFound, format!("there is no asset `{asset}`")).field("id");
    let asset = catalogue.asset_by_code(asset).ok_or_else(unknown)?.id;
    let wrong = |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field("metric");
    let metric = MetricName::new(&draft.metric).map_err(wrong)?;
    let exchange = Exchange { at: draft.at.into(), end: draft.end_reading, start: draft.start_reading };
    Swap::new(asset, metric, exchange, draft.note).map_err(|unfit| unfit_problem(&unfit))
}

/// Why a value cannot be taken.
pub(crate) fn unfit_problem(unfit: &Unfit) -> Problem {
    Problem::new(Kind::Invalid, format!("expected {}", unfit.expected)).field(unfit.field)
}
