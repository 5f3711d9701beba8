//! What keeps a node useful for years: photos of the work that was done, and its health in plain words.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::overheat;
use crate::harness::wait::ensure;
use crate::harness::{Building, Client, story_folder, until};

/// A technician's photo is kept with the work order, survives kill -9, is for the owner's eyes only, and goes when it
/// is told to.
#[test]
fn photos_stay_with_their_work_order() {
    let mut building = Building::init(&story_folder("care-photos")).start();
    let order = hot_order(&building.api());
    let photos = format!("/api/v1/workorders/{order}/photos");
    let jpeg = picture(300_000);
    let answer = building.api().send(&photos, "image/jpeg", &jpeg).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let photo = answer.json();
    assert_eq!(
        photos_of(&building.api(), &order),
        std::slice::from_ref(&photo),
        "shown as soon as it is kept"
    );

    let refused = building.api().send(&photos, "image/jpeg", b"<html>").unwrap();
    assert_eq!(refused.status, 415, "{}", refused.text());
    for number in 1..20u8 {
        let mut other = jpeg.clone();
        other[100] = number;
        assert_eq!(building.api().send(&photos, "image/jpeg", &other).unwrap().status, 201);
    }
    let full = building.api().send(&photos, "image/jpeg", &picture(10)).unwrap();
    assert!(full.status == 409 && full.text().contains("20 photos"), "{}", full.text());

    building.kill();
    building.restart();
    let api = building.api();
    assert_eq!(photos_of(&api, &order).len(), 20);
    let one = format!("{photos}/{}", photo["id"].as_str().unwrap());
    let shown = api.try_get(&one).unwrap();
    assert!(shown.status == 200 && shown.content_type == "image/jpeg" && shown.body == jpeg);
    let folder = building.dir().join("photos").join(&order);
    for file in fs::read_dir(folder).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    assert_eq!(api.delete(&one).unwrap().status, 204);
    assert_eq!(api.try_get(&one).unwrap().status, 404);
    assert_eq!(photos_of(&api, &order).len(), 19);
}

/// What the node says of its health has a weight, a sentence and an advice.
#[test]
fn health_is_told_in_plain_words() {
    let building = Building::init(&story_folder("care-health")).start();
    until("the health is told", 10, || {
        let health = building.api().get("/api/v1/health")?;
        let items = health["items"].as_array().ok_or("no items")?;
        let is_told = |item: &Value| {
            ["id", "weight", "text", "advice", "since"].iter().all(|field| item[field].is_string())
        };
        ensure(items.iter().all(is_told), || health.to_string())?;
        ensure(health["state"] != json!("not_ready"), || health.to_string())
    });
}

/// The work order of a motor that runs hot.
fn hot_order(api: &Client) -> String {
    overheat(api);
    until("the work order is open", 20, || {
        let order = api.items("/api/v1/workorders")?.into_iter().next().ok_or("no work order")?;
        order["id"].as_str().map(str::to_owned).ok_or_else(|| order.to_string())
    })
}

fn photos_of(api: &Client, order: &str) -> Vec<Value> {
    let orders = api.items("/api/v1/workorders").unwrap();
    let order = orders.into_iter().find(|known| known["id"] == order).expect("the work order");
    order["photos"].as_array().unwrap().clone()
}

fn picture(len: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
    bytes.extend((0..len).map(|at| u8::try_from(at % 251).unwrap()));
    bytes
}
