//! Questions about many series: steps, CSV, and the requests that Grafana's Prometheus data source sends.

use crate::fake;
use crate::fake::Fake;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;

const NOW: UnixMs = UnixMs(1_765_275_330_000);

struct Told {
    status: StatusCode,
    kind: String,
    text: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }
}

struct Node {
    router: axum::Router,
    _fake: Fake,
}

fn node() -> Node {
    let fake = Fake::start(fake::picture(NOW));
    let settings = fake::settings("secret", &[]);
    Node { router: web::router(fake.handles.clone(), settings), _fake: fake }
}

impl Node {
    async fn send(&self, request: axum::http::request::Builder, body: &'static str) -> Told {
        let request =
            request.header(header::HOST, "127.0.0.1:8080").body(Body::from(body)).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let kind =
            parts.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().expect("text").to_owned());
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        Told { status: parts.status, kind: kind.unwrap_or_default(), text }
    }

    /// As Grafana sends it: the token as the password of basic authentication.
    async fn get(&self, path: &str) -> Told {
        let request = Request::get(path).header(header::AUTHORIZATION, "Basic Z3JhZmFuYTpzZWNyZXQ=");
        self.send(request, "").await
    }

    async fn post(&self, path: &str, form: &'static str) -> Told {
        let request = Request::post(path)
            .header(header::AUTHORIZATION, "Basic Z3JhZmFuYTpzZWNyZXQ=")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form).await
    }

    async fn data(&self, path: &str) -> Value {
        let told = self.get(path).await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        let answer = told.json();
        assert_eq!(answer["status"], "success", "{path}");
        answer["data"].clone()
    }
}

#[tokio::test]
async fn steps_of_many_series_are_aligned() {
    let node = node();
    let told = node
        .get("/api/v1/query?fn=avg&metric=temp_supply_air&from=2025-12-09T09:07:00Z&to=2025-12-09T10:00:00Z&step=15m")
        .await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let answer = told.json();
    assert_eq!(answer["from"], "2025-12-09T09:00:00Z");
    assert_eq!((&answer["step_s"], &answer["fn"]), (&json!(900), &json!("avg")));
    let series = answer["series"].as_array().expect("a list");
    assert!(!series.is_empty());
    for one in series {
        assert_eq!((one["metric"].as_str(), one["unit"].as_str()), (Some("temp_supply_air"), Some("°C")));
        assert_eq!(one["values"].as_array().map(Vec::len), Some(4), "{one}");
    }
    let later =
        node.get("/api/v1/query?fn=max&from=2026-12-09T00:00:00Z&to=2026-12-09T01:00:00Z").await.json();
    assert_eq!(later["series"][0]["values"], json!([null, null, null, null]));
    let days = node
        .get("/api/v1/query?fn=sum&from=2026-03-28T23:00:00Z&to=2026-03-29T22:00:00Z&step=1d&tz=Europe/Brussels")
        .await
        .json();
    assert_eq!(days["times"], json!(["2026-03-28T23:00:00Z"]), "one day of 23 hours");
}

#[tokio::test]
async fn wrong_questions_name_the_parameter() {
    let node = node();
    for (query, field) in [
        ("fn=avg&step=1s&from=2025-01-01T00:00:00Z", Some("step")),
        ("fn=avg&from=2025-01-02T00:00:00Z&to=2025-01-01T00:00:00Z", Some("from")),
        ("fn=avg&metric=", Some("metric")),
        ("fn=avg&tz=Nowhere&step=1d", Some("tz")),
        ("fn=avg&step=2mo", Some("step")),
        ("fn=loudest", None),
        ("", None),
        ("fn=avg&by=colour", None),
    ] {
        let told = node.get(&format!("/api/v1/query?{query}")).await;
        assert!(told.status.is_client_error(), "{query}: {}", told.status);
        assert_eq!(told.json()["field"].as_str(), field, "{query}: {}", told.text);
    }
}

