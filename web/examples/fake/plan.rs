//! The plan of the invented building: a battery that fills at noon and a car that charges at night.

use web::request::PlanCall;
use web::view::{
    DayPlanView, EquipmentView, ForecastError, LoadDraft, LoadKind, OwnTariff, Picture, PlanReason,
    PlanSlotView, PlanStage, PlanView, PlannedStore, PriceSource, SharedPlanView, ShiftStage, ShiftView,
    StoreDraft, StoreKind,
};
use web::{Kind, Problem, Time};

const SLOT_MS: i64 = 900_000;
const DAY_MS: i64 = 86_400_000;
const CAPACITY_WH: i64 = 12_000;

/// Answers the way a node does.
pub(super) fn answer(picture: &Picture, call: PlanCall) {
    match call {
        PlanCall::Plan(reply) => {
            let plan = PlanView { plan: Some(day(picture.node.time.ms())), metered: true };
            drop(reply.send(Ok(plan)));
        }
        PlanCall::Shifts(reply) => drop(reply.send(Ok(vec![shift(picture.node.time.ms())]))),
        PlanCall::Equipment(reply) => drop(reply.send(Ok(equipment()))),
    }
}

fn shift(now: i64) -> ShiftView {
    let hour = |hours: i64| Time::from_ms(now.div_euclid(DAY_MS) * DAY_MS + hours * 3_600_000);
    ShiftView {
        id: "5a".repeat(32),
        stage: ShiftStage::Waiting,
        earlier: hour(17),
        relieved: hour(18),
        end: hour(20),
        until: hour(8),
        wanted_wh: 9_600,
        import_max_wh: 4_900,
        offered_wh: None,
        taken_wh: None,
        moved_wh: None,
    }
}

/// A yes is taken at once.
pub(super) fn answered(picture: &Picture, id: &str, yes: bool) -> Result<ShiftView, Problem> {
    let waiting = shift(picture.node.time.ms());
    if waiting.id != id {
        return Err(Problem::new(Kind::NotFound, "no such request waits for an answer").field("id"));
    }
    let (stage, offered) =
        if yes { (ShiftStage::Offered, Some(2_400)) } else { (ShiftStage::Declined, None) };
    Ok(ShiftView { stage, offered_wh: offered, ..waiting })
}

pub(super) fn equipment() -> EquipmentView {
    let store = StoreDraft {
        kind: StoreKind::Building,
        capacity_wh: CAPACITY_WH,
        charge_w: 5_000,
        discharge_w: 5_000,
        round_trip_percent: 90,
        reserve_wh: 1_200,
        loss_ppm_day: 0,
    };
    let car = LoadDraft {
        kind: LoadKind::Car,
        energy_wh: 9_000,
        power_w: 7_400,
        from_minute: 18 * 60,
        until_minute: 7 * 60,
        in_one_go: false,
    };
    let tariff =
        OwnTariff::TwoPrices { high: 270_000, low: 200_000, export: 40_000, low_from: 1_320, low_until: 360 };
    EquipmentView {
        stores: vec![store.clone(), StoreDraft { kind: StoreKind::Hive, capacity_wh: 40_000, ..store }],
        loads: vec![car],
        tariff,
        moved_max_wh: 3_000,
        ..EquipmentView::default()
    }
}

fn day(now: i64) -> DayPlanView {
    let first = now.div_euclid(SLOT_MS) + 1;
    let midnight = now.div_euclid(DAY_MS) * DAY_MS;
    let mut stored = 4_000;
    let numbers = midnight / SLOT_MS..(midnight + 2 * DAY_MS) / SLOT_MS;
    let slots = numbers.map(|number| slot(number, &mut stored)).collect();
    let error = |mase| Some(ForecastError { mase, mase_week: Some(mase + 0.1), mean_wh: 84.0, slots: 672 });
    DayPlanView {
        made: Time::from_ms(now),
        from: Time::from_ms(first * SLOT_MS),
        stage: PlanStage::Exact,
        reasons: vec![PlanReason::AboveLimit { slots: 2, worst_w: 800 }],
        slots,
        prices: PriceSource::Own,
        load_error: error(0.83),
        sun_error: error(0.97),
        cost: 3_410_000,
        cost_without: 4_150_000,
        shared: Some(SharedPlanView {
            stage: PlanStage::Exact,
            reasons: Vec::new(),
            import_max_w: Some(21_400),
            asked_max_w: Some(19_000),
            reserve_wh: 1_200,
        }),
    }
}

fn slot(number: i64, stored: &mut i64) -> PlanSlotView {
    let start = number * SLOT_MS;
    let quarter = start.rem_euclid(DAY_MS) / SLOT_MS;
    let sun = (64 - (quarter - 50) * (quarter - 50) / 4).max(0) * 30;
    let load = 300 + (quarter * 37 % 11) * 40;
    let car = if (8..13).contains(&quarter) { 1_800 } else { 0 };
    let spare = sun - load - car;
    let battery = if spare > 0 {
        spare.min(1_250).min(CAPACITY_WH - *stored)
    } else if car == 0 {
        -(-spare).min(1_250).min(*stored - 1_200)
    } else {
        0
    };
    *stored += battery;
    let is_low = !(24..88).contains(&quarter);
    let shared = match quarter {
        44..56 => 800,
        72..84 => -700,
        _ => 0,
    };
    PlanSlotView {
        id: start.to_string(),
        start: Time::from_ms(start),
        end: Time::from_ms(start + SLOT_MS),
        load_wh: Some(load),
        sun_wh: Some(sun),
        stores: vec![
            PlannedStore { net_wh: battery, stored_wh: *stored, hold_wh: 1_200, fill_wh: 0 },
            PlannedStore { net_wh: shared, stored_wh: 10_000 + shared, hold_wh: 1_200, fill_wh: 0 },
        ],
        loads_wh: vec![car],
        net_wh: load + car + battery + shared - sun,
        import_price: if is_low { 200_000 } else { 270_000 },
        export_price: 40_000,
    }
}
