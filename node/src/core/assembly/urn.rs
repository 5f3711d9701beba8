//! What residents sign for an assembly: checked, stored, promised, and brought to the ledger until it stands there, also
//! after a restart. A promise never leaves before what it is about is on disk.

use std::collections::BTreeSet;

use ledger::assembly::{BallotBox, Entered, Hall, Place, Proxies, ProxyPaper, Roll, Verdict};
use ledger::state::assembly::AssemblyEvent;
use protocol::assembly::{
    AssemblyAction, AssemblyId, BallotError, Commitments, ItemNumber, Opening, Paper, PersonId, Promise,
    Registry, Sheet, VerifiedBallot, VerifiedPaper,
};
use protocol::limits::{COMMITMENTS_PER_TRANSACTION_MAX, REVOTES_MAX, TAKEN_PER_ASSEMBLY_MAX};
use protocol::{Bounded, ChainId, Digest, Height, Now, Payload, PublicKey};

use super::meeting::{Body, Gathering, Taken};
use super::{Done, HomeError, Kept, Residents};
use crate::core::Core;
use crate::core::outbox::Purpose;
use crate::core::output::Event;

/// Blocks in which a promise is kept at the latest.
pub(super) const PROMISE_HEIGHTS: u64 = 20;
/// Stored signatures checked in one turn after a restart.
const CHECKED_AT_ONCE: usize = 256;

/// Something signed, once its signatures hold.
#[derive(Debug, Clone)]
pub(super) enum Checked {
    Ballot(VerifiedBallot),
    Paper(VerifiedPaper),
    Proxy(ProxyPaper),
}

impl Checked {
    pub(super) fn of(chain: &ChainId, body: &Body) -> Result<Self, BallotError> {
        Ok(match body {
            Body::Ballot(signed) => Self::Ballot(signed.clone().verify(chain)?),
            Body::Proxy(signed) => Self::Proxy(ProxyPaper::Signed(signed.clone().verify(chain)?)),
            Body::Paper(signed) => Self::on_paper(signed.clone().verify(chain)?),
            Body::Entered(signed) => Self::on_paper(signed.clone().verify(chain)?),
        })
    }

    fn on_paper(paper: VerifiedPaper) -> Self {
        match paper.paper().sheet {
            Sheet::Proxy(_) => Self::Proxy(ProxyPaper::Paper(paper)),
            Sheet::Ballot(_) | Sheet::Postal(_) => Self::Paper(paper),
        }
    }

    /// The resolution it answers, the first one of a form; a proxy answers none.
    fn item(&self) -> Option<ItemNumber> {
        match self {
            Self::Ballot(ballot) => Some(ballot.ballot().item),
            Self::Proxy(_) => None,
            Self::Paper(paper) => match &paper.paper().sheet {
                Sheet::Ballot(ballot) => Some(ballot.answer.item),
                Sheet::Postal(form) => {
                    Some(form.answers.first().map(|answer| answer.item).unwrap_or_default())
                }
                Sheet::Proxy(_) => None,
            },
        }
    }
}

/// Everything that came in for an assembly, with where it stands.
#[derive(Default)]
pub(super) struct CameIn {
    pub(super) ballots: Vec<Entered<VerifiedBallot>>,
    pub(super) papers: Vec<Entered<VerifiedPaper>>,
    pub(super) proxies: Vec<Entered<ProxyPaper>>,
}

impl CameIn {
    /// What stands on the ledger, as far as it is wanted. Signatures are checked once and not at each look; bytes that do
    /// not verify any more count for nothing.
    pub(super) fn of(chain: &ChainId, gathering: &Gathering, wanted: impl Fn(&Body) -> bool) -> Self {
        let mut came = Self::default();
        let standing = gathering.taken.iter().filter(|(_, one)| wanted(&one.body));
        for (commitment, one, at) in standing.filter_map(|(key, one)| Some((key, one, one.place()?))) {
            let checked = match gathering.checked.get(commitment) {
                Some(checked) => checked.clone(),
                None => Checked::of(chain, &one.body).ok(),
            };
            if let Some(checked) = checked {
                came.add(checked, at);
            }
        }
        came
    }

