//! What a neighbourhood knows that no building knows by itself: a leak that three buildings had is found by the fourth in
//! the minute in which its own begins, with what helped, how long it took and what it cost, and never with whose it was;
//! and what several notice at once is told to all.

use protocol::UnixMs;
use protocol::aggregate::{Cadence, Period};
use serde_json::{Value, json};
use testnet::clock::wall_ms;

use super::{hive_ms, time};
use crate::harness::wait::ensure;
use crate::harness::{Answer, Client, Hive, Node, until};

const HOUR_MS: i64 = 60 * 60 * 1000;
/// How long the ledger or a neighbour may take to hold what it was given, seconds.
const AGREE_S_MAX: u64 = 30;
/// What a node does every ten seconds it has done within this.
const TEND_S_MAX: u64 = 40;
/// The company that mended all three.
const PLUMBER: &str = "BE0202239951";

/// The 09:00 of a day in the street.
#[test]
fn a_leak_meets_what_three_neighbours_did_about_theirs() {
    let monday = Period::at(Cadence::Week, UnixMs(wall_ms())).next().end();
    let flags = ["--buildings", "5", "--authorities", "4"];
    let hive = Hive::start_at("learning-cards", &flags, monday.plus(-HOUR_MS));
    let nodes = hive.nodes();
    nodes.iter().for_each(|node| watch_for_leaks(&node.api));

    let mut alerts: Vec<String> = Vec::new();
    for (node, litres) in nodes[2..].iter().zip([12.0, 10.0, 16.0]) {
        if alerts.len() == 2 {
            let early = preview(&nodes[2].api, &alerts[0], "100_200");
            assert_eq!(early.status, 409, "two buildings with a leak are too few: {}", early.text());
        }
        alerts.push(leak_and_mend(node, litres));
    }
    let cards: Vec<Value> = nodes[2..]
        .iter()
        .zip(&alerts)
        .zip(["100_200", "100_200", "200_500"])
        .map(|((node, alert), cost)| hand_in(&node.api, alert, cost))
        .collect();
    nodes[2..].iter().for_each(a_motor_shakes_and_fails);
    for node in &nodes[2..] {
        until("the relay keeps the card", TEND_S_MAX, || told(&node.api, "kept"));
    }
    assert_eq!(kept(&nodes[0].api), Ok(0), "nothing is let out before the week is over");

    hive.leap(monday.plus(3 * HOUR_MS));
    let nodes = hive.nodes();
    for node in &nodes {
        until("the cards of the week are here", TEND_S_MAX, || {
            let found = kept(&node.api)?;
            ensure(found == 3, || format!("{found} cards"))
        });
    }
    for node in &nodes[2..] {
        until("its building sees that it was let out", TEND_S_MAX, || told(&node.api, "let_out"));
    }
    three_motors_are_too_few(&nodes);
    let alert = leak(&nodes[0], 10.0);
    let hint = nodes[0].api.get(&format!("/api/v1/incidents/hint?alert={}", id(&alert))).unwrap();
    assert_eq!([&hint["system"], &hint["symptom"], &hint["flow"]], ["water_riser", "leak", "5_20"], "{hint}");
    let learnt = &hint["learnt"];
    assert_eq!((&learnt["alike"], &learnt["kept"]), (&json!(3), &json!(3)), "{learnt}");
    assert_eq!(learnt["remedies"], json!([{ "remedy": "part_replaced", "count": 3 }]), "{learnt}");
    let rated = json!([{ "contractor": PLUMBER, "jobs": 3, "ratings": 3, "good_permille": 1000 }]);
    assert_eq!(learnt["contractors"], rated, "{learnt}");
    let mut found: Vec<Value> =
        learnt["cards"].as_array().unwrap().iter().map(|one| one["card"].clone()).collect();
    let mut shown = cards;
    found.sort_by_key(Value::to_string);
    shown.sort_by_key(Value::to_string);
    assert_eq!(found, shown, "exactly what was shown before it left");
    names_nobody(&nodes, &hint);
    assert_eq!(handed_in_again(&nodes[2].api, &alerts[0]), 409, "one incident has one card");
    three_of_five_have_no_pressure(&nodes);
}

