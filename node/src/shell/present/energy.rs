//! The building's energy as the page shows it, and what a page may say about its meters.

use protocol::UnixMs;
use protocol::energy::Quality;
use web::request::MetersDraft;
use web::view::{
    EnergyLimits, EnergyNowView, EnergyTotalsView, MeterFinding, MeterPlace, MeterReading, MeterRole,
    MeterTestView, MeterView, MetersView, MissingView, PowerView, SlotDoubt, SlotQuality, SlotView,
};
use web::{Kind, Problem, Time};

use crate::core::Core;
use crate::core::catalogue::{Asset, AssetId, MetricKind, MetricName};
use crate::core::energy::{
    Doubt, Finding, Gap, Limits, Meter, MeterPlan, Power, Role, Slot, Totals, gaps, unit_mwh,
};

/// What flows at the node's time `now`.
pub(crate) fn now(core: &Core, now: UnixMs) -> EnergyNowView {
    let flow = core.flow_now(now);
    let power = |power: Option<Power>| {
        power.map(|Power { watts, from, to }| PowerView { watts, from: from.into(), to: to.into() })
    };
    EnergyNowView {
        time: now.into(),
        slot_minutes: core.energy().length().minutes(),
        import: power(flow.import),
        export: power(flow.export),
        production: power(flow.production),
        load: power(flow.load),
        closed_to: core.energy().frontier().map(Time::from),
        meters: u32::try_from(core.energy().meters().len()).unwrap_or(u32::MAX),
    }
}

/// The closed slots that start in `[from, to)`.
pub(crate) fn slots(core: &Core, from: UnixMs, to: UnixMs, limit: usize) -> Vec<SlotView> {
    core.energy().book().slots(from, to).take(limit).map(slot).collect()
}

fn slot(slot: &Slot) -> SlotView {
    let flow = slot.flow;
    SlotView {
        id: slot.start().0.to_string(),
        start: slot.start().into(),
        end: slot.end().into(),
        import_wh: flow.map(|flow| flow.import_wh),
        export_wh: flow.map(|flow| flow.export_wh),
        production_wh: flow.and_then(|flow| flow.production_wh),
        consumption_wh: flow.and_then(|flow| flow.consumption_wh()),
        quality: match slot.quality() {
            Quality::Measured => SlotQuality::Measured,
            Quality::Estimated => SlotQuality::Estimated,
            Quality::Missing => SlotQuality::Missing,
        },
        version: slot.version,
        held: slot.held.map(doubt),
    }
}

/// Their sums.
pub(crate) fn totals(core: &Core, from: UnixMs, to: UnixMs) -> EnergyTotalsView {
    let totals = Totals::of(core.energy().book(), from, to);
    #[expect(clippy::cast_precision_loss, reason = "a share, shown with three digits")]
    let share = |part: i64, whole: i64| (whole > 0).then(|| (part as f64 / whole as f64).clamp(0.0, 1.0));
    let self_used = totals.self_used_wh();
    EnergyTotalsView {
        from: from.into(),
        to: to.into(),
        import_wh: totals.import_wh,
        export_wh: totals.export_wh,
        production_wh: totals.production_wh,
        consumption_wh: totals.consumption_wh,
        self_consumption: self_used.zip(totals.production_wh).and_then(|(used, made)| share(used, made)),
        self_sufficiency: self_used.and_then(|used| share(used, totals.consumption_wh)),
        slots: totals.slots,
        missing: totals.missing,
        estimated: totals.estimated,
        held: totals.held,
    }
}

/// What is missing or held back, newest first; what nobody has told yet stands first.
pub(crate) fn missing(core: &Core, now: UnixMs, from: UnixMs, to: UnixMs) -> Vec<MissingView> {
    let frontier = core.energy().frontier().filter(|_| !core.energy().meters().is_empty());
    let slot_ms = core.energy().length().ms();
    let over = now.0.div_euclid(slot_ms) * slot_ms;
    let silent = frontier.filter(|frontier| frontier.0 + slot_ms < over && *frontier < to && from.0 < over);
    let waiting = silent.map(|frontier| {
        let slots = u32::try_from((over - frontier.0) / slot_ms).unwrap_or(u32::MAX);
        let (id, from, to) = (frontier.0.to_string(), frontier.into(), Time::from_ms(over));
        MissingView { id, from, to, slots, held: None, open: true }
    });
    let closed = gaps(core.energy().book(), from, to);
    let view = |Gap { from, to, slots, held }: Gap| MissingView {
        id: from.0.to_string(),
        from: from.into(),
        to: to.into(),
        slots,
        held: held.map(doubt),
        open: false,
    };
    waiting.into_iter().chain(closed.into_iter().map(view)).collect()
}

