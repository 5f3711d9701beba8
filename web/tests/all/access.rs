//! Getting in and out, asked over HTTP semantics without sockets.

use crate::fake;
use crate::fake::Fake;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use futures::StreamExt;
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";

struct House {
    router: Router,
    _fake: Fake,
}

struct Told {
    status: StatusCode,
    cookie: Option<String>,
    retry_after: Option<String>,
    json: Value,
}

impl House {
    fn new() -> Self {
        let fake = Fake::start(fake::picture(UnixMs(1_765_275_330_000)));
        Self { router: web::router(fake.handles.clone(), fake::settings("secret", &[])), _fake: fake }
    }

    async fn respond(&self, method: &str, path: &str, cookie: &str, body: &Value) -> Response<Body> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::COOKIE, cookie)
            .header(header::USER_AGENT, "Mozilla/5.0 (Android 15; Mobile) Gecko/140.0 Firefox/140.0")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body.to_string()))
            .expect("a request");
        self.router.clone().oneshot(request).await.expect("infallible")
    }

    async fn send(&self, method: &str, path: &str, cookie: &str, body: Value) -> Told {
        let (parts, body) = self.respond(method, path, cookie, &body).await.into_parts();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = body.collect().await.expect("a body").to_bytes();
        Told {
            status: parts.status,
            cookie: text(header::SET_COOKIE),
            retry_after: text(header::RETRY_AFTER),
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// Answers the cookie.
    async fn comes_in(&self, path: &str, body: Value) -> String {
        let told = self.send("POST", path, "", body).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.json);
        let set = told.cookie.expect("a cookie");
        set.split(';').next().expect("a first part").to_owned()
    }

    async fn claims(&self) -> String {
        let body = json!({"code": fake::BOX_CODE.to_lowercase(), "name": "Amina", "password": PASSWORD});
        self.comes_in("/api/v1/claim", body).await
    }

    async fn session(&self, cookie: &str) -> Value {
        self.send("GET", "/api/v1/session", cookie, Value::Null).await.json
    }
}

#[tokio::test]
async fn the_code_of_the_box_makes_one_operator_once() {
    let house = House::new();
    assert_eq!(house.session("").await["needs_claim"], true);
    let attempt =
        |code: &str, name: &str, password: &str| json!({"code": code, "name": name, "password": password});
    for (body, status, field) in [
        (attempt("0000-0000-0000", "Amina", PASSWORD), 401, "code"),
        (attempt("nonsense", "Amina", PASSWORD), 422, "code"),
        (attempt(fake::BOX_CODE, "Amina", "short"), 422, "password"),
        (attempt(fake::BOX_CODE, "token", PASSWORD), 422, "name"),
    ] {
        let told = house.send("POST", "/api/v1/claim", "", body).await;
        assert_eq!(
            (told.status.as_u16(), told.json["field"].as_str()),
            (status, Some(field)),
            "{}",
            told.json
        );
    }
    let cookie = house.claims().await;
    let seen = house.session(&cookie).await;
    assert_eq!((&seen["name"], &seen["role"]), (&json!("Amina"), &json!("operator")));
    assert_eq!((&seen["needs_claim"], &seen["https"]), (&json!(false), &json!(false)));
    let again = house.send("POST", "/api/v1/claim", "", attempt(fake::BOX_CODE, "Eve", PASSWORD)).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn somebody_new_comes_in_with_a_code_and_then_with_a_password() {
    let house = House::new();
    let operator = house.claims().await;
    let new = json!({"name": "Bilal", "role": "technician"});
    let added = house.send("POST", "/api/v1/users", &operator, new.clone()).await;
    assert_eq!((added.status, added.json["active"].as_bool()), (StatusCode::CREATED, Some(false)));
    let twice = house.send("POST", "/api/v1/users", &operator, new).await;
    assert_eq!((twice.status, twice.json["field"].as_str()), (StatusCode::CONFLICT, Some("name")));
    let code = added.json["code"].as_str().expect("a code").to_owned();
    let mine = json!({"code": code, "name": "Somebody Else", "password": PASSWORD});
    let told = house.send("POST", "/api/v1/claim", "", mine).await;
    assert_eq!(told.json["field"], "name", "{}", told.json);
    let first = house.comes_in("/api/v1/claim", json!({"code": code, "password": PASSWORD})).await;
    assert_eq!(house.session(&first).await["role"], "technician");
    let again = house.send("POST", "/api/v1/claim", "", json!({"code": code, "password": PASSWORD})).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED, "once only");

    let credentials = json!({"name": " bilal", "password": PASSWORD});
    let second = house.comes_in("/api/v1/session", credentials).await;
    let listed = house.send("GET", "/api/v1/sessions", &second, Value::Null).await.json;
    let devices: Vec<_> = listed["items"].as_array().expect("items").iter().map(|s| &s["device"]).collect();
    assert_eq!(devices, ["Firefox on Android", "Firefox on Android"]);
    let forbidden = house.send("GET", "/api/v1/sessions?everybody=true", &second, Value::Null).await;
    assert_eq!(forbidden.status, StatusCode::FORBIDDEN);
    let change = json!({"old": PASSWORD, "password": "another good password"});
    let changed = house.send("PUT", "/api/v1/session/password", &second, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.json);
    assert_eq!(house.session(&first).await["signed_in"], false, "other sessions end");

    let id = added.json["id"].as_str().expect("an id");
    let reset =
        house.send("PATCH", &format!("/api/v1/users/{id}"), &operator, json!({"new_code": true})).await;
    assert!(reset.json["code"].is_string() && reset.json["active"] == false, "{}", reset.json);
    let removed = house.send("DELETE", &format!("/api/v1/users/{id}"), &operator, Value::Null).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let last = house.send("DELETE", "/api/v1/users/1", &operator, Value::Null).await;
    assert_eq!(last.status, StatusCode::CONFLICT, "the last operator stays");
}

