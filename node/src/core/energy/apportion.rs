//! What the building used and what its neighbours' sun covered, shared out among its dwellings by what each used in the
//! slot. Whole Wh and micro-EUR; the parts and the common part add up to the building's line exactly.

use super::cutter::Course;
use super::month::OwnPart;
use super::slot::Slot;

/// What meters of accuracy class A (EN 50470-3, 2 %) and below it B (1 %) may differ by together, parts of a thousand.
const TOLERANCE_PERMILLE: i64 = 30;

/// Energy and money of one dwelling, or of the common parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DwellingPart {
    /// What it used, Wh.
    pub used_wh: i64,
    /// Of what neighbours gave, Wh, what it pays them and what the network takes for it, micro-EUR.
    pub bought_wh: i64,
    /// See `bought_wh`.
    pub pay: i64,
    /// See `bought_wh`.
    pub fee: i64,
    /// Of what neighbours took, Wh, and what they pay for it, micro-EUR.
    pub sold_wh: i64,
    /// See `sold_wh`.
    pub revenue: i64,
    /// Slots of which nothing is known: they are in no sum.
    pub missing: u32,
    /// Slots whose course between readings was a guess.
    pub estimated: u32,
}

/// Whether dwellings and main meter say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// Nothing could be compared.
    Unknown,
    /// Within what meters may differ by, or more for the common parts.
    Holds,
    /// The dwellings counted more than came in.
    TooMuch,
    /// They counted less, and there are no common parts.
    TooLittle,
}

/// One slot of one dwelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DwellingSlot {
    /// The building's slot.
    pub slot: Slot,
    /// The dwelling's part of it.
    pub part: DwellingPart,
}

/// Sums over slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apportioned {
    /// One for each dwelling.
    pub parts: Vec<DwellingPart>,
    /// What no dwelling's counter explains.
    pub common: DwellingPart,
    /// Of the slots that are compared: what the building used, and what its dwellings did, Wh.
    pub building_wh: i64,
    /// See `building_wh`.
    pub dwellings_wh: i64,
    /// Slots in which all counters told.
    pub compared: u32,
    /// Slots there are.
    pub slots: u32,
    /// Of those compared, where the difference is more than the meters may have.
    pub apart: u32,
    has_common_parts: bool,
    counters: i64,
}

impl Apportioned {
    /// Nothing yet of so many dwellings with so many counters.
    pub fn new(dwellings: usize, counters: usize, has_common_parts: bool) -> Self {
        Self {
            parts: vec![DwellingPart::default(); dwellings],
            common: DwellingPart::default(),
            building_wh: 0,
            dwellings_wh: 0,
            compared: 0,
            slots: 0,
            apart: 0,
            has_common_parts,
            counters: i64::try_from(counters).unwrap_or(i64::MAX),
        }
    }

    /// Takes one slot with what each dwelling used in it; `None` is not known, which is not zero. Answers the parts of
    /// this slot.
    pub fn take(&mut self, slot: &Slot, own: OwnPart, used: &[Option<Used>]) -> Vec<DwellingPart> {
        self.slots += 1;
        let known = used.iter().flatten().fold(0i64, |sum, used| sum.saturating_add(used.wh));
        let building = slot.flow.filter(|_| slot.held.is_none()).and_then(|flow| flow.consumption_wh());
        if let Some(building) = building.filter(|_| !used.is_empty() && used.iter().all(Option::is_some)) {
            self.compared += 1;
            self.building_wh = self.building_wh.saturating_add(building);
            self.dwellings_wh = self.dwellings_wh.saturating_add(known);
            let agreement = agreement(building, known, self.tolerance(building, 1), self.has_common_parts);
            self.apart += u32::from(agreement != Agreement::Holds);
        }
        let common = building.map_or(0, |building| building.saturating_sub(known).max(0));
        let mut parts = shared(own, used, common);
        let rest = parts.pop().unwrap_or_default();
        self.common.add(&rest);
        self.common.missing += u32::from(building.is_none());
        for (sum, part) in self.parts.iter_mut().zip(&parts) {
            sum.add(part);
        }
        parts
    }

    /// Whether the sums agree.
    pub fn agreement(&self) -> Agreement {
        if self.compared == 0 {
            return Agreement::Unknown;
        }
        agreement(self.building_wh, self.dwellings_wh, self.tolerance_wh(), self.has_common_parts)
    }

    /// How far apart the sums may lie, Wh.
    pub fn tolerance_wh(&self) -> i64 {
        self.tolerance(self.building_wh, self.compared)
    }

