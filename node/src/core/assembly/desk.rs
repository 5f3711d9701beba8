//! What is done about registry, letters and keys, and by whom it may be done. Everything is stored before it is told.

use protocol::assembly::{Duty, PersonId, Registry, SignedBinding};
use protocol::limits::{LETTER_LIFE_MS, LOST_KEY_HOURS, OBJECTION_HOURS_MAX};
use protocol::{Invalid, Now, PublicKey};

use super::looks::Looked;
use super::{Act, Done, HomeError, Kept, KeptKey, Letter, Loss, NewLetter, ResidentKey, Who};
use crate::core::input::Ticket;
use crate::core::maintenance::Change;
use crate::core::output::{Answer, Event, Output};
use crate::core::{Core, Refused};

type Outcome = Result<Done, HomeError>;

impl Core {
    /// Registry, keys and assemblies of this building, to look at.
    pub fn home(&self) -> &super::Home {
        &self.home
    }

    /// Does what somebody asks for, and answers.
    pub(in crate::core) fn act_at_home(&mut self, now: Now, ticket: Ticket, who: &Who, act: Act) {
        let done = match act {
            Act::PutRegistry { revision, registry } => self.put_registry(who, revision, *registry),
            Act::Erase(person) => self.erase(who, person),
            Act::Look(looked, person) => self.note_look(who, looked, person).map(|()| Done::Nothing),
            Act::SetObjection(hours) => self.set_objection(who, hours),
            Act::Write(letters) => self.write_letters(now, who, letters),
            Act::AddDevice(letter) => self.add_device(now, who, &letter),
            Act::Bind(signed) => self.bind_key(now, &signed),
            Act::Object(key) => self.object(who, &key),
            Act::SetAside(key) => self.set_aside(now, who, &key),
            Act::End(key) => self.end_key(who, &key),
            Act::Lose(person) => self.lose(now, who, person),
            Act::Agree(letter) => self.agree(now, who, &letter),
            Act::SignSheet(paper, signature) => self.sign_sheet(now, who, *paper, signature),
            Act::AskPoll(question) => self.ask_poll(now, who, *question),
            Act::AnswerPoll(signed) => self.answer_poll(now, *signed),
            Act::DropSheet(name) => self.drop_sheet(who, &name),
            Act::KeepDocument(document, bytes) => self.keep_document(who, document, bytes),
            Act::Prepare { .. }
            | Act::Drop(_)
            | Act::Announce { .. }
            | Act::Attend { .. }
            | Act::HandIn(_)
            | Act::Carry(..)
            | Act::Watch(_)
            | Act::SignMinutes { .. }
            | Act::Sign { .. } => self.act_on_gathering(now, who, act),
        };
        let answer = done.map(Answer::Home).map_err(Refused::Home);
        self.out.push(Output::Answer { ticket, answer });
    }

    /// Keys whose objection period is over count from now on.
    pub(in crate::core) fn tend_home(&mut self, now: Now) {
        let head = self.ledger.head().height;
        let matured = self.home.residents.mature(now.time, head);
        self.keep_keys(matured);
        self.check_stored();
        let open: Vec<u32> = self.home.gatherings.keys().copied().collect();
        open.into_iter().for_each(|number| self.bring(now, number));
        self.tend_promises(now);
        self.bring_polls(now);
        self.ask_for_questions(now);
    }

    /// Stores entries and tells open pages.
    pub(super) fn keep(&mut self, kept: impl IntoIterator<Item = Kept>) {
        self.home.forget_counts();
        let changes: Vec<Change> = kept.into_iter().map(|one| Change::PutKept(Box::new(one))).collect();
        self.persist(changes);
        self.event(Event::Assembly);
    }

    fn keep_keys(&mut self, keys: Vec<ResidentKey>) {
        if !keys.is_empty() {
            self.keep(keys.into_iter().map(Kept::Key));
        }
    }

    /// Operators and the syndic.
    pub(super) fn office(&self, who: &Who) -> Result<(), HomeError> {
        let is_office = who.is_operator || self.home.has_duty(who.person, Duty::Syndic, who.today);
        is_office.then_some(()).ok_or(HomeError::NotYours { expected: "the syndic or an operator" })
    }

    /// A member of the council.
    fn council(&self, who: &Who) -> Result<PersonId, HomeError> {
        let is_council = self.home.has_duty(who.person, Duty::Council, who.today);
        let member = who.person.filter(|_| is_council);
        member.ok_or(HomeError::NotYours { expected: "a member of the council, with the own key" })
    }

    fn known(&self, person: PersonId) -> Result<(), HomeError> {
        let registry = self.home.registry().ok_or(HomeError::NoRegistry)?;
        registry.person(person).map(drop).ok_or(HomeError::NoPerson { person })
    }

    fn note_look(&mut self, who: &Who, looked: Looked, person: Option<PersonId>) -> Result<(), HomeError> {
        if who.person.is_none() || who.person != person {
            self.office(who)?;
        }
        if let Some(look) = self.home.looks.note(who.today, &who.name, looked, person) {
            self.persist(vec![Change::PutKept(Box::new(Kept::Look(look)))]);
        }
        Ok(())
    }

    fn put_registry(&mut self, who: &Who, revision: u64, registry: Registry) -> Outcome {
        self.office(who)?;
        let building = self.origin();
        let changes = self.home.book.put(building, revision, registry)?;
        self.persist(changes);
        self.note_look(who, Looked::Change, None)?;
        self.end_strangers();
        self.event(Event::Assembly);
        Ok(Done::Registry(self.home.book.revision()))
    }

