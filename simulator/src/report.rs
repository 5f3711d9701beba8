//! What came out of a seed, of many, and how it is told.

use std::fmt;

use serde::Serialize;

use crate::checker::Violation;

/// What happened in a world.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Time that passed in it, milliseconds.
    pub virtual_ms: u64,
    /// The same, once for every node.
    pub node_ms: u64,
    /// 1 if it signed with Ed25519; of several seeds, how many did.
    pub real_signatures: u64,
    /// Events of the trace.
    pub events: u64,
    /// Final blocks.
    pub blocks: u64,
    /// Transactions handed in.
    pub submitted: u64,
    /// Transactions called final.
    pub transactions: u64,
    /// Transactions dropped from a queue: doubles and late ones.
    pub rejected: u64,
    /// Readings handed in, repeated ones included.
    pub readings: u64,
    /// Readings that were acknowledged.
    pub readings_acknowledged: u64,
    /// Readings that were refused.
    pub readings_refused: u64,
    /// Work orders on the ledger that buildings opened for alerts.
    pub work_orders: u64,
    /// Messages handed to the net.
    pub messages: u64,
    /// Messages the net lost.
    pub messages_lost: u64,
    /// Starts, first ones included.
    pub starts: u64,
    /// Faults that struck: crashes, cuts, clogs, pauses, turned clocks.
    pub strikes: u64,
    /// Crashes.
    pub crashes: u64,
    /// Starts that replayed votes of the height in progress.
    pub wal_replays: u64,
    /// Starts with a damaged vote log: the node abstains for a height.
    pub abstentions: u64,
    /// Starts that cut a torn end off `blocks.log`.
    pub torn_ends: u64,
    /// Syncs that the disk did not confirm.
    pub sync_failures: u64,
    /// Followers that lost their whole disk.
    pub wipes: u64,
    /// Bits, sectors and misdirected writes that changed what was on a disk.
    pub rots: u64,
    /// Disks that had no room for a while.
    pub full_disks: u64,
    /// Starts that failed because a read did.
    pub read_failures: u64,
    /// Lies told.
    pub lies: u64,
    /// Pieces of evidence on the ledger.
    pub evidence: u64,
    /// Newcomers that were let in.
    pub admitted: u64,
    /// Changes of the authorities.
    pub authority_changes: u64,
    /// Members that were shut out.
    pub revoked: u64,
    /// Members that went on under another key.
    pub keys_changed: u64,
    /// Starts for the sake of another key.
    pub key_starts: u64,
    /// Network keys that were named.
    pub network_keys: u64,
    /// Network keys that people had to carry.
    pub keys_handed: u64,
    /// Stretches of slots that were cut from readings.
    pub slots_cut: u64,
    /// Slots on the ledger.
    pub slots_settled: u64,
    /// Of these, slots in a later version than the first.
    pub slots_corrected: u64,
    /// Weeks of which something is booked.
    pub weeks_booked: u64,
    /// Billing periods.
    pub periods: u64,
    /// Assemblies that were announced.
    pub assemblies: u64,
    /// Items that have their result.
    pub items_decided: u64,
    /// Polls that were told of.
    pub polls: u64,
    /// Commitments that count, for assemblies and polls.
    pub ballots: u64,
    /// Commitments that came too early, too late or again.
    pub ballots_passed_over: u64,
    /// Decisions of one building or of several that were carried out.
    pub carried_out: u64,
    /// Questions to several buildings that are decided.
    pub joint_decisions: u64,
    /// Results and announcements that stand on record as breaches.
    pub breaches: u64,
    /// Cards about incidents that people let out.
    pub cards: u64,
    /// Such cards on the shelves of buildings at the end.
    pub cards_learnt: u64,
    /// States compared with the reference model.
    pub compared: u64,
    /// Partitions.
    pub partitions: u64,
    /// Nodes that froze for a while.
    pub pauses: u64,
    /// Blocks replayed from disks at the end.
    pub replayed_blocks: u64,
    /// Disks replayed at the end.
    pub disks_replayed: u64,
    /// From the end of the faults until all agreed and went on, milliseconds; of several seeds, the longest.
    pub live_again_ms: u64,
}

impl Tally {
    /// Sums up.
    pub fn add(&mut self, other: &Self) {
        self.virtual_ms += other.virtual_ms;
        self.node_ms += other.node_ms;
        self.real_signatures += other.real_signatures;
        self.events += other.events;
        self.blocks += other.blocks;
        self.submitted += other.submitted;
        self.transactions += other.transactions;
        self.rejected += other.rejected;
        self.readings += other.readings;
        self.readings_acknowledged += other.readings_acknowledged;
        self.readings_refused += other.readings_refused;
        self.work_orders += other.work_orders;
        self.messages += other.messages;
        self.messages_lost += other.messages_lost;
        self.starts += other.starts;
        self.strikes += other.strikes;
        self.crashes += other.crashes;
        self.wal_replays += other.wal_replays;
        self.abstentions += other.abstentions;
        self.torn_ends += other.torn_ends;
        self.sync_failures += other.sync_failures;
        self.wipes += other.wipes;
        self.rots += other.rots;
        self.full_disks += other.full_disks;
        self.read_failures += other.read_failures;
        self.lies += other.lies;
        self.evidence += other.evidence;
        self.admitted += other.admitted;
        self.authority_changes += other.authority_changes;
        self.revoked += other.revoked;
        self.keys_changed += other.keys_changed;
        self.key_starts += other.key_starts;
        self.network_keys += other.network_keys;
        self.keys_handed += other.keys_handed;
        self.slots_cut += other.slots_cut;
        self.slots_settled += other.slots_settled;
        self.slots_corrected += other.slots_corrected;
        self.weeks_booked += other.weeks_booked;
        self.periods += other.periods;
        self.assemblies += other.assemblies;
        self.items_decided += other.items_decided;
        self.polls += other.polls;
        self.ballots += other.ballots;
        self.ballots_passed_over += other.ballots_passed_over;
        self.carried_out += other.carried_out;
        self.joint_decisions += other.joint_decisions;
        self.breaches += other.breaches;
        self.cards += other.cards;
        self.cards_learnt += other.cards_learnt;
        self.compared += other.compared;
        self.partitions += other.partitions;
        self.pauses += other.pauses;
        self.replayed_blocks += other.replayed_blocks;
        self.disks_replayed += other.disks_replayed;
        self.live_again_ms = self.live_again_ms.max(other.live_again_ms);
    }
}

