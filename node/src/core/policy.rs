//! Maintenance policies: which behaviour of which metrics calls for attention (F3.1). Six are installed from
//! the start; a caretaker may add, change and remove them.

mod criterion;
mod defaults;
mod error;
mod stored;
mod version;

pub use criterion::{Condition, Criterion, Operator, RuleKind};
pub use defaults::default_terms;
pub use error::PolicyError;
pub(super) use stored::decode as decode_stored;
pub use version::PolicyVersion;

use protocol::limits::{NOTES_BYTES_MAX, POLICIES_MAX};
use protocol::{AssetKind, Digest, Invalid, Severity};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;

use super::catalogue::Code;

pub use protocol::limits::{CONDITIONS_PER_GROUP_MAX, GROUPS_MAX};

/// Longest window, minutes. After a restart a window starts with the readings that telemetry has at hand, which are
/// those of the last two hours.
pub const WINDOW_MINUTES_MAX: u32 = 24 * 60;
/// Most readings a rule may ask for.
pub const SAMPLES_MAX: u32 = 1_000;
/// Longest quiet time after which an alert closes by itself or loses a step of its severity, minutes: a week.
pub const CLEAR_AFTER_MINUTES_MAX: u32 = 7 * 24 * 60;
/// Longest time after which an alert becomes more severe, minutes: four weeks.
pub const ESCALATE_MINUTES_MAX: u32 = 4 * 7 * 24 * 60;
/// Steps of escalation: there is nothing above high.
pub const ESCALATIONS_MAX: usize = 2;
/// Longest message, bytes.
pub const MESSAGE_BYTES_MAX: usize = 200;
/// Longest description, bytes.
pub const DESCRIPTION_BYTES_MAX: usize = 1_000;
const _: () = assert!(DESCRIPTION_BYTES_MAX <= NOTES_BYTES_MAX && POLICIES_MAX <= u16::MAX as usize);

/// Number of a policy, from 1; never used again after deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PolicyId(pub u32);

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How severe an alert becomes once it has stood for some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Escalation {
    /// Minutes since it was raised, 1 to 40,320.
    pub after_minutes: u32,
    /// What it is from then on.
    pub severity: Severity,
}

/// What a policy says, as a caretaker writes it: unchecked.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Terms {
    /// Short name: `R1`.
    pub code: Code,
    /// Which assets it is for.
    pub asset_kind: AssetKind,
    /// It is broken when every condition of any group is. 1 to 8 groups of 1 to 8 conditions.
    #[serde(deserialize_with = "protocol::bounded::lists::<_, _, GROUPS_MAX, CONDITIONS_PER_GROUP_MAX>")]
    pub groups: Vec<Vec<Criterion>>,
    /// How urgent a breach is.
    pub severity: Severity,
    /// What the alert says, 1 to 200 bytes.
    pub message: String,
    /// What it is about, up to 1,000 bytes.
    pub description: String,
    /// Whether it is evaluated.
    pub enabled: bool,
    /// Whether an alert of high or medium severity opens a work order by itself.
    pub opens_work_order: bool,
    /// Quiet minutes after which its alert closes by itself, 0 to 10,080; none leaves that to a person.
    pub clear_after_minutes: Option<u32>,
    /// How its alert becomes more severe while it lasts; rising.
    #[serde(deserialize_with = "protocol::bounded::list::<_, _, ESCALATIONS_MAX>")]
    pub escalate: Vec<Escalation>,
    /// Quiet minutes after each of which its alert loses a step of its severity, 1 to 10,080.
    pub downgrade_after_minutes: Option<u32>,
}

impl Terms {
    /// Every condition, group by group.
    pub fn criteria(&self) -> impl Iterator<Item = &Criterion> {
        self.groups.iter().flatten()
    }

    /// The first condition, which stands for all of them where there is room for one.
    pub fn first(&self) -> Option<&Criterion> {
        self.criteria().next()
    }

    /// The counter it watches, if any.
    pub fn counter(&self) -> Option<&Criterion> {
        self.criteria().find(|criterion| criterion.rule == RuleKind::Runtime)
    }

    /// The condition whose lowest and highest reading are kept, if any.
    pub fn record(&self) -> Option<&Criterion> {
        self.criteria().find(|criterion| criterion.rule == RuleKind::Record)
    }

    /// Whether time alone moves its alerts on.
    pub const fn has_course(&self) -> bool {
        self.clear_after_minutes.is_some()
            || self.downgrade_after_minutes.is_some()
            || !self.escalate.is_empty()
    }

