//! The routes asked over HTTP semantics without sockets, on a shell that only pretends.

use crate::fake;
use crate::fake::Fake;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures::StreamExt;
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;
use web::Picture;

const NOW: UnixMs = UnixMs(1_765_275_330_000);
const PAYLOAD: &str = r#"{"site_code":"CAS-S1","asset_code":"CAS-S1-HVAC_1","timestamp":"2025-12-09T10:15:23Z","metrics":{"temp_out_air":32.5,"temp_supply_air":17.8,"power_kw":12.3,"vibration_level":3.1}}"#;

struct Node {
    router: Router,
    fake: Fake,
}

struct Told {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    #[track_caller]
    fn problem(&self, status: u16, kind: &str, field: Option<&str>) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("urn:symbiose:problem:{kind}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["field"].as_str(), field, "{problem}");
    }
}

fn node() -> Node {
    node_showing(fake::picture(NOW))
}

fn node_showing(picture: Picture) -> Node {
    let fake = Fake::start(picture);
    let settings = fake::settings("secret", &["tour-alpha.example"]);
    Node { router: web::router(fake.handles.clone(), settings), fake }
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8080")
}

impl Node {
    async fn send(&self, request: Request<Body>) -> Told {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Told {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// With the operator token.
    async fn ask(&self, method: &str, path: &str, body: impl Into<Body>) -> Told {
        let request = request(method, path).header(header::AUTHORIZATION, "Bearer secret");
        self.send(request.body(body.into()).expect("a request")).await
    }

    async fn get(&self, path: &str) -> Value {
        let told = self.ask("GET", path, "").await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        told.json()
    }
}

#[tokio::test]
async fn a_payload_is_answered_as_documented() {
    let node = node();
    let told = node.ask("POST", "/api/v1/telemetry", PAYLOAD).await;
    assert_eq!(told.json(), json!({"status": "ok", "inserted_points": 4}));
    let bulk = node.ask("POST", "/api/v1/telemetry/bulk", format!("{PAYLOAD}\n{PAYLOAD}\n")).await;
    assert_eq!(bulk.json(), json!({"status": "ok", "inserted_points": 8}));
}

#[tokio::test]
async fn bad_telemetry_is_refused_with_its_field() {
    let node = node();
    let post = |body: String| node.ask("POST", "/api/v1/telemetry", body);
    post(PAYLOAD.replace("32.5", "NaN")).await.problem(400, "malformed", Some("metrics.temp_out_air"));
    post(PAYLOAD.replace("2025-12-09T10:15:23Z", "now")).await.problem(422, "invalid", Some("timestamp"));
    post(PAYLOAD.replace("CAS-S1-HVAC_1", "NOBODY")).await.problem(422, "invalid", Some("asset_code"));
    post("{".to_owned()).await.problem(400, "malformed", None);
    post("[".repeat(100_000)).await.problem(400, "malformed", None);
    post(format!("{PAYLOAD}{}", " ".repeat(256 * 1024))).await.problem(413, "too-large", Some("body"));
    post("x".repeat(20 * 1024 * 1024)).await.problem(413, "too-large", Some("body"));
    let bulk = format!("{PAYLOAD}\n{}\n", PAYLOAD.replace("12.3", "\"12\""));
    node.ask("POST", "/api/v1/telemetry/bulk", bulk).await.problem(
        400,
        "malformed",
        Some("line 2: metrics.power_kw"),
    );
}

#[tokio::test]
async fn a_bulk_batch_may_be_larger_than_a_single_payload() {
    let node = node();
    let batch = vec![PAYLOAD; 5_000].join("\n");
    assert!(batch.len() > 256 * 1024);
    assert_eq!(node.ask("POST", "/api/v1/telemetry/bulk", batch).await.json()["inserted_points"], 20_000);
    let too_many = vec![PAYLOAD; 5_001].join("\n");
    let told = node.ask("POST", "/api/v1/telemetry/bulk", too_many).await;
    told.problem(413, "too-large", Some("line 5001"));
}

#[tokio::test]
async fn a_full_queue_says_try_again() {
    let mut fake = Fake::start(fake::picture(NOW));
    let (telemetry, _never_read) = tokio::sync::mpsc::channel(1);
    let (reply, _answer) = tokio::sync::oneshot::channel();
    telemetry.try_send(web::TelemetryCall { payloads: Vec::new(), reply }).expect("room for one");
    fake.handles.telemetry = telemetry;
    let settings = fake::settings("secret", &[]);
    let node = Node { router: web::router(fake.handles.clone(), settings), fake };
    let told = node.ask("POST", "/api/v1/telemetry", PAYLOAD).await;
    told.problem(429, "too-many", None);
    assert_eq!(told.headers[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn nothing_is_told_to_strangers() {
    let node = node();
    let without = |method: &str, path: &str| request(method, path).body(Body::empty()).expect("a request");
    for path in ["/api/v1/sites", "/api/v1/alerts", "/api/v1/ledger/head", "/api/v1/stream", "/api/v1/node"] {
        node.send(without("GET", path)).await.problem(401, "unauthorized", None);
    }
    node.send(without("POST", "/api/v1/telemetry")).await.problem(401, "unauthorized", None);
    for path in ["/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/", "/api/v1/session"] {
        assert_eq!(node.send(without("GET", path)).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn unknown_paths_methods_and_hosts_are_problems() {
    let node = node();
    node.ask("GET", "/api/v1/nothing", "").await.problem(404, "not-found", None);
    let told = node.ask("DELETE", "/api/v1/sites", "").await;
    told.problem(405, "method-not-allowed", None);
    assert!(told.headers.contains_key(header::ALLOW));
    let foreign = Request::builder().uri("/healthz").header(header::HOST, "evil.example").body(Body::empty());
    node.send(foreign.expect("a request")).await.problem(421, "misdirected-request", None);
    let named =
        Request::builder().uri("/healthz").header(header::HOST, "tour-alpha.example:80").body(Body::empty());
    assert_eq!(node.send(named.expect("a request")).await.text, "ok\n");
    node.ask("GET", "/api/v1/alerts?status=loud", "").await.problem(400, "malformed", None);
    node.ask("GET", "/api/v1/sites?limit=x", "").await.problem(400, "malformed", None);
    node.ask("GET", "/api/v1/assets/%FF/metrics", "").await.problem(400, "malformed", Some("id"));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let node = node();
    for path in ["/", "/api/v1/sites", "/api/v1/nothing", "/healthz"] {
        let headers = node.ask("GET", path, "").await.headers;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("text");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"),
            "{policy}"
        );
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let node = node();
    let sites = node.get("/api/v1/sites").await;
    assert_eq!(sites["items"][0]["id"], "CAS-S1");
    assert_eq!(sites["items"][0]["open_alerts"], json!({"low": 0, "medium": 0, "high": 1}));
    assert_eq!(sites["next"], Value::Null);
    let first = node.get("/api/v1/sites/CAS-S1/assets?limit=3").await;
    assert_eq!(first["items"].as_array().map(Vec::len), Some(3));
    let rest = node
        .get(&format!("/api/v1/sites/CAS-S1/assets?cursor={}", first["next"].as_str().expect("more")))
        .await;
    assert_eq!(rest["items"][0]["code"], "CAS-S1-METER_1");
    assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
    node.ask("GET", "/api/v1/sites/NOWHERE/assets", "").await.problem(404, "not-found", Some("id"));
}

#[tokio::test]
async fn history_comes_raw_or_in_steps() {
    let node = node();
    let base = "/api/v1/assets/CAS-S1-HVAC_1/metrics?from=2025-12-09T10:00:00Z&to=2025-12-09T10:10:00Z";
    let raw = node.get(&format!("{base}&metric=power_kw")).await;
    assert_eq!(raw["items"].as_array().map(Vec::len), Some(60), "half-open: 10:00:00 is in, 10:10:00 is not");
    assert_eq!(raw["items"][0]["t"], "2025-12-09T10:00:00Z");
    assert!(raw["items"][0]["v"].is_number() && raw["items"][0]["id"].is_string());
    let steps = node.get(&format!("{base}&metric=power_kw&step=5m")).await;
    assert_eq!(steps["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(steps["items"][0]["count"], 30);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = node.get(&format!("{base}&limit=70{cursor}")).await;
        seen.extend(
            page["items"].as_array().expect("items").iter().map(|item| item["id"].clone().to_string()),
        );
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut single = seen.clone();
    single.sort();
    single.dedup();
    assert_eq!((seen.len(), single.len()), (240, 240), "four metrics, each reading once");
    node.ask("GET", &format!("{base}&step=0"), "").await.problem(422, "invalid", Some("step"));
    node.ask("GET", "/api/v1/assets/X/metrics", "").await.problem(404, "not-found", Some("id"));
    let backwards = "/api/v1/assets/CAS-S1-HVAC_1/metrics?from=2025-12-10T00:00:00Z&to=2025-12-09T00:00:00Z";
    node.ask("GET", backwards, "").await.problem(422, "invalid", Some("from"));
}

#[tokio::test]
async fn an_alert_is_acknowledged_once_and_its_work_order_advances() {
    let node = node();
    let open = node.get("/api/v1/alerts?status=open").await;
    assert_eq!(open["items"][0]["message"], "Surchauffe moteur ascenseur");
    let told = node.ask("POST", "/api/v1/alerts/a-3/ack", "").await;
    assert_eq!((told.status, told.json()["status"].clone()), (StatusCode::OK, json!("ack")));
    node.ask("POST", "/api/v1/alerts/a-3/ack", "").await.problem(409, "conflict", Some("status"));
    node.ask("POST", "/api/v1/alerts/a-99/ack", "").await.problem(404, "not-found", Some("id"));
    let change = json!({"status": "in_progress", "assignee": "N. Benali", "notes": "sur place"}).to_string();
    let order = node.ask("PATCH", "/api/v1/workorders/7", change).await.json();
    assert_eq!((&order["status"], &order["assignee"]), (&json!("in_progress"), &json!("N. Benali")));
    let local = node.get("/api/v1/workorders?local=true").await;
    assert_eq!(local["items"].as_array().map(Vec::len), Some(2));
    node.ask("PATCH", "/api/v1/workorders/7", "{}").await.problem(422, "invalid", None);
    node.ask("PATCH", "/api/v1/workorders/7", r#"{"price":1}"#).await.problem(400, "malformed", None);
    let long = json!({"notes": "x".repeat(4_001)}).to_string();
    node.ask("PATCH", "/api/v1/workorders/7", long).await.problem(422, "invalid", Some("notes"));
    let opened = node.ask("POST", "/api/v1/workorders", r#"{"alert":"a-2"}"#).await;
    assert_eq!(opened.status, StatusCode::CREATED, "{}", opened.text);
}

#[tokio::test]
async fn policies_are_made_changed_and_removed() {
    let node = node();
    let draft = json!({"asset_kind": "HVAC", "metric": "power_kw", "rule": "threshold", "condition": ">=",
        "threshold": 20, "window_minutes": 10, "severity": "low", "message": "Puissance élevée"});
    let made = node.ask("POST", "/api/v1/policies", draft.to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let id = made.json()["id"].as_str().expect("an id").to_owned();
    let patched = node.ask("PATCH", &format!("/api/v1/policies/{id}"), r#"{"threshold":21.5}"#).await;
    assert_eq!(patched.json()["threshold"], 21.5);
    assert_eq!(
        node.ask("DELETE", &format!("/api/v1/policies/{id}"), "").await.status,
        StatusCode::NO_CONTENT
    );
    node.ask("DELETE", &format!("/api/v1/policies/{id}"), "").await.problem(404, "not-found", Some("id"));
    let mut counting = draft.clone();
    counting["rule"] = json!("consecutive");
    node.ask("POST", "/api/v1/policies", counting.to_string()).await.problem(422, "invalid", Some("samples"));
}

#[tokio::test]
async fn the_ledger_is_read_and_written() {
    let node = node();
    let head = node.get("/api/v1/ledger/head").await;
    for field in ["chain", "height", "block", "state", "log_root", "log_size", "authorities"] {
        assert!(!head[field].is_null(), "{field}");
    }
    let blocks = node.get("/api/v1/ledger/blocks?limit=2").await;
    assert_eq!((&blocks["items"][0]["height"], &blocks["next"]), (&json!(1284), &json!("1283")));
    let block = node.get("/api/v1/ledger/blocks/1284").await;
    assert_eq!(block["state"], head["state"]);
    let id = block["transactions"][0]["id"].as_str().expect("a transaction").to_owned();
    assert_eq!(node.get(&format!("/api/v1/ledger/transactions/{id}")).await["height"], 1284);
    let proof = node.get(&format!("/api/v1/ledger/transactions/{id}/proof")).await;
    assert_eq!(proof["certificate"]["signatures"].as_array().map(Vec::len), Some(3));
    node.ask("GET", "/api/v1/ledger/blocks/9999", "").await.problem(404, "not-found", Some("height"));
    node.ask("GET", "/api/v1/ledger/blocks/top", "").await.problem(422, "invalid", Some("height"));
    node.ask("GET", "/api/v1/ledger/transactions/xyz", "").await.problem(404, "not-found", Some("id"));
}

#[tokio::test]
async fn transactions_are_handed_in() {
    let node = node();
    let submit = |path: &'static str, kind: &'static str, body: Vec<u8>| {
        let request = request("POST", path)
            .header(header::AUTHORIZATION, "Bearer secret")
            .header(header::CONTENT_TYPE, kind);
        node.send(request.body(body.into()).expect("a request"))
    };
    let path = "/api/v1/ledger/transactions";
    let one = submit(path, "application/cbor", vec![1, 2, 3]).await;
    assert_eq!((one.status, &one.json()["items"][0]["status"]), (StatusCode::ACCEPTED, &json!("accepted")));
    let many = submit(
        "/api/v1/ledger/transactions?wait=committed",
        "application/octet-stream",
        [0, 0, 0, 1, 7].repeat(500),
    )
    .await;
    assert_eq!((many.status, &many.json()["items"][499]["status"]), (StatusCode::OK, &json!("committed")));
    submit(path, "application/cbor", vec![0]).await.problem(422, "refused", None);
    submit(path, "application/json", vec![1]).await.problem(
        415,
        "unsupported-media-type",
        Some("content-type"),
    );
    submit(path, "application/cbor", vec![1; 8 * 1024 + 1]).await.problem(413, "too-large", Some("body"));
}

#[tokio::test]
async fn the_hive_invites_and_decides() {
    let node = node();
    assert_eq!(node.get("/api/v1/hive").await["faults_tolerated"], 1);
    assert_eq!(node.get("/api/v1/node").await["readiness"]["ready"], true);
    assert_eq!(node.get("/api/v1/members").await["items"].as_array().map(Vec::len), Some(5));
    let invited = node.ask("POST", "/api/v1/invitations", r#"{"expires_s":3600}"#).await;
    assert_eq!(
        (invited.status, &invited.json()["expires"]),
        (StatusCode::CREATED, &json!("2025-12-09T11:15:30Z"))
    );
    node.ask("POST", "/api/v1/invitations", r#"{"expires_s":86401}"#).await.problem(
        422,
        "invalid",
        Some("expires_s"),
    );
    let action = json!({"kind": "add_authority", "member": "ab".repeat(20)});
    let proposed = node.ask("POST", "/api/v1/governance", action.to_string()).await;
    assert_eq!(proposed.json()["action"], action);
    let wrong = json!({"kind": "add_authority", "member": "Tour Alpha"}).to_string();
    node.ask("POST", "/api/v1/governance", wrong).await.problem(422, "invalid", Some("member"));
    node.ask("POST", "/api/v1/governance", r#"{"kind":"shell","run":"rm"}"#).await.problem(
        400,
        "malformed",
        None,
    );
}

#[tokio::test]
async fn a_browser_signs_in_writes_from_our_page_only_and_signs_out() {
    let node = node();
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        let with = headers
            .iter()
            .fold(request("POST", path), |request, (name, value)| request.header(*name, *value));
        node.send(with.body(body.to_owned().into()).expect("a request"))
    };
    post("/api/v1/session", &[], r#"{"token":"wrong"}"#).await.problem(401, "unauthorized", Some("token"));
    let foreign = [("origin", "http://evil.example")];
    post("/api/v1/session", &foreign, r#"{"token":"secret"}"#).await.problem(403, "foreign-origin", None);
    let signed_in =
        post("/api/v1/session", &[("sec-fetch-site", "same-origin")], r#"{"token":"secret"}"#).await;
    let set = signed_in.headers[header::SET_COOKIE].to_str().expect("text").to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict"), "{set}");
    let cookie = set.split(';').next().expect("a pair");
    let own = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    assert_eq!(post("/api/v1/alerts/a-3/ack", &own, "").await.status, StatusCode::OK);
    let other = [("cookie", cookie), ("sec-fetch-site", "cross-site")];
    post("/api/v1/alerts/a-3/close", &other, "").await.problem(403, "foreign-origin", None);
    let leave =
        request("DELETE", "/api/v1/session").header("cookie", cookie).header("sec-fetch-site", "same-origin");
    assert_eq!(node.send(leave.body(Body::empty()).expect("a request")).await.status, StatusCode::NO_CONTENT);
    post("/api/v1/alerts/a-3/close", &own, "").await.problem(401, "unauthorized", None);
}

#[tokio::test]
async fn health_says_what_is_wrong() {
    let mut picture = fake::picture(NOW);
    let reason = |code: &str, text: &str| web::view::Reason { code: code.to_owned(), text: text.to_owned() };
    picture.readiness =
        web::view::Readiness { ready: false, reasons: vec![reason("disk_full", "The disk is full.")] };
    let node = node_showing(picture);
    let told = node.ask("GET", "/readyz", "").await;
    assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(told.json()["reasons"][0]["code"], "disk_full");
    let text = request("GET", "/readyz")
        .header(header::ACCEPT, "text/plain")
        .body(Body::empty())
        .expect("a request");
    assert_eq!(node.send(text).await.text, "not ready\ndisk_full: The disk is full.\n");
    assert_eq!(node.ask("GET", "/healthz", "").await.text, "ok\n");
}

#[tokio::test]
async fn json_is_compressed_for_those_who_can_read_it() {
    let node = node();
    let request = request("GET", "/api/v1/policies").header(header::AUTHORIZATION, "Bearer secret");
    let told = node
        .send(request.header(header::ACCEPT_ENCODING, "gzip").body(Body::empty()).expect("a request"))
        .await;
    assert_eq!(told.headers[header::CONTENT_ENCODING], "gzip");
    assert!(!node.ask("GET", "/api/v1/policies", "").await.headers.contains_key(header::CONTENT_ENCODING));
}

/// Opens the stream, lets `act` happen, and returns the text of the first `count` events.
async fn stream(
    node: &Node,
    path: &str,
    last: Option<&str>,
    count: usize,
    act: impl FnOnce(&Fake),
) -> String {
    let mut request = request("GET", path).header(header::AUTHORIZATION, "Bearer secret");
    if let Some(last) = last {
        request = request.header("last-event-id", last);
    }
    let response = node
        .router
        .clone()
        .oneshot(request.body(Body::empty()).expect("a request"))
        .await
        .expect("infallible");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    act(&node.fake);
    let mut pieces = response.into_body().into_data_stream();
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        text.push_str(&String::from_utf8_lossy(&pieces.next().await.expect("more").expect("a piece")));
    }
    text
}

#[tokio::test]
async fn the_stream_tells_the_topics_asked_for_and_replays() {
    let node = node();
    let text =
        stream(&node, "/api/v1/stream?topics=blocks", None, 1, |fake| fake.tick(NOW.plus(1_000), 0)).await;
    assert!(text.contains("event: blocks\n") && text.contains("\"height\":1285"), "{text}");
    assert!(!text.contains("event: samples"), "{text}");
    let id = text.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    let all = stream(&node, "/api/v1/stream", Some(&id), 1, |_| {}).await;
    assert!(all.starts_with("event: hive\n"), "what came after the block: {all}");
    let lost = stream(&node, "/api/v1/stream", Some("00000000-1"), 1, |_| {}).await;
    assert!(lost.starts_with("event: resync\n"), "{lost}");
    node.ask("GET", "/api/v1/stream?topics=gossip", "").await.problem(422, "invalid", Some("topics"));
}

#[tokio::test]
async fn a_photo_is_kept_shown_as_nothing_but_a_picture_and_removed() {
    let node = node();
    let photos = "/api/v1/workorders/7/photos";
    let jpeg: &[u8] = b"\xff\xd8\xff\xe0 a picture <script>alert(1)</script>";
    let kept = node.ask("POST", photos, jpeg).await;
    assert_eq!(kept.status, StatusCode::CREATED, "{}", kept.text);
    let photo = kept.json();
    assert_eq!((&photo["type"], &photo["bytes"]), (&json!("image/jpeg"), &json!(jpeg.len())));
    let orders = node.get("/api/v1/workorders?local=true").await;
    let order = orders["items"].as_array().unwrap().iter().find(|order| order["id"] == "7").unwrap();
    assert_eq!(order["photos"], json!([photo]));

    let one = format!("{photos}/{}", photo["id"].as_str().unwrap());
    let shown = node.ask("GET", &one, "").await;
    assert_eq!(shown.status, StatusCode::OK);
    for (name, value) in [
        ("content-type", "image/jpeg"),
        ("content-disposition", "inline"),
        ("content-security-policy", "default-src 'none'; sandbox"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "private, no-cache"),
    ] {
        assert_eq!(shown.headers[name], value);
    }
    let again = request("GET", &one).header(header::AUTHORIZATION, "Bearer secret");
    let again = again.header(header::IF_NONE_MATCH, shown.headers["etag"].clone());
    assert_eq!(node.send(again.body(Body::empty()).unwrap()).await.status, StatusCode::NOT_MODIFIED);
    let stranger = request("GET", &one).body(Body::empty()).unwrap();
    node.send(stranger).await.problem(401, "unauthorized", None);

    node.ask("POST", photos, "<svg xmlns='http://www.w3.org/2000/svg'/>").await.problem(
        415,
        "unsupported-media-type",
        Some("body"),
    );
    node.ask("POST", photos, vec![0xff; 4 * 1024 * 1024 + 1]).await.problem(413, "too-large", Some("body"));
    node.ask("POST", "/api/v1/workorders/nobody/photos", jpeg).await.problem(404, "not-found", Some("id"));
    node.ask("POST", "/api/v1/workorders/6/photos", jpeg).await.problem(409, "conflict", Some("id"));
    assert_eq!(node.ask("DELETE", &one, "").await.status, StatusCode::NO_CONTENT);
    node.ask("GET", &one, "").await.problem(404, "not-found", Some("id"));
}

#[tokio::test]
async fn health_says_what_it_is_and_what_to_do() {
    let health = node().get("/api/v1/health").await;
    assert_eq!(health["state"], "ok");
    assert!(health["items"].is_array());
}

#[test]
fn the_committed_openapi_document_is_the_present_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/openapi.json");
    let present = web::openapi();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(path, &present).expect("a writable file");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let advice = "run `UPDATE_OPENAPI=1 cargo test -p web openapi`, then `npm run api` in web/ui";
    assert!(committed == present, "{advice}");
    assert!(present.contains(r#""openapi": "3.1.0""#) && present.contains("MIT OR Apache-2.0"));
}

#[tokio::test]
async fn metrics_are_listed_and_defined() {
    let node = node();
    let metrics = node.get("/api/v1/metrics").await;
    assert_eq!(metrics["items"][0]["name"], "energy_kwh");
    let change =
        json!({"unit": "m³", "kind": "counter", "rollover": 100_000, "on_conflict": "last", "raw_days": 30});
    let told = node.ask("PUT", "/api/v1/metrics/gas_m3", change.to_string()).await.json();
    assert_eq!(
        (&told["kind"], &told["rollover"], &told["raw_days"]),
        (&json!("counter"), &json!(1e5), &json!(30))
    );
    assert_eq!((&told["day_days"], &told["quarter_days"]), (&json!(null), &json!(730)));
    let wrong = node.ask("PUT", "/api/v1/metrics/gas_m3", r#"{"units":"m³"}"#).await;
    assert_eq!(wrong.status.as_u16() / 100, 4, "{}", wrong.text);
    assert_eq!(node.get("/api/v1/telemetry/conflicts").await, json!({"items": [], "next": null}));
}

#[tokio::test]
async fn a_swap_of_a_meter_is_noted() {
    let node = node();
    let path = "/api/v1/assets/CAS-S1-HVAC_1/swaps";
    let swap = json!({"metric": "energy_kwh", "at": "2025-12-09T10:00:00Z", "end_reading": 48_211.5, "start_reading": 0.2});
    let told = node.ask("POST", path, swap.to_string()).await;
    assert_eq!((told.status, &told.json()["end_reading"]), (StatusCode::CREATED, &json!(48_211.5)));
    assert_eq!(node.get(path).await["items"].as_array().map(Vec::len), Some(1));
    let negative = swap.to_string().replace("0.2", "-0.2");
    node.ask("POST", path, negative).await.problem(422, "invalid", Some("start_reading"));
    node.ask("POST", "/api/v1/assets/NOBODY/swaps", swap.to_string()).await.problem(
        404,
        "not-found",
        Some("id"),
    );
}
