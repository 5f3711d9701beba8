//! Assemblies, polls and questions to several buildings a second time: what came in and counts, what was concluded, and
//! what was carried out, once each.

use std::collections::{BTreeMap, BTreeSet};

use blake3::Hasher;
use ledger::State;
use ledger::state::assembly::{Carried, Cause};
use protocol::assembly::{
    AssemblyAction, AssemblyId, Conclusion, Day, Effect, ItemNumber, ItemResult, JointQuestion, Needed,
    Opening, Outcome, PaperEntry, PollNotice, PollRecord, RuleSet, SignedConclusion, SignedMinutes, Span,
    TallyRecord,
};
use protocol::limits::COMMITMENTS_OF_NEIGHBOUR_MAX;
use protocol::{Address, Digest, Height, OpenWorkOrder, TransactionId, UnixMs, encode};

use super::{Context, Model, expect};
use crate::report::Tally;

const DAY_MS: i64 = 86_400_000;

/// What came in for an assembly or a poll.
#[derive(Debug, Default)]
struct Intake {
    building: Option<Address>,
    heights: (u64, u64),
    entered: Vec<Digest>,
    /// Early, late, replayed, excess.
    not_counted: [u32; 4],
    /// What syndic and assessor entered.
    papers: BTreeSet<Digest>,
    brought: BTreeMap<Address, u32>,
}

/// An assembly.
#[derive(Debug)]
struct Meeting {
    opening: Opening,
    /// Results in order of item, where they were recorded, and how far each effect is.
    decisions: Vec<(ItemResult, TransactionId, Carried)>,
    breaches: BTreeSet<Digest>,
    minutes: Option<u32>,
}

/// A question to several buildings.
#[derive(Debug)]
struct Joint {
    question: JointQuestion,
    outcomes: BTreeMap<Address, Outcome>,
    is_adopted: Option<bool>,
    decided_by: Option<TransactionId>,
    carried: Carried,
}

/// Everything that residents decide.
#[derive(Debug, Default)]
pub(super) struct Meetings {
    intakes: BTreeMap<AssemblyId, Intake>,
    meetings: BTreeMap<AssemblyId, Meeting>,
    numbered: BTreeMap<Address, Vec<AssemblyId>>,
    polls: BTreeMap<AssemblyId, (PollNotice, bool)>,
    joint: BTreeMap<Digest, Joint>,
    /// Effects that wait until a time.
    due: BTreeSet<(UnixMs, Cause)>,
}

/// The root over commitments: RFC 6962 over blake3, bound to their number.
fn root(commitments: &[Digest]) -> Digest {
    fn top(leaves: &[Digest]) -> [u8; 32] {
        match leaves {
            [] => *Hasher::new().finalize().as_bytes(),
            [one] => *Hasher::new().update(&[0]).update(one.as_bytes()).finalize().as_bytes(),
            many => {
                let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
                *Hasher::new().update(&[1]).update(&top(left)).update(&top(right)).finalize().as_bytes()
            }
        }
    }
    let size = commitments.len() as u64;
    Digest::of("symbiose commitments v1", &[&size.to_be_bytes(), &top(commitments)])
}

impl Intake {
    fn of(building: Address, opens: Height, closes: Height) -> Self {
        Self { building: Some(building), heights: (opens.0, closes.0), ..Self::default() }
    }

    /// Each commitment counts once, within the heights of the vote, and a neighbour brings no more than it may.
    fn take_in(&mut self, height: u64, author: Address, commitments: &[Digest]) -> usize {
        let mut taken = 0;
        for commitment in commitments {
            let brought = self.brought.entry(author).or_default();
            let is_excess = self.building != Some(author) && *brought >= COMMITMENTS_OF_NEIGHBOUR_MAX;
            let [early, late, replayed, excess] = &mut self.not_counted;
            let refused = if self.entered.contains(commitment) {
                Some(replayed)
            } else if height < self.heights.0 {
                Some(early)
            } else if height > self.heights.1 {
                Some(late)
            } else {
                is_excess.then_some(excess)
            };
            match refused {
                Some(count) => *count += 1,
                None => {
                    self.entered.push(*commitment);
                    *brought += 1;
                    taken += 1;
                }
            }
        }
        taken
    }
}

