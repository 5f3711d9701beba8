//! Registry, keys and assemblies between page and core: codes for letters are made up here, because the core has no
//! chance of its own, and what the core keeps is put into the page's words.

use protocol::assembly::{Day, PersonId, Registry, Title, invitation_key};
use protocol::limits::LETTER_LIFE_MS;
use protocol::{Now, PublicKey};
use web::request::{HomeAnswer, HomeCall, HomeCommand, HomeLook};
use web::view::{
    CodeView, DutyName, KeyStageName, KeyView, KeysView, LetterView, LettersView, LookView, LossView, OwnLot,
    PersonData, ResidentView, WaitingLetter,
};
use web::{Actor, Kind, Problem, SignedInAs, Time};

use super::halls;
use super::minutes;
use super::receipts;
use super::secrets;
use super::tickets::Context;
use super::zone;
use crate::core::assembly::{Act, Done, HomeError, KeyStage, Looked, NewLetter, ResidentKey, Who};
use crate::core::{Command, Core};

/// Letters of a code, Crockford's base 32.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code that a camera reads: 130 bits.
const LONG: usize = 26;
/// Letters of a code that is typed: 60 bits.
const SHORT: usize = 12;

/// A code in both forms, on its way to a printer.
#[derive(Debug, Clone)]
pub(crate) struct Codes {
    person: PersonId,
    long: String,
    short: String,
}

/// A command for the core, and what its answer will need.
pub(super) fn read(
    now: Now,
    core: &Core,
    by: &Actor,
    command: HomeCommand,
) -> Result<(Command, Context), Problem> {
    let who = Who {
        name: by.name.clone(),
        person: by.person.map(PersonId),
        is_operator: by.role == SignedInAs::Operator,
        today: zone::today(now.time),
    };
    let mut context = Context::None;
    let mut letter = |person: PersonId| -> Result<NewLetter, Problem> {
        let codes = codes(person)?;
        let letter = new_letter(&codes);
        context = Context::Letters(vec![codes]);
        Ok(letter)
    };
    let act = match command {
        HomeCommand::PutRegistry { revision, registry } => Act::PutRegistry { revision, registry },
        HomeCommand::Erase(person) => Act::Erase(person),
        HomeCommand::Look(look) => noted(look),
        HomeCommand::SetObjection(hours) => Act::SetObjection(hours),
        HomeCommand::AddDevice => Act::AddDevice(letter(who.person.unwrap_or_default())?),
        HomeCommand::Bind(signed) => Act::Bind(signed),
        HomeCommand::Object(key) => Act::Object(key),
        HomeCommand::SetAside(key) => Act::SetAside(key),
        HomeCommand::End(key) => Act::End(key),
        HomeCommand::Lose(person) => Act::Lose(person),
        HomeCommand::Agree(person) => Act::Agree(letter(person)?),
        HomeCommand::Prepare { number, draft } => halls::prepared(core, number, *draft)?,
        HomeCommand::KeepDocument { hash, bytes } => Act::KeepDocument(hash, bytes.to_vec()),
        HomeCommand::DropDraft(number) => Act::Drop(number),
        HomeCommand::Announce { number, blocks } => Act::Announce { number, blocks },
        HomeCommand::HandIn(handed) => halls::handed_in(handed),
        HomeCommand::SignSheet { paper, signature } => Act::SignSheet(paper, signature),
        HomeCommand::AskPoll(draft) => halls::asked(*draft)?,
        HomeCommand::AnswerPoll(signed) => Act::AnswerPoll(signed),
        HomeCommand::DropSheet(name) => Act::DropSheet(name),
        HomeCommand::Attend { number, presences } => halls::attending(number, presences),
        HomeCommand::Carry { vote, commitment } => Act::Carry(vote, commitment),
        HomeCommand::Watch(promise) => Act::Watch(promise),
        HomeCommand::SignMinutes { number, signature } => {
            Act::SignMinutes { number, minutes: minutes::hash(core, number)?, signature }
        }
        HomeCommand::SignResults { number, signatures } => Act::Sign { number, signatures },
        HomeCommand::Write(persons) => {
            let persons = if persons.is_empty() { without_key(core, who.today) } else { persons };
            let all = persons.into_iter().map(codes).collect::<Result<Vec<_>, _>>()?;
            let letters = all.iter().map(new_letter).collect();
            context = Context::Letters(all);
            Act::Write(letters)
        }
    };
    Ok((Command::AtHome(who, act), context))
}

