//! Polls and questions to several buildings, between page and core. Totals of a poll are told when it is closed, and
//! never who chose what.

use ledger::assembly::{Standing, decide_jointly};
use protocol::assembly::{PersonId, PollText};
use protocol::limits::POLL_HIDDEN_VOTERS_MIN;
use protocol::{Bounded, Invalid};
use web::request::PollDraft;
use web::view::{JointBuildingView, JointQuestionView, PollChoice, PollNotPut, PollStage, PollView};
use web::{Actor, Problem};

use super::draft::{invalid, salt};
use crate::core::Core;
use crate::core::assembly::{Act, Asking, NotPut, Question};

/// A question in the core's words, with a salt of its own.
pub(in crate::shell) fn asked(draft: PollDraft) -> Result<Act, Problem> {
    let wrong = |field: &'static str| move |error: Invalid| invalid(field, &error);
    let answers = draft.choices.iter().map(|text| PollText::new(text).map_err(wrong("choices")));
    let answers = answers.collect::<Result<Vec<_>, _>>()?;
    Ok(Act::AskPoll(Box::new(Question {
        question: PollText::new(&draft.question).map_err(wrong("question"))?,
        answers: Bounded::new(answers).map_err(wrong("choices"))?,
        is_hidden: draft.hidden,
        blocks: draft.blocks,
        salt: salt()?,
    })))
}

/// All polls, newest first.
pub(in crate::shell) fn polls(core: &Core, by: &Actor) -> Vec<PollView> {
    core.home().polls().values().rev().map(|asking| view(core, by, asking)).collect()
}

fn view(core: &Core, by: &Actor, asking: &Asking) -> PollView {
    let (poll, head) = (&asking.stored.poll, core.ledger().head().height);
    let on_ledger = core.ledger().state().poll(&asking.vote());
    let stage = match on_ledger {
        Some(state) if state.result.is_some() => PollStage::Concluded,
        Some(_) if head >= poll.closes => PollStage::Closed,
        Some(_) if head.next() >= poll.opens => PollStage::Open,
        None if asking.refused.is_some() => PollStage::Refused,
        Some(_) | None => PollStage::Announced,
    };
    let result = core.count_poll(asking);
    let is_over = matches!(stage, PollStage::Closed | PollStage::Concluded);
    let shown = result.answers.as_ref().filter(|_| is_over);
    let invited = core.invited(asking);
    let choice = |(at, text): (usize, &PollText)| PollChoice {
        text: text.to_string(),
        voters: shown.and_then(|shown| shown.get(at)).map(|voters| *voters as u64),
    };
    PollView {
        number: asking.stored.number,
        id: poll.id().to_string(),
        chain: core.ledger().chain().to_string(),
        stage,
        not_put: asking.refused.map(|why| match why {
            NotPut::TooMany => PollNotPut::TooMany,
            NotPut::Refused => PollNotPut::Refused,
        }),
        question: poll.question.to_string(),
        choices: poll.answers.iter().enumerate().map(choice).collect(),
        hidden: poll.is_hidden,
        height: head.0,
        opens: poll.opens.0,
        closes: poll.closes.0,
        invited: invited.len() as u64,
        voters: result.voters as u64,
        hidden_min: POLL_HIDDEN_VOTERS_MIN as u64,
        is_mine: by.person.is_some_and(|person| invited.contains(&PersonId(person))),
    }
}

/// Every question to several buildings, as the ledger has it.
pub(in crate::shell) fn joint_questions(core: &Core) -> Vec<JointQuestionView> {
    let all = core.ledger().state().joint_questions();
    all.map(|(id, state)| {
        let (question, outcomes) = (&state.question, state.outcomes.iter().copied().collect());
        let joint = decide_jointly(question, &outcomes);
        let building = |address: &protocol::Address| JointBuildingView {
            building: address.to_string(),
            outcome: outcomes.get(address).map(|outcome| outcome.name().to_owned()),
        };
        let standing = match joint.standing {
            Standing::Open => "open",
            Standing::Adopted => "adopted",
            Standing::Refused => "refused",
        };
        JointQuestionView {
            id: id.to_string(),
            text: question.question.to_string(),
            buildings: question.buildings.iter().map(building).collect(),
            needed: question.needed.name().to_owned(),
            arithmetic: joint.arithmetic.to_string(),
            standing: standing.to_owned(),
            is_asked: question.buildings.contains(&core.origin()),
            effect: question.effect.name().to_owned(),
            most: question.effect.most().map(|most| most.0),
            progress: state.decided.and_then(|_| super::progress(state.carried)),
        }
    })
    .collect()
}
