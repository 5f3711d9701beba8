//! Real sockets: a request gets its answer, silence is not waited for, and stopping ends.

use crate::fake;
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

/// Whoever sends a body drop by drop is not waited for: the request has a time of its own.
#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let fake = fake::Fake::start(fake::picture(UnixMs(1_765_275_330_000)));
    let router = web::router(fake.handles.clone(), fake::settings("secret", &[]));
    let ticks = futures::stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::convert::Infallible>(bytes::Bytes::from_static(b" ")), ()))
    });
    let request = axum::http::Request::post("/api/v1/session")
        .header("host", "127.0.0.1")
        .body(axum::body::Body::from_stream(ticks))
        .expect("a request");
    let started = tokio::time::Instant::now();
    let answer = tower::ServiceExt::oneshot(router, request).await.expect("infallible");
    assert_eq!(answer.status().as_u16(), 504);
    assert!(started.elapsed() <= Duration::from_secs(60), "{:?}", started.elapsed());
}
