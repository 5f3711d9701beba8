//! Assemblies on the ledger: announced with everything that may not change any more, fed with commitments, concluded when
//! their last height has passed, carried out once. Names, lots and answers stay in the building; what the rules do not
//! allow and somebody tried all the same is put on record.

mod announce;
mod carry;
mod conclude;
mod entry;
mod joint;
mod poll;
mod reject;
mod view;

pub use entry::{
    Assembly, AssemblyEntry, AssemblyEvent, AssemblyKey, Breach, BreachKind, BrokenPromise, BuildingVotes,
    Carried, Cause, Decision, EnteredAt, Intake, JointState, MinutesHeld, NotCounted, PollState,
};
pub use reject::AssemblyReject;

pub(super) use carry::carry_out_due;
pub(super) use joint::{ask, check_question};

use protocol::assembly::{AssemblyAction, AssemblyId, PaperEntry, Promise, SignedPromise};
use protocol::limits::{BROKEN_PROMISES_MAX, COMMITMENTS_OF_BUILDING_MAX, COMMITMENTS_OF_NEIGHBOUR_MAX};
use protocol::{Address, Digest, TransactionId, encode};

use super::Overlay;
use super::entry::{Entry, Key, Place};
use super::execute::{BlockContext, Event};
use crate::error::Reject;
use crate::planted::Bug;

/// Where a transaction about assemblies stands, and who brought it.
#[derive(Debug, Clone, Copy)]
struct Desk<'a> {
    context: &'a BlockContext,
    /// The author, by the address of its first key.
    author: Address,
    at: Place,
}

/// Does what a member asks for. On an error nothing was written.
pub(super) fn act(
    overlay: &mut Overlay<'_>,
    context: &BlockContext,
    author: Address,
    action: &AssemblyAction,
    transaction: TransactionId,
) -> Result<Vec<Event>, Reject> {
    let at = Place { height: context.height, time: context.time, transaction };
    let desk = Desk { context, author: overlay.origin(&author), at };
    Ok(match action {
        AssemblyAction::Announce(opening) => announce::announce(overlay, &desk, opening)?,
        AssemblyAction::Commit(brought) => {
            brought.check().map_err(AssemblyReject::from)?;
            take_in(overlay, &desk, brought.vote, &brought.commitments, false)?
        }
        AssemblyAction::EnterPaper(entry) => enter_paper(overlay, &desk, entry)?,
        AssemblyAction::Conclude(signed) => conclude::conclude(overlay, &desk, signed)?,
        AssemblyAction::Minutes(signed) => conclude::record_minutes(overlay, &desk, signed)?,
        AssemblyAction::Accuse(promise) => vec![accuse(overlay, &desk, promise)?],
        AssemblyAction::AnnouncePoll(notice) => vec![poll::announce(overlay, &desk, notice)?],
        AssemblyAction::ConcludePoll(record) => vec![poll::conclude(overlay, &desk, record)?],
    })
}

/// Puts commitments behind those that came before. What does not count is counted by its reason.
fn take_in(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    vote: AssemblyId,
    commitments: &[Digest],
    is_paper: bool,
) -> Result<Vec<Event>, AssemblyReject> {
    let mut intake = overlay.intake(&vote)?;
    let mut brought = overlay.brought(&vote, &desk.author);
    let most = if intake.building == desk.author {
        COMMITMENTS_OF_BUILDING_MAX
    } else {
        COMMITMENTS_OF_NEIGHBOUR_MAX
    };
    let (height, transaction) = (desk.at.height, desk.at.transaction);
    let planted = desk.context.planted;
    let mut events = Vec::with_capacity(commitments.len());
    for commitment in commitments {
        let key = AssemblyKey::Entered(vote, *commitment);
        if is_paper
            && height <= intake.closes
            && !planted.is(Bug::BallotTwice)
            && let Some(at) = unmarked(overlay, key)
        {
            // Whoever saw the sheet on its way brought its commitment first: it stands where it stands, as paper.
            overlay.put_vote(key, AssemblyEntry::Entered(EnteredAt { is_paper: true, ..at }));
            intake.papers += 1;
            let (commitment, index) = (*commitment, at.index);
            events.push(Event::Assembly(AssemblyEvent::Entered { vote, commitment, index }));
            continue;
        }
        let refused = if overlay.vote(key).is_some() && !planted.is(Bug::BallotTwice) {
            Some((&mut intake.replayed, NotCounted::Replayed))
        } else if height < intake.opens {
            Some((&mut intake.early, NotCounted::Early))
        } else if height > intake.closes && !planted.is(Bug::LateBallot) {
            Some((&mut intake.late, NotCounted::Late))
        } else if brought >= most {
            Some((&mut intake.excess, NotCounted::Excess))
        } else {
            None
        };
        let commitment = *commitment;
        if let Some((count, why)) = refused {
            *count = count.saturating_add(1);
            events.push(Event::Assembly(AssemblyEvent::NotCounted { vote, commitment, why }));
            continue;
        }
        let index = intake.frontier.size();
        intake.frontier.push(&commitment);
        brought += 1;
        let entered = EnteredAt { index, height, transaction, is_paper };
        overlay.put_vote(key, AssemblyEntry::Entered(entered));
        intake.papers += u32::from(is_paper);
        events.push(Event::Assembly(AssemblyEvent::Entered { vote, commitment, index }));
    }
    overlay.put_vote(AssemblyKey::Brought(vote, desk.author), AssemblyEntry::Brought(brought));
    overlay.put_intake(vote, intake);
    Ok(events)
}

