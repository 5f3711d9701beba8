//! Energy over HTTP: a day of a place, pages, CSV, and what hostile questions are answered.

use crate::fake;
use crate::fake::Fake;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;

/// 2026-10-26T12:00:00Z, the day after clocks went back in Brussels.
const NOW: UnixMs = UnixMs(1_793_016_000_000);

struct Node {
    app: Router,
    _fake: Fake,
}

impl Node {
    fn start() -> Self {
        let fake = Fake::start(fake::picture(NOW));
        let settings = fake::settings("demo", &[]);
        Self { app: web::router(fake.handles.clone(), settings), _fake: fake }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, String) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8080")
            .header("authorization", "Bearer demo")
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer =
            self.app.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer");
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(bytes.to_vec()).expect("text"))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let (status, text) = self.ask("GET", path, None).await;
        (status, serde_json::from_str(&text).expect("JSON"))
    }
}

#[tokio::test]
async fn a_day_of_a_place_has_as_many_slots_as_its_clocks_say() {
    let node = Node::start();
    for (day, zone, slots) in [
        ("2026-10-25T12:00:00Z", "Europe/Brussels", 100),
        ("2026-10-24T12:00:00Z", "Europe/Brussels", 96),
        ("2026-10-25T12:00:00Z", "UTC", 96),
    ] {
        let (status, page) = node.get(&format!("/api/v1/energy/slots?day={day}&tz={zone}&limit=1000")).await;
        assert_eq!(
            (status, page["items"].as_array().unwrap().len()),
            (StatusCode::OK, slots),
            "{day} {zone}"
        );
        let (_, totals) = node.get(&format!("/api/v1/energy/totals?day={day}&tz={zone}")).await;
        assert_eq!(totals["slots"], slots);
    }
}

