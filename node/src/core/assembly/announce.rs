//! Announcing an assembly: registry, keys and texts of that moment are fixed and the ledger is told. It opens with the
//! first block behind the one that announces it, so that a quiet hive need not wait; where that came too late it is
//! announced again, each time with more room, and no resident can have voted on one that never stood.

use ledger::Reject;
use ledger::assembly::{CommitmentTree, Roll, commit_lot};
use ledger::state::assembly::AssemblyReject;
use protocol::assembly::{Counters, Duty, Item, Opening, PersonId, Registry};
use protocol::limits::VOTE_HEIGHTS_MAX;
use protocol::{Bounded, Digest, Height, Invalid, Now, PublicKey};

use super::hall::Outcome;
use super::kept::parts;
use super::meeting::{Gathering, Plan, Stored};
use super::{Done, HomeError, Kept, KeptKey, KeyStage, Who};
use crate::core::Core;
use crate::core::maintenance::Change;
use crate::core::outbox::Purpose;

/// Heights from the newest block to the first one with ballots: one for the announcement itself.
pub(super) const ROOM_FIRST: u64 = 2;
/// No more than so many, however often the announcement came late.
pub(super) const ROOM_MAX: u64 = 64;

impl Core {
    /// Tells the ledger. The registry of this moment is kept with it, and nothing of it changes afterwards.
    pub(super) fn announce_gathering(&mut self, now: Now, who: &Who, number: u32, blocks: u64) -> Outcome {
        self.office(who)?;
        if !(1..=VOTE_HEIGHTS_MAX).contains(&blocks) {
            return Err(Invalid::Range { field: "blocks", max: VOTE_HEIGHTS_MAX, found: blocks }.into());
        }
        let gathering = self.unannounced(number)?;
        if self.home.gatherings().values().any(|one| self.is_on_its_way(one)) {
            return Err(HomeError::Stage { expected: "is announced after the one before" });
        }
        let registry = self.home.registry().ok_or(HomeError::NoRegistry)?.clone();
        let head = self.ledger.head().height;
        let opening = self.opening(gathering, &registry, head, (ROOM_FIRST, blocks))?;
        let mut kept: Vec<Kept> = parts(number, &registry).into_iter().map(Kept::Part).collect();
        let gathering = self.home.gatherings.get_mut(&number).expect("invariant: it was just seen");
        gathering.registry = Some(registry);
        kept.push(announced(gathering, opening, head));
        self.keep(kept);
        self.bring(now, number);
        Ok(Done::Gathering(number))
    }

    /// What the ledger is told of an assembly; `room` heights lie between the newest block and the first one with
    /// ballots, `blocks` between the first and the last one with ballots.
    fn opening(
        &self,
        gathering: &Gathering,
        registry: &Registry,
        head: Height,
        (room, blocks): (u64, u64),
    ) -> Result<Opening, HomeError> {
        let plan = &gathering.stored.plan;
        let opens = Height(head.0 + room);
        let roll = Roll::of(registry, plan.day)?;
        let keys = self.home.residents().for_counting(head);
        let commitments: Vec<Digest> = roll
            .lots()
            .iter()
            .map(|lot| {
                let keys = lot.voter.map(|voter| keys.of(voter, opens)).unwrap_or_default();
                commit_lot(lot, &keys, &gathering.salt_of(lot.lot))
            })
            .collect();
        let counters = self.counters(&roll, registry, plan)?;
        let items = gathering
            .items
            .values()
            .map(|item| Item::of(&item.resolution, self.joint_of(&item.resolution)))
            .collect();
        let opening = Opening {
            building: self.origin(),
            number: self.ledger.state().building_votes(&self.origin()).assemblies + 1,
            law: roll.law,
            meeting: plan.meeting,
            roll: CommitmentTree::new(&commitments).root(),
            owners: u32::try_from(roll.owners().len()).expect("invariant: no more owners than lots"),
            votes: roll.votes(),
            items: Bounded::new(items)?,
            day: plan.day,
            opens,
            closes: Height(opens.0 + blocks),
            counters,
        };
        opening.check()?;
        Ok(opening)
    }

    /// Announced here and not yet on the ledger, which counts a building's assemblies.
    fn is_on_its_way(&self, gathering: &Gathering) -> bool {
        gathering.id().is_some_and(|id| self.ledger.state().assembly(&id).is_none())
    }