/// Where a commitment stands that nobody has said to be paper.
fn unmarked(overlay: &Overlay<'_>, key: AssemblyKey) -> Option<EnteredAt> {
    match overlay.vote(key) {
        Some(AssemblyEntry::Entered(at)) if !at.is_paper => Some(*at),
        Some(_) | None => None,
    }
}

fn enter_paper(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    entry: &PaperEntry,
) -> Result<Vec<Event>, AssemblyReject> {
    let counters = overlay.assembly(&entry.assembly)?.opening.counters;
    entry.verify(&counters, &desk.context.chain)?;
    take_in(overlay, desk, entry.assembly, &[entry.commitment], true)
}

/// Puts a promise on record that its node did not keep: its last height has passed and the commitment stands in no block
/// up to it.
fn accuse(
    overlay: &mut Overlay<'_>,
    desk: &Desk<'_>,
    signed: &SignedPromise,
) -> Result<Event, AssemblyReject> {
    let promise = &signed.promise;
    let vote = promise.assembly;
    let mut intake = overlay.intake(&vote)?;
    let nothing = |detail| Err(AssemblyReject::Promise { detail });
    let node = Address::of(&promise.node);
    if overlay.key_of(&node) != Some(promise.node) {
        return nothing("no member signed it");
    }
    if signed.verify(&desk.context.chain).is_err() {
        return nothing("its heights or its signature do not hold");
    }
    if desk.at.height <= promise.by {
        return nothing("there is time left");
    }
    if let Some(AssemblyEntry::Entered(at)) = overlay.vote(AssemblyKey::Entered(vote, promise.commitment))
        && at.height <= promise.by
    {
        return nothing("it was kept");
    }
    let key = AssemblyKey::BrokenPromise(vote, broken_key(promise));
    if overlay.vote(key).is_some() {
        return Err(AssemblyReject::Known { what: "the promise" });
    }
    if intake.broken_promises >= BROKEN_PROMISES_MAX {
        let max = BROKEN_PROMISES_MAX.into();
        return Err(AssemblyReject::Full { what: "broken promises of one vote", max });
    }
    intake.broken_promises += 1;
    overlay.put_intake(vote, intake);
    let member = overlay.first_address(&node);
    let broken = BrokenPromise { promise: signed.clone(), member, at: desk.at };
    overlay.put_vote(key, AssemblyEntry::BrokenPromise(Box::new(broken)));
    Ok(Event::Assembly(AssemblyEvent::BrokenPromise { vote, member }))
}

/// What a broken promise stands under.
fn broken_key(promise: &Promise) -> Digest {
    Digest::of("symbiose broken promise v1", &[&encode(promise)])
}

impl Overlay<'_> {
    fn vote(&self, key: AssemblyKey) -> Option<&AssemblyEntry> {
        match self.get(&Key::Assembly(key)) {
            Some(Entry::Assembly(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }

    fn put_vote(&mut self, key: AssemblyKey, entry: AssemblyEntry) {
        self.put(Key::Assembly(key), Entry::Assembly(entry));
    }

    /// The address of the first key of whoever has or had this one.
    fn first_address(&self, address: &Address) -> Address {
        self.origin(&self.current(address))
    }

    fn assembly(&self, id: &AssemblyId) -> Result<&Assembly, AssemblyReject> {
        match self.vote(AssemblyKey::Assembly(*id)) {
            Some(AssemblyEntry::Assembly(assembly)) => Ok(assembly),
            Some(_) | None => Err(AssemblyReject::Unknown { what: "assembly", found: *id }),
        }
    }

    fn put_assembly(&mut self, id: AssemblyId, assembly: Assembly) {
        self.put_vote(AssemblyKey::Assembly(id), AssemblyEntry::Assembly(Box::new(assembly)));
    }

    fn intake(&self, vote: &AssemblyId) -> Result<Intake, AssemblyReject> {
        match self.vote(AssemblyKey::Intake(*vote)) {
            Some(AssemblyEntry::Intake(intake)) => Ok((**intake).clone()),
            Some(_) | None => Err(AssemblyReject::Unknown { what: "assembly or poll", found: *vote }),
        }
    }

    fn put_intake(&mut self, vote: AssemblyId, intake: Intake) {
        self.put_vote(AssemblyKey::Intake(vote), AssemblyEntry::Intake(Box::new(intake)));
    }

    fn brought(&self, vote: &AssemblyId, member: &Address) -> u32 {
        match self.vote(AssemblyKey::Brought(*vote, *member)) {
            Some(AssemblyEntry::Brought(brought)) => *brought,
            Some(_) | None => 0,
        }
    }

    fn building_votes(&self, building: &Address) -> BuildingVotes {
        match self.vote(AssemblyKey::Building(*building)) {
            Some(AssemblyEntry::Building(votes)) => *votes,
            Some(_) | None => BuildingVotes::default(),
        }
    }

    fn put_building_votes(&mut self, building: Address, votes: BuildingVotes) {
        self.put_vote(AssemblyKey::Building(building), AssemblyEntry::Building(votes));
    }
}
