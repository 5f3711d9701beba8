//! What buildings learn of each other's incidents: cards of closed words, handed to the relay of the week, let out in
//! batches in which nobody can tell whose is whose, and searched at home.

mod act;
mod draft;
mod own;
mod relay;
mod search;
mod shelf;
mod stored;
mod survival;

pub(in crate::core) use draft::guess;
pub use draft::{Choice, Draft, Hint, IncidentRefused, Source};
pub use own::Own;
pub use relay::Relay;
pub use search::{Answer as Learnt, Found, Question, Rated};
pub use shelf::Shelf;
pub use stored::{
    HeldCard, HeldWithdrawal, INCIDENT_BYTES_MAX, IncidentKept, IncidentKeptKey, OwnCard, OwnWithdrawal, Told,
};
pub use survival::{
    Group, Horizon, OfHours, SurvivalAnswer, SurvivalChoice, SurvivalHint, SurvivalQuestion, Survived,
};

use protocol::energy::SettlementMessage;
use protocol::incident::{Contractor, IncidentMessage};
use protocol::{Address, Digest, Now, Tick};

use super::Core;
use super::act::Ways;
use super::alerts::AlertId;
use super::heard::Heard;
use super::maintenance::Change;
use super::output::Output;
use super::switch::Switch;
use act::{Act, Scene};
use draft::Incident;

/// How often cards are looked after, milliseconds.
const TEND_MS: u64 = 10_000;
/// How often members are told which batches are here, milliseconds.
const KNOWN_MS: u64 = 30 * 60 * 1000;
/// Messages of one member that are listened to in a second; what is lost is sent again.
const MESSAGES_PER_S_MAX: u32 = 64;

/// A building's part in what buildings tell each other of incidents.
#[derive(Debug, Clone, Default)]
pub struct Incidents {
    own: Own,
    relay: Relay,
    shelf: Shelf,
    next: Tick,
    told: Option<Tick>,
    heard: Heard,
}

impl Incidents {
    /// Takes back what is stored.
    pub(super) fn open(entries: &[Change]) -> Self {
        let mut incidents = Self::default();
        for entry in entries {
            if let Change::PutIncident(kept) = entry {
                incidents.own.restore(kept);
                incidents.relay.restore(kept);
                incidents.shelf.restore(kept);
            }
        }
        incidents
    }

    /// What this building handed in.
    pub const fn own(&self) -> &Own {
        &self.own
    }

    /// What waits at this node as a relay.
    pub const fn relay(&self) -> &Relay {
        &self.relay
    }

    /// What was let out in the hive.
    pub const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    fn tend(&mut self, scene: &Scene<'_>, acts: &mut Vec<Act>) {
        if !scene.is_member(&scene.me) {
            return;
        }
        for signed in self.relay.release(scene, &self.shelf, acts) {
            self.shelf.take(scene, None, signed, acts);
        }
        self.shelf.forget(scene.week(), acts);
        self.own.tend(scene, &self.shelf, acts);
        if self.told.is_none_or(|told| scene.now.tick.since(told) >= KNOWN_MS) {
            self.told = Some(scene.now.tick);
            acts.push(Act::Spread(self.shelf.known(), None));
        }
    }

    fn hear(&mut self, scene: &Scene<'_>, from: Address, message: IncidentMessage, acts: &mut Vec<Act>) {
        match message {
            IncidentMessage::Offer(offered) => {
                self.relay.hear_offer(scene, &self.shelf, from, &offered, acts);
            }
            IncidentMessage::Receipt(receipt) => self.own.hear_receipt(scene, from, receipt, acts),
            IncidentMessage::Known(weeks) => self.shelf.hear_known(from, weeks.as_slice(), acts),
            IncidentMessage::Batch(signed) => {
                if self.shelf.take(scene, Some(from), *signed, acts) {
                    self.own.tend(scene, &self.shelf, acts);
                }
            }
        }
    }
}

impl Core {
    /// The building's part in what buildings tell each other of incidents.
    pub fn incidents(&self) -> &Incidents {
        &self.incidents
    }

    /// What the building can tell by itself of something, whether it is over or not.
    pub fn incident_hint(&self, source: Source) -> Result<Hint, IncidentRefused> {
        let incident = Incident::find(&self.maintenance, source)?;
        Ok(incident.hint(self.telemetry.catalogue(), &self.maintenance))
    }