    /// Adds the proxies that were given for the assembly without quorum and cover this one too (Belgium, 3.87 §7), and
    /// the words that took one of them back.
    pub(super) fn carry_over(&mut self, chain: &ChainId, first: &Gathering) {
        let given = Self::of(chain, first, |body| !matches!(body, Body::Ballot(_))).proxies;
        let lasts = |paper: &ProxyPaper| paper.mandate().is_some_and(|mandate| mandate.covers_second);
        let lasting: BTreeSet<Digest> =
            given.iter().filter(|one| lasts(&one.value)).map(|one| one.value.commitment()).collect();
        let is_carried = |paper: &ProxyPaper| match paper.taken_back() {
            Some(proxy) => lasting.contains(&proxy),
            None => lasting.contains(&paper.commitment()),
        };
        self.proxies.extend(given.into_iter().filter(|one| is_carried(&one.value)));
    }

    fn add(&mut self, checked: Checked, at: Place) {
        match checked {
            Checked::Ballot(value) => self.ballots.push(Entered { value, at }),
            Checked::Paper(value) => self.papers.push(Entered { value, at }),
            Checked::Proxy(value) => self.proxies.push(Entered { value, at }),
        }
    }
}

/// The parts of an announced assembly that everything is held against.
pub(super) fn grounds(gathering: &Gathering) -> Result<(&Opening, &Registry, Height, Roll), HomeError> {
    let opening = gathering.stored.opening.as_ref().ok_or(HomeError::NoAssembly)?;
    let announced = gathering.stored.announced.ok_or(HomeError::NoAssembly)?;
    let registry = gathering.registry.as_ref().ok_or(HomeError::NoRegistry)?;
    let roll = Roll::of(registry, opening.day)?;
    Ok((opening, registry, announced, roll))
}

impl Core {
    /// Takes a ballot, proxy or sheet, promises that it will stand on the ledger, and brings it there.
    pub(super) fn hand_in(&mut self, now: Now, body: Body) -> Result<Done, HomeError> {
        let commitment = body.commitment();
        let head = self.ledger.head().height;
        let gathering = self.home.gathering(&body.assembly()).ok_or(HomeError::NoAssembly)?;
        let number = gathering.stored.number;
        if gathering.taken.contains_key(&commitment) {
            return Ok(Done::Taken(number, commitment));
        }
        let opening = gathering.stored.opening.as_ref().ok_or(HomeError::NoAssembly)?;
        // Another building may have brought the commitment in time: then only what it stands for was missing here.
        let entered = self.ledger.state().entered(&opening.id(), &commitment).copied();
        let assembly = self.ledger.state().assembly(&opening.id());
        let is_open = assembly.is_some() && head.next() >= opening.opens && head < opening.closes;
        let is_counted = assembly.is_none_or(|assembly| assembly.concluded > 0);
        if !is_open && (entered.is_none() || is_counted) {
            return Err(HomeError::Stage { expected: "is open" });
        }
        check_room(&self.home.residents, gathering, &body)?;
        if let Some(paper) = body.paper() {
            check_counters(opening, paper)?;
        }
        let checked = Checked::of(&self.ledger.chain(), &body)?;
        let next = Place { height: head.next(), index: u32::MAX };
        let stands =
            entered.map(|entered| (entered.height, u32::try_from(entered.index).unwrap_or(u32::MAX)));
        let at = stands.map_or(next, |(height, index)| Place { height, index });
        self.would_count(gathering, &checked, commitment, at)?;
        let by = Height((head.0 + PROMISE_HEIGHTS).min(opening.closes.0).max(head.0 + 1));
        let promise =
            Promise { assembly: opening.id(), commitment, taken: head, by, node: self.key.public() };
        let promise = promise.sign(&self.key, &self.ledger.chain());
        let taken = Taken { number, body, at: now.time, promise, stands };
        let gathering = self.home.gatherings.get_mut(&number).expect("invariant: it was just seen");
        gathering.taken.insert(commitment, taken.clone());
        gathering.checked.insert(commitment, Some(checked));
        let mut kept = vec![Kept::Taken(Box::new(taken))];
        if !gathering.stored.signatures.is_empty() && stands.is_some() {
            // Who signed did so without it: they look again.
            gathering.stored.signatures = Bounded::default();
            kept.push(Kept::Gathering(Box::new(gathering.stored.clone())));
        }
        self.keep(kept);
        self.bring(now, number);
        Ok(Done::Taken(number, commitment))
    }

