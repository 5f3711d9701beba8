//! Sharing with neighbours as the page shows it: the building's own terms, what the hive decided, and what the hive shared
//! in all. Of other members only what the ledger tells: totals of slots and accounts.

use std::collections::BTreeMap;

use ledger::state::State;
use ledger::state::energy::{Account, Books, Given, Period};
use protocol::energy::{PeriodStatus, SharingRule, SlotId, SlotLength, Tariff};
use protocol::{Address, Role, UnixMs};
use web::Time;
use web::view::{
    Absence, AccountView, DatedCoefficients, DatedRule, DatedTariff, HiveEnergyView, HiveStretch,
    PeriodStage, PeriodView, SharingView, TermsView,
};

use crate::core::Core;
use crate::core::energy::PREVIEW_MS;

/// Rules, tariffs and periods in one answer.
const DATED_MAX: usize = 32;
/// Pieces of the hive's course.
const STRETCHES: i64 = 96;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What the building says of its energy.
pub(crate) fn terms(core: &Core, now: UnixMs) -> TermsView {
    let own = core.energy().terms();
    TermsView { said: (&own.latest()).into(), since: own.since().map(Time::from), now: (&own.at(now)).into() }
}

/// What the hive decided.
pub(crate) fn sharing(core: &Core, now: UnixMs) -> SharingView {
    let state = core.ledger().state();
    let books = state.books();
    let slot = SlotId::at(now, books.length).unwrap_or(SlotId(0));
    let since = state.rules().rfind(|(from, _)| *from <= slot).map(|(from, _)| from);
    let rule = DatedRule {
        rule: (&state.rule_at(slot)).into(),
        from: since.map(|from| from.start(books.length).into()),
    };
    let day = u64::try_from(now.0.div_euclid(DAY_MS)).unwrap_or(0);
    let settlers = books.rota.as_ref().map(|rota| rota.pair(day).map(|one| one.to_string()).to_vec());
    SharingView {
        time: now.into(),
        member: core.ledger().address().to_string(),
        is_authority: core.ledger().role() == Some(Role::Authority),
        slot_minutes: books.length.minutes(),
        nearness: books.locality.into(),
        rule,
        rules: state.rules().rev().take(DATED_MAX).map(|(from, rule)| dated(rule, from, &books)).collect(),
        coefficients: state.coefficients_at(slot).map(|(from, given)| parts(given, from, &books)),
        coefficients_ahead: ahead(state, slot, &books),
        gives: gives(state, slot, &core.ledger().address()),
        tariff: state.tariff_at(slot).map(|tariff| shown(&tariff, &books)),
        tariffs: state.tariffs().rev().take(DATED_MAX).map(|tariff| shown(&tariff, &books)).collect(),
        desks: books.rota.as_ref().map(web::desks).unwrap_or_default(),
        settlers: settlers.unwrap_or_default(),
        periods: periods(state, &books),
        accounts: state.accounts().map(account).collect(),
    }
}

fn dated(rule: &SharingRule, from: SlotId, books: &Books) -> DatedRule {
    DatedRule { rule: rule.into(), from: Some(from.start(books.length).into()) }
}

fn parts(given: &Given, from: SlotId, books: &Books) -> DatedCoefficients {
    let (parts, from) = (web::drafts(&given.parts), from.start(books.length).into());
    DatedCoefficients { parts, whole: given.whole, from }
}

/// What an organiser gave for slots to come, as far as it will hold.
fn ahead(state: &State, slot: SlotId, books: &Books) -> Vec<DatedCoefficients> {
    let given = state.coefficients(slot.next()..SlotId(u64::MAX));
    let holds = given.filter(|(from, _)| state.coefficients_at(*from).is_some());
    holds.take(DATED_MAX).map(|(from, given)| parts(given, from, books)).collect()
}

/// Parts of the whole that a member gives, by the rule in force or the next one that asks it.
fn gives(state: &State, slot: SlotId, member: &Address) -> Option<u32> {
    let now = state.rule_at(slot);
    let later = state.rules().filter(|(from, _)| *from > slot).map(|(_, rule)| rule);
    std::iter::once(&now).chain(later).find_map(|rule| {
        let SharingRule::FullDynamic(rule) = rule else { return None };
        (state.first_key(&rule.organiser) == state.first_key(member)).then_some(rule.whole)
    })
}

