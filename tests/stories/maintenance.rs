//! An elevator's motor runs hot: the caretaker's own node raises the alert, and every building holds the same work
//! order, whoever fails meanwhile.

use serde_json::json;

use super::{ELEVATOR, final_work_order, overheating_alert, overheating_alerts, same_work_order_everywhere};
use crate::harness::{Hive, Node, always, until};

/// Hive time runs fast enough that five readings, ten seconds apart, pass in seconds.
const SPEED: [&str; 2] = ["--speed", "10"];

#[test]
fn a_hot_motor_becomes_one_work_order_on_every_node() {
    let mut flags = vec!["--buildings", "5", "--authorities", "4"];
    flags.extend(SPEED);
    let hive = Hive::start("maintenance", &flags);
    hive.tell(&["drift", ELEVATOR, "motor_temp"]);
    let first = hive.node("CAS-S1");
    let alert = overheating_alert(&first.api);
    assert_eq!(alert["message"], "Surchauffe moteur ascenseur", "{alert}");
    assert_eq!((&alert["severity"], &alert["site"]), (&json!("high"), &json!("CAS-S1")), "{alert}");
    let id = alert["id"].as_str().unwrap();
    let (order, height, transaction) = final_work_order(&first.api, id, 20);
    assert_eq!((&order["asset"], &order["status"]), (&json!(ELEVATOR), &json!("open")), "{order}");
    same_work_order_everywhere(&hive.nodes(), height, &transaction);
    neighbours_see_no_name(&hive.nodes());

    nothing_is_doubled_by_more_readings(&first, id);
    hive.tell(&["kill", "CAS-S1"]);
    hive.tell(&["restart", "CAS-S1"]);
    let first = hive.node("CAS-S1");
    nothing_is_doubled_by_more_readings(&first, id);
    same_work_order_everywhere(&hive.nodes(), height, &transaction);
    finish(&first, order["id"].as_str().unwrap(), &hive.nodes(), &transaction);
}

#[test]
fn the_work_order_lands_while_an_authority_is_dead() {
    let mut flags = vec!["--buildings", "5", "--authorities", "4"];
    flags.extend(SPEED);
    let hive = Hive::start("maintenance-killed", &flags);
    hive.tell(&["drift", ELEVATOR, "motor_temp"]);
    hive.tell(&["kill", "CAS-S4"]);
    let first = hive.node("CAS-S1");
    let alert = overheating_alert(&first.api);
    let (_, height, transaction) = final_work_order(&first.api, alert["id"].as_str().unwrap(), 30);
    let alive: Vec<Node> = hive.nodes().into_iter().filter(|node| node.name != "CAS-S4").collect();
    same_work_order_everywhere(&alive, height, &transaction);
    hive.tell(&["restart", "CAS-S4"]);
    same_work_order_everywhere(&hive.nodes(), height, &transaction);
}

/// While five more hot readings come in, the alert stays one and keeps its id.
fn nothing_is_doubled_by_more_readings(node: &Node, alert: &str) {
    let hot = || -> Result<usize, String> {
        let path = format!("/api/v1/assets/{ELEVATOR}/metrics?metric=motor_temp");
        Ok(node.api.items(&path)?.iter().filter(|item| item["v"].as_f64() > Some(80.0)).count())
    };
    let before = until("the hot readings are there", 10, hot);
    let promise = || {
        let alerts = overheating_alerts(&node.api).unwrap();
        let ids: Vec<_> = alerts.iter().map(|alert| alert["id"].clone()).collect();
        assert_eq!(ids, [json!(alert)]);
        let orders = node.api.items("/api/v1/workorders").unwrap();
        assert_eq!(orders.iter().filter(|order| order["asset"] == ELEVATOR).count(), 1, "{orders:?}");
    };
    always("five more hot readings", 30, promise, || {
        let now = hot()?;
        if now >= before + 5 { Ok(()) } else { Err(format!("{} more", now - before)) }
    });
}

/// What the others hold of it names neither equipment nor people.
fn neighbours_see_no_name(nodes: &[Node]) {
    for node in nodes.iter().filter(|node| node.name != "CAS-S1") {
        for order in node.api.items("/api/v1/workorders").unwrap() {
            assert_eq!(
                (&order["local"], &order["asset"]),
                (&json!(false), &json!(null)),
                "{}: {order}",
                node.name
            );
            assert_eq!(
                (&order["notes"], &order["assignee"]),
                (&json!(null), &json!(null)),
                "{}: {order}",
                node.name
            );
        }
    }
}

/// The technician starts and finishes it; every building sees that, none sees what was written.
fn finish(node: &Node, id: &str, everywhere: &[Node], transaction: &str) {
    let path = format!("/api/v1/workorders/{id}");
    let secret = "palier 3, clé chez la gardienne";
    for (status, body) in [
        ("in_progress", json!({"status": "in_progress", "assignee": "Nadia B.", "notes": secret})),
        ("done", json!({"status": "done"})),
    ] {
        let answer = node.api.patch(&path, &body).unwrap();
        assert!((200..300).contains(&answer.status), "{status}: {} {}", answer.status, answer.text());
        for other in everywhere {
            until(&format!("{} sees it {status}", other.name), 20, || {
                let orders = other.api.items("/api/v1/workorders")?;
                let found =
                    orders.iter().find(|order| order["severity"] == "high" && order["status"] == status);
                found.map(|_| ()).ok_or_else(|| format!("{orders:?}"))
            });
        }
    }
    let refused = node.api.patch(&path, &json!({"status": "open"})).unwrap();
    assert!((400..500).contains(&refused.status), "done never opens again: {}", refused.text());
    for other in everywhere.iter().filter(|other| other.name != node.name) {
        for path in ["/api/v1/workorders".to_owned(), format!("/api/v1/ledger/transactions/{transaction}")] {
            let text = other.api.try_get(&path).unwrap().text();
            assert!(!text.contains("gardienne") && !text.contains("Nadia"), "{}: {text}", other.name);
        }
    }
}
