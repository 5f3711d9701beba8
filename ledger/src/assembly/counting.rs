//! Which ballots count. Per lot and resolution: what was given in the room, else the owner's own ballot, else the
//! proxy's, else the postal form; of one kind the highest sequence. Whatever does not count is kept with its reason, so
//! that everybody finds their ballot.

use std::collections::{BTreeMap, BTreeSet};

use protocol::Digest;
use protocol::assembly::{
    Answer, AssemblyId, Choice, Day, ItemNumber, LotId, PersonId, Resolution, RuleId, RuleSet, Sheet,
    VerifiedBallot, VerifiedPaper, Votes,
};

use super::error::{AssemblyError, Refused};
use super::keys::{Entered, Place};
use super::proxies::{Hall, Proxies};

/// How an answer came, in ascending order of what it overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// On a form by post.
    Post,
    /// Signed by a proxy's key.
    ByProxy,
    /// Given in the room by a proxy.
    ByProxyInRoom,
    /// Signed by the voter's own key.
    Signed,
    /// Given in the room.
    InRoom,
}

/// The answer that counts for a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotVote {
    /// The answer.
    pub choice: Choice,
    /// Who gave it.
    pub by: PersonId,
    /// How it came.
    pub way: Way,
    /// What the ledger knows it by.
    pub commitment: Digest,
}

/// What became of a ballot or sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It counts for this many lots.
    Counts(u32),
    /// Another one took its place for all its lots.
    Replaced,
    /// Another one with the same sequence says something else: neither counts.
    Void,
    /// It does not count.
    Refused(Refused),
}

/// A count of one resolution.
#[derive(Debug, Clone)]
pub struct Count {
    /// The answer of each lot, in the order of the roll.
    pub votes: Vec<Option<LotVote>>,
    /// Lots whose postal form answers a text that was changed, in the order of the roll: they count as defaulting.
    pub defaulting: BTreeSet<usize>,
    /// What became of everything that came in.
    pub verdicts: BTreeMap<Digest, Verdict>,
    /// Times something came again that had come before.
    pub replayed: u32,
}

/// One answer for some lots, ready to be compared with others.
struct Claim {
    places: Vec<usize>,
    way: Way,
    sequence: u64,
    choice: Choice,
    by: PersonId,
    commitment: Digest,
    is_outdated: bool,
}

/// Everything that came in for one resolution.
#[derive(Debug, Clone, Copy)]
pub struct BallotBox<'a> {
    hall: &'a Hall<'a>,
    proxies: &'a Proxies,
    resolution: &'a Resolution,
    hash: Digest,
}

impl<'a> BallotBox<'a> {
    /// The box of a resolution that was opened.
    pub fn new(
        hall: &'a Hall<'a>,
        proxies: &'a Proxies,
        resolution: &'a Resolution,
    ) -> Result<Self, AssemblyError> {
        let (item, found) = (resolution.item, resolution.hash());
        let expected = hall.opening.hash_of(item).copied();
        if expected != Some(found) {
            return Err(AssemblyError::OtherResolution { item, expected, found });
        }
        Ok(Self { hall, proxies, resolution, hash: found })
    }

    /// Counts. The order in which things are given does not matter.
    pub fn count(
        &self,
        ballots: &[Entered<VerifiedBallot>],
        papers: &[Entered<VerifiedPaper>],
    ) -> Result<Count, AssemblyError> {
        let weights = self.hall.roll.weights(self.resolution.base)?;
        let mut verdicts = BTreeMap::new();
        let mut claims = Vec::new();
        let mut replayed = 0;
        let signed = in_order(ballots).map(|entered| {
            let commitment = entered.value.commitment();
            (commitment, self.signed(&entered.value, entered.at, &weights))
        });
        let on_paper = in_order(papers)
            .map(|entered| (entered.value.commitment(), self.on_paper(&entered.value, entered.at, &weights)));
        for (commitment, claim) in signed.chain(on_paper) {
            if verdicts.contains_key(&commitment) {
                replayed += 1;
                continue;
            }
            let verdict = match claim {
                Ok(claim) => {
                    claims.push(claim);
                    Verdict::Replaced
                }
                Err(why) => Verdict::Refused(why),
            };
            verdicts.insert(commitment, verdict);
        }
        Ok(settle(self.hall.roll.lots().len(), &claims, verdicts, replayed))
    }