/// The meters and how they are doing.
pub(crate) fn meters(core: &Core, now: UnixMs) -> MetersView {
    let (energy, catalogue) = (core.energy(), core.telemetry().catalogue());
    let items: Vec<MeterView> = energy
        .meters()
        .iter()
        .map(|meter| {
            let test = tested(core, now, meter);
            let id = format!("{}~{}", test.asset, test.metric);
            let (asset, metric) = (test.asset.clone(), test.metric.clone());
            MeterView { id, asset, metric, role: role(meter.role), test }
        })
        .collect();
    let has_role = |place: &MeterPlace| {
        items.iter().any(|item| item.asset == place.asset && item.metric == place.metric)
    };
    let others = catalogue.assets().iter().flat_map(|asset| energy_counters(core, asset));
    let limits = energy.plan().limits();
    MetersView {
        by_name: energy.plan().is_by_name(),
        others: others.filter(|place| !has_role(place)).collect(),
        items,
        limits: EnergyLimits {
            connection_w: limits.connection_w(),
            pv_wp: limits.pv_wp(),
            storage_w: limits.storage_w(),
        },
    }
}

pub(super) fn energy_counters<'a>(core: &'a Core, asset: &'a Asset) -> impl Iterator<Item = MeterPlace> + 'a {
    let catalogue = core.telemetry().catalogue();
    let counts = |name: &str| {
        let traits = catalogue.traits(name);
        traits.kind == MetricKind::Counter && unit_mwh(&traits.unit).is_some()
    };
    let series = asset.series.iter().filter(move |series| counts(series.metric.as_str()));
    series.map(|series| MeterPlace { asset: asset.code.to_string(), metric: series.metric.to_string() })
}

/// One meter, whether it has a role or not.
pub(crate) fn test(core: &Core, now: UnixMs, asset: &str, metric: &str) -> Result<MeterTestView, Problem> {
    Ok(tested(core, now, &meter(core, asset, metric, MeterRole::Import)?))
}

fn tested(core: &Core, now: UnixMs, meter: &Meter) -> MeterTestView {
    let catalogue = core.telemetry().catalogue();
    let probe = core.probe_meter(now, meter);
    let reading = |(t, v): (UnixMs, f64)| MeterReading { t: t.into(), v };
    MeterTestView {
        time: now.into(),
        asset: catalogue.asset(meter.asset).map(|asset| asset.code.to_string()).unwrap_or_default(),
        metric: meter.metric.to_string(),
        unit: catalogue.traits(meter.metric.as_str()).unit.clone(),
        last: probe.last.map(reading),
        before: probe.before.map(reading),
        watts: probe.watts,
        readings: probe.readings,
        findings: probe.findings.into_iter().map(finding).collect(),
    }
}

/// What an operator says of the meters, in the core's words.
pub(crate) fn planned(core: &Core, draft: MetersDraft) -> Result<MeterPlan, Problem> {
    let invalid = |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string());
    let EnergyLimits { connection_w, pv_wp, storage_w } = draft.limits;
    let limits =
        Limits::new(connection_w, pv_wp, storage_w).map_err(|error| invalid(error).field("limits"))?;
    let of_role = |draft: web::request::MeterDraft| meter(core, &draft.asset, &draft.metric, draft.role);
    let meters: Option<Result<Vec<Meter>, Problem>> =
        draft.meters.map(|meters| meters.into_iter().map(of_role).collect());
    MeterPlan::new(meters.transpose()?, limits).map_err(|error| invalid(error).field("meters"))
}

fn meter(core: &Core, asset: &str, metric: &str, wanted: MeterRole) -> Result<Meter, Problem> {
    let (asset, metric) = place(core, asset, metric)?;
    let role = match wanted {
        MeterRole::Import => Role::Import,
        MeterRole::Export => Role::Export,
        MeterRole::Production => Role::Production,
        MeterRole::Load => Role::Load,
    };
    Ok(Meter { asset, metric, role })
}

/// Where a counter is that somebody names.
pub(super) fn place(core: &Core, asset: &str, metric: &str) -> Result<(AssetId, MetricName), Problem> {
    let unknown = || Problem::new(Kind::NotFound, format!("there is no asset `{asset}`")).field("asset");
    let asset = core.telemetry().catalogue().asset_by_code(asset).ok_or_else(unknown)?.id;
    let wrong = |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field("metric");
    Ok((asset, MetricName::new(metric).map_err(wrong)?))
}

const fn role(role: Role) -> MeterRole {
    match role {
        Role::Import => MeterRole::Import,
        Role::Export => MeterRole::Export,
        Role::Production => MeterRole::Production,
        Role::Load => MeterRole::Load,
    }
}

const fn finding(finding: Finding) -> MeterFinding {
    match finding {
        Finding::NeverSent => MeterFinding::NeverSent,
        Finding::NotACounter => MeterFinding::NotACounter,
        Finding::NoEnergy => MeterFinding::NoEnergy,
        Finding::Silent => MeterFinding::Silent,
        Finding::OutOfRange => MeterFinding::OutOfRange,
        Finding::Fell => MeterFinding::Fell,
        Finding::Jumped => MeterFinding::Jumped,
        Finding::Still => MeterFinding::Still,
    }
}

pub(super) const fn doubt(doubt: Doubt) -> SlotDoubt {
    match doubt {
        Doubt::ImportAboveConnection => SlotDoubt::ImportAboveConnection,
        Doubt::ExportAboveConnection => SlotDoubt::ExportAboveConnection,
        Doubt::ProductionAbovePanels => SlotDoubt::ProductionAbovePanels,
        Doubt::ExportAboveProduction => SlotDoubt::ExportAboveProduction,
        Doubt::BeyondAnySlot => SlotDoubt::BeyondAnySlot,
    }
}