/// A motor shakes, and the building says that it failed within the week: it sees first exactly what leaves.
fn a_motor_shakes_and_fails(node: &Node) {
    let rule = json!({
        "asset_kind": "METER", "metric": "vibration_level", "rule": "consecutive", "condition": ">", "threshold": 7.0,
        "samples": 3, "window_minutes": null, "severity": "low", "message": "Vibration", "work_order": false,
        "enabled": true,
    });
    assert_eq!(node.api.post("/api/v1/policies", &rule).unwrap().status, 201);
    readings(node, "vibration_level", [8.0; 4]);
    let alert = until("the motor raises its alert", AGREE_S_MAX, || {
        let alerts = node.api.items("/api/v1/alerts")?;
        alerts.into_iter().find(|alert| alert["message"] == "Vibration").ok_or_else(|| "no alert".to_owned())
    });
    let hint = node.api.get(&format!("/api/v1/survivals/hint?alert={}", id(&alert))).unwrap();
    assert_eq!([&hint["sign"], &hint["part"]], ["vibration_7_1_11_2", "motor"], "{hint}");
    let draft = |fate| {
        json!({
            "alert": id(&alert), "part": "motor", "age": "10_15", "hours": "unknown", "after": "under_7", "fate": fate,
        })
    };
    let early = node.api.post("/api/v1/survivals/preview", &draft("runs")).unwrap();
    assert_eq!(early.status, 409, "nobody knows yet that it still runs: {}", early.text());
    let shown = node.api.post("/api/v1/survivals/preview", &draft("failed")).unwrap();
    assert_eq!(shown.status, 200, "{}", shown.text());
    let card = shown.json()["card"].clone();
    assert_eq!([&card["after"], &card["sign"]], ["under_7", "vibration_7_1_11_2"], "{card}");
    let handed = json!({ "draft": draft("failed"), "shown": shown.json()["shown"] });
    let taken = node.api.post("/api/v1/survivals", &handed).unwrap();
    assert_eq!(taken.status, 202, "{}", taken.text());
    assert_eq!(node.api.post("/api/v1/survivals", &handed).unwrap().status, 409, "one alert has one card");
}

/// Everybody has all three, and nobody is told a number that rests on so few.
fn three_motors_are_too_few(nodes: &[Node]) {
    for node in nodes {
        until("what became of the motors is here", TEND_S_MAX, || {
            let told = node.api.get("/api/v1/survivals?part=motor")?;
            ensure(told["kept"] == 3, || told.to_string())
        });
        let told = node.api.get("/api/v1/survivals?part=motor").unwrap();
        assert_eq!([&told["too_few"], &told["machines"]], [&json!(true), &json!(0)], "{told}");
        assert_eq!(told["horizons"], json!([]), "{told}");
    }
    let left = nodes[2].api.get("/api/v1/leaving").unwrap();
    let mut recent = left["recent"].as_array().into_iter().flatten();
    let machine = recent.find(|one| one["kind"] == "survival").expect("it is among what left");
    assert_eq!([&machine["says"]["fate"], &machine["told"][0]], ["failed", "let_out"], "{machine}");
}

