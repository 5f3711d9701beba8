//! Before a peak the hive asks, its nodes answer by their owners' rules, and what is agreed adds up: energy moves to an
//! earlier hour, nothing is lost on the way and no new peak is made. Requests and answers are whole Wh by slot; no
//! reading and no forecast of a building is in them.

use protocol::limits::{PLAN_SLOT_WH_MAX, PLAN_SLOTS_MAX};

use super::control::part;
use super::{PlanError, SlotLength, SlotNumber};

/// Hours that are relieved.
const RELIEVED_HOURS: i64 = 2;
/// Hours before them in which the energy is to be used instead.
const EARLIER_HOURS: i64 = 1;

/// What the hive asks its nodes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftRequest {
    /// First slot in which more may be used.
    pub earlier: SlotNumber,
    /// First slot to relieve, which ends the slots before it.
    pub relieved: SlotNumber,
    /// First slot behind those.
    pub end: SlotNumber,
    /// Energy that should move, Wh, of all nodes together.
    pub wanted_wh: i64,
    /// Import of the hive that is aimed at, Wh a slot.
    pub import_max_wh: i64,
}

/// What a node's owner allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerRules {
    /// Whether to take part at all.
    pub takes_part: bool,
    /// Most energy that may be moved by one request, Wh.
    pub moved_max_wh: i64,
    /// Most the building may import in a slot, Wh.
    pub import_max_wh: i64,
}

/// What a node has that can move, for the slots of a request from its first one on, Wh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movable {
    /// What the loads that can run ahead will take by the node's own plan.
    pub planned_wh: Vec<i64>,
    /// What the whole building will import by that plan; as long.
    pub import_wh: Vec<i64>,
    /// Most these loads can take in a slot.
    pub slot_max_wh: i64,
}

/// Energy by slot of a request, more where positive; it sums to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    change_wh: Vec<i64>,
}

/// What a node answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It moves all that it has in these slots.
    Accept(Shift),
    /// It moves some.
    Partly(Shift, Cut),
    /// It moves nothing.
    Refuse(Refusal),
}

/// What keeps a node from moving more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its owner's rules.
    Rules,
    /// No more fits in the earlier slots.
    Room,
}

/// Why a node moves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its owner does not take part.
    NotTakingPart,
    /// Its owner's rules leave nothing.
    Rules,
    /// It plans nothing in these slots that could run ahead.
    NothingToMove,
    /// Nothing fits in the earlier slots.
    NoRoom,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// What each node moves, in the order of the answers; none where it refused or is not needed.
    pub shifts: Vec<Option<Shift>>,
    /// What the hive's import changes by, by slot of the request.
    pub change_wh: Vec<i64>,
}

impl Shift {
    /// A shift as it came from elsewhere: as long as the request, nothing less earlier and nothing more later, sum zero.
    pub fn new(request: &ShiftRequest, change_wh: Vec<i64>) -> Result<Self, PlanError> {
        let (slots, earlier) = request.spans()?;
        let fits = |slot: usize, change: i64| {
            let sign = if slot < earlier { change >= 0 } else { change <= 0 };
            sign && change.unsigned_abs() <= PLAN_SLOT_WH_MAX.unsigned_abs()
        };
        let sound = change_wh.len() == slots
            && change_wh.iter().enumerate().all(|(slot, change)| fits(slot, *change))
            && change_wh.iter().sum::<i64>() == 0;
        if sound { Ok(Self { change_wh }) } else { Err(PlanError::NoShift) }
    }

    /// More or less by slot, Wh.
    pub fn change_wh(&self) -> &[i64] {
        &self.change_wh
    }

    /// Energy that moves, Wh.
    pub fn moved_wh(&self) -> i64 {
        self.change_wh.iter().filter(|change| **change > 0).sum()
    }

    /// As much of it as moves `moved_wh`; running sums are rounded, so both sides add up.
    fn reduced(&self, moved_wh: i64) -> Self {
        let all = self.moved_wh();
        let side = |sign: i64| {
            let (mut before, mut given) = (0, 0);
            self.change_wh.iter().map(move |change| {
                before += (change * sign).max(0);
                let own = part(moved_wh, before, all) - given;
                given += own;
                own * sign
            })
        };
        Self { change_wh: side(1).zip(side(-1)).map(|(more, less)| more + less).collect() }
    }
}