impl Model {
    pub(super) fn act_on_assembly(
        &mut self,
        context: &Context,
        action: &AssemblyAction,
    ) -> Result<(), String> {
        match action {
            AssemblyAction::Announce(opening) => self.announce(context, opening),
            AssemblyAction::Commit(brought) => {
                self.take_in(context, &brought.vote, &brought.commitments).map(|_| ())
            }
            AssemblyAction::EnterPaper(entry) => self.enter_paper(context, entry),
            AssemblyAction::Conclude(signed) => self.conclude(context, signed),
            AssemblyAction::Minutes(signed) => self.record_minutes(signed),
            AssemblyAction::AnnouncePoll(notice) => self.announce_poll(context, notice),
            AssemblyAction::ConcludePoll(record) => self.conclude_poll(context, record),
            AssemblyAction::Accuse(_) => {
                Err(format!("nobody in this world asked for what {} signed", context.author))
            }
        }
    }

    fn take_in(
        &mut self,
        context: &Context,
        vote: &AssemblyId,
        commitments: &[Digest],
    ) -> Result<usize, String> {
        let author = self.origin(&context.author);
        let intake = self.meetings.intakes.get_mut(vote).ok_or(format!("ballots for {vote:?}, no vote"))?;
        Ok(intake.take_in(context.height, author, commitments))
    }

    fn enter_paper(&mut self, context: &Context, entry: &PaperEntry) -> Result<(), String> {
        let meeting = self.meetings.meetings.get(&entry.assembly).ok_or("paper for no assembly")?;
        entry.verify(&meeting.opening.counters, &self.chain).map_err(|error| format!("paper: {error}"))?;
        let intake = self.meetings.intakes.get_mut(&entry.assembly).expect("invariant: announced with it");
        let stands = intake.entered.contains(&entry.commitment) && context.height <= intake.heights.1;
        if stands && intake.papers.insert(entry.commitment) {
            // Somebody had brought it as if it were none.
            return Ok(());
        }
        let taken = self.take_in(context, &entry.assembly, &[entry.commitment])?;
        let intake = self.meetings.intakes.get_mut(&entry.assembly).expect("invariant: taken in");
        intake.papers.extend((taken == 1).then_some(entry.commitment));
        Ok(())
    }

    fn announce(&mut self, context: &Context, opening: &Opening) -> Result<(), String> {
        let building = self.origin(&opening.building);
        expect("who announces an assembly", self.origin(&context.author), building)?;
        let id = opening.id();
        let numbered = self.meetings.numbered.entry(building).or_default();
        let place = opening.number as usize;
        if place <= numbered.len() {
            let first = numbered[place - 1];
            let known = self.meetings.meetings.get_mut(&first).expect("invariant: numbered when announced");
            let is_news = first != id && known.breaches.insert(Digest::new(*id.as_bytes()));
            return if is_news { Ok(()) } else { Err(format!("{id:?} is announced twice")) };
        }
        expect("number of an assembly", place, numbered.len() + 1)?;
        if opening.opens.0 <= context.height {
            return Err(format!("{id:?} opens at {} and is announced later", opening.opens));
        }
        for question in opening.items.iter().filter_map(|item| item.joint) {
            let joint = self.meetings.joint.get(&question).ok_or("an answer to no question")?;
            let may_answer = joint.is_adopted.is_none()
                && joint.question.buildings.contains(&building)
                && !joint.outcomes.contains_key(&building);
            if !may_answer {
                return Err(format!("{building} answers a question that is not for it"));
            }
        }
        numbered.push(id);
        self.meetings.intakes.insert(id, Intake::of(building, opening.opens, opening.closes));
        let (decisions, breaches) = (Vec::new(), BTreeSet::new());
        let meeting = Meeting { opening: opening.clone(), decisions, breaches, minutes: None };
        self.meetings.meetings.insert(id, meeting);
        Ok(())
    }

    fn conclude(&mut self, context: &Context, signed: &SignedConclusion) -> Result<(), String> {
        let conclusion = &signed.conclusion;
        let id = conclusion.assembly;
        let meeting = self.meetings.meetings.get_mut(&id).ok_or("results of no assembly")?;
        signed
            .verify(&meeting.opening.counters, &self.chain)
            .map_err(|error| format!("results of {id:?}: {error}"))?;
        let ballots = root(&self.meetings.intakes[&id].entered);
        let is_early = context.height <= meeting.opening.closes.0;
        if is_early || !meeting.follows(conclusion, &ballots)? {
            let brought = Digest::of("symbiose conclusion v1", &[&encode(conclusion)]);
            let is_news = meeting.breaches.insert(brought);
            return if is_news { Ok(()) } else { Err(format!("a breach of {id:?} is on record twice")) };
        }
        for result in &conclusion.results {
            self.decide_item(context, id, result)?;
        }
        Ok(())
    }

