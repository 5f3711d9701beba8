//! What the votes of an assembly came to: counted from what stands on the ledger, signed by chair and syndic, brought to
//! the ledger part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::assembly::{
    Attendance, BallotBox, Hall, Minutes, Presence, Proxies, Quorum, Roll, Tally, Verdict, minutes, tally,
};
use protocol::assembly::{
    AssemblyAction, AssemblyId, Conclusion, ItemNumber, ItemResult, Outcome, PersonId, Round,
    SignedConclusion, Turnout,
};
use protocol::limits::RESULTS_PER_PART_MAX;
use protocol::{Bounded, Digest, Now, Signature};

use super::meeting::{Gathering, ResultSignatures};
use super::urn::{CameIn, grounds};
use super::{Done, HomeError, Kept, Who};
use crate::core::Core;
use crate::core::outbox::Purpose;

/// An assembly counted out.
#[derive(Debug)]
pub struct Counted {
    /// Who was there at the start.
    pub quorum: Quorum,
    /// Each item; none for a second vote that nothing led to.
    pub tallies: BTreeMap<ItemNumber, Option<Tally>>,
    /// What the minutes say.
    pub minutes: Minutes,
    /// What became of everything that came in.
    pub verdicts: BTreeMap<Digest, Verdict>,
    /// Who votes for which lot.
    pub roll: Roll,
    /// Which proxies count.
    pub proxies: Proxies,
}

impl Counted {
    /// The parts that chair and syndic sign.
    pub fn conclusions(&self, assembly: AssemblyId) -> Vec<Conclusion> {
        let turnout = Turnout { owners: self.quorum.owners_present, votes: self.quorum.votes_present };
        let result = |(item, tally): (&ItemNumber, &Option<Tally>)| match tally {
            Some(tally) => ItemResult::Counted(Box::new(tally.record.clone())),
            None => ItemResult::NotPut(*item),
        };
        let results: Vec<ItemResult> = self.tallies.iter().map(result).collect();
        let part = |results: &[ItemResult]| {
            let results = Bounded::new(results.to_vec()).expect("invariant: cut to its bound");
            Conclusion { assembly, turnout, results }
        };
        results.chunks(RESULTS_PER_PART_MAX).map(part).collect()
    }
}

impl Core {
    /// What an assembly comes to, counted once and again when anything changed. While it is open only attendance is of
    /// use.
    pub fn counted(&self, gathering: &Gathering) -> Result<Arc<Counted>, HomeError> {
        gathering.count.get_or_init(|| self.count_out(gathering).map(Arc::new)).clone()
    }

    fn count_out(&self, gathering: &Gathering) -> Result<Counted, HomeError> {
        let chain = self.ledger.chain();
        let (opening, _, announced, roll) = grounds(gathering)?;
        let keys = self.home.residents.for_counting(announced);
        let assessors: Vec<PersonId> = gathering.stored.plan.assessors.to_vec();
        let hall = Hall::new(opening, &roll, &keys, &assessors);
        let mut came = CameIn::of(&chain, gathering, |_| true);
        if let Some(first) = self.home.without_quorum(gathering) {
            came.carry_over(&chain, first);
        }
        let proxies = Proxies::admit(&hall, came.proxies.clone());
        let intake = self.ledger.state().intake(&opening.id()).ok_or(HomeError::NoAssembly)?;
        let root = intake.frontier.root();
        let mut verdicts: BTreeMap<Digest, Verdict> = BTreeMap::new();
        let mut counts = BTreeMap::new();
        for (item, stored) in &gathering.items {
            let of_item = came.ballots.iter().filter(|one| one.value.ballot().item == *item).cloned();
            let ballots: Vec<_> = of_item.collect();
            let count = BallotBox::new(&hall, &proxies, &stored.resolution)?.count(&ballots, &came.papers)?;
            for (commitment, verdict) in &count.verdicts {
                let is_known =
                    verdicts.get(commitment).is_some_and(|known| matches!(known, Verdict::Counts(_)));
                if !is_known {
                    verdicts.insert(*commitment, *verdict);
                }
            }
            counts.insert(*item, count);
        }
        let presences = presences(gathering, counts.values().flat_map(|count| count.votes.iter().flatten()));
        let attendance = Attendance::new(&hall, &proxies, &presences);
        let quorum = attendance.quorum();
        let mut tallies: BTreeMap<ItemNumber, Option<Tally>> = BTreeMap::new();
        for (item, stored) in &gathering.items {
            let first = match stored.resolution.round {
                Round::Second(before) => tallies.get(&before).and_then(Option::as_ref),
                Round::First | Round::Again => None,
            };
            let leads = |tally: &Tally| matches!(tally.record.outcome, Outcome::SecondVote(_));
            let is_put = !matches!(stored.resolution.round, Round::Second(_)) || first.is_some_and(leads);
            let counted = if is_put {
                Some(tally(&attendance, &stored.resolution, &counts[item], first, root)?)
            } else {
                None
            };
            tallies.insert(*item, counted);
        }
        let all: Vec<Tally> = tallies.values().flatten().cloned().collect();
        let minutes = minutes(&roll, quorum.clone(), &proxies, &all);
        Ok(Counted { quorum, tallies, minutes, verdicts, proxies: proxies.clone(), roll })
    }

