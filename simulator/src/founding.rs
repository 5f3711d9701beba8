//! How a world begins: its hive is founded, its nodes get keys, disks and clocks, and who lies is drawn.

use std::cell::RefCell;
use std::collections::{BTreeSet, BinaryHeap};

use protocol::{Genesis, SigningKey, UnixMs};

use crate::building::{Building, Hive, HiveClock};
use crate::chance::Chance;
use crate::checker::Checker;
use crate::disk::Disk;
use crate::faults::Weather;
use crate::gateway::Gateway;
use crate::governing::{Government, NEWCOMERS, Newcomer};
use crate::keys::{is_real, signing_key};
use crate::liars::{Liar, Lies};
use crate::lying::Twins;
use crate::meetings::Meetings;
use crate::metered::Metered;
use crate::model::Model;
use crate::network::Network;
use crate::place::Place;
use crate::report::Tally;
use crate::series::Series;
use crate::telling::Cards;
use crate::trace::Trace;
use crate::witness::Witness;
use crate::workload::Client;
use crate::world::{Settings, World};

/// 2025-12-01T00:00:00Z, a Monday.
const MONTH_END_MS: i64 = 1_764_547_200_000;

/// Founds places one after the other.
struct Founder<'w> {
    seed: u64,
    settings: Settings,
    weather: &'w Weather,
    clock: HiveClock,
    unlucky: &'w BTreeSet<usize>,
    chance: &'w mut Chance,
}

impl Founder<'_> {
    fn place(&mut self, i: usize, name: String, key: SigningKey) -> Place {
        let mut habits = self.weather.disk;
        habits.reorders = self.weather.disk_reorders && self.unlucky.contains(&i);
        let disk = Disk::new(habits, Chance::new(self.seed, &format!("disk {i}")));
        let mut building = Building::new(name, key, disk, self.settings.mutant);
        building.clock = self.clock;
        building.metered = (self.weather.sharing.pace > 0).then(Metered::default);
        building.clock_off_ms = self.chance.signed(self.weather.clocks.offset_ms_max);
        Place::new(building, Gateway::new(Chance::new(self.seed, &format!("gateway {i}"))))
    }

    fn lies(&self, i: usize, places: usize) -> Liar {
        let mut chance = Chance::new(self.seed, &format!("lies {i}"));
        let lies = Lies::draw(&mut chance);
        Liar::new(lies, places, chance)
    }
}

impl<'a> World<'a> {
    pub(crate) fn new(seed: u64, settings: Settings, trace: Trace<'a>) -> Self {
        let weather = settings.weather(seed);
        let mut chance = Chance::new(seed, "world");
        let count = settings.nodes;
        let authorities = settings.authorities();
        let is_real = is_real(seed, settings.hours.is_some(), settings.real_signatures);
        let keys = |what: &str| -> Vec<SigningKey> {
            (0..count).map(|i| signing_key(seed, what, i, is_real)).collect()
        };
        let (nodes, clients) = (keys("node"), keys("client"));
        let clock = hive_clock(&weather, settings.hours.is_some());
        let genesis = found(seed, clock, &nodes[..authorities], nodes[authorities..].iter().chain(&clients));
        let key_overlap_ms = clock.span(draw_overlap(seed, settings.hours.is_some()));
        let heartbeat_ms = weather.heartbeat_ms;
        let hive = Hive { genesis, clock, heartbeat_ms, key_overlap_ms, carried_out: RefCell::default() };
        let unlucky = draw_unlucky(authorities, &mut chance);
        let liars = draw_liars(&unlucky, settings.byzantine, &weather, &mut chance);
        let slow = chance.index(count);
        let mut founder =
            Founder { seed, settings, weather: &weather, clock, unlucky: &unlucky, chance: &mut chance };
        let mut places = Vec::new();
        for (i, key) in nodes.iter().enumerate() {
            let name =
                if i < authorities { format!("A{}", i + 1) } else { format!("F{}", i + 1 - authorities) };
            let mut place = founder.place(i, name, key.clone());
            place.slow_ms = if i == slow { weather.clocks.slow_ms } else { 0 };
            place.liar = liars.contains(&i).then(|| founder.lies(i, count + liars.len() + NEWCOMERS));
            places.push(place);
        }
        let mut twins = Vec::new();
        for first in liars {
            if places[first].liar.as_ref().is_some_and(|liar| liar.lies.has_twin) {
                let second = places.len();
                let mut twin = founder.place(second, format!("A{}_2", first + 1), nodes[first].clone());
                twin.liar = Some(founder.lies(second, second + 1 + NEWCOMERS));
                places.push(twin);
                twins.push(Twins { first, second, sides: Vec::new() });
            }
        }
        for i in 0..if weather.people.change_every_ms > 0 { NEWCOMERS } else { 0 } {
            let key = signing_key(seed, "newcomer", i, is_real);
            let mut place = founder.place(places.len(), format!("N{}", i + 1), key);
            (place.is_gone, place.newcomer) = (true, Some(Newcomer::default()));
            places.push(place);
        }
        for twins in &mut twins {
            twins.sides = vec![false; places.len()];
        }
        let lies = |place: &&Place| place.liar.is_some();
        let liars = places.iter().filter(lies).map(|place| place.building.address()).collect();
        let client = |(i, key): (usize, SigningKey)| {
            let chance = Chance::new(seed, &format!("meetings {i}"));
            let meetings = weather.people.meet.then(|| Meetings::new(key.address(), is_real, chance));
            Client::new(key, Chance::new(seed, &format!("client {i}")), meetings)
        };
        Self {
            now: 0,
            queue: BinaryHeap::new(),
            number: 0,
            chain: hive.genesis.chain(),
            network: Network::new(places.len(), weather.links, Chance::new(seed, "network")),
            places,
            clients: clients.into_iter().enumerate().map(client).collect(),
            weather,
            chance: Chance::new(seed, "events"),
            checker: Checker::default(),
            model: Model::new(&hive.genesis),
            witness: Witness::new(count + NEWCOMERS),
            hive,
            trace,
            tally: Tally::default(),
            unlucky,
            healed_at: None,
            goals_set: false,
            is_over: false,
            partition: 0,
            tickets: 0,
            is_real,
            liars,
            twins,
            government: Government::new(authorities),
            series: Series::default(),
            cards: Cards::default(),
            settings,
        }
    }
}

