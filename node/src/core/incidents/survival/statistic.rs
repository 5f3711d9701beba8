//! What became of similar machines, worked out at home from the cards that are here: the life table of grouped survival
//! times (Cutler and Ederer 1958), in which a machine that was only seen for a while counts for as long as it was seen.
//! Below the least numbers there is no answer at all.

use std::collections::BTreeSet;

use protocol::incident::{After, Age, Fate, Hours, Part, Quantity, Sign, Survival, When};
use protocol::limits::{SURVIVAL_BATCHES_MIN, SURVIVAL_RECORDS_MIN};

use crate::core::incidents::shelf::Shelf;

/// The time after an alert that is told first, days.
const HEADLINE_DAYS: u16 = 60;
/// Standard deviations on either side of an interval that holds the truth in 95 of 100 cases.
const Z_95: f64 = 1.96;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SurvivalQuestion {
    /// The part.
    pub part: Part,
    /// What is measured; none for anything.
    pub sign: Option<Sign>,
    /// How old it is; none for any age.
    pub age: Option<Age>,
}

/// What became of similar machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SurvivalAnswer {
    /// Too few machines are known, or they came in too few batches: no number is told.
    TooFew,
    /// Enough are known.
    Told(Survived),
}

/// What the machines have in common that an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// The part.
    pub part: Part,
    /// What was measured of all of them, in whichever band.
    pub quantity: Option<Quantity>,
    /// In which band.
    pub sign: Option<Sign>,
    /// How old they were.
    pub age: Option<Age>,
}

/// What became of the machines of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survived {
    /// What they have in common: what was asked, or less where that is too few.
    pub group: Group,
    /// How many.
    pub machines: u32,
    /// The year of the first alert and of the last one, where any is told.
    pub years: Option<(u16, u16)>,
    /// By time after the alert, each with enough machines.
    pub horizons: Vec<Horizon>,
    /// The place in `horizons` that is told first.
    pub headline: usize,
    /// Up to then, by running hours at the alert; only bands with enough machines.
    pub hours: Vec<OfHours>,
}

/// What had become of them some time after the alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// Days after the alert.
    pub days: u16,
    /// How many had failed.
    pub failed: u32,
    /// Of how many it is known whether they had.
    pub known: u32,
    /// The part that still runs by the life table of all of them, in thousandths.
    pub runs_permille: u16,
    /// The least that it may truly be, in 95 of 100 cases.
    pub least_permille: u16,
    /// The most.
    pub most_permille: u16,
}

/// Machines that had run as long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfHours {
    /// How long.
    pub hours: Hours,
    /// How many had failed.
    pub failed: u32,
    /// Of how many.
    pub known: u32,
}

impl Group {
    /// What is asked, then with less in common, but never another quantity.
    fn widening(asked: &SurvivalQuestion) -> Vec<Self> {
        let SurvivalQuestion { part, sign, age } = *asked;
        let narrow = Self { part, quantity: sign.map(Sign::quantity), sign, age };
        let ageless = Self { age: None, ..narrow };
        let mut groups = vec![narrow, ageless, Self { sign: None, ..ageless }];
        groups.dedup();
        groups
    }

    fn holds(&self, one: &Survival) -> bool {
        self.part == one.part
            && self.quantity.is_none_or(|quantity| quantity == one.sign.quantity())
            && self.sign.is_none_or(|sign| sign == one.sign)
            && self.age.is_none_or(|age| age == one.age)
    }
}

impl Shelf {
    /// How many cards tell what became of a machine.
    pub fn survivals(&self) -> usize {
        self.cards().filter(|card| card.survival().is_some()).count()
    }

    /// What became of similar machines: of the narrowest group that is large enough.
    pub fn survived(&self, asked: &SurvivalQuestion) -> SurvivalAnswer {
        let told = self.by_week().filter_map(|(week, card)| Some((week, *card.survival()?)));
        let all: Vec<(u64, Survival)> = told.collect();
        let answers = Group::widening(asked).into_iter().find_map(|group| {
            let inside = || all.iter().filter(|(_, one)| group.holds(one));
            let batches: BTreeSet<u64> = inside().map(|(week, _)| *week).collect();
            let machines: Vec<Survival> = inside().map(|(_, one)| *one).collect();
            let is_enough = machines.len() >= SURVIVAL_RECORDS_MIN && batches.len() >= SURVIVAL_BATCHES_MIN;
            is_enough.then(|| survived(group, &machines))
        });
        answers.map_or(SurvivalAnswer::TooFew, SurvivalAnswer::Told)
    }
}