    /// Brings an announcement that the ledger does not have; one that no block can take any more is made anew.
    pub(super) fn bring_announcement(&mut self, now: Now, number: u32) {
        if self.outbox.holds(Purpose::Announcement(number)) {
            return;
        }
        let head = self.ledger.head().height;
        let opening = self.home.gatherings().get(&number).and_then(|one| one.stored.opening.as_ref());
        if opening.is_some_and(|opening| opening.opens <= head.next()) {
            self.announce_anew(number);
        }
        let opening = self.home.gatherings().get(&number).and_then(|one| one.stored.opening.clone());
        if let Some(opening) = opening {
            let action = protocol::assembly::AssemblyAction::Announce(Box::new(opening));
            self.wish(now, action, Purpose::Announcement(number));
        }
    }

    /// The ledger does not take the announcement. Where only its height or its number was taken it is made anew;
    /// otherwise it is a draft again, for the syndic to look at.
    pub(in crate::core) fn announcement_refused(&mut self, number: u32, reason: &Reject) {
        let Reject::Assembly(why) = reason else { return };
        if matches!(why, AssemblyReject::Opens { .. } | AssemblyReject::Number { .. }) {
            self.announce_anew(number);
        } else {
            self.take_back(number);
        }
    }

    /// The same announcement with a later first block and the keys of now. It is a draft again where that cannot be.
    fn announce_anew(&mut self, number: u32) {
        let head = self.ledger.head().height;
        let Some(gathering) = self.home.gatherings().get(&number) else { return };
        let stored = &gathering.stored;
        let (Some(before), Some(since)) = (&stored.opening, stored.announced) else { return };
        if self.ledger.state().assembly(&before.id()).is_some() {
            return;
        }
        let blocks = before.closes.0 - before.opens.0;
        let room = (before.opens.0.saturating_sub(since.0) * 2).clamp(ROOM_FIRST, ROOM_MAX);
        let registry = gathering.registry.as_ref().ok_or(HomeError::NoRegistry);
        match registry.and_then(|registry| self.opening(gathering, registry, head, (room, blocks))) {
            Ok(opening) => {
                let gathering = self.home.gatherings.get_mut(&number).expect("invariant: it was just seen");
                let kept = announced(gathering, opening, head);
                self.keep([kept]);
            }
            Err(error) => {
                tracing::warn!(number, %error, "an assembly cannot be announced as it is; it is a draft again");
                self.take_back(number);
            }
        }
    }

    /// Makes an announcement that the ledger never had a draft again.
    fn take_back(&mut self, number: u32) {
        let Some(gathering) = self.home.gatherings.get_mut(&number) else { return };
        let gone = gathering.registry.take().map(|registry| parts(number, &registry)).unwrap_or_default();
        let stored = &mut gathering.stored;
        (stored.opening, stored.announced, stored.revision) = (None, None, stored.revision + 1);
        let kept = Kept::Gathering(Box::new(stored.clone()));
        self.keep([kept]);
        let gone = gone.into_iter().map(|part| Change::DeleteKept(KeptKey::Part(part.book, part.index)));
        self.persist(gone.collect());
    }

    /// The keys of those who count: whoever chairs, the syndic, an assessor.
    fn counters(&self, roll: &Roll, registry: &Registry, plan: &Plan) -> Result<Counters, HomeError> {
        let key_of = |person: PersonId| self.first_key(person);
        let syndic = registry.persons.iter().map(|person| person.id);
        let mut syndic = syndic.filter(|person| roll.has_duty(*person, &[Duty::Syndic]));
        let expected = "has a syndic with a key that counts";
        let syndic = syndic.find_map(key_of).ok_or(HomeError::Stage { expected })?;
        let expected = "is chaired by an owner with a key that counts";
        let chair = plan.chair.and_then(key_of).ok_or(HomeError::Stage { expected })?;
        let expected = "has an assessor with a key that counts";
        let assessor = plan.assessors.iter().copied().find_map(key_of);
        let assessor = assessor.ok_or(HomeError::Stage { expected })?;
        Ok(Counters { chair, syndic, assessor })
    }

    /// The key of a person that has counted for longest.
    fn first_key(&self, person: PersonId) -> Option<PublicKey> {
        let own = self.home.residents().keys().filter(|key| key.person == person);
        let own = own.filter(|key| key.stage() == KeyStage::Counts);
        own.min_by_key(|key| (key.from, key.key)).map(|key| key.key)
    }
}

fn announced(gathering: &mut Gathering, opening: Opening, head: Height) -> Kept {
    let stored: &mut Stored = &mut gathering.stored;
    (stored.opening, stored.announced) = (Some(opening), Some(head));
    stored.revision += 1;
    Kept::Gathering(Box::new(stored.clone()))
}
