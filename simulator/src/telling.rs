//! What buildings learn of each other's incidents: their people let cards out about work that is over, the relay of the
//! week lets them out together, and when the faults are over every building has the same on its shelf.

use std::collections::{BTreeMap, BTreeSet};

use node::core::Command;
use node::core::incidents::{Choice, Source};
use protocol::incident::{
    Cause, Contractor, Cost, IncidentMessage, Offered, Outcome, Rating, Remedy, Span, Symptom, System,
};
use protocol::limits::CARD_BATCH_MIN;
use protocol::{PublicKey, WorkOrderStatus, encode};

use crate::chance::Chance;
use crate::checker::{Rule, Violation};
use crate::place::Place;
use crate::trace::short;
use crate::world::{Event, World};

/// Whoever mends lifts around here.
const CONTRACTORS: [&str; 2] = ["BE0202239951", "BE0876543270"];

/// Cards that people let out: under which key, and at which node.
#[derive(Debug, Default)]
pub(crate) struct Cards(BTreeMap<PublicKey, usize>);

impl World<'_> {
    pub(crate) fn tell_later(&mut self) {
        if self.weather.people.tell {
            (0..self.clients.len()).for_each(|node| self.card_later(node));
        }
    }

    fn card_later(&mut self, node: usize) {
        let wait = self.chance.wait(self.weather.caretake_every_ms);
        self.after(wait, Event::Card { node });
    }

    /// Somebody at a building lets a card out about work that is over, as far as it does not tell which building it is.
    pub(crate) fn let_card_out(&mut self, node: usize) -> Result<(), Violation> {
        if self.healed_at.is_some() {
            return Ok(());
        }
        self.card_later(node);
        let Some(core) = self.places[node].building.core() else { return Ok(()) };
        let orders = core.maintenance().work_orders().values();
        let is_over = orders.filter(|order| order.status == WorkOrderStatus::Done);
        let sources = is_over.map(|order| Source::Order(order.reference));
        let untold: Vec<Source> = sources.filter(|source| core.incident_card(*source).is_none()).collect();
        if untold.is_empty() {
            return Ok(());
        }
        let source = untold[self.chance.index(untold.len())];
        let choice = draw_choice(&mut self.chance);
        let Ok(draft) = core.draft_card(source, &choice) else { return Ok(()) };
        self.command(node, Command::HandInCard { source, choice, shown: draft.card.digest() })?;
        let core = self.places[node].building.core();
        let Some(key) = core.and_then(|core| Some(core.incident_card(source)?.card.key())) else {
            return Ok(());
        };
        self.cards.0.insert(key, node);
        self.tally.cards += 1;
        let name = self.name(node);
        self.trace.note(self.now, "card", &[name.as_bytes(), key.as_bytes()], || {
            format!("{name}     lets card {} out", short(&key))
        });
        Ok(())
    }

    /// Something about cards leaves a node. What is let out in the hive names nobody of it.
    pub(crate) fn check_incident(&mut self, node: usize, message: &IncidentMessage) -> Result<(), Violation> {
        let signed = match message {
            IncidentMessage::Offer(offered) => {
                if let Offered::Card(_, card) = &**offered {
                    self.cards.0.insert(card.key(), node);
                }
                return Ok(());
            }
            IncidentMessage::Receipt(_) | IncidentMessage::Known(_) => return Ok(()),
            IncidentMessage::Batch(signed) => signed,
        };
        let bytes = encode(&signed.batch);
        let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
        let named = self.places.iter().find(|place| has(place.building.address().as_bytes()));
        named.map_or(Ok(()), |place| {
            let detail = format!("a batch of cards names {}", place.building.name);
            Err(Violation::of(Rule::Privacy, detail))
        })
    }

    /// Where cards are let out routers start anew when the faults stop: who was told nothing for a while is told at once.
    pub(crate) fn greet_anew(&mut self) -> Result<(), Violation> {
        if !self.weather.people.tell {
            return Ok(());
        }
        for a in 0..self.places.len() {
            for b in a + 1..self.places.len() {
                if self.network.session(a, b).is_some() {
                    self.part(a, b)?;
                    self.after(1_000, Event::Connect { a, b });
                }
            }
        }
        Ok(())
    }

    /// Two buildings of whose shelves one holds what the other does not, in words.
    pub(crate) fn lacks_of_cards(&self, held: &[usize]) -> Option<String> {
        // Two copies of one relay let two things out.
        if !self.twins.is_empty() {
            return None;
        }
        let mut shelves = held.iter().filter(|node| !self.is_wild(**node)).filter_map(|node| {
            let cards: BTreeSet<PublicKey> = self.shelf(*node)?.map(|(key, _)| key).collect();
            Some((*node, cards))
        });
        let (first, cards) = shelves.next()?;
        let (other, _) = shelves.find(|(_, others)| *others != cards)?;
        Some(format!("{} and {} hold different cards", self.name(first), self.name(other)))
    }

    /// At the end: every card was let out by somebody, once, and among those of enough buildings.
    pub(crate) fn check_cards(&mut self, node: usize) -> Result<(), Violation> {
        let Some(cards) = self.shelf(node).filter(|_| self.places[node].is_held()) else { return Ok(()) };
        let mut weeks: BTreeMap<u64, BTreeSet<usize>> = BTreeMap::new();
        let mut count = 0;
        for (key, week) in cards {
            let Some(whose) = self.whose(&key) else {
                let detail = format!("{} holds card {} that nobody let out", self.name(node), short(&key));
                return Err(Violation::of(Rule::Model, detail));
            };
            weeks.entry(week).or_default().insert(whose);
            count += 1;
        }
        if let Some((week, whose)) = weeks.iter().find(|(_, whose)| whose.len() < CARD_BATCH_MIN) {
            let detail = format!("the cards of week {week} are those of {} buildings", whose.len());
            return Err(Violation::of(Rule::Privacy, detail));
        }
        self.tally.cards_learnt += count;
        Ok(())
    }

    /// Who let a card out; a relay keeps its own without sending them.
    fn whose(&self, key: &PublicKey) -> Option<usize> {
        let is_of = |place: &Place| {
            let core = place.building.core();
            core.is_some_and(|core| core.incidents().own().cards().any(|own| own.card.key() == *key))
        };
        self.cards.0.get(key).copied().or_else(|| self.places.iter().position(is_of))
    }

    /// The cards on the shelf of a node that is up, with their weeks.
    fn shelf(&self, node: usize) -> Option<impl Iterator<Item = (PublicKey, u64)>> {
        let shelf = self.places[node].building.core()?.incidents().shelf();
        Some(shelf.cards().map(|card| {
            let key = card.key();
            (key, shelf.week_of(&key).expect("invariant: every card of the shelf has its week"))
        }))
    }
}

fn draw_choice(chance: &mut Chance) -> Choice {
    let contractor: Contractor =
        CONTRACTORS[chance.index(CONTRACTORS.len())].parse().expect("invariant: a company's number");
    let is_said = chance.per_mille(500);
    Choice {
        system: System::Elevator,
        symptom: Symptom::ALL[chance.index(Symptom::ALL.len())],
        cause: Cause::ALL[chance.index(Cause::ALL.len())],
        remedy: Remedy::ALL[chance.index(Remedy::ALL.len())],
        flow: None,
        cost: Cost::ALL[chance.index(Cost::ALL.len())],
        span: Span::ALL[chance.index(Span::ALL.len())],
        outcome: Outcome::ALL[chance.index(Outcome::ALL.len())],
        contractor: is_said.then_some(contractor),
        rating: is_said.then(|| Rating::ALL[chance.index(Rating::ALL.len())]),
    }
}
