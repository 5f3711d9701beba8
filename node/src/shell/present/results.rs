//! What became of slots as the page shows it: the hive's result on the ledger, this building's part of it, and what a month
//! of them came to.

use protocol::hex::hex;
use std::ops::RangeInclusive;

use ledger::energy::{Line, LineProof};
use ledger::state::energy::SettledSlot;
use protocol::UnixMs;
use protocol::energy::{MicroEuro, SlotId, SlotLength, Statement, ToldLine, WattHours};
use web::view::{
    Amount as ShownAmount, MonthSums, OwnLine, ResultDoubt, ResultProof, ResultStage, ResultView,
};
use web::{Kind, Problem};

use crate::core::Core;
use crate::core::energy::{Amount, LineDoubt, Month, OwnPart, OwnSlot, PastLine, SlotStage, tariff_and_fee};

/// The slots that start in `[from, to)`.
pub(super) fn slots_between(from: UnixMs, to: UnixMs, length: SlotLength) -> Option<RangeInclusive<SlotId>> {
    if from >= to {
        return None;
    }
    let first = SlotId::at(UnixMs(from.0.max(0)).plus(length.ms() - 1), length)?;
    let last = SlotId::at(to.plus(-1), length)?;
    (first <= last).then_some(first..=last)
}

/// What became of the slots that start in `[from, to)`, those among them that this building stated and the ledger does
/// not hold yet.
pub(crate) fn results(core: &Core, from: UnixMs, to: UnixMs, limit: usize) -> Vec<ResultView> {
    let state = core.ledger().state();
    let slots = slots_between(from, to, state.slot_length());
    let mut settled = slots.into_iter().flat_map(|slots| state.settled_slots(slots)).peekable();
    let mut stated = core.energy().settled_between(from, to).map(OwnSlot::slot).peekable();
    let mut found = Vec::new();
    while found.len() < limit {
        let waits = stated.peek().copied();
        let is_next =
            waits.is_some_and(|slot| settled.peek().is_none_or(|settled| slot < settled.result.slot));
        if is_next {
            found.extend(stated.next().map(|slot| waiting(core, slot)));
        } else if let Some(settled) = settled.next() {
            if waits == Some(settled.result.slot) {
                stated.next();
            }
            found.push(result(core, settled));
        } else {
            break;
        }
    }
    found
}

/// A slot that this building stated and that is not on the ledger.
fn waiting(core: &Core, slot: SlotId) -> ResultView {
    let state = core.ledger().state();
    let (length, tariff) = (state.slot_length(), tariff_and_fee(state, slot));
    ResultView {
        id: slot.to_string(),
        start: slot.start(length).into(),
        end: slot.end(length).into(),
        stage: ResultStage::Stated,
        version: 0,
        price: None,
        retail: tariff.map(|(tariff, _)| tariff.retail.0),
        feed_in: tariff.map(|(tariff, _)| tariff.feed_in.0),
        fee: tariff.map(|(_, fee)| fee.0),
        demand_wh: 0,
        surplus_wh: 0,
        traded_wh: 0,
        given_wh: 0,
        missing: Vec::new(),
        settlers: Vec::new(),
        height: None,
        own: None,
    }
}

fn result(core: &Core, settled: &SettledSlot) -> ResultView {
    let (state, result) = (core.ledger().state(), &settled.result);
    let length = state.slot_length();
    let tariff = tariff_and_fee(state, result.slot);
    ResultView {
        id: result.slot.to_string(),
        start: result.slot.start(length).into(),
        end: result.slot.end(length).into(),
        stage: stage(core.slot_stage(result.slot)),
        version: result.version,
        price: result.price.map(|price| price.0),
        retail: tariff.map(|(tariff, _)| tariff.retail.0),
        feed_in: tariff.map(|(tariff, _)| tariff.feed_in.0),
        fee: tariff.map(|(_, fee)| fee.0),
        demand_wh: result.demand.0,
        surplus_wh: result.surplus.0,
        traded_wh: result.traded.0,
        given_wh: result.given.0,
        missing: result.missing.iter().map(ToString::to_string).collect(),
        settlers: settled.settlers.iter().map(ToString::to_string).collect(),
        height: Some(settled.height.0),
        own: own_line(core, result.slot),
    }
}

const fn stage(stage: SlotStage) -> ResultStage {
    match stage {
        SlotStage::Stated => ResultStage::Stated,
        SlotStage::Provisional => ResultStage::Provisional,
        SlotStage::Preview => ResultStage::Preview,
        SlotStage::Final => ResultStage::Final,
    }
}

