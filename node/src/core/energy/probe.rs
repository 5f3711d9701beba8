//! The Test button of a meter: what it last sent, and what is odd about it.

use protocol::UnixMs;

use super::cutter::{Cutter, OddKind};
use super::grid::Grid;
use super::meters::{Meter, Role, counter};
use super::{Core, Energy, unit_mwh};
use crate::core::catalogue::MetricKind;
use crate::core::telemetry::{HEAD_SPAN_MS_MAX, Telemetry};

/// A meter that has been silent for longer does not work, milliseconds.
const SILENT_MS: i64 = 45 * 60 * 1000;

/// Something that is wrong with a meter, or seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// It has never sent anything.
    NeverSent,
    /// It is no counter.
    NotACounter,
    /// Its unit is none of energy.
    NoEnergy,
    /// It has sent nothing for too long.
    Silent,
    /// It sent a register below zero or beyond any.
    OutOfRange,
    /// Its register fell: a reset or a swap that nobody noted, or a slip.
    Fell,
    /// Its register jumped further than the connection carries: a wrong scale, perhaps.
    Jumped,
    /// It stands still and nothing explains it.
    Still,
}

impl Finding {
    /// The name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverSent => "never_sent",
            Self::NotACounter => "not_a_counter",
            Self::NoEnergy => "no_energy",
            Self::Silent => "silent",
            Self::OutOfRange => "out_of_range",
            Self::Fell => "fell",
            Self::Jumped => "jumped",
            Self::Still => "still",
        }
    }
}

/// What is known of a meter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Probe {
    /// Time and value of its last reading that is at hand.
    pub last: Option<(UnixMs, f64)>,
    /// The reading before.
    pub before: Option<(UnixMs, f64)>,
    /// Mean power between the two, W.
    pub watts: Option<f64>,
    /// Readings at hand, those of two hours at the most.
    pub readings: u32,
    /// What is odd, most serious first.
    pub findings: Vec<Finding>,
}

impl Core {
    /// Looks at the readings of a meter that are at hand.
    pub fn probe_meter(&self, now: UnixMs, meter: &Meter) -> Probe {
        self.energy.probe(&self.telemetry, now, meter)
    }
}

impl Energy {
    pub(super) fn probe(&self, telemetry: &Telemetry, now: UnixMs, meter: &Meter) -> Probe {
        let catalogue = telemetry.catalogue();
        let traits = catalogue.traits(meter.metric.as_str());
        let mut probe = Probe::default();
        let Some(readings) = at_hand(telemetry, meter) else {
            probe.findings.push(Finding::NeverSent);
            return probe;
        };
        probe.readings = u32::try_from(readings.len()).unwrap_or(u32::MAX);
        probe.last = readings.last().copied();
        probe.before = readings.iter().rev().nth(1).copied();
        if traits.kind != MetricKind::Counter {
            probe.findings.push(Finding::NotACounter);
        } else if unit_mwh(&traits.unit).is_none() {
            probe.findings.push(Finding::NoEnergy);
        }
        match probe.last {
            None => probe.findings.push(Finding::Silent),
            Some((time, _)) if now.since(time) > SILENT_MS => probe.findings.push(Finding::Silent),
            Some(_) => {}
        }
        if let Some(counter) = counter(meter, self.plan.limits(), catalogue) {
            let gauge = &counter.gauge;
            if let (Some(before), Some(last)) = (probe.before, probe.last) {
                #[expect(clippy::cast_precision_loss, reason = "spans of time far below 2^53 ms")]
                let hours = last.0.since(before.0).max(1) as f64 / 3_600_000.0;
                let counted = gauge.counting.between(before, last);
                probe.watts = Some(counted * gauge.unit_mwh / 1_000.0 / hours);
            }
            let grid = Grid { from: UnixMs(0), slot_ms: HEAD_SPAN_MS_MAX, count: 0 };
            let mut cutter = Cutter::new(gauge.clone(), grid);
            readings.iter().for_each(|(time, value)| cutter.read(*time, *value));
            probe.findings.extend(cutter.finish().odd.iter().map(|odd| match odd.why {
                OddKind::OutOfRange => Finding::OutOfRange,
                OddKind::Dip => Finding::Fell,
                OddKind::Spike => Finding::Jumped,
            }));
            let falls = readings
                .windows(2)
                .any(|pair| pair[1].1 < pair[0].1 && !gauge.counting.explains(pair[0], pair[1]));
            probe.findings.extend(falls.then_some(Finding::Fell));
            let stands = readings.len() > 2 && !moves(&readings) && !self.may_stand(telemetry, meter);
            probe.findings.extend(stands.then_some(Finding::Still));
        }
        probe.findings.sort_unstable();
        probe.findings.dedup();
        probe
    }

    /// Whether what the building's other meters tell explains a register that does not move: who makes or exports energy
    /// imports none, a roof makes nothing at night, and who uses its own sun exports nothing.
    fn may_stand(&self, telemetry: &Telemetry, meter: &Meter) -> bool {
        let any_moves = |role: Role| {
            let mut others = self.meters().iter().filter(|other| other.role == role);
            others.any(|other| at_hand(telemetry, other).is_some_and(|readings| moves(&readings)))
        };
        match meter.role {
            Role::Import => any_moves(Role::Export) || any_moves(Role::Production),
            Role::Export => true,
            // What is exported was made here, unless a battery gave it.
            Role::Production => !any_moves(Role::Export) || self.plan.limits().storage_w().is_some(),
            Role::Load => false,
        }
    }
}

/// The readings of a counter that are in memory, oldest first; `None` where it never sent any.
fn at_hand(telemetry: &Telemetry, meter: &Meter) -> Option<Vec<(UnixMs, f64)>> {
    let owner = telemetry.catalogue().asset(meter.asset)?;
    let column = owner.column(meter.metric.as_str())?;
    let head = telemetry.head(meter.asset);
    let readings =
        head.into_iter().flat_map(|head| head.readings(column, UnixMs(i64::MIN), UnixMs(i64::MAX)));
    Some(readings.map(|(time, value)| (time, value.get())).collect())
}

fn moves(readings: &[(UnixMs, f64)]) -> bool {
    readings.windows(2).any(|pair| pair[0].1 != pair[1].1)
}
