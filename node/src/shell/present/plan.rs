//! The building's plan as the page shows it, and what a page may say about the building's equipment.

use protocol::Digest;
use web::view::{
    Consent as ShownConsent, DayPlanView, EquipmentView, ForecastError, LoadDraft, LoadKind as ShownLoad,
    OwnTariff as ShownTariff, PlanReason, PlanSlotView, PlanStage, PlanView, PlannedStore,
    PriceSource as ShownSource, ServedFirst, SharedPlanView, ShiftStage, ShiftView, StoreDraft,
    StoreKind as ShownStore,
};
use web::{Kind, Problem};

use crate::core::Core;
use crate::core::plan::{Errors, LoadKind, Reason, Shift, SlotLength, Stage, StoreKind};
use crate::core::planning::{
    Consent, DayPlan, Equipment, First, OwnLoad, OwnStore, OwnTariff, Parts, PlanSlot, PriceSource,
    SharedPlan, Wish, WishStage,
};

/// The plan in force.
pub(crate) fn plan(core: &Core) -> PlanView {
    let planning = core.planning();
    PlanView { plan: planning.plan().map(|plan| day(core, plan)), metered: planning.has_history() }
}

fn day(core: &Core, plan: &DayPlan) -> DayPlanView {
    let reserves = core.planning().equipment().parts().stores.iter().map(|store| store.reserve_wh);
    let reserves: Vec<i64> = reserves.collect();
    DayPlanView {
        made: plan.made.into(),
        from: core.planning().calendar().start(plan.first).into(),
        stage: stage(plan.stage),
        reasons: plan.reasons.iter().map(reason).collect(),
        slots: plan.slots.iter().map(|planned| slot(planned, &reserves)).collect(),
        prices: match plan.source {
            PriceSource::Own => ShownSource::Own,
            PriceSource::Voted => ShownSource::Voted,
            PriceSource::Assumed => ShownSource::Assumed,
        },
        load_error: plan.errors.0.map(error),
        sun_error: plan.errors.1.map(error),
        cost: plan.cost,
        cost_without: plan.cost_without,
        shared: plan.shared.as_ref().map(|shared| for_all(shared, core.planning().calendar().length())),
    }
}

fn for_all(plan: &SharedPlan, length: SlotLength) -> SharedPlanView {
    SharedPlanView {
        stage: stage(plan.stage),
        reasons: plan.reasons.iter().map(reason).collect(),
        import_max_w: plan.import_max_wh.map(|limit| length.power_w(limit)),
        asked_max_w: plan.asked_max_wh.map(|limit| length.power_w(limit)),
        reserve_wh: plan.reserve_wh,
    }
}

const fn stage(stage: Stage) -> PlanStage {
    match stage {
        Stage::Exact => PlanStage::Exact,
        Stage::Relaxed => PlanStage::Relaxed,
        Stage::Greedy => PlanStage::Greedy,
    }
}

fn slot(planned: &PlanSlot, reserves: &[i64]) -> PlanSlotView {
    let stores = planned.stores.iter().zip(&planned.orders).enumerate();
    // What is asked of the part above the reserve is told of the whole store.
    let store = |(place, (stored, order)): (usize, (&(i64, i64), &crate::core::plan::Order))| {
        let reserve = reserves.get(place).copied().unwrap_or(0);
        PlannedStore {
            net_wh: stored.0,
            stored_wh: stored.1,
            hold_wh: order.hold_wh.saturating_add(reserve),
            fill_wh: if order.fill_wh > 0 { order.fill_wh.saturating_add(reserve) } else { 0 },
        }
    };
    PlanSlotView {
        id: planned.span.0.0.to_string(),
        start: planned.span.0.into(),
        end: planned.span.1.into(),
        load_wh: planned.load_wh,
        sun_wh: planned.sun_wh,
        stores: stores.map(store).collect(),
        loads_wh: planned.loads.clone(),
        net_wh: planned.net_wh,
        import_price: planned.prices.import,
        export_price: planned.prices.export,
    }
}

