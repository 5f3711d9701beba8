//! Strangers at the door of the page: names that are not ours, other pages, endless heads and bodies, and crowds that
//! say nothing. Raw sockets, because no decent client would send this.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Building, story_folder, until};

const PATIENCE: Duration = Duration::from_secs(20);
/// Connections which a node takes from its own machine; others have places besides.
const OF_ONE_ADDRESS_MAX: usize = 192;

/// A building with a door for this machine and an encrypted one for everybody.
fn building(story: &str) -> Building {
    let mut building = Building::init(&story_folder(story));
    let path = building.dir().join("node.toml");
    let mut config: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
    let http = config["http"].as_table_mut().unwrap();
    http.insert("lan".to_owned(), toml::Value::String("0.0.0.0:0".to_owned()));
    std::fs::write(&path, config.to_string()).unwrap();
    building.restart();
    building
}

fn address(building: &Building, door: &str) -> String {
    let ready: Value =
        serde_json::from_slice(&std::fs::read(building.dir().join("ready.json")).unwrap()).unwrap();
    let (_, address) = ready[door].as_str().expect("an address").split_once("://").expect("a scheme");
    address.to_owned()
}

/// Sends bytes and answers everything that comes back until the connection ends.
fn exchange(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The node may hang up before it has read all of this.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).to_lowercase()
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no status in {answer:?}"))
}

#[test]
fn names_and_pages_of_others_get_nothing() {
    let building = building("door");
    let at = address(&building, "http");
    let ask = |method: &str, target: &str, headers: &str| {
        exchange(&at, format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n").as_bytes())
    };
    assert_eq!(status(&ask("GET", "/healthz", &format!("Host: {at}\r\n"))), 200);
    for wrong in [
        "Host: evil.example\r\n".to_owned(),
        "Host: evil.example:80\r\n".to_owned(),
        "Host: 127.0.0.1.evil.example\r\n".to_owned(),
        "Host: [::1]evil.example\r\n".to_owned(),
        "Host:\r\n".to_owned(),
        String::new(),
        format!("Host: {at}\r\nHost: evil.example\r\n"),
    ] {
        for target in ["/", "/healthz", "/api/v1/session"] {
            let answer = ask("GET", target, &wrong);
            assert!(matches!(status(&answer), 400 | 421), "{wrong:?} {target}: {answer}");
        }
    }
    assert_eq!(status(&ask("GET", "http://evil.example/healthz", &format!("Host: {at}\r\n"))), 421);

    let other_page = format!(
        "Host: {at}\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\
         Access-Control-Request-Headers: authorization\r\nAccess-Control-Request-Private-Network: true\r\n"
    );
    for (method, target) in
        [("OPTIONS", "/api/v1/alerts"), ("GET", "/healthz"), ("OPTIONS", "/prom/api/v1/query")]
    {
        let answer = ask(method, target, &other_page);
        assert!(!answer.contains("access-control-"), "{method} {target}: {answer}");
    }
    let sign_in = |headers: &str| {
        let body = r#"{"token":"x"}"#;
        let head = format!("{headers}Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        exchange(
            &at,
            format!("POST /api/v1/session HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{head}\r\n{body}")
                .as_bytes(),
        )
    };
    assert_eq!(status(&sign_in("Origin: https://evil.example\r\n")), 403);
    assert_eq!(status(&sign_in("Sec-Fetch-Site: cross-site\r\n")), 403);
    assert_eq!(status(&sign_in("Sec-Fetch-Site: same-origin\r\n")), 401, "our own page may try");
}

#[test]
fn endless_heads_and_bodies_end() {
    let building = building("door-endless");
    let at = address(&building, "http");
    let head = format!("GET /healthz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n");
    let many: String = (0..5_000).map(|number| format!("X-{number}: 1\r\n")).collect();
    let long = format!("X: {}\r\n", "a".repeat(64 * 1024));
    for flood in [many, long] {
        let answer = exchange(&at, format!("{head}{flood}\r\n").as_bytes());
        // Nothing at all when the node hung up while we were still sending.
        assert!(answer.is_empty() || matches!(status(&answer), 400 | 431), "{answer}");
    }
    let token = std::fs::read_to_string(building.dir().join("operator.token")).unwrap();
    let post = |path: &str, bytes: usize| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {bytes}\r\n\r\n",
            token.trim()
        );
        exchange(&at, &[head.as_bytes(), &vec![b' '; bytes]].concat())
    };
    for (path, most) in [
        ("/api/v1/telemetry", 256 * 1024),
        ("/api/v1/sites", 64 * 1024),
        ("/api/v1/telemetry/bulk", 4 * 1024 * 1024),
    ] {
        assert_eq!(status(&post(path, most + 1)), 413, "{path}");
        assert!(matches!(status(&post(path, most)), 400 | 422), "{path}: as long as allowed, and empty");
    }
    assert_eq!(status(&exchange(&at, format!("{head}\r\n").as_bytes())), 200);
}

#[test]
fn a_silent_crowd_is_bounded_and_sent_away() {
    let building = building("door-crowd");
    let at = address(&building, "http");
    let lan = address(&building, "https");
    let port = lan.rsplit_once(':').map(|(_, port)| port).unwrap();
    let come = || TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let crowd: Vec<TcpStream> = (0..OF_ONE_ADDRESS_MAX).map(|_| come()).collect();
    let mut one_more = come();
    one_more.set_read_timeout(Some(PATIENCE)).unwrap();
    let told = one_more.read(&mut [0; 1]).map_err(|error| error.kind());
    let is_refused = matches!(told, Ok(0) | Err(std::io::ErrorKind::ConnectionReset));
    assert!(is_refused, "one address cannot have all places: {told:?}");
    until("the crowd is sent away", 20, || {
        let left = crowd.iter().filter(|stream| is_open(stream)).count();
        if left == 0 { Ok(()) } else { Err(format!("{left} of {} still here", crowd.len())) }
    });
    let head = format!("GET /healthz HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&exchange(&at, head.as_bytes())), 200, "and its places are free again");
}

fn is_open(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    matches!(stream.read(&mut [0; 1]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
