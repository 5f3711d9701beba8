//! The thread that owns the core: takes in what happened, in turns, and carries out what the core asks for, strictly in
//! order. What stands before a sync is on disk before anything behind it leaves the node. A disk that fails here ends
//! the process; it starts again from what is on disk.

mod lonely;
mod perform;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ledger::Input as LedgerInput;
use lonely::Around;
pub(super) use lonely::Lonely;
use protocol::limits::TELEMETRY_QUEUE_MAX;
use protocol::{Address, AuthoritySet, Digest, Now, PublicKey, Tick};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use web::{CommandCall, Kind, Problem, TelemetryCall};

use super::clock::Clock;
use super::commands::{self, Meeting};
use super::committer::Committer;
use super::event::{Event, Failure, Look, Stored, Submission, Taken};
use super::keeping;
use super::network::NetworkHandle;
use super::own_keys::{self, OwnKeys};
use super::present::{self, Facts, Presenter};
use super::reader::Reader;
use super::ready::{DISK_FULL, Weight};
use super::store::StoreError;
use super::store::block_files::Place;
use super::store::block_log::BlockLog;
use super::store::building_log::{BuildingLog, Entries};
use super::store::index::Index;
use super::store::lagging::Lagging;
use super::store::vote_log::VoteLog;
use super::supervisor::Pulse;
use super::tickets::{Context, Tickets, Waiter};
use crate::core::{Actor, Command, Core, Input, Output};

/// What the node's health calls a member that speaks another version of the wire.
const NO_COMMON_WIRE: &str = "no_common_wire";
/// Things taken in before outputs other than those of the turn get their chance.
const TURN_MAX: usize = 256;
/// The longest sleep, milliseconds.
const SLEEP_MS_MAX: u64 = 1_000;

/// What the thread is given.
pub(super) struct Carrier {
    pub(super) core: Core,
    pub(super) clock: Clock,
    pub(super) runtime: Handle,
    pub(super) events: mpsc::Receiver<Event>,
    pub(super) telemetry: mpsc::Receiver<TelemetryCall>,
    pub(super) stores: Stores,
    pub(super) committer: Committer,
    pub(super) reader: Reader,
    pub(super) network: NetworkHandle,
    /// Work orders that left the history, for the keeper of their photos.
    pub(super) forgotten: mpsc::Sender<Digest>,
    /// `None` while this node is on its way to the checkpoint of its invitation.
    pub(super) authorities: watch::Sender<Option<Arc<AuthoritySet>>>,
    pub(super) presenter: Presenter,
    pub(super) facts: Facts,
    pub(super) meeting: Meeting,
    pub(super) members: Members,
    pub(super) tickets: Tickets,
    pub(super) pulse: Pulse,
    pub(super) data_dir: PathBuf,
    pub(super) own_keys: OwnKeys,
    /// Since when no other member stays connected.
    pub(super) lonely: Lonely,
    /// Whether the core's first outputs are carried out.
    pub(super) is_open: bool,
    /// Who proved that another node runs with our key.
    pub(super) copied: Option<Address>,
    /// Members with which no version of the wire is shared, and what is said of them.
    pub(super) speechless: BTreeMap<Address, String>,
}

/// The files that only this thread writes.
#[derive(Debug)]
pub(super) struct Stores {
    pub(super) votes: VoteLog,
    pub(super) blocks: BlockLog,
    pub(super) building: BuildingLog,
    pub(super) entries: Entries,
    pub(super) index: Index,
    /// Changes that the index does not have yet.
    pub(super) lagging: Lagging,
    /// Blocks appended and not yet synced.
    pub(super) placed: Vec<Place>,
}

/// Who belongs to the hive and who is here.
#[derive(Debug, Default)]
pub(super) struct Members {
    keys: BTreeMap<Address, PublicKey>,
    connected: BTreeSet<Address>,
}

/// Why the thread ended.
#[derive(Debug)]
pub(super) enum End {
    /// It was asked to.
    Stopped,
    /// Another node runs with our key; this member carried the proof.
    Copied(Address),
    /// The disk failed.
    Disk(StoreError),
    /// This node has to start again under another key.
    Again {
        /// Whether it goes by the key to come before it knows that the hive does.
        tries_next: bool,
    },
}

enum Next {
    Event(Event),
    Telemetry(TelemetryCall),
    Timer,
    Gone,
}

