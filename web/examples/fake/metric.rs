//! Invented metrics and swaps of meters.

use web::request::{MetricChange, SwapDraft};
use web::view::{MetricKind, MetricView, SwapView};

/// What a page sees first.
pub(crate) fn metrics() -> Vec<MetricView> {
    let counter = MetricChange { kind: Some(MetricKind::Counter), ..MetricChange::default() };
    let unit = |unit: &str, change: MetricChange| MetricChange { unit: Some(unit.to_owned()), ..change };
    let metrics = [
        ("energy_kwh", unit("kWh", counter)),
        ("motor_temp", unit("°C", MetricChange::default())),
        ("power_kw", unit("kW", MetricChange::default())),
    ];
    metrics.map(|(name, change)| metric(name, change)).to_vec()
}

/// The metric of a change to nothing.
pub(crate) fn metric(name: &str, change: MetricChange) -> MetricView {
    MetricView {
        id: name.to_owned(),
        name: name.to_owned(),
        unit: change.unit.unwrap_or_default(),
        kind: change.kind.unwrap_or_default(),
        decimals: change.decimals.flatten(),
        rollover: change.rollover.flatten(),
        on_conflict: change.on_conflict.unwrap_or_default(),
        raw_days: change.raw_days.flatten().unwrap_or(90),
        quarter_days: change.quarter_days.flatten().unwrap_or(730),
        day_days: change.day_days.flatten(),
        ..MetricView::default()
    }
}

/// The swap of a draft.
pub(crate) fn swap(asset: &str, draft: SwapDraft) -> SwapView {
    SwapView {
        id: format!("{}-{asset}-{}", draft.at.ms(), draft.metric),
        asset: asset.to_owned(),
        metric: draft.metric,
        at: draft.at,
        end_reading: draft.end_reading,
        start_reading: draft.start_reading,
        note: draft.note,
    }
}
