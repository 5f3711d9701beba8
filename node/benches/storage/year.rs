//! A year of 24 buildings in quarters of an hour, read from the data folder, and the two tariffs it is billed with.

use std::io::Read;
use std::path::{Path, PathBuf};

use node::core::plan::{
    Battery, BatterySpec, Calendar, Member, Prices, SlotLength, SlotNumber, StoreKind, Zone,
};
use protocol::UnixMs;

/// 2016-01-01T00:00:00+01:00, where slot 0 of the data begins.
const START: UnixMs = UnixMs(1_451_602_800_000);
/// Buildings with a battery, by number, and its capacity, Wh.
const BATTERIES: [(usize, i64); 6] =
    [(1, 6_400), (3, 6_400), (6, 10_000), (11, 20_000), (14, 30_000), (19, 30_000)];
const BUILDINGS: usize = 24;

/// Buildings and the slots they were metered in.
pub(crate) struct Year {
    pub(crate) calendar: Calendar,
    /// First slot of each stretch without a gap, and its buildings.
    pub(crate) stretches: Vec<(SlotNumber, Vec<Member>)>,
}

/// Reads a file of the data folder, if this machine has it.
pub(crate) fn read(name: &str) -> Option<Year> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let data =
        std::env::var_os("SYMBIOSE_DATA").map_or_else(|| workspace.join("../shared/data"), PathBuf::from);
    let path = data.join("energy").join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        #[expect(clippy::print_stderr, reason = "whoever reads the log learns what was not looked at")]
        {
            eprintln!("passed over: {} is not there (SYMBIOSE_DATA)", path.display());
        }
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("the file is whole");
    Some(parse(&text))
}

fn parse(text: &str) -> Year {
    let calendar = Calendar::new(SlotLength::Quarter, Zone::fixed(60).expect("a zone of the earth"));
    let start = calendar.slot_at(START);
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().expect("a line of names").split(',').collect();
    let mut stretches: Vec<(SlotNumber, Vec<Member>)> = Vec::new();
    let mut expected = None;
    for line in lines {
        let figures: Vec<i64> = line.split(',').map(|figure| figure.parse().expect("whole Wh")).collect();
        if expected != Some(figures[0]) {
            stretches.push((start.plus(figures[0]), (1..=BUILDINGS).map(building).collect()));
        }
        expected = Some(figures[0] + 1);
        let (_, members) = stretches.last_mut().expect("one was begun");
        for (name, figure) in head.iter().zip(&figures).skip(1) {
            let member: usize = name[1..3].parse().expect("Bnn");
            let member = &mut members[member - 1];
            if name.ends_with("_pv_wh") {
                member.production_wh.push(*figure);
            } else {
                member.load_wh.push(*figure);
            }
        }
        for member in members {
            member.production_wh.resize(member.load_wh.len(), 0);
        }
    }
    Year { calendar, stretches }
}

fn building(number: usize) -> Member {
    let capacity_wh = BATTERIES.iter().find(|(owner, _)| *owner == number).map(|(_, capacity)| *capacity);
    Member { load_wh: Vec::new(), production_wh: Vec::new(), battery: capacity_wh.map(battery) }
}

/// An empty battery that takes two hours to fill, 0.95 each way.
fn battery(capacity_wh: i64) -> Battery {
    let powers_w = (capacity_wh / 2, capacity_wh / 2);
    let spec = BatterySpec::new(StoreKind::Building, capacity_wh, powers_w, (950, 950));
    Battery::empty(spec.expect("a battery of a house"))
}

/// The same buildings with a battery in each: half of a day's consumption where there was none.
pub(crate) fn battery_in_each(members: &[Member]) -> Vec<Member> {
    let mut members = members.to_vec();
    for member in &mut members {
        let days = i64::try_from(member.load_wh.len()).expect("a year") / 96;
        let half_day_wh = member.load_wh.iter().sum::<i64>() / days / 2;
        member.battery = member.battery.or_else(|| Some(battery(half_day_wh)));
    }
    members
}

/// 0.25 EUR/kWh at all times, 0.04 for export.
pub(crate) fn flat(slots: usize) -> Vec<Prices> {
    vec![Prices { import: 250_000, export: 40_000 }; slots]
}

/// 0.20 EUR/kWh from 22 h to 6 h and 0.27 otherwise, 0.04 for export.
pub(crate) fn two_prices(year: &Year, first: SlotNumber, slots: usize) -> Vec<Prices> {
    let import = |slot| {
        let hour = year.calendar.local(SlotNumber(slot)).minute / 60;
        if (6..22).contains(&hour) { 270_000 } else { 200_000 }
    };
    (first.0..).take(slots).map(|slot| Prices { import: import(slot), export: 40_000 }).collect()
}
