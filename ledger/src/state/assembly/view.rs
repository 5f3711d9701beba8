//! What anybody who holds the ledger may read of assemblies and polls.

use std::ops::RangeInclusive;

use protocol::assembly::{
    AssemblyAction, AssemblyId, Commission, Commitments, Effect, ItemNumber, ItemResult,
};
use protocol::{Address, Digest};

use super::broken_key;
use super::entry::{
    Assembly, AssemblyEntry, AssemblyKey, Breach, BrokenPromise, BuildingVotes, Cause, Decision, EnteredAt,
    Intake, JointState, PollState,
};
use crate::assembly::CommitmentTree;
use crate::state::State;
use crate::state::entry::{Entry, Key};

const FIRST: AssemblyId = AssemblyId::new([0; 32]);
const LAST: AssemblyId = AssemblyId::new([0xff; 32]);
const LOWEST: Digest = Digest::new([0; 32]);
const HIGHEST: Digest = Digest::new([0xff; 32]);

impl State {
    /// A building's counts, under whatever key.
    pub fn building_votes(&self, building: &Address) -> BuildingVotes {
        match self.vote(AssemblyKey::Building(self.token_account(building))) {
            Some(AssemblyEntry::Building(votes)) => *votes,
            Some(_) | None => BuildingVotes::default(),
        }
    }

    /// An assembly.
    pub fn assembly(&self, id: &AssemblyId) -> Option<&Assembly> {
        match self.vote(AssemblyKey::Assembly(*id)) {
            Some(AssemblyEntry::Assembly(assembly)) => Some(assembly),
            Some(_) | None => None,
        }
    }

    /// Every assembly of the hive, in order of id.
    pub fn assemblies(&self) -> impl Iterator<Item = (AssemblyId, &Assembly)> {
        self.votes(AssemblyKey::Assembly(FIRST)..=AssemblyKey::Assembly(LAST)).filter_map(|(key, entry)| {
            match (key, entry) {
                (AssemblyKey::Assembly(id), AssemblyEntry::Assembly(assembly)) => Some((id, &**assembly)),
                _ => None,
            }
        })
    }

    /// The assemblies of one building in the order in which they were announced.
    pub fn assemblies_of(&self, building: &Address) -> impl DoubleEndedIterator<Item = AssemblyId> {
        let building = self.token_account(building);
        let all = AssemblyKey::Numbered(building, 0)..=AssemblyKey::Numbered(building, u32::MAX);
        self.votes(all).filter_map(|(_, entry)| {
            let AssemblyEntry::Numbered(id) = entry else { return None };
            Some(*id)
        })
    }

    /// A poll, under [`protocol::assembly::PollNotice::vote`].
    pub fn poll(&self, vote: &AssemblyId) -> Option<&PollState> {
        match self.vote(AssemblyKey::Poll(*vote)) {
            Some(AssemblyEntry::Poll(poll)) => Some(poll),
            Some(_) | None => None,
        }
    }

    /// Every poll of the hive, in order of id.
    pub fn polls(&self) -> impl Iterator<Item = (AssemblyId, &PollState)> {
        self.votes(AssemblyKey::Poll(FIRST)..=AssemblyKey::Poll(LAST)).filter_map(|(key, entry)| {
            match (key, entry) {
                (AssemblyKey::Poll(id), AssemblyEntry::Poll(poll)) => Some((id, poll)),
                _ => None,
            }
        })
    }

    /// What came in for an assembly or a poll, in sums.
    pub fn intake(&self, vote: &AssemblyId) -> Option<&Intake> {
        match self.vote(AssemblyKey::Intake(*vote)) {
            Some(AssemblyEntry::Intake(intake)) => Some(intake),
            Some(_) | None => None,
        }
    }

    /// Where a commitment stands that came in.
    pub fn entered(&self, vote: &AssemblyId, commitment: &Digest) -> Option<&EnteredAt> {
        match self.vote(AssemblyKey::Entered(*vote, *commitment)) {
            Some(AssemblyEntry::Entered(at)) => Some(at),
            Some(_) | None => None,
        }
    }

