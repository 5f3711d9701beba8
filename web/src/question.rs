//! Questions about the readings of one or many series, and their answers, column by column.

use crate::view::AssetKind;
use protocol::UnixMs;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Memory that a compiled pattern may take, bytes.
const PATTERN_BYTES_MAX: usize = 256 * 1024;

/// What a series is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Name of the metric; Prometheus calls it `__name__`.
    Metric,
    /// Code of the asset.
    Asset,
    /// Code of the site.
    Site,
    /// Kind of the asset: `HVAC`, `CHILLER`, `ELEVATOR`, `METER`.
    Kind,
    /// Any other: no series has it, so its value is the empty text.
    Other,
}

/// What a label is held against.
#[derive(Clone, Debug)]
pub enum Test {
    Is(String),
    IsNot(String),
    /// The whole value fits the pattern.
    Fits(Regex),
    FitsNot(Regex),
}

/// One condition on a series.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub label: Label,
    pub test: Test,
}

impl Matcher {
    /// A label that has just this value.
    pub fn is(label: Label, value: &str) -> Self {
        Self { label, test: Test::Is(value.to_owned()) }
    }

    /// Whether a value passes.
    pub fn passes(&self, value: &str) -> bool {
        match &self.test {
            Test::Is(wanted) => value == wanted,
            Test::IsNot(unwanted) => value != unwanted,
            Test::Fits(pattern) => pattern.is_match(value),
            Test::FitsNot(pattern) => !pattern.is_match(value),
        }
    }
}

/// A pattern that has to fit a whole value. The engine takes time in proportion to the text and bounded memory.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    let build = |text: &str| RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
    // By itself first, so that it cannot close the parenthesis around it.
    let built = build(text).and_then(|_| build(&format!("^(?s:{text})$")));
    built.map_err(|_| format!("`{text}` is no regular expression this node takes"))
}

/// The series that pass all conditions.
#[derive(Clone, Debug, Default)]
pub struct Selection(pub Vec<Matcher>);

impl Selection {
    /// Whether a label passes the conditions on it.
    pub fn passes(&self, label: Label, value: &str) -> bool {
        self.0.iter().filter(|matcher| matcher.label == label).all(|matcher| matcher.passes(value))
    }

    /// Whether no series can pass because of labels none has.
    pub fn is_hopeless(&self) -> bool {
        !self.passes(Label::Other, "")
    }
}

/// A series by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesName {
    pub metric: String,
    /// Unit as written beside the number; none when the catalogue does not know it.
    pub unit: Option<String>,
    /// Whether it only grows.
    pub counter: bool,
    pub asset: String,
    pub site: String,
    pub kind: AssetKind,
}

/// What is told of the readings of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Arithmetic mean of all readings.
    Avg,
    Min,
    Max,
    Sum,
    /// Number of readings.
    Count,
    /// The newest reading.
    Last,
    /// What counters counted, through resets; steps that follow each other add up.
    Increase,
    /// The same per second.
    Rate,
}

/// Which series are told as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    #[default]
    Asset,
    Site,
    Kind,
    None,
}

/// Readings of many series, summed up in steps.
#[derive(Clone, Debug)]
pub struct StepsQuestion {
    pub selection: Selection,
    pub summary: Summary,
    pub by: By,
    /// Step i reaches from `edges[i]` to before `edges[i + 1]`, milliseconds since 1970.
    pub edges: Vec<i64>,
}

/// One group of series of one metric. What its series do not share is none.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SeriesSteps {
    pub asset: Option<String>,
    pub site: Option<String>,
    pub kind: Option<AssetKind>,
    pub metric: String,
    pub unit: Option<String>,
    /// One per step; a NaN, which is written as `null`, where there is none.
    #[schema(value_type = Vec<Option<f64>>)]
    pub values: Vec<f64>,
}

/// What Prometheus' functions tell of a window that ends at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Last,
    Avg,
    Min,
    Max,
    Sum,
    Count,
    Increase,
    Rate,
}

/// How series are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    Sum,
    Avg,
    Min,
    Max,
    Count,
}

/// Arithmetic with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Power,
}

impl Arithmetic {
    pub fn of(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Plus => left + right,
            Self::Minus => left - right,
            Self::Times => left * right,
            Self::Over => left / right,
            Self::Modulo => left % right,
            Self::Power => left.powf(right),
        }
    }
}

/// Which labels a group keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub metric: bool,
    pub asset: bool,
    pub site: bool,
    pub kind: bool,
}

/// One thing done to the values of the windows, in the order of the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stage {
    Arithmetic { with: f64, does: Arithmetic, number_is_left: bool },
    Together { does: Together, kept: Kept },
}

/// Windows of many series at evenly spaced moments, `(moment - width, moment]`.
#[derive(Clone, Debug)]
pub struct WindowsQuestion {
    pub selection: Selection,
    pub over: Over,
    pub width_ms: i64,
    /// How far before each moment its window ends.
    pub offset_ms: i64,
    /// Whether the metric's name stays with the values.
    pub keeps_name: bool,
    pub stages: Vec<Stage>,
    pub start: UnixMs,
    pub step_ms: i64,
    pub count: usize,
}

/// Labels and one value per moment, a NaN where there is none. A label that is none is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledValues {
    pub metric: Option<String>,
    pub asset: Option<String>,
    pub site: Option<String>,
    pub kind: Option<AssetKind>,
    pub values: Vec<f64>,
}

/// Readings of one asset, ordered by time and then metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Names in order.
    pub metrics: Vec<String>,
    /// Time in milliseconds since 1970, place of the metric in `metrics`, value.
    pub items: Vec<(i64, u16, f64)>,
}

/// The readings of one metric within one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Start of the step, milliseconds since 1970.
    pub start: i64,
    /// Place of the metric in [`Buckets::metrics`].
    pub metric: u16,
    pub min: f64,
    pub max: f64,
    pub avg: f64,
    pub last: f64,
    pub count: u64,
}

/// Steps of one asset, ordered by time and then metric; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Names in order.
    pub metrics: Vec<String>,
    pub items: Vec<Bucket>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_value_and_is_bounded() {
        let fits = |text: &str, value: &str| pattern(text).expect("a pattern").is_match(value);
        assert!(fits("temp_.*", "temp_out_air") && fits("a|b", "b") && fits("", ""));
        assert!(!fits("temp", "temp_out_air") && !fits("a|b", "ab"));
        assert!(pattern("(a{1000}){1000}").is_err() && pattern("(").is_err());
    }

    #[test]
    fn a_label_nobody_has_is_empty() {
        let unknown = |test| Selection(vec![Matcher { label: Label::Other, test }]).is_hopeless();
        assert!(unknown(Test::Is("x".to_owned())) && !unknown(Test::IsNot("x".to_owned())));
        assert!(!unknown(Test::Is(String::new())) && !Selection::default().is_hopeless());
    }
}
