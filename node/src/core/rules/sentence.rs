//! What an alert rests on, in one plain English sentence. The page says the same in its own languages, from the same
//! numbers.

use std::fmt::Write as _;

use super::evidence::Ground;
use crate::core::policy::{Condition, Criterion, Operator, RuleKind};

/// The sentence about conditions that were met together. `unit` names the unit of a metric, empty for none.
pub fn sentence<'a>(grounds: &[Ground], unit: impl Fn(&str) -> &'a str) -> String {
    let parts: Vec<String> = grounds.iter().map(|ground| clause(ground, &unit)).collect();
    let mut text = parts.join("; and ");
    text.push('.');
    text
}

/// The unit of what a condition looks at: `°C`, `kW·h`, empty for a plain number.
pub fn unit_of<'a>(criterion: &Criterion, unit: &impl Fn(&str) -> &'a str) -> String {
    let first = unit(criterion.metric.as_str());
    let Some((operator, second)) = &criterion.with else { return first.to_owned() };
    let second = unit(second.as_str());
    match (operator, first, second) {
        (Operator::Plus | Operator::Minus, "", second) => second.to_owned(),
        (Operator::Plus | Operator::Minus, first, _) => first.to_owned(),
        (Operator::Times | Operator::Over, first, "") => first.to_owned(),
        (Operator::Times, "", second) => second.to_owned(),
        (Operator::Times, first, second) => format!("{first}·{second}"),
        (Operator::Over, first, second) if first == second => String::new(),
        (Operator::Over, "", second) => format!("1/{second}"),
        (Operator::Over, first, second) => format!("{first}/{second}"),
    }
}

fn clause<'a>(ground: &Ground, unit: &impl Fn(&str) -> &'a str) -> String {
    let (criterion, found) = (&ground.criterion, &ground.evidence);
    let unit = unit_of(criterion, unit);
    let subject = subject(criterion);
    let value = number(found.measured, &unit);
    let limit = format!("{} {}", compared(criterion.condition), number(criterion.threshold, &unit));
    let minutes = criterion.window_minutes.unwrap_or_default();
    let newest = found.last.last().map_or(found.measured, |(_, value)| *value);
    match criterion.rule {
        RuleKind::Threshold if criterion.window_minutes.is_some() => {
            format!(
                "the mean of {subject} over {minutes} min was {value}, {limit} ({} readings)",
                found.readings
            )
        }
        RuleKind::Threshold if criterion.samples == 1 => format!("{subject} was {value}, {limit}"),
        RuleKind::Threshold => {
            format!(
                "the last {} readings of {subject} were all {limit}, the newest {value}",
                criterion.samples
            )
        }
        RuleKind::Consecutive => format!(
            "{subject} was {limit} on {} readings in a row without a gap, the newest {value}",
            criterion.samples
        ),
        RuleKind::Runtime => format!("{subject} has counted {value} since it was served, {limit}"),
        RuleKind::RateOfChange => {
            format!("{subject} changed by {value} per minute within {minutes} min, {limit} per minute")
        }
        RuleKind::Count => format!(
            "{} readings of {subject} within {minutes} min were {limit}, {} are enough",
            found.measured, criterion.samples
        ),
        RuleKind::NoData => format!(
            "{subject} has not been heard of for {} min, the last reading was {}",
            found.measured.floor(),
            number(newest, &unit)
        ),
        RuleKind::Unusual => format!(
            "the mean of the last {} readings of {subject} lay {} standard deviations {} the usual one, the newest {}",
            found.readings,
            number(found.measured.abs(), ""),
            if found.measured < 0.0 { "below" } else { "above" },
            number(newest, &unit)
        ),
        RuleKind::Record => format!(
            "{subject} was {value}, {} of {} readings; until then {} was",
            if found.measured < found.threshold { "the lowest" } else { "the highest" },
            found.readings,
            number(found.threshold, &unit)
        ),
    }
}

fn subject(criterion: &Criterion) -> String {
    match &criterion.with {
        None => criterion.metric.to_string(),
        Some((operator, second)) => format!("{} {} {second}", criterion.metric, operator.sign()),
    }
}

const fn compared(condition: Condition) -> &'static str {
    match condition {
        Condition::Above => "above",
        Condition::AtLeast => "at least",
        Condition::Below => "below",
        Condition::AtMost => "at most",
    }
}

/// At most three decimals, none where there is nothing behind them.
fn number(value: f64, unit: &str) -> String {
    let rounded = format!("{value:.3}");
    let short = rounded.trim_end_matches('0').trim_end_matches('.');
    let is_lost = matches!(short, "0" | "-0") && value != 0.0;
    let mut text = match short {
        "-0" if !is_lost => "0".to_owned(),
        short if !is_lost && value.abs() < 1e15 => short.to_owned(),
        _ => format!("{value:e}"),
    };
    if !unit.is_empty() {
        write!(text, " {unit}").expect("invariant: writing to a text succeeds");
    }
    text
}
