//! What the day before leaves: who settles and at which price, what each building heats with, who owns what, and three
//! neighbours' leaks that were mended and told of on cards.

use serde_json::{Value, json};
use tokio::time::sleep;

use super::world::{HEAT_HOURS, HEAT_SLOT_WH, HEAT_WH, World};
use super::{BEGINS_MS, BUILDINGS, DAY_MS_OF_STORY, Story, UNWILLING, WITHIN, broken, items};
use crate::clock::SLOT_MS;
use crate::error::Result;
use crate::expect;
use crate::layout;
use crate::receipt::text;
use crate::residents::{House, registry};
use crate::sharing;

/// Votes of the four owners of each building; the syndic is person 5. Whoever has 130 votes says no later.
pub(super) const VOTES: [u64; 4] = [400, 250, 220, 130];
/// The company that mended all three.
pub(super) const PLUMBER: &str = "BE0202239951";
/// Buildings that had a leak before, and what it cost.
const LEAKS: [(usize, f64, &str); 3] = [(1, 12.0, "100_200"), (2, 9.0, "100_200"), (3, 14.0, "100_200")];
/// What a chimney of the old boiler must not exceed, °C, and what it shows.
const FLUE: (f64, f64) = (180.0, 236.0);

impl Story {
    /// Everything until Sunday night.
    pub(super) async fn sunday(&mut self) -> Result<()> {
        sharing::agree(&self.neighbourhood).await?;
        for building in 0..BUILDINGS {
            self.furnish(building).await?;
            let (client, clock) = (self.client(building), self.clock);
            self.worlds.push(World::start(building, client, clock, BEGINS_MS, DAY_MS_OF_STORY));
        }
        for building in 0..BUILDINGS {
            let persons: Vec<u32> = (1..=5).collect();
            self.houses.push(House::enrol(self.client(building), registry(&VOTES), &persons).await?);
        }
        self.report.say("five buildings know their owners, their heating and their tariff");
        self.smoke().await?;
        let mut alerts = Vec::new();
        for (building, litres, _) in LEAKS {
            self.worlds[building].leaks(litres);
            alerts.push(self.leak(building).await?);
        }
        for ((building, _, _), alert) in LEAKS.iter().zip(&alerts) {
            self.mend(*building, alert).await?;
        }
        for ((building, _, cost), alert) in LEAKS.iter().zip(&alerts) {
            self.hand_in(*building, text(alert, "id")?, cost).await?;
        }
        for (building, _, _) in LEAKS {
            self.shows(building, "the relay keeps its card", "/api/v1/incidents/own", |own| {
                told(own, "kept")
            })
            .await?;
        }
        self.report.say(
            "three buildings had a leak, had it mended and told of it on cards that wait for the week's end",
        );
        Ok(())
    }

    /// A rule for water and one for the chimney, and heating that may run from four to eight and is cheaper from six.
    async fn furnish(&self, building: usize) -> Result<()> {
        let mut client = self.client(building);
        for (metric, unit) in [("leak_flow", "L/h"), ("flue_temp", "°C")] {
            let kind = json!({ "unit": unit, "kind": "gauge" });
            client.put(&format!("/api/v1/metrics/{metric}"), &kind).await?;
        }
        for (kind, metric, threshold, message) in
            [("METER", "leak_flow", 5.0, "Fuite"), ("HVAC", "flue_temp", FLUE.0, "Fumées trop chaudes")]
        {
            let rule = json!({
                "asset_kind": kind, "metric": metric, "rule": "threshold", "condition": ">",
                "threshold": threshold, "severity": "high", "message": message, "work_order": true,
                "window_minutes": null, "samples": null, "enabled": true,
            });
            client.post::<Value>("/api/v1/policies", &rule).await?;
        }
        let heating = json!({
            "kind": "heating", "energy_wh": HEAT_WH, "power_w": HEAT_SLOT_WH * 4,
            "from_minute": HEAT_HOURS.start * 60, "until_minute": HEAT_HOURS.end * 60,
        });
        let tariff = json!({
            "kind": "two_prices", "high": 250_000, "low": 200_000, "export": 40_000,
            "low_from": 18 * 60, "low_until": 6 * 60,
        });
        let consent = if building == UNWILLING { "never" } else { "always" };
        let equipment =
            json!({ "loads": [heating], "tariff": tariff, "consent": consent, "moved_max_wh": HEAT_WH });
        client.put("/api/v1/energy/equipment", &equipment).await
    }