#[tokio::test]
async fn a_wrong_name_looks_like_a_wrong_password_and_guessing_gets_slow() {
    let house = House::new();
    house.claims().await;
    let attempt = async |name: &str| {
        let body = json!({"name": name, "password": "wrong password"});
        house.send("POST", "/api/v1/session", "", body).await
    };
    let (known, unknown) = (attempt("Amina").await, attempt("Nobody").await);
    assert_eq!((known.status, known.json), (unknown.status, unknown.json));
    let mut told = attempt("Amina").await;
    for _ in 0..6 {
        told = attempt("Amina").await;
    }
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "{}", told.json);
    assert!(told.retry_after.is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|s| s >= 1)));
    let right = json!({"name": "Amina", "password": PASSWORD});
    let told = house.send("POST", "/api/v1/session", "", right).await;
    assert_eq!(told.status, StatusCode::TOO_MANY_REQUESTS, "even the right one waits");
}

#[tokio::test]
async fn signing_out_everywhere_ends_live_streams() {
    let house = House::new();
    let first = house.claims().await;
    let credentials = json!({"name": "Amina", "password": PASSWORD});
    let second = house.comes_in("/api/v1/session", credentials).await;
    let stream = house.respond("GET", "/api/v1/stream", &first, &Value::Null).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let mut events = stream.into_body().into_data_stream();
    let ended = house.send("DELETE", "/api/v1/sessions?all=true", &second, Value::Null).await;
    assert_eq!(ended.json, json!({"ended": 2}));
    let rest = tokio::time::timeout(std::time::Duration::from_secs(5), async {
        while events.next().await.is_some() {}
    });
    rest.await.expect("the stream ends");
    for cookie in [&first, &second] {
        assert_eq!(house.session(cookie).await["signed_in"], false);
    }
}

#[tokio::test]
async fn one_session_of_many_can_be_ended() {
    let house = House::new();
    let first = house.claims().await;
    let second = house.comes_in("/api/v1/session", json!({"token": "secret"})).await;
    assert_eq!(house.session(&second).await["name"], "token");
    let all = house.send("GET", "/api/v1/sessions?everybody=true", &first, Value::Null).await.json;
    let items = all["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    let other = items.iter().find(|session| session["this"] == false).expect("the other")["id"].clone();
    let path = format!("/api/v1/sessions/{}", other.as_str().expect("an id"));
    assert_eq!(house.send("DELETE", &path, &first, Value::Null).await.json, json!({"ended": 1}));
    assert_eq!(house.send("DELETE", &path, &first, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.session(&second).await["signed_in"], false);
    assert_eq!(house.session(&first).await["signed_in"], true);
}