fn noted(look: HomeLook) -> Act {
    match look {
        HomeLook::Registry => Act::Look(Looked::Registry, None),
        HomeLook::Export => Act::Look(Looked::Export, None),
        HomeLook::Person(person) => Act::Look(Looked::Person, Some(person)),
    }
}

/// Who votes for a lot, or holds an office, and has no key and no letter.
fn without_key(core: &Core, today: Day) -> Vec<PersonId> {
    let Some(registry) = core.home().registry() else { return Vec::new() };
    let voters = registry.lots.iter().filter_map(|lot| lot.title_on(today)?.voter());
    let offices = registry.offices.iter().filter(|office| office.lasts_on(today)).map(|office| office.person);
    let mut persons: Vec<PersonId> = voters.chain(offices).collect();
    persons.sort_unstable();
    persons.dedup();
    let residents = core.home().residents();
    let has_key = |person| residents.keys().any(|key| key.person == person && key.until.is_none());
    persons.retain(|person| !has_key(*person));
    persons.truncate(protocol::limits::LETTERS_PER_REQUEST_MAX);
    persons
}

fn codes(person: PersonId) -> Result<Codes, Problem> {
    let random = secrets::random().map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    let more = secrets::random().map_err(|error| Problem::new(Kind::Internal, error.to_string()))?;
    let letters =
        |bytes: &[u8]| bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    Ok(Codes { person, long: letters(&random[..LONG]), short: letters(&more[..SHORT]) })
}

fn new_letter(codes: &Codes) -> NewLetter {
    let key = |code: &str| invitation_key(code).public();
    NewLetter { person: codes.person, long: key(&codes.long), short: key(&codes.short) }
}

/// What a command came to, in the page's words.
pub(super) fn answer(core: &Core, context: Context, done: &Done) -> HomeAnswer {
    let Context::Letters(all) = context else {
        return match done {
            Done::Gathering(number) => HomeAnswer::Assembly(*number),
            Done::Poll(number) => HomeAnswer::Poll(*number),
            Done::Taken(number, commitment) => HomeAnswer::Taken(*number, *commitment),
            Done::Promised(promise) => HomeAnswer::Promised(receipts::promised(promise)),
            Done::Standing(kept) => HomeAnswer::Standing(receipts::standing(*kept)),
            Done::Registry(_) | Done::Nothing | Done::Bound(..) => HomeAnswer::Done,
        };
    };
    let now = core.now();
    let letter = |codes: Codes| LetterView {
        person: codes.person.0,
        name: name(core, codes.person),
        lots: lots(core, codes.person, zone::today(now)),
        code: codes.long,
        short_code: codes.short,
        expires: Time::from(now.plus(LETTER_LIFE_MS)),
    };
    let letters = all.into_iter().map(letter).collect();
    HomeAnswer::Letters(LettersView { letters, objection_hours: core.home().objection_hours() })
}

/// Why the core says no.
pub(super) fn problem(error: &HomeError) -> Problem {
    let detail = error.to_string();
    match error {
        HomeError::Registry(_) => Problem::new(Kind::Invalid, detail).field("registry"),
        HomeError::Invalid(_) | HomeError::Signed(_) => Problem::new(Kind::Invalid, detail),
        HomeError::Law(_) => Problem::new(Kind::Conflict, detail),
        HomeError::Revision { .. } => Problem::new(Kind::Conflict, detail).field("revision"),
        HomeError::NoRegistry
        | HomeError::KeyTaken
        | HomeError::TooLate
        | HomeError::NoLoss
        | HomeError::StillNeeded
        | HomeError::Stage { .. }
        | HomeError::Proxy(_)
        | HomeError::Refused(_) => Problem::new(Kind::Conflict, detail),
        HomeError::NoPerson { .. } | HomeError::NoLot { .. } | HomeError::NoItem { .. } => {
            Problem::new(Kind::NotFound, detail).field("id")
        }
        HomeError::NoDocument { .. } => Problem::new(Kind::Invalid, detail).field("items.documents"),
        HomeError::TooSoon { .. } => Problem::new(Kind::Conflict, detail).field("day"),
        HomeError::NoKey | HomeError::NoAssembly | HomeError::NoSheet | HomeError::NoPoll => {
            Problem::new(Kind::NotFound, detail).field("id")
        }
        HomeError::NotYours { .. } | HomeError::SamePerson => Problem::new(Kind::Forbidden, detail),
        HomeError::NoLetter => Problem::new(Kind::Unauthorized, detail).field("code"),
        HomeError::Full { .. } => Problem::new(Kind::TooMany, detail),
    }
}

