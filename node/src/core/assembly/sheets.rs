//! Sheets of paper between two signatures: the syndic or the assessor enters one, the other looks at the same sheet and
//! signs it too, each with the own key. Only with both is it handed in.

use std::collections::BTreeMap;

use protocol::assembly::{Paper, SignedPaper};
use protocol::limits::SHEETS_WAITING_MAX;
use protocol::{ChainId, Digest, Now, PublicKey, Signature, UnixMs, encode};
use serde_tuple::{Deserialize_tuple, Serialize_tuple};

use super::meeting::Body;
use super::urn::check_counters;
use super::{Done, HomeError, Kept, KeptKey, Who};
use crate::core::Core;
use crate::core::maintenance::Change;

/// A sheet that one of two persons signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize_tuple, Deserialize_tuple)]
pub struct Waiting {
    /// The assembly's number.
    pub number: u32,
    /// The sheet.
    pub paper: Paper,
    /// Whether the signature is the syndic's, and not the assessor's.
    pub is_syndics: bool,
    /// The first signature.
    pub signature: Signature,
    /// When it was entered.
    pub at: UnixMs,
}

/// Sheets that wait for the second signature, by their names.
pub type Sheets = BTreeMap<Digest, Waiting>;

impl Waiting {
    /// What it is named by: its bytes.
    pub fn name(&self) -> Digest {
        name(&self.paper)
    }

    /// Whether the ledger will take its signature. One of before the ledger checked both does not hold: somebody signs
    /// the sheet first again.
    pub fn is_signed(&self, chain: &ChainId) -> bool {
        let key = if self.is_syndics { &self.paper.syndic } else { &self.paper.assessor };
        self.paper.is_signed_by(key, &self.signature, chain)
    }
}

fn name(paper: &Paper) -> Digest {
    Digest::of("symbiose waiting sheet v1", &[&encode(paper)])
}

impl Core {
    /// Takes a signature under a sheet. The second one, of the other person under the same bytes, hands it in.
    pub(super) fn sign_sheet(
        &mut self,
        now: Now,
        who: &Who,
        paper: Paper,
        signature: Signature,
    ) -> Result<Done, HomeError> {
        let gathering = self.home.gathering(&paper.assembly).ok_or(HomeError::NoAssembly)?;
        let number = gathering.stored.number;
        let opening = gathering.stored.opening.as_ref().ok_or(HomeError::NoAssembly)?;
        check_counters(opening, &paper)?;
        if gathering.taken.contains_key(&paper.commitment()) {
            return Ok(Done::Taken(number, paper.commitment()));
        }
        let is_syndics = self.signed_as(who, &paper, &signature)?;
        let (name, chain) = (name(&paper), self.ledger.chain());
        let Some(first) = self.home.sheets.get(&name).filter(|first| first.is_signed(&chain)) else {
            return self.enter_sheet(Waiting { number, paper, is_syndics, signature, at: now.time });
        };
        if first.is_syndics == is_syndics {
            return Err(HomeError::SamePerson);
        }
        let (by_syndic, by_assessor) =
            if is_syndics { (signature, first.signature) } else { (first.signature, signature) };
        let done = self.hand_in(now, Body::Entered(SignedPaper { paper, by_syndic, by_assessor }))?;
        self.forget_sheet(&name);
        Ok(done)
    }

    /// Whose signature it is, of the two: the syndic's or the assessor's, and of the person who hands it in.
    fn signed_as(&self, who: &Who, paper: &Paper, signature: &Signature) -> Result<bool, HomeError> {
        let expected = "the syndic or the assessor of this assembly, with the key that was announced";
        let chain = self.ledger.chain();
        let is_by = |key: &PublicKey| {
            let is_theirs = self.home.residents.key(key).map(|key| key.person) == who.person;
            is_theirs && paper.is_signed_by(key, signature, &chain)
        };
        match (is_by(&paper.syndic), is_by(&paper.assessor)) {
            (true, _) => Ok(true),
            (false, true) => Ok(false),
            (false, false) => Err(HomeError::NotYours { expected }),
        }
    }

    fn enter_sheet(&mut self, waiting: Waiting) -> Result<Done, HomeError> {
        let number = waiting.number;
        let opening =
            self.home.gatherings.get(&number).and_then(|gathering| gathering.stored.opening.as_ref());
        if opening.is_none_or(|opening| self.ledger.head().height >= opening.closes) {
            return Err(HomeError::Stage { expected: "is open" });
        }
        let name = waiting.name();
        let others = self.home.sheets.iter().filter(|(key, one)| one.number == number && **key != name);
        if others.count() >= SHEETS_WAITING_MAX {
            return Err(HomeError::Full { field: "sheets that wait", max: SHEETS_WAITING_MAX });
        }
        self.home.sheets.insert(name, waiting.clone());
        self.keep([Kept::Sheet(Box::new(waiting))]);
        Ok(Done::Gathering(number))
    }

    /// Takes a sheet away that waits: either of the two may.
    pub(super) fn drop_sheet(&mut self, who: &Who, name: &Digest) -> Result<Done, HomeError> {
        let waiting = self.home.sheets.get(name).ok_or(HomeError::NoSheet)?;
        let person = |key: &PublicKey| self.home.residents.key(key).map(|key| key.person);
        let two = [person(&waiting.paper.syndic), person(&waiting.paper.assessor)];
        if who.person.is_none() || !two.contains(&who.person) {
            return Err(HomeError::NotYours { expected: "the syndic or the assessor of this assembly" });
        }
        self.forget_sheet(name);
        Ok(Done::Nothing)
    }

    /// The results stand: what only one of the two signed can count no more.
    pub(super) fn forget_sheets(&mut self, number: u32) {
        let waiting = self.home.sheets.iter().filter(|(_, one)| one.number == number);
        let waiting: Vec<Digest> = waiting.map(|(name, _)| *name).collect();
        waiting.iter().for_each(|name| self.forget_sheet(name));
    }

    fn forget_sheet(&mut self, name: &Digest) {
        if let Some(gone) = self.home.sheets.remove(name) {
            self.persist(vec![Change::DeleteKept(KeptKey::Sheet(gone.number, *name))]);
            self.event(crate::core::output::Event::Assembly);
        }
    }
}
