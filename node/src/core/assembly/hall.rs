//! Assemblies: prepared by the syndic, attended. Texts change until the announcement only.

use ledger::assembly::deadlines::{self, Deadline};
use protocol::assembly::{Base, ChargeId, Day, Effect, ItemNumber, Meeting, Resolution, RuleSet};
use protocol::energy::Salt;
use protocol::limits::{ASSEMBLIES_KEPT_MAX, RESOLUTIONS_MAX};
use protocol::{Bounded, Invalid, Now};

use super::meeting::{DocumentName, Gathering, Plan, Stored, StoredItem, StoredPresence};
use super::{Act, Done, HomeError, Kept, KeptKey, Who};
use crate::core::Core;
use crate::core::maintenance::Change;

pub(super) type Outcome = Result<Done, HomeError>;

impl Core {
    pub(super) fn act_on_gathering(&mut self, now: Now, who: &Who, act: Act) -> Outcome {
        match act {
            Act::Prepare { number, plan, seed, items } => self.prepare(who, number, *plan, seed, items),
            Act::Drop(number) => self.drop_gathering(who, number),
            Act::Announce { number, blocks } => self.announce_gathering(now, who, number, blocks),
            Act::Attend { number, presences } => self.attend(who, number, presences),
            Act::HandIn(body) => self.hand_in(now, *body),
            Act::Carry(vote, commitment) => self.carry(now, vote, commitment),
            Act::Watch(promise) => self.watch(now, &promise),
            Act::SignMinutes { number, minutes, signature } => {
                self.sign_minutes(now, who, number, (minutes, signature))
            }
            Act::Sign { number, signatures } => self.sign_results(now, who, number, &signatures),
            Act::PutRegistry { .. }
            | Act::Erase(_)
            | Act::Look(..)
            | Act::SetObjection(_)
            | Act::Write(_)
            | Act::AddDevice(_)
            | Act::Bind(_)
            | Act::Object(_)
            | Act::SetAside(_)
            | Act::End(_)
            | Act::Lose(_)
            | Act::KeepDocument(..)
            | Act::SignSheet(..)
            | Act::DropSheet(_)
            | Act::AskPoll(_)
            | Act::AnswerPoll(_)
            | Act::Agree(_) => unreachable!("invariant: these are done at the desk"),
        }
    }

    fn prepare(
        &mut self,
        who: &Who,
        number: Option<(u32, u64)>,
        plan: Plan,
        seed: Salt,
        items: Vec<(Resolution, Vec<DocumentName>)>,
    ) -> Outcome {
        self.office(who)?;
        let registry = self.home.registry().ok_or(HomeError::NoRegistry)?;
        let law =
            registry.law_on(plan.day).ok_or(ledger::assembly::AssemblyError::NoLaw { day: plan.day })?;
        for person in [plan.chair, plan.secretary].into_iter().flatten().chain(plan.assessors.iter().copied())
        {
            registry.person(person).ok_or(HomeError::NoPerson { person })?;
        }
        if items.is_empty() || items.len() > RESOLUTIONS_MAX {
            let found = items.len();
            return Err(Invalid::Count { field: "items", min: 1, max: RESOLUTIONS_MAX, found }.into());
        }
        self.check_meeting(&plan, law, &items)?;
        for ((resolution, _), number) in items.iter().zip(1..) {
            resolution.check()?;
            let (item, matter) = (resolution.item, resolution.matter);
            if item != ItemNumber(number) {
                return Err(HomeError::NoItem { item });
            }
            law.majority(matter).ok_or(ledger::assembly::AssemblyError::NoMajority { law, matter })?;
            if let Some(charge) = charge_of(resolution.base)
                && registry.charge(charge).is_none()
            {
                return Err(ledger::assembly::AssemblyError::NoCharge { charge }.into());
            }
            if self.joint_of(resolution).is_some() && resolution.effect != Effect::Nothing {
                let expected = "none, as it is that of the question to several buildings";
                return Err(Invalid::Text { field: "effect", expected, found: 0 }.into());
            }
            if let Some(document) = resolution.documents.iter().find(|one| self.home.shelf.get(one).is_none())
            {
                return Err(HomeError::NoDocument { document: *document });
            }
        }
        let (number, revision, seed) = match number {
            Some((number, found)) => {
                let known = self.unannounced(number)?;
                let expected = known.stored.revision;
                if found != expected {
                    return Err(HomeError::Revision { expected, found });
                }
                (number, expected + 1, known.stored.seed)
            }
            None => {
                if self.home.gatherings.len() >= ASSEMBLIES_KEPT_MAX {
                    return Err(HomeError::Full { field: "assemblies", max: ASSEMBLIES_KEPT_MAX });
                }
                let last = self.home.gatherings.last_key_value().map_or(0, |(number, _)| *number);
                (last + 1, 1, seed)
            }
        };
        let stored = Stored {
            number,
            revision,
            plan,
            seed,
            opening: None,
            announced: None,
            presences: Bounded::default(),
            signatures: Bounded::default(),
        };
        let mut gathering = Gathering::new(stored.clone());
        let mut kept = vec![Kept::Gathering(Box::new(stored))];
        for (resolution, documents) in items {
            let documents = Bounded::new(documents)?;
            let item = StoredItem { number, resolution, documents };
            kept.push(Kept::Item(Box::new(item.clone())));
            gathering.items.insert(item.resolution.item, item);
        }
        let before = self.home.gatherings.insert(number, gathering);
        let gone = before.into_iter().flat_map(|before| before.items.into_keys());
        let kept_now = &self.home.gatherings[&number].items;
        let gone: Vec<Change> = gone
            .filter(|item| !kept_now.contains_key(item))
            .map(|item| Change::DeleteKept(KeptKey::Item(number, item.0)))
            .collect();
        self.keep(kept);
        self.persist(gone);
        Ok(Done::Gathering(number))
    }

