//! What a configuration may hold, and how its errors read.

use super::*;

const GOOD: &str = r#"
name = "CAS-S1"
[clock]
speed = 900.0
epoch_wall_ms = 1700000000000
epoch_hive_ms = 1600000000000
[[sites]]
code = "CAS-S1"
name = "Tour Alpha"
[[sites.assets]]
code = "CAS-S1-HVAC_1"
kind = "HVAC"
"#;

fn load(name: &str, text: &str, flags: &[&str]) -> Result<Config, String> {
    let dir = std::env::temp_dir().join(format!("symbiose-config-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("node.toml");
    std::fs::write(&file, text).unwrap();
    let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let loaded = Config::load(&file, &flags)
        .map_err(|error| error.to_string().replace(&file.display().to_string(), "node.toml"));
    std::fs::remove_dir_all(&dir).unwrap();
    loaded
}

#[test]
fn a_short_file_is_enough() {
    let config = load("short", GOOD, &["ledger.heartbeat_ms=500", "http.listen=127.0.0.1:9"]).unwrap();
    assert_eq!(config.clock.speed_millis, 900_000);
    assert_eq!(config.heartbeat_ms, 500);
    assert_eq!(config.http.listen.port(), 9);
    assert!(config.genesis.ends_with("genesis.cbor"));
    assert_eq!(config.sites[0].assets[0].kind, AssetKind::Hvac);
    assert_eq!(config.telemetry_bytes_max, 512 * 1024 * 1024);
}

#[test]
fn https_is_everywhere_but_on_loopback() {
    let doors = |flags: &[&str]| -> Vec<(String, bool)> {
        let config = load("doors", GOOD, flags).unwrap();
        config.http.doors().map(|(_, address, https)| (address.to_string(), https)).collect()
    };
    let door = |address: &str, https| (address.to_owned(), https);
    assert_eq!(doors(&["http.listen=127.0.0.1:80"]), [door("127.0.0.1:80", false)]);
    assert_eq!(doors(&["http.listen=127.0.0.1:80", "http.tls=always"]), [door("127.0.0.1:80", true)]);
    assert_eq!(doors(&["http.listen=0.0.0.0:80"]), [door("0.0.0.0:80", true)]);
    let both = doors(&["http.listen=127.0.0.1:80", "http.lan=0.0.0.0:8443"]);
    assert_eq!(both, [door("127.0.0.1:80", false), door("0.0.0.0:8443", true)]);
    let config = load("pair", GOOD, &["http.certificate=a.pem", "http.key=b.pem"]).unwrap();
    let (certificate, key) = config.http.certificate.unwrap();
    assert!(certificate.ends_with("a.pem") && key.ends_with("b.pem"));
    let alone = load("alone", GOOD, &["http.certificate=a.pem"]).unwrap_err();
    assert!(alone.starts_with("http.key in "), "{alone}");
    let lan = load("lan", GOOD, &["http.lan=here"]).unwrap_err();
    assert!(lan.starts_with("http.lan in --set: expected an address"), "{lan}");
    assert!(load("tls", GOOD, &["http.tls=never"]).unwrap_err().contains("http.tls"));
}

#[test]
fn errors_are_one_line_with_key_and_source() {
    let cases: [(&str, String, &[&str], &str); 10] = [
        (
            "unknown",
            GOOD.replace("[clock]", "[network]\nlisen = 'x'\n[clock]"),
            &[],
            "network.lisen in node.toml: no such key, expected one of listen, peers, mdns, wire, wire_min",
        ),
        ("missing", String::new(), &[], "name in node.toml: missing"),
        (
            "type",
            GOOD.to_owned(),
            &["ledger.heartbeat_ms=soon"],
            "ledger.heartbeat_ms in --set: invalid type: found string \"soon\", expected u64",
        ),
        (
            "range",
            GOOD.to_owned(),
            &["ledger.heartbeat_ms=1"],
            "ledger.heartbeat_ms in --set: expected 100 to 86400000, found 1",
        ),
        (
            "speed",
            "name = 'A'\n[clock]\nspeed = 2.0".to_owned(),
            &[],
            "clock.speed in node.toml: a speed other than 1 needs clock.epoch_wall_ms and clock.epoch_hive_ms",
        ),
        (
            "nan",
            GOOD.replace("900.0", "nan"),
            &[],
            "clock.speed in node.toml: expected 0.001 to 100000, found NaN",
        ),
        (
            "kind",
            GOOD.replace("HVAC\"\n", "BOILER\"\n"),
            &[],
            "sites.assets.kind in node.toml: expected HVAC, CHILLER, ELEVATOR or METER, found `BOILER`",
        ),
        (
            "listen",
            GOOD.to_owned(),
            &["http.listen=here"],
            "http.listen in --set: expected an address such as 127.0.0.1:8080, found `here`",
        ),
        ("flag", GOOD.to_owned(), &["novalue"], "flag in --set: expected `key=value`, found `novalue`"),
        (
            "name",
            "name = ''".to_owned(),
            &[],
            "name in node.toml: expected 1 to 64 bytes of plain text, found 0",
        ),
    ];
    for (name, text, flags, expected) in cases {
        assert_eq!(load(name, &text, flags).unwrap_err(), expected, "{name}");
    }
    let peers = GOOD.replace("[clock]", "[network]\npeers = ['nonsense']\n[clock]");
    let error = load("peers", &peers, &[]).unwrap_err();
    assert!(error.starts_with("network.peers in node.toml: address `nonsense`"), "{error}");
    let torn = load("torn", "name = ", &[]).unwrap_err();
    assert!(torn.contains(" in node.toml: ") && !torn.contains('\n'), "{torn}");
}
