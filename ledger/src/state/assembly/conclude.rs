//! What the votes came to. The ledger never sees a ballot; it checks that the result was made of exactly what came in,
//! that majority, sums and outcome follow from each other and from what was announced, and that chair and syndic answer
//! for it. Everybody of the building checks the rest from the ballots kept at home.

use protocol::assembly::{
    AssemblyId, Conclusion, Effect, ItemNumber, ItemResult, Opening, Outcome, Round, SignedConclusion,
    SignedMinutes, TallyRecord, Turnout,
};
use protocol::limits::{MINUTES_VERSIONS_MAX, RESOLUTIONS_MAX};
use protocol::{Digest, Invalid, encode};

use super::announce::breach;
use super::carry::{after_minutes, settle_effect};
use super::entry::{
    Assembly, AssemblyEntry, AssemblyEvent, AssemblyKey, BreachKind, BuildingVotes, Carried, Decision,
    MinutesHeld,
};
use super::{AssemblyReject, Desk, Overlay, joint};
use crate::assembly::{WrongRecord, check_record, check_turnout};
use crate::state::execute::Event;

pub(super) fn conclude(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    signed: &SignedConclusion,
) -> Result<Vec<Event>, AssemblyReject> {
    let conclusion = &signed.conclusion;
    let id = conclusion.assembly;
    let assembly = overlay.assembly(&id)?.clone();
    signed.verify(&assembly.opening.counters, &desk.context.chain)?;
    if conclusion.results.is_empty() {
        return Err(Invalid::Count { field: "results", min: 1, max: RESOLUTIONS_MAX, found: 0 }.into());
    }
    let brought = Digest::of("symbiose conclusion v1", &[&encode(conclusion)]);
    let refuse = |overlay: &mut Overlay<'_>, kind| Ok(vec![breach(overlay, desk, id, kind, brought)?]);
    if desk.at.height <= assembly.opening.closes {
        return refuse(overlay, BreachKind::ConcludedEarly);
    }
    match examine(overlay, &assembly, conclusion)? {
        Examined::Holds => Ok(record(overlay, desk, assembly, conclusion)),
        Examined::Breach(kind) => refuse(overlay, kind),
    }
}

enum Examined {
    Holds,
    Breach(BreachKind),
}

/// Looks at the items one after the other, each on top of those before.
fn examine(
    overlay: &Overlay<'_>,
    assembly: &Assembly,
    conclusion: &Conclusion,
) -> Result<Examined, AssemblyReject> {
    let (opening, id) = (&assembly.opening, conclusion.assembly);
    let root = overlay.intake(&id)?.frontier.root();
    let first = conclusion.results.first().map_or(ItemNumber(0), ItemResult::item);
    let expected = ItemNumber(assembly.concluded + 1);
    if first < expected {
        return examine_again(overlay, conclusion);
    }
    if first > expected {
        return Err(AssemblyReject::Item { expected, found: first });
    }
    let is_other_turnout = assembly.turnout.is_some_and(|turnout| turnout != conclusion.turnout);
    if is_other_turnout || check_turnout(opening, &conclusion.turnout).is_err() {
        return Ok(Examined::Breach(BreachKind::WrongResult(first)));
    }
    for (result, number) in conclusion.results.iter().zip(expected.0..) {
        let found = result.item();
        if found != ItemNumber(number) || usize::from(number) > opening.items.len() {
            return Err(AssemblyReject::Item { expected: ItemNumber(number), found });
        }
        let before = |item| earlier(overlay, conclusion, item);
        if check_result(opening, &conclusion.turnout, &root, before, result).is_err() {
            return Ok(Examined::Breach(BreachKind::WrongResult(found)));
        }
    }
    Ok(Examined::Holds)
}

/// Items that have their results: the same again is nothing new, others are a breach.
fn examine_again(overlay: &Overlay<'_>, conclusion: &Conclusion) -> Result<Examined, AssemblyReject> {
    for result in &conclusion.results {
        let key = AssemblyKey::Decision(conclusion.assembly, result.item());
        let Some(AssemblyEntry::Decision(decision)) = overlay.vote(key) else { break };
        if decision.result != *result {
            return Ok(Examined::Breach(BreachKind::TwoResults(result.item())));
        }
    }
    Err(AssemblyReject::Known { what: "the result" })
}

/// The record of an item before, of this conclusion or an earlier one.
fn earlier<'a>(
    overlay: &'a Overlay<'_>,
    conclusion: &'a Conclusion,
    item: ItemNumber,
) -> Option<&'a TallyRecord> {
    let here = conclusion.results.iter().find(|result| result.item() == item);
    let result = here.or_else(|| match overlay.vote(AssemblyKey::Decision(conclusion.assembly, item)) {
        Some(AssemblyEntry::Decision(decision)) => Some(&decision.result),
        Some(_) | None => None,
    })?;
    match result {
        ItemResult::Counted(record) => Some(record),
        ItemResult::NotPut(_) => None,
    }
}