    /// Each counter is rounded down to whole Wh once a slot.
    fn tolerance(&self, building_wh: i64, slots: u32) -> i64 {
        let rounding = self.counters.saturating_add(1).saturating_mul(i64::from(slots));
        (building_wh.saturating_mul(TOLERANCE_PERMILLE) / 1_000).saturating_add(rounding)
    }
}

/// What a dwelling used in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Wh.
    pub wh: i64,
    /// Whether it was guessed.
    pub is_estimated: bool,
}

/// What each dwelling used in slot `index`: the sum of its counters, `None` unless all of them cover the slot.
pub fn used(
    dwellings: usize,
    courses: &[(usize, Option<Course>)],
    index: usize,
    slot_ms: i64,
) -> Vec<Option<Used>> {
    let mut all = vec![Some(Used::default()); dwellings];
    for (place, course) in courses {
        let Some(sum) = all.get_mut(*place) else { continue };
        let cell = course.as_ref().and_then(|course| course.cells.get(index));
        *sum = sum.zip(cell.filter(|cell| cell.covered_ms >= slot_ms)).map(|(sum, cell)| Used {
            wh: sum.wh.saturating_add(cell.wh),
            is_estimated: sum.is_estimated || cell.is_estimated,
        });
    }
    all
}

impl DwellingPart {
    fn add(&mut self, more: &Self) {
        let sum = |a: i64, b: i64| a.saturating_add(b);
        *self = Self {
            used_wh: sum(self.used_wh, more.used_wh),
            bought_wh: sum(self.bought_wh, more.bought_wh),
            pay: sum(self.pay, more.pay),
            fee: sum(self.fee, more.fee),
            sold_wh: sum(self.sold_wh, more.sold_wh),
            revenue: sum(self.revenue, more.revenue),
            missing: self.missing + more.missing,
            estimated: self.estimated + more.estimated,
        };
    }
}

fn agreement(building: i64, dwellings: i64, tolerance: i64, has_common_parts: bool) -> Agreement {
    let difference = building.saturating_sub(dwellings);
    if difference < -tolerance {
        Agreement::TooMuch
    } else if difference > tolerance && !has_common_parts {
        Agreement::TooLittle
    } else {
        Agreement::Holds
    }
}

/// The dwellings' parts, and the common part last.
fn shared(own: OwnPart, used: &[Option<Used>], common: i64) -> Vec<DwellingPart> {
    let mut weights: Vec<i64> = used.iter().map(|used| used.map_or(0, |used| used.wh)).collect();
    weights.push(common);
    let mut parts: Vec<DwellingPart> = used
        .iter()
        .map(|used| DwellingPart {
            used_wh: used.map_or(0, |used| used.wh),
            missing: u32::from(used.is_none()),
            estimated: u32::from(used.is_some_and(|used| used.is_estimated)),
            ..DwellingPart::default()
        })
        .collect();
    parts.push(DwellingPart { used_wh: common, ..DwellingPart::default() });
    if let OwnPart::Checked(line) = own {
        let split = |amount: i64| largest_remainder(amount, &weights);
        let amounts = [
            split(line.alloc.0),
            split(line.pay.0),
            split(line.fee.0),
            split(line.sold.0),
            split(line.rev.0),
        ];
        for (at, part) in parts.iter_mut().enumerate() {
            let [bought_wh, pay, fee, sold_wh, revenue] =
                [0, 1, 2, 3, 4].map(|kind: usize| amounts[kind][at]);
            *part = DwellingPart { bought_wh, pay, fee, sold_wh, revenue, ..*part };
        }
    }
    parts
}

/// Splits `amount` by weights that are not negative: each gets its proportion rounded down, what is left goes to the
/// largest remainders, earlier places first. Without any weight the last place takes all.
fn largest_remainder(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let mut parts = vec![0i64; weights.len()];
    if total <= 0 {
        if let Some(last) = parts.last_mut() {
            *last = amount;
        }
        return parts;
    }
    let mut left = amount;
    let mut remainders = Vec::with_capacity(weights.len());
    for (at, (part, weight)) in parts.iter_mut().zip(weights).enumerate() {
        let exact = i128::from(amount) * i128::from(*weight);
        *part =
            i64::try_from(exact.div_euclid(total)).expect("invariant: a part is no larger than the whole");
        left -= *part;
        remainders.push((std::cmp::Reverse(exact.rem_euclid(total)), at));
    }
    remainders.sort_unstable();
    for (_, at) in remainders {
        if left <= 0 {
            break;
        }
        parts[at] += 1;
        left -= 1;
    }
    parts
}

#[cfg(test)]
#[path = "apportion_tests.rs"]
mod tests;
