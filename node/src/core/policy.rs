//! Maintenance policies: which behaviour of which metric calls for attention (F3.1). The six the seed names are
//! installed by default; a caretaker may add, change and remove them.

use protocol::limits::{NOTES_BYTES_MAX, POLICIES_MAX};
use protocol::{AssetKind, Digest, Invalid, Severity};
use serde::{Deserialize, Serialize};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};
use std::fmt;
use thiserror::Error;

use super::catalogue::{Code, MetricName};

/// Longest window, minutes.
pub const WINDOW_MINUTES_MAX: u32 = 24 * 60;
/// Most readings a rule may ask for.
pub const SAMPLES_MAX: u32 = 1_000;
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

/// What of the readings is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleKind {
    /// With a window: the mean of its readings, of which there are at least `samples`. Without: each of the last
    /// `samples` readings.
    Threshold,
    /// What a counter has counted since the work order that was done last. Resets of the counter are seen through.
    Runtime,
    /// The change per minute from the oldest to the newest reading of the window, of which there are at least
    /// `samples`.
    RateOfChange,
    /// Single readings; at least `samples` of the window meet the condition.
    Count,
    /// Each of the last `samples` readings, without a gap: two of them lie no further apart than 60 s or three times
    /// the shortest interval among them.
    Consecutive,
}

impl RuleKind {
    const ALL: [Self; 5] =
        [Self::Threshold, Self::Runtime, Self::RateOfChange, Self::Count, Self::Consecutive];

    /// The name in API and page (seed 004 `rule_type`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Runtime => "runtime",
            Self::RateOfChange => "rate_of_change",
            Self::Count => "count",
            Self::Consecutive => "consecutive",
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// How a number is compared with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Condition {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
}

impl Condition {
    const ALL: [Self; 4] = [Self::Above, Self::AtLeast, Self::Below, Self::AtMost];

    /// The sign in API and page.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
        }
    }

    /// The condition of that sign.
    pub fn from_sign(sign: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.sign() == sign)
    }

    /// Whether a number meets the condition. NaN meets none.
    pub fn holds(self, number: f64, threshold: f64) -> bool {
        match self {
            Self::Above => number > threshold,
            Self::AtLeast => number >= threshold,
            Self::Below => number < threshold,
            Self::AtMost => number <= threshold,
        }
    }

    /// Whether a number has come within a tenth of the threshold, or past it (F3.13).
    pub fn is_near(self, number: f64, threshold: f64) -> bool {
        let margin = threshold.abs() / 10.0;
        match self {
            Self::Above | Self::AtLeast => number > threshold - margin,
            Self::Below | Self::AtMost => number < threshold + margin,
        }
    }
}

/// What a policy says, as a caretaker writes it: unchecked.
#[derive(Debug, Clone, PartialEq, Serialize_tuple, Deserialize_tuple)]
pub struct Terms {
    /// Short name: `R1`.
    pub code: Code,
    /// Which assets it is for.
    pub asset_kind: AssetKind,
    /// Which of their metrics.
    pub metric: MetricName,
    /// What is compared.
    pub rule: RuleKind,
    /// How.
    pub condition: Condition,
    /// With what; unit of the metric, per minute for a rate.
    pub threshold: f64,
    /// Length of the window, 1 to 1,440 minutes, for the rules that have one.
    pub window_minutes: Option<u32>,
    /// How many readings, 1 to 1,000.
    pub samples: u32,
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
}

/// Terms that make sense, under a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredPolicy", into = "StoredPolicy")]
pub struct Policy {
    id: PolicyId,
    version: u32,
    terms: Terms,
}

#[derive(Serialize_tuple, Deserialize_tuple)]
struct StoredPolicy {
    id: PolicyId,
    version: u32,
    terms: Terms,
}

/// What is wrong with terms, with the field it is in.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PolicyError {
    /// A text or number outside its bounds.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// NaN or an infinity.
    #[error("threshold: {found} is not a finite number")]
    Threshold {
        /// The number.
        found: f64,
    },
    /// A rule over a window without one.
    #[error("window_minutes: a {} rule needs one, 1 to {WINDOW_MINUTES_MAX}", rule.name())]
    WindowMissing {
        /// The rule.
        rule: RuleKind,
    },
    /// A window that is empty or too long.
    #[error("window_minutes: {found}, 1 to {WINDOW_MINUTES_MAX} allowed")]
    Window {
        /// Minutes found.
        found: u32,
    },
    /// Too few or too many readings.
    #[error("samples: {found}, {min} to {SAMPLES_MAX} allowed for a {} rule", rule.name())]
    Samples {
        /// The rule.
        rule: RuleKind,
        /// Fewest it needs.
        min: u32,
        /// Readings found.
        found: u32,
    },
}

impl PolicyError {
    /// The field that is wrong.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Invalid(
                Invalid::Text { field, .. }
                | Invalid::Count { field, .. }
                | Invalid::Range { field, .. }
                | Invalid::Duplicate { field },
            ) => field,
            Self::Invalid(Invalid::Hex { .. }) => "id",
            Self::Threshold { .. } => "threshold",
            Self::WindowMissing { .. } | Self::Window { .. } => "window_minutes",
            Self::Samples { .. } => "samples",
        }
    }
}

