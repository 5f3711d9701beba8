//! The end of a world: the faults stop, all that can come back does, and within a minute everybody must agree and go on.
//! Then every disk is replayed.

use std::collections::BTreeSet;

use ledger::{Config, Head, Ledger, StoredBlock, VoteLog};
use node::core::Core;
use protocol::{Bytes, Height, WorkOrderStatus};

use crate::checker::{Rule, Violation};
use crate::disk::Crash;
use crate::world::{Event, World};

/// How long a hive may take to agree and go on when the faults stop, milliseconds.
pub const LIVE_AGAIN_MS_MAX: u64 = 60_000;
/// When new transactions are asked for after the faults stopped, milliseconds.
const GOAL_AFTER_MS: u64 = 2_000;

/// The fastest pace at which rules still find a hot motor in its readings.
const PACE_OF_RULES_MAX: u64 = 1;

/// The blocks of a disk, and where they lead.
struct Replayed {
    stored: Vec<StoredBlock>,
    head: Head,
}

impl Replayed {
    /// Whether another disk holds the same blocks. Certificates may differ: each was checked before it was stored, and a
    /// replay asks them for the block's id alone.
    fn is_of(&self, others: &[StoredBlock]) -> bool {
        let is_same = |(one, other): (&StoredBlock, &StoredBlock)| {
            one.block == other.block && one.certificate.block == other.certificate.block
        };
        self.stored.len() == others.len() && self.stored.iter().zip(others).all(is_same)
    }
}

