//! Every route and who may call it. A route that is not decided on here fails the test, whatever it answers.

use crate::fake;
use crate::fake::Fake;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use protocol::UnixMs;
use serde_json::{Value, json};
use tower::ServiceExt;

const PASSWORD: &str = "correct horse battery";

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    /// Also who has not signed in.
    All,
    /// Whoever has signed in.
    Both,
    /// Operators and scripts with the operator token.
    Operator,
}
use For::{All, Both, Operator};

const DECISIONS: &[(&str, &str, For)] = &[
    ("GET", "/healthz", All),
    ("GET", "/readyz", All),
    ("GET", "/metrics", All),
    ("GET", "/api/v1/session", All),
    ("POST", "/api/v1/session", All),
    ("DELETE", "/api/v1/session", All),
    ("POST", "/api/v1/claim", All),
    ("PUT", "/api/v1/session/password", Both),
    ("GET", "/api/v1/sessions", Both),
    ("DELETE", "/api/v1/sessions", Both),
    ("DELETE", "/api/v1/sessions/{id}", Both),
    ("GET", "/api/v1/users", Operator),
    ("POST", "/api/v1/users", Operator),
    ("PATCH", "/api/v1/users/{id}", Operator),
    ("DELETE", "/api/v1/users/{id}", Operator),
    ("GET", "/api/v1/assemblies", Operator),
    ("POST", "/api/v1/assemblies", Operator),
    ("GET", "/api/v1/assemblies/{id}", Operator),
    ("PUT", "/api/v1/assemblies/{id}", Operator),
    ("DELETE", "/api/v1/assemblies/{id}", Operator),
    ("POST", "/api/v1/assemblies/{id}/announcement", Operator),
    ("POST", "/api/v1/assemblies/{id}/ballots", Operator),
    ("GET", "/api/v1/assemblies/{id}/ballots/{commitment}", Operator),
    ("POST", "/api/v1/assemblies/{id}/results", Operator),
    ("GET", "/api/v1/assemblies/{id}/voice", Operator),
    ("PUT", "/api/v1/assemblies/{id}/presences", Operator),
    ("GET", "/api/v1/assemblies/{id}/sheets", Operator),
    ("POST", "/api/v1/assemblies/{id}/sheets", Operator),
    ("DELETE", "/api/v1/assemblies/{id}/sheets/{sheet}", Operator),
    ("GET", "/api/v1/assemblies/joint", Operator),
    ("GET", "/api/v1/polls", Operator),
    ("POST", "/api/v1/polls", Operator),
    ("POST", "/api/v1/polls/{id}/answers", Operator),
    ("POST", "/api/v1/documents", Operator),
    ("GET", "/api/v1/documents/{id}", Operator),
    ("GET", "/api/v1/laws", Operator),
    ("GET", "/api/v1/assemblies/{id}/minutes", Operator),
    ("POST", "/api/v1/assemblies/{id}/minutes", Operator),
    ("GET", "/api/v1/registry", Operator),
    ("PUT", "/api/v1/registry", Operator),
    ("GET", "/api/v1/registry/csv", Operator),
    ("PUT", "/api/v1/registry/csv", Operator),
    ("GET", "/api/v1/registry/log", Operator),
    ("GET", "/api/v1/registry/persons/{id}", Operator),
    ("DELETE", "/api/v1/registry/persons/{id}", Operator),
    ("POST", "/api/v1/registry/letters", Operator),
    ("PUT", "/api/v1/registry/objection", Operator),
    ("GET", "/api/v1/receipts/{id}", All),
    ("POST", "/api/v1/receipts/ballots", All),
    ("POST", "/api/v1/receipts/promises", All),
    ("GET", "/api/v1/residents/codes/{id}", All),
    ("POST", "/api/v1/residents/bindings", All),
    ("POST", "/api/v1/residents/challenge", All),
    ("POST", "/api/v1/residents/session", All),
    ("GET", "/api/v1/residents/me", Operator),
    ("GET", "/api/v1/residents/keys", Operator),
    ("POST", "/api/v1/residents/devices", Operator),
    ("POST", "/api/v1/residents/keys/{id}/objection", Operator),
    ("DELETE", "/api/v1/residents/keys/{id}/objection", Operator),
    ("DELETE", "/api/v1/residents/keys/{id}", Operator),
    ("POST", "/api/v1/residents/qr", Operator),
    ("POST", "/api/v1/residents/{id}/loss", Operator),
    ("POST", "/api/v1/residents/{id}/loss/agreed", Operator),
    ("GET", "/api/v1/sites", Both),
    ("POST", "/api/v1/sites", Operator),
    ("GET", "/api/v1/sites/{id}/assets", Both),
    ("POST", "/api/v1/sites/{id}/assets", Operator),
    ("GET", "/api/v1/assets", Both),
    ("GET", "/api/v1/assets/{id}", Both),
    ("GET", "/api/v1/assets/{id}/metrics", Both),
    ("GET", "/api/v1/assets/{id}/metrics.csv", Both),
    ("GET", "/api/v1/assets/{id}/swaps", Both),
    ("POST", "/api/v1/assets/{id}/swaps", Operator),
    ("GET", "/api/v1/metrics", Both),
    ("PUT", "/api/v1/metrics/{id}", Operator),
    ("GET", "/api/v1/query", Both),
    ("GET", "/api/v1/query.csv", Both),
    ("GET", "/api/v1/telemetry/conflicts", Both),
    ("GET", "/api/v1/telemetry/quarantine", Both),
    ("GET", "/api/v1/store", Both),
    ("GET", "/api/v1/energy", Both),
    ("GET", "/api/v1/energy/slots", Both),
    ("GET", "/api/v1/energy/slots.csv", Both),
    ("GET", "/api/v1/energy/totals", Both),
    ("GET", "/api/v1/energy/missing", Both),
    ("GET", "/api/v1/energy/meters", Both),
    ("PUT", "/api/v1/energy/meters", Operator),
    ("POST", "/api/v1/energy/meters/test", Both),
    ("POST", "/api/v1/energy/recount", Operator),
    ("GET", "/api/v1/energy/dwellings", Operator),
    ("PUT", "/api/v1/energy/dwellings", Operator),
    ("GET", "/api/v1/energy/dwellings/sums", Operator),
    ("GET", "/api/v1/energy/dwellings/sums.csv", Operator),
    ("GET", "/api/v1/energy/dwellings/slots", Operator),
    ("GET", "/api/v1/energy/dwellings/slots.csv", Operator),
    ("POST", "/api/v1/energy/slots/{id}/release", Operator),
    ("GET", "/api/v1/energy/releases", Both),
    ("GET", "/api/v1/energy/disputes", Both),
    ("GET", "/api/v1/energy/terms", Both),
    ("PUT", "/api/v1/energy/terms", Operator),
    ("GET", "/api/v1/aggregates", Both),
    ("PUT", "/api/v1/aggregates/profile", Operator),
    ("GET", "/api/v1/leaving", Both),
    ("PUT", "/api/v1/leaving/{id}", Operator),
    ("GET", "/api/v1/street", Both),
    ("GET", "/api/v1/incidents", Both),
    ("POST", "/api/v1/incidents", Operator),
    ("GET", "/api/v1/incidents/hint", Both),
    ("POST", "/api/v1/incidents/preview", Operator),
    ("GET", "/api/v1/incidents/own", Both),
    ("POST", "/api/v1/incidents/withdrawals", Operator),
    ("GET", "/api/v1/survivals", Both),
    ("POST", "/api/v1/survivals", Operator),
    ("GET", "/api/v1/survivals/hint", Both),
    ("POST", "/api/v1/survivals/preview", Operator),
    ("GET", "/api/v1/survivals/own", Both),
    ("GET", "/api/v1/enquiries", Operator),
    ("POST", "/api/v1/enquiries", Operator),
    ("POST", "/api/v1/enquiries/{id}/reply", Operator),
    ("DELETE", "/api/v1/enquiries/{id}", Operator),
    ("GET", "/api/v1/energy/plan", Both),
    ("GET", "/api/v1/energy/shifts", Both),
    ("POST", "/api/v1/energy/shifts/{id}", Operator),
    ("GET", "/api/v1/energy/equipment", Both),
    ("PUT", "/api/v1/energy/equipment", Operator),
    ("GET", "/api/v1/energy/sharing", Both),
    ("PUT", "/api/v1/energy/coefficients", Operator),
    ("GET", "/api/v1/energy/results", Both),
    ("GET", "/api/v1/energy/results/{id}/proof", Both),
    ("GET", "/api/v1/energy/hive", Both),
    ("GET", "/api/v1/energy/statements/{id}", Both),
    ("GET", "/api/v1/energy/statements/{id}/csv", Both),
    ("GET", "/api/v1/energy/bookings", Both),
    ("GET", "/api/v1/energy/bookings/csv", Both),
    ("GET", "/api/v1/health", Both),
    ("GET", "/api/v1/backup", Operator),
    ("POST", "/api/v1/telemetry", Operator),
    ("POST", "/api/v1/telemetry/bulk", Operator),
    ("GET", "/api/v1/policies", Both),
    ("POST", "/api/v1/policies", Operator),
    ("PATCH", "/api/v1/policies/{id}", Operator),
    ("DELETE", "/api/v1/policies/{id}", Operator),
    ("GET", "/api/v1/policies/{id}/versions", Both),
    ("POST", "/api/v1/policies/dry-run", Operator),
    ("GET", "/api/v1/policies.toml", Both),
    ("PUT", "/api/v1/policies.toml", Operator),
    ("GET", "/api/v1/alerts", Both),
    ("GET", "/api/v1/alerts/{id}", Both),
    ("POST", "/api/v1/alerts/{id}/ack", Both),
    ("POST", "/api/v1/alerts/{id}/close", Both),
    ("GET", "/api/v1/workorders", Both),
    ("POST", "/api/v1/workorders", Both),
    ("PATCH", "/api/v1/workorders/{id}", Both),
    ("POST", "/api/v1/workorders/{id}/photos", Both),
    ("GET", "/api/v1/workorders/{id}/photos/{photo}", Both),
    ("DELETE", "/api/v1/workorders/{id}/photos/{photo}", Operator),
    ("GET", "/api/v1/ledger/head", Both),
    ("GET", "/api/v1/ledger/blocks", Both),
    ("GET", "/api/v1/ledger/blocks/{height}", Both),
    ("GET", "/api/v1/ledger/transactions/{id}", Both),
    ("GET", "/api/v1/ledger/transactions/{id}/proof", Both),
    ("POST", "/api/v1/ledger/transactions", Operator),
    ("GET", "/api/v1/tokens", Both),
    ("GET", "/api/v1/tokens/history", Both),
    ("POST", "/api/v1/tokens/transfer", Operator),
    ("POST", "/api/v1/tokens/approve", Operator),
    ("POST", "/api/v1/tokens/retire", Operator),
    ("POST", "/api/v1/tokens/minting", Operator),
    ("POST", "/rpc", Both),
    ("GET", "/api/v1/node", Both),
    ("GET", "/api/v1/hive", Both),
    ("GET", "/api/v1/members", Both),
    ("POST", "/api/v1/invitations", Operator),
    ("GET", "/api/v1/invitations", Operator),
    ("DELETE", "/api/v1/invitations/{id}", Operator),
    ("POST", "/api/v1/keys", Operator),
    ("POST", "/api/v1/keys/network", Operator),
    ("GET", "/api/v1/governance", Both),
    ("POST", "/api/v1/governance", Operator),
    ("POST", "/api/v1/governance/{id}/approve", Operator),
    ("GET", "/api/v1/operator/buildings", Both),
    ("GET", "/api/v1/stream", Both),
    ("GET", "/prom/api/v1/query", Both),
    ("POST", "/prom/api/v1/query", Both),
    ("GET", "/prom/api/v1/query_range", Both),
    ("POST", "/prom/api/v1/query_range", Both),
    ("GET", "/prom/api/v1/labels", Both),
    ("POST", "/prom/api/v1/labels", Both),
    ("GET", "/prom/api/v1/label/{name}/values", Both),
    ("GET", "/prom/api/v1/series", Both),
    ("POST", "/prom/api/v1/series", Both),
    ("GET", "/prom/api/v1/metadata", Both),
    ("GET", "/prom/api/v1/status/buildinfo", Both),
];

