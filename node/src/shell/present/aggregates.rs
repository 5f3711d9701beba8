//! Comparing with similar buildings, and what leaves this building, as the page shows them.

use std::collections::BTreeMap;

use protocol::aggregate::{AggregateRecord, Cadence, Found, Measure, Period, Stratum, Task};
use protocol::limits::BUDGET_YEAR_MICRO;
use protocol::{Address, UnixMs};
use web::Time;
use web::view::{
    AggregatesView, BudgetView, CardView, ComparisonState, ComparisonView, LeavingKind, LeavingView,
    LeftView, StratumView, TaskView,
};

use super::ledger::fields as named;
use crate::core::Core;
use crate::core::aggregates::{Compared, Delivery, OwnReport};
use crate::core::switch::Purpose;

/// Messages of each kind in one answer.
pub(super) const RECENT_MAX: usize = 24;

/// A transaction about private sums, name by name.
pub(super) fn fields(record: &AggregateRecord) -> (&'static str, BTreeMap<String, String>) {
    match record {
        AggregateRecord::Profile(None) => ("aggregate.profile", named([("takes_part", false.to_string())])),
        AggregateRecord::Profile(Some(profile)) => {
            let parts = [
                ("takes_part", true.to_string()),
                ("region", profile.region.name().to_owned()),
                ("built", profile.built.name().to_owned()),
                ("heating", profile.heating.name().to_owned()),
                ("dwellings", profile.dwellings.to_string()),
            ];
            ("aggregate.profile", named(parts))
        }
        AggregateRecord::Outcome(signed) => {
            let outcome = &signed.outcome;
            let mut all = named([
                ("task", outcome.task.to_string()),
                ("cadence", outcome.period.cadence.name().to_owned()),
                ("from", outcome.period.start().to_string()),
                ("group", outcome.group.to_string()),
            ]);
            match &outcome.found {
                Found::Sum(sum) => all.extend(named([
                    ("amount", sum.amount.to_string()),
                    ("buildings", sum.buildings.to_string()),
                    ("dwellings", sum.dwellings.to_string()),
                ])),
                Found::Suppressed => all.extend(named([("suppressed", true.to_string())])),
            }
            ("aggregate.figure", all)
        }
    }
}

/// What is asked, and each comparison.
pub(crate) fn aggregates(core: &Core, now: UnixMs) -> AggregatesView {
    let (state, own) = (core.ledger().state(), core.aggregates().own());
    let month = state.aggregate_month(Period::at(Cadence::Month, now).number);
    let decided = state.aggregate_books();
    let tasks = month.map_or(decided.tasks.as_slice(), |month| month.tasks.as_slice());
    let last = |task: &Task| Period::at(task.cadence, now).previous();
    let desks = tasks.iter().filter_map(|task| state.aggregate_desks(last(task))).next_back();
    AggregatesView {
        profile: own.profile().as_ref().map(Into::into),
        since: own.said_at().map(Time::from),
        tasks: tasks.iter().map(task).collect(),
        from_next_month: month.is_none() && !tasks.is_empty(),
        desks: desks.into_iter().flatten().map(|desk| desk.to_string()).collect(),
        comparisons: tasks.iter().map(|task| comparison(core, task.measure, task.cadence)).collect(),
    }
}

fn task(task: &Task) -> TaskView {
    TaskView {
        measure: task.measure.name().to_owned(),
        cadence: task.cadence.name().to_owned(),
        clip: task.clip,
        epsilon_milli: task.epsilon_milli,
        buildings_min: task.buildings_min,
        dwellings_min: task.dwellings_min,
    }
}

fn comparison(core: &Core, measure: Measure, cadence: Cadence) -> ComparisonView {
    let shown = ComparisonView {
        measure: measure.name().to_owned(),
        cadence: cadence.name().to_owned(),
        ..ComparisonView::default()
    };
    let of = |period: Period, state| ComparisonView {
        state,
        from: Some(period.start().into()),
        to: Some(period.end().into()),
        ..shown.clone()
    };
    match core.compare(measure, cadence) {
        Compared::NoGroup => shown,
        Compared::Waiting { stratum, buildings } => ComparisonView {
            state: ComparisonState::Waiting,
            stratum: in_common(&stratum),
            buildings,
            ..shown
        },
        Compared::Suppressed { stratum, period } => {
            ComparisonView { stratum: in_common(&stratum), ..of(period, ComparisonState::Suppressed) }
        }
        Compared::NotMeasured { period } => of(period, ComparisonState::NotMeasured),
        Compared::Found(found) => ComparisonView {
            stratum: in_common(&found.stratum),
            buildings: found.buildings,
            dwellings: found.dwellings,
            own: found.own,
            group: found.group,
            difference_permille: found.difference_permille,
            margin_permille: found.margin_permille,
            verdict: Some(found.verdict.name().to_owned()),
            advice: found.advice.map(|advice| advice.name().to_owned()),
            clip: found.clip,
            ..of(found.period, ComparisonState::Found)
        },
    }
}

