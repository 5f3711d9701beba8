//! Drawing: each seed its own subset of the classes. Ranges are those of TigerBeetle's `src/vopr.zig` for loss, doubles,
//! partitions and disks, wider for what a building sees.

use super::{Clocks, Crashes, Links, Partitions, People, Sharing, Weather};
use crate::chance::Chance;
use crate::disk::Habits;

const HOUR_MS: u64 = 3_600_000;

/// A stormy minute.
pub(super) fn stormy(chance: &mut Chance) -> Weather {
    let links = draw_links(chance);
    let partitions = draw_partitions(chance);
    let crashes = draw_crashes(chance);
    let clocks = draw_clocks(chance);
    Weather {
        links,
        partitions,
        crashes,
        clocks,
        people: draw_people(chance),
        sharing: Sharing { pace: 0, hourly: false },
        disk: draw_disk(chance),
        disk_reorders: chance.per_mille(333),
        submit_every_ms: chance.between(1_000, 8_000),
        reading_every_ms: chance.between(500, 4_000),
        caretake_every_ms: 6_000,
        one_stays_down: chance.per_mille(333),
        by_bytes: chance.per_mille(250),
        heartbeat_ms: chance.between(5_000, 60_000),
    }
}

/// Of 1,000 seeds, in how many neighbours share energy.
const SHARING_PER_MILLE: u64 = 250;

/// Whether neighbours share, at one of these paces.
pub(super) fn sharing(chance: &mut Chance, paces: &[(u64, bool)]) -> Sharing {
    let (pace, hourly) = paces[chance.index(paces.len())];
    let pace = if chance.per_mille(SHARING_PER_MILLE) { pace } else { 0 };
    Sharing { pace, hourly }
}

/// Of 1,000 seeds, in how many residents hold assemblies.
const MEETING_PER_MILLE: u64 = 333;

/// The weather with residents that hold assemblies, or without.
pub(super) fn meeting(seed: u64, weather: Weather) -> Weather {
    let meet = Chance::new(seed, "assemblies").per_mille(MEETING_PER_MILLE);
    Weather { people: People { meet, ..weather.people }, ..weather }
}

/// Of 1,000 seeds without anything in the way, in how many buildings tell each other of incidents.
const TELLING_PER_MILLE: u64 = 500;

/// The weather with cards about incidents, or without. Hive time does not fly where there are any, so that rules open work
/// orders; and authorities stay, because the relay of a week follows from them.
pub(super) fn telling(seed: u64, weather: Weather) -> Weather {
    let may = weather.sharing.pace == 0 && weather.people.change_every_ms == 0;
    let tell = may && Chance::new(seed, "cards").per_mille(TELLING_PER_MILLE);
    Weather { people: People { tell, ..weather.people }, ..weather }
}

/// Of 1,000 long worlds, how many are busy: everybody is awake and every building has something to say. The others are as
/// a neighbourhood is at night.
const BUSY_PER_MILLE: u64 = 250;

/// Hours as most are: sparse traffic, lazy blocks, a crash per hour and node, now and then a longer cut.
pub(super) fn quiet(chance: &mut Chance, nodes: u64) -> Weather {
    let stormy = stormy(chance);
    let links = Links {
        loss_per_mille: on(chance, 500, 1, 20),
        duplicate_per_mille: on(chance, 300, 1, 20),
        clog_every_ms: on(chance, 400, HOUR_MS / 12, HOUR_MS),
        clog_ms_max: chance.between(100, 5_000),
        ..stormy.links
    };
    let partitions = Partitions {
        every_ms: on(chance, 500, HOUR_MS / 6, HOUR_MS),
        lasts_ms_max: chance.between(1_000, 300_000),
        ..stormy.partitions
    };
    let crashes = Crashes {
        every_ms: HOUR_MS / nodes.max(1),
        down_ms_max: chance.between(1_000, 120_000),
        full_every_ms: on(chance, 200, HOUR_MS / 2, 2 * HOUR_MS),
        full_ms_max: chance.between(5_000, 60_000),
        ..stormy.crashes
    };
    let clocks = Clocks {
        pause_every_ms: on(chance, 333, HOUR_MS / 4, HOUR_MS),
        pause_ms_max: chance.between(1_000, 90_000),
        step_every_ms: on(chance, 333, HOUR_MS / 6, HOUR_MS),
        wild_every_ms: HOUR_MS / 6,
        ..stormy.clocks
    };
    let people = People {
        lie_every_ms: chance.between(10_000, 60_000),
        change_every_ms: on(chance, 350, HOUR_MS / 12, HOUR_MS / 2),
        ..stormy.people
    };
    let (busy_ms, night_ms) = (chance.between(30_000, 600_000), chance.between(300_000, 3_600_000));
    Weather {
        links,
        partitions,
        crashes,
        clocks,
        people,
        submit_every_ms: if chance.per_mille(BUSY_PER_MILLE) { busy_ms } else { night_ms },
        reading_every_ms: chance.between(20_000, 120_000),
        caretake_every_ms: 600_000,
        heartbeat_ms: chance.between(60_000, 600_000),
        ..stormy
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
        full_every_ms: on(chance, 250, 5_000, 30_000),
        full_ms_max: chance.between(500, 15_000),
    }
}

fn draw_clocks(chance: &mut Chance) -> Clocks {
    Clocks {
        pause_every_ms: on(chance, 333, 3_000, 30_000),
        pause_ms_max: chance.between(50, 8_000),
        offset_ms_max: on(chance, 500, 10, 3_000),
        step_every_ms: on(chance, 333, 2_000, 20_000),
        wild: chance.per_mille(250),
        wild_every_ms: 8_000,
        slow_ms: on(chance, 250, 20, 400),
    }
}

fn draw_people(chance: &mut Chance) -> People {
    People {
        lie: chance.per_mille(400),
        lie_on: chance.per_mille(500),
        lie_every_ms: chance.between(200, 3_000),
        change_every_ms: on(chance, 350, 3_000, 12_000),
        meet: false,
        tell: false,
    }
}

fn draw_disk(chance: &mut Chance) -> Habits {
    Habits {
        unsynced_lost_per_mille: chance.between(800, 1_000),
        reorders: false,
        sync_fails_per_mille: on(chance, 333, 1, 5),
        read_fails_per_mille: on(chance, 250, 5, 100),
    }
}