/// Methods and paths of the document.
fn documented() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&web::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    // What Grafana asks is described by Prometheus, not by our document.
    let grafanas = DECISIONS.iter().filter(|(_, path, _)| path.starts_with("/prom/"));
    let grafanas = grafanas.map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned()));
    operations.filter(|(method, _)| method != "PARAMETERS").chain(grafanas).collect()
}

fn decision(method: &str, path: &str) -> Option<For> {
    DECISIONS.iter().find(|(m, p, _)| *m == method && *p == path).map(|(.., who)| *who)
}

struct House {
    router: Router,
    _fake: Fake,
}

impl House {
    async fn send(
        &self,
        method: &str,
        path: &str,
        cookie: &str,
        body: &str,
    ) -> (StatusCode, Option<String>, Body) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "127.0.0.1:8080")
            .header(header::COOKIE, cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let set = response.headers().get(header::SET_COOKIE).and_then(|set| set.to_str().ok());
        let set = set.and_then(|set| set.split(';').next()).map(str::to_owned);
        (response.status(), set, response.into_body())
    }

    async fn json(&self, method: &str, path: &str, cookie: &str, body: &Value) -> (Value, String) {
        let (status, set, body) = self.send(method, path, cookie, &body.to_string()).await;
        let bytes = body.collect().await.expect("a body").to_bytes();
        assert!(status.is_success(), "{method} {path}: {}", String::from_utf8_lossy(&bytes));
        (serde_json::from_slice(&bytes).expect("JSON"), set.unwrap_or_default())
    }

    async fn sign_in(&self, name: &str) -> String {
        let credentials = json!({"name": name, "password": PASSWORD});
        self.json("POST", "/api/v1/session", "", &credentials).await.1
    }
}