/// What a group has in common.
pub(super) fn in_common(stratum: &Stratum) -> StratumView {
    StratumView {
        region: stratum.region.map(|one| one.name().to_owned()),
        built: stratum.built.map(|one| one.name().to_owned()),
        lots: stratum.lots.map(|one| one.name().to_owned()),
        heating: stratum.heating.map(|one| one.name().to_owned()),
    }
}

/// Everything that leaves the building, to whom, and what is left of its budget.
pub(crate) fn leaving(core: &Core, now: UnixMs) -> LeavingView {
    let mut view = LeavingView::default();
    statements(core, now, &mut view);
    reports(core, &mut view);
    cards(core, &mut view);
    machines(core, &mut view);
    signals(core, &mut view);
    super::enquiries::left_as_questions(core, &mut view);
    super::enquiries::left_as_replies(core, &mut view);
    on_ledger(core, &mut view);
    view.recent.sort_by_key(|left| std::cmp::Reverse(left.at.ms()));
    view.budgets = budgets(core, now);
    view
}

fn statements(core: &Core, now: UnixMs, view: &mut LeavingView) {
    let state = core.ledger().state();
    let books = state.books();
    let desks = |day: u64| -> Vec<String> {
        let pair = books.rota.as_ref().map(|rota| rota.pair(day));
        pair.into_iter().flatten().map(|desk| state.current(&desk).to_string()).collect()
    };
    let day_of = |time: UnixMs| u64::try_from(time.0.div_euclid(24 * 60 * 60 * 1000)).unwrap_or(0);
    view.kinds.push(LeavingKind {
        kind: "statement".to_owned(),
        count: core.energy().settled().count() as u64,
        last: core.energy().settled().next_back().map(|own| own.slot().end(books.length).into()),
        to: desks(day_of(now)),
        on: books.rota.is_some() && core.energy().terms().at(now).participation.number() > 0,
        optional: false,
    });
    for own in core.energy().settled().rev().take(RECENT_MAX) {
        let statement = &own.signed().statement;
        let (start, end) = (own.slot().start(books.length), own.slot().end(books.length));
        view.recent.push(LeftView {
            kind: "statement".to_owned(),
            at: end.into(),
            to: desks(day_of(start)),
            from: Some(start.into()),
            until: Some(end.into()),
            says: named([
                ("import_wh", statement.import.0.to_string()),
                ("export_wh", statement.export.0.to_string()),
            ]),
            told: Vec::new(),
        });
    }
}

fn reports(core: &Core, view: &mut LeavingView) {
    let own = core.aggregates().own();
    let state = core.ledger().state();
    let to = |desks: &[Address; 2]| desks.map(|desk| state.current(&desk).to_string()).to_vec();
    let mut reports: Vec<&OwnReport> = own.reports().collect();
    reports.sort_by_key(|report| report.at);
    let last = reports.last();
    view.kinds.push(LeavingKind {
        kind: "report".to_owned(),
        count: reports.len() as u64,
        last: last.map(|report| report.at.into()),
        to: last.map(|report| to(&report.desks)).unwrap_or_default(),
        on: own.profile().is_some(),
        optional: true,
    });
    view.recent.extend(reports.iter().rev().take(RECENT_MAX).map(|report| LeftView {
        kind: "report".to_owned(),
        at: report.at.into(),
        to: to(&report.desks),
        from: Some(report.work.period.start().into()),
        until: Some(report.work.period.end().into()),
        says: named([
            ("measure", report.task.measure.name().to_owned()),
            ("cadence", report.task.cadence.name().to_owned()),
            ("cost_micro", report.cost_micro.to_string()),
        ]),
        told: report.told.iter().map(|told| delivered(*told).to_owned()).collect(),
    }));
}

/// Incident cards: people hand them in one by one.
fn cards(core: &Core, view: &mut LeavingView) {
    let (count, last) = super::incidents::left_so_far(core);
    let to = vec![core.incident_relay().to_string()];
    view.kinds.push(LeavingKind {
        kind: "incident_card".to_owned(),
        count,
        last: last.map(Time::from),
        to: to.clone(),
        on: core.incidents().own().is_on(),
        optional: true,
    });
    let own = super::incidents::own(core);
    view.recent.extend(own.cards.into_iter().take(RECENT_MAX).map(|one| LeftView {
        kind: "incident_card".to_owned(),
        at: one.at,
        to: to.clone(),
        from: None,
        until: None,
        says: card_says(&one.card),
        told: vec![one.told],
    }));
}