    /// The old boiler of the first building runs too hot; its work order stays open until something is decided.
    async fn smoke(&self) -> Result<()> {
        let site = layout::name(0);
        let reading = json!({
            "site_code": site, "asset_code": format!("{site}-HVAC_1"), "metrics": { "flue_temp": FLUE.1 },
            "timestamp": protocol::UnixMs(self.clock.now_ms()).to_string(),
        });
        self.client(0).telemetry(reading.to_string().into()).await
    }

    /// The alert of a leak, with its sentence and its work order.
    pub(super) async fn leak(&self, building: usize) -> Result<Value> {
        self.shows(
            building,
            "the leak raises one alert and one work order",
            "/api/v1/alerts?status=open",
            |all| {
                let leaks: Vec<&Value> = items(all).filter(|alert| alert["message"] == "Fuite").collect();
                match leaks[..] {
                    [alert] if alert["work_order"].is_string() && alert["sentence"].is_string() => {
                        Ok(alert.clone())
                    }
                    _ => Err(format!("{leaks:?}")),
                }
            },
        )
        .await
    }

    /// The plumber comes, the water is dry again, and the alert is closed.
    pub(super) async fn mend(&self, building: usize, alert: &Value) -> Result<()> {
        let mut client = self.client(building);
        let order = format!("/api/v1/workorders/{}", text(alert, "work_order")?);
        self.worlds[building].leaks(0.0);
        // The meter shows it with its next reading, at the end of the slot after the one at hand at the latest.
        sleep(self.clock.until(self.clock.now_ms() + 2 * SLOT_MS)).await;
        for status in ["in_progress", "done"] {
            let change = json!({ "status": status, "notes": "Madame Peeters, 3B", "assignee": "Dupont" });
            expect::until(WITHIN, "the work order goes on", async || {
                client.patch(&order, &change).await.map_err(|error| error.to_string())
            })
            .await?;
        }
        let closed = format!("/api/v1/alerts/{}", text(alert, "id")?);
        self.shows(building, "the alert closes with its work order", &closed, |alert| {
            if alert["status"] == "closed" { Ok(()) } else { Err(alert["status"].to_string()) }
        })
        .await
    }

    /// Lets exactly that leave which was shown.
    async fn hand_in(&self, building: usize, alert: &str, cost: &str) -> Result<()> {
        let mut client = self.client(building);
        let draft = json!({
            "alert": alert, "system": "water_riser", "symptom": "leak", "flow": "5_20", "cause": "worn_seal",
            "remedy": "part_replaced", "cost": cost, "span": "1_2h", "outcome": "solved",
            "contractor": PLUMBER, "rating": "good",
        });
        let shown: Value = expect::until(WITHIN, "the card may leave", async || {
            client.post("/api/v1/incidents/preview", &draft).await.map_err(|error| error.to_string())
        })
        .await?;
        let handed = json!({ "draft": draft, "shown": shown["shown"] });
        client.post::<Value>("/api/v1/incidents", &handed).await?;
        Ok(())
    }

    /// What the ledger calls the first building's heating, as its open work order says it.
    pub(super) async fn boiler(&self) -> Result<String> {
        let asset = format!("{}-HVAC_1", layout::name(0));
        let transaction = self
            .shows(0, "the hot boiler has a work order on the ledger", "/api/v1/workorders", |all| {
                let order = items(all).find(|order| order["asset"] == asset).ok_or("no work order")?;
                order["ledger"]["transaction"].as_str().map(str::to_owned).ok_or_else(|| order.to_string())
            })
            .await?;
        let opened: Value = self.client(0).get(&format!("/api/v1/ledger/transactions/{transaction}")).await?;
        let pseudonym = opened["fields"]["asset"].as_str();
        pseudonym.map(str::to_owned).ok_or_else(|| broken(format!("an asset in {opened}")))
    }
}

fn told(own: &Value, expected: &str) -> Result<(), String> {
    let is_so =
        own["cards"].as_array().is_some_and(|cards| cards.iter().any(|card| card["told"] == expected));
    if is_so { Ok(()) } else { Err(own.to_string()) }
}
