//! Policies as a text in TOML, and back: what is wrong with it is said with line and field.

use crate::problem::{Kind, Problem};
use crate::request::{CodedDraft, PolicyDraft};
use crate::view::{AssetKind, EscalationStep, PolicyCondition, PolicyView, RuleKind, Severity};
use protocol::limits::POLICIES_MAX;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use toml::Spanned;

const INTRODUCTION: &str = "\
# An alert is raised when every condition of any one group of a policy is met.
# rule: threshold (mean over window_minutes, or each of the last samples readings), consecutive (the same without a
#   gap), rate_of_change (per minute over window_minutes), count (samples readings within window_minutes),
#   runtime (counted since it was served), no_data (no reading for window_minutes).
# operator and metric2: readings of the same time are put together: plus, minus, times, over.
# clear_after_minutes: its alert closes by itself after so many quiet minutes; without it a person closes it.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextOfPolicies {
    #[serde(default)]
    policy: Vec<Spanned<TextOfPolicy>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextOfPolicy {
    code: String,
    asset_kind: AssetKind,
    severity: Severity,
    message: String,
    #[serde(default)]
    description: String,
    work_order: Option<bool>,
    enabled: Option<bool>,
    clear_after_minutes: Option<u32>,
    downgrade_after_minutes: Option<u32>,
    #[serde(default)]
    escalate: Vec<EscalationStep>,
    group: Vec<TextOfGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextOfGroup {
    condition: Vec<Spanned<PolicyCondition>>,
}

/// Where each policy and each of its conditions begins in the text, bytes.
#[derive(Debug, Default)]
pub(crate) struct Places {
    policies: Vec<(usize, Vec<Vec<usize>>)>,
}

/// The policies in a text, unchecked beyond what needs no building.
pub(crate) fn read(text: &str) -> Result<(Vec<CodedDraft>, Places), Problem> {
    let parsed: TextOfPolicies = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        Problem::new(Kind::Malformed, error.message()).field(format!("line {line}"))
    })?;
    if parsed.policy.len() > POLICIES_MAX {
        let detail = format!("{} policies, at most {POLICIES_MAX} allowed", parsed.policy.len());
        return Err(Problem::new(Kind::Invalid, detail).field("policy"));
    }
    let (mut drafts, mut places) = (Vec::new(), Places::default());
    for policy in parsed.policy {
        let start = policy.span().start;
        let policy = policy.into_inner();
        let starts = |group: &TextOfGroup| group.condition.iter().map(|one| one.span().start).collect();
        places.policies.push((start, policy.group.iter().map(starts).collect()));
        let groups = policy.group.into_iter();
        let groups = groups.map(|group| group.condition.into_iter().map(Spanned::into_inner).collect());
        let draft = PolicyDraft {
            asset_kind: policy.asset_kind,
            groups: Some(groups.collect()),
            metric: None,
            rule: None,
            condition: None,
            threshold: None,
            window_minutes: None,
            samples: None,
            severity: policy.severity,
            message: policy.message,
            description: policy.description,
            work_order: policy.work_order,
            enabled: policy.enabled,
            clear_after_minutes: policy.clear_after_minutes,
            escalate: policy.escalate,
            downgrade_after_minutes: policy.downgrade_after_minutes,
        };
        draft.check().map_err(|problem| {
            let field = problem.field.clone().unwrap_or_default();
            places.locate(text, problem.field(format!("policy {}: {field}", drafts.len())))
        })?;
        drafts.push(CodedDraft { code: policy.code, draft });
    }
    Ok((drafts, places))
}

impl Places {
    /// A problem of the N-th policy, with the line it is in: `policy 2: groups[0][1].threshold` becomes
    /// `line 31: threshold`.
    pub(crate) fn locate(&self, text: &str, problem: Problem) -> Problem {
        let Some((at, path)) = problem.field.as_deref().and_then(policy_and_path) else { return problem };
        let Some((start, groups)) = self.policies.get(at) else { return problem };
        let name = path.rsplit('.').next().unwrap_or(path).to_owned();
        let start = group_and_place(path)
            .or_else(|| is_of_condition(&name).then_some((0, 0)))
            .and_then(|(group, place)| groups.get(group)?.get(place).copied())
            .unwrap_or(*start);
        let line = line_of_field(text, start, &name).unwrap_or_else(|| line_at(text, start));
        let field = if name.is_empty() { format!("line {line}") } else { format!("line {line}: {name}") };
        problem.field(field)
    }
}

fn policy_and_path(field: &str) -> Option<(usize, &str)> {
    let (number, path) = field.strip_prefix("policy ")?.split_once(": ")?;
    Some((number.parse().ok()?, path))
}

