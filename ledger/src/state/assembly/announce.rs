//! Announcing an assembly: from then on voters, texts, heights and effects are fixed. Who announces another one under the
//! same number is put on record.

use protocol::assembly::{AssemblyId, ItemResult, Meeting, Opening, Outcome, RuleSet};
use protocol::limits::{BREACHES_PER_ASSEMBLY_MAX, VOTES_OPEN_PER_BUILDING_MAX};
use protocol::{Address, Digest, Height};

use super::entry::{
    Assembly, AssemblyEntry, AssemblyEvent, AssemblyKey, Breach, BreachKind, BuildingVotes, Intake,
};
use super::joint::check_asked;
use super::{AssemblyReject, Desk, Overlay};
use crate::assembly::{CommitmentFrontier, deadlines};
use crate::state::execute::Event;

pub(super) fn announce(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    opening: &Opening,
) -> Result<Vec<Event>, AssemblyReject> {
    opening.check()?;
    let building = overlay.first_address(&opening.building);
    if building != desk.author {
        return Err(AssemblyReject::NotYours { expected: building, found: desk.author });
    }
    let votes = overlay.building_votes(&building);
    let (expected, found) = (votes.assemblies + 1, opening.number);
    if found < expected {
        return again(overlay, desk, building, opening);
    }
    if found > expected {
        return Err(AssemblyReject::Number { expected, found });
    }
    check(overlay, desk, building, opening)?;
    if votes.assemblies_open as usize >= VOTES_OPEN_PER_BUILDING_MAX {
        let max = VOTES_OPEN_PER_BUILDING_MAX as u64;
        return Err(AssemblyReject::Full { what: "assemblies of a building that are not concluded", max });
    }
    let (assemblies, assemblies_open) = (votes.assemblies + 1, votes.assemblies_open + 1);
    overlay.put_building_votes(building, BuildingVotes { assemblies, assemblies_open, ..votes });
    let id = opening.id();
    overlay.put_vote(AssemblyKey::Numbered(building, found), AssemblyEntry::Numbered(id));
    overlay.put_intake(id, Intake::new(building, opening.opens, opening.closes));
    let assembly = Assembly {
        opening: opening.clone(),
        announced: desk.at,
        turnout: None,
        concluded: 0,
        ended: None,
        minutes: None,
    };
    overlay.put_assembly(id, assembly);
    Ok(vec![Event::Assembly(AssemblyEvent::Announced { assembly: id, building })])
}

/// A number that is taken: the same announcement is nothing new, another one is a breach.
fn again(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    building: Address,
    opening: &Opening,
) -> Result<Vec<Event>, AssemblyReject> {
    let key = AssemblyKey::Numbered(building, opening.number);
    let Some(AssemblyEntry::Numbered(first)) = overlay.vote(key) else {
        return Err(AssemblyReject::Number { expected: 1, found: opening.number });
    };
    let (first, id) = (*first, opening.id());
    if first == id {
        return Err(AssemblyReject::Known { what: "the assembly" });
    }
    let brought = Digest::new(*id.as_bytes());
    Ok(vec![breach(overlay, desk, first, BreachKind::AnnouncedAgain, brought)?])
}

fn check(
    overlay: &Overlay<'_>,
    desk: &Desk<'_>,
    building: Address,
    opening: &Opening,
) -> Result<(), AssemblyReject> {
    check_opens(desk, opening.opens)?;
    for (item, number) in opening.items.iter().zip(1..) {
        if opening.law.majority(item.matter).is_none() {
            return Err(AssemblyReject::Matter { item: protocol::assembly::ItemNumber(number) });
        }
        if let Some(question) = &item.joint {
            check_asked(overlay, question, &building)?;
        }
    }
    match opening.meeting {
        Meeting::First => Ok(()),
        Meeting::WithoutQuorum(before) | Meeting::ForUnanimity(before) => {
            check_follows(overlay, building, opening, before)
        }
    }
}

