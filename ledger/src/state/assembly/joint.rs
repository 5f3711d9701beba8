//! One question to several buildings: the authorities put it and fix with it how many have to adopt and what follows;
//! each building answers by its own law; when the last one has, it is decided and carried out once.

use std::collections::BTreeMap;

use protocol::assembly::{Effect, Item, JointQuestion, Opening, Outcome};
use protocol::limits::JOINT_OPEN_MAX;
use protocol::{Address, Bounded, Digest, TransactionId, UnixMs};

use super::carry::{Order, appeal_ends, carry_out};
use super::entry::{AssemblyEntry, AssemblyEvent, AssemblyKey, Carried, Cause, JointState};
use super::{AssemblyReject, Desk, Overlay};
use crate::assembly::{Standing, decide_jointly, is_final};
use crate::error::Reject;
use crate::state::execute::{BlockContext, Event};

/// Whether the authorities may put a question.
pub(in crate::state) fn check_question(
    overlay: &Overlay<'_>,
    question: &JointQuestion,
) -> Result<(), Reject> {
    question.check().map_err(AssemblyReject::from)?;
    let is_member = |address: &Address| {
        let current = overlay.current(address);
        overlay.member(&current).is_some_and(|member| !member.revoked) && overlay.origin(&current) == *address
    };
    if !question.buildings.iter().all(is_member) {
        return Err(Reject::Action { detail: "a building that is asked is not a member by its first key" });
    }
    if overlay.joint(&question.id()).is_some() {
        return Err(AssemblyReject::Known { what: "the question" }.into());
    }
    let open = overlay.joints().into_iter().filter(|joint| joint.decided.is_none()).count();
    if open >= JOINT_OPEN_MAX {
        let max = JOINT_OPEN_MAX as u64;
        return Err(AssemblyReject::Full { what: "questions that are not decided", max }.into());
    }
    Ok(())
}

/// Puts a question that was checked.
pub(in crate::state) fn ask(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    question: &JointQuestion,
) -> Event {
    let joint = JointState {
        question: question.clone(),
        asked: context.height,
        outcomes: Bounded::default(),
        not_before: UnixMs(0),
        decided: None,
        is_adopted: false,
        carried: Carried::Nothing,
    };
    let id = question.id();
    overlay.put_joint(id, joint);
    Event::Assembly(AssemblyEvent::Asked(id))
}

/// Whether a building may answer a question.
pub(super) fn check_asked(
    overlay: &Overlay<'_>,
    question: &Digest,
    building: &Address,
) -> Result<(), AssemblyReject> {
    let joint = overlay.joint(question).ok_or(AssemblyReject::NotAsked)?;
    let is_open = joint.decided.is_none() && joint.outcomes.iter().all(|(answered, _)| answered != building);
    if is_open && joint.question.buildings.contains(building) {
        Ok(())
    } else {
        Err(AssemblyReject::NotAsked)
    }
}

/// Takes in how one building's vote ended. What is final stays; the last one decides.
pub(super) fn decide(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    id: &Digest,
    opening: &Opening,
    item: &Item,
    outcome: Outcome,
) -> Vec<Event> {
    let building = overlay.first_address(&opening.building);
    // A building may have put the question on two agendas; its first final answer is the one that counts.
    if !is_final(outcome) || check_asked(overlay, id, &building).is_err() {
        return Vec::new();
    }
    let mut joint = overlay.joint(id).expect("invariant: checked just above").clone();
    let mut outcomes: BTreeMap<Address, Outcome> = joint.outcomes.iter().copied().collect();
    outcomes.insert(building, outcome);
    if item.after_appeal {
        // Where the time runs from minutes that are still to come, they are taken to come within the month they may.
        let month = UnixMs(desk.at.time.0.saturating_add(31 * 24 * 60 * 60 * 1000));
        let ends = appeal_ends(opening, Some(month)).unwrap_or(month);
        joint.not_before = joint.not_before.max(ends);
    }
    let standing = decide_jointly(&joint.question, &outcomes).standing;
    let outcomes = outcomes.into_iter().collect();
    joint.outcomes = Bounded::new(outcomes).expect("invariant: only buildings asked answer");
    let is_adopted = match standing {
        Standing::Open => {
            overlay.put_joint(*id, joint);
            return Vec::new();
        }
        Standing::Adopted => true,
        Standing::Refused => false,
    };
    (joint.decided, joint.is_adopted) = (Some(desk.at), is_adopted);
    let not_before = joint.not_before;
    let has_effect = joint.question.effect != Effect::Nothing;
    overlay.put_joint(*id, joint);
    let mut events = vec![Event::Assembly(AssemblyEvent::DecidedJointly { question: *id, is_adopted })];
    if is_adopted && has_effect {
        let cause = Cause::Joint(*id);
        if not_before > desk.at.time {
            overlay.wait(cause, not_before);
        } else {
            let (building, decision, effect, transaction) = order_of(overlay, *id);
            let effect = &effect;
            let order = Order { cause, building, decision, effect, is_agreed: true, transaction };
            events.extend(carry_out(overlay, desk.context, &order));
        }
    }
    events
}

/// What a decided question orders.
pub(super) fn order_of(overlay: &Overlay<'_>, id: Digest) -> (Address, Digest, Effect, TransactionId) {
    let why = "invariant: what is due follows from a decided question";
    let joint = overlay.joint(&id).expect(why);
    let transaction = joint.decided.expect(why).transaction;
    (overlay.first_address(&joint.question.lead), id, joint.question.effect.clone(), transaction)
}

impl Overlay<'_> {
    fn joint(&self, id: &Digest) -> Option<&JointState> {
        match self.vote(AssemblyKey::Joint(*id)) {
            Some(AssemblyEntry::Joint(joint)) => Some(joint),
            Some(_) | None => None,
        }
    }

    fn put_joint(&mut self, id: Digest, joint: JointState) {
        self.put_vote(AssemblyKey::Joint(id), AssemblyEntry::Joint(Box::new(joint)));
    }

    pub(super) fn set_jointly_carried(&mut self, id: Digest, carried: Carried) {
        let joint = self.joint(&id).expect("invariant: the question was put").clone();
        self.put_joint(id, JointState { carried, ..joint });
    }

    fn joints(&self) -> Vec<JointState> {
        let [from, to] = [[0; 32], [0xff; 32]].map(|bytes| AssemblyKey::Joint(Digest::new(bytes)));
        let entries = self.range(super::Key::Assembly(from)..=super::Key::Assembly(to));
        let joint = |(_, entry)| {
            let super::Entry::Assembly(AssemblyEntry::Joint(joint)) = entry else { return None };
            Some(*joint)
        };
        entries.into_iter().filter_map(joint).collect()
    }
}
