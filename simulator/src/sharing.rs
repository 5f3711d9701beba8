//! Energy between neighbours: what people vote, what meters tell, and that every slot that can be settled is settled once
//! the faults are over.

use std::collections::BTreeSet;

use ledger::Ledger;
use ledger::state::ProposalStatus;
use ledger::state::energy::{Books, SettledSlot};
use node::core::energy::OwnSlot;
use node::core::{Command, Input};
use protocol::energy::{
    Desk, EnergyAction, Factor, Fees, Locality, Price, Quality, Rota, ScheduledRule, SettlementMessage,
    SharingKey, SharingRule, SlotId, SlotLength, StaticKey, Tariff,
};
use protocol::limits::STAND_BY_AFTER_MS;
use protocol::{Action, Address, Digest, UnixMs, encode};

use crate::checker::{Rule, Violation};
use crate::faults::Sharing;
use crate::world::{Event, World};

/// How often people look whether something of sharing is to be decided, milliseconds.
const VOTE_EVERY_MS: u64 = 2_500;
/// Of 1,000 looks, how many end in another rule or tariff.
const CHANGE_PER_MILLE: u64 = 60;
/// How long after the end of a slot it has to be settled where all is well, in quarters of an hour of hive time: every
/// pair of desks had its turn.
const QUARTERS_MAX: i64 = 6;
/// How long after the end of a slot a meter is read, milliseconds of hive time: in time, and in some cases late.
const READ_AFTER_MS: (u64, u64) = (1_000, 90_000);
const READ_LATE_MS: (u64, u64) = (5 * 60_000, 40 * 60_000);
/// Of 1,000 readings of a slot's end, how many come late.
const READ_LATE_PER_MILLE: u64 = 20;
/// What is left for statements, offers and lines to travel, milliseconds of the world.
const TRAVEL_MS: i64 = 20_000;