/// A vote opens after the block that announces it, so that everybody knows of it first.
pub(super) fn check_opens(desk: &Desk<'_>, opens: Height) -> Result<(), AssemblyReject> {
    let height = desk.at.height;
    if opens <= height { Err(AssemblyReject::Opens { opens, height }) } else { Ok(()) }
}

/// The assembly before was the same building's, could not decide, and lies back as far as the law wants.
fn check_follows(
    overlay: &Overlay<'_>,
    building: Address,
    opening: &Opening,
    before: AssemblyId,
) -> Result<(), AssemblyReject> {
    let first = overlay.assembly(&before)?;
    let wrong = |detail| Err(AssemblyReject::Follows { detail });
    if overlay.first_address(&first.opening.building) != building {
        return wrong("it is of another building");
    }
    if first.ended.is_none() {
        return wrong("it is not concluded");
    }
    let (ended_so, day) = match opening.meeting {
        Meeting::WithoutQuorum(_) => {
            (Outcome::NoQuorum, deadlines::second_meeting(opening.law, first.opening.day))
        }
        Meeting::ForUnanimity(_) => {
            (Outcome::Again, deadlines::unanimity_again(opening.law, first.opening.day))
        }
        Meeting::First => return Ok(()),
    };
    let Some(day) = day else { return wrong("this law knows no such assembly") };
    if !day.is_kept(opening.day) {
        return wrong("it is not long enough ago");
    }
    let items = (1..=first.concluded).filter_map(|item| overlay.outcome(&before, item));
    if items.into_iter().all(|outcome| outcome != ended_so) {
        return wrong("it did decide");
    }
    assert_eq!(opening.law, RuleSet::Belgium2020, "invariant: only this law has such assemblies");
    Ok(())
}

/// Puts on record what the rules do not allow. The same thing once.
pub(super) fn breach(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    assembly: AssemblyId,
    kind: BreachKind,
    brought: Digest,
) -> Result<Event, AssemblyReject> {
    let mut intake = overlay.intake(&assembly)?;
    for number in 1..=intake.breaches {
        let key = AssemblyKey::Breach(assembly, number);
        if matches!(overlay.vote(key), Some(AssemblyEntry::Breach(breach)) if breach.brought == brought) {
            return Err(AssemblyReject::Known { what: "the breach" });
        }
    }
    if intake.breaches >= BREACHES_PER_ASSEMBLY_MAX {
        let max = BREACHES_PER_ASSEMBLY_MAX.into();
        return Err(AssemblyReject::Full { what: "breaches of one assembly", max });
    }
    intake.breaches += 1;
    let key = AssemblyKey::Breach(assembly, intake.breaches);
    overlay.put_vote(key, AssemblyEntry::Breach(Breach { kind, at: desk.at, brought }));
    overlay.put_intake(assembly, intake);
    Ok(Event::Assembly(AssemblyEvent::Breach { assembly, kind }))
}

impl Intake {
    pub(super) fn new(building: Address, opens: Height, closes: Height) -> Self {
        let frontier = CommitmentFrontier::default();
        let none = 0;
        Self {
            building,
            opens,
            closes,
            frontier,
            papers: none,
            early: none,
            late: none,
            replayed: none,
            excess: none,
            breaches: none,
            broken_promises: none,
        }
    }
}

impl Overlay<'_> {
    /// How the vote on an item ended; none where there was none.
    pub(super) fn outcome(&self, assembly: &AssemblyId, item: u16) -> Option<Outcome> {
        let key = AssemblyKey::Decision(*assembly, protocol::assembly::ItemNumber(item));
        let Some(AssemblyEntry::Decision(decision)) = self.vote(key) else { return None };
        match &decision.result {
            ItemResult::Counted(record) => Some(record.outcome),
            ItemResult::NotPut(_) => None,
        }
    }
}