impl World<'_> {
    pub(crate) fn heal(&mut self) -> Result<(), Violation> {
        self.healed_at = Some(self.now);
        self.weather = self.weather.cleared();
        self.network.clear(self.weather.links);
        self.trace.note(self.now, "heal", &[], || "the faults stop".to_owned());
        if self.weather.one_stays_down
            && let Some(node) = self.unlucky.iter().copied().find(|node| self.places[*node].liar.is_none())
        {
            self.places[node].is_gone = true;
            if self.is_up(node) {
                self.crash(node, Crash::Power);
            }
        }
        for node in 0..self.places.len() {
            let place = &mut self.places[node];
            place.building.spare();
            place.building.disk.heal();
            place.slow_ms = 0;
            place.building.clock_off_ms = 0;
            place.gateway.is_hot = true;
            if std::mem::take(&mut place.paused_until) > self.now {
                self.after(0, Event::Resume { node });
            }
            let wait = self.chance.between(0, 1_000);
            self.after(wait, Event::Start { node });
            if self.settings.hours.is_some() && node < self.clients.len() {
                self.after(GOAL_AFTER_MS, Event::Reading { node });
            }
        }
        self.greet_anew()?;
        self.after(0, Event::HandKeys);
        self.after(GOAL_AFTER_MS, Event::Goal);
        self.after(LIVE_AGAIN_MS_MAX, Event::TimeOut);
        self.reform()
    }

    /// Every client whose building is up asks for one thing more.
    pub(crate) fn set_goals(&mut self) -> Result<(), Violation> {
        self.goals_set = true;
        for client in 0..self.clients.len() {
            if self.is_up(client) && self.places[client].is_held() {
                self.submit(client)?;
            }
        }
        Ok(())
    }

    /// Whether all that are up are at the same block and everything asked for at them is in it.
    pub(crate) fn is_live_again(&self) -> bool {
        if !self.goals_set {
            return false;
        }
        let held: Vec<usize> = (0..self.places.len()).filter(|node| self.places[*node].is_held()).collect();
        let ledgers: Option<Vec<&Ledger>> =
            held.iter().map(|node| self.places[*node].building.ledger()).collect();
        let Some((first, others)) = ledgers.as_ref().and_then(|ledgers| ledgers.split_first()) else {
            return false;
        };
        held.iter().all(|node| self.is_settled(*node) && self.has_settled_keys(*node))
            && self.has_shared(first, &held)
            && self.lacks_of_cards(&held).is_none()
            && others.iter().all(|ledger| ledger.head() == first.head())
            && self.clients.iter().zip(&self.places).filter(|(_, place)| place.is_held()).all(
                |(client, _)| {
                    first
                        .state()
                        .member(&client.address())
                        .is_some_and(|member| member.sequence == client.last())
                },
            )
    }

    /// Whether the hot motor of a building has its one work order, and all of its orders stand on the ledger as the
    /// building has them.
    fn is_settled(&self, node: usize) -> bool {
        let Some(core) = self.places[node].building.core() else { return true };
        let orders = core.maintenance().work_orders();
        let has_order = orders.values().any(|order| order.status != WorkOrderStatus::Done);
        if node >= self.clients.len() {
            return core.outbox_len() == 0;
        }
        // Alerts that a wild clock closed in the future hold new ones back until then.
        let is_wild = self.weather.clocks.wild && self.unlucky.contains(&node);
        // Where hive time flies, readings lie too far apart for a rule.
        let is_free = !is_wild && self.hive.clock.pace <= PACE_OF_RULES_MAX;
        core.outbox_len() == 0
            && (has_order || !is_free)
            && orders.values().all(|order| order.ledger.status == Some(order.status))
    }

    /// Orders of a building on the ledger: each is known to it, and no two that are not done are for the same thing.
    fn check_orders(&mut self, node: usize) -> Result<(), Violation> {
        let place = &self.places[node];
        let Some(core) = place.building.core().filter(|_| place.is_held()) else { return Ok(()) };
        let (name, me) = (&place.building.name, core.origin());
        let mut open = BTreeSet::new();
        let mut count = 0;
        for (id, order) in core.ledger().state().work_orders().filter(|(_, order)| order.building == me) {
            count += 1;
            if place.was_wiped {
                continue;
            }
            if !core.maintenance().work_orders().contains_key(&order.reference) {
                let detail = format!("work order {id} of {name} is not known to it");
                return Err(Violation::of(Rule::WorkOrder, detail));
            }
            if order.status != WorkOrderStatus::Done && !open.insert((order.asset, order.policy)) {
                let detail = format!("{name} has a second open work order for one thing: {id}");
                return Err(Violation::of(Rule::WorkOrder, detail));
            }
        }
        self.tally.work_orders += count;
        Ok(())
    }

    pub(crate) fn not_live(&self) -> Violation {
        let nodes = self.places.iter().enumerate().map(|(node, place)| {
            let name = &place.building.name;
            place.building.ledger().map_or_else(
                || format!("{name} is down"),
                |ledger| {
                    let progress = ledger.progress(place.building.now(self.now).tick);
                    let round =
                        progress.round.map_or_else(|| "idle".to_owned(), |round| format!("round {round}"));
                    let settled = if self.is_settled(node) { "" } else { ", work orders open" };
                    let keys = if self.has_settled_keys(node) { "" } else { ", keys open" };
                    let wishes = place.building.core().map_or(0, Core::outbox_len);
                    format!(
                        "{name} at {}, {round}, {} waiting, {wishes} wishes{settled}{keys}",
                        ledger.head().height,
                        ledger.mempool_len()
                    )
                },
            )
        });
        let nodes: Vec<String> = nodes.collect();
        let clients = self.clients.iter().zip(&self.places).filter(|(_, place)| !place.is_gone);
        let behind: Vec<String> = clients
            .filter(|(client, _)| !client.pending().is_empty())
            .map(|(client, place)| format!("{} waits for {}", place.building.name, client.pending().len()))
            .collect();
        let held: Vec<usize> = (0..self.places.len()).filter(|node| self.places[*node].is_held()).collect();
        let first = held.iter().find_map(|node| self.places[*node].building.ledger());
        let lacks = first.and_then(|ledger| self.lacks_of_sharing(ledger, &held));
        let lacks = lacks.or_else(|| self.lacks_of_cards(&held)).unwrap_or_default();
        let (nodes, behind) = (nodes.join("; "), behind.join("; "));
        let detail = format!("60 s after the faults stopped: {nodes}; {behind}; {lacks}");
        Violation::of(Rule::Liveness, detail)
    }

    /// Replays every disk from genesis.
    pub(crate) fn finish(&mut self) -> Result<(), Violation> {
        self.tally.live_again_ms = self.healed_at.map_or(0, |healed| self.now - healed);
        let mut replayed = None;
        for node in 0..self.places.len() {
            self.replay_disk(node, &mut replayed)?;
            self.check_orders(node)?;
            self.compare(node)?;
            self.check_disk_privacy(node)?;
            self.check_cards(node)?;
        }
        self.count_shared();
        self.model.count_meetings(&mut self.tally);
        self.check_excluded()
    }

    /// Disks mostly hold the same blocks: what `before` holds was replayed, and is not carried out again.
    fn replay_disk(&mut self, node: usize, before: &mut Option<Replayed>) -> Result<(), Violation> {
        let building = &mut self.places[node].building;
        let (stored, _) = building.records.whole_blocks(building.disk.blocks.bytes(), &self.hive.genesis);
        let name = building.name.clone();
        let is_whole = stored.len() as u64 == self.checker.height().0;
        let replayed = match before.take().filter(|before| before.is_of(&stored)) {
            Some(replayed) => replayed,
            None => self.replay(node, stored, is_whole)?,
        };
        let head = replayed.head;
        *before = Some(replayed);
        let place = &self.places[node];
        if let Some(ledger) = place.building.ledger()
            && ledger.head() != head
        {
            let detail = format!("{name} is at {:?}, its disk at {head:?}", ledger.head());
            return Err(Violation::of(Rule::Replay, detail));
        }
        let address = place.building.address();
        self.checker.at(address, &head)?;
        self.trace.note(self.now, "replay", &[name.as_bytes(), head.state.as_bytes()], || {
            format!("{name}     its disk replays to block {}, state {}", head.height, head.state)
        });
        self.tally.replayed_blocks += head.height.0;
        if head.height > Height(0) || !is_whole {
            self.tally.disks_replayed += 1;
        }
        Ok(())
    }

    /// Carries out the blocks of a disk from genesis; with the whole chain, nothing that was called final is missing.
    fn replay(&self, node: usize, stored: Vec<StoredBlock>, is_whole: bool) -> Result<Replayed, Violation> {
        let building = &self.places[node].building;
        let config = Config {
            checkpoint: None,
            heartbeat_ms: self.hive.heartbeat_ms,
            time_ahead_ms: 0,
            name: Bytes::new(Vec::new()).expect("invariant: nothing is short"),
            await_alone: false,
        };
        let (key, now) = (protocol::SigningKey::from_seed(&[0; 32]), building.now(self.now));
        let (blocks, votes) = (stored.iter().cloned(), Ok(VoteLog::default()));
        let (ledger, _) = Ledger::open(now, config, key, &self.hive.genesis, blocks, votes)
            .map_err(|error| Violation::of(Rule::Replay, format!("{}: {error}", building.name)))?;
        if is_whole {
            let transactions = stored.iter().flat_map(|stored| &stored.block.transactions);
            self.checker.all_kept(&transactions.map(protocol::Transaction::id).collect())?;
        }
        Ok(Replayed { head: ledger.head(), stored })
    }
}
