//! The comparison with similar buildings, made at home: the building's own figure against the published sum, with the doubt
//! that its noise leaves. The own figure leaves the building in no form for it.

use ledger::state::aggregate::Figure;
use protocol::UnixMs;
use protocol::aggregate::{Cadence, Found, Heating, Measure, Period, Stratum};

use super::own::measured;
use crate::core::Core;
use crate::core::energy::Book;

/// Periods looked back on for a figure.
const LOOK_BACK: u64 = 12;
/// A building that uses so much more than others, in thousandths, is worth an audit.
const AUDIT_PERMILLE: i64 = 200;
/// Use between one and five at night in UTC, in thousandths of all: beyond this something runs that nobody uses. A level
/// load has 167.
const NIGHT_PERMILLE: u64 = 160;

/// What came of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compared {
    /// The hive does not ask for it, or the building is in no group.
    NoGroup,
    /// No figure of its group is there yet.
    Waiting {
        /// What the buildings of its group have in common.
        stratum: Stratum,
        /// Buildings in its group.
        buildings: u32,
    },
    /// Its group was too small in the newest period.
    Suppressed {
        /// What they have in common.
        stratum: Stratum,
        /// The period.
        period: Period,
    },
    /// The figure is there, and too little was measured at home.
    NotMeasured {
        /// The period.
        period: Period,
    },
    /// Both are there.
    Found(Box<Comparison>),
}

/// A building and those like it, per dwelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The period.
    pub period: Period,
    /// What the buildings have in common.
    pub stratum: Stratum,
    /// Buildings in the sum, this one among them.
    pub buildings: u32,
    /// Their dwellings.
    pub dwellings: u32,
    /// Own figure per dwelling, Wh or W.
    pub own: u64,
    /// That of the group, Wh or W.
    pub group: u64,
    /// How much more than the group, in thousandths of the group's.
    pub difference_permille: i64,
    /// Twice the standard deviation of the noise in it, in thousandths.
    pub margin_permille: u64,
    /// What it comes to.
    pub verdict: Verdict,
    /// What might help.
    pub advice: Option<Advice>,
    /// The most that one dwelling counts with, Wh or W: the guarantee is for dwellings below it.
    pub clip: u64,
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// More than others.
    More,
    /// Less than others.
    Less,
    /// The difference is within the margin.
    Unclear,
}

/// What might help a building that uses more than others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Much of it is used at night.
    NightLoad,
    /// It is heated with electricity, in winter.
    HeatingCurve,
    /// It is simply more.
    Audit,
}

impl Verdict {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::More => "more",
            Self::Less => "less",
            Self::Unclear => "unclear",
        }
    }
}

impl Advice {
    /// The name in API and page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NightLoad => "night_load",
            Self::HeatingCurve => "heating_curve",
            Self::Audit => "audit",
        }
    }
}

impl Core {
    /// How the building compares with those like it, by the newest figure there is.
    pub fn compare(&self, measure: Measure, cadence: Cadence) -> Compared {
        let (state, me, now) = (self.ledger.state(), self.ledger.address(), self.clock.time);
        let running = Period::at(cadence, now);
        let periods = std::iter::successors(Some(running.previous()), |one| Some(one.previous()));
        for period in periods.take(usize::try_from(LOOK_BACK).unwrap_or(0)) {
            let Some((number, group)) = state.aggregate_group_of(period.month(), &me) else { continue };
            let Some(figure) = state.figure(period, measure, number) else { continue };
            let Some((_, dwellings)) = group.place(&self.origin()) else { continue };
            let Some(own) = self.measured_then(measure, period) else {
                return Compared::NotMeasured { period };
            };
            let compared = compare(period, figure, own, dwellings).map(|mut comparison| {
                comparison.advice = self.advice(&comparison, measure);
                comparison
            });
            let suppressed = Compared::Suppressed { stratum: figure.stratum, period };
            return compared.map_or(suppressed, |comparison| Compared::Found(Box::new(comparison)));
        }
        let is_asked = |month: u64| {
            let asked = state.aggregate_month(month);
            asked.is_some_and(|one| {
                one.tasks.iter().any(|task| (task.measure, task.cadence) == (measure, cadence))
            })
        };
        match state.aggregate_group_of(running.month(), &me).filter(|_| is_asked(running.month())) {
            Some((_, group)) => {
                let buildings = u32::try_from(group.members.len()).unwrap_or(u32::MAX);
                Compared::Waiting { stratum: group.stratum, buildings }
            }
            None => Compared::NoGroup,
        }
    }

    /// What the building itself measured, with the patience of a period that is long over.
    fn measured_then(&self, measure: Measure, period: Period) -> Option<u64> {
        measured(self.energy.book(), measure, period, UnixMs(i64::MAX / 2))
    }