fn check_result<'a>(
    opening: &Opening,
    turnout: &Turnout,
    root: &Digest,
    before: impl Fn(ItemNumber) -> Option<&'a TallyRecord>,
    result: &ItemResult,
) -> Result<(), WrongRecord> {
    let item = opening.item(result.item()).ok_or(WrongRecord::Other)?;
    let first = match item.round {
        Round::Second(first) => before(first),
        Round::First | Round::Again => None,
    };
    match (result, item.round) {
        (ItemResult::Counted(record), _) => check_record(opening, turnout, root, first, record),
        (ItemResult::NotPut(_), Round::Second(_)) => {
            let led_here = first.is_some_and(|first| matches!(first.outcome, Outcome::SecondVote(_)));
            if led_here { Err(WrongRecord::Outcome) } else { Ok(()) }
        }
        (ItemResult::NotPut(_), Round::First | Round::Again) => Err(WrongRecord::Outcome),
    }
}

/// Writes results that hold, and carries out what is due at once.
fn record(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    assembly: Assembly,
    conclusion: &Conclusion,
) -> Vec<Event> {
    let id = conclusion.assembly;
    let mut effects = Vec::new();
    let mut last = ItemNumber(assembly.concluded);
    for result in &conclusion.results {
        last = result.item();
        let decision = Decision { result: result.clone(), at: desk.at, carried: Carried::Nothing };
        overlay.put_decision(id, last, decision);
        let item = assembly.opening.item(last).expect("invariant: the result was checked").clone();
        let outcome = overlay.outcome(&id, last.0);
        if let (Some(question), Some(outcome)) = (item.joint, outcome) {
            overlay.set_carried(id, last, Carried::Jointly);
            effects.extend(joint::decide(overlay, desk, &question, &assembly.opening, &item, outcome));
        } else if outcome == Some(Outcome::Adopted) && item.effect != Effect::Nothing {
            effects.extend(settle_effect(overlay, desk, &assembly.opening, id, last, &item));
        }
    }
    let is_whole = usize::from(last.0) == assembly.opening.items.len();
    if is_whole {
        let building = overlay.first_address(&assembly.opening.building);
        let votes = overlay.building_votes(&building);
        let open = votes.assemblies_open.checked_sub(1);
        let assemblies_open = open.expect("invariant: an assembly is counted while it is open");
        overlay.put_building_votes(building, BuildingVotes { assemblies_open, ..votes });
    }
    let assembly = Assembly {
        turnout: Some(conclusion.turnout),
        concluded: last.0,
        ended: is_whole.then_some(desk.at),
        ..assembly
    };
    overlay.put_assembly(id, assembly);
    let mut events = vec![Event::Assembly(AssemblyEvent::Concluded { assembly: id, item: last, is_whole })];
    events.extend(effects);
    events
}

/// Puts the minutes on record, or a corrected version of them.
pub(super) fn record_minutes(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    signed: &SignedMinutes,
) -> Result<Vec<Event>, AssemblyReject> {
    let notice = signed.notice;
    let id = notice.assembly;
    let assembly = overlay.assembly(&id)?.clone();
    signed.verify(&assembly.opening.counters, &desk.context.chain)?;
    if assembly.ended.is_none() {
        return Err(AssemblyReject::NotConcluded);
    }
    let expected = assembly.minutes.map_or(1, |minutes| minutes.version + 1);
    if notice.version != expected {
        return Err(AssemblyReject::Number { expected, found: notice.version });
    }
    if expected > MINUTES_VERSIONS_MAX {
        let max = MINUTES_VERSIONS_MAX.into();
        return Err(AssemblyReject::Full { what: "versions of one assembly's minutes", max });
    }
    let minutes = MinutesHeld { minutes: notice.minutes, version: expected, at: desk.at };
    if expected == 1 {
        after_minutes(overlay, desk, id, &assembly);
    }
    overlay.put_assembly(id, Assembly { minutes: Some(minutes), ..assembly });
    Ok(vec![Event::Assembly(AssemblyEvent::Minutes { assembly: id, version: expected })])
}

impl Overlay<'_> {
    pub(super) fn decision(&self, assembly: &AssemblyId, item: ItemNumber) -> Option<&Decision> {
        match self.vote(AssemblyKey::Decision(*assembly, item)) {
            Some(AssemblyEntry::Decision(decision)) => Some(decision),
            Some(_) | None => None,
        }
    }

    fn put_decision(&mut self, assembly: AssemblyId, item: ItemNumber, decision: Decision) {
        let key = AssemblyKey::Decision(assembly, item);
        self.put_vote(key, AssemblyEntry::Decision(Box::new(decision)));
    }

    pub(super) fn set_carried(&mut self, assembly: AssemblyId, item: ItemNumber, carried: Carried) {
        let decision = self.decision(&assembly, item).expect("invariant: the item has its result").clone();
        self.put_decision(assembly, item, Decision { carried, ..decision });
    }
}
