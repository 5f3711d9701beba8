//! Residents decide: what the people of one building ask of the ledger about its assemblies and polls, and about those of
//! its neighbours. Most of it is right; some comes early, late or twice, or does not add up.

use ledger::State;
use ledger::state::assembly::Assembly;
use protocol::assembly::{
    Arithmetic, AssemblyAction, AssemblyId, Base, Commission, Commitments, Conclusion, Counters, Day, Effect,
    Figures, Item, ItemNumber, ItemResult, Matter, Meeting, MinutesNotice, Opening, Outcome, PaperEntry,
    PollNotice, PollRecord, Quantity, Round, RuleSet, SignedConclusion, SignedMinutes, TallyRecord, Totals,
    Turnout, Votes,
};
use protocol::energy::MicroEuro;
use protocol::limits::POLL_HIDDEN_VOTERS_MIN;
use protocol::{Address, AssetKind, Bounded, ChainId, Digest, Height, Severity, SigningKey};

use crate::chance::Chance;
use crate::keys::draw_key;

/// Owners and votes of every building.
const OWNERS: u32 = 10;
const VOTES: u64 = 1_000;
const DAY_MS: i64 = 86_400_000;
/// An assembly so many days ago is one against which no judge can be asked any more.
const LONG_AGO_DAYS: i32 = 200;
/// Of 1,000 ballots, how many come a second time.
const AGAIN_PER_MILLE: u64 = 150;

/// The people of one building.
#[derive(Debug)]
pub(crate) struct Meetings {
    building: Address,
    chair: SigningKey,
    syndic: SigningKey,
    assessor: SigningKey,
    chance: Chance,
    /// What was numbered so far, so that no two things are the same.
    numbered: u64,
}

impl Meetings {
    pub(crate) fn new(building: Address, is_real: bool, mut chance: Chance) -> Self {
        let [chair, syndic, assessor] = [(); 3].map(|()| draw_key(&mut chance, is_real));
        Self { building, chair, syndic, assessor, chance, numbered: 0 }
    }

    /// What they ask next, as they see the ledger; none while they wait for blocks.
    pub(crate) fn next(&mut self, state: &State, chain: &ChainId) -> Option<AssemblyAction> {
        match self.chance.below(10) {
            0..5 => self.own_assembly(state, chain),
            5..8 => self.bring(state, chain),
            _ => self.own_poll(state),
        }
    }

    fn own_assembly(&mut self, state: &State, chain: &ChainId) -> Option<AssemblyAction> {
        let last = state.assemblies_of(&self.building).next_back();
        let Some((id, assembly)) = last.and_then(|id| Some((id, state.assembly(&id)?))) else {
            return Some(self.announce(state));
        };
        let tip = state.meta().height;
        if assembly.ended.is_none() && tip >= assembly.opening.closes {
            return Some(match self.chance.below(10) {
                0 => self.ballots(state, id),
                1 => self.conclude(state, id, assembly, chain, true),
                _ => self.conclude(state, id, assembly, chain, false),
            });
        }
        if assembly.ended.is_none() {
            let is_early = tip < assembly.opening.opens && !self.chance.per_mille(300);
            return match self.chance.below(10) {
                _ if is_early => None,
                0 => Some(self.conclude(state, id, assembly, chain, false)),
                1 => Some(self.enter_paper(id, chain)),
                _ => Some(self.ballots(state, id)),
            };
        }
        if assembly.minutes.is_none() {
            return Some(self.minutes(id, chain));
        }
        Some(self.announce(state))
    }