    /// Keys of persons who are not in the registry any more end.
    fn end_strangers(&mut self) {
        let head = self.ledger.head().height;
        let known =
            |person| self.home.book.registry().is_some_and(|registry| registry.person(person).is_some());
        let strangers: Vec<PersonId> =
            self.home.residents.keys().map(|key| key.person).filter(|person| !known(*person)).collect();
        let mut ended = Vec::new();
        for person in strangers {
            ended.extend(self.home.residents.end(person, None, head));
        }
        self.keep_keys(ended);
    }

    fn erase(&mut self, who: &Who, person: PersonId) -> Outcome {
        self.office(who)?;
        let registry = self.home.book.without(person, who.today)?;
        let (building, revision) = (self.origin(), self.home.book.revision());
        let changes = self.home.book.put(building, revision, registry)?;
        self.persist(changes);
        let ended = self.home.residents.end(person, None, self.ledger.head().height);
        self.keep_keys(ended);
        self.note_look(who, Looked::Erase, Some(person))?;
        self.out.push(Output::ForgetHistory);
        self.event(Event::Assembly);
        Ok(Done::Registry(self.home.book.revision()))
    }

    fn set_objection(&mut self, who: &Who, hours: u16) -> Outcome {
        self.office(who)?;
        if hours > OBJECTION_HOURS_MAX {
            let (max, found) = (OBJECTION_HOURS_MAX.into(), hours.into());
            return Err(Invalid::Range { field: "objection_hours", max, found }.into());
        }
        self.home.objection_hours = hours;
        self.keep([Kept::Objection(hours)]);
        Ok(Done::Nothing)
    }

    fn write_letters(&mut self, now: Now, who: &Who, letters: Vec<NewLetter>) -> Outcome {
        self.office(who)?;
        letters.iter().try_for_each(|letter| self.known(letter.person))?;
        for letter in &letters {
            self.write_letter(now, who, letter, 0)?;
        }
        self.note_look(who, Looked::Letters, None)?;
        Ok(Done::Nothing)
    }

    fn add_device(&mut self, now: Now, who: &Who, letter: &NewLetter) -> Outcome {
        if who.person != Some(letter.person) {
            return Err(HomeError::NotYours { expected: "a code for a device of one's own" });
        }
        self.known(letter.person)?;
        self.write_letter(now, who, letter, 0)?;
        Ok(Done::Nothing)
    }

    fn write_letter(&mut self, now: Now, who: &Who, new: &NewLetter, extra: u16) -> Result<(), HomeError> {
        let letter = Letter {
            long: new.long,
            short: new.short,
            person: new.person,
            made: now.time,
            by: who.name.clone(),
            expires: now.time.plus(LETTER_LIFE_MS),
            extra_hours: extra,
            used: None,
        };
        let replaced = self.home.residents.write(letter.clone())?;
        let gone = replaced.into_iter().map(|long| Change::DeleteKept(KeptKey::Letter(long)));
        let mut changes: Vec<Change> = gone.collect();
        changes.push(Change::PutKept(Box::new(Kept::Letter(letter))));
        self.persist(changes);
        self.event(Event::Assembly);
        Ok(())
    }

    fn bind_key(&mut self, now: Now, signed: &SignedBinding) -> Outcome {
        if signed.binding.building != self.origin() {
            return Err(HomeError::NoLetter);
        }
        let hours = self.home.objection_hours;
        let (letter, key) = self.home.residents.bind(now.time, signed, hours)?;
        let person = key.person;
        self.keep([Kept::Letter(letter), Kept::Key(key)]);
        self.tend_home(now);
        Ok(Done::Bound(signed.binding.voter, person))
    }

    fn object(&mut self, who: &Who, key: &PublicKey) -> Outcome {
        let expected = "a resident, with a key that counts";
        let by = who.person.ok_or(HomeError::NotYours { expected })?;
        let key = self.home.residents.object(key, by)?;
        self.keep_keys(vec![key]);
        Ok(Done::Nothing)
    }

    fn set_aside(&mut self, now: Now, who: &Who, key: &PublicKey) -> Outcome {
        let by = self.council(who)?;
        let owner = self.home.residents.key(key).ok_or(HomeError::NoKey)?.person;
        if owner == by {
            return Err(HomeError::SamePerson);
        }
        let hours = self.home.objection_hours;
        let key = self.home.residents.set_aside(now.time, key, hours)?;
        self.keep_keys(vec![key]);
        Ok(Done::Nothing)
    }

    fn end_key(&mut self, who: &Who, key: &PublicKey) -> Outcome {
        let found = self.home.residents.key(key).ok_or(HomeError::NoKey)?;
        let person = found.person;
        if who.person != Some(person) {
            return Err(HomeError::NotYours { expected: "whoever owns the key" });
        }
        let ended = self.home.residents.end(person, Some(key), self.ledger.head().height);
        self.keep_keys(ended);
        Ok(Done::Nothing)
    }

    fn lose(&mut self, now: Now, who: &Who, person: PersonId) -> Outcome {
        self.office(who)?;
        self.known(person)?;
        let loss = Loss { person, asked: now.time, by: who.name.clone(), by_person: who.person };
        self.home.residents.lose(loss.clone());
        self.keep([Kept::Loss(loss)]);
        Ok(Done::Nothing)
    }

    /// Two persons made the way free for another key: the old ones end at once, the new one waits longer than usual.
    fn agree(&mut self, now: Now, who: &Who, letter: &NewLetter) -> Outcome {
        let by = self.council(who)?;
        let loss = self.home.residents.agree(letter.person, by)?;
        let ended = self.home.residents.end(loss.person, None, self.ledger.head().height);
        self.keep_keys(ended);
        self.persist(vec![Change::DeleteKept(KeptKey::Loss(loss.person))]);
        self.write_letter(now, who, letter, LOST_KEY_HOURS)?;
        Ok(Done::Nothing)
    }
}