/// This building's part of a settled slot, as far as it knows it.
fn own_line(core: &Core, slot: SlotId) -> Option<OwnLine> {
    let own = core.energy().settled_slot(slot)?;
    let outcome = own.outcome()?;
    let stated = own.latest();
    let doubt = outcome.doubt.map(doubt);
    let Some(line) = &outcome.line else {
        // It has a figure and no line: only worth telling where that is wrong.
        let (demand_wh, surplus_wh) = (stated.import.0, stated.export.0);
        let none = OwnLine { demand_wh, surplus_wh, doubt, ..OwnLine::default() };
        return doubt.map(|_| none);
    };
    Some(OwnLine {
        demand_wh: line.demand.0,
        bought_wh: line.bought.0,
        surplus_wh: line.surplus.0,
        sold_wh: line.sold.0,
        pay: line.pay.0,
        revenue: line.revenue.0,
        fee: line.fee.0,
        doubt,
    })
}

pub(crate) fn own_part(core: &Core, slot: SlotId) -> OwnPart {
    let Some(own) = core.energy().settled_slot(slot) else {
        return core
            .energy()
            .past_line(slot)
            .map_or(OwnPart::None, |past| OwnPart::Checked(past_line(core, past)));
    };
    let is_doubtful = !own.is_made_good() && own.outcome().is_some_and(|outcome| outcome.doubt.is_some());
    match own.checked() {
        Some(told) => OwnPart::Checked(line(told)),
        None if is_doubtful => OwnPart::Doubtful,
        None => OwnPart::None,
    }
}

/// A line of a slot whose statements are not kept any more.
fn past_line(core: &Core, past: &PastLine) -> Line {
    let PastLine { net, shared, money, fee, .. } = *past;
    Line {
        member: core.ledger().address(),
        demand: WattHours(net[0]),
        surplus: WattHours(net[1]),
        alloc: WattHours(shared[0]),
        sold: WattHours(shared[1]),
        pay: MicroEuro(money[0]),
        rev: MicroEuro(money[1]),
        fee: MicroEuro(fee),
    }
}

/// The line in the words of the arithmetic.
fn line(told: &ToldLine) -> Line {
    Line {
        member: told.member,
        demand: told.demand,
        surplus: told.surplus,
        alloc: told.bought,
        sold: told.sold,
        pay: told.pay,
        rev: told.revenue,
        fee: told.fee,
    }
}

const fn doubt(doubt: LineDoubt) -> ResultDoubt {
    match doubt {
        LineDoubt::Proof => ResultDoubt::Proof,
        LineDoubt::OtherFigures => ResultDoubt::OtherFigures,
        LineDoubt::LeftOut => ResultDoubt::LeftOut,
        LineDoubt::TooMuch => ResultDoubt::TooMuch,
        LineDoubt::TooLittle => ResultDoubt::TooLittle,
        LineDoubt::Payment => ResultDoubt::Payment,
        LineDoubt::Terms => ResultDoubt::Terms,
    }
}

/// What a browser needs to check one slot by itself: of the statements this building made, the one its line rests on.
pub(crate) fn proof(core: &Core, slot: SlotId) -> Result<ResultProof, Problem> {
    let missing =
        || Problem::new(Kind::NotFound, format!("this building has no line of slot {slot}")).field("id");
    let settled = core.ledger().state().settled(slot).ok_or_else(missing)?;
    let own = core.energy().settled_slot(slot).ok_or_else(missing)?;
    let told = own.outcome().and_then(|outcome| outcome.line.as_ref()).ok_or_else(missing)?;
    let path = LineProof { index: told.index, size: told.size, path: told.path.clone() };
    let rests_on = |statement: &Statement| {
        path.holds(&settled.result.lines, slot, settled.result.version, &line(told), &statement.salt)
    };
    let mut statements = own.statements().iter().rev().map(|signed| &signed.statement);
    let salt = statements.find(|statement| rests_on(statement)).unwrap_or(own.latest()).salt;
    Ok(ResultProof {
        result: result(core, settled),
        member: told.member.to_string(),
        salt: hex(salt.as_bytes()),
        index: told.index,
        size: told.size,
        path: told.path.iter().map(ToString::to_string).collect(),
    })
}

/// What the slots that start in `[from, to)` came to for this building.
pub(crate) fn sums(core: &Core, from: UnixMs, to: UnixMs) -> MonthSums {
    let month = Month::of(core.energy(), core.ledger().state(), from, to, |slot| own_part(core, slot));
    let shown = |amount: Amount| ShownAmount { energy_wh: amount.energy_wh, amount: amount.money };
    MonthSums {
        grid_import: shown(month.grid_import),
        grid_export: shown(month.grid_export),
        bought: shown(month.bought),
        sold: shown(month.sold),
        fee: month.fee,
        total: month.bill.shared.0,
        alone: month.bill.alone.0,
        best: month.best,
        slots: month.slots,
        settled: month.settled,
        missing: month.missing,
        doubtful: month.doubtful,
    }
}