/// Three buildings notice the same within the hour: every page says what, and none whose.
fn three_of_five_have_no_pressure(nodes: &[Node]) {
    for node in nodes {
        let on = node.api.put("/api/v1/leaving/street_signal", &json!({ "on": true })).unwrap();
        assert_eq!(on.status, 200, "{}", on.text());
        let rule = json!({
            "asset_kind": "METER", "metric": "water_pressure", "rule": "consecutive", "condition": "<", "threshold": 1.5,
            "samples": 3, "window_minutes": null, "severity": "low", "message": "Pression", "work_order": false,
            "enabled": true,
        });
        assert_eq!(node.api.post("/api/v1/policies", &rule).unwrap().status, 201);
    }
    let noticed = |node: &Node| node.api.get("/api/v1/street").map(|street| street["notices"].clone());
    for (count, node) in nodes[1..4].iter().enumerate() {
        assert_eq!(noticed(&nodes[0]), Ok(json!([])), "{count} of five are too few");
        readings(node, "water_pressure", [3.0, 0.8, 0.8, 0.8]);
        until("the watch of the hour has the signal", TEND_S_MAX, || {
            let leaving = node.api.get("/api/v1/leaving")?;
            let mut left = leaving["recent"].as_array().into_iter().flatten();
            let signal = left.find(|one| one["says"]["noticed"] == "water_pressure").ok_or("no signal")?;
            ensure(signal["told"] == json!(["kept"]), || signal.to_string())
        });
    }
    for node in nodes {
        until("the street is told", TEND_S_MAX, || {
            let notices = noticed(node)?;
            let kinds: Vec<&Value> =
                notices.as_array().into_iter().flatten().map(|one| &one["kind"]).collect();
            ensure(kinds == ["water_pressure"], || notices.to_string())
        });
    }
    let off = nodes[1].api.put("/api/v1/leaving/street_signal", &json!({ "on": false })).unwrap().json();
    let kinds = off["kinds"].as_array().unwrap();
    let signals = kinds.iter().find(|one| one["kind"] == "street_signal").unwrap();
    assert_eq!(signals["on"], false, "{signals}");
    let unknown = nodes[1].api.put("/api/v1/leaving/transaction", &json!({ "on": false })).unwrap();
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}

/// The building's water meter tells litres an hour, and more than five of them at night are a leak.
pub(super) fn watch_for_leaks(api: &Client) {
    let unit = json!({ "unit": "L/h", "kind": "gauge" });
    assert_eq!(api.put("/api/v1/metrics/leak_flow", &unit).unwrap().status, 200);
    let rule = json!({
        "asset_kind": "METER", "metric": "leak_flow", "rule": "consecutive", "condition": ">", "threshold": 5.0,
        "samples": 3, "window_minutes": null, "severity": "high", "message": "Fuite", "work_order": true,
        "enabled": true,
    });
    let made = api.post("/api/v1/policies", &rule).unwrap();
    assert_eq!(made.status, 201, "{}", made.text());
}

/// Water runs at night; the alert, once it is there with its sentence and its work order.
pub(super) fn leak(node: &Node, litres_per_h: f64) -> Value {
    readings(node, "leak_flow", [0.0, litres_per_h, litres_per_h, litres_per_h]);
    until("the leak raises its alert and its work order", AGREE_S_MAX, || {
        let alerts = node.api.items("/api/v1/alerts")?;
        let alert = alerts.into_iter().find(|alert| alert["message"] == "Fuite").ok_or("no alert")?;
        let is_whole = alert["work_order"].is_string() && alert["sentence"].is_string();
        if is_whole { Ok(alert) } else { Err(alert.to_string()) }
    })
}

