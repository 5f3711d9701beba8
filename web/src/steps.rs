//! Steps of time: of equal width from 1970 on, or the days and months of a place, which daylight saving makes 23 to 25
//! hours long and months of 28 to 31 days.

use crate::problem::{Kind, Problem};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Bytes of a time zone's name.
const ZONE_BYTES_MAX: usize = 64;

/// How wide steps are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// At least 1,000.
    Milliseconds(i64),
    Month,
}

/// The borders of consecutive steps, rising, at least two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edges {
    edges: Vec<i64>,
    width_ms: Option<i64>,
}

impl Edges {
    /// Steps that cover `[from, to)`; the first may begin before. Whole days and months are those of `zone` when it is
    /// given, and months are those of UTC otherwise.
    pub(crate) fn new(
        from: i64,
        to: i64,
        step: Step,
        zone: Option<&str>,
        steps_max: usize,
    ) -> Result<Self, Problem> {
        let months_or_days = match step {
            Step::Month => Some(Span::new().months(1)),
            Step::Milliseconds(ms) if zone.is_some() && ms % DAY_MS == 0 => {
                Some(Span::new().days(ms / DAY_MS))
            }
            Step::Milliseconds(_) => None,
        };
        let zone = zone.map(zone_of).transpose()?.unwrap_or(TimeZone::UTC);
        match (months_or_days, step) {
            (Some(span), _) => Self::local(from, to, span, &zone, steps_max),
            (None, Step::Milliseconds(width)) => Self::even(from, to, width, steps_max),
            (None, Step::Month) => Self::local(from, to, Span::new().months(1), &zone, steps_max),
        }
    }

    pub(crate) fn all(&self) -> &[i64] {
        &self.edges
    }

    pub(crate) fn starts(&self) -> &[i64] {
        &self.edges[..self.edges.len() - 1]
    }

    pub(crate) fn first(&self) -> i64 {
        self.edges[0]
    }

    pub(crate) fn last(&self) -> i64 {
        self.edges[self.edges.len() - 1]
    }

    /// What all steps share; none if they may differ.
    pub(crate) const fn width_ms(&self) -> Option<i64> {
        self.width_ms
    }

    fn even(from: i64, to: i64, width: i64, steps_max: usize) -> Result<Self, Problem> {
        let first = from.div_euclid(width).saturating_mul(width);
        let count = to.saturating_sub(first).saturating_add(width - 1) / width;
        let count =
            usize::try_from(count).ok().filter(|count| *count <= steps_max).ok_or_else(|| many(steps_max))?;
        let edges = (0..).map(|step: i64| first.saturating_add(step * width)).take(count + 1).collect();
        Ok(Self { edges, width_ms: Some(width) })
    }

    fn local(from: i64, to: i64, span: Span, zone: &TimeZone, steps_max: usize) -> Result<Self, Problem> {
        let beyond = |_| Problem::new(Kind::Invalid, "expected times of the years 1 to 9999").field("from");
        let at = Timestamp::from_millisecond(from).map_err(beyond)?.to_zoned(zone.clone()).datetime();
        let mut day = if span.get_months() > 0 { at.date().first_of_month() } else { at.date() };
        let mut edges = Vec::new();
        loop {
            let edge = start_of(day.to_datetime(jiff::civil::Time::midnight()), zone).map_err(beyond)?;
            edges.push(edge);
            if edge >= to {
                return Ok(Self { edges, width_ms: None });
            }
            if edges.len() > steps_max {
                return Err(many(steps_max));
            }
            day = day.checked_add(span).map_err(beyond)?;
        }
    }
}

/// A midnight that a place skips is the first moment behind it.
fn start_of(midnight: DateTime, zone: &TimeZone) -> Result<i64, jiff::Error> {
    Ok(zone.to_ambiguous_zoned(midnight).compatible()?.timestamp().as_millisecond())
}

fn zone_of(name: &str) -> Result<TimeZone, Problem> {
    let wrong = || Problem::new(Kind::Invalid, "expected a time zone such as Europe/Brussels").field("tz");
    if name.is_empty() || name.len() > ZONE_BYTES_MAX {
        return Err(wrong());
    }
    TimeZone::get(name).map_err(|_| wrong())
}

fn many(steps_max: usize) -> Problem {
    Problem::new(
        Kind::Invalid,
        format!("expected at most {steps_max} steps: a wider step or a shorter range"),
    )
    .field("step")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn edges(from: &str, to: &str, step: Step, zone: Option<&str>) -> Vec<String> {
        let ms = |text| Time::parse(text).expect("a time").ms();
        let edges = Edges::new(ms(from), ms(to), step, zone, 40).expect("steps");
        edges.all().iter().map(|ms| Time::from_ms(*ms).to_string()).collect()
    }

    #[test]
    fn days_of_a_place_are_as_long_as_its_clocks_say() {
        let day = Step::Milliseconds(DAY_MS);
        let spring = edges("2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z", day, Some("Europe/Brussels"));
        assert_eq!(
            spring,
            ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"],
            "23 hours, 92 quarters, on the 29th"
        );
        let autumn = edges("2026-10-25T00:00:00Z", "2026-10-25T22:00:00Z", day, Some("Europe/Brussels"));
        assert_eq!(autumn, ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"], "25 hours, 100 quarters");
        assert_eq!(edges("2026-10-25T01:00:00Z", "2026-10-25T22:00:00Z", day, None).len(), 2);
    }

    #[test]
    fn months_begin_on_the_first() {
        let months = edges("2024-02-10T00:00:00Z", "2024-04-01T00:00:00Z", Step::Month, None);
        assert_eq!(months, ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z"]);
        let here =
            edges("2026-03-31T23:30:00Z", "2026-04-02T00:00:00Z", Step::Month, Some("Europe/Brussels"));
        assert_eq!(here, ["2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z"]);
    }

    #[test]
    fn even_steps_start_at_multiples_since_1970() {
        let quarter = Step::Milliseconds(900_000);
        let found = edges("2026-01-01T00:07:00Z", "2026-01-01T00:30:00Z", quarter, Some("Asia/Kathmandu"));
        assert_eq!(found, ["2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"]);
    }

    #[test]
    fn too_much_is_refused() {
        let field =
            |from, to, step, zone| Edges::new(from, to, step, zone, 40).map_err(|problem| problem.field);
        let step = |name: &str| Err(Some(name.to_owned()));
        assert_eq!(field(0, 41_000, Step::Milliseconds(1_000), None), step("step"));
        assert_eq!(field(i64::MIN, i64::MAX, Step::Milliseconds(1_000), None), step("step"));
        assert_eq!(field(0, i64::MAX, Step::Month, None), step("step"));
        assert_eq!(field(i64::MIN, 0, Step::Month, None), step("from"));
        assert_eq!(field(0, 1, Step::Month, Some("Mars/Olympus")), step("tz"));
        assert_eq!(field(0, 1, Step::Month, Some("../../etc/passwd")), step("tz"));
    }
}