    /// Writes a result and carries out what follows at once.
    fn decide_item(&mut self, context: &Context, id: AssemblyId, result: &ItemResult) -> Result<(), String> {
        let number = result.item();
        let meeting = self.meetings.meetings.get_mut(&id).expect("invariant: looked up before");
        meeting.decisions.push((result.clone(), context.id, Carried::Nothing));
        let (building, item) = (meeting.opening.building, meeting.opening.item(number).cloned());
        let (law, day) = (meeting.opening.law, meeting.opening.day);
        let item = item.ok_or(format!("a result of item {number} of {id:?}"))?;
        let ItemResult::Counted(record) = result else { return Ok(()) };
        let cause = Cause::Item(id, number);
        if let Some(question) = item.joint {
            self.note(cause, Carried::Jointly);
            return self.answer(context, &question, &building, record.outcome);
        }
        if record.outcome != Outcome::Adopted || item.effect == Effect::Nothing {
            return Ok(());
        }
        if !item.after_appeal {
            return self.carry_out_decision(context.height, cause);
        }
        match law {
            RuleSet::Belgium2020 => self.wait(cause, after(day, 4)),
            RuleSet::France2020 => self.note(cause, Carried::AwaitsMinutes),
        }
        Ok(())
    }

    fn answer(
        &mut self,
        context: &Context,
        question: &Digest,
        building: &Address,
        outcome: Outcome,
    ) -> Result<(), String> {
        let building = self.origin(building);
        let joint = self.meetings.joint.get_mut(question).ok_or("an answer to no question")?;
        if joint.is_adopted.is_some() || joint.outcomes.contains_key(&building) {
            return Ok(());
        }
        joint.outcomes.insert(building, outcome);
        let (asked, closed) = (joint.question.buildings.len(), joint.outcomes.len());
        if closed < asked {
            return Ok(());
        }
        let adopted = joint.outcomes.values().filter(|outcome| **outcome == Outcome::Adopted).count();
        let is_adopted = match joint.question.needed {
            Needed::All => adopted == asked,
            Needed::Majority => 2 * adopted > asked,
            Needed::TwoThirds => 3 * adopted >= 2 * asked,
            Needed::FourFifths => 5 * adopted >= 4 * asked,
        };
        (joint.is_adopted, joint.decided_by) = (Some(is_adopted), Some(context.id));
        if !is_adopted || joint.question.effect == Effect::Nothing {
            return Ok(());
        }
        self.carry_out_decision(context.height, Cause::Joint(*question))
    }

    /// Carries out what waited until now: at the beginning of a block.
    pub(super) fn carry_out_due(&mut self, height: u64) -> Result<(), String> {
        while let Some((_, cause)) = self.meetings.due.first().copied().filter(|(time, _)| *time <= self.time)
        {
            self.meetings.due.pop_first();
            self.carry_out_decision(height, cause)?;
        }
        Ok(())
    }

    fn carry_out_decision(&mut self, height: u64, cause: Cause) -> Result<(), String> {
        let (building, effect, policy, id) = match cause {
            Cause::Item(id, number) => {
                let meeting = &self.meetings.meetings[&id];
                let item =
                    meeting.opening.item(number).ok_or("an item that does not exist is carried out")?;
                let (_, decided_by, _) = &meeting.decisions[usize::from(number.0) - 1];
                (meeting.opening.building, item.effect.clone(), item.resolution, *decided_by)
            }
            Cause::Joint(question) => {
                let joint = &self.meetings.joint[&question];
                let decided_by = joint.decided_by.ok_or("an open question is carried out")?;
                (joint.question.lead, joint.question.effect.clone(), question, decided_by)
            }
        };
        match effect {
            Effect::WorkOrder(commission) => {
                let author = self.current(&building);
                let open = OpenWorkOrder {
                    reference: cause.reference(),
                    asset: commission.asset,
                    kind: commission.kind,
                    policy,
                    severity: commission.severity,
                    commitment: commission.commitment,
                };
                self.open(&Context { height, author, id }, &open)?;
            }
            Effect::Nothing | Effect::Purchase(_) | Effect::Policy(_) => {}
            Effect::Action(_) => return Err(format!("nobody in this world asked for {effect:?}")),
        }
        self.note(cause, Carried::Done(Height(height)));
        Ok(())
    }

    fn wait(&mut self, cause: Cause, until: UnixMs) {
        self.meetings.due.insert((until, cause));
        self.note(cause, Carried::Due(until));
    }

