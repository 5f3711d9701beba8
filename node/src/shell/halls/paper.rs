//! In the room, between page and core: who is there, and sheets of paper that wait for the second signature.

use protocol::assembly::{Answer, Duty, LotId, PersonId, Sheet};
use web::view::{PresenceView, SheetAnswer, SheetView};
use web::{Actor, Kind, Problem, SignedInAs, Time};

use super::super::{home, zone};
use super::voice::lot_name;
use crate::core::Core;
use crate::core::assembly::{Act, Gathering, StoredPresence, Waiting};
use protocol::hex::hex;

/// Who is there, in the core's words.
pub(in crate::shell) fn attending(number: u32, presences: Vec<PresenceView>) -> Act {
    let stored = |one: PresenceView| StoredPresence {
        person: PersonId(one.person),
        is_remote: one.remote,
        from: one.from,
        until: one.until,
    };
    Act::Attend { number, presences: presences.into_iter().map(stored).collect() }
}

/// The same for the page.
pub(super) fn presences(gathering: &Gathering) -> Vec<PresenceView> {
    let view = |one: &StoredPresence| PresenceView {
        person: one.person.0,
        remote: one.is_remote,
        from: one.from,
        until: one.until,
    };
    gathering.stored.presences.iter().map(view).collect()
}

/// Sheets that wait, for the syndic, the assessors and operators.
pub(in crate::shell) fn sheets(core: &Core, by: &Actor, number: u32) -> Result<Vec<SheetView>, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such assembly").field("id");
    let gathering = core.home().gatherings().get(&number).ok_or_else(missing)?;
    let (person, today) = (by.person.map(PersonId), zone::today(core.now()));
    let is_assessor = person.is_some_and(|person| gathering.stored.plan.assessors.contains(&person));
    let is_syndic = core.home().has_duty(person, Duty::Syndic, today);
    if by.role != SignedInAs::Operator && !is_syndic && !is_assessor {
        return Err(Problem::new(Kind::Forbidden, "expected the syndic, an assessor or an operator"));
    }
    let mut waiting: Vec<&Waiting> =
        core.home().sheets().values().filter(|waiting| waiting.number == number).collect();
    waiting.sort_by_key(|waiting| (waiting.at, waiting.name()));
    Ok(waiting.into_iter().map(|waiting| view(core, gathering, waiting)).collect())
}

fn view(core: &Core, gathering: &Gathering, waiting: &Waiting) -> SheetView {
    let paper = &waiting.paper;
    let answer =
        |answer: &Answer| SheetAnswer { item: answer.item.0, choice: answer.choice.name().to_owned() };
    let (kind, lots, holder, answers): (_, &[LotId], _, Vec<SheetAnswer>) = match &paper.sheet {
        Sheet::Ballot(ballot) => ("ballot", &ballot.lots, None, vec![answer(&ballot.answer)]),
        Sheet::Postal(form) => ("postal", &form.lots, None, form.answers.iter().map(answer).collect()),
        Sheet::Proxy(proxy) => ("proxy", &proxy.mandate.lots, Some(proxy.mandate.holder), Vec::new()),
    };
    let is_signed = waiting.is_signed(&core.ledger().chain());
    SheetView {
        id: waiting.name().to_string(),
        person: home::name(core, paper.person),
        lots: lots.iter().map(|lot| lot_name(gathering, *lot)).collect(),
        kind: kind.to_owned(),
        holder: holder.map(|holder| home::name(core, holder)),
        answers,
        scan: paper.scan.to_string(),
        by_syndic: is_signed && waiting.is_syndics,
        by_assessor: is_signed && !waiting.is_syndics,
        at: Time::from(waiting.at),
        paper: hex(&protocol::encode(paper)),
    }
}
