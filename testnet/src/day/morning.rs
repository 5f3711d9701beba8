//! From six to two: the evening's peak is seen and heating moved ahead of it, a leak meets what neighbours did about theirs,
//! and the sun of one roof is sold to the four others.

use serde_json::{Value, json};

use super::before::PLUMBER;
use super::world::{ROOF, planned_wh, used_wh};
use super::{
    BUILDINGS, DAY_MS_OF_STORY, HOUR_MS, Story, UNWILLING, broken, items, kilowatt_hours, kilowatts, stretch,
    whole_in,
};
use crate::clock::SLOT_MS;
use crate::error::Result;
use crate::expect;

/// Hours that are relieved, and the one before them that takes their heating.
const RELIEVED_H: std::ops::Range<i64> = 18..20;
const EARLIER_H: i64 = 17;
/// What the roof sells between two and three at the least, Wh.
const SOLD_WH_MIN: i64 = 15_000;

/// What heating was to take before anybody was asked, Wh by building and slot from sixteen to twenty.
pub(super) type Plans = Vec<Vec<i64>>;

/// Slots from one hour of the story's Monday to another, by their start.
fn slots(hours: std::ops::Range<i64>) -> impl Iterator<Item = i64> + Clone {
    (hours.start * 4..hours.end * 4).map(|slot| DAY_MS_OF_STORY + slot * SLOT_MS)
}

/// Slots in which heating may run.
fn heated() -> impl Iterator<Item = i64> + Clone {
    slots(super::world::HEAT_HOURS)
}

impl Story {
    /// 06:00: everybody sees the peak coming; those who want to move their heating, by one agreement.
    pub(super) async fn six(&mut self) -> Result<Plans> {
        self.reaches(5, 30).await;
        let before = self.plans().await?;
        self.reaches(6, 0).await;
        for building in (0..BUILDINGS).filter(|building| *building != UNWILLING) {
            self.sees_the_peak(building).await?;
        }
        let mut offered = Vec::new();
        for building in 0..BUILDINGS {
            offered.push(self.answered(building).await?);
        }
        let moved: i64 = offered.iter().map(|shift| whole_in(shift, "taken_wh")).sum();
        let willing = offered.iter().filter(|shift| shift["stage"] == "agreed").count();
        let is_one = offered
            .iter()
            .filter(|shift| shift["stage"] == "agreed")
            .all(|shift| shift["id"] == offered[0]["id"] && shift["moved_wh"] == moved);
        if willing != BUILDINGS - 1 || !is_one {
            return Err(broken(format!("four buildings hold one agreement: {offered:?}")));
        }
        let after = self.moved_plans(&before, moved).await?;
        let (high, low) = (peak(&before), peak(&after));
        let text = format!(
            "peak {} → {} between 18 and 20 promised by {willing} buildings, {} of heating at 17 instead; one owner said no",
            kilowatts(high),
            kilowatts(low),
            kilowatt_hours(moved)
        );
        if low >= high {
            return Err(broken(text));
        }
        self.report.holds("06:00 peak seen, heating moved ahead", &text);
        Ok(before)
    }

    /// What heating is to take by each building's plan.
    async fn plans(&self) -> Result<Plans> {
        let mut plans = Vec::new();
        for building in 0..BUILDINGS {
            plans.push(
                self.shows(building, "its plan has the evening", "/api/v1/energy/plan", heating).await?,
            );
        }
        Ok(plans)
    }

    /// The plans once they hold what was agreed.
    async fn moved_plans(&self, before: &Plans, moved: i64) -> Result<Plans> {
        let early = |plan: &[i64]| -> i64 {
            heated().zip(plan).filter(|(at, _)| hour(*at) == EARLIER_H).map(|(_, wh)| wh).sum()
        };
        let mut clients = self.clients();
        expect::until(super::WITHIN, "the plans hold what was agreed", async || {
            let mut plans = Vec::new();
            for client in &mut clients {
                let plan: Value =
                    client.get("/api/v1/energy/plan").await.map_err(|error| error.to_string())?;
                plans.push(heating(&plan)?);
            }
            let more: i64 = plans.iter().map(|plan| early(plan)).sum::<i64>()
                - before.iter().map(|plan| early(plan)).sum::<i64>();
            if more == moved { Ok(plans) } else { Err(format!("{more} of {moved} Wh at 17")) }
        })
        .await
    }