    fn note(&mut self, cause: Cause, carried: Carried) {
        let place = match cause {
            Cause::Item(id, number) => {
                let meeting = self.meetings.meetings.get_mut(&id);
                meeting
                    .and_then(|meeting| meeting.decisions.get_mut(usize::from(number.0) - 1))
                    .map(|of| &mut of.2)
            }
            Cause::Joint(question) => self.meetings.joint.get_mut(&question).map(|joint| &mut joint.carried),
        };
        *place.expect("invariant: only what was decided is carried out") = carried;
    }

    fn record_minutes(&mut self, signed: &SignedMinutes) -> Result<(), String> {
        let (notice, time) = (signed.notice, self.time);
        let id = notice.assembly;
        let meeting = self.meetings.meetings.get_mut(&id).ok_or("minutes of no assembly")?;
        signed
            .verify(&meeting.opening.counters, &self.chain)
            .map_err(|error| format!("minutes of {id:?}: {error}"))?;
        expect("items decided before the minutes", meeting.decisions.len(), meeting.opening.items.len())?;
        expect("version of minutes", notice.version, meeting.minutes.unwrap_or(0) + 1)?;
        meeting.minutes = Some(notice.version);
        let waiting = meeting.decisions.iter().filter(|(.., carried)| *carried == Carried::AwaitsMinutes);
        let waiting: Vec<ItemNumber> = waiting.map(|(result, ..)| result.item()).collect();
        let today = Day(i32::try_from(time.0.div_euclid(DAY_MS)).map_err(|error| error.to_string())?);
        for number in waiting {
            self.wait(Cause::Item(id, number), after(today, 2));
        }
        Ok(())
    }

    fn announce_poll(&mut self, context: &Context, notice: &PollNotice) -> Result<(), String> {
        let building = self.origin(&notice.building);
        expect("who announces a poll", self.origin(&context.author), building)?;
        if notice.opens.0 <= context.height {
            return Err(format!("a poll opens at {} and is announced later", notice.opens));
        }
        let vote = notice.vote();
        self.meetings.intakes.insert(vote, Intake::of(building, notice.opens, notice.closes));
        match self.meetings.polls.insert(vote, (*notice, false)) {
            None => Ok(()),
            Some(_) => Err(format!("poll {vote:?} is announced twice")),
        }
    }

    fn conclude_poll(&mut self, context: &Context, record: &PollRecord) -> Result<(), String> {
        let vote = AssemblyId::new(*record.poll.as_bytes());
        let author = self.origin(&context.author);
        let (notice, is_told) = self.meetings.polls.get_mut(&vote).ok_or("the result of no poll")?;
        let intake = &self.meetings.intakes[&vote];
        expect("who tells of a poll", Some(author), intake.building)?;
        expect("ballots of a poll", record.ballots, root(&intake.entered))?;
        if context.height <= notice.closes.0 || std::mem::replace(is_told, true) {
            return Err(format!("poll {vote:?} is told too early, or twice"));
        }
        if record.voters as usize > intake.entered.len() {
            return Err(format!("{} voters and {} ballots", record.voters, intake.entered.len()));
        }
        Ok(())
    }

    /// The authorities put a question to several buildings.
    pub(super) fn ask_jointly(&mut self, question: &JointQuestion) -> Result<(), String> {
        if let Some(stranger) = question.buildings.iter().find(|building| !self.is_member(building)) {
            return Err(format!("{stranger} is asked and is no member"));
        }
        let (outcomes, is_adopted, decided_by) = (BTreeMap::new(), None, None);
        let carried = Carried::Nothing;
        let joint = Joint { question: question.clone(), outcomes, is_adopted, decided_by, carried };
        match self.meetings.joint.insert(question.id(), joint) {
            None => Ok(()),
            Some(_) => Err("a question is put twice".to_owned()),
        }
    }

    /// What came of it all, for the report.
    pub(crate) fn count_meetings(&self, tally: &mut Tally) {
        let Meetings { intakes, meetings, polls, joint, .. } = &self.meetings;
        let carried = meetings.values().flat_map(|meeting| &meeting.decisions).map(|(.., carried)| carried);
        let carried = carried.chain(joint.values().map(|joint| &joint.carried));
        let passed_over = intakes.values().flat_map(|intake| intake.not_counted).map(u64::from);
        tally.assemblies += meetings.len() as u64;
        tally.items_decided += meetings.values().map(|meeting| meeting.decisions.len() as u64).sum::<u64>();
        tally.polls += polls.values().filter(|(_, is_told)| *is_told).count() as u64;
        tally.ballots += intakes.values().map(|intake| intake.entered.len() as u64).sum::<u64>();
        tally.ballots_passed_over += passed_over.sum::<u64>();
        tally.carried_out += carried.filter(|carried| matches!(carried, Carried::Done(_))).count() as u64;
        tally.joint_decisions += joint.values().filter(|joint| joint.is_adopted.is_some()).count() as u64;
        tally.breaches += meetings.values().map(|meeting| meeting.breaches.len() as u64).sum::<u64>();
    }