    fn advice(&self, comparison: &Comparison, measure: Measure) -> Option<Advice> {
        if comparison.verdict != Verdict::More || measure != Measure::Consumption {
            return None;
        }
        if night_permille(self.energy.book(), comparison.period).is_some_and(|night| night > NIGHT_PERMILLE) {
            return Some(Advice::NightLoad);
        }
        let heating = self.aggregates.own().profile().map(|profile| profile.heating);
        let month = comparison.period.month() % 12;
        let is_winter = month >= 9 || month <= 3;
        match heating {
            Some(Heating::Electric | Heating::HeatPump) if is_winter => Some(Advice::HeatingCurve),
            Some(_) | None => (comparison.difference_permille >= AUDIT_PERMILLE).then_some(Advice::Audit),
        }
    }
}

/// Compares per dwelling. None where nothing was published, or nothing but noise.
fn compare(period: Period, figure: &Figure, own: u64, dwellings: u16) -> Option<Comparison> {
    let Found::Sum(sum) = &figure.found else { return None };
    let amount = u64::try_from(sum.amount).ok().filter(|amount| *amount > figure.task.deviation())?;
    let group = (amount / u64::from(sum.dwellings)).max(1);
    let own = own / u64::from(dwellings.max(1));
    let ratio = u128::from(own) * 1_000 / u128::from(group);
    // The ratio has as much relative doubt as the sum.
    let doubt = (ratio * 2 * u128::from(figure.task.deviation())).div_ceil(u128::from(amount));
    let margin = u64::try_from(doubt).unwrap_or(u64::MAX);
    let difference_permille = i64::try_from(ratio).unwrap_or(i64::MAX) - 1_000;
    let verdict = match difference_permille {
        _ if difference_permille.unsigned_abs() <= margin => Verdict::Unclear,
        1.. => Verdict::More,
        _ => Verdict::Less,
    };
    Some(Comparison {
        period,
        stratum: figure.stratum,
        buildings: sum.buildings,
        dwellings: sum.dwellings,
        own,
        group,
        difference_permille,
        margin_permille: margin,
        verdict,
        advice: None,
        clip: figure.task.clip,
    })
}

/// How much of the use falls between one and five at night, in thousandths.
fn night_permille(book: &Book, period: Period) -> Option<u64> {
    let (mut night, mut all) = (0u64, 0u64);
    for slot in book.slots(period.start(), period.end()) {
        let used = slot.flow.and_then(|flow| flow.consumption_wh()).and_then(|wh| u64::try_from(wh).ok());
        let Some(used) = used else { continue };
        all = all.saturating_add(used);
        if (1..5).contains(&slot.start().0.rem_euclid(86_400_000).div_euclid(3_600_000)) {
            night = night.saturating_add(used);
        }
    }
    night.saturating_mul(1_000).checked_div(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::aggregate::{Built, Region, Sum, Task};
    use protocol::{Address, Digest, Height};

    const MONTH: Period = Period { cadence: Cadence::Month, number: 671 };

    /// Twenty buildings of eighteen dwellings, each dwelling 190 kWh in the month.
    fn figure(found: Option<i64>) -> Figure {
        let task = Task {
            measure: Measure::Consumption,
            cadence: Cadence::Month,
            clip: 600_000,
            epsilon_milli: 500,
            buildings_min: 20,
            dwellings_min: 100,
        };
        let sum = |amount| Sum { amount, buildings: 20, dwellings: 360, batch: Digest::new([0; 32]) };
        let stratum = Stratum {
            region: Some(Region::Brussels),
            built: Some(Built::From1971),
            lots: None,
            heating: Some(Heating::Gas),
        };
        let found = found.map_or(Found::Suppressed, |amount| Found::Sum(sum(amount)));
        Figure { stratum, task, found, desks: [Address::new([1; 20]); 2], height: Height(9) }
    }

    fn told(own: u64) -> (i64, u64, Verdict) {
        let found = compare(MONTH, &figure(Some(190_000 * 360)), own * 18, 18).unwrap();
        assert_eq!((found.own, found.group, found.buildings), (own, 190_000, 20));
        (found.difference_permille, found.margin_permille, found.verdict)
    }

    #[test]
    fn a_difference_is_told_with_its_doubt() {
        assert_eq!(told(247_000), (300, 92, Verdict::More));
        assert_eq!(told(133_000), (-300, 50, Verdict::Less));
    }

    /// On either side of the margin, to the thousandth.
    #[test]
    fn what_may_be_noise_is_no_difference() {
        assert_eq!(told(190_000), (0, 71, Verdict::Unclear));
        assert_eq!(told(204_000), (73, 76, Verdict::Unclear));
        assert_eq!(told(205_200), (80, 76, Verdict::More));
        assert_eq!(told(177_800), (-65, 66, Verdict::Unclear));
        assert_eq!(told(176_000), (-74, 65, Verdict::Less));
    }

    #[test]
    fn nothing_is_compared_with_noise_alone() {
        assert_eq!(compare(MONTH, &figure(None), 1, 18), None);
        for amount in [i64::MIN, -1, 0, 2_400_000] {
            assert_eq!(compare(MONTH, &figure(Some(amount)), 1, 18), None, "{amount}");
        }
        let extreme = compare(MONTH, &figure(Some(2_400_001)), u64::MAX, 1).unwrap();
        assert_eq!(extreme.verdict, Verdict::Unclear);
    }
}
