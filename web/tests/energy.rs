//! Energy over HTTP: a day of a place, pages, CSV, and what hostile questions are answered.

#[path = "../examples/fake/mod.rs"]
mod fake;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use fake::Fake;
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
    ] {
        let (found, text) = node.ask(method, &format!("/api/v1/energy/{path}"), Some(body.clone())).await;
        assert_eq!(found.as_u16(), status, "{method} {path} {body}: {text}");
    }
}