#[tokio::test]
async fn exports_are_whole_and_come_as_files() {
    let node = node();
    let told = node
        .get("/api/v1/assets/CAS-S1-HVAC_1/metrics.csv?from=2025-12-08T00:00:00Z&to=2025-12-09T00:00:00Z")
        .await;
    assert_eq!((told.status, told.kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"));
    let mut lines = told.text.split_terminator("\r\n");
    assert_eq!(lines.next(), Some("time,asset,metric,unit,value"));
    let first = lines.next().expect("a line");
    assert!(first.starts_with("2025-12-08T00:00:00Z,CAS-S1-HVAC_1,"), "{first}");
    assert_eq!(lines.count() % 8_640, 8_639, "every reading of the day, in several pages");
    let steps = node.get("/api/v1/assets/CAS-S1-HVAC_1/metrics.csv?metric=power_kw&step=1h").await;
    assert!(steps.text.starts_with("time,asset,metric,unit,min,max,avg,last,count\r\n"), "{}", steps.text);
    let query = node.get("/api/v1/query.csv?fn=avg&metric=power_kw&step=10s&to=2025-12-09T10:00:00Z").await;
    let lines = query.text.lines().count() - 1;
    assert!(lines > 0 && lines % 8_640 == 0, "{lines} lines: more steps than one answer has");
    let unknown = node.get("/api/v1/assets/NOBODY/metrics.csv").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

/// What Grafana 10 and 11 send: the test of a data source, the metric browser, variables, panels.
#[tokio::test]
async fn grafana_finds_what_it_asks_for() {
    let node = node();
    assert_eq!(node.data("/prom/api/v1/status/buildinfo").await["version"], "2.45.0");
    let test = node.post("/prom/api/v1/query", "query=1%2B1&time=1765275330").await.json();
    assert_eq!(test["data"], json!({"resultType": "scalar", "result": [1_765_275_330, "2"]}));
    assert_eq!(
        node.data("/prom/api/v1/labels?start=1765188930&end=1765275330").await,
        json!(["__name__", "asset", "kind", "site"])
    );
    let names = node.data("/prom/api/v1/label/__name__/values?start=1765188930&end=1765275330").await;
    assert!(names.as_array().expect("a list").contains(&json!("temp_supply_air")), "{names}");
    let sites = node.data("/prom/api/v1/label/site/values?match[]=temp_supply_air").await;
    assert_eq!(sites, json!(["CAS-S1", "CAS-S1B"]));
    let series = node.data("/prom/api/v1/series?match%5B%5D=power_kw%7Bkind%3D%22HVAC%22%7D").await;
    assert_eq!(
        series[0],
        json!({"__name__": "power_kw", "asset": "CAS-S1-HVAC_1", "kind": "HVAC", "site": "CAS-S1"})
    );
    let metadata = node.data("/prom/api/v1/metadata?limit=10000").await;
    assert_eq!(metadata["temp_supply_air"], json!([{"type": "gauge", "help": "", "unit": "°C"}]));
    let panel = "query=avg%20by%20(asset)%20(temp_supply_air)&start=1765271730&end=1765275330&step=60";
    let panel = node.post("/prom/api/v1/query_range", panel).await;
    assert_eq!(panel.status, StatusCode::OK, "{}", panel.text);
    let panel = panel.json();
    assert_eq!(panel["data"]["resultType"], "matrix");
    assert_eq!(panel["data"]["result"][0]["values"].as_array().map(Vec::len), Some(61));
    assert_eq!(panel["data"]["result"][0]["values"][0][0], 1_765_271_730);
    let now = node.data("/prom/api/v1/query?query=temp_supply_air&time=2025-12-09T10:15:30Z").await;
    assert_eq!(now["resultType"], "vector");
    assert_eq!(now["result"][0]["metric"]["__name__"], "temp_supply_air");
}

#[tokio::test]
async fn what_is_not_spoken_is_refused_as_prometheus_does() {
    let node = node();
    for (path, named) in [
        ("query?query=histogram_quantile(0.9,rate(a%5B5m%5D))", "histogram_quantile"),
        ("query?query=a%20%2F%20b", "two series"),
        ("query", "query"),
        ("query?query=sum(", ""),
        ("query?query=1&time=tomorrow", "time"),
        ("query_range?query=1&start=0&end=1000000&step=1", "11,000"),
        ("query_range?query=1&start=10&end=0&step=1", "end timestamp"),
        ("query_range?query=1&start=0&end=10&step=0", "step"),
        ("series", "match[]"),
        ("series?match[]=1", "selector"),
    ] {
        let told = node.get(&format!("/prom/api/v1/{path}")).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{path}: {}", told.text);
        let answer = told.json();
        assert_eq!(
            (&answer["status"], &answer["errorType"]),
            (&json!("error"), &json!("bad_data")),
            "{path}"
        );
        assert!(answer["error"].as_str().is_some_and(|error| error.contains(named)), "{path}: {answer}");
    }
    assert_eq!(node.get("/prom/api/v1/rules").await.json()["errorType"], "not_found");
    let stranger = node.send(Request::get("/prom/api/v1/labels"), "").await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}
