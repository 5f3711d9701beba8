//! The building as the page shows it: sites, equipment, alerts, work orders, policies.

use std::collections::{BTreeMap, BTreeSet};

use ledger::state::WorkOrder as LedgerOrder;
use ledger::state::assembly::Cause as Decided;
use protocol::{Digest, UnixMs, WorkOrderStatus};
use web::Time;
use web::view::{
    AssetState, AssetView, LastValue, LedgerPlace, OrderDecisionView, SeverityCounts, SiteView, StateCounts,
    WorkOrderView,
};

use super::Facts;
use super::hive::name_of;
use super::policies::unit;
use crate::core::Core;
use crate::core::alerts;
use crate::core::catalogue::{Asset, MetricName, Site};
use crate::core::maintenance::{OrderCause, WorkOrder};
use crate::core::telemetry::Head;

/// Work orders of other buildings on the page.
const FOREIGN_ORDERS_SHOWN: usize = 500;

pub(crate) fn sites(core: &Core) -> Vec<SiteView> {
    core.telemetry().catalogue().sites().iter().map(|one| site(core, one)).collect()
}

pub(crate) fn site(core: &Core, site: &Site) -> SiteView {
    let catalogue = core.telemetry().catalogue();
    let (mut states, mut open_alerts) = (StateCounts::default(), SeverityCounts::default());
    let mut assets = 0;
    for asset in catalogue.assets().iter().filter(|asset| asset.site == site.id) {
        assets += 1;
        match core.maintenance().state(asset.id) {
            alerts::AssetState::Ok => states.ok += 1,
            alerts::AssetState::Watch => states.watch += 1,
            alerts::AssetState::Alert => states.alert += 1,
        }
        let standing = core.maintenance().alerts().standing_of(asset.id);
        for alert in standing.filter(|alert| alert.status == alerts::AlertStatus::Open) {
            match alert.severity {
                protocol::Severity::Low => open_alerts.low += 1,
                protocol::Severity::Medium => open_alerts.medium += 1,
                protocol::Severity::High => open_alerts.high += 1,
            }
        }
    }
    let code = site.code.to_string();
    SiteView { id: code.clone(), code, name: site.name.clone(), assets, open_alerts, states }
}

pub(crate) fn assets(core: &Core) -> Vec<AssetView> {
    core.telemetry().catalogue().assets().iter().map(|one| asset(core, one)).collect()
}

pub(crate) fn asset(core: &Core, asset: &Asset) -> AssetView {
    let site = core.telemetry().catalogue().site(asset.site);
    let mut last: Vec<LastValue> = latest(core, asset)
        .map(|(metric, t, v)| LastValue {
            metric: metric.to_string(),
            unit: unit(core, metric.as_str()).map(str::to_owned),
            t: Time::from(t),
            v: Some(v),
        })
        .collect();
    last.sort_by(|a, b| a.metric.cmp(&b.metric));
    let code = asset.code.to_string();
    AssetView {
        id: code.clone(),
        code,
        site: site.map(|site| site.code.to_string()).unwrap_or_default(),
        kind: asset.kind.into(),
        state: match core.maintenance().state(asset.id) {
            alerts::AssetState::Ok => AssetState::Ok,
            alerts::AssetState::Watch => AssetState::Watch,
            alerts::AssetState::Alert => AssetState::Alert,
        },
        last,
    }
}