    fn signed(&self, verified: &VerifiedBallot, at: Place, weights: &[Votes]) -> Result<Claim, Refused> {
        let ballot = verified.ballot();
        let answer = Answer { item: ballot.item, resolution: ballot.resolution, choice: ballot.choice };
        self.check(ballot.assembly, answer, at)?;
        let by = self.hall.keys.person(&ballot.voter, at, self.hall.opening.opens)?;
        let places = self.places(&ballot.lots, by, ballot.proxy, weights)?;
        let expected = places.iter().map(|place| weights[*place]).sum();
        if ballot.votes != expected {
            return Err(Refused::OtherWeight { expected, found: ballot.votes });
        }
        let way = if ballot.proxy.is_some() { Way::ByProxy } else { Way::Signed };
        let (sequence, choice, commitment) = (ballot.sequence, ballot.choice, verified.commitment());
        Ok(Claim { places, way, sequence, choice, by, commitment, is_outdated: false })
    }

    fn on_paper(&self, verified: &VerifiedPaper, at: Place, weights: &[Votes]) -> Result<Claim, Refused> {
        let paper = verified.paper();
        self.hall.countersigned(verified, at)?;
        let (by, sequence, commitment) = (paper.person, paper.sequence, verified.commitment());
        match &paper.sheet {
            Sheet::Proxy(_) => Err(Refused::NoBallot),
            Sheet::Ballot(ballot) => {
                self.check(paper.assembly, ballot.answer, at)?;
                let places = self.places(&ballot.lots, by, ballot.proxy, weights)?;
                let way = if ballot.proxy.is_some() { Way::ByProxyInRoom } else { Way::InRoom };
                let choice = ballot.answer.choice;
                Ok(Claim { places, way, sequence, choice, by, commitment, is_outdated: false })
            }
            Sheet::Postal(form) => {
                let Some(last) = last_day_by_post(self.hall.roll.law, self.hall.roll.day) else {
                    return Err(Refused::NoPost);
                };
                if form.received > last {
                    return Err(Refused::LatePost { last, found: form.received });
                }
                let answer = form.answers.iter().find(|answer| answer.item == self.resolution.item);
                let answer = *answer.ok_or(Refused::OtherItem { found: ItemNumber(0) })?;
                let current = Answer { resolution: self.hash, ..answer };
                self.check(paper.assembly, current, at)?;
                let places = self.places(&form.lots, by, None, weights)?;
                let is_outdated = answer.resolution != self.hash;
                let choice = answer.choice;
                Ok(Claim { places, way: Way::Post, sequence, choice, by, commitment, is_outdated })
            }
        }
    }

    fn check(&self, assembly: AssemblyId, answer: Answer, at: Place) -> Result<(), Refused> {
        if assembly != self.hall.id() {
            return Err(Refused::OtherAssembly { found: assembly });
        }
        if answer.item != self.resolution.item {
            return Err(Refused::OtherItem { found: answer.item });
        }
        if answer.resolution != self.hash {
            return Err(Refused::OtherText { found: answer.resolution });
        }
        if at.height < self.hall.opening.opens {
            return Err(Refused::Early);
        }
        if at.height > self.hall.opening.closes {
            return Err(Refused::Late);
        }
        Ok(())
    }

