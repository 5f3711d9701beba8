//! The dwellings of the invented building: three flats and the stairs, in the evening.

use super::energy::SLOT_MS;
use web::request::{Apportionment, DwellingCall, DwellingsDraft};
use web::view::{
    DwellingAgreement, DwellingMeterView, DwellingPlanView, DwellingSlotView, DwellingSums, DwellingsView,
    Picture, SlotQuality,
};
use web::{Kind, Problem, Time};

const FLATS: [(&str, i64); 3] = [("1A", 90), ("2A", 140), ("3 gauche", 60)];
/// What the stairs use in a slot, Wh.
const STAIRS_WH: i64 = 25;

/// Answers the way a node does.
pub(super) fn answer(picture: &Picture, call: DwellingCall) {
    match call {
        DwellingCall::Plan(reply) => drop(reply.send(Ok(plan(picture)))),
        DwellingCall::Apportion { from, to, only, reply } => {
            drop(reply.send(apportion(picture.node.time.ms(), from.0, to.0, only.as_deref())));
        }
    }
}

pub(super) fn plan(picture: &Picture) -> DwellingPlanView {
    let asset = picture.assets.first().map(|asset| asset.code.clone()).unwrap_or_default();
    let view = |(dwelling, metric): (&str, &str)| DwellingMeterView {
        id: format!("{asset}~{metric}"),
        dwelling: dwelling.to_owned(),
        asset: asset.clone(),
        metric: metric.to_owned(),
    };
    let items = [("1A", "flat_1_wh"), ("2A", "flat_2_wh"), ("3 gauche", "flat_3_wh")];
    DwellingPlanView { common_parts: true, items: items.map(view).to_vec(), others: Vec::new() }
}

pub(super) fn planned(draft: DwellingsDraft) -> DwellingPlanView {
    let view = |meter: web::request::DwellingMeterDraft| DwellingMeterView {
        id: format!("{}~{}", meter.asset, meter.metric),
        dwelling: meter.dwelling,
        asset: meter.asset,
        metric: meter.metric,
    };
    DwellingPlanView {
        common_parts: draft.common_parts,
        items: draft.meters.into_iter().map(view).collect(),
        others: Vec::new(),
    }
}

fn apportion(now: i64, from: i64, to: i64, only: Option<&str>) -> Result<Apportionment, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "there is no such dwelling").field("dwelling");
    let chosen =
        only.map(|only| FLATS.iter().find(|(label, _)| *label == only).ok_or_else(unknown)).transpose()?;
    let first = from.div_euclid(SLOT_MS) + i64::from(from.rem_euclid(SLOT_MS) > 0);
    let starts: Vec<i64> =
        (first..).map(|slot| slot * SLOT_MS).take_while(|start| *start < to.min(now)).collect();
    let slots = i64::try_from(starts.len()).unwrap_or(i64::MAX);
    let part = |id: &str, wh: i64| DwellingSums {
        id: id.to_owned(),
        used_wh: wh * slots,
        bought_wh: wh * slots / 3,
        pay: wh * slots * 45,
        fee: wh * slots * 3,
        ..DwellingSums::default()
    };
    let flats: i64 = FLATS.iter().map(|(_, wh)| wh).sum();
    let count = u32::try_from(slots).unwrap_or(u32::MAX);
    let sums = DwellingsView {
        from: Time::from_ms(from),
        to: Time::from_ms(to),
        items: FLATS.iter().map(|(label, wh)| part(label, *wh)).collect(),
        common: part("", STAIRS_WH),
        building_wh: (flats + STAIRS_WH) * slots,
        dwellings_wh: flats * slots,
        tolerance_wh: (flats + STAIRS_WH) * slots * 3 / 100 + 4 * slots,
        agreement: if slots > 0 { DwellingAgreement::Holds } else { DwellingAgreement::Unknown },
        slots: count,
        compared: count,
        apart: 0,
    };
    let slot = |start: &i64, wh: i64| DwellingSlotView {
        id: start.to_string(),
        start: Time::from_ms(*start),
        end: Time::from_ms(start + SLOT_MS),
        used_wh: Some(wh),
        quality: SlotQuality::Measured,
        bought_wh: wh / 3,
        pay: wh * 45,
        fee: wh * 3,
        ..DwellingSlotView::default()
    };
    let slots = chosen.map(|(_, wh)| starts.iter().map(|start| slot(start, *wh)).collect());
    Ok(Apportionment { sums, slots: slots.unwrap_or_default() })
}
