//! Faults as they strike: crashes and restarts, partitions, clogs, pauses, clocks that jump.

use node::core::{Actor, Command, Input};

use crate::checker::{Rule, Violation};
use crate::disk::{Crash, Damage};
use crate::trace::short;
use crate::world::{Event, Storm, World};

/// How long a hive takes to notice that a process is gone, milliseconds: its sockets are closed for it.
const PROCESS_NOTICED_MS_MAX: u64 = 200;
/// How long it takes to notice that a machine is gone, milliseconds.
const POWER_NOTICED_MS_MAX: u64 = 10_000;
/// Outputs after which a crash strikes at the latest, counted from its turn.
const CRASH_OUTPUTS_MAX: u64 = 12;
/// When it strikes at the latest, milliseconds.
const CRASH_WITHIN_MS: u64 = 400;

impl World<'_> {
    /// Puts the first fault of each class that is on into the queue.
    pub(crate) fn raise_storms(&mut self) {
        for storm in Storm::ALL {
            self.storm_later(storm);
        }
    }

    fn storm_later(&mut self, storm: Storm) {
        let every_ms = match storm {
            Storm::Crash => self.weather.crashes.every_ms,
            Storm::Partition => self.weather.partitions.every_ms,
            Storm::Clog => self.weather.links.clog_every_ms,
            Storm::Pause => self.weather.clocks.pause_every_ms,
            Storm::Clock => u64::from(self.weather.clocks.wild) * self.weather.clocks.wild_every_ms,
            Storm::Step => self.weather.clocks.step_every_ms,
            Storm::Full => self.weather.crashes.full_every_ms,
        };
        if every_ms > 0 {
            let wait = self.chance.wait(every_ms);
            self.after(wait, Event::Storm(storm));
        }
    }

    pub(crate) fn storm(&mut self, storm: Storm) {
        if self.healed_at.is_some() {
            return;
        }
        self.tally.strikes += 1;
        if u32::try_from(self.tally.strikes - 1).is_ok_and(|number| self.settings.spared.spares(number)) {
            self.storm_later(storm);
            return;
        }
        match storm {
            Storm::Crash => self.crash_somebody(),
            Storm::Partition => self.split(),
            Storm::Clog => self.clog(),
            Storm::Pause => self.pause(),
            Storm::Clock => self.turn_clocks(),
            Storm::Step => self.step_clock(),
            Storm::Full => self.fill_disk(),
        }
        self.storm_later(storm);
    }

    fn crash_somebody(&mut self) {
        let crashes = self.weather.crashes;
        let crash =
            if self.chance.per_mille(crashes.power_per_mille) { Crash::Power } else { Crash::Process };
        let victims = if self.chance.per_mille(crashes.all_per_mille) {
            (0..self.places.len()).collect()
        } else {
            vec![self.chance.index(self.places.len())]
        };
        for node in victims.into_iter().filter(|node| self.is_up(*node)).collect::<Vec<_>>() {
            // Half of them strike in the middle of what the node does next.
            let outputs = self.chance.below(2 * CRASH_OUTPUTS_MAX).saturating_sub(CRASH_OUTPUTS_MAX);
            if outputs == 0 {
                self.crash(node, crash);
            } else {
                self.places[node].building.crash_after(outputs, crash);
                let life = self.places[node].life;
                self.after(CRASH_WITHIN_MS, Event::CrashDue { node, life, crash });
            }
        }
    }

    /// The node is gone; its connections with it, which its peers notice later.
    pub(crate) fn crash(&mut self, node: usize, crash: Crash) {
        self.tally.crashes += 1;
        let name = self.name(node);
        let is_wiped = self.may_lose_all(node) && self.chance.per_mille(self.weather.crashes.wipe_per_mille);
        self.trace.note(self.now, "crash", &[name.as_bytes()], || {
            format!("{name}     crashes ({crash:?}{})", if is_wiped { ", its disk is lost" } else { "" })
        });
        let place = &mut self.places[node];
        place.building.crash(crash);
        place.forget_wake();
        place.stored.clear();
        if is_wiped {
            place.building.disk.wipe();
            place.is_excused = true;
            place.was_wiped = true;
            place.gateway.excuse();
            self.tally.wipes += 1;
        }
        let noticed_ms_max = match crash {
            Crash::Process => PROCESS_NOTICED_MS_MAX,
            Crash::Power => POWER_NOTICED_MS_MAX,
        };
        for peer in (0..self.places.len()).filter(|peer| *peer != node) {
            self.network.forget(node, peer);
            self.network.disconnect(node, peer);
            let noticed = self.chance.between(1, noticed_ms_max);
            self.after(noticed, Event::Notice { node: peer, peer: node, session: None });
        }
        let down_ms = match self.healed_at {
            None => self.chance.between(10, self.weather.crashes.down_ms_max.max(10)),
            Some(_) => 1_000,
        };
        self.after(down_ms, Event::Start { node });
    }

    /// A node starts from its disk, connects, and gets back what its client still waits for.
    pub(crate) fn start(&mut self, node: usize) -> Result<(), Violation> {
        if self.is_up(node) || self.places[node].is_gone {
            return Ok(());
        }
        if !self.places[node].building.disk.reads() {
            return self.start_later(node);
        }
        self.rot(node);
        self.forget(node);
        let name = self.name(node);
        let place = &mut self.places[node];
        place.life += 1;
        place.paused_until = 0;
        let is_excused = std::mem::take(&mut place.is_excused);
        let address = place.building.address();
        let (started, outputs) = place
            .building
            .start(self.now, &self.hive)
            .map_err(|error| Violation::of(Rule::Replay, format!("{name} does not start: {error}")))?;
        self.note_address(node, address);
        let address = self.places[node].building.address();
        let head = started.head;
        self.tally.starts += 1;
        self.tally.wal_replays += u64::from(started.replayed > 0);
        self.tally.abstentions += u64::from(started.abstains.is_some());
        self.tally.torn_ends += u64::from(started.cut > 0);
        self.trace.note(self.now, "start", &[name.as_bytes(), head.state.as_bytes()], || {
            let (replayed, cut) = (started.replayed, started.cut);
            let abstains =
                started.abstains.map_or_else(String::new, |error| format!(", abstains: {error:?}"));
            let state = short(&head.state);
            format!(
                "{name}     starts at block {}, state {state}, {replayed} vote records, {cut} bytes cut{abstains}",
                head.height
            )
        });
        if self.places[node].liar.is_some() {
            // Its word counts for nothing.
        } else if is_excused {
            self.checker.excused(address, &head, started.stored)?;
        } else {
            self.checker.started(address, &head, started.stored)?;
        }
        let is_honest = self.places[node].liar.is_none();
        if let Some(row) = self.places[node].gateway.lost(&started.rows).filter(|_| is_honest) {
            let detail = format!("{name} acknowledged {row:?} and is back without it");
            return Err(Violation::of(Rule::Durability, detail));
        }
        for peer in (0..self.places.len()).filter(|peer| *peer != node) {
            let wait = self.chance.between(10, 300);
            self.after(wait, Event::Connect { a: node, b: peer });
        }
        self.look_around_later(node);
        self.carry_out(node, outputs)?;
        self.ask_again(node)
    }

    /// A read fails while it starts: whoever watches over the process tries again.
    fn start_later(&mut self, node: usize) -> Result<(), Violation> {
        self.tally.read_failures += 1;
        let name = self.name(node);
        self.trace.note(self.now, "read", &[name.as_bytes()], || {
            format!("{name}     cannot read its disk and does not start")
        });
        let wait = self.chance.between(200, 3_000);
        self.after(wait, Event::Start { node });
        Ok(())
    }

    pub(crate) fn ask_again(&mut self, node: usize) -> Result<(), Violation> {
        let Some(ledger) = self.places[node].building.ledger() else { return Ok(()) };
        let Some(client) = self.clients.get_mut(node) else { return Ok(()) };
        client.catch_up(ledger.state());
        let pending = client.pending();
        if pending.is_empty() {
            return Ok(());
        }
        let ticket = self.ticket();
        let command = Command::Submit { transactions: pending, wait: false };
        self.tell(node, Input::Command { ticket, by: Actor::default(), command })
    }

    /// What is on the disk of an unlucky authority is damaged while it is down.
    fn rot(&mut self, node: usize) {
        let share = self.weather.crashes.rot_per_mille;
        if !self.unlucky.contains(&node) || self.places[node].life == 0 || !self.chance.per_mille(share) {
            return;
        }
        let is_votes = self.chance.per_mille(500);
        let place = &mut self.places[node];
        let disk = &mut place.building.disk;
        let file = if is_votes { &mut disk.votes } else { &mut disk.blocks };
        let damage = match self.chance.below(3) {
            0 => Damage::Bit,
            1 => Damage::Sector,
            _ => Damage::Misdirected,
        };
        let Some(at) = file.rot(damage, &mut self.chance) else { return };
        place.is_excused = !is_votes;
        self.tally.rots += 1;
        let name = self.name(node);
        let file = if is_votes { "its vote log" } else { "blocks.log" };
        self.trace.note(self.now, "rot", &[name.as_bytes()], || {
            format!("{name}     damage ({damage:?}) at byte {at} of {file}")
        });
    }

    fn split(&mut self) {
        let count = self.places.len();
        let inside: Vec<bool> = (0..count).map(|_| self.chance.per_mille(500)).collect();
        if inside.iter().all(|is_in| *is_in == inside[0]) {
            return;
        }
        let both = !self.chance.per_mille(self.weather.partitions.one_way_per_mille);
        let lasts = self.chance.between(100, self.weather.partitions.lasts_ms_max);
        self.cut(&inside, both, lasts);
    }

    /// Cuts the net between those inside and the others for a while.
    pub(crate) fn cut(&mut self, inside: &[bool], both: bool, lasts: u64) {
        self.network.mend();
        self.network.cut(inside, both);
        self.partition += 1;
        self.tally.partitions += 1;
        self.after(lasts, Event::Mend { number: self.partition });
        let sides: Vec<u8> = inside.iter().map(|is_in| u8::from(*is_in)).collect();
        let names: Vec<String> =
            (0..inside.len()).filter(|node| inside[*node]).map(|node| self.name(node)).collect();
        self.trace.note(self.now, "cut", &[&sides], || {
            let way = if both { "" } else { " (one way)" };
            format!("the net is cut: {} apart{way} for {lasts} ms", names.join(" "))
        });
        self.let_ends_notice();
    }

    /// Most broken connections are given up after a while; some hang on.
    fn let_ends_notice(&mut self) {
        for node in 0..self.places.len() {
            for peer in 0..self.places.len() {
                let session = self.network.session(node, peer);
                let is_dead = node != peer && self.network.is_cut(node, peer) && session.is_some();
                if is_dead && self.chance.per_mille(500) {
                    let wait = self.chance.between(2_000, 15_000);
                    self.after(wait, Event::Notice { node, peer, session });
                }
            }
        }
    }

    fn clog(&mut self) {
        let (from, to) = (self.chance.index(self.places.len()), self.chance.index(self.places.len()));
        let lasts = self.chance.between(10, self.weather.links.clog_ms_max.max(10));
        self.network.clog(from, to, self.now + lasts);
        let (a, b) = (self.name(from), self.name(to));
        self.trace.note(self.now, "clog", &[a.as_bytes(), b.as_bytes()], || {
            format!("{a} -> {b} is clogged for {lasts} ms")
        });
    }

    fn pause(&mut self) {
        let node = self.chance.index(self.places.len());
        let lasts = self.chance.between(10, self.weather.clocks.pause_ms_max.max(10));
        let until = self.now + lasts;
        self.places[node].paused_until = until;
        self.tally.pauses += 1;
        self.at(until, Event::Resume { node });
        let name = self.name(node);
        self.trace
            .note(self.now, "pause", &[name.as_bytes()], || format!("{name}     freezes for {lasts} ms"));
    }

    /// Somebody's clock is set, forwards or backwards, within what the ledger tolerates.
    fn step_clock(&mut self) {
        let node = self.chance.index(self.places.len());
        let offset = self.chance.signed(self.weather.clocks.offset_ms_max.max(1_000));
        self.places[node].building.clock_off_ms = offset;
        let name = self.name(node);
        self.trace.note(self.now, "step", &[name.as_bytes()], || {
            format!("{name}     its clock is set to {offset} ms off")
        });
    }

    /// Somebody's disk has no room left for a while: its next sync fails, and it stops.
    fn fill_disk(&mut self) {
        let node = self.chance.index(self.places.len());
        let lasts = self.chance.between(10, self.weather.crashes.full_ms_max.max(10));
        self.places[node].building.disk.is_full = true;
        self.tally.full_disks += 1;
        self.after(lasts, Event::Room { node });
        let name = self.name(node);
        self.trace.note(self.now, "full", &[name.as_bytes()], || {
            format!("{name}     its disk is full for {lasts} ms")
        });
    }

    /// Clocks of unlucky authorities: right, hours off, or back in 1970.
    fn turn_clocks(&mut self) {
        for node in self.unlucky.clone() {
            let offset = match self.chance.below(4) {
                0 => 0,
                1 => -self.hive.clock.at(self.now).0,
                _ => self.chance.signed(7_200_000),
            };
            self.places[node].building.clock_off_ms = offset;
            let name = self.name(node);
            self.trace.note(self.now, "clock", &[name.as_bytes()], || {
                format!("{name}     its clock is off by {offset} ms")
            });
        }
    }

    /// Whoever never votes can lose its disk without harm to anybody else.
    fn may_lose_all(&self, node: usize) -> bool {
        if let Some(newcomer) = &self.places[node].newcomer {
            return newcomer.never_votes();
        }
        let is_follower = (self.settings.authorities()..self.clients.len()).contains(&node);
        is_follower && self.weather.people.change_every_ms == 0
    }
}
