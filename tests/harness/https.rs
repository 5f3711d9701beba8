//! A client that speaks https to a node whose certificate it has from the data folder, with a cookie, as a browser does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(20);

/// A browser of its own.
pub(crate) struct Browser {
    authority: String,
    config: Arc<ClientConfig>,
    cookie: Option<String>,
}

impl Browser {
    /// Trusts the certificate in `dir` and nobody else's.
    pub(crate) fn new(base: &str, dir: &Path) -> Self {
        let certificate = CertificateDer::from_pem_file(dir.join("https.crt")).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let authority = base.strip_prefix("https://").expect("https").to_owned();
        Self { authority, config: Arc::new(config), cookie: None }
    }

    /// The same browser after the node has moved to another port.
    pub(crate) fn at(self, base: &str) -> Self {
        Self { authority: base.strip_prefix("https://").expect("https").to_owned(), ..self }
    }

    /// Sends JSON and keeps the cookie that comes back. Status and answer.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut stream = self.request(method, path, &body.to_string());
        let (status, cookie) = head(&mut stream);
        self.cookie = cookie.or(self.cookie.take());
        let mut text = Vec::new();
        // Servers may end a connection without saying goodbye in TLS.
        let _ = stream.read_to_end(&mut text);
        (status, serde_json::from_slice(&text).unwrap_or(Value::Null))
    }

    /// Asks for JSON.
    pub(crate) fn get(&mut self, path: &str) -> (u16, Value) {
        self.send("GET", path, &Value::Null)
    }

    /// Opens the live stream; the thread ends with it.
    pub(crate) fn listen(&self) -> std::thread::JoinHandle<()> {
        let mut stream = self.request("GET", "/api/v1/stream", "");
        assert_eq!(head(&mut stream).0, 200);
        std::thread::spawn(move || {
            let mut events = Vec::new();
            let _ = stream.read_to_end(&mut events);
        })
    }

    fn request(&self, method: &str, path: &str, body: &str) -> BufReader<impl std::io::Read + use<>> {
        let tcp = TcpStream::connect(&self.authority).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::clone(&self.config), name).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: {cookie}\r\n")).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n{cookie}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.authority,
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }
}

/// Status and cookie of an answer.
fn head(stream: &mut BufReader<impl std::io::Read>) -> (u16, Option<String>) {
    let (mut status, mut cookie) = (0, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            return (status, cookie);
        }
        if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
            status = rest[..3].parse().unwrap();
        }
        let header = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        cookie = header.and_then(|(_, value)| value.trim().split(';').next()).map(str::to_owned).or(cookie);
    }
}
