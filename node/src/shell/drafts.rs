//! Policies as people write them, in the core's words.

use protocol::Severity;
use web::request::{CodedDraft, PolicyChange, PolicyDraft};
use web::view::{Condition, EscalationStep, Operator, PolicyCondition, RuleKind};
use web::{Kind, Problem};

use crate::core::Core;
use crate::core::catalogue::{Code, MetricName};
use crate::core::policy::{self, Criterion, Escalation, Terms};

/// A policy of a caretaker is called R and the first number that is free.
pub(super) fn free_code(core: &Core) -> Code {
    let policies = core.maintenance().policies();
    let is_free = |code: &String| policies.values().all(|policy| policy.terms().code.as_str() != code);
    let code = (1..=u32::MAX).map(|number| format!("R{number}")).find(is_free);
    code.and_then(|code| Code::new(&code).ok()).expect("invariant: policies are few")
}

/// A new policy.
pub(super) fn terms(code: Code, draft: PolicyDraft) -> Result<Terms, Problem> {
    let severity = Severity::from(draft.severity);
    let written = draft.conditions()?;
    let is_only = written.len() == 1 && written[0].len() == 1;
    Ok(Terms {
        code,
        asset_kind: draft.asset_kind.into(),
        groups: groups(written, is_only && draft.groups.is_none())?,
        severity,
        message: draft.message,
        description: draft.description,
        enabled: draft.enabled.unwrap_or(true),
        opens_work_order: draft.work_order.unwrap_or(severity > Severity::Low),
        clear_after_minutes: draft.clear_after_minutes,
        escalate: draft.escalate.into_iter().map(escalation).collect(),
        downgrade_after_minutes: draft.downgrade_after_minutes,
    })
}

/// A policy after a change.
pub(super) fn changed(terms: &Terms, change: PolicyChange) -> Result<Terms, Problem> {
    let mut terms = terms.clone();
    if let Some(written) = change.groups {
        terms.groups = groups(written, false)?;
    } else if let Some(first) = terms.groups.first_mut().and_then(|group| group.first_mut()) {
        first.condition = change.condition.map_or(first.condition, condition);
        first.threshold = change.threshold.unwrap_or(first.threshold);
        first.window_minutes = change.window_minutes.or(first.window_minutes);
        first.samples = change.samples.unwrap_or(first.samples);
    }
    terms.severity = change.severity.map_or(terms.severity, Severity::from);
    terms.message = change.message.unwrap_or(terms.message);
    terms.description = change.description.unwrap_or(terms.description);
    terms.opens_work_order = change.work_order.unwrap_or(terms.opens_work_order);
    terms.enabled = change.enabled.unwrap_or(terms.enabled);
    terms.clear_after_minutes = change.clear_after_minutes.unwrap_or(terms.clear_after_minutes);
    terms.downgrade_after_minutes = change.downgrade_after_minutes.unwrap_or(terms.downgrade_after_minutes);
    if let Some(steps) = change.escalate {
        terms.escalate = steps.into_iter().map(escalation).collect();
    }
    Ok(terms)
}

/// Policies from a text. What the text leaves open is as it was.
pub(super) fn import(core: &Core, policies: Vec<CodedDraft>) -> Result<Vec<Terms>, Problem> {
    let read = |(at, CodedDraft { code, mut draft }): (usize, CodedDraft)| {
        let wrong = |problem: Problem| {
            let field = problem.field.clone().unwrap_or_default();
            problem.field(format!("policy {at}: {field}"))
        };
        let invalid = |error: protocol::Invalid| Problem::new(Kind::Invalid, error.to_string()).field("code");
        let code = Code::new(&code).map_err(|error| wrong(invalid(error)))?;
        let mut known = core.maintenance().policies().values();
        if let Some(known) = known.find(|policy| policy.terms().code == code) {
            draft.work_order = draft.work_order.or(Some(known.terms().opens_work_order));
            draft.enabled = draft.enabled.or(Some(known.terms().enabled));
        }
        terms(code, draft).map_err(wrong)
    };
    policies.into_iter().enumerate().map(read).collect()
}

fn groups(written: Vec<Vec<PolicyCondition>>, is_plain: bool) -> Result<Vec<Vec<Criterion>>, Problem> {
    let group = |(at, group): (usize, Vec<PolicyCondition>)| {
        let path = |place: usize, field: &str| match is_plain {
            true => field.to_owned(),
            false => format!("groups[{at}][{place}].{field}"),
        };
        let one = |(place, one): (usize, PolicyCondition)| {
            criterion(one)
                .map_err(|(field, detail)| Problem::new(Kind::Invalid, detail).field(path(place, field)))
        };
        group.into_iter().enumerate().map(one).collect()
    };
    written.into_iter().enumerate().map(group).collect()
}

fn criterion(written: PolicyCondition) -> Result<Criterion, (&'static str, String)> {
    let name =
        |field: &'static str, name: &str| MetricName::new(name).map_err(|error| (field, error.to_string()));
    let rule = rule(written.rule);
    Ok(Criterion {
        metric: name("metric", &written.metric)?,
        with: match (written.operator, written.metric2) {
            (Some(operator), Some(metric)) => Some((self::operator(operator), name("metric2", &metric)?)),
            (Some(_) | None, _) => None,
        },
        rule,
        condition: condition(written.condition),
        threshold: written.threshold,
        clear_threshold: written.clear_threshold,
        window_minutes: written.window_minutes,
        samples: written.samples.unwrap_or(rule.samples_min()),
    })
}

fn escalation(step: EscalationStep) -> Escalation {
    Escalation { after_minutes: step.after_minutes, severity: step.severity.into() }
}

const fn operator(operator: Operator) -> policy::Operator {
    match operator {
        Operator::Plus => policy::Operator::Plus,
        Operator::Minus => policy::Operator::Minus,
        Operator::Times => policy::Operator::Times,
        Operator::Over => policy::Operator::Over,
    }
}

const fn rule(rule: RuleKind) -> policy::RuleKind {
    match rule {
        RuleKind::Threshold => policy::RuleKind::Threshold,
        RuleKind::Runtime => policy::RuleKind::Runtime,
        RuleKind::RateOfChange => policy::RuleKind::RateOfChange,
        RuleKind::Count => policy::RuleKind::Count,
        RuleKind::Consecutive => policy::RuleKind::Consecutive,
        RuleKind::NoData => policy::RuleKind::NoData,
        RuleKind::Unusual => policy::RuleKind::Unusual,
        RuleKind::Record => policy::RuleKind::Record,
    }
}

const fn condition(condition: Condition) -> policy::Condition {
    match condition {
        Condition::Above => policy::Condition::Above,
        Condition::Below => policy::Condition::Below,
        Condition::AtLeast => policy::Condition::AtLeast,
        Condition::AtMost => policy::Condition::AtMost,
    }
}