    fn announce(&mut self, state: &State) -> AssemblyAction {
        let (opens, closes) = self.heights(state);
        let today = i32::try_from(state.meta().time.0.div_euclid(DAY_MS)).expect("invariant: this century");
        let is_long_ago = self.chance.per_mille(700);
        let law = RuleSet::ALL[self.chance.index(RuleSet::ALL.len())];
        let opening = Opening {
            building: self.building,
            number: state.building_votes(&self.building).assemblies + 1,
            law,
            meeting: Meeting::First,
            roll: self.digest("roll"),
            owners: OWNERS,
            votes: Votes(VOTES),
            items: Bounded::new(self.items(state)).expect("invariant: three at the most"),
            day: Day(if is_long_ago { today - LONG_AGO_DAYS } else { today }),
            opens,
            closes,
            counters: self.counters(),
        };
        AssemblyAction::Announce(Box::new(opening))
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            chair: self.chair.public(),
            syndic: self.syndic.public(),
            assessor: self.assessor.public(),
        }
    }

    /// The answer to a question that was put to several buildings, or items of the building's own.
    fn items(&mut self, state: &State) -> Vec<Item> {
        let asked = state.joint_questions().find(|(_, joint)| {
            let is_asked = joint.question.buildings.contains(&self.building);
            let has_answered = joint.outcomes.iter().any(|(building, _)| *building == self.building);
            is_asked && !has_answered && joint.decided.is_none()
        });
        if let Some((question, _)) = asked {
            let resolution = self.digest("resolution");
            return vec![Item { joint: Some(question), ..item(resolution, Effect::Nothing) }];
        }
        let count = 1 + self.chance.index(3);
        (0..count).map(|_| self.item()).collect()
    }

    fn item(&mut self) -> Item {
        let resolution = self.digest("resolution");
        let effect = match self.chance.below(4) {
            0 => Effect::Nothing,
            1 => Effect::Purchase(MicroEuro(5_000_000_000)),
            _ => Effect::WorkOrder(self.commission()),
        };
        let after_appeal = effect != Effect::Nothing && self.chance.per_mille(500);
        Item { after_appeal, ..item(resolution, effect) }
    }

    fn commission(&mut self) -> Commission {
        let (asset, commitment) = (self.digest("asset"), self.digest("commitment"));
        Commission {
            most: MicroEuro(2_000_000_000),
            asset,
            kind: AssetKind::Elevator,
            severity: Severity::High,
            commitment,
        }
    }

    /// A vote begins some blocks from now, so that the block that announces it comes before, and is short.
    fn heights(&mut self, state: &State) -> (Height, Height) {
        let opens = state.meta().height.0 + self.chance.between(3, 8);
        (Height(opens), Height(opens + self.chance.between(1, 10)))
    }

    /// Ballots for somebody's vote, before it opens, while it is open or when it has just closed.
    fn bring(&mut self, state: &State, chain: &ChainId) -> Option<AssemblyAction> {
        let assemblies = state.assemblies().filter(|(_, assembly)| assembly.ended.is_none());
        let polls = state.polls().filter(|(_, poll)| poll.result.is_none());
        let votes: Vec<AssemblyId> = assemblies.map(|(id, _)| id).chain(polls.map(|(id, _)| id)).collect();
        if votes.is_empty() {
            return self.own_assembly(state, chain);
        }
        let vote = votes[self.chance.index(votes.len())];
        Some(self.ballots(state, vote))
    }

    fn ballots(&mut self, state: &State, vote: AssemblyId) -> AssemblyAction {
        let known = state.commitments(&vote);
        let count = 1 + self.chance.index(4);
        let ballot = |people: &mut Self| {
            if !known.is_empty() && people.chance.per_mille(AGAIN_PER_MILLE) {
                return known[people.chance.index(known.len())].0;
            }
            people.digest("ballot")
        };
        let commitments = (0..count).map(|_| ballot(self)).collect();
        let commitments = Bounded::new(commitments).expect("invariant: four at the most");
        AssemblyAction::Commit(Commitments { vote, commitments })
    }

    fn enter_paper(&mut self, assembly: AssemblyId, chain: &ChainId) -> AssemblyAction {
        let commitment = self.digest("paper");
        let [by_syndic, by_assessor] =
            [&self.syndic, &self.assessor].map(|key| PaperEntry::sign(assembly, commitment, key, chain));
        AssemblyAction::EnterPaper(PaperEntry { assembly, commitment, by_syndic, by_assessor })
    }

    /// The results of some of the items that have none yet, or, if it is `wrong`, of other ballots than came in.
    fn conclude(
        &mut self,
        state: &State,
        id: AssemblyId,
        assembly: &Assembly,
        chain: &ChainId,
        wrong: bool,
    ) -> AssemblyAction {
        let left = assembly.opening.items.len() - usize::from(assembly.concluded);
        let count = 1 + self.chance.index(left);
        let root = state.intake(&id).map_or(Digest::new([0; 32]), |intake| intake.frontier.root());
        let root = if wrong { self.digest("wrong") } else { root };
        let items = (assembly.concluded + 1..).map(ItemNumber).take(count);
        let results = items.map(|item| self.result(&assembly.opening, item, root)).collect();
        conclusion(id, results, [&self.chair, &self.syndic], chain)
    }

    fn result(&mut self, opening: &Opening, item: ItemNumber, root: Digest) -> ItemResult {
        let in_favour = self.chance.between(1, VOTES - 2);
        let against = self.chance.between(1, VOTES - in_favour);
        ItemResult::Counted(Box::new(record(opening, item, [in_favour, against], root)))
    }

    fn minutes(&mut self, assembly: AssemblyId, chain: &ChainId) -> AssemblyAction {
        let notice = MinutesNotice { assembly, minutes: self.digest("minutes"), version: 1 };
        let [by_chair, by_syndic] = [&self.chair, &self.syndic].map(|key| notice.sign(key, chain));
        AssemblyAction::Minutes(SignedMinutes { notice, by_chair, by_syndic })
    }

    fn own_poll(&mut self, state: &State) -> Option<AssemblyAction> {
        let is_own = |notice: &PollNotice| notice.building == self.building;
        let open = state.polls().find(|(_, poll)| is_own(&poll.notice) && poll.result.is_none());
        let Some((vote, poll)) = open else {
            let (opens, closes) = self.heights(state);
            let (poll, is_hidden) = (self.digest("poll"), self.chance.per_mille(500));
            let building = self.building;
            return Some(AssemblyAction::AnnouncePoll(PollNotice {
                building,
                poll,
                is_hidden,
                opens,
                closes,
            }));
        };
        let notice = poll.notice;
        if state.meta().height < notice.closes {
            return (state.meta().height >= notice.opens).then(|| self.ballots(state, vote));
        }
        let frontier = &state.intake(&vote)?.frontier;
        let voters = u32::try_from(frontier.size()).expect("invariant: a world has few ballots");
        let shows = !notice.is_hidden || voters as usize >= POLL_HIDDEN_VOTERS_MIN;
        let answers = shows.then(|| Bounded::new(vec![voters, 0]).expect("invariant: two answers"));
        Some(AssemblyAction::ConcludePoll(PollRecord {
            poll: notice.poll,
            ballots: frontier.root(),
            voters,
            answers,
        }))
    }

    fn digest(&mut self, what: &str) -> Digest {
        self.numbered += 1;
        let number = self.numbered.to_be_bytes();
        Digest::of("symbiose simulator meeting v1", &[self.building.as_bytes(), &number, what.as_bytes()])
    }
}

