//! Sharing in the invented hive: the default rule at noon, when the sun gives more than the building uses.

use super::energy::slots;
use web::Time;
use web::request::{DeskDraft, FactorDraft, FeesDraft, Nearness, SharingRuleDraft};
use web::view::{
    Absence, AccountView, Amount, BookedLine, BookingView, CreditStage, DatedRule, DatedTariff, DisputeView,
    HiveEnergyView, HiveStretch, MemberView, MonthSums, OwnCredits, OwnLine, PeriodStage, PeriodView,
    Picture, ReleaseView, ResultProof, ResultStage, ResultView, SharingView, SlotDoubt, SlotView,
    VerdictView,
};

const SLOT_MS: i64 = 900_000;
const RETAIL: i64 = 250_000;
const FEED_IN: i64 = 40_000;
const FEE: i64 = 20_000;
const PRICE: i64 = 135_000;

pub(super) fn sharing(picture: &Picture) -> SharingView {
    let now = picture.node.time.ms();
    let members: Vec<String> = picture.members.iter().map(|member| member.id.clone()).collect();
    let month = |n: i64| Time::from_ms(now - n * 30 * 86_400_000);
    let rule = SharingRuleDraft::Dynamic { factor: FactorDraft { num: 1, den: 2 } };
    let dated = DatedRule { rule, from: Some(month(2)) };
    let fees = FeesDraft { building: 0, cabin: FEE, substation: 60_000, region: 110_000 };
    let tariff = DatedTariff { retail: RETAIL, feed_in: FEED_IN, fees, fee: FEE, from: month(2) };
    let desk = |(at, id): (usize, &String)| DeskDraft {
        authority: id.clone(),
        operator: format!("{:02x}", at % 2).repeat(32),
    };
    let period = |id: &str, stage, from, until| PeriodView {
        id: id.to_owned(),
        stage,
        from: month(from),
        until: month(until),
        final_from: Time::from_ms(month(until).ms() + 10 * 86_400_000),
        credit_notes: u32::from(stage == PeriodStage::Final),
    };
    let account = |(at, id): (usize, &String)| AccountView {
        id: id.clone(),
        bought_wh: if at == 0 { 0 } else { 120_000 },
        sold_wh: if at == 0 { 120_000 * (members.len() as i64 - 1) } else { 0 },
        balance: if at == 0 { 16_200_000 * (members.len() as i64 - 1) } else { -16_200_000 },
        fee: if at == 0 { 0 } else { 2_400_000 },
    };
    SharingView {
        time: picture.node.time,
        member: picture.node.id.clone(),
        is_authority: true,
        slot_minutes: 15,
        nearness: Nearness::Cabin,
        rule: dated.clone(),
        rules: vec![dated],
        coefficients: None,
        coefficients_ahead: Vec::new(),
        gives: None,
        tariff: Some(tariff.clone()),
        tariffs: vec![tariff],
        desks: members.iter().take(4).enumerate().map(desk).collect(),
        settlers: members.iter().take(2).cloned().collect(),
        periods: vec![
            period("3", PeriodStage::Open, 0, -1),
            period("2", PeriodStage::Preview, 1, 0),
            period("1", PeriodStage::Final, 2, 1),
        ],
        accounts: members.iter().enumerate().map(account).collect(),
    }
}

pub(super) fn results(picture: &Picture, from: i64, to: i64) -> impl Iterator<Item = ResultView> + use<> {
    let settlers: Vec<String> = picture.members.iter().take(2).map(|member| member.id.clone()).collect();
    slots(picture.node.time.ms(), from, to).map(move |slot| result(&slot, &settlers))
}

fn result(slot: &SlotView, settlers: &[String]) -> ResultView {
    let (import, export) = (slot.import_wh.unwrap_or(0), slot.export_wh.unwrap_or(0));
    let net = import - export;
    let (demand, surplus) = (net.max(0), (-net).max(0));
    let (bought, sold) = (demand * 2 / 5, surplus * 3 / 4);
    let own = OwnLine {
        demand_wh: demand,
        bought_wh: bought,
        surplus_wh: surplus,
        sold_wh: sold,
        pay: bought * PRICE / 1_000,
        revenue: sold * PRICE / 1_000,
        fee: bought * FEE / 1_000,
        doubt: None,
    };
    let traded = bought + sold;
    ResultView {
        id: (slot.start.ms() / SLOT_MS).to_string(),
        start: slot.start,
        end: slot.end,
        stage: ResultStage::Provisional,
        version: 1,
        price: (traded > 0).then_some(PRICE),
        retail: Some(RETAIL),
        feed_in: Some(FEED_IN),
        fee: Some(FEE),
        demand_wh: demand + traded,
        surplus_wh: surplus + traded,
        traded_wh: traded,
        given_wh: 0,
        missing: Vec::new(),
        settlers: settlers.to_vec(),
        height: Some(12),
        own: slot.import_wh.map(|_| own),
    }
}

pub(super) fn proof(picture: &Picture, slot: u64) -> Option<ResultProof> {
    let from = i64::try_from(slot).ok()?.checked_mul(SLOT_MS)?;
    let result = results(picture, from, from.checked_add(SLOT_MS)?).next()?;
    result.own.as_ref()?;
    let member = picture.node.id.clone();
    Some(ResultProof { result, member, salt: "00".repeat(32), index: 0, size: 1, path: Vec::new() })
}

