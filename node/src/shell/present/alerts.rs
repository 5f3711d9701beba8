//! Alerts as the page shows them, with everything they rest on.

use web::Time;
use web::view::{
    AlertStatus, AlertView, Ending, EndingKind, Evidence, EvidenceCondition, EvidenceReading, SeverityChange,
};

use super::policies::{condition, criterion, unit, unit_of};
use crate::core::Core;
use crate::core::alerts::{self, Alert, EndedBy};
use crate::core::policy::Policy;
use crate::core::rules::{Ground, sentence};

/// Newest first.
pub(crate) fn alerts(core: &Core) -> Vec<AlertView> {
    let mut all: Vec<&Alert> = core.maintenance().alerts().iter().collect();
    all.sort_by(|a, b| b.opened.cmp(&a.opened).then(a.id.cmp(&b.id)));
    all.into_iter().map(|one| alert(core, one)).collect()
}

pub(crate) fn alert(core: &Core, alert: &Alert) -> AlertView {
    let catalogue = core.telemetry().catalogue();
    let asset = catalogue.asset(alert.asset);
    let site = asset.and_then(|asset| catalogue.site(asset.site));
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    AlertView {
        id: alert.id.to_string(),
        asset: asset.map(|asset| asset.code.to_string()).unwrap_or_default(),
        site: site.map(|site| site.code.to_string()).unwrap_or_default(),
        policy: alert.policy_code.to_string(),
        severity: alert.severity.into(),
        status: match alert.status {
            alerts::AlertStatus::Open => AlertStatus::Open,
            alerts::AlertStatus::Ack => AlertStatus::Ack,
            alerts::AlertStatus::Closed => AlertStatus::Closed,
        },
        message: alert.message.clone(),
        opened: Time::from(alert.opened),
        acknowledged: alert.acknowledged.map(Time::from),
        closed: alert.closed.map(Time::from),
        work_order: alert.work_order.map(|reference| reference.to_string()),
        evidence: evidence(core, alert),
        sentence: (!alert.grounds.is_empty())
            .then(|| sentence(&alert.grounds, |metric| unit(core, metric).unwrap_or_default())),
        policy_version: Some(alert.policy_version).filter(|version| *version > 0),
        cleared: core.maintenance().quiet_since(alert).map(Time::from),
        history: alert
            .history
            .iter()
            .map(|passage| SeverityChange { at: Time::from(passage.at), severity: passage.severity.into() })
            .collect(),
        acknowledged_by: alert.acknowledged_by.clone(),
        ending: alert.ending.as_ref().map(|ending| Ending {
            how: match ending.how {
                EndedBy::Person => EndingKind::Person,
                EndedBy::WorkOrder => EndingKind::WorkOrder,
                EndedBy::Quiet => EndingKind::Quiet,
            },
            by: text(&ending.by),
            reason: text(&ending.reason),
        }),
    }
}

/// What an alert rests on. One from before conditions were kept with it borrows them from its policy.
fn evidence(core: &Core, alert: &Alert) -> Option<Evidence> {
    let policy = || core.maintenance().policies().get(&alert.policy).map(Policy::terms);
    let first = alert.grounds.first().map(|ground| &ground.criterion).or_else(|| policy()?.first())?;
    let found = &alert.evidence;
    Some(Evidence {
        metric: first.metric.to_string(),
        value: found.measured,
        condition: condition(first.condition),
        threshold: found.threshold,
        unit: unit_of(core, first),
        from: Time::from(found.from),
        to: Time::from(found.to),
        samples: found.readings,
        conditions: alert.grounds.iter().map(|one| ground(core, one)).collect(),
    })
}

fn ground(core: &Core, ground: &Ground) -> EvidenceCondition {
    let found = &ground.evidence;
    EvidenceCondition {
        group: ground.group,
        place: ground.place,
        condition: criterion(&ground.criterion),
        unit: unit_of(core, &ground.criterion),
        value: found.measured,
        from: Time::from(found.from),
        to: Time::from(found.to),
        readings: found.readings,
        last: found.last.iter().map(|(t, v)| EvidenceReading { t: Time::from(*t), v: *v }).collect(),
    }
}