    /// How many commitments a member brought for an assembly or a poll that count, under whatever key.
    pub fn brought(&self, vote: &AssemblyId, member: &Address) -> u32 {
        match self.vote(AssemblyKey::Brought(*vote, self.token_account(member))) {
            Some(AssemblyEntry::Brought(brought)) => *brought,
            Some(_) | None => 0,
        }
    }

    /// Commitments that begin with these bytes, in whatever vote they came in; at most `most`. Looked up in an order of
    /// their own: however many votes there were, it takes as long as the logarithm of what came in.
    pub fn entered_like(&self, prefix: &[u8], most: usize) -> Vec<(AssemblyId, Digest, EnteredAt)> {
        let bound = |fill: u8| {
            let mut bytes = [fill; Digest::LEN];
            let length = prefix.len().min(Digest::LEN);
            bytes[..length].copy_from_slice(&prefix[..length]);
            Digest::new(bytes)
        };
        let found = self.entered.range((bound(0), FIRST)..=(bound(0xff), LAST));
        let at = |(commitment, vote): &(Digest, AssemblyId)| {
            let at = self.entered(vote, commitment).expect("invariant: what is in one order is in the other");
            (*vote, *commitment, *at)
        };
        found.take(most).map(at).collect()
    }

    /// Everything that came in and counts, in the order in which it came.
    pub fn commitments(&self, vote: &AssemblyId) -> Vec<(Digest, EnteredAt)> {
        let all = AssemblyKey::Entered(*vote, LOWEST)..=AssemblyKey::Entered(*vote, HIGHEST);
        let entered = self.votes(all).filter_map(|(key, entry)| match (key, entry) {
            (AssemblyKey::Entered(_, commitment), AssemblyEntry::Entered(at)) => Some((commitment, *at)),
            _ => None,
        });
        let mut commitments: Vec<_> = entered.collect();
        commitments.sort_by_key(|(_, at)| at.index);
        commitments
    }

    /// The tree over all of it, whose root a tally names.
    pub fn commitment_tree(&self, vote: &AssemblyId) -> CommitmentTree {
        let commitments: Vec<Digest> = self.commitments(vote).into_iter().map(|(digest, _)| digest).collect();
        CommitmentTree::new(&commitments)
    }

    /// What became of an item.
    pub fn decision(&self, id: &AssemblyId, item: ItemNumber) -> Option<&Decision> {
        match self.vote(AssemblyKey::Decision(*id, item)) {
            Some(AssemblyEntry::Decision(decision)) => Some(decision),
            Some(_) | None => None,
        }
    }

    /// What became of the items of an assembly, in their order.
    pub fn decisions(&self, id: &AssemblyId) -> impl DoubleEndedIterator<Item = (ItemNumber, &Decision)> {
        let all =
            AssemblyKey::Decision(*id, ItemNumber(0))..=AssemblyKey::Decision(*id, ItemNumber(u16::MAX));
        self.votes(all).filter_map(|(key, entry)| match (key, entry) {
            (AssemblyKey::Decision(_, item), AssemblyEntry::Decision(decision)) => Some((item, &**decision)),
            _ => None,
        })
    }

    /// What is on record against an assembly's rules.
    pub fn breaches(&self, id: &AssemblyId) -> impl Iterator<Item = &Breach> {
        let all = AssemblyKey::Breach(*id, 0)..=AssemblyKey::Breach(*id, u32::MAX);
        self.votes(all).filter_map(|(_, entry)| {
            let AssemblyEntry::Breach(breach) = entry else { return None };
            Some(breach)
        })
    }

    /// Promises for an assembly or a poll that were not kept.
    pub fn broken_promises(&self, vote: &AssemblyId) -> impl Iterator<Item = &BrokenPromise> {
        let all = AssemblyKey::BrokenPromise(*vote, LOWEST)..=AssemblyKey::BrokenPromise(*vote, HIGHEST);
        self.votes(all).filter_map(|(_, entry)| {
            let AssemblyEntry::BrokenPromise(broken) = entry else { return None };
            Some(&**broken)
        })
    }