impl Carrier {
    /// Works until it is told to stop. `opening` is what the core asked for when it was opened.
    pub(super) fn run(mut self, opening: Vec<Output>) -> End {
        match self.turns(opening) {
            Ok(end) => {
                self.keep_index();
                self.copied.map_or(end, End::Copied)
            }
            Err(error) => {
                tracing::error!(%error, "the disk failed; the process ends and starts again from what is on it");
                End::Disk(error)
            }
        }
    }

    fn turns(&mut self, opening: Vec<Output>) -> Result<End, StoreError> {
        self.perform(opening)?;
        self.is_open = true;
        self.present(self.clock.now(), true);
        loop {
            self.pulse.beat();
            let next = self.wait();
            if !self.take_in(next)? {
                return Ok(End::Stopped);
            }
            for _ in 1..TURN_MAX {
                let Some(next) = self.next_waiting() else { break };
                if !self.take_in(next)? {
                    return Ok(End::Stopped);
                }
            }
            let now = self.clock.now();
            if self.core.poll_timeout().is_some_and(|due| due <= now.tick) {
                self.tell(Input::Tick)?;
            }
            self.present(now, false);
            if let Some(tries_next) = self.wants_another_key(now.tick) {
                return Ok(End::Again { tries_next });
            }
        }
    }

    /// Whether this node has to start again under another key, and whether it is only to try it: while its change is on
    /// the way, the hive may go by the new key without this node having heard, and let the old one in no more.
    fn wants_another_key(&mut self, now: Tick) -> Option<bool> {
        // Without the key at hand the change was not this node's: it stays where it is, and outside.
        let has_next = own_keys::next_path(&self.data_dir).exists();
        if self.core.has_moved() && has_next {
            return Some(false);
        }
        let members = self.core.ledger().state().members().filter(|(_, member)| !member.revoked);
        let has_company = members.count() <= 1 || !self.members.connected.is_empty();
        let ledger = self.core.ledger();
        let height = ledger.head().height;
        let is_behind = ledger.peers().any(|(_, reached)| reached > height);
        // Under the key to come it is no authority until it has caught up.
        let has_quorum = self.own_keys.tries_next() || ledger.reaches_quorum();
        let alone_ms = self.lonely.note(now, Around { has_company, has_quorum, height, is_behind });
        let is_long = has_next && alone_ms >= LONELY_MS_MAX && alone_ms >= self.own_keys.patience_ms();
        is_long.then_some(!self.own_keys.tries_next())
    }

