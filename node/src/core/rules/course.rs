//! How an alert that stands moves on with time alone: more severe while it lasts, less severe and over while it is
//! quiet. The same for live alerts and for a dry run.

use protocol::{Severity, UnixMs};

use super::tracker::Verdict;
use crate::core::policy::Terms;

/// Where a standing alert is on its course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// When it was raised.
    pub opened: UnixMs,
    /// How severe it is.
    pub severity: Severity,
    /// How severe it was when it became quiet; `None` while it is not.
    pub loud: Option<Severity>,
}

/// What time does to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It becomes more or less severe.
    Severity(Severity),
    /// It was quiet for long enough: it is over.
    Clear,
}

impl Course {
    /// An alert that was just raised, or read back.
    pub const fn new(opened: UnixMs, severity: Severity) -> Self {
        Self { opened, severity, loud: None }
    }

    /// Moves on to `now`.
    pub fn step(
        &mut self,
        now: UnixMs,
        terms: &Terms,
        verdict: Verdict,
        quiet_since: Option<UnixMs>,
    ) -> Option<Turn> {
        let severity = match (verdict, quiet_since) {
            (Verdict::Clear, Some(since)) => {
                let quiet_minutes = now.since(since) / 60_000;
                if terms.clear_after_minutes.is_some_and(|minutes| quiet_minutes >= i64::from(minutes)) {
                    return Some(Turn::Clear);
                }
                let loud = *self.loud.get_or_insert(self.severity);
                let steps =
                    terms.downgrade_after_minutes.map_or(0, |minutes| quiet_minutes / i64::from(minutes));
                lowered(loud, steps)
            }
            (Verdict::Clear, None) | (Verdict::Unknown, _) => return None,
            (Verdict::Held | Verdict::Broken, _) => {
                let before = self.loud.take().unwrap_or(self.severity);
                before.max(escalated(terms, now.since(self.opened) / 60_000))
            }
        };
        if severity == self.severity {
            return None;
        }
        self.severity = severity;
        Some(Turn::Severity(severity))
    }
}

fn escalated(terms: &Terms, minutes: i64) -> Severity {
    let due = terms.escalate.iter().filter(|step| minutes >= i64::from(step.after_minutes));
    due.map(|step| step.severity).max().unwrap_or(terms.severity)
}

fn lowered(severity: Severity, steps: i64) -> Severity {
    match (severity, steps) {
        (severity, ..=0) => severity,
        (Severity::High, 1) => Severity::Medium,
        (Severity::High | Severity::Medium | Severity::Low, _) => Severity::Low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::policy::{Escalation, default_terms};

    fn terms() -> Terms {
        let escalate = vec![Escalation { after_minutes: 60, severity: Severity::High }];
        Terms {
            escalate,
            clear_after_minutes: Some(30),
            downgrade_after_minutes: Some(10),
            ..default_terms().remove(0)
        }
    }

    /// Minutes at which something is seen, and what comes of it.
    fn check(sightings: &[(i64, Verdict, Option<i64>, Option<Turn>)]) {
        let at = |minutes: i64| UnixMs(minutes * 60_000);
        let mut course = Course::new(at(0), Severity::Medium);
        for (minute, verdict, quiet, expected) in sightings {
            let turn = course.step(at(*minute), &terms(), *verdict, quiet.map(at));
            assert_eq!(turn, *expected, "at {minute} min");
        }
    }

    #[test]
    fn it_rises_while_it_lasts_falls_while_it_is_quiet_and_ends() {
        use Severity::{High, Low, Medium};
        let severity = |severity| Some(Turn::Severity(severity));
        check(&[
            (59, Verdict::Broken, None, None),
            (60, Verdict::Held, None, severity(High)),
            (70, Verdict::Clear, Some(65), None),
            (75, Verdict::Clear, Some(65), severity(Medium)),
            (80, Verdict::Unknown, None, None),
            (85, Verdict::Broken, None, severity(High)),
            (97, Verdict::Clear, Some(87), severity(Medium)),
            (107, Verdict::Clear, Some(87), severity(Low)),
            (116, Verdict::Clear, Some(87), None),
            (117, Verdict::Clear, Some(87), Some(Turn::Clear)),
        ]);
    }

    #[test]
    fn without_terms_for_it_time_does_nothing() {
        let terms = default_terms().remove(0);
        let mut course = Course::new(UnixMs(0), Severity::Medium);
        let year = UnixMs(365 * 86_400_000);
        assert_eq!(course.step(year, &terms, Verdict::Clear, Some(UnixMs(0))), None);
        assert_eq!(course.step(year, &terms, Verdict::Broken, None), None);
    }
}
