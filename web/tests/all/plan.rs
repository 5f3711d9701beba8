//! Plans over HTTP: slots with whole Wh, what the owner may say, and what hostile words are answered.

use crate::fake;
use crate::fake::Fake;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;

struct Node {
    app: Router,
    _fake: Fake,
}

impl Node {
    fn start() -> Self {
        let fake = Fake::start(fake::picture(UnixMs(1_793_016_000_000)));
        let settings = fake::settings("demo", &[]);
        Self { app: web::router(fake.handles.clone(), settings), _fake: fake }
    }

    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/energy/{path}"))
            .header("host", "127.0.0.1:8080")
            .header("authorization", "Bearer demo")
            .header("content-type", "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let answer =
            self.app.clone().oneshot(request.body(body).expect("a request")).await.expect("an answer");
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&bytes).expect("JSON"))
    }
}

#[tokio::test]
async fn a_plan_adds_up_in_each_slot() {
    let node = Node::start();
    let (status, answer) = node.ask("GET", "plan", None).await;
    assert_eq!(status, StatusCode::OK);
    let slots = answer["plan"]["slots"].as_array().unwrap();
    assert_eq!(slots.len(), 192);
    for slot in slots {
        let figure = |name: &str| slot[name].as_i64().unwrap();
        let stores: i64 =
            slot["stores"].as_array().unwrap().iter().map(|s| s["net_wh"].as_i64().unwrap()).sum();
        let loads: i64 = slot["loads_wh"].as_array().unwrap().iter().map(|wh| wh.as_i64().unwrap()).sum();
        assert_eq!(figure("net_wh"), figure("load_wh") + loads + stores - figure("sun_wh"), "{slot}");
    }
    assert_eq!(answer["plan"]["reasons"][0]["kind"], "above_limit");
}

#[tokio::test]
async fn what_the_owner_says_comes_back_and_nonsense_does_not() {
    let node = Node::start();
    let (_, mut wanted) = node.ask("GET", "equipment", None).await;
    wanted["import_max_w"] = json!(9_000);
    wanted["served_first"] = json!("loads");
    let (status, now) = node.ask("PUT", "equipment", Some(wanted.clone())).await;
    assert_eq!((status, &now), (StatusCode::OK, &wanted));
    let store = wanted["stores"][0].clone();
    let changed = |name: &str, value: Value| {
        let mut changed = wanted.clone();
        changed[name] = value;
        changed
    };
    for (body, status) in [
        (json!({}), 200),
        (changed("stores", json!(vec![store; 5])), 422),
        (
            changed(
                "loads",
                json!([{"kind": "reactor", "energy_wh": 1, "power_w": 1, "from_minute": 0, "until_minute": 0}]),
            ),
            400,
        ),
        (changed("tariff", json!({"kind": "flat"})), 400),
        (changed("consent", json!("perhaps")), 400),
        (changed("moved_max_wh", json!(1.5)), 400),
        (changed("surprise", json!(1)), 400),
        (json!([1]), 400),
    ] {
        let (found, problem) = node.ask("PUT", "equipment", Some(body.clone())).await;
        assert_eq!(found.as_u16(), status, "{body}: {problem}");
    }
}

#[tokio::test]
async fn a_request_of_the_hive_is_answered() {
    let node = Node::start();
    let (status, page) = node.ask("GET", "shifts", None).await;
    assert_eq!((status, &page["items"][0]["stage"]), (StatusCode::OK, &json!("waiting")));
    let id = page["items"][0]["id"].as_str().unwrap();
    let (status, shift) = node.ask("POST", &format!("shifts/{id}"), Some(json!({"accept": true}))).await;
    assert_eq!((status, &shift["stage"]), (StatusCode::OK, &json!("offered")));
    for (path, body, status) in [
        ("shifts/none".to_owned(), json!({"accept": true}), 404),
        (format!("shifts/{id}"), json!({}), 400),
        (format!("shifts/{id}"), json!({"accept": "perhaps"}), 400),
        (format!("shifts/{}", "x".repeat(5_000)), json!({"accept": true}), 404),
    ] {
        let (found, problem) = node.ask("POST", &path, Some(body.clone())).await;
        assert_eq!(found.as_u16(), status, "{body}: {problem}");
    }
}
