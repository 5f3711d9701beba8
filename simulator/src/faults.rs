//! The weather of one seed: which faults are on and how strong. Each seed draws a subset of the classes (swarm
//! testing), because a run with everything on hides what needs quiet.

mod draw;
mod words;

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
    /// Restarts of the unlucky authorities with damage on disk, of 1,000.
    pub rot_per_mille: u64,
    /// Mean time between disks that fill up, milliseconds; 0 is never.
    pub full_every_ms: u64,
    /// Longest time without room, milliseconds.
    pub full_ms_max: u64,
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
    /// Mean time between steps of some clock within that offset, forwards or backwards, milliseconds; 0 is never.
    pub step_every_ms: u64,
    /// Whether clocks of the unlucky authorities are off by hours, jump, and boot in 1970.
    pub wild: bool,
    /// Mean time between such jumps, milliseconds.
    pub wild_every_ms: u64,
    /// How late one node of the hive handles each event, milliseconds; 0 if none is slow.
    pub slow_ms: u64,
}

/// Who lies, and who comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    /// Whether some of the unlucky authorities lie.
    pub lie: bool,
    /// Whether they go on when the faults stop.
    pub lie_on: bool,
    /// Mean time between lies of one that nobody asked for, milliseconds.
    pub lie_every_ms: u64,
    /// Mean time between changes of members and authorities, milliseconds; 0 is never.
    pub change_every_ms: u64,
    /// Whether residents hold assemblies and polls.
    pub meet: bool,
    /// Whether buildings tell each other of incidents.
    pub tell: bool,
}

/// Whether neighbours share energy, and how fast their time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// Hive milliseconds for each millisecond, so that a world sees many slots; 0 where nobody shares, and hive time
    /// passes as everywhere.
    pub pace: u64,
    /// Whether the hive votes slots of an hour in place of a quarter.
    pub hourly: bool,
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
    /// Lying, coming and going.
    pub people: People,
    /// Energy between neighbours.
    pub sharing: Sharing,
    /// How the disks of all nodes behave.
    pub disk: Habits,
    /// Whether disks of the unlucky authorities write out of order.
    pub disk_reorders: bool,
    /// Mean time between transactions of one client, milliseconds.
    pub submit_every_ms: u64,
    /// Mean time between readings of one building, milliseconds.
    pub reading_every_ms: u64,
    /// Mean time between visits of a caretaker, milliseconds.
    pub caretake_every_ms: u64,
    /// Whether one unlucky authority never comes back when the weather clears.
    pub one_stays_down: bool,
    /// Whether every message goes through its canonical bytes.
    pub by_bytes: bool,
    /// An empty block at least this often, milliseconds.
    pub heartbeat_ms: u64,
}

/// Readings come at least this often on average when the faults stop, so that a hot motor is noticed in time,
/// milliseconds.
const READING_AFTER_MS: u64 = 4_000;

/// How fast hive time may pass in a stormy minute of sharing, and whether slots are hours then.
const STORMY_PACES: [(u64, bool); 3] = [(60, false), (300, false), (300, true)];
/// The same for worlds that last hours.
const LONG_PACES: [(u64, bool); 4] = [(1, false), (12, false), (24, false), (60, true)];

impl Weather {
    /// Draws the weather of a seed.
    pub fn draw(seed: u64) -> Self {
        let sharing = draw::sharing(&mut Chance::new(seed, "sharing"), &STORMY_PACES);
        let stormy = draw::stormy(&mut Chance::new(seed, "weather"));
        draw::telling(seed, draw::meeting(seed, Self { sharing, ..stormy }))
    }

    /// Draws the weather of a seed for a world that lasts hours.
    pub fn draw_quiet(seed: u64, nodes: usize) -> Self {
        let sharing = draw::sharing(&mut Chance::new(seed, "sharing"), &LONG_PACES);
        let quiet = draw::quiet(&mut Chance::new(seed, "weather"), nodes as u64);
        draw::telling(seed, draw::meeting(seed, Self { sharing, ..quiet }))
    }

    /// What is left when the faults stop: links that only delay.
    pub fn cleared(self) -> Self {
        let links = Links { loss_per_mille: 0, duplicate_per_mille: 0, clog_every_ms: 0, ..self.links };
        let partitions = Partitions { every_ms: 0, ..self.partitions };
        let crashes = Crashes { every_ms: 0, rot_per_mille: 0, full_every_ms: 0, ..self.crashes };
        let clocks =
            Clocks { pause_every_ms: 0, offset_ms_max: 0, step_every_ms: 0, slow_ms: 0, ..self.clocks };
        let people = People { change_every_ms: 0, ..self.people };
        let reading_every_ms = self.reading_every_ms.min(READING_AFTER_MS);
        Self { links, partitions, crashes, clocks, people, reading_every_ms, ..self }
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
            |weather: &Weather| weather.clocks.step_every_ms > 0,
            |weather: &Weather| weather.clocks.slow_ms > 0,
            |weather: &Weather| weather.crashes.full_every_ms > 0,
            |weather: &Weather| weather.disk.read_fails_per_mille > 0,
            |weather: &Weather| weather.people.lie,
            |weather: &Weather| weather.people.change_every_ms > 0,
            |weather: &Weather| weather.sharing.pace > 0,
            |weather: &Weather| weather.people.meet,
            |weather: &Weather| weather.people.tell,
        ] {
            let count = all.iter().filter(|weather| is_on(weather)).count();
            assert!((20..180).contains(&count), "{count} of 200");
        }
    }

    #[test]
    fn a_quiet_world_has_a_crash_per_hour_and_node() {
        for seed in 0..50 {
            let weather = Weather::draw_quiet(seed, 10);
            assert_eq!(weather.crashes.every_ms, 360_000);
            assert!(weather.crashes.down_ms_max <= 120_000 && weather.submit_every_ms >= 30_000);
        }
    }

    #[test]
    fn a_quarter_of_the_long_worlds_is_busy() {
        let all: Vec<u64> = (0..400).map(|seed| Weather::draw_quiet(seed, 10).submit_every_ms).collect();
        let busy = all.iter().filter(|every_ms| **every_ms < 300_000).count();
        assert!((40..100).contains(&busy), "{busy} of 400");
        assert!(all.iter().all(|every_ms| *every_ms <= 3_600_000));
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