impl ShiftRequest {
    /// The request that flattens the highest hours of a forecast of the hive's needs, which begins with `first`; none
    /// where the hours before are no lower.
    pub fn of_forecast(first: SlotNumber, needs_wh: &[i64], length: SlotLength) -> Option<Self> {
        let hour = usize::try_from(60 / length.minutes()).ok()?;
        let relieved = hour * usize::try_from(RELIEVED_HOURS).ok()?;
        let earlier = hour * usize::try_from(EARLIER_HOURS).ok()?;
        if needs_wh.len() > PLAN_SLOTS_MAX {
            return None;
        }
        let windows = needs_wh.windows(relieved).enumerate().skip(earlier);
        // The earliest of equal windows.
        let sum = |window: &[i64]| window.iter().map(|need| i128::from(*need)).sum::<i128>();
        let (start, peak) = windows.max_by_key(|(start, window)| (sum(window), std::cmp::Reverse(*start)))?;
        let before = &needs_wh[start - earlier..start];
        let above = |limit: i64| peak.iter().map(|need| need.saturating_sub(limit).max(0)).sum::<i64>();
        let below = |limit: i64| before.iter().map(|need| limit.saturating_sub(*need).max(0)).sum::<i64>();
        let highest = *peak.iter().max()?;
        let lowest = (*before.iter().min()?).min(highest);
        // The lowest limit for which the energy above it finds room before.
        let (mut low, mut high) = (lowest, highest);
        while low < high {
            let middle = low + (high - low) / 2;
            if above(middle) <= below(middle) { high = middle } else { low = middle + 1 }
        }
        let wanted_wh = above(high);
        let at = |place: usize| i64::try_from(place).map(|place| first.plus(place)).ok();
        let request = Self {
            earlier: at(start - earlier)?,
            relieved: at(start)?,
            end: at(start + relieved)?,
            wanted_wh,
            import_max_wh: high,
        };
        (wanted_wh > 0).then_some(request)
    }

    /// Slots of the request, and how many of them come before those to relieve.
    fn spans(&self) -> Result<(usize, usize), PlanError> {
        let within = |count: i64| usize::try_from(count).ok().filter(|count| *count <= PLAN_SLOTS_MAX);
        let slots = within(self.end.since(self.earlier));
        let earlier = within(self.relieved.since(self.earlier));
        let bounded = (0..=PLAN_SLOT_WH_MAX).contains(&self.wanted_wh);
        match (slots, earlier) {
            (Some(slots), Some(earlier)) if earlier < slots && bounded => Ok((slots, earlier)),
            (None | Some(_), None | Some(_)) => Err(PlanError::NoShift),
        }
    }

    /// What a node answers.
    pub fn answer(&self, rules: &OwnerRules, movable: &Movable) -> Result<Answer, PlanError> {
        let (slots, earlier) = self.spans()?;
        if movable.planned_wh.len() != slots || movable.import_wh.len() != slots {
            return Err(PlanError::Uneven { needs: slots, prices: movable.planned_wh.len() });
        }
        if !rules.takes_part {
            return Ok(Answer::Refuse(Refusal::NotTakingPart));
        }
        let (before, after) = movable.planned_wh.split_at(earlier);
        let planned: i64 = after.iter().map(|energy| (*energy).max(0)).sum();
        let rooms = before.iter().zip(&movable.import_wh).map(|(planned, import)| {
            (movable.slot_max_wh - planned).min(rules.import_max_wh.saturating_sub(*import)).max(0)
        });
        let room: i64 = rooms.clone().sum();
        let allowed = rules.moved_max_wh.max(0);
        let moved = planned.min(room).min(allowed).min(self.wanted_wh);
        if moved == 0 {
            return Ok(Answer::Refuse(match (planned, room) {
                (0, _) => Refusal::NothingToMove,
                (_, 0) => Refusal::NoRoom,
                (_, _) => Refusal::Rules,
            }));
        }
        let more = super::control::split(moved, rooms);
        let less = super::control::split(moved, after.iter().map(|energy| (*energy).max(0)));
        let change_wh = more.into_iter().chain(less.into_iter().map(|energy| -energy)).collect();
        let shift = Shift::new(self, change_wh)?;
        Ok(if moved == planned.min(self.wanted_wh) {
            Answer::Accept(shift)
        } else {
            Answer::Partly(shift, if moved == allowed { Cut::Rules } else { Cut::Room })
        })
    }