#[tokio::test]
async fn every_slot_comes_once_over_pages_and_in_the_file() {
    let node = Node::start();
    let day = "day=2026-10-25T12:00:00Z&tz=Europe/Brussels";
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let (_, page) = node.get(&format!("/api/v1/energy/slots?{day}&limit=33{cursor}")).await;
        ids.extend(
            page["items"].as_array().unwrap().iter().map(|slot| slot["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let mut sorted = ids.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((ids.len(), sorted), (100, ids.clone()));
    let (status, text) = node.ask("GET", &format!("/api/v1/energy/slots.csv?{day}"), None).await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<&str> = text.trim_end().split("\r\n").collect();
    assert_eq!(lines.len(), 101);
    assert!(lines[0].starts_with("start,end,import_wh"));
    let missing: Vec<&&str> = lines.iter().filter(|line| line.contains("missing")).collect();
    assert_eq!(missing.len(), 3, "missing has no figure");
    assert!(missing.iter().all(|line| line.contains("Z,,,,,missing,1,")));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_field() {
    let node = Node::start();
    for (path, field) in [
        ("slots?day=yesterday", "day"),
        ("slots?day=2026-10-25T12:00:00Z&tz=Mars/Olympus", "tz"),
        ("slots?day=2026-10-25T12:00:00Z&from=2026-10-25T12:00:00Z", "day"),
        ("slots?from=2026-10-25T12:00:00Z&to=2026-10-24T12:00:00Z", "from"),
        ("slots?from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z", "from"),
        ("slots?limit=0", "limit"),
        ("slots?limit=1001", "limit"),
        ("slots?cursor=next", "cursor"),
        ("slots.csv?from=0001-01-01T00:00:00Z", "from"),
        ("totals?to=never", "to"),
        ("missing?day=9999-99-99T00:00:00Z", "day"),
    ] {
        let (status, problem) = node.get(&format!("/api/v1/energy/{path}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(problem["field"], field, "{path}");
    }
}

#[tokio::test]
async fn meters_are_tested_and_planned() {
    let node = Node::start();
    let (_, meters) = node.get("/api/v1/energy/meters").await;
    let (asset, metric) = (&meters["items"][0]["asset"], &meters["items"][0]["metric"]);
    let (status, text) =
        node.ask("POST", "/api/v1/energy/meters/test", Some(json!({"asset": asset, "metric": metric}))).await;
    let tested: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &tested["findings"]), (StatusCode::OK, &json!([])));
    let plan = |meters: Value| json!({"meters": meters, "limits": {"connection_w": 36000}});
    let one = json!({"asset": asset, "metric": "import_wh", "role": "import"});
    let many: Vec<Value> = (0..65).map(|_| one.clone()).collect();
    for (method, path, body, status) in [
        ("PUT", "meters", plan(json!([one])), 200),
        ("PUT", "meters", plan(json!([{"asset": "NOWHERE", "metric": "import_wh", "role": "import"}])), 404),
        ("PUT", "meters", plan(json!(many)), 422),
        ("PUT", "meters", plan(json!([{"asset": asset, "metric": "\u{0}", "role": "import"}])), 422),
        ("PUT", "meters", plan(json!([{"asset": asset, "metric": "x", "role": "theft"}])), 400),
        ("PUT", "meters", json!({"limits": {"connection_w": -1}}), 400),
        ("PUT", "meters", json!([1]), 400),
        ("POST", "meters/test", json!({"asset": "NOWHERE", "metric": "import_wh"}), 404),
        ("POST", "meters/test", json!({"asset": "x".repeat(5_000), "metric": "import_wh"}), 422),
        ("POST", "recount", json!({"from": "2026-10-25T00:00:00Z", "to": "2026-10-24T00:00:00Z"}), 422),
        ("POST", "recount", json!({"from": "2026-10-24T00:00:00Z", "to": "2026-10-25T00:00:00Z"}), 202),
        ("POST", "slots/1793015100000/release", json!({"reason": "The oven was on loan."}), 204),
        ("POST", "slots/1793015100001/release", json!({"reason": "The oven was on loan."}), 404),
        ("POST", "slots/1793015100000/release", json!({"reason": "  "}), 422),
        ("POST", "slots/1793015100000/release", json!({"reason": "x".repeat(401)}), 422),
        ("POST", "slots/noon/release", json!({"reason": "The oven was on loan."}), 422),
        ("POST", "slots/1793015100000/release", json!({}), 400),
    ] {
        let (found, text) = node.ask(method, &format!("/api/v1/energy/{path}"), Some(body.clone())).await;
        assert_eq!(found.as_u16(), status, "{method} {path} {body}: {text}");
    }
}

#[tokio::test]
async fn hostile_stretches_and_months_are_answered_with_a_reason() {
    let node = Node::start();
    let stretches = [
        "from=2026-10-26T00:00:00Z&to=2026-10-25T00:00:00Z",
        "from=1971-01-01T00:00:00Z&to=2026-10-25T00:00:00Z",
        "from=yesterday",
        "day=2026-10-25T12:00:00Z&tz=Mars%2FOlympus",
        "day=2026-10-25T12:00:00Z&tz=..%2F..%2Fetc%2Fpasswd",
        "day=2026-10-25T12:00:00Z&from=2026-10-25T12:00:00Z",
        "day=-9999-01-01T00:00:00Z",
        "limit=-1",
    ];
    for path in ["results", "hive", "slots", "totals"] {
        for stretch in stretches {
            let (status, text) = node.ask("GET", &format!("/api/v1/energy/{path}?{stretch}"), None).await;
            let takes_limit = matches!(path, "results" | "slots");
            let is_fine = stretch.starts_with("limit") && !takes_limit;
            assert_eq!(status.is_client_error(), !is_fine, "{path}?{stretch}: {status} {text}");
        }
    }
    let (status, _) = node.ask("GET", "/api/v1/energy/results?cursor=x", None).await;
    assert!(status.is_client_error());
    for month in ["2026-13", "x", "99999-01", "2026-1", "2026-10-25", "%00", "-2026-1"] {
        for path in
            [format!("/api/v1/energy/statements/{month}"), format!("/api/v1/energy/statements/{month}/csv")]
        {
            let (status, text) = node.ask("GET", &path, None).await;
            assert!(status.is_client_error(), "{path}: {status} {text}");
        }
    }
    for slot in ["-1", "x", "18446744073709551615", "18446744073709551616", "9223372036854775807"] {
        let (status, _) = node.ask("GET", &format!("/api/v1/energy/results/{slot}/proof"), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{slot}");
    }
}

#[tokio::test]
async fn a_month_adds_up_in_json_and_csv() {
    let node = Node::start();
    let (status, month) = node.get("/api/v1/energy/statements/2026-10?tz=Europe/Brussels").await;
    assert_eq!((status, &month["id"]), (StatusCode::OK, &json!("2026-10")));
    assert_eq!(month["from"], "2026-09-30T22:00:00Z", "midnight in Brussels");
    let sums = &month["sums"];
    let of = |value: &Value| value.as_i64().expect("a number");
    let total = of(&sums["grid_import"]["amount"]) + of(&sums["bought"]["amount"]) + of(&sums["fee"])
        - of(&sums["grid_export"]["amount"])
        - of(&sums["sold"]["amount"]);
    assert_eq!(of(&sums["total"]), total);
    let owed = of(&sums["bought"]["amount"]) - of(&sums["sold"]["amount"]) + of(&sums["fee"]);
    assert_eq!(
        of(&month["cents"]) * 10_000 + of(&month["carried_out"]),
        owed + of(&month["carried_in"]) + of(&month["credited"]),
        "no micro-EUR is lost"
    );
    assert!((0..10_000).contains(&of(&month["carried_out"])));
    let notes = month["credit_notes"].as_array().expect("a list");
    assert!(notes.iter().all(|note| note["check"] == "checked"), "{notes:?}");
    let credited = notes.iter().map(|note| of(&note["fee"]) - of(&note["balance"])).sum::<i64>();
    assert_eq!(of(&month["credited"]), credited, "{notes:?}");
    let (_, released) = node.get("/api/v1/energy/releases").await;
    assert_eq!(released["items"][0]["held"], "import_above_connection");
    let (_, disputes) = node.get("/api/v1/energy/disputes").await;
    assert_eq!((disputes.as_array().map(Vec::len), &disputes[0]["verdict"]["agreed"]), (Some(1), &json!(3)));
    let (_, csv) = node.ask("GET", "/api/v1/energy/statements/2026-10/csv?tz=Europe/Brussels", None).await;
    assert!(csv.contains(&format!("\r\ntotal,,{total}\r\n")), "{csv}");
    let (_, lines) = node.ask("GET", "/api/v1/energy/bookings/csv", None).await;
    assert_eq!(lines.lines().count(), 1 + 3 * 5, "three bookings of five buildings");
}

#[tokio::test]
async fn terms_are_said_and_nonsense_names_its_field() {
    let node = Node::start();
    let said = json!({"participation": 80, "sell_at_least": 90_000});
    let (status, text) = node.ask("PUT", "/api/v1/energy/terms", Some(said)).await;
    let terms: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (status, &terms["said"]["participation"], &terms["now"]["participation"]),
        (StatusCode::OK, &json!(80), &json!(100))
    );
    for (wrong, field) in [
        (json!({"participation": 101}), "participation"),
        (json!({"sell_above_wh": -1}), "sell_above_wh"),
        (json!({"buy_up_to": 100_000_001}), "buy_up_to"),
        (json!({"give_to": "me"}), "give_to"),
    ] {
        let (status, text) = node.ask("PUT", "/api/v1/energy/terms", Some(wrong)).await;
        let problem: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((status, &problem["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{text}");
    }
}

#[tokio::test]
async fn a_decision_in_words_becomes_a_proposal() {
    let node = Node::start();
    let fees = json!({"building": 0, "cabin": 20_000, "substation": 0, "region": 0});
    let what = json!({"what": "charge", "retail": 250_000, "feed_in": 40_000, "fees": fees, "from_slot": 9});
    let body = json!({"kind": "energy", "what": what});
    let (status, text) = node.ask("POST", "/api/v1/governance", Some(body)).await;
    assert_eq!(status, StatusCode::CREATED, "{text}");
    for wrong in [
        json!({"kind": "energy"}),
        json!({"kind": "energy", "what": {"what": "cut", "minutes": 7}}),
        json!({"kind": "energy", "what": {"what": "charge", "retail": -1, "feed_in": 0, "fees": fees, "from_slot": 9}}),
        json!({"kind": "energy", "what": {"what": "settle", "desks": []}}),
        json!({"kind": "energy", "what": {"what": "share", "rule": {"rule": "dynamic", "factor": {"num": 2, "den": 1}}, "from_slot": 1}}),
    ] {
        let (status, text) = node.ask("POST", "/api/v1/governance", Some(wrong.clone())).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {text}");
    }
}

#[tokio::test]
async fn dwellings_are_planned_summed_and_never_longer_than_a_month() {
    let node = Node::start();
    let (_, plan) = node.get("/api/v1/energy/dwellings").await;
    let (asset, metric) = (&plan["items"][0]["asset"], &plan["items"][0]["metric"]);
    let one = json!({"dwelling": "3B", "asset": asset, "metric": metric});
    let many: Vec<Value> = (0..129).map(|_| one.clone()).collect();
    for (body, status) in [
        (json!({"meters": [one], "common_parts": true}), 200),
        (json!({"meters": []}), 200),
        (json!({"meters": many}), 422),
        (json!({"meters": [{"dwelling": "3B", "asset": "NOWHERE", "metric": metric}]}), 404),
        (json!({"meters": [{"dwelling": "3B", "asset": asset, "metric": "\u{0}"}]}), 422),
        (json!({"meters": [{"dwelling": "3B", "asset": asset}]}), 400),
        (json!({"common_parts": true}), 400),
    ] {
        let (found, text) = node.ask("PUT", "/api/v1/energy/dwellings", Some(body.clone())).await;
        assert_eq!(found.as_u16(), status, "{body}: {text}");
    }
    let day = "day=2026-10-25T12:00:00Z&tz=Europe/Brussels";
    let (status, sums) = node.get(&format!("/api/v1/energy/dwellings/sums?{day}")).await;
    assert_eq!((status, &sums["slots"], &sums["agreement"]), (StatusCode::OK, &json!(100), &json!("holds")));
    let (_, csv) = node.ask("GET", &format!("/api/v1/energy/dwellings/sums.csv?{day}"), None).await;
    assert_eq!(csv.lines().count(), 1 + 3 + 1, "a line for each dwelling and the common parts");
    let path = format!("/api/v1/energy/dwellings/slots?{day}&dwelling=3%20gauche");
    let (_, first) = node.get(&format!("{path}&limit=60")).await;
    let (_, rest) = node.get(&format!("{path}&limit=60&cursor={}", first["next"].as_str().unwrap())).await;
    let count = |page: &Value| page["items"].as_array().unwrap().len();
    assert_eq!((count(&first), count(&rest), &rest["next"]), (60, 40, &Value::Null));
    for (path, status) in [
        ("slots?dwelling=9Z".to_owned(), 404),
        ("slots".to_owned(), 400),
        ("slots.csv?dwelling=1A&limit=1".to_owned(), 200),
        ("sums?from=2026-09-01T00:00:00Z&to=2026-10-02T00:00:00Z".to_owned(), 200),
        ("sums?from=2026-09-01T00:00:00Z&to=2026-10-02T01:00:01Z".to_owned(), 422),
    ] {
        let (found, text) = node.ask("GET", &format!("/api/v1/energy/dwellings/{path}"), None).await;
        assert_eq!(found.as_u16(), status, "{path}: {text}");
    }
}
