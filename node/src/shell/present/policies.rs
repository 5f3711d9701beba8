//! Policies as the page shows and writes them: the core's words and the page's, both ways.

use web::Time;
use web::view::{
    Condition, EscalationStep, Operator, PolicyCondition, PolicyVersionView, PolicyView, Reason, RuleKind,
};

use crate::core::Core;
use crate::core::policy::{self, Criterion, Policy, PolicyVersion};
use crate::core::rules::{Doubt, unit_of as unit_of_criterion};

pub(crate) fn policies(core: &Core) -> Vec<PolicyView> {
    core.maintenance().policies().values().map(|one| policy(core, one)).collect()
}

pub(crate) fn policy(core: &Core, policy: &Policy) -> PolicyView {
    PolicyView { warnings: warnings(core, policy), ..terms(core, policy) }
}

/// What a policy said before, newest first.
pub(crate) fn versions(core: &Core, policy: &Policy) -> Vec<PolicyVersionView> {
    let shown = |version: &PolicyVersion| PolicyVersionView {
        id: version.policy.version().to_string(),
        version: version.policy.version(),
        at: Time::from(version.at),
        by: Some(version.by.clone()).filter(|by| !by.is_empty()),
        terms: terms(core, &version.policy),
    };
    let mut all: Vec<PolicyVersionView> = core.maintenance().versions(policy.id()).map(shown).collect();
    all.reverse();
    all
}

fn terms(core: &Core, policy: &Policy) -> PolicyView {
    let terms = policy.terms();
    let first = terms.first().expect("invariant: a policy has at least one condition");
    let groups = || terms.groups.iter().map(|group| group.iter());
    PolicyView {
        id: terms.code.to_string(),
        code: terms.code.to_string(),
        version: policy.version(),
        asset_kind: terms.asset_kind.into(),
        metric: first.metric.to_string(),
        rule: rule(first.rule),
        condition: condition(first.condition),
        threshold: first.threshold,
        unit: unit_of(core, first),
        window_minutes: first.window_minutes,
        samples: Some(first.samples),
        severity: terms.severity.into(),
        message: terms.message.clone(),
        description: terms.description.clone(),
        work_order: terms.opens_work_order,
        enabled: terms.enabled,
        groups: groups().map(|group| group.map(criterion).collect()).collect(),
        units: groups().map(|group| group.map(|one| unit_of(core, one)).collect()).collect(),
        clear_after_minutes: terms.clear_after_minutes,
        escalate: terms
            .escalate
            .iter()
            .map(|step| EscalationStep { after_minutes: step.after_minutes, severity: step.severity.into() })
            .collect(),
        downgrade_after_minutes: terms.downgrade_after_minutes,
        warnings: Vec::new(),
    }
}

fn warnings(core: &Core, policy: &Policy) -> Vec<Reason> {
    let doubts = core.maintenance().doubts(policy, core.telemetry().catalogue());
    let mut warnings: Vec<Reason> = doubts.iter().map(doubt).collect();
    let held_back = core.maintenance().held_back(policy.id());
    if held_back > 0 {
        let text = format!(
            "it is broken on {held_back} more assets; {} alerts of one policy are the most that stand at a time",
            protocol::limits::ALERTS_STANDING_PER_POLICY_MAX
        );
        warnings.push(Reason { code: "held_back".to_owned(), text });
    }
    warnings
}

/// Why a policy says less than it seems to, in a sentence.
pub(crate) fn doubt(doubt: &Doubt) -> Reason {
    let (code, text) = match doubt {
        Doubt::Unreported(metric) => {
            ("metric_unreported", format!("no asset of this kind has reported {metric} so far"))
        }
        Doubt::Unevaluable { metric, operator, second, readings, last } => (
            "not_evaluable",
            format!(
                "{metric} {} {second} gave no number {readings} times, as {second} was 0 or the result too large; last at {}",
                operator.sign(),
                Time::from(*last)
            ),
        ),
        Doubt::NeverTogether { metric, second } => (
            "never_together",
            format!(
                "no two readings of {metric} and {second} bore the same time, so they were never put together"
            ),
        ),
    };
    Reason { code: code.to_owned(), text }
}

pub(crate) fn criterion(criterion: &Criterion) -> PolicyCondition {
    PolicyCondition {
        metric: criterion.metric.to_string(),
        operator: criterion.with.as_ref().map(|(operator, _)| self::operator(*operator)),
        metric2: criterion.with.as_ref().map(|(_, metric)| metric.to_string()),
        rule: rule(criterion.rule),
        condition: condition(criterion.condition),
        threshold: criterion.threshold,
        clear_threshold: criterion.clear_threshold,
        window_minutes: criterion.window_minutes,
        samples: Some(criterion.samples),
    }
}

const fn operator(operator: policy::Operator) -> Operator {
    match operator {
        policy::Operator::Plus => Operator::Plus,
        policy::Operator::Minus => Operator::Minus,
        policy::Operator::Times => Operator::Times,
        policy::Operator::Over => Operator::Over,
    }
}

const fn rule(rule: policy::RuleKind) -> RuleKind {
    match rule {
        policy::RuleKind::Threshold => RuleKind::Threshold,
        policy::RuleKind::Runtime => RuleKind::Runtime,
        policy::RuleKind::RateOfChange => RuleKind::RateOfChange,
        policy::RuleKind::Count => RuleKind::Count,
        policy::RuleKind::Consecutive => RuleKind::Consecutive,
        policy::RuleKind::NoData => RuleKind::NoData,
        policy::RuleKind::Unusual => RuleKind::Unusual,
        policy::RuleKind::Record => RuleKind::Record,
    }
}

pub(crate) const fn condition(condition: policy::Condition) -> Condition {
    match condition {
        policy::Condition::Above => Condition::Above,
        policy::Condition::AtLeast => Condition::AtLeast,
        policy::Condition::Below => Condition::Below,
        policy::Condition::AtMost => Condition::AtMost,
    }
}

/// The unit of a metric, if it has one.
pub(crate) fn unit<'a>(core: &'a Core, name: &str) -> Option<&'a str> {
    Some(core.telemetry().catalogue().traits(name).unit.as_str()).filter(|unit| !unit.is_empty())
}

/// The unit of what a condition compares.
pub(crate) fn unit_of(core: &Core, criterion: &Criterion) -> Option<String> {
    let of = |name: &str| unit(core, name).unwrap_or_default();
    Some(unit_of_criterion(criterion, &of)).filter(|unit| !unit.is_empty())
}