    /// Takes of the answers what the request needs, from each by what it offers, so that no earlier slot gets more than
    /// it has room for below the limit. `needs_wh` are the forecast needs of the hive in the slots of the request.
    pub fn agree(&self, answers: &[Answer], needs_wh: &[i64]) -> Result<Agreed, PlanError> {
        let (slots, earlier) = self.spans()?;
        if needs_wh.len() != slots {
            return Err(PlanError::Uneven { needs: needs_wh.len(), prices: slots });
        }
        let offers: Vec<Option<&Shift>> = answers
            .iter()
            .map(|answer| match answer {
                Answer::Accept(shift) | Answer::Partly(shift, _) => Some(shift),
                Answer::Refuse(_) => None,
            })
            .collect();
        if offers.iter().flatten().any(|shift| Shift::new(self, shift.change_wh.clone()).is_err()) {
            return Err(PlanError::NoShift);
        }
        let offered: i64 = offers.iter().flatten().map(|shift| shift.moved_wh()).sum();
        let mut taken = offered.min(self.wanted_wh);
        // Rounding adds at most one Wh of each node to a slot.
        let spare = i64::try_from(offers.len()).unwrap_or(i64::MAX);
        for (slot, need) in needs_wh.iter().enumerate().take(earlier) {
            let more: i64 = offers.iter().flatten().map(|shift| shift.change_wh[slot]).sum();
            let room = self.import_max_wh.saturating_sub(*need).saturating_sub(spare).max(0);
            if more > 0 {
                taken = taken.min(part(offered, room, more));
            }
        }
        let moved = super::control::split(taken, offers.iter().map(|o| o.map_or(0, Shift::moved_wh)));
        let shifts: Vec<Option<Shift>> = offers
            .iter()
            .zip(moved)
            .map(|(offer, moved)| offer.filter(|_| moved > 0).map(|shift| shift.reduced(moved)))
            .collect();
        let sum = |slot: usize| shifts.iter().flatten().map(|shift| shift.change_wh[slot]).sum();
        let change_wh = (0..slots).map(sum).collect();
        Ok(Agreed { shifts, change_wh })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: SlotNumber = SlotNumber(1_000);

    /// A day by quarters with 10 kW, and from 18:00 to 20:00 so much, Wh a slot.
    fn evening(peak_wh: i64) -> Vec<i64> {
        (0..96).map(|slot| if (72..80).contains(&slot) { peak_wh } else { 2_500 }).collect()
    }

    fn request() -> ShiftRequest {
        ShiftRequest::of_forecast(FIRST, &evening(6_100), SlotLength::Quarter).unwrap()
    }

    fn rules(moved_max_wh: i64) -> OwnerRules {
        OwnerRules { takes_part: true, moved_max_wh, import_max_wh: 5_000 }
    }

    fn heating() -> Movable {
        let planned_wh = (0..12).map(|slot| if slot < 4 { 0 } else { 500 }).collect();
        Movable { planned_wh, import_wh: vec![800; 12], slot_max_wh: 1_000 }
    }

    #[test]
    fn at_six_the_evening_is_seen_and_the_hour_before_is_asked_for() {
        let request = request();
        assert_eq!(request.earlier, FIRST.plus(68), "17:00");
        assert_eq!((request.relieved, request.end), (FIRST.plus(72), FIRST.plus(80)), "18:00 to 20:00");
        // 3,600 Wh too much in 8 slots, as much room in 4: levelled at 4,900.
        assert_eq!((request.import_max_wh, request.wanted_wh), (4_900, 9_600));
        assert_eq!(ShiftRequest::of_forecast(FIRST, &evening(2_500), SlotLength::Quarter), None, "flat");
        assert_eq!(ShiftRequest::of_forecast(FIRST, &[5; 8], SlotLength::Quarter), None, "too short");
        assert_eq!(ShiftRequest::of_forecast(FIRST, &[], SlotLength::Hour), None);
    }

    #[test]
    fn nodes_answer_by_their_owners_rules() {
        let request = request();
        let answer = |rules: OwnerRules, movable: Movable| request.answer(&rules, &movable).unwrap();
        let Answer::Accept(shift) = answer(rules(9_000), heating()) else { panic!("all of it fits") };
        assert_eq!(
            shift.change_wh(),
            [1_000, 1_000, 1_000, 1_000, -500, -500, -500, -500, -500, -500, -500, -500]
        );
        let Answer::Partly(shift, Cut::Rules) = answer(rules(1_000), heating()) else { panic!("the rules") };
        assert_eq!((shift.moved_wh(), shift.change_wh()[0]), (1_000, 250));
        let full = Movable { slot_max_wh: 300, ..heating() };
        let Answer::Partly(shift, Cut::Room) = answer(rules(9_000), full) else { panic!("the room") };
        assert_eq!(shift.moved_wh(), 1_200);
        let away = OwnerRules { takes_part: false, ..rules(9_000) };
        assert_eq!(answer(away, heating()), Answer::Refuse(Refusal::NotTakingPart));
        assert_eq!(answer(rules(0), heating()), Answer::Refuse(Refusal::Rules));
        let idle = Movable { planned_wh: vec![0; 12], ..heating() };
        assert_eq!(answer(rules(9_000), idle), Answer::Refuse(Refusal::NothingToMove));
        let at_its_limit = Movable { import_wh: vec![5_000; 12], ..heating() };
        assert_eq!(answer(rules(9_000), at_its_limit), Answer::Refuse(Refusal::NoRoom));
        let short = Movable { planned_wh: vec![0; 3], ..heating() };
        assert!(request.answer(&rules(9_000), &short).is_err());
    }

    #[test]
    fn shared_pre_heating_flattens_the_evening() {
        let request = request();
        let away = OwnerRules { takes_part: false, ..rules(9_000) };
        let answers: Vec<Answer> = [rules(9_000), rules(9_000), away, rules(9_000)]
            .iter()
            .map(|rules| request.answer(rules, &heating()).unwrap())
            .collect();
        let needs = &evening(6_100)[68..80];
        let agreed = request.agree(&answers, needs).unwrap();
        assert_eq!(agreed.shifts.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, true]);
        let after: Vec<i64> =
            needs.iter().zip(&agreed.change_wh).map(|(need, change)| need + change).collect();
        let sum = |slots: &[i64]| slots.iter().sum::<i64>();
        assert!(sum(&after[4..]) < sum(&needs[4..]), "18:00 to 20:00 is lower");
        assert_eq!(sum(&after), sum(needs), "nothing is lost on the way");
        assert!(after.iter().max() < needs.iter().max());
        assert!(after[..4].iter().all(|import| *import <= request.import_max_wh), "{after:?}");
    }

