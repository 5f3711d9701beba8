//! Dwellings as the page shows them, and what a page may say of their counters.

use protocol::UnixMs;
use web::request::DwellingsDraft;
use web::view::{
    DwellingAgreement, DwellingMeterView, DwellingPlanView, DwellingSums, DwellingsView, MeterPlace,
};
use web::{Kind, Problem};

use super::energy::{energy_counters, place};
use crate::core::Core;
use crate::core::energy::{Agreement, Apportioned, DwellingLabel, DwellingMeter, DwellingPart, DwellingPlan};

/// Whose counter is whose.
pub(crate) fn plan(core: &Core) -> DwellingPlanView {
    let (energy, catalogue) = (core.energy(), core.telemetry().catalogue());
    let code = |id| catalogue.asset(id).map(|asset| asset.code.to_string()).unwrap_or_default();
    let view = |meter: &DwellingMeter| {
        let (asset, metric) = (code(meter.asset), meter.metric.to_string());
        DwellingMeterView {
            id: format!("{asset}~{metric}"),
            dwelling: meter.dwelling.to_string(),
            asset,
            metric,
        }
    };
    let items: Vec<DwellingMeterView> = energy.dwelling_plan().meters().iter().map(view).collect();
    let is_free = |place: &MeterPlace| {
        let tells_whole = energy
            .meters()
            .iter()
            .any(|meter| code(meter.asset) == place.asset && meter.metric.as_str() == place.metric);
        !tells_whole && !items.iter().any(|item| item.asset == place.asset && item.metric == place.metric)
    };
    let others = catalogue.assets().iter().flat_map(|asset| energy_counters(core, asset));
    DwellingPlanView {
        common_parts: energy.dwelling_plan().has_common_parts(),
        others: others.filter(is_free).collect(),
        items,
    }
}

/// What an operator says of them, in the core's words.
pub(crate) fn planned(core: &Core, draft: DwellingsDraft) -> Result<DwellingPlan, Problem> {
    let invalid = |field: &'static str| {
        move |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field(field)
    };
    let mut meters = Vec::with_capacity(draft.meters.len());
    for meter in draft.meters {
        let dwelling = DwellingLabel::new(&meter.dwelling).map_err(invalid("dwelling"))?;
        let (asset, metric) = place(core, &meter.asset, &meter.metric)?;
        meters.push(DwellingMeter { dwelling, asset, metric });
    }
    DwellingPlan::new(meters, draft.common_parts).map_err(invalid("meters"))
}

/// What dwellings used and what is theirs.
pub(crate) fn sums(from: UnixMs, to: UnixMs, labels: &[DwellingLabel], sums: &Apportioned) -> DwellingsView {
    let items = labels.iter().zip(&sums.parts).map(|(label, sum)| part(label.to_string(), sum));
    DwellingsView {
        from: from.into(),
        to: to.into(),
        items: items.collect(),
        common: part(String::new(), &sums.common),
        building_wh: sums.building_wh,
        dwellings_wh: sums.dwellings_wh,
        tolerance_wh: sums.tolerance_wh(),
        agreement: match sums.agreement() {
            Agreement::Unknown => DwellingAgreement::Unknown,
            Agreement::Holds => DwellingAgreement::Holds,
            Agreement::TooMuch => DwellingAgreement::TooMuch,
            Agreement::TooLittle => DwellingAgreement::TooLittle,
        },
        slots: sums.slots,
        compared: sums.compared,
        apart: sums.apart,
    }
}

fn part(id: String, part: &DwellingPart) -> DwellingSums {
    let DwellingPart { used_wh, bought_wh, pay, fee, sold_wh, revenue, missing, estimated } = *part;
    DwellingSums { id, used_wh, bought_wh, pay, fee, sold_wh, revenue, missing, estimated }
}