    /// The parts that chair and syndic sign, once the last block has passed.
    pub fn conclusions(&self, gathering: &Gathering) -> Result<Vec<Conclusion>, HomeError> {
        let opening = gathering.stored.opening.as_ref().ok_or(HomeError::NoAssembly)?;
        if self.ledger.head().height < opening.closes {
            return Err(HomeError::Stage { expected: "is closed" });
        }
        Ok(self.counted(gathering)?.conclusions(opening.id()))
    }

    /// Takes what the chair or the syndic signed; with both the results go to the ledger.
    pub(super) fn sign_results(
        &mut self,
        now: Now,
        who: &Who,
        number: u32,
        signatures: &[Signature],
    ) -> Result<Done, HomeError> {
        let gathering = self.home.gatherings.get(&number).ok_or(HomeError::NoAssembly)?;
        let counters = gathering.stored.opening.as_ref().ok_or(HomeError::NoAssembly)?.counters;
        let parts = self.conclusions(gathering)?;
        let expected = "the chair or the syndic, with the key that was announced";
        if parts.len() != signatures.len() || who.person.is_none() {
            return Err(HomeError::NotYours { expected });
        }
        let chain = self.ledger.chain();
        let is_of = |key: &protocol::PublicKey| {
            let mut pairs = parts.iter().zip(signatures);
            pairs.all(|(part, signature)| part.is_signed_by(key, signature, &chain))
        };
        let (by_chair, by_syndic) = (is_of(&counters.chair), is_of(&counters.syndic));
        if !by_chair && !by_syndic {
            return Err(HomeError::NotYours { expected });
        }
        let mut held: Vec<ResultSignatures> = gathering.stored.signatures.to_vec();
        held.resize(parts.len(), ResultSignatures::default());
        for (held, signature) in held.iter_mut().zip(signatures) {
            if by_chair {
                held.chair = Some(*signature);
            }
            if by_syndic {
                held.syndic = Some(*signature);
            }
        }
        let gathering = self.home.gatherings.get_mut(&number).expect("invariant: it was just seen");
        gathering.stored.signatures = Bounded::new(held)?;
        let stored = gathering.stored.clone();
        self.keep([Kept::Gathering(Box::new(stored))]);
        self.bring(now, number);
        Ok(Done::Gathering(number))
    }

    /// Brings the next part of the results that both signed.
    pub(super) fn bring_results(&mut self, now: Now, number: u32) {
        let Some(gathering) = self.home.gatherings.get(&number) else { return };
        let held = gathering.stored.signatures.to_vec();
        let Some(id) = gathering.id().filter(|_| !held.is_empty()) else { return };
        let Some(concluded) = self.ledger.state().assembly(&id).map(|assembly| assembly.concluded) else {
            return;
        };
        let Ok(parts) = self.conclusions(gathering) else { return };
        let next = usize::from(concluded) / RESULTS_PER_PART_MAX;
        let signed = parts.into_iter().zip(held).nth(next);
        let Some((conclusion, ResultSignatures { chair: Some(by_chair), syndic: Some(by_syndic) })) = signed
        else {
            return;
        };
        let signed = SignedConclusion { conclusion, by_chair, by_syndic };
        self.wish(now, AssemblyAction::Conclude(Box::new(signed)), Purpose::Results(number));
    }
}

/// Who votes from afar is there from the start, as is everybody whom the syndic saw come.
fn presences<'a>(
    gathering: &Gathering,
    votes: impl Iterator<Item = &'a ledger::assembly::LotVote>,
) -> Vec<Presence> {
    let mut presences = gathering.presences();
    let seen: BTreeSet<PersonId> = presences.iter().map(|presence| presence.person).collect();
    let afar: BTreeSet<PersonId> =
        votes.map(|vote| vote.by).filter(|person| !seen.contains(person)).collect();
    presences.extend(afar.into_iter().map(|person| Presence {
        person,
        is_remote: true,
        from: 0,
        until: None,
    }));
    presences
}