impl Policy {
    /// Checks the terms.
    pub fn new(id: PolicyId, version: u32, terms: Terms) -> Result<Self, PolicyError> {
        check_text("message", &terms.message, 1, MESSAGE_BYTES_MAX)?;
        check_text("description", &terms.description, 0, DESCRIPTION_BYTES_MAX)?;
        if !terms.threshold.is_finite() {
            return Err(PolicyError::Threshold { found: terms.threshold });
        }
        check_window(terms.rule, terms.window_minutes)?;
        check_samples(terms.rule, terms.samples)?;
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
    pub fn digest(&self) -> Digest {
        let t = &self.terms;
        let measured = (t.asset_kind, &t.metric, t.rule, t.condition, t.threshold, t.window_minutes, t.samples);
        Digest::of("symbiose policy v1", &[&protocol::encode(&(measured, t.severity))])
    }
}

impl TryFrom<StoredPolicy> for Policy {
    type Error = PolicyError;

    fn try_from(stored: StoredPolicy) -> Result<Self, PolicyError> {
        Self::new(stored.id, stored.version, stored.terms)
    }
}

impl From<Policy> for StoredPolicy {
    fn from(policy: Policy) -> Self {
        Self { id: policy.id, version: policy.version, terms: policy.terms }
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

fn check_window(rule: RuleKind, window_minutes: Option<u32>) -> Result<(), PolicyError> {
    match (window_minutes, rule) {
        (Some(found), _) if !(1..=WINDOW_MINUTES_MAX).contains(&found) => Err(PolicyError::Window { found }),
        (None, RuleKind::RateOfChange | RuleKind::Count) => Err(PolicyError::WindowMissing { rule }),
        (None, RuleKind::Threshold | RuleKind::Runtime | RuleKind::Consecutive) | (Some(_), _) => Ok(()),
    }
}

fn check_samples(rule: RuleKind, found: u32) -> Result<(), PolicyError> {
    let min = match rule {
        RuleKind::Threshold | RuleKind::Runtime | RuleKind::Count => 1,
        RuleKind::RateOfChange | RuleKind::Consecutive => 2,
    };
    if (min..=SAMPLES_MAX).contains(&found) { Ok(()) } else { Err(PolicyError::Samples { rule, min, found }) }
}

/// The six rules of the seed, R1 to R6, with its exact messages (F3.2–F3.7).
pub fn default_terms() -> Vec<Terms> {
    use AssetKind::{Chiller, Elevator, Hvac};
    use RuleKind::{Consecutive, Runtime, Threshold};
    use Severity::{High, Low, Medium};
    let terms = |code, asset_kind, metric, rule, threshold, severity, message: &str, description: &str| Terms {
        code: Code::new(code).expect("invariant: the codes below are valid"),
        asset_kind,
        metric: MetricName::new(metric).expect("invariant: the names below are valid"),
        rule,
        condition: Condition::Above,
        threshold,
        window_minutes: None,
        samples: 5,
        severity,
        message: message.to_owned(),
        description: description.to_owned(),
        enabled: true,
        opens_work_order: true,
    };
    let mean = |minutes, terms: Terms| Terms { window_minutes: Some(minutes), ..terms };
    let counter = |terms: Terms| Terms { samples: 1, ..terms };
    vec![
        mean(15, terms(
            "R1", Hvac, "temp_supply_air", Threshold, 20.0, Medium, "Performance clim dégradée",
            "Température de soufflage supérieure à 20 °C en moyenne sur 15 minutes",
        )),
        terms(
            "R2", Hvac, "vibration_level", Threshold, 7.0, High, "Risque mécanique ventilateur",
            "Vibration supérieure à 7 mm/s sur les 5 dernières mesures",
        ),
        mean(10, terms(
            "R3", Chiller, "water_temp_out", Threshold, 14.0, High, "Refroidissement insuffisant",
            "Température de sortie d'eau supérieure à 14 °C en moyenne sur 10 minutes",
        )),
        counter(terms(
            "R4", Chiller, "run_hours", Runtime, 500.0, Low, "Maintenance préventive due",
            "Plus de 500 heures de marche depuis le dernier entretien",
        )),
        terms(
            "R5", Elevator, "motor_temp", Consecutive, 80.0, High, "Surchauffe moteur ascenseur",
            "Température du moteur supérieure à 80 °C sur 5 mesures consécutives",
        ),
        counter(terms(
            "R6", Elevator, "door_cycles", Runtime, 100_000.0, Medium, "Inspection portes à planifier",
            "Plus de 100 000 cycles de portes depuis la dernière inspection",
        )),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn the_defaults_say_what_the_seed_says() {
        let lines: Vec<String> = default_terms()
            .into_iter()
            .zip(1..)
            .map(|(terms, id)| Policy::new(PolicyId(id), 1, terms).unwrap())
            .map(|policy| {
                let t = policy.terms();
                let window = t.window_minutes.map_or(String::new(), |minutes| format!(" over {minutes} min"));
                let (rule, sign) = (t.rule.name(), t.condition.sign());
                format!(
                    "{} {} {rule} {} {sign} {} x{}{window}: {} « {} »",
                    t.code, t.asset_kind, t.metric, t.threshold, t.samples, t.severity, t.message
                )
            })
            .collect();
        expect![[r#"
            R1 HVAC threshold temp_supply_air > 20 x5 over 15 min: medium « Performance clim dégradée »
            R2 HVAC threshold vibration_level > 7 x5: high « Risque mécanique ventilateur »
            R3 CHILLER threshold water_temp_out > 14 x5 over 10 min: high « Refroidissement insuffisant »
            R4 CHILLER runtime run_hours > 500 x1: low « Maintenance préventive due »
            R5 ELEVATOR consecutive motor_temp > 80 x5: high « Surchauffe moteur ascenseur »
            R6 ELEVATOR runtime door_cycles > 100000 x1: medium « Inspection portes à planifier »"#]]
        .assert_eq(&lines.join("\n"));
    }

    fn refused(change: impl FnOnce(&mut Terms)) -> String {
        let mut terms = default_terms().remove(0);
        change(&mut terms);
        match Policy::new(PolicyId(1), 1, terms) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => format!("{} | {error}", error.field()),
        }
    }

    #[test]
    fn errors_name_the_field() {
        let lines = [
            refused(|t| t.threshold = f64::NAN),
            refused(|t| t.window_minutes = Some(0)),
            refused(|t| t.window_minutes = Some(1_441)),
            refused(|t| (t.rule, t.window_minutes) = (RuleKind::Count, None)),
            refused(|t| (t.rule, t.samples) = (RuleKind::RateOfChange, 1)),
            refused(|t| (t.rule, t.samples) = (RuleKind::Consecutive, 1)),
            refused(|t| t.samples = 0),
            refused(|t| t.samples = 1_001),
            refused(|t| t.message = String::new()),
            refused(|t| t.message = "a\u{7}b".to_owned()),
            refused(|t| t.description = "x".repeat(1_001)),
            refused(|t| t.window_minutes = None),
        ];
        expect![[r#"
            threshold | threshold: NaN is not a finite number
            window_minutes | window_minutes: 0, 1 to 1440 allowed
            window_minutes | window_minutes: 1441, 1 to 1440 allowed
            window_minutes | window_minutes: a count rule needs one, 1 to 1440
            samples | samples: 1, 2 to 1000 allowed for a rate_of_change rule
            samples | samples: 1, 2 to 1000 allowed for a consecutive rule
            samples | samples: 0, 1 to 1000 allowed for a threshold rule
            samples | samples: 1001, 1 to 1000 allowed for a threshold rule
            message | message: 0 bytes of text; 1 to 200 bytes without control characters
            message | message: 3 bytes of text; 1 to 200 bytes without control characters
            description | description: 1001 bytes of text; up to 1000 bytes without control characters
            accepted"#]]
        .assert_eq(&lines.join("\n"));
    }

    #[test]
    fn names_and_signs_read_back() {
        assert!(RuleKind::ALL.into_iter().all(|rule| RuleKind::from_name(rule.name()) == Some(rule)));
        assert!(Condition::ALL.into_iter().all(|sign| Condition::from_sign(sign.sign()) == Some(sign)));
        assert_eq!((RuleKind::from_name("sum"), Condition::from_sign("=")), (None, None));
    }

    #[test]
    fn near_is_a_tenth_on_the_right_side() {
        let near = |condition: Condition, number| condition.is_near(number, 80.0);
        assert!(near(Condition::Above, 72.1) && !near(Condition::Above, 72.0));
        assert!(near(Condition::AtMost, 87.9) && !near(Condition::AtMost, 88.0));
        assert!(Condition::Above.is_near(-10.5, -10.0) && !Condition::Above.is_near(-11.0, -10.0));
    }

    #[test]
    fn stored_terms_are_checked_again() {
        let policy = Policy::new(PolicyId(3), 2, default_terms().remove(2)).unwrap();
        let bytes = protocol::encode(&policy);
        assert_eq!(protocol::decode::<Policy>(&bytes, 1_000), Ok(policy.clone()));
        let stored = StoredPolicy { id: PolicyId(3), version: 2, terms: Terms { samples: 0, ..policy.terms } };
        assert!(protocol::decode::<Policy>(&protocol::encode(&stored), 1_000).is_err());
    }

    #[test]
    fn the_digest_depends_on_what_is_compared_and_not_on_the_wording() {
        let digest = |change: fn(&mut Terms)| {
            let mut terms = default_terms().remove(4);
            change(&mut terms);
            Policy::new(PolicyId(5), 1, terms).unwrap().digest()
        };
        assert_eq!(digest(|_| ()), digest(|t| t.description = "Chez Mme Martin".to_owned()));
        assert_ne!(digest(|_| ()), digest(|t| t.threshold = 81.0));
    }
}