    /// Waits for the next thing to happen. Events go before readings, so that a flood of these never holds up a vote.
    fn wait(&mut self) -> Next {
        if let Some(next) = self.next_waiting() {
            return next;
        }
        let now = self.clock.now().tick;
        let due = self.core.poll_timeout().map_or(self.presenter.due(), |due| due.min(self.presenter.due()));
        let pause = Duration::from_millis(due.since(now).min(SLEEP_MS_MAX));
        let has_room = self.tickets.telemetry() < TELEMETRY_QUEUE_MAX;
        let (events, telemetry) = (&mut self.events, &mut self.telemetry);
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                event = events.recv() => event.map_or(Next::Gone, Next::Event),
                Some(call) = telemetry.recv(), if has_room => Next::Telemetry(call),
                () = tokio::time::sleep(pause) => Next::Timer,
            }
        })
    }

    fn next_waiting(&mut self) -> Option<Next> {
        if let Ok(event) = self.events.try_recv() {
            return Some(Next::Event(event));
        }
        if self.tickets.telemetry() >= TELEMETRY_QUEUE_MAX {
            return None;
        }
        self.telemetry.try_recv().ok().map(Next::Telemetry)
    }

    /// False when the thread is to end.
    fn take_in(&mut self, next: Next) -> Result<bool, StoreError> {
        match next {
            Next::Event(Event::Stop) | Next::Gone => return Ok(false),
            Next::Event(Event::Copied(via)) => {
                tracing::error!(via = %Address::of(&via), "another copy of this node is running: this one stops");
                self.copied = Some(Address::of(&via));
                return Ok(false);
            }
            Next::Event(event) => self.event(event)?,
            Next::Telemetry(call) => self.store(call)?,
            Next::Timer => {}
        }
        Ok(true)
    }

    fn event(&mut self, event: Event) -> Result<(), StoreError> {
        match event {
            Event::Ledger(input) => self.tell(Input::Ledger(*input)),
            Event::Heard(input, room) => {
                let told = self.tell(Input::Ledger(*input));
                drop(room);
                told
            }
            Event::Standing(standing) => {
                self.facts.standing = standing.into_iter().map(|one| (Address::of(&one.peer), one)).collect();
                let standing = &self.facts.standing;
                let speaks = |peer: &Address| standing.get(peer).is_some_and(|one| one.wire.is_some());
                self.speechless.retain(|peer, _| !speaks(peer));
                self.say_speechless();
                Ok(())
            }
            Event::NoCommonWire { peer, theirs, ours } => {
                let peer = Address::of(&peer);
                let text = format!(
                    "{} cannot talk to this node: it speaks version {theirs} of the wire, this node {ours}. The older \
                     of the two has to be updated.",
                    present::hive::name_of(&self.core, &self.facts, &peer)
                );
                self.speechless.insert(peer, text);
                self.say_speechless();
                Ok(())
            }
            Event::Copied(_) => Ok(()),
            Event::Connected { peer, address } => {
                let member = Address::of(&peer);
                tracing::info!(peer = %member, address, "a member is connected");
                self.members.connected.insert(member);
                self.presenter.stale();
                self.tell(Input::Ledger(LedgerInput::Connected(member)))
            }
            Event::Disconnected(peer) => {
                let member = Address::of(&peer);
                tracing::info!(peer = %member, "a member is gone");
                self.members.connected.remove(&member);
                self.facts.round_trips_ms.remove(&member);
                self.presenter.stale();
                self.tell(Input::Ledger(LedgerInput::Disconnected(member)))
            }
            Event::SlotsCut(cut) => self.tell(Input::SlotsCut(cut)),
            Event::Planned(planned) => self.tell(Input::Planned(planned)),
            Event::Operator(from, message) => self.tell(Input::Operator { from, message }),
            Event::Settlement(from, message) => self.tell(Input::Settlement { from, message }),
            Event::RoundTrip(peer, micros) => {
                let ms = u32::try_from(micros.div_ceil(1_000)).unwrap_or(u32::MAX);
                self.facts.round_trips_ms.insert(Address::of(&peer), ms);
                Ok(())
            }
            Event::Listening(address) => {
                if !self.meeting.addresses.contains(&address) {
                    self.meeting.addresses.push(address);
                }
                Ok(())
            }
            Event::Join(ticket, request) => {
                let ticket = self.tickets.issue(Waiter::Join(ticket));
                self.tell(Input::Join { ticket, request })
            }
            Event::Command(call) => self.command(*call),
            Event::Submit(submission) => self.submit(submission),
            Event::Stored(stored) => self.stored(stored),
            Event::Machine(findings) => {
                self.facts.health.take_in(findings);
                self.presenter.stale();
                Ok(())
            }
            Event::Photos { order, photos, shown } => {
                self.facts.photos.insert(order, photos);
                self.presenter.event(&self.core, &self.facts, &crate::core::Event::WorkOrder(order));
                self.present(self.clock.now(), true);
                // The keeper may be stopping.
                let _ = shown.send(());
                Ok(())
            }
            Event::Look(look) => {
                self.look(look);
                Ok(())
            }
            Event::Health { code, item } => {
                match item {
                    Some((weight, text)) => self.facts.health.set(code, weight, text),
                    None => self.facts.health.clear(code),
                }
                self.presenter.stale();
                Ok(())
            }
            Event::Stop => Ok(()),
        }
    }

    fn store(&mut self, call: TelemetryCall) -> Result<(), StoreError> {
        if self.facts.health.has(DISK_FULL) {
            let detail = "the disk is nearly full: no reading is taken until there is room";
            drop(call.reply.send(Err(Problem::new(Kind::Unavailable, detail))));
            return Ok(());
        }
        let TelemetryCall { payloads, reply } = call;
        let ticket = self.tickets.issue(Waiter::Telemetry(reply, payloads.len()));
        self.tell(Input::Telemetry { ticket, payloads: commands::payloads(payloads) })
    }

    fn command(&mut self, CommandCall { command, by, reply }: CommandCall) -> Result<(), StoreError> {
        match commands::read(self.clock.now(), &self.core, &self.meeting, &by, command) {
            Ok((command, context)) => {
                let ticket = self.tickets.issue(Waiter::Command(reply, context));
                self.tell(Input::Command { ticket, by: Actor::new(&by.name), command })
            }
            Err(problem) => {
                // The caller may be gone.
                drop(reply.send(Err(problem)));
                Ok(())
            }
        }
    }

    fn submit(&mut self, submission: Submission) -> Result<(), StoreError> {
        let Submission { transactions, malformed, wait, by, reply } = submission;
        let ticket = self.tickets.issue(Waiter::Command(reply, Context::Submission(malformed)));
        let (by, command) = (Actor::new(&by.name), Command::Submit { transactions, wait });
        self.tell(Input::Command { ticket, by, command })
    }

    /// Rows are on disk, or not: then the requests are refused and the node says so.
    fn stored(&mut self, stored: Vec<Stored>) -> Result<(), StoreError> {
        let failed = stored.iter().find_map(|one| one.failed.clone());
        self.say_storage(failed.as_ref());
        if failed.is_none() {
            let rows = stored.into_iter().map(|Stored { ticket, rows, .. }| (ticket, rows)).collect();
            return self.tell(Input::TelemetryStored(rows));
        }
        for Stored { ticket, .. } in stored {
            if let Some(Waiter::Telemetry(reply, _)) = self.tickets.redeem(ticket) {
                let detail = "readings cannot be stored now; /readyz says why";
                drop(reply.send(Err(Problem::new(Kind::Unavailable, detail))));
            }
        }
        Ok(())
    }

    /// Says with whom no version of the wire is shared; as many as there are members at the most.
    fn say_speechless(&mut self) {
        match self.speechless.values().next() {
            Some(text) => self.facts.health.set(NO_COMMON_WIRE, Weight::Attention, text.clone()),
            None => self.facts.health.clear(NO_COMMON_WIRE),
        }
        self.presenter.stale();
    }

    fn say_storage(&mut self, failed: Option<&Failure>) {
        let health = &mut self.facts.health;
        match failed {
            None => health.clear("telemetry_disk_full"),
            Some(Failure::Full) => {
                let text = "The disk is full: no reading is stored until there is room.";
                health.set("telemetry_disk_full", Weight::NotReady, text);
            }
            Some(Failure::Broken(error)) => {
                let text = format!("Readings cannot be stored until the node is restarted: {error}.");
                health.set("telemetry_broken", Weight::NotReady, text);
            }
        }
        if failed.is_some() {
            self.presenter.stale();
        }
    }

    /// Tells the core something and does what it asks for.
    fn tell(&mut self, input: Input) -> Result<(), StoreError> {
        let outputs = self.core.handle(self.clock.now(), input);
        self.perform(outputs)
    }

    fn look(&self, look: Look) {
        match look {
            Look::Read(glance) => (glance.0)(&self.core),
            Look::Rules { retention, reply } => {
                drop(reply.send(keeping::rules(self.core.telemetry().catalogue(), retention)));
            }
            Look::Taken(reply) => {
                let counts = self.core.telemetry().counts();
                if reply.send(Taken { counts, quarantined: self.core.quarantined() as u64 }).is_err() {
                    tracing::debug!("nobody asks any more");
                }
            }
            Look::Proof { leaf, reply } => {
                let path = self.core.ledger().log().prove(leaf);
                drop(reply.send(path.map(|path| (path, self.core.ledger().head().height))));
            }
        }
    }

    /// Shows the page how things are, if it is time.
    fn present(&mut self, now: Now, at_once: bool) {
        if !at_once && self.presenter.due() > now.tick {
            return;
        }
        self.say_health();
        self.facts.health.stamp(now.time);
        self.say_clock(now);
        self.presenter.refresh(now, &self.core, &self.facts);
        self.count(now.tick);
    }

    /// Reasons that follow from the hive as it is now.
    fn say_health(&mut self) {
        if self.own_keys.tries_next() {
            let promoted = self.own_keys.promote(self.core.ledger().state());
            if let Err(error) = promoted {
                tracing::warn!(%error, "the new key takes the old one's place at the next start");
            }
        }
        let ledger = self.core.ledger();
        let health = &mut self.facts.health;
        if self.core.lacks_network_key() {
            let text = "The hive has another network key and no member handed it over yet.";
            health.set("network_key_missing", Weight::Notice, text);
        } else {
            health.clear("network_key_missing");
        }
        if ledger.is_on_its_way() {
            let text =
                "This node reads the hive's history back from the block that its invitation vouches for.";
            health.set("checkpoint", Weight::NotReady, text);
        } else {
            health.clear("checkpoint");
        }
        match self.core.maintenance().held_back_all() {
            0 => health.clear("alerts_held_back"),
            more => {
                let text = format!(
                    "Rules are broken in {more} more places than there are alerts; see the rules' warnings."
                );
                health.set("alerts_held_back", Weight::Notice, text);
            }
        }
        match self.core.settlement_trouble() {
            None => health.clear("settlement_disputed"),
            Some(text) => health.set("settlement_disputed", Weight::Attention, text),
        }
        match self.core.incidents().shelf().spoilt() + self.core.street().board().refused() {
            0 => health.clear("cards_refused"),
            refused => {
                let text = format!(
                    "{refused} batches of cards or notices to the street did not hold and were refused since the start."
                );
                health.set("cards_refused", Weight::Notice, text);
            }
        }
        let others = ledger.state().members().filter(|(_, member)| !member.revoked).count().saturating_sub(1);
        if others > 0 && self.members.connected.is_empty() {
            health.set("no_peers", Weight::NotReady, "No other member of the hive is connected.");
        } else {
            health.clear("no_peers");
        }
        let (mine, ahead) =
            (ledger.head().height.0, ledger.peers().map(|(_, height)| height.0).max().unwrap_or(0));
        if ahead > mine + LAG_BLOCKS_MAX {
            let text = format!("Catching up: block {mine} here, {ahead} at a neighbour.");
            health.set("catching_up", Weight::NotReady, text);
        } else {
            health.clear("catching_up");
        }
        let is_member = ledger.state().member(&ledger.address()).is_some_and(|member| !member.revoked);
        if is_member || ahead > mine + LAG_BLOCKS_MAX {
            health.clear("not_member");
        } else {
            let key = ledger.address().to_string();
            let text = format!("This node's key ({key:.8}) is not one of the hive's members.");
            health.set("not_member", Weight::Attention, text);
        }
        if let Some(path) = self.facts.restored.take_if(|_| !ledger.is_restored()) {
            tracing::warn!("the hive is past every vote this node may have forgotten: it votes again");
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(%error, "votes are held back again after the next start");
            }
            health.clear("restored");
        }
        if let Some(reason) = ledger.halted() {
            health.set("ledger_halted", Weight::NotReady, reason);
        }
    }

    fn say_clock(&mut self, now: Now) {
        let waiting = self.core.quarantined();
        if self.core.is_clock_doubtful(now) {
            let text = format!(
                "This node's clock stands before what is already on record; {waiting} rows of readings wait until it is right."
            );
            self.facts.health.set("clock_doubtful", Weight::Notice, text);
        } else {
            self.facts.health.clear("clock_doubtful");
        }
    }

    fn count(&self, now: Tick) {
        let ledger = self.core.ledger();
        let progress = ledger.progress(now);
        for (name, value) in [
            ("symbiose_ledger_height", ledger.head().height.0),
            ("symbiose_ledger_transactions", ledger.log().size()),
            ("symbiose_mempool_transactions", ledger.mempool_len() as u64),
            ("symbiose_authorities_online", progress.authorities_online as u64),
            ("symbiose_ledger_stalled_seconds", progress.stalled_ms.unwrap_or(0).div_ceil(1_000)),
            ("symbiose_peers_connected", self.members.connected.len() as u64),
            ("symbiose_outbox_transactions", self.core.outbox_len() as u64),
            ("symbiose_callers_waiting", self.tickets.len() as u64),
            ("symbiose_telemetry_series", u64::from(self.core.telemetry().catalogue().series_count())),
            ("symbiose_building_log_bytes", self.stores.building.bytes()),
            ("symbiose_telemetry_quarantined_rows", self.core.quarantined() as u64),
        ] {
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!(name).set(value as f64);
        }
        let (counts, waited) = (self.core.telemetry().counts(), self.core.waited());
        for (name, value) in [
            ("symbiose_telemetry_rows_total", counts.rows),
            ("symbiose_telemetry_values_total", counts.points),
            ("symbiose_telemetry_duplicates_total", counts.duplicates),
            ("symbiose_telemetry_conflicts_total", counts.conflicts),
            ("symbiose_telemetry_late_rows_total", counts.late_rows),
            ("symbiose_telemetry_payloads_refused_total", counts.refused),
            ("symbiose_telemetry_series_refused_total", counts.series_refused),
            ("symbiose_telemetry_late_rows_refused_total", counts.backfill_refused),
            ("symbiose_telemetry_quarantine_rows_total", waited.held),
            ("symbiose_telemetry_quarantine_released_total", waited.released),
            ("symbiose_telemetry_quarantine_refused_total", waited.refused),
            ("symbiose_clock_jumps_total", self.core.clock_jumps()),
        ] {
            metrics::counter!(name).absolute(value);
        }
    }
}

/// A node whose key is to change tries the other one when nobody is there for so long, milliseconds.
const LONELY_MS_MAX: u64 = 8_000;
/// A node that is further behind than this is not ready, blocks.
const LAG_BLOCKS_MAX: u64 = 10;
