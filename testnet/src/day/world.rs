//! The world of the story: what five buildings use hour by hour, the sun on one roof, heating that runs when its building's
//! plan says so, and water that leaks when the story says so. Every quarter-hour is read at its end, as meters are.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::clock::{DAY_MS, HiveClock, SLOT_MS, whole};
use crate::feeder::payload;
use crate::http::Client;

/// What a heat pump takes in a slot, Wh: 6 kW.
pub(super) const HEAT_SLOT_WH: u64 = 1_500;
/// What heating needs each evening, Wh.
pub(super) const HEAT_WH: u64 = 12_000;
/// Hours of the day in which it may run.
pub(super) const HEAT_HOURS: std::ops::Range<i64> = 16..20;
/// The building with a roof.
pub(super) const ROOF: usize = 0;
/// What the roof gives in a slot at most, Wh.
const ROOF_SLOT_WH: f64 = 6_000.0;
const HOUR_MS: i64 = 3_600_000;
/// Pause before a node that is away is told again.
const AGAIN: Duration = Duration::from_millis(50);

/// What a building uses in a slot without its heating, Wh.
pub(super) fn used_wh(building: usize, slot_ms: i64) -> u64 {
    let usual = match slot_ms.rem_euclid(DAY_MS) / HOUR_MS {
        0..=5 => 500,
        6..=8 => 1_300,
        9..=16 if building == ROOF => 900,
        9..=16 => 1_100,
        17..=21 => 2_000,
        _ => 800,
    };
    // Whole hours of one size would look like nobody's meter.
    let place = u64::try_from(slot_ms / SLOT_MS).unwrap_or(0);
    usual + (place * 53 + building as u64 * 37) % 97
}

/// What the sun gives a building in a slot, Wh.
pub(super) fn sun_wh(building: usize, slot_ms: i64) -> u64 {
    let hour = (slot_ms.rem_euclid(DAY_MS) + SLOT_MS / 2) as f64 / HOUR_MS as f64;
    let height = ((hour - 6.5) / 12.0 * std::f64::consts::PI).sin();
    let is_day = building == ROOF && (6.5..18.5).contains(&hour);
    if is_day { u64::try_from(whole(ROOF_SLOT_WH * height)).unwrap_or(0) } else { 0 }
}

/// What heating takes without any plan: it begins when people come home at six.
fn unplanned_wh(slot_ms: i64) -> u64 {
    let is_evening = (18..20).contains(&(slot_ms.rem_euclid(DAY_MS) / HOUR_MS));
    if is_evening { HEAT_SLOT_WH } else { 0 }
}

/// What a plan gives the heating in a slot, Wh; none where there is no plan for it.
pub(super) fn planned_wh(plan: &Value, slot_ms: i64) -> Option<u64> {
    let slots = plan["plan"]["slots"].as_array()?;
    let id = slot_ms.to_string();
    slots.iter().find(|slot| slot["id"] == id)?["loads_wh"][0].as_u64()
}

/// The meters of one building, read until they are dropped.
#[derive(Debug)]
pub(super) struct World {
    leak: watch::Sender<f64>,
    task: JoinHandle<()>,
}

impl World {
    /// Begins at `begins_ms`; from `planned_from_ms` on heating runs by the building's plan.
    pub(super) fn start(
        building: usize,
        client: Client,
        clock: HiveClock,
        begins_ms: i64,
        planned_from_ms: i64,
    ) -> Self {
        let (leak, flow) = watch::channel(0.0);
        let meters = Meters { building, client, clock, planned_from_ms, flow, registers: [0; 3] };
        Self { leak, task: tokio::spawn(meters.run(begins_ms)) }
    }

    /// So many litres of water an hour run where none should.
    pub(super) fn leaks(&self, litres_per_h: f64) {
        self.leak.send_replace(litres_per_h);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Meters {
    building: usize,
    client: Client,
    clock: HiveClock,
    planned_from_ms: i64,
    flow: watch::Receiver<f64>,
    /// Import, export and production, Wh.
    registers: [u64; 3],
}

impl Meters {
    async fn run(mut self, begins_ms: i64) {
        let mut slot_ms = begins_ms.div_euclid(SLOT_MS) * SLOT_MS;
        self.tell(slot_ms).await;
        loop {
            let ends_ms = slot_ms + SLOT_MS;
            sleep(self.clock.until(ends_ms)).await;
            let used = used_wh(self.building, slot_ms) + self.heat_wh(slot_ms).await;
            let sun = sun_wh(self.building, slot_ms);
            let more = [used.saturating_sub(sun), sun.saturating_sub(used), sun];
            self.registers = std::array::from_fn(|at| self.registers[at] + more[at]);
            self.tell(ends_ms).await;
            slot_ms = ends_ms;
        }
    }

    /// What the heating took: nothing outside its hours, else what the plan says, asked until the node answers.
    async fn heat_wh(&mut self, slot_ms: i64) -> u64 {
        let hour = slot_ms.rem_euclid(DAY_MS) / HOUR_MS;
        if slot_ms < self.planned_from_ms || !HEAT_HOURS.contains(&hour) {
            return unplanned_wh(slot_ms);
        }
        loop {
            match self.client.get::<Value>("/api/v1/energy/plan").await {
                Ok(plan) => return planned_wh(&plan, slot_ms).unwrap_or_else(|| unplanned_wh(slot_ms)),
                Err(_) => sleep(AGAIN).await,
            }
        }
    }

    /// Tells what the meters show, until the node has it on disk.
    async fn tell(&mut self, at_ms: i64) {
        let [import, export, made] = self.registers.map(|wh| wh as f64);
        let mut shown = BTreeMap::from([("import_wh", import), ("leak_flow", *self.flow.borrow())]);
        if self.building == ROOF {
            shown.extend([("export_wh", export), ("pv_wh", made)]);
        }
        let site = crate::layout::name(self.building);
        let row = payload(&site, &format!("{site}-METER_1"), at_ms, &shown);
        while self.client.telemetry(row.clone().into()).await.is_err() {
            sleep(AGAIN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_roof_has_more_than_fifteen_kilowatt_hours_to_sell_at_two_and_neighbours_need_them() {
        let hour = (0..4).map(|slot| 14 * HOUR_MS + slot * SLOT_MS);
        let surplus: u64 = hour.clone().map(|at| sun_wh(ROOF, at) - used_wh(ROOF, at)).sum();
        let needed: u64 = hour.map(|at| (1..5).map(|other| used_wh(other, at)).sum::<u64>()).sum();
        assert!((15_000..needed).contains(&surplus), "{surplus} of {needed}");
    }

    #[test]
    fn heating_without_a_plan_takes_what_it_needs() {
        let day = (0..96).map(|slot| unplanned_wh(slot * SLOT_MS));
        assert_eq!(day.sum::<u64>(), HEAT_WH);
        assert!(HEAT_HOURS.contains(&18) && HEAT_HOURS.contains(&19));
    }
}
