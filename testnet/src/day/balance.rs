//! 21:00: what the day came to, from each building's own records and as its page shows it, and the same after a restart.

use serde_json::Value;

use super::world::{ROOF, sun_wh};
use super::{
    BUILDINGS, DAY_MS_OF_STORY, HOUR_MS, Story, WITHIN, broken, items, kilowatt_hours, stretch, whole_in,
};
use crate::clock::SLOT_MS;
use crate::error::Result;

/// The hour at which the balance is drawn.
const AT_H: i64 = 21;
/// The building that is restarted in between.
const RESTARTED: usize = 2;

/// What a building's day came to until nine, Wh and micro-EUR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    made: i64,
    used: i64,
    import: i64,
    export: i64,
    bought: i64,
    sold: i64,
    /// To neighbours less from them.
    paid: i64,
}

impl Story {
    pub(super) async fn balance(&mut self) -> Result<()> {
        self.reaches(AT_H, 15).await;
        let mut days = Vec::new();
        for building in 0..BUILDINGS {
            days.push(self.day_of(building).await?);
        }
        let roof = days[ROOF];
        let sun: u64 = (0..AT_H * 4).map(|slot| sun_wh(ROOF, DAY_MS_OF_STORY + slot * SLOT_MS)).sum();
        let shared: i64 = days.iter().map(|day| day.sold).sum();
        let is_even = shared == days.iter().map(|day| day.bought).sum::<i64>()
            && days.iter().map(|day| day.paid).sum::<i64>() == 0
            && u64::try_from(roof.made) == Ok(sun);
        if !is_even {
            return Err(broken(format!("what is sold is bought, paid is earned, {sun} Wh shone: {days:?}")));
        }
        let left = self.left().await?;
        self.neighbourhood.restart(RESTARTED).await?;
        self.neighbourhood.wait_ready(RESTARTED, WITHIN).await?;
        let again = self.day_of(RESTARTED).await?;
        if again != days[RESTARTED] {
            return Err(broken(format!("the same after a restart: {:?}, {again:?}", days[RESTARTED])));
        }
        let here = roof.made - roof.export;
        let text = format!(
            "{} of sun: {} used here, {} sold for {:.2} €, {} to the grid; one leak mended, one boiler decided, {left}; \
             the same after a restart",
            kilowatt_hours(roof.made),
            kilowatt_hours(here),
            kilowatt_hours(roof.sold),
            -roof.paid as f64 / 1e6,
            kilowatt_hours(roof.export - roof.sold)
        );
        self.report.holds("21:00 balance", &text);
        Ok(())
    }

    /// The day of a building once every slot until nine is metered and, where there was something to share, checked.
    async fn day_of(&self, building: usize) -> Result<Day> {
        let count = AT_H * 4;
        let totals = stretch("/api/v1/energy/totals", 0, AT_H);
        let totals = self
            .shows(building, "its day until nine is metered", &totals, |totals| {
                let is_whole = totals["slots"] == count && totals["missing"] == 0 && totals["held"] == 0;
                if is_whole { Ok(totals.clone()) } else { Err(totals.to_string()) }
            })
            .await?;
        let results = format!("{}&limit=1000", stretch("/api/v1/energy/results", 0, AT_H));
        let lines = self
            .shows(building, "its part of every slot until nine is settled and checked", &results, |page| {
                let own: Vec<Value> = items(page).map(|slot| slot["own"].clone()).collect();
                let is_whole = own.iter().all(|line| line.is_object() && line["doubt"].is_null());
                let found = i64::try_from(own.len()).unwrap_or_default();
                if found == count && is_whole { Ok(own) } else { Err(format!("{found} slots")) }
            })
            .await?;
        let sum = |field: &str| lines.iter().map(|line| whole_in(line, field)).sum::<i64>();
        Ok(Day {
            made: whole_in(&totals, "production_wh"),
            used: whole_in(&totals, "consumption_wh"),
            import: whole_in(&totals, "import_wh"),
            export: whole_in(&totals, "export_wh"),
            bought: sum("bought_wh"),
            sold: sum("sold_wh"),
            paid: sum("pay") - sum("revenue"),
        })
    }

    /// What of the day the page names: the repair, the decision, and the cards that left.
    async fn left(&self) -> Result<String> {
        let from = protocol::UnixMs(DAY_MS_OF_STORY).to_string();
        let to = protocol::UnixMs(DAY_MS_OF_STORY + 24 * HOUR_MS).to_string();
        self.shows(0, "the leak is mended on the day itself", "/api/v1/workorders?local=true", |all| {
            let is_today = |order: &&Value| {
                let closed = order["closed"].as_str().unwrap_or_default();
                from.as_str() <= closed && closed < to.as_str()
            };
            let mended = items(all).filter(is_today).count();
            if mended == 1 { Ok(()) } else { Err(format!("{mended} work orders done")) }
        })
        .await?;
        self.shows(0, "the assembly is among the day's decisions", "/api/v1/assemblies", |all| {
            let decided = items(all).filter(|one| one["day"] == "2030-03-18" && one["stage"] == "concluded");
            if decided.count() == 1 { Ok(()) } else { Err(all.to_string()) }
        })
        .await?;
        for building in 1..4 {
            self.shows(building, "it sees that its card was let out", "/api/v1/incidents/own", |own| {
                let told = own["cards"][0]["told"] == "let_out";
                if told { Ok(()) } else { Err(own.to_string()) }
            })
            .await?;
        }
        Ok("three cards let out without a name".to_owned())
    }
}
