//! The energy of the invented building: a sunny day every day, with one hole in it.

use super::sharing;
use web::request::EnergyCall;
use web::view::{
    EnergyLimits, EnergyNowView, EnergyTotalsView, MeterReading, MeterRole, MeterTestView, MeterView,
    MetersView, MissingView, Picture, PowerView, SlotQuality, SlotView, TermsView,
};
use web::{Kind, Problem, Time};

pub(super) const SLOT_MS: i64 = 900_000;
const DAY_MS: i64 = 86_400_000;

/// Answers the way a node does.
pub(super) fn answer(picture: &Picture, call: EnergyCall) {
    let now = picture.node.time.ms();
    match call {
        EnergyCall::Now(reply) => drop(reply.send(Ok(flow(now)))),
        EnergyCall::Slots { from, to, limit, reply } => {
            drop(reply.send(Ok(slots(now, from.0, to.0).take(limit).collect())));
        }
        EnergyCall::Totals { from, to, reply } => drop(reply.send(Ok(totals(now, from.0, to.0)))),
        EnergyCall::Missing { from, to, reply } => {
            let missing = slots(now, from.0, to.0).filter(|slot| slot.quality == SlotQuality::Missing);
            let view = |slot: SlotView| MissingView {
                id: slot.id,
                from: slot.start,
                to: slot.end,
                slots: 1,
                held: None,
                open: false,
            };
            drop(reply.send(Ok(missing.map(view).collect())));
        }
        EnergyCall::Aggregates(reply) => drop(reply.send(Ok(web::view::AggregatesView::default()))),
        EnergyCall::Leaving(reply) => drop(reply.send(Ok(web::view::LeavingView::default()))),
        EnergyCall::Terms(reply) => drop(reply.send(Ok(TermsView::default()))),
        EnergyCall::Sharing(reply) => drop(reply.send(Ok(sharing::sharing(picture)))),
        EnergyCall::Results { from, to, limit, reply } => {
            drop(reply.send(Ok(sharing::results(picture, from.0, to.0).take(limit).collect())));
        }
        EnergyCall::ResultProof { slot, reply } => {
            let missing = || Problem::new(Kind::NotFound, "there is no such slot").field("id");
            drop(reply.send(sharing::proof(picture, slot).ok_or_else(missing)));
        }
        EnergyCall::Sums { from, to, reply } => drop(reply.send(Ok(sharing::sums(picture, from.0, to.0)))),
        EnergyCall::Hive { from, to, reply } => drop(reply.send(Ok(sharing::hive(picture, from.0, to.0)))),
        EnergyCall::Credits(reply) => drop(reply.send(Ok(sharing::credits(picture)))),
        EnergyCall::Releases(reply) => drop(reply.send(Ok(sharing::releases(now)))),
        EnergyCall::Disputes { from, to, reply } => {
            drop(reply.send(Ok(sharing::disputes(picture, from.0, to.0))));
        }
        EnergyCall::Meters(reply) => drop(reply.send(Ok(meters(picture)))),
        EnergyCall::Test { asset, metric, reply } => {
            let known = picture.assets.iter().any(|known| known.code == asset);
            let missing = || Problem::new(Kind::NotFound, "there is no such asset").field("asset");
            drop(reply.send(known.then(|| tested(now, &asset, &metric)).ok_or_else(missing)));
        }
    }
}

/// Start of the slot after the one of `now`.
pub(super) const fn next_slot(now: i64) -> i64 {
    (now.div_euclid(SLOT_MS) + 1) * SLOT_MS
}

pub(super) fn meters(picture: &Picture) -> MetersView {
    let now = picture.node.time.ms();
    let Some(asset) = picture.assets.first() else { return MetersView::default() };
    let roles = [
        ("import_wh", MeterRole::Import),
        ("export_wh", MeterRole::Export),
        ("pv_wh", MeterRole::Production),
    ];
    let view = |(metric, role): (&str, MeterRole)| MeterView {
        id: format!("{}~{metric}", asset.code),
        asset: asset.code.clone(),
        metric: metric.to_owned(),
        role,
        test: tested(now, &asset.code, metric),
    };
    MetersView {
        by_name: true,
        items: roles.into_iter().map(view).collect(),
        others: Vec::new(),
        limits: EnergyLimits { connection_w: Some(36_000), pv_wp: Some(20_000), storage_w: None },
    }
}

fn tested(now: i64, asset: &str, metric: &str) -> MeterTestView {
    let reading = |ms: i64, v| Some(MeterReading { t: Time::from_ms(ms), v });
    MeterTestView {
        time: Time::from_ms(now),
        asset: asset.to_owned(),
        metric: metric.to_owned(),
        unit: "Wh".to_owned(),
        last: reading(now, 812_410.0),
        before: reading(now - 60_000, 812_380.0),
        watts: Some(1_800.0),
        readings: 120,
        findings: Vec::new(),
    }
}

fn flow(now: i64) -> EnergyNowView {
    let power =
        |watts: f64| Some(PowerView { watts, from: Time::from_ms(now - 60_000), to: Time::from_ms(now) });
    EnergyNowView {
        time: Time::from_ms(now),
        slot_minutes: 15,
        import: power(0.0),
        export: power(3_200.0),
        production: power(5_900.0),
        load: power(2_700.0),
        closed_to: Some(Time::from_ms(now.div_euclid(SLOT_MS) * SLOT_MS)),
        meters: 3,
    }
}

pub(super) fn slots(now: i64, from: i64, to: i64) -> impl Iterator<Item = SlotView> {
    let first = from.max(now - 30 * DAY_MS).div_euclid(SLOT_MS);
    let last = to.min(now).div_euclid(SLOT_MS);
    (first..last).map(|number| slot(number * SLOT_MS)).filter(move |slot| slot.start.ms() >= from)
}

fn slot(start: i64) -> SlotView {
    let (start_at, end) = (Time::from_ms(start), Time::from_ms(start + SLOT_MS));
    let quarter = start.rem_euclid(DAY_MS) / SLOT_MS;
    let id = start.to_string();
    if (60..63).contains(&quarter) {
        return SlotView { id, start: start_at, end, version: 1, ..SlotView::default() };
    }
    let made = (64 - (quarter - 50) * (quarter - 50) / 4).max(0) * 30;
    let used = 300 + (quarter * 37 % 11) * 40;
    SlotView {
        id,
        start: start_at,
        end,
        import_wh: Some((used - made).max(0)),
        export_wh: Some((made - used).max(0)),
        production_wh: Some(made),
        consumption_wh: Some(used),
        quality: if quarter == 20 { SlotQuality::Estimated } else { SlotQuality::Measured },
        version: 1,
        held: None,
    }
}

fn totals(now: i64, from: i64, to: i64) -> EnergyTotalsView {
    let mut totals =
        EnergyTotalsView { from: Time::from_ms(from), to: Time::from_ms(to), ..EnergyTotalsView::default() };
    let (mut made, mut used) = (0, 0);
    for slot in slots(now, from, to) {
        totals.slots += 1;
        totals.missing += u32::from(slot.quality == SlotQuality::Missing);
        totals.import_wh += slot.import_wh.unwrap_or(0);
        totals.export_wh += slot.export_wh.unwrap_or(0);
        made += slot.production_wh.unwrap_or(0);
        used += slot.consumption_wh.unwrap_or(0);
    }
    let own = (made - totals.export_wh) as f64;
    totals.production_wh = Some(made);
    totals.consumption_wh = used;
    totals.self_consumption = (made > 0).then(|| own / made as f64);
    totals.self_sufficiency = (used > 0).then(|| own / used as f64);
    totals
}
