//! A meter's readings become slots of energy: read back over HTTP, corrected when late readings come, kept over a kill, and
//! made again out of the readings when the building's records are gone.

use std::fs;

use serde_json::{Value, json};

use super::hive_ms;
use crate::harness::{Building, Client, story_folder, until};

const QUARTER_MS: u64 = 900_000;

/// Registers of import, export and production at the start of each quarter from six quarters ago; one is kept back.
const REGISTERS: [[u64; 3]; 7] = [
    [1_000, 500, 2_000],
    [1_120, 500, 2_010],
    [1_120, 740, 2_330],
    [1_150, 760, 2_500],
    [1_400, 760, 2_510],
    [1_650, 760, 2_510],
    [1_900, 760, 2_510],
];
const LATE: usize = 3;

#[test]
fn a_meter_makes_slots_that_late_readings_correct_and_a_kill_does_not_lose() {
    let mut building = Building::init(&story_folder("energy")).start();
    let api = building.api();
    let asset = json!({"code": "CAS-S1-METER_1", "kind": "METER"});
    let added = api.post("/api/v1/sites/CAS-S1/assets", &asset).unwrap();
    assert_eq!(added.status, 201, "{}", added.text());
    let last = hive_ms(&api) / QUARTER_MS * QUARTER_MS;
    let at = |index: usize| last - (REGISTERS.len() - 1 - index) as u64 * QUARTER_MS;
    for index in (0..REGISTERS.len()).filter(|index| *index != LATE) {
        send(&api, at(index), REGISTERS[index]);
    }
    let found = slots_when(&api, "the slots are closed", |slots| slots.len() == 6);
    let figures = |slots: &[Value]| -> Vec<(u64, u64, String, u64)> {
        let of = |slot: &Value, field: &str| slot[field].as_u64().unwrap();
        let quality = |slot: &Value| slot["quality"].as_str().unwrap().to_owned();
        slots
            .iter()
            .map(|slot| (of(slot, "import_wh"), of(slot, "export_wh"), quality(slot), of(slot, "version")))
            .collect()
    };
    let measured = |import, export, version| (import, export, "measured".to_owned(), version);
    let guess = |import, export| (import, export, "estimated".to_owned(), 1);
    let rest = [measured(250, 0, 1), measured(250, 0, 1)];
    let before = [measured(120, 0, 1), measured(0, 240, 1), guess(140, 10), guess(140, 10)];
    assert_eq!(figures(&found), [&before[..], &rest].concat());

    send(&api, at(LATE), REGISTERS[LATE]);
    let corrected = slots_when(&api, "the late reading counts", |slots| slots[2]["version"] == 2);
    let after = [measured(120, 0, 1), measured(0, 240, 1), measured(30, 20, 2), measured(250, 0, 2)];
    let expected = [&after[..], &rest].concat();
    assert_eq!(figures(&corrected), expected);
    let totals = api.get("/api/v1/energy/totals").unwrap();
    assert_eq!(
        (&totals["import_wh"], &totals["export_wh"], &totals["missing"]),
        (&json!(900), &json!(260), &json!(0))
    );
    let csv = api.try_get("/api/v1/energy/slots.csv").unwrap();
    assert_eq!(csv.text().lines().count(), 7);

    building.kill();
    building.restart();
    assert_eq!(figures(&slots_when(&building.api(), "they are there", |slots| slots.len() == 6)), expected);

    // Without the building's records everything comes out of the readings again, as a first version.
    building.kill();
    for file in ["building.log", "building.reached"] {
        fs::remove_file(building.dir().join(file)).unwrap();
    }
    fs::remove_dir_all(building.dir().join("index")).unwrap();
    building.restart();
    let again = slots_when(&building.api(), "they are cut again", |slots| slots.len() == 6);
    let first: Vec<_> =
        expected.into_iter().map(|(import, export, quality, _)| (import, export, quality, 1)).collect();
    assert_eq!(figures(&again), first);
}

fn send(api: &Client, ms: u64, [import, export, made]: [u64; 3]) {
    let body = json!({
        "site_code": "CAS-S1", "asset_code": "CAS-S1-METER_1", "timestamp": super::time(ms),
        "metrics": {"import_wh": import, "export_wh": export, "pv_wh": made},
    });
    let answer = api.post("/api/v1/telemetry", &body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn slots_when(api: &Client, what: &str, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    until(what, 20, || {
        let slots = api.items("/api/v1/energy/slots")?;
        if holds(&slots) { Ok(slots) } else { Err(format!("{slots:?}")) }
    })
}