fn reason(reason: &Reason) -> PlanReason {
    let count = |slots: usize| u32::try_from(slots).unwrap_or(u32::MAX);
    match reason {
        Reason::TooLittleTime(short) => PlanReason::TooLittleTime {
            load: shown_load(short.kind),
            asked_wh: short.asked_wh,
            possible_wh: short.possible_wh,
        },
        Reason::AboveCap { slots, worst_w } => {
            PlanReason::AboveLimit { slots: count(*slots), worst_w: *worst_w }
        }
        Reason::Unknown { slots } => PlanReason::Unknown { slots: count(*slots) },
        Reason::Unsolved { said } => PlanReason::Unsolved { said: said.clone() },
    }
}

const fn error(Errors { mase, mase_week, mean_wh, slots }: Errors) -> ForecastError {
    ForecastError { mase, mase_week, mean_wh, slots }
}

/// What the owner says.
pub(crate) fn equipment(core: &Core) -> EquipmentView {
    let Parts { stores, loads, first, import_max_w, tariff, consent, moved_max_wh } =
        core.planning().equipment().parts();
    let store = |store: &OwnStore| StoreDraft {
        kind: shown_store(store.kind),
        capacity_wh: store.capacity_wh,
        charge_w: store.charge_w,
        discharge_w: store.discharge_w,
        round_trip_percent: store.round_trip_percent,
        reserve_wh: store.reserve_wh,
        loss_ppm_day: store.loss_ppm_day,
    };
    let load = |load: &OwnLoad| LoadDraft {
        kind: shown_load(load.kind),
        energy_wh: load.energy_wh,
        power_w: load.power_w,
        from_minute: load.from_minute,
        until_minute: load.until_minute,
        in_one_go: load.in_one_go,
    };
    EquipmentView {
        stores: stores.iter().map(store).collect(),
        loads: loads.iter().map(load).collect(),
        served_first: match first {
            First::Cheapest => ServedFirst::Cheapest,
            First::Stores => ServedFirst::Stores,
            First::Loads => ServedFirst::Loads,
        },
        import_max_w: *import_max_w,
        tariff: shown_tariff(*tariff),
        consent: match consent {
            Consent::Always => ShownConsent::Always,
            Consent::Ask => ShownConsent::Ask,
            Consent::Never => ShownConsent::Never,
        },
        moved_max_wh: *moved_max_wh,
    }
}

/// What a page says, in the core's words.
pub(crate) fn equipped(view: EquipmentView) -> Result<Equipment, Problem> {
    let EquipmentView { stores, loads, served_first, import_max_w, tariff, consent, moved_max_wh } = view;
    let parts = Parts {
        stores: stores.into_iter().map(own_store).collect(),
        loads: loads.into_iter().map(own_load).collect(),
        first: match served_first {
            ServedFirst::Cheapest => First::Cheapest,
            ServedFirst::Stores => First::Stores,
            ServedFirst::Loads => First::Loads,
        },
        import_max_w,
        tariff: own_tariff(tariff),
        consent: match consent {
            ShownConsent::Always => Consent::Always,
            ShownConsent::Ask => Consent::Ask,
            ShownConsent::Never => Consent::Never,
        },
        moved_max_wh,
    };
    Equipment::new(parts).map_err(|error| {
        let text = error.to_string();
        let (field, detail) = text.split_once(": ").unwrap_or(("equipment", text.as_str()));
        Problem::new(Kind::Invalid, detail.to_owned()).field(field)
    })
}

