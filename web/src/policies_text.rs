//! Policies as a text in TOML, and back: what is wrong with it is said with line and field.

mod pieces;

use crate::problem::{Kind, Problem};
use crate::request::{CodedDraft, PolicyDraft};
use crate::view::{AssetKind, EscalationStep, PolicyCondition, PolicyView, RuleKind, Severity};
use pieces::pieces;
use protocol::limits::{POLICIES_MAX, POLICY_TEXT_BYTES_MAX};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::ops::Range;
use toml::Spanned;

const INTRODUCTION: &str = "\
# An alert is raised when every condition of any one group of a policy is met.
# rule: threshold (mean over window_minutes, or each of the last samples readings), consecutive (the same without a
#   gap), rate_of_change (per minute over window_minutes), count (samples readings within window_minutes),
#   runtime (counted since it was served), no_data (no reading for window_minutes), unusual (the mean of 8 readings
#   that many standard deviations from those before), record (beyond all before by that many percent of their range).
# operator and metric2: readings of the same time are put together: plus, minus, times, over.
# clear_after_minutes: its alert closes by itself after so many quiet minutes; without it a person closes it.
";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextOfPolicies {
    #[serde(default)]
    policy: Option<Vec<Spanned<TextOfPolicy>>>,
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
    let pieces = pieces(text);
    let (mut drafts, mut places) = (Vec::new(), Places::default());
    for (at, piece) in pieces.iter().enumerate() {
        let policies = parsed(text, piece)?;
        if at == 0 && policies.is_some() && pieces.len() > 1 {
            let detail = "policies stand in one list or each under a [[policy]] of its own";
            return Err(Problem::new(Kind::Malformed, detail).field("policy"));
        }
        let policies = policies.unwrap_or_default();
        if drafts.len() + policies.len() > POLICIES_MAX {
            let detail = format!("more than the {POLICIES_MAX} policies that are allowed");
            return Err(Problem::new(Kind::Invalid, detail).field("policy"));
        }
        take(text, piece.start, policies, &mut drafts, &mut places)?;
    }
    Ok((drafts, places))
}

/// The policies of one piece of the text.
fn parsed(text: &str, piece: &Range<usize>) -> Result<Option<Vec<Spanned<TextOfPolicy>>>, Problem> {
    if piece.len() > POLICY_TEXT_BYTES_MAX {
        let detail = format!("a policy of {} bytes, at most {POLICY_TEXT_BYTES_MAX} allowed", piece.len());
        let line = line_at(text, piece.start);
        return Err(Problem::new(Kind::TooLarge, detail).field(format!("line {line}")));
    }
    let parsed: Result<TextOfPolicies, _> = toml::from_str(&text[piece.clone()]);
    let parsed = parsed.map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, piece.start + span.start));
        Problem::new(Kind::Malformed, error.message()).field(format!("line {line}"))
    })?;
    Ok(parsed.policy)
}

