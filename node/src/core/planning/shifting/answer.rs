//! A member's side: what its owner's rules say to a request, what of its plan can run ahead, and what it does once its
//! offer is taken. What was offered is held fast in the plan until then.

use protocol::energy::{ShiftAgreement, ShiftAnswer, ShiftMessage, ShiftRequest, SignedShiftRequest};
use protocol::limits::SHIFTS_KEPT_MAX;
use protocol::{Address, Digest, UnixMs};
use serde::{Deserialize, Serialize};

use super::{AGAIN_MS, Letter, Planning, Town, change_of, plain, shift_of};
use crate::core::plan::{Answer, LoadKind, Movable, OwnerRules, Refusal, Shift, SlotNumber};
use crate::core::planning::equipment::{Consent, OwnLoad};
use crate::core::planning::length_of;
use crate::core::planning::work::{Pin, window};

/// Requests of one UTC day that are heard; a coordinator makes one, and another after each restart.
const REQUESTS_A_DAY_MAX: usize = 4;

/// A request that this building was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Its name.
    pub id: Digest,
    /// What is asked.
    pub request: ShiftRequest,
    /// How far it got.
    pub stage: WishStage,
    /// What this building can move.
    pub offer: Option<Shift>,
    /// What of that is taken.
    pub taken: Option<Shift>,
    /// What all members move together, once it is agreed, Wh.
    pub moved_wh: Option<i64>,
    pub(super) from: Address,
    pub(super) sent: UnixMs,
}

/// How far a request got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WishStage {
    /// A person is asked.
    Waiting,
    /// The offer is on its way.
    Offered,
    /// Nothing is moved: the owner's rules, or a person, say no.
    Declined,
    /// Nothing is moved: nothing can be.
    Unable,
    /// The offer is taken, all of it or some.
    Agreed,
    /// The offer is not needed.
    NotNeeded,
    /// Nobody answered in time, or the coordinator did not.
    Lapsed,
}

/// One time of a load that can run ahead, as it is planned.
struct Occurrence {
    place: usize,
    window: (SlotNumber, SlotNumber),
    slot_max_wh: i64,
    energies: Vec<(SlotNumber, i64)>,
}

impl Planning {
    pub(super) fn hear_request(
        &mut self,
        town: &Town<'_>,
        from: Address,
        signed: &SignedShiftRequest,
    ) -> Vec<Letter> {
        let request = &signed.request;
        let is_coordinator = request.check().is_ok()
            && town.coordinator(request) == Some(from)
            && town.state.current(&request.coordinator) == from;
        let Some(key) = town.state.authorities().key_of(&from).filter(|_| is_coordinator) else {
            return Vec::new();
        };
        let id = request.id();
        if signed.verify(key, &town.chain).is_err() || length_of(request.length) != self.calendar.length() {
            return Vec::new();
        }
        if let Some(known) = self.shifting.wishes.iter().find(|wish| wish.id == id) {
            return answer_letter(town, known).into_iter().collect();
        }
        let now = self.calendar.slot_at(town.now);
        let two_days = 2 * self.calendar.length().per_day();
        let is_timely = plain(request).is_some_and(|wanted| {
            i64::try_from(request.until.0).is_ok_and(|until| now.0 < until)
                && wanted.end.since(now) <= two_days
        });
        if !is_timely {
            return Vec::new();
        }
        let per_day = u64::try_from(self.calendar.length().per_day()).expect("invariant: slots of a day");
        let day = |request: &ShiftRequest| request.relieved.0 / per_day;
        let today = self.shifting.wishes.iter().filter(|wish| day(&wish.request) == day(request)).count();
        if today >= REQUESTS_A_DAY_MAX {
            return Vec::new();
        }
        let wish = Wish {
            id,
            request: request.clone(),
            stage: WishStage::Waiting,
            offer: None,
            taken: None,
            moved_wh: None,
            from,
            sent: town.now,
        };
        self.shifting.wishes.push(wish);
        self.is_changed = true;
        if self.shifting.wishes.len() > SHIFTS_KEPT_MAX {
            self.shifting.wishes.remove(0);
        }
        match self.equipment.parts().consent {
            Consent::Always => self.decide_wish(town, id, true).unwrap_or_default(),
            Consent::Never => self.decide_wish(town, id, false).unwrap_or_default(),
            // Who has nothing to move is not asked.
            Consent::Ask => match self.offer(request) {
                Ok(_) => Vec::new(),
                Err(_) => self.decide_wish(town, id, true).unwrap_or_default(),
            },
        }
    }