#[test]
fn every_route_is_decided_on() {
    let undecided: Vec<_> =
        documented().into_iter().filter(|(method, path)| decision(method, path).is_none()).collect();
    assert!(undecided.is_empty(), "say in DECISIONS for whom these are: {undecided:#?}");
}

#[tokio::test]
async fn every_route_is_for_whom_it_was_made() {
    let fake = Fake::start(fake::picture(UnixMs(1_765_275_330_000)));
    let router = web::router(fake.handles.clone(), fake::settings("secret", &[]));
    let house = House { router, _fake: fake };
    let claim = json!({"code": fake::BOX_CODE, "name": "Amina", "password": PASSWORD});
    let (_, mut operator) = house.json("POST", "/api/v1/claim", "", &claim).await;
    let new = json!({"name": "Bilal", "role": "technician"});
    let code = house.json("POST", "/api/v1/users", &operator, &new).await.0["code"].clone();
    let claim = json!({"code": code, "password": PASSWORD});
    let (_, mut technician) = house.json("POST", "/api/v1/claim", "", &claim).await;

    for (method, path) in documented() {
        let who = decision(&method, &path).expect("decided");
        let concrete = path
            .replace("{id}", "none")
            .replace("{photo}", "1")
            .replace("{commitment}", "1")
            .replace("{height}", "1");
        let concrete = concrete.replace("{name}", "power_kw");
        let (stranger, ..) = house.send(&method, &concrete, "", "{}").await;
        let (by_technician, ..) = house.send(&method, &concrete, &technician, "{}").await;
        let (by_operator, ..) = house.send(&method, &concrete, &operator, "{}").await;
        let at = format!("{method} {path}: {stranger} {by_technician} {by_operator}");
        assert_eq!(stranger == StatusCode::UNAUTHORIZED, who != All, "{at}");
        assert_eq!(by_technician == StatusCode::FORBIDDEN, who == Operator, "{at}");
        assert_ne!(by_operator, StatusCode::FORBIDDEN, "{at}");
        for told in [by_technician, by_operator] {
            assert_ne!(told, StatusCode::UNAUTHORIZED, "{at}");
        }
        // Some of these end sessions.
        for (cookie, name) in [(&mut operator, "Amina"), (&mut technician, "Bilal")] {
            let (seen, _) = house.json("GET", "/api/v1/session", cookie, &Value::Null).await;
            if seen["signed_in"] == false {
                *cookie = house.sign_in(name).await;
            }
        }
    }
}
