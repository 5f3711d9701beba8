//! The coordinator's side: one request a day, made of nothing but the hive's settled totals, which every member has on the
//! ledger anyway; and what of the offers is taken.

use std::collections::BTreeMap;

use protocol::energy::{
    ShiftAgreement, ShiftMessage, ShiftRequest, SignedShiftAnswer, SignedShiftRequest, SlotId, WattHours,
};
use protocol::limits::SHIFT_SLOTS_MAX;
use protocol::{Address, Digest, UnixMs};

use super::{AGAIN_MS, Letter, Planning, Town, change_of, plain, shift_of};
use crate::core::plan::{self, Answer, Refusal, Shift, SlotNumber, values};
use crate::core::planning::shared::record_totals;
use crate::core::planning::tariff::in_the_ledger;

/// Minutes of the local day between which the coordinator asks.
const ASKING_MINUTES: std::ops::Range<i64> = 6 * 60..12 * 60;
/// Members have so long to answer, milliseconds.
const PATIENCE_MS: i64 = 2 * 3_600_000;

/// A request under way.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) signed: SignedShiftRequest,
    pub(super) id: Digest,
    pub(super) plain: plan::ShiftRequest,
    /// What the hive will probably need in the slots of the request, Wh.
    pub(super) needs_wh: Vec<i64>,
    /// By current address; none where nothing is moved.
    pub(super) answers: BTreeMap<Address, Option<Shift>>,
    pub(super) sent: UnixMs,
    /// What each moves in the end.
    pub(super) agreed: Option<BTreeMap<Address, Option<Shift>>>,
}

impl Planning {
    pub(super) fn coordinate(&mut self, town: &Town<'_>) -> Vec<Letter> {
        let local = self.calendar.local(self.calendar.slot_at(town.now));
        if ASKING_MINUTES.contains(&local.minute) && self.shifting.looked != Some(local.day) {
            let utc_day = u64::try_from(town.now.0).unwrap_or(0) / 86_400_000;
            // Who coordinates may change with a vote in the course of the morning: only who asks is done for the day.
            if town.coordinator_of(utc_day) == Some(town.me) {
                self.shifting.looked = Some(local.day);
                self.look_at_hive(town);
                self.shifting.asked = self.request(town);
                self.is_changed = true;
                return self.shifting.asked.as_ref().map(|asked| asked.letters(town)).unwrap_or_default();
            }
        }
        let now_slot = self.calendar.slot_at(town.now);
        let Some(asked) = self.shifting.asked.as_mut().filter(|asked| asked.agreed.is_none()) else {
            return Vec::new();
        };
        let missing = town.members().iter().any(|member| !asked.answers.contains_key(member));
        let is_over = i64::try_from(asked.signed.request.until.0).is_ok_and(|until| now_slot.0 >= until);
        if !missing || is_over {
            self.is_changed = true;
            return asked.close();
        }
        if town.now.since(asked.sent) >= AGAIN_MS {
            asked.sent = town.now;
            return asked.letters(town);
        }
        Vec::new()
    }

    /// The request for the rest of the day, if the hive's past says that there will be a peak.
    fn request(&self, town: &Town<'_>) -> Option<Asked> {
        let history = &self.shifting.hive;
        let first = self.calendar.slot_at(town.now).plus(1);
        let (_, end) = self.calendar.day(self.calendar.local(first).day);
        let count = usize::try_from(end.since(first)).ok()?;
        let needs: Option<Vec<i64>> = values(history, &self.calendar, first, count).into_iter().collect();
        let needs = needs?;
        let wanted = plan::ShiftRequest::of_forecast(first, &needs, self.calendar.length())?;
        let id = |slot: SlotNumber| u64::try_from(slot.0).ok().map(SlotId);
        let until = self.calendar.slot_at(town.now.plus(PATIENCE_MS)).min(wanted.earlier);
        let request = ShiftRequest {
            coordinator: town.origin(),
            length: in_the_ledger(self.calendar.length()),
            earlier: id(wanted.earlier)?,
            relieved: id(wanted.relieved)?,
            end: id(wanted.end)?,
            wanted: WattHours(wanted.wanted_wh),
            import_max: WattHours(wanted.import_max_wh),
            until: id(until)?,
        };
        request.check().ok()?;
        let place = |slot: SlotNumber| usize::try_from(slot.since(first)).ok();
        let needs_wh = needs.get(place(wanted.earlier)?..place(wanted.end)?)?.to_vec();
        Some(Asked {
            id: request.id(),
            plain: plain(&request)?,
            signed: request.sign(town.key, &town.chain),
            needs_wh,
            answers: BTreeMap::new(),
            sent: town.now,
            agreed: None,
        })
    }