    /// Answers a request that waits; none where there is none.
    pub(in crate::core::planning) fn decide_wish(
        &mut self,
        town: &Town<'_>,
        id: Digest,
        yes: bool,
    ) -> Option<Vec<Letter>> {
        let at =
            self.shifting.wishes.iter().position(|wish| wish.id == id && wish.stage == WishStage::Waiting)?;
        let request = self.shifting.wishes[at].request.clone();
        let offer = if yes { self.offer(&request) } else { Err(Refusal::NotTakingPart) };
        if offer.is_ok() {
            self.hold_fast(&request);
        }
        let wish = &mut self.shifting.wishes[at];
        (wish.stage, wish.offer) = match offer {
            Ok(shift) => (WishStage::Offered, Some(shift)),
            Err(Refusal::NotTakingPart | Refusal::Rules) => (WishStage::Declined, None),
            Err(Refusal::NothingToMove | Refusal::NoRoom) => (WishStage::Unable, None),
        };
        wish.sent = town.now;
        self.is_changed = true;
        Some(answer_letter(town, wish).into_iter().collect())
    }

    pub(super) fn hear_agreement(&mut self, town: &Town<'_>, from: Address, agreement: &ShiftAgreement) {
        let is_it = |wish: &Wish| wish.id == agreement.request && wish.stage == WishStage::Offered;
        let Some(at) = self.shifting.wishes.iter().position(is_it) else { return };
        let wish = &self.shifting.wishes[at];
        if town.state.current(&wish.from) != from {
            return;
        }
        let request = wish.request.clone();
        let taken = agreement.taken.as_ref().map(|change| shift_of(&request, change));
        match taken {
            None => {
                self.let_go(&request);
                self.shifting.wishes[at].stage = WishStage::NotNeeded;
            }
            Some(Some(taken)) if wish.offer.as_ref().is_some_and(|offer| is_part_of(&taken, offer)) => {
                self.carry_out(&request, &taken);
                let wish = &mut self.shifting.wishes[at];
                (wish.stage, wish.taken) = (WishStage::Agreed, Some(taken));
            }
            // More than was offered, or no shift at all, was never agreed.
            Some(Some(_) | None) => return,
        }
        self.shifting.wishes[at].moved_wh = Some(agreement.moved.0);
        self.is_changed = true;
        self.generation += 1;
    }

    /// What a person did not answer in time is a no; what the coordinator does not answer is said again, and lapses when
    /// its hour has come.
    pub(super) fn tend_wishes(&mut self, town: &Town<'_>) -> Vec<Letter> {
        let now = self.calendar.slot_at(town.now);
        let reached = |id: protocol::energy::SlotId| i64::try_from(id.0).is_ok_and(|slot| now.0 >= slot);
        let mut letters = Vec::new();
        let mut lapsed = Vec::new();
        for wish in &mut self.shifting.wishes {
            match wish.stage {
                WishStage::Waiting if reached(wish.request.until) => {
                    wish.stage = WishStage::Lapsed;
                    self.is_changed = true;
                }
                WishStage::Offered if reached(wish.request.earlier) => {
                    wish.stage = WishStage::Lapsed;
                    lapsed.push(wish.request.clone());
                }
                WishStage::Offered if town.now.since(wish.sent) >= AGAIN_MS => {
                    wish.sent = town.now;
                    letters.extend(answer_letter(town, wish));
                }
                WishStage::Waiting
                | WishStage::Offered
                | WishStage::Declined
                | WishStage::Unable
                | WishStage::Agreed
                | WishStage::NotNeeded
                | WishStage::Lapsed => {}
            }
        }
        for request in lapsed {
            self.let_go(&request);
            self.generation += 1;
            self.is_changed = true;
        }
        letters
    }

    /// What the owner's rules and the plan allow.
    fn offer(&self, request: &ShiftRequest) -> Result<Shift, Refusal> {
        let parts = self.equipment.parts();
        let length = self.calendar.length();
        let rules = OwnerRules {
            takes_part: parts.consent != Consent::Never,
            moved_max_wh: parts.moved_max_wh,
            import_max_wh: parts.import_max_w.map_or(i64::MAX / 4, |watts| length.energy_wh(watts.into())),
        };
        let wanted = plain(request).ok_or(Refusal::NothingToMove)?;
        let occurrences = self.occurrences(request);
        let slots = (wanted.earlier.0..wanted.end.0).map(SlotNumber);
        let planned = |slot: SlotNumber| occurrences.iter().map(|one| one.at(slot)).sum();
        let import = |slot: SlotNumber| {
            let slots = self.plan.iter().flat_map(|plan| &plan.slots);
            slots.into_iter().find(|planned| planned.slot == slot).map_or(0, |planned| planned.net_wh.max(0))
        };
        let movable = Movable {
            planned_wh: slots.clone().map(planned).collect(),
            import_wh: slots.map(import).collect(),
            slot_max_wh: occurrences.iter().map(|one| one.slot_max_wh).sum(),
        };
        match wanted.answer(&rules, &movable) {
            Ok(Answer::Accept(shift) | Answer::Partly(shift, _)) => Ok(shift),
            Ok(Answer::Refuse(refusal)) => Err(refusal),
            Err(_) => Err(Refusal::NothingToMove),
        }
    }