/// Takes the policies of a piece that begins at `from`.
fn take(
    text: &str,
    from: usize,
    policies: Vec<Spanned<TextOfPolicy>>,
    drafts: &mut Vec<CodedDraft>,
    places: &mut Places,
) -> Result<(), Problem> {
    for policy in policies {
        let start = from + policy.span().start;
        let policy = policy.into_inner();
        let starts =
            |group: &TextOfGroup| group.condition.iter().map(|one| from + one.span().start).collect();
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
    Ok(())
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
            RuleKind::Unusual => Some("standard deviations".to_owned()),
            RuleKind::Record => Some("percent of the range".to_owned()),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Condition, Operator};

    fn condition(metric: &str, rule: RuleKind) -> PolicyCondition {
        PolicyCondition {
            metric: metric.to_owned(),
            operator: None,
            metric2: None,
            rule,
            condition: Condition::Above,
            threshold: 80.0,
            clear_threshold: None,
            window_minutes: None,
            samples: Some(5),
        }
    }

    fn policy() -> PolicyView {
        let product = PolicyCondition {
            operator: Some(Operator::Times),
            metric2: Some("say \"speed\"".to_owned()),
            clear_threshold: Some(75.5),
            ..condition("torque", RuleKind::Consecutive)
        };
        let silent = PolicyCondition {
            window_minutes: Some(30),
            samples: None,
            threshold: 0.0,
            ..condition("torque", RuleKind::NoData)
        };
        PolicyView {
            id: "R5".to_owned(),
            code: "R5".to_owned(),
            version: 3,
            asset_kind: AssetKind::Elevator,
            metric: "torque".to_owned(),
            rule: RuleKind::Consecutive,
            condition: Condition::Above,
            threshold: 80.0,
            unit: None,
            window_minutes: None,
            samples: Some(5),
            severity: Severity::Low,
            message: "« Surchauffe »\t\\ moteur".to_owned(),
            description: "deux\nlignes".to_owned(),
            work_order: true,
            enabled: false,
            groups: vec![vec![product, condition("speed", RuleKind::Threshold)], vec![silent]],
            units: vec![vec![Some("Nm·rpm".to_owned()), Some("rpm\n[[policy]]".to_owned())], vec![None]],
            clear_after_minutes: Some(10),
            escalate: vec![EscalationStep { after_minutes: 30, severity: Severity::High }],
            downgrade_after_minutes: Some(5),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let written = write("Tour \u{7}Alpha", &[policy(), PolicyView { code: "R6".to_owned(), ..policy() }]);
        let (read, _) = read(&written).unwrap();
        assert_eq!(read.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["R5", "R6"]);
        let (draft, policy) = (&read[0].draft, policy());
        assert_eq!(draft.groups.as_ref(), Some(&policy.groups));
        assert_eq!((&draft.message, &draft.description), (&policy.message, &policy.description));
        assert_eq!(
            (draft.severity, draft.enabled, draft.work_order),
            (Severity::Low, Some(false), Some(true))
        );
        assert_eq!((draft.clear_after_minutes, draft.downgrade_after_minutes), (Some(10), Some(5)));
        assert_eq!(draft.escalate, policy.escalate);
        assert!(written.contains("threshold = 80.0 # Nm·rpm"), "{written}");
    }

    fn wrong(from: &str, to: &str) -> String {
        let written = write("A", &[policy(), PolicyView { code: "R6".to_owned(), ..policy() }]);
        let at = written.rfind(from).unwrap();
        let text = format!("{}{to}{}", &written[..at], &written[at + from.len()..]);
        let Err(problem) = read(&text) else { return "read".to_owned() };
        let field = problem.field.unwrap();
        let line: usize = field["line ".len()..].split(':').next().unwrap().parse().unwrap();
        format!("{} <- {}", text.lines().nth(line - 1).unwrap(), field.split(": ").nth(1).unwrap_or("?"))
    }

    #[test]
    fn errors_name_line_and_field() {
        assert_eq!(
            wrong("threshold = 80.0 # rpm", "threshold = \"hot\" # rpm"),
            "threshold = \"hot\" # rpm [[policy]] <- ?"
        );
        assert_eq!(wrong("samples = 5", "samples = 0"), "samples = 0 <- samples");
        assert_eq!(
            wrong("window_minutes = 30", "window_minutes = 0"),
            "window_minutes = 0 <- window_minutes"
        );
        assert_eq!(wrong("severity = \"low\"", "colour = \"low\""), "colour = \"low\" <- ?");
        assert_eq!(
            wrong("message = ", "message = \"\" # "),
            "message = \"\" # '« Surchauffe »\t\\ moteur' <- message"
        );
        assert!(read("x").is_err() && read("[[policy]]").is_err() && read("").unwrap().0.is_empty());
    }

    #[test]
    fn problems_of_the_building_find_their_line() {
        let text = write("A", &[policy(), PolicyView { code: "R6".to_owned(), ..policy() }]);
        let (_, places) = read(&text).unwrap();
        let at = |field: &str| {
            let problem = places.locate(&text, Problem::new(Kind::Invalid, "no").field(field));
            let field = problem.field.unwrap();
            let line: usize = field["line ".len()..].split(':').next().unwrap().parse().unwrap();
            (line, text.lines().nth(line - 1).unwrap().to_owned())
        };
        let (line, content) = at("policy 1: groups[0][1].metric");
        assert!(content == "metric = \"speed\"" && line > text.lines().count() / 2, "{line}: {content}");
        assert_eq!(at("policy 1: code").1, "code = \"R6\"");
        assert_eq!(at("policy 0: escalate").1, "escalate = [{ after_minutes = 30, severity = \"high\" }]");
        let other = Problem::new(Kind::Conflict, "no").field("policies");
        assert_eq!(places.locate(&text, other.clone()), other);
    }
}
