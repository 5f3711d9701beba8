//! The weather of one seed: which faults are on and how strong. Each seed draws a subset of the classes (swarm
//! testing), because a run with everything on hides what needs quiet.

use std::fmt;

use crate::chance::Chance;
use crate::disk::Habits;

/// How links behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Links {
    /// Shortest and longest delay, milliseconds.
    pub delay_ms: (u64, u64),
    /// Messages lost, of 1,000.
    pub loss_per_mille: u64,
    /// Messages that come twice, of 1,000.
    pub duplicate_per_mille: u64,
    /// How much later the second one may come, milliseconds.
    pub replay_ms_max: u64,
    /// Whether a message may overtake another.
    pub reorder: bool,
    /// Mean time between clogs of some link, milliseconds; 0 is never.
    pub clog_every_ms: u64,
    /// Longest clog, milliseconds.
    pub clog_ms_max: u64,
}

/// When the net splits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partitions {
    /// Mean time between partitions, milliseconds; 0 is never.
    pub every_ms: u64,
    /// Longest partition, milliseconds.
    pub lasts_ms_max: u64,
    /// Partitions that cut one direction only, of 1,000.
    pub one_way_per_mille: u64,
}

/// When nodes go down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crashes {
    /// Mean time between crashes of some node, milliseconds; 0 is never.
    pub every_ms: u64,
    /// Longest time down, milliseconds.
    pub down_ms_max: u64,
    /// Crashes in which the power goes, of 1,000; in the others the process dies.
    pub power_per_mille: u64,
    /// Crashes that hit every node at once, of 1,000.
    pub all_per_mille: u64,
    /// Crashes of a follower that lose its whole disk, of 1,000.
    pub wipe_per_mille: u64,
    /// Restarts of the unlucky authorities with one bit flipped on disk, of 1,000.
    pub rot_per_mille: u64,
}

/// When nodes freeze and what their clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Mean time between pauses of some node, milliseconds; 0 is never.
    pub pause_every_ms: u64,
    /// Longest pause, milliseconds.
    pub pause_ms_max: u64,
    /// How far the clock of any node is off, milliseconds. Within what the ledger tolerates.
    pub offset_ms_max: u64,
    /// Whether clocks of the unlucky authorities are off by hours, jump, and boot in 1970.
    pub wild: bool,
}

/// Everything that a seed draws before it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// How links behave.
    pub links: Links,
    /// When the net splits.
    pub partitions: Partitions,
    /// When nodes go down.
    pub crashes: Crashes,
    /// Freezing and clocks.
    pub clocks: Clocks,
    /// How the disks of all nodes behave.
    pub disk: Habits,
    /// Whether disks of the unlucky authorities write out of order.
    pub disk_reorders: bool,
    /// Mean time between transactions of one client, milliseconds.
    pub submit_every_ms: u64,
    /// Mean time between readings of one building, milliseconds.
    pub reading_every_ms: u64,
    /// Whether one unlucky authority never comes back when the weather clears.
    pub one_stays_down: bool,
    /// Whether every message goes through its canonical bytes.
    pub by_bytes: bool,
    /// An empty block at least this often, milliseconds.
    pub heartbeat_ms: u64,
}

impl Weather {
    /// Draws the weather of a seed.
    pub fn draw(seed: u64) -> Self {
        let chance = &mut Chance::new(seed, "weather");
        let links = draw_links(chance);
        let partitions = draw_partitions(chance);
        let crashes = draw_crashes(chance);
        let clocks = draw_clocks(chance);
        let sync_fails = on(chance, 333, 1, 5);
        let disk = Habits {
            unsynced_lost_per_mille: chance.between(800, 1_000),
            reorders: false,
            sync_fails_per_mille: sync_fails,
        };
        Self {
            links,
            partitions,
            crashes,
            clocks,
            disk,
            disk_reorders: chance.per_mille(333),
            submit_every_ms: chance.between(1_000, 8_000),
            reading_every_ms: chance.between(500, 4_000),
            one_stays_down: chance.per_mille(333),
            by_bytes: chance.per_mille(250),
            heartbeat_ms: chance.between(5_000, 60_000),
        }
    }

    /// What is left when the faults stop: links that only delay.
    pub fn cleared(self) -> Self {
        let links = Links { loss_per_mille: 0, duplicate_per_mille: 0, clog_every_ms: 0, ..self.links };
        let partitions = Partitions { every_ms: 0, ..self.partitions };
        let crashes = Crashes { every_ms: 0, rot_per_mille: 0, ..self.crashes };
        let clocks = Clocks { pause_every_ms: 0, offset_ms_max: 0, ..self.clocks };
        Self { links, partitions, crashes, clocks, ..self }
    }
}