    /// Loads whose time reaches from before the request into the slots that it relieves, and that nobody has moved yet.
    fn occurrences(&self, request: &ShiftRequest) -> Vec<Occurrence> {
        let Some(wanted) = plain(request) else { return Vec::new() };
        let planned = self.planned_loads();
        let day = self.calendar.local(wanted.earlier).day;
        let mut found = Vec::new();
        for (place, own) in
            self.equipment.parts().loads.iter().enumerate().filter(|(_, own)| can_run_ahead(own))
        {
            for day in day - 1..=day {
                let Some((from, until)) = window(&self.calendar, own, day) else { continue };
                let fits = from <= wanted.earlier && until > wanted.relieved;
                if !fits || self.pins.get(&(place, from)).is_some_and(|pin| pin.is_moved) {
                    continue;
                }
                let inside = planned.iter().filter(|(slot, _)| (from..until).contains(slot));
                let energies = inside.map(|(slot, loads)| (*slot, loads.get(place).copied().unwrap_or(0)));
                let slot_max_wh = self.calendar.length().energy_wh(own.power_w).max(1);
                let energies = energies.collect();
                found.push(Occurrence { place, window: (from, until), slot_max_wh, energies });
            }
        }
        found
    }

    /// Plans keep what was offered as it is until the coordinator answers.
    fn hold_fast(&mut self, request: &ShiftRequest) {
        for one in self.occurrences(request) {
            let pin = Pin { until: one.window.1, energies: one.energies, is_moved: false };
            self.pins.insert((one.place, one.window.0), pin);
        }
    }

    fn let_go(&mut self, request: &ShiftRequest) {
        for one in self.occurrences(request) {
            self.pins.remove(&(one.place, one.window.0));
        }
    }

    /// Moves what is taken, load by load as far as each has it or has room for it.
    fn carry_out(&mut self, request: &ShiftRequest, taken: &Shift) {
        let first = i64::try_from(request.earlier.0).unwrap_or(i64::MAX);
        let mut occurrences = self.occurrences(request);
        for one in &mut occurrences {
            // What was pinned when it was offered, whatever was planned since.
            if let Some(pin) = self.pins.get(&(one.place, one.window.0)) {
                one.energies.clone_from(&pin.energies);
            }
        }
        for (slot, change) in (first..).map(SlotNumber).zip(taken.change_wh()) {
            let mut rest = *change;
            for one in &mut occurrences {
                let most = one.slot_max_wh;
                if let Some((_, energy)) = one.energies.iter_mut().find(|(at, _)| *at == slot) {
                    let part = rest.clamp(-*energy, (most - *energy).max(0));
                    *energy += part;
                    rest -= part;
                }
            }
        }
        for one in occurrences {
            let pin = Pin { until: one.window.1, energies: one.energies, is_moved: true };
            self.pins.insert((one.place, one.window.0), pin);
        }
    }
}

impl Occurrence {
    fn at(&self, slot: SlotNumber) -> i64 {
        self.energies.iter().find(|(at, _)| *at == slot).map_or(0, |(_, wh)| *wh)
    }
}

/// What can run ahead of its hour without anybody noticing.
const fn can_run_ahead(own: &OwnLoad) -> bool {
    match own.kind {
        LoadKind::Car | LoadKind::WaterHeater | LoadKind::Heating => !own.in_one_go,
        LoadKind::Machine => false,
    }
}

fn is_part_of(taken: &Shift, offer: &Shift) -> bool {
    let within = |(taken, offered): (&i64, &i64)| taken.unsigned_abs() <= offered.unsigned_abs();
    taken.change_wh().iter().zip(offer.change_wh()).all(within)
}

fn answer_letter(town: &Town<'_>, wish: &Wish) -> Option<Letter> {
    let offer = match wish.stage {
        WishStage::Waiting | WishStage::Lapsed => return None,
        WishStage::Declined | WishStage::Unable => None,
        WishStage::Offered | WishStage::Agreed | WishStage::NotNeeded => wish.offer.as_ref().map(change_of),
    };
    let answer = ShiftAnswer { request: wish.id, member: town.origin(), offer };
    let signed = answer.sign(town.key, &town.chain);
    Some((wish.from, ShiftMessage::Answer(Box::new(signed))))
}
