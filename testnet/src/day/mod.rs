//! A day in 2030 on real processes: at six a peak is seen coming and heating is moved ahead, at nine a leak meets what
//! neighbours did about theirs, at two the sun of one roof is sold, at six in the evening five assemblies decide on one
//! boiler, and at nine every building shows what the day came to. Each outcome is checked; nothing waits for anything but
//! the hive's clock or what has to become true.

mod balance;
mod before;
mod evening;
mod morning;
mod report;
mod world;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::binary;
use crate::clock::HiveClock;
use crate::error::{Error, Result};
use crate::expect;
use crate::http::Client;
use crate::neighbourhood::Neighbourhood;
use crate::options::Options;
use crate::residents::House;
use crate::terminal::line;
use report::Report;
use world::World;

/// One sentence for the list of scenarios.
pub const TITLE: &str =
    "A day in 2030: pre-heating, a leak, shared sun, one boiler for five buildings, and its balance";
/// Monday, 2030-03-18T00:00Z.
const DAY_MS_OF_STORY: i64 = 1_900_022_400_000;
const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
/// The story begins on Sunday at four, so that six o'clock on Monday has a whole day to look back at.
const BEGINS_MS: i64 = DAY_MS_OF_STORY - 20 * HOUR_MS;
/// Hive seconds in a second: a day passes in 80 s.
const SPEED: f64 = 1_080.0;
/// Buildings of the story; the first is the one it is told of.
const BUILDINGS: usize = 5;
/// The one whose owner takes no part in moving heating.
const UNWILLING: usize = 4;
/// How long what has to become true may take, wall time.
const WITHIN: Duration = Duration::from_secs(60);

/// The neighbourhood with its meters, its residents and what was told of it so far.
struct Story {
    neighbourhood: Neighbourhood,
    clock: HiveClock,
    worlds: Vec<World>,
    houses: Vec<House>,
    report: Report,
}

/// Plays the day in a fresh neighbourhood in `dir`; an error when an outcome does not hold.
pub async fn run(dir: &Path, as_json: bool) -> Result<()> {
    let begun = Instant::now();
    let options = Options {
        speed: SPEED,
        begins_ms: Some(BEGINS_MS),
        zone: Some("UTC"),
        buildings: BUILDINGS,
        fed: false,
        reset: true,
        ..Options::new(binary::symbiose()?, dir.to_owned())
    };
    if !as_json {
        line(&format!("day-2030: {TITLE}"));
    }
    let neighbourhood = Neighbourhood::up(options).await?;
    let clock = neighbourhood.clock();
    let report = Report::new(clock, as_json);
    let mut story = Story { neighbourhood, clock, worlds: Vec::new(), houses: Vec::new(), report };
    let told = story.told().await;
    let Story { neighbourhood, worlds, mut report, .. } = story;
    drop(worlds);
    if let Err(error) = &told {
        report.fails("outcome", &error.to_string());
    }
    neighbourhood.down().await?;
    let (held, took_s) = (report.held(), begun.elapsed().as_secs_f64());
    if as_json {
        let outcomes = report.into_json();
        let told =
            json!({"scenario": "day-2030", "held": told.is_ok(), "took_s": took_s, "outcomes": outcomes});
        line(&told.to_string());
    } else if told.is_ok() {
        line(&format!("day-2030: all {held} outcomes hold, {took_s:.0} s"));
    }
    told
}

impl Story {
    /// The day from the evening before to the end.
    async fn told(&mut self) -> Result<()> {
        self.sunday().await?;
        let plans = self.six().await?;
        self.nine().await?;
        let put = self.announced().await?;
        self.two().await?;
        self.evening(&put).await?;
        self.heated_early(&plans).await?;
        self.balance().await
    }

    fn client(&self, building: usize) -> Client {
        self.neighbourhood.client(building)
    }

    fn clients(&self) -> Vec<Client> {
        (0..BUILDINGS).map(|building| self.client(building)).collect()
    }

    /// Waits until the hive's clock shows so many minutes after midnight of the story's Monday.
    async fn reaches(&self, hour: i64, minute: i64) {
        sleep(self.clock.until(DAY_MS_OF_STORY + hour * HOUR_MS + minute * MINUTE_MS)).await;
    }

    /// Asks one building until what it answers to `path` is as it has to be; the reason is told where it never is.
    async fn shows<T>(
        &self,
        building: usize,
        what: &str,
        path: &str,
        holds: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<T> {
        let mut client = self.client(building);
        let what = format!("{}: {what}", client.node());
        expect::until(WITHIN, &what, async || {
            let found: Value = client.get(path).await.map_err(|error| error.to_string())?;
            holds(&found)
        })
        .await
    }
}

/// The items of a list.
fn items(page: &Value) -> impl Iterator<Item = &Value> {
    page["items"].as_array().into_iter().flatten()
}

/// A whole number in a field; 0 where there is none.
fn whole_in(value: &Value, field: &str) -> i64 {
    value[field].as_i64().unwrap_or_default()
}

/// An outcome that does not hold, in words.
fn broken(reason: impl Into<String>) -> Error {
    Error::Expectation(reason.into())
}

/// `path` for a stretch of the story's Monday, from one hour to another.
fn stretch(path: &str, from_h: i64, to_h: i64) -> String {
    let at = |hour: i64| protocol::UnixMs(DAY_MS_OF_STORY + hour * HOUR_MS).to_string();
    format!("{path}?from={}&to={}", at(from_h), at(to_h))
}

/// Kilowatts of a slot's Wh, with one decimal.
fn kilowatts(slot_wh: i64) -> String {
    format!("{:.1} kW", slot_wh as f64 * 4.0 / 1_000.0)
}

/// Kilowatt-hours, with one decimal.
fn kilowatt_hours(wh: i64) -> String {
    format!("{:.1} kWh", wh as f64 / 1_000.0)
}