    pub(super) fn compare_meetings(&self, state: &State) -> Result<(), String> {
        expect("assemblies", state.assemblies().count(), self.meetings.meetings.len())?;
        expect("polls", state.polls().count(), self.meetings.polls.len())?;
        expect("questions", state.joint_questions().count(), self.meetings.joint.len())?;
        for (vote, intake) in &self.meetings.intakes {
            let found = state.intake(vote).ok_or(format!("vote {vote:?} should exist"))?;
            let not_counted = [found.early, found.late, found.replayed, found.excess];
            expect("ballots that came early, late, twice, too many", not_counted, intake.not_counted)?;
            let entered = state.commitments(vote).into_iter().map(|(commitment, _)| commitment);
            expect("ballots that count", entered.collect::<Vec<_>>(), intake.entered.clone())?;
            expect("root over the ballots", found.frontier.root(), root(&intake.entered))?;
            expect("sheets of paper", found.papers as usize, intake.papers.len())?;
        }
        for (id, meeting) in &self.meetings.meetings {
            let found = state.assembly(id).ok_or(format!("assembly {id:?} should exist"))?;
            expect("items decided", usize::from(found.concluded), meeting.decisions.len())?;
            expect("minutes", found.minutes.map(|minutes| minutes.version), meeting.minutes)?;
            expect("breaches", state.breaches(id).count(), meeting.breaches.len())?;
            let decisions = state.decisions(id).map(|(_, found)| (found.result.clone(), found.carried));
            let decided = meeting.decisions.iter().map(|(result, _, carried)| (result.clone(), *carried));
            expect("decisions", decisions.collect::<Vec<_>>(), decided.collect::<Vec<_>>())?;
        }
        for (vote, (_, is_told)) in &self.meetings.polls {
            expect(
                "whether a poll is told",
                state.poll(vote).is_some_and(|poll| poll.result.is_some()),
                *is_told,
            )?;
        }
        for (id, joint) in &self.meetings.joint {
            let found = state.joint_question(id).ok_or("a question should exist")?;
            let outcomes: BTreeMap<Address, Outcome> = found.outcomes.iter().copied().collect();
            expect("answers to a question", &outcomes, &joint.outcomes)?;
            expect("what a question came to", found.decided.map(|_| found.is_adopted), joint.is_adopted)?;
            expect("how far a question is carried out", found.carried, joint.carried)?;
        }
        Ok(())
    }
}

impl Meeting {
    /// Whether results follow from the ballots that came in, item by item behind those decided before. Results that are
    /// given again, or before it is their turn, do not stand in a block.
    fn follows(&self, conclusion: &Conclusion, ballots: &Digest) -> Result<bool, String> {
        let first = conclusion.results.first().ok_or("no results")?.item();
        let next = u16::try_from(self.decisions.len()).expect("invariant: few items") + 1;
        if first.0 < next {
            let again = conclusion.results.iter().zip(&self.decisions[usize::from(first.0) - 1..]);
            let is_known = again.into_iter().all(|(result, (known, ..))| result == known);
            return if is_known { Err("results are given twice".to_owned()) } else { Ok(false) };
        }
        for (result, number) in conclusion.results.iter().zip(next..) {
            expect("item that is decided", result.item(), ItemNumber(number))?;
            let ItemResult::Counted(record) = result else { return Ok(false) };
            if !self.adds_up(record, ballots) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Ordinary business is adopted with more than half of the votes cast, in both laws.
    fn adds_up(&self, record: &TallyRecord, ballots: &Digest) -> bool {
        let held = record.held;
        let [in_favour, against] = [held.in_favour.0, held.against.0];
        let is_adopted = in_favour > against;
        record.ballots == *ballots
            && in_favour + against + held.silent.0 == self.opening.votes.0
            && (record.outcome == Outcome::Adopted) == is_adopted
    }
}

/// The first moment at which nobody can ask a judge any more: so many months and a day after the day, wherever it is.
fn after(day: Day, months: u16) -> UnixMs {
    let last = day.after(Span::Months(months));
    UnixMs((i64::from(last.0) + 2) * DAY_MS)
}