/// Answers a question out of the core's memory.
pub(super) fn tell(core: &Core, building: &str, call: HomeCall) {
    let today = zone::today(core.now());
    // Callers may have given up: then nobody reads the answer.
    match call {
        HomeCall::Registry(reply) => {
            let book = core.home().book();
            drop(reply.send(Ok((book.revision(), book.registry().cloned().map(Box::new)))));
        }
        HomeCall::Keys(reply) => drop(reply.send(Ok(keys(core, today)))),
        HomeCall::Looks(reply) => drop(reply.send(Ok(looks(core, None)))),
        HomeCall::Person { person, reply } => drop(reply.send(person_data(core, person, today))),
        HomeCall::Code { key, reply } => drop(reply.send(code(core, building, &key, today))),
        HomeCall::Resident { key, reply } => drop(reply.send(resident(core, building, &key, today))),
        HomeCall::Assemblies { by, reply } => drop(reply.send(Ok(halls::list(core, &by)))),
        HomeCall::Assembly { by, number, reply } => drop(reply.send(halls::one(core, &by, number))),
        HomeCall::Taken { number, commitment, reply } => {
            drop(reply.send(halls::taken(core, number, &commitment)));
        }
        HomeCall::JointQuestions(reply) => drop(reply.send(Ok(halls::joint_questions(core)))),
        HomeCall::Polls { by, reply } => drop(reply.send(Ok(halls::polls(core, &by)))),
        HomeCall::Voice { by, number, reply } => drop(reply.send(halls::voice(core, &by, number))),
        HomeCall::Sheets { by, number, reply } => drop(reply.send(halls::sheets(core, &by, number))),
        HomeCall::Document { by, hash, reply } => {
            drop(reply.send(halls::document(core, &by, &hash).map(Into::into)));
        }
        HomeCall::Minutes { number, reply } => drop(reply.send(minutes::view(core, number))),
        HomeCall::Find { prefix, reply } => drop(reply.send(Ok(receipts::find(core, &prefix)))),
        HomeCall::Place(reply) => drop(reply.send(Ok((core.origin(), core.ledger().chain())))),
    }
}

pub(crate) fn name(core: &Core, person: PersonId) -> String {
    let found = core.home().registry().and_then(|registry| registry.person(person));
    found.map_or_else(|| format!("#{person}"), |person| person.name.to_string())
}

/// Names of the lots that somebody votes for.
fn lots(core: &Core, person: PersonId, today: Day) -> Vec<String> {
    own_lots(core, person, today).into_iter().map(|lot| lot.name).collect()
}

fn own_lots(core: &Core, person: PersonId, today: Day) -> Vec<OwnLot> {
    let Some(registry) = core.home().registry() else { return Vec::new() };
    let own = registry.lots.iter().filter_map(|lot| Some((lot, lot.title_on(today)?)));
    let own = own.filter(|(_, title)| title.owners.iter().any(|owner| owner.person == person));
    own.map(|(lot, title)| OwnLot {
        id: lot.id.0,
        name: lot.name.to_string(),
        votes: lot.votes.0,
        with: others(core, title, person),
        rests: title.voter() != Some(person),
    })
    .collect()
}

fn others(core: &Core, title: &Title, person: PersonId) -> Vec<String> {
    let mut others: Vec<PersonId> = title.owners.iter().map(|owner| owner.person).collect();
    others.retain(|other| *other != person);
    others.dedup();
    others.into_iter().map(|other| name(core, other)).collect()
}

