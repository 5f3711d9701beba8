//! One private sum of ten real nodes, from the hive's decision to the comparison that each of them makes at home.

use protocol::UnixMs;
use protocol::aggregate::{Cadence, Period};
use serde_json::{Value, json};
use testnet::clock::wall_ms;

use crate::harness::time::parse_ms;
use crate::harness::wait::ensure;
use crate::harness::{Answer, Client, Hive, Node, decide, until};

const MINUTE_MS: i64 = 60 * 1000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// How long the ledger or a neighbour may take to hold what it was given, seconds.
const AGREE_S_MAX: u64 = 30;
/// A sum goes back and forth between two desks that look after it every ten seconds.
const SUM_S_MAX: u64 = 90;
const SLOTS_PER_DAY: usize = 96;
/// Dwellings of each building, as it says.
const DWELLINGS: u64 = 18;
const BUILDINGS: u64 = 10;
/// The most that a dwelling counts with in a week, Wh.
const CLIP_WH: i64 = 150_000;
const EPSILON_MILLI: i64 = 500;

/// The hive decides on the eve of a month; its first whole week is summed when its window has closed.
#[test]
fn ten_buildings_learn_how_they_stand_and_nobody_learns_of_one() {
    let month = Period::at(Cadence::Month, UnixMs(wall_ms())).next().end();
    let week = Period::at(Cadence::Week, month.plus(6 * DAY_MS));
    let flags = ["--buildings", "10", "--authorities", "4"];
    let hive = Hive::start_at("learning-sums", &flags, month.plus(-120 * MINUTE_MS));
    let nodes = hive.nodes();
    let desks = until("the hive has desks", AGREE_S_MAX, || {
        let desks = nodes[0].api.get("/api/v1/energy/sharing")?["desks"].clone();
        let is_enough = desks.as_array().is_some_and(|all| all.len() > 1);
        if is_enough { Ok(desks) } else { Err(desks.to_string()) }
    });
    decide(&nodes[..3], &about_sums(json!({ "what": "desks", "desks": desks })));
    let ask = json!({
        "what": "ask", "measure": "consumption", "cadence": "week", "clip": CLIP_WH, "epsilon_milli": EPSILON_MILLI,
        "buildings_min": BUILDINGS, "dwellings_min": 100,
    });
    decide(&nodes[..3], &about_sums(ask));
    let said =
        json!({ "region": "brussels", "built": "1971_1985", "heating": "gas", "dwellings": DWELLINGS });
    for node in &nodes {
        until("the building takes part", AGREE_S_MAX, || {
            accepted(&node.api.put("/api/v1/aggregates/profile", &json!({ "profile": said }))?)
        });
    }
    for node in &nodes {
        until("the ledger knows what each says of itself", AGREE_S_MAX, || {
            let text = node.api.try_get("/api/v1/leaving")?.json();
            let kinds = text["kinds"].as_array().ok_or("no kinds")?;
            let is_said = kinds.iter().any(|one| one["kind"] == "profile" && one["count"] == 1);
            ensure(is_said, || text["kinds"].to_string())
        });
    }

    let nodes = live_through(&hive, week);
    for node in &nodes {
        until("both desks have their half", SUM_S_MAX, || {
            let leaving = node.api.get("/api/v1/leaving")?;
            let mut left = leaving["recent"].as_array().into_iter().flatten();
            let report = left.find(|one| one["kind"] == "report").ok_or("no report yet")?;
            ensure(report["told"] == json!(["kept", "kept"]), || report.to_string())
        });
    }

    hive.leap(week.closes().plus(10 * MINUTE_MS));
    let nodes = hive.nodes();
    let found: Vec<Value> = nodes
        .iter()
        .map(|node| until("the comparison is made", SUM_S_MAX, || comparison(&node.api)))
        .collect();
    let of = |one: &Value, field: &str| one[field].as_i64().unwrap_or_else(|| panic!("{field} of {one}"));
    for one in &found {
        assert_eq!((of(one, "buildings"), of(one, "dwellings")), (10, 180), "{one}");
        assert_eq!(one["group"], found[0]["group"], "everybody sees the same sum");
        let from = parse_ms(one["from"].as_str().unwrap_or_default());
        assert_eq!(i64::try_from(from).unwrap(), week.start().0, "{one}");
    }
    // The noise of two desks: discrete Laplace of scale clip / epsilon each, of which ten deviations never come.
    let most = 10 * 2 * CLIP_WH * 1_000 / EPSILON_MILLI;
    let (all, each) = (of(&found[0], "group") * 180, i64::try_from(DWELLINGS).unwrap());
    let own: i64 = found.iter().map(|one| of(one, "own") * each).sum();
    assert!(own > 0 && (all - own).abs() <= most, "the sum is {all} and its parts come to {own}");
    let owns: std::collections::BTreeSet<i64> = found.iter().map(|one| of(one, "own")).collect();
    assert!(owns.len() > 5, "buildings differ: {owns:?}");
}

/// A decision about sums, in words.
fn about_sums(what: Value) -> Value {
    json!({ "kind": "aggregate", "what": what })
}

/// A week passes, a day at a time: a meter remembers a day, and its gateway tells it once its node is there again.
fn live_through(hive: &Hive, week: Period) -> Vec<Node> {
    hive.leap(week.start().plus(60 * MINUTE_MS));
    for day in 1..=7 {
        let end = week.start().plus(day * DAY_MS);
        hive.leap(end.plus(60 * MINUTE_MS));
        let path = format!("/api/v1/energy/slots?limit=1000&from={}&to={end}", end.plus(-DAY_MS));
        for node in &hive.nodes() {
            until("the day is measured", AGREE_S_MAX, || {
                let slots = node.api.items(&path)?;
                let measured = slots.iter().filter(|slot| slot["consumption_wh"].is_u64()).count();
                ensure(measured == SLOTS_PER_DAY, || format!("{}: {measured} slots", node.name))
            });
        }
    }
    hive.nodes()
}

fn comparison(api: &Client) -> Result<Value, String> {
    let view = api.get("/api/v1/aggregates")?;
    let one = view["comparisons"].as_array().and_then(|all| all.first()).ok_or("no comparison")?;
    ensure(one["state"] == "found", || one.to_string())?;
    Ok(one.clone())
}

fn accepted(answer: &Answer) -> Result<(), String> {
    ensure((200..300).contains(&answer.status), || format!("{} {}", answer.status, answer.text()))
}