fn own_store(draft: StoreDraft) -> OwnStore {
    OwnStore {
        kind: match draft.kind {
            ShownStore::Dwelling => StoreKind::Micro,
            ShownStore::Building => StoreKind::Building,
            ShownStore::Hive => StoreKind::Hive,
            ShownStore::Season => StoreKind::Season,
        },
        capacity_wh: draft.capacity_wh,
        charge_w: draft.charge_w,
        discharge_w: draft.discharge_w,
        round_trip_percent: draft.round_trip_percent,
        reserve_wh: draft.reserve_wh,
        loss_ppm_day: draft.loss_ppm_day,
    }
}

fn own_load(draft: LoadDraft) -> OwnLoad {
    OwnLoad {
        kind: match draft.kind {
            ShownLoad::Car => LoadKind::Car,
            ShownLoad::WaterHeater => LoadKind::WaterHeater,
            ShownLoad::Heating => LoadKind::Heating,
            ShownLoad::Machine => LoadKind::Machine,
        },
        energy_wh: draft.energy_wh,
        power_w: draft.power_w,
        from_minute: draft.from_minute,
        until_minute: draft.until_minute,
        in_one_go: draft.in_one_go,
    }
}

const fn own_tariff(tariff: ShownTariff) -> OwnTariff {
    match tariff {
        ShownTariff::Voted => OwnTariff::Voted,
        ShownTariff::Flat { import, export } => OwnTariff::Flat { import, export },
        ShownTariff::TwoPrices { high, low, export, low_from, low_until } => {
            OwnTariff::TwoPrices { high, low, export, low_from, low_until }
        }
    }
}

const fn shown_tariff(tariff: OwnTariff) -> ShownTariff {
    match tariff {
        OwnTariff::Voted => ShownTariff::Voted,
        OwnTariff::Flat { import, export } => ShownTariff::Flat { import, export },
        OwnTariff::TwoPrices { high, low, export, low_from, low_until } => {
            ShownTariff::TwoPrices { high, low, export, low_from, low_until }
        }
    }
}

const fn shown_store(kind: StoreKind) -> ShownStore {
    match kind {
        StoreKind::Micro => ShownStore::Dwelling,
        StoreKind::Building => ShownStore::Building,
        StoreKind::Hive => ShownStore::Hive,
        StoreKind::Season => ShownStore::Season,
    }
}

const fn shown_load(kind: LoadKind) -> ShownLoad {
    match kind {
        LoadKind::Car => ShownLoad::Car,
        LoadKind::WaterHeater => ShownLoad::WaterHeater,
        LoadKind::Heating => ShownLoad::Heating,
        LoadKind::Machine => ShownLoad::Machine,
    }
}

/// What the hive asked for, newest first.
pub(crate) fn wishes(core: &Core) -> Vec<ShiftView> {
    core.planning().wishes().map(shown_wish).collect()
}

/// One request.
pub(crate) fn wish(core: &Core, id: &Digest) -> Option<ShiftView> {
    core.planning().wishes().find(|wish| wish.id == *id).map(shown_wish)
}

fn shown_wish(wish: &Wish) -> ShiftView {
    let request = &wish.request;
    let start = |slot: protocol::energy::SlotId| slot.start(request.length).into();
    ShiftView {
        id: wish.id.to_string(),
        stage: match wish.stage {
            WishStage::Waiting => ShiftStage::Waiting,
            WishStage::Offered => ShiftStage::Offered,
            WishStage::Declined => ShiftStage::Declined,
            WishStage::Unable => ShiftStage::Unable,
            WishStage::Agreed => ShiftStage::Agreed,
            WishStage::NotNeeded => ShiftStage::NotNeeded,
            WishStage::Lapsed => ShiftStage::Lapsed,
        },
        earlier: start(request.earlier),
        relieved: start(request.relieved),
        end: start(request.end),
        until: start(request.until),
        wanted_wh: request.wanted.0,
        import_max_wh: request.import_max.0,
        offered_wh: wish.offer.as_ref().map(Shift::moved_wh),
        taken_wh: wish.taken.as_ref().map(Shift::moved_wh),
        moved_wh: wish.moved_wh,
    }
}
