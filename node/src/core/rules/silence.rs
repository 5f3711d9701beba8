//! How long a metric has said nothing.

/// The last reading of a metric that ought to report.
#[derive(Debug, Clone)]
pub(super) struct Silence {
    span_ms: i64,
    /// Since when somebody listens: silence before that says nothing about the metric.
    began: i64,
    last: Option<(i64, f64)>,
}

impl Silence {
    pub(super) const fn new(span_ms: i64, began: i64) -> Self {
        Self { span_ms, began, last: None }
    }

    pub(super) const fn last(&self) -> Option<(i64, f64)> {
        self.last
    }

    pub(super) fn insert(&mut self, time: i64, value: f64) {
        if self.last.is_none_or(|(known, _)| known < time) {
            self.last = Some((time, value));
        }
    }

    /// Minutes since the last reading; `None` of a metric that never reported, or that nobody has listened to for long
    /// enough.
    pub(super) fn minutes(&self, at: i64) -> Option<f64> {
        let silent_ms = at.saturating_sub(self.last?.0);
        let is_known = silent_ms < self.span_ms || at.saturating_sub(self.began) >= self.span_ms;
        #[expect(clippy::cast_precision_loss, reason = "a time of this century")]
        is_known.then_some(silent_ms as f64 / 60_000.0)
    }

    /// Whether the silence is as long as the window.
    pub(super) fn is_broken(&self, at: i64) -> bool {
        self.last.is_some_and(|(time, _)| at.saturating_sub(time) >= self.span_ms)
    }

    pub(super) fn clear(&mut self) {
        self.last = None;
    }
}