/// Where neighbours share, a week and a month end on the way: at the beginning of Monday, 2025-12-01. Where they tell each
/// other of incidents that week ends late, when there is something to tell.
fn hive_clock(weather: &Weather, lasts_hours: bool) -> HiveClock {
    let sharing = weather.sharing;
    if weather.people.tell {
        let before_ms = if lasts_hours { 50 * 60_000 } else { 50_000 };
        return HiveClock { epoch_ms: MONTH_END_MS - before_ms, pace: 1 };
    }
    if sharing.pace == 0 {
        return HiveClock::STEADY;
    }
    let pace = i64::try_from(sharing.pace).expect("invariant: a small number");
    let before_ms = pace * if lasts_hours { 10 * 60_000 } else { 24_000 };
    HiveClock { epoch_ms: MONTH_END_MS - before_ms.max(30 * 60_000), pace: sharing.pace }
}

fn found<'k>(
    seed: u64,
    clock: HiveClock,
    authorities: &[SigningKey],
    followers: impl Iterator<Item = &'k SigningKey>,
) -> Genesis {
    let authorities = authorities.iter().map(SigningKey::public).collect();
    let followers = followers.map(SigningKey::public).collect();
    let salt = protocol::Digest::of("symbiose simulator salt v1", &[&seed.to_be_bytes()]);
    // An hour early, so that no clock that is a little slow lies before the hive's beginning.
    Genesis::new(UnixMs(clock.epoch_ms - 3_600_000), salt, authorities, followers)
        .expect("invariant: keys of different names differ and are few")
}

/// Short enough that some come back when it is over, milliseconds.
fn draw_overlap(seed: u64, lasts_hours: bool) -> i64 {
    let mut chance = Chance::new(seed, "overlap");
    let ms = if lasts_hours { chance.between(30_000, 1_200_000) } else { chance.between(1_000, 30_000) };
    i64::try_from(ms).expect("invariant: minutes at the most")
}

fn draw_unlucky(authorities: usize, chance: &mut Chance) -> BTreeSet<usize> {
    let mut unlucky = BTreeSet::new();
    while unlucky.len() < (authorities - 1) / 3 {
        unlucky.insert(chance.index(authorities));
    }
    unlucky
}

/// Liars are among the unlucky, so that there are never more of both than a hive bears.
fn draw_liars(
    unlucky: &BTreeSet<usize>,
    all: bool,
    weather: &Weather,
    chance: &mut Chance,
) -> BTreeSet<usize> {
    if all {
        return unlucky.clone();
    }
    if !weather.people.lie || unlucky.is_empty() {
        return BTreeSet::new();
    }
    let count = chance.index(unlucky.len()) + 1;
    unlucky.iter().copied().take(count).collect()
}