    /// Takes in what was settled of late.
    fn look_at_hive(&mut self, town: &Town<'_>) {
        let now = self.calendar.slot_at(town.now);
        record_totals(&mut self.shifting.hive, town.state, now);
    }

    pub(super) fn hear_answer(
        &mut self,
        town: &Town<'_>,
        from: Address,
        signed: &SignedShiftAnswer,
    ) -> Vec<Letter> {
        let Some(asked) = self.shifting.asked.as_mut() else { return Vec::new() };
        let is_sender = town.state.current(&signed.answer.member) == from;
        let Some(key) = town.key_of(&from).filter(|_| is_sender && signed.answer.request == asked.id) else {
            return Vec::new();
        };
        if signed.verify(&key, &town.chain).is_err() {
            return Vec::new();
        }
        if asked.agreed.is_some() {
            return asked.letter_about(&from).into_iter().collect();
        }
        let request = &asked.signed.request;
        let offer = signed.answer.offer.as_ref().and_then(|change| shift_of(request, change));
        asked.answers.insert(from, offer);
        let all = town.members().iter().all(|member| asked.answers.contains_key(member));
        if !all {
            return Vec::new();
        }
        self.is_changed = true;
        asked.close()
    }
}

impl Asked {
    /// The request, for everybody who has not answered.
    fn letters(&self, town: &Town<'_>) -> Vec<Letter> {
        let message = ShiftMessage::Request(Box::new(self.signed.clone()));
        let missing = town.members().into_iter().filter(|member| !self.answers.contains_key(member));
        missing.map(|member| (member, message.clone())).collect()
    }

    /// Members that have answered.
    #[cfg(test)]
    pub(super) fn answered(&self) -> usize {
        self.answers.len()
    }

    /// Takes what is needed of the offers.
    pub(super) fn close(&mut self) -> Vec<Letter> {
        let answers = self.answers.values().map(|offer| match offer {
            Some(shift) => Answer::Accept(shift.clone()),
            None => Answer::Refuse(Refusal::Rules),
        });
        let answers: Vec<Answer> = answers.collect();
        let taken = match self.plain.agree(&answers, &self.needs_wh) {
            Ok(agreed) => agreed.shifts,
            Err(error) => {
                tracing::warn!(%error, "offers to use energy earlier do not add up; none is taken");
                vec![None; answers.len()]
            }
        };
        self.agreed = Some(self.answers.keys().copied().zip(taken).collect());
        let offered = self.answers.iter().filter(|(_, offer)| offer.is_some()).map(|(member, _)| *member);
        offered.collect::<Vec<_>>().iter().filter_map(|member| self.letter_about(member)).collect()
    }

    fn letter_about(&self, member: &Address) -> Option<Letter> {
        let agreed = self.agreed.as_ref()?;
        let taken = agreed.get(member)?.as_ref().map(change_of);
        let moved = WattHours(agreed.values().flatten().map(Shift::moved_wh).sum());
        let agreement = ShiftAgreement { request: self.id, taken, moved };
        Some((*member, ShiftMessage::Agreement(agreement)))
    }
}

const _: () = assert!(SHIFT_SLOTS_MAX >= 12);