/// An item of ordinary business.
pub(crate) fn item(resolution: Digest, effect: Effect) -> Item {
    Item {
        resolution,
        matter: Matter::Ordinary,
        base: Base::Whole,
        round: Round::First,
        effect,
        after_appeal: false,
        joint: None,
    }
}

/// What so many votes for and against come to, all owners being there.
pub(crate) fn record(opening: &Opening, item: ItemNumber, votes: [u64; 2], root: Digest) -> TallyRecord {
    let of = opening.item(item).expect("invariant: an item of the agenda");
    let rule = opening.law.majority(of.matter).expect("invariant: every law knows ordinary business");
    let [in_favour, against] = votes.map(Votes);
    let silent = Votes(opening.votes.0 - in_favour.0 - against.0);
    let held = Totals { in_favour, against, silent, ..Totals::default() };
    let owners = opening.owners;
    let figures = Figures::new(&[
        (Quantity::VotesFor, in_favour.0),
        (Quantity::VotesForHeld, in_favour.0),
        (Quantity::VotesCast, held.cast().0),
        (Quantity::VotesPresent, opening.votes.0),
        (Quantity::VotesAll, opening.votes.0),
        (Quantity::OwnersFor, 1),
        (Quantity::OwnersPresent, owners.into()),
        (Quantity::OwnersAll, owners.into()),
    ]);
    let formula = rule.formula().expect("invariant: a majority is a formula");
    let arithmetic = Arithmetic::of(formula, &figures);
    let outcome = if arithmetic.holds() { Outcome::Adopted } else { Outcome::Refused };
    TallyRecord {
        assembly: opening.id(),
        item,
        resolution: of.resolution,
        rule,
        held,
        counted: held,
        owners_in_favour: 1,
        owners_present: owners,
        owners,
        votes_present: opening.votes,
        votes: opening.votes,
        arithmetic,
        bridge: None,
        outcome,
        ballots: root,
    }
}

/// Results with the signatures of chair and syndic.
pub(crate) fn conclusion(
    assembly: AssemblyId,
    results: Vec<ItemResult>,
    [chair, syndic]: [&SigningKey; 2],
    chain: &ChainId,
) -> AssemblyAction {
    let turnout = Turnout { owners: OWNERS, votes: Votes(VOTES) };
    let results = Bounded::new(results).expect("invariant: no more than the agenda has items");
    let conclusion = Conclusion { assembly, turnout, results };
    let [by_chair, by_syndic] = [chair, syndic].map(|key| conclusion.sign(key, chain));
    AssemblyAction::Conclude(Box::new(SignedConclusion { conclusion, by_chair, by_syndic }))
}