fn survived(group: Group, machines: &[Survival]) -> Survived {
    let horizons = life_table(machines);
    let upto = |horizon: &Horizon| horizon.days <= HEADLINE_DAYS;
    let headline =
        horizons.iter().rposition(upto).expect("invariant: of all is known what the first week did");
    let days = horizons[headline].days;
    let by_hours = |hours: &Hours| {
        let alike: Vec<Survival> = machines.iter().filter(|one| one.hours == *hours).copied().collect();
        let (failed, known) = known_by(&alike, days);
        let is_enough = known as usize >= SURVIVAL_RECORDS_MIN;
        is_enough.then_some(OfHours { hours: *hours, failed, known })
    };
    let years = machines.iter().filter_map(|one| match one.when {
        When::Year(year) => Some(year),
        When::Unsaid | When::Month(_) => None,
    });
    let span = years.fold(None, |span: Option<(u16, u16)>, year| {
        Some(span.map_or((year, year), |(first, last)| (first.min(year), last.max(year))))
    });
    Survived {
        group,
        machines: count(machines.len()),
        years: span,
        headline,
        hours: Hours::ALL.iter().filter(|hours| **hours != Hours::Unknown).filter_map(by_hours).collect(),
        horizons,
    }
}

/// How many had failed by the end of a band, and of how many that is known: those, and whoever was seen beyond it.
fn known_by(machines: &[Survival], days: u16) -> (u32, u32) {
    let is_over = |one: &&Survival| one.after.end_days().is_some_and(|end| end <= days);
    let failed = machines.iter().filter(is_over).filter(|one| one.fate == Fate::Failed).count();
    let beyond = machines.iter().filter(|one| !is_over(one)).count();
    (count(failed), count(failed + beyond))
}

/// The life table, as far as enough machines are known. In each band a machine that was lost from sight counts for half
/// of it.
fn life_table(machines: &[Survival]) -> Vec<Horizon> {
    let mut horizons = Vec::new();
    let (mut runs, mut spread) = (1.0_f64, 0.0_f64);
    for band in After::ALL {
        let Some(days) = band.end_days() else { break };
        let (failed, known) = known_by(machines, days);
        if (known as usize) < SURVIVAL_RECORDS_MIN {
            break;
        }
        let here = |is_failure: bool| {
            let ends = machines.iter().filter(|one| one.after == *band);
            f64::from(count(ends.filter(|one| (one.fate == Fate::Failed) == is_failure).count()))
        };
        let entering = f64::from(count(machines.iter().filter(|one| one.after >= *band).count()));
        let (died, seen) = (here(true), entering - here(false) / 2.0);
        // Once all have failed nobody enters any more.
        runs *= if seen > 0.0 { 1.0 - died / seen } else { 1.0 };
        // Greenwood 1926.
        spread += if died < seen { died / (seen * (seen - died)) } else { 0.0 };
        let (least, most) = interval(runs, spread, f64::from(known));
        horizons.push(Horizon {
            days,
            failed,
            known,
            runs_permille: permille(runs),
            least_permille: permille(least),
            most_permille: permille(most),
        });
    }
    horizons
}

/// Where the truth probably is: Wilson's interval (1927) at the number of machines that would give the same spread had all
/// been seen to the end (Rothman 1978); at those that are known, where nothing spreads.
fn interval(runs: f64, spread: f64, known: f64) -> (f64, f64) {
    let variance = runs * runs * spread;
    let size = if variance > 0.0 { runs * (1.0 - runs) / variance } else { known };
    let square = Z_95 * Z_95;
    let middle = (runs + square / (2.0 * size)) / (1.0 + square / size);
    let half =
        Z_95 / (1.0 + square / size) * (runs * (1.0 - runs) / size + square / (4.0 * size * size)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

fn count(of: usize) -> u32 {
    u32::try_from(of).expect("invariant: two years of batches are few cards")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is bounded on the line before"
)]
fn permille(part: f64) -> u16 {
    assert!((0.0..=1.0).contains(&part), "invariant: a part of a whole, not {part}");
    (part * 1_000.0).round() as u16
}

#[cfg(test)]
#[path = "statistic_tests.rs"]
mod tests;