pub(super) fn sums(picture: &Picture, from: i64, to: i64) -> MonthSums {
    let mut sums = MonthSums::default();
    let add = |amount: &mut Amount, energy_wh: i64, money: i64| {
        *amount = Amount { energy_wh: amount.energy_wh + energy_wh, amount: amount.amount + money };
    };
    for result in results(picture, from.max(picture.node.time.ms() - 40 * 86_400_000), to) {
        let Some(own) = result.own else {
            sums.missing += 1;
            continue;
        };
        let rest = [own.demand_wh - own.bought_wh, own.surplus_wh - own.sold_wh];
        add(&mut sums.grid_import, rest[0], rest[0] * RETAIL / 1_000);
        add(&mut sums.grid_export, rest[1], rest[1] * FEED_IN / 1_000);
        add(&mut sums.bought, own.bought_wh, own.pay);
        add(&mut sums.sold, own.sold_wh, own.revenue);
        sums.fee += own.fee;
        sums.alone += own.demand_wh * RETAIL / 1_000 - own.surplus_wh * FEED_IN / 1_000;
        sums.best += own.demand_wh * (PRICE + FEE) / 1_000 - own.surplus_wh * PRICE / 1_000;
        sums.slots += 1;
        sums.settled += 1;
    }
    sums.total =
        sums.grid_import.amount + sums.bought.amount + sums.fee - sums.grid_export.amount - sums.sold.amount;
    sums
}

pub(super) fn hive(picture: &Picture, from: i64, to: i64) -> HiveEnergyView {
    let mut view = HiveEnergyView {
        from: Time::from_ms(from),
        to: Time::from_ms(to),
        slots: 0,
        demand_wh: 0,
        surplus_wh: 0,
        traded_wh: 0,
        given_wh: 0,
        members: u32::try_from(picture.members.len()).unwrap_or(0),
        peak: None,
        peak_wh: 0,
        missing: picture
            .members
            .last()
            .map(|one| Absence { id: one.id.clone(), slots: 3 })
            .into_iter()
            .collect(),
        course: Vec::new(),
    };
    for result in results(picture, from, to) {
        view.slots += 1;
        view.demand_wh += result.demand_wh;
        view.surplus_wh += result.surplus_wh;
        view.traded_wh += result.traded_wh;
        if result.demand_wh > view.peak_wh {
            (view.peak, view.peak_wh) = (Some(result.start), result.demand_wh);
        }
        view.course.push(HiveStretch {
            start: result.start,
            slots: 1,
            demand_wh: result.demand_wh,
            surplus_wh: result.surplus_wh,
            traded_wh: result.traded_wh,
        });
    }
    view.course.truncate(96);
    view
}

/// Two weeks, and a credit note for the period before.
pub(super) fn bookings(now: i64, members: &[MemberView]) -> Vec<BookingView> {
    let line = |(at, member): (usize, &MemberView)| BookedLine {
        member: member.id.clone(),
        bought_wh: if at == 0 { 0 } else { 12_000 },
        sold_wh: if at == 0 { 12_000 * (members.len() as i64 - 1) } else { 0 },
        balance: if at == 0 { 1_620_000 * (members.len() as i64 - 1) } else { -1_620_000 },
        fee: if at == 0 { 0 } else { 240_000 },
    };
    let booking = |n: i64, week, concerns| BookingView {
        id: format!("{n:02x}").repeat(32),
        height: 40 + n.unsigned_abs(),
        time: Time::from_ms(now - (4 - n) * 3_600_000),
        week,
        concerns,
        booked_in: concerns.map(|number| number + 1),
        number: 1,
        lines: members.iter().enumerate().map(line).collect(),
    };
    let week = |back: i64| Some(Time::from_ms(now - back * 7 * 86_400_000));
    vec![booking(1, week(2), None), booking(2, week(1), None), booking(3, None, Some(1))]
}

/// The first building of the hive keeps its books itself.
pub(super) fn credits(picture: &Picture) -> OwnCredits {
    let since = Some(Time::from_ms(picture.node.time.ms() - 60 * 86_400_000));
    OwnCredits { names: vec![picture.node.id.clone()], checks: vec![(1, CreditStage::Checked)], since }
}

/// One slot that an operator let pass.
pub(super) fn releases(now: i64) -> Vec<ReleaseView> {
    let start = now / SLOT_MS * SLOT_MS - 86_400_000;
    vec![ReleaseView {
        id: start.to_string(),
        start: Time::from_ms(start),
        held: SlotDoubt::ImportAboveConnection,
        reason: "The bakery ran a borrowed oven that night.".to_owned(),
        by: "operator".to_owned(),
        at: Time::from_ms(now - 3_600_000),
    }]
}

/// One dispute, decided.
pub(super) fn disputes(picture: &Picture, from: i64, to: i64) -> Vec<DisputeView> {
    let start = picture.node.time.ms() / SLOT_MS * SLOT_MS - 43_200_000;
    if !(from..to).contains(&start) {
        return Vec::new();
    }
    let member = |at: usize| picture.members.get(at).map(|member| member.id.clone()).unwrap_or_default();
    let verdict = VerdictView {
        height: 7,
        version: 2,
        is_changed: true,
        agreed: 3,
        wrong: vec![member(3)],
        otherwise: Vec::new(),
    };
    vec![DisputeView {
        id: (start / SLOT_MS).to_string(),
        start: Time::from_ms(start),
        by: member(1),
        opened: Time::from_ms(start + 1_200_000),
        reason: "desks".to_owned(),
        version: 1,
        verdict: Some(verdict),
    }]
}