/// What became of machines: people hand it in one by one.
fn machines(core: &Core, view: &mut LeavingView) {
    let (count, last) = super::survivals::left_so_far(core);
    let (kind, to) = (Purpose::Survival.name(), vec![core.incident_relay().to_string()]);
    view.kinds.push(LeavingKind {
        kind: kind.to_owned(),
        count,
        last: last.map(Time::from),
        to: to.clone(),
        on: core.incidents().own().tells_survival(),
        optional: true,
    });
    let own = super::survivals::own(core);
    view.recent.extend(own.cards.into_iter().take(RECENT_MAX).map(|one| LeftView {
        kind: kind.to_owned(),
        at: one.at,
        to: to.clone(),
        from: None,
        until: None,
        says: named([
            ("year", one.card.when),
            ("part", one.card.part),
            ("age", one.card.age),
            ("hours", one.card.hours),
            ("sign", one.card.sign),
            ("after", one.card.after),
            ("fate", one.card.fate),
        ]),
        told: vec![one.told],
    }));
}

/// Signals of what was noticed, each to the watch of its hour.
fn signals(core: &Core, view: &mut LeavingView) {
    let (own, state) = (core.street().own(), core.ledger().state());
    let kind = Purpose::StreetSignal.name();
    view.kinds.push(LeavingKind {
        kind: kind.to_owned(),
        count: own.said().count() as u64,
        last: own.said().next_back().map(|said| said.at.into()),
        to: vec![core.street_watch().to_string()],
        on: own.is_on(),
        optional: true,
    });
    view.recent.extend(own.said().rev().take(RECENT_MAX).map(|said| LeftView {
        kind: kind.to_owned(),
        at: said.at.into(),
        to: vec![state.current(&said.watch).to_string()],
        from: Some(said.noticed.hour.start().into()),
        until: Some(said.noticed.hour.end().into()),
        says: named([("noticed", said.noticed.kind.name().to_owned())]),
        told: vec![said.heed.name().to_owned()],
    }));
}

/// Every word of a card that is said.
fn card_says(card: &CardView) -> BTreeMap<String, String> {
    let said = [
        ("when", Some(&card.when)),
        ("system", Some(&card.system)),
        ("symptom", Some(&card.symptom)),
        ("cause", Some(&card.cause)),
        ("remedy", Some(&card.remedy)),
        ("severity", Some(&card.severity)),
        ("flow", card.flow.as_ref()),
        ("cost", Some(&card.cost)),
        ("span", Some(&card.span)),
        ("outcome", Some(&card.outcome)),
        ("region", card.stratum.region.as_ref()),
        ("built", card.stratum.built.as_ref()),
        ("lots", card.stratum.lots.as_ref()),
        ("heating", card.stratum.heating.as_ref()),
        ("contractor", card.contractor.as_ref()),
        ("rating", card.rating.as_ref()),
    ];
    let kept = said.into_iter().filter_map(|(name, word)| Some((name, word?)));
    kept.filter(|(_, word)| !word.is_empty()).map(|(name, word)| (name.to_owned(), word.clone())).collect()
}

const fn delivered(told: Delivery) -> &'static str {
    match told {
        Delivery::Waiting => "waiting",
        Delivery::Kept => "kept",
        Delivery::Refused(refusal) => refusal.name(),
    }
}

/// What stands on the ledger for every member to read.
fn on_ledger(core: &Core, view: &mut LeavingView) {
    let (state, me) = (core.ledger().state(), core.origin());
    let orders = state.work_orders().filter(|(_, order)| order.building == me);
    view.kinds.push(LeavingKind {
        kind: "work_order".to_owned(),
        count: orders.count() as u64,
        on: true,
        ..LeavingKind::default()
    });
    let says_profile = state.profile(&me).is_some();
    view.kinds.push(LeavingKind {
        kind: "profile".to_owned(),
        count: u64::from(says_profile),
        last: core.aggregates().own().said_at().filter(|_| says_profile).map(Time::from),
        on: core.aggregates().own().profile().is_some(),
        optional: true,
        ..LeavingKind::default()
    });
    let sequence = state.member(&core.ledger().address()).map_or(0, |member| member.sequence.0);
    view.kinds.push(LeavingKind {
        kind: "transaction".to_owned(),
        count: sequence,
        on: true,
        ..LeavingKind::default()
    });
}

fn budgets(core: &Core, now: UnixMs) -> Vec<BudgetView> {
    let own = core.aggregates().own();
    let budget = |measure: Measure| BudgetView {
        measure: measure.name().to_owned(),
        spent_micro: own.spent_micro(measure, now),
        year_micro: BUDGET_YEAR_MICRO,
        refused: u32::try_from(own.refused().filter(|(_, one)| *one == measure).count()).unwrap_or(u32::MAX),
    };
    Measure::ALL.into_iter().map(budget).collect()
}