/// A strength in `low..=high` in `share` of 1,000 seeds, else 0.
fn on(chance: &mut Chance, share: u64, low: u64, high: u64) -> u64 {
    let strength = chance.between(low, high);
    if chance.per_mille(share) { strength } else { 0 }
}

fn draw_links(chance: &mut Chance) -> Links {
    let shortest = chance.between(1, 20);
    Links {
        delay_ms: (shortest, shortest + chance.between(0, 60)),
        loss_per_mille: on(chance, 600, 5, 300),
        duplicate_per_mille: on(chance, 400, 10, 500),
        replay_ms_max: chance.between(10, 5_000),
        reorder: chance.per_mille(500),
        clog_every_ms: on(chance, 400, 2_000, 20_000),
        clog_ms_max: chance.between(100, 5_000),
    }
}

fn draw_partitions(chance: &mut Chance) -> Partitions {
    Partitions {
        every_ms: on(chance, 500, 4_000, 30_000),
        lasts_ms_max: chance.between(500, 20_000),
        one_way_per_mille: on(chance, 500, 100, 1_000),
    }
}

fn draw_crashes(chance: &mut Chance) -> Crashes {
    Crashes {
        every_ms: on(chance, 750, 1_000, 15_000),
        down_ms_max: chance.between(50, 15_000),
        power_per_mille: chance.between(300, 1_000),
        all_per_mille: on(chance, 250, 20, 200),
        wipe_per_mille: on(chance, 250, 100, 500),
        rot_per_mille: on(chance, 250, 50, 500),
    }
}

fn draw_clocks(chance: &mut Chance) -> Clocks {
    Clocks {
        pause_every_ms: on(chance, 333, 3_000, 30_000),
        pause_ms_max: chance.between(50, 8_000),
        offset_ms_max: on(chance, 500, 10, 3_000),
        wild: chance.per_mille(250),
    }
}

impl fmt::Display for Weather {
    /// One line for a trace: only what is on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (links, crashes, clocks) = (&self.links, &self.crashes, &self.clocks);
        write!(f, "delay {}-{} ms", links.delay_ms.0, links.delay_ms.1)?;
        let strengths = [
            ("loss ‰", links.loss_per_mille),
            ("twice ‰", links.duplicate_per_mille),
            ("clog every ms", links.clog_every_ms),
            ("partition every ms", self.partitions.every_ms),
            ("one-way ‰", self.partitions.one_way_per_mille),
            ("crash every ms", crashes.every_ms),
            ("all at once ‰", crashes.all_per_mille),
            ("wiped follower ‰", crashes.wipe_per_mille),
            ("bit rot ‰", crashes.rot_per_mille),
            ("pause every ms", clocks.pause_every_ms),
            ("clock off ms", clocks.offset_ms_max),
            ("sync fails ‰", self.disk.sync_fails_per_mille),
            ("transaction every ms", self.submit_every_ms),
            ("reading every ms", self.reading_every_ms),
        ];
        for (name, strength) in strengths.into_iter().filter(|(_, strength)| *strength > 0) {
            write!(f, " · {name} {strength}")?;
        }
        let switches = [
            ("reorder", links.reorder),
            ("wild clocks", clocks.wild),
            ("disks reorder", self.disk_reorders),
            ("one stays down", self.one_stays_down),
            ("by bytes", self.by_bytes),
        ];
        for (name, _) in switches.into_iter().filter(|(_, is_on)| *is_on) {
            write!(f, " · {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_draw_different_subsets_within_the_ranges() {
        let all: Vec<Weather> = (0..200).map(Weather::draw).collect();
        assert!(all.iter().all(|weather| weather.links.loss_per_mille <= 300));
        assert!(all.iter().all(|weather| weather.links.delay_ms.0 >= 1 && weather.links.delay_ms.1 <= 80));
        for is_on in [
            |weather: &Weather| weather.links.loss_per_mille > 0,
            |weather: &Weather| weather.crashes.every_ms > 0,
            |weather: &Weather| weather.partitions.every_ms > 0,
            |weather: &Weather| weather.clocks.wild,
        ] {
            let count = all.iter().filter(|weather| is_on(weather)).count();
            assert!((20..180).contains(&count), "{count} of 200");
        }
    }

    #[test]
    fn cleared_weather_has_no_fault_left() {
        for seed in 0..50 {
            let weather = Weather::draw(seed).cleared();
            assert_eq!(weather.links.loss_per_mille + weather.links.duplicate_per_mille, 0);
            assert_eq!(weather.crashes.every_ms + weather.partitions.every_ms, 0);
        }
    }
}