    /// Whether it would count if it stood in the next block: the law's and the roll's reason otherwise.
    fn would_count(
        &self,
        gathering: &Gathering,
        checked: &Checked,
        commitment: Digest,
        at: Place,
    ) -> Result<(), HomeError> {
        let chain = self.ledger.chain();
        let (opening, _, announced, roll) = grounds(gathering)?;
        let keys = self.home.residents.for_counting(announced);
        let assessors: Vec<PersonId> = gathering.stored.plan.assessors.to_vec();
        let hall = Hall::new(opening, &roll, &keys, &assessors);
        let (item, mut own) = (checked.item(), CameIn::default());
        own.add(checked.clone(), at);
        let mut came = CameIn::of(&chain, gathering, |body| !matches!(body, Body::Ballot(_)));
        if let Some(first) = self.home.without_quorum(gathering) {
            came.carry_over(&chain, first);
        }
        let mut proxies = came.proxies;
        proxies.extend(own.proxies.iter().cloned());
        let proxies = Proxies::admit(&hall, proxies);
        if let Some((_, why)) = proxies.refused().iter().find(|(refused, _)| *refused == commitment) {
            return Err(HomeError::Proxy(*why));
        }
        let Some(item) = item else { return Ok(()) };
        let resolution = &gathering.items.get(&item).ok_or(HomeError::NoItem { item })?.resolution;
        let count = BallotBox::new(&hall, &proxies, resolution)?.count(&own.ballots, &own.papers)?;
        match count.verdicts.get(&commitment) {
            Some(Verdict::Refused(why)) => Err(HomeError::Refused(*why)),
            Some(Verdict::Counts(_) | Verdict::Replaced | Verdict::Void) | None => Ok(()),
        }
    }

    /// Wishes for the ledger what it does not have yet: the announcement, what came in, the results.
    pub(super) fn bring(&mut self, now: Now, number: u32) {
        let Some(gathering) = self.home.gatherings.get(&number) else { return };
        let Some(opening) = gathering.stored.opening.as_ref() else { return };
        let (vote, head) = (opening.id(), self.ledger.head().height);
        match self.ledger.state().assembly(&vote).map(|assembly| assembly.ended.is_some()) {
            None => self.bring_announcement(now, number),
            Some(false) if head < opening.closes => self.bring_taken(now, number, vote),
            Some(false) => self.bring_results(now, number),
            Some(true) => {
                self.forget_sheets(number);
                self.bring_minutes(now, number);
            }
        }
    }

    /// Ballots and proxies go together, a sheet of paper by itself: the ledger checks both signatures.
    fn bring_taken(&mut self, now: Now, number: u32, vote: AssemblyId) {
        let Some(gathering) = self.home.gatherings.get(&number) else { return };
        let flying = self.home.flying();
        let state = self.ledger.state();
        // Somebody who saw a sheet on its way may have brought its commitment as that of a ballot: it is entered all the same.
        let is_unmarked = |key: &Digest, one: &Taken| {
            one.body.entry().is_some() && state.entered(&vote, key).is_some_and(|at| !at.is_paper)
        };
        let is_waiting = |(key, one): &(&Digest, &Taken)| {
            (one.stands.is_none() || is_unmarked(key, one)) && !flying.contains(*key)
        };
        let (mut commitments, mut brought) = (Vec::new(), Vec::new());
        for (commitment, one) in gathering.taken.iter().filter(is_waiting) {
            match one.body.entry() {
                Some(entry) => brought.push((vec![*commitment], AssemblyAction::EnterPaper(entry))),
                None => commitments.push(*commitment),
            }
        }
        brought.extend(commitments.chunks(COMMITMENTS_PER_TRANSACTION_MAX).map(|batch| {
            let commitments = Bounded::new(batch.to_vec()).expect("invariant: cut to its bound");
            (batch.to_vec(), AssemblyAction::Commit(Commitments { vote, commitments }))
        }));
        for (batch, action) in brought {
            if self.wish(now, action, Purpose::Ballots(batch[0])) {
                self.home.in_flight.insert(batch[0], batch);
            }
        }
    }