    /// An assembly that is held again has items of the first one only, and the law says from which day on.
    fn check_meeting(
        &self,
        plan: &Plan,
        law: RuleSet,
        items: &[(Resolution, Vec<DocumentName>)],
    ) -> Result<(), HomeError> {
        let (first, from): (_, fn(RuleSet, Day) -> Option<Deadline>) = match plan.meeting {
            Meeting::First => return Ok(()),
            Meeting::WithoutQuorum(first) => (first, deadlines::second_meeting),
            Meeting::ForUnanimity(first) => (first, deadlines::unanimity_again),
        };
        let before = self.home.gathering(&first).ok_or(HomeError::NoAssembly)?;
        if let Some(deadline) = from(law, before.stored.plan.day)
            && !deadline.is_kept(plan.day)
        {
            return Err(HomeError::TooSoon { first: deadline.day });
        }
        let is_same = |new: &Resolution, old: &Resolution| {
            (&new.title, &new.text, new.matter, new.base) == (&old.title, &old.text, old.matter, old.base)
        };
        let was_there = |new: &Resolution| before.items.values().any(|old| is_same(new, &old.resolution));
        match items.iter().find(|(new, _)| !was_there(new)) {
            None => Ok(()),
            Some((new, _)) => Err(HomeError::NoItem { item: new.item }),
        }
    }

    pub(super) fn unannounced(&self, number: u32) -> Result<&Gathering, HomeError> {
        let found = self.home.gatherings.get(&number).ok_or(HomeError::NoAssembly)?;
        match found.stored.opening {
            None => Ok(found),
            Some(_) => Err(HomeError::Stage { expected: "was not announced" }),
        }
    }

    fn drop_gathering(&mut self, who: &Who, number: u32) -> Outcome {
        self.office(who)?;
        self.unannounced(number)?;
        let gone = self.home.gatherings.remove(&number).expect("invariant: it was just seen");
        let items = gone.items.into_keys().map(|item| KeptKey::Item(number, item.0));
        let keys = items.chain([KeptKey::Gathering(number)]);
        self.persist(keys.map(Change::DeleteKept).collect());
        Ok(Done::Nothing)
    }

    fn attend(&mut self, who: &Who, number: u32, presences: Vec<StoredPresence>) -> Outcome {
        self.office(who)?;
        let gathering = self.home.gatherings.get_mut(&number).ok_or(HomeError::NoAssembly)?;
        let expected = "is announced and has no result yet";
        if gathering.stored.opening.is_none() || !gathering.stored.signatures.is_empty() {
            return Err(HomeError::Stage { expected });
        }
        let registry = gathering.registry.as_ref().ok_or(HomeError::NoRegistry)?;
        for StoredPresence { person, .. } in &presences {
            registry.person(*person).ok_or(HomeError::NoPerson { person: *person })?;
        }
        gathering.stored.presences = Bounded::new(presences)?;
        gathering.stored.revision += 1;
        let stored = gathering.stored.clone();
        self.keep([Kept::Gathering(Box::new(stored))]);
        Ok(Done::Gathering(number))
    }
}

fn charge_of(base: Base) -> Option<ChargeId> {
    match base {
        Base::Whole => None,
        Base::Charge(charge) => Some(charge),
    }
}
