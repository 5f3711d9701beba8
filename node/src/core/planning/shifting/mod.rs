//! The hive relieves its evening: at six its coordinator looks at what all buildings together needed on earlier days,
//! asks them to use energy before the peak, and each answers by its owner's rules. Requests, offers of whole Wh and what
//! is taken of them go from one node to another on the encrypted stream of settlement and nowhere else.

mod answer;
mod coordinate;
mod kept;

pub use answer::{Wish, WishStage};

use std::collections::BTreeSet;

use ledger::State;
use protocol::energy::{ShiftChange, ShiftMessage, ShiftRequest, WattHours};
use protocol::{Address, ChainId, Digest, Now, PublicKey, SigningKey, UnixMs};

use super::Planning;
use crate::core::plan::{self, History, Shift, SlotNumber};
use coordinate::Asked;

/// What was not answered is sent again after this long, milliseconds.
const AGAIN_MS: i64 = 10 * 60 * 1000;

/// What a building knows of requests: its own, if it coordinates, and those it was asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Shifting {
    asked: Option<Asked>,
    /// What all buildings together took from the grid, or gave to it where negative, as far as it is settled.
    hive: History,
    /// The local day for which it looked whether to ask.
    looked: Option<i64>,
    /// Oldest first, at most `SHIFTS_KEPT_MAX`.
    wishes: Vec<Wish>,
}

/// The hive as a building sees it when it asks or answers.
pub(super) struct Town<'a> {
    pub(super) state: &'a State,
    pub(super) chain: ChainId,
    pub(super) key: &'a SigningKey,
    /// The address of this node's key now.
    pub(super) me: Address,
    pub(super) now: UnixMs,
}

/// A message and whom it is for.
pub(super) type Letter = (Address, ShiftMessage);

impl Town<'_> {
    /// Who asks for a UTC day: the first desk of the pair that settles it, so that it changes by the rota the hive voted;
    /// without a rota the authority with the lowest address.
    fn coordinator(&self, request: &ShiftRequest) -> Option<Address> {
        let day = u64::try_from(request.relieved.start(request.length).0).ok()? / 86_400_000;
        self.coordinator_of(day)
    }

    fn coordinator_of(&self, day: u64) -> Option<Address> {
        let authorities = self.state.authorities();
        let rota = self.state.opened_books().and_then(|books| books.rota.as_ref());
        let desk = rota.map(|rota| self.state.current(&rota.pair(day)[0]));
        desk.filter(|desk| authorities.key_of(desk).is_some())
            .or_else(|| authorities.addresses().iter().min().copied())
    }

    /// Everybody who may be asked.
    fn members(&self) -> BTreeSet<Address> {
        self.state.members().filter(|(_, member)| !member.revoked).map(|(address, _)| *address).collect()
    }

    fn key_of(&self, member: &Address) -> Option<PublicKey> {
        self.state.member(member).filter(|entry| !entry.revoked).map(|entry| entry.key)
    }

    /// The address under which this building was admitted.
    fn origin(&self) -> Address {
        self.state.origin(&self.me)
    }
}

impl Planning {
    /// Requests this building was asked, newest first.
    pub fn wishes(&self) -> impl Iterator<Item = &Wish> {
        self.shifting.wishes.iter().rev()
    }

    /// Takes a message in. What is not from whom it should be, or does not add up, is passed over.
    pub(super) fn hear_shift(
        &mut self,
        town: &Town<'_>,
        from: Address,
        message: ShiftMessage,
    ) -> Vec<Letter> {
        match message {
            ShiftMessage::Request(signed) => self.hear_request(town, from, &signed),
            ShiftMessage::Answer(signed) => self.hear_answer(town, from, &signed),
            ShiftMessage::Agreement(agreement) => {
                self.hear_agreement(town, from, &agreement);
                Vec::new()
            }
        }
    }

    /// Asks, reminds, closes and lapses by the clock.
    pub(super) fn tend_shifts(&mut self, town: &Town<'_>) -> Vec<Letter> {
        let mut letters = self.coordinate(town);
        letters.extend(self.tend_wishes(town));
        letters
    }
}

/// A request in the words of plans.
fn plain(request: &ShiftRequest) -> Option<plan::ShiftRequest> {
    let slot = |id: protocol::energy::SlotId| i64::try_from(id.0).ok().map(SlotNumber);
    Some(plan::ShiftRequest {
        earlier: slot(request.earlier)?,
        relieved: slot(request.relieved)?,
        end: slot(request.end)?,
        wanted_wh: request.wanted.0,
        import_max_wh: request.import_max.0,
    })
}

fn shift_of(request: &ShiftRequest, change: &ShiftChange) -> Option<Shift> {
    Shift::new(&plain(request)?, change.iter().map(|wh| wh.0).collect()).ok()
}

fn change_of(shift: &Shift) -> ShiftChange {
    let change = shift.change_wh().iter().map(|wh| WattHours(*wh)).collect();
    ShiftChange::new(change).expect("invariant: a shift is as long as its request")
}

impl crate::core::Core {
    pub(in crate::core) fn hear_shift(&mut self, now: Now, from: Address, message: ShiftMessage) {
        let mut waiting = vec![(from, message)];
        while let Some((from, message)) = waiting.pop() {
            let town = town(&self.ledger, &self.key, now);
            let letters = self.planning.hear_shift(&town, from, message);
            self.keep_plans();
            waiting.extend(self.post(letters));
            self.event(crate::core::Event::Energy);
        }
    }

    pub(in crate::core) fn tend_shifts(&mut self, now: Now) {
        let letters = self.planning.tend_shifts(&town(&self.ledger, &self.key, now));
        self.keep_plans();
        for (from, message) in self.post(letters) {
            self.hear_shift(now, from, message);
        }
    }

    /// A person's yes or no.
    pub(in crate::core) fn answer_wish(&mut self, now: Now, id: Digest, yes: bool) -> bool {
        let town = town(&self.ledger, &self.key, now);
        let Some(letters) = self.planning.decide_wish(&town, id, yes) else { return false };
        self.keep_plans();
        for (from, message) in self.post(letters) {
            self.hear_shift(now, from, message);
        }
        self.event(crate::core::Event::Energy);
        true
    }

    /// Sends letters, and gives back those to this building itself.
    fn post(&mut self, letters: Vec<Letter>) -> Vec<Letter> {
        let me = self.ledger.address();
        let (own, others): (Vec<Letter>, Vec<Letter>) = letters.into_iter().partition(|(to, _)| *to == me);
        let send = |(to, message)| crate::core::Output::SendSettlement {
            to,
            message: Box::new(protocol::energy::SettlementMessage::Shift(message)),
        };
        self.out.extend(others.into_iter().map(send));
        own
    }
}

fn town<'a>(ledger: &'a ledger::Ledger, key: &'a SigningKey, now: Now) -> Town<'a> {
    Town { state: ledger.state(), chain: ledger.chain(), key, me: ledger.address(), now: now.time }
}

#[cfg(test)]
mod tests;