    /// The building's own forecast has its highest slot when people come home.
    async fn sees_the_peak(&self, building: usize) -> Result<()> {
        self.shows(
            building,
            "a forecast of the day with its peak in the evening",
            "/api/v1/energy/plan",
            |plan| {
                let slots = plan["plan"]["slots"].as_array().ok_or("no plan")?;
                let known = slots.iter().filter(|slot| {
                    let at: i64 = slot["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
                    (DAY_MS_OF_STORY..DAY_MS_OF_STORY + 24 * HOUR_MS).contains(&at)
                        && slot["load_wh"].is_i64()
                });
                let highest =
                    known.clone().max_by_key(|slot| whole_in(slot, "load_wh")).ok_or("no forecast")?;
                let at: i64 = highest["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
                let is_there = RELIEVED_H.contains(&hour(at)) && known.count() >= 4 * 17;
                if is_there { Ok(()) } else { Err(format!("its highest slot is {highest}")) }
            },
        )
        .await
    }

    /// How a building answered what the hive asked, once that is settled.
    async fn answered(&self, building: usize) -> Result<Value> {
        let what = "it answered by its owner's rule";
        self.shows(building, what, "/api/v1/energy/shifts", |all| {
            let shift = items(all).next().ok_or("it was not asked")?;
            let hours = [("earlier", EARLIER_H), ("relieved", RELIEVED_H.start), ("end", RELIEVED_H.end)];
            let is_then = |(field, hour): &(&str, i64)| {
                let shown = shift[*field].as_str().unwrap_or_default();
                shown.starts_with(&format!("2030-03-18T{hour:02}:00:00"))
            };
            if !hours.iter().all(is_then) {
                return Err(format!("it was asked for other hours: {shift}"));
            }
            let expected = if building == UNWILLING { "declined" } else { "agreed" };
            if shift["stage"] == expected { Ok(shift.clone()) } else { Err(shift.to_string()) }
        })
        .await
    }

    /// 20:00: what was metered between six and eight in the evening, beside what the plans of before would have made of it.
    pub(super) async fn heated_early(&mut self, before: &Plans) -> Result<()> {
        let (mut metered, mut otherwise) = (vec![0i64; heated().count()], vec![0i64; heated().count()]);
        for (building, plan) in before.iter().enumerate() {
            let path = stretch("/api/v1/energy/slots", super::world::HEAT_HOURS.start, RELIEVED_H.end);
            let found = self
                .shows(building, "every slot of the evening is metered", &path, |page| {
                    let known: Vec<i64> =
                        items(page).filter_map(|slot| slot["consumption_wh"].as_i64()).collect();
                    if known.len() == heated().count() {
                        Ok(known)
                    } else {
                        Err(format!("{} slots", known.len()))
                    }
                })
                .await?;
            for (at, ((used, planned), slot)) in found.iter().zip(plan).zip(heated()).enumerate() {
                let base = i64::try_from(used_wh(building, slot)).unwrap_or_default();
                metered[at] += used;
                otherwise[at] += base + planned;
            }
        }
        let evening = |course: &[i64]| -> (i64, i64) {
            let relieved = heated().zip(course).filter(|(at, _)| RELIEVED_H.contains(&hour(*at)));
            (relieved.map(|(_, wh)| *wh).sum(), course.iter().copied().max().unwrap_or_default())
        };
        let ((with, with_peak), (without, without_peak)) = (evening(&metered), evening(&otherwise));
        let text = format!(
            "{} metered between 18 and 20 instead of {}, peak of the five {} instead of {}",
            kilowatt_hours(with),
            kilowatt_hours(without),
            kilowatts(with_peak),
            kilowatts(without_peak)
        );
        if with >= without || with_peak >= without_peak {
            return Err(broken(text));
        }
        self.report.holds("20:00 peak metered", &text);
        Ok(())
    }

    /// 09:00: the leak of the first building finds what three neighbours did, and nobody's name.
    pub(super) async fn nine(&mut self) -> Result<()> {
        self.reaches(9, 0).await;
        self.worlds[0].leaks(10.0);
        let alert = self.leak(0).await?;
        let path = format!("/api/v1/incidents/hint?alert={}", alert["id"].as_str().unwrap_or_default());
        let hint = self
            .shows(0, "three cards lie beside the alert", &path, |hint| {
                if hint["learnt"]["alike"] == 3 { Ok(hint.clone()) } else { Err(hint.to_string()) }
            })
            .await?;
        let learnt = &hint["learnt"];
        let card = &learnt["cards"][0]["card"];
        let expected = json!(["water_riser", "leak", "5_20", "100_200", "1_2h", PLUMBER, "2030-03"]);
        let fields = ["system", "symptom", "flow", "cost", "span", "contractor", "when"];
        let found = Value::from(fields.map(|field| card[field].clone()).to_vec());
        let rated = &learnt["contractors"][0];
        if found != expected || rated["contractor"] != PLUMBER || rated["ratings"] != 3 {
            return Err(broken(format!("a card with {expected}: {hint}")));
        }
        let said = hint.to_string();
        let names = self.neighbourhood.names().into_iter().chain(["Peeters", "Dupont"]);
        if let Some(name) = names.into_iter().find(|name| said.contains(name)) {
            return Err(broken(format!("nothing names anybody: {name} in {said}")));
        }
        self.mend(0, &alert).await?;
        let sentence = alert["sentence"].as_str().unwrap_or_default();
        let text = format!(
            "{sentence} Three neighbours: {}, {} €, {} h, {PLUMBER} rated by 3; mended",
            learnt["remedies"][0]["remedy"].as_str().unwrap_or_default().replace('_', " "),
            card["cost"].as_str().unwrap_or_default().replace('_', "–"),
            card["span"].as_str().unwrap_or_default().trim_end_matches('h').replace('_', "–"),
        );
        self.report.holds("09:00 leak", &text);
        Ok(())
    }

    /// 14:00: what one roof has too much between two and three goes to the four others, to the watt-hour.
    pub(super) async fn two(&mut self) -> Result<()> {
        self.reaches(15, 0).await;
        let path = stretch("/api/v1/energy/results", 14, 15);
        let mut lines: Vec<Vec<Value>> = Vec::new();
        for building in 0..BUILDINGS {
            let what = "it has checked its part of every slot between two and three";
            lines.push(self.shows(building, what, &path, checked).await?);
        }
        let sum = |building: usize, field: &str| -> i64 {
            lines[building].iter().map(|slot| whole_in(&slot["own"], field)).sum()
        };
        let all = |field: &str| (0..BUILDINGS).map(|building| sum(building, field)).sum::<i64>();
        let (sold, bought, paid, earned) =
            (sum(ROOF, "sold_wh"), all("bought_wh"), all("pay"), all("revenue"));
        let text = format!(
            "{} of one roof sold to four neighbours for {:.2} €, checked by all five",
            kilowatt_hours(sold),
            earned as f64 / 1e6
        );
        if sold < SOLD_WH_MIN || sold != bought || paid != earned {
            return Err(broken(format!("{text}: {bought} Wh bought, {paid} paid, {earned} earned")));
        }
        for (building, lines) in lines.iter().enumerate().skip(1) {
            let slot = lines[0]["id"].as_str().unwrap_or_default();
            let proof: Value =
                self.client(building).get(&format!("/api/v1/energy/results/{slot}/proof")).await?;
            if proof["size"] != BUILDINGS {
                return Err(broken(format!("a proof of its line: {proof}")));
            }
        }
        expect::same_state(&mut self.clients(), super::WITHIN).await?;
        self.report.holds("14:00 sun sold", &text);
        Ok(())
    }
}

/// Hour of the story's Monday.
fn hour(slot_ms: i64) -> i64 {
    (slot_ms - DAY_MS_OF_STORY) / HOUR_MS
}

/// What a plan gives the heating from sixteen to twenty.
fn heating(plan: &Value) -> Result<Vec<i64>, String> {
    let planned = heated().map(|at| i64::try_from(planned_wh(plan, at)?).ok());
    planned.collect::<Option<Vec<i64>>>().ok_or_else(|| format!("made {}", plan["plan"]["made"]))
}

/// Highest slot of all buildings together in the hours that are relieved, heating as planned.
fn peak(plans: &Plans) -> i64 {
    let all = |place: usize, at: i64| -> i64 {
        let of = |(building, plan): (usize, &Vec<i64>)| {
            plan[place] + i64::try_from(used_wh(building, at)).unwrap_or_default()
        };
        plans.iter().enumerate().map(of).sum()
    };
    let slots = heated().enumerate().filter(|(_, at)| RELIEVED_H.contains(&hour(*at)));
    slots.map(|(place, at)| all(place, at)).max().unwrap_or_default()
}

/// Four slots with this building's checked line in each.
fn checked(page: &Value) -> Result<Vec<Value>, String> {
    let slots: Vec<Value> = items(page).cloned().collect();
    let is_checked = |slot: &Value| slot["own"].is_object() && slot["own"]["doubt"].is_null();
    if slots.len() == 4 && slots.iter().all(is_checked) { Ok(slots) } else { Err(page.to_string()) }
}