impl World<'_> {
    pub(crate) fn vote_later(&mut self) {
        if self.weather.sharing.pace == 0 {
            return;
        }
        self.after(VOTE_EVERY_MS, Event::Vote);
        if self.weather.people.change_every_ms == 0 {
            self.operate_all();
        }
    }

    /// Somebody proposes the next thing that sharing needs, until all is decided; after that another rule or tariff now
    /// and then.
    pub(crate) fn vote(&mut self) -> Result<(), Violation> {
        let slow = if self.settings.hours.is_some() { 12 } else { 1 };
        self.after(VOTE_EVERY_MS * slow, Event::Vote);
        let governing: Vec<usize> = (0..self.places.len()).filter(|node| self.governs(*node)).collect();
        if governing.is_empty() || self.healed_at.is_some() {
            return Ok(());
        }
        for node in &governing {
            self.approve_sharing(*node)?;
        }
        let by = governing[self.chance.index(governing.len())];
        let Some(action) = self.next_decision(by) else { return Ok(()) };
        let Some(ledger) = self.places[by].building.ledger() else { return Ok(()) };
        let action = Action::Energy(action);
        let is_open = |proposal: &ledger::state::Proposal| {
            proposal.status == ProposalStatus::Open && proposal.action == action
        };
        if ledger.state().proposals().any(|(_, proposal)| is_open(proposal)) {
            return Ok(());
        }
        let name = self.name(by);
        self.trace.note(self.now, "vote", &[name.as_bytes()], || format!("{name}     proposes {action:?}"));
        self.command(by, Command::Propose(action)).map(|_| ())
    }

    /// People at an authority approve a decision on sharing that still makes sense.
    fn approve_sharing(&mut self, node: usize) -> Result<(), Violation> {
        let now = self.hive.clock.at(self.now);
        let Some(core) = self.places[node].building.core() else { return Ok(()) };
        let (state, me) = (core.ledger().state(), core.ledger().address());
        let length = state.slot_length();
        let waits = state.proposals().filter(|(_, proposal)| {
            proposal.status == ProposalStatus::Open
                && !proposal.approvals.contains(&me)
                && begins(&proposal.action)
                    .is_some_and(|from| from.is_none_or(|from| from.start(length) > now))
        });
        let Some((number, _)) = waits.last().filter(|_| core.outbox_len() == 0) else { return Ok(()) };
        self.command(node, Command::Approve(number)).map(|_| ())
    }

    fn next_decision(&mut self, by: usize) -> Option<EnergyAction> {
        let state = self.places[by].building.ledger()?.state();
        let (length, has_rota) = (state.slot_length(), state.books().rota.is_some());
        let has_tariff = state.tariffs().next().is_some();
        let wanted = if self.weather.sharing.hourly { SlotLength::Hour } else { SlotLength::Quarter };
        let current = SlotId::at(self.hive.clock.at(self.now), length)?;
        // Votes take a while; who is late proposes again.
        let ahead = 1 + self.hive.clock.span(10_000) / length.ms();
        let from = SlotId(current.0 + u64::try_from(ahead).ok()?);
        let has_open = |is_it: fn(&EnergyAction) -> bool| {
            state.proposals().any(|(_, proposal)| {
                let Action::Energy(action) = &proposal.action else { return false };
                let from = begins(&proposal.action).flatten();
                let makes_sense = from.is_none_or(|from| from > current);
                proposal.status == ProposalStatus::Open && makes_sense && is_it(action)
            })
        };
        if length != wanted && !has_tariff {
            return Some(EnergyAction::Cut(wanted));
        }
        if !has_rota {
            return self.rota().map(EnergyAction::Settle);
        }
        if !has_tariff {
            if has_open(|action| matches!(action, EnergyAction::Charge(_))) {
                return None;
            }
            return Some(EnergyAction::Charge(self.tariff(from)));
        }
        if has_open(|_| true) || !self.chance.per_mille(CHANGE_PER_MILLE) {
            return None;
        }
        Some(match self.chance.below(3) {
            0 => EnergyAction::Charge(self.tariff(from)),
            1 => EnergyAction::Place(*[Locality::Building, Locality::Cabin].get(self.chance.index(2))?),
            _ => EnergyAction::Share(ScheduledRule { rule: self.rule(), from }),
        })
    }

    /// As many desks as may fail, and two more.
    fn rota(&self) -> Option<Rota> {
        let count = (self.unlucky.len() + 2).max(3);
        let founders = 0..self.settings.authorities();
        let desk = |node: usize| {
            let operator = Digest::of("symbiose simulator operator v1", &[&node.to_be_bytes()]);
            Desk { authority: self.places[node].building.address(), operator }
        };
        let is_there = |node: &usize| {
            let address = self.places[*node].building.address();
            self.model.coming_authorities().contains_key(&address)
        };
        Rota::new(founders.filter(is_there).map(desk).take(count).collect()).ok()
    }

    fn tariff(&mut self, valid_from: SlotId) -> Tariff {
        let mut price =
            |low, high| Price(i64::try_from(self.chance.between(low, high)).expect("invariant: small"));
        let (retail, feed_in, fee) = (price(200_000, 400_000), price(10_000, 80_000), price(0, 100_000));
        let fees = Fees { building: Price(0), ..Fees::flat(fee) };
        Tariff { retail, feed_in, fees, valid_from }
    }

    fn rule(&mut self) -> SharingRule {
        let factor = Factor::HALF;
        let key = StaticKey { key: SharingKey::Equal, factor };
        match self.chance.below(5) {
            0 => SharingRule::Dynamic(factor),
            1 => SharingRule::Auction(factor),
            2 => SharingRule::SupplyDemand,
            3 => SharingRule::StaticFixed(key),
            _ => SharingRule::StaticIterated(key),
        }
    }

    /// Where hive time flies, gateways go by it: each reads its meter when a slot is over. How long until then, milliseconds
    /// of the world; none where readings come by the weather.
    pub(crate) fn next_slot_read_ms(&mut self) -> Option<u64> {
        let Sharing { pace, hourly } = self.weather.sharing;
        if pace <= 1 || self.healed_at.is_some() {
            return None;
        }
        let length = if hourly { SlotLength::Hour } else { SlotLength::Quarter };
        let now = self.hive.clock.at(self.now);
        let end = SlotId::at(now, length)?.end(length);
        let is_late = self.chance.per_mille(READ_LATE_PER_MILLE);
        let (low, high) = if is_late { READ_LATE_MS } else { READ_AFTER_MS };
        let until = u64::try_from(end.since(now)).ok()? + self.chance.between(low, high);
        Some(until.div_ceil(pace))
    }

    /// Cuts slots from readings on disk until nothing is left to cut: the shell's turn.
    pub(crate) fn cut_slots(&mut self, node: usize) -> Result<(), Violation> {
        loop {
            let building = &mut self.places[node].building;
            let (Some(core), Some(metered)) = (building.core.as_ref(), building.metered.as_mut()) else {
                return Ok(());
            };
            let Some(cut) = core.energy_work(core.now()).and_then(|work| metered.cut(work)) else {
                return Ok(());
            };
            self.tally.slots_cut += 1;
            self.tell(node, Input::SlotsCut(Box::new(cut)))?;
        }
    }

    /// Something leaves on the settlement lane: figures go to desks alone, and to whom they are about.
    pub(crate) fn check_settlement(
        &mut self,
        node: usize,
        to: &Address,
        message: &SettlementMessage,
    ) -> Result<(), Violation> {
        match message {
            SettlementMessage::Statement(signed) => self.series.states(node, &signed.statement),
            SettlementMessage::Offer(offer) => self.series.sums(&offer.settlement),
            SettlementMessage::Receipt(_)
            | SettlementMessage::Wanted(_)
            | SettlementMessage::Held(_)
            | SettlementMessage::Share(_)
            | SettlementMessage::AskLine(_)
            | SettlementMessage::Line(_)
            | SettlementMessage::Shift(_)
            | SettlementMessage::Opinion(_)
            | SettlementMessage::Aggregate(_)
            | SettlementMessage::Street(_)
            | SettlementMessage::Enquiry(_) => {}
            SettlementMessage::Incident(message) => self.check_incident(node, message)?,
        }
        if self.model.has_desk(to) {
            return Ok(());
        }
        let own = self.places.iter().position(|place| place.building.goes_by(to)).unwrap_or(node);
        self.check_privacy(own, &encode(message), message.name())
    }

    /// No building's series stands in bytes that leave for `own`, or for everybody.
    pub(crate) fn check_privacy(&self, own: usize, bytes: &[u8], what: &str) -> Result<(), Violation> {
        match self.series.found_in(bytes, own) {
            None => Ok(()),
            Some(whose) => {
                let detail = format!("{what} tells the energy of {} slot by slot", self.name(whose));
                Err(Violation::of(Rule::Privacy, detail))
            }
        }
    }

    /// No disk but its own and those of desks holds a building's series.
    pub(crate) fn check_disk_privacy(&self, node: usize) -> Result<(), Violation> {
        let building = &self.places[node].building;
        if self.model.ever_had_desk(&building.address()) {
            return Ok(());
        }
        let what = format!("the disk of {}", building.name);
        let entries = building.disk.index.entries();
        for bytes in entries.values().map(Vec::as_slice).chain([building.disk.blocks.bytes()]) {
            self.check_privacy(node, bytes, &what)?;
        }
        Ok(())
    }

    /// Whether every slot that was stated and is over for long enough stands on a ledger, and everybody was told its part.
    pub(crate) fn has_shared(&self, ledger: &Ledger, held: &[usize]) -> bool {
        self.lacks_of_sharing(ledger, held).is_none()
    }

    /// The first slot that lacks something, in words.
    pub(crate) fn lacks_of_sharing(&self, ledger: &Ledger, held: &[usize]) -> Option<String> {
        let state = ledger.state();
        let books = state.books();
        let (Some(first), Some(_)) = (state.tariffs().next(), &books.rota) else { return None };
        let length = state.slot_length();
        let spare = QUARTERS_MAX * STAND_BY_AFTER_MS + self.hive.clock.span(TRAVEL_MS);
        let until = self.hive.clock.at(self.now).plus(-spare).min(self.healed_until(spare));
        held.iter().filter(|node| !self.is_wild(**node)).find_map(|node| {
            let place = &self.places[*node];
            let core = place.building.core()?;
            let open: Vec<&OwnSlot> = core
                .energy()
                .settled()
                .filter(|own| own.slot() >= first.valid_from && own.slot().end(length) <= until)
                .filter(|own| own.latest().quality != Quality::Missing)
                .collect();
            let name = &place.building.name;
            open.into_iter().find_map(|own| {
                let slot = own.slot();
                match (state.settled(slot), own.checked()) {
                    (None, _) => Some(format!("slot {slot} of {name} is not settled")),
                    (Some(_), Some(_)) => None,
                    (Some(settled), None) if !self.is_corrected(settled, &books) => None,
                    (Some(settled), None) => {
                        let told = own.outcome().map(|outcome| (outcome.version, outcome.doubt));
                        let (version, stated) = (settled.result.version, own.latest().version);
                        Some(format!(
                            "{name} does not know its part of slot {slot}: version {version} is settled, it stated {stated} and was told {told:?}"
                        ))
                    }
                }
            })
        })
    }

    /// Whether there is who corrects a slot: the two that settled it or, in a dispute, most desks. Where one of the two is gone
    /// for good and most desks are not here, nobody may.
    fn is_corrected(&self, settled: &SettledSlot, books: &Books) -> bool {
        let desks = books.rota.as_ref().map_or(&[][..], |rota| rota.desks());
        let here = desks.iter().filter(|desk| self.is_here(&desk.authority)).count();
        here * 2 > desks.len() || settled.settlers.iter().all(|settler| self.is_here(settler))
    }

    /// Whether a settlement authority is up, under whatever key it settled.
    fn is_here(&self, settler: &Address) -> bool {
        let is_it = |place: &crate::place::Place| {
            place.building.goes_by(settler) || { self.model.is_same(&place.building.address(), settler) }
        };
        self.places.iter().any(|place| is_it(place) && place.is_held() && place.building.core().is_some())
    }

    /// Slots that ended before this could be stated when the faults stopped.
    fn healed_until(&self, spare: i64) -> UnixMs {
        let healed = self.healed_at.map_or(0, |healed| healed);
        self.hive.clock.at(healed).plus(self.hive.clock.span(TRAVEL_MS)).plus(-spare)
    }

    /// Whether its clock may have been hours off.
    pub(crate) fn is_wild(&self, node: usize) -> bool {
        self.weather.clocks.wild && self.unlucky.contains(&node)
    }

    /// What was shared, for the report.
    pub(crate) fn count_shared(&mut self) {
        let held = (0..self.places.len()).filter(|node| self.places[*node].is_held());
        let states: Vec<_> = held.filter_map(|node| self.places[node].building.ledger()).collect();
        let Some(ledger) = states.first() else { return };
        let state = ledger.state();
        let slots: Vec<_> = state.settled_slots(SlotId(0)..=SlotId(u64::MAX)).collect();
        let corrected = slots.iter().filter(|slot| slot.result.version > 1).count();
        let weeks: BTreeSet<u64> = slots
            .iter()
            .map(|slot| ledger::state::energy::week_of(slot.result.slot, state.slot_length()))
            .filter(|week| state.energy_week(*week).bookings > 0)
            .collect();
        self.tally.slots_settled += slots.len() as u64;
        self.tally.slots_corrected += corrected as u64;
        self.tally.weeks_booked += weeks.len() as u64;
        self.tally.periods += state.books().periods;
    }
}

/// The slot from which a decision on sharing holds, if it names one; none for other decisions.
fn begins(action: &Action) -> Option<Option<SlotId>> {
    let Action::Energy(action) = action else { return None };
    Some(match action {
        EnergyAction::Charge(tariff) => Some(tariff.valid_from),
        EnergyAction::Share(rule) => Some(rule.from),
        EnergyAction::Cut(_) | EnergyAction::Place(_) | EnergyAction::Settle(_) | EnergyAction::Mint(_) => {
            None
        }
    })
}
