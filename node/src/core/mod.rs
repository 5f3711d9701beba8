//! One building's thinking: what it is told and what it answers. It owns no socket, file, clock or random source; the
//! shell carries everything, and the simulator can stand in for the shell.

pub mod aggregates;
pub mod alerts;
pub mod assembly;
pub mod catalogue;
pub mod energy;
pub mod enquiries;
pub mod incidents;
pub mod input;
pub mod maintenance;
pub mod output;
pub mod plan;
pub mod planning;
pub mod policy;
pub mod rules;
pub mod street;
pub mod switch;
pub mod telemetry;

mod act;
mod building;
mod commands;
mod finality;
mod heard;
mod hive;
mod invitations;
mod joining;
mod keyring;
mod open;
mod operator;
mod outbox;
mod peers;
mod quarantine;
mod readings;
mod refused;
mod scene;
mod waiting;

pub use finality::Finality;
pub use input::{Actor, Command, Input, Payload, Ticket};
pub use invitations::{InvitationStatus, Issued};
pub use joining::InviteError;
pub use maintenance::{Change, Maintenance};
pub use open::{AssetConfig, CoreConfig, OpenError, Replayed, SiteConfig};
pub use operator::Colleague;
pub use outbox::OutboxFull;
pub use output::{Answer, Event, Outcome, Output, Stored, Submitted};
pub use peers::Peer;
pub use quarantine::{Held, NoRow, Waited};
pub use refused::Refused;

use ledger::Ledger;
use protocol::{Genesis, Now, SigningKey, Tick};

use aggregates::Aggregates;
use assembly::Home;
use catalogue::Definition;
use energy::Energy;
use enquiries::Enquiries;
use incidents::Incidents;
use invitations::Invitations;
use keyring::Keyring;
use operator::Operator;
use outbox::Outbox;
use peers::Peers;
use planning::Planning;
use quarantine::Quarantine;
use street::Street;
use telemetry::Telemetry;
use waiting::Waiting;

/// How often the rules are asked by the clock, milliseconds of the monotonic clock.
const EVALUATE_EVERY_MS: u64 = 1_000;

/// One building.
#[derive(Debug)]
pub struct Core {
    key: SigningKey,
    genesis: Genesis,
    ledger: Ledger,
    telemetry: Telemetry,
    quarantine: Quarantine,
    energy: Energy,
    planning: Planning,
    /// New series that the telemetry log has not been told yet.
    unlogged: Vec<Definition>,
    /// The clocks at the last input.
    clock: Now,
    clock_speed_millis: u64,
    clock_jumps: u64,
    maintenance: Maintenance,
    outbox: Outbox,
    waiting: Waiting,
    peers: Peers,
    operator: Operator,
    finality: Finality,
    invitations: Invitations,
    keyring: Keyring,
    home: Home,
    aggregates: Aggregates,
    incidents: Incidents,
    street: Street,
    enquiries: Enquiries,
    next_evaluation: Tick,
    /// When wishes that got lost (a full outbox, a refusal) are taken up again.
    resettle: Option<Tick>,
    out: Vec<Output>,
}

impl Core {
    /// Takes one input in.
    pub fn handle(&mut self, now: Now, input: Input) -> Vec<Output> {
        assert!(self.out.is_empty(), "invariant: outputs are handed over with each input");
        self.watch_clock(now);
        match input {
            Input::Telemetry { ticket, payloads } => self.accept_telemetry(now, ticket, &payloads),
            Input::TelemetryStored(stored) => self.apply_telemetry(now, stored),
            Input::Ledger(input) => self.ledger_input(now, input),
            Input::Join { ticket, request } => self.join(now, ticket, &request),
            Input::Command { ticket, by, command } => self.command(now, ticket, &by, command),
            Input::Operator { from, message } => self.hear_operator(now, from, &message),
            Input::SlotsCut(cut) => self.take_cut(now, *cut),
            Input::Settlement { from, message } => self.hear_settlement(now, from, *message),
            Input::Planned(planned) => self.take_plan(*planned),
            Input::Tick => self.tick(now),
        }
        self.flush_outbox(now);
        std::mem::take(&mut self.out)
    }

    /// When to be woken with [`Input::Tick`] at the latest.
    pub fn poll_timeout(&self) -> Option<Tick> {
        [
            Some(self.next_evaluation),
            self.ledger.poll_timeout(),
            self.outbox.next_due(),
            self.waiting.next_deadline(),
            self.resettle,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The hive's clock at the last input.
    pub fn now(&self) -> protocol::UnixMs {
        self.clock.time
    }

    /// The ledger, to look at.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The readings, to look at.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Rules, alerts and work orders, to look at.
    pub fn maintenance(&self) -> &Maintenance {
        &self.maintenance
    }

    /// How long this building's transactions take to become final.
    pub fn finality(&self) -> &Finality {
        &self.finality
    }

    /// Neighbours, to look at.
    pub fn peers(&self) -> impl Iterator<Item = (&protocol::Address, &Peer)> {
        self.peers.iter()
    }

    /// The hive's founding document.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Wishes for the ledger that are not final yet.
    pub fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    /// Invitations that this node made.
    pub fn invitations(&self) -> impl Iterator<Item = &Issued> {
        self.invitations.iter()
    }

    /// Whether this member goes on under another key, and the old one is not needed any more.
    pub fn has_moved(&self) -> bool {
        let (state, me) = (self.ledger.state(), self.ledger.address());
        state.moved(&me).is_some() && state.authorities().key_of(&me).is_none()
    }

    /// The address under which this building was admitted; its work orders carry it.
    pub fn origin(&self) -> protocol::Address {
        self.ledger.state().origin(&self.ledger.address())
    }

    fn tick(&mut self, now: Now) {
        self.ledger_input(now, ledger::Input::Tick);
        self.out.extend(self.waiting.expired(now.tick));
        if self.next_evaluation <= now.tick {
            self.next_evaluation = now.tick.plus(EVALUATE_EVERY_MS);
            self.evaluate(now);
            self.release_held(now);
            self.tell_colleagues(now);
            self.tend_network_keys(now);
            self.tend_settling(now);
            self.tend_shifts(now);
            self.tend_home(now);
            self.tend_aggregates(now);
            self.tend_incidents(now);
            self.tend_street(now);
            self.tend_enquiries(now);
        }
        if self.resettle.is_some_and(|due| due <= now.tick) {
            self.resettle = None;
            self.settle_again(now);
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod town;
