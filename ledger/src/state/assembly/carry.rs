//! Carrying decisions out: once, at the block that records the result or at the first one after the time in which a judge
//! may be asked. Money moves only by a person: what is carried out names the most that may be spent.

use protocol::assembly::{AssemblyId, Day, Effect, Item, ItemNumber, Opening, RuleSet};
use protocol::limits::EFFECTS_PER_BLOCK_MAX;
use protocol::{Address, Digest, OpenWorkOrder, TransactionId, UnixMs};

use super::entry::{Assembly, AssemblyEntry, AssemblyEvent, AssemblyKey, Carried, Cause};
use super::{Desk, Overlay};
use crate::assembly::deadlines::carried_out_from;
use crate::error::Reject;
use crate::planted::Bug;
use crate::state::execute::{BlockContext, Event};
use crate::state::{governance, maintenance};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What is carried out, and on whose word.
pub(super) struct Order<'a> {
    pub(super) cause: Cause,
    /// The building, by the address of its first key.
    pub(super) building: Address,
    /// The decision, by its salted hash.
    pub(super) decision: Digest,
    pub(super) effect: &'a Effect,
    /// Whether the authorities have agreed to it already, when they put the question.
    pub(super) is_agreed: bool,
    pub(super) transaction: TransactionId,
}

/// Carries out what an item decided, or notes until when it waits.
pub(super) fn settle_effect(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    opening: &Opening,
    id: AssemblyId,
    number: ItemNumber,
    item: &Item,
) -> Vec<Event> {
    let cause = Cause::Item(id, number);
    if item.after_appeal {
        match appeal_ends(opening, None) {
            Some(time) => overlay.wait(cause, time),
            None => overlay.set_carried(id, number, Carried::AwaitsMinutes),
        }
        return Vec::new();
    }
    let order = Order {
        cause,
        building: overlay.first_address(&opening.building),
        decision: item.resolution,
        effect: &item.effect,
        is_agreed: false,
        transaction: desk.at.transaction,
    };
    carry_out(overlay, desk.context, &order)
}

/// When nobody can ask a judge any more, at the latest: the day begins everywhere. None where that is counted from the
/// minutes and they are not there.
pub(super) fn appeal_ends(opening: &Opening, minutes: Option<UnixMs>) -> Option<UnixMs> {
    let notified = match (opening.law, minutes) {
        (RuleSet::Belgium2020, _) => opening.day,
        (RuleSet::France2020, Some(time)) => day_of(time),
        (RuleSet::France2020, None) => return None,
    };
    let day = carried_out_from(opening.law, opening.day, notified);
    Some(UnixMs(i64::from(day.0).saturating_add(1).saturating_mul(DAY_MS)))
}

fn day_of(time: UnixMs) -> Day {
    Day(i32::try_from(time.0.div_euclid(DAY_MS)).unwrap_or(i32::MAX))
}

/// The minutes are there: the time for an appeal runs.
pub(super) fn after_minutes(overlay: &mut Overlay<'_>, desk: &Desk<'_>, id: AssemblyId, assembly: &Assembly) {
    let Some(time) = appeal_ends(&assembly.opening, Some(desk.at.time)) else { return };
    for number in (1..=assembly.concluded).map(ItemNumber) {
        let waits = overlay.decision(&id, number).map(|decision| decision.carried);
        if waits == Some(Carried::AwaitsMinutes) {
            overlay.wait(Cause::Item(id, number), time);
        }
    }
}

/// Carries out what was to wait until now. Called once at the beginning of each block.
pub(in crate::state) fn carry_out_due(overlay: &mut Overlay<'_>, context: &BlockContext) -> Vec<Event> {
    let due = overlay.due(context.time);
    let mut events = Vec::new();
    for (time, cause) in due {
        if !context.planted.is(Bug::DecisionTwice) {
            overlay.remove_vote(AssemblyKey::Due(time, cause));
        }
        let order = match cause {
            Cause::Item(id, number) => order_of_item(overlay, id, number),
            Cause::Joint(question) => super::joint::order_of(overlay, question),
        };
        let (building, decision, effect, transaction) = order;
        let is_agreed = matches!(cause, Cause::Joint(_));
        let order = Order { cause, building, decision, effect: &effect, is_agreed, transaction };
        events.extend(carry_out(overlay, context, &order));
    }
    events
}