    /// The places of lots that a person may vote for here, by itself or by a proxy.
    fn places(
        &self,
        lots: &[LotId],
        by: PersonId,
        proxy: Option<Digest>,
        weights: &[Votes],
    ) -> Result<Vec<usize>, Refused> {
        let item = self.resolution.item;
        let held = match proxy {
            Some(commitment) => Some(self.proxies.get(&commitment).ok_or(Refused::NoProxy)?),
            None => None,
        };
        let mut places = Vec::with_capacity(lots.len());
        for lot in lots {
            let place = self.hall.roll.place(*lot).ok_or(Refused::NoLot { lot: *lot })?;
            let voter = self.hall.roll.lots()[place].voter.ok_or(Refused::Resting { lot: *lot })?;
            match held {
                Some(held) if !held.lets(by, *lot, item) => return Err(Refused::NoProxy),
                None if voter != by => return Err(Refused::NotTheirs { lot: *lot }),
                Some(_) | None => {}
            }
            if self.is_own_mission(by) || self.is_own_mission(voter) {
                return Err(Refused::OwnMission);
            }
            if weights[place] == Votes::ZERO {
                return Err(Refused::NoPart { lot: *lot });
            }
            places.push(place);
        }
        Ok(places)
    }

    fn is_own_mission(&self, person: PersonId) -> bool {
        takes_no_part(self.hall.roll.law, self.resolution, person)
    }
}

/// Whether somebody takes no part in a vote because it is about their own mission (Belgium, 3.87 §9).
pub(super) fn takes_no_part(law: RuleSet, resolution: &Resolution, person: PersonId) -> bool {
    match law {
        RuleSet::Belgium2020 => resolution.missions.contains(&person),
        RuleSet::France2020 => false,
    }
}

/// The last day on which a postal form counts; none where the law knows none.
pub fn last_day_by_post(law: RuleSet, day: Day) -> Option<Day> {
    match law {
        RuleSet::Belgium2020 => None,
        RuleSet::France2020 => {
            let span = RuleId::FrPostal.span().expect("invariant: the rule names a stretch of time");
            Some(day.before(span))
        }
    }
}

fn in_order<T>(entered: &[Entered<T>]) -> impl Iterator<Item = &Entered<T>> {
    let mut order: Vec<&Entered<T>> = entered.iter().collect();
    order.sort_by_key(|entered| entered.at);
    order.into_iter()
}

/// For each lot the claim of the strongest kind with the highest sequence; two different ones of the same sequence are
/// both void, and what they replaced stays replaced: whoever signed them meant neither.
fn settle(lots: usize, claims: &[Claim], mut verdicts: BTreeMap<Digest, Verdict>, replayed: u32) -> Count {
    let mut best: Vec<Vec<&Claim>> = vec![Vec::new(); lots];
    for claim in claims {
        for place in &claim.places {
            let standing = &mut best[*place];
            let rank = |claim: &Claim| (claim.way, claim.sequence);
            match standing.first().map(|first| rank(claim).cmp(&rank(first))) {
                Some(std::cmp::Ordering::Less) => {}
                Some(std::cmp::Ordering::Equal) => standing.push(claim),
                Some(std::cmp::Ordering::Greater) | None => *standing = vec![claim],
            }
        }
    }
    let mut votes = vec![None; lots];
    let mut defaulting = BTreeSet::new();
    for (place, standing) in best.iter().enumerate() {
        match standing.as_slice() {
            [] => {}
            [claim] => {
                if claim.is_outdated {
                    defaulting.insert(place);
                } else {
                    let Claim { choice, by, way, commitment, .. } = **claim;
                    votes[place] = Some(LotVote { choice, by, way, commitment });
                }
                let verdict = verdicts.entry(claim.commitment).or_insert(Verdict::Replaced);
                *verdict = match *verdict {
                    Verdict::Counts(lots) => Verdict::Counts(lots + 1),
                    Verdict::Replaced | Verdict::Void | Verdict::Refused(_) => Verdict::Counts(1),
                };
            }
            several => {
                for claim in several {
                    let verdict = verdicts.entry(claim.commitment).or_insert(Verdict::Void);
                    if *verdict == Verdict::Replaced {
                        *verdict = Verdict::Void;
                    }
                }
            }
        }
    }
    Count { votes, defaulting, verdicts, replayed }
}