    /// The card about something, if one was handed in.
    pub fn incident_card(&self, source: Source) -> Option<&OwnCard> {
        let incident = Incident::find(&self.maintenance, source).ok()?;
        self.incidents.own.about(&incident.source())
    }

    /// The card that would leave, exactly.
    pub fn draft_card(&self, source: Source, choice: &Choice) -> Result<Draft, IncidentRefused> {
        let incident = Incident::find(&self.maintenance, source)?;
        let profile = self.aggregates.own().profile();
        incident.draft(&self.scene(self.clock), &self.incidents.own, profile, choice)
    }

    /// What others did about what an alert says.
    pub fn learnt_of(&self, id: AlertId) -> Option<(Question, Learnt)> {
        let hint = self.incident_hint(Source::Alert(id)).ok()?;
        let question = Question { system: Some(hint.system), symptom: Some(hint.symptom), flow: hint.flow };
        Some((question, self.incidents.shelf.ask(&question)))
    }

    /// Who relays cards in the week that runs.
    pub fn incident_relay(&self) -> Address {
        let scene = self.scene(self.clock);
        scene.relay(scene.week())
    }

    /// A person lets a card out that was shown as this one.
    pub(super) fn hand_in_card(
        &mut self,
        now: Now,
        source: Source,
        choice: &Choice,
        shown: Digest,
    ) -> Result<(), IncidentRefused> {
        let draft = self.draft_card(source, choice)?;
        self.hand_in_draft(now, &draft, shown)
    }

    fn hand_in_draft(&mut self, now: Now, draft: &Draft, shown: Digest) -> Result<(), IncidentRefused> {
        if draft.card.digest() != shown {
            return Err(IncidentRefused::Stale);
        }
        let mut done = Ok(());
        self.with_incidents(now, |incidents, scene, acts| {
            done = incidents.own.hand_in(scene, draft, acts);
        });
        self.incidents.next = Tick(0);
        done
    }

    /// A person says whether cards may leave.
    pub(super) fn switch_cards(&mut self, now: Now, switch: Switch) {
        self.with_incidents(now, |incidents, _, acts| incidents.own.switch(switch, acts));
        self.incidents.next = Tick(0);
    }

    /// A person asks that a contractor be forgotten everywhere.
    pub(super) fn withdraw_contractor(
        &mut self,
        now: Now,
        contractor: Contractor,
    ) -> Result<(), IncidentRefused> {
        let mut done = Ok(());
        self.with_incidents(now, |incidents, scene, acts| {
            done = incidents.own.withdraw(scene.now.time, contractor, acts);
        });
        self.incidents.next = Tick(0);
        done
    }

    /// Hands in, lets out and hands on what is due.
    pub(super) fn tend_incidents(&mut self, now: Now) {
        if now.tick < self.incidents.next {
            return;
        }
        self.incidents.next = now.tick.plus(TEND_MS);
        self.with_incidents(now, Incidents::tend);
    }

    /// A member says something about incident cards.
    pub(super) fn hear_incident(&mut self, now: Now, from: Address, message: IncidentMessage) {
        if !self.incidents.heard.listens(now.tick, from, MESSAGES_PER_S_MAX) {
            return;
        }
        self.with_incidents(now, |incidents, scene, acts| incidents.hear(scene, from, message, acts));
    }

    /// A member that has just connected is told which batches are here, and handed what waits for it.
    pub(super) fn greet_incidents(&mut self, member: &Address) {
        self.incidents.own.connected();
        self.incidents.next = Tick(0);
        let message = self.incidents.shelf.known();
        let message = Box::new(SettlementMessage::Incident(Box::new(message)));
        self.out.push(Output::SendSettlement { to: *member, message });
    }

    fn with_incidents(&mut self, now: Now, then: impl FnOnce(&mut Incidents, &Scene<'_>, &mut Vec<Act>)) {
        let mut incidents = std::mem::take(&mut self.incidents);
        let mut acts = Vec::new();
        then(&mut incidents, &self.scene(now), &mut acts);
        self.incidents = incidents;
        let ways = Ways {
            put: Change::PutIncident,
            delete: Change::DeleteIncident,
            wrap: SettlementMessage::Incident,
        };
        let me = self.ledger.address();
        for message in self.carry_acts(acts, &ways) {
            self.hear_incident(now, me, message);
        }
    }
}

#[cfg(test)]
mod tests;
