//! Drafts of policies: one condition written out or groups of them, checked as far as that needs no building.

use crate::payload::is_name;
use crate::problem::{Kind, Problem};
use crate::request::{PolicyChange, PolicyDraft};
use crate::view::{Condition, PolicyCondition, RuleKind};
use protocol::limits::{CONDITIONS_PER_GROUP_MAX, GROUPS_MAX};

/// Longest window: a day.
const WINDOW_MINUTES_MAX: u32 = 24 * 60;
/// Most readings one rule may look back at.
const SAMPLES_MAX: u32 = 1_000;
/// Standard deviations that a rule of kind `unusual` takes when it is given none: one reading in ten thousand million.
const UNUSUAL_DEVIATIONS: f64 = 6.4;
/// Percent of the range that a rule of kind `record` takes when it is given none.
const RECORD_PERCENT: f64 = 2.0;
/// Longest message, bytes.
const MESSAGE_BYTES_MAX: usize = 200;
/// Longest description, bytes.
const DESCRIPTION_BYTES_MAX: usize = 1_000;

impl PolicyDraft {
    /// Its conditions, whichever way they are written.
    pub fn conditions(&self) -> Result<Vec<Vec<PolicyCondition>>, Problem> {
        if let Some(groups) = &self.groups {
            return Ok(groups.clone());
        }
        let missing =
            |field: &str| invalid(field, "a policy needs `groups`, or `metric`, `rule` and `threshold`");
        let rule = self.rule.ok_or_else(|| missing("rule"))?;
        let threshold = match rule {
            RuleKind::NoData => self.threshold.unwrap_or_default(),
            RuleKind::Unusual => self.threshold.unwrap_or(UNUSUAL_DEVIATIONS),
            RuleKind::Record => self.threshold.unwrap_or(RECORD_PERCENT),
            RuleKind::Threshold
            | RuleKind::Runtime
            | RuleKind::RateOfChange
            | RuleKind::Count
            | RuleKind::Consecutive => self.threshold.ok_or_else(|| missing("threshold"))?,
        };
        Ok(vec![vec![PolicyCondition {
            metric: self.metric.clone().ok_or_else(|| missing("metric"))?,
            operator: None,
            metric2: None,
            rule,
            condition: self.condition.unwrap_or(Condition::Above),
            threshold,
            clear_threshold: None,
            window_minutes: self.window_minutes,
            samples: self.samples,
        }]])
    }

    /// Checks names, texts and numbers.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        texts(Some(&self.message), Some(&self.description))?;
        check_groups(&self.conditions()?, self.groups.is_some())
    }
}

impl PolicyChange {
    /// Checks names, texts and numbers.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if *self == Self::default() {
            return Err(Problem::new(Kind::Invalid, "expected at least one field to change"));
        }
        texts(self.message.as_deref(), self.description.as_deref())?;
        bounds(self.window_minutes, self.samples).map_err(|(field, detail)| invalid(field, detail))?;
        self.groups.as_ref().map_or(Ok(()), |groups| check_groups(groups, true))
    }
}

fn check_groups(groups: &[Vec<PolicyCondition>], are_written_out: bool) -> Result<(), Problem> {
    let sizes = 1..=CONDITIONS_PER_GROUP_MAX;
    if !(1..=GROUPS_MAX).contains(&groups.len()) || groups.iter().any(|group| !sizes.contains(&group.len())) {
        let detail =
            format!("expected 1 to {GROUPS_MAX} groups of 1 to {CONDITIONS_PER_GROUP_MAX} conditions");
        return Err(invalid("groups", detail));
    }
    for (at, group) in groups.iter().enumerate() {
        for (place, condition) in group.iter().enumerate() {
            let path = |field: &str| match are_written_out {
                true => format!("groups[{at}][{place}].{field}"),
                false => field.to_owned(),
            };
            check_condition(condition).map_err(|(field, detail)| invalid(&path(field), detail))?;
        }
    }
    Ok(())
}

fn check_condition(condition: &PolicyCondition) -> Result<(), (&'static str, String)> {
    let name = "expected 1 to 64 bytes without control characters";
    if !is_name(&condition.metric) {
        return Err(("metric", name.to_owned()));
    }
    match (&condition.operator, &condition.metric2) {
        (Some(_), None) => return Err(("metric2", "an operator needs a second metric".to_owned())),
        (None, Some(_)) => return Err(("operator", "expected plus, minus, times or over".to_owned())),
        (Some(_), Some(metric)) if !is_name(metric) => return Err(("metric2", name.to_owned())),
        (Some(_), Some(_)) | (None, None) => {}
    }
    bounds(condition.window_minutes, condition.samples)?;
    match condition.rule {
        RuleKind::RateOfChange | RuleKind::Count | RuleKind::NoData if condition.window_minutes.is_none() => {
            Err(("window_minutes", "this kind of rule looks at a window".to_owned()))
        }
        RuleKind::Count | RuleKind::Consecutive if condition.samples.is_none() => {
            Err(("samples", "this kind of rule counts readings".to_owned()))
        }
        RuleKind::Threshold
        | RuleKind::Runtime
        | RuleKind::RateOfChange
        | RuleKind::Count
        | RuleKind::Consecutive
        | RuleKind::NoData
        | RuleKind::Unusual
        | RuleKind::Record => Ok(()),
    }
}

fn bounds(window_minutes: Option<u32>, samples: Option<u32>) -> Result<(), (&'static str, String)> {
    if window_minutes.is_some_and(|minutes| !(1..=WINDOW_MINUTES_MAX).contains(&minutes)) {
        return Err(("window_minutes", format!("expected 1 to {WINDOW_MINUTES_MAX}")));
    }
    if samples.is_some_and(|samples| !(1..=SAMPLES_MAX).contains(&samples)) {
        return Err(("samples", format!("expected 1 to {SAMPLES_MAX}")));
    }
    Ok(())
}

fn texts(message: Option<&str>, description: Option<&str>) -> Result<(), Problem> {
    if message.is_some_and(|text| text.is_empty() || text.len() > MESSAGE_BYTES_MAX) {
        return Err(invalid("message", format!("expected 1 to {MESSAGE_BYTES_MAX} bytes")));
    }
    if description.is_some_and(|text| text.len() > DESCRIPTION_BYTES_MAX) {
        return Err(invalid("description", format!("expected at most {DESCRIPTION_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn invalid(field: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Kind::Invalid, detail).field(field)
}