/// The newest value of each metric of an asset.
pub(crate) fn latest<'a>(
    core: &'a Core,
    asset: &'a Asset,
) -> impl Iterator<Item = (&'a MetricName, UnixMs, f64)> + 'a {
    let head: Option<&Head> = core.telemetry().head(asset.id);
    asset.series.iter().filter_map(move |series| {
        let column = asset.column(series.metric.as_str())?;
        let (time, value) = head?.latest(column)?;
        Some((&series.metric, time, value.get()))
    })
}

/// Newest first: all of this building, and the newest of the others.
pub(crate) fn work_orders(core: &Core, facts: &Facts) -> Vec<WorkOrderView> {
    let me = core.origin();
    let known = messages(core);
    let foreign = core.ledger().state().work_orders().filter(|(_, order)| order.building != me);
    let foreign =
        foreign.take(FOREIGN_ORDERS_SHOWN).map(|(_, order)| foreign_order(core, facts, order, &known));
    let local = core.maintenance().work_orders().values().map(|order| local_order(core, facts, order));
    let mut all: Vec<WorkOrderView> = local.chain(foreign).collect();
    // A neighbour chooses its references: one that is taken is not shown twice, or a page's end could stand at either.
    let mut seen = BTreeSet::new();
    all.retain(|order| seen.insert(order.id.clone()));
    all.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
    all
}

/// One work order, of this building or another.
pub(crate) fn work_order(core: &Core, facts: &Facts, reference: &Digest) -> Option<WorkOrderView> {
    if let Some(order) = core.maintenance().work_orders().get(reference) {
        return Some(local_order(core, facts, order));
    }
    let mut orders = core.ledger().state().work_orders();
    let (_, order) = orders.find(|(_, order)| order.reference == *reference)?;
    Some(foreign_order(core, facts, order, &messages(core)))
}

/// What this building's rules say, by what the ledger carries of them.
fn messages(core: &Core) -> BTreeMap<Digest, String> {
    let policies = core.maintenance().policies().values();
    policies.map(|policy| (policy.digest(), policy.terms().message.clone())).collect()
}

fn local_order(core: &Core, facts: &Facts, order: &WorkOrder) -> WorkOrderView {
    let catalogue = core.telemetry().catalogue();
    let asset = catalogue.asset(order.asset);
    let site = asset.and_then(|asset| catalogue.site(asset.site));
    let on_ledger = order.ledger.id.and_then(|id| core.ledger().state().work_order(id));
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    WorkOrderView {
        id: order.reference.to_string(),
        alert: order.alert().map(|alert| alert.to_string()),
        decision: decision(core, &order.cause),
        building: facts.name.clone(),
        local: true,
        site: site.map(|site| site.code.to_string()),
        asset: asset.map(|asset| asset.code.to_string()),
        asset_kind: order.kind.into(),
        title: text(&order.message),
        severity: order.severity.into(),
        status: order.status.into(),
        created: Time::from(order.created),
        started: order.started.map(Time::from),
        closed: order.closed.map(Time::from),
        assignee: text(&order.assigned_to),
        notes: text(&order.notes),
        photos: facts.photos.get(&order.reference).cloned().unwrap_or_default(),
        ledger: on_ledger.map(place),
    }
}

/// The decision of the owners that a work order follows from.
fn decision(core: &Core, cause: &OrderCause) -> Option<OrderDecisionView> {
    let OrderCause::Decision { decided, most } = cause else { return None };
    let (assembly, item) = match decided {
        Decided::Item(id, item) => {
            (core.home().gathering(id).map(|gathering| gathering.stored.number), Some(item.0))
        }
        Decided::Joint(_) => (None, None),
    };
    Some(OrderDecisionView { assembly, item, most: most.0 })
}

fn foreign_order(
    core: &Core,
    facts: &Facts,
    order: &LedgerOrder,
    known: &BTreeMap<Digest, String>,
) -> WorkOrderView {
    let changed = Time::from(order.changed.time);
    WorkOrderView {
        id: order.reference.to_string(),
        alert: None,
        decision: None,
        building: name_of(core, facts, &order.building),
        local: false,
        site: None,
        asset: None,
        asset_kind: order.kind.into(),
        title: known.get(&order.policy).cloned(),
        severity: order.severity.into(),
        status: order.status.into(),
        created: Time::from(order.opened.time),
        started: (order.status == WorkOrderStatus::InProgress).then_some(changed),
        closed: (order.status == WorkOrderStatus::Done).then_some(changed),
        assignee: None,
        notes: None,
        photos: Vec::new(),
        ledger: Some(place(order)),
    }
}

fn place(order: &LedgerOrder) -> LedgerPlace {
    LedgerPlace { height: order.changed.height.0, transaction: order.changed.transaction.to_string() }
}