fn shown(tariff: &Tariff, books: &Books) -> DatedTariff {
    DatedTariff {
        retail: tariff.retail.0,
        feed_in: tariff.feed_in.0,
        fees: tariff.fees.into(),
        fee: tariff.fees.of(books.locality).0,
        from: tariff.valid_from.start(books.length).into(),
    }
}

fn periods(state: &State, books: &Books) -> Vec<PeriodView> {
    let newest = (1..=books.periods).rev().take(DATED_MAX);
    newest.filter_map(|number| Some(period(number, state.period(number)?, books.length))).collect()
}

fn period(number: u64, Period { step, notes }: Period, length: SlotLength) -> PeriodView {
    PeriodView {
        id: number.to_string(),
        stage: match step.status {
            PeriodStatus::Open => PeriodStage::Open,
            PeriodStatus::Preview => PeriodStage::Preview,
            PeriodStatus::Final => PeriodStage::Final,
        },
        from: step.from.start(length).into(),
        until: step.until.start(length).into(),
        final_from: step.until.start(length).plus(PREVIEW_MS).into(),
        credit_notes: notes,
    }
}

fn account((member, account): (Address, Account)) -> AccountView {
    AccountView {
        id: member.to_string(),
        bought_wh: account.bought.0,
        sold_wh: account.sold.0,
        balance: account.balance.0,
        fee: account.fee.0,
    }
}

/// What the hive shared in the slots that start in `[from, to)`.
pub(crate) fn hive(core: &Core, from: UnixMs, to: UnixMs) -> HiveEnergyView {
    let state = core.ledger().state();
    let length = state.slot_length();
    let mut view = HiveEnergyView {
        from: from.into(),
        to: to.into(),
        slots: 0,
        demand_wh: 0,
        surplus_wh: 0,
        traded_wh: 0,
        given_wh: 0,
        members: u32::try_from(state.members().filter(|(_, member)| !member.revoked).count())
            .unwrap_or(u32::MAX),
        peak: None,
        peak_wh: 0,
        missing: Vec::new(),
        course: Vec::new(),
    };
    // As wide as it takes, and never narrower than a slot.
    let width = (to.since(from) / STRETCHES).max(1);
    let width = (width + length.ms() - 1) / length.ms() * length.ms();
    let mut absent: BTreeMap<Address, u32> = BTreeMap::new();
    let mut course: BTreeMap<i64, HiveStretch> = BTreeMap::new();
    for settled in super::results::slots_between(from, to, length)
        .into_iter()
        .flat_map(|slots| state.settled_slots(slots))
    {
        let (result, start) = (&settled.result, settled.result.slot.start(length));
        let (demand, surplus, traded) = (result.demand.0, result.surplus.0, result.traded.0);
        view.slots += 1;
        view.demand_wh = view.demand_wh.saturating_add(demand);
        view.surplus_wh = view.surplus_wh.saturating_add(surplus);
        view.traded_wh = view.traded_wh.saturating_add(traded);
        view.given_wh = view.given_wh.saturating_add(result.given.0);
        if demand > view.peak_wh {
            (view.peak, view.peak_wh) = (Some(start.into()), demand);
        }
        result.missing.iter().for_each(|member| *absent.entry(*member).or_default() += 1);
        let at = from.0 + start.since(from) / width * width;
        let empty =
            HiveStretch { start: Time::from_ms(at), slots: 0, demand_wh: 0, surplus_wh: 0, traded_wh: 0 };
        let stretch = course.entry(at).or_insert(empty);
        stretch.slots += 1;
        stretch.demand_wh = stretch.demand_wh.saturating_add(demand);
        stretch.surplus_wh = stretch.surplus_wh.saturating_add(surplus);
        stretch.traded_wh = stretch.traded_wh.saturating_add(traded);
    }
    view.missing = absent.into_iter().map(|(id, slots)| Absence { id: id.to_string(), slots }).collect();
    view.missing.sort_by_key(|absence| std::cmp::Reverse(absence.slots));
    view.missing.truncate(protocol::limits::SLOT_MISSING_MAX);
    view.course = course.into_values().collect();
    view
}
