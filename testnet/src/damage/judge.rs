//! Whether an opened folder may answer as it does.

use std::collections::BTreeSet;

use super::Outcome;
use super::harm::Kind;
use super::truth::{Answers, Topic, Truth};

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine(Outcome),
    Wrong(String),
}

/// Compares every answer with the truth.
pub(super) fn compare(truth: &Truth, found: &Answers, kind: Kind) -> Verdict {
    let before = &truth.answers;
    let said: BTreeSet<&str> = found.said.difference(&before.said).map(String::as_str).collect();
    let mut missing = false;
    for ((topic, key), expected) in &before.all {
        let answer = found.all.get(&(*topic, key.clone()));
        if answer.is_some_and(|answer| same(*topic, answer, expected)) || is_told_by_file(*topic, kind) {
            continue;
        }
        missing = true;
        // With another key the node does not know its own address by name, and says that it is no member.
        let is_unnamed = |answer: &String| *topic == Topic::Block && unnamed(answer) == unnamed(expected);
        if said.contains("not_member") && answer.is_some_and(is_unnamed) {
            continue;
        }
        let may_differ = matches!(topic, Topic::Sum | Topic::Record | Topic::Photo);
        if let (Some(answer), false) = (answer, may_differ) {
            return Verdict::Wrong(format!("{topic:?} {key} is {answer}, was {expected}"));
        }
        let answer = answer.map_or("missing", String::as_str);
        // Whoever asks for a picture that is no longer what it was is told so.
        let is_refused = *topic == Topic::Photo && answer.contains("damaged");
        if !is_refused && !is_said(*topic, &said, found.lost_gaps > before.lost_gaps) {
            return Verdict::Wrong(format!(
                "{topic:?} {key} is {answer} in silence, was {expected}; said: {said:?}, {} places lost",
                found.lost_gaps
            ));
        }
    }
    let invented = found.all.keys().find(|key| {
        !before.all.contains_key(key) && matches!(key.0, Topic::Reading | Topic::Block | Topic::Photo)
    });
    if let Some((topic, key)) = invented {
        return Verdict::Wrong(format!("{topic:?} {key} was never there"));
    }
    if found.lost_gaps < before.lost_gaps {
        return Verdict::Wrong(format!(
            "of {} places lost {} are left on record",
            before.lost_gaps, found.lost_gaps
        ));
    }
    Verdict::Fine(match (missing, said.is_empty() && found.lost_gaps == before.lost_gaps) {
        (true, _) => Outcome::Said,
        (false, false) => Outcome::Repaired,
        (false, true) => Outcome::Unharmed,
    })
}

/// Whether two answers say the same. Sums made again from readings may be added up in another order.
fn same(topic: Topic, answer: &str, expected: &str) -> bool {
    if answer == expected || topic != Topic::Sum {
        return answer == expected;
    }
    let figures = |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).ok();
    let (Some(answer), Some(expected)) = (figures(answer), figures(expected)) else { return false };
    answer.len() == expected.len()
        && expected.iter().all(|(field, expected)| match (answer.get(field), expected.as_f64()) {
            (Some(found), Some(expected)) => {
                found.as_f64().is_some_and(|found| (found - expected).abs() <= 1e-9 * expected.abs().max(1.0))
            }
            (found, None) => found == Some(expected),
            (None, Some(_)) => false,
        })
}

/// A block without the names of those it speaks of: their addresses stay.
fn unnamed(block: &str) -> Option<serde_json::Value> {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.retain(|field, _| field != "name" && field != "author_name");
                fields.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_) => {}
        }
    }
    let mut block = serde_json::from_str(block).ok()?;
    strip(&mut block);
    Some(block)
}

/// Names of sites and assets are what the configuration says: whoever changes it changes them.
const fn is_told_by_file(topic: Topic, kind: Kind) -> bool {
    matches!((topic, kind), (Topic::Record, Kind::Configuration))
}

/// Whether the node says that answers of this topic are missing.
fn is_said(topic: Topic, said: &BTreeSet<&str>, losses_grew: bool) -> bool {
    let any = |words: &[&str]| said.iter().any(|code| words.iter().any(|word| code.contains(word)));
    match topic {
        Topic::Reading | Topic::Sum => losses_grew || any(&["telemetry"]),
        Topic::Block => any(&["blocks"]),
        // Where a work order stands in the ledger is known again when its block is.
        Topic::Record => any(&["building_log", "entries", "blocks", "photo"]),
        Topic::Photo => any(&["photo", "building_log", "entries"]),
        Topic::Person => any(&["users"]),
    }
}