    #[test]
    fn a_shift_that_does_not_add_up_is_refused() {
        let request = request();
        let with = |place: usize, change: i64| {
            let mut list = vec![100, 0, 0, 0, -100, 0, 0, 0, 0, 0, 0, 0];
            list[place] += change;
            Shift::new(&request, list)
        };
        assert!(with(0, 0).is_ok());
        assert_eq!(with(1, 5), Err(PlanError::NoShift));
        assert!(with(0, -100).is_err() && with(5, 7).is_err());
        assert!(Shift::new(&request, vec![0; 11]).is_err());
        let backwards = ShiftRequest { end: request.earlier, ..request };
        assert!(Shift::new(&backwards, Vec::new()).is_err());
        assert!(backwards.answer(&rules(1), &heating()).is_err());
        assert!(backwards.agree(&[], &[]).is_err());
    }

    proptest! {
        /// Whatever is offered, what is agreed sums to nothing, moves no more than was wanted and offered, and lifts no
        /// earlier slot above the limit that was not above it before.
        #[test]
        fn what_is_agreed_adds_up(
            needs in prop::collection::vec(0..20_000i64, 24..96),
            offers in prop::collection::vec((0..6_000i64, 0..3_000i64, 0..20_000i64), 0..12),
        ) {
            let Some(request) = ShiftRequest::of_forecast(FIRST, &needs, SlotLength::Quarter) else {
                return Ok(());
            };
            let start = usize::try_from(request.earlier.since(FIRST)).unwrap();
            let needs = &needs[start..start + 12];
            let answers: Vec<Answer> = offers.iter().map(|(most, planned, slot)| {
                let movable = Movable {
                    planned_wh: vec![*planned; 12], import_wh: vec![*planned; 12], slot_max_wh: *slot,
                };
                request.answer(&rules(*most), &movable).unwrap()
            }).collect();
            let agreed = request.agree(&answers, needs).unwrap();
            let moved: i64 = agreed.shifts.iter().flatten().map(Shift::moved_wh).sum();
            prop_assert!(moved <= request.wanted_wh);
            prop_assert_eq!(agreed.change_wh.iter().sum::<i64>(), 0);
            for (answer, shift) in answers.iter().zip(&agreed.shifts) {
                let Some(shift) = shift else { continue };
                prop_assert!(Shift::new(&request, shift.change_wh().to_vec()).is_ok_and(|again| again == *shift));
                let (Answer::Accept(offer) | Answer::Partly(offer, _)) = answer else {
                    return Err(TestCaseError::fail("a shift of who refused"));
                };
                prop_assert!(shift.moved_wh() <= offer.moved_wh());
            }
            for (need, change) in needs.iter().zip(&agreed.change_wh).take(4) {
                prop_assert!(*change == 0 || need + change <= request.import_max_wh);
            }
        }
    }
}