    /// A question to several buildings.
    pub fn joint_question(&self, id: &Digest) -> Option<&JointState> {
        match self.vote(AssemblyKey::Joint(*id)) {
            Some(AssemblyEntry::Joint(joint)) => Some(joint),
            Some(_) | None => None,
        }
    }

    /// Every question to several buildings, in order of id.
    pub fn joint_questions(&self) -> impl Iterator<Item = (Digest, &JointState)> {
        self.votes(AssemblyKey::Joint(LOWEST)..=AssemblyKey::Joint(HIGHEST)).filter_map(
            |(key, entry)| match (key, entry) {
                (AssemblyKey::Joint(id), AssemblyEntry::Joint(joint)) => Some((id, &**joint)),
                _ => None,
            },
        )
    }

    /// The decision that a building's work order follows from, by the order's reference, with what was ordered and the
    /// hash of the resolution or of the question.
    pub fn commission(&self, building: &Address, reference: &Digest) -> Option<(Cause, Commission, Digest)> {
        let is_it = |cause: Cause| (cause.reference() == *reference).then_some(cause);
        let of_assembly = |id: AssemblyId| {
            let items = self.assembly(&id)?.opening.items.iter().zip(1..);
            items.into_iter().find_map(|(item, number)| {
                let Effect::WorkOrder(commission) = &item.effect else { return None };
                Some((is_it(Cause::Item(id, ItemNumber(number)))?, *commission, item.resolution))
            })
        };
        let of_question = |(id, joint): (Digest, &JointState)| {
            let Effect::WorkOrder(commission) = &joint.question.effect else { return None };
            Some((is_it(Cause::Joint(id))?, *commission, id))
        };
        let own = self.assemblies_of(building).rev().find_map(of_assembly);
        own.or_else(|| self.joint_questions().find_map(of_question))
    }

    /// Whether the ledger has what a member asks it to record about assemblies, so that nobody need ask again.
    pub fn has_assembly_action(&self, action: &AssemblyAction) -> bool {
        match action {
            AssemblyAction::Announce(opening) => self.assembly(&opening.id()).is_some(),
            AssemblyAction::Commit(Commitments { vote, commitments }) => {
                commitments.iter().all(|commitment| self.entered(vote, commitment).is_some())
            }
            AssemblyAction::EnterPaper(entry) => {
                self.entered(&entry.assembly, &entry.commitment).is_some_and(|at| at.is_paper)
            }
            AssemblyAction::Conclude(signed) => {
                let conclusion = &signed.conclusion;
                let is_there =
                    |result: &ItemResult| self.decision(&conclusion.assembly, result.item()).is_some();
                conclusion.results.iter().all(is_there)
            }
            AssemblyAction::Minutes(signed) => {
                let held = self.assembly(&signed.notice.assembly).and_then(|assembly| assembly.minutes);
                held.is_some_and(|minutes| minutes.version >= signed.notice.version)
            }
            AssemblyAction::Accuse(signed) => {
                let key = AssemblyKey::BrokenPromise(signed.promise.assembly, broken_key(&signed.promise));
                self.vote(key).is_some()
            }
            AssemblyAction::AnnouncePoll(notice) => self.poll(&notice.vote()).is_some(),
            AssemblyAction::ConcludePoll(record) => {
                let vote = AssemblyId::new(*record.poll.as_bytes());
                self.poll(&vote).is_some_and(|poll| poll.result.is_some())
            }
        }
    }

    fn vote(&self, key: AssemblyKey) -> Option<&AssemblyEntry> {
        match self.get(&Key::Assembly(key)) {
            Some(Entry::Assembly(entry)) => Some(entry),
            Some(_) | None => None,
        }
    }

    fn votes(
        &self,
        range: RangeInclusive<AssemblyKey>,
    ) -> impl DoubleEndedIterator<Item = (AssemblyKey, &AssemblyEntry)> {
        self.entries.range(Key::Assembly(*range.start())..=Key::Assembly(*range.end())).filter_map(
            |(key, entry)| match (key, entry) {
                (Key::Assembly(key), Entry::Assembly(entry)) => Some((*key, entry)),
                _ => None,
            },
        )
    }
}