fn keys(core: &Core, today: Day) -> KeysView {
    let residents = core.home().residents();
    let mut keys: Vec<&ResidentKey> = residents.keys().collect();
    keys.sort_by_key(|key| (key.person, key.bound));
    let now = core.now();
    let waiting = residents.letters().filter(|letter| letter.used.is_none() && now < letter.expires);
    let mut letters: Vec<WaitingLetter> = waiting
        .map(|letter| WaitingLetter {
            person: letter.person.0,
            name: name(core, letter.person),
            made: letter.made.into(),
            by: letter.by.clone(),
            expires: letter.expires.into(),
        })
        .collect();
    letters.sort_by_key(|letter| letter.person);
    KeysView {
        keys: keys.into_iter().map(|key| key_view(core, key, today)).collect(),
        losses: residents
            .losses()
            .map(|loss| LossView {
                person: loss.person.0,
                name: name(core, loss.person),
                asked: loss.asked.into(),
                by: loss.by.clone(),
            })
            .collect(),
        letters,
        objection_hours: core.home().objection_hours(),
    }
}

fn key_view(core: &Core, key: &ResidentKey, today: Day) -> KeyView {
    KeyView {
        key: key.key.to_string(),
        person: key.person.0,
        name: name(core, key.person),
        lots: lots(core, key.person, today),
        stage: match key.stage() {
            KeyStage::Waiting => KeyStageName::Waiting,
            KeyStage::Objected => KeyStageName::Objected,
            KeyStage::Counts => KeyStageName::Counts,
            KeyStage::Ended => KeyStageName::Ended,
        },
        bound: key.bound.into(),
        objection_until: key.objection_until.into(),
        objected_by: key.objected.map(|person| name(core, person)),
        from: key.from.map(|height| height.0),
        until: key.until.map(|height| height.0),
    }
}

fn looks(core: &Core, person: Option<PersonId>) -> Vec<LookView> {
    let all = core.home().looks().iter().rev();
    let wanted = all.filter(|look| person.is_none() || look.person == person);
    wanted
        .map(|look| LookView {
            day: look.day.to_string(),
            who: look.who.clone(),
            looked: look.looked.name().to_owned(),
            person: look.person.map(|person| person.0),
        })
        .collect()
}

fn person_data(core: &Core, id: PersonId, today: Day) -> Result<PersonData, Problem> {
    let missing = || Problem::new(Kind::NotFound, "there is no such person").field("id");
    let registry: &Registry = core.home().registry().ok_or_else(missing)?;
    let person = registry.person(id).ok_or_else(missing)?;
    let (person, lots, offices) = web::only_of(registry, person);
    let own = core.home().residents().keys().filter(|key| key.person == id);
    let keys = own.map(|key| key_view(core, key, today)).collect();
    Ok(PersonData { person, lots, offices, keys, looks: looks(core, Some(id)) })
}

fn code(core: &Core, building: &str, key: &PublicKey, today: Day) -> Result<CodeView, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "this code is not valid, or was used").field("id");
    let letter = core.home().residents().letter(key, core.now()).ok_or_else(unknown)?;
    let authorities = core.ledger().state().authorities().keys();
    Ok(CodeView {
        name: name(core, letter.person),
        lots: lots(core, letter.person, today),
        building: building.to_owned(),
        address: core.origin().to_string(),
        chain: core.ledger().chain().to_string(),
        authorities: authorities.iter().map(ToString::to_string).collect(),
        objection_hours: core.home().objection_hours(),
        expires: letter.expires.into(),
    })
}

fn resident(core: &Core, building: &str, key: &PublicKey, today: Day) -> Result<ResidentView, Problem> {
    let unknown = || Problem::new(Kind::NotFound, "no resident has this key").field("key");
    let residents = core.home().residents();
    let found = residents.key(key).filter(|key| key.stage() != KeyStage::Ended).ok_or_else(unknown)?;
    let registry = core.home().registry().ok_or_else(unknown)?;
    let held = registry.offices.iter().filter(|one| one.person == found.person && one.lasts_on(today));
    let offices: Vec<DutyName> = held.map(|office| office.duty.into()).collect();
    let own = residents.keys().filter(|key| key.person == found.person);
    Ok(ResidentView {
        person: found.person.0,
        name: name(core, found.person),
        building: building.to_owned(),
        address: core.origin().to_string(),
        chain: core.ledger().chain().to_string(),
        lots: own_lots(core, found.person, today),
        offices,
        key: key_view(core, found, today),
        keys: own.map(|key| key_view(core, key, today)).collect(),
    })
}