/// What came out of one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Hash of everything that happened. The same seed and settings give the same one, on any machine.
    pub trace: blake3::Hash,
    /// What happened.
    pub tally: Tally,
    /// The rule that was broken, if one was.
    pub violation: Option<Violation>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, trace, tally, violation } = self;
        let seconds = tally.virtual_ms / 1_000;
        write!(
            f,
            "seed {seed}: {seconds} s, {} blocks, {} crashes, trace {trace}",
            tally.blocks, tally.crashes
        )?;
        match violation {
            Some(violation) => write!(f, "\n  {violation}"),
            None => write!(f, ", live again after {} ms", tally.live_again_ms),
        }
    }
}

/// What came out of many.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Seeds that ran.
    pub seeds: u64,
    /// Seeds that broke a rule.
    pub violations: u64,
    /// Of these, seeds in which an authority signed two different things.
    pub equivocations: u64,
    /// Sums over all seeds.
    #[serde(flatten)]
    pub tally: Tally,
    /// Wall time, milliseconds.
    pub wall_ms: u64,
    /// Processor time of all worlds, milliseconds.
    pub cpu_ms: u64,
    /// Hours of one node simulated in a second of processor time.
    pub node_hours_per_cpu_second: f64,
    /// The same, for the seeds that sign with stubs.
    pub node_hours_per_cpu_second_of_stubs: f64,
    /// Threads that ran them.
    pub jobs: usize,
    /// Hash over the traces of all seeds in order, hexadecimal.
    pub trace: String,
    /// One entry per seed that broke a rule.
    pub failed: Vec<Failed>,
}

/// A seed that broke a rule.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    /// The seed.
    pub seed: u64,
    /// The rule.
    pub rule: &'static str,
    /// How.
    pub detail: String,
    /// The command that repeats it.
    pub repeat: String,
    /// The command that repeats it with fewer faults, if fewer are enough.
    pub repeat_with_less: Option<String>,
    /// The faults that are left then, in words.
    pub faults: Vec<String>,
}

impl Tally {
    /// Hours of one node.
    pub fn node_hours(&self) -> f64 {
        figure(self.node_ms) / 3_600_000.0
    }

    /// Hours of one node for each second of processor time.
    pub fn node_hours_per_second(&self, cpu_ms: u64) -> f64 {
        self.node_hours() * 1_000.0 / figure(cpu_ms.max(1))
    }
}

/// A count as a figure for people; those of a report are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "rounded for people")]
fn figure(count: u64) -> f64 {
    count as f64
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seeds, violations, equivocations, tally, wall_ms, cpu_ms, jobs, trace, .. } = self;
        writeln!(
            f,
            "{seeds} seeds ({} with Ed25519), {} virtual s in {:.1} s on {jobs} threads",
            tally.real_signatures,
            tally.virtual_ms / 1_000,
            figure(*wall_ms) / 1_000.0,
        )?;
        writeln!(
            f,
            "blocks {} · transactions {} · readings {} · work orders {} · messages {} (lost {})",
            tally.blocks,
            tally.transactions,
            tally.readings_acknowledged,
            tally.work_orders,
            tally.messages,
            tally.messages_lost
        )?;
        writeln!(
            f,
            "crashes {} · WAL replays {} · torn ends {} · damaged vote logs {} · failed syncs {} · wiped {} · bits flipped {}",
            tally.crashes,
            tally.wal_replays,
            tally.torn_ends,
            tally.abstentions,
            tally.sync_failures,
            tally.wipes,
            tally.rots
        )?;
        writeln!(
            f,
            "partitions {} · pauses {} · blocks replayed {} · slowest recovery {} ms",
            tally.partitions, tally.pauses, tally.replayed_blocks, tally.live_again_ms
        )?;
        writeln!(
            f,
            "slots settled {} (corrected {}) · weeks booked {} · billing periods {}",
            tally.slots_settled, tally.slots_corrected, tally.weeks_booked, tally.periods
        )?;
        writeln!(
            f,
            "assemblies {} · items decided {} · polls {} · ballots {} (passed over {}) · carried out {} · joint decisions {} · breaches {}",
            tally.assemblies,
            tally.items_decided,
            tally.polls,
            tally.ballots,
            tally.ballots_passed_over,
            tally.carried_out,
            tally.joint_decisions,
            tally.breaches
        )?;
        writeln!(f, "incident cards {} · on shelves {}", tally.cards, tally.cards_learnt)?;
        writeln!(f, "equivocations={equivocations} violations={violations} trace={trace}")?;
        write!(
            f,
            "{:.1} node-hours in {:.1} CPU-s: {:.1} node-hours per CPU-second, {:.1} where signatures are stubs",
            tally.node_hours(),
            figure(*cpu_ms) / 1_000.0,
            self.node_hours_per_cpu_second,
            self.node_hours_per_cpu_second_of_stubs
        )
    }
}
