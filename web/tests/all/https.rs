//! Real sockets behind a certificate: encrypted for who speaks TLS, a way there for who does not.

use crate::fake;
use protocol::UnixMs;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Serves with a fresh certificate until the test ends.
async fn served() -> (SocketAddr, CertificateDer<'static>, fake::Fake) {
    let fake = fake::Fake::start(fake::picture(UnixMs(1_765_275_330_000)));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("they belong together");
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = tcp.local_addr().expect("an address");
    let router = web::router(fake.handles.clone(), fake::settings("secret", &[]));
    let listeners = vec![web::Listener { tcp, tls: Some(Arc::new(config)) }];
    tokio::spawn(web::serve(listeners, router, std::future::pending()));
    (address, certificate, fake)
}

async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    body: &str,
) -> String {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost:8443\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

#[tokio::test]
async fn behind_a_certificate_cookies_are_for_https_only() {
    let (address, certificate, _fake) = served().await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let connect = async || {
        let stream = TcpStream::connect(address).await.expect("a connection");
        let name = ServerName::try_from("localhost").expect("a name");
        connector.connect(name, stream).await.expect("an agreement")
    };
    let session = ask(connect().await, "GET", "/api/v1/session", "").await;
    assert!(session.contains(r#""https":true"#), "{session}");
    let signed_in = ask(connect().await, "POST", "/api/v1/session", r#"{"token":"secret"}"#).await;
    assert!(signed_in.starts_with("HTTP/1.1 200 "), "{signed_in}");
    let cookie =
        signed_in.lines().find(|line| line.to_lowercase().starts_with("set-cookie")).expect("a cookie");
    for part in ["__Host-symbiose_", "; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[tokio::test]
async fn plain_http_is_shown_the_way() {
    let (address, ..) = served().await;
    let connect = async || TcpStream::connect(address).await.expect("a connection");
    let sent_on = ask(connect().await, "GET", "/api/v1/hive?x=1", "").await;
    assert!(sent_on.starts_with("HTTP/1.1 307 "), "{sent_on}");
    assert!(sent_on.contains("location: https://localhost:8443/api/v1/hive?x=1\r\n"), "{sent_on}");
    let refused = ask(connect().await, "POST", "/api/v1/session", r#"{"token":"secret"}"#).await;
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("https"), "{refused}");
    assert!(!refused.to_lowercase().contains("set-cookie"), "{refused}");
    let mut stranger = connect().await;
    stranger
        .write_all(b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        .await
        .expect("sent");
    let mut answer = String::new();
    stranger.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 421 "), "nobody is sent to a name that is not ours: {answer}");
}