fn order_of_item(
    overlay: &Overlay<'_>,
    id: AssemblyId,
    number: ItemNumber,
) -> (Address, Digest, Effect, TransactionId) {
    let why = "invariant: what is due follows from a decision";
    let opening = &overlay.assembly(&id).expect(why).opening;
    let item = opening.item(number).expect(why);
    let transaction = overlay.decision(&id, number).expect(why).at.transaction;
    (overlay.first_address(&opening.building), item.resolution, item.effect.clone(), transaction)
}

/// Carries an effect out and notes it, or that it did not apply any more.
pub(super) fn carry_out(overlay: &mut Overlay<'_>, context: &BlockContext, order: &Order<'_>) -> Vec<Event> {
    let Order { cause, building, effect, .. } = *order;
    let Ok(mut events) = try_out(overlay, context, order) else {
        overlay.note(cause, Carried::Impossible(context.height));
        return vec![Event::Assembly(AssemblyEvent::Impossible { cause })];
    };
    overlay.note(cause, Carried::Done(context.height));
    let effect = effect.clone();
    events.push(Event::Assembly(AssemblyEvent::CarriedOut { cause, building, effect }));
    events
}

fn try_out(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    order: &Order<'_>,
) -> Result<Vec<Event>, Reject> {
    let author = overlay.current(&order.building);
    match order.effect {
        Effect::Nothing | Effect::Purchase(_) | Effect::Policy(_) => Ok(Vec::new()),
        Effect::WorkOrder(commission) => {
            let member = overlay.member(&author).filter(|member| !member.revoked);
            let member = member.ok_or(Reject::NotMember { author })?.clone();
            let open = OpenWorkOrder {
                reference: order.cause.reference(),
                asset: commission.asset,
                kind: commission.kind,
                policy: order.decision,
                severity: commission.severity,
                commitment: commission.commitment,
            };
            maintenance::open(overlay, context, author, &member, &open, order.transaction)
        }
        Effect::Action(action) if order.is_agreed => governance::decide(overlay, context, action),
        Effect::Action(action) => governance::suggest(overlay, context, author, action),
    }
}

impl Cause {
    /// What a work order that follows from it is known by.
    pub fn reference(&self) -> Digest {
        Digest::of("symbiose decision v1", &[&protocol::encode(self)])
    }
}

impl Overlay<'_> {
    /// Notes that an effect waits.
    pub(super) fn wait(&mut self, cause: Cause, until: UnixMs) {
        self.put_vote(AssemblyKey::Due(until, cause), AssemblyEntry::Due);
        self.note(cause, Carried::Due(until));
    }

    pub(super) fn note(&mut self, cause: Cause, carried: Carried) {
        match cause {
            Cause::Item(id, number) => self.set_carried(id, number, carried),
            Cause::Joint(question) => self.set_jointly_carried(question, carried),
        }
    }

    /// The first effects whose time has come, in order.
    fn due(&self, now: UnixMs) -> Vec<(UnixMs, Cause)> {
        let none = Cause::Item(AssemblyId::new([0; 32]), ItemNumber(0));
        let all = Cause::Joint(Digest::new([0xff; 32]));
        let (from, to) = (AssemblyKey::Due(UnixMs(i64::MIN), none), AssemblyKey::Due(now, all));
        let range = super::Key::Assembly(from)..=super::Key::Assembly(to);
        let due = self.range(range).into_iter().filter_map(|(key, _)| {
            let super::Key::Assembly(AssemblyKey::Due(time, cause)) = key else { return None };
            Some((time, cause))
        });
        due.take(EFFECTS_PER_BLOCK_MAX).collect()
    }

    fn remove_vote(&mut self, key: AssemblyKey) {
        self.remove(super::Key::Assembly(key));
    }
}