    pub(super) fn wish(&mut self, now: Now, action: AssemblyAction, purpose: Purpose) -> bool {
        let is_new = !self.outbox.holds(purpose);
        is_new && self.outbox.push(Payload::Assembly(action), purpose, now.tick).is_ok()
    }

    /// A transaction with commitments came to its end: what does not stand is brought again.
    pub(in crate::core) fn home_settled(&mut self, first: &Digest) {
        self.home.in_flight.remove(first);
    }

    /// Checks the signatures of what was stored before a restart, some at a time.
    pub(super) fn check_stored(&mut self) {
        let chain = self.ledger.chain();
        let mut room = CHECKED_AT_ONCE;
        for gathering in self.home.gatherings.values_mut() {
            if gathering.checked.len() == gathering.taken.len() {
                continue;
            }
            let unchecked = gathering.taken.iter().filter(|(key, _)| !gathering.checked.contains_key(*key));
            let unchecked: Vec<_> = unchecked.take(room).collect();
            room -= unchecked.len();
            let checked = unchecked.into_iter().map(|(key, one)| (*key, Checked::of(&chain, &one.body).ok()));
            let checked: Vec<_> = checked.collect();
            gathering.checked.extend(checked);
        }
        for asking in self.home.polls.values_mut() {
            room -= asking.check_stored(&chain, room);
        }
    }

    /// Something about an assembly is final.
    pub(in crate::core) fn hear_assembly(&mut self, event: &AssemblyEvent) {
        self.home.forget_counts();
        if let AssemblyEvent::Entered { vote, commitment, index } = event {
            let at = self.ledger.state().entered(vote, commitment).map(|entered| entered.height);
            let known = self.home.gathering(vote).map(|gathering| gathering.stored.number);
            if let (Some(height), Some(number)) = (at, known) {
                let gathering = self.home.gatherings.get_mut(&number).expect("invariant: it was just seen");
                if let Some(taken) = gathering.taken.get_mut(commitment) {
                    let index = u32::try_from(*index).expect("invariant: what comes in is bounded");
                    taken.stands = Some((height, index));
                    let taken = taken.clone();
                    self.keep([Kept::Taken(Box::new(taken))]);
                }
            }
        }
        self.hear_poll(event);
        self.event(Event::Assembly);
        self.event(Event::Hive);
    }
}

/// A sheet is entered with the keys that were announced: with others the ledger takes none.
pub(super) fn check_counters(opening: &Opening, paper: &Paper) -> Result<(), HomeError> {
    let Opening { counters, .. } = opening;
    if (paper.syndic, paper.assessor) == (counters.syndic, counters.assessor) {
        return Ok(());
    }
    Err(HomeError::NotYours { expected: "a sheet with the keys of syndic and assessor" })
}

/// One person with several devices leaves room for all others.
fn check_room(residents: &Residents, gathering: &Gathering, body: &Body) -> Result<(), HomeError> {
    if gathering.taken.len() >= TAKEN_PER_ASSEMBLY_MAX {
        return Err(HomeError::Full { field: "ballots of one assembly", max: TAKEN_PER_ASSEMBLY_MAX });
    }
    let person = |key: &PublicKey| residents.key(key).map(|key| key.person);
    let by_person = |body: &Body| match body {
        Body::Ballot(signed) => Some((person(&signed.ballot.voter)?, Some(signed.ballot.item))),
        Body::Proxy(signed) => Some((person(&signed.proxy.principal)?, None)),
        Body::Paper(_) | Body::Entered(_) => None,
    };
    let Some(new) = by_person(body) else { return Ok(()) };
    if gathering.taken.values().filter(|old| by_person(&old.body) == Some(new)).count() >= REVOTES_MAX {
        let field = "ballots of one person for one resolution, and words of one person about proxies,";
        return Err(HomeError::Full { field, max: REVOTES_MAX });
    }
    Ok(())
}
