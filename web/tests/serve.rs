//! Real sockets: a request gets its answer, silence is not waited for, and stopping ends.

#[path = "../examples/fake/mod.rs"]
mod fake;

use protocol::UnixMs;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[tokio::test]
async fn a_connection_is_served_and_the_server_stops() {
    let fake = fake::Fake::start(fake::picture(UnixMs(1_765_275_330_000)));
    let settings = fake::settings("secret", &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = oneshot::channel::<()>();
    let router = web::router(fake.handles.clone(), settings);
    let server =
        tokio::spawn(web::serve(vec![web::Listener { tcp: listener, tls: None }], router, async move {
            drop(stopped.await);
        }));

    let mut silent = TcpStream::connect(address).await.expect("a connection");
    let mut client = TcpStream::connect(address).await.expect("a connection");
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok\n"), "{answer}");

    stop.send(()).expect("a listener");
    let ended = tokio::time::timeout(Duration::from_secs(5), server).await;
    ended.expect("the server ends soon").expect("without a panic");
    assert_eq!(silent.read(&mut [0; 1]).await.expect("closed in order"), 0);
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}