/// Readings of the building's meter, a millisecond apart.
fn readings(node: &Node, metric: &str, values: [f64; 4]) {
    let now = hive_ms(&node.api);
    let lines = (now + 1..).zip(values).map(|(at, value)| {
        json!({
            "site_code": node.name, "asset_code": format!("{}-METER_1", node.name), "timestamp": time(at),
            "metrics": { metric: value },
        })
        .to_string()
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let taken = node.api.send("/api/v1/telemetry/bulk", "application/x-ndjson", lines.as_bytes()).unwrap();
    assert_eq!(taken.status, 200, "{}", taken.text());
}

/// A leak from its first litre until somebody has mended it; the id of its alert.
pub(super) fn leak_and_mend(node: &Node, litres_per_h: f64) -> String {
    let alert = leak(node, litres_per_h);
    let order = format!("/api/v1/workorders/{}", alert["work_order"].as_str().unwrap());
    for status in ["in_progress", "done"] {
        let body = json!({ "status": status, "notes": "Madame Peeters, 3B" });
        until("the work order goes on", AGREE_S_MAX, || accepted(&node.api.patch(&order, &body)?));
    }
    until("the alert is over with its work order", AGREE_S_MAX, || {
        let now = node.api.get(&format!("/api/v1/alerts/{}", id(&alert)))?;
        ensure(now["status"] == "closed", || now.to_string())
    });
    id(&alert).to_owned()
}

/// What would leave, as the page asks it.
pub(super) fn preview(api: &Client, alert: &str, cost: &str) -> Answer {
    api.post("/api/v1/incidents/preview", &draft(alert, cost)).unwrap()
}

/// Looks at what would leave and lets exactly that leave; answers it.
pub(super) fn hand_in(api: &Client, alert: &str, cost: &str) -> Value {
    let shown = until("the card may leave", AGREE_S_MAX, || {
        let shown = preview(api, alert, cost);
        if shown.status == 200 { Ok(shown.json()) } else { Err(shown.text()) }
    });
    let other = json!({ "draft": draft(alert, "from_5000"), "shown": shown["shown"] });
    let stale = api.post("/api/v1/incidents", &other).unwrap();
    assert_eq!(stale.status, 409, "what was not shown does not leave: {}", stale.text());
    let handed = json!({ "draft": draft(alert, cost), "shown": shown["shown"] });
    let taken = api.post("/api/v1/incidents", &handed).unwrap();
    assert_eq!(taken.status, 202, "{}", taken.text());
    shown["card"].clone()
}

fn draft(alert: &str, cost: &str) -> Value {
    json!({
        "alert": alert, "system": "water_riser", "symptom": "leak", "flow": "5_20", "cause": "worn_seal",
        "remedy": "part_replaced", "cost": cost, "span": "1_2h", "outcome": "solved", "contractor": PLUMBER,
        "rating": "good",
    })
}

fn handed_in_again(api: &Client, alert: &str) -> u16 {
    let shown = preview(api, alert, "100_200").json()["shown"].clone();
    let again = json!({ "draft": draft(alert, "100_200"), "shown": shown });
    api.post("/api/v1/incidents", &again).unwrap().status
}

/// Neither what others learn nor the list of work orders tells whose card is whose.
fn names_nobody(nodes: &[Node], hint: &Value) {
    let ids = nodes.iter().map(|node| node.api.get("/api/v1/node").unwrap()["id"].to_string());
    let names = nodes.iter().map(|node| node.name.clone());
    let said = hint.to_string();
    for secret in ids.chain(names).chain(["Peeters".to_owned()]) {
        let secret = secret.trim_matches('"');
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

/// How many cards a building has of its neighbours and itself.
fn kept(api: &Client) -> Result<u64, String> {
    api.get("/api/v1/incidents")?["kept"].as_u64().ok_or_else(|| "no count".to_owned())
}

fn told(api: &Client, expected: &str) -> Result<(), String> {
    for kind in ["incidents", "survivals"] {
        let own = api.get(&format!("/api/v1/{kind}/own"))?;
        let is_so =
            own["cards"].as_array().is_some_and(|all| all.iter().all(|card| card["told"] == expected));
        ensure(is_so, || own["cards"].to_string())?;
    }
    Ok(())
}

fn id(alert: &Value) -> &str {
    alert["id"].as_str().unwrap_or_else(|| panic!("an id: {alert}"))
}

fn accepted(answer: &Answer) -> Result<(), String> {
    ensure((200..300).contains(&answer.status), || format!("{} {}", answer.status, answer.text()))
}
