//! Liars in the world: what they say is carried to whom they say it, twins stand on two sides, and honest nodes are not
//! held to what liars did.

use node::core::Input;
use protocol::{Address, Message, encode};

use crate::checker::Violation;
use crate::disk::{Crash, File};
use crate::liars::{Facts, Liar, Said};
use crate::traffic::Parcel;
use crate::world::{Event, World};

/// Of 1,000 turns of a forgetful liar, this many end its process.
const FORGETS_PER_MILLE: u64 = 50;
/// Of 1,000 turns of a liar with a twin, this many draw the sides anew.
const SIDES_PER_MILLE: u64 = 300;

/// Two running copies of one key, and who is connected to the second one.
#[derive(Debug)]
pub(crate) struct Twins {
    pub(crate) first: usize,
    pub(crate) second: usize,
    /// By place: true on the side of the second.
    pub(crate) sides: Vec<bool>,
}

impl World<'_> {
    /// The first turn of every liar.
    pub(crate) fn lie_later(&mut self) {
        for node in 0..self.places.len() {
            if self.places[node].liar.is_some() {
                let wait = self.chance.wait(self.weather.people.lie_every_ms);
                self.after(wait, Event::Lie { node });
            }
        }
    }

    /// A liar's turn.
    pub(crate) fn lie(&mut self, node: usize) -> Result<(), Violation> {
        if self.places[node].is_gone || self.places[node].liar.as_ref().is_none_or(|liar| liar.is_reformed) {
            return Ok(());
        }
        let wait = self.chance.wait(self.weather.people.lie_every_ms);
        self.after(wait, Event::Lie { node });
        if self.chance.per_mille(SIDES_PER_MILLE)
            && let Some(which) = self.twins.iter().position(|twins| twins.first == node)
        {
            self.draw_sides(which)?;
        }
        let peers: Vec<usize> =
            (0..self.places.len()).filter(|peer| self.network.sees(node, *peer)).collect();
        self.with_liar(node, |liar, facts| {
            let said = liar.act(&peers, facts);
            let lies = said.len() as u64;
            (said, lies)
        });
        let forgets = self.places[node].liar.as_ref().is_some_and(|liar| liar.lies.amnesia);
        if forgets && self.is_up(node) && self.chance.per_mille(FORGETS_PER_MILLE) {
            self.crash(node, Crash::Process);
        }
        Ok(())
    }

    /// What a liar's core wants to say goes through its tongue.
    pub(crate) fn lie_to(&mut self, node: usize, to: &[usize], message: &Message) {
        self.with_liar(node, |liar, facts| liar.say(message, to, facts));
    }

    /// A liar that forgets begins with an empty vote log.
    pub(crate) fn forget(&mut self, node: usize) {
        let place = &mut self.places[node];
        let is_forgetful = place.liar.as_ref().is_some_and(|liar| liar.lies.amnesia && !liar.is_reformed);
        if is_forgetful && self.chance.per_mille(700) {
            place.building.disk.votes = File::default();
        }
    }

    /// Whether a key is a liar's.
    pub(crate) fn is_liar(&self, address: &Address) -> bool {
        self.liars.contains(address)
    }

    /// Who answers to an address where `node` stands: of twins, the one on its side.
    pub(crate) fn route(&self, node: usize, address: &Address) -> Option<usize> {
        let found = self.places.iter().position(|place| place.building.address() == *address)?;
        let twins = self.twins.iter().find(|twins| twins.first == found);
        Some(twins.filter(|twins| twins.sides[node]).map_or(found, |twins| twins.second))
    }

    /// Whether each is the one that the other means by its address.
    pub(crate) fn reaches(&self, a: usize, b: usize) -> bool {
        let address = |node: usize| self.places[node].building.address();
        self.route(a, &address(b)) == Some(b) && self.route(b, &address(a)) == Some(a)
    }

    /// The faults stop: a liar that does not lie on behaves, and its twin is gone.
    pub(crate) fn reform(&mut self) -> Result<(), Violation> {
        if self.weather.people.lie_on {
            return Ok(());
        }
        for place in &mut self.places {
            if let Some(liar) = &mut place.liar {
                liar.is_reformed = true;
            }
        }
        for which in 0..self.twins.len() {
            let second = self.twins[which].second;
            self.places[second].is_gone = true;
            if self.is_up(second) {
                self.crash(second, Crash::Process);
            }
            self.take_sides(which, vec![false; self.places.len()])?;
        }
        Ok(())
    }

    fn with_liar(&mut self, node: usize, speak: impl FnOnce(&mut Liar, &Facts<'_>) -> (Vec<Said>, u64)) {
        let Some(mut liar) = self.places[node].liar.take() else { return };
        let said = {
            let building = &self.places[node].building;
            building.ledger().map(|ledger| {
                let now = building.now(self.now);
                let round = ledger.progress(now.tick).round;
                // What a liar signs has to look good by the clock of others.
                let time = self.hive.clock.at(self.now);
                let facts = Facts { key: &building.key, tip: ledger.tip(), round, now: time };
                speak(&mut liar, &facts)
            })
        };
        if let Some((said, lies)) = said {
            self.tally.lies += lies;
            self.utter(node, &mut liar, said);
        }
        self.places[node].liar = Some(liar);
    }

    fn utter(&mut self, node: usize, liar: &mut Liar, said: Vec<Said>) {
        let mut last: Option<(Message, Vec<u8>)> = None;
        for Said { to, message, after_ms } in said {
            let message = match liar.garble(&message) {
                None => message,
                // What does not decode never reaches a core.
                Some(None) => {
                    self.tally.lies += 1;
                    continue;
                }
                Some(Some(garbled)) => garbled,
            };
            // Most are told the same thing.
            let bytes = match last.take() {
                Some((said, bytes)) if said == message => bytes,
                Some(_) | None => encode(&message),
            };
            last = Some((message.clone(), bytes.clone()));
            self.post(node, &[to], Parcel::Message(message), &bytes, after_ms);
        }
    }

    /// New sides for twins; in half of the cases the net is cut between them for a while.
    fn draw_sides(&mut self, which: usize) -> Result<(), Violation> {
        let Twins { first, second, .. } = self.twins[which];
        let mut sides: Vec<bool> = (0..self.places.len()).map(|_| self.chance.per_mille(500)).collect();
        (sides[first], sides[second]) = (false, true);
        if self.healed_at.is_none() && self.chance.per_mille(500) {
            let lasts = self.chance.between(500, 5_000);
            self.cut(&sides, true, lasts);
        }
        self.take_sides(which, sides)
    }

    fn take_sides(&mut self, which: usize, sides: Vec<bool>) -> Result<(), Violation> {
        let Twins { first, second, .. } = self.twins[which];
        let before = std::mem::replace(&mut self.twins[which].sides, sides);
        for node in (0..self.places.len()).filter(|node| *node != first && *node != second) {
            if before[node] == self.twins[which].sides[node] {
                continue;
            }
            let (old, new) = if before[node] { (second, first) } else { (first, second) };
            self.part(node, old)?;
            let wait = self.chance.between(10, 300);
            self.after(wait, Event::Connect { a: node, b: new });
        }
        Ok(())
    }

    /// A connection ends, and both ends know at once.
    pub(crate) fn part(&mut self, a: usize, b: usize) -> Result<(), Violation> {
        self.network.disconnect(a, b);
        for (node, peer) in [(a, b), (b, a)] {
            if self.network.sees(node, peer) {
                self.network.forget(node, peer);
                let address = self.places[peer].building.address();
                self.tell(node, Input::Ledger(ledger::Input::Disconnected(address)))?;
            }
        }
        Ok(())
    }
}
