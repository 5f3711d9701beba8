//! Polls: announced, answered like assemblies, and told of by their building. They decide nothing and carry nothing out.

use protocol::assembly::{AssemblyId, PollNotice, PollRecord};
use protocol::limits::VOTES_OPEN_PER_BUILDING_MAX;

use super::announce::check_opens;
use super::entry::{AssemblyEntry, AssemblyEvent, AssemblyKey, BuildingVotes, Intake, PollState};
use super::{AssemblyReject, Desk, Overlay};
use crate::assembly::WrongRecord;
use crate::state::execute::Event;

pub(super) fn announce(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    notice: &PollNotice,
) -> Result<Event, AssemblyReject> {
    notice.check()?;
    let building = overlay.first_address(&notice.building);
    if building != desk.author {
        return Err(AssemblyReject::NotYours { expected: building, found: desk.author });
    }
    let vote = notice.vote();
    if overlay.intake(&vote).is_ok() {
        return Err(AssemblyReject::Known { what: "the poll" });
    }
    check_opens(desk, notice.opens)?;
    let votes = overlay.building_votes(&building);
    if votes.polls_open as usize >= VOTES_OPEN_PER_BUILDING_MAX {
        let max = VOTES_OPEN_PER_BUILDING_MAX as u64;
        return Err(AssemblyReject::Full { what: "polls of a building that are not concluded", max });
    }
    overlay.put_building_votes(building, BuildingVotes { polls_open: votes.polls_open + 1, ..votes });
    overlay.put_intake(vote, Intake::new(building, notice.opens, notice.closes));
    let poll = PollState { notice: *notice, announced: desk.at, result: None };
    overlay.put_vote(AssemblyKey::Poll(vote), AssemblyEntry::Poll(poll));
    Ok(Event::Assembly(AssemblyEvent::PollAnnounced { vote, building }))
}

pub(super) fn conclude(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    record: &PollRecord,
) -> Result<Event, AssemblyReject> {
    let vote = AssemblyId::new(*record.poll.as_bytes());
    let Some(AssemblyEntry::Poll(poll)) = overlay.vote(AssemblyKey::Poll(vote)) else {
        return Err(AssemblyReject::Unknown { what: "poll", found: vote });
    };
    let (poll, intake) = (poll.clone(), overlay.intake(&vote)?);
    if intake.building != desk.author {
        return Err(AssemblyReject::NotYours { expected: intake.building, found: desk.author });
    }
    if poll.result.is_some() {
        return Err(AssemblyReject::Known { what: "the poll's result" });
    }
    if desk.at.height <= intake.closes {
        return Err(AssemblyReject::Closes { closes: intake.closes, height: desk.at.height });
    }
    record.check(poll.notice.is_hidden)?;
    let (expected, found) = (intake.frontier.root(), record.ballots);
    if expected != found {
        return Err(WrongRecord::Ballots { expected, found }.into());
    }
    if u64::from(record.voters) > intake.frontier.size() {
        return Err(WrongRecord::Totals { what: "voters" }.into());
    }
    let votes = overlay.building_votes(&intake.building);
    let polls_open = votes.polls_open.checked_sub(1).expect("invariant: a poll is counted while it is open");
    overlay.put_building_votes(intake.building, BuildingVotes { polls_open, ..votes });
    let poll = PollState { result: Some((record.clone(), desk.at)), ..poll };
    overlay.put_vote(AssemblyKey::Poll(vote), AssemblyEntry::Poll(poll));
    Ok(Event::Assembly(AssemblyEvent::PollConcluded(vote)))
}