/// Whether a node that ended instead of starting said why, and had to end.
pub(super) fn refusal(status: &str, log: &str, kind: Kind) -> Verdict {
    let sentence = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    if !kind.may_refuse() {
        return Verdict::Wrong(format!("the node does not start ({status}): {sentence}"));
    }
    if status != "exit status: 2" || sentence.len() < 20 {
        return Verdict::Wrong(format!("the node refuses without a sentence ({status}): {sentence}"));
    }
    Verdict::Fine(Outcome::Refused)
}

/// The panic in a log. Sled reports some damage of the index by a panic, which is caught: the node goes on.
pub(super) fn panicked(log: &str, kind: Kind) -> Option<String> {
    if kind == Kind::Index {
        return None;
    }
    log.lines().find(|line| line.contains("panicked at")).map(|line| format!("a panic: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth() -> Truth {
        let mut truth = Truth::default();
        truth.answers.all.insert((Topic::Reading, "a 1".to_owned()), "20.5".to_owned());
        truth.answers.all.insert((Topic::Block, "1".to_owned()), "block".to_owned());
        truth
    }

    fn judged(change: impl FnOnce(&mut Answers)) -> Verdict {
        let truth = truth();
        let mut found = truth.answers.clone();
        change(&mut found);
        compare(&truth, &found, Kind::DaySeg)
    }

    #[test]
    fn a_node_under_another_key_may_show_an_address_for_its_name_if_it_says_so() {
        let mut truth = Truth::default();
        let block = (Topic::Block, "1".to_owned());
        truth.answers.all.insert(block.clone(), r#"{"author":"8a","author_name":"CAS-S1"}"#.to_owned());
        let mut found = truth.answers.clone();
        found.all.insert(block.clone(), r#"{"author":"8a","author_name":"8a"}"#.to_owned());
        assert!(matches!(compare(&truth, &found, Kind::DaySeg), Verdict::Wrong(_)), "in silence");
        found.said.insert("not_member".to_owned());
        assert_eq!(compare(&truth, &found, Kind::DaySeg), Verdict::Fine(Outcome::Said));
        found.all.insert(block, r#"{"author":"8b","author_name":"8a"}"#.to_owned());
        assert!(matches!(compare(&truth, &found, Kind::DaySeg), Verdict::Wrong(_)), "somebody else's");
    }

    #[test]
    fn a_silent_loss_and_a_wrong_value_are_never_fine() {
        let reading = (Topic::Reading, "a 1".to_owned());
        assert_eq!(judged(|_| {}), Verdict::Fine(Outcome::Unharmed));
        assert!(matches!(judged(|found| drop(found.all.remove(&reading))), Verdict::Wrong(_)));
        let wrong = judged(|found| {
            found.all.insert(reading.clone(), "20.6".to_owned());
            found.lost_gaps = 1;
        });
        assert!(matches!(wrong, Verdict::Wrong(_)), "wrong although a loss is said");
        let said = judged(|found| {
            found.all.remove(&reading);
            found.lost_gaps = 1;
        });
        assert_eq!(said, Verdict::Fine(Outcome::Said));
        let other = judged(|found| {
            found.all.remove(&(Topic::Block, "1".to_owned()));
            found.lost_gaps = 1;
        });
        assert!(matches!(other, Verdict::Wrong(_)), "a lost reading does not excuse a lost block");
        let invented =
            judged(|found| drop(found.all.insert((Topic::Reading, "a 2".to_owned()), "1".to_owned())));
        assert!(matches!(invented, Verdict::Wrong(_)));
    }

    #[test]
    fn sums_may_differ_in_their_last_bit() {
        let (one, other) =
            (r#"{"avg":6253.649999999999,"count":3}"#, r#"{"avg":6253.650000000001,"count":3}"#);
        assert!(same(Topic::Sum, one, other) && !same(Topic::Reading, one, other));
        assert!(!same(Topic::Sum, one, r#"{"avg":6253.65,"count":4}"#));
        assert!(!same(Topic::Sum, one, r#"{"avg":6253.66,"count":3}"#));
    }

    #[test]
    fn only_who_it_is_and_what_it_is_told_may_keep_a_node_from_starting() {
        let sentence = "error: key.file in node.toml: expected 64 hex digits";
        assert_eq!(refusal("exit status: 2", sentence, Kind::Keys), Verdict::Fine(Outcome::Refused));
        assert!(matches!(refusal("exit status: 2", "", Kind::Keys), Verdict::Wrong(_)));
        assert!(matches!(refusal("exit status: 101", sentence, Kind::Keys), Verdict::Wrong(_)));
        assert!(matches!(refusal("exit status: 2", sentence, Kind::DaySeg), Verdict::Wrong(_)));
    }
}