fn group_and_place(path: &str) -> Option<(usize, usize)> {
    let (group, rest) = path.strip_prefix("groups[")?.split_once("][")?;
    let (place, _) = rest.split_once(']')?;
    Some((group.parse().ok()?, place.parse().ok()?))
}

fn is_of_condition(name: &str) -> bool {
    let names = [
        "metric",
        "metric2",
        "operator",
        "rule",
        "condition",
        "threshold",
        "clear_threshold",
        "window_minutes",
        "samples",
    ];
    names.contains(&name)
}

fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// The line that gives a field its value, from a place on until the next table of the same kind.
fn line_of_field(text: &str, start: usize, name: &str) -> Option<usize> {
    let first = line_at(text, start);
    let mut headers = 0;
    for (line, content) in text.lines().enumerate().skip(first - 1) {
        let content = content.trim_start();
        headers += usize::from(content.starts_with("[[") && line + 1 > first);
        if headers > 0 && is_of_condition(name) || content.starts_with("[[policy]]") && line + 1 > first {
            return None;
        }
        let value = content.strip_prefix(name).map(str::trim_start);
        if value.is_some_and(|value| value.starts_with('=')) {
            return Some(line + 1);
        }
    }
    None
}

/// All policies as a text that [`read`] takes, with the units in comments.
pub(crate) fn write(building: &str, policies: &[PolicyView]) -> String {
    let mut text = format!("# Policies of {}.\n{INTRODUCTION}", one_line(building));
    for policy in policies {
        write_policy(&mut text, policy);
    }
    text
}

fn write_policy(text: &mut String, policy: &PolicyView) {
    let mut line = |key: &str, value: String| put(text, "", key, &value, None);
    line("\n[[policy]]\ncode", quoted(&policy.code));
    line("asset_kind", word(&policy.asset_kind));
    line("severity", word(&policy.severity));
    line("message", quoted(&policy.message));
    line("description", quoted(&policy.description));
    line("work_order", policy.work_order.to_string());
    line("enabled", policy.enabled.to_string());
    if let Some(minutes) = policy.clear_after_minutes {
        line("clear_after_minutes", minutes.to_string());
    }
    if let Some(minutes) = policy.downgrade_after_minutes {
        line("downgrade_after_minutes", minutes.to_string());
    }
    if !policy.escalate.is_empty() {
        let step = |step: &EscalationStep| {
            format!("{{ after_minutes = {}, severity = {} }}", step.after_minutes, word(&step.severity))
        };
        line("escalate", format!("[{}]", policy.escalate.iter().map(step).collect::<Vec<_>>().join(", ")));
    }
    for (group, units) in policy.groups.iter().zip(&policy.units) {
        text.push_str("\n[[policy.group]]\n");
        for (condition, unit) in group.iter().zip(units) {
            write_condition(text, condition, unit.as_deref());
        }
    }
}

fn write_condition(text: &mut String, condition: &PolicyCondition, unit: Option<&str>) {
    text.push_str("[[policy.group.condition]]\n");
    let mut line = |key: &str, value: String, unit: Option<&str>| put(text, "", key, &value, unit);
    line("metric", quoted(&condition.metric), None);
    if let (Some(operator), Some(metric)) = (&condition.operator, &condition.metric2) {
        line("operator", word(operator), None);
        line("metric2", quoted(metric), None);
    }
    line("rule", word(&condition.rule), None);
    if condition.rule != RuleKind::NoData {
        let unit = match condition.rule {
            RuleKind::RateOfChange => Some(format!("{} per minute", unit.unwrap_or_default())),
            RuleKind::Threshold
            | RuleKind::Runtime
            | RuleKind::Count
            | RuleKind::Consecutive
            | RuleKind::NoData => unit.map(str::to_owned),
        };
        line("condition", word(&condition.condition), None);
        line("threshold", number(condition.threshold), unit.as_deref());
        if let Some(threshold) = condition.clear_threshold {
            line("clear_threshold", number(threshold), unit.as_deref());
        }
    }
    if let Some(minutes) = condition.window_minutes {
        line("window_minutes", minutes.to_string(), None);
    }
    if let Some(samples) = condition.samples {
        line("samples", samples.to_string(), None);
    }
}

fn put(text: &mut String, indent: &str, key: &str, value: &str, unit: Option<&str>) {
    let comment = unit.map(|unit| format!(" # {}", one_line(unit.trim()))).unwrap_or_default();
    writeln!(text, "{indent}{key} = {value}{comment}").expect("invariant: writing to a text succeeds");
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A word of the API, as JSON and TOML both quote it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("invariant: a word always serialises")
}

/// A float of TOML.
fn number(value: f64) -> String {
    toml::Value::Float(value).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}
