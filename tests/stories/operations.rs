//! What an operator, a supervisor and a browser's security rest on: commands, logs, metrics, secrets, headers.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::overheat;
use crate::harness::programs::{run, symbiose};
use crate::harness::wait::ensure;
use crate::harness::{Building, Client, story_folder, until};

#[test]
fn commands_answer_in_json_and_by_exit_code() {
    let mut building = Building::init(&story_folder("operations-commands")).start();
    let dir = building.dir().to_owned();
    let ask = |word: &str| -> Value {
        let said = run(symbiose().args([word, "--json", "--dir"]).arg(&dir)).ok();
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{word}: {error}: {said}"))
    };
    let status = ask("status");
    assert_eq!(
        status["head"]["height"],
        building.api().get("/api/v1/ledger/head").unwrap()["height"],
        "{status}"
    );
    let doctor = ask("doctor");
    assert_eq!(doctor["ok"], json!(true), "{doctor}");
    let document: Value = serde_json::from_str(&run(symbiose().arg("openapi")).ok()).unwrap();
    assert_eq!(document, building.api().get("/api/v1/openapi.json").unwrap());
    assert!(
        document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")),
        "{}",
        document["openapi"]
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(run(symbiose().args(["completions", shell])).ok().contains("symbiose"));
    }
    building.kill();
    assert_eq!(run(symbiose().args(["status", "--dir"]).arg(&dir)).exit, 5, "nobody answers");
}

/// A receipt is checked with the genesis alone; one changed digit of it, or another hive's genesis, and it is worth
/// nothing.
#[test]
fn a_receipt_proves_itself_without_a_node() {
    let folder = story_folder("operations-receipt");
    let mut building = Building::init(&folder).start();
    overheat(&building.api());
    let transaction = until("the work order is final", 20, || {
        let order = building.api().items("/api/v1/workorders")?.into_iter().next().ok_or("no work order")?;
        order["ledger"]["transaction"].as_str().map(str::to_owned).ok_or_else(|| order.to_string())
    });
    let receipt = building.api().get(&format!("/api/v1/ledger/transactions/{transaction}/proof")).unwrap();
    building.kill();

    let path = folder.join("receipt.json");
    let verify = |receipt: &Value, genesis: &std::path::Path| {
        fs::write(&path, receipt.to_string()).unwrap();
        run(symbiose().arg("verify").arg(&path).arg("--genesis").arg(genesis))
    };
    let genesis = building.dir().join("genesis.cbor");
    assert!(verify(&receipt, &genesis).ok().contains(&transaction));
    for field in ["leaf", "header", "log_root"] {
        let mut changed = receipt.clone();
        let digits = changed[field].as_str().unwrap().to_owned();
        let (rest, last) = digits.split_at(digits.len() - 1);
        changed[field] = json!(format!("{rest}{}", if last == "0" { "1" } else { "0" }));
        let said = verify(&changed, &genesis);
        // The log's root is read from the signed header; beside it, it is for people.
        assert!(said.exit != 0 || field == "log_root", "{field}: {said:?}");
    }
    let elsewhere = Building::init(&folder.join("elsewhere"));
    assert_eq!(verify(&receipt, &elsewhere.dir().join("genesis.cbor")).exit, 4, "another hive");
}

#[test]
fn logs_are_json_and_hold_no_secret_and_files_keep_theirs() {
    let building = Building::init(&story_folder("operations-secrets")).start();
    let api = building.api();
    overheat(&api);
    Client::new(api.base(), &"0".repeat(64)).try_get("/api/v1/sites").unwrap();
    let secrets: Vec<(&str, String)> = ["node.key", "operator.token", "swarm.key"]
        .into_iter()
        .map(|name| (name, fs::read_to_string(building.dir().join(name)).unwrap().trim().to_owned()))
        .collect();
    for (name, secret) in &secrets {
        assert_eq!(secret.len(), 64, "{name}");
        let mode = fs::metadata(building.dir().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name} can be read by others: {mode:o}");
    }
    let log = fs::read_to_string(building.dir().join("log.jsonl")).unwrap();
    assert!(log.lines().count() > 0);
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(entry["level"].is_string() && entry["timestamp"].is_string(), "{line}");
        for (name, secret) in &secrets {
            assert!(!line.to_lowercase().contains(secret), "{name} is in the log: {line}");
        }
    }
    let metrics = api.try_get("/metrics").unwrap();
    assert!(metrics.status == 200 && metrics.content_type.starts_with("text/plain"), "{metrics:?}");
    until("the readings are counted", 10, || {
        let text = api.try_get("/metrics")?.text();
        ensure(text.lines().any(|line| line.starts_with("symbiose_telemetry_points_total 7")), || text)
    });
    for (name, secret) in &secrets {
        assert!(!metrics.text().contains(secret), "{name} is in the metrics");
    }
    assert_eq!(api.try_get("/healthz").unwrap().text(), "ok\n");
}

#[test]
fn the_page_is_guarded_against_other_pages() {
    let building = Building::init(&story_folder("operations-guard")).start();
    let api = building.api();
    let host = api.base().trim_start_matches("http://").to_owned();

    let page = raw(&host, &format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"));
    assert!(page.starts_with("http/1.1 200"), "{page}");
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
    ] {
        assert!(page.contains(header), "{header} in {page}");
    }
    assert!(!page.contains("unsafe-inline") && !page.contains("unsafe-eval"), "{page}");

    let rebound = raw(&host, "GET /api/v1/sites HTTP/1.1\r\nhost: evil.example\r\n\r\n");
    assert!(rebound.starts_with("http/1.1 421"), "a foreign name: {rebound}");
    let preflight = format!(
        "OPTIONS /api/v1/telemetry HTTP/1.1\r\nhost: {host}\r\norigin: https://evil.example\r\n\
         access-control-request-method: POST\r\n\r\n"
    );
    let allowed = raw(&host, &preflight);
    assert!(!allowed.contains("access-control-allow"), "{allowed}");
    let stolen = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {host}\r\norigin: https://evil.example\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    let refused = raw(&host, &stolen);
    assert!(refused.starts_with("http/1.1 4") && !refused.contains("set-cookie"), "{refused}");

    let token = fs::read_to_string(building.dir().join("operator.token")).unwrap();
    let body = json!({"token": token.trim()}).to_string();
    let sign_in = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let cookie = raw(&host, &sign_in);
    let kept =
        cookie.lines().find(|line| line.starts_with("set-cookie:")).unwrap_or_else(|| panic!("{cookie}"));
    assert!(kept.contains("httponly") && kept.contains("samesite=strict"), "{kept}");
}

/// A sender that never finishes its request does not keep anybody else waiting.
#[test]
fn slow_senders_are_not_in_the_way() {
    let building = Building::init(&story_folder("operations-slow")).start();
    let host = building.api().base().trim_start_matches("http://").to_owned();
    let slow: Vec<TcpStream> = (0..64)
        .map(|_| {
            let mut stream = TcpStream::connect(&host).unwrap();
            stream
                .write_all(format!("POST /api/v1/telemetry HTTP/1.1\r\nhost: {host}\r\n").as_bytes())
                .unwrap();
            stream
        })
        .collect();
    let answer = building.api().try_get("/readyz").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    drop(slow);
}

/// Head of the answer to a request sent byte by byte as written, in small letters.
fn raw(host: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).to_lowercase()
}
