//! People come in over https: the first with the code of the box, the next with a code of the first; each does what the
//! role allows, a restart signs nobody out, and signing out everywhere ends what is open.

use std::fs;

use serde_json::{Value, json};

use crate::harness::https::Browser;
use crate::harness::programs::{run, symbiose};
use crate::harness::{Building, story_folder, until};

const PASSWORD: &str = "correct horse battery";

#[test]
fn people_come_in_over_https_and_leave_everywhere() {
    let mut building = Building::init(&story_folder("access"));
    let path = building.dir().join("node.toml");
    let mut config: toml::Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let http = config["http"].as_table_mut().unwrap();
    http.insert("lan".to_owned(), toml::Value::String("127.0.0.1:0".to_owned()));
    fs::write(&path, config.to_string()).unwrap();
    building.restart();

    let said = run(symbiose().args(["claim-code", "--json", "--dir"]).arg(building.dir())).ok();
    let way: Value = serde_json::from_str(&said).unwrap();
    let mut owner = browser(&building);
    let (_, seen) = owner.get("/api/v1/session");
    assert_eq!((&seen["https"], &seen["needs_claim"]), (&json!(true), &json!(true)));
    assert_eq!(seen["fingerprint"], way["fingerprint"], "the page and the console say the same");
    let claim = json!({"code": way["code"], "name": "Amina", "password": PASSWORD});
    let (status, seen) = owner.send("POST", "/api/v1/claim", &claim);
    assert_eq!((status, &seen["role"]), (200, &json!("operator")), "{seen}");
    assert_eq!(browser(&building).send("POST", "/api/v1/claim", &claim).0, 401, "a code counts once");

    let (status, bilal) =
        owner.send("POST", "/api/v1/users", &json!({"name": "Bilal", "role": "technician"}));
    assert_eq!(status, 201, "{bilal}");
    let mut technician = browser(&building);
    let claim = json!({"code": bilal["code"], "password": PASSWORD});
    assert_eq!(technician.send("POST", "/api/v1/claim", &claim).0, 200);
    assert_eq!(technician.get("/api/v1/alerts").0, 200);
    for (method, path) in
        [("POST", "/api/v1/policies"), ("GET", "/api/v1/users"), ("DELETE", "/api/v1/users/1")]
    {
        assert_eq!(technician.send(method, path, &json!({})).0, 403, "{method} {path}");
    }

    // The client of the command line trusts the certificate in the folder.
    let ready = building.dir().join("ready.json");
    let text = fs::read_to_string(&ready).unwrap();
    let mut changed: Value = serde_json::from_str(&text).unwrap();
    changed["http"] = changed["https"].clone();
    fs::write(&ready, changed.to_string()).unwrap();
    run(symbiose().args(["status", "--dir"]).arg(building.dir())).ok();
    let certificate = building.dir().join("https.crt");
    let ours = fs::read(&certificate).unwrap();
    let other = Building::init(&story_folder("access-other"));
    fs::copy(other.dir().join("https.crt"), &certificate).unwrap();
    let fooled = run(symbiose().args(["status", "--dir"]).arg(building.dir()));
    assert_eq!(fooled.exit, 5, "another certificate is not this node's: {fooled:?}");
    fs::write(&certificate, ours).unwrap();
    fs::write(&ready, text).unwrap();

    building.kill();
    building.restart();
    let (mut owner, mut technician) = (owner.at(&address(&building)), technician.at(&address(&building)));
    assert_eq!(technician.get("/api/v1/session").1["name"], "Bilal", "a restart signs nobody out");
    let stream = technician.listen();
    let (status, ended) = owner.send("DELETE", "/api/v1/sessions?everybody=true", &Value::Null);
    assert_eq!((status, &ended["ended"]), (200, &json!(2)), "{ended}");
    until("the live stream ends with its session", 10, || {
        if stream.is_finished() { Ok(()) } else { Err("still open".to_owned()) }
    });
    assert_eq!(technician.get("/api/v1/alerts").0, 401);
}

fn browser(building: &Building) -> Browser {
    Browser::new(&address(building), building.dir())
}

fn address(building: &Building) -> String {
    let ready: Value = serde_json::from_slice(&fs::read(building.dir().join("ready.json")).unwrap()).unwrap();
    ready["https"].as_str().expect("a second address").to_owned()
}
