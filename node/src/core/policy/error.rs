//! What is wrong with the terms of a policy, with the field it is in.

use protocol::Invalid;
use thiserror::Error;

use super::{
    CLEAR_AFTER_MINUTES_MAX, CONDITIONS_PER_GROUP_MAX, ESCALATE_MINUTES_MAX, ESCALATIONS_MAX, GROUPS_MAX,
    RuleKind, SAMPLES_MAX, WINDOW_MINUTES_MAX,
};

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
    /// A number that the rule has no use for.
    #[error("threshold: {found}, {least} to {most} allowed for a rule of kind {}", rule.name())]
    ThresholdOutside {
        /// The rule.
        rule: RuleKind,
        /// The lowest allowed.
        least: f64,
        /// The highest allowed.
        most: f64,
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
    /// Two metrics where only one makes sense.
    #[error("metric2: a {} rule looks at one metric", rule.name())]
    Combined {
        /// The rule.
        rule: RuleKind,
    },
    /// Two metrics that cannot be added or subtracted.
    #[error(
        "metric2: {first} is measured in {unit} and {second} in {other}; a sum or difference of them says nothing"
    )]
    Units {
        /// The first metric.
        first: String,
        /// Its unit.
        unit: String,
        /// The second metric.
        second: String,
        /// Its unit.
        other: String,
    },
    /// A clear threshold for a rule that has none.
    #[error("clear_threshold: a {} rule has none", rule.name())]
    ClearMeaningless {
        /// The rule.
        rule: RuleKind,
    },
    /// A clear threshold on the wrong side.
    #[error(
        "clear_threshold: {found} lies on the wrong side of {sign} {threshold}, so that the alert would never clear or at once"
    )]
    ClearThreshold {
        /// The number.
        found: f64,
        /// The comparison.
        sign: &'static str,
        /// With what.
        threshold: f64,
    },
    /// No group, an empty one, or too many.
    #[error(
        "groups: {found} conditions in a group or groups, 1 to {CONDITIONS_PER_GROUP_MAX} conditions in each of 1 to {GROUPS_MAX} groups allowed"
    )]
    Groups {
        /// How many were found where the bound is broken.
        found: usize,
    },
    /// More than one counter, or record, whose past is kept over a restart: nobody could tell which is which.
    #[error("groups: {found} conditions of kind {}, one per policy allowed", rule.name())]
    Several {
        /// The rule.
        rule: RuleKind,
        /// How many were found.
        found: usize,
    },
    /// A quiet time that is too long.
    #[error("{field}: {found} minutes, {min} to {CLEAR_AFTER_MINUTES_MAX} allowed")]
    Quiet {
        /// `clear_after_minutes` or `downgrade_after_minutes`.
        field: &'static str,
        /// Fewest.
        min: u32,
        /// Minutes found.
        found: u32,
    },
    /// Steps that do not rise.
    #[error(
        "escalate: up to {ESCALATIONS_MAX} steps, each later (1 to {ESCALATE_MINUTES_MAX} minutes) and more severe than the one before and than the policy"
    )]
    Escalation,
    /// One of several conditions is wrong.
    #[error("condition {} of group {}: {error}", condition + 1, group + 1)]
    Criterion {
        /// Its group, from 0.
        group: usize,
        /// Its place there, from 0.
        condition: usize,
        /// What is wrong with it.
        error: Box<Self>,
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
            Self::Threshold { .. } | Self::ThresholdOutside { .. } => "threshold",
            Self::WindowMissing { .. } | Self::Window { .. } => "window_minutes",
            Self::Samples { .. } => "samples",
            Self::Combined { .. } | Self::Units { .. } => "metric2",
            Self::ClearMeaningless { .. } | Self::ClearThreshold { .. } => "clear_threshold",
            Self::Groups { .. } | Self::Several { .. } => "groups",
            Self::Quiet { field, .. } => field,
            Self::Escalation => "escalate",
            Self::Criterion { error, .. } => error.field(),
        }
    }

    /// Where the field stands: `threshold`, or `groups[0][1].threshold` where there are several conditions.
    pub fn path(&self) -> String {
        match self {
            Self::Criterion { group, condition, error } => {
                format!("groups[{group}][{condition}].{}", error.field())
            }
            Self::Invalid(_)
            | Self::Threshold { .. }
            | Self::ThresholdOutside { .. }
            | Self::WindowMissing { .. }
            | Self::Window { .. }
            | Self::Samples { .. }
            | Self::Combined { .. }
            | Self::Units { .. }
            | Self::ClearMeaningless { .. }
            | Self::ClearThreshold { .. }
            | Self::Groups { .. }
            | Self::Several { .. }
            | Self::Quiet { .. }
            | Self::Escalation => self.field().to_owned(),
        }
    }
}