    /// Whether metrics that are added or subtracted are measured in the same unit, as far as `unit` knows it; an empty
    /// one is that of plain numbers.
    pub fn check_units<'a>(&self, unit: impl Fn(&str) -> Option<&'a str>) -> Result<(), PolicyError> {
        self.each_criterion(|criterion| {
            let Some((operator, second)) = &criterion.with else { return Ok(()) };
            let units = unit(criterion.metric.as_str()).zip(unit(second.as_str()));
            match units {
                Some((unit, other)) if operator.wants_one_unit() && unit != other => {
                    let named = |unit: &str| if unit.is_empty() { "plain numbers" } else { unit }.to_owned();
                    Err(PolicyError::Units {
                        first: criterion.metric.to_string(),
                        unit: named(unit),
                        second: second.to_string(),
                        other: named(other),
                    })
                }
                Some(_) | None => Ok(()),
            }
        })
    }

    /// Says where among several conditions the first error is.
    fn each_criterion(
        &self,
        check: impl Fn(&Criterion) -> Result<(), PolicyError>,
    ) -> Result<(), PolicyError> {
        let is_only = self.criteria().nth(1).is_none();
        for (group, criteria) in self.groups.iter().enumerate() {
            for (condition, criterion) in criteria.iter().enumerate() {
                check(criterion).map_err(|error| match is_only {
                    true => error,
                    false => PolicyError::Criterion { group, condition, error: Box::new(error) },
                })?;
            }
        }
        Ok(())
    }
}

/// Terms that make sense, under a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "stored::StoredPolicy", into = "stored::StoredPolicy")]
pub struct Policy {
    id: PolicyId,
    version: u32,
    terms: Terms,
}

impl Policy {
    /// Checks the terms.
    pub fn new(id: PolicyId, version: u32, terms: Terms) -> Result<Self, PolicyError> {
        check_text("message", &terms.message, 1, MESSAGE_BYTES_MAX)?;
        check_text("description", &terms.description, 0, DESCRIPTION_BYTES_MAX)?;
        check_groups(&terms)?;
        terms.each_criterion(Criterion::check)?;
        check_course(&terms)?;
        Ok(Self { id, version, terms })
    }

    /// Its number.
    pub const fn id(&self) -> PolicyId {
        self.id
    }

    /// How often it was changed, from 1.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What it says.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What the ledger carries of it: a hash of what is measured and compared, and of no text that a person typed.
    /// One plain condition hashes as it did before there were several, so that neighbours know each other's rules.
    pub fn digest(&self) -> Digest {
        let t = &self.terms;
        if let [group] = t.groups.as_slice()
            && let [Criterion { metric, with: None, rule, condition, threshold, window_minutes, samples, .. }] =
                group.as_slice()
        {
            let measured = (t.asset_kind, metric, rule, condition, threshold, window_minutes, samples);
            return Digest::of("symbiose policy v1", &[&protocol::encode(&(measured, t.severity))]);
        }
        Digest::of("symbiose policy v2", &[&protocol::encode(&(t.asset_kind, &t.groups, t.severity))])
    }
}

fn check_text(field: &'static str, text: &str, min: usize, max: usize) -> Result<(), Invalid> {
    if (min..=max).contains(&text.len()) && !text.chars().any(|c| c.is_control() && c != '\n') {
        return Ok(());
    }
    let expected = if max == MESSAGE_BYTES_MAX {
        "1 to 200 bytes without control characters"
    } else {
        "up to 1000 bytes without control characters"
    };
    Err(Invalid::Text { field, expected, found: text.len() })
}

fn check_groups(terms: &Terms) -> Result<(), PolicyError> {
    let found = terms.groups.len();
    if !(1..=GROUPS_MAX).contains(&found) {
        return Err(PolicyError::Groups { found });
    }
    let wrong = terms.groups.iter().find(|group| !(1..=CONDITIONS_PER_GROUP_MAX).contains(&group.len()));
    if let Some(group) = wrong {
        return Err(PolicyError::Groups { found: group.len() });
    }
    for rule in [RuleKind::Runtime, RuleKind::Record] {
        let found = terms.criteria().filter(|criterion| criterion.rule == rule).count();
        if found > 1 {
            return Err(PolicyError::Several { rule, found });
        }
    }
    Ok(())
}

fn check_course(terms: &Terms) -> Result<(), PolicyError> {
    let quiet = |field, min, found: Option<u32>| match found {
        Some(found) if !(min..=CLEAR_AFTER_MINUTES_MAX).contains(&found) => {
            Err(PolicyError::Quiet { field, min, found })
        }
        Some(_) | None => Ok(()),
    };
    quiet("clear_after_minutes", 0, terms.clear_after_minutes)?;
    quiet("downgrade_after_minutes", 1, terms.downgrade_after_minutes)?;
    let mut before = Escalation { after_minutes: 0, severity: terms.severity };
    for step in &terms.escalate {
        let rises = step.after_minutes > before.after_minutes && step.severity > before.severity;
        if !rises || step.after_minutes > ESCALATE_MINUTES_MAX {
            return Err(PolicyError::Escalation);
        }
        before = *step;
    }
    if terms.escalate.len() > ESCALATIONS_MAX { Err(PolicyError::Escalation) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
